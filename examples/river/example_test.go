package riverjobs_test

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	riverjobs "github.com/lostkey-go/lostkey/examples/river"
	"github.com/lostkey-go/lostkey/reset"
)

// One process that serves pages and works on jobs.
func Example() {
	run := func(ctx context.Context, databaseURL string, cfg reset.Config) error {
		pool, err := pgxpool.New(ctx, databaseURL)
		if err != nil {
			return err
		}
		inserter, err := river.NewClient(riverpgxv5.New(pool), &river.Config{})
		if err != nil {
			return err
		}
		cfg.Queue.Dispatch = riverjobs.Dispatch(inserter)
		svc, err := reset.New(cfg)
		if err != nil {
			return err
		}
		workers := river.NewWorkers()
		river.AddWorker(workers, riverjobs.NewWorker(svc, pool))
		client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
			Workers: workers,
			Queues: map[string]river.QueueConfig{
				riverjobs.Queue: {MaxWorkers: 8},
			},
			RescueStuckJobsAfter: riverjobs.RescueAfter,
		})
		if err != nil {
			return err
		}
		return client.Start(ctx)
	}
	_ = run
}
