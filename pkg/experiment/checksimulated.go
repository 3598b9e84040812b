package experiment

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/crucible-go/crucible/pkg/latency"
)

func (c checker) checkSimulatedModel(m *Model, at string) {
	if !c.has(at + ".accuracy") {
		c.problem(at+".accuracy", "write accuracy: 0.9", "%s.accuracy is missing", at)
	}
	c.shares(at, share{"accuracy", m.Accuracy}, share{"error_rate", m.ErrorRate}, share{"correlation", m.Correlation},
		share{"error_correlation", m.ErrorCorrelation}, share{"same_wrong", m.SameWrong}, share{"first_token", m.FirstToken})
	if m.TokensPerSecond < 0 || m.TokensPerSecond > 1e6 {
		c.problem(at+".tokens_per_second", "", "tokens_per_second: %v is not between 0 and 1,000,000", m.TokensPerSecond)
	}
	if c.has(at + ".latency") {
		c.checkLatency(m.Latency, at+".latency")
	}
	if m.Failures != nil {
		c.checkFailures(m.Failures, at+".failures")
	}
	if d := m.Difficulty; d != nil {
		c.checkDifficulty(d, at+".difficulty")
	}
	if t := m.Tokens; t != nil {
		if t.Output < 0 || t.Output > 1e7 {
			c.problem(at+".tokens.output", "", "tokens.output: %d is not between 0 and 10,000,000", t.Output)
		}
		if t.Spread < 0 || t.Spread > 3 {
			c.problem(at+".tokens.spread", "", "tokens.spread: %v is not between 0 and 3", t.Spread)
		}
		c.shares(at+".tokens", share{"cached", t.Cached})
	}
	for i, p := range m.Phases {
		c.checkPhase(p, fmt.Sprintf("%s.phases[%d]", at, i))
	}
}

// share is a number between 0 and 1.
type share struct {
	name  string
	value float64
}

// shares checks numbers between 0 and 1.
func (c checker) shares(at string, list ...share) {
	for _, s := range list {
		if s.value < 0 || s.value > 1 {
			c.problem(at+"."+s.name, "", "%s: %v is not between 0 and 1", s.name, s.value)
		}
	}
}

func (c checker) checkFailures(f *Failures, at string) {
	sum := 0.0
	for _, r := range f.rates() {
		c.shares(at, share{r.Mode, r.Rate})
		sum += r.Rate
	}
	if sum > 1+1e-9 {
		c.problem(at, "an attempt goes wrong in one way", "failures: the rates sum to %.6g, more than 1", sum)
	}
}

func (c checker) checkDifficulty(d *Difficulty, at string) {
	const hint = "write accuracy: {easy: 0.98, hard: 0.6}"
	if c.need(at+".field", d.Field, "name the field that holds the difficulty, as a dotted path") {
		c.checkFieldPath(at+".field", d.Field)
	}
	levels, ok := d.levels()
	if !ok {
		c.problem(at+".accuracy", hint, "difficulty.accuracy: want an accuracy for each difficulty")
		return
	}
	for name, accuracy := range levels {
		if accuracy < 0 || accuracy > 1 {
			c.problem(at+".accuracy", hint, "difficulty.accuracy of %q: %v is not between 0 and 1", name, accuracy)
			return // one is enough, and maps have no order
		}
	}
}

func (c checker) checkPhase(p Phase, at string) {
	c.shares(at, share{"at", p.At}, share{"for", p.For}, share{"error_rate", p.ErrorRate})
	if p.Factor < 0 || p.Factor > 1e6 {
		c.problem(at+".factor", "", "factor: %v is not between 0 and 1,000,000", p.Factor)
	}
	if p.Factor == 0 && p.ErrorRate == 0 {
		c.problem(at, "write factor: 2", "a phase without a factor or an error_rate changes nothing")
	}
}

// latencyKeys are the keys that a shape needs and those that it may have.
func latencyKeys(l *Latency, mean bool) (needs, takes []string) {
	slow := []string{"slow_fraction", "slow_factor"}
	switch l.Shape {
	case "constant":
		return []string{"p50"}, append(slow, "p50")
	case "lognormal", "bimodal":
		if mean {
			needs = []string{"mean", "sd"}
			if l.Shape == "bimodal" {
				needs = append(needs, "slow_factor")
			}
			return needs, append(slow, "mean", "sd")
		}
		if l.Shape == "bimodal" {
			return []string{"p50", "p95", "p99"}, append(slow, "p50", "p95", "p99")
		}
		return []string{"p50"}, append(slow, "p50", "p95", "p99")
	case "piecewise":
		return []string{"p50", "p95", "p99"}, append(slow, "p50", "p95", "p99")
	case "pareto":
		return []string{"p50", "p99"}, append(slow, "p50", "p99")
	case "samples":
		return []string{"samples"}, append(slow, "samples")
	}
	return nil, nil
}

