package analysis_test

import (
	"testing"

	"github.com/crucible-go/crucible/pkg/analysis"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
)

// completed is the event of a call with these attempts.
func completed(call, outcome string, void bool, attempts ...events.Attempt) *events.Event {
	ev := events.About(events.CompletedSubject("run", "q", call), "test", "", at)
	ev.Condition = "hedged"
	ev.Data = &events.CallCompleted{Role: events.RoleAnswer, Outcome: outcome, CostKnown: true, LatencyVoid: void, Attempts: attempts}
	return &ev
}

// Backups, wins, losers and retries are counted apart, each call once, and
// attempts that nobody saw end not at all.
func TestCallsAreCounted(t *testing.T) {
	c := analysis.NewCollector(analysis.Options{Queries: 1, Calls: true})
	won := completed("b", events.CallAnswered, true,
		events.Attempt{Attempt: 1, Outcome: events.CallCancelled, CostUSD: "3", ProrataUSD: "2", WorstUSD: "4"},
		events.Attempt{Attempt: 2, Hedge: true, Outcome: events.CallAnswered, CostUSD: "1"})
	for _, ev := range []*events.Event{
		completed("a", events.CallAnswered, false, events.Attempt{Attempt: 1, Outcome: events.CallAnswered, CostUSD: "1"}),
		won, won,
		completed("c", events.CallAnswered, false,
			events.Attempt{Attempt: 1, Outcome: "interrupted"},
			events.Attempt{Attempt: 2, Hedge: true, Outcome: events.AttemptPossiblyBilled, CostUSD: "9"},
			events.Attempt{Attempt: 3, Outcome: events.CallFailed},
			events.Attempt{Attempt: 4, Outcome: events.CallAnswered, CostUSD: "1"}),
		completed("d", events.CallCancelled, false),
	} {
		if err := c.AddEvent(ev); err != nil {
			t.Fatal(err)
		}
	}
	k := c.Calls()["hedged"]
	if k.Made != 3 || k.Extra != 1 || k.Wins != 1 || k.Cancelled != 1 || k.Retries != 1 || k.Void != 1 {
		t.Errorf("counted %+v", k)
	}
	if k.Cost.String() != "6" || k.Prorata.String() != "5" || k.Worst.String() != "7" {
		t.Errorf("costs %s, %s, %s", k.Cost, k.Prorata, k.Worst)
	}
}

// Calls are read only where there is something to find in them.
func TestCallsAreReadWhereTheyMatter(t *testing.T) {
	spec := func(provider, clock, strategy string) *experiment.Spec {
		return &experiment.Spec{Clock: clock, Models: []experiment.Model{{ID: "m", Provider: provider}},
			Conditions: []experiment.Condition{{Name: "c", Members: []string{"m"}, Hedge: experiment.Hedge{Strategy: strategy}}}}
	}
	for _, c := range []struct {
		spec *experiment.Spec
		want bool
	}{
		{spec("recorded", "real", "none"), false},
		{spec("simulated", "virtual", "none"), false},
		{spec("simulated", "virtual", "single_r"), true},
		{spec("openai", "real", "none"), true},
	} {
		if got := analysis.NeedsCalls(c.spec); got != c.want {
			t.Errorf("%+v: %t", c.spec.Models[0], got)
		}
	}
}
