package stat

import (
	"math"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// Dunn compares the mean ranks of all pairs of groups after a Kruskal-Wallis test,
// from the ranks of all observations together [1]:
//
//	z = (R̄_b − R̄_a) / √((N(N+1)/12 − Σ(t³−t)/(12(N−1)))·(1/n_a + 1/n_b))
//
// with the correction for groups of t equal values. The estimates are differences
// of mean ranks. The method is the adjustment of the p-values, Holm's unless
// another is asked for: see Adjust. The intervals are those of Bonferroni, as Dunn
// proposed, which all hold at once, but for the method "none". z is approximately
// normal from about five observations in a group.
//
// [1] Dunn (1964), Technometrics 6 (3): 241-252.
func Dunn(groups [][]float64, o Options) (Result, error) {
	const test = "dunn"
	o, err := o.comparing(test, familywise...)
	if err != nil {
		return Result{}, err
	}
	r, err := rankTogether(test, groups)
	if err != nil {
		return Result{}, err
	}
	variance := r.variance()
	tail, method := simultaneous(o, pairsOf(len(groups)))
	critical := dist.Normal{}.InvSF(tail)
	return compareAll(test, len(groups), r.sizes, o, func(a, b int) (Comparison, error) {
		diff, se := r.mean[b]-r.mean[a], math.Sqrt(variance*r.inverse(a, b))
		return Comparison{A: a, B: b, Interval: about(diff, critical*se, o.Level, r.sizes[a]+r.sizes[b], method),
			Statistic: diff / se, LogP: math.Ln2 + dist.Normal{}.LogSF(math.Abs(diff/se))}, nil
	})
}

// Conover compares the mean ranks of all pairs of groups after a Kruskal-Wallis
// test by Student's distribution [1]:
//
//	t = (R̄_b − R̄_a) / √(S²·(N − 1 − H)/(N − k)·(1/n_a + 1/n_b))
//
// with N − k degrees of freedom, the variance S² of all ranks, and the statistic H
// of Kruskal and Wallis corrected for ties. It finds more than Dunn does, and is
// meant for use after H is significant. Estimates, methods and intervals are as in
// Dunn. It refuses groups that do not overlap at all and are each of equal values:
// then nothing is left to vary.
//
// [1] Conover, Iman (1979), technical report LA-7677-MS, Los Alamos.
func Conover(groups [][]float64, o Options) (Result, error) {
	const test = "conover"
	o, err := o.comparing(test, familywise...)
	if err != nil {
		return Result{}, err
	}
	r, err := rankTogether(test, groups)
	if err != nil {
		return Result{}, err
	}
	df := r.n - float64(len(groups))
	if df < 1 {
		return Result{}, refuse(test, TooFew, int(r.n), len(groups)+1, "no group has two observations")
	}
	// S²·(N − 1 − H) is the sum of squares of the ranks within groups.
	within := r.within()
	if within <= 0 {
		return Result{}, refuse(test, Constant, int(r.n), 0, "the ranks do not vary within groups")
	}
	tail, method := simultaneous(o, pairsOf(len(groups)))
	critical := dist.T{DF: df}.InvSF(tail)
	return compareAll(test, len(groups), r.sizes, o, func(a, b int) (Comparison, error) {
		diff, se := r.mean[b]-r.mean[a], math.Sqrt(within/df*r.inverse(a, b))
		return Comparison{A: a, B: b, Interval: about(diff, critical*se, o.Level, r.sizes[a]+r.sizes[b], method),
			Statistic: diff / se, DF: []float64{df}, LogP: twoSidedT(diff/se, df)}, nil
	})
}

// NemenyiGroups compares the mean ranks of all pairs of groups after a
// Kruskal-Wallis test by the studentized range of k groups with infinite degrees
// of freedom [1]:
//
//	q = |R̄_b − R̄_a| / √(N(N+1)/24·(1/n_a + 1/n_b))
//
// Ties are not corrected for, which makes it conservative: a warning says so.
// The intervals, of differences of mean ranks, hold all at once.
//
// [1] Nemenyi (1963), Distribution-free Multiple Comparisons, thesis, Princeton.
func NemenyiGroups(groups [][]float64, o Options) (Result, error) {
	const test = "nemenyi"
	o, err := o.comparing(test, "nemenyi")
	if err != nil {
		return Result{}, err
	}
	r, err := rankTogether(test, groups)
	if err != nil {
		return Result{}, err
	}
	out, err := nemenyi(test, r.mean, r.sizes, o, func(a, b int) (float64, int) {
		return math.Sqrt(r.n * (r.n + 1) / 24 * r.inverse(a, b)), r.sizes[a] + r.sizes[b]
	})
	return r.warnTies(out), err
}

// Nemenyi compares the mean ranks of all pairs of treatments after a Friedman
// test of n blocks and k treatments, by the studentized range with infinite
// degrees of freedom [1]:
//
//	q = |R̄_b − R̄_a| / √(k(k+1)/(12n))
//
// Ties within blocks are not corrected for, which makes it conservative: a warning
// says so. The intervals, of differences of mean ranks, hold all at once; half
// their width is the critical difference of [2].
//
// [1] Nemenyi (1963), Distribution-free Multiple Comparisons, thesis, Princeton.
// [2] Demšar (2006), Journal of Machine Learning Research 7: 1-30.
func Nemenyi(blocks [][]float64, o Options) (Result, error) {
	const test = "nemenyi"
	o, err := o.comparing(test, "nemenyi")
	if err != nil {
		return Result{}, err
	}
	r, err := rankBlocks(test, blocks)
	if err != nil {
		return Result{}, err
	}
	k, n := float64(len(r.sums)), float64(r.blocks)
	mean := make([]float64, len(r.sums))
	for j, v := range r.sums {
		mean[j] = v / n
	}
	se := math.Sqrt(k * (k + 1) / (12 * n))
	out, err := nemenyi(test, mean, []int{r.blocks}, o, func(int, int) (float64, int) { return se, r.blocks })
	if err == nil && r.ties {
		out.Warnings = append(out.Warnings, "there are ties, which are not corrected for: p-values are on the large side")
	}
	return out, err
}

func nemenyi(test string, mean []float64, sizes []int, o Options, se func(a, b int) (float64, int)) (Result, error) {
	law := dist.StudentizedRange{K: len(mean), DF: math.Inf(1)}
	critical := criticalRange(law, o.Level)
	return compareAll(test, len(mean), sizes, o, func(a, b int) (Comparison, error) {
		s, n := se(a, b)
		diff := mean[b] - mean[a]
		q := math.Abs(diff) / s
		return Comparison{A: a, B: b, Interval: about(diff, critical*s, o.Level, n, o.Method), Statistic: q, LogP: law.LogSF(q)}, nil
	})
}

// ConoverBlocks compares the rank sums of all pairs of treatments after a Friedman
// test of n blocks and k treatments by Student's distribution [1]:
//
//	t = (R_b − R_a) / √(2(n·ΣΣr² − ΣR²)/((n − 1)(k − 1)))
//
// with (n − 1)(k − 1) degrees of freedom, the ranks r within blocks, ties at their
// mean, and their sums R. The estimates and intervals are of mean ranks: methods
// and intervals are as in Dunn. It refuses blocks that all rank the treatments
// alike, in which nothing varies.
//
// [1] Conover (1999), Practical Nonparametric Statistics, 3rd edition, section 5.8.
func ConoverBlocks(blocks [][]float64, o Options) (Result, error) {
	const test = "conover"
	o, err := o.comparing(test, familywise...)
	if err != nil {
		return Result{}, err
	}
	r, err := rankBlocks(test, blocks)
	if err != nil {
		return Result{}, err
	}
	k, n := float64(len(r.sums)), float64(r.blocks)
	left := n*r.squares - sum(r.sums, func(v float64) float64 { return v * v })
	if left <= 0 {
		return Result{}, refuse(test, Constant, r.blocks, 0, "all blocks rank the treatments alike: there is no variation to compare with")
	}
	df := (n - 1) * (k - 1)
	se := math.Sqrt(2*left/df) / n
	tail, method := simultaneous(o, pairsOf(len(r.sums)))
	critical := dist.T{DF: df}.InvSF(tail)
	return compareAll(test, len(r.sums), []int{r.blocks}, o, func(a, b int) (Comparison, error) {
		diff := (r.sums[b] - r.sums[a]) / n
		return Comparison{A: a, B: b, Interval: about(diff, critical*se, o.Level, r.blocks, method),
			Statistic: diff / se, DF: []float64{df}, LogP: twoSidedT(diff/se, df)}, nil
	})
}

// PairwiseWilcoxon compares all pairs of groups by the test of MannWhitney, each
// pair ranked by itself. The method is the adjustment of the p-values, Holm's
// unless another is asked for: see Adjust. The estimates are Hodges and Lehmann's
// shifts; the intervals are those of Bonferroni, which all hold at once, but for
// the method "none", and are left out where no difference bounds the shift at such
// a level. The effect is Cliff's delta.
//
// The shifts of three groups by pairs need not agree with each other: where they
// should, compare ranks of all groups by Dunn.
func PairwiseWilcoxon(groups [][]float64, o Options) (Result, error) {
	const test = "pairwise_wilcoxon"
	o, err := o.comparing(test, familywise...)
	if err != nil {
		return Result{}, err
	}
	r, err := rankTogether(test, groups)
	if err != nil {
		return Result{}, err
	}
	tail, method := simultaneous(o, pairsOf(len(groups)))
	return compareAll(test, len(groups), r.sizes, o, func(a, b int) (Comparison, error) {
		one, err := MannWhitney(groups[a], groups[b], Options{Level: 1 - 2*tail})
		if err != nil {
			return Comparison{}, inGroup(err, b)
		}
		if one.Interval != nil && one.Interval.Level > 0 {
			one.Interval.Level, one.Interval.Method = o.Level, method
		}
		delta, err := CliffsDelta(groups[a], groups[b], Options{Level: o.Level})
		c := Comparison{A: a, B: b, Interval: one.Interval, Statistic: one.Statistic, LogP: one.LogP}
		if err == nil {
			c.Effect = &delta
		}
		return c, nil
	})
}