func (c checker) checkLatency(l *Latency, at string) {
	if !c.need(at+".shape", l.Shape, "write one of: "+strings.Join(Supported("models.latency.shape").Works, ", ")) {
		return
	}
	needs, takes := latencyKeys(l, c.has(at+".mean") || c.has(at+".sd"))
	complete := true
	for _, key := range []string{"p50", "p95", "p99", "mean", "sd", "slow_fraction", "slow_factor", "samples"} {
		switch has := c.has(at + "." + key); {
		case !has && slices.Contains(needs, key):
			hint := map[string]string{"samples": "write samples: [812ms, 790ms]", "slow_factor": "write slow_factor: 10"}[key]
			if hint == "" {
				hint = "write " + key + ": 800ms"
			}
			c.problem(at+"."+key, hint, "latency.%s is missing: shape %s needs it", key, l.Shape)
			complete = false
		case has && !slices.Contains(takes, key):
			c.problem(at+"."+key, "", "latency.%s has no meaning with shape %s", key, l.Shape)
		}
	}
	if l.Shape == "lognormal" && slices.Contains(needs, "p50") && !c.has(at+".p95") && !c.has(at+".p99") {
		c.problem(at, "its median and one further quantile make it", "latency of shape lognormal needs p50 and p95 or p99")
	}
	if c.checkQuantiles(l, at) && complete {
		c.checkShape(l, at)
	}
	c.checkSlow(l, at)
}

// checkQuantiles reports whether the quantiles rise.
func (c checker) checkQuantiles(l *Latency, at string) bool {
	last, name, ok := Duration(0), "", true
	for _, q := range []struct {
		name  string
		value Duration
	}{{"p50", l.P50}, {"p95", l.P95}, {"p99", l.P99}} {
		if !c.has(at + "." + q.name) {
			continue
		}
		if q.value <= 0 || q.value < last {
			c.problem(at+"."+q.name, "quantiles are positive and in order: p50 <= p95 <= p99", "latency.%s: %s is less than %s", q.name, q.value, orZero(name, last))
			ok = false
		}
		last, name = q.value, q.name
	}
	return ok
}

// checkShape tries to make the distributions that not all figures have.
func (c checker) checkShape(l *Latency, at string) {
	var err error
	switch {
	case l.Shape == "bimodal" && l.Mean == 0:
		slow := 0.05
		if l.SlowFraction != 0 && l.SlowFactor == 0 {
			slow = l.SlowFraction
		}
		_, err = latency.NewBimodal(time.Duration(l.P50), time.Duration(l.P95), time.Duration(l.P99), slow)
	case l.Shape == "pareto":
		_, err = latency.ParetoThrough(time.Duration(l.P50), time.Duration(l.P99))
	case c.has(at+".mean") || c.has(at+".sd"):
		_, err = latency.LognormalOf(time.Duration(l.Mean), time.Duration(l.SD))
	}
	if err != nil {
		c.problem(at, "try the figures with crucible hedge --shape "+l.Shape, "%s", err)
	}
	if len(l.Samples) > maxSamples {
		c.problem(at+".samples", "thin them out to that many quantiles", "latency.samples: %d, at most %d: every order carries them", len(l.Samples), maxSamples)
	}
	for i, s := range l.Samples {
		if s <= 0 {
			c.problem(fmt.Sprintf("%s.samples[%d]", at, i), "", "latency.samples: a latency is above 0")
			return
		}
	}
}

func (c checker) checkSlow(l *Latency, at string) {
	switch {
	case c.has(at+".slow_fraction") && !(l.SlowFraction > 0 && l.SlowFraction < 1):
		c.problem(at+".slow_fraction", "", "latency.slow_fraction: %v is not between 0 and 1", l.SlowFraction)
	case c.has(at+".slow_factor") && !(l.SlowFactor >= 1 && l.SlowFactor <= 1e6):
		c.problem(at+".slow_factor", "", "latency.slow_factor: %v is not between 1 and 1,000,000", l.SlowFactor)
	case c.has(at+".slow_fraction") && !c.has(at+".slow_factor") && l.Shape != "bimodal":
		c.problem(at+".slow_fraction", "write slow_factor: 10", "latency.slow_fraction has no meaning without slow_factor")
	}
}

func orZero(name string, d Duration) string {
	if name == "" {
		return "1ns"
	}
	return name + ", " + d.String()
}
