package lab

import (
	"math"
	"math/rand/v2"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/crucible-go/crucible/pkg/latency"
)

// luck is what a copy's latency is drawn from: two uniform numbers in (0, 1), of
// which the second decides whether a call is of the slow ones where a distribution
// has some.
type luck [2]float64

func newLuck(rng *rand.Rand) luck { return luck{open(rng), open(rng)} }

// strata are the intervals that the luck of each first copy is of.
type strata [2][]int

func newStrata(calls int, seed uint64) strata {
	rng := rand.New(rand.NewPCG(seed, 0x73747261))
	return strata{rng.Perm(calls), rng.Perm(calls)}
}

// luck draws that of a call's first copy.
func (s strata) luck(call int, rng *rand.Rand) (out luck) {
	for i, u := range newLuck(rng) {
		out[i] = math.Min((float64(s[i][call])+u)/float64(len(s[i])), 1-1e-15)
	}
	return out
}

// again returns the luck of another copy of the same call: both numbers correlate
// with those of the first, in their normal scores.
func (l luck) again(correlation float64, rng *rand.Rand) luck {
	out := newLuck(rng)
	switch correlation {
	case 0:
		return out
	case 1:
		return l
	}
	for i, u := range out {
		z := correlation*distuv.UnitNormal.Quantile(l[i]) + math.Sqrt(1-correlation*correlation)*distuv.UnitNormal.Quantile(u)
		out[i] = math.Min(math.Max(distuv.UnitNormal.CDF(z), 1e-15), 1-1e-15)
	}
	return out
}

// draw returns the latency.
func (l luck) draw(d latency.Distribution) time.Duration {
	if two, ok := d.(interface {
		Draw(u, v float64) time.Duration
	}); ok {
		return two.Draw(l[0], l[1])
	}
	return d.Quantile(l[0])
}

// open returns a uniform number in (0, 1).
func open(r *rand.Rand) float64 { return (float64(r.Uint64()>>12) + 0.5) / (1 << 52) }
