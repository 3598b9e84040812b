package stat

import (
	"math"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// KruskalWallis tests whether k groups have one distribution, against some tending
// to larger values than others [1]. With R̄ᵢ the mean mid-rank of group i among all
// N values and s² the variance of the ranks,
//
//	H = Σ nᵢ(R̄ᵢ − (N + 1)/2)²/s²
//
// which without ties is 12/(N(N + 1)) Σ nᵢ(R̄ᵢ − (N + 1)/2)², and with ties is that
// over 1 − Σ(t³ − t)/(N³ − N). It assumes independent values; it is a test of
// medians only if the distributions differ in nothing else. Methods:
//
//   - asymptotic, the default: χ² with k − 1 degrees of freedom, which wants five
//     values in each group;
//   - exact: the share of all N!/∏nᵢ! assignments of the ranks, ties included, whose
//     H is at least that observed. It is refused where that takes too long, from
//     about thirty values in three groups;
//   - monte_carlo: (b + 1)/(m + 1), where b of m random assignments (Options.
//     Replicates, 9,999 if not given) have at least that H.
//
// With two groups H is the square of the z of Mann and Whitney without correction
// of continuity. The effect is ε² = H/(N − 1) [2], without an interval: one by
// bootstrap assumes no more than the test does.
//
// [1] Kruskal, Wallis (1952), JASA 47 (260): 583-621.
// [2] Tomczak, Tomczak (2014), Trends in Sport Sciences 21 (1): 19-25.
func KruskalWallis(groups [][]float64, o Options) (Result, error) {
	const test = "kruskal_wallis"
	o, err := o.resolve(test, "asymptotic", "exact", "monte_carlo")
	if err == nil {
		err = o.onlyTwoSided(test)
	}
	if err != nil {
		return Result{}, err
	}
	n, err := checkSamples(test, groups, 2, 1)
	if err != nil {
		return Result{}, err
	}
	if n <= len(groups) {
		return Result{}, refuse(test, TooFew, n, len(groups)+1, "no group has two values")
	}
	g := rankGroups(groups, n)
	if g.spread == 0 {
		return Result{}, refuse(test, Constant, n, 0, "all values are equal: there is no order to test")
	}
	h, df := g.kruskal(), float64(len(groups)-1)
	r := Result{Test: test, Method: o.Method, Alternative: o.Alternative, Statistic: h, DF: []float64{df}, N: g.n,
		Effect: estimateOnly("rank_epsilon_squared", h/float64(n-1), n)}
	switch o.Method {
	case "exact":
		p, err := g.exact(test)
		if err != nil {
			return Result{}, err
		}
		return r.withP(math.Log(p)), nil
	case "monte_carlo":
		return g.shuffled(test, r, o)
	}
	for _, m := range g.n {
		if m < 5 {
			r.Warnings = append(r.Warnings, "the chi-squared approximation is rough with fewer than five values in a group: method exact or monte_carlo")
			break
		}
	}
	return r.withP(dist.ChiSquared{DF: df}.LogSF(h)), nil
}

func (g *groupRanks) kruskal() float64 {
	var s twoSum
	for i, d := range g.sums {
		s.add(float64(d) * float64(d) / float64(g.n[i]))
	}
	return float64(g.total-1) * s.value() / g.spread
}

// shuffled is the test by random assignment.
func (g *groupRanks) shuffled(test string, r Result, o Options) (Result, error) {
	centred := make([]float64, g.total)
	for i, rank := range g.ranks {
		centred[i] = float64(rank - g.total - 1)
	}
	observed := 0.0
	for i, d := range g.sums {
		observed += float64(d) * float64(d) / float64(g.n[i])
	}
	p, m, err := shuffleGroups(test, centred, g.n, observed, o)
	if err != nil {
		return Result{}, err
	}
	r.Details = append(r.Details, monteCarloDetails(p, m)...)
	return r.withP(math.Log(p)), nil
}

// Bounds of the exact distribution: of states held at once, and of steps.
const (
	maxStates = 2_000_000
	maxSteps  = 30_000_000
)

// exact returns the share of assignments with at least the observed statistic.
// Values are dealt out in order, a group of ties at a time; a state is how many
// values the first k − 1 groups hold and the sums of their ranks, packed into one
// number so that dealing adds to it. States ascending, those after one way to deal
// ascend too, and the ways are merged.
func (g *groupRanks) exact(test string) (float64, error) {
	pack, ok := g.newPacking()
	if !ok {
		return 0, tooLargeRanks(test, g.total)
	}
	states := []keyed[float64]{{0, 1}}
	steps, dealt := 0, 0
	for i := 0; i < g.total; {
		j := i + 1
		for j < g.total && g.ranks[j] == g.ranks[i] {
			j++
		}
		ways := pack.ways(j-i, g.ranks[i])
		if steps += len(ways) * len(states); steps > maxSteps || len(ways) > maxStates {
			return 0, tooLargeRanks(test, g.total)
		}
		lists := make([][]keyed[float64], 0, len(ways))
		size := 0
		for _, w := range ways {
			list := make([]keyed[float64], 0, len(states))
			for _, s := range states {
				if pack.fits(s.key, w.with.counts, dealt, j-i) {
					list = append(list, keyed[float64]{s.key + w.key, s.with * w.with.weight})
				}
			}
			if size += len(list); size > 4*maxStates {
				return 0, tooLargeRanks(test, g.total)
			}
			lists = append(lists, list)
		}
		if states = mergeStates(lists); len(states) > maxStates {
			return 0, tooLargeRanks(test, g.total)
		}
		dealt, i = dealt+j-i, j
	}
	return pack.share(states, g)
}

func tooLargeRanks(test string, n int) error {
	return refuse(test, TooLarge, n, 0, "the exact distribution of so many values takes too long: method asymptotic or monte_carlo")
}

// packing packs counts and sums of ranks of the first groups into one number.
type packing struct {
	n []int
	// place and size are those of a group's count; a rank counts rank·place·size.
	place, size []uint64
	sumSize     uint64
}

func (g *groupRanks) newPacking() (*packing, bool) {
	if g.total > 1000 || logArrangements(g.n) > 660 { // beyond what a float64 counts
		return nil, false
	}
	p := &packing{n: g.n, sumSize: uint64(g.total*(g.total+1) + 1)}
	at := uint64(1)
	for _, n := range g.n[:len(g.n)-1] {
		size := uint64(n + 1)
		p.place, p.size = append(p.place, at), append(p.size, size)
		next, ok := multiply(at, size*p.sumSize)
		if !ok {
			return nil, false
		}
		at = next
	}
	return p, true
}

// way is how many of some tied values each of the first groups gets, and in how
// many ways that can happen.
type way struct {
	counts []int
	weight float64
}

// ways returns those to deal t values of one rank, with what they add to a state.
func (p *packing) ways(t, rank int) []keyed[way] {
	var out []keyed[way]
	counts := make([]int, len(p.place))
	var deal func(group, left int, key uint64, weight float64)
	deal = func(group, left int, key uint64, weight float64) {
		if len(out) > maxStates {
			return
		}
		if group == len(counts) {
			out = append(out, keyed[way]{key, way{append([]int(nil), counts...), weight}})
			return
		}
		room := 0
		for _, n := range p.n[group+1:] {
			room += n
		}
		choose := 1.0
		for c := 0; c <= min(left, p.n[group]); c++ {
			counts[group] = c
			if left-c > room {
				choose = choose * float64(left-c) / float64(c+1)
				continue
			}
			deal(group+1, left-c, key+uint64(c)*p.place[group]*(1+uint64(rank)*p.size[group]), weight*choose)
			choose = choose * float64(left-c) / float64(c+1)
		}
	}
	deal(0, t, 0, 1)
	return out
}

// fits says whether every group still has room.
func (p *packing) fits(key uint64, counts []int, dealt, t int) bool {
	first, given := 0, 0
	for i, c := range counts {
		held := int(key / p.place[i] % p.size[i])
		if held+c > p.n[i] {
			return false
		}
		first, given = first+held, given+c
	}
	return dealt-first+t-given <= p.n[len(counts)]
}

// share returns the share of final states whose Σ sum²/n is at least that
// observed, in whole numbers.
func (p *packing) share(states []keyed[float64], g *groupRanks) (float64, error) {
	weights, ok := wholeWeights(g.n)
	observed := uint64(0)
	for i, d := range g.sums {
		s := uint64(d + int64(g.n[i])*int64(g.total+1))
		observed += s * s * weights[i]
	}
	if !ok {
		return 0, tooLargeRanks("kruskal_wallis", g.total)
	}
	var least, all float64
	for _, state := range states {
		rest := uint64(g.total) * uint64(g.total+1)
		t := uint64(0)
		for i := range p.place {
			s := state.key / (p.place[i] * p.size[i]) % p.sumSize
			t += s * s * weights[i]
			rest -= s
		}
		t += rest * rest * weights[len(p.place)]
		all += state.with
		if t >= observed {
			least += state.with
		}
	}
	return least / all, nil
}

// wholeWeights returns numbers in the ratio of 1/n, or false where sums of squares
// of ranks times them may not fit.
func wholeWeights(n []int) ([]uint64, bool) {
	common, total := uint64(1), uint64(0)
	out := make([]uint64, len(n))
	for _, m := range n {
		a, b := common, uint64(m)
		for b != 0 {
			a, b = b, a%b
		}
		var ok bool
		if common, ok = multiply(common, uint64(m)/a); !ok {
			return out, false
		}
		total += uint64(m)
	}
	largest, ok := multiply(total*(total+1), total*(total+1))
	if ok {
		_, ok = multiply(largest, common)
	}
	for i, m := range n {
		out[i] = common / uint64(m)
	}
	return out, ok
}

// mergeStates merges ascending lists two by two, adding up what has one key.
func mergeStates(lists [][]keyed[float64]) []keyed[float64] {
	for len(lists) > 1 {
		half := lists[:0:0]
		for i := 0; i+1 < len(lists); i += 2 {
			half = append(half, mergeTwo(lists[i], lists[i+1]))
		}
		if len(lists)%2 == 1 {
			half = append(half, lists[len(lists)-1])
		}
		lists = half
	}
	if len(lists) == 0 {
		return nil
	}
	return lists[0]
}

func mergeTwo(a, b []keyed[float64]) []keyed[float64] {
	out := make([]keyed[float64], 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0].key < b[0].key:
			out, a = append(out, a[0]), a[1:]
		case a[0].key > b[0].key:
			out, b = append(out, b[0]), b[1:]
		default:
			out = append(out, keyed[float64]{a[0].key, a[0].with + b[0].with})
			a, b = a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}
