package ledger

import (
	"context"
	"fmt"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/pkg/budget"
	"github.com/crucible-go/crucible/pkg/cost"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/money"
)

// Spending is what the log says was spent: what each attempt cost, and the worst
// price of each that was started and whose end the log does not know.
type Spending struct {
	Cost     cost.Sum
	Unpriced bool // an attempt may have cost what nobody knows
	// Holders is what each caller's life has spent of a budget, at the worst.
	Holders map[string]budget.Amount
}

// Read folds what is in the log of a run.
func Read(ctx context.Context, log *bus.Bus, run string) (*Spending, error) {
	f := fold{Spending: Spending{Holders: map[string]budget.Amount{}}, open: map[string]map[int]*events.CallStarted{}}
	err := log.Replay(ctx, bus.ReplayConfig{Stream: events.RunStream(run)}, func(m *bus.Message) error {
		kind := m.Parsed.Kind
		if kind != events.KindCallStarted && kind != events.KindCallCompleted {
			return nil
		}
		ev, err := log.Decode(ctx, m)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			f.Unpriced = true // a damaged event says nothing; the dispatcher records it
			return nil
		}
		switch d := ev.Data.(type) {
		case *events.CallStarted:
			f.started(m.Parsed.Call, d)
		case *events.CallCompleted:
			f.completed(m.Parsed.Call, d)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("spending of run %s: %w", run, err)
	}
	f.end()
	return &f.Spending, nil
}

type fold struct {
	Spending
	open map[string]map[int]*events.CallStarted // by call and number
}

func (f *fold) started(call string, d *events.CallStarted) {
	if f.open[call] == nil {
		f.open[call] = map[int]*events.CallStarted{}
	}
	f.open[call][d.Attempt] = d
}

func (f *fold) completed(call string, d *events.CallCompleted) {
	f.Cost.Join(cost.Of(d))
	f.Unpriced = f.Unpriced || !d.CostKnown
	for i := range d.Attempts {
		a := &d.Attempts[i]
		if s := f.open[call][a.Attempt]; s != nil {
			f.charge(s.Nonce, spentBy(s, a))
			delete(f.open[call], a.Attempt)
		}
	}
	if len(f.open[call]) == 0 {
		delete(f.open, call)
	}
}

// end counts what is still open at its worst.
func (f *fold) end() {
	for _, attempts := range f.open {
		for _, s := range attempts {
			if s.ReservedTokens > 0 { // it may cost something
				f.Cost.Add(&events.Attempt{CostUSD: s.ReservedUSD})
				f.Unpriced = f.Unpriced || s.ReservedUSD == ""
			}
			f.charge(s.Nonce, reserved(s))
		}
	}
}

func (f *fold) charge(holder string, a budget.Amount) {
	f.Holders[holder] = f.Holders[holder].Plus(a)
}

func reserved(s *events.CallStarted) budget.Amount {
	return budget.Amount{USD: amount(s.ReservedUSD), Calls: 1, Tokens: s.ReservedTokens}
}

// spentBy is what an attempt that has ended took of the budget, at the worst.
func spentBy(s *events.CallStarted, a *events.Attempt) budget.Amount {
	b := reserved(s)
	b.USD = amount(a.CostUSD)
	if worst := amount(a.WorstUSD); worst.Cmp(b.USD) > 0 {
		b.USD = worst
	}
	if u := a.Usage; u != nil && u.Source != events.UsageEstimated {
		b.Tokens = u.Input + u.Output
	}
	return b
}

func amount(text string) money.USD {
	if text == "" {
		return money.USD{}
	}
	v, err := money.Parse(text)
	if err != nil {
		return money.USD{}
	}
	return v
}
