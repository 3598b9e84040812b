package analysis

import (
	"slices"

	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
	"github.com/crucible-go/crucible/pkg/money"
)

// The metrics of a condition that hedges, beside those that the spec names. They
// count what was done and estimate nothing, so they have no intervals.
const (
	HedgeRate     = "hedge_rate"      // extra calls for each call
	HedgeWinRate  = "hedge_win_rate"  // of the extra calls, the share that answered first
	CostProrata   = "cost_prorata"    // of a query, if a cancelled copy costs what it had produced
	CostWorstCase = "cost_worst_case" // of a query, if every copy is billed in full
)

// Hedging counts the copies of a condition's calls.
type Hedging struct {
	Calls     int `json:"calls"`     // that were made
	Extra     int `json:"extra"`     // backups that were started
	Wins      int `json:"wins"`      // backups that answered first
	Cancelled int `json:"cancelled"` // copies that another one has beaten
	Retries   int `json:"retries"`   // attempts after a failure, backups not counted
	// CostUSD is what all copies cost by the policies of their models, and the
	// others what they would cost if a cancelled one were billed for what it had
	// produced, and in full. CostUnknown is the number of calls whose cost is not
	// known; the sums leave them out.
	CostUSD      string `json:"cost_usd"`
	ProrataUSD   string `json:"cost_prorata_usd"`
	WorstCaseUSD string `json:"cost_worst_case_usd"`
	CostUnknown  int    `json:"cost_unknown"`
}

// Calls is what is known of the calls of a condition, summed over them.
type Calls struct {
	Made, Extra, Wins, Cancelled, Retries, Unknown int
	// Void is the number of answers whose latency says more of the caller's own
	// process than of the provider.
	Void                 int
	Cost, Prorata, Worst money.USD
}

// add counts a call. Attempts that nobody saw end are left out: on the virtual
// clock they are made again, and with them the same draws.
func (c *Calls) add(d *events.CallCompleted) {
	made := false
	for i := range d.Attempts {
		a := &d.Attempts[i]
		if a.Outcome == events.AttemptPossiblyBilled || a.Outcome == "interrupted" {
			continue
		}
		switch {
		case a.Hedge:
			c.Extra++
		case made:
			c.Retries++
		}
		made = true
		if a.Hedge && a.Outcome == events.CallAnswered {
			c.Wins++
		}
		if a.Outcome == events.CallCancelled && d.Outcome == events.CallAnswered {
			c.Cancelled++
		}
		c.pay(a)
	}
	if made {
		c.Made++
	}
	if d.LatencyVoid {
		c.Void++
	}
	if !d.CostKnown {
		c.Unknown++
	}
}

func (c *Calls) pay(a *events.Attempt) {
	usd, err := money.Parse(a.CostUSD)
	if a.CostUSD == "" || err != nil {
		return
	}
	or := func(text string) money.USD {
		if v, err := money.Parse(text); text != "" && err == nil {
			return v
		}
		return usd
	}
	c.Cost, c.Prorata, c.Worst = c.Cost.Add(usd), c.Prorata.Add(or(a.ProrataUSD)), c.Worst.Add(or(a.WorstUSD))
}

// NeedsCalls reports whether the analysis of a spec needs call.completed: where
// copies are to be counted, or latencies are measured that may be void.
func NeedsCalls(s *experiment.Spec) bool {
	if slices.ContainsFunc(s.Conditions, func(c experiment.Condition) bool { return c.Hedge.Hedges() }) {
		return true
	}
	return s.Clock != "virtual" && slices.ContainsFunc(s.Models, func(m experiment.Model) bool {
		return m.Provider != "recorded" && m.Provider != "simulated"
	})
}

// hedging adds what is known of the calls to a condition.
func (d *deriver) hedging(c *Condition, spec *experiment.Condition) {
	k := d.in.Calls[spec.Name]
	if k == nil {
		return
	}
	if k.Void > 0 {
		c.LatencyVoid = k.Void
		c.Warnings = append(c.Warnings, plural(k.Void, "latency is void", "latencies are void")+
			": while the answer was waited for, the calling process itself was late by a good part of what was measured; the quantiles include them, so ask less at a time or on more processors")
	}
	if !spec.Hedge.Hedges() {
		return
	}
	c.Hedging = &Hedging{Calls: k.Made, Extra: k.Extra, Wins: k.Wins, Cancelled: k.Cancelled, Retries: k.Retries,
		CostUSD: k.Cost.String(), ProrataUSD: k.Prorata.String(), WorstCaseUSD: k.Worst.String(), CostUnknown: k.Unknown}
	asked := c.Decided + c.Invalid + c.Failed
	c.Metrics[HedgeRate] = d.counted(float64(k.Extra), k.Made, "share")
	c.Metrics[HedgeWinRate] = d.counted(float64(k.Wins), k.Extra, "share")
	c.Metrics[CostProrata] = d.counted(k.Prorata.Float64(), asked, "usd")
	c.Metrics[CostWorstCase] = d.counted(k.Worst.Float64(), asked, "usd")
}

// counted is a ratio of what was counted.
func (d *deriver) counted(sum float64, n int, unit string) Metric {
	m := Metric{N: n, Level: d.level, Method: "count", Unit: unit, Warnings: []string{}}
	if n > 0 {
		m.Estimate = ptr(sum / float64(n))
	}
	return m
}
