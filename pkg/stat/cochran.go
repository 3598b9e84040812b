package stat

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// maxCochranStates bounds the states of the exact distribution of Cochran's Q.
const maxCochranStates = 2_000_000

// CochranQ tests whether k ≥ 2 treatments have the same probability of success,
// from blocks (items) of k outcomes 0 or 1 each [1]: with Gⱼ successes of
// treatment j, Lᵢ of block i and N in all,
//
//	Q = (k−1)·(k·Σ Gⱼ² − N²) / (k·N − Σ Lᵢ²)
//
// Only blocks with both outcomes bear on the question. Methods:
//
//   - asymptotic (default): chi-squared with k−1 degrees of freedom;
//   - exact: the distribution over all ways to permute the outcomes within blocks,
//     by a recursion over blocks whose states are sums by treatment in any order
//     [2]; it refuses with TooLarge beyond two million states;
//   - permutation: Replicates (9,999 if 0) random permutations within blocks,
//     p = (b + 1)/(m + 1).
//
// Sums of whole numbers are compared, so that ties are exact. For k = 2 Q is
// McNemar's chi-squared, and the exact test is McNemar's. N is the number of
// blocks; the proportion of each treatment is among the details.
//
// [1] Cochran (1950), Biometrika 37 (3/4): 256-266.
// [2] Patil (1975), JASA 70 (349): 186-189.
func CochranQ(blocks [][]float64, o Options) (Result, error) {
	const test = "cochran_q"
	o, err := o.resolve(test, "asymptotic", "exact", "permutation")
	if err != nil {
		return Result{}, err
	}
	if err := o.onlyTwoSided(test); err != nil {
		return Result{}, err
	}
	c, err := newCochran(test, blocks)
	if err != nil {
		return Result{}, err
	}
	out := Result{Test: test, Method: o.Method, Alternative: TwoSided, N: []int{len(blocks)}, Statistic: c.statistic()}
	for j, g := range c.sums {
		out.Details = append(out.Details, Detail{fmt.Sprintf("proportion_%d", j), float64(g) / float64(len(blocks))})
	}
	switch o.Method {
	case "exact":
		return c.exact(out)
	case "permutation":
		return c.permute(out, o)
	}
	out.DF = []float64{float64(c.k - 1)}
	if c.k*len(c.informative) < 24 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("only %d blocks hold both outcomes: the chi-squared approximation is poor; method exact does without it", len(c.informative)))
	}
	return out.withP(dist.ChiSquared{DF: out.DF[0]}.LogSF(out.Statistic)), nil
}

// cochran holds what the test depends on.
type cochran struct {
	k           int
	sums        []int // of each treatment
	informative []int // successes of each block with both outcomes
	constant    int   // successes of each treatment in blocks that all succeed
}

func newCochran(test string, blocks [][]float64) (cochran, error) {
	if len(blocks) == 0 {
		return cochran{}, refuse(test, TooFew, 0, 1, "there are no blocks")
	}
	c := cochran{k: len(blocks[0])}
	if c.k < 2 {
		return cochran{}, refuse(test, TooFew, c.k, 2, "block 0 holds %d outcomes: there are fewer than two treatments", c.k)
	}
	c.sums = make([]int, c.k)
	for i, block := range blocks {
		if len(block) != c.k {
			return cochran{}, refuse(test, Invalid, len(blocks), 0, "block %d holds %d outcomes, block 0 holds %d", i, len(block), c.k)
		}
		successes := 0
		for j, v := range block {
			if v != 0 && v != 1 {
				return cochran{}, refuse(test, Invalid, len(blocks), 0, "block %d, treatment %d is %v: want 0 or 1", i, j, v)
			}
			successes += int(v)
			c.sums[j] += int(v)
		}
		switch successes {
		case 0:
		case c.k:
			c.constant++
		default:
			c.informative = append(c.informative, successes)
		}
	}
	if len(c.informative) == 0 {
		return cochran{}, refuse(test, Constant, len(blocks), 0, "in every block all treatments have the same outcome: there is nothing to compare")
	}
	return c, nil
}

