package caller

import (
	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/events"
)

// note puts an attempt that has ended into the call's record.
func (c *call) note(a *attempt) {
	a.record.Attempt = a.number
	if a.reply != nil {
		a.recordAnswer()
	} else {
		a.recordFailure()
	}
	a.keep()
}

// keep adds the attempt's record to those of the call.
func (a *attempt) keep() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.attempts = append(a.attempts, a.record)
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
	r.FirstByteNS, r.FirstTokenNS = f.FirstByteNS, f.FirstTokenNS
	r.Fingerprint, r.Finish, r.Partial = f.Fingerprint, f.Finish, f.Evidence()
	if !charge(a.to.order, r, f.Billed) {
		a.unknownCost()
	}
}

func (a *attempt) recordAnswer() {
	p, r := a.reply, &a.record
	r.Outcome = events.CallAnswered
	r.FirstByteNS, r.FirstTokenNS = p.FirstByteNS, p.FirstTokenNS
	r.Fingerprint, r.Finish = p.Fingerprint, p.Finish
	switch {
	case p.LatencyNS > 0:
		r.LatencyNS = p.LatencyNS
	case p.HasLatency:
		r.LatencyNS = a.took.Nanoseconds()
	}
	r.Usage, r.RequestID, r.Served, r.Status = p.Usage, p.RequestID, p.Served, p.Status
	if !charge(a.to.order, r, provider.BilledYes) {
		a.unknownCost()
	}
}

// unknownCost notes that an attempt may have cost what nobody knows.
func (c *call) unknownCost() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unpriced = true
}
