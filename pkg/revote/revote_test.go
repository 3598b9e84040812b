package revote

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/crucible-go/crucible/pkg/ensemble"
	"github.com/crucible-go/crucible/pkg/ensemble/lab"
	"github.com/crucible-go/crucible/pkg/events"
)

// run folds a run of two conditions: "all" asks every member for parallel
// ensembles, "alone" the last one. What is "" was cancelled.
func run(t testing.TB, items [][]string, right string) *Collector {
	t.Helper()
	c := NewCollector()
	members := []string{"a", "b", "c", "d"}[:len(items[0])]
	index := 0
	add := func(condition string, item int, members, texts []string) {
		query := fmt.Sprintf("%s%d", condition, item)
		d := &events.QueryDispatched{Index: index, ItemIndex: item, Expected: right, Policy: events.Policy{Members: members},
			Score: events.Score{Normalize: "lowercase_trim", Metrics: []string{"exact_match"}}}
		index++
		for _, m := range members {
			d.Calls = append(d.Calls, query+m)
		}
		c.Add(&events.Event{Query: query, Condition: condition, Item: fmt.Sprint(item), Data: d})
		for i, m := range members {
			done := &events.CallCompleted{Outcome: events.CallAnswered, Answer: texts[i], LatencyNS: int64(10 * (i + 1)), CostUSD: "0.1", CostKnown: true}
			if texts[i] == "" {
				done.Outcome = events.CallCancelled
			}
			c.Add(&events.Event{Query: query, Call: query + m, Condition: condition, Member: m, Data: done})
		}
	}
	for i, texts := range items {
		add("all", i, members, texts)
		add("alone", i, members[len(members)-1:], texts[len(texts)-1:])
	}
	return c
}

func TestDecideAgain(t *testing.T) {
	c := run(t, [][]string{{"R", "r", "w"}, {"w", "r", "r"}, {"w", "v", "r"}, {"r", "", "w"}}, "r")
	s, err := c.Sheet([]string{"a", "b", "c"})
	if err != nil {
		t.Fatal(err)
	}
	o, err := s.Decide(ensemble.Policy{}, Calibration{})
	if err != nil {
		t.Fatal(err)
	}
	share, n := o.Accuracy()
	if share != 2.0/3 || n != 3 || o.Asked != 9 || o.Undecided != 1 || o.Missing["b"] != 1 || o.CostUSD.String() != "0.9" || o.Tied != 1 {
		t.Errorf("accuracy %v of %d: %+v", share, n, o)
	}
	if o.Rows[0].LatencyNS != 30 || o.Rows[0].Prediction != "r" || !o.Rows[0].Correct || o.Rows[3].State != "" {
		t.Errorf("rows: %+v", o.Rows)
	}
	// In turn, a and b agree on the first item: c is not needed, nor is b where
	// a and c, asked before it, agree.
	turns, err := s.Decide(ensemble.Policy{Execution: ensemble.ExecutionSequential, Stop: ensemble.StopLossless}, Calibration{})
	if err != nil {
		t.Fatal(err)
	}
	if turns.Saved != 1 || turns.Asked != 8 || turns.Undecided != 1 || turns.Rows[0].LatencyNS != 30 || turns.Rows[0].CostUSD != "0.2" {
		t.Errorf("in turn: %+v", turns)
	}
	// A member that was asked alone has answers of its own condition.
	one, err := c.Sheet([]string{"c"})
	if err != nil || one.Sources[0] != "all" {
		t.Errorf("sources %v, %v", one.Sources, err)
	}
	var unknown *UnknownMember
	if _, err := c.Sheet([]string{"a", "x"}); !errors.As(err, &unknown) || unknown.Member != "x" || len(unknown.Known) != 3 {
		t.Errorf("an unknown member: %v", err)
	}
	if _, err := c.Sheet([]string{"a", "a"}); !errors.As(err, &unknown) {
		t.Errorf("a member that was asked once: %v", err)
	}
	if _, err := s.Decide(ensemble.Policy{Vote: ensemble.VoteWeighted}, Calibration{}); !errors.Is(err, ensemble.ErrPolicy) {
		t.Errorf("a vote by confidence without any: %v", err)
	}
	if _, err := NewCollector().Sheet([]string{"a"}); err == nil {
		t.Error("a run that asked nothing has a sheet")
	}
}

