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
	site        = "https://app.example"
	knownAddr   = "ada@example.com"
	newPassword = "seven green rivers sing"
)

// cheap makes hashes that cost nothing worth mentioning.
var cheap = sync.OnceValue(hash.NewInsecureForTests)

// store counts and can fail.
type store struct {
	reset.Store

	calls atomic.Int32
	fault atomic.Pointer[error]
	write atomic.Pointer[error] // of writes alone
}

func (s *store) called() error {
	s.calls.Add(1)
	if err := s.fault.Load(); err != nil {
		return *err
	}
	return nil
}

func (s *store) FindByEmail(ctx context.Context, email string) ([]reset.User, error) {
	if err := s.called(); err != nil {
		return nil, err
	}
	return s.Store.FindByEmail(ctx, email)
}

func (s *store) FindByID(ctx context.Context, id string) (reset.User, error) {
	if err := s.called(); err != nil {
		return reset.User{}, err
	}
	return s.Store.FindByID(ctx, id)
}

func (s *store) ReplaceHash(ctx context.Context, seen reset.User, encoded string) error {
	if err := s.called(); err != nil {
		return err
	}
	if err := s.write.Load(); err != nil {
		return *err
	}
	return s.Store.ReplaceHash(ctx, seen, encoded)
}

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
func fixtureConfig(t *testing.T) reset.Config {
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
	w := &fixture{
		t: t, users: memstore.New(),
		outbox: &mailtest.Recorder{}, logs: &syncBuffer{},
	}
	w.store = &store{Store: w.users}
	encoded, err := cheap().Hash(t.Context(), "the old password of ada")
	require.NoError(t, err)
	require.NoError(t, w.users.Add(reset.User{
		ID: "u-1", Email: knownAddr, PasswordHash: encoded,
	}))

	cfg := fixtureConfig(t)
	cfg.Store, cfg.Mailer = w.store, w.outbox
	cfg.Events = reset.SlogSink(slog.New(slog.NewTextHandler(w.logs, nil)))
	for _, change := range changes {
		change(&cfg)
	}
	w.svc, err = reset.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = w.svc.Shutdown(context.WithoutCancel(t.Context()))
	})

	h, err := handler(w.svc)
	require.NoError(t, err)
	w.server = httptest.NewServer(h)
	t.Cleanup(w.server.Close)
	w.client = w.server.Client()
	w.client.CheckRedirect = func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}
	return w
}

func pagesOf(svc *reset.Service) (http.Handler, error) {
	return resethttp.New(svc, resethttp.Config{})
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

func (w *fixture) do(r *http.Request) answer {
	w.t.Helper()
	res, err := w.client.Do(r)
	require.NoError(w.t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(w.t, err)
	return answer{res.StatusCode, res.Header, string(body)}
}

// same compares two answers byte by byte, but for the date, and does not print the pages.
func same(t *testing.T, want, got answer, name string) {
	t.Helper()
	want.header, got.header = want.header.Clone(), got.header.Clone()
	want.header.Del("Date")
	got.header.Del("Date")
	require.Equal(t, want.status, got.status, name)
	require.Equal(t, want.header, got.header, name)
	require.True(t, want.body == got.body, "the bodies of %s differ", name)
}

func (w *fixture) request(method, target, contentType, body string) *http.Request {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.server.URL+target, strings.NewReader(body))
	require.NoError(w.t, err)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

func (w *fixture) get(target string) answer {
	w.t.Helper()
	return w.do(w.request(http.MethodGet, target, "", ""))
}

const formType = "application/x-www-form-urlencoded"

func (w *fixture) post(target, body string) answer {
	w.t.Helper()
	return w.do(w.request(http.MethodPost, target, formType, body))
}

func (w *fixture) postJSON(target, body string) answer {
	w.t.Helper()
	return w.do(w.request(http.MethodPost, target, "application/json", body))
}

// fail makes the store answer everything with err, until it is nil.
func (w *fixture) fail(err error) {
	if err == nil {
		w.store.fault.Store(nil)
		return
	}
	w.store.fault.Store(&err)
}

// failWrites makes the store fail to write, or work again.
func (w *fixture) failWrites(err error) {
	if err == nil {
		w.store.write.Store(nil)
		return
	}
	w.store.write.Store(&err)
}

// link makes a live link and returns it with its token.
func (w *fixture) link() (whole, raw string) {
	w.t.Helper()
	made, err := w.svc.Link(w.t.Context(), "u-1", reset.LinkOptions{})
	require.NoError(w.t, err)
	at := strings.Index(made.Reveal(), "token=")
	require.Positive(w.t, at)
	return made.Reveal(), made.Reveal()[at+len("token="):]
}

// mailed waits for the n-th mail and returns the token in it.
func (w *fixture) mailed(n int) string {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 10*time.Second)
	defer cancel()
	messages, err := w.outbox.Wait(ctx, n)
	require.NoError(w.t, err)
	return mailtest.Token(messages[n-1])
}

// has says whether the password is the account's.
func (w *fixture) has(password string) bool {
	w.t.Helper()
	user, err := w.users.FindByID(w.t.Context(), "u-1")
	require.NoError(w.t, err)
	got, err := cheap().Verify(w.t.Context(), password, user.PasswordHash)
	require.NoError(w.t, err)
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
func (w *fixture) also(handler func(*reset.Service) (http.Handler, error)) *fixture {
	w.t.Helper()
	h, err := handler(w.svc)
	require.NoError(w.t, err)
	other := *w
	other.server = httptest.NewServer(h)
	w.t.Cleanup(other.server.Close)
	return &other
}
