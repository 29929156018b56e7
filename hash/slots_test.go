package hash_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/stretchr/testify/require"
)

// limited returns a Hasher over cfg with a scheme that occupies a slot for a
// second of the bubble's time.
func limited(
	t *testing.T,
	cfg hash.SlotsConfig,
	memory int,
) (*hash.Hasher, *fakeScheme) {
	t.Helper()
	l, err := hash.NewSlots(cfg)
	require.NoError(t, err)
	fake := &fakeScheme{
		memory: memory,
		check: func(password string) (bool, error) {
			<-time.After(time.Second)
			return password == "good", nil
		},
	}
	return insecure(t, hash.Config{Accept: []hash.Scheme{fake}, Slots: l}), fake
}

//lostkey:covers ASVS-15.1.3 CWE-400
func TestNoMoreThanTheSlotsEverRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, fake := limited(t, hash.SlotsConfig{Count: 3, Queue: 1000}, 0)
		var running, most atomic.Int64
		inner := fake.check
		fake.check = func(p string) (bool, error) {
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			return inner(p)
		}

		var wg sync.WaitGroup
		start := time.Now()

		for range 1000 {
			wg.Go(func() {
				res, err := h.Verify(t.Context(), "good", "fake:1")
				if err != nil || !res.OK {
					panic("a caller was lost")
				}
			})
		}

		wg.Wait()
		require.EqualValues(t, 3, most.Load())
		require.Equal(t, 334*time.Second, time.Since(start))
		require.Equal(t, hash.SlotsStats{
			Started: 1000,
			// Three waited for each of the seconds 0 to 332, one for the last.
			Waited:      (3*332*333/2 + 333) * time.Second,
			LongestWait: 333 * time.Second,
		}, h.Slots().Stats())
	})
}

func TestMemoryIsNeverOverbookedAndAHeavyRowIsNotStarved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, err := hash.NewSlots(
			hash.SlotsConfig{Count: 8, MemoryKiB: 1000, Queue: 100},
		)
		require.NoError(t, err)
		var mu sync.Mutex
		var order []string
		scheme := func(name string, memory int) hash.Scheme {
			return &namedFake{
				name: name,
				fakeScheme: fakeScheme{
					memory: memory,
					check: func(string) (bool, error) {
						mu.Lock()
						order = append(order, name)
						mu.Unlock()
						if got := l.Stats().MemoryKiB; got > 1000 {
							panic(fmt.Sprint("overbooked: ", got))
						}
						<-time.After(time.Second)
						return true, nil
					},
				},
			}
		}

		h := insecure(
			t,
			hash.Config{
				Slots: l,
				Accept: []hash.Scheme{
					scheme("light", 300), scheme("heavy", 900),
				},
			},
		)
		var wg sync.WaitGroup

		for _, row := range []string{
			"light", "light", "heavy", "light", "light",
		} {
			wg.Go(func() { _, _ = h.Verify(t.Context(), "x", row) })
			synctest.Wait() // one after the other into the queue
		}

		require.Equal(
			t,
			hash.SlotsStats{Running: 2, MemoryKiB: 600, Waiting: 3, Started: 2},
			l.Stats(),
		)
		wg.Wait()
		require.Equal(
			t, []string{"light", "light", "heavy", "light", "light"}, order,
		)
	})
}

func TestAFullQueueAnswersBusyAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, fake := limited(t, hash.SlotsConfig{Count: 1, Queue: 2}, 0)
		var wg sync.WaitGroup

		for range 3 {
			wg.Go(func() { _, _ = h.Verify(t.Context(), "good", "fake:1") })
		}

		synctest.Wait()
		start := time.Now()
		_, err := h.Verify(t.Context(), "good", "fake:1")
		require.ErrorIs(t, err, hash.ErrBusy)
		require.ErrorIs(t, h.VerifyDummy(t.Context(), "x"), hash.ErrBusy)
		_, err = h.Verify(t.Context(), "good", "no such format")
		require.ErrorIs(
			t, err, hash.ErrBusy,
			"under load a broken row looks like any other",
		)
		_, err = h.Hash(t.Context(), "good")
		require.ErrorIs(t, err, hash.ErrBusy)
		require.Zero(t, time.Since(start))
		require.EqualValues(t, 4, h.Slots().Stats().Busy)
		wg.Wait()
		require.EqualValues(t, 3, fake.runs.Load())
		require.NoError(t, h.VerifyDummy(t.Context(), "x"))
	})
}

