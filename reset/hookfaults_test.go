package reset_test

import (
	"context"
	"errors"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

// hookFaults are the ways in which a hook gives no answer in time. The channel
// is closed when the test ends.
var hookFaults = map[string]func(
	ctx context.Context, end <-chan struct{},
) error{
	"fails": func(context.Context, <-chan struct{}) error {
		return errors.New("no row")
	},
	"panics": func(context.Context, <-chan struct{}) error {
		panic("boom")
	},
	"ends with its context": func(
		ctx context.Context, _ <-chan struct{},
	) error {
		<-ctx.Done()
		return ctx.Err()
	},
	"answers when it is too late": func(
		ctx context.Context, _ <-chan struct{},
	) error {
		<-ctx.Done()
		return nil
	},
	"hangs and heeds no context": func(
		_ context.Context, end <-chan struct{},
	) error {
		<-end
		return nil
	},
}

// A faultyHook is a hook at one step, with what the step answers and records
// when the hook does not.
type faultyHook struct {
	plant   func(cfg *reset.Config, hook func(context.Context) error)
	prepare func(fx *fixture, t *testing.T) string
	step    func(fx *fixture, t *testing.T, raw string) error
	// answer is part of the error, and empty for a success.
	answer  string
	outcome reset.Outcome
	reason  string
	// worker says that the hook is called after the answer.
	worker bool
}

func (fx *fixture) check(t *testing.T, raw string) error {
	t.Helper()
	return second(fx.Check(t.Context(), reset.CheckInput{Token: raw}))
}

func askFor(typed string) func(*fixture, *testing.T, string) error {
	return func(fx *fixture, t *testing.T, _ string) error {
		t.Helper()
		return fx.Request(t.Context(), reset.RequestInput{Email: typed})
	}
}

func plantEligible(
	cfg *reset.Config, hook func(context.Context) error,
) {
	cfg.Hooks.Eligible = func(
		ctx context.Context, _ reset.User,
	) (bool, error) {
		return true, hook(ctx)
	}
}

func plantSessions(
	cfg *reset.Config, hook func(context.Context) error,
) {
	cfg.Sessions = reset.EndSessionsWith(
		func(ctx context.Context, _ string) error { return hook(ctx) },
	)
}

func plantState(cfg *reset.Config, hook func(context.Context) error) {
	of := cfg.Pages.Purposes[verifyEmail]
	state := of.State
	of.State = func(ctx context.Context, user reset.User) (string, error) {
		if err := hook(ctx); err != nil {
			return "", err
		}
		return state(ctx, user)
	}
	cfg.Pages.Purposes[verifyEmail] = of
}

// askedHooks decide something, which nothing else can.
var askedHooks = map[string]faultyHook{
	"FindByIdentifier": {
		plant: func(cfg *reset.Config, hook func(context.Context) error) {
			cfg.Hooks.FindByIdentifier = func(
				ctx context.Context, _ string,
			) ([]reset.User, error) {
				return []reset.User{ana()}, hook(ctx)
			}
		},
		step:    askFor("ana"),
		outcome: reset.OutcomeMailDelayed, reason: "hook", worker: true,
	},
	"Eligible in a worker": {
		plant: plantEligible, step: askFor("ana@example.com"),
		outcome: reset.OutcomeMailDelayed, reason: "hook", worker: true,
	},
	"Eligible in Check": {
		plant: plantEligible, step: (*fixture).check,
		answer:  "Config.Hooks.Eligible",
		outcome: reset.OutcomeCheckFailed, reason: "hook",
	},
	"Eligible in Confirm": {
		plant: plantEligible, step: (*fixture).confirm,
		answer:  "Config.Hooks.Eligible",
		outcome: reset.OutcomeConfirmFailed, reason: "hook",
	},
	"BeforeConfirm": {
		plant: func(cfg *reset.Config, hook func(context.Context) error) {
			cfg.Hooks.BeforeConfirm = func(
				ctx context.Context, _ reset.Pending,
			) error {
				return hook(ctx)
			}
		},
		step: (*fixture).confirm, answer: "Config.Hooks.BeforeConfirm",
		outcome: reset.OutcomeConfirmFailed, reason: "hook",
	},
	"ProofKind": {
		plant: func(cfg *reset.Config, hook func(context.Context) error) {
			cfg.Hooks.BeforeConfirm = wantsNothing
			cfg.Hooks.ProofKind = func(
				ctx context.Context, _ reset.Pending,
			) (string, error) {
				return "totp", hook(ctx)
			}
		},
		step: (*fixture).check, answer: "Config.Hooks.ProofKind",
		outcome: reset.OutcomeCheckFailed, reason: "hook",
	},
	"State in a worker": {
		plant: plantState,
		step: func(fx *fixture, t *testing.T, _ string) error {
			t.Helper()
			return fx.SendPurpose(
				t.Context(), verifyEmail, reset.SendInput{UserID: "7"},
			)
		},
		outcome: reset.OutcomeMailDelayed, reason: "hook", worker: true,
	},
	"State in Redeem": {
		plant: plantState, prepare: (*fixture).sent,
		step: func(fx *fixture, t *testing.T, raw string) error {
			t.Helper()
			return fx.redeem(t, raw, changeStamp(fx))
		},
		answer:  "Purpose.State",
		outcome: reset.OutcomeRedeemFailed, reason: "hook",
	},
}

// toldHooks do something, which nothing can undo.
var toldHooks = map[string]faultyHook{
	"OnConfirmed": {
		plant: func(cfg *reset.Config, hook func(context.Context) error) {
			cfg.Hooks.OnConfirmed = []func(
				context.Context, reset.Confirmation,
			) error{func(ctx context.Context, _ reset.Confirmation) error {
				return hook(ctx)
			}}
		},
		step: (*fixture).confirm, outcome: reset.OutcomeHookFailed,
	},
	"OnDisputed": {
		plant: func(cfg *reset.Config, hook func(context.Context) error) {
			cfg.Hooks.OnDisputed = func(
				ctx context.Context, _ reset.Dispute,
			) error {
				return hook(ctx)
			}
		},
		prepare: (*fixture).disputable, step: (*fixture).dispute,
		answer:  "Config.Hooks.OnDisputed",
		outcome: reset.OutcomeDisputeFailed, reason: "hook",
	},
	"EndSessionsWith in Confirm": {
		plant: plantSessions, step: (*fixture).confirm,
		outcome: reset.OutcomeSessionsFailed,
	},
	"EndSessionsWith in Dispute": {
		plant: func(cfg *reset.Config, hook func(context.Context) error) {
			plantSessions(cfg, hook)
			cfg.Hooks.OnDisputed = (&disputes{}).lock
		},
		prepare: (*fixture).disputable, step: (*fixture).dispute,
		answer:  "sessions",
		outcome: reset.OutcomeDisputeFailed, reason: "hook",
	},
}

func wantsNothing(context.Context, reset.Pending) error { return nil }

// changeStamp uses a link by changing what it is bound to.
func changeStamp(fx *fixture) func(context.Context, reset.User) error {
	return func(_ context.Context, user reset.User) error {
		return fx.store.Update(user.ID, func(user *reset.User) {
			user.Stamp = "used"
		})
	}
}

// Whatever a hook does, its step ends in ten seconds, says what it can and is
// told of. What was not done can be done later.
//
//lostkey:covers ASVS-16.5.4
func TestEveryHookThatFailsPanicsOrHangs(t *testing.T) {
	t.Parallel()
	for _, hooks := range []map[string]faultyHook{askedHooks, toldHooks} {
		for name, hook := range hooks {
			for fault, do := range hookFaults {
				t.Run(name+" "+fault, func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						hook.meets(t, do)
					})
				})
			}
		}
	}
}

