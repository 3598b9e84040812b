package stat

import (
	"math"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// Quade tests whether k treatments have one distribution, each block (row) having
// a value of every treatment (column), like Friedman but with more weight for
// blocks whose values differ more [1, 2]. With Qᵢ the mid-rank of the range of
// block i among the ranges and rᵢⱼ the mid-ranks within blocks,
//
//	Sᵢⱼ = Qᵢ(rᵢⱼ − (k + 1)/2),  A = ΣΣSᵢⱼ²,  B = Σⱼ(ΣᵢSᵢⱼ)²/n
//	F = (n − 1)B/(A − B)
//
// is approximately F with k − 1 and (n − 1)(k − 1) degrees of freedom. Since it
// ranks the ranges, values must be comparable between blocks. With two treatments
// it is close to Wilcoxon's signed-rank test; it is said to be stronger than
// Friedman's test up to four treatments. Where all blocks agree and have one
// range F is infinite, and the test is refused: Friedman has an exact answer.
//
// [1] Quade (1979), JASA 74 (367): 680-683.
// [2] Conover (1999), Practical Nonparametric Statistics, 3rd edition, section 5.8.
func Quade(rows [][]float64, o Options) (Result, error) {
	const test = "quade"
	o, err := o.resolve(test, "f")
	if err == nil {
		err = o.onlyTwoSided(test)
	}
	if err != nil {
		return Result{}, err
	}
	b, err := newBlockRanks(test, rows, 2)
	if err != nil {
		return Result{}, err
	}
	ranges := make([]float64, b.n)
	for i, row := range rows {
		low, high := row[0], row[0]
		for _, v := range row {
			low, high = math.Min(low, v), math.Max(high, v)
		}
		ranges[i] = high - low
	}
	if err := finite(test, b.n, ranges...); err != nil {
		return Result{}, err
	}
	weights, _ := midranks(ranges)
	sums := make([]float64, b.k)
	var all, treatments twoSum
	for i, w := range weights {
		for j, r := range b.rows[i*b.k : (i+1)*b.k] {
			s := w * float64(r) // whole multiples of a half
			sums[j] += s
			all.add(s * s)
		}
	}
	for _, s := range sums {
		treatments.add(s * s)
	}
	n, d1 := float64(b.n), float64(b.k-1)
	left := n*all.value() - treatments.value()
	if left <= 0 {
		return Result{}, refuse(test, Constant, b.n, 0, "all blocks agree on the order and have one range: F is infinite; use friedman with method exact")
	}
	f := (n - 1) * treatments.value() / left
	r := Result{Test: test, Method: o.Method, Alternative: o.Alternative, Statistic: f, DF: []float64{d1, (n - 1) * d1}, N: []int{b.n}}
	return r.withP(dist.F{D1: d1, D2: (n - 1) * d1}.LogSF(f)), nil
}
