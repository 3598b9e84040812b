package analysis_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/crucible-go/crucible/pkg/analysis"
	"github.com/crucible-go/crucible/pkg/events"
)

// Whatever the rows, the result can be written, the estimates lie in their
// intervals, the counts add up, and p values are in (0, 1] and only ever raised
// by their adjustment.
func TestResultsAreWellFormed(t *testing.T) {
	states := []string{"", events.VoteDecidedState, events.VoteDecidedState, events.VoteDecidedState, events.VoteInvalid, events.VoteFailed}
	rapid.Check(t, func(rt *rapid.T) {
		s := newSetup(rapid.IntRange(0, 60).Draw(rt, "items"), rapid.IntRange(1, 3).Draw(rt, "repeat"),
			[]string{"accuracy", "exact_match", "cost_per_query", "latency_p50", "latency_p99", "latency_mean", "consensus"}, "a", "b", "c")
		s.spec.Analysis.Bootstrap = 200
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		clusters := rapid.IntRange(0, 8).Draw(rt, "clusters")
		constant := rapid.Bool().Draw(rt, "constant")
		s.fill(func(c, i, _ int, r *analysis.Row) {
			r.State = states[rng.IntN(len(states))]
			r.Correct = r.State == events.VoteDecidedState && rng.IntN(3) > c
			r.Scores = []events.Metric{{Name: "exact_match", Value: float64(rng.IntN(2))}}
			r.CostUSD = []string{"", "0", "0.5", "0.000000000001"}[rng.IntN(4)]
			if constant {
				r.CostUSD = fmt.Sprint(c)
			}
			r.LatencyNS = int64(rng.IntN(3)) * 1e6
			if clusters > 0 {
				r.Cluster = fmt.Sprint("cluster-", i%clusters)
			}
		})
		a := s.derive(t)
		a.JSON() // panics on what JSON cannot hold
		for _, c := range a.Conditions {
			if c.Queries != c.Decided+c.Invalid+c.Failed+c.Unasked || c.Correct > c.Decided {
				rt.Fatalf("%+v", c)
			}
			for name, m := range c.Metrics {
				if (m.Low == nil) != (m.High == nil) || m.Low != nil && (*m.Low > *m.Estimate || *m.Estimate > *m.High) {
					rt.Fatalf("%s: %v in [%v, %v]", name, *m.Estimate, *m.Low, *m.High)
				}
			}
		}
		for _, c := range a.Comparisons {
			if c.NPairs == 0 || (c.P == nil) != (c.PAdjusted == nil) ||
				c.P != nil && (*c.P <= 0 || *c.P > 1 || *c.PAdjusted < *c.P || *c.PAdjusted > 1) {
				rt.Fatalf("%+v", c)
			}
			if e := c.Effect; (e.Low == nil) != (e.High == nil) || e.Low != nil && *e.Low > *e.High {
				rt.Fatalf("%+v", e)
			}
		}
	})
}

// Swapping treatment and control negates every effect and keeps every p value.
func TestSwappingTheArms(t *testing.T) {
	s := latencySetup(150, 2)
	forward := s.derive(t)
	s.spec.Control = "b"
	backward := s.derive(t)
	for _, metric := range []string{"accuracy", "cost_per_query", "latency_mean", "consensus"} {
		f, b := forward.Compare(metric, "b", "a"), backward.Compare(metric, "a", "b")
		near(t, metric+" effect", *f.Effect.Estimate, -*b.Effect.Estimate)
		near(t, metric+" low", *f.Effect.Low, -*b.Effect.High)
		near(t, metric+" p", *f.P, *b.P)
	}
}
