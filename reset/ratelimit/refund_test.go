package ratelimit_test

import (
	"bytes"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset/ratelimit"
)

func refund(tb testing.TB, l *ratelimit.Limiter, key string) {
	tb.Helper()
	require.NoError(tb, l.Refund(tb.Context(), key))
}

func TestRefundGivesBackExactlyOneEvent(t *testing.T) {
	t.Parallel()
	l, c := newLimiter(t, ratelimit.Config{Burst: 3, Every: time.Minute})
	for range 3 {
		allow(t, l, "k")
	}
	c.advance(10 * time.Second)
	refund(t, l, "k")
	ok, _ := allow(t, l, "k")
	require.True(t, ok)

	ok, wait := allow(t, l, "k")
	require.False(t, ok, "one was given back, not two")
	require.Equal(
		t, 50*time.Second, wait, "the ten seconds that were earned stay earned",
	)

	ok, _ = allow(t, l, "another")
	require.True(t, ok)
}

func TestRefundNeverGivesMoreThanTheBurst(t *testing.T) {
	t.Parallel()
	l, c := newLimiter(
		t, ratelimit.Config{Burst: 2, Every: time.Minute, MaxBytes: 64 << 10},
	)
	burst := func(key string) {
		for i := range 3 {
			ok, wait := allow(t, l, key)
			require.Equal(t, i < 2, ok, "%s: event %d", key, i)
			if i == 2 {
				require.Equal(t, time.Minute, wait)
			}
		}
	}

	for range 1000 {
		refund(t, l, "never charged")
	}
	burst("never charged")

	allow(t, l, "k")
	for range 1000 {
		refund(t, l, "k")
	}
	burst("k")

	c.advance(time.Hour)
	for range 1000 {
		refund(t, l, "k")
	}
	burst("k")
}

// A time of 64 bits, lowered by half a year 594 times, would run over and lie
// ahead for a century. The 32 cells that a key may have would soon be full.
func TestRefundsOfNothingDoNotAddUp(t *testing.T) {
	t.Parallel()
	l, _ := newLimiter(t, ratelimit.Config{
		Burst:    2,
		Every:    180 * 24 * time.Hour,
		MaxBytes: 64 << 10,
	})
	for range 32 * 600 {
		refund(t, l, "k")
	}
	ok, _ := allow(t, l, "k")
	require.True(t, ok)
}

func TestRefundGivesBackToEveryRate(t *testing.T) {
	t.Parallel()
	l, c := newLimiter(t, ratelimit.Config{
		Burst: 1, Every: time.Minute,
		Also: []ratelimit.Rate{{Burst: 5, Every: 12 * time.Minute}},
	})
	for range 100 {
		ok, _ := allow(t, l, "k")
		require.True(t, ok, "what was given back counts under neither rate")
		refund(t, l, "k")
	}

	// The minute is earned back, the hour's is not: each rate for itself.
	allow(t, l, "k")
	c.advance(2 * time.Minute)
	refund(t, l, "k")
	for i := range 5 {
		ok, _ := allow(t, l, "k")
		require.True(t, ok, "event %d", i)
		c.advance(time.Minute)
	}

	ok, wait := allow(t, l, "k")
	require.False(t, ok)
	require.Equal(t, 7*time.Minute, wait)
}

func TestRefundAfterTheClockSteppedBackLocksNobodyOut(t *testing.T) {
	t.Parallel()
	l, c := newLimiter(t, ratelimit.Config{Burst: 2, Every: time.Minute})
	allow(t, l, "k")
	allow(t, l, "k")
	c.advance(-time.Hour)
	refund(t, l, "k")
	ok, _ := allow(t, l, "k")
	require.True(t, ok)
	ok, wait := allow(t, l, "k")
	require.False(t, ok)
	require.LessOrEqual(t, wait, time.Minute)
}

// The cell of a key that is given back is free for others: a flood of refused
// events does not fill the table.
func TestRefundFreesTheCell(t *testing.T) {
	t.Parallel()
	l, _ := newLimiter(
		t, ratelimit.Config{Burst: 1, Every: time.Hour, MaxBytes: 64 << 10},
	)
	for k := range 1_000_000 {
		key := strconv.Itoa(k)
		_, ok, _ := l.Allow(t.Context(), key)
		require.True(t, ok)
		require.NoError(t, l.Refund(t.Context(), key))
	}
}

func TestConcurrentRefundsAdmitExactlyWhatWasGivenBack(t *testing.T) {
	t.Parallel()
	l, _ := newLimiter(
		t, ratelimit.Config{Burst: 10, Every: time.Hour, MaxBytes: 64 << 10},
	)
	var kept atomic.Int64
	var workers sync.WaitGroup
	start := make(chan struct{})

	for worker := range 64 {
		workers.Go(func() {
			<-start
			for range 500 {
				if _, ok, _ := l.Allow(t.Context(), "k"); !ok {
					continue
				}
				if worker == 0 {
					kept.Add(1)
					continue
				}
				_ = l.Refund(t.Context(), "k")
			}
		})
	}

	close(start)
	workers.Wait()
	for {
		if ok, _ := allow(t, l, "k"); !ok {
			break
		}
		kept.Add(1)
	}
	require.EqualValues(t, 10, kept.Load())
}

// Whatever was asked before, an event that is given back at once leaves every
// later answer as if it had never been.
func FuzzRefundUndoesAllow(f *testing.F) {
	f.Add(
		[]byte("\x00\x00\x01\x03\x00\x81\x02\x01\xff\x01\x80\x00"), uint8(1),
		uint16(1), uint8(3), uint16(7),
	)
	f.Add(
		bytes.Repeat([]byte{1, 130, 3, 4, 129, 200, 7, 0}, 60), uint8(2),
		uint16(40), uint8(5), uint16(300),
	)

	f.Fuzz(
		func(
			t *testing.T, script []byte, burst uint8, every uint16,
			burst2 uint8, every2 uint16,
		) {
			cfg := ratelimit.Config{
				Burst: int(burst) + 1,
				Every: time.Duration(every) + 1,
				Also: []ratelimit.Rate{
					{Burst: int(burst2) + 1, Every: time.Duration(every2) + 1},
				},
				MaxBytes: 64 << 10,
			}

			l, c := newLimiter(t, cfg)
			twin, twinClock := newLimiter(t, cfg)
			for len(script) >= 2 {
				key, step := strconv.Itoa(
					int(script[0]&3),
				), time.Duration(script[1])
				undone := script[0]&128 != 0
				script = script[2:]
				c.advance(step)
				twinClock.advance(step)

				if undone {
					if ok, _ := allow(t, l, key); ok {
						refund(t, l, key)
					}
					continue
				}
				ok, wait := allow(t, l, key)
				want, wantWait := allow(t, twin, key)
				require.Equal(t, want, ok)
				require.Equal(t, wantWait, wait)
			}
		},
	)
}

func TestRefundAllocatesNothing(t *testing.T) {
	l, _ := newLimiter(t, ratelimit.Config{
		Burst: 1,
		Every: time.Minute,
		Also:  []ratelimit.Rate{{Burst: 5, Every: time.Hour}},
	})
	ctx := t.Context()
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		_, _, _ = l.Allow(ctx, "k")
		_ = l.Refund(ctx, "k")
	}))
}
