package experiment

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/hedge"
)

// hedgeMistakes are policies with what is said of them, and the hint.
var hedgeMistakes = []struct{ name, policy, want, hint string }{
	{"unknown hedge strategy", "{strategy: percentil}", `8:54: unknown strategy "percentil"`, `did you mean "percentile"?`},
	{"unknown hedge option", "{strategy: fixed, dealy: 100ms}", `8:61: unknown key "dealy" in conditions[0].hedge`, `did you mean "delay"?`},
	{"fixed without a delay", "{strategy: fixed}", `8:43: conditions[0].hedge.delay is missing: strategy fixed needs it`, "write delay: 2s"},
	{"negative delay", "{strategy: fixed, delay: -1s}", `delay: a duration cannot be negative`, ""},
	{"absurd delay", "{strategy: fixed, delay: 48h}", `delay: 48h0m0s is more than 24h`, "95th percentile"},
	{"budget above 100", "{strategy: single_r, budget: 120}", `budget: 120 is not above 0 and at most 100`, "in per cent"},
	{"negative budget", "{strategy: single_r, budget: -5}", `budget: -5 is not above 0 and at most 100`, "in per cent"},
	{"budget as a share", "{strategy: single_r, budget: 0.05}", `budget: 0.05 per cent is less than one call in a thousand`, "write 5 for one extra call in twenty"},
	{"option of another strategy", "{strategy: adaptive, delay: 1s}", `delay has no meaning with strategy adaptive`, "write strategy: fixed or single_r"},
	{"percentile out of range", "{strategy: percentile, percentile: 100}", `percentile: 100 is not between 0 and 100`, ""},
	{"unknown backup", "{strategy: single_r, backup: onee}", `there is no model "onee"`, `did you mean "one"?`},
	{"one tier", "{strategy: multi_tier, tiers: [{delay: 1s}]}", `multi_tier needs two tiers or more`, ""},
	{"bad candidates", "{strategy: bandit, delay_candidates: [1s]}", `bandit needs two delays or more to choose from`, ""},
	{"window below samples", "{strategy: percentile, window: 10}", `min_samples 20 is outside of 1 to the window, 10`, ""},
}

func withHedge(policy string) ([]byte, bool) {
	return []byte(strings.Replace(base, "members: [one]", "members: [one], hedge: "+policy, 1)), strings.Contains(base, "members: [one]")
}

func TestHedgeMistakes(t *testing.T) {
	for _, m := range hedgeMistakes {
		text, ok := withHedge(m.policy)
		if !ok {
			t.Fatal("the base has no such condition")
		}
		_, err := Parse("spec.yaml", text, testEnv)
		var problems Errors
		if !errors.As(err, &problems) || len(problems) != 1 {
			t.Errorf("%s: %v", m.name, err)
			continue
		}
		if !strings.Contains(err.Error(), m.want) || !strings.Contains(problems.Hint(), m.hint) {
			t.Errorf("%s: %v\nhint %s\nwant %s\nhint %s", m.name, err, problems.Hint(), m.want, m.hint)
		}
	}
}

// Every option arrives at the policy, by way of the order.
func TestHedgeOptionsReachThePolicy(t *testing.T) {
	for policy, want := range map[string]hedge.Options{
		"{strategy: fixed, delay: 2s, budget: 10, burst: 3, max_hedges: 2, min_delay: 1s, max_delay: 3s}": {Strategy: "fixed", Delay: 2 * time.Second,
			Budget: 0.1, Burst: 3, MaxHedges: 2, MinDelay: time.Second, MaxDelay: 3 * time.Second},
		"{strategy: percentile, percentile: 90, window: 1000, min_samples: 10, initial_delay: 100ms}": {Strategy: "percentile", Percentile: 90, Budget: 0.1,
			Window: 1000, MinSamples: 10, InitialDelay: 100 * time.Millisecond},
		"{strategy: adaptive, learning_rate: 0.1}":                          {Strategy: "adaptive", LearningRate: 0.1},
		"{strategy: single_r, delay: 1s, probability: 0.5, target: 0.999}":  {Strategy: "single_r", Delay: time.Second, Probability: 0.5, Target: 0.999},
		"{strategy: bandit, delay_candidates: [50ms, 1s]}":                  {Strategy: "bandit", Candidates: []time.Duration{50 * time.Millisecond, time.Second}},
		"{strategy: workload_aware, base_delay: 100ms, priority: high}":     {Strategy: "workload_aware", BaseDelay: 100 * time.Millisecond},
		"{strategy: exponential_backoff, initial_delay: 100ms, budget: 15}": {Strategy: "exponential_backoff", InitialDelay: 100 * time.Millisecond, Budget: 0.15},
		"{strategy: multi_tier, tiers: [{delay: 1s, quality_threshold: 0.5}, {model: two}]}": {Strategy: "multi_tier",
			Tiers: []hedge.Tier{{Delay: time.Second, Quality: 0.5}, {Name: "two"}}},
	} {
		text, _ := withHedge(policy)
		s, err := Parse("spec.yaml", text, testEnv)
		if err != nil {
			t.Errorf("%s: %v", policy, err)
			continue
		}
		h := &s.Conditions[0].Hedge
		if !h.Hedges() {
			h = &s.Conditions[1].Hedge
		}
		again, err := HedgeOf(&events.Hedge{Strategy: h.Strategy, Options: h.options()})
		if err != nil {
			t.Errorf("%s: %v", policy, err)
			continue
		}
		got := again.Policy()
		if got.Budget != 0 {
			got.Budget = float64(int(got.Budget*1e6+0.5)) / 1e6
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%+v\nwant\n%+v", policy, got, want)
		}
	}
}

// A backup is a model that the run asks: its pool, its price and its behaviour are
// in the orders.
func TestBackupsOfOrders(t *testing.T) {
	text := strings.Replace(base, "members: [one]", "members: [one], hedge: {strategy: single_r, budget: 10, backup: spare}", 1)
	text = strings.Replace(text, "models:\n", "models:\n  - {id: spare, provider: simulated, accuracy: 0.7, price: {input: \"1\", output: \"2\"}, loser_cost: full}\n", 1)
	s, err := Parse("spec.yaml", []byte(text), testEnv)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Warnings) > 0 && strings.Contains(strings.Join(s.Warnings, ""), "spare") {
		t.Errorf("warnings %q", s.Warnings)
	}
	items := []Item{{ID: "a", Raw: []byte(`{"input":"1+1","expected":"2","answer":"2"}`), Input: "1+1", Expected: "2", HasExpected: true}}
	p, err := NewPlan(s, items, "hash")
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for i := range p.Len() {
		q, err := p.Query("run", i)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range q.Calls {
			if h := c.Data.Hedge; h != nil {
				found = true
				if len(h.Backups) != 1 || h.Backups[0].Member != "spare" || h.Backups[0].Pool != "simulated" || h.Backups[0].LoserCost != "full" ||
					h.Backups[0].Price.Output != "2" || h.Backups[0].Simulated.Expected != "2" {
					t.Errorf("backups %+v", h.Backups)
				}
			}
		}
	}
	if !found {
		t.Error("no order has a policy")
	}
}
