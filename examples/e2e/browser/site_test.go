package browser_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
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
	oldPassword = "the old password of ada"
	newPassword = "seven green rivers sing"

	// guessable is long enough for the browser to send it, and refused by the
	// policy.
	guessable = "abababababababababab"
)

// site is the ready pages on a server of their own, with one account.
type site struct {
	t      *testing.T
	base   string
	svc    *reset.Service
	users  *memstore.Store
	hasher *hash.Hasher
	outbox *mailtest.Recorder
	// posts counts what arrives; hold, when it is set, is waited for before a
	// post is worked on.
	posts atomic.Int32
	hold  chan struct{}
	// holdCheck is waited for before a check of a link is answered.
	holdCheck chan struct{}

	mu       sync.Mutex
	requests []*http.Request
}

// newSite serves under the name of a host, so that pages behave as on the web
// and not as on localhost.
func newSite(t *testing.T, changes ...func(*reset.Config)) *site {
	t.Helper()
	return serve(t, "http", changes...)
}

// serve is newSite with http or https.
func serve(t *testing.T, scheme string, changes ...func(*reset.Config)) *site {
	t.Helper()
	s := &site{
		t: t, users: memstore.New(), hasher: hash.NewInsecureForTests(),
		outbox: &mailtest.Recorder{},
	}

	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp",
		"127.0.0.1:0")
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	s.base = scheme + "://app.test:" + port

	encoded, err := s.hasher.Hash(t.Context(), oldPassword)
	require.NoError(t, err)
	require.NoError(t, s.users.Add(reset.User{
		ID: "u-1", Email: account, PasswordHash: encoded, Label: "Bakery",
	}))
	keys, err := token.GenerateKeys("k1")
	require.NoError(t, err)

	cfg := reset.Config{
		Site: s.base, Pages: reset.Pages{InsecureHTTP: true, Login: "/login"},
		Mail: reset.Mail{Product: "Example App"}, From: "no-reply@app.example",
		Keys: keys, Store: s.users, Mailer: s.outbox,
		Sessions: reset.EndSessionsInStore(), Hasher: s.hasher,
		Limits: reset.Limits{Off: true},
		Events: reset.SinkFunc(func(context.Context, reset.Event) {}),
	}
	for _, change := range changes {
		change(&cfg)
	}
	s.svc, err = reset.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.svc.Shutdown(context.WithoutCancel(t.Context())) })

	arabic, err := os.ReadFile(
		"../../../reset/resethttp/testdata/ar.json")
	require.NoError(t, err)
	pages, err := resethttp.New(s.svc, resethttp.Config{
		Files: fstest.MapFS{"locales/ar.json": {Data: arabic}},
	})
	require.NoError(t, err)

	server := httptest.NewUnstartedServer(s.recorded(pages))
	require.NoError(t, server.Listener.Close())
	server.Listener = listener
	if scheme == "https" {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return s
}

// recorded keeps what arrives, and holds it back where a test asks for that.
func (s *site) recorded(pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/favicon.ico" {
			http.NotFound(w, r)
			return
		}
		s.mu.Lock()
		s.requests = append(s.requests,
			r.Clone(context.WithoutCancel(r.Context())))
		s.mu.Unlock()

		isCheck := strings.HasSuffix(r.URL.Path, "/check")
		if isCheck && s.holdCheck != nil {
			<-s.holdCheck
		}
		if r.Method == http.MethodPost && !isCheck {
			s.posts.Add(1)
			if s.hold != nil {
				<-s.hold
			}
		}
		pages.ServeHTTP(w, r)
	})
}

// link makes a live link.
func (s *site) link() string {
	s.t.Helper()
	made, err := s.svc.Link(s.t.Context(), "u-1", reset.LinkOptions{})
	require.NoError(s.t, err)
	return made.Reveal()
}

// mailed waits for a mail and returns the link in it.
func (s *site) mailed() string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	messages, err := s.outbox.Wait(ctx, 1)
	require.NoError(s.t, err)
	return mailtest.Link(messages[0])
}

func (s *site) has(password string) bool {
	s.t.Helper()
	user, err := s.users.FindByID(s.t.Context(), "u-1")
	require.NoError(s.t, err)
	got, err := s.hasher.Verify(s.t.Context(), password, user.PasswordHash)
	require.NoError(s.t, err)
	return got.OK
}

// seen is everything that the server was told about addresses: request lines
// and Referer headers.
func (s *site) seen() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all strings.Builder
	for _, r := range s.requests {
		all.WriteString(r.URL.String() + "\n" + r.Referer() + "\n")
	}
	return all.String()
}

// rawOf is the token in a link.
func rawOf(link string) string {
	_, raw, _ := strings.Cut(link, "token=")
	return raw
}
