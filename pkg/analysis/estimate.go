package analysis

import (
	"errors"
	"fmt"
	"math"

	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/stat"
)

const (
	fewClusters    = 5  // below: no interval
	littleClusters = 20 // below: with a warning
	littleMean     = 30 // observations, below: with a warning
)

// estimate is a metric of a condition.
func (d *deriver) estimate(g *group, m metric) Metric {
	values := g.valuesOf(m)
	out := Metric{Level: d.level, Unit: m.unit, Method: "none", Warnings: []string{}}
	for _, v := range values {
		if !math.IsNaN(v) {
			out.N++
		}
	}
	if out.N == 0 {
		out.warn(nothing(m))
		return out
	}
	switch m.scale {
	case shares:
		d.shareOf(&out, values)
	case means:
		d.meanOf(&out, values)
	case quantiles:
		d.quantileOf(&out, g, m, values)
	}
	if m.unit == UnitMS {
		if n := g.answered(); out.N < n {
			out.warn(fmt.Sprintf("%d of %d answered queries have no latency and are left out", n-out.N, n))
		}
	}
	return out
}

func (m *Metric) warn(text string) { m.Warnings = append(m.Warnings, text) }

func (m *Metric) bounds(low, high float64) { m.Low, m.High = ptr(low), ptr(high) }

func (g *group) answered() (n int) {
	for _, r := range g.rows {
		if r != nil && answered(r) {
			n++
		}
	}
	return n
}

// nothing says why a metric has no value at all.
func nothing(m metric) string {
	switch m.unit {
	case UnitMS:
		return "no recorded latency: no answer of this condition has one"
	case UnitUSD:
		return "no query of this condition has a known cost"
	}
	return "no query of this condition was answered"
}

// shareOf is a share with Wilson's interval, over clusters with that of the
// effective sample size.
func (d *deriver) shareOf(out *Metric, values []float64) {
	if !d.clustered {
		k := 0
		for _, v := range values {
			if v == 1 {
				k++
			}
		}
		w := stat.Wilson(k, out.N, d.level)
		out.Estimate, out.Method = ptr(w.Estimate), w.Method
		out.bounds(w.Low, w.High)
		return
	}
	m := meanBy(values, d.cluster, d.clusters, d.repeat)
	out.Estimate, out.Method, out.Clusters = ptr(m.mean), "wilson_clustered", m.clusters
	if !d.enough(out, m.clusters) {
		return
	}
	n := m.effectiveN(d.level)
	out.EffectiveN = ptr(n)
	out.bounds(wilson(m.mean, n, d.level))
}

// enough refuses intervals over very few clusters.
func (d *deriver) enough(out *Metric, clusters int) bool {
	if clusters < fewClusters {
		out.warn(fmt.Sprintf("no interval: %d items are too few to tell how much they vary", clusters))
		return false
	}
	if clusters < littleClusters {
		out.warn(fmt.Sprintf("only %d items: the interval is rough", clusters))
	}
	return true
}

// meanOf is a mean with Student's interval, over clusters with the
// cluster-robust one. Values that are all the same are known exactly.
func (d *deriver) meanOf(out *Metric, values []float64) {
	m := meanBy(values, d.cluster, d.clusters, d.repeat)
	out.Estimate = ptr(m.mean)
	if d.clustered {
		out.Clusters = m.clusters
	}
	if m.same {
		out.Method = "constant"
		out.bounds(m.mean, m.mean)
		return
	}
	out.Method = "student_t"
	if d.clustered {
		out.Method = "student_t_clustered"
		if !d.enough(out, m.clusters) {
			return
		}
	} else if m.clusters < 2 {
		out.warn("no interval: one value does not tell how much values vary")
		return
	} else if m.clusters < littleMean {
		out.warn(fmt.Sprintf("only %d values: the interval takes their mean for normally distributed", m.clusters))
	}
	out.bounds(m.interval(d.level))
}

// quantileOf is a quantile between order statistics. With repeats these are no
// independent observations, and the interval is that of the cluster bootstrap.
func (d *deriver) quantileOf(out *Metric, g *group, m metric, values []float64) {
	p := pairs(values, values, d.cluster, d.clusters, d.repeat)
	interval, err := stat.QuantileInterval(p.treatment, m.q, d.level)
	out.Estimate, out.Method = ptr(interval.Estimate), "order_statistics"
	if d.clustered {
		out.Method, out.Clusters = "cluster_bootstrap_percentile", p.clusters
		if need := stat.QuantileNeed(m.q, d.level); p.clusters < need {
			out.warn(unbounded(m, p.clusters, need))
			return
		}
		reps := replicatesFor(d.spec.Analysis.Bootstrap, p.clusters)
		zero := paired{treatment: p.treatment, control: make([]float64, out.N), cluster: p.cluster, clusters: p.clusters}
		drawn := zero.quantileDifferences([]float64{m.q}, reps, d.seed("quantile", g.spec.Name))
		out.bounds(percentileInterval(drawn[0], d.level))
		return
	}
	var refusal *stat.Refusal
	switch {
	case errors.As(err, &refusal):
		out.warn(unbounded(m, out.N, refusal.Need))
	case err == nil:
		out.LevelAttained = ptr(interval.Attained)
		out.bounds(interval.Low, interval.High)
		if *out.Low == *out.High {
			out.warn("ties: the observations that bound the quantile are equal")
		}
	}
}

func unbounded(m metric, n, need int) string {
	return fmt.Sprintf("no interval: %d observations do not bound %s; it takes at least %d", n, m.name, need)
}

// seed is that of a bootstrap: of the spec and of what is resampled, never of
// the run.
func (d *deriver) seed(parts ...string) uint64 {
	return events.Seed(append([]string{"analysis", fmt.Sprint(d.in.Seed)}, parts...)...)
}
