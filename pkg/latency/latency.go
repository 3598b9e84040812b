// Package latency holds distributions of latencies by the figures that people
// have of them: quantiles, a mean and a spread, or samples.
//
// Three quantiles of a real service rarely fit one lognormal distribution: a
// median of 800 ms and a 95th percentile of 2 s imply a 99th of 2.9 s, where 5 s
// are measured. So a distribution names its shape, and every shape goes through
// the figures it was given exactly.
package latency

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"gonum.org/v1/gonum/stat/distuv"
)

// Distribution is a distribution of latencies above 0.
type Distribution interface {
	// Quantile returns the latency that a share u of calls, in (0, 1), does not
	// exceed.
	Quantile(u float64) time.Duration
	// Survival returns the share of calls that take longer than d.
	Survival(d time.Duration) float64
}

// The standard normal quantiles of 0.95 and 0.99.
const (
	z95 = 1.6448536269514722
	z99 = 2.3263478740408408
)

// z is the standard normal quantile, and tail the share above a z.
func z(u float64) float64    { return distuv.UnitNormal.Quantile(u) }
func tail(x float64) float64 { return 0.5 * math.Erfc(x/math.Sqrt2) }

// Lognormal is e^(Mu + Sigma·Z) nanoseconds, Z standard normal.
type Lognormal struct{ Mu, Sigma float64 }

// LognormalOf returns the lognormal distribution of a mean and a standard
// deviation.
func LognormalOf(mean, sd time.Duration) (Lognormal, error) {
	if mean <= 0 || sd <= 0 {
		return Lognormal{}, fmt.Errorf("latency: mean %v and standard deviation %v: want both above 0", mean, sd)
	}
	cv := float64(sd) / float64(mean)
	v := math.Log1p(cv * cv)
	return Lognormal{math.Log(float64(mean)) - v/2, math.Sqrt(v)}, nil
}

// LognormalThrough returns the lognormal distribution with a median and a
// quantile of order q above ½.
func LognormalThrough(p50, value time.Duration, q float64) (Lognormal, error) {
	if err := rise(p50, value); err != nil {
		return Lognormal{}, err
	}
	return Lognormal{math.Log(float64(p50)), math.Log(float64(value)/float64(p50)) / z(q)}, nil
}

// Quantile implements Distribution.
func (l Lognormal) Quantile(u float64) time.Duration { return nanoseconds(l.Mu + l.Sigma*z(u)) }

// Survival implements Distribution.
func (l Lognormal) Survival(d time.Duration) float64 {
	if d <= 0 {
		return 1
	}
	return tail((math.Log(float64(d)) - l.Mu) / l.Sigma)
}

// Piecewise is two lognormals that meet at the 95th percentile: it has the
// median, the 95th and the 99th percentile that it is given.
type Piecewise struct {
	body Lognormal
	knee float64 // ln of the 95th percentile
	sigm float64 // beyond it
}

// NewPiecewise returns the distribution with these quantiles.
func NewPiecewise(p50, p95, p99 time.Duration) (Piecewise, error) {
	if err := rise(p50, p95, p99); err != nil {
		return Piecewise{}, err
	}
	body, _ := LognormalThrough(p50, p95, 0.95)
	return Piecewise{body, math.Log(float64(p95)), math.Log(float64(p99)/float64(p95)) / (z99 - z95)}, nil
}

// Quantile implements Distribution.
func (p Piecewise) Quantile(u float64) time.Duration {
	x := z(u)
	if x <= z95 {
		return nanoseconds(p.body.Mu + p.body.Sigma*x)
	}
	return nanoseconds(p.knee + p.sigm*(x-z95))
}

// Survival implements Distribution.
func (p Piecewise) Survival(d time.Duration) float64 {
	if d <= 0 {
		return 1
	}
	if x := math.Log(float64(d)); x > p.knee {
		return tail(z95 + (x-p.knee)/p.sigm)
	}
	return p.body.Survival(d)
}

// Slowed is another distribution of which a share of calls takes Factor times as
// long.
type Slowed struct {
	Base          Distribution
	Share, Factor float64
}

// Quantile implements Distribution.
func (s Slowed) Quantile(u float64) time.Duration {
	return invert(s, u, s.Base.Quantile(u), time.Duration(s.Factor*float64(s.Base.Quantile(u)))+1)
}

// Survival implements Distribution.
func (s Slowed) Survival(d time.Duration) float64 {
	return (1-s.Share)*s.Base.Survival(d) + s.Share*s.Base.Survival(time.Duration(float64(d)/s.Factor))
}

// Draw returns a latency of two uniform numbers in (0, 1): quicker than Quantile
// of one.
func (s Slowed) Draw(u, v float64) time.Duration {
	d := s.Base.Quantile(u)
	if v < s.Share {
		d = time.Duration(float64(d) * s.Factor)
	}
	return d
}

