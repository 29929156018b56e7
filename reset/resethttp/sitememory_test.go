package resethttp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

// A tenant is one site of a thousand, with all that can be its own.
type tenant struct {
	*reset.Service
	n      int
	users  *memstore.Store
	outbox *mailtest.Recorder
	pages  http.Handler
}

func (t *tenant) name() string   { return fmt.Sprintf("Tenant %04d", t.n) }
func (t *tenant) host() string   { return fmt.Sprintf("t%04d.example", t.n) }
func (t *tenant) accent() string { return fmt.Sprintf("#00%04x", t.n) }

func newSiteTenant(
	t *testing.T, n int, first *reset.Service,
	mails *mail.Templates, pages *resethttp.Templates,
) *tenant {
	t.Helper()
	tt := &tenant{n: n, users: memstore.New(), outbox: &mailtest.Recorder{}}
	brand := mail.Brand{Wordmark: tt.name(), Accent: tt.accent()}
	renderer, err := mails.WithBrand(brand)
	require.NoError(t, err)

	tt.Service, err = first.For(reset.Site{
		Name: fmt.Sprint("t", n), URL: "https://" + tt.host(),
		From: "no-reply@" + tt.host(), Mailer: tt.outbox,
		Store: tt.users, Sessions: reset.KeepSessions(),
		Mail: reset.Mail{Product: tt.name(), Renderer: renderer},
	})
	require.NoError(t, err)
	tt.pages, err = resethttp.New(tt.Service, resethttp.Config{
		Brand: brand, Templates: pages,
	})
	require.NoError(t, err)
	return tt
}

func heap() uint64 {
	runtime.GC()
	runtime.GC() // what the first has put aside.
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// It runs beside no other test, since they share the heap.
func TestAThousandBrandedSitesTakeLittleAndShareNothingThatShows(t *testing.T) { //nolint:paralleltest // it measures the heap
	if testing.Short() {
		t.Skip("makes a thousand sites")
	}
	cfg := fixtureConfig(t)
	cfg.Queue.Synchronous = true
	cfg.Events = reset.SinkFunc(func(context.Context, reset.Event) {})
	first, err := reset.New(cfg)
	require.NoError(t, err)
	mails, err := mail.NewTemplates(mail.TemplatesConfig{})
	require.NoError(t, err)
	pages, err := resethttp.NewTemplates(nil, "")
	require.NoError(t, err)

	const count, most = 1000, 64 << 10
	tenants := make([]*tenant, count)
	before := heap()
	for n := range tenants {
		tenants[n] = newSiteTenant(t, n, first, mails, pages)
	}
	each := (int64(heap()) - int64(before)) / count
	t.Logf("%d bytes each", each)
	require.Less(t, each, int64(most))

	encoded, err := cheap().Hash(t.Context(), "the old password of ada")
	require.NoError(t, err)
	for _, tt := range tenants {
		require.NoError(t, tt.users.Add(reset.User{
			ID: "u-1", Email: "ada@" + tt.host(), PasswordHash: encoded,
		}))
	}

	var wg sync.WaitGroup
	wrong := make([]error, count)
	for n, tt := range tenants {
		wg.Go(func() { wrong[n] = tt.crossed(tenants[(n+1)%count]) })
	}
	wg.Wait()
	for _, err := range wrong {
		require.NoError(t, err)
	}
}

// Its texts and style are read for each site, and the pages themselves are not.
// Parsed for each, they took 350 KiB more.
func TestSiteWithFilesOfItsOwnSharesThePagesThatItLeaves(t *testing.T) { //nolint:paralleltest // it measures the heap
	const count, most = 50, 192 << 10
	all := make([]*resethttp.Templates, count)
	before := heap()
	for n := range all {
		var err error
		all[n], err = resethttp.NewTemplates(fstest.MapFS{
			"locales/en.json": {Data: fmt.Appendf(nil,
				`{"page.forgot.title": "Tenant %04d"}`, n)},
			"assets/style.css": {Data: []byte("body { color: navy }")},
			"pages/sent.html":  {Data: []byte(`{{define "main"}}x{{end}}`)},
		}, "")
		require.NoError(t, err)
	}
	each := (int64(heap()) - int64(before)) / count
	t.Logf("%d bytes each", each)
	require.Less(t, each, int64(most))

	service, err := reset.New(fixtureConfig(t))
	require.NoError(t, err)
	for n, templates := range all {
		pages, err := resethttp.New(service, resethttp.Config{
			Templates: templates,
		})
		require.NoError(t, err)
		page := answerOf(pages, httptest.NewRequest(
			http.MethodGet, "https://app.example/forgot-password", nil,
		)).Body.String()
		own := fmt.Sprintf("Tenant %04d", n)
		require.Contains(t, page, own)
		require.Equal(t, strings.Count(page, "Tenant "),
			strings.Count(page, own))
	}
}

// accents are those of the tenants. No color of the shipped look begins so.
var accents = regexp.MustCompile(`#00[0-9a-f]{4}\b`)

// crossed tells what of a tenant is not its own, or is good at another.
func (t *tenant) crossed(other *tenant) error {
	ctx := context.Background()
	page := answerOf(t.pages, httptest.NewRequest(
		http.MethodGet, "https://"+other.host()+"/forgot-password?sent", nil,
	)).Body.String()

	for _, tt := range []*tenant{other, t} {
		err := t.Request(ctx, reset.RequestInput{Email: "ada@" + tt.host()})
		if err != nil {
			return err
		}
	}
	messages := t.outbox.Messages()
	if len(messages) != 1 {
		return fmt.Errorf("%d mails of %s", len(messages), t.name())
	}
	msg := messages[0]
	raw := mailtest.Token(msg)

	switch all := page + msg.Text + msg.HTML + msg.Subject; {
	case msg.To != "ada@"+t.host(), msg.From != "no-reply@"+t.host():
		return fmt.Errorf("%s mailed from %s to %s", t.name(), msg.From, msg.To)
	case !strings.Contains(msg.Text, "https://"+t.host()+"/reset-password/#"):
		return fmt.Errorf("another link of %s", t.name())
	case !strings.Contains(page, "--accent:"+t.accent()),
		!strings.Contains(msg.HTML, "background:"+t.accent()),
		strings.Count(all, "Tenant ") != strings.Count(all, t.name()),
		strings.Count(all, ".example") != strings.Count(all, t.host()),
		len(accents.FindAllString(all, -1)) != strings.Count(all, t.accent()):
		return fmt.Errorf("not all of %s is its own: %s", t.name(), all)
	}

	if _, err := t.Check(ctx, reset.CheckInput{Token: raw}); err != nil {
		return err
	}
	if _, err := other.Check(ctx, reset.CheckInput{Token: raw}); err == nil {
		return fmt.Errorf("a link of %s is good at another", t.name())
	}
	return nil
}
