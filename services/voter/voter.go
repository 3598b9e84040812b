// Package voter turns the answers to a query into one verdict.
//
// For each run one voter at a time, elected by a lease, folds the run's stream
// in order: query.dispatched says what is asked of whom, call.completed brings
// the ballots, vote.decided says what has been decided before. What it decides
// follows from the log alone, so it may be killed at any time, and two voters
// that both believe themselves elected publish the same fact once.
package voter

import (
	"context"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/runs"
)

// Config configures a voter; its zero value is useful.
type Config struct {
	// Instance names this process in the events that it publishes.
	Instance string
}

// Deps are what a voter works with.
type Deps struct {
	Log    *bus.Bus
	Now    func() time.Time
	Logger zerolog.Logger
}

// Run votes on the queries of every run until ctx is done.
func Run(ctx context.Context, c Config, d Deps) error {
	return runs.Watch(ctx, d.Log, (*runs.Run).Open, func(ctx context.Context, r *runs.Run) error {
		ctx, stop := r.UntilEnded(ctx)
		defer stop()
		err := d.Log.Lead(ctx, r.Lease("voter"), func(ctx context.Context) error {
			return newFold(c, d, r).run(ctx)
		})
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("vote on run %s: %w", r.ID, err)
		}
		return nil
	})
}
