package analysis_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/crucible-go/crucible/pkg/analysis"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
)

// setup builds inputs of Derive row by row.
type setup struct {
	spec experiment.Spec
	in   analysis.Input
}

func newSetup(items, repeat int, metrics []string, conditions ...string) *setup {
	s := &setup{spec: experiment.Spec{
		Version: 1, Name: "test", Control: conditions[0], Metrics: metrics, Repeat: repeat, Seed: 42,
		Analysis: experiment.Analysis{Alpha: 0.05, Correction: "holm", Bootstrap: 10000},
	}}
	for _, c := range conditions {
		s.spec.Models = append(s.spec.Models, experiment.Model{ID: "m-" + c, Provider: "recorded"})
		s.spec.Conditions = append(s.spec.Conditions, experiment.Condition{Name: c, Members: []string{"m-" + c}})
	}
	s.in = analysis.Input{SpecHash: "spec", DatasetHash: "data", Seed: 42, Items: items}
	return s
}

// fill adds a decided row for every place.
func (s *setup) fill(f func(condition, item, repeat int, r *analysis.Row)) {
	items, conditions := s.in.Items, len(s.spec.Conditions)
	for rep := range max(s.spec.Repeat, 1) {
		for c := range conditions {
			for i := range items {
				r := analysis.Row{
					Index: (rep*conditions+c)*items + i, Condition: s.spec.Conditions[c].Name, Repeat: rep,
					ItemIndex: i, Item: fmt.Sprintf("item-%d", i), State: events.VoteDecidedState,
					Prediction: "1", Expected: "1", CostUSD: "0", Consensus: 1,
				}
				f(c, i, rep, &r)
				s.in.Rows = append(s.in.Rows, r)
			}
		}
	}
}

