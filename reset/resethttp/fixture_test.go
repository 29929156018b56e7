package resethttp_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
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
	site        = "https://app.example"
	knownAddr   = "ada@example.com"
	newPassword = "seven green rivers sing"
)

// cheap makes hashes that cost nothing worth mentioning.
var cheap = sync.OnceValue(hash.NewInsecureForTests)

// fixture is a service with one account, and a server with its pages.
type fixture struct {
	t      *testing.T
	svc    *reset.Service
	users  *memstore.Store
	store  *store
	outbox *mailtest.Recorder
	logs   *syncBuffer
	server *httptest.Server
	client *http.Client
}

// fixtureConfig is that of a service without accounts, limits and delivery.
func fixtureConfig(t testing.TB) reset.Config {
	t.Helper()
	key, err := token.GenerateKey("k1")
	require.NoError(t, err)
	keys, err := token.NewKeys(key)
	require.NoError(t, err)

	return reset.Config{
		Site:     site,
		From:     "no-reply@app.example",
		Keys:     keys,
		Store:    memstore.New(),
		Mailer:   &mailtest.Recorder{},
		Sessions: reset.KeepSessions(),
		Pages:    reset.Pages{Login: "/login"},
		Mail:     reset.Mail{Product: "Example App"},
		Limits:   reset.Limits{Off: true},
		Hasher:   cheap(),
	}
}

// newFixture serves whatever handler makes over a service whose configuration
// the changes are applied to.
func newFixture(
	t *testing.T, handler func(*reset.Service) (http.Handler, error),
	changes ...func(*reset.Config),
) *fixture {
	t.Helper()
	f := &fixture{
		t: t, users: memstore.New(),
		outbox: &mailtest.Recorder{}, logs: &syncBuffer{},
	}
	f.store = &store{Store: f.users}
	encoded, err := cheap().Hash(t.Context(), "the old password of ada")
	require.NoError(t, err)
	require.NoError(t, f.users.Add(reset.User{
		ID: "u-1", Email: knownAddr, PasswordHash: encoded,
	}))

	cfg := fixtureConfig(t)
	cfg.Store, cfg.Mailer = f.store, f.outbox
	cfg.Events = reset.SlogSink(slog.New(slog.NewTextHandler(f.logs, nil)))

	for _, change := range changes {
		change(&cfg)
	}

	f.svc, err = reset.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = f.svc.Shutdown(context.WithoutCancel(t.Context()))
	})

	h, err := handler(f.svc)
	require.NoError(t, err)
	f.server = httptest.NewServer(h)
	t.Cleanup(f.server.Close)
	f.client = f.server.Client()
	f.client.CheckRedirect = func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}
	return f
}

func pagesOf(svc *reset.Service) (http.Handler, error) {
	return resethttp.New(svc, resethttp.Config{})
}

// pagesWith is pagesOf with a configuration.
func pagesWith(
	cfg resethttp.Config,
) func(*reset.Service) (http.Handler, error) {
	return func(svc *reset.Service) (http.Handler, error) {
		return resethttp.New(svc, cfg)
	}
}

func apiOf(svc *reset.Service) (http.Handler, error) {
	return resethttp.NewAPI(svc, resethttp.APIConfig{Prefix: "/api"})
}

// answer is a response that has been read.
type answer struct {
	status int
	header http.Header
	body   string
}

func (f *fixture) do(r *http.Request) answer {
	f.t.Helper()
	res, err := f.client.Do(r)
	require.NoError(f.t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(f.t, err)
	return answer{res.StatusCode, res.Header, string(body)}
}

// same compares two answers byte by byte, but for the date, and does not print
// the pages.
func same(t *testing.T, want, got answer, name string) {
	t.Helper()
	want.header, got.header = want.header.Clone(), got.header.Clone()
	want.header.Del("Date")
	got.header.Del("Date")
	require.Equal(t, want.status, got.status, name)
	require.Equal(t, want.header, got.header, name)
	require.True(t, want.body == got.body, "the bodies of %s differ", name)
}

func (f *fixture) request(
	method, target, contentType, body string,
) *http.Request {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), method,
		f.server.URL+target, strings.NewReader(body))
	require.NoError(f.t, err)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

func (f *fixture) get(target string) answer {
	f.t.Helper()
	return f.do(f.request(http.MethodGet, target, "", ""))
}

// getIn is get for a visitor who reads these languages.
func (f *fixture) getIn(languages, target string) answer {
	f.t.Helper()
	r := f.request(http.MethodGet, target, "", "")
	r.Header.Set("Accept-Language", languages)
	return f.do(r)
}

const formType = "application/x-www-form-urlencoded"

func (f *fixture) post(target, body string) answer {
	f.t.Helper()
	return f.do(f.request(http.MethodPost, target, formType, body))
}

func (f *fixture) postJSON(target, body string) answer {
	f.t.Helper()
	return f.do(f.request(http.MethodPost, target, "application/json", body))
}

// ask asks for a link.
func (f *fixture) ask(email string) answer {
	f.t.Helper()
	return f.post("/forgot-password", form("email", email))
}

// confirm sets a new password.
func (f *fixture) confirm(raw, password string) answer {
	f.t.Helper()
	return f.post("/reset-password", form("token", raw, "password", password))
}

// askJSON and confirmJSON are ask and confirm of the API.
func (f *fixture) askJSON(email string) answer {
	f.t.Helper()
	return f.postJSON("/api/forgot-password", jsonOf("email", email))
}

func (f *fixture) confirmJSON(raw, password string) answer {
	f.t.Helper()
	return f.postJSON("/api/reset-password",
		jsonOf("token", raw, "password", password))
}

// link makes a live link and returns it with its token.
func (f *fixture) link() (whole, raw string) {
	f.t.Helper()
	made, err := f.svc.Link(f.t.Context(), "u-1", reset.LinkOptions{})
	require.NoError(f.t, err)
	at := strings.Index(made.Reveal(), "token=")
	require.Positive(f.t, at)
	return made.Reveal(), made.Reveal()[at+len("token="):]
}

// mailed waits for the n-th mail and returns the token in it.
func (f *fixture) mailed(n int) string {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 10*time.Second)
	defer cancel()
	messages, err := f.outbox.Wait(ctx, n)
	require.NoError(f.t, err)
	return mailtest.Token(messages[n-1])
}

// has says whether the password is the account's.
func (f *fixture) has(password string) bool {
	f.t.Helper()
	user, err := f.users.FindByID(f.t.Context(), "u-1")
	require.NoError(f.t, err)
	got, err := cheap().Verify(f.t.Context(), password, user.PasswordHash)
	require.NoError(f.t, err)
	return got.OK
}

func form(pairs ...string) string {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	return values.Encode()
}

// syncBuffer is a log that several goroutines write to.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// also serves another handler over the same service.
func (f *fixture) also(
	handler func(*reset.Service) (http.Handler, error),
) *fixture {
	f.t.Helper()
	h, err := handler(f.svc)
	require.NoError(f.t, err)
	other := *f
	other.server = httptest.NewServer(h)
	f.t.Cleanup(other.server.Close)
	return &other
}
