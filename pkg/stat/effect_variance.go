package stat

import (
	"fmt"
	"math"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// EtaSquared returns the share of the variance that lies between groups in a
// one-way layout [1]:
//
//	η² = SS_between / SS_total = d₁F / (d₁F + d₂)
//
// It is biased upwards, the more so the smaller the groups: OmegaSquared and
// EpsilonSquared estimate the same share with less bias. All three have the
// interval of the share itself, by inversion of the noncentral F distribution [2]:
// λ/(λ + N) for the noncentralities λ under which an F at least as large, and one
// at least as small, has probability (1 − level)/2, or 0 where no λ has. The
// interval is two-sided at the level asked for; one of 90 % agrees with the F test
// at 5 %: its lower bound is above 0 just if p < 0.05. Since the estimate is
// biased, and the interval is not about it, a small estimate may lie outside.
//
// It is exact for normal observations of equal variance. It needs two groups with
// variation inside one of them.
//
// [1] Fisher (1925), Statistical Methods for Research Workers, section 45.
// [2] Steiger (2004), Psychological Methods 9 (2): 164-182.
func EtaSquared(groups [][]float64, o Options) (Effect, error) {
	return oneWaySize("eta_squared", groups, o, etaSquared)
}

// OmegaSquared returns Hays's estimate of the share of the variance that lies
// between groups [1]:
//
//	ω² = (SS_between − d₁·MS_within) / (SS_total + MS_within) = d₁(F − 1) / (d₁F + d₂ + 1)
//
// An estimate below 0 is given as 0, with a warning that says the value. See
// EtaSquared for the interval.
//
// [1] Hays (1963), Statistics for Psychologists, section 12.18.
func OmegaSquared(groups [][]float64, o Options) (Effect, error) {
	return oneWaySize("omega_squared", groups, o, omegaSquared)
}

// EpsilonSquared returns Kelley's estimate of the share of the variance that lies
// between groups, the adjusted R² of regression [1]:
//
//	ε² = (SS_between − d₁·MS_within) / SS_total = d₁(F − 1) / (d₁F + d₂)
//
// An estimate below 0 is given as 0, with a warning that says the value. See
// EtaSquared for the interval.
//
// [1] Kelley (1935), PNAS 21 (9): 554-559.
func EpsilonSquared(groups [][]float64, o Options) (Effect, error) {
	return oneWaySize("epsilon_squared", groups, o, epsilonSquared)
}

// CohensF returns the spread of group means in units of the standard deviation
// within groups, f = √(η²/(1 − η²)), with the interval √(λ/N): see EtaSquared.
func CohensF(groups [][]float64, o Options) (Effect, error) {
	return oneWaySize("cohens_f", groups, o, cohensF)
}

// PartialEtaSquared returns η² of one effect of several, the others put aside,
// from its F statistic with d1 and d2 degrees of freedom:
//
//	η²ₚ = d₁F / (d₁F + d₂)
//
// with the interval λ/(λ + d₁ + d₂ + 1) of [1]: see EtaSquared.
//
// [1] Smithson (2003), Confidence Intervals, chapter 4.
func PartialEtaSquared(f, d1, d2 float64, o Options) (Effect, error) {
	return sizeOfF("partial_eta_squared", f, d1, d2, o, etaSquared)
}

// PartialOmegaSquared returns ω² of one effect of several from its F statistic,
// d₁(F − 1) / (d₁F + d₂ + 1): see OmegaSquared and PartialEtaSquared.
func PartialOmegaSquared(f, d1, d2 float64, o Options) (Effect, error) {
	return sizeOfF("partial_omega_squared", f, d1, d2, o, omegaSquared)
}

// PartialEpsilonSquared returns ε² of one effect of several from its F statistic,
// d₁(F − 1) / (d₁F + d₂): see EpsilonSquared and PartialEtaSquared.
func PartialEpsilonSquared(f, d1, d2 float64, o Options) (Effect, error) {
	return sizeOfF("partial_epsilon_squared", f, d1, d2, o, epsilonSquared)
}

// PartialCohensF returns f of one effect of several from its F statistic,
// √(d₁F/d₂), with the interval √(λ/(d₁ + d₂ + 1)): see CohensF.
func PartialCohensF(f, d1, d2 float64, o Options) (Effect, error) {
	return sizeOfF("cohens_f", f, d1, d2, o, cohensF)
}

// GeneralizedEtaSquared returns η² on the scale of a design in which subjects do
// not repeat, which makes designs comparable [1]:
//
//	η²_G = SS_effect / (SS_effect + Σ SS of subjects, of errors and of measured factors)
//
// For repeated measures of one factor the others are the sums of squares of
// subjects and of the error. It is 0 where all are 0.
//
// [1] Olejnik, Algina (2003), Psychological Methods 8 (4): 434-447.
func GeneralizedEtaSquared(effect float64, others ...float64) float64 {
	total := effect
	for _, v := range others {
		total += v
	}
	if total == 0 {
		return 0
	}
	return effect / total
}

// varianceSize is a size made from d₁F, and its value for a noncentrality.
type varianceSize struct {
	estimate func(d1f, d1, d2 float64) float64
	bound    func(lambda, n float64) float64
}

func share(lambda, n float64) float64 { return lambda / (lambda + n) }

var (
	etaSquared     = varianceSize{func(d1f, _, d2 float64) float64 { return d1f / (d1f + d2) }, share}
	omegaSquared   = varianceSize{func(d1f, d1, d2 float64) float64 { return (d1f - d1) / (d1f + d2 + 1) }, share}
	epsilonSquared = varianceSize{func(d1f, d1, d2 float64) float64 { return (d1f - d1) / (d1f + d2) }, share}
	cohensF        = varianceSize{func(d1f, _, d2 float64) float64 { return math.Sqrt(d1f / d2) },
		func(lambda, n float64) float64 { return math.Sqrt(lambda / n) }}
)

func sizeOfF(name string, f, d1, d2 float64, o Options, size varianceSize) (Effect, error) {
	level, err := effectLevel(name, o)
	switch {
	case err != nil:
		return Effect{}, err
	case !(d1 > 0 && d2 > 0) || math.IsInf(d1, 0) || math.IsInf(d2, 0):
		return Effect{}, refuse(name, Invalid, 0, 0, "degrees of freedom %v and %v are not positive numbers", d1, d2)
	case !(f >= 0) || math.IsInf(f*d1, 0):
		return Effect{}, refuse(name, Invalid, 0, 0, "F = %v is not a finite number from 0", f)
	}
	n := d1 + d2 + 1
	low, high := noncentralF(f, d1, d2, level)
	e, err := newEffect(name, "noncentral_f", int(math.Round(n)), size.estimate(d1*f, d1, d2), size.bound(low, n), size.bound(high, n), level)
	if e.Estimate < 0 {
		e.Warnings = append(e.Warnings, fmt.Sprintf("the estimate is %.6g, given as 0", e.Estimate))
		e.Estimate = 0
	}
	if high == 0 {
		e.Warnings = append(e.Warnings, "F is so small that the interval is 0 alone: groups differ less than chance would have them")
	}
	return e, err
}

func oneWaySize(name string, groups [][]float64, o Options, size varianceSize) (Effect, error) {
	l, err := newLayout(name, groups, 1)
	if err != nil {
		return Effect{}, err
	}
	d1 := float64(len(groups) - 1)
	return sizeOfF(name, l.between()/d1/l.mse, d1, l.df, o, size)
}

// noncentralF returns the interval for the noncentrality of an F statistic: those
// under which its upper and its lower tail have probability (1 − level)/2, or 0
// where none has.
func noncentralF(f, d1, d2, level float64) (low, high float64) {
	tail := (1 - level) / 2
	return ordered(dist.NoncentralFLambdaSF(f, d1, d2, tail), dist.NoncentralFLambda(f, d1, d2, tail))
}

// noncentralChiSquared returns the interval for the noncentrality of a χ²
// statistic likewise.
func noncentralChiSquared(x, df, level float64) (low, high float64) {
	tail := (1 - level) / 2
	return ordered(dist.NoncentralChiSquaredLambdaSF(x, df, tail), dist.NoncentralChiSquaredLambda(x, df, tail))
}
