package stat

import (
	"math"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// Short names for what package dist computes.

// studentLogP returns ln P(|T| ≥ |t|) for Student's distribution with df degrees
// of freedom.
func studentLogP(t, df float64) float64 {
	return math.Min(0, math.Ln2+dist.T{DF: df}.LogSF(math.Abs(t)))
}

// studentQuantile returns the t of a two-sided interval: P(|T| ≥ t) = 1 − level.
func studentQuantile(level, df float64) float64 {
	return dist.T{DF: df}.InvSF((1 - level) / 2)
}

// logGammaHalf returns ln(Γ(a+½)/Γ(a)).
func logGammaHalf(a float64) float64 { return dist.LogGammaHalf(a) }

// binomialLogPMF returns the logarithm of the binomial probability of k
// successes in n trials.
func binomialLogPMF(k, n int, p float64) float64 {
	return dist.Binomial{N: int64(n), P: p}.LogPMF(int64(k))
}

// binomialLogTail returns ln P(X ≤ k) for X binomial with n trials.
func binomialLogTail(k, n int, p float64) float64 {
	return dist.Binomial{N: int64(n), P: p}.LogCDF(float64(k))
}

// binomialCDF returns P(X ≤ k) for X binomial with n trials.
func binomialCDF(k, n int, p float64) float64 {
	return dist.Binomial{N: int64(n), P: p}.CDF(float64(k))
}

// stirlingError returns ln n! − ln(√(2πn)·(n/e)ⁿ).
func stirlingError(n int) float64 { return dist.StirlingError(float64(n)) }

// deviance returns x·ln(x/μ) + μ − x.
func deviance(x, mu float64) float64 { return dist.Deviance(x, mu) }
