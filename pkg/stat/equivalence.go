package stat

import (
	"math"
)

// TOST tests whether the difference of two means, y − x, lies inside the margins
// low < high, by two one-sided tests [1]:
//
//	t₁ = (d − low)/se,  t₂ = (d − high)/se,  p = max(P(T ≥ t₁), P(T ≤ t₂))
//
// A small p-value speaks for equivalence. That no difference is found says nothing
// of the kind. The margins are in the units of the data, and are chosen before it
// is seen: the greatest difference that would not matter.
//
// The interval has the level 1 − 2α = 2·level − 1, such as 0.90 for the default:
// p is below α = 1 − level exactly where the interval lies within the margins. The
// statistic is that of the two that is nearer to 0. Details hold both.
//
// Methods: welch, student (equal variances) and paired, as of WelchT, StudentT and
// PairedT, which also say what is refused. It refuses margins that are not in
// order, an alternative, mu, and levels of 1/2 and below, too.
//
// [1] Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15 (6):
// 657-680.
func TOST(x, y []float64, low, high float64, o Options) (Result, error) {
	const test = "tost"
	o, err := marginOptions(test, o, "welch", "student", "paired")
	if err != nil {
		return Result{}, err
	}
	e, n, err := meansEstimate(test, x, y, o.Method)
	if err != nil {
		return Result{}, err
	}
	return e.equivalence(test, n, low, high, o)
}

// TOSTOneSample tests whether a mean lies inside the margins low < high, as TOST
// does for a difference. Its method is one_sample.
func TOSTOneSample(x []float64, low, high float64, o Options) (Result, error) {
	const test = "tost"
	o, err := marginOptions(test, o, "one_sample")
	if err != nil {
		return Result{}, err
	}
	e, err := meanEstimate(test, x, 0)
	if err != nil {
		return Result{}, err
	}
	return e.equivalence(test, []int{len(x)}, low, high, o)
}

// NonInferiorityT tests whether a treatment is worse than a control by less than
// the margin, in the units of the data: a margin above 0 forgives some loss, one
// of 0 asks for superiority, one below for superiority by that much. Where higher
// values are better the null hypothesis is that y − x ≤ −margin, else that y − x ≥
// margin:
//
//	t = (d + margin)/se, large for higher is better
//	t = (d − margin)/se, small for lower is better
//
// The interval has the level 2·level − 1: p is below 1 − level exactly where the
// interval stays on the good side of the margin. Methods, and what is refused, are
// as of TOST.
func NonInferiorityT(x, y []float64, margin float64, higherIsBetter bool, o Options) (Result, error) {
	const test = "noninferiority"
	o, err := marginOptions(test, o, "welch", "student", "paired")
	if err != nil {
		return Result{}, err
	}
	if margin-margin != 0 {
		return Result{}, badOption(test, "margin %v is not finite", margin)
	}
	e, n, err := meansEstimate(test, x, y, o.Method)
	if err != nil {
		return Result{}, err
	}
	o.Alternative = Less
	if higherIsBetter {
		margin, o.Alternative = -margin, Greater
	}
	level := o.Level
	o.Level = 2*level - 1
	e.shift -= margin
	r, err := e.result(test, n, o)
	r.Details = append(r.Details, Detail{"bound", margin})
	return r, err
}

// marginOptions checks the options of tests against margins.
func marginOptions(test string, o Options, methods ...string) (Options, error) {
	o, err := o.resolve(test, methods...)
	switch {
	case err != nil:
		return o, err
	case o.Mu != 0:
		return o, badOption(test, "the margins say what mu would: leave mu at 0")
	case o.Level <= 0.5:
		return o, badOption(test, "level %v leaves no interval: it must be above 0.5", o.Level)
	}
	return o, o.onlyTwoSided(test)
}

// meansEstimate returns the difference of two means by one of the methods.
func meansEstimate(test string, x, y []float64, method string) (tEstimate, []int, error) {
	n := []int{len(x), len(y)}
	switch method {
	case "paired":
		d, err := differences(test, x, y)
		if err != nil {
			return tEstimate{}, nil, err
		}
		e, err := meanEstimate(test, d, 0)
		return e, n[:1], err
	case "student":
		e, err := differenceEstimate(test, x, y, 0, pooledError)
		return e, n, err
	}
	e, err := differenceEstimate(test, x, y, 0, welchError)
	return e, n, err
}

// equivalence returns the two one-sided tests of an estimate.
func (e tEstimate) equivalence(test string, n []int, low, high float64, o Options) (Result, error) {
	if !(low < high) || low-low != 0 || high-high != 0 {
		return Result{}, badOption(test, "margins from %v to %v are not in order", low, high)
	}
	o.Level = 2*o.Level - 1
	above, below := e, e
	above.shift, below.shift = e.shift-low, e.shift-high
	o.Alternative = Greater
	first, err := above.result(test, n, o)
	if err != nil {
		return Result{}, err
	}
	o.Alternative = Less
	second, err := below.result(test, n, o)
	if err != nil {
		return Result{}, err
	}
	r := first
	if math.Abs(second.Statistic) < math.Abs(first.Statistic) {
		r.Statistic = second.Statistic
	}
	r.Alternative = ""
	r.Details = append(r.Details, Detail{"t_low", first.Statistic}, Detail{"p_low", first.P},
		Detail{"t_high", second.Statistic}, Detail{"p_high", second.P})
	r.Warnings = nil
	return r.withP(math.Max(first.LogP, second.LogP)), nil
}
