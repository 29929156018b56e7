package reset_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/policy"
	"github.com/lostkey-go/lostkey/token"
	"github.com/stretchr/testify/require"
)

// wantsCode is a second proof of one fixed code.
func wantsCode(_ context.Context, pending reset.Pending) error {
	if pending.Proof != "492039" {
		return fmt.Errorf("the code is wrong: %w", reset.ErrProofRefused)
	}
	return nil
}

func (fx *fixture) prove(t *testing.T, raw, proof string) error {
	t.Helper()
	return fx.Confirm(t.Context(), reset.ConfirmInput{
		Token: raw, Password: newPassword, Proof: proof,
	})
}

//lostkey:covers ASVS-6.4.3 63B-4.2.2.2
func TestARefusedProofSpendsNothing(t *testing.T) {
	t.Parallel()
	var fx *fixture
	refused := true
	fx = newFixture(t, func(cfg *reset.Config) {
		cfg.Hooks.BeforeConfirm = func(
			ctx context.Context, pending reset.Pending,
		) error {
			if len(pending.Proof) > 4<<10 {
				t.Error("the hook was given a huge proof")
			}
			return wantsCode(ctx, pending)
		}
		cfg.Policy = policyFunc(func(context.Context, string, []string) error {
			require.False(t, refused, "asked before the proof was good")
			return nil
		})
	})
	raw := fx.link(t, "7")

	for _, proof := range []string{
		"", "492038", "492039 ", "\x00", strings.Repeat("4", 4<<10),
		strings.Repeat("4", 4<<10+1), strings.Repeat("4", 5<<20),
	} {
		err := fx.prove(t, raw, proof)
		require.Equal(t, reset.ErrProofRefused, err, "one answer for all")
		require.True(t, sameUser(ana(), fx.user(t, "7")))
	}
	require.Len(t, fx.events.of(reset.OutcomeProofRefused), 7)

	refused = false
	require.NoError(t, fx.prove(t, raw, "492039"))
	fx.drain(t)
	require.Len(t, fx.events.of(reset.OutcomeConfirmed), 1)
}

// Each row is a hook that answers nothing the flow can go by.
//
//lostkey:covers ASVS-6.4.3 63B-4.2.2.2 ASVS-16.5.3
func TestAProofThatCannotBeJudgedFailsClosed(t *testing.T) {
	t.Parallel()
	for name, hook := range map[string]func(context.Context) error{
		"error":           func(context.Context) error { return errLost },
		"panic":           func(context.Context) error { panic("boom") },
		"hangs":           nil,
		"until its end":   func(ctx context.Context) error { <-ctx.Done(); return nil },
		"a cancelled one": func(context.Context) error { return context.Canceled },
		"rejects the link": func(context.Context) error {
			return errors.New("rejected")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				var broken atomic.Bool
				fx := newFixture(t, func(cfg *reset.Config) {
					cfg.Now = time.Now
					cfg.Hooks.BeforeConfirm = func(
						ctx context.Context, _ reset.Pending,
					) error {
						switch {
						case !broken.Load():
							return nil
						case name == "hangs":
							<-release
							return nil
						}
						return hook(ctx)
					}
				})
				raw := fx.link(t, "7")

				broken.Store(true)
				began := time.Now()
				err := fx.confirm(t, raw)
				require.LessOrEqual(t, time.Since(began), 10*time.Second)
				close(release)

				require.ErrorContains(t, err, "Config.Hooks.BeforeConfirm")
				require.NotErrorIs(t, err, reset.ErrProofRefused)
				require.NotErrorIs(t, err, reset.ErrRejected)
				require.True(t, sameUser(ana(), fx.user(t, "7")))
				require.Equal(
					t, []string{"hook"},
					fx.events.reasons(reset.OutcomeConfirmFailed),
				)

				broken.Store(false)
				require.NoError(t, fx.confirm(t, raw), "the link must stay good")
				fx.drain(t)
			})
		})
	}
}

