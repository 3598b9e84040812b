package stat

import (
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// ErrorCorrelation measures how far voters fail on the same items, two by two: rows
// are items, columns are voters, and a value is 1 where the voter was right and 0
// where not. Of two voters, with the shares a of items both got right, b and c that
// one did, and d that neither did [1, 2]:
//
//	φ             (ad − bc)/√((a+b)(c+d)(a+c)(b+d)), the correlation of their errors
//	Yule's Q      (ad − bc)/(ad + bc)
//	disagreement  b + c
//	double fault  d
//
// Comparisons hold for each two voters φ as the estimate, χ² = nφ² with one degree
// of freedom and its p, adjusted by Holm's method over all pairs, and Q as the
// effect; details hold the other measures, and the means of all four.
//
// The estimate of the result is the mean φ over pairs; its interval lies between
// percentiles of the bootstrap over items. Its p-value tests that voters err
// independently: each voter's values are shuffled over the items, and p is (1 +
// reached)/(1 + replicates), by the mean φ. Both draw replicates times (2000 by
// default) with seed.
//
// Independence is what adding up votes presumes; items that are hard for everybody
// break it, as shared training does. Pairs with a voter who was always right or
// always wrong have no φ: they are left out with a warning.
//
// It refuses fewer than two voters or four items, values other than 0 and 1, and
// voters none of which vary.
//
// [1] Kuncheva, Whitaker (2003), Machine Learning 51 (2): 181-207.
// [2] Yule (1900), Philosophical Transactions of the Royal Society A 194: 257-319.
func ErrorCorrelation(correct [][]float64, o Options) (Result, error) {
	const test = "error_correlation"
	v, o, err := newVoters(test, correct, o)
	if err != nil {
		return Result{}, err
	}
	out := Result{Test: test, Method: "permutation, holm", Alternative: o.Alternative, N: []int{v.items, len(v.columns)}}
	mean, pairs := v.meanPhi(v.columns)
	if pairs == 0 {
		return Result{}, refuse(test, Constant, v.items, 0, "no two voters are both right on some items and wrong on others: their errors have no correlation")
	}
	out.Statistic = mean
	v.compare(&out)
	out.Interval = v.phiInterval(mean, o)
	logP := v.shuffled(mean, o)
	out.Warnings = append(out.Warnings, v.warnings(pairs)...)
	return out.withP(logP), nil
}

// EffectiveVoters returns with how many independent voters an ensemble compares:
// the number k of voters over the design effect of their mean correlation ρ̄ [1],
//
//	n_eff = k/(1 + (k−1)ρ̄)
//
// where ρ̄ is the mean φ of their errors, as in ErrorCorrelation, whose data it
// takes. The variance of the mean vote is that of n_eff independent ones. It is k
// for ρ̄ = 0, falls to 1 for ρ̄ = 1, and is above k for voters who err in turns. The
// interval transforms that of ρ̄ by the bootstrap over items (2000 replicates by
// default, with seed).
//
// It refuses what ErrorCorrelation refuses, and voters so opposed that the mean vote
// does not vary.
//
// [1] Kish (1965), Survey Sampling, 5.4; Kuncheva, Whitaker (2003), Machine
// Learning 51 (2): 181-207.
func EffectiveVoters(correct [][]float64, o Options) (Result, error) {
	const test = "effective_voters"
	v, o, err := newVoters(test, correct, o)
	if err == nil {
		err = o.onlyTwoSided(test)
	}
	if err != nil {
		return Result{}, err
	}
	mean, pairs := v.meanPhi(v.columns)
	if pairs == 0 {
		return Result{}, refuse(test, Constant, v.items, 0, "no two voters are both right on some items and wrong on others: their errors have no correlation")
	}
	k := float64(len(v.columns))
	effective := func(rho float64) float64 { return k / (1 + (k-1)*rho) }
	if 1+(k-1)*mean < 1e-9 {
		return Result{}, refuse(test, Unbounded, v.items, 0, "the voters' errors cancel (mean correlation %g): no number of independent voters does as well", mean)
	}
	out := Result{Test: test, Method: "bootstrap", N: []int{v.items, len(v.columns)}, Details: []Detail{{"mean_phi", mean}},
		Interval: &Interval{Estimate: effective(mean), N: v.items}, Warnings: v.warnings(pairs)}
	phi := v.phiInterval(mean, o)
	switch {
	case phi.Level == 0:
		out.Warnings = append(out.Warnings, "too few replicates for an interval")
	case 1+(k-1)*phi.Low < 1e-9:
		out.Warnings = append(out.Warnings, "the interval has no upper bound: some replicates have errors that cancel")
	default:
		out.Interval.Low, out.Interval.High, out.Interval.Level, out.Interval.Method = effective(phi.High), effective(phi.Low), o.Level, "bootstrap_percentile"
		out.Details = append(out.Details, Detail{"mean_phi_low", phi.Low}, Detail{"mean_phi_high", phi.High})
	}
	return out, nil
}

// voters holds who was right on which item, a bit for each.
type voters struct {
	items   int
	columns [][]uint64
	matrix  [][]float64
}

func newVoters(test string, correct [][]float64, o Options) (*voters, Options, error) {
	o, err := o.resolve(test, "bootstrap")
	if err == nil {
		err = o.withoutMu(test)
	}
	if err != nil {
		return nil, o, err
	}
	n := len(correct)
	if n < 4 {
		return nil, o, refuse(test, TooFew, n, 4, "needs four items (rows)")
	}
	k := len(correct[0])
	if k < 2 {
		return nil, o, refuse(test, TooFew, k, 2, "needs two voters (columns)")
	}
	if o.Replicates == 0 {
		o.Replicates = 2000
	}
	if k > 200 || float64(o.Replicates)*float64(k)*(float64(n)+float64(k)*float64(n)/64) > 2e9 {
		return nil, o, refuse(test, TooLarge, n, 0, "%d replicates of %d items and %d voters take too long: set fewer replicates", o.Replicates, n, k)
	}
	v := &voters{items: n, matrix: correct, columns: newColumns(k, n)}
	for i, row := range correct {
		if len(row) != k {
			return nil, o, refuse(test, Invalid, n, 0, "row %d has %d voters, not %d", i, len(row), k)
		}
		for j, x := range row {
			switch x {
			case 0:
			case 1:
				v.columns[j][i/64] |= 1 << (i % 64)
			default:
				return nil, o, refuse(test, Invalid, n, 0, "item %d of voter %d is %v: want 1 for right and 0 for wrong", i, j, x)
			}
		}
	}
	return v, o, nil
}

// newColumns makes room for k voters on n items.
func newColumns(k, n int) [][]uint64 {
	words := (n + 63) / 64
	all := make([]uint64, k*words)
	out := make([][]uint64, k)
	for j := range out {
		out[j] = all[j*words : (j+1)*words]
	}
	return out
}

// fourfold counts items by two voters: both right, one, the other, neither.
func (v *voters) fourfold(x, y []uint64) (a, b, c, d float64) {
	both, right, left := 0, 0, 0
	for i, w := range x {
		both += bits.OnesCount64(w & y[i])
		right += bits.OnesCount64(w)
		left += bits.OnesCount64(y[i])
	}
	return float64(both), float64(right - both), float64(left - both), float64(v.items - right - left + both)
}

// phi returns the correlation of a fourfold table, and whether it has one.
func phi(a, b, c, d float64) (float64, bool) {
	margins := math.Sqrt((a+b)*(c+d)) * math.Sqrt((a+c)*(b+d))
	if margins == 0 {
		return 0, false
	}
	return (a*d - b*c) / margins, true
}

// meanPhi returns the mean correlation, and over how many pairs.
func (v *voters) meanPhi(columns [][]uint64) (mean float64, pairs int) {
	right := make([]int, len(columns))
	for j, x := range columns {
		for _, w := range x {
			right[j] += bits.OnesCount64(w)
		}
	}
	total := 0.0
	for j, y := range columns {
		for i, x := range columns[:j] {
			both := 0
			for k, w := range x {
				both += bits.OnesCount64(w & y[k])
			}
			a := float64(both)
			if r, ok := phi(a, float64(right[i])-a, float64(right[j])-a, float64(v.items-right[i]-right[j]+both)); ok {
				total += r
				pairs++
			}
		}
	}
	if pairs == 0 {
		return 0, 0
	}
	return total / float64(pairs), pairs
}

// compare fills in the comparisons of voters two by two, and the means.
func (v *voters) compare(out *Result) {
	n := float64(v.items)
	var logs []float64
	var means [3]float64
	count := 0.0
	sparse := false
	for i, x := range v.columns {
		for j := i + 1; j < len(v.columns); j++ {
			a, b, c, d := v.fourfold(x, v.columns[j])
			count++
			means[0] += (b + c) / n
			means[1] += d / n
			q := 0.0
			if a*d+b*c > 0 {
				q = (a*d - b*c) / (a*d + b*c)
			}
			means[2] += q
			name := fmt.Sprintf("_%d_%d", i, j)
			out.Details = append(out.Details, Detail{"disagreement" + name, (b + c) / n}, Detail{"double_fault" + name, d / n})
			r, ok := phi(a, b, c, d)
			if !ok {
				continue
			}
			least := math.Min(math.Min((a+b)*(a+c), (a+b)*(b+d)), math.Min((c+d)*(a+c), (c+d)*(b+d))) / n
			sparse = sparse || least < 5
			chi := n * r * r
			out.Comparisons = append(out.Comparisons, Comparison{A: i, B: j, Statistic: chi, DF: []float64{1},
				Interval: &Interval{Estimate: r, N: v.items}, Effect: &Effect{Name: "yule_q", Interval: Interval{Estimate: q, N: v.items}}})
			logs = append(logs, math.Min(0, math.Ln2+dist.Normal{}.LogSF(math.Sqrt(chi))))
		}
	}
	for i, l := range holmLogs(logs) {
		out.Comparisons[i].LogP = l
		out.Comparisons[i].P = math.Max(math.Exp(l), SmallestP)
	}
	mean := []Detail{{"mean_phi", out.Statistic}, {"mean_q", means[2] / count}, {"mean_disagreement", means[0] / count}, {"mean_double_fault", means[1] / count}}
	out.Details = append(mean, out.Details...)
	if sparse {
		out.Warnings = append(out.Warnings, "fewer than five items are expected in a cell of some pair: its χ² is a rough one")
	}
}

// holmLogs is Holm's adjustment of logarithms of p-values.
func holmLogs(logs []float64) []float64 {
	order := make([]int, len(logs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch {
		case logs[i] < logs[j]:
			return -1
		case logs[i] > logs[j]:
			return 1
		}
		return 0
	})
	out, least := make([]float64, len(logs)), math.Inf(-1)
	for rank, i := range order {
		least = math.Max(least, math.Min(0, logs[i]+math.Log(float64(len(logs)-rank))))
		out[i] = least
	}
	return out
}

// phiInterval draws items with replacement.
func (v *voters) phiInterval(mean float64, o Options) *Interval {
	drawn := make([]float64, 0, o.Replicates)
	columns := newColumns(len(v.columns), v.items)
	for r := range o.Replicates {
		stream := Stream(o.Seed, uint64(r))
		for _, c := range columns {
			clear(c)
		}
		for i := range v.items {
			at := stream.IntN(v.items)
			for j, c := range v.columns {
				columns[j][i/64] |= c[at/64] >> (at % 64) & 1 << (i % 64)
			}
		}
		if m, pairs := v.meanPhi(columns); pairs > 0 {
			drawn = append(drawn, m)
		}
	}
	out := &Interval{Estimate: mean, N: v.items}
	if len(drawn) < 20 || len(drawn) < o.Replicates/2 {
		return out
	}
	slices.Sort(drawn)
	out.Low, out.High = quantileSorted(drawn, (1-o.Level)/2), quantileSorted(drawn, (1+o.Level)/2)
	out.Level, out.Method = o.Level, "bootstrap_percentile"
	return out
}

// shuffled returns ln p of the mean correlation among voters who err independently.
func (v *voters) shuffled(mean float64, o Options) float64 {
	const tolerance = 1e-12
	reached := 1
	order := make([]int, v.items)
	columns := newColumns(len(v.columns), v.items)
	copy(columns[0], v.columns[0])
	for r := range o.Replicates {
		// Streams of their own, apart from those of the bootstrap.
		stream := Stream(mix(o.Seed+1), uint64(r))
		for j, c := range v.columns[1:] {
			for i := range order {
				order[i] = i
			}
			stream.Shuffle(len(order), func(a, b int) { order[a], order[b] = order[b], order[a] })
			to := columns[j+1]
			clear(to)
			for i, at := range order {
				to[i/64] |= c[at/64] >> (at % 64) & 1 << (i % 64)
			}
		}
		m, _ := v.meanPhi(columns)
		if o.Alternative == Greater && m >= mean-tolerance || o.Alternative == Less && m <= mean+tolerance ||
			o.Alternative == TwoSided && math.Abs(m) >= math.Abs(mean)-tolerance {
			reached++
		}
	}
	return math.Log(float64(reached) / float64(o.Replicates+1))
}

// warnings says which pairs have no correlation.
func (v *voters) warnings(pairs int) []string {
	k := len(v.columns)
	if all := k * (k - 1) / 2; pairs < all {
		return []string{fmt.Sprintf("%d of %d pairs have a voter who was always right or always wrong: they have no correlation and are left out", all-pairs, all)}
	}
	return nil
}
