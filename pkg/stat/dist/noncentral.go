package dist

import "math"

// NoncentralChiSquared is the distribution of a sum of DF squared normal
// variables whose squared means add up to Lambda ≥ 0.
type NoncentralChiSquared struct{ DF, Lambda float64 }

func (d NoncentralChiSquared) valid() bool {
	return ChiSquared{d.DF}.valid() && validLambda(d.Lambda)
}

func validLambda(lambda float64) bool { return lambda >= 0 && lambda <= maxLambda }

// maxLambda and maxDelta bound noncentrality; above them results are NaN.
const (
	maxLambda = 1e14
	maxDelta  = 1e7
	// tiny stands for 0 where a ratio of numbers that underflow would be taken.
	tiny = 1e-290
)

func (d NoncentralChiSquared) support() (low, high float64) { return 0, math.Inf(1) }

func (d NoncentralChiSquared) tails(x float64) (lower, upper float64) {
	if d.Lambda < tiny {
		return ChiSquared{d.DF}.tails(x)
	}
	if x < tiny { // only the first term counts
		lower, _ = ChiSquared{d.DF}.tails(x)
		return lower - d.Lambda/2, log1mExp(lower - d.Lambda/2)
	}
	return mixtureTails(gammaMixture(d.Lambda/2, d.DF/2, x/2, math.Log(x)-math.Ln2))
}

func (d NoncentralChiSquared) start(logP float64, upper bool) float64 {
	// A scaled chi-squared of the same mean and variance, after Patnaik.
	scale := (d.DF + 2*d.Lambda) / (d.DF + d.Lambda)
	df := (d.DF + d.Lambda) / scale
	return scale * ChiSquared{df}.start(logP, upper)
}

// NoncentralF is the distribution of the ratio of a noncentral chi-squared over
// D1 to a central one over D2.
type NoncentralF struct{ D1, D2, Lambda float64 }

func (d NoncentralF) valid() bool {
	return validDF(d.D1) && d.D2 >= minDF && validLambda(d.Lambda)
}

func (d NoncentralF) support() (low, high float64) { return 0, math.Inf(1) }

func (d NoncentralF) tails(x float64) (lower, upper float64) {
	switch {
	case d.D2 > maxDF:
		return NoncentralChiSquared{d.D1, d.Lambda}.tails(d.D1 * x)
	case d.Lambda < tiny:
		return F{d.D1, d.D2}.tails(x)
	case x*(d.D1/d.D2) < tiny:
		lower, _ = F{d.D1, d.D2}.tails(x)
		return lower - d.Lambda/2, log1mExp(lower - d.Lambda/2)
	}
	return mixtureTails(betaMixture(d.Lambda/2, 0, d.D1/2, fPoint(x, d.D1, d.D2)))
}

func (d NoncentralF) start(float64, bool) float64 { return 1 + d.Lambda/d.D1 }

// NoncentralT is the distribution of (Z + Delta)/√(χ²/DF). DF may be +Inf.
//
// With m = Delta²/2 and y = t²/(ν+t²), for t and Delta of one sign,
//
//	P(0 < T ≤ t) = ½ Σ mⁱe⁻ᵐ/Γ(i+1) · I(y; i+½, ν/2)   over i = 0, ½, 1, …
//
// all terms positive [1], and likewise above t. Where the signs differ and the
// terms would cancel, the tail is an integral over the variance's root.
//
// [1] Lenth (1989), algorithm AS 243, Applied Statistics 38 (1): 185-189.
type NoncentralT struct{ DF, Delta float64 }

func (d NoncentralT) valid() bool {
	return d.DF >= leastRoot && math.Abs(d.Delta) <= maxDelta
}

func (d NoncentralT) support() (low, high float64) { return math.Inf(-1), math.Inf(1) }

