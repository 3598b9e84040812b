package stat

import (
	"math"
	"slices"
)

// rankedGroups are groups by the ranks of all their values together.
type rankedGroups struct {
	mean  []float64
	sizes []int
	n     float64
	// squares is the sum of squares of all ranks about their mean, and ties the
	// part of it that ties take away.
	squares, ties float64
	between       float64
}

// rankTogether ranks at least two groups of at least one value each, not all equal.
func rankTogether(test string, groups [][]float64) (rankedGroups, error) {
	r := rankedGroups{}
	if len(groups) < 2 {
		return r, refuse(test, TooFew, len(groups), 2, "there are too few groups")
	}
	for i, g := range groups {
		if len(g) == 0 {
			return r, refuse(test, TooFew, 0, 1, "group %d is empty", i)
		}
		if err := checkFinite(test, g); err != nil {
			return r, inGroup(err, i)
		}
		r.sizes = append(r.sizes, len(g))
	}
	ranks, ties := midranks(slices.Concat(groups...))
	r.n = float64(len(ranks))
	if len(ties) == 1 {
		return r, refuse(test, Constant, len(ranks), 0, "all values are equal")
	}
	r.ties = tieSum(ties) / 12
	r.squares = r.n*(r.n*r.n-1)/12 - r.ties
	middle := (r.n + 1) / 2
	for _, size := range r.sizes {
		total := 0.0
		for _, v := range ranks[:size] {
			total += v - middle
		}
		ranks = ranks[size:]
		r.mean = append(r.mean, total/float64(size))
		r.between += total * total / float64(size)
	}
	return r, nil
}

// variance returns that of the ranks.
func (r rankedGroups) variance() float64 { return r.squares / (r.n - 1) }

// within returns the sum of squares of the ranks about the means of their groups,
// or 0 where that is rounding alone.
func (r rankedGroups) within() float64 {
	if left := r.squares - r.between; left > 1e-12*r.squares {
		return left
	}
	return 0
}

// inverse returns 1/n_a + 1/n_b.
func (r rankedGroups) inverse(a, b int) float64 {
	return 1/float64(r.sizes[a]) + 1/float64(r.sizes[b])
}

func (r rankedGroups) warnTies(out Result) Result {
	if r.ties > 0 && out.Comparisons != nil {
		out.Warnings = append(out.Warnings, "there are ties, which are not corrected for: p-values are on the large side")
	}
	return out
}

// rankedBlocks are blocks by the ranks of the treatments within each.
type rankedBlocks struct {
	sums []float64
	// squares is the sum of all squared ranks.
	squares float64
	blocks  int
	ties    bool
}

// rankBlocks ranks at least two blocks of the same two or more treatments.
func rankBlocks(test string, blocks [][]float64) (rankedBlocks, error) {
	r := rankedBlocks{blocks: len(blocks)}
	if len(blocks) < 2 {
		return r, refuse(test, TooFew, len(blocks), 2, "there are too few blocks")
	}
	k := len(blocks[0])
	if k < 2 {
		return r, refuse(test, TooFew, k, 2, "there are too few treatments in a block")
	}
	r.sums = make([]float64, k)
	varies := false
	for i, b := range blocks {
		if len(b) != k {
			return r, refuse(test, Unpaired, len(blocks), 0, "block %d has %d treatments, block 0 has %d", i, len(b), k)
		}
		if err := checkFinite(test, b); err != nil {
			return r, inBlock(err, i)
		}
		ranks, ties := midranks(b)
		for j, v := range ranks {
			r.sums[j] += v
			r.squares += v * v
		}
		r.ties = r.ties || len(ties) < k
		varies = varies || len(ties) > 1
	}
	if !varies {
		return r, refuse(test, Constant, len(blocks), 0, "the values of each block are all equal")
	}
	return r, finite(test, len(blocks), r.squares*math.Max(1, float64(len(blocks))))
}
