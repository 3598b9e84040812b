package dist

import "math"

// StudentizedRange is the range of K ≥ 2 independent standard normal variables
// over the root of an independent χ²/DF. DF may be +Inf. Its upper tail is
// integrated as such: with Q(z) = P(Z > z), S the root of χ²/ν, and z the least
// of the K variables,
//
//	P(X > q) = E ∫ K·φ(z)·(Q(z)ᴷ⁻¹ − (Q(z) − Q(z+qS))ᴷ⁻¹) dz,
//
// the difference taken from the ratio of both [1].
//
// [1] Tukey (1953), The Problem of Multiple Comparisons; Hartley (1942),
// Biometrika 32: 334-348.
type StudentizedRange struct {
	K  int
	DF float64
}

func (d StudentizedRange) valid() bool { return d.K >= 2 && d.K <= 1e6 && d.DF >= minDF }

func (d StudentizedRange) support() (low, high float64) { return 0, math.Inf(1) }

func (d StudentizedRange) tails(q float64) (lower, upper float64) {
	if q == 0 {
		return math.Inf(-1), 0
	}
	upper = math.Min(0, chiIntegral(d.DF, func(s float64) float64 { return rangeLogSF(float64(d.K), q*s) }))
	if upper < -0.1 {
		return log1mExp(upper), upper
	}
	lower = math.Min(0, chiIntegral(d.DF, func(s float64) float64 { return rangeLogCDF(float64(d.K), q*s) }))
	return lower, log1mExp(lower)
}

// rangeLogSF returns ln P(range of k normal variables > w).
func rangeLogSF(k, w float64) float64 {
	return bumpSum(func(z float64) float64 {
		logQ := normalLogSF(z)
		ratio := math.Exp(normalLogSF(z+w) - logQ)
		fall := -math.Expm1((k - 1) * math.Log1p(-ratio))
		return normalLogPDF(z) + (k-1)*logQ + math.Log(fall)
	}, -w/2) + math.Log(k)
}

// rangeLogCDF returns ln P(range ≤ w).
func rangeLogCDF(k, w float64) float64 {
	return bumpSum(func(z float64) float64 {
		return normalLogPDF(z) + (k-1)*logNormalBetween(z, w)
	}, -w/2) + math.Log(k)
}

// logNormalBetween returns ln P(z < Z ≤ z+w).
func logNormalBetween(z, w float64) float64 {
	if w < 0.5 {
		// φ(middle)·∫ exp(−middle·v − v²/2) over |v| < w/2.
		middle := z + w/2
		return normalLogPDF(middle) + math.Log(rule20(func(v float64) float64 {
			return math.Exp(-v * (middle + v/2))
		}, -w/2, w/2))
	}
	if z < 0 && z+w > 0 {
		return math.Log1p(-(normalSF(-z) + normalSF(z+w)))
	}
	if z < 0 {
		z = -z - w
	}
	upper := normalLogSF(z)
	return upper + math.Log(-math.Expm1(normalLogSF(z+w)-upper))
}

// bumpSum returns ln ∫ exp(g) for a g with one top of about normal width.
func bumpSum(g func(float64) float64, start float64) float64 { return bumpIntegral(g, start, 0.5) }
