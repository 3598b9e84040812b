package dispatcher

import (
	"context"
	"errors"
	"time"

	"github.com/crucible-go/crucible/internal/ledger"
)

// watchBudget suspends the run when its budget is reached: when calls wait for
// it, and nothing is under way that might leave them something.
func (f *follower) watchBudget(ctx context.Context) error {
	limit, err := f.r.Limit()
	if err != nil || limit.None() {
		return err
	}
	return ledger.Watch(ctx, f.Log, f.r.ID, f.r.Limit, func(ctx context.Context, detail string) error {
		suspended, resumed, _ := f.r.Suspensions()
		if f.isCancelled() || suspended > resumed {
			return nil
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.suspend(ctx, "budget", errors.New(detail))
	})
}

// suspendedPause is how long a suspended run that is to be cancelled is left
// alone before somebody goes on with it again.
const suspendedPause = time.Second
