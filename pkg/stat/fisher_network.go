package stat

import (
	"cmp"
	"math"
	"slices"
)

const (
	// maxNetworkWork bounds the steps of an exact r × c test, some nanoseconds each.
	maxNetworkWork = 200_000_000
	// maxNetworkSize bounds the numbers it keeps.
	maxNetworkSize = 12_000_000
	// denseKeys is up to how many keys nodes are found by a slice.
	denseKeys = 1 << 20
	// samePath is the difference of logarithms below which two paths have the same
	// probability.
	samePath = 1e-9
)

// network is the state of an exact r × c test. Its stages are the columns, in
// falling order of their totals; a node is a multiset of row totals that are left.
type network struct {
	columns []int
	rest    []int // rest[k] is what columns k and after it hold
	// factorial holds ln n! − κn. The constant κ falls out of every binomial
	// coefficient, and is chosen so that the numbers, and their errors, are small.
	factorial []float64
	radix     []uint64
	// limit is the logarithm of the greatest probability that counts; scale that
	// of the table observed, by which sums are divided.
	limit, scale float64
	// far says that the scale is so small that its inverse is no number: then the
	// weights of paths are their numbers.
	far        bool
	sum        float64
	work, size int

	// The nodes of the next stage, in the order they were met, and their places by
	// key, counted from 1: in a slice where all keys fit one, else in a map.
	order []*networkNode
	dense []int32
	nodes map[uint64]int32

	at       *networkNode // the node whose arcs are followed
	stage    int
	part     float64 // what the arcs of a node add to sum
	table    [][]shareOf
	left     []int // row totals at the end of an arc
	sorted   []int
	tooLarge bool
}

// networkNode is a node of a network.
type networkNode struct {
	rows []int // in falling order
	past []networkPath
	// likely and unlikely bound the logarithm of the probability of what may
	// follow, given the node.
	likely, unlikely float64
	// after holds, two columns before the end, the logarithms of the
	// probabilities of all that may follow, ascending, and below their sums up to each.
	after, below []float64
}

// networkPath stands for all paths of a probability to a node: its logarithm, and
// as a weight their number times it, divided by the scale.
type networkPath struct{ log, weight float64 }

// fisherNetwork sets statistic and p-value of an exact test.
func (t contingency) fisherNetwork(out Result) (Result, error) {
	tooLarge := refuse(out.Test, TooLarge, int(t.total), 0, "the exact test of this table would take too long or too much memory: take method monte_carlo")
	if t.total > maxDrawn {
		return Result{}, tooLarge
	}
	g, root := newNetwork(t)
	if g == nil {
		return Result{}, tooLarge
	}
	out.Statistic = g.scale
	if !g.run(root) {
		return Result{}, tooLarge
	}
	return out.withP(g.scale + math.Log(g.sum)), nil
}

// newNetwork returns a network and its first node, or nil if the row totals do
// not fit a key.
func newNetwork(t contingency) (*network, *networkNode) {
	rows, columns := wholeNumbers(t.rows), wholeNumbers(t.columns)
	if len(rows) > len(columns) {
		rows, columns = columns, rows
	}
	falling := func(a, b int) int { return b - a }
	slices.SortFunc(rows, falling)
	slices.SortFunc(columns, falling)
	n := int(t.total)
	g := &network{columns: columns, rest: make([]int, len(columns)+1), factorial: make([]float64, n+1),
		radix: make([]uint64, len(rows)), left: make([]int, len(rows)), sorted: make([]int, len(rows))}
	for k := len(columns) - 1; k >= 0; k-- {
		g.rest[k] = g.rest[k+1] + columns[k]
	}
	kappa, lost := math.Log(t.total)-1, 0.0
	for i := 1; i <= n; i++ {
		v := math.Log(float64(i)) - kappa + lost
		g.factorial[i] = g.factorial[i-1] + v
		lost = v - (g.factorial[i] - g.factorial[i-1])
	}
	place := 1.0
	for i, v := range rows {
		g.radix[i] = uint64(v) + 1
		if place *= float64(v + 1); place > 1<<62 {
			return nil, nil
		}
	}
	if place <= denseKeys {
		g.dense = make([]int32, int(place))
	}
	g.scale = t.logProbability(g.factorial)
	g.limit = g.scale + likelyTolerance
	start := math.Exp(-g.scale)
	if g.far = g.scale < -690; g.far {
		start = 1
	}
	return g, &networkNode{rows: rows, past: []networkPath{{0, start}}}
}

func wholeNumbers(x []float64) []int {
	out := make([]int, len(x))
	for i, v := range x {
		out[i] = int(v)
	}
	return out
}

// run passes through the stages and reports whether it could.
func (g *network) run(root *networkNode) bool {
	current := []*networkNode{root}
	for g.stage = 0; g.stage < len(g.columns)-2 && !g.tooLarge; g.stage++ {
		g.nodes, g.order = map[uint64]int32{}, nil
		clear(g.dense)
		for _, node := range current {
			g.compact(node)
			g.follow(node)
			g.size -= len(node.past)
			node.past = nil
			if g.tooLarge {
				return false
			}
		}
		current = g.order
	}
	return !g.tooLarge
}

