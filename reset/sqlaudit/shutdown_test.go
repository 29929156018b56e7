package sqlaudit_test

import (
	"bytes"
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlaudit"
)

func TestShutdownWritesWhatIsInMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		w := &written{}
		trail := newTrail(t, w.database(), logTo(&log))
		recordNumbered(trail, 0, 300)
		for range 700 {
			trail.Record(t.Context(), reset.Event{
				Outcome: reset.OutcomeThrottled, Client: ipv4("203.0.113.7", 0),
			})
		}

		require.NoError(t, trail.Shutdown(t.Context()))
		require.EqualValues(t, 1000, w.hits())
		require.Zero(t, trail.Stats())
		require.NoError(t, trail.Shutdown(t.Context()))
		require.Empty(t, log.String())

		// What comes late is lost, and not in silence.
		trail.Record(t.Context(), numbered(300))
		require.Equal(t, sqlaudit.Stats{Lost: 1}, trail.Stats())
		require.Contains(t, log.String(), "it came after Shutdown")
		_, err := trail.List(t.Context(), sqlaudit.Filter{})
		require.NoError(t, err, "reading goes on")
		require.EqualValues(t, 1000, w.hits())
	})
}

// What a full buffer had no room for is not lost to Shutdown as well.
func TestShutdownWritesCountsThatFoundNoRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, hung := &written{}, make(chan struct{})
		trail := newTrail(t, w.failing(func() error {
			<-hung
			return nil
		}), func(cfg *sqlaudit.Config) { cfg.Buffer = 512 })
		recordNumbered(trail, 0, 512)
		for range 700 {
			trail.Record(t.Context(), reset.Event{
				Outcome: reset.OutcomeThrottled, Client: ipv4("203.0.113.7", 0),
			})
		}
		require.Equal(t, sqlaudit.Stats{Waiting: 513}, trail.Stats())

		time.AfterFunc(time.Second, func() { close(hung) })
		require.NoError(t, trail.Shutdown(t.Context()))
		require.EqualValues(t, 1212, w.hits())
	})
}

func TestShutdownDuringAnOutageMakesOneAttemptMore(t *testing.T) {
	t.Parallel()
	for _, comesBack := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			var dead atomic.Bool
			dead.Store(true)
			w := &written{}
			trail := newTrail(t, w.unreachable(&dead), silent)
			recordNumbered(trail, 0, 10)
			<-time.After(10 * time.Second)
			dead.Store(!comesBack)

			before := time.Now()
			err := trail.Shutdown(t.Context())
			require.Zero(t, time.Since(before), "it waits for no retry")
			if comesBack {
				require.NoError(t, err)
				requireNumbered(t, 10, w.stored())
				return
			}
			require.ErrorIs(t, err, errDown)
			require.ErrorContains(t, err, "lost 10 events and abandoned 0 rows")
			require.Equal(t, sqlaudit.Stats{Lost: 10}, trail.Stats())
		})
	}
}

func TestShutdownReturnsWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hung := make(chan struct{})
		trail := newTrail(t, (&written{}).failing(func() error {
			<-hung
			return errDown
		}), silent)
		recordNumbered(trail, 0, 10)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()

		err := trail.Shutdown(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "abandoned 10 rows")

		close(hung)
		synctest.Wait()
		require.Equal(t, sqlaudit.Stats{Lost: 10}, trail.Stats())
	})
}
