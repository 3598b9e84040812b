package cost_test

import (
	"testing"

	"github.com/crucible-go/crucible/pkg/cost"
	"github.com/crucible-go/crucible/pkg/events"
)

func TestCostsOfACall(t *testing.T) {
	reported := &events.Usage{Input: 1, Source: events.UsageReported}
	for _, c := range []struct {
		name     string
		attempts []events.Attempt
		cost     string
		between  *events.CostRange
	}{
		{"nothing", nil, "0", nil},
		{"reported", []events.Attempt{{CostUSD: "0.25", Usage: reported}, {CostUSD: "0.5", Usage: reported}, {Outcome: events.CallFailed}}, "0.75", nil},
		{"a lost attempt at its worst", []events.Attempt{{CostUSD: "0.25", Outcome: events.AttemptPossiblyBilled}, {CostUSD: "0.5", Usage: reported}}, "0.75",
			&events.CostRange{ReportedUSD: "0.5", ProrataUSD: "0.75", WorstUSD: "0.75"}},
		{"a loser", []events.Attempt{{CostUSD: "0.1", WorstUSD: "0.25", Usage: &events.Usage{Source: events.UsageEstimated}}, {CostUSD: "0.5", Usage: reported}}, "0.6",
			&events.CostRange{ReportedUSD: "0.5", ProrataUSD: "0.6", WorstUSD: "0.75"}},
		{"a loser that is charged in full", []events.Attempt{{CostUSD: "0.25", ProrataUSD: "0.1"}}, "0.25",
			&events.CostRange{ReportedUSD: "0", ProrataUSD: "0.1", WorstUSD: "0.25"}},
		{"an unreadable cost", []events.Attempt{{CostUSD: "much"}, {CostUSD: "1", WorstUSD: "more", Usage: reported}}, "1", nil},
	} {
		got := cost.Of(&events.CallCompleted{Attempts: c.attempts})
		between := got.Range()
		if got.Cost.String() != c.cost || (between == nil) != (c.between == nil) || between != nil && *between != *c.between {
			t.Errorf("%s: %s between %+v, want %s between %+v", c.name, got.Cost, between, c.cost, c.between)
		}
	}
	var sum cost.Sum
	one := cost.Of(&events.CallCompleted{Attempts: []events.Attempt{{CostUSD: "0.1", WorstUSD: "0.25"}}})
	sum.Join(one)
	sum.Join(one)
	if r := sum.Range(); sum.Cost.String() != "0.2" || r.WorstUSD != "0.5" || r.ReportedUSD != "0" {
		t.Errorf("twice the costs are %+v", sum)
	}
}
