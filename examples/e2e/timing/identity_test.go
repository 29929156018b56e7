package timing_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/reset/ratelimit"
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

// A situation is one kind of address or of trouble, and what the worker must
// have made of it: one that is not what it says would prove nothing.
type situation struct {
	addr    string
	change  func(*reset.Config)
	before  []string // addresses that are asked for first
	outcome reset.Outcome
	reason  string
}

func situations(t *testing.T) map[string]situation {
	t.Helper()
	once, err := ratelimit.New(ratelimit.Config{
		Burst: 1, Every: time.Hour, MaxBytes: 64 << 10,
	})
	require.NoError(t, err)
	return map[string]situation{
		"known":         {addr: "ada@example.com", outcome: reset.OutcomeMailed},
		"unknown":       {addr: "bob@example.com", outcome: reset.OutcomeSkipped, reason: "unknown-address"},
		"disabled":      {addr: "eve@example.com", outcome: reset.OutcomeSkipped, reason: "disabled"},
		"password-less": {addr: "sso@example.com", outcome: reset.OutcomeSkipped, reason: "no-password"},
		"throttled by account": {
			addr: "ada@example.com", before: []string{"ada@example.com"},
			change:  func(c *reset.Config) { c.Limits.Account = once },
			outcome: reset.OutcomeThrottled, reason: "account",
		},
		"store down": {
			addr: "ada@example.com", change: func(c *reset.Config) {
				c.Store = brokenStore{}
			},
			outcome: reset.OutcomeMailDelayed, reason: "store",
		},
		"mailer down": {
			addr: "ada@example.com",
			change: func(c *reset.Config) {
				c.Mailer = mail.MailerFunc(func(context.Context, mail.Message) error {
					return &mail.SendError{
						Verdict: mail.VerdictPermanent, Err: errors.New("down"),
					}
				})
			},
			outcome: reset.OutcomeMailFailed, reason: "refused",
		},
		"queue full": {
			addr:   "ada@example.com",
			before: []string{"ada@example.com", "bob@example.com"},
			change: func(c *reset.Config) {
				c.Queue.Size, c.Queue.Workers = 1, 1
				c.Mailer = mail.MailerFunc(hang)
			},
			outcome: reset.OutcomeDropped,
		},
	}
}

// hang holds a worker until Shutdown.
func hang(ctx context.Context, _ mail.Message) error {
	<-ctx.Done()
	return ctx.Err()
}

type brokenStore struct{ reset.Store }

func (brokenStore) FindByEmail(context.Context, string) ([]reset.User, error) {
	return nil, errors.New("the database does not answer")
}

// The raw bytes of the answers over the wire, for the pages and the JSON API,
// with the text of the Date header alone masked; and the page that the browser
// is sent to.
//
//lostkey:covers ASVS-6.3.8 FP-CS-1 CWE-204
func TestAnswersAreTheSameBytesForEveryAddressAndTrouble(t *testing.T) {
	t.Parallel()
	answers := map[string]string{}
	for name, s := range situations(t) {
		answers[name] = s.answers(t, name)
	}
	require.Contains(t, answers["known"], "HTTP/1.1 303 See Other")
	require.Contains(t, answers["known"], "HTTP/1.1 202 Accepted")
	require.Contains(t, answers["known"], "HTTP/1.1 200 OK")
	require.NotContains(t, answers["known"], "Set-Cookie")
	for name := range answers {
		require.Equal(t, answers["known"], answers[name], name)
	}
}

func (s situation) answers(t *testing.T, name string) string {
	t.Helper()
	cfg, err := newConfig()
	require.NoError(t, err)
	store := memstore.New()
	for _, user := range []reset.User{
		{ID: "1", Email: "ada@example.com", PasswordHash: "$2b$10$stand-in"},
		{ID: "2", Email: "eve@example.com", PasswordHash: "$2b$10$stand-in", Disabled: true},
		{ID: "3", Email: "sso@example.com"},
	} {
		require.NoError(t, store.Add(user))
	}
	cfg.Store = store

	events := make(chan reset.Event, 100)
	cfg.Events = reset.SinkFunc(func(_ context.Context, ev reset.Event) {
		events <- ev
	})
	if s.change != nil {
		s.change(&cfg)
	}

	svc, err := reset.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		// what still waits in the queue of this case must not be waited for
		cancel()
		_ = svc.Shutdown(ctx)
	})

	pages, err := resethttp.New(svc, resethttp.Config{})
	require.NoError(t, err)
	api, err := resethttp.NewAPI(svc, resethttp.APIConfig{Prefix: "/api"})
	require.NoError(t, err)

	mux := http.NewServeMux()
	mux.Handle("/forgot-password", pages)
	mux.Handle("/api/forgot-password", api)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)

	for _, addr := range s.before {
		require.NoError(t,
			svc.Request(t.Context(), reset.RequestInput{Email: addr}))
	}

	all := s.asked(t, server)
	for {
		select {
		case ev := <-events:
			if ev.Outcome == s.outcome && string(ev.Reason) == s.reason {
				return all
			}
		case <-time.After(20 * time.Second):
			require.FailNow(t, "the case is not what it says", name)
		}
	}
}

// asked returns the answers of the page, of the JSON API, and of the page that
// the redirect leads to.
func (s situation) asked(t *testing.T, server *httptest.Server) string {
	t.Helper()
	const post = "POST %s HTTP/1.1\r\nHost: app.example\r\n" +
		"Connection: close\r\nContent-Type: %s\r\n" +
		"Content-Length: %d\r\n\r\n%s"
	form, object := "email="+s.addr, `{"email":"`+s.addr+`"}`

	page := fmt.Sprintf(post, "/forgot-password",
		"application/x-www-form-urlencoded", len(form), form)
	api := fmt.Sprintf(post, "/api/forgot-password",
		"application/json", len(object), object)
	const sent = "GET /forgot-password?sent HTTP/1.1\r\n" +
		"Host: app.example\r\nConnection: close\r\n\r\n"
	return roundTrip(t, server, page) + roundTrip(t, server, api) +
		roundTrip(t, server, sent)
}

var dateLine = regexp.MustCompile(`\r\nDate: [^\r]+ GMT\r\n`)

// roundTrip returns the raw answer to a raw request.
func roundTrip(t *testing.T, server *httptest.Server, request string) string {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = io.WriteString(conn, request)
	require.NoError(t, err)
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	return dateLine.ReplaceAllString(string(answer), "\r\nDate: masked\r\n")
}