// NewBimodal returns a lognormal of which a share of calls is slower by a factor,
// with the median, the 95th and the 99th percentile given: spread and factor
// follow from them.
func NewBimodal(p50, p95, p99 time.Duration, share float64) (Slowed, error) {
	if err := rise(p50, p95, p99); err != nil {
		return Slowed{}, err
	}
	if !(share > 0.01 && share < 0.5) {
		return Slowed{}, fmt.Errorf("latency: a slow share of %v: want more than 0.01 and less than 0.5", share)
	}
	// For a spread, the median fixes the place and the 99th percentile the factor;
	// the 95th percentile then rises with the spread.
	fit := func(sigma float64) Slowed {
		out := Slowed{Share: share}
		place := func(factor float64) Slowed {
			out.Factor = factor
			unit := Slowed{Lognormal{math.Log(float64(p50)), sigma}, share, factor}
			median := unit.Quantile(0.5)
			out.Base = Lognormal{math.Log(float64(p50)) + math.Log(float64(p50)/float64(median)), sigma}
			return out
		}
		low, high := 0.0, math.Log(1e4)
		for range 60 {
			if mid := (low + high) / 2; place(math.Exp(mid)).Survival(p99) < 0.01 {
				low = mid
			} else {
				high = mid
			}
		}
		return place(math.Exp(low))
	}
	low, high := 1e-3, math.Log(float64(p99)/float64(p50))/z99
	for range 60 {
		if mid := (low + high) / 2; fit(mid).Survival(p95) < 0.05 {
			low = mid
		} else {
			high = mid
		}
	}
	out := fit(low)
	if math.Abs(out.Survival(p95)-0.05) > 1e-6 || math.Abs(out.Survival(p99)-0.01) > 1e-6 {
		return Slowed{}, fmt.Errorf("latency: no bimodal distribution with a slow share of %v has these quantiles", share)
	}
	return out, nil
}

// Pareto has the survival (Least/d)^Index above Least.
type Pareto struct {
	Least time.Duration
	Index float64
}

// ParetoThrough returns the Pareto distribution with a median and a 99th
// percentile.
func ParetoThrough(p50, p99 time.Duration) (Pareto, error) {
	if err := rise(p50, p99); err != nil {
		return Pareto{}, err
	}
	index := math.Log(50) / math.Log(float64(p99)/float64(p50))
	return Pareto{time.Duration(float64(p50) * math.Pow(0.5, 1/index)), index}, nil
}

// Quantile implements Distribution.
func (p Pareto) Quantile(u float64) time.Duration {
	return nanoseconds(math.Log(float64(p.Least)) - math.Log1p(-u)/p.Index)
}

// Survival implements Distribution.
func (p Pareto) Survival(d time.Duration) float64 {
	if d <= p.Least {
		return 1
	}
	return math.Pow(float64(p.Least)/float64(d), p.Index)
}

// Samples is the distribution of latencies that were measured.
type Samples struct{ sorted []time.Duration }

// NewSamples returns the distribution of some measured latencies.
func NewSamples(measured []time.Duration) (Samples, error) {
	if len(measured) == 0 {
		return Samples{}, fmt.Errorf("latency: no samples")
	}
	sorted := slices.Sorted(slices.Values(measured))
	if sorted[0] < 0 {
		return Samples{}, fmt.Errorf("latency: a sample of %v is negative", sorted[0])
	}
	return Samples{sorted}, nil
}

// Quantile implements Distribution: the nearest rank.
func (s Samples) Quantile(u float64) time.Duration {
	return s.sorted[min(max(int(math.Ceil(u*float64(len(s.sorted))))-1, 0), len(s.sorted)-1)]
}

// Survival implements Distribution.
func (s Samples) Survival(d time.Duration) float64 {
	above := sort.Search(len(s.sorted), func(i int) bool { return s.sorted[i] > d })
	return float64(len(s.sorted)-above) / float64(len(s.sorted))
}

// Constant always takes as long.
type Constant time.Duration

// Quantile implements Distribution.
func (c Constant) Quantile(float64) time.Duration { return time.Duration(c) }

// Survival implements Distribution.
func (c Constant) Survival(d time.Duration) float64 {
	if d < time.Duration(c) {
		return 1
	}
	return 0
}

// invert finds the quantile between two bounds by bisection.
func invert(d Distribution, u float64, low, high time.Duration) time.Duration {
	for high-low > 1 {
		mid := low + (high-low)/2
		if 1-d.Survival(mid) < u {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}

// nanoseconds is e^x as a duration of at most a year.
func nanoseconds(x float64) time.Duration {
	const year = float64(365 * 24 * time.Hour)
	return max(time.Duration(math.Min(math.Exp(x), year)), 1)
}

// rise refuses quantiles that are not above 0 and rising.
func rise(quantiles ...time.Duration) error {
	last := time.Duration(0)
	for _, q := range quantiles {
		if q <= last {
			return fmt.Errorf("latency: the quantiles %v are not above 0 and rising", quantiles)
		}
		last = q
	}
	return nil
}
