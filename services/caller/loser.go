package caller

import (
	"errors"
	"math"
	"time"

	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/cost"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/money"
)

// errOutrun is the cause of the end of an attempt's context when another copy of
// the call has answered.
var errOutrun = errors.New("another attempt answered first")

// What a provider charges for an attempt that was cancelled, where its reply does
// not say.
const (
	loserProrata = "prorata" // the prompt, and what of the answer there was by then
	loserFull    = "full"    // as if nobody had cancelled it
	loserNone    = "none"    // nothing
)

// beaten reports whether the attempt ended because another one won: it was
// cancelled, or it answered too late.
func (a *attempt) beaten() bool {
	return a.reply != nil || a.failure != nil && a.failure.Class == provider.ClassCancelled
}

// lose notes an attempt that another one has beaten.
func (a *attempt) lose(winner *attempt) {
	r := &a.record
	r.Attempt, r.Outcome, r.LatencyNS = a.number, events.CallCancelled, a.took.Nanoseconds()
	r.Failure = &events.Failure{Class: provider.ClassCancelled, Message: errOutrun.Error()}
	if p := a.reply; p != nil {
		r.Usage, r.RequestID, r.Served, r.Status, r.FirstByteNS = p.Usage, p.RequestID, p.Served, p.Status, p.FirstByteNS
	} else {
		f := a.failure
		r.Usage, r.RequestID, r.Served, r.Status = f.Usage, f.RequestID, f.Served, f.Status
	}
	if !a.chargeLoser(winner) {
		a.unknownCost()
	}
	a.keep()
}

// chargeLoser fills in what the attempt cost: what the provider reported, else an
// estimate. It is false if nobody knows.
func (a *attempt) chargeLoser(winner *attempt) bool {
	r, order := &a.record, a.to.order
	if a.sent.IsZero() {
		return true // it never left
	}
	share, all := a.used(winner)
	if r.Usage != nil && share == 1 && r.Usage.Source != events.UsageEstimated {
		return charge(order, r, provider.BilledYes)
	}
	policy := order.LoserCost
	if policy == "" {
		policy = loserFull
		if order.Simulated != nil {
			policy = loserProrata
		}
	}
	var part *events.Usage
	if all != nil {
		part = &events.Usage{Input: all.Input, Output: int64(math.Ceil(float64(all.Output) * share)), Source: events.UsageEstimated}
	}
	least, known := price(order, part)
	most, bounded := a.inFull(all)
	r.Usage = part
	if known && bounded && most.Cmp(least) < 0 {
		most = least // it used more than its order allows
	}
	if known {
		r.ProrataUSD = least.String()
	}
	if bounded {
		r.WorstUSD = most.String()
	}
	switch {
	case policy == loserNone:
		r.CostUSD = "0"
	case policy == loserProrata && known:
		r.CostUSD = least.String()
	case bounded:
		r.CostUSD = most.String()
	}
	return r.CostUSD != ""
}

// used estimates what the whole answer would have used and the share of it that
// was produced before the attempt was cancelled.
func (a *attempt) used(winner *attempt) (share float64, all *events.Usage) {
	switch {
	case a.to.order.Virtual && a.reply != nil: // the simulation knows both
		return math.Min(1, a.produced), a.reply.Usage
	case a.record.Usage != nil: // as far as it came
		return 1, a.record.Usage
	case winner.reply.Usage == nil:
		return 1, nil
	}
	all = winner.reply.Usage
	return math.Min(1, float64(a.took)/math.Max(1, float64(winner.took))), all
}

// inFull is what the attempt costs if it is billed in full: a simulation knows
// it, and of others it is the most that the order allows.
func (a *attempt) inFull(all *events.Usage) (money.USD, bool) {
	order := a.to.order
	if !bills(order.Provider) {
		return price(order, all)
	}
	rates, known := cost.RatesOf(order.Price)
	if !known {
		return money.USD{}, false
	}
	return cost.BoundOf(order.Messages, order.Params).Most(rates), true
}

// deadlinePassed is the failure of a call that took longer than its order allows.
func deadlinePassed(o *events.CallRequested) *provider.Error {
	return &provider.Error{Class: provider.ClassTimeout, Billed: provider.BilledPossibly,
		Message: "no answer within " + time.Duration(o.DeadlineNS).String() + " over all attempts"}
}

// tokens is the sum of the tokens of all attempts, nil if none counted any.
func tokens(attempts []events.Attempt) *events.Usage {
	var sum *events.Usage
	for i := range attempts {
		u := attempts[i].Usage
		switch {
		case u == nil:
		case sum == nil:
			one := *u
			sum = &one
		default:
			sum.Input, sum.Output = sum.Input+u.Input, sum.Output+u.Output
			sum.CachedInput, sum.Reasoning = sum.CachedInput+u.CachedInput, sum.Reasoning+u.Reasoning
			if u.Source != sum.Source {
				sum.Source = events.UsageEstimated
			}
		}
	}
	return sum
}