// statistic returns Q, of which numerator and denominator are whole numbers.
func (c cochran) statistic() float64 {
	squares, total, below := 0.0, 0.0, 0.0
	for _, g := range c.sums {
		v := float64(g - c.constant)
		squares += v * v
		total += v
	}
	for _, l := range c.informative {
		below += float64(l) * float64(c.k-l)
	}
	k := float64(c.k)
	return (k - 1) * (k*squares - total*total) / below
}

// observedSquares returns Σ g² over the sums of the informative blocks, which
// orders the permutations as Q does.
func (c cochran) observedSquares() int {
	total := 0
	for _, g := range c.sums {
		total += (g - c.constant) * (g - c.constant)
	}
	return total
}

// cochranState holds the sums of at most 20 treatments in falling order.
type cochranState [20]uint16

// cochranLaw is a distribution of states in the order in which they were met, so
// that sums have the same bits in every run.
type cochranLaw struct {
	index map[cochranState]int32
	state []cochranState
	p     []float64
}

func (l *cochranLaw) add(state cochranState, p float64) {
	if i, ok := l.index[state]; ok {
		l.p[i] += p
		return
	}
	l.index[state] = int32(len(l.state)) // #nosec G115 -- at most maxCochranStates
	l.state, l.p = append(l.state, state), append(l.p, p)
}

// deal adds a block with successes to a state: each run of equal sums, from first
// on, gives some of its treatments one more.
func (l *cochranLaw) deal(state cochranState, k, first, successes int, p float64) {
	if first == k {
		if successes == 0 {
			l.add(state, p)
		}
		return
	}
	end := first + 1
	for end < k && state[end] == state[first] {
		end++
	}
	ways := 1.0 // of choosing n of the run
	for n := 0; n <= min(end-first, successes); n++ {
		if successes-n <= k-end {
			next := state
			for i := range n {
				next[first+i]++
			}
			l.deal(next, k, end, successes-n, p*ways)
		}
		ways *= float64(end-first-n) / float64(n+1)
	}
}

// exact sets the p-value by the distribution of the sums.
func (c cochran) exact(out Result) (Result, error) {
	tooLarge := refuse(out.Test, TooLarge, out.N[0], 0, "the exact distribution of %d treatments in %d blocks is too large: take method permutation", c.k, len(c.informative))
	if c.k > len(cochranState{}) || len(c.informative) > math.MaxUint16 {
		return Result{}, tooLarge
	}
	law := cochranLaw{index: map[cochranState]int32{{}: 0}, state: make([]cochranState, 1), p: []float64{1}}
	work := 0
	for _, successes := range c.informative {
		if work += len(law.state) * (c.k + 1); work > 10*maxCochranStates || len(law.state) > maxCochranStates/8 {
			return Result{}, tooLarge
		}
		next := cochranLaw{index: make(map[cochranState]int32, len(law.state))}
		ways := 1.0
		for i := range successes {
			ways *= float64(c.k-i) / float64(i+1)
		}
		for i, state := range law.state {
			if len(next.state) > maxCochranStates {
				return Result{}, tooLarge
			}
			next.deal(state, c.k, 0, successes, law.p[i]/ways)
		}
		law = next
	}
	observed := c.observedSquares()
	var part []float64
	for i, state := range law.state {
		total := 0
		for _, v := range state {
			total += int(v) * int(v)
		}
		if total >= observed {
			part = append(part, law.p[i])
		}
	}
	return out.withP(math.Log(sum(part, func(v float64) float64 { return v }))), nil
}

// permute sets the p-value by random permutations within blocks.
func (c cochran) permute(out Result, o Options) (Result, error) {
	observed := c.observedSquares()
	order, sums := make([]int, c.k), make([]int, c.k)
	for i := range order {
		order[i] = i
	}
	return out.monteCarloP(o, float64(c.k)*float64(len(c.informative))*4, func(rng *rand.Rand) bool {
		clear(sums)
		for _, successes := range c.informative {
			for i := range successes { // the first of a random order
				j := i + rng.IntN(c.k-i)
				order[i], order[j] = order[j], order[i]
				sums[order[i]]++
			}
		}
		total := 0
		for _, g := range sums {
			total += g * g
		}
		return total >= observed
	})
}
