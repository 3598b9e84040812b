package ensemble

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"math"
	"slices"
)

// tieRule says who wins a tie.
type tieRule struct {
	name string
	seed uint64
	rank []int // calibrated: the rank of each Order, the most accurate first
}

func newTieRule(p Policy) tieRule {
	t := tieRule{name: p.Options.Ties, seed: p.Options.Seed}
	if t.name != TiesCalibrated {
		return t
	}
	accuracies := byOrder(p.Members, p.Options.Accuracies)
	if p.Options.Accuracies == nil {
		accuracies = p.Options.Joint.Accuracies
	}
	orders := make([]int, len(p.Members))
	for i := range orders {
		orders[i] = i
	}
	slices.SortStableFunc(orders, func(a, b int) int { return cmp.Compare(accuracies[b], accuracies[a]) })
	t.rank = make([]int, len(orders))
	for at, o := range orders {
		t.rank[o] = at
	}
	return t
}

// sort puts the highest score first and returns how many candidates have it.
// Ties below the first place keep the order of their first ballots.
func (t tieRule) sort(c []Candidate, valid []Ballot) int {
	// An insertion sort: stable, without allocation, and there are few.
	for i := 1; i < len(c); i++ {
		for j := i; j > 0 && above(c[j].Score, c[j-1].Score); j-- {
			c[j], c[j-1] = c[j-1], c[j]
		}
	}
	tied := 1
	for tied < len(c) && !above(c[0].Score, c[tied].Score) {
		tied++
	}
	if tied > 1 && t.name != TiesListed && t.name != "" {
		t.draw(c[:tied], valid)
	} else if tied > 1 {
		first := 0
		for i := range c[:tied] {
			if c[i].First < c[first].First {
				first = i
			}
		}
		front(c, first)
	}
	return tied
}

// above reports whether a score is higher, rounding apart.
func above(a, b float64) bool { return a-b > epsilon*math.Max(1, math.Abs(b)) }

// front moves the candidate at i to the first place.
func front(c []Candidate, i int) {
	chosen := c[i]
	copy(c[1:i+1], c[:i])
	c[0] = chosen
}

// draw chooses among tied candidates by rank or by lot.
func (t tieRule) draw(tied []Candidate, valid []Ballot) {
	best := 0
	if t.name == TiesCalibrated {
		for i := range tied {
			if t.rankOf(&tied[i], valid) < t.rankOf(&tied[best], valid) {
				best = i
			}
		}
		front(tied, best)
		return
	}
	for i := range tied {
		x, y := t.lot(tied, i), t.lot(tied, best)
		if x < y || x == y && tied[i].Answer < tied[best].Answer {
			best = i
		}
	}
	front(tied, best)
}

// rankOf is the best rank among the ballots for an answer.
func (t tieRule) rankOf(c *Candidate, valid []Ballot) int {
	best := len(t.rank)
	for i := range valid {
		if o := valid[i].Order; c.holds(&valid[i]) && o < len(t.rank) {
			best = min(best, t.rank[o])
		}
	}
	return best
}

// lot draws a number for one of the tied answers. It depends on the seed and on
// the set of the tied answers, not on their order.
func (t tieRule) lot(tied []Candidate, i int) uint64 {
	var mix uint64
	for k := range tied {
		mix += hash(t.seed, tied[k].Answer)
	}
	return hash(mix, tied[i].Answer)
}

// hash mixes a number and a text.
func hash(seed uint64, text string) uint64 {
	h := fnv.New64a()
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], seed)
	_, _ = h.Write(b[:])
	_, _ = h.Write([]byte(text))
	x := h.Sum64() // FNV alone is weak in its high bits
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