func (s *setup) derive(t testing.TB) *analysis.Analysis {
	t.Helper()
	s.in.Config = s.spec.Resolved()
	a, err := analysis.Derive(s.in)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// gsm8k has the fourfold tables of the 1,319 published answers of four models
// to GSM8K and of the majority of them, each against the last model: right under
// both, under the treatment only, under the control only.
var gsm8k = []struct {
	name                     string
	both, treatment, control int
}{
	{"6b_finetuning", 243, 43, 499},
	{"6b_verification", 436, 79, 306},
	{"175b_finetuning", 382, 76, 360},
	{"majority4", 534, 51, 208},
}

func gsm8kSetup() *setup {
	s := newSetup(1319, 1, []string{"accuracy", "cost_per_query", "latency_p50", "latency_p99"},
		"175b_verification", gsm8k[0].name, gsm8k[1].name, gsm8k[2].name, gsm8k[3].name)
	s.in.Recorded = []string{"m-175b_verification", "m-majority4"}
	s.fill(func(c, i, _ int, r *analysis.Row) {
		if r.Correct = i < 742; c > 0 {
			g := gsm8k[c-1]
			r.Correct = i < g.both || i >= 742 && i < 742+g.treatment
		}
	})
	return s
}

// The reference values are Wilson's and Newcombe's formulas and the binomial
// sum in exact fractions, evaluated in Python 3 apart from this code.
func TestGSM8KByHand(t *testing.T) {
	a := gsm8kSetup().derive(t)
	shares := map[string][3]float64{
		"6b_finetuning":     {0.2168309325246399, 0.1954313944055889, 0.23987508543066718},
		"6b_verification":   {0.3904473085670963, 0.3644740968441599, 0.41705679026785886},
		"175b_finetuning":   {0.34723275208491283, 0.3220168538269636, 0.3733359057098653},
		"175b_verification": {0.5625473843821076, 0.5356326528399583, 0.5890988475978163},
		"majority4":         {0.44351781652767247, 0.4169096716054795, 0.4704540037567723},
	}
	for _, c := range a.Conditions {
		want, m := shares[c.Name], c.Metrics["accuracy"]
		near(t, c.Name, *m.Estimate, want[0])
		near(t, c.Name+" low", *m.Low, want[1])
		near(t, c.Name+" high", *m.High, want[2])
		if m.N != 1319 || m.Method != "wilson" || m.Level != 0.95 {
			t.Errorf("%s: n %d, method %s, level %v", c.Name, m.N, m.Method, m.Level)
		}
		cost := c.Metrics["cost_per_query"]
		if *cost.Estimate != 0 || *cost.Low != 0 || *cost.High != 0 || cost.Method != "constant" {
			t.Errorf("%s: cost %+v", c.Name, cost)
		}
		for _, l := range []string{"latency_p50", "latency_p99"} {
			m := c.Metrics[l]
			if m.Estimate != nil || m.Low != nil || m.N != 0 || len(m.Warnings) != 1 || !strings.Contains(m.Warnings[0], "no recorded latency") {
				t.Errorf("%s: %s without latencies: %+v", c.Name, l, m)
			}
		}
	}
	differences := map[string][4]float64{ // p, estimate, low, high
		"6b_finetuning":   {1.656933362397017e-99, -0.3457164518574678, -0.3743341059637925, -0.3160519202736422},
		"6b_verification": {1.240053425072405e-32, -0.17210007581501138, -0.19948003219012717, -0.14420239825746667},
		"175b_finetuning": {2.891394635034685e-45, -0.21531463229719486, -0.24374775565335752, -0.1862092105530434},
		"majority4":       {1.1221830191366287e-23, -0.11902956785443518, -0.14193067608932938, -0.09583069345121767},
	}
	holm := map[string]float64{"6b_finetuning": 4, "175b_finetuning": 3, "6b_verification": 2, "majority4": 1}
	for name, want := range differences {
		c := a.Compare("accuracy", name, "175b_verification")
		if c.Test != "mcnemar_exact" || c.NPairs != 1319 || c.FamilySize != 4 || c.Effect.Name != "risk_difference" {
			t.Fatalf("%s: %+v", name, c)
		}
		near(t, name+" p", *c.P, want[0])
		near(t, name+" adjusted", *c.PAdjusted, holm[name]*want[0])
		near(t, name+" effect", *c.Effect.Estimate, want[1])
		near(t, name+" low", *c.Effect.Low, want[2])
		near(t, name+" high", *c.Effect.High, want[3])
	}
	if n := len(a.Comparisons); n != 8 { // four of accuracy, four of cost, none of latency
		t.Errorf("%d comparisons", n)
	}
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-10*math.Abs(want) {
		t.Errorf("%s: got %.15g, want %.15g", what, got, want)
	}
}

func TestOrderOfRowsDoesNotMatter(t *testing.T) {
	s := latencySetup(300, 1)
	want := s.derive(t).JSON()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 5 {
		rng.Shuffle(len(s.in.Rows), func(i, j int) { s.in.Rows[i], s.in.Rows[j] = s.in.Rows[j], s.in.Rows[i] })
		if got := s.derive(t).JSON(); !bytes.Equal(got, want) {
			t.Fatalf("other bytes:\n%s\n%s", got, want)
		}
	}
}

// latencySetup has two conditions with lognormal latencies, costs and failures.
func latencySetup(items, repeat int) *setup {
	s := newSetup(items, repeat, []string{"accuracy", "cost_per_query", "latency_mean", "latency_p50", "latency_p99", "consensus"}, "a", "b")
	s.in.Simulated = []string{"m-b"}
	rng := rand.New(rand.NewPCG(7, 7))
	s.fill(func(c, i, _ int, r *analysis.Row) {
		r.Correct = rng.Float64() < 0.7+0.1*float64(c)
		r.LatencyNS = int64(math.Exp(rng.NormFloat64()*0.5+float64(c)*0.3) * 1e9)
		r.CostUSD = fmt.Sprintf("0.%06d", 100+rng.IntN(900)+i%7)
		r.Consensus = float64(1+rng.IntN(4)) / 4
		if rng.Float64() < 0.01 {
			r.State, r.Correct, r.LatencyNS, r.Prediction = events.VoteFailed, false, 0, ""
		}
	})
	return s
}

func TestLatencies(t *testing.T) {
	a := latencySetup(2000, 1).derive(t)
	m := a.Condition("a").Metrics["latency_p50"]
	if m.Method != "order_statistics" || *m.LevelAttained < 0.95 || !(*m.Low < *m.Estimate && *m.Estimate < *m.High) {
		t.Errorf("p50: %+v", m)
	}
	if *m.Low > 1000 || *m.High < 1000 { // the median of the distribution is 1 s
		t.Errorf("p50: [%v, %v] misses 1000 ms", *m.Low, *m.High)
	}
	c := a.Compare("latency_p50", "b", "a")
	if !c.Significant(a.Alpha) || *c.Effect.Low <= 0 || c.Replicates != 10000 || c.Test != "paired_bootstrap_percentile" {
		t.Errorf("p50 differs by 350 ms: %+v", c)
	}
	if c := a.Compare("latency_mean", "b", "a"); c.Test != "paired_t" || !c.Significant(a.Alpha) {
		t.Errorf("mean: %+v", c)
	}
	if !c.Simulated || !a.Condition("b").Simulated || a.Condition("a").Simulated {
		t.Error("b is simulated, a is not")
	}
	if !strings.Contains(a.Warnings[0], "SIMULATED") || !strings.Contains(a.Warnings[0], "m-b") {
		t.Errorf("no banner: %q", a.Warnings)
	}
}

func TestQuantilesAreRefusedWhereNothingBoundsThem(t *testing.T) {
	a := latencySetup(200, 1).derive(t)
	m := a.Condition("a").Metrics["latency_p99"]
	if m.Estimate == nil || m.Low != nil || m.High != nil || !strings.Contains(strings.Join(m.Warnings, " "), "do not bound") {
		t.Errorf("p99 of 200: %+v", m)
	}
	c := a.Compare("latency_p99", "b", "a")
	if c.P != nil || c.PAdjusted != nil || c.Effect.Low != nil || c.Test != "none" || len(c.Warnings) == 0 {
		t.Errorf("difference of p99 of 200: %+v", c)
	}
}

// Repeats that merely copy each other must not narrow anything.
func TestRepeatsAreNotIndependent(t *testing.T) {
	right := func(c, i int) bool { return (i*7+c*3)%10 < 6+c }
	build := func(repeat int) *analysis.Analysis {
		s := newSetup(400, repeat, []string{"accuracy", "consensus"}, "a", "b")
		s.fill(func(c, i, _ int, r *analysis.Row) {
			r.Correct = right(c, i)
			r.Consensus = float64(i%5) / 4
		})
		return s.derive(t)
	}
	one, five := build(1), build(5)
	width := func(a *analysis.Analysis, m string) float64 {
		x := a.Condition("b").Metrics[m]
		return *x.High - *x.Low
	}
	for _, m := range []string{"accuracy", "consensus"} {
		if w1, w5 := width(one, m), width(five, m); w5 < w1*0.999 || w5 > w1*1.02 {
			t.Errorf("%s: width %v once, %v five times", m, w1, w5)
		}
	}
	c1, c5 := one.Compare("accuracy", "b", "a"), five.Compare("accuracy", "b", "a")
	near(t, "p", *c5.P, *c1.P)
	if c5.Test != "sign_flip_exact" || c5.Clusters != 400 || c5.NPairs != 2000 {
		t.Errorf("%+v", c5)
	}
}

func TestFailedInvalidAndUnasked(t *testing.T) {
	s := newSetup(10, 1, []string{"accuracy"}, "a", "b")
	s.fill(func(c, i, _ int, r *analysis.Row) {
		r.Correct = i < 5
		switch {
		case c == 0 && i == 9:
			r.State = events.VoteFailed
		case c == 0 && i == 8:
			r.State = events.VoteInvalid
		case c == 0 && i == 7:
			r.State = ""
		}
	})
	a := s.derive(t)
	c := a.Condition("a")
	if c.Queries != 10 || c.Decided != 7 || c.Failed != 1 || c.Invalid != 1 || c.Unasked != 1 || c.Correct != 5 {
		t.Fatalf("%+v", c)
	}
	near(t, "accuracy", *c.Metrics["accuracy"].Estimate, 5.0/8) // the invalid one stays
	near(t, "all wrong", *c.Sensitivity.MissingWrong, 0.5)
	near(t, "all right", *c.Sensitivity.MissingRight, 0.7)
	near(t, "left out", *c.Sensitivity.LeftOut, 5.0/8)
	if p := a.Compare("accuracy", "b", "a"); p.NPairs != 8 || *p.P != 1 {
		t.Errorf("%+v", p)
	}
	if len(c.Warnings) != 3 {
		t.Errorf("warnings: %q", c.Warnings)
	}
}

func TestHypothesis(t *testing.T) {
	s := gsm8kSetup()
	s.spec.Hypothesis = &experiment.Hypothesis{ID: "H1", Claim: "majority4 beats 175b_verification", Metric: "accuracy",
		Treatment: "majority4", Control: "175b_verification", Alternative: "two-sided"}
	if h := s.derive(t).Hypothesis; h.Verdict != analysis.Lower || *h.P != *h.PAdjusted {
		t.Errorf("two-sided: %+v", h)
	}
	s.spec.Hypothesis.Alternative = "greater"
	if h := s.derive(t).Hypothesis; h.Verdict != analysis.NotShown || *h.P != 1 {
		t.Errorf("greater: %+v", h)
	}
	s.spec.Hypothesis.Alternative = "less"
	if h := s.derive(t).Hypothesis; h.Verdict != analysis.Lower {
		t.Errorf("less: %+v", h)
	}
	// A pair without the control joins the family of its metric.
	s.spec.Hypothesis.Alternative, s.spec.Hypothesis.Control = "two-sided", "6b_verification"
	a := s.derive(t)
	if c := a.Compare("accuracy", "majority4", "6b_verification"); c == nil || c.FamilySize != 5 {
		t.Errorf("%+v", c)
	}
}

func TestJSONIsCanonical(t *testing.T) {
	a := latencySetup(100, 2).derive(t)
	b := a.JSON()
	var tree map[string]any
	if err := json.Unmarshal(b, &tree); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(tree) // sorted keys, shortest floats
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(append(again, '\n'), b) {
		t.Errorf("not canonical:\n%s\n%s", b, again)
	}
	back, err := analysis.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(back.JSON(), b) {
		t.Error("reading and writing changes the bytes")
	}
	if _, err := analysis.Parse([]byte(`{"version": 2}`)); err == nil {
		t.Error("another version was read")
	}
}

func TestDeriveRefusesRowsThatDoNotFit(t *testing.T) {
	for name, spoil := range map[string]func(*setup){
		"unknown condition": func(s *setup) { s.in.Rows[0].Condition = "c" },
		"item outside":      func(s *setup) { s.in.Rows[0].ItemIndex = 10 },
		"repeat outside":    func(s *setup) { s.in.Rows[0].Repeat = 1 },
		"twice":             func(s *setup) { s.in.Rows[0].ItemIndex = 1 },
		"no spec":           func(s *setup) { s.spec.Version = 9 },
		"no correction":     func(s *setup) { s.spec.Analysis.Correction = "none" },
		"too many items":    func(s *setup) { s.in.Items = 1 << 40 },
	} {
		s := newSetup(10, 1, []string{"accuracy"}, "a", "b")
		s.fill(func(int, int, int, *analysis.Row) {})
		spoil(s)
		s.in.Config = s.spec.Resolved()
		if _, err := analysis.Derive(s.in); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestNothingAtAll(t *testing.T) {
	a := newSetup(0, 1, []string{"accuracy", "cost_per_query", "latency_p50"}, "a", "b").derive(t)
	if len(a.Comparisons) != 0 || a.Condition("a").Metrics["accuracy"].Estimate != nil {
		t.Errorf("%s", a.JSON())
	}
}

func BenchmarkDeriveGSM8K(b *testing.B) {
	s := gsm8kSetup()
	for b.Loop() {
		s.derive(b)
	}
}

// Four comparisons of two latency quantiles with 10,000 replicates each.
func BenchmarkDeriveLatencies(b *testing.B) {
	s := gsm8kSetup()
	rng := rand.New(rand.NewPCG(7, 7))
	for i := range s.in.Rows {
		s.in.Rows[i].LatencyNS = int64(1e9 * rng.ExpFloat64())
	}
	for b.Loop() {
		s.derive(b)
	}
}
