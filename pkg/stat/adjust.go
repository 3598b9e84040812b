package stat

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Holm returns p-values adjusted by Holm's procedure: see Adjust. It panics on a
// NaN or a value outside [0, 1]: no test here returns one, so it is a mistake,
// and to skip it would change the others.
func Holm(p []float64) []float64 {
	out, err := Adjust(p, "holm")
	if err != nil {
		panic(err.Error())
	}
	return out
}

// adjustments lists the methods of Adjust, the default first.
var adjustments = []string{"holm", "bonferroni", "sidak", "holm_sidak", "hochberg", "hommel", "bh", "by", "tsbh", "tsbky", "none"}

// Adjustments returns the names of the methods of Adjust, the default first.
func Adjustments() []string { return slices.Clone(adjustments) }

// Adjust returns p-values adjusted for testing a family of m hypotheses at once,
// in the order given. Rejecting where an adjusted value is at most α keeps the
// error rate of the method at most α. With p₍₁₎ ≤ … ≤ p₍ₘ₎, all capped at 1:
//
//	bonferroni  m·p₍ᵢ₎
//	sidak       1 − (1 − p₍ᵢ₎)ᵐ
//	holm        max over j ≤ i of (m − j + 1)·p₍ⱼ₎ [1]
//	holm_sidak  max over j ≤ i of 1 − (1 − p₍ⱼ₎)^(m − j + 1)
//	hochberg    min over j ≥ i of (m − j + 1)·p₍ⱼ₎ [2]
//	hommel      closed testing with Simes' test [3]
//	bh          min over j ≥ i of m/j·p₍ⱼ₎ [4]
//	by          the same times 1 + 1/2 + … + 1/m [5]
//	tsbh        bh times the share of true hypotheses, estimated as TwoStage says
//	tsbky       the same by the two stages of [6]
//	none        p₍ᵢ₎
//
// The first six control the chance of any false rejection: bonferroni and holm
// whatever the dependence between the tests, sidak and holm_sidak under
// independence or positive dependence, hochberg and hommel where Simes'
// inequality holds, as it does for positively dependent tests. The others control
// the expected share of false rejections: by whatever the dependence, bh under
// positive dependence, the two-stage methods under independence. Holm is never
// above Bonferroni, Hochberg never above Holm, Hommel never above Hochberg.
//
// An empty method means holm; the two-stage methods have α = 0.05, see TwoStage.
// An empty family gives an empty one. It refuses a NaN and values outside [0, 1].
// It takes O(m·log m) steps, for Hommel's method, too.
//
// [1] Holm (1979), Scandinavian Journal of Statistics 6 (2): 65-70.
// [2] Hochberg (1988), Biometrika 75 (4): 800-802.
// [3] Hommel (1988), Biometrika 75 (2): 383-386.
// [4] Benjamini, Hochberg (1995), JRSS B 57 (1): 289-300.
// [5] Benjamini, Yekutieli (2001), Annals of Statistics 29 (4): 1165-1188.
// [6] Benjamini, Krieger, Yekutieli (2006), Biometrika 93 (3): 491-507.
func Adjust(p []float64, method string) ([]float64, error) {
	return adjust(p, method, 0.05)
}

// TwoStage returns p-values adjusted by a two-stage procedure for the false
// discovery rate alpha, "tsbh" or "tsbky". A first stage by bh at the rate q
// rejects r hypotheses; if that is some but not all, the second is bh with
// (m − r)/m for the share of true hypotheses. For tsbky q = α/(1 + α) and the
// values are 1 + α times as large, which is Definition 6 of [1] and controls the
// rate under independence; tsbh has q = α and neither. The adjusted values are
// valid for this alpha only. It refuses what Adjust refuses.
//
// [1] Benjamini, Krieger, Yekutieli (2006), Biometrika 93 (3): 491-507.
func TwoStage(p []float64, method string, alpha float64) ([]float64, error) {
	if method != "tsbh" && method != "tsbky" {
		return nil, badOption("adjust", "method %q is not one of tsbh, tsbky", method)
	}
	return adjust(p, method, alpha)
}

