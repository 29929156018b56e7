package limit_test

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset/limit"
)

// clock is a time that only moves when a test moves it.
type clock struct{ nanos atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.nanos.Store(time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) Now() time.Time          { return time.Unix(0, c.nanos.Load()) }
func (c *clock) advance(d time.Duration) { c.nanos.Add(int64(d)) }

func newLimiter(t testing.TB, cfg limit.Config) (*limit.Limiter, *clock) {
	t.Helper()
	c := newClock()
	cfg.Now = c.Now
	l, err := limit.New(cfg)
	require.NoError(t, err)
	return l, c
}

// allow charges key and returns whether it passed and how long to wait.
func allow(t testing.TB, l *limit.Limiter, key string) (bool, time.Duration) {
	t.Helper()
	wait, ok, err := l.Allow(t.Context(), key)
	require.NoError(t, err)
	return ok, wait
}

func TestAllowAdmitsBurstThenOneEveryInterval(t *testing.T) {
	t.Parallel()
	l, c := newLimiter(t, limit.Config{Burst: 3, Every: time.Minute})
	for range 3 {
		ok, wait := allow(t, l, "k")
		require.True(t, ok)
		require.Zero(t, wait)
	}
	ok, wait := allow(t, l, "k")
	require.False(t, ok)
	require.Equal(t, time.Minute, wait)

	c.advance(time.Minute - time.Second)
	ok, wait = allow(t, l, "k")
	require.False(t, ok, "one second early")
	require.Equal(t, time.Second, wait)

	c.advance(time.Second - 1)
	ok, wait = allow(t, l, "k")
	require.False(t, ok, "one nanosecond early")
	require.Equal(t, time.Duration(1), wait)

	c.advance(1)
	ok, _ = allow(t, l, "k")
	require.True(t, ok, "exactly on time")
	ok, wait = allow(t, l, "k")
	require.False(t, ok, "only one was earned back")
	require.Equal(t, time.Minute, wait)

	c.advance(time.Minute + time.Second)
	ok, _ = allow(t, l, "k")
	require.True(t, ok, "one second late")
	ok, wait = allow(t, l, "k")
	require.False(t, ok)
	require.Equal(t, time.Minute-time.Second, wait, "lateness is credited, not lost")
}

func TestAllowEarnsNoMoreThanBurstWhileIdle(t *testing.T) {
	t.Parallel()
	l, c := newLimiter(t, limit.Config{Burst: 2, Every: time.Second})
	allow(t, l, "k")
	c.advance(24 * time.Hour)
	for i := range 4 {
		ok, _ := allow(t, l, "k")
		require.Equal(t, i < 2, ok, "try %d", i)
	}
}

func TestAllowKeepsKeysApart(t *testing.T) {
	t.Parallel()
	l, _ := newLimiter(t, limit.Config{Burst: 1, Every: time.Hour})
	for _, key := range []string{"", "a", "A", "a ", "\x00", "a\x00"} {
		ok, _ := allow(t, l, key)
		require.True(t, ok, "%q", key)
		ok, _ = allow(t, l, key)
		require.False(t, ok, "%q", key)
	}
}

func TestRefusedTriesAreNotCharged(t *testing.T) {
	t.Parallel()
	l, c := newLimiter(t, limit.Config{Burst: 1, Every: time.Minute})
	allow(t, l, "k")
	for range 1000 {
		ok, wait := allow(t, l, "k")
		require.False(t, ok)
		require.Equal(t, time.Minute, wait)
	}
	c.advance(time.Minute)
	ok, _ := allow(t, l, "k")
	require.True(t, ok)
}

func TestSeveralRatesMustAllAgreeAndAreChargedTogether(t *testing.T) {
	t.Parallel()
	l, c := newLimiter(t, limit.Config{
		Burst: 1, Every: time.Minute,
		Also: []limit.Rate{{Burst: 5, Every: 12 * time.Minute}},
	})
	admitted := 0
	for range 60 {
		for range 20 { // hammering within the minute must cost the hourly rate nothing
			if ok, _ := allow(t, l, "k"); ok {
				admitted++
			}
		}
		if admitted == 5 {
			break
		}
		c.advance(time.Minute)
	}
	require.Equal(t, 5, admitted)
	ok, wait := allow(t, l, "k")
	require.False(t, ok)
	require.Equal(t, 8*time.Minute, wait, "the longer wait of the two is reported")

	c.advance(8*time.Minute - time.Second)
	ok, _ = allow(t, l, "k")
	require.False(t, ok)
	c.advance(time.Second)
	ok, _ = allow(t, l, "k")
	require.True(t, ok)
}

func TestClockThatStepsBackNeitherLocksOutNorGivesAway(t *testing.T) {
	t.Parallel()
	l, c := newLimiter(t, limit.Config{Burst: 2, Every: time.Minute})
	allow(t, l, "k")
	allow(t, l, "k")
	c.advance(-time.Hour)
	ok, wait := allow(t, l, "k")
	require.False(t, ok, "no free burst")
	require.LessOrEqual(t, wait, time.Minute, "no lock-out for the length of the step")
	c.advance(time.Minute - 1)
	ok, _ = allow(t, l, "k")
	require.False(t, ok)
	c.advance(1)
	ok, _ = allow(t, l, "k")
	require.True(t, ok)
}

func TestConcurrentTriesAdmitExactlyBurst(t *testing.T) {
	t.Parallel()
	for _, burst := range []int{1, 3, 100} {
		l, _ := newLimiter(t, limit.Config{Burst: burst, Every: time.Hour, MaxBytes: 64 << 10})
		var admitted atomic.Int64
		var workers sync.WaitGroup
		start := make(chan struct{})
		for range 64 {
			workers.Go(func() {
				<-start
				for range 50 {
					if _, ok, _ := l.Allow(t.Context(), "victim"); ok {
						admitted.Add(1)
					}
				}
			})
		}
		close(start)
		workers.Wait()
		require.EqualValues(t, burst, admitted.Load())
	}
}

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A million live keys cost no more than the cap, none of them is forgotten,
// and none is refused for the sake of another.
func TestMillionKeysStayExactWithinSixteenMebibytes(t *testing.T) {
	const keys, burst = 1_000_000, 2
	names := make([]string, keys)
	for i := range names {
		names[i] = fmt.Sprintf("key-%d", i)
	}
	before := heapInUse()
	l, _ := newLimiter(t, limit.Config{Burst: burst, Every: time.Hour})

	for range burst {
		allow(t, l, "victim")
	}
	refused := 0
	for range burst {
		for _, name := range names {
			if _, ok, _ := l.Allow(t.Context(), name); !ok {
				refused++
			}
		}
	}
	admitted := 0
	for _, name := range names {
		if _, ok, _ := l.Allow(t.Context(), name); ok {
			admitted++
		}
	}
	ok, _ := allow(t, l, "victim")
	heap := heapInUse() - before
	runtime.KeepAlive(names)
	t.Logf("heap %.2f MiB, %d of %d wrongly refused, %d wrongly admitted", float64(heap)/(1<<20), refused, keys*burst, admitted)
	require.LessOrEqual(t, heap, uint64(16<<20))
	require.LessOrEqual(t, refused, 10)
	require.Zero(t, admitted)
	require.False(t, ok, "the flood freed a throttled key")
	runtime.KeepAlive(l)
}
