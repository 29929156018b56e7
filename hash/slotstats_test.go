package hash_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/stretchr/testify/require"
)

func TestTheLongestWaitShowsWhileItLasts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, fake := limited(t, hash.SlotsConfig{Count: 1, Queue: 3}, 0)
		fake.check = func(string) (bool, error) {
			<-time.After(time.Minute)
			return true, nil
		}
		done := make(chan struct{})

		for range 2 {
			go func() {
				_, _ = h.Verify(t.Context(), "good", "fake:1")
				done <- struct{}{}
			}()
			synctest.Wait()
		}

		for second := range 59 {
			stats := h.Slots().Stats()
			require.Equal(t, 1, stats.Waiting)
			require.Zero(t, stats.Waited, "it is not over")
			require.Equal(t, time.Duration(second)*time.Second, stats.LongestWait)
			<-time.After(time.Second)
		}

		<-done
		<-done
		require.Equal(t, hash.SlotsStats{
			Started: 2, Waited: time.Minute, LongestWait: time.Minute,
		}, h.Slots().Stats())
	})
}

func TestAClockThatIsSetBackCountsNoWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
		h, _ := limited(t, hash.SlotsConfig{
			Count: 1, Now: func() time.Time { return now },
		}, 0)
		done := make(chan struct{})

		for range 2 {
			go func() {
				_, _ = h.Verify(t.Context(), "good", "fake:1")
				done <- struct{}{}
			}()
			synctest.Wait()
		}

		now = now.Add(-time.Hour)
		require.Zero(t, h.Slots().Stats().LongestWait)
		<-done
		<-done
		require.Equal(t, hash.SlotsStats{Started: 2}, h.Slots().Stats())
	})
}

func TestReadingSlotsAllocatesNothing(t *testing.T) {
	slots, err := hash.NewSlots(hash.SlotsConfig{})
	require.NoError(t, err)
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = slots.Stats() }))
}
