package stat

import (
	"fmt"
	"math"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// The sizes up to which Mann-Whitney is exact by itself and on demand, as products
// of the sizes of the samples: about a twentieth of a second, and some seconds.
const (
	mannWhitneyExact   = 10_000
	mannWhitneyLargest = 40_000
)

// MannWhitney tests whether observations of two populations, shifted by mu, tend
// to be equally large, by Wilcoxon's rank sum test [1,2]. The statistic is
//
//	U = #{yⱼ − mu > xᵢ} + ½·#{yⱼ − mu = xᵢ}
//
// so U/(n₁n₂) estimates the probability that a treatment exceeds a control. Under
// the null hypothesis the samples are of one distribution; the test is not one of
// medians unless the distributions differ by a shift alone.
//
// Methods:
//
//	auto                      exact where n₁·n₂ ≤ 10 000, else asymptotic
//	exact                     the permutation distribution given the ties [3]
//	asymptotic                normal, variance corrected for ties, and for continuity
//	asymptotic_no_correction  the same without the correction for continuity
//
// The choice of auto depends on the sizes alone. Given ties the distribution may
// be asymmetric; the two-sided p-value is then P(|U − n₁n₂/2| ≥ |u − n₁n₂/2|), that
// of [3] and of the usual programs for exact tests, which without ties is twice
// the smaller tail.
//
// The interval is that of Hodges and Lehmann [4] for the shift of y against x,
// whatever mu: between the k-th smallest and the k-th largest of all differences
// yⱼ − xᵢ, about their median, where k inverts the test: exactly,
// by the distribution without ties, or by the normal one. Rounded or tied data
// make it cover more than it claims, not less. Where no difference bounds the shift at
// this level there is no interval, and a warning.
//
// It refuses empty samples, values that are not finite, and values that are all
// equal. The effect is the rank-biserial correlation 2U/(n₁n₂) − 1, where both
// samples have two values at least.
//
// [1] Mann, Whitney (1947), Annals of Mathematical Statistics 18 (1): 50-60.
// [2] Wilcoxon (1945), Biometrics Bulletin 1 (6): 80-83.
// [3] Streitberg, Röhmel (1986), Statistical Software Newsletter 12 (1): 10-17.
// [4] Hodges, Lehmann (1963), Annals of Mathematical Statistics 34 (2): 598-611.
func MannWhitney(x, y []float64, o Options) (Result, error) {
	const test = "mann_whitney"
	o, err := o.resolve(test, "auto", "exact", "asymptotic", "asymptotic_no_correction")
	if err != nil {
		return Result{}, err
	}
	if o.Method, err = exactOr(test, o.Method, len(x)*len(y), mannWhitneyExact, mannWhitneyLargest); err != nil {
		return Result{}, err
	}
	for i, s := range [][]float64{x, y} {
		if len(s) == 0 {
			return Result{}, refuse(test, TooFew, 0, 1, "group %d is empty", i)
		}
		if err := checkFinite(test, s); err != nil {
			return Result{}, err
		}
	}
	xs, ys := sortedFloats(x), sortedFloats(y)
	all := differencesOf(xs, ys)
	if err := finite(test, len(x)+len(y), all.least()-o.Mu, all.greatest()-o.Mu); err != nil {
		return Result{}, err
	}
	moved := ys
	if o.Mu != 0 {
		moved = make([]float64, len(ys))
		for i, v := range ys {
			moved[i] = v - o.Mu
		}
	}
	pool := pooled(xs, moved)
	if len(pool.ties) == 1 {
		return Result{}, refuse(test, Constant, len(x)+len(y), 0, "all values are equal, so no order speaks for either group")
	}
	r := Result{Test: test, Method: o.Method, Alternative: o.Alternative, N: []int{len(x), len(y)},
		Statistic: float64(pool.twiceU) / 2}
	var half []float64
	if o.Method == "exact" {
		half = untiedCounts(min(len(x), len(y)), max(len(x), len(y)), len(x)*len(y)/2)
		r = r.withExactP(pool.exactP(o.Alternative, half))
	} else {
		r = r.withP(pool.normalLogP(o.Alternative, o.Method == "asymptotic"))
	}
	r.Interval, r.Warnings = shiftInterval(all, mannWhitneyRank(len(x), len(y), half, o), o, r.Warnings)
	r.Interval.N = len(x) + len(y)
	if e, err := cliffSorted("rank_biserial", xs, moved, o); err == nil {
		r.Effect = &e
	}
	return r, nil
}

// exactOr returns the method that auto stands for, and refuses an exact one that
// is too large.
func exactOr(test, method string, size, exact, largest int) (string, error) {
	switch {
	case method == "auto" && size <= exact:
		return "exact", nil
	case method == "auto":
		return "asymptotic", nil
	case method == "exact" && size > largest:
		return "", refuse(test, TooLarge, size, 0, "an exact p-value would take too long: take the method asymptotic, which is as good for so many")
	}
	return method, nil
}

// pool is two samples ranked together.
type pool struct {
	n1, n2 int
	twiceU int
	// ties holds the sizes of the groups of equal values, ascending.
	ties []int
}

// pooled ranks two sorted samples together.
func pooled(x, y []float64) pool {
	p := pool{n1: len(x), n2: len(y), ties: make([]int, 0, len(x)+len(y))}
	for i, j := 0, 0; i < len(x) || j < len(y); {
		v := math.Inf(1)
		if i < len(x) {
			v = x[i]
		}
		if j < len(y) && y[j] < v {
			v = y[j]
		}
		a, b := i, j
		for i < len(x) && x[i] == v {
			i++
		}
		for j < len(y) && y[j] == v {
			j++
		}
		p.twiceU += (j - b) * (a + i)
		p.ties = append(p.ties, i-a+j-b)
	}
	return p
}

// exactP returns the p-value of the permutation distribution, that of the rank
// sum of the smaller sample.
func (p pool) exactP(alternative Alternative, half []float64) exactP {
	scores := make([]int, 0, p.n1+p.n2)
	for _, t := range p.ties {
		twice := 2*len(scores) + t + 1
		for range t {
			scores = append(scores, twice)
		}
	}
	m, u := p.n2, p.twiceU
	if p.n1 < p.n2 {
		m, u = p.n1, 2*p.n1*p.n2-p.twiceU
		alternative = alternative.opposite()
	}
	return newRankSum(scores, m, half).p(u+m*(m+1), alternative)
}

// opposite returns the alternative for exchanged samples.
func (a Alternative) opposite() Alternative {
	switch a {
	case Greater:
		return Less
	case Less:
		return Greater
	}
	return a
}

// normalLogP returns the p-value by the normal approximation, with the variance
//
//	n₁n₂/12 · (N + 1 − Σ(t³ − t)/(N(N − 1)))
func (p pool) normalLogP(alternative Alternative, correct bool) float64 {
	product, n := float64(p.n1)*float64(p.n2), float64(p.n1+p.n2)
	variance := product / 12 * (n + 1 - tieSum(p.ties)/(n*(n-1)))
	return normalLogP((float64(p.twiceU)-product)/2, math.Sqrt(variance), alternative, correct)
}

// normalLogP returns the p-value of a sum of ranks that is so far from its mean,
// drawn in by ½ for continuity.
func normalLogP(distance, sd float64, alternative Alternative, correct bool) float64 {
	half := 0.0
	if correct {
		half = 0.5
	}
	switch alternative {
	case Greater:
		return dist.Normal{}.LogSF((distance - half) / sd)
	case Less:
		return dist.Normal{}.LogSF((-distance - half) / sd)
	}
	return math.Min(0, math.Ln2+dist.Normal{}.LogSF((math.Abs(distance)-half)/sd))
}

// rankBound is the rank of the bounds of an interval of order statistics, from 1,
// or 0 where there is none, and the level attained where it is known.
type rankBound struct {
	rank               int
	attained, possible float64
}

// mannWhitneyRank returns which differences bound the shift.
func mannWhitneyRank(n1, n2 int, half []float64, o Options) rankBound {
	if o.Method != "exact" {
		product, n := float64(n1)*float64(n2), float64(n1+n2)
		return normalRank(product, math.Sqrt(product*(n+1)/12), o)
	}
	return exactRank(half, subsets(n1+n2, n1), o.Level)
}

// exactRank returns the rank by the lower half of a symmetric distribution.
func exactRank(counts []float64, total, level float64) rankBound {
	k, below := tailRank(counts, total, (1-level)/2)
	return rankBound{rank: k, attained: 1 - 2*below, possible: 1 - 2*counts[0]/total}
}

// normalRank returns the rank by the normal approximation to the number, of all
// that there are, with standard deviation sd.
func normalRank(all, sd float64, o Options) rankBound {
	half := 0.5
	if o.Method == "asymptotic_no_correction" {
		half = 0
	}
	// The greatest k with Φ((k − 1 + half − all/2)/sd) ≤ (1 − level)/2.
	k := math.Floor(all/2 - zFor(o.Level)*sd + 1 - half)
	return rankBound{rank: int(math.Max(0, math.Min(k, math.Floor((all+1)/2))))}
}

// shiftInterval returns the median of the numbers between those of the rank from
// either end.
func shiftInterval(all sumMatrix, bound rankBound, o Options, warnings []string) (*Interval, []string) {
	size, order := all.size(), all.order
	if size <= 1<<14 {
		// So few are sorted once.
		_, sorted, _ := all.between(math.Inf(-1), math.Inf(1), size)
		order = func(k int) (at, next float64) { return sorted[k-1], sorted[min(k, size-1)] }
	}
	low, high := order((size + 1) / 2)
	out := &Interval{Estimate: low + (high-low)/2, Method: "hodges_lehmann_" + o.Method}
	if size%2 == 1 {
		out.Estimate = low
	}
	if bound.rank == 0 {
		reach := ""
		if bound.possible > 0 {
			reach = fmt.Sprintf(": between the extremes it is known with %.4g", bound.possible)
		}
		return out, append(warnings, fmt.Sprintf("too few observations to bound the shift with confidence %g%s", o.Level, reach))
	}
	out.Level, out.Attained = o.Level, bound.attained
	out.Low, _ = order(bound.rank)
	out.High, _ = order(size + 1 - bound.rank)
	return out, warnings
}
