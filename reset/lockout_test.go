package reset_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

// A thief who reads one of an account's addresses has links of it, of which
// some are dead. Using those over and over must not keep the owner from saying
// "this was not me", nor from using a link.
//
//lostkey:covers ASVS-6.1.1
func TestWhoHasALinkKeepsNobodyFromUsingAnother(t *testing.T) {
	t.Parallel()
	fx, hook := newDisputeFixture(t, func(cfg *reset.Config) {
		cfg.Limits = reset.Limits{}
	})
	used := fx.link(t, "7")
	require.NoError(t, fx.confirm(t, used))
	mails, err := fx.outbox.Wait(t.Context(), 1)
	require.NoError(t, err)
	dead := disputeLink(mails[0])

	fresh := fx.link(t, "7")
	require.NoError(t, fx.confirm(t, fresh))
	mails, err = fx.outbox.Wait(t.Context(), 2)
	require.NoError(t, err)
	owners := disputeLink(mails[1])

	for range 30 {
		require.Error(t, fx.confirm(t, used))
		require.Error(t, fx.dispute(t, dead))
	}
	throttled, ok := errors.AsType[*reset.ThrottledError](fx.dispute(t, dead))
	require.True(t, ok, "a dead link is limited itself")
	require.Positive(t, throttled.RetryAfter)

	require.NoError(t, fx.dispute(t, owners))
	require.Len(t, hook.calls, 1)
	require.NoError(t, fx.confirm(t, fx.link(t, "7")))
}

// Somebody who has lost the mailbox of the main address asks at another one. A
// stranger who knows the main address cannot use up those mails.
//
//lostkey:covers ASVS-6.1.1
func TestMailsToOneAddressLeaveThoseToAnother(t *testing.T) {
	t.Parallel()
	fx := newRecoveryFixture(t, func(cfg *reset.Config) {
		cfg.Limits, cfg.Queue.Synchronous = reset.Limits{}, true
	})
	for range 5 {
		require.NoError(t, fx.ask(t, "ana@example.com", ""))
		fx.clock.advance(time.Minute)
	}
	require.NoError(t, fx.ask(t, "ana@example.com", ""))
	require.Len(t, fx.to(mail.KindReset), 5)

	require.NoError(t, fx.ask(t, "ana@home.example", ""))
	require.NoError(t, fx.ask(t, home, ""), "another spelling is no other address")
	require.Equal(t, []string{home}, fx.to(mail.KindReset)[5:])
}

// A hook that never answers must not keep as many goroutines as there were
// calls of it, nor keep other hooks from being called.
func TestAHookThatNeverAnswersPilesUpToABound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var called, failed, proven atomic.Int32
		end := make(chan struct{})
		fx := newFixture(t, func(cfg *reset.Config) {
			cfg.Now = time.Now
			cfg.Hooks.ProofKind = func(
				context.Context, reset.Pending,
			) (string, error) {
				called.Add(1)
				<-end
				return "", nil
			}
			cfg.Hooks.BeforeConfirm = func(
				context.Context, reset.Pending,
			) error {
				proven.Add(1)
				return nil
			}
		})

		raw := fx.link(t, "7")
		var wg sync.WaitGroup
		for range 1500 {
			wg.Go(func() {
				if fx.check(t, raw) != nil {
					failed.Add(1)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 1500, failed.Load())
		require.EqualValues(t, 1000, called.Load())
		require.NoError(t, fx.confirm(t, raw))
		require.EqualValues(t, 1, proven.Load())

		close(end)
		synctest.Wait()
		require.NoError(t, fx.check(t, fx.link(t, "7")))
		fx.drain(t)
	})
}
