package timing

import (
	"math"
	"slices"
)

// Comparison is how two classes of measurements differ.
type Comparison struct {
	N                int     // in each class
	MedianA, MedianB float64 // of all measurements
	RawT             float64 // Welch's t of all measurements
	// the t of largest amount among all measurements and the crops
	MaxT  float64
	SignZ float64 // of the paired sign test
}

// Crops are the percentiles above which measurements are left out. A few
// interruptions of milliseconds drown a difference of microseconds in the raw
// t; in the crops it stands out.
var crops = []float64{99, 95, 90, 75, 50}

// Compare compares measurements that were taken in random order; the pairs of
// the sign test are the first of each class, the second and so on. The limits
// of the crops are percentiles of both classes together.
func Compare(a, b []float64) Comparison {
	c := Comparison{
		N: min(len(a), len(b)), MedianA: percentile(a, 50),
		MedianB: percentile(b, 50), RawT: welch(a, b), SignZ: signTest(a, b),
	}
	c.MaxT = c.RawT
	all := slices.Concat(a, b)
	for _, p := range crops {
		limit := percentile(all, p)
		if t := welch(below(a, limit), below(b, limit)); math.Abs(t) > math.Abs(c.MaxT) {
			c.MaxT = t
		}
	}
	return c
}

// percentile is the value at p percent, by nearest rank.
func percentile(values []float64, p float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max(int(math.Ceil(p/100*float64(len(sorted)))), 1)-1]
}

func below(values []float64, limit float64) []float64 {
	var kept []float64
	for _, v := range values {
		if v <= limit {
			kept = append(kept, v)
		}
	}
	return kept
}

// welch is Welch's t: the difference of the means in standard errors. It is 0
// for classes that do not vary or have fewer than two members.
func welch(a, b []float64) float64 {
	meanA, varA := moments(a)
	meanB, varB := moments(b)
	err := math.Sqrt(varA/float64(len(a)) + varB/float64(len(b)))
	if err == 0 || math.IsNaN(err) {
		return 0
	}
	return (meanA - meanB) / err
}

// moments are the mean and the unbiased variance.
func moments(values []float64) (mean, variance float64) {
	for _, v := range values {
		mean += v
	}
	mean /= float64(len(values))
	for _, v := range values {
		variance += (v - mean) * (v - mean)
	}
	return mean, variance / float64(len(values)-1)
}

// signTest is how far the number of pairs in which a is larger lies from one
// half, in standard deviations. Ties are left out. Unlike t it asks nothing of
// the distribution, and outliers weigh no more than other pairs.
func signTest(a, b []float64) float64 {
	larger, pairs := 0, 0
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			pairs++
			if a[i] > b[i] {
				larger++
			}
		}
	}
	if pairs == 0 {
		return 0
	}
	return (float64(larger) - float64(pairs)/2) / math.Sqrt(float64(pairs)/4)
}