func (d NoncentralT) tails(t float64) (lower, upper float64) {
	switch {
	case d.DF > maxDF:
		return Normal{}.tails(t - d.Delta)
	case d.Delta == 0:
		return T{d.DF}.tails(t)
	case d.Delta < 0:
		upper, lower = NoncentralT{d.DF, -d.Delta}.tails(-t)
		return lower, upper
	case t < 0:
		lower = d.opposite(-t)
		return lower, log1mExp(lower)
	case t*t/d.DF < tiny:
		return Normal{}.tails(-d.Delta)
	}
	m := d.Delta * d.Delta / 2
	if m < tiny {
		return T{d.DF}.tails(t)
	}
	p := squaredRatio(t, d.DF)
	sum := func(upper bool) float64 {
		return math.Min(0, logAdd(betaMixture(m, 0, 0.5, p).logSum(upper), betaMixture(m, 0.5, 1, p).logSum(upper))-math.Ln2)
	}
	if upper = sum(true); upper < -1 {
		return log1mExp(upper), upper
	}
	lower = math.Min(0, logAdd(normalLogSF(d.Delta), sum(false)))
	return lower, log1mExp(lower)
}

// opposite returns ln P(T ≤ −t) for t > 0 and Delta > 0: that of Z < −Delta − t·S
// with S the root of χ²/ν.
func (d NoncentralT) opposite(t float64) float64 {
	return chiIntegral(d.DF, outsideStart(d.DF, t, 0.5), func(s float64) float64 { return normalLogSF(d.Delta + t*s) })
}

func (d NoncentralT) start(logP float64, upper bool) float64 {
	z := normalQuantile(logP)
	if !upper {
		z = -z
	}
	return d.Delta + z*math.Sqrt(1+d.Delta*d.Delta/(2*d.DF))
}

// NoncentralTDelta returns the delta with P(T ≤ t) = p for the noncentral t: it
// falls with p, and p near 0 and 1 give the bounds of an interval for delta. It is
// ±1e7 where it lies beyond.
func NoncentralTDelta(t, df, p float64) float64 {
	if !(df >= leastRoot) || !(p > 0 && p < 1) || t-t != 0 {
		return math.NaN()
	}
	f := tailGap(p, func(delta float64) law { return NoncentralT{df, delta} }, t)
	z := (Normal{}).Quantile(p)
	start := math.Max(-maxDelta/2, math.Min(maxDelta/2, t-z*math.Sqrt(1+t*t/(2*df))))
	return math.Max(-maxDelta, math.Min(maxDelta, root(f, start, -maxDelta, maxDelta)))
}

// NoncentralFLambda returns the lambda ≥ 0 with P(F ≤ f) = p for the noncentral
// F: 0 where even the central distribution has P(F ≤ f) ≤ p.
func NoncentralFLambda(f, d1, d2, p float64) float64 {
	if !(NoncentralF{D1: d1, D2: d2}).valid() || !(p > 0 && p < 1) || !(f >= 0) || math.IsInf(f, 1) {
		return math.NaN()
	}
	return lambdaFor(tailGap(p, func(l float64) law { return NoncentralF{d1, d2, l} }, f), d1*f)
}

// NoncentralChiSquaredLambda returns the lambda ≥ 0 with P(X ≤ x) = p for the
// noncentral chi-squared: 0 where even the central distribution has P(X ≤ x) ≤ p.
func NoncentralChiSquaredLambda(x, df, p float64) float64 {
	if !(ChiSquared{df}).valid() || !(p > 0 && p < 1) || !(x >= 0) || math.IsInf(x, 1) {
		return math.NaN()
	}
	return lambdaFor(tailGap(p, func(l float64) law { return NoncentralChiSquared{df, l} }, x), x)
}

func lambdaFor(f func(float64) float64, start float64) float64 {
	if f(0) >= 0 {
		return 0
	}
	return math.Min(maxLambda, root(f, math.Min(math.Max(start, 1e-3), maxLambda/2), 0, maxLambda))
}

// tailGap returns an increasing function of a parameter that is 0 where
// P(X ≤ x) = p, compared in the smaller tail.
func tailGap(p float64, of func(float64) law, x float64) func(float64) float64 {
	return func(parameter float64) float64 {
		lower, upper := both(of(parameter), x)
		if p <= 0.5 {
			return math.Log(p) - lower
		}
		return upper - math.Log1p(-p)
	}
}
