package ratelimit_test

import (
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset/ratelimit"
)

func TestConcurrentAttemptsAdmitExactlyBurst(t *testing.T) {
	t.Parallel()
	for _, burst := range []int{1, 3, 100} {
		l, _ := newLimiter(t, ratelimit.Config{
			Burst:    burst,
			Every:    time.Hour,
			MaxBytes: 64 << 10,
		})
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

// Two callers meet at every key at the same instant, which is when a step that
// is not atomic admits too much. Not parallel: the two need a processor each.
func TestPairsOfSimultaneousAttemptsAdmitOneEach(t *testing.T) {
	const keys = 20_000
	l, _ := newLimiter(
		t, ratelimit.Config{Burst: 1, Every: time.Hour, MaxBytes: 1 << 20},
	)
	names := make([]string, keys)
	for k := range names {
		names[k] = strconv.Itoa(k)
	}
	var arrived, admitted atomic.Int64
	var callers sync.WaitGroup

	for range 2 {
		callers.Go(func() {
			for k, name := range names {
				arrived.Add(1)
				for arrived.Load() < int64(2*(k+1)) {
					runtime.Gosched()
				}
				if _, ok, _ := l.Allow(t.Context(), name); ok {
					admitted.Add(1)
				}
			}
		})
	}

	callers.Wait()
	require.EqualValues(t, keys, admitted.Load())
}
