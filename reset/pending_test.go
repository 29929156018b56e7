package reset_test

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

// A lateStore answers a write with an error, and commits it when the test says.
type lateStore struct {
	*fixture
	spy    *spyStore
	commit func(t *testing.T)
	ended  int // calls of the function that ends sessions
	hooked int
}

func newLateStore(t *testing.T, change func(cfg *reset.Config)) *lateStore {
	t.Helper()
	late := &lateStore{}
	late.fixture, late.spy = newSpyFixture(t, func(cfg *reset.Config) {
		cfg.Sessions = reset.EndSessionsWith(
			func(context.Context, string) error {
				late.ended++
				return nil
			},
		)

		cfg.Hooks.OnConfirmed = []func(
			context.Context, reset.Confirmation,
		) error{
			func(_ context.Context, done reset.Confirmation) error {
				require.Equal(t, "7", done.UserID)
				require.NotEmpty(t, done.TokenID)
				require.Equal(
					t,
					reset.Confirmation{
						UserID:  "7",
						Email:   "ana@example.com",
						TokenID: done.TokenID,
						Purpose: "reset",
					},
					done,
				)
				late.hooked++
				return nil
			},
		}

		if change != nil {
			change(cfg)
		}
	})

	late.spy.replace = func(
		_ context.Context, seen reset.User, encoded string,
	) error {
		late.commit = func(t *testing.T) {
			t.Helper()
			require.NoError(
				t, late.store.ReplaceHash(t.Context(), seen, encoded),
			)
		}
		return errLost
	}

	return late
}

// suspect confirms with a write that is still under way when Confirm answers.
func (late *lateStore) suspect(t *testing.T) {
	t.Helper()
	err := late.confirm(t, late.link(t, "7"))
	require.ErrorIs(t, err, reset.ErrUnknownOutcome)
	require.ErrorIs(t, err, errLost, "the cause is kept")
	require.NotErrorIs(t, err, reset.ErrRejected)
	require.Equal(t, 1, late.ended, "the write may be in force already")
	require.Zero(t, late.hooked)
	require.Empty(t, late.events.of(reset.OutcomeConfirmed))
	require.Equal(
		t, []string{"unknown"}, late.events.reasons(reset.OutcomeConfirmFailed),
	)
}

func TestWriteCommittedAfterTheAnswerEndsSessionsAndTellsTheOwner(
	t *testing.T,
) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		late := newLateStore(t, realClock)
		late.suspect(t)
		<-time.After(time.Hour)
		synctest.Wait()
		require.Empty(
			t, late.outbox.Messages(), "nothing is known to have changed",
		)

		changed := time.Now()
		late.commit(t)
		notices, err := late.outbox.Wait(t.Context(), 1)
		require.NoError(t, err)
		require.Less(
			t, time.Since(changed), 97*time.Minute,
			"a fifteenth of 24 hours, and a look",
		)
		require.Equal(t, mail.KindPasswordChanged, notices[0].Kind)
		require.Equal(t, "ana@example.com", notices[0].To)
		require.Contains(t, notices[0].Text, "signed out")
		require.Equal(t, 2, late.ended)
		require.Equal(t, 1, late.hooked)

		late.drain(t)
		confirmed := late.events.of(reset.OutcomeConfirmed)
		require.Len(t, confirmed, 1)
		require.Equal(
			t, late.events.of(reset.OutcomeLinkMade)[0].TokenID,
			confirmed[0].TokenID,
		)
		require.Len(t, late.outbox.Messages(), 1)
	})
}

func TestWriteThatNeverComesIsForgottenWithoutANotice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		late := newLateStore(t, realClock)
		late.suspect(t)
		<-time.After(27 * time.Hour)
		synctest.Wait()
		late.commit(t)
		<-time.After(27 * time.Hour)
		late.drain(t)
		require.Empty(t, late.outbox.Messages())
		require.Empty(
			t, late.events.of(reset.OutcomeNoticeFailed),
			"there was nothing to tell",
		)
		require.Empty(t, late.events.of(reset.OutcomeMailDelayed))
	})
}

func TestPendingNoticeInAnEngine(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change func(t *testing.T, late *lateStore)
		retry  bool // the engine is to call again
		mails  int
		ended  int
	}{
		"the old hash": {func(*testing.T, *lateStore) {}, true, 0, 1},
		"the new hash": {func(t *testing.T, late *lateStore) {
			t.Helper()
			late.commit(t)
		}, false, 1, 2},
		"another's hash": {func(t *testing.T, late *lateStore) {
			t.Helper()
			late.set(t, "$argon2id$other")
		}, false, 0, 1},
		"a cleared hash": {func(t *testing.T, late *lateStore) {
			t.Helper()
			late.set(t, "")
		}, false, 0, 1},
		"no account": {func(t *testing.T, late *lateStore) {
			t.Helper()
			require.NoError(t, late.store.Delete("7"))
		}, false, 0, 1},
		"the new hash and another address": {func(
			t *testing.T, late *lateStore,
		) {
			t.Helper()
			late.commit(t)
			require.NoError(t, late.store.Update("7", func(user *reset.User) {
				user.Email = "ana@new.example"
			}))
		}, false, 1, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			late, err := processPending(t, row.change)
			require.Equal(t, row.retry, err != nil, "%v", err)
			require.Equal(t, row.ended, late.ended)
			require.Equal(t, row.mails, late.hooked)
			require.Len(t, late.outbox.Messages(), row.mails)

			if row.mails > 0 {
				require.Equal(
					t, "ana@example.com", late.outbox.Messages()[0].To,
					"the address when the link was used",
				)
			}
		})
	}
}

