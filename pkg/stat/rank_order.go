package stat

import (
	"math"
	"math/bits"
	"slices"
)

// keyed is a sort key with what belongs to it.
type keyed[T any] struct {
	key  uint64
	with T
}

// orderKey maps finite numbers to integers of the same order; −0 is 0.
func orderKey(x float64) uint64 {
	b := math.Float64bits(x + 0)
	if b>>63 != 0 {
		return ^b
	}
	return b | 1<<63
}

// sortKeyed sorts by key, keeping the order of equal keys: by digits of eleven
// bits from the lowest, leaving out those in which all keys agree.
func sortKeyed[T any](x []keyed[T]) []keyed[T] {
	if len(x) < 1024 {
		slices.SortStableFunc(x, func(a, b keyed[T]) int {
			switch {
			case a.key < b.key:
				return -1
			case a.key > b.key:
				return 1
			}
			return 0
		})
		return x
	}
	const width, digits = 11, 6
	var counts [digits][1 << width]int
	var differ uint64
	for _, v := range x {
		differ |= v.key ^ x[0].key
		for d := range digits {
			counts[d][v.key>>(d*width)&(1<<width-1)]++
		}
	}
	other := make([]keyed[T], len(x))
	for d := range digits {
		if differ>>(d*width)&(1<<width-1) == 0 {
			continue
		}
		at := 0
		for i, c := range counts[d] {
			counts[d][i], at = at, at+c
		}
		for _, v := range x {
			i := v.key >> (d * width) & (1<<width - 1)
			other[counts[d][i]] = v
			counts[d][i]++
		}
		x, other = other, x
	}
	return x
}

// groupRanks are the mid-ranks of values in several groups, times two and so
// whole: each value's, in order of value, with its group.
type groupRanks struct {
	n     []int
	total int
	// ranks are ascending; of are the groups of the values.
	ranks []int
	of    []int32
	// sums are the groups' sums of ranks, less their expectation.
	sums []int64
	// spread is Σ(rank − (N + 1))².
	spread float64
	ties   bool
}

func rankGroups(groups [][]float64, total int) *groupRanks {
	r := &groupRanks{n: make([]int, len(groups)), total: total, ranks: make([]int, 0, total),
		of: make([]int32, 0, total), sums: make([]int64, len(groups))}
	keys := make([]keyed[int32], 0, total)
	for i, g := range groups {
		r.n[i] = len(g)
		for _, v := range g {
			keys = append(keys, keyed[int32]{orderKey(v), int32(i)})
		}
	}
	keys = sortKeyed(keys)
	tied := 0.0
	for i := 0; i < total; {
		j := i + 1
		for j < total && keys[j].key == keys[i].key {
			j++
		}
		for _, v := range keys[i:j] {
			r.ranks, r.of = append(r.ranks, i+j+1), append(r.of, v.with)
			r.sums[v.with] += int64(i + j - total)
		}
		t := float64(j - i)
		tied += t * (t*t - 1)
		r.ties = r.ties || j > i+1
		i = j
	}
	n := float64(total)
	r.spread = (n*(n*n-1) - tied) / 3
	return r
}

// multiply returns the product and whether it fits.
func multiply(a, b uint64) (uint64, bool) {
	high, low := bits.Mul64(a, b)
	return low, high == 0 && low < 1<<62
}
