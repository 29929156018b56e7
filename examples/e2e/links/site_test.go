package links_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/reset/resethttp"
	"github.com/lostkey-go/lostkey/token"
)

const (
	account     = "ada@example.com"
	newPassword = "seven green rivers sing"

	// guessable is long enough for the browser to send it, and refused by the
	// policy, which spends nothing.
	guessable = "abababababababababab"
)

var styles = []struct {
	name  string
	style reset.LinkStyle
}{
	{"fragment", reset.LinkFragment},
	{"query", reset.LinkQuery},
}

// A kind of link has a page, and is what becomes of it.
type kind struct {
	name, page string
	make       func(s *site) string
	// works asserts that nothing was done with the link before, and that it
	// works now.
	works func(s *site)
}

var (
	resetKind   = kind{"reset", "/reset-password", (*site).resets, (*site).worksOnce}
	disputeKind = kind{
		"dispute", "/reset-password/dispute", (*site).disputes, (*site).locks,
	}
)

// site is the pages under one router, with one account and one link.
type site struct {
	t      *testing.T
	base   string
	svc    *reset.Service
	users  *memstore.Store
	outbox *mailtest.Recorder
	kind   kind
	link   string
	// locked counts what the hook of disputes is told.
	locked atomic.Int32
	// rewritten counts the events of links that were rewritten.
	rewritten atomic.Int32
}

func newSite(
	t *testing.T, style reset.LinkStyle, under mount, of kind,
) *site {
	t.Helper()
	listener,
		err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	s := &site{
		t: t, base: "http://app.test:" + port, users: memstore.New(),
		outbox: &mailtest.Recorder{}, kind: of,
	}

	hasher := hash.NewInsecureForTests()
	encoded, err := hasher.Hash(t.Context(), "the old password of ada")
	require.NoError(t, err)
	require.NoError(t, s.users.Add(reset.User{
		ID: "u-1", Email: account, PasswordHash: encoded,
	}))
	keys, err := token.GenerateKeys("k1")
	require.NoError(t, err)

	s.svc, err = reset.New(reset.Config{
		Site:     s.base,
		From:     "no-reply@app.example",
		Keys:     keys,
		Store:    s.users,
		Mailer:   s.outbox,
		Sessions: reset.KeepSessions(),
		Pages:    reset.Pages{InsecureHTTP: true, LinkStyle: style},
		Limits:   reset.Limits{Off: true},
		Hasher:   hasher,
		Hooks: reset.Hooks{OnDisputed: func(
			context.Context, reset.Dispute,
		) error {
			s.locked.Add(1)
			return nil
		}},
		Events: reset.SinkFunc(func(_ context.Context, event reset.Event) {
			if event.Outcome == reset.OutcomeLinkRewritten {
				s.rewritten.Add(1)
			}
		}),
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.svc.Shutdown(context.WithoutCancel(t.Context())) })

	pages, err := resethttp.New(s.svc, resethttp.Config{})
	require.NoError(t, err)
	redact := resethttp.RedactTokens(s.svc)
	under(t, listener, pages, redact)

	s.link = of.make(s)
	return s
}

// resets returns a link to set a new password.
func (s *site) resets() string {
	s.t.Helper()
	made, err := s.svc.Link(s.t.Context(), "u-1", reset.LinkOptions{})
	require.NoError(s.t, err)
	return made.Reveal()
}

var noticeLink = regexp.MustCompile(`http\S+/dispute/#token=\S+`)

// disputes returns the link of a notice.
func (s *site) disputes() string {
	s.t.Helper()
	require.NoError(s.t, s.svc.NotifyChanged(
		s.t.Context(), reset.NotifyInput{UserID: "u-1"}))
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	messages, err := s.outbox.Wait(ctx, 1)
	require.NoError(s.t, err)
	return noticeLink.FindString(messages[0].Text)
}

// signature is the part of the token that nothing else contains.
func (s *site) signature() string { return s.link[len(s.link)-43:] }

// worksOnce asserts that whatever was done with the link before has not spent
// it, and that it then works once.
func (s *site) worksOnce() {
	s.t.Helper()
	require.Equal(s.t, http.StatusSeeOther, s.post(newPassword),
		"the link is spent")
	require.Equal(s.t, http.StatusBadRequest, s.post(newPassword+"!"),
		"it works twice")
}

// locks asserts that whatever was done with the link before has locked nothing,
// and that a press of the button does.
func (s *site) locks() {
	s.t.Helper()
	require.Zero(s.t, s.locked.Load())
	require.Equal(s.t, http.StatusSeeOther, s.post(""))
	require.EqualValues(s.t, 1, s.locked.Load())
}

// post sends the form of the page with the link in it.
func (s *site) post(password string) int {
	s.t.Helper()
	form := url.Values{"token": {s.link}, "password": {password}}
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost,
		s.local(s.kind.page), strings.NewReader(form.Encode()))
	require.NoError(s.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.do(r).StatusCode
}

// local is a target on the server without its name, which is not in any DNS.
func (s *site) local(target string) string {
	return strings.Replace(s.base, "app.test", "127.0.0.1", 1) + target
}

func (s *site) do(r *http.Request) *http.Response {
	s.t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request,
		[]*http.Request,
	) error {
		return http.ErrUseLastResponse
	}}
	res, err := client.Do(r)
	require.NoError(s.t, err)
	require.NoError(s.t, res.Body.Close())
	return res
}

// newGateway sends a browser on, as a link checker does once it is content. Its
// own address says nothing of the link.
func newGateway(t *testing.T) (base string, lead func(address string) string) {
	t.Helper()
	var last atomic.Pointer[string]
	server := httptest.NewServer(http.HandlerFunc(
		func(w http.ResponseWriter, _ *http.Request) {
			// A plain redirect would clean the address first.
			w.Header().Set("Location", *last.Load())
			w.WriteHeader(http.StatusFound)
		}))
	t.Cleanup(server.Close)
	base = strings.Replace(server.URL, "127.0.0.1", "gateway.test", 1)
	var count atomic.Int32
	return base, func(address string) string {
		last.Store(&address)
		return fmt.Sprintf("%s/%d", base, count.Add(1))
	}
}
