package ratelimit_test

import (
	"fmt"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset/ratelimit"
)

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A million live keys cost no more than the cap, none of them is forgotten,
// and none is refused for the sake of another.
//
//lostkey:covers CWE-770
func TestMillionKeysStayExactWithinSixteenMebibytes(t *testing.T) {
	const keys, burst = 1_000_000, 2
	names := make([]string, keys)
	for i := range names {
		names[i] = fmt.Sprintf("key-%d", i)
	}
	before := heapInUse()
	l, _ := newLimiter(t, ratelimit.Config{Burst: burst, Every: time.Hour})

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
	t.Logf(
		"heap %.2f MiB, %d of %d wrongly refused, %d wrongly admitted",
		float64(heap)/(1<<20), refused, keys*burst, admitted,
	)
	require.LessOrEqual(t, heap, uint64(16<<20))
	require.Zero(t, refused)
	require.Zero(t, admitted)
	require.False(t, ok, "the flood freed a throttled key")

	runtime.KeepAlive(l)
}

// Twice as many keys as there is room for: the victim stays throttled, what is
// in the table stays exact, and only newcomers are refused.
func TestOverfullTableRefusesNewcomersAndForgetsNobody(t *testing.T) {
	t.Parallel()
	const size, every = 1 << 20, time.Hour
	l, c := newLimiter(
		t, ratelimit.Config{Burst: 1, Every: every, MaxBytes: size},
	)
	ok, _ := allow(t, l, "victim")
	require.True(t, ok)

	const cells = (size - 20<<10) / 12
	var in []string
	first := 0
	for k := range 2 * cells {
		name := strconv.Itoa(k)
		switch ok, wait := allow(t, l, name); {
		case ok:
			in = append(in, name)
		default:
			require.Equal(
				t, every, wait,
				"the wait of a newcomer is until the first cell expires",
			)
			if first == 0 {
				first = k
			}
		}
	}

	t.Logf(
		"%d cells: first newcomer refused at %.1f %%, %.1f %% filled in the "+
			"end",
		cells, 100*float64(first)/cells, 100*float64(len(in))/cells,
	)
	require.Greater(t, first, cells*3/4)

	for _, name := range append(in, "victim") {
		ok, wait := allow(t, l, name)
		require.False(t, ok, "%s was forgotten", name)
		require.Equal(t, every, wait)
	}

	c.advance(every - time.Second)
	ok, wait := allow(t, l, strconv.Itoa(2*cells-1))
	require.False(t, ok)
	require.Equal(t, time.Second, wait)

	c.advance(time.Second)
	ok, _ = allow(t, l, strconv.Itoa(2*cells-1))
	require.True(t, ok, "there is room once the others have expired")
}

func TestExpiredKeysMakeRoomWithoutSweeping(t *testing.T) {
	t.Parallel()
	const keys = 60_000
	l, c := newLimiter(
		t, ratelimit.Config{Burst: 5, Every: time.Second, MaxBytes: 1 << 20},
	)
	for round := range 20 {
		for k := range keys {
			_, ok, _ := l.Allow(t.Context(), fmt.Sprintf("%d-%d", round, k))
			require.True(t, ok)
		}
		c.advance(time.Second)
	}
}
