package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/pkg/budget"
)

// Watch calls f whenever the budget of a run, which may change, is found to be
// reached, with how, and goes on if that returns nil. It ends with the error of f, or with nil when
// ctx is done.
func Watch(ctx context.Context, log *bus.Bus, run string, limit func() (budget.Limit, error), f func(ctx context.Context, detail string) error) error {
	cell, err := log.Cell(CellName(run))
	if err != nil {
		return fmt.Errorf("budget of run %s: %w", run, err)
	}
	changed := make(chan struct{}, 1)
	unwatch, err := cell.Watch(func([]byte, uint64) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return fmt.Errorf("budget of run %s: %w", run, err)
	}
	defer unwatch()
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		detail, err := reached(ctx, log, cell, limit)
		if err == nil && detail != "" {
			if err := f(ctx, detail); err != nil {
				return err
			}
		}
		select { // a book that cannot be read now is read later
		case <-changed:
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// reached says how the limit is reached, "" if it is not, or if those who wait
// are gone.
func reached(ctx context.Context, log *bus.Bus, cell *bus.Cell, limitOf func() (budget.Limit, error)) (string, error) {
	value, _, err := cell.Load(ctx)
	if err != nil {
		return "", err
	}
	book, err := budget.Read(value)
	if err != nil {
		return "", err
	}
	limit, err := limitOf()
	if err != nil {
		return "", err
	}
	detail, waiting := book.Reached(limit)
	slices.Sort(waiting)
	for _, name := range waiting {
		held, err := log.Held(ctx, Presence(name))
		if err != nil {
			return "", err
		}
		if held {
			return detail, nil
		}
	}
	return "", nil
}
