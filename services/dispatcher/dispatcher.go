// Package dispatcher plans runs and follows them to their end.
//
// It turns run.requested into run.planned or run.rejected, and a planned run
// into query.dispatched and call.requested, never more undecided queries at a
// time than the plan allows, so that no service's memory grows with the run.
// When every query is decided and every call has its terminal fact it states
// what the run's stream holds, count and digest of each kind, and ends the run.
//
// For each run one dispatcher at a time, elected by a lease, folds the run's
// stream; what it does next follows from the log alone.
package dispatcher

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/runs"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
	"github.com/crucible-go/crucible/pkg/prices"
)

// Config configures a dispatcher; its zero value plans runs whose data lies in
// the object store and whose pools need no declaration.
type Config struct {
	// Instance names this process in the events that it publishes.
	Instance string
	// Pools are the pools that callers serve; a run that needs another is
	// rejected, unless SpecPools.
	Pools []experiment.Pool
	// SpecPools lets specs declare their own pools.
	SpecPools bool
	// DataRoot is the folder below which a spec may name data files, "" for none:
	// only objects then.
	DataRoot string
	// Prices are the prices of models whose specs name none and whose submitter
	// sent no table; nil: they are unknown.
	Prices *prices.Table
	// Version is recorded in the plan.
	Version string
}

// Deps are what a dispatcher works with.
type Deps struct {
	Log    *bus.Bus
	Now    func() time.Time
	Logger zerolog.Logger
}

// dispatcher is one process's share of the planning.
type dispatcher struct {
	Config
	Deps

	mu    sync.Mutex
	plans map[string]made // not yet followed
}

// made is a plan that this process made, with the hash of its spec.
type made struct {
	spec string
	plan *experiment.Plan
}

// Run plans and follows runs until ctx is done.
func Run(ctx context.Context, c Config, d Deps) error {
	p := &dispatcher{Config: c, Deps: d, plans: map[string]made{}}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		return d.Log.Consume(gctx, bus.ConsumeConfig{
			Stream:  events.ControlStream,
			Durable: "dispatcher_requested",
			Filter:  events.Subject{Kind: events.KindRunRequested}.Filter(),
			Workers: 4,
			Service: "dispatcher",
			OnDead:  p.dead,
		}, p.requested)
	})
	g.Go(func() error {
		return runs.Watch(gctx, d.Log, (*runs.Run).Open, p.attend)
	})
	if err := g.Wait(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("dispatcher: %w", err)
	}
	return nil
}

func (d *dispatcher) source() string { return "dispatcher/" + d.Instance }

// attend follows one run whenever this process leads it.
func (d *dispatcher) attend(ctx context.Context, r *runs.Run) error {
	ctx, stop := r.UntilEnded(ctx)
	defer stop()
	defer d.take(r.ID)
	for {
		err := d.Log.Lead(ctx, r.Lease("dispatcher"), func(ctx context.Context) error {
			return d.follow(ctx, r)
		})
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, errSuspended):
			if !r.WaitResumed(ctx) {
				return nil
			}
			d.pause(ctx, r)
		case err != nil:
			return fmt.Errorf("run %s: %w", r.ID, err)
		default:
			return nil
		}
	}
}

// pause waits a moment before somebody goes on with a run that is suspended and
// to be cancelled: it may be suspended again at once.
func (d *dispatcher) pause(ctx context.Context, r *runs.Run) {
	if suspended, resumed, _ := r.Suspensions(); suspended <= resumed {
		return
	}
	t := time.NewTimer(suspendedPause)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

func (d *dispatcher) follow(ctx context.Context, r *runs.Run) error {
	plan, err := d.planOf(ctx, r)
	var user *userError
	if errors.As(err, &user) {
		return d.fail(ctx, r, user.Error())
	}
	if err != nil {
		return err
	}
	return newFollower(d, r, plan).run(ctx)
}

// take hands out the plan that this process made for the run, once.
func (d *dispatcher) take(run string) made {
	d.mu.Lock()
	defer d.mu.Unlock()
	m := d.plans[run]
	delete(d.plans, run)
	return m
}

// planOf is the plan that this process made for the run, or the same plan made
// anew from what the log holds.
func (d *dispatcher) planOf(ctx context.Context, r *runs.Run) (*experiment.Plan, error) {
	if m := d.take(r.ID); m.plan != nil && m.spec == r.Planned.SpecHash {
		return m.plan, nil
	}
	spec, err := experiment.ParseResolved(r.Planned.Config)
	if err != nil {
		return nil, &userError{fmt.Errorf("the plan's configuration cannot be read: %w", err)}
	}
	plan, err := Plan(ctx, spec, d.open)
	if err != nil {
		return nil, err
	}
	if plan.DatasetHash() != r.Planned.DatasetHash {
		return nil, &userError{fmt.Errorf("the data set has changed since the run was planned: its hash was %s and is %s", r.Planned.DatasetHash, plan.DatasetHash())}
	}
	return plan, nil
}

// fail ends a run that cannot go on.
func (d *dispatcher) fail(ctx context.Context, r *runs.Run, reason string) error {
	ev := events.About(events.RunSubject(events.KindRunFailed, r.ID), d.source(), r.PlannedID, d.Now())
	ev.Data = &events.RunFailed{RunEnd: events.RunEnd{State: events.StateFailed, Reason: reason, Queries: r.Planned.Queries, CostUSD: "0"}}
	_, err := d.Log.PublishEvents(ctx, &ev)
	return err
}

// open is the Opener of a service: objects, and files below the data root.
func (d *dispatcher) open(ctx context.Context, path string) (io.ReadCloser, error) {
	return Open(ctx, d.Log, d.DataRoot, path)
}
