package reset_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/token"
	"github.com/stretchr/testify/require"
)

// disputes is a hook that remembers its calls and disables the account.
type disputes struct {
	mu    sync.Mutex
	calls []reset.Dispute
	err   error
}

func (d *disputes) lock(_ context.Context, what reset.Dispute) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = append(d.calls, what)
	return d.err
}

// newDisputeFixture is a fixture whose notices can be disputed.
func newDisputeFixture(
	t *testing.T, change func(cfg *reset.Config),
) (*fixture, *disputes) {
	t.Helper()
	hook := &disputes{}
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Hooks.OnDisputed = hook.lock
		if change != nil {
			change(cfg)
		}
	})
	return fx, hook
}

// disputeLink returns the token of the link "this was not me" in a notice, or
// "".
func disputeLink(msg mail.Message) string {
	_, rest, _ := strings.Cut(msg.Text, "/dispute/#token=")
	raw, _, _ := strings.Cut(rest, "\n")
	return raw
}

// disputable resets ana's password and returns the token of the notice's link.
func (fx *fixture) disputable(t *testing.T) string {
	t.Helper()
	require.NoError(t, fx.confirm(t, fx.link(t, "7")))
	mails, err := fx.outbox.Wait(t.Context(), 1)
	require.NoError(t, err)
	raw := disputeLink(mails[len(mails)-1])
	require.NotEmpty(t, raw)
	return raw
}

func (fx *fixture) dispute(t *testing.T, raw string) error {
	t.Helper()
	return fx.Dispute(t.Context(), reset.CheckInput{
		Token: raw, Client: clientOf(1),
	})
}

//lostkey:covers ASVS-7.4.2
func TestDisputedChangeEndsSessionsAndCallsTheHook(t *testing.T) {
	t.Parallel()
	for name, sessions := range map[string]reset.Sessions{
		"a function": reset.EndSessionsWith(
			func(context.Context, string) error { return nil },
		),
		"the store": reset.EndSessionsInStore(),
		"nobody":    reset.KeepSessions(),
	} {
		fx, hook := newDisputeFixture(t, func(cfg *reset.Config) {
			cfg.Sessions = sessions
		})
		raw := fx.disputable(t)
		before := fx.user(t, "7")

		checked, err := fx.CheckDispute(
			t.Context(), reset.CheckInput{Token: raw},
		)
		require.NoError(t, err)
		require.Equal(t, reset.PurposeDispute, checked.Purpose)
		require.Equal(
			t, fx.clock.Now().Add(7*24*time.Hour), checked.ExpiresAt,
		)
		require.Empty(t, hook.calls, "a check locks nothing")

		require.NoError(t, fx.dispute(t, raw))
		done := fx.events.of(reset.OutcomeDisputed)[0]
		require.Equal(t, []reset.Dispute{{
			UserID: "7", TokenID: done.TokenID, Client: clientOf(1),
			SessionsEnded: name == "a function",
		}}, hook.calls)
		require.Equal(t, reset.PurposeDispute, done.Purpose)
		require.Equal(
			t, done.TokenID,
			fx.events.of(reset.OutcomeNoticeMailed)[0].TokenID,
		)
		require.Equal(t, before, fx.user(t, "7"), "it grants nothing")
	}
}

func TestDisputeMayBeRepeatedAlsoForADisabledAccount(t *testing.T) {
	t.Parallel()
	fx, hook := newDisputeFixture(t, nil)
	raw := fx.disputable(t)
	require.NoError(t, fx.dispute(t, raw))
	require.NoError(t, fx.store.Update("7", func(user *reset.User) {
		user.Disabled, user.Stamp = true, "another sign-in"
	}))
	require.NoError(t, fx.dispute(t, raw))
	require.Len(t, hook.calls, 2)
}

func TestDisputeDiesWithTheHashTheAddressAndTime(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*reset.User)
		after  time.Duration
		reason string
	}{
		"hash": {
			change: func(u *reset.User) { u.PasswordHash = oldHash },
			reason: "stale",
		},
		"address": {
			change: func(u *reset.User) { u.Email = "new@example.com" },
			reason: "stale",
		},
		"time": {after: 7 * 24 * time.Hour, reason: "expired"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fx, hook := newDisputeFixture(t, nil)
			raw := fx.disputable(t)

			if c.after > 0 {
				fx.clock.advance(c.after - time.Second)
				require.NoError(t, fx.dispute(t, raw))
				hook.calls = nil
				fx.clock.advance(time.Second)
			}
			if c.change != nil {
				require.NoError(t, fx.store.Update("7", c.change))
			}

			require.ErrorIs(t, fx.dispute(t, raw), reset.ErrRejected)
			_, err := fx.CheckDispute(
				t.Context(), reset.CheckInput{Token: raw},
			)
			require.ErrorIs(t, err, reset.ErrRejected)
			require.Empty(t, hook.calls)
			require.Equal(
				t, []string{c.reason}, fx.events.reasons(reset.OutcomeRejected),
			)
		})
	}
}

