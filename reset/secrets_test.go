package reset_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/token"
	"github.com/stretchr/testify/require"
)

// faults make one part after the other fail, by errors and panics that quote
// all they were given, as drivers and mail servers do.
type faults struct {
	mu      sync.Mutex
	current string
}

func (f *faults) set(current string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.current = current
}

func (f *faults) quote(at string, args ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch f.current {
	case at:
		return fmt.Errorf("driver: %s failed with %v", at, args)
	case at + " by panic":
		panic(fmt.Sprintf("%s failed with %v", at, args))
	}
	return nil
}

const (
	secretAddress  = "Canary.Address@Example.com"
	secretPassword = "canary password, quite long"
)

// plant lets every part of a configuration fail, and see what it is given.
func (f *faults) plant(cfg *reset.Config, seen *canaries) {
	cfg.Limits = reset.Limits{Account: limiterFunc(
		func(_ context.Context, key string) (time.Duration, bool, error) {
			seen.see(key)
			return 0, true, f.quote("limiter", key)
		},
	)}

	outbox := cfg.Mailer
	cfg.Mailer = mail.MailerFunc(
		func(ctx context.Context, msg mail.Message) error {
			if raw := mailtest.Token(msg); raw != "" {
				seen.hide("token "+msg.ID, raw)
				seen.hide("link "+msg.ID, mailtest.Link(msg))
			}
			if raw := disputeLink(msg); raw != "" {
				seen.hide("dispute "+msg.ID, raw)
			}
			seen.see(msg)

			err := f.quote("mailer", msg.To, strings.ToLower(msg.To), msg.Text)
			if err != nil {
				return &mail.SendError{
					Verdict: mail.VerdictPermanent, Err: err,
				}
			}
			return outbox.Send(ctx, msg)
		},
	)

	cfg.Sessions = reset.EndSessionsWith(func(context.Context, string) error {
		return f.quote("sessions", secretAddress, oldHash)
	})
	cfg.Hooks.OnConfirmed = []func(context.Context, reset.Confirmation) error{
		func(_ context.Context, done reset.Confirmation) error {
			seen.see(done)
			return f.quote("hook", secretAddress, oldHash)
		},
	}
	cfg.Hooks.OnDisputed = func(_ context.Context, what reset.Dispute) error {
		seen.see(what)
		return f.quote("dispute", secretAddress, oldHash)
	}
	cfg.Policy = policyFunc(
		func(_ context.Context, password string, _ []string) error {
			return f.quote("policy", password)
		},
	)
}

// plantInStore does the same for the store, and returns the hashes written.
func (f *faults) plantInStore(spy *spyStore) (written *[]string) {
	spy.findByEmail = func(
		ctx context.Context, email string,
	) ([]reset.User, error) {
		if err := f.quote("look-up", email); err != nil {
			return nil, err
		}
		return spy.Store.FindByEmail(ctx, email)
	}

	written = new([]string)
	spy.replace = func(
		ctx context.Context, seen reset.User, encoded string,
	) error {
		*written = append(*written, encoded)
		err := f.quote("write", seen.Email, seen.PasswordHash, encoded)
		if err != nil {
			return err
		}
		return spy.Store.ReplaceHash(ctx, seen, encoded)
	}
	return written
}

