package redislimit_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/examples/redislimit"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/ratelimit"
)

var _ reset.Refunder = (*redislimit.Limiter)(nil)

func TestRefundGivesBackOneEventToEveryRate(t *testing.T) {
	t.Parallel()
	client := liveClient(t)
	prefix := ownPrefix(t, client)
	l := newLimiter(t, redislimit.Config{
		Client: client, Prefix: prefix, Burst: 2, Every: time.Hour,
		Also:    []ratelimit.Rate{{Burst: 3, Every: 2 * time.Hour}},
		Timeout: 5 * time.Second, OnError: failOnError(t),
	})
	for range 10 {
		ok, _ := allow(t, l, "k")
		require.True(t, ok, "what was given back counts under neither rate")
		require.NoError(t, l.Refund(t.Context(), "k"))
	}
	require.Empty(t, keysUnder(t.Context(), t, client, prefix),
		"nothing is left of it")

	allow(t, l, "k")
	before := client.HGetAll(t.Context(), prefix+"k").Val()
	allow(t, l, "k")
	require.NoError(t, l.Refund(t.Context(), "k"))
	require.Equal(t, before, client.HGetAll(t.Context(), prefix+"k").Val())
	ttl, err := client.PTTL(t.Context(), prefix+"k").Result()
	require.NoError(t, err)
	require.InDelta(t, 2*time.Hour, ttl, float64(time.Minute))

	ok, _ := allow(t, l, "k")
	require.True(t, ok)
	ok, _ = allow(t, l, "k")
	require.False(t, ok, "one was given back, not two")
}

func TestRefundNeverGivesMoreThanTheBurst(t *testing.T) {
	t.Parallel()
	client := liveClient(t)
	l := newLimiter(t, redislimit.Config{
		Client: client, Prefix: ownPrefix(t, client), Burst: 2,
		Every:   time.Hour,
		Timeout: 5 * time.Second, OnError: failOnError(t),
	})
	allow(t, l, "k")
	for range 10 {
		require.NoError(t, l.Refund(t.Context(), "k"))
		require.NoError(t, l.Refund(t.Context(), "never charged"))
	}
	for _, key := range []string{"k", "never charged"} {
		for i := range 3 {
			ok, _ := allow(t, l, key)
			require.Equal(t, i < 2, ok, "%s: event %d", key, i)
		}
	}
}

func TestConcurrentRefundsOfTwoProcessesAdmitExactlyWhatWasGivenBack(t *testing.T) {
	t.Parallel()
	prefix := ownPrefix(t, liveClient(t))
	const burst = 5
	var kept atomic.Int64
	var workers sync.WaitGroup
	start := make(chan struct{})
	var last *redislimit.Limiter
	for range 2 {
		l := newLimiter(t, redislimit.Config{
			Client: liveClient(t), Prefix: prefix, Burst: burst,
			Every:   time.Hour,
			Timeout: time.Minute, OnError: failOnError(t),
		})
		last = l
		for worker := range 16 {
			workers.Go(func() {
				<-start
				for range 20 {
					switch _, ok, _ := l.Allow(t.Context(), "k"); {
					case !ok:
					case worker == 0:
						kept.Add(1)
					default:
						_ = l.Refund(t.Context(), "k")
					}
				}
			})
		}
	}
	close(start)
	workers.Wait()
	for {
		if ok, _ := allow(t, last, "k"); !ok {
			break
		}
		kept.Add(1)
	}
	require.EqualValues(t, burst, kept.Load())
}

func TestRefundDuringAnOutageGivesBackInProcess(t *testing.T) {
	t.Parallel()
	failed, clock := new(failures), new(stopped)
	l := newLimiter(t, redislimit.Config{
		Client: newClient(t, refusedAddr(t)), Prefix: "p:", Burst: 1,
		Every:   time.Hour,
		Timeout: timeout, Pause: time.Second, OnError: failed.record,
		Now: clock.Now,
	})
	for range 3 {
		ok, _ := allow(t, l, "k")
		require.True(t, ok)
		require.NoError(t, l.Refund(t.Context(), "k"))
	}
	require.EqualValues(t, 1, failed.count.Load(),
		"Redis was asked during the pause")

	clock.nanos.Store(int64(time.Second))
	require.NoError(t, l.Refund(t.Context(), "k"),
		"and its failure is no error")
	require.EqualValues(t, 2, failed.count.Load())
}

func TestRefundIsNotStoppedByACallerThatHungUp(t *testing.T) {
	t.Parallel()
	client := liveClient(t)
	l := newLimiter(t, redislimit.Config{
		Client: client, Prefix: ownPrefix(t, client), Burst: 1,
		Every:   time.Hour,
		Timeout: time.Minute, OnError: failOnError(t),
	})
	allow(t, l, "k")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, l.Refund(gone, "k"))
	ok, _ := allow(t, l, "k")
	require.True(t, ok)
}
