package stat

import (
	"errors"
	"math"
)

// OneSampleT tests whether the mean of a population is mu, Student's test [1]:
//
//	t = (x̄ − mu) / (s/√n) with n − 1 degrees of freedom
//
// The interval is that of the mean, always two-sided, also beside a one-sided
// test. The test is exact for independent normal observations, and close for a
// large n of others; strong skewness needs the larger n.
//
// It refuses fewer than two observations, values that are not finite, and samples
// that do not vary. Against no variation there is nothing to compare with. The effect is
// Cohen's d about mu.
//
// [1] Student (1908), Biometrika 6 (1): 1-25.
func OneSampleT(x []float64, o Options) (Result, error) {
	const test = "one_sample_t"
	o, err := o.resolve(test, "student")
	if err != nil {
		return Result{}, err
	}
	return withEffect(oneSampleT(test, x, o))(CohensD1(x, o.Mu, Options{Level: o.Level}))
}

// PairedT tests whether the mean of the differences y − x of pairs is mu, by
// Student's test for one sample of differences:
//
//	t = (d̄ − mu) / (s/√n) with n − 1 degrees of freedom
//
// What the two measurements of an item have in common cancels, so the interval
// is shorter than one that takes the samples for independent. What must be normal
// are the differences. The effect is Cohen's d_z. It refuses samples of unequal length, and otherwise what
// OneSampleT refuses, of the differences.
func PairedT(x, y []float64, o Options) (Result, error) {
	const test = "paired_t"
	o, err := o.resolve(test, "student")
	if err != nil {
		return Result{}, err
	}
	d, err := differences(test, x, y)
	if err != nil {
		return Result{}, err
	}
	return withEffect(oneSampleT(test, d, o))(CohensDz(x, y, Options{Level: o.Level}))
}

// withEffect adds a size to a result; where there is none the result says why.
func withEffect(r Result, err error) func(Effect, error) (Result, error) {
	return func(e Effect, none error) (Result, error) {
		switch {
		case err != nil:
			return Result{}, err
		case none != nil:
			r.Warnings = append(r.Warnings, "no size of the effect: "+none.Error())
		default:
			r.Effect = &e
		}
		return r, nil
	}
}

// StudentT tests whether the means of two populations of equal variance differ by
// mu, with the pooled variance [1]:
//
//	t = (ȳ − x̄ − mu) / (s·√(1/n₁ + 1/n₂)),  s² = Σ(nᵢ−1)sᵢ² / (n₁+n₂−2)
//
// with n₁ + n₂ − 2 degrees of freedom. It is exact for independent normal samples
// of equal variance. Where the variances differ and the sizes, too, its errors are
// far from what they claim to be: prefer WelchT, which loses next to nothing where
// they are equal.
//
// It refuses fewer than two observations in a group, values that are not finite,
// and data without variation within either group. The effect is Cohen's d.
//
// [1] Fisher (1925), Statistical Methods for Research Workers, section 24.1.
func StudentT(x, y []float64, o Options) (Result, error) {
	const test = "student_t"
	o, err := o.resolve(test, "pooled")
	if err != nil {
		return Result{}, err
	}
	return withEffect(twoSampleT(test, x, y, o, pooledError))(CohensD(x, y, Options{Level: o.Level}))
}

// WelchT tests whether the means of two populations differ by mu, whatever their
// variances [1]:
//
//	t = (ȳ − x̄ − mu) / √(v₁ + v₂),  vᵢ = sᵢ²/nᵢ
//
// with the degrees of freedom of Satterthwaite [2],
//
//	ν = (v₁ + v₂)² / (v₁²/(n₁−1) + v₂²/(n₂−1))
//
// between the smaller nᵢ − 1 and n₁ + n₂ − 2. The reference distribution is an
// approximation, good from about five normal observations in a group.
//
// It refuses fewer than two observations in a group, values that are not finite,
// and data without variation within either group. The effect is Hedges' g, in units
// of the pooled standard deviation.
//
// [1] Welch (1947), Biometrika 34 (1-2): 28-35.
// [2] Satterthwaite (1946), Biometrics Bulletin 2 (6): 110-114.
func WelchT(x, y []float64, o Options) (Result, error) {
	const test = "welch_t"
	o, err := o.resolve(test, "welch")
	if err != nil {
		return Result{}, err
	}
	return withEffect(twoSampleT(test, x, y, o, welchError))(HedgesG(x, y, Options{Level: o.Level}))
}

// tEstimate is an estimate with what Student's distribution needs to judge it.
type tEstimate struct {
	// estimate is the estimate less mu; value the estimate.
	shift, value, se, df float64
}

