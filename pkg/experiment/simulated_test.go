package experiment

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/crucible-go/crucible/pkg/events"
)

const everySimulation = `version: 1
name: t
dataset: {path: a.jsonl}
clock: virtual
models:
  - id: m
    provider: simulated
    accuracy: 0.9
    error_rate: 0.05
    timeout: 30s
    retries: 2
    latency: {shape: bimodal, p50: 800ms, p95: 2s, p99: 5s, slow_fraction: 0.04}
    correlation: 0.4
    failures: {limit_text: 0.001, overloaded: 0.01}
    retry_after: 2s
    error_correlation: 0.5
    same_wrong: 0.6
    difficulty: {field: meta.level, accuracy: {easy: 0.99, "3": 0.4}}
    tokens: {output: 250, spread: 0.5, cached: 0.75}
    first_token: 0.2
    tokens_per_second: 80
    phases:
      - {at: 0.4, for: 0.25, factor: 2}
      - {at: 0.5, for: 0.1, factor: 3, ramp: true, error_rate: 0.5}
      - {at: 0.9, factor: 6}
  - {id: s, provider: simulated, accuracy: 1, latency: {shape: samples, samples: [30ms, 10ms], slow_factor: 10}}
conditions: [{name: c, members: [m, s]}]
`

// A simulated model's keys all reach its orders, those of its difficulty and of
// the phases as what they come to for the item.
func TestSimulationsArePlanned(t *testing.T) {
	var items []Item
	for i := range 20 {
		level := []string{`"easy"`, `3`, `"other"`}[i%3]
		items = append(items, Item{ID: fmt.Sprint(i), Line: i + 1, Input: "q", Expected: "a", HasExpected: true,
			Raw: fmt.Appendf(nil, `{"input":"q","expected":"a","meta":{"level":%s}}`, level)})
	}
	p := mustPlan(t, everySimulation, items)
	var scales, rates []float64
	for i := range p.Len() {
		q, err := p.Query("r", i)
		if err != nil {
			t.Fatal(err)
		}
		sim := q.Calls[0].Data.Simulated
		if want := []float64{0.99, 0.4, 0.9}[i%3]; sim.Accuracy != want {
			t.Errorf("item %d: accuracy %v, want %v", i, sim.Accuracy, want)
		}
		scales, rates = append(scales, math.Round(sim.Latency.Scale*100)/100), append(rates, sim.ErrorRate)
		if again, _ := p.Query("r", i); again.Calls[0].Data.Simulated.Item != sim.Item || sim.Item == 0 {
			t.Errorf("item %d: %d, then %d", i, sim.Item, again.Calls[0].Data.Simulated.Item)
		}
	}
	if got, want := fmt.Sprint(scales), "[0 0 0 0 0 0 0 0 2 2 2 4 2 0 0 0 0 0 6 6]"; got != want {
		t.Errorf("scales %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(rates), "[0.05 0.05 0.05 0.05 0.05 0.05 0.05 0.05 0.05 0.05 0.55 0.55 0.05 0.05 0.05 0.05 0.05 0.05 0.05 0.05]"; got != want {
		t.Errorf("error rates %s, want %s", got, want)
	}
	q, err := p.Query("r", 0)
	if err != nil {
		t.Fatal(err)
	}
	got := *q.Calls[0].Data.Simulated
	got.Item = 0
	want := events.Simulated{Accuracy: 0.99, ErrorRate: 0.05, Expected: "a", Correlation: 0.4, ErrorCorrelation: 0.5, SameWrong: 0.6,
		Latency:  events.Latency{Shape: "bimodal", P50NS: 8e8, P95NS: 2e9, P99NS: 5e9, SlowShare: 0.04},
		Failures: []events.SimulatedFailure{{Mode: "overloaded", Rate: 0.01}, {Mode: "limit_text", Rate: 0.001}}, RetryAfterNS: 2e9,
		Tokens: &events.SimulatedTokens{Output: 250, Spread: 0.5, Cached: 0.75}, FirstToken: 0.2, TokensPerSecond: 80}
	if a, b := asJSON(t, got), asJSON(t, want); a != b {
		t.Errorf("%s, want %s", a, b)
	}
	if got, want := asJSON(t, q.Calls[1].Data.Simulated.Latency), `{"shape":"samples","slow_factor":10,"samples_ns":[10000000,30000000]}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if d := q.Calls[0].Data; d.TimeoutNS != 30e9 || d.Retries != 2 {
		t.Errorf("timeout %d, retries %d", d.TimeoutNS, d.Retries)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Mistakes in a simulation are found before anybody is asked.
func TestSimulationsAreChecked(t *testing.T) {
	for _, c := range []struct{ old, with, want string }{
		{"correlation: 0.4", "correlation: 1.4", "correlation: 1.4 is not between 0 and 1"},
		{"overloaded: 0.01", "overload: 0.01", `unknown key "overload"`},
		{"overloaded: 0.01", "overloaded: 0.01, hang: 0.995", "failures: the rates sum to 1.006, more than 1"},
		{"p99: 5s", "p99: 2001ms", "latency: no bimodal distribution"},
		{"slow_fraction: 0.04", "slow_fraction: 1.4", "a slow share of 1.4"},
		{"[30ms, 10ms]", "[30ms, 0s]", "a latency is above 0"},
		{"[30ms, 10ms]", "[" + strings.Repeat("1ms,", 256) + "1ms]", "latency.samples: 257, at most 256"},
		{"slow_factor: 10", "slow_factor: 0.5", "slow_factor: 0.5"},
		{"slow_factor: 10", "slow_fraction: 0.1", "slow_fraction has no meaning without slow_factor"},
		{"shape: samples", "shape: pareto", "latency.p50 is missing: shape pareto needs it"},
		{"{easy: 0.99", "{easy: 9.9", `difficulty.accuracy of "easy": 9.9`},
		{`{easy: 0.99, "3": 0.4}`, `{easy: most}`, "want an accuracy for each difficulty"},
		{"spread: 0.5", "spread: 50", "tokens.spread: 50"},
		{"{at: 0.9, factor: 6}", "{at: 0.9}", "changes nothing"},
		{"{at: 0.9, factor: 6}", "{at: 90, factor: 6}", "at: 90 is not between 0 and 1"},
		{"tokens_per_second: 80", "tokens_per_second: -1", "tokens_per_second: -1"},
		{"provider: simulated\n    accuracy: 0.9", "provider: exec\n    command: [x]\n    accuracy: 0.9", "correlation has no meaning for a model of provider exec"},
	} {
		_, err := Parse("spec.yaml", []byte(strings.Replace(everySimulation, c.old, c.with, 1)), func(string) (string, bool) { return "", false })
		var list Errors
		if !errors.As(err, &list) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.with, err, c.want)
		}
	}
}
