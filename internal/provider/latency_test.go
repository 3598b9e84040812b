package provider_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/latency"
)

const ms = int64(time.Millisecond)

func shaped(shape string, p50, p95, p99 int64) events.Latency {
	return events.Latency{Shape: shape, P50NS: p50 * ms, P95NS: p95 * ms, P99NS: p99 * ms}
}

// The quantiles of the piecewise shape are exact. The 99.9th percentile of
// 800/2000/5000 ms is 2000·exp(1.3445·(3.0902-1.6449)) = 13964 ms.
func TestLatencyQuantiles(t *testing.T) {
	for _, c := range []struct {
		l    events.Latency
		u    float64
		want int64
	}{
		{shaped("piecewise", 800, 2000, 5000), 0.5, 800 * ms},
		{shaped("piecewise", 800, 2000, 5000), 0.95, 2000 * ms},
		{shaped("piecewise", 800, 2000, 5000), 0.99, 5000 * ms},
		{shaped("piecewise", 10, 10, 10), 0.999, 10 * ms},
		{shaped("lognormal", 800, 2000, 0), 0.5, 800 * ms},
		{shaped("lognormal", 800, 2000, 5000), 0.95, 2000 * ms},
		{shaped("lognormal", 800, 0, 5000), 0.99, 5000 * ms},
		{shaped("constant", 800, 0, 0), 0.999, 800 * ms},
		{shaped("none", 0, 0, 0), 0.5, 0},
		{shaped("", 0, 0, 0), 0.5, 0},
	} {
		if err := provider.CheckLatency(c.l); err != nil {
			t.Errorf("%+v: %v", c.l, err)
		}
		if got := provider.LatencyQuantile(c.l, c.u); got != c.want {
			t.Errorf("%s at %v: %s, want %s", c.l.Shape, c.u, time.Duration(got), time.Duration(c.want))
		}
	}
	for want, u := range map[int64]float64{2923: 0.99, 13964: 0.999} {
		l := shaped("lognormal", 800, 2000, 0)
		if want > 10000 {
			l = shaped("piecewise", 800, 2000, 5000)
		}
		if got := provider.LatencyQuantile(l, u); math.Abs(float64(got-want*ms)) > float64(ms) {
			t.Errorf("%s at %v: %s, want %d ms", l.Shape, u, time.Duration(got), want)
		}
	}
}

// 200,000 draws of each shape: the share below each quantile that it declares is
// its level, within four standard errors of a binomial share.
func TestLatencyDraws(t *testing.T) {
	const n = 200_000
	ms := int64(time.Millisecond)
	scaled := shaped("piecewise", 800, 2000, 5000)
	scaled.Scale = 6
	for _, c := range []struct {
		name   string
		l      events.Latency
		levels map[int64]float64 // by nanoseconds
	}{
		{"piecewise", shaped("piecewise", 800, 2000, 5000), map[int64]float64{800 * ms: 0.5, 2000 * ms: 0.95, 5000 * ms: 0.99}},
		{"bimodal", shaped("bimodal", 800, 2000, 5000), map[int64]float64{800 * ms: 0.5, 2000 * ms: 0.95, 5000 * ms: 0.99}},
		{"lognormal", shaped("lognormal", 800, 2000, 0), map[int64]float64{800 * ms: 0.5, 2000 * ms: 0.95, 2923600000: 0.99}},
		{"pareto", shaped("pareto", 800, 0, 5000), map[int64]float64{800 * ms: 0.5, 5000 * ms: 0.99}},
		{"samples", events.Latency{Shape: "samples", SamplesNS: []int64{10 * ms, 20 * ms, 30 * ms, 500 * ms}}, map[int64]float64{10 * ms: 0.25, 20 * ms: 0.5, 30 * ms: 0.75}},
		{"a lognormal of which a twentieth is ten times slower", events.Latency{Shape: "lognormal", MeanNS: 5 * ms, SDNS: 2 * ms, SlowShare: 0.05, SlowFactor: 10},
			map[int64]float64{5 * ms: 0.95*tenTimes(50) + 0.05*tenTimes(5), 20 * ms: 0.95*tenTimes(200) + 0.05*tenTimes(20)}},
		{"an outage", scaled, map[int64]float64{4800 * ms: 0.5, 12000 * ms: 0.95, 30000 * ms: 0.99}},
	} {
		t.Run(c.name, func(t *testing.T) {
			sim, draws, below := &events.Simulated{Accuracy: 1, Expected: "x", Latency: c.l}, &provider.Draws{}, map[int64]int{}
			for i := range uint64(n) {
				got, err := draws.Simulate(sim, i/4, int(i%4)+1)
				if err != nil {
					t.Fatal(err)
				}
				for q := range c.levels {
					if got.LatencyNS <= q {
						below[q]++
					}
				}
			}
			for q, level := range c.levels {
				share := float64(below[q]) / n
				if tolerance := 4 * math.Sqrt(level*(1-level)/n); math.Abs(share-level) > tolerance {
					t.Errorf("%.5f of the draws are at most %s, want %.4f ± %.5f", share, time.Duration(q), level, tolerance)
				}
			}
		})
	}
}

