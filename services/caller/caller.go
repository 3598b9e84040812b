// Package caller asks the models: it turns each call.requested into provider
// calls and one terminal fact, call.completed.
//
// A call costs money, so the log knows of it before it is made (call.started)
// and an answer that arrived is never asked for again: whoever gets the order a
// second time finds the terminal fact and asks nobody. An attempt whose caller
// died is made again as the next attempt, and the lost one stays in the record.
package caller

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/ledger"
	"github.com/crucible-go/crucible/internal/limiter"
	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/internal/runs"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
)

// Config configures a caller.
type Config struct {
	// Instance names this process in the events that it publishes.
	Instance string
	// Pools are the pools that this caller serves.
	Pools []experiment.Pool
	// SpecPools lets a run's own spec declare its pools: for a process that the
	// submitter of the run owns, never for a shared service, since a pool names
	// programs to start and servers to send keys to.
	SpecPools bool
	// Workers lowers the calls at a time of each pool; 0 leaves them.
	Workers int
	// Sole says that no other process makes calls on this log, so that orders
	// left by an earlier life of this one are taken back at once.
	Sole bool
	// Cache is a folder in which answers are kept to be used again, of every run;
	// "": the answers of runs whose specs say so are kept beside the log.
	Cache string
	// AckWait is the time after which the order of a silent caller goes to
	// another, by default 30 s.
	AckWait time.Duration
}

// Deps are what a caller works with.
type Deps struct {
	Log    *bus.Bus
	Getenv func(string) string
	Now    func() time.Time
	Logger zerolog.Logger
	// Metrics shows the pools; nil shows them to nobody.
	Metrics *limiter.Metrics
}

// caller is one process's share of the calls.
type caller struct {
	Config
	Deps
	nonce     string
	waiting   rate.Sometimes // says that answers wait for the log
	forgetful rate.Sometimes // says that the cache does not work
	lag       *lagMeter
	policies  policies

	keep    context.Context // until close: that of the shares of limits
	keeping sync.WaitGroup

	mu    sync.Mutex
	pools map[string]*pool
	busy  map[string]bool // calls being made here

	alive atomic.Bool // others can see that this caller lives
}

// Run makes the calls of every run, for the pools that it serves, until ctx is
// done. Then it fetches no more orders and lets those under way finish.
func Run(ctx context.Context, c Config, d Deps) error {
	if c.AckWait == 0 {
		c.AckWait = 30 * time.Second
	}
	m := &caller{Config: c, Deps: d, nonce: rand.Text(), waiting: rate.Sometimes{First: 1, Interval: 10 * time.Second}, forgetful: rate.Sometimes{First: 1, Interval: time.Minute}, pools: map[string]*pool{}, busy: map[string]bool{}, lag: newLagMeter(d.Now)}
	keep, stop := context.WithCancel(context.WithoutCancel(ctx))
	m.keep = keep
	defer m.close(stop)
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return m.present(gctx) })
	g.Go(func() error {
		m.lag.run(gctx)
		return nil
	})
	g.Go(func() error { return runs.Watch(gctx, d.Log, (*runs.Run).Open, m.attend) })
	if err := g.Wait(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("caller: %w", err)
	}
	return nil
}

// presence is the name of the lease that a living caller holds.
func presence(nonce string) string { return ledger.Presence(nonce) }

// present holds this caller's lease, by which others see that it lives.
func (c *caller) present(ctx context.Context) error {
	return c.Log.Lead(ctx, presence(c.nonce), func(ctx context.Context) error {
		c.alive.Store(true)
		defer c.alive.Store(false)
		<-ctx.Done()
		return ctx.Err()
	})
}

// attend consumes the orders of one run, a consumer for each of its pools that
// this caller serves.
func (c *caller) attend(ctx context.Context, r *runs.Run) error {
	ctx, stop := r.UntilEnded(ctx)
	defer stop()
	declared, dir := c.Pools, ""
	spec, err := experiment.ParseResolved(r.Planned.Config)
	switch {
	case err != nil && c.SpecPools:
		return fmt.Errorf("run %s: read the plan's configuration: %w", r.ID, err)
	case err != nil:
		spec = new(experiment.Spec) // of another version: the pools' own limits hold
	case c.SpecPools:
		dir = r.Dir
		declared = append(declared[:len(declared):len(declared)], spec.Pools()...)
	}
	pools := map[string]*pool{}
	funds, err := c.budget(r)
	if err != nil {
		return err
	}
	defer funds.Close()
	for _, name := range r.Planned.Pools {
		decl, ok := find(declared, name)
		if !ok {
			continue // another caller's
		}
		p, err := c.open(decl, dir)
		if err != nil {
			return fmt.Errorf("run %s: pool %s: %w", r.ID, name, err)
		}
		p, stop, err := c.narrowed(p, r.ID, spec.Lowered(name))
		if err != nil {
			return fmt.Errorf("run %s: pool %s: %w", r.ID, name, err)
		}
		defer stop()
		pools[name] = p
	}
	if len(pools) == 0 {
		return nil
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return c.keepBudget(ctx, r, funds) })
	b := newBoard()
	g.Go(func() error { return b.watch(ctx, c.Log, r) })
	for _, p := range pools {
		w := &worker{caller: c, run: r, pool: p, pools: pools, board: b, funds: funds, answers: c.cache(spec)}
		g.Go(func() error { return w.consume(ctx) })
	}
	return g.Wait()
}

func find(pools []experiment.Pool, name string) (experiment.Pool, bool) {
	for _, p := range pools {
		if p.Name == name {
			return p, true
		}
	}
	return experiment.Pool{}, false
}

func (w *worker) consume(ctx context.Context) error {
	return w.Log.Consume(ctx, bus.ConsumeConfig{
		Stream:  events.RunStream(w.run.ID),
		Durable: "caller_" + w.pool.Name,
		Filter:  events.Subject{Kind: events.KindCallRequested, Run: w.run.ID, Tail: w.pool.Name}.Filter(),
		// Permits bound what is under way: half of the workers wait for one, with
		// their order decoded, while the other half's answers are being stored.
		Workers: 2 * w.pool.concurrency(),
		AckWait: w.AckWait,
		Reset:   w.Sole,
		Service: "caller",
		OnDead:  w.unprocessable,
	}, w.handle)
}

// open returns the process's pool of the name, opening it at its first use. A
// program is started in dir.
func (c *caller) open(decl experiment.Pool, dir string) (*pool, error) {
	key := decl.Name
	if decl.Provider == provider.NameExec {
		key += " " + dir
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.pools[key]; p != nil {
		return p, nil
	}
	prov, closer, err := provider.Open(provider.PoolOf(decl, dir), c.Getenv)
	if err != nil {
		return nil, err
	}
	p, err := c.newPool(decl, prov, closer)
	if err != nil {
		return nil, errors.Join(err, closer.Close())
	}
	c.pools[key] = p
	return p, nil
}

// close gives back the shares of the limits, once no call is under way, and closes
// the providers.
func (c *caller) close(stop func()) {
	stop()
	c.keeping.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.pools {
		if p.closer != nil {
			_ = p.closer.Close() // a program that would not end is killed by its pool
		}
	}
}

// claim marks a call as being made here; false if it already is.
func (c *caller) claim(call string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.busy[call] {
		return false
	}
	c.busy[call] = true
	return true
}

func (c *caller) release(call string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.busy, call)
}
