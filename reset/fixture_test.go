package reset_test

import (
	"context"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/token"
	"github.com/stretchr/testify/require"
)

const (
	site        = "https://app.example"
	newPassword = "a new password that is long"

	oldHash = "$argon2id$v=19$m=19456,t=2,p=1$b2xkc2FsdG9sZHNhbHQ$" +
		"b2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2w"
)

// testKeys is one ring for all tests: a service made twice from it is two
// instances of one application.
var testKeys = sync.OnceValue(func() token.Keys {
	ring, err := token.GenerateKeys("test")
	if err != nil {
		panic(err)
	}
	return ring
})

// cheapHasher is the one place where tests choose cheap parameters.
var cheapHasher = sync.OnceValue(hash.NewInsecureForTests)

// A fixture is a service with everything around it recorded.
type fixture struct {
	*reset.Service
	store  *memstore.Store
	outbox *mailtest.Recorder
	events *eventLog
	clock  *clock
}

// newFixture makes a service with one account, ana, and without limits.
// Shutdown is registered, and drains.
func newFixture(t *testing.T, change func(cfg *reset.Config)) *fixture {
	t.Helper()
	fx := &fixture{
		store:  memstore.New(),
		outbox: &mailtest.Recorder{},
		events: &eventLog{},
		clock:  &clock{now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)},
	}
	fx.add(t, ana())

	cfg := reset.Config{
		Site:     site,
		From:     "App <no-reply@app.example>",
		Keys:     testKeys(),
		Store:    fx.store,
		Mailer:   fx.outbox,
		Sessions: reset.EndSessionsInStore(),
		Hasher:   cheapHasher(),
		Events:   fx.events,
		Limits:   reset.Limits{Off: true},
		Now:      fx.clock.Now,
		Queue:    reset.Queue{Workers: 2},
	}

	if change != nil {
		change(&cfg)
	}
	svc, err := reset.New(cfg)
	require.NoError(t, err)
	fx.Service = svc
	t.Cleanup(func() {
		_ = svc.Shutdown(context.Background())
		fx.events.check(t)
	})
	return fx
}

func ana() reset.User {
	return reset.User{ID: "7", Email: "ana@example.com", PasswordHash: oldHash}
}

func (fx *fixture) add(t *testing.T, user reset.User) {
	t.Helper()
	require.NoError(t, fx.store.Add(user))
}

// request asks for a link, as one visitor does.
func (fx *fixture) request(t *testing.T, email string) {
	t.Helper()
	require.NoError(
		t, fx.Request(t.Context(), reset.RequestInput{Email: email}),
	)
}

// drain waits until all mail and events are out. Nothing can be requested
// after it.
func (fx *fixture) drain(t *testing.T) {
	t.Helper()
	require.NoError(t, fx.Shutdown(t.Context()))
}

// link returns the token of a link for the account.
func (fx *fixture) link(t *testing.T, userID string) string {
	t.Helper()
	made, err := fx.Link(t.Context(), userID, reset.LinkOptions{})
	require.NoError(t, err)
	return rawOf(made)
}

func rawOf(link reset.Link) string {
	_, raw, _ := strings.Cut(link.Reveal(), "token=")
	return raw
}

func (fx *fixture) confirm(t *testing.T, raw string) error {
	t.Helper()
	return fx.Confirm(
		t.Context(), reset.ConfirmInput{Token: raw, Password: newPassword},
	)
}

func (fx *fixture) user(t *testing.T, id string) reset.User {
	t.Helper()
	user, err := fx.store.FindByID(t.Context(), id)
	require.NoError(t, err)
	return user
}

// to returns the recipients of all mail of one kind, in order.
func (fx *fixture) to(kind mail.Kind) []string {
	var to []string
	for _, msg := range fx.outbox.Messages() {
		if msg.Kind == kind {
			to = append(to, msg.To)
		}
	}
	return to
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// sameUser compares two readings of one account, byte for byte.
func sameUser(a, b reset.User) bool { return reflect.DeepEqual(a, b) }
