package timing_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/examples/e2e/timing"
)

// measure times n requests of each of two classes in random order on one
// connection, in microseconds. Between two requests it waits until the work on
// the first is done: an attacker who has time would, and the classes could
// otherwise blur into each other. The order is drawn request by request and
// not pair by pair, so that what a request leaves in the caches falls on the
// next one of either class alike.
func measure(
	t *testing.T, mode string, n int, classes [2]func(int) string,
) (a, b []float64) {
	t.Helper()
	server := startServer(t, mode)
	var requests [2][][]byte
	for class, addr := range classes {
		for i := range accounts {
			requests[class] = append(requests[class], forgotRequest(addr(i)))
		}
	}

	order := make([]int, 2*n)
	for i := range order {
		order[i] = i % 2
	}

	rand.Shuffle(len(order), func(i, j int) {
		order[i], order[j] = order[j], order[i]
	})

	took := [2][]float64{make([]float64, 0, n), make([]float64, 0, n)}
	visitor, observer := dial(t, server), dial(t, server)
	whenDone := []byte("GET /done HTTP/1.1\r\nHost: app.example\r\n\r\n")
	exchange := func(class int) time.Duration {
		request := requests[class][rand.IntN(accounts)]
		begun := time.Now()
		err := visitor.exchange(request, seeOther)
		elapsed := time.Since(begun)
		require.NoError(t, err)
		require.NoError(t, observer.exchange(whenDone, noContent))
		return elapsed
	}

	for i := range 200 { // caches, connections, the pools of net/http
		exchange(i % 2)
	}

	for _, class := range order {
		took[class] = append(took[class],
			float64(exchange(class))/float64(time.Microsecond))
	}

	return took[0], took[1]
}

func evens(addr func(int) string) func(int) string {
	return func(i int) string { return addr(2 * i) }
}

func odds(addr func(int) string) func(int) string {
	return func(i int) string { return addr(2*i + 1) }
}

// samples is how many requests each class has. The long form, whose verdict is
// strict, is asked for in the environment.
func samples(t *testing.T) (n int, strict bool) {
	t.Helper()
	const short = 2000
	text := os.Getenv("LOSTKEY_TIMING_SAMPLES")
	if text == "" {
		return short, false
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	require.LessOrEqual(t, n, 200_000)
	return n, n >= 20_000
}

// A finding is what the three measurements of one round have shown.
type finding struct{ null, positive, real timing.Comparison }

// The long form demands |t| < 4.5 of known against unknown addresses, and of
// the null control, in all crops and in the sign test. The short one is for
// busy machines: it calls a leak only what is both far beyond chance
// (|t| >= 10) and large (medians 5 % apart). In either, a machine on which
// equal classes differ, or on which one signing goes unnoticed, can tell
// nothing. That is tried three times and then skipped, with the reason.
//
//lostkey:covers ASVS-6.3.8 FP-CS-2 CWE-208
func TestKnownAndUnknownAddressesTakeTheSameTime(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	n, strict := samples(t)
	threshold := 10.0
	if strict {
		threshold = 4.5
	}
	for round := range 3 {
		f := finding{
			null: compare(t, "null control: known against known",
				modeDefault, n, evens(knownAddr), odds(knownAddr)),
			positive: compare(t, "positive control: one signing for known",
				modeLeaky, n, knownAddr, unknownAddr),
			real: compare(t, "known against unknown", modeDefault, n,
				knownAddr, unknownAddr),
		}
		if worst(f.null) >= threshold || worst(f.positive) < 4.5 {
			t.Logf("round %d is inconclusive", round+1)
			continue
		}

		gap := abs(f.real.MedianA-f.real.MedianB) / f.real.MedianB
		if worst(f.real) >= threshold && (strict || gap >= 0.05) {
			t.Fatalf("known and unknown addresses can be told apart: %.1f, "+
				"medians %.1f %% apart", worst(f.real), 100*gap)
		}

		return
	}

	t.Skip("this machine is too busy: a control failed three times")
}

func compare(
	t *testing.T, name, mode string, n int, first, second func(int) string,
) timing.Comparison {
	t.Helper()
	a, b := measure(t, mode, n, [2]func(int) string{first, second})
	c := timing.Compare(a, b)
	t.Logf("%-40s n %d, medians %.2f and %.2f us, raw t %.2f, max |t| %.2f, "+
		"sign z %.2f",
		name, c.N, c.MedianA, c.MedianB, c.RawT, abs(c.MaxT), c.SignZ)
	return c
}

func abs(x float64) float64 { return max(x, -x) }

func worst(c timing.Comparison) float64 {
	return max(abs(c.MaxT), abs(c.SignZ))
}
