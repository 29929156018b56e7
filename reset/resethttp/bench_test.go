package resethttp_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

// benchService has one account, and drops what it is asked to mail.
func benchService(b *testing.B) (*reset.Service, string) {
	b.Helper()
	users := memstore.New()
	encoded, err := cheap().Hash(b.Context(), "the old password of ada")
	require.NoError(b, err)
	require.NoError(b, users.Add(reset.User{
		ID: "u-1", Email: knownAddr, PasswordHash: encoded,
	}))

	cfg := fixtureConfig(b)
	cfg.Store = users
	cfg.Queue.Dispatch = func(context.Context, reset.Job) error { return nil }
	cfg.Events = reset.SinkFunc(func(context.Context, reset.Event) {})
	svc, err := reset.New(cfg)
	require.NoError(b, err)
	b.Cleanup(func() { _ = svc.Shutdown(context.WithoutCancel(b.Context())) })
	made, err := svc.Link(b.Context(), "u-1", reset.LinkOptions{})
	require.NoError(b, err)
	return svc, made.Reveal()
}

// beside measures a handler and what it cannot do without in turn, and reports
// how many times the one the other is. It takes medians, because a collection
// of garbage or another process would count against either.
func beside(b *testing.B, whole, part func()) {
	b.Helper()
	var wholes, parts []time.Duration
	for b.Loop() {
		start := time.Now()
		part()
		middle := time.Now()
		whole()
		end := time.Now()
		parts = append(parts, middle.Sub(start))
		wholes = append(wholes, end.Sub(middle))
	}

	slices.Sort(parts)
	slices.Sort(wholes)
	b.ReportMetric(float64(wholes[len(wholes)/2])/
		float64(parts[len(parts)/2]), "x")
}

// sink is a response that nobody reads.
type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(p []byte) (int, error) { return len(p), nil }
func (s *sink) WriteHeader(status int)      { s.status = status }

// serve returns a call of the handler, with as little around it as there can
// be.
func serve(
	b *testing.B, h http.Handler, method, target, body string, status int,
) func() {
	b.Helper()
	r := httptest.NewRequest(method, target, nil)
	r.Header.Set("Content-Type", "application/json")

	return func() {
		r.Body = io.NopCloser(strings.NewReader(body))
		w := &sink{header: http.Header{}, status: http.StatusOK}
		h.ServeHTTP(w, r)
		if w.status != status {
			b.Fatalf("status %d, want %d", w.status, status)
		}
	}
}

func BenchmarkPagesBesideTheirTemplates(b *testing.B) {
	svc, _ := benchService(b)
	pages, err := resethttp.New(svc, resethttp.Config{})
	require.NoError(b, err)
	for name, path := range map[string]string{
		"forgot": "/forgot-password", "sent": "/forgot-password?sent",
		"reset": "/reset-password", "done": "/reset-password?done",
	} {
		draw := resethttp.Template(pages, name)
		b.Run(name, func(b *testing.B) {
			beside(b, serve(b, pages, http.MethodGet, path, "", http.StatusOK),
				func() { _ = draw(io.Discard) })
		})
	}
}

func BenchmarkAPI(b *testing.B) {
	svc, link := benchService(b)
	api, err := resethttp.NewAPI(svc, resethttp.APIConfig{Origins: []string{front}})
	require.NoError(b, err)

	for name, call := range map[string]func(){
		"request": serve(b, api, http.MethodPost, "/api/forgot-password",
			jsonOf("email", knownAddr), http.StatusAccepted),
		"check": serve(b, api, http.MethodPost, "/api/reset-password/check",
			jsonOf("token", link), http.StatusOK),
		"settings": serve(b, api, http.MethodGet,
			"/api/reset-password/settings", "", http.StatusOK),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				call()
			}
		})
	}
}
