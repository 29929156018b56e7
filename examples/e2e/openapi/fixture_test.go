package openapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/examples/e2e/openapi"
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
	front       = "https://front.example"

	forgotPath   = "/api/forgot-password"
	resetPath    = "/api/reset-password"
	checkPath    = "/api/reset-password/check"
	disputePath  = "/api/reset-password/dispute"
	noticePath   = "/api/reset-password/dispute/check"
	settingsPath = "/api/reset-password/settings"
	documentPath = "/api/openapi.json"
)

var errDown = errors.New("the database is down")

// faulty is a store that can fail.
type faulty struct {
	*memstore.Store

	read, write error
}

func (s *faulty) FindByID(ctx context.Context, id string) (reset.User, error) {
	if s.read != nil {
		return reset.User{}, s.read
	}
	return s.Store.FindByID(ctx, id)
}

func (s *faulty) ReplaceHash(
	ctx context.Context, seen reset.User, encoded string,
) error {
	if s.write != nil {
		return s.write
	}
	return s.Store.ReplaceHash(ctx, seen, encoded)
}

// never is a limit that is used up.
type never struct{}

func (never) Allow(context.Context, string) (time.Duration, bool, error) {
	return time.Minute, false, nil
}

// needsProof makes the account need a code.
func needsProof(c *reset.Config) {
	c.Hooks.ProofKind = func(
		context.Context, reset.Pending,
	) (string, error) {
		return "totp", nil
	}
	c.Hooks.BeforeConfirm = func(_ context.Context, p reset.Pending) error {
		if p.Proof != "123456" {
			return reset.ErrProofRefused
		}
		return nil
	}
}

// disputable lets changes be disputed.
func disputable(c *reset.Config) {
	c.Hooks.OnDisputed = func(context.Context, reset.Dispute) error {
		return nil
	}
}

// fixture is an API behind a recorder, over a service with one account.
type fixture struct {
	t        *testing.T
	svc      *reset.Service
	outbox   *mailtest.Recorder
	store    *faulty
	recorder *openapi.Recorder
}

func newFixture(t *testing.T, changes ...func(*reset.Config)) *fixture {
	t.Helper()
	hasher := hash.NewInsecureForTests()
	encoded, err := hasher.Hash(t.Context(), "the old password of ada")
	require.NoError(t, err)
	users := memstore.New()
	require.NoError(t, users.Add(reset.User{
		ID: "u-1", Email: account, PasswordHash: encoded,
	}))
	keys, err := token.GenerateKeys("k1")
	require.NoError(t, err)

	f := &fixture{
		t: t, store: &faulty{Store: users}, outbox: &mailtest.Recorder{},
	}
	cfg := reset.Config{
		Site: "https://app.example", From: "no-reply@app.example", Keys: keys,
		Store: f.store, Mailer: f.outbox,
		Sessions: reset.KeepSessions(), Hasher: hasher,
		Limits: reset.Limits{Off: true},
		Events: reset.SinkFunc(func(context.Context, reset.Event) {}),
	}
	for _, change := range changes {
		change(&cfg)
	}
	f.svc, err = reset.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = f.svc.Shutdown(context.WithoutCancel(t.Context()))
	})

	api, err := resethttp.NewAPI(f.svc, resethttp.APIConfig{
		Origins: []string{front},
		GuardRequest: func(r *http.Request) error {
			if r.Header.Get("X-Robot") != "" {
				return errors.New("a robot")
			}
			return nil
		},
	})
	require.NoError(t, err)
	f.recorder, err = openapi.NewRecorder(api, documentPath)
	require.NoError(t, err)
	return f
}

// send sends a request, with JSON and an origin that may call unless the
// headers say otherwise, and returns the status.
func (f *fixture) send(
	method, path, body string, headers ...string,
) int {
	f.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", front)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}

	w := httptest.NewRecorder()
	f.recorder.ServeHTTP(w, r)
	return w.Code
}

func (f *fixture) post(path string, pairs ...string) int {
	f.t.Helper()
	return f.send(http.MethodPost, path, jsonOf(pairs...))
}

func jsonOf(pairs ...string) string {
	object := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		object[pairs[i]] = pairs[i+1]
	}
	body, err := json.Marshal(object)
	if err != nil {
		panic(err)
	}
	return string(body)
}

func (f *fixture) link() string {
	f.t.Helper()
	made, err := f.svc.Link(f.t.Context(), "u-1", reset.LinkOptions{})
	require.NoError(f.t, err)
	return made.Reveal()
}

// notice makes the link of a notice.
func (f *fixture) notice() string {
	f.t.Helper()
	require.NoError(f.t, f.svc.NotifyChanged(
		f.t.Context(), reset.NotifyInput{UserID: "u-1"}))
	ctx, cancel := context.WithTimeout(f.t.Context(), 10*time.Second)
	defer cancel()
	messages, err := f.outbox.Wait(ctx, 1)
	require.NoError(f.t, err)
	_, rest, found := strings.Cut(messages[0].Text, "/dispute/#")
	require.True(f.t, found)
	raw, _, _ := strings.Cut(rest, "\n")
	return raw
}

// into checks that all was as documented, and adds what was seen.
func (f *fixture) into(seen map[string]bool) {
	f.t.Helper()
	require.NoError(f.t, f.recorder.Err())
	maps.Copy(seen, f.recorder.Seen())
}