// choose returns the logarithm of a binomial coefficient.
func (g *network) choose(n, k int) float64 {
	return g.factorial[n] - g.factorial[k] - g.factorial[n-k]
}

// follow follows every way to share a column among the rows of a node.
func (g *network) follow(node *networkNode) {
	column, total := g.columns[g.stage], g.rest[g.stage]
	if g.table == nil {
		g.table = make([][]shareOf, len(node.rows))
	}
	for i, have := range node.rows {
		g.table[i] = g.table[i][:0]
		for n := 0; n <= min(have, column); n++ {
			log := g.choose(have, n)
			g.table[i] = append(g.table[i], shareOf{log, math.Exp(log)})
		}
		g.work += 12 * len(g.table[i])
	}
	start := -g.choose(total, column)
	g.at, g.part = node, 0
	g.arcs(0, column, total, 0, start, math.Exp(start))
	g.sum += g.part
}

// shareOf is the logarithm of a binomial coefficient, and itself.
type shareOf struct{ log, times float64 }

// arcs shares a column among the rows from i on, of which total is left, and
// follows each way of doing so; weight is the probability so far, log its
// logarithm, and key that of the rows before i at the end of the arc.
func (g *network) arcs(i, column, total int, key uint64, log, weight float64) {
	have := g.at.rows[i]
	shares := g.table[i]
	key *= g.radix[i]
	if i < len(g.at.rows)-2 {
		for n := max(0, column-(total-have)); n <= min(have, column) && !g.tooLarge; n++ {
			g.left[i] = have - n
			g.arcs(i+1, column-n, total-have, key+uint64(have-n), log+shares[n].log, weight*shares[n].times) // #nosec G115 -- n <= have
		}
		return
	}
	last := g.at.rows[i+1]
	for n := max(0, column-last); n <= min(have, column) && !g.tooLarge; n++ {
		rest := column - n
		g.left[i], g.left[i+1] = have-n, last-rest
		other := g.table[i+1][rest]
		at := log + shares[n].log + other.log
		w := weight * shares[n].times * other.times
		if !(w > 1e-280 && w <= 2) { // a factor has left the range of a float64
			w = math.Exp(at)
		}
		g.arc((key+uint64(have-n))*g.radix[i+1]+uint64(last-rest), at, w) // #nosec G115 -- none is negative
	}
}

// arc follows one arc: each path to its start is counted, dropped, or passed on.
func (g *network) arc(key uint64, log, weight float64) {
	child := g.child(key)
	if g.work += 8 + len(g.at.past); g.work > maxNetworkWork || g.size > maxNetworkSize {
		g.tooLarge = true
		return
	}
	if g.stage == len(g.columns)-3 {
		g.finish(child, log, weight)
		return
	}
	for _, p := range g.at.past {
		at := p.log + log
		switch {
		case at+child.likely <= g.limit:
			g.part += g.weight(p, log, weight)
		case at+child.unlikely > g.limit:
			return // paths ascend
		default:
			if g.far {
				child.past = append(child.past, networkPath{at, p.weight})
			} else {
				child.past = append(child.past, networkPath{at, p.weight * weight})
			}
			g.size++
		}
	}
}

// finish adds to sum what follows along an arc to a node two columns before the
// end.
func (g *network) finish(child *networkNode, log, weight float64) {
	last := len(child.after) - 1
	high := last
	for _, p := range g.at.past {
		room := g.limit - p.log - log
		if child.unlikely > room {
			return // paths ascend
		}
		if child.likely <= room {
			g.part += g.weight(p, log, weight)
			continue
		}
		// The last of those that follow within room; it falls from path to path.
		low := 0
		for low < high {
			if middle := int(uint(low+high+1) >> 1); child.after[middle] <= room {
				low = middle
			} else {
				high = middle - 1
			}
		}
		g.part += g.weight(p, log, weight) * child.below[low]
	}
}

// weight returns what paths weigh after an arc of probability weight.
func (g *network) weight(p networkPath, log, weight float64) float64 {
	if g.far {
		return p.weight * math.Exp(p.log+log-g.scale)
	}
	return p.weight * weight
}

// child returns the node at the end of an arc, whose row totals in the order of
// the arc have a key.
func (g *network) child(arc uint64) *networkNode {
	if place := g.place(arc); place > 0 {
		return g.order[place-1]
	}
	copy(g.sorted, g.left)
	for i := 1; i < len(g.sorted); i++ {
		for j := i; j > 0 && g.sorted[j] > g.sorted[j-1]; j-- {
			g.sorted[j], g.sorted[j-1] = g.sorted[j-1], g.sorted[j]
		}
	}
	key := uint64(0)
	for i, v := range g.sorted {
		key = key*g.radix[i] + uint64(v) // #nosec G115 -- totals are not negative
	}
	place := g.place(key)
	if place == 0 {
		place = g.newNode()
		g.setPlace(key, place)
	}
	g.setPlace(arc, place)
	return g.order[place-1]
}

