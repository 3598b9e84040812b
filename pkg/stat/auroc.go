package stat

import (
	"math"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// AUROC returns the area under the receiver operating characteristic of scores
// against outcomes 0 or 1: the probability that a case with outcome 1 has a higher
// score than one with 0, ties counting half, over the m cases and n controls
//
//	A = Σ_ij ψ(xᵢ, yⱼ)/mn,  ψ = 1, ½ or 0
//
// Methods give the interval:
//
//	delong        A ± z·√(s²₁₀/m + s²₀₁/n), where s²₁₀ is the variance of the shares
//	              of controls that each case beats, s²₀₁ likewise [1] (the default)
//	delong_logit  the same for ln(A/(1 − A)), so that it stays in (0, 1)
//	newcombe      the areas A' with |A − A'| ≤ z·√V(A'), where V is the variance of
//	              Hanley and McNeil with m and n both (m+n)/2 in its last factor,
//	              method 5 of [2]; it has width also for an area of 0 or 1
//
// The p-value is that of A = 1/2 by DeLong's variance; mann_whitney is the exact
// test of it. It refuses scores of one outcome only, fewer than two of either, and
// values that are not finite; delong also refuses an area of 0 or 1, which leaves
// no variance to judge it by.
//
// [1] DeLong, DeLong, Clarke-Pearson (1988), Biometrics 44 (3): 837-845; computed
// from ranks as by Sun, Xu (2014), IEEE Signal Processing Letters 21 (11): 1389-1393.
// [2] Newcombe (2006), Statistics in Medicine 25 (4): 559-573.
func AUROC(score, outcome []float64, o Options) (Result, error) {
	const test = "auroc"
	o, err := o.resolve(test, "delong", "delong_logit", "newcombe")
	if err != nil {
		return Result{}, err
	}
	p, err := newPlacements(test, score, outcome)
	if err != nil {
		return Result{}, err
	}
	m, n := float64(len(p.cases)), float64(len(p.controls))
	_, v10, err := moments(test, p.cases, 2)
	if err != nil {
		return Result{}, err
	}
	_, v01, err := moments(test, p.controls, 2)
	if err != nil {
		return Result{}, err
	}
	se, z := math.Sqrt(v10/m+v01/n), zFor(o.Level)
	if se == 0 && o.Method != "newcombe" {
		return Result{}, refuse(test, Constant, len(score), 0, "the scores separate the outcomes with an area of %g, and nothing varies: use method newcombe", p.area)
	}
	out := Result{Test: test, Method: o.Method, Alternative: o.Alternative, N: []int{len(p.controls), len(p.cases)},
		Details: []Detail{{"standard_error", se}}}
	interval := Interval{Estimate: p.area, Level: o.Level, N: len(score), Method: o.Method}
	switch o.Method {
	case "delong":
		interval.Low, interval.High = math.Max(0, p.area-z*se), math.Min(1, p.area+z*se)
	case "delong_logit":
		if !(p.area > 0 && p.area < 1) {
			return Result{}, refuse(test, Constant, len(score), 0, "an area of %g has no logit: use method newcombe", p.area)
		}
		logit, half := math.Log(p.area/(1-p.area)), z*se/(p.area*(1-p.area))
		interval.Low, interval.High = logistic(logit-half), logistic(logit+half)
	default:
		interval.Low, interval.High = newcombeArea(p.area, m, n, z, -1), newcombeArea(p.area, m, n, z, 1)
	}
	out.Interval = &interval
	if min(len(p.cases), len(p.controls)) < 10 && o.Method != "newcombe" {
		out.Warnings = []string{"fewer than 10 observations of an outcome: the interval covers less often than its level"}
	}
	if se == 0 {
		return out, nil
	}
	out.Statistic = (p.area - 0.5) / se
	return out.withP(zLogP(out.Statistic, o.Alternative)), nil
}

// AUROCDifference tests whether two scores of the same items tell outcomes apart
// equally well: the area of y less that of x, with the covariance of the two by
// DeLong. It refuses what AUROC refuses, and a difference that does not vary.
//
// Sources: see AUROC.
func AUROCDifference(x, y, outcome []float64, o Options) (Result, error) {
	const test = "auroc_difference"
	o, err := o.resolve(test, "delong")
	if err != nil {
		return Result{}, err
	}
	first, err := newPlacements(test, x, outcome)
	if err != nil {
		return Result{}, err
	}
	second, err := newPlacements(test, y, outcome)
	if err != nil {
		return Result{}, err
	}
	// The variance of differences is that of both less their covariance.
	_, v10, err := moments(test, subtract(second.cases, first.cases), 2)
	if err != nil {
		return Result{}, err
	}
	_, v01, err := moments(test, subtract(second.controls, first.controls), 2)
	if err != nil {
		return Result{}, err
	}
	se := math.Sqrt(v10/float64(len(first.cases)) + v01/float64(len(first.controls)))
	if se < 1e-14 {
		return Result{}, refuse(test, Constant, len(x), 0, "the scores order the outcomes alike: the difference of the areas does not vary")
	}
	d, z := second.area-first.area, zFor(o.Level)
	out := Result{Test: test, Method: o.Method, Alternative: o.Alternative, N: []int{len(first.controls), len(first.cases)},
		Statistic: (d - o.Mu) / se,
		Interval:  &Interval{Estimate: d, Low: math.Max(-1, d-z*se), High: math.Min(1, d+z*se), Level: o.Level, N: len(x), Method: o.Method},
		Details:   []Detail{{"standard_error", se}, {"auroc_x", first.area}, {"auroc_y", second.area}}}
	if err := finite(test, len(x), out.Statistic); err != nil {
		return Result{}, err
	}
	return out.withP(zLogP(out.Statistic, o.Alternative)), nil
}

// placements are, for each case, the share of controls below it, and for each
// control the share of cases above it.
type placements struct {
	cases, controls []float64
	area            float64
}

func newPlacements(test string, score, outcome []float64) (placements, error) {
	var p placements
	if len(score) != len(outcome) {
		return p, refuse(test, Unpaired, min(len(score), len(outcome)), 0, "%d and %d values are not pairs", len(score), len(outcome))
	}
	if err := checkFinite(test, score); err != nil {
		return p, err
	}
	if err := checkOutcomes(test, outcome); err != nil {
		return p, err
	}
	var of [2][]float64
	for i, y := range outcome {
		of[int(y)] = append(of[int(y)], score[i])
	}
	m, n := len(of[1]), len(of[0])
	if min(m, n) < 2 {
		return p, refuse(test, TooFew, min(m, n), 2, "too few observations of an outcome: %d with 0 and %d with 1", n, m)
	}
	all, _ := midranks(score)
	var within [2][]float64
	within[0], _ = midranks(of[0])
	within[1], _ = midranks(of[1])
	var at [2]int
	total := 0.0
	for i, y := range outcome {
		own := within[int(y)][at[int(y)]]
		at[int(y)]++
		if y == 1 {
			p.cases = append(p.cases, (all[i]-own)/float64(n))
			total += all[i] - own // a multiple of one half, exact
		} else {
			p.controls = append(p.controls, 1-(all[i]-own)/float64(m))
		}
	}
	p.area = total / (float64(m) * float64(n))
	return p, nil
}

// newcombeArea returns the area on one side at which an observed one is z standard
// errors away, by bisection.
func newcombeArea(area, m, n, z, side float64) float64 {
	half := (m+n)/2 - 1
	away := func(t float64) float64 {
		v := t * (1 - t) * (1 + half*(1-t)/(2-t) + half*t/(1+t)) / (m * n)
		return math.Abs(area-t) - z*math.Sqrt(v)
	}
	inside, outside := area, 0.0
	if side > 0 {
		outside = 1
	}
	if inside == outside {
		return inside
	}
	for range 200 {
		mid := inside + (outside-inside)/2
		if mid == inside || mid == outside {
			break
		}
		if away(mid) <= 0 {
			inside = mid
		} else {
			outside = mid
		}
	}
	return inside
}

// logistic is the inverse of the logit.
func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// zLogP returns the logarithm of the p-value of a standard normal z.
func zLogP(z float64, alternative Alternative) float64 {
	switch alternative {
	case Greater:
		return dist.Normal{}.LogSF(z)
	case Less:
		return dist.Normal{}.LogCDF(z)
	}
	return math.Min(0, math.Ln2+dist.Normal{}.LogSF(math.Abs(z)))
}
