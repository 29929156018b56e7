package riverjobs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"

	riverjobs "github.com/lostkey-go/lostkey/examples/river"
	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
)

// work runs the jobs in this process until all are completed.
func (w *world) work(t *testing.T, mailer mail.Mailer) {
	t.Helper()
	svc, err := newService(w.keys, mailer, riverjobs.Dispatch(w.insert))
	require.NoError(t, err)
	client, err := startWorker(t.Context(), w.pool, w.schema, svc)
	require.NoError(t, err)
	waitFor(t, "all jobs to be completed", func() bool {
		return w.count(t, "state <> 'completed'") == 0
	})
	require.NoError(t, client.Stop(context.Background()))
	require.NoError(t, svc.Shutdown(context.Background()))
}

func TestRequestBecomesAJobAndTheJobAMail(t *testing.T) {
	t.Parallel()
	w, mails := newWorld(t), new(mailtest.Recorder)
	w.request(t.Context(), t, addrOf(1))
	w.request(t.Context(), t, "nobody@example.com")
	require.Equal(t, 2, w.count(t, "true"),
		"unknown addresses are queued like known ones")
	w.work(t, mails)

	got := mails.Messages()
	require.Len(t, got, 1)
	require.Equal(t, addrOf(1), got[0].To)
	_, err := w.svc.Check(t.Context(), reset.CheckInput{Token: mailtest.Token(got[0])})
	require.NoError(t, err)
}

func TestJobsAtRestHoldNoToken(t *testing.T) {
	t.Parallel()
	w, mails := newWorld(t), new(mailtest.Recorder)
	var seen []string
	mails.Fail(func(msg mail.Message) error {
		if len(seen) == 3 {
			return nil
		}
		seen = append(seen, mailtest.Token(msg))
		return &mail.SendError{
			Verdict: mail.VerdictTemporary,
			Err:     errors.New("echo: " + msg.Text),
		}
	})
	w.request(t.Context(), t, addrOf(1))
	w.work(t, mails)
	require.Len(t, mails.Messages(), 1)
	var row string
	require.NoError(t,
		w.pool.QueryRow(t.Context(),
			"SELECT string_agg(j::text, '') FROM "+w.schema+".river_job j").Scan(&row))
	require.Contains(t, row, "echo: ", "River keeps the errors of a job")
	for _, raw := range append(seen, mailtest.Token(mails.Messages()[0])) {
		require.NotEmpty(t, raw)
		require.NotContains(t, row, raw)
	}
	require.NotContains(t, row, "$2b$", "nor the stored hash")
}

func TestJobExistsExactlyWhenTheTransactionIsCommitted(t *testing.T) {
	t.Parallel()
	w, mails := newWorld(t), new(mailtest.Recorder)
	w.exec(t, "CREATE TABLE "+w.schema+".audit (addr text)")
	inTx := func(addr string, end error) error {
		return pgx.BeginFunc(t.Context(), w.pool, func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(),
				"INSERT INTO "+w.schema+".audit VALUES ($1)", addr)
			require.NoError(t, err)
			w.request(riverjobs.WithTx(t.Context(), tx), t, addr)
			require.Zero(t, w.count(t, "true"), "visible before the commit")
			return end
		})
	}
	failed := errors.New("rolled back")
	require.ErrorIs(t, inTx(addrOf(1), failed), failed)
	require.Zero(t, w.count(t, "true"))
	require.NoError(t, inTx(addrOf(2), nil))
	w.work(t, mails)
	require.Len(t, mails.Messages(), 1)
	require.Equal(t, addrOf(2), mails.Messages()[0].To)
}

func TestNoticeGoesOutWithTheTransactionThatChangesThePassword(t *testing.T) {
	t.Parallel()
	w, mails := newWorld(t), new(mailtest.Recorder)
	for range 2 { // two changes within a minute are two notices
		require.NoError(t, pgx.BeginFunc(t.Context(), w.pool, func(tx pgx.Tx) error {
			return w.svc.NotifyChanged(riverjobs.WithTx(t.Context(), tx),
				reset.NotifyInput{
					UserID: "3", SessionsEnded: true,
				})
		}))
	}
	w.work(t, mails)
	require.Len(t, mails.Messages(), 2)
	require.Equal(t, mail.KindPasswordChanged, mails.Messages()[0].Kind)
}

func TestRequestsForOneAddressWithinAMinuteAreOneJob(t *testing.T) {
	t.Parallel()
	w, mails := newWorld(t), new(mailtest.Recorder)
	var job reset.Job
	asked, err := newService(w.keys, mails,
		func(_ context.Context, made reset.Job) error {
			job = made
			return nil
		})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, asked.Shutdown(context.Background()))
	})
	insert := func(addr string) bool {
		require.NoError(t,
			asked.Request(t.Context(), reset.RequestInput{Email: addr}))
		args := riverjobs.Args{Job: job, Once: riverjobs.Once(job)}
		// A fixed instant: the minute may change while the test runs.
		result, err := w.insert.Insert(t.Context(), args, &river.InsertOpts{
			ScheduledAt: time.Now().Truncate(time.Minute).Add(-30 * time.Second),
		})
		require.NoError(t, err)
		return !result.UniqueSkippedAsDuplicate
	}
	require.True(t, insert(addrOf(1)))
	require.False(t, insert(addrOf(1)))
	require.False(t, insert(strings.ToUpper(addrOf(1))))
	require.True(t, insert(addrOf(2)))
	require.True(t, insert("user-\u212a@example.com"))
	require.True(t, insert("user-k@example.com"),
		"a look-alike swallowed the request")
	w.work(t, mails)
	require.Len(t, mails.Messages(), 2)

	// Through Dispatch, many at once: as many jobs as minutes they fell into.
	begun := time.Now().Truncate(time.Minute)
	for range 20 {
		w.request(t.Context(), t, addrOf(4))
	}
	minutes := int(time.Now().Truncate(time.Minute).Sub(begun)/time.Minute) + 1
	require.LessOrEqual(t,
		w.count(t, fmt.Sprintf("args->'job'->>'email' = '%s'", addrOf(4))),
		minutes)
}

