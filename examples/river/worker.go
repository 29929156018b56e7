package riverjobs

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
)

const (
	// Timeout bounds one attempt at a job: a mail server may take its time, and
	// one address may have several accounts.
	Timeout = 2 * time.Minute
	// RescueAfter is for river.Config.RescueStuckJobsAfter: longer than
	// Timeout, and short against the 15 minutes for which lostkey tries to
	// send a reset mail.
	RescueAfter = 3 * time.Minute
	// Refusals is how many attempts a job has when lostkey refuses it. A worker
	// that lacks its key or its version cannot tell it from a forged one, and
	// with the waits of NextRetry others have a quarter of an hour to take it,
	// for mail that nobody is waiting for half a day. River counts, since what
	// the job says of its age may be forged as well.
	Refusals = 35
)

// Worker works on jobs of a [reset.Service].
type Worker struct {
	river.WorkerDefaults[Args]
	svc  *reset.Service
	pool *pgxpool.Pool
}

// NewWorker returns a Worker for river.AddWorker. The pool is the one with
// River's tables.
func NewWorker(svc *reset.Service, pool *pgxpool.Pool) *Worker {
	return &Worker{svc: svc, pool: pool}
}

// Work does the job. What it returns is stored by River in clear; lostkey
// keeps addresses and tokens out of its errors.
func (w *Worker) Work(ctx context.Context, job *river.Job[Args]) error {
	err := w.svc.Process(ctx, job.Args.Job)
	if errors.Is(err, reset.ErrJobRefused) && job.Attempt >= Refusals {
		return river.JobCancel(err)
	}
	if err != nil {
		return err
	}
	// River by itself notes completed jobs in batches, and a worker that is
	// killed before would mail all of a batch again. When this fails, River
	// still does that.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTimeout)
	defer cancel()

	_ = pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
		_, err := river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx, job)
		return err
	})
	return nil
}

// noteTimeout bounds the wait for a database that hangs after the mail is out.
const noteTimeout = 5 * time.Second

// Timeout is the constant of that name.
func (w *Worker) Timeout(*river.Job[Args]) time.Duration { return Timeout }

// NextRetry waits with full jitter between nothing and a bound that doubles
// from two seconds to one minute, for mail that nobody is waiting for to one
// hour. River's own policy would be at more than ten minutes after the fifth
// attempt.
func (w *Worker) NextRetry(job *river.Job[Args]) time.Time {
	bound, top := 2*time.Second, time.Minute
	if kind := job.Args.Job.Kind; kind == mail.KindInvite ||
		kind == mail.KindPasswordChanged {
		top = time.Hour
	}
	for n := 1; n < job.Attempt && bound < top; n++ {
		bound *= 2
	}
	return time.Now().Add(rand.N(min(bound, top)))
}