func adjust(p []float64, method string, alpha float64) ([]float64, error) {
	const test = "adjust"
	o, err := Options{Method: method}.resolve(test, adjustments...)
	if err != nil {
		return nil, err
	}
	if !(alpha > 0 && alpha < 1) {
		return nil, badOption(test, "alpha %v is outside (0, 1)", alpha)
	}
	for i, v := range p {
		if !(v >= 0 && v <= 1) {
			return nil, refuse(test, Invalid, len(p), 0, "p-value %d is %v, not in [0, 1]", i, v)
		}
	}
	s := sortedFamily(p)
	switch o.Method {
	case "hommel":
		return s.inOrder(hommel(s.values)), nil
	case "tsbh":
		return s.inOrder(twoStage(s.values, alpha, 1)), nil
	case "tsbky":
		return s.inOrder(twoStage(s.values, alpha/(1+alpha), 1+alpha)), nil
	}
	return s.inOrder(steps(s.values, o.Method, scaledP, 1)), nil
}

// family is a family of p-values, or of their logarithms, in ascending order.
type family struct {
	values []float64
	from   []int
}

func sortedFamily(p []float64) family {
	s := family{values: make([]float64, len(p)), from: make([]int, len(p))}
	for i := range p {
		s.from[i] = i
	}
	slices.SortStableFunc(s.from, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	for k, i := range s.from {
		s.values[k] = p[i]
	}
	return s
}

// inOrder returns values of the sorted family in the order it was given in.
func (s family) inOrder(sorted []float64) []float64 {
	out := make([]float64, len(sorted))
	for k, i := range s.from {
		out[i] = sorted[k]
	}
	return out
}

// steps adjusts ascending values by the methods that multiply each by a factor of
// its rank, or take the power of its complement. scaled does either to a p-value
// or to a logarithm of one; one is the largest value there is.
func steps(p []float64, method string, scaled func(p, by float64, power bool) float64, one float64) []float64 {
	m, out := float64(len(p)), make([]float64, len(p))
	sum := 0.0
	for i := len(p); i > 0 && method == "by"; i-- {
		sum += 1 / float64(i)
	}
	for i, v := range p {
		left := m - float64(i)
		switch method {
		case "bonferroni":
			out[i] = scaled(v, m, false)
		case "sidak":
			out[i] = scaled(v, m, true)
		case "holm", "hochberg":
			out[i] = scaled(v, left, false)
		case "holm_sidak":
			out[i] = scaled(v, left, true)
		case "bh":
			out[i] = scaled(v, m/float64(i+1), false)
		case "by":
			out[i] = scaled(v, m/float64(i+1)*sum, false)
		default:
			out[i] = v
		}
		out[i] = min(one, max(v, out[i]))
	}
	switch method {
	case "holm", "holm_sidak":
		for i := 1; i < len(out); i++ {
			out[i] = max(out[i], out[i-1])
		}
	case "hochberg", "bh", "by":
		for i := len(out) - 2; i >= 0; i-- {
			out[i] = min(out[i], out[i+1])
		}
	}
	return out
}

func scaledP(p, by float64, power bool) float64 {
	if power {
		return -math.Expm1(by * math.Log1p(-p))
	}
	return p * by
}

// scaledLogP is scaledP on logarithms.
func scaledLogP(logP, by float64, power bool) float64 {
	if p := math.Exp(logP); power && p > 1e-18 {
		return math.Log(scaledP(p, by, true))
	}
	return logP + math.Log(by)
}

// twoStage adjusts ascending values with the first stage at q.
func twoStage(p []float64, q, factor float64) []float64 {
	out, rejected, m := steps(p, "bh", scaledP, 1), 0, float64(len(p))
	for i, v := range p {
		if v <= float64(i+1)/m*q {
			rejected = i + 1
		}
	}
	if rejected > 0 && rejected < len(p) {
		factor *= (m - float64(rejected)) / m
	}
	for i := range out {
		out[i] = min(1, out[i]*factor)
	}
	return out
}

// hommel adjusts ascending values by Hommel's method in linear time, after the
// ideas of [1]. The i largest values are not all null by Simes' test at level α
// where Sᵢ = min over j of i·p₍ₘ₋ᵢ₊ⱼ₎/j is at most α. With Aᵢ the largest of
// Sᵢ … Sₘ, at level α in [Aₖ₊₁, Aₖ) at most k hypotheses may be true, and p is
// rejected if k·p ≤ α: the adjusted value is the least over k of
// max(Aₖ₊₁, k·p).
//
// Sᵢ/i is the least slope from the point (m − i, 0) to the points (l, p₍ₗ₎), which
// touches their lower convex hull, the further left the larger i.
//
// [1] Meijer, Krebs, Goeman (2019), Statistical Applications in Genetics and
// Molecular Biology 18 (2).
func hommel(p []float64) []float64 {
	m := len(p)
	hull := make([]int, 0, m)
	for l := range p {
		for n := len(hull); n > 1; n = len(hull) {
			a, b := hull[n-2], hull[n-1]
			if (p[b]-p[a])*float64(l-b) < (p[l]-p[b])*float64(b-a) {
				break
			}
			hull = hull[:n-1]
		}
		hull = append(hull, l)
	}
	bound := make([]float64, m+2)
	touch := len(hull) - 1
	for i := 1; i <= m; i++ {
		// Places count from 0, so that the point is at m − i − 1.
		slope := func(at int) float64 { return p[hull[at]] / float64(hull[at]-(m-i)+1) }
		for touch > 0 && hull[touch-1] >= m-i && slope(touch-1) <= slope(touch) {
			touch--
		}
		bound[i] = min(1, float64(i)*slope(touch))
	}
	for i := m - 1; i > 0; i-- {
		bound[i] = max(bound[i], bound[i+1])
	}
	return closed(p, bound, func(p float64, k int) float64 { return float64(k) * p })
}

// closed returns for each of the ascending values the least over k of
// max(boundₖ₊₁, times(p, k)).
func closed(p, bound []float64, times func(p float64, k int) float64) []float64 {
	out, k := make([]float64, len(p)), len(p)
	for i, v := range p {
		for k > 0 && !(times(v, k) < bound[k]) {
			k--
		}
		out[i] = max(v, bound[k+1])
		if k > 0 {
			out[i] = max(out[i], times(v, k))
		}
	}
	return out
}

// adjustLogs is Adjust on logarithms, for p-values below the smallest number. It
// takes none of the two-stage methods; Hommel's takes O(m²) steps.
func adjustLogs(logP []float64, method string) []float64 {
	s := sortedFamily(logP)
	if method != "hommel" {
		return s.inOrder(steps(s.values, method, scaledLogP, 0))
	}
	m := len(logP)
	logs := make([]float64, m+1)
	for i := range logs {
		logs[i] = math.Log(float64(i))
	}
	bound := make([]float64, m+2)
	bound[m+1] = math.Inf(-1)
	for i := m; i > 0; i-- {
		least := math.Inf(1)
		for j := 1; j <= i; j++ {
			least = min(least, s.values[m-i+j-1]-logs[j])
		}
		bound[i] = max(min(0, least+logs[i]), bound[i+1])
	}
	return s.inOrder(closed(s.values, bound, func(v float64, k int) float64 { return v + logs[k] }))
}

// AdjustResult is Adjust as a result of the catalogue: alpha is that of the
// two-stage methods. Values below SmallestP are SmallestP, with a warning.
func AdjustResult(p []float64, o Options, alpha float64) (Result, error) {
	const test = "adjust"
	o, err := o.resolve(test, adjustments...)
	if err != nil {
		return Result{}, err
	}
	if len(p) == 0 {
		return Result{}, refuse(test, TooFew, 0, 1, "there are no p-values")
	}
	adjusted, err := adjust(p, o.Method, alpha)
	if err != nil {
		return Result{}, err
	}
	out := Result{Test: test, Method: o.Method, N: []int{len(p)}, Adjusted: adjusted}
	small := 0
	for i, v := range adjusted {
		if v < SmallestP {
			adjusted[i] = SmallestP
			small++
		}
	}
	if small > 0 {
		out.Warnings = []string{fmt.Sprintf("%d adjusted p-values are below %g", small, SmallestP)}
	}
	return out, nil
}
