package stat

import "math"

// gain returns by how much a statistic grows when the values of one group of
// equal x (number g) are paired with c[j] of the values of each group of equal y,
// of which those of smaller x have used up used[j].
type gain func(g int, used, c []int) int

// spearmanGain returns the gain of the sum of products of the centred ranks of
// groups of these sizes.
func spearmanGain(tx, ty []int) gain {
	a, b := tiedRanks(tx), tiedRanks(ty)
	return func(g int, _, c []int) int {
		total := 0
		for j, k := range c {
			total += k * b[j]
		}
		return a[g] * total
	}
}

// tiedRanks returns twice the mid-rank of each group, less n + 1.
func tiedRanks(ties []int) []int {
	n := 0
	for _, t := range ties {
		n += t
	}
	out, before := make([]int, len(ties)), 0
	for j, t := range ties {
		out[j] = 2*before + t - n // 2·(before + (t+1)/2) − (n+1)
		before += t
	}
	return out
}

// kendallGain is the gain of concordant less discordant pairs.
func kendallGain(_, _ []int) gain {
	return func(_ int, used, c []int) int {
		below, all := 0, 0
		for _, u := range used {
			all += u
		}
		total := 0
		for j, k := range c {
			total += k * (below - (all - below - used[j]))
			below += used[j]
		}
		return total
	}
}

// exactPairing returns ln p of a statistic of paired values among all n! pairings,
// given the sizes of the groups of equal values in ascending order. The pairings
// are counted group by group of x, together where the same number of each group
// of y is used up and the statistic has the same value, which is a whole number
// below bound in size. Both variables play the same part; the one with fewer
// states is taken for y.
func exactPairing(test string, tx, ty []int, f func(tx, ty []int) gain, observed, bound int, a Alternative) (float64, error) {
	if pairingStates(tx) < pairingStates(ty) {
		tx, ty = ty, tx
	}
	states, n := pairingStates(ty), 0
	for _, t := range ty {
		n += t
	}
	if ways := pairingWays(tx, ty, n); states > 1e6 || states*float64(2*bound+1) > 4e8 || ways*float64(2*bound+1) > 1e9 {
		return 0, refuse(test, TooLarge, n, 0, "the exact p-value of %d pairs takes too long: use another method", n)
	}
	step := 1
	if len(tx) == n && len(ty) == n {
		step = untiedStep(f(tx, ty), n)
	}
	p := pairings{ty: ty, stride: make([]int, len(ty)), bound: bound, step: step, gain: f(tx, ty),
		used: make([]int, len(ty)), c: make([]int, len(ty))}
	size := 1
	for j, t := range ty {
		p.stride[j] = size
		size *= t + 1
	}
	p.at, p.rest = make([][]float64, size), make([]int, size)
	p.at[0] = make([]float64, 2*bound/step+1)
	p.at[0][bound/step], p.rest[0] = 1, bound%step
	layer := []int{0}
	for g, t := range tx {
		p.next = p.next[:0]
		for _, state := range layer {
			for j, k := range ty {
				p.used[j] = state / p.stride[j] % (k + 1)
			}
			p.take(g, 0, t, state, state, 1)
			p.at[state] = nil
		}
		layer = append(layer[:0], p.next...)
	}
	reached, ways := 0.0, 0.0
	for i, w := range p.at[size-1] {
		ways += w
		v := i*step + p.rest[size-1] - bound
		if a == Greater && v >= observed || a == Less && v <= observed ||
			a == TwoSided && max(v, -v) >= max(observed, -observed) {
			reached += w
		}
	}
	return math.Log(reached / ways), nil
}

// pairingStates returns in how many ways groups can be used up in part.
func pairingStates(ties []int) float64 {
	states := 1.0
	for _, t := range ties {
		states *= float64(t + 1)
	}
	return states
}

// pairingWays estimates how many steps from state to state there are.
func pairingWays(tx, ty []int, n int) float64 {
	states, total := pairingStates(ty), 0.0
	left := n
	for _, t := range tx {
		// At most so many ways to take t of len(ty) kinds, or of those left.
		kinds, ways := float64(min(len(ty), left)), 1.0
		for i := range t {
			ways *= (kinds + float64(i)) / float64(i+1)
		}
		total += math.Min(ways, states)
		left -= t
	}
	return states * total / float64(max(1, len(tx)))
}

// untiedStep returns by how much the values of a statistic at one state differ, at
// least: what exchanging the partners of two neighbours of x and of y makes, twice
// one for the other.
func untiedStep(f gain, n int) int {
	used, c := make([]int, n), make([]int, n)
	value := func(first, second int) int {
		clear(used)
		clear(c)
		c[first] = 1
		total := f(0, used, c)
		used[first], c[first], c[second] = 1, 0, 1
		return total + f(1, used, c)
	}
	d := value(0, 1) - value(1, 0)
	return max(d, -d)
}

// pairings is the state of exactPairing. A state is how many of each group of y are
// used up, as the digits of a number. For each, at holds the number of pairings
// with the value i·step + rest − bound of the statistic at place i: without ties
// the values at one state differ by multiples of step.
type pairings struct {
	ty, stride  []int
	bound, step int
	gain        gain
	at          [][]float64
	rest        []int
	next        []int
	used, c     []int
}

// take chooses left values from the groups of y from j on, and adds to the state
// that this leads to. ways counts the choices of the same numbers.
func (p *pairings) take(g, j, left, from, to int, ways float64) {
	if j == len(p.ty) {
		if left == 0 {
			p.add(g, from, to, ways)
		}
		return
	}
	free := p.ty[j] - p.used[j]
	choices := 1.0 // of k out of free
	for k := 0; k <= min(free, left); k++ {
		p.c[j] = k
		p.take(g, j+1, left-k, from, to+k*p.stride[j], ways*choices)
		choices *= float64(free-k) / float64(k+1)
	}
	p.c[j] = 0
}

func (p *pairings) add(g, from, to int, ways float64) {
	moved := p.rest[from] + p.gain(g, p.used, p.c)
	rest := ((moved % p.step) + p.step) % p.step
	by := (moved - rest) / p.step
	source := p.at[from]
	if p.at[to] == nil {
		p.at[to] = make([]float64, len(source))
		p.rest[to] = rest
		p.next = append(p.next, to)
	}
	target := p.at[to]
	for i := max(0, -by); i < min(len(source), len(source)-by); i++ {
		target[i+by] += source[i] * ways
	}
}
