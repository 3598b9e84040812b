package stat

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// CliffsDelta returns the chance that a treatment exceeds a control less the
// chance that it falls short [1]:
//
//	δ = P(y > x) − P(y < x) = ΣᵢΣⱼ dᵢⱼ/(mn),  dᵢⱼ = sign(yⱼ − xᵢ)
//
// It needs an order only, no scale. The interval is the asymmetric one of [2]
// from the consistent variance of [1],
//
//	s² = ((n−1)·s²ᵢ. + (m−1)·s².ⱼ + s²ᵢⱼ) / (mn)
//	(δ − δ³ ± zs·√((1 − δ²)² + z²s²)) / (1 − δ² + z²s²)
//
// where s²ᵢ. and s².ⱼ are the variances of the row and column means of dᵢⱼ and
// s²ᵢⱼ = ΣΣ(dᵢⱼ − δ)²/((m−1)(n−1)). Samples that do not overlap have no variance:
// the bound is then ±(b − z²)/(b + z²) with b the smaller of m and n, as [2] says.
// It takes O((m+n)·log(m+n)) steps, needs two values in each sample, and refuses
// values that are all equal.
//
// [1] Cliff (1993), Psychological Bulletin 114 (3): 494-509.
// [2] Feng, Cliff (2004), Journal of Modern Applied Statistical Methods 3 (2):
// 322-332.
func CliffsDelta(x, y []float64, o Options) (Effect, error) {
	return cliff("cliffs_delta", x, y, o)
}

// RankBiserial returns the rank-biserial correlation of two independent samples
// [1], 2U/(mn) − 1 with U the Mann-Whitney statistic of y. It equals Cliff's delta
// and has its interval: see CliffsDelta. For pairs see RankBiserialPaired.
//
// [1] Cureton (1956), Psychometrika 21 (3): 287-290.
func RankBiserial(x, y []float64, o Options) (Effect, error) {
	return cliff("rank_biserial", x, y, o)
}

// A12 returns the chance that a treatment exceeds a control, ties counting half
// [1], also called the common-language effect size:
//
//	A = P(y > x) + P(y = x)/2 = (δ + 1)/2
//
// with Cliff's delta δ, whose interval it takes over: see CliffsDelta.
//
// [1] Vargha, Delaney (2000), Journal of Educational and Behavioral Statistics
// 25 (2): 101-132.
func A12(x, y []float64, o Options) (Effect, error) {
	e, err := cliff("a12", x, y, o)
	if err != nil {
		return Effect{}, err
	}
	e.Estimate, e.Low, e.High = (1+e.Estimate)/2, (1+e.Low)/2, (1+e.High)/2
	return e, nil
}

func cliff(name string, x, y []float64, o Options) (Effect, error) {
	if _, err := effectLevel(name, o); err != nil {
		return Effect{}, err
	}
	for _, s := range [][]float64{x, y} {
		if len(s) < 2 {
			return Effect{}, refuse(name, TooFew, len(s), 2, "a sample has too few observations for an interval")
		}
		if err := checkFinite(name, s); err != nil {
			return Effect{}, err
		}
	}
	return cliffSorted(name, sortedFloats(x), sortedFloats(y), o)
}

// cliffSorted is cliff of sorted samples that are finite.
func cliffSorted(name string, xs, ys []float64, o Options) (Effect, error) {
	level, err := effectLevel(name, o)
	if err != nil {
		return Effect{}, err
	}
	if len(xs) < 2 || len(ys) < 2 {
		return Effect{}, refuse(name, TooFew, min(len(xs), len(ys)), 2, "a sample has too few observations for an interval")
	}
	m, n := float64(len(xs)), float64(len(ys))
	total, square := len(xs)+len(ys), 0.0
	rows, unequal := dominance(xs, ys)
	columns, _ := dominance(ys, xs)
	if unequal == 0 {
		return Effect{}, refuse(name, Constant, total, 0, "all values are equal")
	}
	sumRows := sum(rows, func(v float64) float64 { return v })
	d := sumRows / (m * n)
	spread := func(means []float64, of, centre float64) float64 {
		return sum(means, func(v float64) float64 { v = v/of - centre; return v * v })
	}
	si := spread(rows, n, d) / (m - 1)
	sj := spread(columns, m, -d) / (n - 1)
	// ΣΣ(dᵢⱼ − δ)² = ΣΣdᵢⱼ² − mn·δ², without cancellation where δ is ±1.
	square = (unequal - math.Abs(sumRows)) + math.Abs(sumRows)*((m*n-math.Abs(sumRows))/(m*n))
	s2 := ((n-1)*si + (m-1)*sj + square/((m-1)*(n-1))) / (m * n)
	e, err := newEffect(name, "cliff", total, d, -1, 1, level)
	e.bound(s2, (m*n-math.Abs(sumRows))/(m*n), min(m, n), zFor(level))
	return e, err
}

