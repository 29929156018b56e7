package hash_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/stretchr/testify/require"
)

// TestAThousandLoginsAtOnceStayWithinTheBudget runs in a process of its own,
// so that the memory of other tests does not count. A busy machine can stall
// one side of the comparison alone, so that there is a second attempt.
//
//lostkey:covers ASVS-15.1.3 ASVS-15.2.2 CWE-770
func TestAThousandLoginsAtOnceStayWithinTheBudget(t *testing.T) {
	const child = "LOSTKEY_LOAD_TEST"
	if os.Getenv(child) != "" {
		staysWithinTheBudget(t)
		return
	}
	if testing.Short() {
		t.Skip("takes eight seconds")
	}

	var out []byte
	var err error
	for range 2 {
		cmd := exec.CommandContext(
			t.Context(), os.Args[0],
			"-test.run=^"+t.Name()+"$", "-test.v", "-test.count=1",
		)
		cmd.Env = append(os.Environ(), child+"=1")
		out, err = cmd.CombinedOutput()
		t.Logf("%s", out)
		if err == nil {
			break
		}
	}
	require.NoError(t, err, "%s", out)
}

// staysWithinTheBudget has callers wait four seconds, as behind an HTTP
// server's deadline. LOSTKEY_LOAD=all serves every one.
func staysWithinTheBudget(t *testing.T) {
	t.Helper()
	slots, err := hash.NewSlots(hash.SlotsConfig{Queue: 1000})
	require.NoError(t, err)
	h, err := hash.New(hash.Config{Slots: slots})
	require.NoError(t, err)
	encoded, err := h.Hash(t.Context(), phrase)
	require.NoError(t, err)

	const logins = 1000
	ctx, timeout := t.Context(), 4*time.Second
	if os.Getenv("LOSTKEY_LOAD") == "all" {
		timeout = time.Hour
	}

	before := watch(slots, func() { spin(2 * time.Second) })
	var good, late atomic.Int64
	start := time.Now()
	most := watch(slots, func() {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		var wg sync.WaitGroup
		for range logins {
			wg.Go(func() {
				res, err := h.Verify(ctx, phrase, encoded)
				switch {
				case errors.Is(err, context.DeadlineExceeded):
					late.Add(1)
				case err == nil && res.OK:
					good.Add(1)
				}
			})
		}
		wg.Wait()
	})
	took := time.Since(start).Round(time.Millisecond)
	after := watch(slots, func() { spin(2 * time.Second) })

	count := runtime.GOMAXPROCS(0)
	require.EqualValues(t, logins, good.Load()+late.Load())
	require.NotZero(t, good.Load())
	require.LessOrEqual(t, most.running, count)
	require.LessOrEqual(t, most.kib, count*19456)

	bound := count*19456*5/2 + 64<<10
	peak := peakKiB(t)
	bare := max(before.stall, after.stall)
	t.Logf(
		"%d logins (%d served, %d late), %d slots: %v, peak %d KiB of %d "+
			"allowed, longest stall of another goroutine %v, beside bare "+
			"spinning ones %v (tick 1ms)",
		logins, good.Load(), late.Load(), count, took, peak, bound,
		most.stall, bare,
	)
	// The detector's own memory is several times that of the program.
	if !raceEnabled {
		require.LessOrEqual(t, peak, bound)
		require.LessOrEqual(t, most.stall, bare+25*time.Millisecond)
	}
}

// spin keeps every core busy with goroutines that never block.
func spin(d time.Duration) {
	start := time.Now()
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			n := 0
			for time.Since(start) < d {
				n++
			}
		})
	}
	wg.Wait()
}

// A load is the most that was seen of slots, and for how long another
// goroutine that wanted to run every millisecond could not.
type load struct {
	running, kib int
	stall        time.Duration
}

// watch looks at slots while f runs.
func watch(slots *hash.Slots, f func()) (most load) {
	stop, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()

		last := time.Now()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			s := slots.Stats()
			most.stall = max(most.stall, time.Since(last))
			most.running = max(most.running, s.Running)
			most.kib = max(most.kib, s.MemoryKiB)
			last = time.Now()
		}
	}()

	f()
	close(stop)
	<-watched
	return most
}

// peakKiB is the most memory the process ever held: the kernel's high-water
// mark, or what the runtime has mapped where there is no /proc.
func peakKiB(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}}
		metrics.Read(sample)
		return int(sample[0].Value.Uint64() >> 10)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, err := strconv.Atoi(
				strings.TrimSuffix(strings.TrimSpace(rest), " kB"),
			)
			require.NoError(t, err)
			return n
		}
	}
	require.Fail(t, "no VmHWM")
	return 0
}
