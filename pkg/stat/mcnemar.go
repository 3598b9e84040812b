package stat

import (
	"fmt"
	"math"
	"math/bits"
)

// McNemarExact tests whether two proportions measured on the same items are
// equal, given the items on which they differ: b that only the first got right
// and c that only the second did [1]. Under the null hypothesis b is binomial
// with n = b + c trials and probability ½; the two-sided p-value is
//
//	min(1, 2·P(X ≤ min(b, c)))
//
// exact for any number of items. The statistic is min(b, c); N is b + c, the
// pairs that bear on the question. Without any, p is 1, with a warning.
//
// Up to 62 pairs it is a ratio of whole numbers, correctly rounded; above, it is
// computed in logarithms by a saddle-point expansion, so it keeps twelve digits for
// millions of pairs and far below the smallest float64. It panics on a negative
// count.
//
// [1] McNemar (1947), Psychometrika 12 (2): 153-157.
func McNemarExact(b, c int) Result {
	if b < 0 || c < 0 {
		panic(fmt.Sprintf("stat: discordant pairs %d and %d", b, c))
	}
	low := min(b, c)
	out := Result{Test: "mcnemar_exact", Statistic: float64(low), N: []int{b + c}}
	switch {
	case b+c == 0:
		out.Warnings = []string{"no pair differs: the test has nothing to go by"}
		return out.withP(0)
	case b-c >= -1 && b-c <= 1:
		return out.withP(0) // half of the distribution or more lies on either side
	}
	if p, ok := fairTail(low, b+c); ok {
		out.P, out.LogP = 2*p, math.Log(2*p)
		return out
	}
	return out.withP(math.Ln2 + binomialLogTail(low, b+c, 0.5))
}

// fairTail returns P(X ≤ k) for X binomial with n trials and probability ½, rounded
// once, where its numerator fits 64 bits.
func fairTail(k, n int) (float64, bool) {
	if n > 62 {
		return 0, false
	}
	sum, term := uint64(0), uint64(1)
	for i := 0; ; i++ {
		sum += term
		if i == k {
			return math.Ldexp(float64(sum), -n), true
		}
		hi, lo := bits.Mul64(term, uint64(n-i))
		term, _ = bits.Div64(hi, lo, uint64(i+1))
	}
}

// McNemarTest tests whether two proportions measured on the same items are equal,
// from the fourfold table
//
//	             second yes   second no
//	first yes         a            b
//	first no          c            d
//
// whose rows are the first condition, the control. Only the b + c discordant items
// bear on the question: given their number, c is binomial with probability ½ under
// the null hypothesis. Greater means that the second has the greater proportion,
// c > b. Methods:
//
//   - exact (default): two-sided min(1, 2·P(X ≤ min(b, c))) [1];
//   - midp: the same less the probability of the outcome observed, which [2] found
//     to hold its level in practice and to be less conservative;
//   - asymptotic: (b − c)²/(b + c) is chi-squared with one degree of freedom;
//   - asymptotic_corrected: with max(0, |b − c| − 1) in place of |b − c| [3].
//
// The statistic is min(b, c), or chi-squared. The interval is that of
// RiskDifferencePaired, turned about: the proportion of the second minus that of
// the first, (c − b)/n. The effect is the conditional odds ratio b/c, which like
// all ratios follows the order of the table, first to second, with the exact
// interval π/(1−π) of the Clopper–Pearson bounds π of b/(b+c); where c is 0 it has
// no finite estimate and is left out. Without discordant pairs p is 1, with a
// warning.
//
// [1] McNemar (1947), Psychometrika 12 (2): 153-157.
// [2] Fagerland, Lydersen, Laake (2013), BMC Medical Research Methodology 13: 91.
// [3] Edwards (1948), Psychometrika 13 (3): 185-187.
func McNemarTest(table [][]float64, o Options) (Result, error) {
	const test = "mcnemar"
	o, err := o.resolve(test, "exact", "midp", "asymptotic", "asymptotic_corrected")
	if err != nil {
		return Result{}, err
	}
	f, err := checkFourfold(test, table, maxTrials)
	if err != nil {
		return Result{}, err
	}
	interval := RiskDifferencePaired(f.a, f.c, f.b, f.d, o.Level)
	interval.Warnings = nil
	out := Result{Test: test, Method: o.Method, Alternative: o.Alternative, Interval: &interval, N: []int{f.n()},
		Effect: pairedOddsRatio(f, o.Level), Details: []Detail{{"discordant", float64(f.b + f.c)}}}
	logP := 0.0
	switch o.Method {
	case "exact", "midp":
		out.Statistic = float64(min(f.b, f.c))
		logP = mcnemarExactLogP(f, o)
	default:
		gap := math.Abs(float64(f.c - f.b))
		if o.Method == "asymptotic_corrected" {
			gap = math.Max(0, gap-1)
		}
		out.DF = []float64{1}
		if f.b+f.c > 0 {
			z := math.Copysign(gap/math.Sqrt(float64(f.b+f.c)), float64(f.c-f.b))
			out.Statistic = gap * gap / float64(f.b+f.c)
			logP = scoreLogP(z, o.Alternative)
		}
		if f.b+f.c < 25 {
			out.Warnings = append(out.Warnings, fmt.Sprintf("only %d pairs differ: the asymptotic test is approximate", f.b+f.c))
		}
	}
	if f.b+f.c == 0 {
		out.Warnings = []string{"no pair differs: the test has nothing to go by"}
	} else if out.Effect == nil {
		out.Warnings = append(out.Warnings, "no item is a yes in the second condition alone: the odds ratio is infinite and left out")
	}
	return out.withP(logP), nil
}

