package stat

import (
	"math"
)

// binomialLogPMFOf returns the logarithm of the binomial probability of k
// successes in n trials for p given with q = 1 − p, so that neither loses digits
// where it is small, by Loader's saddle-point expansion [1]:
//
//	½·ln(n / 2πk(n−k)) + δ(n) − δ(k) − δ(n−k) − D(k, np) − D(n−k, nq)
//
// [1] Loader (2000), Fast and Accurate Computation of Binomial Probabilities.
func binomialLogPMFOf(k, n int, p, q float64) float64 {
	switch {
	case k < 0 || k > n:
		return math.Inf(-1)
	case k == 0:
		return float64(n) * logOfEither(q, p)
	case k == n:
		return float64(n) * logOfEither(p, q)
	}
	x, m, y := float64(k), float64(n), float64(n-k)
	return 0.5*math.Log(m/(2*math.Pi*x*y)) +
		stirlingError(n) - stirlingError(k) - stirlingError(n-k) -
		devianceAt(x, m*p, x-m*p) - devianceAt(y, m*q, y-m*q)
}

// logOfEither returns ln p for p with 1 − p = q, of whichever is smaller.
func logOfEither(p, q float64) float64 {
	if p > 0.5 {
		return math.Log1p(-q)
	}
	return math.Log(p)
}

// binomialLogTailOf returns ln P(X ≤ k) for X binomial with n trials: the largest
// term times the sum of the ratios of the terms to it, all positive. It is meant
// for k below the mean, where that sum is short.
func binomialLogTailOf(k, n int, p, q float64) float64 {
	odds := q / p
	sum, ratio := 1.0, 1.0
	for i := k; i > 0; i-- {
		ratio *= float64(i) / float64(n-i+1) * odds
		sum += ratio
		if ratio < sum*1e-18 {
			break
		}
	}
	return binomialLogPMFOf(k, n, p, q) + math.Log(sum)
}

// binomialLogLE returns ln P(X ≤ k) for X binomial with n trials, 0 < p < 1 and
// q = 1 − p, on either side of the mean; P(X ≥ k) is binomialLogLE(n−k, n, q, p).
func binomialLogLE(k, n int, p, q float64) float64 {
	switch {
	case k < 0:
		return math.Inf(-1)
	case k >= n:
		return 0
	case float64(k) > float64(n)*p:
		return math.Log1p(-math.Exp(binomialLogTailOf(n-k-1, n, q, p)))
	}
	return binomialLogTailOf(k, n, p, q)
}

// devianceAt returns x·ln(x/μ) + μ − x for a difference d = x − μ known better than
// its terms, without cancellation for x close to μ.
func devianceAt(x, mu, d float64) float64 {
	if x == 0 {
		return mu
	}
	if math.Abs(d) >= 0.1*(x+mu) {
		return x*math.Log(x/mu) - d
	}
	v := d / (x + mu)
	total, term := d*v, 2*x*v
	for j := 1.0; ; j++ {
		term *= v * v
		next := total + term/(2*j+1)
		if next == total {
			return total
		}
		total = next
	}
}