//lostkey:covers ASVS-6.3.1 ASVS-6.6.3 63B-3.2.2 CWE-307
func TestCodesCannotBeTriedOutWithManyLinksOrClients(t *testing.T) {
	t.Parallel()
	asked := 0
	fx := newFixture(t, func(cfg *reset.Config) {
		// Nothing but the limit of proofs holds these back.
		cfg.Limits = reset.Limits{ConfirmUser: limiterFunc(
			func(context.Context, string) (time.Duration, bool, error) {
				return 0, true, nil
			},
		)}
		cfg.Hooks.BeforeConfirm = func(
			ctx context.Context, pending reset.Pending,
		) error {
			asked++
			return wantsCode(ctx, pending)
		}
	})
	bo := reset.User{ID: "8", Email: "bo@example.com", PasswordHash: oldHash}
	fx.add(t, bo)
	guess := func(n int) error {
		return fx.Confirm(t.Context(), reset.ConfirmInput{
			Token: fx.link(t, "7"), Password: newPassword,
			Proof:  fmt.Sprintf("%06d", n),
			Client: netip.AddrFrom4([4]byte{192, 0, 2, byte(n)}),
		})
	}

	for n := range 5 {
		require.ErrorIs(t, guess(n), reset.ErrProofRefused)
	}
	for n := range 50 {
		throttled, ok := errors.AsType[*reset.ThrottledError](guess(n))
		require.True(t, ok)
		require.Positive(t, throttled.RetryAfter)
	}
	require.Equal(t, 5, asked)
	require.NoError(
		t, fx.prove(t, fx.link(t, "8"), "492039"),
		"the account of another is not charged",
	)

	fx.clock.advance(5 * time.Minute)
	require.ErrorIs(t, guess(5), reset.ErrProofRefused)
	require.Error(t, guess(6))
	require.Equal(t, 7, asked)
	require.True(t, sameUser(ana(), fx.user(t, "7")))
	fx.drain(t)
	require.Contains(t, fx.events.reasons(reset.OutcomeThrottled), "proof")
}

// All guesses are charged before any is judged.
func TestParallelGuessesAreChargedBeforeTheyAreJudged(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Limits = reset.Limits{ConfirmUser: limiterFunc(
			func(context.Context, string) (time.Duration, bool, error) {
				return 0, true, nil
			},
		)}
		cfg.Hooks.BeforeConfirm = func(context.Context, reset.Pending) error {
			asked.Add(1)
			return reset.ErrProofRefused
		}
	})
	raw := fx.link(t, "7")

	var wg sync.WaitGroup
	barrier := make(chan struct{})
	for range 64 {
		wg.Go(func() {
			<-barrier
			_ = fx.prove(t, raw, "1")
		})
	}
	close(barrier)
	wg.Wait()
	require.EqualValues(t, 5, asked.Load())
}

func TestProofLimitHoldsWhenTheLimiterIsDown(t *testing.T) {
	t.Parallel()
	asked := 0
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Limits = reset.Limits{Proof: limiterFunc(
			func(context.Context, string) (time.Duration, bool, error) {
				return 0, true, errLost
			},
		)}
		cfg.Hooks.BeforeConfirm = func(context.Context, reset.Pending) error {
			asked++
			return reset.ErrProofRefused
		}
	})
	raw := fx.link(t, "7")
	for range 9 {
		require.Error(t, fx.prove(t, raw, "1"))
	}
	require.Equal(t, 5, asked)
}

// A weak password must not use up what a good proof was charged.
func TestAGoodProofIsChargedNothing(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Limits = reset.Limits{}
		cfg.Hooks.BeforeConfirm = wantsCode
	})
	raw := fx.link(t, "7")
	for range 8 {
		err := fx.Confirm(t.Context(), reset.ConfirmInput{
			Token: raw, Password: "short", Proof: "492039",
		})
		_, weak := errors.AsType[*policy.Error](err)
		require.True(t, weak, "%v", err)
	}
	require.NoError(t, fx.prove(t, raw, "492039"))
}

