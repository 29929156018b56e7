package timing_test

import (
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What a request for a link costs the server, next to a handler that parses
// the same form and gives the same answer: batches of each in turn, so that
// the machine treats both alike, and the ratio of the medians. Times of this
// kind vary by some percent on a shared machine; the bound is above what was
// measured on one.
func TestRequestCostsLittleMoreThanParsingItsForm(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for _, tt := range []struct {
		name, mode string
		addr       func(int) string
		atMost     float64
	}{
		{"the request alone, default limits", modeLimits, unknownAddr, 2},
		{"the request alone, limits off", modeNoLimit, unknownAddr, 2},
		{"the request alone, three own limiters", modeQueued, unknownAddr, 2.5},
		{"with the work on an unknown address", modeDefault, unknownAddr, 4},
		{"with the work on a known one", modeDefault, knownAddr, 25},
	} {
		server := startServer(t, tt.mode)
		conn := dial(t, server)
		const batch, rounds = 500, 40
		cost := func(path string) float64 {
			before := countersOf(t, server).CPU
			for i := range batch {
				require.NoError(t,
					conn.exchange(formRequest(path, tt.addr(i)), seeOther))
			}
			return float64(countersOf(t,
				server).CPU-before) / batch / float64(time.Microsecond)
		}
		cost("/bare")
		cost("/forgot-password")
		var bare, forgot []float64
		for range rounds {
			bare = append(bare, cost("/bare"))
			forgot = append(forgot, cost("/forgot-password"))
		}
		ratio := median(forgot) / median(bare)
		t.Logf("%-38s %.1f us of CPU, bare handler %.1f us, ratio %.2f; %d dropped",
			tt.name, median(forgot), median(bare), ratio,
			countersOf(t, server).Dropped)
		require.Less(t, ratio, tt.atMost)
	}
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// loadTime is how long a load lasts.
func loadTime(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("LOSTKEY_TIMING_SECONDS")
	if text == "" {
		return 3 * time.Second
	}
	seconds, err := strconv.Atoi(text)
	require.NoError(t, err)
	require.LessOrEqual(t, seconds, 60)
	return time.Duration(seconds) * time.Second
}

// 2,000 requests a second, half of them for known addresses, while each mail
// takes 200 ms. With 8 workers 40 mails a second go out; the queue of 1,000
// fills in a second and the rest is dropped, which is what keeps memory flat.
// With a worker for each mail that is on its way (1,000 a second times 0.2 s)
// none is dropped.
func TestSlowMailerNeitherSlowsRequestsNorGrowsMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const perSecond, conns = 2000, 50
	for _, mode := range []string{modeSlow, modeWide} {
		server := startServer(t, mode)
		total := int(loadTime(t)/time.Second) * perSecond
		var mu sync.Mutex
		var late []float64 // from the planned moment to the answer, in ms
		var clients sync.WaitGroup
		idle := countersOf(t, server)
		begun := time.Now()
		for c := range conns {
			conn := dial(t, server)
			clients.Go(func() {
				var own []float64
				for i := c; i < total; i += conns {
					planned := begun.Add(time.Duration(i) * time.Second / perSecond)
					<-time.After(time.Until(planned))
					addr := unknownAddr(i / 2)
					if i%2 == 0 {
						addr = knownAddr(i / 2)
					}
					if err := conn.exchange(forgotRequest(addr), seeOther); err != nil {
						t.Error(err)
						return
					}
					own = append(own,
						float64(time.Since(planned))/float64(time.Millisecond))
				}
				mu.Lock()
				defer mu.Unlock()
				late = append(late, own...)
			})
		}
		// The queue is full after a second: from there memory must not grow.
		<-time.After(1500 * time.Millisecond)
		early := countersOf(t, server)
		clients.Wait()
		took := time.Since(begun)
		end := countersOf(t, server)
		slices.Sort(late)
		rate := float64(len(late)) / took.Seconds()
		t.Logf("%s: %d answered, %.0f a second, ms to the answer: median "+
			"%.2f, 99 %% %.2f; live heap %.1f MiB idle, %.1f after 1.5 s, "+
			"%.1f in the end; "+
			"%d goroutines; %d mailed, %d dropped, %.0f %% of a core",
			mode, len(late), rate, late[len(late)/2], late[len(late)*99/100],
			mib(idle), mib(early), mib(end),
			end.Goroutines, end.Mailed, end.Dropped,
			100*(end.CPU-idle.CPU).Seconds()/took.Seconds())
		require.Len(t, late, total)
		require.Zero(t, end.Other)
		require.Less(t, mib(end)-mib(early), 4.0, "memory grows under load")
		require.Less(t, late[len(late)/2], 200.0, "answers wait for the mailer")
	}
}

func mib(c counters) float64 { return float64(c.HeapBytes) / (1 << 20) }
