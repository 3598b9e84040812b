package dist

import "math"

// ln(2π)/2.
const halfLog2Pi = 0.91893853320467274178

// Degrees of freedom and shapes outside of these are not valid; where +Inf is
// valid, what is above maxDF counts as that.
const (
	minDF = 1e-4
	maxDF = 1e15
	// leastRoot is the least of those that are integrated over: for fewer the root
	// of χ² spreads over too many powers of ten.
	leastRoot = 0.1
)

// validDF reports whether a distribution has finite degrees of freedom, or a
// shape, that it can be computed for.
func validDF(df float64) bool { return df >= minDF && df <= maxDF }

// log1pmx returns ln(1+v) − v for v > −1, without the cancellation of the two
// for small v: with r = v/(2+v) it is −r·v + 2·(r³/3 + r⁵/5 + …).
func log1pmx(v float64) float64 {
	if v < -0.6 || v > 1.5 {
		return math.Log1p(v) - v
	}
	r := v / (2 + v)
	rr := r * r
	sum, power := 0.0, rr
	for k := 3.0; ; k += 2 {
		next := sum + power/k
		if next == sum {
			break
		}
		sum, power = next, power*rr
	}
	return r * (2*sum - v)
}

// expm1mx returns eˢ − 1 − s, without the cancellation for small s.
func expm1mx(s float64) float64 {
	if s < -0.7 || s > 0.7 {
		return math.Expm1(s) - s
	}
	sum, term := 0.0, s*s/2
	for k := 3.0; ; k++ {
		next := sum + term
		if next == sum {
			return sum
		}
		sum, term = next, term*s/k
	}
}

// log1mExp returns ln(1 − eˣ) for x ≤ 0: the logarithm of the complement of the
// probability eˣ.
func log1mExp(x float64) float64 {
	if x > -math.Ln2 {
		return math.Log(-math.Expm1(x))
	}
	return math.Log1p(-math.Exp(x))
}

// anyOf returns 1 − (1−q)ⁿ: the probability that one of n independent events of
// probability q happens. That of twice as many is a·(2−a).
func anyOf(q float64, n int) float64 {
	sum := 0.0
	for q = math.Min(q, 1); ; q *= 2 - q {
		if n&1 != 0 {
			sum += q * (1 - sum)
		}
		if n >>= 1; n == 0 {
			return sum
		}
	}
}

// logAdd returns ln(eˣ + eʸ).
func logAdd(x, y float64) float64 {
	if x < y {
		x, y = y, x
	}
	if math.IsInf(x, 0) || math.IsInf(y, -1) {
		return x
	}
	return x + math.Log1p(math.Exp(y-x))
}

// StirlingError returns δ(x) = ln Γ(x+1) − ln(√(2πx)·(x/e)ˣ) for x > 0, what
// Stirling's formula lacks [1, 5.11.1].
//
// [1] NIST Digital Library of Mathematical Functions.
func StirlingError(x float64) float64 {
	if x < 1 {
		g, _ := math.Lgamma(x + 1)
		return g - (x+0.5)*math.Log(x) + x - halfLog2Pi
	}
	// δ(x) = δ(x+1) + (x+½)·ln(1+1/x) − 1 up to where the series is exact to rounding.
	shift := 0.0
	for x < 16 {
		v := 1 / x
		shift += 0.5*v + (x+0.5)*log1pmx(v)
		x++
	}
	xx := x * x
	return shift + (1.0/12-(1.0/360-(1.0/1260-(1.0/1680-(1.0/1188-691.0/360360/xx)/xx)/xx)/xx)/xx)/x
}

// Deviance returns x·ln(x/μ) + μ − x for x ≥ 0 and μ > 0, without cancellation
// for x close to μ.
func Deviance(x, mu float64) float64 {
	if x == 0 {
		return mu
	}
	return deviance(x, mu-x, math.Log(mu/x))
}

// LogGammaHalf returns ln(Γ(a+½)/Γ(a)) for a > 0; two log-gammas would lose the
// digits that they share.
func LogGammaHalf(a float64) float64 {
	// By Stirling's formula for Γ(a+½) = Γ(b+1) and Γ(a) = Γ(a+1)/a, b = a − ½, or
	// by their difference where a is too small for it.
	if a < 1.5 {
		return LogGammaHalf(a+1) + math.Log(a/(a+0.5))
	}
	b := a - 0.5
	// (b+½)·ln b − b − (a+½)·ln a + a + ln a = a·ln(b/a) + ½ + ½·ln a
	v := -0.5 / a
	return a*log1pmx(v) + 0.5*math.Log(a) + StirlingError(b) - StirlingError(a)
}

// deviance returns a·ln(a/(a+d)) + d for a > 0 and a + d ≥ 0: the deviance of a
// count a from its mean a + d, never negative. logRatio is ln((a+d)/a); it
// counts where a + d is so small that d has lost it.
func deviance(a, d, logRatio float64) float64 {
	if v := d / a; v > -0.6 && v < 1e3 {
		return -a * log1pmx(v)
	}
	return d - a*logRatio
}

// logGamma returns ln Γ(a) for a > 0, to a few units in the last place relative
// to the larger of 1 and the result.
func logGamma(a float64) float64 {
	g, _ := math.Lgamma(a)
	return g
}