// simulated is a run of members that err together.
func simulated(t testing.TB, p lab.Population, n int) *Sheet {
	t.Helper()
	var items [][]string
	for _, l := range p.Items(n, 4) {
		texts := make([]string, len(p.Accuracies))
		for o := range texts {
			texts[o] = fmt.Sprint("w", l.Pattern.Block(o))
			if l.Pattern.Block(o) == l.Right {
				texts[o] = "r"
			}
		}
		items = append(items, texts)
	}
	s, err := run(t, items, "r").Sheet([]string{"a", "b", "c", "d"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// unequal members: one good, three poor that err together.
func unequal() lab.Population {
	return lab.Population{Accuracies: []float64{0.6, 0.6, 0.55, 0.9}, Rho: 0.4, Same: 0.6}
}

// TestLearning: what a policy learns is cross-fitted, and says so.
func TestLearning(t *testing.T) {
	s := simulated(t, unequal(), 1500)
	d := s.Diagnosis(0.95, 1)
	got := map[string]float64{}
	for _, p := range []ensemble.Policy{
		{Vote: ensemble.VoteMajority}, {Vote: ensemble.VoteJoint}, {Vote: ensemble.VoteDawidSkene},
		{Vote: ensemble.VoteWeighted, Options: ensemble.Options{WeightBy: ensemble.WeightLogOdds}},
		{Vote: ensemble.VoteJoint, Execution: ensemble.ExecutionSequential, Stop: ensemble.StopPosterior},
	} {
		o, err := s.Decide(p, Calibration{Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		if (o.Calibrated == "") != (p.Vote == ensemble.VoteMajority) || (len(o.Warnings) > 0) != (p.Vote == ensemble.VoteDawidSkene) {
			t.Errorf("%s: calibrated %q, warnings %q", p.Vote, o.Calibrated, o.Warnings)
		}
		again, err := s.Decide(p, Calibration{Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		a, _ := o.Accuracy()
		if b, _ := again.Accuracy(); a != b {
			t.Errorf("%s: %v, then %v", p.Vote, a, b)
		}
		got[p.Vote+p.Stop] = a
	}
	best := d.Members[d.BestSingle].Accuracy.Estimate
	if got["joint"] < best-0.003 || got["majority"] > best-0.05 || got["jointposterior"] < best-0.02 {
		t.Errorf("best single %v: %v", best, got)
	}
}

// TestRank: the subsets of four members with each vote and each member alone,
// ranked, in less time than a thought.
func TestRank(t *testing.T) {
	s := simulated(t, unequal(), 1319)
	search := Search{Singles: true, Calibration: Calibration{Seed: 1}, Policies: []ensemble.Policy{{Vote: ensemble.VoteMajority}, {Vote: ensemble.VoteJoint},
		{Vote: ensemble.VoteWeighted}, {Vote: ensemble.VoteDawidSkene}}}
	began := time.Now()
	r, err := s.Rank(search)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d ensembles on %d queries in %v", len(r.Candidates), len(s.Queries), time.Since(began))
	if len(r.Candidates) != 4+11*3 || len(r.Refused) != 1 || !strings.Contains(r.Refused[0], "confidence") {
		t.Errorf("%d candidates, refused %q", len(r.Candidates), r.Refused)
	}
	top := r.Candidates[0]
	if !strings.Contains(top.Name, "d") || top.Accuracy.Level <= 0.998 || top.Accuracy.Low >= top.Accuracy.Estimate {
		t.Errorf("first: %s, %+v", top.Name, top.Accuracy)
	}
	if r.Selected.Name != top.Name || math.Abs(r.Selected.Optimism) > 0.03 || r.Selected.Accuracy.N != 1319 {
		t.Errorf("selected: %+v", r.Selected)
	}
	front := 0
	for i, c := range r.Candidates {
		if i > 0 && c.Accuracy.Estimate > r.Candidates[i-1].Accuracy.Estimate {
			t.Errorf("%s is ranked below %s", c.Name, r.Candidates[i-1].Name)
		}
		if c.PAdjusted < c.P {
			t.Errorf("%s: p %v, adjusted %v", c.Name, c.P, c.PAdjusted)
		}
		if c.Front {
			front++
		}
	}
	if front == 0 || front == len(r.Candidates) {
		t.Errorf("%d on the front", front)
	}
}
