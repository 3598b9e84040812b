package stat

import (
	"math"
	"slices"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// Center is what Levene's test takes the deviations of a group from.
type Center struct {
	// Kind is mean, median or trimmed.
	Kind string
	// Trim is the share of values that trimmed leaves out at either end, in [0, 0.5).
	Trim float64
}

// Levene tests whether groups have equal variances, by a one-way analysis of
// variance of the absolute deviations zᵢⱼ = |xᵢⱼ − cⱼ| from the centre of each group:
//
//	F = Σ nⱼ(z̄ⱼ − z̄)²/(k−1) / (ΣΣ(zᵢⱼ − z̄ⱼ)²/(N−k)), with k − 1 and N − k degrees of freedom
//
// With the mean it is Levene's own test [1], good for symmetric short-tailed data
// only. With the median (BrownForsythe) it keeps its level for skewed data, and
// with the mean of the middle values (trimmed) for heavy tails [2]. All values
// deviate from that trimmed mean, as in [2]; scipy drops the trimmed ones.
//
// It refuses fewer than two groups, groups of fewer than two, values that are not
// finite, and groups in which all deviations are equal (as in groups of two with
// the mean), for which F is not defined.
//
// [1] Levene (1960), in Contributions to Probability and Statistics: 278-292.
// [2] Brown, Forsythe (1974), JASA 69 (346): 364-367.
func Levene(groups [][]float64, center Center, o Options) (Result, error) {
	return levene("levene", groups, center, o)
}

// BrownForsythe is Levene's test about the medians.
func BrownForsythe(groups [][]float64, o Options) (Result, error) {
	return levene("brown_forsythe", groups, Center{Kind: "median"}, o)
}

func levene(test string, groups [][]float64, center Center, o Options) (Result, error) {
	o, err := spreadOptions(test, groups, o, "f")
	if err != nil {
		return Result{}, err
	}
	middle, err := center.function(test)
	if err != nil {
		return Result{}, err
	}
	total, grand := 0, 0.0
	means, within := make([]float64, len(groups)), 0.0
	most := 0.0
	for j, g := range groups {
		c := middle(g)
		z := make([]float64, len(g))
		for i, v := range g {
			z[i] = math.Abs(v - c)
			most = math.Max(most, z[i])
		}
		mean, variance, err := moments(test, z, 2)
		if err != nil {
			return Result{}, err
		}
		means[j] = mean
		within += variance * float64(len(g)-1)
		total += len(g)
		grand += mean * float64(len(g))
	}
	grand /= float64(total)
	if within <= 1e-28*most*most*float64(total) {
		return Result{}, refuse(test, Constant, total, 0, "within each group all deviations from the %s are equal: there is no variation to compare them with", center.Kind)
	}
	between := 0.0
	for j, g := range groups {
		d := means[j] - grand
		between += float64(len(g)) * d * d
	}
	df1, df2 := float64(len(groups)-1), float64(total-len(groups))
	f := between / df1 / (within / df2)
	if err := finite(test, total, f); err != nil {
		return Result{}, err
	}
	out := Result{Test: test, Method: o.Method, Alternative: TwoSided, Statistic: f, DF: []float64{df1, df2}, N: sizes(groups)}
	return out.withP(dist.F{D1: df1, D2: df2}.LogSF(f)), nil
}

// function returns what finds the centre of a group.
func (c *Center) function(test string) (func([]float64) float64, error) {
	mean := func(x []float64) float64 {
		return x[0] + sum(x, func(v float64) float64 { return v - x[0] })/float64(len(x))
	}
	switch c.Kind {
	case "", "mean":
		c.Kind = "mean"
		return mean, nil
	case "median":
		return median, nil
	case "trimmed":
		if !(c.Trim >= 0 && c.Trim < 0.5) {
			return nil, badOption(test, "trim %v is outside [0, 0.5)", c.Trim)
		}
		return func(x []float64) float64 {
			sorted := slices.Clone(x)
			slices.Sort(sorted)
			cut := int(c.Trim * float64(len(x)))
			return mean(sorted[cut : len(x)-cut])
		}, nil
	}
	return nil, badOption(test, "center %q is not one of mean, median, trimmed", c.Kind)
}

// median returns the middle value, or the mean of the two in the middle.
func median(x []float64) float64 {
	sorted := slices.Clone(x)
	slices.Sort(sorted)
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}

// sizes returns the numbers of observations.
func sizes(groups [][]float64) []int {
	out := make([]int, len(groups))
	for j, g := range groups {
		out[j] = len(g)
	}
	return out
}

// spreadOptions resolves the options of a test of equal variances and checks its
// groups.
func spreadOptions(test string, groups [][]float64, o Options, methods ...string) (Options, error) {
	o, err := o.resolvePlain(test, methods...)
	if err == nil && len(groups) < 2 {
		err = refuse(test, TooFew, len(groups), 2, "needs two groups")
	}
	for j, g := range groups {
		if err != nil {
			return o, err
		}
		if len(g) < 2 {
			return o, refuse(test, TooFew, len(g), 2, "group %d has %d observations: a spread takes two", j, len(g))
		}
		err = checkSample(test, g, 2)
	}
	return o, err
}

// Bartlett tests whether normal groups have equal variances, by the likelihood
// ratio with Bartlett's correction [1]: with νⱼ = nⱼ − 1, ν = Σνⱼ and the pooled
// variance s²,
//
//	χ² = Σ νⱼ·ln(s²/sⱼ²) / (1 + (Σ 1/νⱼ − 1/ν)/(3(k−1))), with k − 1 degrees of freedom
//
// It is the most powerful test where the data are normal, and mistakes heavy tails
// for unequal variances where they are not: then take BrownForsythe or Fligner.
//
// It refuses fewer than two groups, groups of fewer than two or of equal values,
// and values that are not finite.
//
// [1] Bartlett (1937), Proceedings of the Royal Society A 160: 268-282.
func Bartlett(groups [][]float64, o Options) (Result, error) {
	const test = "bartlett"
	o, err := spreadOptions(test, groups, o, "chi_square")
	if err != nil {
		return Result{}, err
	}
	variances, total, pooled, inverse := make([]float64, len(groups)), 0.0, 0.0, 0.0
	for j, g := range groups {
		_, v, err := moments(test, g, 2)
		if err != nil {
			return Result{}, err
		}
		if v < 1e-300 {
			return Result{}, refuse(test, Constant, len(g), 0, "group %d does not vary: its variance is 0", j)
		}
		nu := float64(len(g) - 1)
		variances[j], total, pooled, inverse = v, total+nu, pooled+nu*v, inverse+1/nu
	}
	pooled /= total
	chi := 0.0
	for j, g := range groups {
		// Σνⱼ(sⱼ²/s² − 1) is 0: with it each term keeps its digits.
		d := (variances[j] - pooled) / pooled
		chi += float64(len(g)-1) * lessLog1p(d)
	}
	k := float64(len(groups))
	chi /= 1 + (inverse-1/total)/(3*(k-1))
	if err := finite(test, int(total), chi); err != nil {
		return Result{}, err
	}
	out := Result{Test: test, Method: o.Method, Alternative: TwoSided, Statistic: chi, DF: []float64{k - 1}, N: sizes(groups)}
	return out.withP(dist.ChiSquared{DF: k - 1}.LogSF(chi)), nil
}

// lessLog1p returns x − ln(1 + x) for x > −1, without cancellation near 0.
func lessLog1p(x float64) float64 {
	if math.Abs(x) > 0.01 {
		return x - math.Log1p(x)
	}
	total, power := 0.0, -x
	for k := 2.0; k < 12; k++ {
		power *= -x
		total += power / k
	}
	return total
}

// Fligner tests whether groups have equal spread, by the ranks of the absolute
// deviations from the medians [1]: with aᵢ = Φ⁻¹(½ + Rᵢ/(2(N+1))), equal
// deviations sharing the mean of their ranks,
//
//	χ² = Σ nⱼ(āⱼ − ā)² / s²,  s² = Σ(aᵢ − ā)²/(N − 1), with k − 1 degrees of freedom
//
// Of the 56 tests compared in [2] it is among the few that kept their level
// whatever the distribution; the form is that of [2], about the medians.
//
// It refuses fewer than two groups, groups of fewer than two, values that are not
// finite, and deviations that are all equal.
//
// [1] Fligner, Killeen (1976), JASA 71 (353): 210-213.
// [2] Conover, Johnson, Johnson (1981), Technometrics 23 (4): 351-361.
func Fligner(groups [][]float64, o Options) (Result, error) {
	const test = "fligner"
	o, err := spreadOptions(test, groups, o, "median")
	if err != nil {
		return Result{}, err
	}
	var all []float64
	for _, g := range groups {
		c := median(g)
		for _, v := range g {
			all = append(all, math.Abs(v-c))
		}
	}
	scores, _ := midranks(all)
	n := float64(len(all))
	for i, r := range scores {
		scores[i] = -NormQuantile((n + 1 - r) / (2 * (n + 1)))
	}
	mean, variance, err := moments(test, scores, 2)
	if err != nil {
		return Result{}, err
	}
	if variance == 0 {
		return Result{}, refuse(test, Constant, len(all), 0, "all deviations from the medians are equal: there is nothing to rank")
	}
	chi, from := 0.0, 0
	for _, g := range groups {
		d := sum(scores[from:from+len(g)], func(v float64) float64 { return v - mean })
		chi += d * d / float64(len(g))
		from += len(g)
	}
	chi /= variance
	df := float64(len(groups) - 1)
	out := Result{Test: test, Method: o.Method, Alternative: TwoSided, Statistic: chi, DF: []float64{df}, N: sizes(groups)}
	return out.withP(dist.ChiSquared{DF: df}.LogSF(chi)), nil
}

// VarianceRatio tests whether the variances of two normal samples have the given
// ratio, that of y to that of x [1]:
//
//	F = s²y/s²x / ratio, with n_y − 1 and n_x − 1 degrees of freedom
//
// The estimate is s²y/s²x; its interval divides it by the quantiles of F. Greater
// means that y varies more. It mistakes heavy tails for a difference, whatever n.
//
// It refuses samples of fewer than two, equal values, and values that are not
// finite, and a ratio that is not positive.
//
// [1] Snedecor (1934), Calculation and Interpretation of Analysis of Variance.
func VarianceRatio(x, y []float64, ratio float64, o Options) (Result, error) {
	const test = "f_ratio"
	o, err := o.resolve(test, "f")
	if err == nil {
		err = o.withoutMu(test)
	}
	if err == nil && !(ratio > 0 && ratio < largest) {
		err = badOption(test, "ratio %v is not positive", ratio)
	}
	if err == nil {
		err = checkSample(test, x, 2)
	}
	if err == nil {
		err = checkSample(test, y, 2)
	}
	if err != nil {
		return Result{}, err
	}
	_, vx, err := moments(test, x, 2)
	if err != nil {
		return Result{}, err
	}
	_, vy, err := moments(test, y, 2)
	if err != nil {
		return Result{}, err
	}
	if vx < 1e-300 || vy < 1e-300 {
		return Result{}, refuse(test, Constant, len(x)+len(y), 0, "a sample does not vary: its variance is 0")
	}
	d1, d2 := float64(len(y)-1), float64(len(x)-1)
	estimate, tail := vy/vx, (1-o.Level)/2
	f := dist.F{D1: d1, D2: d2}
	out := Result{Test: test, Method: o.Method, Alternative: o.Alternative, Statistic: estimate / ratio, DF: []float64{d1, d2},
		N: []int{len(x), len(y)}, Interval: &Interval{Estimate: estimate, Low: estimate / f.InvSF(tail), High: estimate / f.Quantile(tail),
			Level: o.Level, N: len(x) + len(y), Method: "f"}}
	if err := finite(test, len(x)+len(y), out.Statistic, out.Interval.Low, out.Interval.High); err != nil {
		return Result{}, err
	}
	return out.withP(direction(o.Alternative, f.LogCDF(out.Statistic), f.LogSF(out.Statistic))), nil
}
