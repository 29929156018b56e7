package ratelimit_test

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset/ratelimit"
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

func newLimiter(
	tb testing.TB, cfg ratelimit.Config,
) (*ratelimit.Limiter, *clock) {
	tb.Helper()
	c := newClock()
	cfg.Now = c.Now
	l, err := ratelimit.New(cfg)
	require.NoError(tb, err)
	return l, c
}

// allow charges key and returns whether it passed and how long to wait.
func allow(
	tb testing.TB, l *ratelimit.Limiter, key string,
) (bool, time.Duration) {
	tb.Helper()
	wait, ok, err := l.Allow(tb.Context(), key)
	require.NoError(tb, err)
	return ok, wait
}

func TestAllowAdmitsBurstThenOneEveryInterval(t *testing.T) {
	t.Parallel()
	l, c := newLimiter(t, ratelimit.Config{Burst: 3, Every: time.Minute})
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
	require.Equal(
		t, time.Minute-time.Second, wait, "lateness is credited, not lost",
	)
}

func TestAllowEarnsNoMoreThanBurstWhileIdle(t *testing.T) {
	t.Parallel()
	l, c := newLimiter(t, ratelimit.Config{Burst: 2, Every: time.Second})
	allow(t, l, "k")
	c.advance(24 * time.Hour)
	for i := range 4 {
		ok, _ := allow(t, l, "k")
		require.Equal(t, i < 2, ok, "attempt %d", i)
	}
}

func TestAllowKeepsKeysApart(t *testing.T) {
	t.Parallel()
	l, _ := newLimiter(t, ratelimit.Config{Burst: 1, Every: time.Hour})
	for _, key := range []string{"", "a", "A", "a ", "\x00", "a\x00"} {
		ok, _ := allow(t, l, key)
		require.True(t, ok, "%q", key)
		ok, _ = allow(t, l, key)
		require.False(t, ok, "%q", key)
	}
}

func TestRefusedAttemptsAreNotCharged(t *testing.T) {
	t.Parallel()
	l, c := newLimiter(t, ratelimit.Config{Burst: 1, Every: time.Minute})
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
	l, c := newLimiter(t, ratelimit.Config{
		Burst: 1, Every: time.Minute,
		Also: []ratelimit.Rate{{Burst: 5, Every: 12 * time.Minute}},
	})
	admitted := 0

	for range 60 {
		// hammering within the minute must cost the hourly rate nothing
		for range 20 {
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
	require.Equal(
		t, 8*time.Minute, wait, "the longer wait of the two is reported",
	)

	c.advance(8*time.Minute - time.Second)
	ok, _ = allow(t, l, "k")
	require.False(t, ok)

	c.advance(time.Second)
	ok, _ = allow(t, l, "k")
	require.True(t, ok)
}

func TestClockThatStepsBackNeitherLocksOutNorGivesAway(t *testing.T) {
	t.Parallel()
	l, c := newLimiter(t, ratelimit.Config{Burst: 2, Every: time.Minute})
	allow(t, l, "k")
	allow(t, l, "k")
	c.advance(-time.Hour)
	ok, wait := allow(t, l, "k")
	require.False(t, ok, "no free burst")
	require.LessOrEqual(
		t, wait, time.Minute, "no lock-out for the length of the step",
	)

	c.advance(time.Minute - 1)
	ok, _ = allow(t, l, "k")
	require.False(t, ok)

	c.advance(1)
	ok, _ = allow(t, l, "k")
	require.True(t, ok)
}

func TestNewRefusesWeakAndMissingValues(t *testing.T) {
	t.Parallel()
	good := ratelimit.Config{Burst: 1, Every: time.Second}
	for _, tt := range []struct {
		name   string
		change func(*ratelimit.Config)
		want   string
	}{
		{"no burst", func(c *ratelimit.Config) {
			c.Burst = 0
		}, "ratelimit: Config.Burst is 0, want at least 1"},
		{"negative burst", func(c *ratelimit.Config) {
			c.Burst = -1
		}, "ratelimit: Config.Burst is -1, want at least 1"},
		{"no interval", func(c *ratelimit.Config) {
			c.Every = 0
		}, "ratelimit: Config.Every is 0s, want more than 0"},
		{"negative interval", func(c *ratelimit.Config) {
			c.Every = -1
		}, "ratelimit: Config.Every is -1ns, want more than 0"},
		{
			"window that overflows",
			func(c *ratelimit.Config) {
				c.Burst, c.Every = math.MaxInt, time.Hour
			},
			"ratelimit: Config.Burst * Every is above 8760h0m0s",
		},
		{
			"bad further rate",
			func(c *ratelimit.Config) {
				c.Also = []ratelimit.Rate{{Burst: 1, Every: 1}, {Burst: 1}}
			},
			"ratelimit: Config.Also[1].Every is 0s, want more than 0",
		},
		{
			"too many rates",
			func(c *ratelimit.Config) { c.Also = make([]ratelimit.Rate, 4) },
			"ratelimit: Config.Also has 4 rates, at most 3 are possible",
		},
		{"too little memory", func(c *ratelimit.Config) {
			c.MaxBytes = 65535
		}, "ratelimit: Config.MaxBytes is 65535, want at least 65536"},
		{"negative memory", func(c *ratelimit.Config) {
			c.MaxBytes = -1
		}, "ratelimit: Config.MaxBytes is -1, want at least 65536"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := good
			tt.change(&cfg)
			l, err := ratelimit.New(cfg)
			require.EqualError(t, err, tt.want)
			require.Nil(t, l)
		})
	}
}

func TestSmallestLimiterWithEveryRateWorks(t *testing.T) {
	t.Parallel()
	rate := ratelimit.Rate{Burst: 2, Every: time.Minute}
	l, _ := newLimiter(t, ratelimit.Config{
		Burst:    1,
		Every:    time.Second,
		Also:     []ratelimit.Rate{rate, rate, rate},
		MaxBytes: 64 << 10,
	})
	for k := range 100 {
		ok, _ := allow(t, l, strconv.Itoa(k))
		require.True(t, ok)
		ok, wait := allow(t, l, strconv.Itoa(k))
		require.False(t, ok)
		require.Equal(t, time.Second, wait)
	}
}

func TestRealClockIsTheDefault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, err := ratelimit.New(ratelimit.Config{Burst: 1, Every: time.Minute})
		require.NoError(t, err)
		ok, _ := allow(t, l, "k")
		require.True(t, ok)
		<-time.After(time.Minute - 1)
		ok, _ = allow(t, l, "k")
		require.False(t, ok)
		<-time.After(1)
		ok, _ = allow(t, l, "k")
		require.True(t, ok)
	})
}

