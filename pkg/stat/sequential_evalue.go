package stat

import (
	"math"
	"slices"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// EValue tests the mean of observations in a range against o.Mu by betting (see
// MeanBet), looked at after every observation. The statistic is the natural
// logarithm of the e-value after the last; the p-value, which holds at any time
// of stopping, is 1 over the greatest e-value on the way. The detail stopped_at
// is the observation, from 1, at which the e-value first reached 1/α = 1/(1 −
// level), 0 if it never did. Mu must lie inside the range.
//
// Observations need not be independent: it is enough that, given all before,
// each has the mean Mu under the null hypothesis.
func EValue(x []float64, r Range, o Options) (Result, error) {
	const test = "e_value"
	o, err := o.resolve(test, "betting")
	if err != nil {
		return Result{}, err
	}
	u, err := r.unit(test, x, 1)
	if err != nil {
		return Result{}, err
	}
	mu := (o.Mu - r.Low) / (r.High - r.Low)
	if !(mu > 0 && mu < 1) {
		return Result{}, badOption(test, "mu %v is not inside the range %v to %v", o.Mu, r.Low, r.High)
	}
	bet := NewMeanBet(mu, 1-o.Level, o.Alternative)
	var path ePath
	for _, v := range u {
		bet.Add(v)
		path.add(bet.LogE(), 1-o.Level)
	}
	mean, _, err := moments(test, x, 1)
	if err != nil {
		return Result{}, err
	}
	out := path.result(test, len(x), o)
	out.Interval = &Interval{Estimate: mean, N: len(x)}
	return out, finite(test, len(x), out.Statistic)
}

// ePath follows an e-value: its last logarithm, the greatest so far, and when it
// first reached 1/α.
type ePath struct {
	n, stopped int
	last, most float64
}

func (p *ePath) add(logE, alpha float64) {
	p.n++
	p.last, p.most = logE, math.Max(p.most, logE)
	if p.stopped == 0 && logE >= -math.Log(alpha) {
		p.stopped = p.n
	}
}

// result is the test of an e-value.
func (p *ePath) result(test string, n int, o Options) Result {
	out := Result{Test: test, Method: o.Method, Alternative: o.Alternative, Statistic: p.last, N: []int{n},
		Details: []Detail{{"log_e", p.last}, {"greatest_log_e", p.most}, {"stopped_at", float64(p.stopped)}}}
	return out.withP(-p.most)
}

// EValuePaired tests whether two conditions are right equally often on the same
// items, given as 0 and 1 in the order in which they came: an anytime-valid
// McNemar test. Only items on which the conditions differ count. With b of them
// in favour of the treatment and c against, the e-value is the likelihood ratio
// of a Beta(1/2, 1/2) mixture of probabilities to one half [1],
//
//	E = 2^(b+c) B(1/2 + b, 1/2 + c) / B(1/2, 1/2)
//
// and, where the alternative is greater or less, that of the mixture above or
// below one half. Statistic, p and details are as for EValue; the estimate is
// the difference of the shares, treatment minus control.
//
// [1] Robbins (1970), The Annals of Mathematical Statistics 41 (5): 1397-1409,
// with the mixture of Krichevsky, Trofimov (1981), IEEE Transactions on
// Information Theory 27 (2): 199-207.
func EValuePaired(x, y []float64, o Options) (Result, error) {
	const test = "e_value"
	o, err := o.resolve(test, "beta_binomial")
	if err != nil {
		return Result{}, err
	}
	switch {
	case len(x) != len(y):
		return Result{}, refuse(test, Unpaired, min(len(x), len(y)), 0, "samples of %d and %d are not pairs", len(x), len(y))
	case len(x) == 0:
		return Result{}, refuse(test, TooFew, 0, 1, "no pairs")
	case o.Mu != 0:
		return Result{}, badOption(test, "the null hypothesis is that both are right equally often: mu must be 0")
	}
	var bet PairedBet
	bet.Alternative = o.Alternative
	var path ePath
	for i := range x {
		if x[i] != 0 && x[i] != 1 || y[i] != 0 && y[i] != 1 {
			return Result{}, refuse(test, Invalid, len(x), 0, "pair %d is (%v, %v): want 0 or 1", i, x[i], y[i])
		}
		bet.Add(y[i] - x[i])
		path.add(bet.LogE(), 1-o.Level)
	}
	out := path.result(test, len(x), o)
	n := float64(len(x))
	out.Interval = &Interval{Estimate: float64(bet.For)/n - float64(bet.Against)/n, N: len(x)}
	out.Details = append(out.Details, Detail{"for", float64(bet.For)}, Detail{"against", float64(bet.Against)})
	return out, nil
}

// PairedBet is a gambler against the hypothesis that, where two conditions
// differ, either is as often the right one. Its zero value is ready, two-sided.
type PairedBet struct {
	Alternative  Alternative
	For, Against int
	logE         float64 // of either side
}

// Add takes the next item: 1 if only the treatment was right, -1 if only the
// control was, 0 if they agree.
func (b *PairedBet) Add(difference float64) {
	n := float64(b.For + b.Against)
	switch {
	case difference > 0:
		b.logE += math.Log(2 * (0.5 + float64(b.For)) / (1 + n))
		b.For++
	case difference < 0:
		b.logE += math.Log(2 * (0.5 + float64(b.Against)) / (1 + n))
		b.Against++
	}
}

// LogE returns the natural logarithm of the e-value now.
func (b *PairedBet) LogE() float64 {
	above := dist.Beta{A: 0.5 + float64(b.For), B: 0.5 + float64(b.Against)}
	switch b.Alternative {
	case Greater:
		return b.logE + math.Ln2 + above.LogSF(0.5)
	case Less:
		return b.logE + math.Ln2 + above.LogCDF(0.5)
	}
	return b.logE
}

// MergeE merges e-values of one null hypothesis, such as those of several
// metrics or of repeated experiments [1]. Method "mean" takes the arithmetic
// mean, which is an e-value whatever their dependence, and no other symmetric
// way is better then; "product" multiplies, which needs independence (or that
// each was begun after the one before ended). The statistic is the natural logarithm of the result, and the p-value 1
// over the result.
//
// [1] Vovk, Wang (2021), The Annals of Statistics 49 (3): 1736-1754.
func MergeE(e []float64, o Options) (Result, error) {
	const test = "merge_e"
	o, err := o.resolveTwoSided(test, "mean", "product")
	if err != nil {
		return Result{}, err
	}
	if len(e) == 0 {
		return Result{}, refuse(test, TooFew, 0, 1, "no e-values")
	}
	if err := checkFinite(test, e); err != nil {
		return Result{}, err
	}
	for i, v := range e {
		if v < 0 {
			return Result{}, refuse(test, Invalid, len(e), 0, "e-value %d is %v: it is never negative", i, v)
		}
	}
	logE := math.Inf(-1)
	if n := float64(len(e)); o.Method == "mean" {
		logE = math.Log(sum(e, func(v float64) float64 { return v / n }))
	} else if !slices.Contains(e, 0) {
		logE = sum(e, math.Log)
	}
	if math.IsInf(logE, -1) {
		return Result{}, refuse(test, Invalid, len(e), 0, "the merged e-value is 0: it says nothing against the hypothesis, and never will")
	}
	out := Result{Test: test, Method: o.Method, Alternative: o.Alternative, Statistic: logE, N: []int{len(e)}, Details: []Detail{{"log_e", logE}}}
	return out.withP(-math.Max(logE, 0)), nil
}
