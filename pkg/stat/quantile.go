package stat

import (
	"fmt"
	"math"
)

// Quantile returns the sample quantile of order q by linear interpolation
// between order statistics, type 7 of [1]: with h = (n−1)q,
//
//	x₍⌊h⌋₊₁₎ + (h − ⌊h⌋)·(x₍⌊h⌋₊₂₎ − x₍⌊h⌋₊₁₎)
//
// the default of R, NumPy and most spreadsheets. x need not be sorted and is not
// changed. It refuses an empty sample and values that are not finite, and panics
// if q is outside [0, 1].
//
// [1] Hyndman, Fan (1996), The American Statistician 50 (4): 361-365.
func Quantile(x []float64, q float64) (float64, error) {
	sorted, err := sortedSample("quantile", x, q)
	if err != nil {
		return 0, err
	}
	return quantileSorted(sorted, q), nil
}

// QuantileInterval returns the sample quantile of order q between two order
// statistics that bound the quantile of the population, whatever its shape [1].
// With X binomial(n, q), the bounds are the observations of the ranks
//
//	l = the greatest k with P(X < k) ≤ α/2
//	u = the least k with P(X ≥ k) ≤ α/2
//
// and the confidence attained, at least the level, is P(l ≤ X < u).
//
// It refuses with Unbounded, and says how many observations it takes, where one
// of the ranks is outside the sample: 200 values say nothing about how large a
// 99th percentile may be. It also refuses an empty sample and values that are
// not finite, and panics if q or level is outside (0, 1). With an Unbounded
// refusal comes an interval whose Estimate and N hold, and whose bounds do not.
//
// [1] David, Nagaraja (2003), Order Statistics, 3rd ed., section 7.1.
func QuantileInterval(x []float64, q, level float64) (Interval, error) {
	const method = "order_statistics"
	checkLevel(level)
	if q == 0 || q == 1 {
		panic(fmt.Sprintf("stat: quantile of order %v has no interval", q))
	}
	sorted, err := sortedSample(method, x, q)
	if err != nil {
		return Interval{}, err
	}
	n := len(x)
	out := Interval{Estimate: quantileSorted(sorted, q), Level: level, N: n, Method: method}
	low, high := quantileRanks(n, q, level)
	if low < 1 || high > n {
		side := "above"
		if low < 1 {
			side = "below"
		}
		return out, &Refusal{Method: method, Reason: Unbounded, N: n, Need: QuantileNeed(q, level),
			Detail: fmt.Sprintf("no observation bounds the quantile of order %g %s at level %g", q, side, level)}
	}
	out.Low, out.High = sorted[low-1], sorted[high-1]
	out.Attained = binomialCDF(high-1, n, q) - binomialCDF(low-1, n, q)
	return out, nil
}

// QuantileNeed returns the least number of observations with which
// QuantileInterval answers: the least n with
//
//	(1−q)ⁿ ≤ α/2 and qⁿ ≤ α/2
func QuantileNeed(q, level float64) int {
	checkLevel(level)
	checkOrder(q)
	half := math.Log((1 - level) / 2)
	n := int(math.Max(half/math.Log1p(-q), half/math.Log(q)))
	for n = max(n-2, 1); ; n++ {
		if low, high := quantileRanks(n, q, level); low >= 1 && high <= n {
			return n
		}
	}
}

// quantileRanks returns the ranks, from 1, of the order statistics that bound
// the quantile; 0 and n+1 say that there is none.
func quantileRanks(n int, q, level float64) (low, high int) {
	// A tail that is exactly α/2 must not be lost to rounding.
	tail := (1 - level) / 2 * (1 + 1e-12)
	low = leastRank(n, func(k int) bool { return binomialCDF(k, n, q) > tail })
	// P(X ≥ k+1), asked of the failures, where it keeps its digits.
	high = 1 + leastRank(n, func(k int) bool { return binomialCDF(n-k-1, n, 1-q) <= tail })
	return low, high
}

// leastRank returns the least k in [0, n] for which a monotone condition holds;
// n if there is none below.
func leastRank(n int, holds func(int) bool) int {
	low, high := 0, n
	for low < high {
		if mid := (low + high) / 2; holds(mid) {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return low
}

// checkOrder panics on the order of a quantile outside (0, 1).
func checkOrder(q float64) {
	if !(q > 0 && q < 1) {
		panic(fmt.Sprintf("stat: quantile of order %v outside (0, 1)", q))
	}
}

// sortedSample returns a sorted copy of a sample that has a quantile.
func sortedSample(method string, x []float64, q float64) ([]float64, error) {
	if !(q >= 0 && q <= 1) {
		panic(fmt.Sprintf("stat: quantile of order %v outside [0, 1]", q))
	}
	if len(x) == 0 {
		return nil, &Refusal{Method: method, Reason: TooFew, Need: 1, Detail: "no observations"}
	}
	if err := checkFinite(method, x); err != nil {
		return nil, err
	}
	return sortedFloats(x), nil
}

// quantileSorted is Quantile of a sorted sample.
func quantileSorted(sorted []float64, q float64) float64 {
	at, part := quantilePosition(len(sorted), q)
	return interpolate(sorted[at], sorted[min(at+1, len(sorted)-1)], part)
}

// quantilePosition returns the rank, from 0, below a quantile and the part of
// the way to the next.
func quantilePosition(n int, q float64) (at int, part float64) {
	h := float64(n-1) * q
	at = min(int(h), n-1)
	return at, h - float64(at)
}

// interpolate goes part of the way from a to b without overflow, exactly at the
// ends.
func interpolate(a, b, part float64) float64 {
	if a == b || part == 0 {
		return a
	}
	return a*(1-part) + b*part
}