// A model is the algorithm without bounds. It has the times of each key, one a
// rate.
type model map[string][]time.Time

// allow returns how long to wait, or 0 when the event is charged.
func (m model) allow(
	rates []ratelimit.Rate, key string, now time.Time,
) (wait time.Duration) {
	times := m[key]
	if times == nil {
		times = make([]time.Time, len(rates))
	}

	next := make([]time.Time, len(rates))
	for i, rate := range rates {
		next[i] = now
		if times[i].After(now) {
			next[i] = times[i]
		}
		next[i] = next[i].Add(rate.Every)
		burst := time.Duration(rate.Burst) * rate.Every
		wait = max(wait, next[i].Sub(now)-burst)
	}

	if wait == 0 {
		m[key] = next
	}
	return wait
}

func FuzzAllowAgreesWithAnUnboundedModel(f *testing.F) {
	f.Add(
		[]byte("\x00\x00\x00\x01\x00\x00\x02\x00\x00\xff\x00\x00"), uint8(1),
		uint16(1), uint8(3), uint16(7),
	)
	f.Add(
		bytes.Repeat([]byte{1, 2, 3, 4, 5, 200, 7}, 60), uint8(2), uint16(40),
		uint8(5), uint16(300),
	)
	var everyKey []byte // so that keys share buckets
	for k := range 4 * 256 {
		everyKey = append(everyKey, byte(k), byte(k)&1)
	}
	f.Add(everyKey, uint8(0), uint16(2000), uint8(0), uint16(2))

	f.Fuzz(func(
		t *testing.T, script []byte, burst uint8, every uint16, burst2 uint8,
		every2 uint16,
	) {
		rates := []ratelimit.Rate{
			{Burst: int(burst) + 1, Every: time.Duration(every) + 1},
			{Burst: int(burst2) + 1, Every: time.Duration(every2) + 1},
		}
		l, c := newLimiter(t, ratelimit.Config{
			Burst:    rates[0].Burst,
			Every:    rates[0].Every,
			Also:     rates[1:],
			MaxBytes: 64 << 10,
		})

		unbounded := make(model)
		for ; len(script) >= 2; script = script[2:] {
			key := string(script[:1])
			c.advance(time.Duration(script[1]))

			want := unbounded.allow(rates, key, c.Now())
			ok, wait := allow(t, l, key)
			require.Equal(t, want == 0, ok)
			require.Equal(t, want, wait)
		}
	})
}

func TestAllowAllocatesNothing(t *testing.T) {
	l, c := newLimiter(t, ratelimit.Config{
		Burst: 1,
		Every: time.Minute,
		Also:  []ratelimit.Rate{{Burst: 5, Every: time.Hour}},
	})
	ctx := t.Context()
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		_, _, _ = l.Allow(ctx, "k") // admitted, then refused
		_, _, _ = l.Allow(ctx, "k")
		c.advance(time.Minute)
	}))
}

func BenchmarkAllow(b *testing.B) {
	names := make([]string, 1<<20)
	for i := range names {
		names[i] = fmt.Sprintf("key-%d", i)
	}

	for _, tt := range []struct {
		name string
		mask int
	}{{"one key", 0}, {"million keys", len(names) - 1}} {
		b.Run(tt.name, func(b *testing.B) {
			l, err := ratelimit.New(
				ratelimit.Config{Burst: 3, Every: time.Hour},
			)
			require.NoError(b, err)
			ctx, i := b.Context(), 0
			b.ReportAllocs()
			for b.Loop() {
				_, _, _ = l.Allow(ctx, names[i&tt.mask])
				i++
			}
		})
	}
}