func (h faultyHook) meets(
	t *testing.T, fault func(context.Context, <-chan struct{}) error,
) {
	t.Helper()
	end := make(chan struct{})
	defer close(end)
	var broken atomic.Bool
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Now = time.Now
		withPurposes(t, cfg)
		h.plant(cfg, func(ctx context.Context) error {
			if !broken.Load() {
				return nil
			}
			return fault(ctx, end)
		})
	})
	if h.prepare == nil {
		h.prepare = func(fx *fixture, t *testing.T) string {
			t.Helper()
			return fx.link(t, "7")
		}
	}
	raw := h.prepare(fx, t)

	broken.Store(true)
	began := time.Now()
	err := h.step(fx, t, raw)
	if h.worker {
		require.Zero(t, time.Since(began), "the hook was waited for")
		<-time.After(10*time.Second + 3*time.Millisecond)
		synctest.Wait()
	}
	require.LessOrEqual(t, time.Since(began), 11*time.Second)
	if h.answer == "" {
		require.NoError(t, err)
	} else {
		require.ErrorContains(t, err, h.answer)
		require.NotErrorIs(t, err, reset.ErrRejected)
	}

	events := fx.events.of(h.outcome)
	require.NotEmpty(t, events)
	require.EqualValues(t, h.reason, events[0].Reason)
	require.Error(t, events[0].Err)

	broken.Store(false)
	if h.answer != "" {
		require.NoError(t, h.step(fx, t, raw), "the link must stay good")
	}
}

// Blocked has no context and is asked on the goroutine of the request, which
// its panic ends before anything is done.
func TestABlockListThatPanicsLetsNothingHappen(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Hooks.Blocked = func(netip.Addr) bool { panic("boom") }
	})
	in := reset.ConfirmInput{
		Token: fx.link(t, "7"), Password: newPassword, Client: clientOf(1),
	}
	require.Panics(t, func() { _ = fx.Confirm(t.Context(), in) })
	require.Panics(t, func() {
		_ = fx.Request(t.Context(), reset.RequestInput{
			Email: "ana@example.com", Client: clientOf(1),
		})
	})

	fx.drain(t)
	require.Empty(t, fx.outbox.Messages())
	require.True(t, sameUser(ana(), fx.user(t, "7")))
}
