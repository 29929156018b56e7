package reset_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

// A thief who signs in over and over must have no session left once the account
// is locked.
func TestSignInBeforeTheLockLeavesNoSession(t *testing.T) {
	t.Parallel()
	signedIn := false
	fx, hook := newDisputeFixture(t, func(cfg *reset.Config) {
		cfg.Sessions = reset.EndSessionsWith(
			func(context.Context, string) error {
				signedIn = false
				return nil
			},
		)
		lock := cfg.Hooks.OnDisputed
		cfg.Hooks.OnDisputed = func(
			ctx context.Context, what reset.Dispute,
		) error {
			signedIn = true
			return lock(ctx, what)
		}
	})

	require.NoError(t, fx.dispute(t, fx.disputable(t)))
	require.True(t, hook.calls[0].SessionsEnded)
	require.False(t, signedIn)
}

func TestSignInBeforeTheLockThatCannotBeEndedIsNoSuccess(t *testing.T) {
	t.Parallel()
	locked := false
	fx, _ := newDisputeFixture(t, func(cfg *reset.Config) {
		cfg.Sessions = reset.EndSessionsWith(
			func(context.Context, string) error {
				if locked {
					return errLost
				}
				return nil
			},
		)
		cfg.Hooks.OnDisputed = func(context.Context, reset.Dispute) error {
			locked = true
			return nil
		}
	})
	require.ErrorContains(t, fx.dispute(t, fx.disputable(t)), "sessions")
	require.Len(t, fx.events.of(reset.OutcomeSessionsFailed), 1)
	require.Empty(t, fx.events.of(reset.OutcomeDisputed))
}

// Whatever a thief confirms while the owner disputes, in the end the account is
// locked and no link opens it, unless a new hash came before.
func TestDisputesThatRaceWithConfirmations(t *testing.T) {
	t.Parallel()
	var fx *fixture
	fx, _ = newDisputeFixture(t, func(cfg *reset.Config) {
		cfg.Hooks.OnDisputed = func(context.Context, reset.Dispute) error {
			return fx.store.Update("7", func(user *reset.User) {
				user.Disabled = true
			})
		}
	})
	dispute := fx.disputable(t)
	raw := fx.link(t, "7")

	barrier := make(chan struct{})
	results := make(chan [2]error, 40)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			<-barrier
			results <- [2]error{fx.confirm(t, raw), errLost}
		})
		wg.Go(func() {
			<-barrier
			results <- [2]error{errLost, fx.dispute(t, dispute)}
		})
	}
	close(barrier)
	wg.Wait()
	close(results)

	won, locked := 0, 0
	for result := range results {
		for i, n := range []*int{&won, &locked} {
			if result[i] == nil {
				*n++
			} else if !errors.Is(result[i], errLost) {
				require.ErrorIs(t, result[i], reset.ErrRejected)
			}
		}
	}
	require.LessOrEqual(t, won, 1)
	require.Positive(t, won+locked)
	require.Equal(t, locked > 0, fx.user(t, "7").Disabled)
	require.ErrorIs(t, fx.confirm(t, raw), reset.ErrRejected)
}
