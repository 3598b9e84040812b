package dist

import "math"

// Normal is the standard normal distribution.
type Normal struct{}

// normalLogSF returns ln P(Z > z), for any z to full relative precision of the
// probability: from the complementary error function, and beyond where that
// underflows from the continued fraction of the ratio of tail to density [1, 7.9.4].
//
// [1] NIST Digital Library of Mathematical Functions.
func normalLogSF(z float64) float64 {
	switch {
	case z < -1:
		return math.Log1p(-0.5 * math.Erfc(-z/math.Sqrt2))
	case z < 5:
		return math.Log(0.5 * math.Erfc(z/math.Sqrt2))
	}
	return normalLogPDF(z) + math.Log(mills(z))
}

// mills returns P(Z > z)/φ(z) for z ≥ 5.
func mills(z float64) float64 {
	f := 0.0
	for k := math.Ceil(10 + 600/(z*z)); k > 0; k-- {
		f = k / (z + f)
	}
	return 1 / (z + f)
}

// normalSF returns P(Z > z), to z²·1e-16 and without what is below 1e-300.
func normalSF(z float64) float64 { return 0.5 * math.Erfc(z/math.Sqrt2) }

// normalLogPDF returns ln φ(z).
func normalLogPDF(z float64) float64 { return -0.5*z*z - halfLog2Pi }

func (Normal) tails(z float64) (lower, upper float64) {
	return normalLogSF(-z), normalLogSF(z)
}

func (Normal) valid() bool { return true }

func (Normal) support() (low, high float64) { return math.Inf(-1), math.Inf(1) }

func (Normal) central(c float64) float64 { return math.Sqrt2 * math.Erfinv(c) }

func (Normal) start(logP float64, upper bool) float64 {
	z := normalQuantile(logP)
	if !upper {
		return -z
	}
	return z
}

// normalQuantile returns the z with ln P(Z > z) = logQ, for logQ ≤ ln ½: Halley
// steps on the logarithm from the first terms of its expansion.
func normalQuantile(logQ float64) float64 {
	if math.IsInf(logQ, -1) {
		return math.Inf(1)
	}
	// A first value of [1, 26.2.22], good to 0.003; beyond, the asymptotic one.
	// [1] Abramowitz, Stegun (1964), Handbook of Mathematical Functions.
	t := math.Sqrt(-2 * logQ)
	z := t - (2.30753+0.27061*t)/(1+t*(0.99229+t*0.04481))
	if t > 40 {
		z = math.Sqrt(math.Max(0, t*t-math.Log(2*math.Pi*(t*t-math.Log(2*math.Pi*t*t)))))
	}
	for range 6 {
		l := normalLogSF(z)
		rate := math.Exp(normalLogPDF(z) - l) // −d ln SF / dz
		step := (l - logQ) / rate
		// The second derivative of ln SF is −rate·(rate − z).
		step /= 1 + step*(rate-z)/2
		if math.IsNaN(step) {
			break
		}
		z += step
		if math.Abs(step) <= 1e-9*math.Abs(z) {
			break // the next step would be below rounding
		}
	}
	return z
}
