package caller

import (
	"context"
	"errors"
	"time"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/ledger"
	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/internal/runs"
	"github.com/crucible-go/crucible/pkg/budget"
	"github.com/crucible-go/crucible/pkg/events"
)

// budget opens this caller's share of a run's budget, nil if it has none.
func (c *caller) budget(r *runs.Run) (*ledger.Ledger, error) {
	limit, err := r.Limit()
	if err != nil {
		return nil, err
	}
	return ledger.Open(ledger.Config{
		Log: c.Log, Run: r.ID, Holder: c.nonce, Limit: limit,
		Trusted: c.alive.Load, Logger: c.Logger,
	})
}

// keepBudget keeps the share until ctx is done, and follows the run's limit.
func (c *caller) keepBudget(ctx context.Context, r *runs.Run, funds *ledger.Ledger) error {
	if funds == nil {
		return nil
	}
	done := make(chan error, 1)
	go func() { done <- funds.Keep(ctx) }()
	for {
		_, _, changed := r.Suspensions()
		limit, err := r.Limit()
		if err != nil {
			c.Logger.Error().Err(err).Str("run", r.ID).Msg("a new limit cannot be read: the old one stays")
		} else {
			funds.Limited(limit)
		}
		select {
		case <-changed:
		case err := <-done:
			return err
		}
	}
}

// errNoPrice ends a call that nobody can keep within a budget.
var errNoPrice = errors.New("its price is unknown, so it cannot be kept within the budget of the run")

// need is the most that the attempt takes of a budget.
func (a *attempt) need() (need budget.Amount, known bool) {
	usd, tokens, known := worst(a.to.order)
	return budget.Amount{USD: usd, Calls: 1, Tokens: tokens}, known
}

// limited reports whether the attempt takes anything of a budget.
func (a *attempt) limited() bool {
	return a.funds != nil && a.to.order.Provider != provider.NameRecorded
}

// reserve takes the attempt's worst price out of the run's budget, and waits for
// it as long as it takes.
func (a *attempt) reserve(ctx context.Context) error {
	if !a.limited() {
		return nil
	}
	need, known := a.need()
	if !known && a.funds.CountsMoney() {
		a.failure = &provider.Error{Class: provider.ClassUnprocessable, Message: errNoPrice.Error(), Billed: provider.BilledNo}
		return nil
	}
	before := a.Now()
	r, err := a.funds.Reserve(ctx, need)
	waited := a.Now().Sub(before)
	a.mu.Lock()
	a.waited += waited
	a.mu.Unlock()
	if err != nil {
		if a.failure = cancelled(ctx); a.failure != nil {
			return nil
		}
		return bus.RetryAfter(retryWait, err)
	}
	a.reserved = r
	return nil
}

// affordable is reserve for a backup, which need not be made: false if the budget
// has no room for it at once.
func (a *attempt) affordable() bool {
	if !a.limited() {
		return true
	}
	need, known := a.need()
	if !known && a.funds.CountsMoney() {
		return false
	}
	var ok bool
	a.reserved, ok = a.funds.Try(need)
	return ok
}

// retryWait is the pause before an order comes again that was given up while it
// waited for the budget.
const retryWait = time.Second

// unreserve says what the attempt took of the budget.
func (a *attempt) unreserve() {
	if a.reserved != nil {
		a.reserved.Settle(a.spent())
		a.reserved = nil
	}
}

// spent is what the attempt took of the budget, at the worst where nobody knows.
func (a *attempt) spent() budget.Amount {
	if a.sent.IsZero() {
		return budget.Amount{} // nothing has left
	}
	out := budget.Amount{Calls: 1}
	var usage *events.Usage
	switch {
	case a.reply != nil:
		usage = a.reply.Usage
	case a.failure != nil:
		if usage = a.failure.Usage; usage == nil && a.failure.Billed == provider.BilledNo {
			return out
		}
	}
	most, tokens, _ := worst(a.to.order)
	out.USD, out.Tokens = most, tokens
	if usage == nil || usage.Source == events.UsageEstimated && bills(a.to.order.Provider) {
		return out
	}
	out.Tokens = usage.Input + usage.Output
	if usd, known := price(a.to.order, usage); known {
		out.USD = usd
	}
	return out
}
