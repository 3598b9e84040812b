package stat

import (
	"math"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// QuantileSequence returns an interval for the quantile q of a distribution that
// may be looked at after every observation, from order statistics and with no
// assumption on the distribution. At the true quantile the number of
// observations below it is a sum of coin tosses with a chance of at most q, and
// the number up to it one of at least q. Against each of these stands a mixture
// of likelihood ratios over the chances beyond q,
//
//	E(k) = ∫ (p/q)ᵏ((1 − p)/(1 − q))ⁿ⁻ᵏ dπ(p)   π = Beta(cq, c(1 − q)), cut at q, c = 2
//
// an e-value at any time, and the interval holds the values for which neither
// has reached 2/α. It refuses as Unbounded where no observation bounds the
// quantile yet; for tails that takes more observations than at a fixed n.
//
// This is the method of mixtures for one quantile; for bounds of all quantiles
// at once see [1].
//
// [1] Howard, Ramdas (2022), Bernoulli 28 (3): 1704-1728.
func QuantileSequence(x []float64, q float64, o Options) (Result, error) {
	const test = "quantile_sequence"
	o, err := o.resolveTwoSided(test, "beta_binomial")
	if err != nil {
		return Result{}, err
	}
	if !(q >= 1e-6 && q <= 1-1e-6) {
		return Result{}, badOption(test, "quantile %v is outside [0.000001, 0.999999]", q)
	}
	sorted, err := sortedSample(test, x, q)
	if err != nil {
		return Result{}, err
	}
	n, goal := len(x), math.Log(2/(1-o.Level))
	low, high := quantileSequenceRanks(n, q, goal)
	out := Result{Test: test, Method: o.Method, N: []int{n}}
	if low < 1 || high > n {
		return Result{}, refuse(test, Unbounded, n, quantileSequenceNeed(q, goal), "no observation bounds the quantile %g at any time at level %g", q, o.Level)
	}
	out.Interval = &Interval{Estimate: quantileSorted(sorted, q), Low: sorted[low-1], High: sorted[high-1], Level: o.Level, N: n, Method: o.Method}
	out.Details = []Detail{{"low_rank", float64(low)}, {"high_rank", float64(high)}}
	return out, finite(test, n, out.Interval.Estimate)
}

// quantileSequenceRanks returns the ranks of the ends, 0 and n + 1 where there is
// none. That more than n − low observations exceed the quantile, or that high or
// more lie below it, has an e-value of exp(goal).
func quantileSequenceRanks(n int, q, goal float64) (low, high int) {
	low = leastRank(n, func(k int) bool { return quantileE(n-k, n, 1-q) < goal })
	return low, n + 1 - leastRank(n, func(k int) bool { return quantileE(n-k, n, q) < goal })
}

// quantileE is ln E of k of n tosses against a chance of at most q.
func quantileE(k, n int, q float64) float64 {
	const c = 2
	prior := dist.Beta{A: c * q, B: c * (1 - q)}
	a, b := float64(k), float64(n-k)
	after := dist.Beta{A: prior.A + a, B: prior.B + b}
	return logBeta(after.A, after.B) - logBeta(prior.A, prior.B) + after.LogSF(q) - prior.LogSF(q) - a*math.Log(q) - b*math.Log1p(-q)
}

func logBeta(a, b float64) float64 {
	x, _ := math.Lgamma(a)
	y, _ := math.Lgamma(b)
	z, _ := math.Lgamma(a + b)
	return x + y - z
}

// quantileSequenceNeed returns the least n with which both ends can be bounded.
func quantileSequenceNeed(q, goal float64) int {
	bounded := func(n int) bool { return quantileE(n, n, q) >= goal && quantileE(n, n, 1-q) >= goal }
	high := 1
	for !bounded(high) {
		high *= 2
	}
	return leastRank(high, bounded)
}
