package stat

import (
	"math"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// maxConditions bounds the conditions of repeated measures, whose cost grows with
// their cube.
const maxConditions = 300

// RMAnova is the one-way analysis of variance of repeated measures: do k
// conditions have one mean, each subject (row) having been measured under all
// (columns)?
//
//	F = [SS conditions/(k − 1)] / [SS error/((n − 1)(k − 1))]
//
// where the error is what is left of the values after the means of subjects and
// conditions. It is F distributed if subjects are independent, values normal, and
// all differences between two conditions have one variance (sphericity; see
// Mauchly). Without that the test rejects too often, and both degrees of freedom
// are multiplied by a factor ε, in [1/(k − 1), 1], estimated from the covariances:
//
//   - gg, the default: Greenhouse and Geisser's (tr S)²/((k − 1) tr S²) [1, 2],
//     which holds the level and is somewhat too careful;
//   - hf: Huynh and Feldt's less biased estimate [3], with Lecoutre's correction [4],
//     at most 1;
//   - none: ε = 1.
//
// There is no method that picks one by Mauchly's test: a choice by the data
// changes the error it is meant to control. All three p-values are in Details.
// With two conditions F is the square of the paired t, and nothing needs correction.
//
// The effect is partial η² = SSC/(SSC + SSE); generalized η² = SSC/(SSC + SSS + SSE)
// [5] among the details can be compared with that of a design between subjects.
//
// [1] Box (1954), Annals of Mathematical Statistics 25 (3): 484-498.
// [2] Greenhouse, Geisser (1959), Psychometrika 24 (2): 95-112.
// [3] Huynh, Feldt (1976), Journal of Educational Statistics 1 (1): 69-82.
// [4] Lecoutre (1991), Journal of Educational Statistics 16 (4): 371-372.
// [5] Olejnik, Algina (2003), Psychological Methods 8 (4): 434-447.
func RMAnova(rows [][]float64, o Options) (Result, error) {
	const test = "rm_anova"
	o, err := o.resolve(test, "gg", "hf", "none")
	if err == nil {
		err = o.onlyTwoSided(test)
	}
	if err != nil {
		return Result{}, err
	}
	d, err := newRepeated(test, rows)
	if err != nil {
		return Result{}, err
	}
	if d.k > maxConditions {
		return Result{}, refuse(test, TooLarge, d.n, 0, "%d conditions are more than %d", d.k, maxConditions)
	}
	if d.ssError == 0 {
		return Result{}, refuse(test, Constant, d.n, 0, "the differences between conditions are the same for every subject: the F ratio divides by their variation")
	}
	d1 := float64(d.k - 1)
	d2 := d1 * float64(d.n-1)
	f := (d.ssConditions / d1) / (d.ssError / d2)
	if err := finite(test, d.n, f); err != nil {
		return Result{}, err
	}
	s := newSphericity(d.residuals, d.n, d.k, 1)
	r := Result{Test: test, Method: o.Method, Alternative: o.Alternative, Statistic: f, N: []int{d.n},
		Effect: fEffect("partial_eta_squared", f, d1, d2, o.Level)}
	ps := s.corrected(f, d1, d2)
	r.Details = []Detail{detail("ss_conditions", d.ssConditions), detail("ss_subjects", d.ssSubjects), detail("ss_error", d.ssError),
		detail("generalized_eta_squared", d.ssConditions/(d.ssConditions+d.ssSubjects+d.ssError))}
	r.Details = append(r.Details, s.details(ps)...)
	if s.singular {
		r.Warnings = append(r.Warnings, "fewer subjects than conditions, or a contrast that does not vary: there is no test of sphericity")
	}
	epsilon, logP := s.pick(o.Method, ps)
	r.DF = []float64{d1 * epsilon, d2 * epsilon}
	return r.withP(logP), nil
}

// corrected returns the logarithms of the p-values of F without correction, with
// that of Greenhouse and Geisser, and with that of Huynh and Feldt.
func (s sphericity) corrected(f, d1, d2 float64) [3]float64 {
	var ps [3]float64
	for i, e := range []float64{1, s.gg, s.hf} {
		ps[i] = math.Min(0, dist.F{D1: d1 * e, D2: d2 * e}.LogSF(f))
	}
	return ps
}

// pick returns the factor of a method and the logarithm of its p-value.
func (s sphericity) pick(method string, ps [3]float64) (epsilon, logP float64) {
	switch method {
	case "none":
		return 1, ps[0]
	case "hf":
		return s.hf, ps[2]
	}
	return s.gg, ps[1]
}

// details names what there is to say of sphericity.
func (s sphericity) details(ps [3]float64) []Detail {
	out := []Detail{detail("gg_epsilon", s.gg), detail("hf_epsilon", s.hf),
		detail("p_uncorrected", largestOf(ps[0])), detail("p_gg", largestOf(ps[1])), detail("p_hf", largestOf(ps[2]))}
	if s.p > 1 && !s.singular {
		out = append(out, detail("mauchly_w", s.w), detail("mauchly_p", largestOf(s.logP)))
	}
	return out
}

// largestOf returns the p-value of a logarithm, or the least that is reported.
func largestOf(logP float64) float64 { return math.Max(SmallestP, math.Exp(logP)) }