// place returns the place of a key among the nodes, counted from 1, or 0.
func (g *network) place(key uint64) int32 {
	if g.dense != nil {
		return g.dense[key]
	}
	return g.nodes[key]
}

func (g *network) setPlace(key uint64, place int32) {
	if g.dense != nil {
		g.dense[key] = place
		return
	}
	g.nodes[key] = place
	g.size += 2
}

// newNode appends the node of the sorted row totals and returns its place.
func (g *network) newNode() int32 {
	node := &networkNode{rows: slices.Clone(g.sorted)}
	g.order = append(g.order, node)
	g.size += len(g.sorted) + 8
	if g.stage == len(g.columns)-3 {
		g.complete(node, g.stage+1)
	} else {
		g.bound(node, g.stage+1)
	}
	return int32(len(g.order)) // #nosec G115 -- at most maxNetworkSize
}

// complete lists all that may follow a node with two columns left.
func (g *network) complete(node *networkNode, stage int) {
	g.share(node, 0, g.columns[stage+1], g.rest[stage], -g.choose(g.rest[stage], g.columns[stage+1]))
	slices.Sort(node.after)
	node.below = make([]float64, len(node.after))
	total := 0.0
	for i, v := range node.after {
		total += math.Exp(v)
		node.below[i] = total
	}
	node.unlikely, node.likely = node.after[0], node.after[len(node.after)-1]
	g.size += 2 * len(node.after)
	g.work += 4 * len(node.after)
}

// share is arcs for the last column but one.
func (g *network) share(node *networkNode, i, column, total int, log float64) {
	have := node.rows[i]
	if i == len(node.rows)-1 {
		node.after = append(node.after, log+g.choose(have, column))
		return
	}
	if g.size+len(node.after) > maxNetworkSize {
		g.tooLarge = true
		if len(node.after) > 0 {
			return
		}
	}
	for n := max(0, column-(total-have)); n <= min(have, column); n++ {
		g.share(node, i+1, column-n, total-have, log+g.choose(have, n))
	}
}

// bound sets bounds of the probability of what may follow a node.
//
// From above: the cells that remain maximise −Σ ln nᵢⱼ! given their margins, which
// is at most Σ (m·ln λᵢⱼ − ln m!) − Σ rᵢ·ln xᵢ − Σ cⱼ·ln yⱼ with λᵢⱼ = xᵢyⱼ and m
// the whole part of λᵢⱼ, for any x and y, by Lagrange's multipliers.
//
// From below: Σ ln nᵢⱼ! is at most what it becomes if each column fills the
// largest rows, or each row the largest columns, without regard to the others.
func (g *network) bound(node *networkNode, stage int) {
	columns, total := g.columns[stage:], float64(g.rest[stage])
	g.work += 100 + 20*len(node.rows)*len(columns) // logarithms, and a place in the heap
	fixed := -g.factorial[g.rest[stage]]
	for _, r := range node.rows {
		fixed += g.factorial[r]
	}
	for _, c := range columns {
		fixed += g.factorial[c]
	}
	byColumns, byRows := 0.0, 0.0
	for _, c := range columns {
		byColumns += g.fill(c, node.rows)
	}
	for _, r := range node.rows {
		byRows += g.fill(r, columns)
	}
	node.unlikely = fixed - math.Min(byColumns, byRows)

	// The cells of greatest probability are near rᵢcⱼ/N; a half more is near the
	// argument at which ln n! has their slope.
	kappa := math.Log(float64(g.rest[0])) - 1
	likely := 0.0
	half := 0.5 * float64(len(columns))
	for _, r := range node.rows {
		x := (float64(r) + half) / (total + half*float64(len(node.rows)))
		for _, c := range columns {
			lambda := x * (float64(c) + 0.5*float64(len(node.rows)))
			logLambda := math.Log(lambda)
			m := min(int(lambda), g.rest[0])
			likely += float64(m)*(logLambda-kappa) - g.factorial[m]
		}
		likely -= float64(r) * (math.Log(x) - kappa)
	}
	for _, c := range columns {
		likely -= float64(c) * math.Log(float64(c)+0.5*float64(len(node.rows)))
	}
	node.likely = math.Min(0, fixed+likely+1e-9)
}

// fill returns the greatest Σ (ln n! − κn) of an amount shared among capacities in
// falling order.
func (g *network) fill(amount int, capacities []int) float64 {
	total := 0.0
	for _, c := range capacities {
		n := min(amount, c)
		total += g.factorial[n]
		amount -= n
	}
	return total
}

// compact puts the paths to a node in ascending order and joins those of equal
// probability.
func (g *network) compact(node *networkNode) {
	slices.SortFunc(node.past, func(a, b networkPath) int { return cmp.Compare(a.log, b.log) })
	kept := node.past[:0]
	for _, p := range node.past {
		if n := len(kept); n > 0 && p.log-kept[n-1].log <= samePath {
			kept[n-1].weight += p.weight
			continue
		}
		kept = append(kept, p)
	}
	g.size -= len(node.past) - len(kept)
	node.past = kept
}