func TestNoLinkDoesAnothersWork(t *testing.T) {
	t.Parallel()
	fx, hook := newDisputeFixture(t, nil)
	fx.add(t, withoutPassword("new"))
	invited, err := fx.Link(t.Context(), "new", reset.LinkOptions{
		Purpose: token.PurposeInvite,
	})
	require.NoError(t, err)
	raw := fx.disputable(t)

	for _, other := range []string{fx.link(t, "7"), rawOf(invited)} {
		require.ErrorIs(t, fx.dispute(t, other), reset.ErrRejected)
		_, err := fx.CheckDispute(t.Context(), reset.CheckInput{Token: other})
		require.ErrorIs(t, err, reset.ErrRejected)
	}
	before := fx.user(t, "7")
	require.ErrorIs(t, fx.confirm(t, raw), reset.ErrRejected)
	_, err = fx.Check(t.Context(), reset.CheckInput{Token: raw})
	require.ErrorIs(t, err, reset.ErrRejected)

	require.Equal(t, before, fx.user(t, "7"))
	require.Empty(t, hook.calls)
	for _, reason := range fx.events.reasons(reset.OutcomeRejected) {
		require.Equal(t, "wrong-purpose", reason)
	}
	_, err = fx.Link(t.Context(), "7", reset.LinkOptions{
		Purpose: reset.PurposeDispute,
	})
	require.Error(t, err, "Link makes none")
}

func TestHookThatFailsPanicsOrHangsLeavesTheLinkGood(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		hook func(context.Context) error
		want string
	}{
		"fails": {
			func(context.Context) error {
				return errors.New("no row for ana@example.com")
			},
			"reset: lock the account: Config.Hooks.OnDisputed: no row for [redacted]",
		},
		"panics": {
			func(context.Context) error { panic("boom") },
			"panic in Config.Hooks.OnDisputed: boom",
		},
		"hangs": {
			func(ctx context.Context) error {
				<-ctx.Done()
				return ctx.Err()
			},
			"deadline exceeded",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ended := 0
				var mended atomic.Bool // a hook that hangs is not waited for
				fx, hook := newDisputeFixture(t, func(cfg *reset.Config) {
					cfg.Now = time.Now
					cfg.Sessions = reset.EndSessionsWith(
						func(context.Context, string) error {
							ended++
							return nil
						},
					)
					good := cfg.Hooks.OnDisputed
					cfg.Hooks.OnDisputed = func(
						ctx context.Context, what reset.Dispute,
					) error {
						if !mended.Load() {
							return c.hook(ctx)
						}
						return good(ctx, what)
					}
				})
				raw := fx.disputable(t)
				ended = 0
				require.ErrorContains(t, fx.dispute(t, raw), c.want)
				require.Equal(t, 1, ended, "sessions are ended all the same")
				require.Equal(
					t, []string{"hook"},
					fx.events.reasons(reset.OutcomeDisputeFailed),
				)

				mended.Store(true)
				require.NoError(t, fx.dispute(t, raw))
				require.Len(t, hook.calls, 1)
			})
		})
	}
}

func TestDisputeWhoseSessionsLiveIsNoSuccessAndStillLocks(t *testing.T) {
	t.Parallel()
	broken := false
	fx, hook := newDisputeFixture(t, func(cfg *reset.Config) {
		cfg.Sessions = reset.EndSessionsWith(
			func(context.Context, string) error {
				if broken {
					return errLost
				}
				return nil
			},
		)
	})
	raw := fx.disputable(t)
	broken = true
	require.ErrorContains(t, fx.dispute(t, raw), "sessions")
	require.Len(t, hook.calls, 1)
	require.False(t, hook.calls[0].SessionsEnded)
	require.Len(t, fx.events.of(reset.OutcomeSessionsFailed), 1)
}

