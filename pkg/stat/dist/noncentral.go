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
// terms would cancel, the tail is an integral over the variance's root S; where it
// is neither small nor far out, that is quicker for all,
//
//	P(T ≤ t) = E Φ(t·S − Delta).
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
	}
	if r, ok := newChiRule(d.DF, t); ok {
		if lower, upper = r.normalTails(t, d.Delta); lower > ruleTail && upper > ruleTail {
			if lower < upper {
				lower = math.Log(lower)
				return lower, log1mExp(lower)
			}
			upper = math.Log(upper)
			return log1mExp(upper), upper
		}
	}
	return d.farTails(t)
}

// farTails returns the tails where they are small or the rule for S has no use.
func (d NoncentralT) farTails(t float64) (lower, upper float64) {
	switch {
	case d.Delta < 0:
		upper, lower = NoncentralT{d.DF, -d.Delta}.farTails(-t)
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
// falls with p. It is ±Inf where it lies beyond ±1e7.
func NoncentralTDelta(t, df, p float64) float64 {
	if !(df >= leastRoot) || !(p > 0 && p < 1) || t-t != 0 {
		return math.NaN()
	}
	r, ok := newChiRule(df, t)
	if p > 0.5 {
		return -deltaBelow(r, ok, -t, df, 1-p) // exact for these p
	}
	return deltaBelow(r, ok, t, df, p)
}

// NoncentralTDeltas returns the deltas with P(T ≥ t) = q and with P(T ≤ t) = q,
// for q ≤ ½: the interval for delta that each side misses with that probability.
func NoncentralTDeltas(t, df, q float64) (low, high float64) {
	if !(df >= leastRoot) || !(q > 0 && q <= 0.5) || t-t != 0 {
		return math.NaN(), math.NaN()
	}
	r, ok := newChiRule(df, t)
	return -deltaBelow(r, ok, -t, df, q), deltaBelow(r, ok, t, df, q)
}

func deltaBelow(r chiRule, ok bool, t, df, p float64) float64 {
	delta := deltaFor(r, ok, t, df, p)
	if math.Abs(delta) >= maxDelta*(1-1e-9) {
		return math.Copysign(math.Inf(1), delta)
	}
	return delta
}

// deltaFor returns the delta with P(T ≤ t) = p ≤ ½, by the rule if it is ok.
func deltaFor(r chiRule, ok bool, t, df, p float64) float64 {
	z := (Normal{}).Quantile(p)
	if df > maxDF {
		return t - z
	}
	// As though tS were normal.
	mean := math.Exp(LogGammaHalf(df/2) - 0.5*math.Log(df/2))
	start := math.Max(-maxDelta/2, math.Min(maxDelta/2, t*mean-z*math.Hypot(1, t*math.Sqrt(math.Max(0, 1-mean*mean)))))
	if ok && p > ruleTail {
		if delta, ok := r.delta(t, p, start); ok {
			return delta
		}
	}
	return root(func(delta float64) float64 { return math.Log(p) - logCDF(NoncentralT{df, delta}, t) }, start, -maxDelta, maxDelta)
}
