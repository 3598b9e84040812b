package lab

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/crucible-go/crucible/pkg/hedge"
	"github.com/crucible-go/crucible/pkg/latency"
)

// Frontier returns the least quantile of order target that a policy with one
// backup reaches within a budget, as hedge.Frontier does, for copies that may be
// correlated or differ in their latency. Independent copies that are alike are
// computed exactly; else it is the best delay and probability in hindsight of
// 200,000 pairs of latencies, drawn as Play draws them, so that it is known to a
// per cent or two.
func Frontier(first, backup latency.Distribution, correlation, budget, target float64, seed uint64) (time.Duration, error) {
	if !(correlation >= 0 && correlation <= 1) || !(budget > 0 && budget <= 1) || !(target > 0 && target < 1) {
		return 0, fmt.Errorf("lab: frontier: correlation %v, budget %v, target %v: want [0, 1], (0, 1], (0, 1)", correlation, budget, target)
	}
	if backup == nil && correlation == 0 {
		value, _, _ := hedge.Frontier(first, budget, target)
		return value, nil
	}
	if backup == nil {
		backup = first
	}
	return paired(first, backup, correlation, seed).best(first, budget, target), nil
}

// pair is how long the copies of a call take.
type pair struct{ first, second time.Duration }

// pairs are sorted by the first, the longest ahead.
type pairs []pair

// paired draws pairs.
func paired(first, backup latency.Distribution, correlation float64, seed uint64) pairs {
	const n = 200_000
	out := make(pairs, n)
	for i := range out {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		luck := newLuck(rng)
		out[i] = pair{luck.Draw(first), again(luck, correlation, rng).Draw(backup)}
	}
	slices.SortFunc(out, func(a, b pair) int { return cmp.Compare(b.first, a.first) })
	return out
}

// best returns the least quantile over delays.
func (p pairs) best(d latency.Distribution, budget, target float64) time.Duration {
	longest := int(math.Ceil((1-target)*float64(len(p)))) - 1
	value := p[max(longest, 0)].first
	// Delays by the share of calls that exceed them, evenly in its logarithm.
	const steps = 100
	for i := range steps {
		share := math.Pow(1-target, 1-float64(i)/steps)
		value = min(value, p.reach(d.Quantile(1-share), budget, 1-target, value))
	}
	return min(value, p.reach(d.Quantile(1-budget), budget, 1-target, value))
}

// reach returns the least t, up to a bound, that at most tail of the pairs exceed
// when those whose first is longer than the delay get a backup, within a budget.
func (p pairs) reach(delay time.Duration, budget, tail float64, bound time.Duration) time.Duration {
	above := func(t time.Duration) int {
		n, _ := slices.BinarySearchFunc(p, t, func(a pair, t time.Duration) int {
			if a.first > t {
				return -1
			}
			return 1
		})
		return n
	}
	chance := math.Min(1, budget*float64(len(p))/math.Max(float64(above(delay)), 1))
	low, high := time.Duration(0), bound
	for high-low > max(bound/4096, 1) {
		t := low + (high-low)/2
		slow := above(t)
		left := float64(slow)
		if t > delay {
			left = 0
			for _, c := range p[:slow] {
				left += 1 - chance
				if c.second > t-delay {
					left += chance
				}
			}
		}
		if left <= tail*float64(len(p)) {
			high = t
		} else {
			low = t
		}
	}
	return high
}
