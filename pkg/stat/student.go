package stat

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// studentLogP returns ln P(|T| ≥ |t|) for Student's distribution with df degrees
// of freedom, to about 1e-14 for any t and up to millions of degrees. With
// a = ν/2, x = ν/(ν+t²) and y = 1 − x the probability is I(x; a, ½) = 1 − I(y; ½, a);
// the second is a series of positive terms, quick for small t, the first a
// continued fraction, quick for large t. Neither takes differences of nearly
// equal numbers, as the textbook fraction does for many degrees of freedom.
func studentLogP(t, df float64) float64 {
	tt := t * t
	if tt <= 4 {
		return math.Log1p(-studentCentre(tt, df))
	}
	return studentLogTail(tt, df)
}

// studentCentre returns P(T² ≤ tt), the series of [1], 8.17.8:
//
//	I(y; ½, a) = 2·√y·xᵃ / B(½, a) · Σ yᵏ·(a+½)ₖ/(3/2)ₖ
//
// [1] NIST Digital Library of Mathematical Functions.
func studentCentre(tt, df float64) float64 {
	a, y := df/2, tt/(df+tt)
	sum, term := 1.0, 1.0
	for k := 0.0; term > sum*1e-18; k++ {
		term *= y * (a + 0.5 + k) / (1.5 + k)
		sum += term
	}
	return 2 * sum * math.Exp(studentLogFront(tt, df))
}

// studentLogTail returns ln P(T² ≥ tt) for tt > 1 by the even part of the
// continued fraction of I(x; a, b), in the form of [1], whose first term is
// λ = (a+b)y − b.
//
// [1] DiDonato, Morris (1992), algorithm 708, ACM TOMS 18 (3): 360-373.
func studentLogTail(tt, df float64) float64 {
	const b = 0.5
	a, x, y := df/2, df/(df+tt), tt/(df+tt)
	lambda := (a+b)*y - b
	c, c0, c1 := 1+lambda, b/a, 1+1/a
	a0, b0, a1, b1 := 0.0, 1.0, 1.0, c/c1
	ratio, p, s := c1/c, 1.0, a+1
	for n := 1.0; n < 10000; n++ {
		k, w, e := n/a, n*(b-n)*x, a/s
		alpha := p * (p + c0) * e * e * (w * x)
		e = (1 + k) / (c1 + 2*k)
		beta := n + w/s + e*(c+n*(1+y))
		p, s = 1+k, s+2
		a0, a1 = a1, alpha*a0+beta*a1
		b0, b1 = b1, alpha*b0+beta*b1
		last := ratio
		ratio = a1 / b1
		if math.Abs(ratio-last) <= 1e-16*ratio {
			break
		}
		// Only ratios count: keep the convergents near one.
		a0, b0, a1, b1 = a0/b1, b0/b1, ratio, 1
	}
	return studentLogFront(tt, df) + math.Log(ratio)
}

// studentLogFront returns ln(√y·xᵃ / B(a, ½)), the factor before either sum.
func studentLogFront(tt, df float64) float64 {
	return 0.5*math.Log(tt/(df+tt)) - df/2*math.Log1p(tt/df) + logGammaHalf(df/2) - 0.5*math.Log(math.Pi)
}

// logGammaHalf returns ln(Γ(a+½)/Γ(a)) by its asymptotic series, after raising a
// to where the series is exact to rounding; two log-gammas would lose the digits
// that they share.
func logGammaHalf(a float64) float64 {
	scale := 1.0
	for a < 32 {
		scale *= a / (a + 0.5)
		a++
	}
	r := 1 / (a * a)
	series := (-1.0/8 + r*(1.0/192+r*(-1.0/640+r*17.0/14336))) / a
	return 0.5*math.Log(a) + series + math.Log(scale)
}

// studentQuantile returns the t of a two-sided interval: P(|T| ≥ t) = 1 − level.
// Newton's method on the logarithm of the probability polishes a first value.
func studentQuantile(level, df float64) float64 {
	t := -distuv.StudentsT{Mu: 0, Sigma: 1, Nu: df}.Quantile((1 - level) / 2)
	target := math.Log(1 - level)
	for range 20 {
		logP := studentLogP(t, df)
		// The density of |T| is 2·xᵃ⁺½·Γ(a+½) / (Γ(a)·√(νπ)).
		logDensity := math.Ln2 - (df+1)/2*math.Log1p(t*t/df) + logGammaHalf(df/2) - 0.5*math.Log(df*math.Pi)
		step := (logP - target) * math.Exp(logP-logDensity)
		t += step
		if math.Abs(step) <= 1e-15*t {
			break
		}
	}
	return t
}
