package stat

import (
	"math"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// Anova is Fisher's one-way analysis of variance [1]: do k groups have one mean?
//
//	F = [Σ nᵢ(x̄ᵢ − x̄)²/(k − 1)] / [ΣΣ(xᵢⱼ − x̄ᵢ)²/(N − k)]
//
// has the F distribution with k − 1 and N − k degrees of freedom if the values
// are independent and normal about their group's mean with one variance. With
// unequal variances its error of the first kind is wrong, grossly so when the
// groups differ in size: WelchAnova and BrownForsytheAnova do not need them equal.
// With two groups F is the square of Student's t.
//
// The sums of squares are computed about the first value and then about the
// means, compensated, so that a common part of the values costs no digits: on the
// data sets of [2] the result is as good as float64 data allow.
//
// The effect is η² = SSB/(SSB + SSW), the share of the variation that the groups
// explain in the sample; ω² and ε² among the details estimate that of the
// population with less bias. Groups without any variation within are refused:
// nothing measures the differences between them.
//
// [1] Fisher (1925), Statistical Methods for Research Workers, chapter VII.
// [2] NIST Statistical Reference Datasets, analysis of variance.
func Anova(groups [][]float64, o Options) (Result, error) {
	const test = "anova"
	o, err := o.resolve(test, "fisher")
	if err == nil {
		err = o.onlyTwoSided(test)
	}
	if err != nil {
		return Result{}, err
	}
	l, err := newOneWay(test, groups, 1)
	if err != nil {
		return Result{}, err
	}
	k, n := len(groups), l.total
	if n <= k {
		return Result{}, refuse(test, TooFew, n, k+1, "no group has two values, so that nothing measures variation within groups")
	}
	between, within := l.between(), l.residual()
	if within == 0 {
		return Result{}, refuse(test, Constant, n, 0, "the values do not vary within the groups: the F ratio divides by that variation")
	}
	d1, d2 := float64(k-1), float64(n-k)
	f := (between / d1) / (within / d2)
	if err := finite(test, n, between, within, f); err != nil {
		return Result{}, err
	}
	r := Result{Test: test, Method: o.Method, Alternative: o.Alternative, Statistic: f, DF: []float64{d1, d2}, N: l.n,
		Effect: fEffect("eta_squared", f, d1, d2, o.Level)}
	r.Details = append([]Detail{detail("ss_between", between), detail("ss_within", within),
		detail("ms_between", between/d1), detail("ms_within", within/d2)}, varianceDetails(f, d1, d2)...)
	return r.withP(dist.F{D1: d1, D2: d2}.LogSF(f)), nil
}

// varianceDetails are the sizes of an effect with less bias than η².
func varianceDetails(f, d1, d2 float64) []Detail {
	// ω² = (SSB − (k−1)MSW)/(SST + MSW) and ε² = (SSB − (k−1)MSW)/SST, over MSW.
	return []Detail{
		detail("omega_squared", math.Max(0, d1*(f-1)/(d1*f+d2+1))),
		detail("epsilon_squared", math.Max(0, d1*(f-1)/(d1*f+d2))),
		detail("cohens_f", math.Sqrt(f*d1/d2)),
	}
}

// WelchAnova is Welch's test that k groups have one mean, whatever their
// variances [1]. With weights wᵢ = nᵢ/sᵢ², W = Σwᵢ and x̃ = Σwᵢx̄ᵢ/W,
//
//	F = [Σ wᵢ(x̄ᵢ − x̃)²/(k − 1)] / [1 + 2(k − 2)/(k² − 1) · Λ],  Λ = Σ(1 − wᵢ/W)²/(nᵢ − 1)
//
// is approximately F with k − 1 and (k² − 1)/3Λ degrees of freedom, for
// independent and roughly normal values. With two groups it is the square of
// Welch's t. Every group needs two values that differ.
//
// The effect is d₁F/(d₁F + d₂), the η² that has this F in the classical analysis
// with these degrees of freedom; with unequal variances no share of variance is the
// natural measure, and Comparisons of pairs say more.
//
// [1] Welch (1951), Biometrika 38 (3/4): 330-336.
func WelchAnova(groups [][]float64, o Options) (Result, error) {
	const test = "welch_anova"
	o, err := o.resolve(test, "welch")
	if err == nil {
		err = o.onlyTwoSided(test)
	}
	if err != nil {
		return Result{}, err
	}
	l, err := newOneWay(test, groups, 2)
	if err == nil {
		err = l.groupConstant()
	}
	if err != nil {
		return Result{}, err
	}
	f, d1, d2 := l.welch()
	if err := finite(test, l.total, f, d2); err != nil {
		return Result{}, err
	}
	r := Result{Test: test, Method: o.Method, Alternative: o.Alternative, Statistic: f, DF: []float64{d1, d2}, N: l.n,
		Effect: fEffect("eta_squared", f, d1, d2, o.Level), Details: varianceDetails(f, d1, d2)}
	return r.withP(dist.F{D1: d1, D2: d2}.LogSF(f)), nil
}

// welch returns the statistic of WelchAnova and its degrees of freedom.
func (l *oneWayLayout) welch() (f, d1, d2 float64) {
	k := float64(len(l.n))
	weights := make([]float64, len(l.n))
	var total twoSum
	for i := range weights {
		weights[i] = float64(l.n[i]) / l.variance(i)
		total.add(weights[i])
	}
	w := total.value()
	var shift, squares, rest, lambda twoSum
	for i, v := range weights {
		shift.add(v / w * l.offset(i))
	}
	centre := shift.value()
	for i, v := range weights {
		d := l.offset(i) - centre
		squares.add(v * d * d)
		rest.add(v / w * d)
		lambda.add((1 - v/w) * (1 - v/w) / float64(l.n[i]-1))
	}
	about := math.Max(0, squares.value()-w*rest.value()*rest.value())
	f = about / (k - 1) / (1 + 2*(k-2)/(k*k-1)*lambda.value())
	return f, k - 1, (k*k - 1) / (3 * lambda.value())
}

// BrownForsytheAnova is the test F* of Brown and Forsythe that k groups have one
// mean, whatever their variances [1]:
//
//	F* = Σ nᵢ(x̄ᵢ − x̄)² / Σ(1 − nᵢ/N)sᵢ²
//
// with k − 1 and 1/Σ(cᵢ²/(nᵢ − 1)) degrees of freedom, cᵢ the share of group i in
// the denominator. Method "mehrotra" replaces k − 1 by the value that matches the
// variance of the numerator too, which holds the level better with many groups of
// unequal variance [2]:
//
//	(Σ(1 − nᵢ/N)sᵢ²)² / [Σsᵢ⁴ + (Σnᵢsᵢ²/N)² − 2Σnᵢsᵢ⁴/N]
//
// It is a test of means, not the test of equal variances of the same authors. It
// is better than WelchAnova when an extreme mean comes with a large variance, and
// worse when with a small one. Every group needs two values. The effect is made
// from F as by WelchAnova.
//
// [1] Brown, Forsythe (1974), Technometrics 16 (1): 129-132.
// [2] Mehrotra (1997), Communications in Statistics, Simulation 26 (3): 1139-1145.
func BrownForsytheAnova(groups [][]float64, o Options) (Result, error) {
	const test = "brown_forsythe_anova"
	o, err := o.resolve(test, "brown_forsythe", "mehrotra")
	if err == nil {
		err = o.onlyTwoSided(test)
	}
	if err != nil {
		return Result{}, err
	}
	l, err := newOneWay(test, groups, 2)
	if err != nil {
		return Result{}, err
	}
	f, d1, d2, mehrotra := l.brownForsythe()
	if l.residual() == 0 {
		return Result{}, refuse(test, Constant, l.total, 0, "the values do not vary within the groups: the statistic divides by that variation")
	}
	if o.Method == "mehrotra" {
		d1 = mehrotra
	}
	if err := finite(test, l.total, f, d1, d2); err != nil {
		return Result{}, err
	}
	r := Result{Test: test, Method: o.Method, Alternative: o.Alternative, Statistic: f, DF: []float64{d1, d2}, N: l.n,
		Effect: fEffect("eta_squared", f, d1, d2, o.Level), Details: varianceDetails(f, d1, d2)}
	return r.withP(dist.F{D1: d1, D2: d2}.LogSF(f)), nil
}

func (l *oneWayLayout) brownForsythe() (f, d1, d2, mehrotra float64) {
	var below, mean, fourth, weighted twoSum
	n := float64(l.total)
	for i, m := range l.n {
		v := l.variance(i)
		below.add((n - float64(m)) / n * v)
		mean.add(float64(m) / n * v)
	}
	d := below.value()
	var inverse float64
	for i, m := range l.n {
		// Shares of the denominator keep fourth powers from overflowing.
		share := l.variance(i) / d
		c := (n - float64(m)) / n * share
		inverse += c * c / float64(m-1)
		fourth.add(share * share)
		weighted.add(float64(m) / n * share * share)
	}
	relative := mean.value() / d
	mehrotra = 1 / (fourth.value() + relative*relative - 2*weighted.value())
	return l.between() / d, float64(len(l.n) - 1), 1 / inverse, mehrotra
}