func TestDisputeWithoutAStoreIsAnErrorAndCanBeRepeated(t *testing.T) {
	t.Parallel()
	hook := &disputes{}
	fx, spy := newSpyFixture(t, func(cfg *reset.Config) {
		cfg.Hooks.OnDisputed = hook.lock
	})
	raw := fx.disputable(t)
	spy.findByID = func(context.Context, string) (reset.User, error) {
		return reset.User{}, errLost
	}
	require.ErrorIs(t, fx.dispute(t, raw), errLost)
	require.Equal(
		t, []string{"store"}, fx.events.reasons(reset.OutcomeDisputeFailed),
	)

	_, err := fx.CheckDispute(t.Context(), reset.CheckInput{Token: raw})
	require.ErrorIs(t, err, errLost)
	require.Equal(
		t, []string{"store"}, fx.events.reasons(reset.OutcomeCheckFailed),
		"operators are told of it",
	)

	spy.findByID = nil
	require.NoError(t, fx.dispute(t, raw))
	require.Len(t, hook.calls, 1)
}

func TestDisputesChargeTheLimitsOfConfirmations(t *testing.T) {
	t.Parallel()
	fx, hook := newDisputeFixture(t, func(cfg *reset.Config) {
		cfg.Limits.Off = false
	})
	raw := fx.disputable(t)
	var throttled *reset.ThrottledError
	for range 30 {
		require.ErrorIs(t, fx.dispute(t, "junk"), reset.ErrRejected)
	}
	require.ErrorAs(t, fx.dispute(t, "junk"), &throttled)

	var err error
	for n := 0; n < 12 && err == nil; n++ {
		err = fx.dispute(t, raw)
	}
	require.ErrorAs(t, err, &throttled)
	require.Len(t, hook.calls, 10, "none was used up by the confirmation")
}

func TestBlockedClientDisputesNothing(t *testing.T) {
	t.Parallel()
	fx, hook := newDisputeFixture(t, func(cfg *reset.Config) {
		cfg.Hooks.Blocked = func(netip.Addr) bool { return true }
	})
	require.NoError(t, fx.NotifyChanged(
		t.Context(), reset.NotifyInput{UserID: "7"},
	))
	mails, err := fx.outbox.Wait(t.Context(), 1)
	require.NoError(t, err)
	require.ErrorIs(
		t, fx.dispute(t, disputeLink(mails[0])), reset.ErrRejected,
	)
	require.Empty(t, hook.calls)
}

func TestNoticeHasNoLinkForAnybodyElsesChange(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*reset.User){
		"another hash":    func(u *reset.User) { u.PasswordHash = oldHash + "x" },
		"another address": func(u *reset.User) { u.Email = "new@example.com" },
	} {
		var queue engine
		fx, _ := newDisputeFixture(t, func(cfg *reset.Config) {
			cfg.Queue.Dispatch = queue.dispatch
		})
		require.NoError(t, fx.NotifyChanged(
			t.Context(), reset.NotifyInput{UserID: "7"},
		))
		require.NoError(t, fx.store.Update("7", change))
		require.Empty(t, queue.run(t, fx.Service))
		mails := fx.outbox.Messages()
		require.Equal(t, "ana@example.com", mails[0].To, name)
		require.Empty(t, disputeLink(mails[0]), name)
		require.NotContains(t, mails[0].Text, "eyJ", name)
	}
}

func TestNoticeGoesOutWithoutItsLinkWhenTheStoreIsDownForLong(t *testing.T) {
	t.Parallel()
	var queue engine
	fx, spy := newSpyFixture(t, func(cfg *reset.Config) {
		cfg.Hooks.OnDisputed = (&disputes{}).lock
		cfg.Queue.Dispatch = queue.dispatch
	})
	require.NoError(t, fx.NotifyChanged(
		t.Context(), reset.NotifyInput{UserID: "7"},
	))
	spy.findByID = func(context.Context, string) (reset.User, error) {
		return reset.User{}, errLost
	}
	require.Len(t, queue.run(t, fx.Service), 1)
	require.Empty(t, fx.outbox.Messages())

	fx.clock.advance(16 * time.Minute)
	require.Empty(t, queue.run(t, fx.Service))
	require.Len(t, fx.to(mail.KindPasswordChanged), 1)
	require.Empty(t, disputeLink(fx.outbox.Messages()[0]))
}

func TestWithoutTheHookThereIsNoDispute(t *testing.T) {
	t.Parallel()
	with, _ := newDisputeFixture(t, nil)
	raw := with.disputable(t)
	fx := newFixture(t, nil)
	require.Empty(t, fx.Settings().DisputePath)
	require.ErrorContains(t, fx.dispute(t, raw), "OnDisputed is nil")
	_, err := fx.CheckDispute(t.Context(), reset.CheckInput{Token: raw})
	require.ErrorContains(t, err, "OnDisputed is nil")

	require.NoError(t, fx.confirm(t, fx.link(t, "7")))
	fx.drain(t)
	require.NotContains(t, fx.outbox.Messages()[0].Text, "token=")
}
