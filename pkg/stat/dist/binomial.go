package dist

import "math"

// Binomial is the number of successes in N ≥ 0 independent trials of
// probability P in [0, 1]. P(X ≤ k) = I(1−P; N−k, k+1).
type Binomial struct {
	N int64
	P float64
}

func (d Binomial) valid() bool { return d.N >= 0 && d.N <= 1<<53 && d.P >= 0 && d.P <= 1 }

func (d Binomial) support() (low, high float64) { return 0, float64(d.N) }

func (d Binomial) tails(x float64) (lower, upper float64) {
	k, n := math.Floor(x), float64(d.N)
	switch {
	case d.P == 0:
		return 0, math.Inf(-1)
	case d.P == 1:
		return math.Inf(-1), 0
	}
	upper, lower = betaAt(k+1, n-k, d.P).tails()
	return lower, upper
}

// LogPMF returns ln P(X = k), by the saddle-point expansion of [1]: its error
// does not grow with N as that of three log-gammas does. It is −Inf outside of
// [0, N].
//
// [1] Loader (2000), Fast and Accurate Computation of Binomial Probabilities.
func (d Binomial) LogPMF(k int64) float64 {
	n, x := float64(d.N), float64(k)
	switch {
	case !d.valid():
		return math.NaN()
	case k < 0 || k > d.N || d.P == 0 && k > 0 || d.P == 1 && k < d.N:
		return math.Inf(-1)
	case k == 0:
		return n * math.Log1p(-d.P)
	case k == d.N:
		return n * math.Log(d.P)
	}
	y := n - x
	distance := math.FMA(n, d.P, -x)
	return 0.5*math.Log(n/x/y) - halfLog2Pi +
		StirlingError(n) - StirlingError(x) - StirlingError(y) -
		deviance(x, distance, math.Log(d.P)+math.Log(n/x)) - deviance(y, -distance, math.Log1p(-d.P)+math.Log(n/y))
}

// Quantile returns the least k with P(X ≤ k) ≥ p.
func (d Binomial) Quantile(p float64) float64 { return wholeQuantile(d, p) }

// InvSF returns the least k with P(X > k) ≤ q.
func (d Binomial) InvSF(q float64) float64 { return wholeInvSF(d, q) }

// slack is how much of a probability counts as rounding where the quantile of a
// distribution on whole numbers is looked for.
const slack = 1e-13

// wholeQuantile returns the least whole x with P(X ≤ x) ≥ p.
func wholeQuantile(l law, p float64) float64 {
	if !(p >= 0 && p <= 1) || !l.valid() {
		return math.NaN()
	}
	if p > 0.5 {
		return wholeInvSF(l, 1-p)
	}
	target := math.Log(p) - slack
	return leastWhole(l, func(x float64) bool { return logCDF(l, x) >= target })
}

// wholeInvSF returns the least whole x with P(X > x) ≤ q.
func wholeInvSF(l law, q float64) float64 {
	if !(q >= 0 && q <= 1) || !l.valid() {
		return math.NaN()
	}
	if q > 0.5 {
		return wholeQuantile(l, 1-q)
	}
	target := math.Log(q) + slack
	return leastWhole(l, func(x float64) bool { return logSF(l, x) <= target })
}

// leastWhole returns the least whole number of the support for which reached
// holds; it holds for all above too.
func leastWhole(l law, reached func(float64) bool) float64 {
	low, high := l.support()
	if reached(low) {
		return low
	}
	for high-low > 1 { // not reached at low, reached at high
		middle := math.Floor(low + (high-low)/2)
		if reached(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	return high
}
