package reset_test

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

// hookCalls counts the calls of every hook there is.
type hookCalls struct {
	identifier, blocked, eligible, before, needs, confirmed, disputed,
	sessions atomic.Int32
}

// plant sets every hook. Each counts its call, and then takes as long as at
// does.
func (c *hookCalls) plant(cfg *reset.Config, at func(hook string)) {
	count := func(n *atomic.Int32, hook string) {
		n.Add(1)
		at(hook)
	}
	cfg.Sessions = reset.EndSessionsWith(func(context.Context, string) error {
		count(&c.sessions, "sessions")
		return nil
	})

	cfg.Hooks = reset.Hooks{
		FindByIdentifier: func(
			context.Context, string,
		) ([]reset.User, error) {
			count(&c.identifier, "identifier")
			return []reset.User{ana()}, nil
		},
		Blocked: func(netip.Addr) bool { c.blocked.Add(1); return false },
		Eligible: func(context.Context, reset.User) (bool, error) {
			count(&c.eligible, "eligible")
			return true, nil
		},
		BeforeConfirm: func(context.Context, reset.Pending) error {
			count(&c.before, "before")
			return nil
		},
		ProofKind: func(context.Context, reset.Pending) (string, error) {
			count(&c.needs, "needs")
			return "totp", nil
		},
		OnConfirmed: []func(context.Context, reset.Confirmation) error{
			func(context.Context, reset.Confirmation) error {
				count(&c.confirmed, "confirmed")
				return nil
			},
		},
		OnDisputed: func(context.Context, reset.Dispute) error {
			count(&c.disputed, "disputed")
			return nil
		},
	}
}

// all is the number of calls of every hook but Blocked, which is asked first.
func (c *hookCalls) all() int32 {
	return c.identifier.Load() + c.eligible.Load() + c.before.Load() +
		c.needs.Load() + c.confirmed.Load() + c.disputed.Load() +
		c.sessions.Load()
}

// Everybody has a good link and a good proof before anybody writes.
func TestConfirmHasOneWinnerWithEveryHookSet(t *testing.T) {
	t.Parallel()
	const racers = 64
	var calls hookCalls
	barrier := newGate(racers)
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Hasher = waitingHasher(t)
		calls.plant(cfg, func(hook string) {
			if hook == "before" {
				barrier.pass()
			}
		})
	})
	raw := fx.link(t, "7")
	calls.eligible.Store(0)

	results := make([]error, racers)
	var group sync.WaitGroup
	for i := range racers {
		group.Go(func() {
			_, _ = fx.Check(t.Context(), reset.CheckInput{Token: raw})
			results[i] = fx.Confirm(t.Context(), reset.ConfirmInput{
				Token: raw, Client: clientOf(i),
				Password: fmt.Sprintf("%s %d", newPassword, i),
			})
			fx.request(t, "a user name")
		})
	}
	group.Wait()

	won := 0
	for _, err := range results {
		if err == nil {
			won++
			continue
		}
		require.ErrorIs(t, err, reset.ErrRejected)
	}
	require.Equal(t, 1, won)
	require.EqualValues(t, racers, calls.before.Load())
	require.EqualValues(t, 1, calls.confirmed.Load())
	require.EqualValues(t, 1, calls.sessions.Load())
	require.GreaterOrEqual(t, calls.eligible.Load(), int32(racers))

	fx.drain(t)
	require.EqualValues(t, racers, calls.identifier.Load())
	require.Len(t, fx.events.of(reset.OutcomeConfirmed), 1)
	require.Len(t, fx.events.of(reset.OutcomeLostRace), racers-1)
	require.Len(t, fx.to(mail.KindPasswordChanged), 1)
}

// Of a link that disputes, every use locks. None of them is lost or is a
// success without the hook.
func TestEveryDisputeAtABarrierIsHeard(t *testing.T) {
	t.Parallel()
	const racers = 64
	var calls hookCalls
	barrier := newGate(racers)
	fx := newFixture(t, func(cfg *reset.Config) {
		calls.plant(cfg, func(hook string) {
			if hook == "disputed" {
				barrier.pass()
			}
		})
	})
	raw := fx.disputable(t)
	var group sync.WaitGroup
	for range racers {
		group.Go(func() {
			if err := fx.dispute(t, raw); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()

	require.EqualValues(t, racers, calls.disputed.Load())
	require.Len(t, fx.events.of(reset.OutcomeDisputed), racers)
}

// A stranger has addresses to type and links that are not good. No hook is
// reached by those, so that none can tell by its time who has an account.
func TestSlowHooksTellAStrangerNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls hookCalls
		var slow atomic.Bool
		fx := newFixture(t, func(cfg *reset.Config) {
			cfg.Now = time.Now
			calls.plant(cfg, func(string) {
				if slow.Load() {
					<-time.After(9 * time.Second)
				}
			})
		})
		dead := deadLinks(t, fx)
		before := calls.all()
		slow.Store(true)

		answers := make(map[string]bool)
		answer := func(began time.Time, err error) {
			t.Helper()
			require.Zero(t, time.Since(began), "a hook was waited for")
			require.ErrorIs(t, err, reset.ErrRejected)
			answers[err.Error()] = true
		}
		for _, raw := range dead {
			began := time.Now()
			in := reset.CheckInput{Token: raw, Client: clientOf(1)}
			answer(began, fx.check(t, raw))
			answer(began, fx.confirm(t, raw))
			answer(began, second(fx.CheckDispute(t.Context(), in)))
			answer(began, fx.Dispute(t.Context(), in))
		}
		require.Len(t, answers, 1, "one answer for all")
		require.Equal(t, before, calls.all())

		typed := slices.Collect(maps.Values(people(t, fx)))
		for _, typed := range append(typed, "a user name") {
			began := time.Now()
			fx.request(t, typed)
			require.Zero(t, time.Since(began), "a hook was waited for")
		}
		require.Equal(t, before, calls.all(), "hooks are for the worker")
		fx.drain(t)
		require.Greater(t, calls.all(), before)
	})
}

// deadLinks are made up, changed, used, too old, of an account that is gone or
// disabled.
func deadLinks(t *testing.T, fx *fixture) []string {
	t.Helper()
	for _, id := range []string{"gone", "off"} {
		fx.add(t, reset.User{
			ID: id, Email: id + "@example.com", PasswordHash: oldHash,
		})
	}
	expired, gone, off := fx.link(t, "7"), fx.link(t, "gone"), fx.link(t, "off")
	require.NoError(t, fx.store.Delete("gone"))
	require.NoError(t, fx.store.Update("off", func(user *reset.User) {
		user.Disabled = true
	}))
	<-time.After(time.Hour)
	used := fx.link(t, "7")
	require.NoError(t, fx.confirm(t, used))

	return []string{
		"", "junk", expired, gone, off, used, flipLast(fx.link(t, "7")),
	}
}
