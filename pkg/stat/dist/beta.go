package dist

import "math"

// betaPoint is where an incomplete beta function I(x; a, b) is wanted: x and
// y = 1 − x, both to full relative precision, with their logarithms, and
// d = (a+b)·x − a, how far x lies above the mean, without cancellation.
type betaPoint struct {
	a, b, x, y, logX, logY, d float64
}

// betaAt returns the point of x in [0, 1], d computed in extended precision.
func betaAt(a, b, x float64) betaPoint {
	y := 1 - x
	return betaPoint{a: a, b: b, x: x, y: y, logX: math.Log(x), logY: math.Log1p(-x), d: betaDistance(a, b, x)}
}

// betaDistance returns (a+b)·x − a with a single rounding of the product's sum.
func betaDistance(a, b, x float64) float64 {
	n := a + b
	lost := (math.Min(a, b) - (n - math.Max(a, b))) * x
	return math.FMA(n, x, -a) + lost
}

// betaRatio returns the point of odds x/y = w ≥ 0, with d = scale·(w − mode)/(1 + w)
// left to the caller, who knows it best.
func betaRatio(a, b, w, logW, d float64) betaPoint {
	p := betaPoint{a: a, b: b, x: w / (1 + w), y: 1 / (1 + w), d: d}
	if w > 1 {
		p.x = 1 / (1 + 1/w)
		p.logX = -math.Log1p(1 / w)
		p.logY = p.logX - logW
	} else {
		p.logY = -math.Log1p(w)
		p.logX = logW + p.logY
	}
	return p
}

// swap returns the point of I(y; b, a) = 1 − I(x; a, b).
func (p betaPoint) swap() betaPoint {
	return betaPoint{a: p.b, b: p.a, x: p.y, y: p.x, logX: p.logY, logY: p.logX, d: -p.d}
}

// tails returns ln I(x; a, b) and ln(1 − I(x; a, b)), the smaller from a sum of
// positive terms, so that it keeps its digits however small it is:
//
//	series      xᵃyᵇ/(a·B(a,b)) · Σ xⁿ(a+b)ₙ/(a+1)ₙ          away from the mean
//	fraction    the even part of the continued fraction of [1]  else
//	integral    of the density over the logit                for large a and b
//
// [1] DiDonato, Morris (1992), algorithm 708, ACM TOMS 18 (3): 360-373.
func (p betaPoint) tails() (lower, upper float64) {
	if p.d > 0 {
		upper, lower = p.swap().tails()
		return lower, upper
	}
	if math.IsInf(p.logX, -1) {
		return math.Inf(-1), 0
	}
	front := p.logFront()
	switch {
	case math.Min(p.a, p.b) > quadratureFrom:
		lower = front + math.Log(p.integral())
	case p.x*(p.a+p.b) <= 0.75*(p.a+1) || p.b <= 1 && p.x <= 0.75:
		lower = front - math.Log(p.a) + math.Log(p.series())
	case p.b < 3 && p.a*p.y < 3 && p.a >= 1:
		// The upper tail is not small here, and its series is short.
		upper = math.Min(0, front-math.Log(p.b)+math.Log(p.swap().series()))
		return log1mExp(upper), upper
	case p.b <= 1 && p.a <= 1:
		lower = front - math.Log(p.a) + math.Log(p.series())
	default:
		lower = front + math.Log(p.fraction())
	}
	lower = math.Min(0, lower)
	if lower > -0.05 && p.y < 0.9 {
		// Far from symmetric: the other tail is the small one all the same.
		upper = math.Min(0, front-math.Log(p.b)+math.Log(p.swap().series()))
		return lower, upper
	}
	return lower, log1mExp(lower)
}

// logFront returns ln(xᵃyᵇ/B(a,b)) by the saddle-point expansion of [1].
//
// [1] Loader (2000), Fast and Accurate Computation of Binomial Probabilities.
func (p betaPoint) logFront() float64 {
	n := p.a + p.b
	return 0.5*(math.Log(p.a)+math.Log(p.b/n)) - halfLog2Pi +
		StirlingError(n) - StirlingError(p.a) - StirlingError(p.b) -
		deviance(p.a, p.d, p.logX+math.Log(n/p.a)) - deviance(p.b, -p.d, p.logY+math.Log(n/p.b))
}

// series returns Σ xⁿ(a+b)ₙ/(a+1)ₙ.
func (p betaPoint) series() float64 {
	sum, term := 1.0, 1.0
	for k := 0.0; term > sum*1e-17 && k < 1e6; k++ {
		term *= p.x * ((p.a + p.b + k) / (p.a + 1 + k))
		sum += term
	}
	return sum
}

// fraction returns I(x; a, b)·B(a,b)/(xᵃyᵇ) by a continued fraction whose first
// term is λ = (a+b)y − b = −d, so that nothing cancels near the mean.
func (p betaPoint) fraction() float64 {
	a, b, x, y, lambda := p.a, p.b, p.x, p.y, -p.d
	c, c0, c1 := 1+lambda, b/a, 1+1/a
	a0, b0, a1, b1 := 0.0, 1.0, 1.0, c/c1
	ratio, k1, s := c1/c, 1.0, a+1
	for n := 1.0; n < 10000; n++ {
		k, w, e := n/a, n*(b-n)*x, a/s
		alpha := k1 * (k1 + c0) * e * e * (w * x)
		e = (1 + k) / (c1 + 2*k)
		beta := n + w/s + e*(c+n*(1+y))
		k1, s = 1+k, s+2
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
	return ratio
}

// integral returns I(x; a, b)·B(a,b)/(xᵃyᵇ) for x at or below the mean as
//
//	∫ exp(−|d|·s − n·ψ(s)) ds over s > 0,  ψ(s) = ln(1 + x(e⁻ˢ − 1)) + x·s,
//
// the density over the logit, s below that of x, against its value at x. ψ is
// taken from whichever of x and y is at most ½, where its parts do not cancel.
func (p betaPoint) integral() float64 {
	n, slope := p.a+p.b, math.Abs(p.d)
	least, sign := p.x, -1.0
	if p.x > 0.5 {
		least, sign = p.y, 1
	}
	h := func(s float64) float64 {
		s *= sign
		if s > 40 { // ln(1 + y(eˢ − 1)) = s + ln y + …
			return sign*slope*s + n*(s+math.Log(least)+math.Log1p((1-least)/least*math.Exp(-s))-least*s)
		}
		return sign*slope*s + n*(log1pmx(least*math.Expm1(s))+least*expm1mx(s))
	}
	return fallingIntegral(h, slope, n*p.x*p.y)
}
