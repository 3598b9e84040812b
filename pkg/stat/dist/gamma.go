package dist

import "math"

// gammaTails returns the logarithms of the incomplete gamma functions P(a, x)
// and Q(a, x) = 1 − P(a, x), each from a sum of positive terms wherever it is
// the smaller of the two:
//
//	P = xᵃe⁻ˣ/Γ(a+1) · Σ xⁿ/((a+1)…(a+n))          below the mean, small a
//	Q = xᵃe⁻ˣ/Γ(a) · 1/(x+1−a+ 1(a−1)/(x+3−a+ …))   above the mean, small a
//
// and for large a from the integral of the density over s = ln(t/x),
//
//	xᵃe⁻ˣ/Γ(a) · ∫ exp(−|x−a|·s − x·(e^±s − 1 ∓ s)) ds  from 0,
//
// whose integrand is smooth and falls from 1 [1, 2].
//
// [1] DiDonato, Morris (1986), ACM TOMS 12 (4): 377-393.
// [2] NIST Digital Library of Mathematical Functions, 8.7, 8.9.
func gammaTails(a, x, logX float64) (lower, upper float64) {
	switch {
	case math.IsInf(logX, -1):
		return math.Inf(-1), 0
	case math.IsInf(x, 1):
		return 0, math.Inf(-1)
	}
	d := x - a
	front := logPoissonRaw(a, x, logX) // ln(xᵃe⁻ˣ/Γ(a+1))
	switch {
	case a > quadratureFrom:
		ratio := math.Log(a) + math.Log(gammaIntegral(a, x, d))
		if d <= 0 {
			lower = front + ratio
			return lower, log1mExp(math.Min(lower, 0))
		}
		upper = front + ratio
		return log1mExp(math.Min(upper, 0)), upper
	case d <= 0 || x < 1.5:
		sum, term := 1.0, 1.0
		for n := a + 1; term > sum*1e-17; n++ {
			term *= x / n
			sum += term
		}
		lower = math.Min(0, front+math.Log(sum))
		if upper = log1mExp(lower); upper < -2 && x > 0.7 {
			upper = math.Min(0, front+math.Log(a)+math.Log(gammaFraction(a, x)))
		}
		return lower, upper
	}
	upper = math.Min(0, front+math.Log(a)+math.Log(gammaFraction(a, x)))
	return log1mExp(upper), upper
}

// quadratureFrom is the parameter from which integrals are quicker than series.
const quadratureFrom = 150

// logPoissonRaw returns ln(xᵃe⁻ˣ/Γ(a+1)), the Poisson probability of a count a
// that need not be whole, by Loader's expansion [1].
//
// [1] Loader (2000), Fast and Accurate Computation of Binomial Probabilities.
func logPoissonRaw(a, x, logX float64) float64 {
	if a == 0 {
		return -x
	}
	return -StirlingError(a) - deviance(a, x-a, logX-math.Log(a)) - halfLog2Pi - 0.5*math.Log(a)
}

// gammaFraction returns Q(a, x)·Γ(a)·eˣ/xᵃ by Legendre's continued fraction, in
// the forward recurrence of its convergents' differences (Lentz's method).
func gammaFraction(a, x float64) float64 {
	b := x + 1 - a
	if b == 0 {
		b = tiny
	}
	c, d := 1/tiny, 1/b
	h := d
	for n := 1.0; n < 5000; n++ {
		an := -n * (n - a)
		b += 2
		if d = an*d + b; d == 0 {
			d = tiny
		}
		if c = b + an/c; c == 0 {
			c = tiny
		}
		d = 1 / d
		step := d * c
		h *= step
		if math.Abs(step-1) < 2e-16 {
			break
		}
	}
	return h
}

// gammaIntegral returns ∫ exp(−|d|s − x(e^±s − 1 ∓ s)) ds over s > 0, the upper
// sign above the mean.
func gammaIntegral(a, x, d float64) float64 {
	sign := 1.0
	if d <= 0 {
		sign = -1
	}
	slope := math.Abs(d)
	h := func(s float64) float64 { return slope*s + x*expm1mx(sign*s) }
	return fallingIntegral(h, slope, x)
}