// mcnemarExactLogP returns the logarithm of the exact or mid-p value.
func mcnemarExactLogP(f fourfold, o Options) float64 {
	n := f.b + f.c
	if n == 0 {
		return 0
	}
	// k is the count whose lower tail speaks against the null hypothesis.
	k, sides := f.b, 0.0
	switch o.Alternative {
	case Less:
		k = f.c
	case TwoSided:
		if k, sides = min(f.b, f.c), math.Ln2; o.Method == "exact" && 2*k+1 >= n {
			return 0 // half of the distribution or more lies on either side
		}
	}
	logP := binomialLogLE(k, n, 0.5, 0.5)
	if o.Method == "midp" {
		logP += math.Log1p(-0.5 * math.Exp(math.Min(0, binomialLogPMF(k, n, 0.5)-logP)))
	}
	return math.Min(0, sides+logP)
}

// pairedOddsRatio returns b/c with its exact interval, or nil where it is not
// finite.
func pairedOddsRatio(f fourfold, level float64) *Effect {
	if f.c == 0 {
		return nil
	}
	share := ClopperPearson(f.b, f.b+f.c, level)
	out := Effect{Name: "odds_ratio_paired", Interval: Interval{Estimate: float64(f.b) / float64(f.c),
		Low: share.Low / (1 - share.Low), High: share.High / (1 - share.High),
		Level: level, Attained: level, N: f.b + f.c, Method: "clopper_pearson"}}
	if f.b > f.c { // from the shares of c, which are the smaller, for the sake of digits
		share = ClopperPearson(f.c, f.b+f.c, level)
		out.Low, out.High = (1-share.High)/share.High, (1-share.Low)/share.Low
	}
	return &out
}

// PairedTable counts two columns of 0 and 1, first and second condition of the
// same items, into the fourfold table of McNemarTest.
func PairedTable(first, second []float64) ([][]float64, error) {
	const test = "mcnemar"
	if len(first) != len(second) {
		return nil, refuse(test, Unpaired, min(len(first), len(second)), 0, "columns of %d and %d values are not pairs", len(first), len(second))
	}
	table := [][]float64{{0, 0}, {0, 0}}
	for i, v := range first {
		w := second[i]
		if (v != 0 && v != 1) || (w != 0 && w != 1) {
			return nil, refuse(test, Invalid, len(first), 0, "pair %d is %v and %v: want 0 (no) or 1 (yes)", i, v, w)
		}
		table[1-int(v)][1-int(w)]++
	}
	return table, nil
}
