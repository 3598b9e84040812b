package provider

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/latency"
)

// The shapes of a simulated latency.
const (
	ShapeNone      = "none"      // no latency
	ShapeConstant  = "constant"  // always the median
	ShapeLognormal = "lognormal" // one lognormal through the median and the 95th percentile, or of a mean
	ShapePiecewise = "piecewise" // two lognormals that meet at the 95th percentile
	ShapeBimodal   = "bimodal"   // a lognormal of which a share of attempts is slower by a factor
	ShapePareto    = "pareto"    // a power law through the median and the 99th percentile
	ShapeSamples   = "samples"   // latencies that were measured
)

// Shapes are the shapes of a simulated latency.
func Shapes() []string {
	return []string{ShapeNone, ShapeConstant, ShapeLognormal, ShapePiecewise, ShapeBimodal, ShapePareto, ShapeSamples}
}

// slowShare is the share of slow attempts of a bimodal latency that names none.
const slowShare = 0.05

// The standard normal quantiles of 0.95 and 0.99.
const (
	z95 = 1.6448536269514722
	z99 = 2.3263478740408408
)

// CheckLatency reports what is wrong with a distribution of latencies: an
// unknown shape, a quantile that is missing, negative or below a lower one, a
// share that is none.
func CheckLatency(l events.Latency) error {
	_, err := Distribution(&l)
	return err
}

// Distribution makes the distribution of what a latency says but its scale, nil for
// none.
func Distribution(l *events.Latency) (latency.Distribution, error) {
	base, err := shaped(l)
	if err != nil {
		return nil, err
	}
	if l.Scale < 0 || math.IsNaN(l.Scale) || l.Scale > maxFactor {
		return nil, fmt.Errorf("latency: a scale of %v is outside of 0 to %d", l.Scale, int(maxFactor))
	}
	if l.SlowFactor == 0 {
		if l.SlowShare != 0 && l.Shape != ShapeBimodal {
			return nil, fmt.Errorf("latency: a slow share without a slow factor")
		}
		return base, nil
	}
	if !(l.SlowFactor >= 1 && l.SlowFactor <= maxFactor) || !(l.SlowShare >= 0 && l.SlowShare < 1) {
		return nil, fmt.Errorf("latency: a share of %v that is %v times slower: want less than 1 and a factor of 1 to %d", l.SlowShare, l.SlowFactor, int(maxFactor))
	}
	if base == nil {
		return nil, fmt.Errorf("latency: shape none has no slow share")
	}
	share := l.SlowShare
	if share == 0 {
		share = slowShare
	}
	return latency.Slowed{Base: base, Share: share, Factor: l.SlowFactor}, nil
}

// maxFactor bounds by how much a latency may be scaled.
const maxFactor = 1e6

// shaped is the distribution without slow attempts that are not its own.
func shaped(l *events.Latency) (latency.Distribution, error) {
	if l.Shape != ShapeLognormal && l.Shape != ShapeBimodal && (l.MeanNS != 0 || l.SDNS != 0) {
		return nil, fmt.Errorf("latency: shape %s has no mean", clip(l.Shape, 40))
	}
	switch l.Shape {
	case "", ShapeNone:
		return nil, nil
	case ShapeConstant:
		return quantiles{*l}, rising(l.P50NS)
	case ShapePiecewise:
		return quantiles{*l}, rising(l.P50NS, l.P95NS, l.P99NS)
	case ShapeLognormal:
		switch {
		case l.MeanNS != 0 || l.SDNS != 0:
			return ofMean(l)
		case l.P95NS == 0:
			return quantiles{*l}, rising(l.P50NS, l.P99NS)
		}
		return quantiles{*l}, rising(l.P50NS, l.P95NS)
	case ShapeBimodal:
		return bimodal(l)
	case ShapePareto:
		if err := rising(l.P50NS, l.P99NS); err != nil {
			return nil, err
		}
		d, err := latency.ParetoThrough(time.Duration(l.P50NS), time.Duration(l.P99NS))
		return d, err
	case ShapeSamples:
		if len(l.SamplesNS) == 0 || !slices.IsSorted(l.SamplesNS) || l.SamplesNS[0] <= 0 {
			return nil, fmt.Errorf("latency: samples: want at least one, above 0 and in rising order")
		}
		return samples(l.SamplesNS), nil
	}
	return nil, fmt.Errorf("latency: unknown shape %q (none, constant, lognormal, piecewise, bimodal, pareto, samples)", clip(l.Shape, 40))
}