// Everything that can go wrong goes wrong.
func TestNoSecretIsSeenInAnyLogErrorEventOrPrint(t *testing.T) {
	t.Parallel()
	seen := &canaries{secret: make(map[string]string)}
	const secretKey = "qX7#mV2!zR9@kL4$wT6%nB8^hJ3&yC5*"
	ring, err := token.ParseKeys(
		"k1:" + base64.StdEncoding.EncodeToString([]byte(secretKey)),
	)
	require.NoError(t, err)
	seen.hide("the key", secretKey)
	seen.hide("the address", secretAddress)
	seen.hide("the password", secretPassword)
	seen.hide("the old hash", oldHash)
	var broken faults
	var logged lockedBuffer
	logger := slog.New(slog.NewTextHandler(
		&logged, &slog.HandlerOptions{Level: slog.LevelDebug},
	))
	fx, spy := newSpyFixture(t, func(cfg *reset.Config) {
		cfg.Keys = ring
		cfg.Events = reset.Sinks{cfg.Events, seen, reset.SlogSink(logger)}
		cfg.Queue.Synchronous = true // each fault must meet its own request
		broken.plant(cfg, seen)
	})
	written := broken.plantInStore(spy)
	fx.add(t, reset.User{ID: "c", Email: secretAddress, PasswordHash: oldHash})
	first := fx.Service
	ofSite, err := fx.For(goodSite())
	require.NoError(t, err)

	for _, fault := range []string{
		"", "limiter", "limiter by panic", "look-up by panic", "mailer",
		"mailer by panic", "policy", "write", "write by panic",
		"sessions", "sessions by panic", "hook", "hook by panic",
	} {
		broken.set(fault)
		for i, svc := range []*reset.Service{ofSite, first} {
			fx.Service = svc
			resetWithFault(t, fx, seen, fmt.Sprint(fault, " at ", i))
		}
	}

	seen.see(fx.Shutdown(t.Context()))
	for i, encoded := range *written {
		seen.hide(fmt.Sprint("new hash number ", i), encoded)
	}
	user := fx.user(t, "c")
	seen.see(first, ofSite, fx.store, user, &user, []reset.User{user},
		map[string]reset.User{"u": user}, struct{ U reset.User }{user},
		reset.RequestInput{Email: secretAddress},
		errors.Join(reset.ErrStale, reset.ErrUserNotFound), ring,
	)

	text := logged.String()
	for _, want := range []string{
		"hook-failed", "notice-failed", "sessions-failed", "[redacted]",
	} {
		require.Contains(t, text, want)
	}
	seen.check(t, text)
}

// resetWithFault asks for a link, makes one, and uses it twice, while one part
// fails. Then the account is as before.
func resetWithFault(
	t *testing.T, fx *fixture, seen *canaries, fault string,
) {
	t.Helper()
	fx.clock.advance(time.Hour) // past all limits
	if strings.HasPrefix(fault, "look-up") {
		seen.see(fx.Process(t.Context(), fx.Sign(reset.Job{
			Kind: mail.KindReset, Email: secretAddress,
			RequestedAt: fx.clock.Now(),
		})))
	} else {
		seen.see(fx.Request(t.Context(), reset.RequestInput{
			Email:  secretAddress,
			Client: netip.MustParseAddr("192.0.2.1"),
		}))
	}

	link, err := fx.Link(t.Context(), "c", reset.LinkOptions{})
	require.NoError(t, err)
	raw := rawOf(link)
	seen.hide("made link "+fault, link.Reveal())
	seen.hide("made token "+fault, raw)
	in := reset.ConfirmInput{Token: raw, Password: secretPassword}
	seen.see(
		link, &link, in, &in, struct{ L reset.Link }{link},
		struct{ l reset.Link }{link},
	)

	checked, err := fx.Check(t.Context(), reset.CheckInput{Token: raw})
	seen.see(checked, err)
	_, err = fx.Check(t.Context(), reset.CheckInput{Token: raw + "x"})
	seen.see(err)
	seen.see(fx.Confirm(t.Context(), in))
	seen.see(fx.Confirm(t.Context(), in))

	seen.hide("new hash "+fault, fx.user(t, "c").PasswordHash)
	require.NoError(t, fx.store.Update("c", func(user *reset.User) {
		user.PasswordHash = oldHash
	}))
}

func TestJobPrintsWithoutWhatWasTyped(t *testing.T) {
	t.Parallel()
	secret := reset.Job{
		ID:    "j",
		Kind:  mail.KindReset,
		Email: "canary@example.com",
	}
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "job", secret)
	for _, text := range []string{
		fmt.Sprintf("%v %+v %#v %s %q", secret, secret, secret, secret, secret),
		fmt.Sprint(&secret), logged.String(),
	} {
		require.NotContains(t, text, "canary")
		require.Contains(t, text, "j")
	}
}
