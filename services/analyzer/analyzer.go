// Package analyzer keeps ClickHouse in step with the log and derives the
// results of runs that have ended.
//
// The sink copies every event of the control stream and of the run streams into
// ClickHouse: one process per stream at a time, elected by a lease. The analysis
// of a run begins when ClickHouse holds exactly what the end of the run states,
// by count and digest of each kind, and is refused otherwise. What it derives
// follows from the events alone, so it may be done twice, by whomever.
package analyzer

import (
	"context"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/runs"
	"github.com/crucible-go/crucible/internal/store"
	"github.com/crucible-go/crucible/pkg/events"
)

// Config configures an analyzer; its zero value is useful.
type Config struct {
	// Instance names this process in the events that it publishes.
	Instance string
	// Version is the version of Crucible, for the events.
	Version string
	// Rows is the most that one insert holds, default 10,000.
	Rows int
	// Linger is the least time between two inserts of a stream that are not full,
	// default half a second. When a run ends its last events are inserted at once.
	Linger time.Duration
}

func (c Config) withDefaults() Config {
	if c.Rows <= 0 {
		c.Rows = 10_000
	}
	if c.Linger <= 0 {
		c.Linger = 500 * time.Millisecond
	}
	return c
}

// Deps are what an analyzer works with.
type Deps struct {
	Log    *bus.Bus
	Store  *store.Store
	Now    func() time.Time
	Logger zerolog.Logger
}

// Run keeps ClickHouse in step and analyses runs until ctx is done.
func Run(ctx context.Context, c Config, d Deps) error {
	s := &service{Config: c.withDefaults(), Deps: d}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.sinkControl(ctx) })
	g.Go(func() error {
		return runs.Watch(ctx, d.Log, (*runs.Run).Unanalysed, s.sinkRun)
	})
	g.Go(func() error { return s.analyse(ctx, events.KindRunCompleted, "analyzer-completed") })
	g.Go(func() error { return s.analyse(ctx, events.KindRunCancelled, "analyzer-cancelled") })
	return g.Wait()
}

type service struct {
	Config
	Deps
}
