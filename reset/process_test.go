package reset_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

func temporary(mail.Message) error {
	return &mail.SendError{
		Verdict: mail.VerdictTemporary,
		Err:     errors.New("421 try later"),
	}
}

func realClock(cfg *reset.Config) { cfg.Now = time.Now }

func TestTemporaryFailuresAreRetriedUntilTheMailGoesOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(t, realClock)
		var ids []string
		failures := 4
		fx.outbox.Fail(func(msg mail.Message) error {
			ids = append(ids, msg.ID)
			if failures--; failures >= 0 {
				return temporary(msg)
			}
			return nil
		})
		start := time.Now()
		fx.request(t, "ana@example.com")
		mails, err := fx.outbox.Wait(t.Context(), 1)
		require.NoError(t, err)
		require.Len(t, ids, 5)

		for _, id := range ids {
			require.Equal(
				t, ids[0], id,
				"a mailbox can tell a repeated mail by its id alone",
			)
		}
		require.Less(
			t, time.Since(start), 30*time.Second,
			"2 s, 4 s, 8 s and 16 s at most",
		)

		_, err = fx.Check(
			t.Context(), reset.CheckInput{Token: mailtest.Token(mails[0])},
		)
		require.NoError(t, err)
		fx.drain(t)
		require.Len(t, fx.events.of(reset.OutcomeMailDelayed), 4)
		require.Len(t, fx.events.of(reset.OutcomeMailed), 1)
	})
}

func TestMailIsGivenUpWhenItWouldBeUseless(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(t, realClock)
		var last time.Time
		attempts := 0
		fx.outbox.Fail(func(msg mail.Message) error {
			last = time.Now()
			attempts++
			return temporary(msg)
		})
		start := time.Now()
		fx.request(t, "ana@example.com")
		<-time.After(time.Hour)
		synctest.Wait()
		require.LessOrEqual(t, last.Sub(start), 15*time.Minute)
		require.Greater(t, last.Sub(start), 12*time.Minute)
		require.Greater(t, attempts, 10)
		require.Equal(
			t, []string{"gave-up"}, fx.events.reasons(reset.OutcomeMailFailed),
		)

		fx.drain(t)
		require.Len(t, fx.events.of(reset.OutcomeMailDelayed), attempts)
		require.Equal(t, oldHash, fx.user(t, "7").PasswordHash)
	})
}

func TestVerdictsDecideAboutRetries(t *testing.T) {
	t.Parallel()
	lost := errors.New("timeout after the last byte")
	for name, row := range map[string]struct {
		send     func() error
		attempts int
		reason   string
	}{
		"permanent": {func() error {
			return &mail.SendError{
				Verdict: mail.VerdictPermanent, Err: errors.New("550 no"),
			}
		}, 1, "refused"},
		"unknown": {func() error {
			return &mail.SendError{Verdict: mail.VerdictUnknown, Err: lost}
		}, 2, "unknown"},
		"unsaid": {func() error { return lost }, 2, "unknown"},
		"panic":  {func() error { panic("boom") }, 1, "panic"},
	} {
		for _, mode := range []string{"pool", "process", "synchronous"} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					attempts, failed := attemptsAt(t, mode, row.send)
					require.Equal(t, row.attempts, attempts)
					require.Equal(t, reset.Reason(row.reason), failed.Reason)

					where := "panic in Mailer.Send: boom (process_test.go:"
					require.Equal(
						t, name == "panic",
						strings.Contains(failed.Err.Error(), where), failed.Err,
					)
				})
			})
		}
	}
}

// Nil says that the mail is out, whatever became of the attempt before.
func TestSecondAttemptThatGoesOutIsNoError(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Queue.Synchronous = true
	})
	attempts := 0
	fx.outbox.Fail(func(mail.Message) error {
		if attempts++; attempts == 1 {
			return &mail.SendError{
				Verdict: mail.VerdictUnknown, Err: errLost,
			}
		}
		return nil
	})

	require.NoError(t, fx.SendReset(t.Context(), reset.SendInput{
		UserID: "7",
	}))
	require.Equal(t, 2, attempts)
}

// attemptsAt asks for a link in one mode, and returns how often the mail was
// attempted and the one event of its failure.
func attemptsAt(
	t *testing.T, mode string, send func() error,
) (attempts int, failed reset.Event) {
	t.Helper()
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Now = time.Now
		cfg.Queue.Synchronous = mode == "synchronous"
	})
	fx.outbox.Fail(func(mail.Message) error {
		attempts++
		return send()
	})

	if mode == "process" {
		require.NoError(
			t, fx.Process(t.Context(), fx.Sign(job())),
			"nothing that an engine could do better",
		)
	} else {
		fx.request(t, "ana@example.com")
	}
	<-time.After(time.Hour)
	synctest.Wait()

	events := fx.events.of(reset.OutcomeMailFailed)
	require.Len(t, events, 1)
	return attempts, events[0]
}

