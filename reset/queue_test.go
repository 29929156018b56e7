package reset_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

//lostkey:covers ASVS-15.2.2 CWE-770
func TestFullQueueDropsSilently(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Queue.Size, cfg.Queue.Workers = 10, 1
		outbox := cfg.Mailer
		cfg.Mailer = mail.MailerFunc(
			func(ctx context.Context, msg mail.Message) error {
				<-release
				return outbox.Send(ctx, msg)
			},
		)
	})

	for range 25 {
		fx.request(t, "ana@example.com")
	}
	// The owner must be told of a change however many requests there are.
	require.NoError(t, fx.confirm(t, fx.link(t, "7")))

	close(release)
	fx.drain(t)
	require.Len(t, fx.events.of(reset.OutcomeRequested), 10)
	require.Len(t, fx.events.of(reset.OutcomeDropped), 15)
	require.Len(t, fx.to(mail.KindReset), 10)
	require.Len(t, fx.to(mail.KindPasswordChanged), 1)
}

func TestShutdownSendsWhatIsQueuedAndWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(t, realClock)
		fx.outbox.Fail(temporary)
		for range 20 {
			fx.request(t, "ana@example.com")
		}
		synctest.Wait()
		fx.outbox.Fail(nil)
		start := time.Now()
		fx.drain(t)
		require.Zero(
			t, time.Since(start), "nobody waits for a backoff at shutdown",
		)
		require.Len(t, fx.outbox.Messages(), 20)
		require.Empty(t, fx.events.of(reset.OutcomeMailFailed))
	})
}

func TestShutdownMakesOneMoreAttemptAndGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(t, realClock)
		var attempts atomic.Int64
		fx.outbox.Fail(func(msg mail.Message) error {
			attempts.Add(1)
			return temporary(msg)
		})
		for range 20 {
			fx.request(t, "ana@example.com")
		}
		synctest.Wait()
		fx.drain(t)
		require.EqualValues(t, 40, attempts.Load())
		require.Len(t, fx.events.of(reset.OutcomeMailFailed), 20)
		require.Equal(
			t, "shutdown", fx.events.reasons(reset.OutcomeMailFailed)[0],
		)
	})
}

// The bubble also fails if any goroutine is left when the test ends.
func TestShutdownStopsAtItsDeadlineAndSaysWhatWasLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(t, func(cfg *reset.Config) {
			cfg.Now, cfg.Queue.Workers = time.Now, 2
			cfg.Mailer = mail.MailerFunc(
				func(ctx context.Context, _ mail.Message) error {
					<-ctx.Done() // a server that never answers
					return ctx.Err()
				},
			)
		})

		for range 7 {
			fx.request(t, "ana@example.com")
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		err := fx.Shutdown(ctx)
		unfinished, ok := errors.AsType[*reset.ShutdownError](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, 7, unfinished.Unfinished)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Contains(t, err.Error(), "7 queued mails")

		synctest.Wait()
		require.Len(t, fx.events.of(reset.OutcomeMailFailed), 7)
		require.NoError(t, fx.Shutdown(t.Context()), "by now nothing is left")
	})
}

func TestHungMailServerIsLeftAfterAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hung := true
		fx := newFixture(t, func(cfg *reset.Config) {
			cfg.Now, cfg.Queue.Workers = time.Now, 1
			outbox := cfg.Mailer
			cfg.Mailer = mail.MailerFunc(
				func(ctx context.Context, msg mail.Message) error {
					if hung {
						hung = false
						<-ctx.Done()
						return &mail.SendError{
							Verdict: mail.VerdictTemporary,
							Err:     ctx.Err(),
						}
					}
					return outbox.Send(ctx, msg)
				},
			)
		})

		start := time.Now()
		fx.request(t, "ana@example.com")
		_, err := fx.outbox.Wait(t.Context(), 1)
		require.NoError(t, err)
		require.LessOrEqual(t, time.Since(start), time.Minute+2*time.Second)
	})
}

// A worker that began at once would take processor time from the answer, and
// only where there is an account.
func TestEveryJobRestsUntilItsRequestIsAnswered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var sent []time.Duration
		fx := newFixture(t, func(cfg *reset.Config) {
			cfg.Now, cfg.Queue.Workers = time.Now, 1
			cfg.Mailer = mail.MailerFunc(
				func(context.Context, mail.Message) error {
					sent = append(sent, time.Since(start))
					return nil
				},
			)
		})

		for range 3 {
			fx.request(t, "ana@example.com")
			<-time.After(time.Millisecond)
		}
		fx.request(t, "ana@example.com")
		<-time.After(time.Second)
		synctest.Wait()
		require.Equal(t, []time.Duration{
			3 * time.Millisecond, 4 * time.Millisecond,
			5 * time.Millisecond, 6 * time.Millisecond,
		}, sent)
	})
}
