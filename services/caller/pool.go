package caller

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/crucible-go/crucible/internal/limiter"
	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
	"github.com/crucible-go/crucible/pkg/limit"
)

// pool is a provider with the permits that this process has for it, shared by
// all runs and, unless nobody minds, with all other callers.
type pool struct {
	experiment.Pool
	provider provider.Provider
	closer   io.Closer
	permits  *limiter.Pool
	own      *limiter.Pool // of one run whose spec has lower limits; nil for none
	workers  int           // calls of a run at a time
}

// newPool makes a pool, whose permits the caller keeps from now on.
func (c *caller) newPool(decl experiment.Pool, prov provider.Provider, closer io.Closer) (*pool, error) {
	p := &pool{Pool: decl, provider: prov, closer: closer, workers: max(1, decl.Concurrency)}
	conf := limiter.Config{
		Name:   decl.Name,
		Member: c.nonce + "_" + strconv.Itoa(len(c.pools)),
		Limit:  limit.PerMinute(max(1, decl.Concurrency), decl.RPM, decl.TPM),
		Proven: !bills(decl.Provider) || decl.Provider == provider.NameExec,
		Logger: c.Logger,
	}
	if c.Workers > 0 {
		p.workers = min(p.workers, c.Workers)
		conf.Most = c.Workers
	}
	if bills(decl.Provider) && !c.Sole {
		cell, err := c.Log.Cell(decl.Name)
		if err != nil {
			return nil, fmt.Errorf("pool %s: %w", decl.Name, err)
		}
		conf.Cell = cell
	}
	p.permits = limiter.New(conf)
	if c.Metrics != nil {
		c.Metrics.Add(p.permits)
	}
	c.keepUp(c.keep, p.permits)
	return p, nil
}

// narrowed is the pool with the limits of a run's spec, for all calls of the run
// in the cluster, where they are lower than the pool's. Call stop when the run
// makes no more calls here.
func (c *caller) narrowed(p *pool, run string, l experiment.Limits) (_ *pool, stop func(), err error) {
	less := func(a, b int) bool { return a > 0 && (b == 0 || a < b) }
	if !bills(p.Provider) || !less(l.Concurrency, p.Concurrency) && !less(l.RPM, p.RPM) && !less(l.TPM, p.TPM) {
		return p, func() {}, nil
	}
	n := *p
	conf := limiter.Config{Name: p.Name + " of run " + run, Member: p.permits.Member, Proven: true, Logger: c.Logger}
	calls := max(1, p.Concurrency)
	if l.Concurrency > 0 {
		calls = min(calls, l.Concurrency)
	}
	n.workers = min(n.workers, calls)
	if less(l.TPM, p.TPM) {
		n.TPM = l.TPM
	}
	conf.Limit = limit.PerMinute(calls, l.RPM, l.TPM)
	if p.permits.Cell != nil {
		if conf.Cell, err = c.Log.Cell(p.Name + "_" + run); err != nil {
			return nil, nil, fmt.Errorf("limits of the run: %w", err)
		}
	}
	n.own = limiter.New(conf)
	keep, stop := context.WithCancel(c.keep)
	c.keepUp(keep, n.own)
	return &n, stop, nil
}

// keepUp keeps the share of a pool until ctx is done.
func (c *caller) keepUp(ctx context.Context, p *limiter.Pool) {
	c.keeping.Go(func() {
		if err := p.Run(ctx); err != nil {
			c.Logger.Error().Err(err).Str("pool", p.Name).Msg("the limits are not shared: the pool makes no calls")
		}
	})
}

func (p *pool) concurrency() int { return p.workers }

// acquire waits for the permit of a request, in the order of the calls that wait.
// The error may be a *provider.Error: the pool is stopped, and the request would be
// turned away. Give the permit back by Done, with what came of the request.
func (p *pool) acquire(ctx context.Context, order *events.CallRequested) (*limiter.Permit, error) {
	return p.by(ctx, order, (*limiter.Pool).Acquire)
}

// acquireNext is acquire for a copy of a call that is under way, which goes before
// the calls that wait to begin.
func (p *pool) acquireNext(ctx context.Context, order *events.CallRequested) (*limiter.Permit, error) {
	return p.by(ctx, order, (*limiter.Pool).AcquireNext)
}

func (p *pool) by(ctx context.Context, order *events.CallRequested, acquire func(*limiter.Pool, context.Context, int) (*limiter.Permit, error)) (*limiter.Permit, error) {
	tokens := p.tokens(order)
	if p.own == nil {
		return acquire(p.permits, ctx, tokens)
	}
	own, err := acquire(p.own, ctx, tokens)
	if err != nil {
		return nil, err
	}
	permit, err := acquire(p.permits, ctx, tokens)
	if err != nil {
		own.Done(nil, nil)
		return nil, err
	}
	return permit.With(own), nil
}

// tokens is what a request will use: its prompt, at four bytes a token, and the
// longest answer that it allows, if it says one. What it used in fact is settled
// afterwards.
func (p *pool) tokens(order *events.CallRequested) int {
	if p.TPM <= 0 {
		return 0
	}
	n := 0
	for _, m := range order.Messages {
		n += len(m.Content)
	}
	var most struct {
		Max        int `json:"max_tokens"`
		Completion int `json:"max_completion_tokens"`
		Output     int `json:"max_output_tokens"`
	}
	if json.Unmarshal(order.Params, &most) != nil {
		return n/4 + 1 // the provider will say what is wrong with them
	}
	return n/4 + 1 + max(0, most.Max, most.Completion, most.Output)
}