// processPending queues a job for a write of unknown outcome, changes the
// account, and processes the job.
func processPending(
	t *testing.T, change func(t *testing.T, late *lateStore),
) (*lateStore, error) {
	t.Helper()
	var queue []reset.Job
	late := newLateStore(t, func(cfg *reset.Config) {
		cfg.Queue.Dispatch = func(_ context.Context, job reset.Job) error {
			queue = append(queue, job)
			return nil
		}
	})
	late.suspect(t)
	require.Len(t, queue, 1)

	change(t, late)
	err := late.Process(t.Context(), overTheWire(t, queue[0]))
	require.Len(t, queue, 1)
	return late, err
}

func (late *lateStore) set(t *testing.T, encoded string) {
	t.Helper()
	require.NoError(t, late.store.Update(
		"7", func(user *reset.User) { user.PasswordHash = encoded },
	))
}

// overTheWire is what an engine makes of a job.
func overTheWire(t *testing.T, job reset.Job) reset.Job {
	t.Helper()
	text, err := json.Marshal(job)
	require.NoError(t, err)
	require.NotContains(t, string(text), "argon2", "a queue must hold no hash")
	var read reset.Job
	require.NoError(t, json.Unmarshal(text, &read))
	return read
}

// A mail that fails after the write has shown is a plain notice: another change
// of the password cannot call it off, and sessions are not ended again.
func TestPendingNoticeIsAPlainOneOnceTheWriteHasShown(t *testing.T) {
	t.Parallel()
	var queue []reset.Job
	late := newLateStore(t, func(cfg *reset.Config) {
		cfg.Queue.Dispatch = func(_ context.Context, job reset.Job) error {
			queue = append(queue, job)
			return nil
		}
	})
	late.suspect(t)
	late.commit(t)
	late.outbox.Fail(temporary)
	require.NoError(
		t, late.Process(t.Context(), queue[0]),
		"what remains is a job of its own",
	)
	require.Len(t, queue, 2)
	require.Empty(t, queue[1].Unresolved)

	late.outbox.Fail(nil)
	late.set(t, "$argon2id$other")
	require.NoError(t, late.Process(t.Context(), overTheWire(t, queue[1])))
	require.Len(t, late.outbox.Messages(), 1)
	require.Contains(t, late.outbox.Messages()[0].Text, "signed out")
	require.Equal(t, 2, late.ended)
	require.Equal(t, 1, late.hooked)
}

func TestPendingNoticeSurvivesAStoreThatIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		late := newLateStore(t, realClock)
		var down atomic.Bool
		late.spy.findByID = func(
			ctx context.Context, id string,
		) (reset.User, error) {
			if down.Load() {
				return reset.User{}, errLost
			}
			return late.store.FindByID(ctx, id)
		}

		late.suspect(t)
		down.Store(true)
		late.commit(t)
		<-time.After(3 * time.Hour)
		down.Store(false)
		_, err := late.outbox.Wait(t.Context(), 1)
		require.NoError(t, err)
		require.NotEmpty(t, late.events.of(reset.OutcomeMailDelayed))
	})
}

func TestPendingWriteEndsSessionsAlsoWhenNoNoticeIsWanted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		late := newLateStore(t, func(cfg *reset.Config) {
			cfg.Now, cfg.Mail.SkipNotice = time.Now, true
		})
		late.suspect(t)
		late.commit(t)
		<-time.After(time.Hour)
		synctest.Wait()
		require.Equal(t, 2, late.ended)
		require.Equal(t, 1, late.hooked)
		require.Empty(t, late.outbox.Messages())
	})
}

// There is no later in which to look again, and an event says so.
func TestPendingWriteIsLookedForOnceWhenSynchronous(t *testing.T) {
	t.Parallel()
	late := newLateStore(
		t, func(cfg *reset.Config) { cfg.Queue.Synchronous = true },
	)
	late.suspect(t)
	require.Equal(
		t, []string{"gave-up"}, late.events.reasons(reset.OutcomeNoticeFailed),
	)
	require.Empty(t, late.outbox.Messages())
}

func TestPendingNoticeThatCannotBeQueuedIsAnEvent(t *testing.T) {
	t.Parallel()
	late := newLateStore(t, func(cfg *reset.Config) {
		cfg.Queue.Dispatch = func(context.Context, reset.Job) error {
			return errLost
		}
	})
	late.suspect(t)
	require.Equal(
		t, []string{"queue"}, late.events.reasons(reset.OutcomeNoticeFailed),
	)
}

// Whatever stands in the field, nobody is told of a change that was not looked
// for.
func FuzzPendingJob(f *testing.F) {
	for _, seed := range []string{
		"", ".", "...", "a.b.c.d", "a.b.c.d.e", "\xff.\x00..",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, pending string) {
		if pending == "" {
			return
		}
		fx := newFixture(
			t, func(cfg *reset.Config) { cfg.Queue.Synchronous = true },
		)

		require.NoError(t, fx.Process(t.Context(), fx.Sign(reset.Job{
			ID:          "1",
			Kind:        mail.KindPasswordChanged,
			Email:       "ana@example.com",
			UserID:      "7",
			RequestedAt: fx.clock.Now(),
			Unresolved:  pending,
		})))

		require.Empty(t, fx.outbox.Messages())
		require.Empty(t, fx.events.all())
	})
}
