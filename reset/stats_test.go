package reset_test

import (
	"context"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

func TestStatsFollowJobsThroughTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		verdicts := make(chan error)
		fx := newFixture(t, func(cfg *reset.Config) {
			cfg.Now = time.Now
			cfg.Queue.Size, cfg.Queue.Workers = 4, 2
			cfg.Mailer = mail.MailerFunc(
				func(context.Context, mail.Message) error { return <-verdicts },
			)
		})
		want := reset.QueueStats{Size: 4, Workers: 2}
		require.Equal(t, want, fx.Stats().Queue)

		for range 6 {
			fx.request(t, "ana@example.com")
		}
		<-time.After(time.Second)
		want.Waiting, want.Running, want.Places, want.Dropped = 2, 2, 4, 2
		require.Equal(t, want, fx.Stats().Queue)
		synctest.Wait()
		require.Len(t, fx.events.of(reset.OutcomeDropped), 2)

		// A notice takes no place from requests.
		require.NoError(t, fx.confirm(t, fx.link(t, "7")))
		want.Waiting = 3
		require.Equal(t, want, fx.Stats().Queue)

		verdicts <- temporary(mail.Message{})
		synctest.Wait()
		want.Waiting, want.Retrying, want.Places = 2, 1, 3
		require.Equal(t, want, fx.Stats().Queue)

		go func() {
			for {
				select {
				case verdicts <- nil:
				case <-t.Context().Done():
					return
				}
			}
		}()
		fx.drain(t)
		require.Equal(t, reset.QueueStats{Size: 4, Workers: 2, Dropped: 2},
			fx.Stats().Queue, "also after Shutdown")
	})
}

// Of a network that loses its place to another one's, the loss is counted, and
// not the newcomer.
func TestStatsCountWhatLostItsPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		fx := newFixture(t, func(cfg *reset.Config) {
			cfg.Now = time.Now
			cfg.Queue.Size, cfg.Queue.Workers = 4, 1
			cfg.Mailer = mail.MailerFunc(
				func(context.Context, mail.Message) error {
					<-release
					return nil
				},
			)
		})

		for _, client := range []string{
			"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "198.51.100.1",
		} {
			require.NoError(t, fx.Request(t.Context(), reset.RequestInput{
				Email: "ana@example.com", Client: netip.MustParseAddr(client),
			}))
		}
		synctest.Wait()
		stats := fx.Stats().Queue
		require.EqualValues(t, 1, stats.Dropped)
		require.Equal(t, 4, stats.Places)
		require.Len(t, fx.events.of(reset.OutcomeRequested), 5)

		close(release)
		fx.drain(t)
		require.Len(t, fx.events.of(reset.OutcomeMailed), 4)
	})
}

// A request for an account that is over its limit holds a place, or its answer
// would differ. It sends nothing, so it is no loss.
func TestStatsCountNoLossWhereNothingWouldBeSent(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Limits = reset.Limits{Account: limiterFunc(
			func(context.Context, string) (time.Duration, bool, error) {
				return time.Minute, false, nil
			},
		)}
		cfg.Queue.Size, cfg.Queue.Workers = 1, 1
		cfg.Events = reset.SinkFunc(func(context.Context, reset.Event) {
			<-release
		})
	})

	for range 20 {
		fx.request(t, "ana@example.com")
	}
	close(release)
	fx.drain(t)
	require.Zero(t, fx.Stats().Queue.Dropped)
}

func TestStatsCountEventsThatTheSinkNeverGot(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}), make(chan struct{})
	var requested, told int
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Queue.Dispatch = func(context.Context, reset.Job) error { return nil }
		cfg.Events = reset.SinkFunc(
			func(_ context.Context, ev reset.Event) {
				told += ev.Count
				if ev.Outcome != reset.OutcomeRequested {
					return
				}
				requested++
				if requested == 1 {
					close(entered)
					<-release
				}
				if requested <= 3 {
					panic("the sink is broken")
				}
			},
		)
	})

	fx.request(t, "ana@example.com")
	<-entered
	for range 1500 {
		fx.request(t, "ana@example.com")
	}
	stats := fx.Stats()
	require.Zero(t, stats.Queue, "the engine has it")
	require.Equal(t, 1024, stats.EventsWaiting)
	require.EqualValues(t, 1500-1024, stats.EventsLost)

	close(release)
	fx.drain(t)
	require.EqualValues(t, told, fx.Stats().EventsLost)
	require.EqualValues(t, 3, fx.Stats().SinkPanics)
	require.Zero(t, fx.Stats().EventsWaiting)
}

func TestStatsOfASynchronousService(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Queue = reset.Queue{Synchronous: true}
		cfg.Hasher = hash.NewInsecureForTests()
	})
	fx.request(t, "ana@example.com")
	require.NoError(t, fx.confirm(t, fx.link(t, "7")))
	require.Equal(
		t, reset.Stats{Hashing: hash.SlotsStats{Started: 1}}, fx.Stats(),
	)
}

func TestStatsAreOfOneMomentWhileOthersWork(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Queue.Size, cfg.Queue.Workers = 16, 4
	})
	var requests, readers sync.WaitGroup
	stop := make(chan struct{})

	for range 2 {
		readers.Go(func() {
			var dropped uint64
			for {
				stats := fx.Stats().Queue
				if stats.Running < 0 || stats.Running > 4 ||
					stats.Places > 16 || stats.Waiting > stats.Places ||
					stats.Retrying != 0 || stats.Dropped < dropped {
					panic(stats)
				}
				dropped = stats.Dropped
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for range 4 {
		requests.Go(func() {
			for range 250 {
				fx.request(t, "ana@example.com")
			}
		})
	}

	requests.Wait()
	close(stop)
	readers.Wait()
	fx.drain(t)
	stats := fx.Stats().Queue
	require.EqualValues(t, 1000-len(fx.outbox.Messages()), stats.Dropped)
}

func TestReadingStatsAllocatesNothing(t *testing.T) {
	fx := newFixture(t, nil)
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = fx.Stats() }))
}
