package stat

import (
	"math"
	"slices"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// blockRanks are the mid-ranks within blocks, less their mean and times two, and so
// whole.
type blockRanks struct {
	test string
	n, k int
	// rows holds the ranks of block i at i·k.
	rows []int64
	// sums are those of the treatments, net = Σ sums² and spread = Σ rows².
	sums        []int64
	net, spread float64
}

func newBlockRanks(test string, rows [][]float64, leastTreatments int) (*blockRanks, error) {
	k, err := checkRows(test, rows, 2, leastTreatments)
	if err != nil {
		return nil, err
	}
	b := &blockRanks{test: test, n: len(rows), k: k, rows: make([]int64, 0, len(rows)*k), sums: make([]int64, k)}
	keys := make([]keyed[int32], k)
	ranks := make([]int64, k)
	for _, row := range rows {
		for j, v := range row {
			keys[j] = keyed[int32]{orderKey(v), int32(j)}
		}
		keys = sortKeyed(keys)
		for i := 0; i < k; {
			j := i + 1
			for j < k && keys[j].key == keys[i].key {
				j++
			}
			for _, at := range keys[i:j] {
				ranks[at.with] = int64(i + j - k)
			}
			i = j
		}
		for j, r := range ranks {
			b.sums[j] += r
			b.spread += float64(r * r)
		}
		b.rows = append(b.rows, ranks...)
	}
	for _, s := range b.sums {
		b.net += float64(s) * float64(s)
	}
	if b.spread == 0 {
		return nil, refuse(test, Constant, b.n, 0, "within every block all values are equal: there is no order to test")
	}
	return b, nil
}

// Friedman tests whether k treatments have one distribution, each block (row)
// having a value of every treatment (column) [1]. With Rⱼ the sum of the ranks of
// treatment j within the n blocks, mid-ranks for ties,
//
//	χ² = (k − 1) Σ(Rⱼ − n(k + 1)/2)² / ΣΣ(rᵢⱼ − (k + 1)/2)²
//
// It assumes independent blocks, and within blocks values that could be exchanged
// if treatments did not differ. Methods:
//
//   - chi_square, the default: χ² with k − 1 degrees of freedom, which is too careful
//     with few blocks;
//   - iman_davenport: F = (n − 1)χ²/(n(k − 1) − χ²) with k − 1 and (n − 1)(k − 1)
//     degrees of freedom, which is closer [2];
//   - exact: the share of all permutations within blocks with at least that χ²,
//     refused where that takes too long.
//
// The effect is Kendall's coefficient of concordance W = χ²/(n(k − 1)), from 0, no
// agreement of the blocks on the order, to 1, without an interval. With two treatments it is the sign
// test.
//
// [1] Friedman (1937), JASA 32 (200): 675-701.
// [2] Iman, Davenport (1980), Communications in Statistics A9 (6): 571-595.
func Friedman(rows [][]float64, o Options) (Result, error) {
	const test = "friedman"
	o, err := o.resolve(test, "chi_square", "iman_davenport", "exact")
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
	n, d1 := float64(b.n), float64(b.k-1)
	chi2 := d1 * (b.net / b.spread)
	w := b.net / b.spread / n
	r := Result{Test: test, Method: o.Method, Alternative: o.Alternative, Statistic: chi2, DF: []float64{d1}, N: []int{b.n},
		Effect: estimateOnly("kendall_w", w, b.n)}
	left := n*b.spread - b.net
	f := (n - 1) * b.net / left
	if left > 0 {
		r.Details = append(r.Details, detail("iman_davenport_f", f))
	}
	switch o.Method {
	case "exact":
		p, err := b.exact()
		if err != nil {
			return Result{}, err
		}
		return r.withP(math.Log(p)), nil
	case "iman_davenport":
		if left <= 0 {
			return Result{}, refuse(test, Constant, b.n, 0, "all blocks agree on the order: F is infinite; method exact or chi_square")
		}
		r.Statistic, r.DF = f, []float64{d1, (n - 1) * d1}
		r.Details = []Detail{detail("chi_square", chi2)}
		return r.withP(dist.F{D1: d1, D2: (n - 1) * d1}.LogSF(f)), nil
	}
	return r.withP(dist.ChiSquared{DF: d1}.LogSF(chi2)), nil
}

// exact returns the share of permutations within blocks whose Σ sums² is at least
// that observed. Since treatments can be exchanged, a state is the sums in order
// of size; and the first block may stay as it is.
func (b *blockRanks) exact() (float64, error) {
	tooLarge := refuse(b.test, TooLarge, b.n, 0, "the exact distribution of so many blocks takes too long: method chi_square or iman_davenport")
	// Sums are packed as digits above the least there can be.
	base := uint64(2*b.n*b.k + 1)
	span := uint64(1)
	for range b.k {
		var ok bool
		if span, ok = multiply(span, base); !ok {
			return 0, tooLarge
		}
	}
	half := int64(b.n * b.k)
	sums := make([]int64, b.k)
	factorial, _ := math.Lgamma(float64(b.k + 1))
	count := float64(b.n)*factorial < 660 // else shares, where counts are beyond a float64
	states := []keyed[float64]{{pack(slices.Sorted(slices.Values(b.rows[:b.k])), half, base, sums), 1}}
	steps := 0
	var orders [][]int64
	for i := 1; i < b.n; i++ {
		ranks, ok := slices.Sorted(slices.Values(b.rows[i*b.k:(i+1)*b.k])), true
		if orders == nil || !slices.Equal(ranks, orders[0]) {
			orders, ok = distinctOrders(ranks)
		}
		if !ok || len(orders)*len(states) > maxStates || steps > maxSteps/3 {
			return 0, tooLarge
		}
		steps += len(orders) * len(states)
		weight := 1.0
		if !count {
			weight = 1 / float64(len(orders))
		}
		next := make([]keyed[float64], 0, len(orders)*len(states))
		for _, s := range states {
			unpack(s.key, half, base, sums)
			for _, order := range orders {
				next = append(next, keyed[float64]{packSum(sums, order, half, base), s.with * weight})
			}
		}
		states = gather(sortKeyed(next))
	}
	least, all := 0.0, 0.0
	for _, s := range states {
		unpack(s.key, half, base, sums)
		net := 0.0
		for _, v := range sums {
			net += float64(v * v)
		}
		all += s.with
		if net >= b.net {
			least += s.with
		}
	}
	return least / all, nil
}

// gather adds up what has one key, in order.
func gather(states []keyed[float64]) []keyed[float64] {
	out := states[:0]
	for i := 0; i < len(states); {
		s := states[i]
		for i++; i < len(states) && states[i].key == s.key; i++ {
			s.with += states[i].with
		}
		out = append(out, s)
	}
	return out
}

// distinctOrders returns the different orders of some ascending ranks, or false if
// there are more than 40,320.
func distinctOrders(ranks []int64) ([][]int64, bool) {
	x := slices.Clone(ranks)
	var out [][]int64
	for {
		out = append(out, slices.Clone(x))
		if len(out) > 40320 {
			return nil, false
		}
		// The next in lexical order, after Narayana Pandita.
		i := len(x) - 2
		for i >= 0 && x[i] >= x[i+1] {
			i--
		}
		if i < 0 {
			return out, true
		}
		j := len(x) - 1
		for x[j] <= x[i] {
			j--
		}
		x[i], x[j] = x[j], x[i]
		slices.Reverse(x[i+1:])
	}
}

// pack packs sorted sums into one number; scratch is not used after.
func pack(sorted []int64, half int64, base uint64, scratch []int64) uint64 {
	copy(scratch, sorted)
	key := uint64(0)
	for _, v := range scratch {
		key = key*base + uint64(v+half)
	}
	return key
}

func unpack(key uint64, half int64, base uint64, sums []int64) {
	for i := len(sums) - 1; i >= 0; i-- {
		sums[i] = int64(key%base) - half
		key /= base
	}
}

// packSum packs the sorted sums of two lists.
func packSum(a, b []int64, half int64, base uint64) uint64 {
	var room [16]int64
	x := room[:len(a)]
	for i := range a {
		v := a[i] + b[i]
		j := i
		for ; j > 0 && x[j-1] > v; j-- {
			x[j] = x[j-1]
		}
		x[j] = v
	}
	key := uint64(0)
	for _, v := range x {
		key = key*base + uint64(v+half)
	}
	return key
}
