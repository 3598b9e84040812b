package caller

import (
	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/money"
)

// note puts an attempt that has ended into the call's record.
func (c *call) note(a *attempt) {
	a.record.Attempt = a.number
	if a.reply != nil {
		a.recordAnswer()
	} else {
		a.recordFailure()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.attempts = append(c.attempts, a.record)
}

func (a *attempt) recordFailure() {
	f, r := a.failure, &a.record
	r.Outcome = events.CallFailed
	if f.Class == provider.ClassCancelled {
		r.Outcome = events.CallCancelled
	}
	r.LatencyNS = a.took.Nanoseconds()
	if a.to.order.Virtual {
		r.LatencyNS = f.LatencyNS
	}
	r.Failure = &events.Failure{Class: f.Class, Message: f.Message}
	r.Status, r.RequestID, r.Served, r.Usage = f.Status, f.RequestID, f.Served, f.Usage
	switch usd, known := price(a.to.order, f.Usage); {
	case f.Usage != nil && known:
		r.CostUSD = usd.String()
	case f.Billed != provider.BilledNo && bills(a.to.order.Provider):
		a.unknownCost()
	}
}

func (a *attempt) recordAnswer() {
	p, r := a.reply, &a.record
	r.Outcome = events.CallAnswered
	r.FirstByteNS = p.FirstByteNS
	switch {
	case p.LatencyNS > 0:
		r.LatencyNS = p.LatencyNS
	case p.HasLatency:
		r.LatencyNS = a.took.Nanoseconds()
	}
	r.Usage, r.RequestID, r.Served, r.Status = p.Usage, p.RequestID, p.Served, p.Status
	if usd, known := price(a.to.order, p.Usage); known {
		r.CostUSD = usd.String()
	} else {
		a.unknownCost()
	}
}

// unknownCost notes that an attempt may have cost what nobody knows.
func (c *call) unknownCost() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unpriced = true
}

// price is what the usage costs; unknown where the price or the usage is.
func price(o *events.CallRequested, u *events.Usage) (money.USD, bool) {
	if !bills(o.Provider) {
		return money.USD{}, true
	}
	if o.Price == nil || u == nil {
		return money.USD{}, false
	}
	in, err := money.Parse(o.Price.Input)
	if err != nil {
		return money.USD{}, false
	}
	out, err := money.Parse(o.Price.Output)
	if err != nil {
		return money.USD{}, false
	}
	return money.PerMillion(in, u.Input).Add(money.PerMillion(out, u.Output)), true
}
