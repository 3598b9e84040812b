// Package cost says what calls cost, and what the next one can cost at most.
package cost

import (
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/money"
)

// Sum is a sum of costs and between what it lies.
type Sum struct {
	Cost, Reported, Prorata, Worst money.USD
}

// Add adds an attempt. One whose cost is unknown adds nothing.
func (c *Sum) Add(a *events.Attempt) {
	cost, err := money.Parse(a.CostUSD)
	if a.CostUSD == "" || err != nil {
		return
	}
	c.Cost = c.Cost.Add(cost)
	if a.Usage != nil && a.Usage.Source != events.UsageEstimated {
		c.Reported = c.Reported.Add(cost)
	}
	c.Prorata = c.Prorata.Add(amountOr(a.ProrataUSD, cost))
	c.Worst = c.Worst.Add(amountOr(a.WorstUSD, cost))
}

// Join adds another sum.
func (c *Sum) Join(o Sum) {
	c.Cost, c.Reported = c.Cost.Add(o.Cost), c.Reported.Add(o.Reported)
	c.Prorata, c.Worst = c.Prorata.Add(o.Prorata), c.Worst.Add(o.Worst)
}

// Range is what the sum lies between, nil if it is known exactly.
func (c *Sum) Range() *events.CostRange {
	if c.Reported.Cmp(c.Cost) == 0 && c.Prorata.Cmp(c.Cost) == 0 && c.Worst.Cmp(c.Cost) == 0 {
		return nil
	}
	return &events.CostRange{ReportedUSD: c.Reported.String(), ProrataUSD: c.Prorata.String(), WorstUSD: c.Worst.String()}
}

// Of is what a call cost.
func Of(d *events.CallCompleted) Sum {
	var c Sum
	for i := range d.Attempts {
		c.Add(&d.Attempts[i])
	}
	return c
}

func amountOr(text string, otherwise money.USD) money.USD {
	if text == "" {
		return otherwise
	}
	v, err := money.Parse(text)
	if err != nil {
		return otherwise
	}
	return v
}
