package stat

import (
	"math"
	"slices"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// exactPairs is up to how many pairs an exact rank correlation is the default.
const exactPairs = 12

// Spearman tests whether two variables measured on the same items rise together,
// by the correlation ρ of their ranks [1], equal values sharing the mean of
// theirs. The estimate is ρ, the statistic S = (n³ − n)(1 − ρ)/6, without ties the
// sum of squared differences of ranks. The interval is that of Bonett and Wright [2],
// tanh(artanh ρ ± z·√((1 + ρ²/2)/(n−3))). The methods:
//
//   - auto (default): exact up to 12 pairs, else t.
//   - exact: the share of all n! ways to pair the ranks, ties included, in which ρ
//     is as far out (for two sides: |ρ| is). It is counted by ways to have used up
//     the values so far, and refused where that takes too long: beyond some 14
//     pairs without ties, later with many.
//   - t: ρ·√((n−2)/(1−ρ²)) as Student's t with n − 2 degrees of freedom. Where |ρ|
//     is 1 exactly the p-value is exact too.
//   - edgeworth: the series of algorithm AS 89 [3] for S without ties, better than t
//     for 10 to some hundred pairs; it errs by 1e-4 or so and cannot say more of
//     smaller p-values, for which t takes its place.
//
// It refuses unequal lengths, fewer than three pairs, a variable that does not
// vary, and values that are not finite.
//
// [1] Spearman (1904), American Journal of Psychology 15 (1): 72-101.
// [2] Bonett, Wright (2000), Psychometrika 65 (1): 23-28.
// [3] Best, Roberts (1975), Applied Statistics 24 (3): 377-379.
func Spearman(x, y []float64, o Options) (Result, error) {
	const test = "spearman"
	o, err := o.resolve(test, "auto", "exact", "t", "edgeworth")
	if err == nil {
		err = o.withoutMu(test)
	}
	if err != nil {
		return Result{}, err
	}
	rx, ry, tx, ty, err := pairedRanks(test, x, y, 3)
	if err != nil {
		return Result{}, err
	}
	n := float64(len(x))
	a, b := centredRanks(rx), centredRanks(ry)
	product, xx, yy := dot(a, b), dot(a, a), dot(b, b)
	rho := product / math.Sqrt(xx) / math.Sqrt(yy)
	// 1 − ρ² from whole numbers: exactly 0 where the ranks agree.
	square := float64(product * product)
	rest := math.Max(0, math.FMA(xx, yy, -square)+math.FMA(-product, product, square)) / xx / yy
	if rest == 0 {
		rho = math.Copysign(1, product)
	}
	tied := len(tx) < len(x) || len(ty) < len(y)
	distance := (n*n*n - n) / 6 * (1 - rho)
	if !tied {
		distance = (xx - product) / 2
	}
	out := Result{Test: test, Alternative: o.Alternative, Statistic: distance, N: []int{len(x)},
		Interval: fisherInterval(rho, rest, 1+rho*rho/2, n-3, o.Level, len(x))}
	if out.Interval.Level > 0 {
		out.Interval.Method = "bonett_wright"
	}
	out.Method = o.Method
	if o.Method == "auto" {
		out.Method = "t"
		if len(x) <= exactPairs {
			out.Method = "exact"
		}
	}
	switch out.Method {
	case "exact":
		logP, err := exactPairing(test, tx, ty, spearmanGain, int(product), int(math.Sqrt(xx)*math.Sqrt(yy))+2, o.Alternative)
		return out.withP(logP), err
	case "edgeworth":
		if tied {
			return Result{}, refuse(test, Invalid, len(x), 0, "the series of method edgeworth is for values without ties: use exact or t")
		}
		logP, ok := edgeworthLogP(n, out.Statistic, o.Alternative)
		if ok {
			return out.withP(logP), nil
		}
		out.Method = "t"
		out.Warnings = append(out.Warnings, "the series of method edgeworth does not reach so small a p-value: it is that of t")
	}
	if rest == 0 {
		out.Method = "exact"
		return out.withP(extremeLogP(tx, ty, rho, o.Alternative)), nil
	}
	t := rho * math.Sqrt((n-2)/rest)
	d := dist.T{DF: n - 2}
	out.DF = []float64{n - 2}
	return out.withP(direction(o.Alternative, d.LogCDF(t), d.LogSF(t))), nil
}

// centredRanks returns twice the ranks less n + 1: whole numbers with sum 0.
func centredRanks(ranks []float64) []float64 {
	out := make([]float64, len(ranks))
	for i, r := range ranks {
		out[i] = 2*r - float64(len(ranks)+1)
	}
	return out
}

// extremeLogP returns ln p of ranks that agree exactly or are exactly opposite.
// Of the n! pairings the product of the factorials of the ties gives the same; as
// many give the opposite if the sizes of the ties read the same from both ends.
func extremeLogP(tx, ty []int, rho float64, a Alternative) float64 {
	if a == Greater && rho < 0 || a == Less && rho > 0 {
		return 0
	}
	logP, n := 0.0, 0
	for _, t := range tx {
		g, _ := math.Lgamma(float64(t + 1))
		logP += g
		n += t
	}
	g, _ := math.Lgamma(float64(n + 1))
	logP -= g
	turned := slices.Clone(ty)
	if rho > 0 {
		slices.Reverse(turned)
	}
	if a == TwoSided && slices.Equal(tx, turned) {
		logP += math.Ln2
	}
	return math.Min(0, logP)
}

// edgeworthLogP returns ln p of S for n pairs without ties, and whether the series
// gives a probability there.
func edgeworthLogP(n, s float64, a Alternative) (float64, bool) {
	upper, lower := edgeworthTail(n, s), edgeworthTail(n, (n*n*n-n)/3-s)
	// ρ is great where S is small.
	var p float64
	switch a {
	case Greater:
		p = lower
	case Less:
		p = upper
	default:
		p = math.Min(1, 2*math.Min(lower, upper))
	}
	return math.Log(math.Min(p, 1)), p > 1e-6
}

// edgeworthTail returns P(S ≥ s), by the coefficients of AS 89. S is even; the
// statistic is corrected for continuity.
func edgeworthTail(n, s float64) float64 {
	if s <= 0 {
		return 1
	}
	b := 1 / n
	x := (6*(s-1)*b/(n*n-1) - 1) * math.Sqrt(n-1)
	y := x * x
	u := x * b * (0.2274 + b*(0.2531+0.1745*b) +
		y*(-0.0758+b*(0.1033+0.3932*b)-y*b*(0.0879+0.0151*b-y*(0.0072-0.0831*b+y*b*(0.0131-4.6e-4*y)))))
	return u/math.Exp(y/2) + dist.Normal{}.SF(x)
}