// What a stranger can send, with and without an account behind it. A hook that
// is never called can be as slow as it likes.
func TestHooksForAProofAreNotReachedByStrangers(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Hooks.BeforeConfirm = func(context.Context, reset.Pending) error {
			t.Error("a stranger got to BeforeConfirm")
			return nil
		}
		cfg.Hooks.ProofKind = func(
			context.Context, reset.Pending,
		) (string, error) {
			t.Error("a stranger got to ProofKind")
			return "", nil
		}
	})
	good := fx.link(t, "7")
	gone := reset.User{ID: "9", Email: "bo@example.com", PasswordHash: oldHash}
	fx.add(t, gone)
	deleted := fx.link(t, "9")
	require.NoError(t, fx.store.Delete("9"))

	for _, email := range []string{"ana@example.com", "no@example.com"} {
		fx.request(t, email)
	}
	for _, raw := range []string{"", "junk", flipLast(good), deleted} {
		_, err := fx.Check(t.Context(), reset.CheckInput{Token: raw})
		require.ErrorIs(t, err, reset.ErrRejected)
		require.ErrorIs(t, fx.prove(t, raw, "492039"), reset.ErrRejected)
	}
	fx.clock.advance(time.Hour)
	require.ErrorIs(t, fx.prove(t, good, "492039"), reset.ErrRejected)
	fx.drain(t)
}

func TestCheckSaysWhichProofAPageMustAskFor(t *testing.T) {
	t.Parallel()
	var fail error
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Hooks.BeforeConfirm = wantsCode
		cfg.Hooks.ProofKind = func(
			_ context.Context, pending reset.Pending,
		) (string, error) {
			require.Empty(t, pending.Proof)
			if pending.UserID == "7" {
				return "totp", fail
			}
			return "", nil
		}
	})
	bo := reset.User{ID: "8", Email: "bo@example.com", PasswordHash: oldHash}
	fx.add(t, bo)
	raw := fx.link(t, "7")

	checked, err := fx.Check(t.Context(), reset.CheckInput{Token: raw})
	require.NoError(t, err)
	require.Equal(t, "totp", checked.ProofKind)
	checked, err = fx.Check(
		t.Context(), reset.CheckInput{Token: fx.link(t, "8")},
	)
	require.NoError(t, err)
	require.Empty(t, checked.ProofKind)

	fail = errLost
	checked, err = fx.Check(t.Context(), reset.CheckInput{Token: raw})
	require.ErrorIs(t, err, errLost)
	require.Equal(t, reset.CheckResult{}, checked)
	require.Equal(
		t, []string{"hook"}, fx.events.reasons(reset.OutcomeCheckFailed),
	)
}

func TestPendingSaysWhoseConfirmationItIs(t *testing.T) {
	t.Parallel()
	var seen reset.Pending
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Hooks.BeforeConfirm = func(
			_ context.Context, pending reset.Pending,
		) error {
			seen = pending
			return nil
		}
	})
	require.NoError(t, fx.store.Update("7", func(user *reset.User) {
		user.Label = "Bakery"
	}))
	link, err := fx.Link(t.Context(), "7", reset.LinkOptions{})
	require.NoError(t, err)

	client := netip.MustParseAddr("192.0.2.1")
	require.NoError(t, fx.Confirm(t.Context(), reset.ConfirmInput{
		Token: rawOf(link), Password: newPassword, Proof: " 1 ",
		Client: client,
	}))
	require.True(t, seen == reset.Pending{
		UserID: "7", Label: "Bakery", Purpose: token.PurposeReset,
		TokenID: link.TokenID(), Client: client, Proof: " 1 ",
	})
}

func TestWhatAHookSaysOfAProofIsNotShown(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Hooks.BeforeConfirm = func(
			_ context.Context, pending reset.Pending,
		) error {
			err := fmt.Errorf("code %s of ana@example.com", pending.Proof)
			if pending.Proof == "111111" {
				return errors.Join(err, reset.ErrProofRefused)
			}
			return err
		}
	})
	raw := fx.link(t, "7")
	require.Equal(
		t, reset.ErrProofRefused, fx.prove(t, raw, "111111"),
	)
	err := fx.prove(t, raw, "222222")
	require.NotContains(t, err.Error(), "222222")

	for _, outcome := range []reset.Outcome{
		reset.OutcomeProofRefused, reset.OutcomeConfirmFailed,
	} {
		text := fx.events.of(outcome)[0].Err.Error()
		require.Contains(t, text, "code [redacted] of [redacted]")
	}
}
