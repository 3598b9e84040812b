package caller

import (
	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/cost"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/money"
)

// bills reports whether asking the provider again may cost money again.
func bills(name string) bool { return name != "recorded" && name != "simulated" }

// price is what the usage costs; unknown where the price or the usage is. A
// simulated model costs what its price says, if it has one.
func price(o *events.CallRequested, u *events.Usage) (money.USD, bool) {
	if o.Provider == provider.NameRecorded || o.Provider == provider.NameSimulated && o.Price == nil {
		return money.USD{}, true
	}
	rates, known := cost.RatesOf(o.Price)
	if !known || u == nil {
		return money.USD{}, false
	}
	return rates.Cost(cost.TokensOf(u)), true
}

// worst is the most that one attempt at an order can cost and use; the dollars
// are unknown where the price is.
func worst(o *events.CallRequested) (usd money.USD, tokens int64, known bool) {
	if o.Provider == provider.NameRecorded {
		return money.USD{}, 0, true
	}
	bound := cost.BoundOf(o.Messages, o.Params)
	rates, known := cost.RatesOf(o.Price)
	if !known {
		return money.USD{}, bound.Tokens(), !bills(o.Provider) && o.Price == nil
	}
	return bound.Most(rates), bound.Tokens(), true
}

// charge fills in what an attempt that has ended cost: exactly where the provider
// reported what it used, and at its worst where it may have been charged without
// a report. It is false if nobody knows what it cost.
func charge(o *events.CallRequested, a *events.Attempt, billed string) bool {
	usd, known := price(o, a.Usage)
	answered := a.Outcome == events.CallAnswered
	switch {
	case known && (answered || a.Usage != nil):
		a.CostUSD = usd.String()
		return true
	case !bills(o.Provider), !answered && billed == provider.BilledNo:
		return true
	}
	return atWorst(o, a)
}

// atWorst counts an attempt at the most that it can have cost.
func atWorst(o *events.CallRequested, a *events.Attempt) bool {
	usd, _, known := worst(o)
	if known {
		a.CostUSD, a.WorstUSD = usd.String(), usd.String()
	}
	return known
}

// intent is what call.started says of an attempt: who asks, and the most that it
// can cost.
func (a *attempt) intent() *events.CallStarted {
	d := &events.CallStarted{Attempt: a.number, Nonce: a.nonce, Caller: a.Instance, Hedge: a.hedge, Pool: a.record.Pool}
	if !bills(a.to.order.Provider) {
		return d
	}
	usd, tokens, known := worst(a.to.order)
	d.ReservedTokens = tokens
	if known {
		d.ReservedUSD = usd.String()
	}
	return d
}

// lostAttempt is an attempt whose end nobody saw, by what its start says; false
// if nobody knows what it can have cost.
func (c *call) lostAttempt(started *events.CallStarted) (events.Attempt, bool) {
	a := events.Attempt{Attempt: started.Attempt, Hedge: started.Hedge, Pool: started.Pool, Outcome: attemptInterrupted}
	if !bills(c.order.Provider) {
		return a, true
	}
	a.Outcome = events.AttemptPossiblyBilled
	if started.ReservedUSD == "" { // its price is unknown, or it was started by an earlier version
		known := atWorst(c.order, &a)
		return a, known
	}
	a.CostUSD, a.WorstUSD = started.ReservedUSD, started.ReservedUSD
	return a, true
}

// attemptInterrupted is the outcome of a lost attempt at a provider that costs
// nothing.
const attemptInterrupted = "interrupted"

// total sums up what the attempts cost. The cost is known when that of each
// attempt that may have been charged is.
func (c *call) total(d *events.CallCompleted) {
	sum := cost.Of(d)
	d.CostUSD, d.CostRange, d.CostKnown = sum.Cost.String(), sum.Range(), !c.unpriced
}
