package timing_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/examples/e2e/timing"
)

// Expected values by hand: means 2 and 4, variances 1 and 4, n = 3.
func TestWelchOfAKnownCase(t *testing.T) {
	t.Parallel()
	c := timing.Compare([]float64{1, 2, 3}, []float64{2, 4, 6})
	require.InDelta(t, -1.549193, c.RawT, 1e-6)  // -2 / sqrt(1/3 + 4/3)
	require.InDelta(t, -1.732051, c.SignZ, 1e-6) // 0 of 3: -1.5 / sqrt(0.75)
	require.InDelta(t, 2, c.MedianA, 0)
	require.InDelta(t, 4, c.MedianB, 0)
}

func TestClassesWithoutDifferenceOrVariationGiveZero(t *testing.T) {
	t.Parallel()
	c := timing.Compare([]float64{1, 1, 1}, []float64{1, 1, 1})
	require.Zero(t, c.MaxT)
	require.Zero(t, c.SignZ)
}

// A shift of a tenth of the spread under outliers of a hundred times the
// spread: the raw t is blind, the crops and the pairs are not.
func TestOutliersDoNotHideADifference(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	draw := func(shift float64) []float64 {
		values := make([]float64, 20_000)
		for i := range values {
			values[i] = 100 + shift + rng.NormFloat64()*10
			if rng.IntN(50) == 0 {
				values[i] += 1000 * rng.ExpFloat64()
			}
		}
		return values
	}
	c := timing.Compare(draw(1), draw(0))
	require.Less(t, c.RawT, 4.5)
	require.Greater(t, c.MaxT, 4.5)
	require.Greater(t, c.SignZ, 4.5)

	c = timing.Compare(draw(0), draw(0))
	require.Less(t, max(c.MaxT, -c.MaxT, c.SignZ, -c.SignZ), 4.5)
}