func job() reset.Job {
	return reset.Job{
		ID:          "job-1",
		Kind:        mail.KindReset,
		Email:       "ana@example.com",
		RequestedAt: time.Now(),
	}
}

//lostkey:covers ASVS-16.5.2
func TestStoreDownInTheWorkerIsRetried(t *testing.T) {
	t.Parallel()
	for _, panics := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			fx, spy := newSpyFixture(t, realClock)
			failures := 3
			spy.findByEmail = func(
				ctx context.Context, email string,
			) ([]reset.User, error) {
				if failures--; failures >= 0 {
					if panics {
						panic("nil map")
					}
					return nil, errLost
				}
				return spy.Store.FindByEmail(ctx, email)
			}

			fx.request(t, "ana@example.com")
			_, err := fx.outbox.Wait(t.Context(), 1)
			require.NoError(t, err)
			fx.drain(t)
			require.Len(t, fx.events.of(reset.OutcomeMailDelayed), 3)
		})
	}
}

func TestLateJobsAreDropped(t *testing.T) {
	t.Parallel()
	for age, mails := range map[time.Duration]int{
		15*time.Minute - time.Second: 1, 15 * time.Minute: 1,
		15*time.Minute + time.Second: 0,
	} {
		fx := newFixture(t, nil)
		late := job()
		late.RequestedAt = fx.clock.Now().Add(-age)
		require.NoError(t, fx.Process(t.Context(), fx.Sign(late)))
		require.Len(t, fx.outbox.Messages(), mails, age)
		if mails == 0 {
			require.Equal(
				t, []string{"too-late"},
				fx.events.reasons(reset.OutcomeSkipped),
			)
		}
	}
}

func TestPoolDoesNotMailTheOthersAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(t, realClock)
		for i := range 3 {
			fx.add(t, reset.User{
				ID:           fmt.Sprintf("s%d", i),
				Email:        "shared@example.com",
				PasswordHash: oldHash,
			})
		}
		n := 0
		fx.outbox.Fail(func(msg mail.Message) error {
			if n++; n == 2 {
				return temporary(msg)
			}
			return nil
		})
		fx.request(t, "shared@example.com")
		_, err := fx.outbox.Wait(t.Context(), 3)
		require.NoError(t, err)
		fx.drain(t)
		require.Len(t, fx.outbox.Messages(), 3)

		users := make(map[string]bool)
		for _, ev := range fx.events.of(reset.OutcomeMailed) {
			users[ev.UserID] = true
		}
		require.Len(t, users, 3)
	})
}

func TestSkipsAreRecordedOnceHoweverOftenTheMailIsAttempted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(t, func(cfg *reset.Config) {
			cfg.Now = time.Now
			cfg.Mail.HintNoAccount, cfg.Mail.HintSignsInElsewhere = true, true
		})
		fx.add(t, reset.User{
			ID:           "8",
			Email:        "ana@example.com",
			PasswordHash: oldHash,
			Disabled:     true,
		})
		fx.add(t, reset.User{ID: "9", Email: "sso@example.com"})

		fx.outbox.Fail(temporary)
		for _, email := range []string{
			"ana@example.com", "nobody@example.com", "sso@example.com",
		} {
			fx.request(t, email)
		}

		<-time.After(5 * time.Minute)
		fx.outbox.Fail(nil)
		_, err := fx.outbox.Wait(t.Context(), 3)
		require.NoError(t, err)

		fx.drain(t)
		require.ElementsMatch(
			t, []string{"disabled", "unknown-address", "no-password"},
			fx.events.reasons(reset.OutcomeSkipped),
		)
		require.Greater(t, len(fx.events.of(reset.OutcomeMailDelayed)), 9)
	})
}

// A password changed while the mail server was down: the link that finally goes
// out is made for the account as it is then.
func TestEachAttemptMakesItsLinkAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(t, realClock)
		fx.outbox.Fail(temporary)
		fx.request(t, "ana@example.com")
		synctest.Wait()
		require.NoError(t, fx.store.Update(
			"7", func(user *reset.User) { user.Disabled = true },
		))

		fx.outbox.Fail(nil)
		<-time.After(time.Minute)
		synctest.Wait()
		require.Empty(t, fx.outbox.Messages(), "disabled in the meantime")
		require.Equal(
			t, []string{"disabled"}, fx.events.reasons(reset.OutcomeSkipped),
		)
	})
}
