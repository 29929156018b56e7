package redislimit_test

import (
	"context"
	"crypto/rand"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/examples/redislimit"
	"github.com/lostkey-go/lostkey/reset/ratelimit"
)

// redisAddr is the server of LOSTKEY_REDIS, or the local one.
func redisAddr() string {
	if addr := os.Getenv("LOSTKEY_REDIS"); addr != "" {
		return addr
	}
	return "127.0.0.1:6379"
}

func newClient(t *testing.T, addr string) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{
		Addr: addr, ContextTimeoutEnabled: true,
	})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// liveClient skips the test when no Redis answers.
func liveClient(t *testing.T) *redis.Client {
	t.Helper()
	client := newClient(t, redisAddr())
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := client.Ping(ctx).Err(); err != nil {
		if os.Getenv("LOSTKEY_REQUIRE_SERVICES") == "1" {
			t.Fatalf("no Redis at %s: %v", redisAddr(), err)
		}
		t.Skipf("no Redis at %s: %v", redisAddr(), err)
	}
	return client
}

// ownPrefix is a prefix nobody else uses; its keys are removed after the test.
func ownPrefix(t *testing.T, client *redis.Client) string {
	t.Helper()
	prefix := "lostkey-test:" + rand.Text() + ":"
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		for _, key := range keysUnder(ctx, t, client, prefix) {
			_ = client.Del(ctx, key).Err()
		}
	})
	return prefix
}

func keysUnder(
	ctx context.Context, t *testing.T, client *redis.Client, prefix string,
) []string {
	t.Helper()
	var keys []string
	each := client.Scan(ctx, 0, prefix+"*", 1000).Iterator()
	for each.Next(ctx) {
		keys = append(keys, each.Val())
	}
	require.NoError(t, each.Err())
	return keys
}

// failOnError makes a test fail when the limiter falls back unexpectedly.
func failOnError(t *testing.T) func(context.Context, error) {
	t.Helper()
	return func(_ context.Context, err error) { t.Errorf("fell back: %v", err) }
}

func newLimiter(t *testing.T, cfg redislimit.Config) *redislimit.Limiter {
	t.Helper()
	cfg.MaxBytes = 64 << 10
	l, err := redislimit.New(cfg)
	require.NoError(t, err)
	return l
}

func allow(t *testing.T, l *redislimit.Limiter, key string) (bool, time.Duration) {
	t.Helper()
	wait, ok, err := l.Allow(t.Context(), key)
	require.NoError(t, err)
	return ok, wait
}

func TestBurstPassesAndTheNextIsToldHowLongToWait(t *testing.T) {
	t.Parallel()
	client := liveClient(t)
	l := newLimiter(t, redislimit.Config{
		Client: client, Prefix: ownPrefix(t, client), Burst: 3,
		Every: time.Hour, Timeout: 5 * time.Second, OnError: failOnError(t),
	})
	for range 3 {
		ok, wait := allow(t, l, "k")
		require.True(t, ok)
		require.Zero(t, wait)
	}
	for range 3 {
		ok, wait := allow(t, l, "k")
		require.False(t, ok)
		require.InDelta(t, time.Hour, wait, float64(time.Minute))
	}
	ok, _ := allow(t, l, "another")
	require.True(t, ok)
}

// The only clock here is Redis's, which no test can move: the limiter is asked
// until it says yes, which must be no earlier than the interval.
func TestOneIsEarnedBackNoEarlierThanTheInterval(t *testing.T) {
	t.Parallel()
	client := liveClient(t)
	const every = 200 * time.Millisecond
	l := newLimiter(t, redislimit.Config{
		Client: client, Prefix: ownPrefix(t, client), Burst: 1, Every: every,
		Timeout: 5 * time.Second, OnError: failOnError(t),
	})
	begun := redisTime(t, client)
	ok, _ := allow(t, l, "k")
	require.True(t, ok)
	for {
		ok, wait := allow(t, l, "k")
		if ok {
			break
		}
		require.Positive(t, wait)
		require.LessOrEqual(t, wait, every)
	}
	require.GreaterOrEqual(t, redisTime(t, client).Sub(begun), every)
	ok, _ = allow(t, l, "k")
	require.False(t, ok, "only one was earned back")
}

func redisTime(t *testing.T, client *redis.Client) time.Time {
	t.Helper()
	now, err := client.Time(t.Context()).Result()
	require.NoError(t, err)
	return now
}

func TestSeveralRatesAreChargedTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	client := liveClient(t)
	prefix := ownPrefix(t, client)
	l := newLimiter(t, redislimit.Config{
		Client: client, Prefix: prefix, Burst: 1, Every: time.Minute,
		Also:    []ratelimit.Rate{{Burst: 5, Every: 12 * time.Minute}},
		Timeout: 5 * time.Second, OnError: failOnError(t),
	})
	for i := range 5 {
		ok, _ := allow(t, l, "k")
		require.True(t, ok, "minute %d", i)
		before := client.HGetAll(t.Context(), prefix+"k").Val()
		for range 10 {
			ok, wait := allow(t, l, "k")
			require.False(t, ok)
			if i < 4 {
				require.InDelta(t, time.Minute, wait, float64(10*time.Second))
			}
		}
		require.Equal(t, before, client.HGetAll(t.Context(), prefix+"k").Val(),
			"refused tries were charged")
		// a minute passes for the first rate
		require.NoError(t, client.HDel(t.Context(), prefix+"k", "1").Err())
	}
	ok, wait := allow(t, l, "k")
	require.False(t, ok)
	require.InDelta(t, 12*time.Minute, wait, float64(time.Minute))
}