// oneSampleT is OneSampleT under another name.
func oneSampleT(test string, x []float64, o Options) (Result, error) {
	e, err := meanEstimate(test, x, o.Mu)
	if err != nil {
		return Result{}, err
	}
	return e.result(test, []int{len(x)}, o)
}

// meanEstimate returns the mean of a sample.
func meanEstimate(test string, x []float64, mu float64) (tEstimate, error) {
	c, err := centred(test, x, 2)
	if err != nil {
		return tEstimate{}, err
	}
	e := tEstimate{shift: (c.first - mu) + c.centre, value: c.first + c.centre,
		se: math.Sqrt(c.variance / c.n), df: c.n - 1}
	return e, varies(test, e.se, x)
}

// twoSampleT tests a difference of means with the standard error that is given.
func twoSampleT(test string, x, y []float64, o Options, spread func(a, b centredMean) (se, df float64)) (Result, error) {
	e, err := differenceEstimate(test, x, y, o.Mu, spread)
	if err != nil {
		return Result{}, err
	}
	return e.result(test, []int{len(x), len(y)}, o)
}

// differenceEstimate returns the mean of y minus that of x.
func differenceEstimate(test string, x, y []float64, mu float64, spread func(a, b centredMean) (se, df float64)) (tEstimate, error) {
	a, err := centredGroup(test, "first", x)
	if err != nil {
		return tEstimate{}, err
	}
	b, err := centredGroup(test, "second", y)
	if err != nil {
		return tEstimate{}, err
	}
	e := tEstimate{value: b.minus(a), shift: (b.first - a.first - mu) + (b.centre - a.centre)}
	e.se, e.df = spread(a, b)
	return e, varies(test, e.se, x, y)
}

// centredGroup returns the moments of a group, and says of which it refuses them.
func centredGroup(test, which string, x []float64) (centredMean, error) {
	c, err := centred(test, x, 2)
	var r *Refusal
	if errors.As(err, &r) {
		r.Detail = "the " + which + " group: " + r.Detail
	}
	return c, err
}

// pooledError returns the standard error of a difference of means with the pooled
// variance, and its degrees of freedom.
func pooledError(a, b centredMean) (se, df float64) {
	df = a.n + b.n - 2
	pooled := a.variance*((a.n-1)/df) + b.variance*((b.n-1)/df)
	return math.Sqrt(pooled * (1/a.n + 1/b.n)), df
}

// welchError returns the standard error of a difference of means with the
// variance of each, and the degrees of freedom of Satterthwaite.
func welchError(a, b centredMean) (se, df float64) {
	v, w := a.variance/a.n, b.variance/b.n
	// In shares of the sum no square can overflow or vanish.
	p, q := v/(v+w), w/(v+w)
	return math.Sqrt(v + w), 1 / (p*p/(a.n-1) + q*q/(b.n-1))
}

// tooSmall is a standard error so small that its square has lost digits.
const tooSmall = 1e-150

// varies refuses a standard error of nothing.
func varies(test string, se float64, samples ...[]float64) error {
	if se >= tooSmall {
		return nil
	}
	n, constant := 0, true
	for _, x := range samples {
		n += len(x)
		for _, v := range x {
			constant = constant && v == x[0]
		}
	}
	what := "the observations vary by too little to compute with: multiply them by a constant"
	if constant {
		what = "the observations do not vary, so there is nothing to compare the mean with; with counts or shares use a test for proportions"
	}
	return refuse(test, Constant, n, 0, "%s", what)
}

// result returns the test of shift = 0 and the interval about value.
func (e tEstimate) result(test string, n []int, o Options) (Result, error) {
	r := Result{Test: test, Method: o.Method, Alternative: o.Alternative, N: n,
		Statistic: e.shift / e.se, DF: []float64{e.df},
		Details: []Detail{{"standard_error", e.se}}}
	r.Interval = e.interval(o.Level, o.Method)
	total := 0
	for _, k := range n {
		total += k
	}
	if err := finite(test, total, e.shift, e.se, r.Statistic, r.Interval.Low, r.Interval.High); err != nil {
		return Result{}, err
	}
	r.Interval.N = total
	return r.withP(tLogP(r.Statistic, e.df, o.Alternative)), nil
}

// interval returns Student's interval.
func (e tEstimate) interval(level float64, method string) *Interval {
	half := studentQuantile(level, e.df) * e.se
	return &Interval{Estimate: e.value, Low: e.value - half, High: e.value + half, Level: level, Method: method}
}

// tLogP returns the logarithm of the p-value of Student's t.
func tLogP(t, df float64, alternative Alternative) float64 {
	both := studentLogP(t, df)
	switch {
	case alternative == TwoSided:
		return both
	case (alternative == Greater) == (t > 0):
		return both - math.Ln2
	}
	return math.Log1p(-math.Exp(both) / 2)
}
