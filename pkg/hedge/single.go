package hedge

import (
	"math"
	"time"
)

// singleR chooses delay and probability together so that, by what was seen, the
// quantile of order Target is least within the budget: for each delay d it hedges
// the share q = min(1, B/S(d)) of the calls that reach it, and takes the d with
// the least t for which S(t)·(1 − q + q·S(t − d)) ≤ 1 − Target. For budgets above
// about 5 % that is q = 1 at the quantile of order 1 − B; below, hedging some of
// more calls is better than all of fewer.
type singleR struct {
	warm
	delay  time.Duration
	chance float64
}

func (s *singleR) Update(_ Outcome, seen *Seen) (time.Duration, float64) {
	if s.Delay > 0 {
		return s.fixed(seen)
	}
	if !s.due(seen) && s.delay > 0 {
		return s.delay, s.chance
	}
	if d, chance, ready := s.up(seen); !ready {
		return d, chance
	}
	now, done := seen.read()
	defer done()
	if d, q, known := best(now, s.Budget, 1-s.Target); known {
		s.delay, s.chance = d, q
	}
	if s.delay == 0 {
		return never, 0
	}
	return s.delay, s.chance
}

// fixed keeps the delay that was asked for.
func (s *singleR) fixed(seen *Seen) (time.Duration, float64) {
	if s.Probability > 0 {
		return s.Delay, s.Probability
	}
	if _, chance, ready := s.up(seen); !ready {
		return s.Delay, math.Max(chance, s.Budget)
	}
	return s.Delay, math.Min(1, s.Budget/math.Max(seen.Share(s.Delay), s.Budget))
}

// best returns the delay and probability with the least tail, of those that
// hedge at most a share of the calls.
func best(s *survival, budget, tail float64) (delay time.Duration, chance float64, known bool) {
	low, ok := s.above(1 - 1e-9)
	if !ok {
		return 0, 0, false
	}
	high, ok := s.above(tail)
	if !ok {
		return 0, 0, false
	}
	least := buckets - 1
	for b := bucketOf(low); b <= bucketOf(high); b++ {
		d, share := upperEdge(b), s.share[b]
		q := 1.0
		if share > budget {
			q = budget / share
		}
		if q < 0.05 {
			continue // hardly ever: nothing would be learnt
		}
		// Of equals the last: it hedges more surely, and fewer calls.
		if t := s.reach(d, q, tail, least+1); t <= least {
			least, delay, chance = t, d, q
		}
	}
	return delay, chance, chance > 0
}

// reach returns the first bucket, below a bound, whose upper edge at most tail of
// the hedged calls exceed.
func (s *survival) reach(d time.Duration, q, tail float64, below int) int {
	low, high := 0, below
	for low < high {
		mid := (low + high) / 2
		t := upperEdge(mid)
		left := s.share[mid]
		if t > d {
			left *= 1 - q + q*s.at(t-d)
		}
		if left <= tail {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return low
}