// A job that sends nothing, because its address is over the limit, must not
// keep out the next one that does, nor be told from it by a missing row.
// jobOf returns the job of a request for the first account, within its limit or
// over it.
func (w *world) jobOf(t *testing.T, throttled bool) reset.Job {
	t.Helper()
	limits := reset.Limits{Off: true}
	if throttled {
		limits = reset.Limits{Account: reset.LimiterFunc(func(context.Context,
			string,
		) (time.Duration, bool, error) {
			return time.Minute, false, nil
		})}
	}

	var made reset.Job
	svc, err := newLimitedService(w.keys, new(mailtest.Recorder),
		func(_ context.Context, job reset.Job) error {
			made = job
			return nil
		}, limits)
	require.NoError(t, err)
	require.NoError(t,
		svc.Request(t.Context(), reset.RequestInput{Email: addrOf(1)}))
	require.NoError(t, svc.Shutdown(t.Context()))
	require.Equal(t, throttled, made.Throttled)
	return made
}

func TestThrottledJobIsNoCopyOfOneThatSendsMail(t *testing.T) {
	t.Parallel()
	w, mails := newWorld(t), new(mailtest.Recorder)
	insert := func(throttled bool) {
		job := w.jobOf(t, throttled)
		args := riverjobs.Args{Job: job, Once: riverjobs.Once(job)}
		result, err := w.insert.Insert(t.Context(), args, &river.InsertOpts{
			ScheduledAt: time.Now().Truncate(time.Minute).Add(-30 * time.Second),
		})
		require.NoError(t, err)
		require.False(t, result.UniqueSkippedAsDuplicate)
	}
	insert(true)
	insert(true)
	insert(false)
	w.work(t, mails)
	require.Len(t, mails.Messages(), 1)
}

func TestMailThatFailsIsTriedAgainAndSentOnce(t *testing.T) {
	t.Parallel()
	w, mails := newWorld(t), new(mailtest.Recorder)
	tries := 0
	mails.Fail(func(mail.Message) error {
		if tries++; tries <= 3 {
			return &mail.SendError{
				Verdict: mail.VerdictTemporary, Err: errors.New("greylisted"),
			}
		}
		return nil
	})
	w.request(t.Context(), t, addrOf(5))
	w.work(t, mails)
	require.Len(t, mails.Messages(), 1)
	require.Equal(t, 4, tries)
}

func TestForgedJobIsCancelledAndMailsNobody(t *testing.T) {
	t.Parallel()
	w, mails := newWorld(t), new(mailtest.Recorder)
	require.NoError(t, riverjobs.Dispatch(w.insert)(t.Context(), reset.Job{
		ID: mail.NewID(), Kind: mail.KindPasswordChanged,
		Email: "eve@example.com", RequestedAt: time.Now(),
	}))
	svc, err := newService(w.keys, mails, nil)
	require.NoError(t, err)
	client, err := startWorker(t.Context(), w.pool, w.schema, svc)
	require.NoError(t, err)
	waitFor(t, "the job to be cancelled", func() bool {
		return w.count(t, "state = 'cancelled'") == 1
	})
	require.NoError(t, client.Stop(context.Background()))
	require.NoError(t, svc.Shutdown(context.Background()))
	require.Empty(t, mails.Messages())
}

func TestDispatchSaysWhenPostgreSQLDoesNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := w.svc.Request(ctx, reset.RequestInput{Email: addrOf(1)})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "riverjobs: insert: ")
	require.NotContains(t, err.Error(), addrOf(1))
}

func TestArgsSurviveJSON(t *testing.T) {
	t.Parallel()
	want := riverjobs.Args{
		Job: reset.Job{
			ID: "id", Kind: mail.KindReset, Email: addrOf(1), UserID: "1",
			RequestedAt: time.Now().UTC(), Lifetime: time.Minute,
		},
		Once: "once",
	}
	stored, err := json.Marshal(want)
	require.NoError(t, err)
	var got riverjobs.Args
	require.NoError(t, json.Unmarshal(stored, &got))
	require.Equal(t, want, got)
}

func TestWaitBetweenTriesStaysShortForMailThatIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := riverjobs.NewWorker(nil, nil)
	for _, tt := range []struct {
		kind    mail.Kind
		attempt int
		most    time.Duration
	}{
		{mail.KindReset, 1, 2 * time.Second},
		{mail.KindReset, 2, 4 * time.Second},
		{mail.KindReset, 6, time.Minute},
		{mail.KindReset, 1000, time.Minute},
		{mail.KindPasswordChanged, 6, 64 * time.Second},
		{mail.KindInvite, 1000, time.Hour},
	} {
		longest := time.Duration(0)
		for range 1000 {
			now := time.Now()
			next := w.NextRetry(&river.Job[riverjobs.Args]{
				JobRow: &rivertype.JobRow{Attempt: tt.attempt},
				Args:   riverjobs.Args{Job: reset.Job{Kind: tt.kind}},
			})
			require.False(t, next.Before(now))
			longest = max(longest, next.Sub(now))
		}
		require.Greater(t, longest, tt.most/2, "%s %d: no jitter", tt.kind,
			tt.attempt)
		require.Less(t, longest, tt.most+time.Second, "%s %d", tt.kind,
			tt.attempt)
	}
}
