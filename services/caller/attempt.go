package caller

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/money"
)

const (
	defaultTimeout = 60 * time.Second
	firstBackoff   = 500 * time.Millisecond
	longestBackoff = 30 * time.Second
)

// make asks until there is an answer, a failure that stays, or no retry left.
func (c *call) make(ctx context.Context) (*events.CallCompleted, error) {
	for failures := 0; ; {
		reply, failure, err := c.attempt(ctx)
		switch {
		case err != nil:
			return nil, err
		case failure == nil:
			return c.answered(reply), nil
		case failure.Class == provider.ClassCancelled:
			return c.failed(events.CallCancelled, failure), nil
		}
		failures++
		if !failure.Retryable || failures > c.order.Retries {
			return c.failed(events.CallFailed, failure), nil
		}
		if err := c.backoff(ctx, failures, failure.RetryAfter); err != nil {
			return nil, err
		}
	}
}

// attempt asks once: permit, intent, request. The error is one of ours, for
// which the order must be delivered again; the failure is the attempt's.
func (c *call) attempt(ctx context.Context) (*provider.Reply, *provider.Error, error) {
	before := c.Now()
	if err := c.pool.acquire(ctx, c.order); err != nil {
		return nil, cancelled(ctx), unlessCancelled(ctx, err)
	}
	defer c.pool.release()
	c.waited += c.Now().Sub(before)
	if f := cancelled(ctx); f != nil {
		return nil, f, nil
	}
	if err := c.intend(ctx); err != nil {
		return nil, cancelled(ctx), unlessCancelled(ctx, err)
	}
	n := c.next
	c.next++

	timeout := time.Duration(c.order.TimeoutNS)
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	actx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	start := c.Now()
	if c.sent.IsZero() {
		c.sent = start
	}
	reply, err := c.pool.provider.Ask(actx, &provider.Request{
		Provider: c.order.Provider,
		Model:    c.request.Model,
		Member:   c.request.Member,
		Order:    c.order,
		Attempt:  n,
	})
	a := events.Attempt{Attempt: n, StartNS: start.Sub(c.sent).Nanoseconds(), BackoffNS: c.backedOff.Nanoseconds()}
	if c.order.Virtual {
		a.StartNS = c.virtual
	}
	took := c.Now().Sub(start).Nanoseconds()
	if err != nil {
		failure := asFailure(err)
		if failure.Class == provider.ClassCancelled && cancelled(ctx) == nil {
			return nil, nil, context.Cause(ctx) // we are stopping: the order stays with the log
		}
		c.record(a, took, failure)
		return nil, failure, nil
	}
	c.recordAnswer(a, took, reply)
	return reply, nil, nil
}

// intend stores call.started. Attempts that others made meanwhile are noted and
// the next number is taken.
func (c *call) intend(ctx context.Context) error {
	r := c.request
	for {
		ev := events.About(events.StartedSubject(r.Run, r.Query, r.Call, c.next), c.source(), r.ID, c.Now())
		c.describe(&ev)
		ev.Data = &events.CallStarted{Attempt: c.next, Nonce: c.nonce, Caller: c.Instance}
		stored, err := c.Log.PublishEvents(ctx, &ev)
		if err != nil {
			return err
		}
		if stored[0].New {
			return nil
		}
		mine, err := events.Decode(events.KindCallStarted, stored[0].Payload)
		if err == nil && mine.Data.(*events.CallStarted).Nonce == c.nonce && len(c.attempts) < c.next {
			return nil // stored by us; only the acknowledgement was lost
		}
		if err := c.lost(ctx, stored[0].Payload); err != nil {
			return err
		}
	}
}

func (c *call) describe(ev *events.Event) {
	r := c.request
	ev.Condition, ev.Repeat, ev.Item, ev.Member, ev.Model = r.Condition, r.Repeat, r.Item, r.Member, r.Model
}

func (c *call) record(a events.Attempt, took int64, f *provider.Error) {
	a.Outcome = events.CallFailed
	if f.Class == provider.ClassCancelled {
		a.Outcome = events.CallCancelled
	}
	a.LatencyNS = took
	if c.order.Virtual {
		a.LatencyNS = f.LatencyNS
		c.virtual += f.LatencyNS
	}
	a.Failure = &events.Failure{Class: f.Class, Message: f.Message}
	a.Status, a.RequestID, a.Served, a.Usage = f.Status, f.RequestID, f.Served, f.Usage
	switch usd, known := c.price(f.Usage); {
	case f.Usage != nil && known:
		a.CostUSD = usd.String()
	case f.Billed != provider.BilledNo && bills(c.order.Provider):
		c.unpriced = true
	}
	c.attempts = append(c.attempts, a)
}

func (c *call) recordAnswer(a events.Attempt, took int64, r *provider.Reply) {
	a.Outcome = events.CallAnswered
	a.FirstByteNS = r.FirstByteNS
	switch {
	case r.LatencyNS > 0:
		a.LatencyNS = r.LatencyNS
		c.virtual += r.LatencyNS
	case r.HasLatency:
		a.LatencyNS = took
	}
	a.Usage, a.RequestID, a.Served, a.Status = r.Usage, r.RequestID, r.Served, r.Status
	if usd, known := c.price(r.Usage); known {
		a.CostUSD = usd.String()
	} else {
		c.unpriced = true
	}
	c.attempts = append(c.attempts, a)
}

// price is what the usage costs; unknown where the price or the usage is.
func (c *call) price(u *events.Usage) (money.USD, bool) {
	if !bills(c.order.Provider) {
		return money.USD{}, true
	}
	if c.order.Price == nil || u == nil {
		return money.USD{}, false
	}
	in, err := money.Parse(c.order.Price.Input)
	if err != nil {
		return money.USD{}, false
	}
	out, err := money.Parse(c.order.Price.Output)
	if err != nil {
		return money.USD{}, false
	}
	return money.PerMillion(in, u.Input).Add(money.PerMillion(out, u.Output)), true
}

// backoff waits before a retry: as long as the provider asks for, else a random
// share of a doubling ceiling (full jitter). Virtual time passes at once. The
// jitter follows from the order's seed, so that a simulation repeats itself.
func (c *call) backoff(ctx context.Context, failures int, asked time.Duration) error {
	ceiling := min(firstBackoff<<min(failures-1, 10), longestBackoff)
	rng := rand.New(rand.NewPCG(c.order.Seed, uint64(c.next)))
	d := time.Duration(rng.Int64N(int64(ceiling)))
	if asked > 0 {
		d = asked
	}
	c.backedOff = d
	if c.order.Virtual {
		c.virtual += d.Nanoseconds()
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return unlessCancelled(ctx, ctx.Err())
	}
}

func asFailure(err error) *provider.Error {
	var f *provider.Error
	if errors.As(err, &f) {
		return f
	}
	return &provider.Error{Class: provider.ClassMalformedReply, Message: err.Error()}
}

// cancelled is the failure of a call whose run was cancelled, nil if it was not.
func cancelled(ctx context.Context) *provider.Error {
	if errors.Is(context.Cause(ctx), errRunCancelled) {
		return &provider.Error{Class: provider.ClassCancelled, Message: errRunCancelled.Error(), Billed: provider.BilledNo}
	}
	return nil
}

func unlessCancelled(ctx context.Context, err error) error {
	if cancelled(ctx) != nil {
		return nil
	}
	return err
}