func ofMean(l *events.Latency) (latency.Distribution, error) {
	if l.P50NS != 0 || l.P95NS != 0 || l.P99NS != 0 {
		return nil, fmt.Errorf("latency: a mean and quantiles exclude each other")
	}
	d, err := latency.LognormalOf(time.Duration(l.MeanNS), time.Duration(l.SDNS))
	return d, err
}

// bimodal goes through three quantiles, or slows a share of a lognormal of a
// mean by a factor.
func bimodal(l *events.Latency) (latency.Distribution, error) {
	if l.MeanNS != 0 || l.SDNS != 0 {
		if l.SlowFactor == 0 {
			return nil, fmt.Errorf("latency: bimodal of a mean wants a slow factor")
		}
		return ofMean(l)
	}
	if err := rising(l.P50NS, l.P95NS, l.P99NS); err != nil {
		return nil, err
	}
	share := slowShare
	if l.SlowShare != 0 && l.SlowFactor == 0 {
		share = l.SlowShare
	}
	d, err := latency.NewBimodal(time.Duration(l.P50NS), time.Duration(l.P95NS), time.Duration(l.P99NS), share)
	return d, err
}

// rising refuses quantiles that are missing or fall.
func rising(ns ...int64) error {
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

// quantiles are the shapes that need no more than their quantiles.
type quantiles struct{ l events.Latency }

// Quantile implements latency.Distribution.
func (q quantiles) Quantile(u float64) time.Duration { return time.Duration(LatencyQuantile(q.l, u)) }

// Survival implements latency.Distribution, by bisection.
func (q quantiles) Survival(d time.Duration) float64 {
	low, high := 0.0, 1.0
	for range 60 {
		if mid := (low + high) / 2; q.Quantile(mid) <= d {
			low = mid
		} else {
			high = mid
		}
	}
	return 1 - low
}

// samples are latencies in rising order.
type samples []int64

// Quantile implements latency.Distribution: the nearest rank.
func (s samples) Quantile(u float64) time.Duration {
	return time.Duration(s[min(max(int(math.Ceil(u*float64(len(s))))-1, 0), len(s)-1)])
}

// Survival implements latency.Distribution.
func (s samples) Survival(d time.Duration) float64 {
	at, _ := slices.BinarySearch(s, int64(d)+1)
	return float64(len(s)-at) / float64(len(s))
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
// nothing to say. Other shapes, and shares that are slower, it does not know:
// Draws does.
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
	return microseconds(float64(from) * math.Exp(t*math.Log(float64(to)/float64(from))))
}

// microseconds rounds nanoseconds to a microsecond and at least that.
func microseconds(x float64) int64 {
	const longest = float64(365 * 24 * time.Hour)
	us := math.Round(math.Min(x, longest) / float64(time.Microsecond))
	return max(int64(us), 1) * int64(time.Microsecond)
}

// normalQuantile is the inverse of the standard normal distribution function.
func normalQuantile(u float64) float64 { return math.Sqrt2 * math.Erfinv(2*u-1) }

// Draws remembers the distributions that it was asked for: to find a bimodal one
// through three quantiles takes milliseconds. The zero value is ready; it may be
// used concurrently.
type Draws struct {
	mu    sync.RWMutex
	known map[shapeKey]latency.Distribution
}

// shapeKey is a latency without samples and scale.
type shapeKey struct {
	shape                   string
	p50, p95, p99, mean, sd int64
	slowShare, slowFactor   float64
}

// maxDistributions bounds what Draws remembers.
const maxDistributions = 1024

// of returns the distribution of a latency, nil for none.
func (d *Draws) of(l *events.Latency) (latency.Distribution, error) {
	if d == nil || l.Shape != ShapeBimodal {
		return Distribution(l)
	}
	key := shapeKey{l.Shape, l.P50NS, l.P95NS, l.P99NS, l.MeanNS, l.SDNS, l.SlowShare, l.SlowFactor}
	d.mu.RLock()
	known := d.known[key]
	d.mu.RUnlock()
	if known != nil {
		return known, nil
	}
	made, err := Distribution(l)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known == nil || len(d.known) >= maxDistributions {
		d.known = map[shapeKey]latency.Distribution{}
	}
	d.known[key] = made
	return made, nil
}
