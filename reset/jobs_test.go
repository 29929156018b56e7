package reset_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
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

		_, err = fx.Check(t.Context(), mailtest.Token(mails[0]))
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
	for name, row := range map[string]struct {
		err      error
		panics   bool
		attempts int
		reason   string
	}{
		"permanent": {
			err: &mail.SendError{
				Verdict: mail.VerdictPermanent, Err: errors.New("550 no"),
			},
			attempts: 1, reason: "refused",
		},
		"unknown": {
			err: &mail.SendError{
				Verdict: mail.VerdictUnknown,
				Err:     errors.New("timeout after the last byte"),
			},
			attempts: 2, reason: "unknown",
		},
		"unsaid": {
			err: errors.New("does not say"), attempts: 2, reason: "unknown",
		},
		"panic": {panics: true, attempts: 1, reason: "panic"},
	} {
		for _, mode := range []string{"pool", "process", "synchronous"} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					fx := newFixture(t, func(cfg *reset.Config) {
						cfg.Now = time.Now
						cfg.Queue.Synchronous = mode == "synchronous"
					})
					attempts := 0
					fx.outbox.Fail(func(mail.Message) error {
						attempts++
						if row.panics {
							panic("boom")
						}
						return row.err
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
					require.Equal(t, row.attempts, attempts)
					require.Equal(
						t, []string{row.reason},
						fx.events.reasons(reset.OutcomeMailFailed),
					)

					text := fx.events.of(reset.OutcomeMailFailed)[0].Err.Error()
					require.Equal(
						t,
						row.panics,
						strings.Contains(
							text, "panic in Mailer.Send: boom (jobs_test.go:",
						),
						text,
					)
				})
			})
		}
	}
}

func job() reset.Job {
	return reset.Job{
		ID:          "job-1",
		Kind:        mail.KindReset,
		Email:       "ana@example.com",
		RequestedAt: time.Now(),
	}
}

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

func TestNoticeIsRetriedForLongerThanALink(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(t, realClock)
		raw := fx.link(t, "7")
		fx.outbox.Fail(temporary)
		require.NoError(t, fx.confirm(t, raw))
		<-time.After(10 * time.Hour)
		fx.outbox.Fail(nil)
		_, err := fx.outbox.Wait(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(
			t, []string{"ana@example.com"}, fx.to(mail.KindPasswordChanged),
		)
	})
}

func TestNoticeThatNeverGoesOutIsAnEventAndTheResetASuccess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(t, realClock)
		raw := fx.link(t, "7")
		fx.outbox.Fail(temporary)
		require.NoError(t, fx.confirm(t, raw))
		<-time.After(48 * time.Hour)
		synctest.Wait()
		require.Equal(
			t, []string{"gave-up"},
			fx.events.reasons(reset.OutcomeNoticeFailed),
		)
	})
}

func TestNoticeGoesToTheAddressOfTheMomentOfTheChange(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Hooks.OnConfirmed = []func(
			context.Context, reset.Confirmation,
		) error{
			func(_ context.Context, done reset.Confirmation) error {
				return cfg.Store.(interface {
					Update(string, func(*reset.User)) error
				}).Update(done.UserID, func(user *reset.User) {
					user.Email = "thief@example.com"
				})
			},
		}
	})

	require.NoError(t, fx.confirm(t, fx.link(t, "7")))
	fx.drain(t)
	require.Equal(
		t, []string{"ana@example.com"}, fx.to(mail.KindPasswordChanged),
	)
}

func TestNoticeCanBeLeftOut(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) { cfg.Mail.SkipNotice = true })
	require.NoError(t, fx.confirm(t, fx.link(t, "7")))
	fx.drain(t)
	require.Empty(t, fx.outbox.Messages())
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

// engine is what a durable queue does: it keeps jobs as JSON and calls Process
// until that returns nil.
type engine struct {
	mu   sync.Mutex
	jobs [][]byte
}

func (e *engine) dispatch(_ context.Context, job reset.Job) error {
	text, err := json.Marshal(job)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.jobs = append(e.jobs, text)
	return nil
}

// run works each queued job once and queues again what failed. It returns the
// errors.
func (e *engine) run(t *testing.T, svc *reset.Service) (failures []error) {
	t.Helper()
	e.mu.Lock()
	jobs := e.jobs
	e.jobs = nil
	e.mu.Unlock()
	for _, text := range jobs {
		var job reset.Job
		require.NoError(t, json.Unmarshal(text, &job))
		if err := svc.Process(t.Context(), job); err != nil {
			failures = append(failures, err)
			e.mu.Lock()
			e.jobs = append(e.jobs, text)
			e.mu.Unlock()
		}
	}

	return failures
}

func TestJobsSurviveAQueueOfTheApplications(t *testing.T) {
	t.Parallel()
	var queue engine
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Queue.Dispatch, cfg.Lifetimes.MaxReset = queue.dispatch, 3*time.Hour
	})
	require.NoError(t, fx.Request(t.Context(), reset.RequestInput{
		Email:    "ana@example.com",
		Locale:   "es",
		Client:   netip.MustParseAddr("192.0.2.1"),
		Lifetime: 2 * time.Hour,
	}))
	require.Len(t, queue.jobs, 1)
	require.Empty(t, queue.run(t, fx.Service))

	mails := fx.outbox.Messages()
	require.Len(t, mails, 1)
	checked, err := fx.Check(t.Context(), mailtest.Token(mails[0]))
	require.NoError(t, err)
	require.Equal(t, 2*time.Hour, checked.ExpiresAt.Sub(fx.clock.Now()))
	require.Equal(
		t, "192.0.2.1", fx.events.of(reset.OutcomeMailed)[0].Client.String(),
	)

	require.NoError(t, fx.confirm(t, mailtest.Token(mails[0])))
	require.Empty(t, queue.run(t, fx.Service))
	require.Equal(
		t, []string{"ana@example.com"}, fx.to(mail.KindPasswordChanged),
		"the notice goes through the same queue",
	)
}

