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
func (f *fixture) work(t *testing.T, mailer mail.Mailer) {
	t.Helper()
	svc, err := newService(f.keys, mailer, riverjobs.Dispatch(f.insert))
	require.NoError(t, err)
	client, err := startWorker(t.Context(), f.pool, f.schema, svc)
	require.NoError(t, err)
	waitFor(t, "all jobs to be completed", func() bool {
		return f.count(t, "state <> 'completed'") == 0
	})
	require.NoError(t, client.Stop(context.Background()))
	require.NoError(t, svc.Shutdown(context.Background()))
}

func TestRequestBecomesAJobAndTheJobAMail(t *testing.T) {
	t.Parallel()
	f, mails := newFixture(t), new(mailtest.Recorder)
	f.request(t.Context(), t, addrOf(1))
	f.request(t.Context(), t, "nobody@example.com")
	require.Equal(t, 2, f.count(t, "true"),
		"unknown addresses are queued like known ones")
	f.work(t, mails)

	got := mails.Messages()
	require.Len(t, got, 1)
	require.Equal(t, addrOf(1), got[0].To)
	_, err := f.svc.Check(t.Context(), reset.CheckInput{Token: mailtest.Token(got[0])})
	require.NoError(t, err)
}

func TestJobsAtRestHoldNoToken(t *testing.T) {
	t.Parallel()
	f, mails := newFixture(t), new(mailtest.Recorder)
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
	f.request(t.Context(), t, addrOf(1))
	f.work(t, mails)
	require.Len(t, mails.Messages(), 1)
	var row string
	require.NoError(t,
		f.pool.QueryRow(t.Context(),
			"SELECT string_agg(j::text, '') FROM "+f.schema+".river_job j").Scan(&row))
	require.Contains(t, row, "echo: ", "River keeps the errors of a job")
	for _, raw := range append(seen, mailtest.Token(mails.Messages()[0])) {
		require.NotEmpty(t, raw)
		require.NotContains(t, row, raw)
	}

	require.NotContains(t, row, "$2b$", "nor the stored hash")
}

func TestJobExistsExactlyWhenTheTransactionIsCommitted(t *testing.T) {
	t.Parallel()
	f, mails := newFixture(t), new(mailtest.Recorder)
	f.exec(t, "CREATE TABLE "+f.schema+".audit (addr text)")
	inTx := func(addr string, end error) error {
		return pgx.BeginFunc(t.Context(), f.pool, func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(),
				"INSERT INTO "+f.schema+".audit VALUES ($1)", addr)
			require.NoError(t, err)
			f.request(riverjobs.WithTx(t.Context(), tx), t, addr)
			require.Zero(t, f.count(t, "true"), "visible before the commit")
			return end
		})
	}

	failed := errors.New("rolled back")
	require.ErrorIs(t, inTx(addrOf(1), failed), failed)
	require.Zero(t, f.count(t, "true"))
	require.NoError(t, inTx(addrOf(2), nil))
	f.work(t, mails)
	require.Len(t, mails.Messages(), 1)
	require.Equal(t, addrOf(2), mails.Messages()[0].To)
}

func TestNoticeGoesOutWithTheTransactionThatChangesThePassword(t *testing.T) {
	t.Parallel()
	f, mails := newFixture(t), new(mailtest.Recorder)
	for range 2 { // two changes within a minute are two notices
		require.NoError(t, pgx.BeginFunc(t.Context(), f.pool, func(tx pgx.Tx) error {
			return f.svc.NotifyChanged(riverjobs.WithTx(t.Context(), tx),
				reset.NotifyInput{
					UserID: "3", SessionsEnded: true,
				})
		}))
	}
	f.work(t, mails)
	require.Len(t, mails.Messages(), 2)
	require.Equal(t, mail.KindPasswordChanged, mails.Messages()[0].Kind)
}

func TestRequestsForOneAddressWithinAMinuteAreOneJob(t *testing.T) {
	t.Parallel()
	f, mails := newFixture(t), new(mailtest.Recorder)
	var job reset.Job
	asked, err := newService(f.keys, mails,
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
		result, err := f.insert.Insert(t.Context(), args, &river.InsertOpts{
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
	f.work(t, mails)
	require.Len(t, mails.Messages(), 2)

	// Through Dispatch, many at once: as many jobs as minutes they fell into.
	begun := time.Now().Truncate(time.Minute)
	for range 20 {
		f.request(t.Context(), t, addrOf(4))
	}

	minutes := int(time.Now().Truncate(time.Minute).Sub(begun)/time.Minute) + 1
	require.LessOrEqual(t,
		f.count(t, fmt.Sprintf("args->'job'->>'email' = '%s'", addrOf(4))),
		minutes)
}

// jobOf returns the job of a request for the first account, within its limit or
// over it.
func (f *fixture) jobOf(t *testing.T, throttled bool) reset.Job {
	t.Helper()
	limits := reset.Limits{Off: true}
	if throttled {
		limits = reset.Limits{Account: refusing{}}
	}

	var made reset.Job
	svc, err := newService(f.keys, new(mailtest.Recorder),
		func(_ context.Context, job reset.Job) error {
			made = job
			return nil
		}, func(c *reset.Config) { c.Limits = limits })
	require.NoError(t, err)
	require.NoError(t,
		svc.Request(t.Context(), reset.RequestInput{Email: addrOf(1)}))
	require.NoError(t, svc.Shutdown(t.Context()))
	require.Equal(t, throttled, made.Throttled)
	return made
}

// refusing is a limit that is used up.
type refusing struct{}

func (refusing) Allow(context.Context, string) (time.Duration, bool, error) {
	return time.Minute, false, nil
}

func TestThrottledJobIsNoCopyOfOneThatSendsMail(t *testing.T) {
	t.Parallel()
	f, mails := newFixture(t), new(mailtest.Recorder)
	insert := func(throttled bool) {
		job := f.jobOf(t, throttled)
		args := riverjobs.Args{Job: job, Once: riverjobs.Once(job)}
		result, err := f.insert.Insert(t.Context(), args, &river.InsertOpts{
			ScheduledAt: time.Now().Truncate(time.Minute).Add(-30 * time.Second),
		})
		require.NoError(t, err)
		require.False(t, result.UniqueSkippedAsDuplicate)
	}

	insert(true)
	insert(true)
	insert(false)
	f.work(t, mails)
	require.Len(t, mails.Messages(), 1)
}

func TestMailThatFailsIsTriedAgainAndSentOnce(t *testing.T) {
	t.Parallel()
	f, mails := newFixture(t), new(mailtest.Recorder)
	attempts := 0
	mails.Fail(func(mail.Message) error {
		if attempts++; attempts <= 3 {
			return &mail.SendError{
				Verdict: mail.VerdictTemporary, Err: errors.New("greylisted"),
			}
		}
		return nil
	})
	f.request(t.Context(), t, addrOf(5))
	f.work(t, mails)
	require.Len(t, mails.Messages(), 1)
	require.Equal(t, 4, attempts)
}

func TestDispatchSaysWhenPostgreSQLDoesNot(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := f.svc.Request(ctx, reset.RequestInput{Email: addrOf(1)})
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
	f := riverjobs.NewWorker(nil, nil)
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
			next := f.NextRetry(&river.Job[riverjobs.Args]{
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
