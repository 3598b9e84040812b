package provider

import (
	"fmt"
	"math"
	"time"

	"github.com/crucible-go/crucible/pkg/events"
)

// The shapes of a simulated latency.
const (
	ShapeNone      = "none"      // no latency
	ShapeConstant  = "constant"  // always the median
	ShapeLognormal = "lognormal" // one lognormal through the median and the 95th percentile
	ShapePiecewise = "piecewise" // two lognormals that meet at the 95th percentile
)

// The standard normal quantiles of 0.95 and 0.99.
const (
	z95 = 1.6448536269514722
	z99 = 2.3263478740408408
)

// CheckLatency reports what is wrong with a distribution of latencies: an
// unknown shape, a quantile that is missing, negative or below a lower one.
func CheckLatency(l events.Latency) error {
	switch l.Shape {
	case "", ShapeNone:
		return nil
	case ShapeConstant:
		return quantilesRise(l.P50NS)
	case ShapeLognormal:
		if l.P95NS == 0 {
			return quantilesRise(l.P50NS, l.P99NS)
		}
		return quantilesRise(l.P50NS, l.P95NS)
	case ShapePiecewise:
		return quantilesRise(l.P50NS, l.P95NS, l.P99NS)
	}
	return fmt.Errorf("latency: unknown shape %q (none, constant, lognormal, piecewise)", clip(l.Shape, 40))
}

func quantilesRise(ns ...int64) error {
	last := int64(0)
	for _, q := range ns {
		if q <= 0 {
			return fmt.Errorf("latency: a quantile is missing or not positive")
		}
		if q < last {
			return fmt.Errorf("latency: %s is below the quantile before it, %s", time.Duration(q), time.Duration(last))
		}
		last = q
	}
	return nil
}

// LatencyQuantile is the inverse of the distribution function at u in (0, 1), in
// nanoseconds. With z(u) the standard normal quantile:
//
//	lognormal:  ln x = ln p50 + z·ln(p95/p50)/z(0.95)
//	piecewise:  the same for u <= 0.95, and above it
//	            ln x = ln p95 + (z - z(0.95))·ln(p99/p95)/(z(0.99) - z(0.95))
//
// so that "piecewise" passes through all three quantiles, and "lognormal"
// through the first two (through p50 and p99 where there is no p95). The result
// is rounded to a microsecond, so that the last bit of a logarithm, in which
// processors differ, does not reach the log. It presumes that CheckLatency has
// nothing to say.
func LatencyQuantile(l events.Latency, u float64) int64 {
	switch l.Shape {
	case ShapeConstant:
		return l.P50NS
	case ShapeLognormal:
		if l.P95NS == 0 {
			return lognormal(l.P50NS, l.P99NS, normalQuantile(u)/z99)
		}
		return lognormal(l.P50NS, l.P95NS, normalQuantile(u)/z95)
	case ShapePiecewise:
		z := normalQuantile(u)
		if z <= z95 {
			return lognormal(l.P50NS, l.P95NS, z/z95)
		}
		return lognormal(l.P95NS, l.P99NS, (z-z95)/(z99-z95))
	}
	return 0
}

// lognormal is from·(to/from)^t, rounded to a microsecond and at least that.
func lognormal(from, to int64, t float64) int64 {
	x := float64(from) * math.Exp(t*math.Log(float64(to)/float64(from)))
	const longest = float64(365 * 24 * time.Hour)
	us := math.Round(math.Min(x, longest) / float64(time.Microsecond))
	return max(int64(us), 1) * int64(time.Microsecond)
}

// normalQuantile is the inverse of the standard normal distribution function.
func normalQuantile(u float64) float64 { return math.Sqrt2 * math.Erfinv(2*u-1) }