// bound sets the interval of a difference of probabilities by the variance s2;
// short is 1 − |δ|, and n the number for which samples without overlap count.
func (e *Effect) bound(s2, short, n, z float64) {
	d, q, w := e.Estimate, short*(2-short), z*z*s2
	if short == 0 {
		// The Wilson bound of n successes in n trials, on the scale from −1 to 1.
		e.Low, e.High = (n-z*z)/(n+z*z), 1
		if d < 0 {
			e.Low, e.High = -1, -e.Low
		}
		e.Warnings = []string{fmt.Sprintf("every comparison has the same sign: the bound is that of %g of %g", n, n)}
		return
	}
	half := math.Sqrt(w * (q*q + w))
	e.Low = max(-1, (d*q-half)/(q+w))
	e.High = min(1, (d*q+half)/(q+w))
}

// dominance returns for each value of a how many of b are greater less how many
// are smaller, and how many pairs are unequal. Both are sorted.
func dominance(a, b []float64) (net []float64, unequal float64) {
	net = make([]float64, len(a))
	below, upTo := 0, 0
	for i, v := range a {
		for below < len(b) && b[below] < v {
			below++
		}
		for upTo < len(b) && b[upTo] <= v {
			upTo++
		}
		above := len(b) - upTo
		net[i] = float64(above - below)
		unequal += float64(above + below)
	}
	return net, unequal
}

// RankBiserialPaired returns the matched-pairs rank-biserial correlation [1] of
// the differences d = y − x of pairs, zeros left out:
//
//	r = (W⁺ − W⁻) / (W⁺ + W⁻)
//
// with the sums of ranks of positive and of negative differences, ranked by size
// with ties at their mean. It is the mean sign of dᵢ + dⱼ over all i ≤ j, and so
// has the consistent variance of a U statistic [2], 4·Σ(hᵢ − r)²/(n(n−1)) with hᵢ
// the mean over j, j = i counting twice, put into the asymmetric interval of
// CliffsDelta; differences of one sign alone get the bound given there with b = n.
// It needs two differences that are not zero.
//
// [1] Kerby (2014), Comprehensive Psychology 3: 11.IT.3.1.
// [2] Sen (1960), Calcutta Statistical Association Bulletin 10 (1): 1-18.
func RankBiserialPaired(x, y []float64, o Options) (Effect, error) {
	const name = "rank_biserial"
	level, err := effectLevel(name, o)
	if err != nil {
		return Effect{}, err
	}
	d, err := differences(name, x, y)
	if err != nil {
		return Effect{}, err
	}
	all := len(d)
	d = slices.DeleteFunc(d, func(v float64) bool { return v == 0 })
	switch {
	case all > 1 && len(d) == 0:
		return Effect{}, refuse(name, Constant, all, 0, "no pair differs")
	case len(d) < 2:
		return Effect{}, refuse(name, TooFew, len(d), 2, "too few pairs that differ")
	}
	n := float64(len(d))
	h, total := pairedSigns(d)
	r := 2 * total / (n * (n + 1))
	s2 := 4 * sum(h, func(v float64) float64 { v = v/(n+1) - r; return v * v }) / (n * (n - 1))
	e, err := newEffect(name, "sen", all, r, -1, 1, level)
	whole := n * (n + 1) / 2
	e.bound(s2, (whole-math.Abs(total))/whole, n, zFor(level))
	if zeros := all - len(d); zeros > 0 {
		e.Warnings = append(e.Warnings, fmt.Sprintf("%d pairs that do not differ are left out", zeros))
	}
	return e, err
}

// pairedSigns returns hᵢ = sign(dᵢ) + Σⱼ sign(dᵢ + dⱼ) and Σ_{i≤j} sign(dᵢ + dⱼ).
func pairedSigns(d []float64) (h []float64, total float64) {
	slices.SortFunc(d, func(a, b float64) int { return cmp.Compare(math.Abs(a), math.Abs(b)) })
	signs := 0.0 // of the larger ones
	for _, v := range d {
		signs += math.Copysign(1, v)
	}
	h = make([]float64, len(d))
	for i := 0; i < len(d); {
		j, up, down := i, 0.0, 0.0
		for ; j < len(d) && math.Abs(d[j]) == math.Abs(d[i]); j++ {
			if d[j] > 0 {
				up++
			} else {
				down++
			}
		}
		signs -= up - down
		for k := i; k < j; k++ {
			if d[k] > 0 {
				h[k] = 1 + float64(i) + up + signs
			} else {
				h[k] = -1 - float64(i) - down + signs
			}
		}
		total += (up - down) * (float64(i) + float64(j-i+1)/2)
		i = j
	}
	return h, total
}
