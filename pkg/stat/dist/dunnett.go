package dist

import "math"

// Dunnett is the distribution of the largest of several Student variables with a
// common denominator and correlations Lambda[i]·Lambda[j]: comparisons of
// treatments with one control, for which Lambda[i] = √(nᵢ/(n₀+nᵢ)) [1]. Lambda
// lies within (−1, 1); DF may be +Inf. Given the common factor z and the root s
// of the variance the variables are independent, which leaves two integrals.
//
// CDF, SF and the quantiles are those of max|Tᵢ|; the methods with OneSided in
// their name those of max Tᵢ.
//
// [1] Dunnett (1955), JASA 50 (272): 1096-1121.
type Dunnett struct {
	Lambda []float64
	DF     float64
}

func (d Dunnett) valid() bool {
	if len(d.Lambda) == 0 || !(d.DF >= minDF) {
		return false
	}
	for _, l := range d.Lambda {
		if !(l > -1 && l < 1) {
			return false
		}
	}
	return true
}

func (d Dunnett) support() (low, high float64) { return 0, math.Inf(1) }

func (d Dunnett) tails(x float64) (lower, upper float64) {
	if x == 0 {
		return math.Inf(-1), 0
	}
	upper = math.Min(0, chiIntegral(d.DF, func(s float64) float64 {
		return d.overFactor(x*s, func(z float64) float64 {
			sum := 0.0
			for _, l := range d.Lambda {
				c := math.Sqrt((1 - l) * (1 + l))
				sum += math.Log1p(-math.Min(1, normalSF((x*s-l*z)/c)+normalSF((x*s+l*z)/c)))
			}
			return math.Log(-math.Expm1(sum))
		})
	}))
	return log1mExp(upper), upper
}

// overFactor returns ln E exp(f(Z)).
func (d Dunnett) overFactor(w float64, f func(z float64) float64) float64 {
	end := math.Abs(w) + 9
	total, top := 0.0, math.Inf(-1)
	const points = 400
	var values [2*points + 1]float64
	for i := range values {
		z := end * float64(i-points) / points
		values[i] = normalLogPDF(z) + f(z)
		top = math.Max(top, values[i])
	}
	if math.IsInf(top, -1) {
		return top
	}
	for _, v := range values {
		total += math.Exp(v - top)
	}
	return top + math.Log(total*end/points)
}

// oneSided is the law of max Tᵢ.
type oneSided struct{ Dunnett }

func (d oneSided) support() (low, high float64) { return math.Inf(-1), math.Inf(1) }

func (d oneSided) tails(x float64) (lower, upper float64) {
	upper = math.Min(0, chiIntegral(d.DF, func(s float64) float64 {
		return d.overFactor(x*s, func(z float64) float64 {
			sum := 0.0
			for _, l := range d.Lambda {
				c := math.Sqrt((1 - l) * (1 + l))
				sum += normalLogSF((l*z - x*s) / c)
			}
			return math.Log(-math.Expm1(sum))
		})
	}))
	return log1mExp(upper), upper
}

// OneSidedCDF returns P(max Tᵢ ≤ x).
func (d Dunnett) OneSidedCDF(x float64) float64 { return cdf(oneSided{d}, x) }

// OneSidedSF returns P(max Tᵢ > x).
func (d Dunnett) OneSidedSF(x float64) float64 { return sf(oneSided{d}, x) }

// OneSidedLogCDF returns ln P(max Tᵢ ≤ x).
func (d Dunnett) OneSidedLogCDF(x float64) float64 { return logCDF(oneSided{d}, x) }

// OneSidedLogSF returns ln P(max Tᵢ > x).
func (d Dunnett) OneSidedLogSF(x float64) float64 { return logSF(oneSided{d}, x) }

// OneSidedQuantile returns the x with P(max Tᵢ ≤ x) = p.
func (d Dunnett) OneSidedQuantile(p float64) float64 { return quantile(oneSided{d}, p) }

// OneSidedInvSF returns the x with P(max Tᵢ > x) = q.
func (d Dunnett) OneSidedInvSF(q float64) float64 { return invSF(oneSided{d}, q) }
