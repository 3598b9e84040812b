package stat

import (
	"fmt"
	"math"
)

// Methods of clustered standard errors, the default first.
var clusteredMethods = []string{"cr2", "cr0", "cr1", "cr3"}

// ClusteredMean tests whether the mean of clustered observations is mu, with an
// interval, without the assumption that observations of the same cluster are
// independent: questions about one text, answers to one question. clusters holds
// any numbers, one for each observation; nil takes each for a cluster of its own.
//
// The standard error is the root of the cluster-robust variance of the mean as
// the coefficient of a regression on a constant. With e_g the sum of the n_g
// residuals of cluster g, of G clusters and N observations:
//
//	cr2  Σ e_g²/(1 − n_g/N) / N²: unbiased if observations were independent after
//	     all, the bias-reduced linearisation of [1] (the default)
//	cr0  Σ e_g² / N²: too small for few clusters
//	cr1  the same times G/(G − 1)
//	cr3  Σ e_g²/(1 − n_g/N)² / N²: the jackknife, too large
//
// Degrees of freedom are Satterthwaite's [1, 2] for cr2 and cr3, those with which
// a χ² would have the mean and variance that the estimate has if observations
// were independent; they fall below G − 1 where clusters differ in size. For cr0
// and cr1 they are G − 1. Details: the standard error, the one that takes the
// observations for independent, and the square of the ratio, the design effect.
//
// It refuses fewer than five clusters, and warns of fewer than twenty and of fewer
// than four degrees of freedom, where the t distribution is a rough guide. It
// refuses sums of residuals that do not vary, and values that are not finite.
//
// [1] Bell, McCaffrey (2002), Survey Methodology 28 (2): 169-181.
// [2] Pustejovsky, Tipton (2018), Journal of Business & Economic Statistics 36 (4): 672-683.
func ClusteredMean(x []float64, clusters []int, o Options) (Result, error) {
	return clusteredMean("clustered_mean", x, clusters, o)
}

// ClusteredPairedDifference is ClusteredMean of the differences y − x of pairs:
// two models answered the same items, and items come in clusters.
func ClusteredPairedDifference(x, y []float64, clusters []int, o Options) (Result, error) {
	const test = "clustered_difference"
	d, err := differences(test, x, y)
	if err != nil {
		return Result{}, err
	}
	return clusteredMean(test, d, clusters, o)
}

// ClusteredDifference tests whether the mean of y less that of x is mu where
// observations of either sample, or of both, share clusters: those of x and then
// those of y. It is the coefficient of a regression on a constant and the
// treatment, see ClusteredRegression. A cluster may have observations of both.
func ClusteredDifference(x, y []float64, clusters []int, o Options) (Result, error) {
	const test = "clustered_difference"
	if len(x) == 0 || len(y) == 0 {
		return Result{}, refuse(test, TooFew, 0, 1, "a sample has no observations")
	}
	all := append(append(make([]float64, 0, len(x)+len(y)), x...), y...)
	treated := make([]float64, len(all))
	for i := len(x); i < len(all); i++ {
		treated[i] = 1
	}
	out, err := clusteredRegression(test, all, [][]float64{treated}, clusters, 1, o)
	out.N = []int{len(x), len(y)}
	return out, err
}

// clusteredMean is ClusteredMean under another name.
func clusteredMean(test string, x []float64, clusters []int, o Options) (Result, error) {
	return clusteredRegression(test, x, nil, clusters, 0, o)
}

// ClusteredRegression returns a coefficient of the least-squares regression of y
// on a constant (coefficient 0) and the columns given (from 1), with a standard
// error that allows for clusters. With H the projection on the columns X, e the
// residuals, and A_g = (I − H_gg)^-½ for the cluster's block of H,
//
//	V = (X'X)⁻¹ (Σ X_g' A_g e_g e_g' A_g X_g) (X'X)⁻¹
//
// for cr2; A_g is the identity for cr0 and √(G/(G−1)) times it for cr1, and
// (I − H_gg)⁻¹ for cr3. The powers are those of the generalised inverse where a
// cluster alone determines a coefficient. With each observation a cluster of its
// own these are the HC2, HC0, HC1 (but for its factor) and HC3 of a regression
// with unequal variances. Degrees of freedom are
//
//	(Σ_g B_gg)² / Σ_gh B_gh²,  B_gh = p_g'(I − H)_gh p_h,  p_g = A_g X_g (X'X)⁻¹ c
//
// for cr2 and cr3, G − 1 for cr0 and cr1. Details hold all coefficients with their
// standard errors. It refuses columns of other lengths or that depend on each
// other, and what ClusteredMean refuses.
//
// Sources: see ClusteredMean.
func ClusteredRegression(y []float64, columns [][]float64, clusters []int, coefficient int, o Options) (Result, error) {
	return clusteredRegression("clustered_regression", y, columns, clusters, coefficient, o)
}

func clusteredRegression(test string, y []float64, columns [][]float64, clusters []int, coefficient int, o Options) (Result, error) {
	o, err := o.resolve(test, clusteredMethods...)
	if err != nil {
		return Result{}, err
	}
	if coefficient < 0 || coefficient > len(columns) {
		return Result{}, badOption(test, "there is no coefficient %d: want one of 0 to %d", coefficient, len(columns))
	}
	fit, err := fitClusters(test, y, columns, clusters)
	if err != nil {
		return Result{}, err
	}
	e, err := fit.coefficient(coefficient, o.Method, o.Mu)
	if err != nil {
		return Result{}, renamed(err, test)
	}
	out, err := e.result(test, []int{len(y)}, o)
	if err != nil {
		return Result{}, err
	}
	naive := fit.naive(coefficient)
	out.Details = append(out.Details, Detail{"naive_standard_error", naive},
		Detail{"design_effect", e.se / naive * (e.se / naive)}, Detail{"clusters", float64(fit.groups())})
	if len(columns) > 0 {
		for c := range len(columns) + 1 {
			each, err := fit.coefficient(c, o.Method, 0)
			if err != nil {
				continue // it is not the one that was asked for
			}
			out.Details = append(out.Details, Detail{fmt.Sprintf("coefficient_%d", c), each.value},
				Detail{fmt.Sprintf("standard_error_%d", c), each.se}, Detail{fmt.Sprintf("df_%d", c), each.df})
		}
	}
	if fit.groups() < fewClusters {
		out.Warnings = append(out.Warnings, fmt.Sprintf("only %d clusters: with fewer than %d the interval depends on their sizes being alike", fit.groups(), fewClusters))
	}
	if e.df < 4 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("only %.2g degrees of freedom: below 4 the t distribution is a rough guide", e.df))
	}
	return out, nil
}

// numbered returns a number for each label, from 0 in order of appearance, and how
// many there are; each observation on its own for nil.
func numbered(labels []int, n int) (numbers []int, count int) {
	numbers = make([]int, n)
	if labels == nil {
		for i := range numbers {
			numbers[i] = i
		}
		return numbers, n
	}
	known := make(map[int]int)
	for i, label := range labels {
		at, ok := known[label]
		if !ok {
			at = len(known)
			known[label] = at
		}
		numbers[i] = at
	}
	return numbers, len(known)
}

// naive returns the standard error that takes observations for independent.
func (f *clusterFit) naive(coefficient int) float64 {
	n, k := float64(len(f.residual)), float64(len(f.q))
	t := f.contrast(coefficient)
	norm := 0.0
	for _, v := range t {
		norm += v * v
	}
	return math.Sqrt(f.squares / (n - k) * norm)
}