func TestTwoProcessesTogetherAdmitExactlyBurst(t *testing.T) {
	t.Parallel()
	first, second := liveClient(t), liveClient(t)
	prefix := ownPrefix(t, first)
	const burst, callers, tries = 3, 64, 50
	var admitted atomic.Int64
	var workers sync.WaitGroup
	start := make(chan struct{})
	for _, client := range []*redis.Client{first, second} {
		l := newLimiter(t, redislimit.Config{
			Client: client, Prefix: prefix, Burst: burst, Every: time.Hour,
			Timeout: time.Minute, OnError: failOnError(t),
		})
		for range callers / 2 {
			workers.Go(func() {
				<-start
				for range tries {
					if _, ok, _ := l.Allow(t.Context(), "victim"); ok {
						admitted.Add(1)
					}
				}
			})
		}
	}
	close(start)
	workers.Wait()
	require.EqualValues(t, burst, admitted.Load(), "of %d tries", callers*tries)
}

func TestKeysExpireOnceEverythingIsEarnedBack(t *testing.T) {
	t.Parallel()
	client := liveClient(t)
	prefix := ownPrefix(t, client)
	l := newLimiter(t, redislimit.Config{
		Client: client, Prefix: prefix, Burst: 5, Every: time.Minute,
		Also:    []ratelimit.Rate{{Burst: 2, Every: time.Hour}},
		Timeout: 5 * time.Second, OnError: failOnError(t),
	})
	allow(t, l, "k")
	left, err := client.PTTL(t.Context(), prefix+"k").Result()
	require.NoError(t, err)
	require.InDelta(t, time.Hour, left, float64(time.Minute))
	allow(t, l, "k")
	allow(t, l, "k")
	left, err = client.PTTL(t.Context(), prefix+"k").Result()
	require.NoError(t, err)
	require.InDelta(t, 2*time.Hour, left, float64(time.Minute),
		"a refused try prolongs nothing")
	require.Len(t, keysUnder(t.Context(), t, client, prefix), 1)
}

// After a failover Redis's clock may lie far behind the stored times.
func TestRedisClockThatStepsBackLocksOutForOneWindowAtMost(t *testing.T) {
	t.Parallel()
	client := liveClient(t)
	prefix := ownPrefix(t, client)
	l := newLimiter(t, redislimit.Config{
		Client: client, Prefix: prefix, Burst: 2, Every: time.Minute,
		Timeout: 5 * time.Second, OnError: failOnError(t),
	})
	ahead := redisTime(t, client).Add(24 * time.Hour).UnixMicro()
	require.NoError(t,
		client.HSet(t.Context(), prefix+"k", "1",
			strconv.FormatInt(ahead, 10)).Err())
	ok, wait := allow(t, l, "k")
	require.False(t, ok)
	require.Equal(t, time.Minute, wait)
}

func TestMicrosecondsSurviveInRedis(t *testing.T) {
	t.Parallel()
	client := liveClient(t)
	prefix := ownPrefix(t, client)
	l := newLimiter(t, redislimit.Config{
		Client: client, Prefix: prefix, Burst: 1, Every: 7 * time.Microsecond,
		Also:    []ratelimit.Rate{{Burst: 1, Every: time.Hour}},
		Timeout: 5 * time.Second, OnError: failOnError(t),
	})
	allow(t, l, "k")
	full := client.HGetAll(t.Context(), prefix+"k").Val()
	short, err := strconv.ParseInt(full["1"], 10, 64)
	require.NoError(t, err)
	long, err := strconv.ParseInt(full["2"], 10, 64)
	require.NoError(t, err)
	require.Equal(t, time.Hour.Microseconds()-7, long-short)
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	client := newClient(t, "127.0.0.1:1")
	deaf := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	t.Cleanup(func() { _ = deaf.Close() })
	for _, tt := range []struct {
		name   string
		change func(*redislimit.Config)
		want   string
	}{
		{"no client", func(c *redislimit.Config) { c.Client = nil }, "redislimit: Config.Client is nil"},
		{
			"client that ignores deadlines", func(c *redislimit.Config) { c.Client = deaf },
			"redislimit: Config.Client lacks ContextTimeoutEnabled, so that a hung Redis would hold up every call",
		},
		{"no prefix", func(c *redislimit.Config) { c.Prefix = "" }, "redislimit: Config.Prefix is empty"},
		{"negative timeout", func(c *redislimit.Config) { c.Timeout = -1 }, "redislimit: Config.Timeout is -1ns"},
		{"negative pause", func(c *redislimit.Config) { c.Pause = -1 }, "redislimit: Config.Pause is -1ns"},
		{"no burst", func(c *redislimit.Config) { c.Burst = 0 }, "redislimit: ratelimit: Config.Burst is 0, need at least 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := redislimit.Config{
				Client: client, Prefix: "p", Burst: 1, Every: time.Second,
			}
			tt.change(&cfg)
			l, err := redislimit.New(cfg)
			require.EqualError(t, err, tt.want)
			require.Nil(t, l)
		})
	}
}
