package lab

import (
	"math"
	"math/rand/v2"

	"github.com/crucible-go/crucible/pkg/latency"
)

// luck is what a copy's latency is drawn from.
type luck = latency.Luck

func newLuck(rng *rand.Rand) luck { return luck{open(rng), open(rng)} }

// strata are the intervals that the luck of each first copy is of.
type strata [2][]int

func newStrata(calls int, seed uint64) strata {
	rng := rand.New(rand.NewPCG(seed, 0x73747261))
	return strata{rng.Perm(calls), rng.Perm(calls)}
}

// draw draws that of a call's first copy.
func (s strata) draw(call int, rng *rand.Rand) (out luck) {
	for i, u := range newLuck(rng) {
		out[i] = math.Min((float64(s[i][call])+u)/float64(len(s[i])), 1-1e-15)
	}
	return out
}

// again returns the luck of another copy of the same call.
func again(l luck, correlation float64, rng *rand.Rand) luck {
	return l.Again(correlation, newLuck(rng))
}

// open returns a uniform number in (0, 1).
func open(r *rand.Rand) float64 { return (float64(r.Uint64()>>12) + 0.5) / (1 << 52) }
