package stat

import (
	"math"
	"slices"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// PageTrend tests whether treatments tend to larger values in the order of their
// columns, each block (row) having a value of every treatment [1]. With Rⱼ the sum
// of the ranks of treatment j within blocks, mid-ranks for ties,
//
//	L = Σ j·Rⱼ
//
// The order must be that of the hypothesis, before the data. The alternative is
// greater, an increasing trend, where none is given; less is a decreasing one.
// Methods:
//
//   - exact: the distribution of L over all permutations within blocks, ties
//     included;
//   - asymptotic: normal, with mean nk(k + 1)²/4 and the variance of those
//     permutations, (k² − 1)k/12 Σᵢ Σⱼ(rᵢⱼ − (k + 1)/2)²/(k − 1), without correction of
//     continuity. Without ties it is nk²(k + 1)²(k − 1)/144;
//   - auto, the default: exact for up to twelve treatments where it is quick, else
//     asymptotic.
//
// The two-sided p-value is twice the smaller, at most 1.
//
// [1] Page (1963), JASA 58 (301): 216-230.
func PageTrend(rows [][]float64, o Options) (Result, error) {
	const test = "page"
	if o.Alternative == "" {
		o.Alternative = Greater
	}
	o, err := o.resolve(test, "auto", "exact", "asymptotic")
	if err != nil {
		return Result{}, err
	}
	b, err := newBlockRanks(test, rows, 3)
	if err != nil {
		return Result{}, err
	}
	n, k := float64(b.n), float64(b.k)
	// In ranks times two about their mean, Σ j·sums is 2(L − mean).
	twice := int64(0)
	for j, s := range b.sums {
		twice += int64(j+1) * s
	}
	deviation := float64(twice) / 2
	mean := n * k * (k + 1) * (k + 1) / 4
	z := deviation / math.Sqrt((k*k-1)*k/12*b.spread/4/(k-1))
	r := Result{Test: test, Method: o.Method, Alternative: o.Alternative, Statistic: mean + deviation, N: []int{b.n},
		Details: []Detail{detail("z", z), detail("expected", mean)}}
	if o.Method != "asymptotic" {
		greater, less, ok := b.pageTails(twice)
		if ok {
			r.Method = "exact"
			return r.withP(sided(o.Alternative, math.Log(greater), math.Log(less))), nil
		}
		if o.Method == "exact" {
			return Result{}, refuse(test, TooLarge, b.n, 0, "the exact distribution of %d blocks of %d takes too long: method asymptotic", b.n, b.k)
		}
		r.Method = "asymptotic"
	}
	return r.withP(sided(o.Alternative, dist.Normal{}.LogSF(z), dist.Normal{}.LogSF(-z))), nil
}

// sided picks the logarithm of a p-value from those of the tails.
func sided(alternative Alternative, greater, less float64) float64 {
	switch alternative {
	case Greater:
		return greater
	case Less:
		return less
	}
	return math.Min(0, math.Ln2+math.Min(greater, less))
}

// pageTails returns the chances that Σ j·sums is at least, and at most, observed.
// The distributions of the blocks are convolved; all terms are positive, so that
// tails keep their digits.
func (b *blockRanks) pageTails(observed int64) (greater, less float64, ok bool) {
	if b.k > 12 {
		return 0, 0, false
	}
	reach := b.k * (b.k*b.k - 1) / 3 // the widest range of one block
	if cost := float64(b.n) * float64(b.n) * float64(reach) * float64(reach); cost > 4*maxSteps {
		return 0, 0, false
	}
	total, low := []float64{1}, 0
	known := map[string]blockTrend{}
	for i := range b.n {
		ranks := slices.Sorted(slices.Values(b.rows[i*b.k : (i+1)*b.k]))
		key := string(rankBytes(ranks))
		one, seen := known[key]
		if !seen {
			one = newBlockTrend(ranks)
			known[key] = one
		}
		total, low = convolve(total, one.chance), low+one.low
	}
	at := int(observed) - low
	for i := len(total) - 1; i >= at; i-- {
		greater += total[i]
	}
	for i := 0; i <= at && i < len(total); i++ {
		less += total[i]
	}
	if greater == 0 || less == 0 { // beyond the range of a float64
		return 0, 0, false
	}
	return math.Min(1, greater), math.Min(1, less), true
}

func rankBytes(ranks []int64) []byte {
	out := make([]byte, len(ranks))
	for i, r := range ranks {
		out[i] = byte(r + 64)
	}
	return out
}

// blockTrend is the distribution of Σ j·rⱼ over the orders of a block's ranks:
// chance[i] is that of low + i.
type blockTrend struct {
	low    int
	chance []float64
}

// newBlockTrend deals the ranks out column by column: counts[set] counts, by sum,
// the ways in which the first columns can hold the ranks in the set.
func newBlockTrend(ranks []int64) blockTrend {
	k := len(ranks)
	low, high := 0, 0
	for j, r := range ranks { // ascending: the largest sum; in reverse the least
		high += (j + 1) * int(r)
		low += (k - j) * int(r)
	}
	counts := make([]map[int]float64, 1<<k)
	counts[0] = map[int]float64{0: 1}
	for set := range counts {
		column := 1
		for i := range k {
			column += set >> i & 1
		}
		for i := range k {
			next := set | 1<<i
			if next == set {
				continue
			}
			if counts[next] == nil {
				counts[next] = map[int]float64{}
			}
			for s, c := range counts[set] { // whole numbers: any order adds up alike
				counts[next][s+column*int(ranks[i])] += c
			}
		}
		if set != len(counts)-1 {
			counts[set] = nil
		}
	}
	out := blockTrend{low: low, chance: make([]float64, high-low+1)}
	orders := math.Gamma(float64(k + 1))
	for s, c := range counts[len(counts)-1] {
		out.chance[s-low] = c / orders
	}
	return out
}

func convolve(a, b []float64) []float64 {
	out := make([]float64, len(a)+len(b)-1)
	for i, v := range b {
		if v == 0 {
			continue
		}
		for j, w := range a {
			out[i+j] += v * w
		}
	}
	return out
}