func TestADeadlineLeavesTheQueueWithoutADerivation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, fake := limited(t, hash.SlotsConfig{Count: 1, Queue: 100}, 0)
		var wg sync.WaitGroup
		var late atomic.Int64

		for range 100 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(
					t.Context(), 3500*time.Millisecond,
				)
				defer cancel()
				if _, err := h.Verify(ctx, "good", "fake:1"); err != nil {
					//nolint:errorlint // the plain error is what is promised.
					if err != context.DeadlineExceeded {
						panic(err)
					}
					late.Add(1)
				}
			})
		}

		wg.Wait()
		require.EqualValues(t, 96, late.Load())
		require.EqualValues(t, 4, fake.runs.Load())
		require.Equal(
			t,
			hash.SlotsStats{
				Started: 4, Cancelled: 96,
				Waited:      (0+1+2+3)*time.Second + 96*3500*time.Millisecond,
				LongestWait: 3500 * time.Millisecond,
			},
			h.Slots().Stats(),
		)
	})
}

func TestACancelledContextNeverStartsADerivation(t *testing.T) {
	t.Parallel()
	h := insecure(t, hash.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := h.Verify(ctx, phrase, legacyPBKDF2)
	require.ErrorIs(t, err, context.Canceled)
	_, err = h.Hash(ctx, phrase)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, h.VerifyDummy(ctx, phrase), context.Canceled)
	require.Zero(t, h.Slots().Stats().Started)
}

func TestAHeavyWaiterThatLeavesLetsTheLightOnesPass(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, err := hash.NewSlots(
			hash.SlotsConfig{Count: 2, MemoryKiB: 1000, Queue: 10},
		)
		require.NoError(t, err)
		slow := func(string) (bool, error) {
			<-time.After(time.Hour)
			return true, nil
		}

		quick := func(string) (bool, error) { return true, nil }
		h := insecure(t, hash.Config{Slots: l, Accept: []hash.Scheme{
			&namedFake{
				name:       "long",
				fakeScheme: fakeScheme{memory: 500, check: slow},
			},
			&namedFake{
				name:       "heavy",
				fakeScheme: fakeScheme{memory: 1000, check: quick},
			},
			&namedFake{
				name:       "light",
				fakeScheme: fakeScheme{memory: 100, check: quick},
			},
		}})
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = h.Verify(t.Context(), "x", "long") })

		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		wg.Go(func() { _, _ = h.Verify(ctx, "x", "heavy") })

		synctest.Wait()
		start := time.Now()
		_, err = h.Verify(t.Context(), "x", "light")
		require.NoError(t, err)
		require.Equal(t, time.Second, time.Since(start))
		wg.Wait()
		require.Zero(t, l.Stats().Running)
	})
}

func TestCancelStormsLeakNoSlot(t *testing.T) {
	t.Parallel()
	l, err := hash.NewSlots(hash.SlotsConfig{Count: 2, Queue: 1000})
	require.NoError(t, err)
	h := insecure(t, hash.Config{Slots: l})
	var wg sync.WaitGroup
	for i := range 1000 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(
				t.Context(), time.Duration(i)*time.Microsecond,
			)
			defer cancel()
			_ = h.VerifyDummy(ctx, phrase)
		})
	}
	wg.Wait()
	s := l.Stats()
	require.Zero(t, s.Running)
	require.Zero(t, s.MemoryKiB)
	require.Zero(t, s.Waiting)
}

func TestOneSetOfSlotsServesSeveralHashers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, fake := limited(t, hash.SlotsConfig{Count: 1, Queue: 1}, 0)
		other := insecure(
			t, hash.Config{Accept: []hash.Scheme{fake}, Slots: h.Slots()},
		)
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = h.Verify(t.Context(), "good", "fake:1") })
		wg.Go(func() { _, _ = other.Verify(t.Context(), "good", "fake:1") })
		synctest.Wait()
		_, err := other.Verify(t.Context(), "good", "fake:1")
		require.ErrorIs(t, err, hash.ErrBusy)
		wg.Wait()
	})
}

func TestSlotsConfigIsValidated(t *testing.T) {
	t.Parallel()
	for field, cfg := range map[string]hash.SlotsConfig{
		"Count":     {Count: -1},
		"MemoryKiB": {MemoryKiB: -1},
		"Queue":     {Queue: -1},
	} {
		_, err := hash.NewSlots(cfg)
		require.ErrorContains(t, err, "SlotsConfig."+field)
	}
}
