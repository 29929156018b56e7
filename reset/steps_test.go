package reset_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

// atEachStep makes every part that a confirmation calls tell at first, and fail
// when at does.
func atEachStep(cfg *reset.Config, at func(step string) error) {
	outbox := cfg.Mailer

	cfg.Hooks.BeforeConfirm = func(context.Context, reset.Pending) error {
		return at("proof")
	}
	cfg.Policy = policyFunc(func(context.Context, string, []string) error {
		return at("policy")
	})
	cfg.Sessions = reset.EndSessionsWith(func(context.Context, string) error {
		return at("sessions")
	})
	cfg.Hooks.OnConfirmed = []func(context.Context, reset.Confirmation) error{
		func(context.Context, reset.Confirmation) error { return at("hook") },
	}
	cfg.Mailer = mail.MailerFunc(
		func(ctx context.Context, msg mail.Message) error {
			if err := at("mailer"); err != nil {
				return &mail.SendError{
					Verdict: mail.VerdictPermanent, Err: err,
				}
			}
			return outbox.Send(ctx, msg)
		},
	)
}

// atEachStep does the same for the two steps of the store.
func (s *spyStore) atEachStep(at func(step string) error) {
	s.findByID = func(ctx context.Context, id string) (reset.User, error) {
		if err := at("load"); err != nil {
			return reset.User{}, err
		}
		return s.Store.FindByID(ctx, id)
	}

	s.replace = func(
		ctx context.Context, seen reset.User, encoded string,
	) error {
		if err := at("replace"); err != nil {
			return err
		}
		return s.Store.ReplaceHash(ctx, seen, encoded)
	}
}

//lostkey:covers ASVS-2.3.1
func TestConfirmOrder(t *testing.T) {
	t.Parallel()
	var steps []string
	at := func(step string) error {
		steps = append(steps, step)
		return nil
	}
	limiter := func(name string) reset.Limiter {
		return limiterFunc(
			func(context.Context, string) (time.Duration, bool, error) {
				return 0, true, at(name)
			},
		)
	}

	fx, spy := newSpyFixture(t, func(cfg *reset.Config) {
		atEachStep(cfg, at)
		cfg.Queue.Synchronous = true
		cfg.Limits = reset.Limits{
			ConfirmClient: limiter("limit client"),
			ConfirmUser:   limiter("limit user"),
			Proof:         limiter("limit proof"),
		}
		cfg.Events = reset.SinkFunc(func(_ context.Context, ev reset.Event) {
			_ = at(string(ev.Outcome))
		})
	})
	raw := fx.link(t, "7")
	spy.atEachStep(at)

	steps = nil
	require.NoError(t, fx.Confirm(t.Context(), reset.ConfirmInput{
		Token:    raw,
		Password: newPassword,
		Client:   netip.MustParseAddr("192.0.2.1"),
	}))
	require.Equal(t, []string{
		"limit user", "load", "limit proof", "proof", "policy", "replace",
		"sessions", "confirmed", "hook", "mailer", "notice-mailed",
	}, steps)
	require.True(
		t, strings.HasPrefix(fx.user(t, "7").PasswordHash, "$argon2id$"),
	)
}

// Each part fails once, by an error and by a panic, and the state after it is
// either all old with a good link, or all new.
//
//lostkey:covers ASVS-2.3.1 ASVS-2.3.3 ASVS-16.5.3 CWE-620
func TestFaultAtEachStepOfConfirm(t *testing.T) {
	t.Parallel()
	for _, step := range []string{
		"load", "proof", "policy", "replace", "sessions", "hook", "sink",
		"mailer",
	} {
		for _, panics := range []bool{false, true} {
			if panics && step == "policy" {
				// It panics in the visitor's goroutine, before anything is
				// changed, and net/http recovers.
				continue
			}
			t.Run(fmt.Sprintf("%s/panic=%t", step, panics), func(t *testing.T) {
				t.Parallel()
				confirmWithFault(t, step, panics)
			})
		}
	}
}

func confirmWithFault(t *testing.T, step string, panics bool) {
	t.Helper()
	var armed atomic.Bool
	fault := func(at string) error {
		if !armed.Load() || at != step {
			return nil
		}
		if panics {
			panic("boom")
		}
		return errors.New("boom")
	}

	fx, spy := newSpyFixture(t, func(cfg *reset.Config) {
		atEachStep(cfg, fault)
		events := cfg.Events
		cfg.Events = reset.SinkFunc(func(ctx context.Context, ev reset.Event) {
			events.Record(ctx, ev)
			_ = fault("sink")
		})
	})
	spy.atEachStep(fault)

	raw := fx.link(t, "7")
	armed.Store(true)
	err := fx.confirm(t, raw)
	changed := fx.user(t, "7").PasswordHash != oldHash

	switch step {
	case "load", "proof", "policy", "replace":
		require.Error(t, err)
		require.NotErrorIs(t, err, reset.ErrRejected)
		require.False(t, changed)
		require.Len(t, fx.events.of(reset.OutcomeConfirmFailed), 1)

		armed.Store(false)
		require.NoError(t, fx.confirm(t, raw), "the link must stay good")
	default:
		require.NoError(t, err)
		require.True(t, changed)
		requireOneFailure(t, fx, step)
	}
}

// requireOneFailure sees that a changed password is confirmed once, and that
// the step that failed after it is told once.
func requireOneFailure(t *testing.T, fx *fixture, step string) {
	t.Helper()
	fx.drain(t)
	require.Len(t, fx.events.of(reset.OutcomeConfirmed), 1)

	for at, outcome := range map[string]reset.Outcome{
		"sessions": reset.OutcomeSessionsFailed,
		"hook":     reset.OutcomeHookFailed,
		"mailer":   reset.OutcomeNoticeFailed,
	} {
		if at == step {
			require.Len(t, fx.events.of(outcome), 1)
			require.Error(t, fx.events.of(outcome)[0].Err)
		} else {
			require.Empty(t, fx.events.of(outcome))
		}
	}
}
