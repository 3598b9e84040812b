package hedge

import (
	"math"
	"time"

	"github.com/crucible-go/crucible/pkg/latency"
)

// Frontier returns the least quantile of order target that any policy reaches
// that knows the distribution but not the future, with one backup that is
// independent of the first copy and at most budget extra calls for each call:
//
//	min over d of the t with S(t)·(1 − q + q·S(t − d)) = 1 − target, q = min(1, B/S(d))
//
// which is the best over all policies with one backup [1].
//
// [1] Kaler, He, Elnikety (2017), Optimal Reissue Policies for Reducing Tail
// Latency, SPAA.
func Frontier(d latency.Distribution, budget, target float64) (value, delay time.Duration, chance float64) {
	value = d.Quantile(target)
	try := func(at time.Duration) time.Duration {
		q := math.Min(1, budget/math.Max(d.Survival(at), 1e-300))
		t := tailOf(d, at, q, 1-target, d.Quantile(target))
		if t < value {
			value, delay, chance = t, at, q
		}
		return t
	}
	const steps = 2000
	for i := 1; i < steps; i++ {
		try(d.Quantile(float64(i) / steps * target))
	}
	try(d.Quantile(1 - budget))
	return value, delay, chance
}

// tailOf returns the least t, up to a bound, that at most tail of the calls
// exceed which get a backup after a delay with a chance.
func tailOf(d latency.Distribution, after time.Duration, chance, tail float64, bound time.Duration) time.Duration {
	low, high := time.Duration(0), bound
	for high-low > 1 {
		mid := low + (high-low)/2
		left := d.Survival(mid)
		if mid > after {
			left *= 1 - chance + chance*d.Survival(mid-after)
		}
		if left <= tail {
			high = mid
		} else {
			low = mid
		}
	}
	return high
}