func TestJobSurvivesJSON(t *testing.T) {
	t.Parallel()
	want := reset.Job{
		ID:            "x",
		Kind:          mail.KindPasswordChanged,
		Email:         "ana@example.com",
		UserID:        "7",
		Locale:        "es,pt-BR",
		Browser:       "Firefox, Linux",
		Client:        netip.MustParseAddr("2001:db8::1"),
		RequestedAt:   time.Date(2026, 11, 21, 12, 0, 0, 123456789, time.UTC),
		Lifetime:      time.Hour,
		SessionsEnded: true,
		Throttled:     true,
	}

	text, err := json.Marshal(want)
	require.NoError(t, err)
	var got reset.Job
	require.NoError(t, json.Unmarshal(text, &got))
	require.True(t, want == got, "%s", text)

	text, err = json.Marshal(reset.Job{ID: "x"})
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &got))
}

func TestEngineRetriesATemporaryFailure(t *testing.T) {
	t.Parallel()
	var queue engine
	fx := newFixture(
		t, func(cfg *reset.Config) { cfg.Queue.Dispatch = queue.dispatch },
	)
	fx.request(t, "ana@example.com")
	fx.outbox.Fail(temporary)
	failures := queue.run(t, fx.Service)
	require.Len(t, failures, 1)
	require.Equal(t, mail.VerdictTemporary, mail.VerdictOf(failures[0]))

	fx.outbox.Fail(nil)
	require.Empty(t, queue.run(t, fx.Service))
	require.Len(t, fx.outbox.Messages(), 1)
	require.Empty(t, queue.jobs)
}

func TestEngineDoesNotMailTheOthersAgain(t *testing.T) {
	t.Parallel()
	var queue engine
	fx := newFixture(
		t, func(cfg *reset.Config) { cfg.Queue.Dispatch = queue.dispatch },
	)
	for i := range 3 {
		fx.add(t, reset.User{
			ID:           fmt.Sprintf("s%d", i),
			Email:        "shared@example.com",
			PasswordHash: oldHash,
		})
	}
	fx.request(t, "shared@example.com")
	n := 0
	fx.outbox.Fail(func(msg mail.Message) error {
		if n++; n == 2 {
			return temporary(msg)
		}
		return nil
	})
	require.Empty(t, queue.run(t, fx.Service))
	require.Len(t, fx.outbox.Messages(), 2)
	require.Len(t, queue.jobs, 1, "the one that failed, as a job of its own")
	require.Empty(t, queue.run(t, fx.Service))
	require.Empty(t, queue.jobs)

	ids := make(map[string]bool)
	for _, msg := range fx.outbox.Messages() {
		ids[msg.ID] = true
	}
	require.Len(t, ids, 3)
	require.Len(t, fx.outbox.Messages(), 3)
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

func TestSkipsAreRecordedOnceHoweverOftenTheMailIsTried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(t, func(cfg *reset.Config) {
			cfg.Now, cfg.Mail.HintNoAccount, cfg.Mail.HintSignsInElsewhere = time.Now, true, true
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
func TestEachTryMakesItsLinkAnew(t *testing.T) {
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

func TestProcessRefusesJobsOfUnknownKinds(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, nil)
	odd := job()
	odd.Kind, odd.RequestedAt = "newsletter", fx.clock.Now()
	require.ErrorIs(
		t, fx.Process(t.Context(), fx.Sign(odd)), reset.ErrJobRefused,
	)
	require.Equal(
		t, []string{"bad-kind"}, fx.events.reasons(reset.OutcomeJobRefused),
	)
	require.Empty(t, fx.outbox.Messages())
}

func TestSynchronousModeStartsNoGoroutine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// Without a Shutdown: the bubble fails if anything is left running.
		fx := &fixture{
			outbox: &mailtest.Recorder{},
			events: &eventLog{},
			clock:  &clock{now: time.Now()},
		}
		store := &spyStore{
			findByEmail: func(context.Context, string) ([]reset.User, error) {
				return []reset.User{ana()}, nil
			},
		}

		svc, err := reset.New(reset.Config{
			Site:     site,
			From:     "no-reply@app.example",
			Keys:     testKeys(),
			Store:    store,
			Mailer:   fx.outbox,
			Sessions: reset.KeepSessions(),
			Hasher:   cheapHasher(),
			Events:   fx.events,
			Queue:    reset.Queue{Synchronous: true},
		})

		require.NoError(t, err)
		require.NoError(t, svc.Request(
			t.Context(), reset.RequestInput{Email: "ana@example.com"},
		))
		require.Len(t, fx.outbox.Messages(), 1)
		require.Equal(
			t, []reset.Outcome{reset.OutcomeRequested, reset.OutcomeMailed},
			fx.events.outcomes(),
		)
	})
}

func TestSynchronousWorkOutlivesTheVisitor(t *testing.T) {
	t.Parallel()
	fx := newFixture(
		t, func(cfg *reset.Config) { cfg.Queue.Synchronous = true },
	)
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	require.NoError(
		t, fx.Request(ctx, reset.RequestInput{Email: "ana@example.com"}),
	)
	require.Len(t, fx.outbox.Messages(), 1)
}
