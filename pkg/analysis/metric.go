package analysis

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
	"github.com/crucible-go/crucible/pkg/money"
)

// The units of metrics.
const (
	UnitShare = "share" // 0 to 1
	UnitUSD   = "usd"
	UnitMS    = "ms"
	UnitScore = "score"
)

type scale int

const (
	shares scale = iota // every value is 0 or 1
	means
	quantiles
)

// metric is how a metric of the spec is read from a row and estimated.
type metric struct {
	name  string
	unit  string
	scale scale
	q     float64 // of a quantile
	// value is the metric of one query, NaN where it has none.
	value func(*Row) float64
}

func metricsOf(spec *experiment.Spec) []metric {
	out := make([]metric, 0, len(spec.Metrics))
	for _, name := range spec.Metrics {
		if !slices.ContainsFunc(out, func(m metric) bool { return m.name == name }) {
			out = append(out, metricOf(name))
		}
	}
	return out
}

func metricOf(name string) metric {
	switch name {
	case "accuracy":
		return metric{name: name, unit: UnitShare, scale: shares, value: func(r *Row) float64 {
			if !answered(r) {
				return math.NaN()
			}
			return indicator(r.Correct)
		}}
	case "cost_per_query":
		return metric{name: name, unit: UnitUSD, scale: means, value: costOf}
	case "consensus":
		return metric{name: name, unit: UnitShare, scale: means, value: func(r *Row) float64 {
			if !answered(r) {
				return math.NaN()
			}
			return r.Consensus
		}}
	case "latency_mean":
		return metric{name: name, unit: UnitMS, scale: means, value: latencyOf}
	}
	if q, ok := quantileName(name); ok {
		return metric{name: name, unit: UnitMS, scale: quantiles, q: q, value: latencyOf}
	}
	m := metric{name: name, unit: UnitScore, scale: means, value: scoreOf(name)}
	if name == "exact_match" || name == "contains" {
		m.unit, m.scale = UnitShare, shares
	}
	return m
}

// quantileName reads latency_p50, latency_p99, latency_p99.9.
func quantileName(name string) (float64, bool) {
	digits, ok := strings.CutPrefix(name, "latency_p")
	if !ok {
		return 0, false
	}
	p, err := strconv.ParseFloat(digits, 64)
	if err != nil || !(p > 0 && p < 100) {
		return 0, false
	}
	return p / 100, true
}

func answered(r *Row) bool {
	return r.State == events.VoteDecidedState || r.State == events.VoteInvalid
}

// costOf includes failed queries: what was spent on them was spent.
func costOf(r *Row) float64 {
	if r.State == "" {
		return math.NaN()
	}
	usd, err := money.Parse(r.CostUSD)
	if err != nil {
		return math.NaN()
	}
	return usd.Float64()
}

func latencyOf(r *Row) float64 {
	if !answered(r) || r.LatencyNS <= 0 {
		return math.NaN()
	}
	return float64(r.LatencyNS) / 1e6
}

// scoreOf reads a score metric; an answer that could not be read scores 0.
func scoreOf(name string) func(*Row) float64 {
	return func(r *Row) float64 {
		if !answered(r) {
			return math.NaN()
		}
		for _, s := range r.Scores {
			if s.Name == name {
				return s.Value
			}
		}
		if r.State == events.VoteInvalid {
			return 0
		}
		return math.NaN()
	}
}

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// valuesOf are the values of a metric by place, computed once.
func (g *group) valuesOf(m metric) []float64 {
	if v, ok := g.values[m.name]; ok {
		return v
	}
	v := make([]float64, len(g.rows))
	for i, r := range g.rows {
		v[i] = math.NaN()
		if r != nil {
			v[i] = m.value(r)
		}
	}
	g.values[m.name] = v
	return v
}
