package riverjobs

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
)

// Queue is the River queue of the jobs, so that mail has workers of its own.
const Queue = "lostkey"

// Args is a [reset.Job] as River stores it.
type Args struct {
	Job reset.Job `json:"job"`
	// Once is the same for jobs of which one is enough.
	Once string `json:"once" river:"unique"`
}

// Kind names the jobs in River's table.
func (Args) Kind() string { return "lostkey_mail" }

// InsertOpts makes jobs with the same Once in the same minute one job. It
// leaves the end of tries to lostkey, which gives up when the mail would be of
// no more use.
func (Args) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		Queue:       Queue,
		MaxAttempts: 1000,
		UniqueOpts:  river.UniqueOpts{ByArgs: true, ByPeriod: time.Minute},
	}
}

// once tells requests for the same thing from others. Letters are folded in
// ASCII alone: were look-alike addresses one, a request for one address could
// swallow the request for another.
func once(job reset.Job) string {
	if job.Kind != mail.KindReset {
		return string(job.Kind) + " " + job.ID
	}
	// One that sends nothing must not keep out one that does, and is a row like
	// any other, so that the time of the insert tells nothing.
	if job.Throttled {
		return "throttled " + job.ID
	}
	folded := strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, job.Email)
	// A job that is left over from several accounts on one address names the
	// account; it must not count as a copy of the job that it came from.
	return string(job.Kind) + " " + folded + " " + job.UserID
}

type txKey struct{}

// WithTx returns a context with which [Dispatch] inserts in tx. The context
// may go to Service.Request, or straight to Dispatch.
func WithTx(ctx context.Context, tx pgx.Tx) context.Context {
	return context.WithValue(ctx, txKey{}, tx)
}

// Dispatch returns the function for Config.Queue.Dispatch. A client without
// queues and workers is enough. The function returns when the row is written,
// or with an error when that is not sure; a job that is already there is no
// error.
func Dispatch(
	client *river.Client[pgx.Tx],
) func(ctx context.Context, job reset.Job) error {
	return func(ctx context.Context, job reset.Job) error {
		args := Args{Job: job, Once: once(job)}
		var err error
		if tx, ok := ctx.Value(txKey{}).(pgx.Tx); ok {
			_, err = client.InsertTx(ctx, tx, args, nil)
		} else {
			_, err = client.Insert(ctx, args, nil)
		}
		if err != nil {
			return fmt.Errorf("riverjobs: insert: %w", err)
		}
		return nil
	}
}