// tenTimes is the share of a lognormal of mean 5 ms and standard deviation 2 ms
// that is at most a tenth of some milliseconds.
func tenTimes(ms float64) float64 {
	d, _ := latency.LognormalOf(5*time.Millisecond, 2*time.Millisecond)
	return 1 - d.Survival(time.Duration(ms*1e5))
}

// The normal scores of the latencies of two copies have the correlation that was
// declared, each copy keeps the distribution, and a bimodal's slow attempts stay
// as many.
func TestCopiesCorrelate(t *testing.T) {
	const n = 40_000
	for _, r := range []float64{0, 0.4, 0.8, 1} {
		sim := &events.Simulated{Accuracy: 1, Expected: "x", Latency: shaped("lognormal", 800, 2000, 0), Correlation: r}
		var xy, xx, yy float64
		below := 0
		for i := range uint64(n) {
			x := math.Log(float64(provider.Simulate(sim, i, 1).LatencyNS) / 8e8)
			second := provider.Simulate(sim, i, 2).LatencyNS
			y := math.Log(float64(second) / 8e8)
			xy, xx, yy = xy+x*y, xx+x*x, yy+y*y
			if second <= 2e9 {
				below++
			}
		}
		if got := xy / math.Sqrt(xx*yy); math.Abs(got-r) > 4/math.Sqrt(n) {
			t.Errorf("correlation %.4f, want %v", got, r)
		}
		near(t, "second copies below P95", below, n, 0.95)
	}
}

func TestLatencyRises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := rapid.SliceOfN(rapid.Int64Range(1, 1e12), 3, 3).Draw(t, "quantiles")
		slices.Sort(q)
		l := events.Latency{Shape: rapid.SampledFrom([]string{"piecewise", "lognormal", "constant", "none"}).Draw(t, "shape"), P50NS: q[0], P95NS: q[1], P99NS: q[2]}
		if err := provider.CheckLatency(l); err != nil {
			t.Fatal(err)
		}
		u := rapid.Float64Range(1e-16, 1-1e-16)
		a, b := u.Draw(t, "a"), u.Draw(t, "b")
		x, y := provider.LatencyQuantile(l, min(a, b)), provider.LatencyQuantile(l, max(a, b))
		if x < 0 || x > y {
			t.Fatalf("%d at %v, %d at %v", x, min(a, b), y, max(a, b))
		}
	})
}

func TestCheckLatency(t *testing.T) {
	for want, l := range map[string]events.Latency{
		"unknown shape":    shaped("round", 1, 2, 3),
		"below":            shaped("piecewise", 2, 1, 3),
		"is missing":       shaped("piecewise", 1, 2, 0),
		"not positive":     shaped("constant", 0, 0, 0),
		"quantile before":  shaped("lognormal", 3, 2, 0),
		"missing or not p": shaped("lognormal", 3, -1, 5),
	} {
		if err := provider.CheckLatency(l); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", l, err, want)
		}
	}
}

func BenchmarkLatencyQuantile(b *testing.B) {
	l, r := shaped("piecewise", 800, 2000, 5000), rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		provider.LatencyQuantile(l, 0.0001+0.9998*r.Float64())
	}
}
