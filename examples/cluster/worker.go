package main

import (
	"context"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	riverjobs "github.com/lostkey-go/lostkey/examples/river"
)

// workers is how many mails an instance sends at once.
const workers = 8

// startWorker lets the instance take jobs, of all instances.
func (app *instance) startWorker(ctx context.Context) error {
	if app.settings.NoWorker {
		return nil
	}
	all := river.NewWorkers()
	river.AddWorker(all, &worker{
		riverjobs.NewWorker(app.resets, app.pool), app.settings.Timeout,
	})

	var err error
	app.worker, err = river.NewClient(riverpgxv5.New(app.pool), &river.Config{
		ID: app.settings.Name, Logger: app.log, Workers: all,
		Queues: map[string]river.QueueConfig{
			riverjobs.Queue: {MaxWorkers: workers},
		},
		JobTimeout:           app.settings.Timeout,
		RescueStuckJobsAfter: app.settings.Rescue,
	})
	if err != nil {
		return err
	}
	return app.worker.Start(context.WithoutCancel(ctx))
}

// worker is that of package riverjobs with a time limit of its own. River takes
// no job from an instance that died before that is over.
type worker struct {
	*riverjobs.Worker
	timeout time.Duration
}

// Timeout bounds one attempt.
func (w *worker) Timeout(*river.Job[riverjobs.Args]) time.Duration {
	return w.timeout
}
