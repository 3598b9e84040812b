package caller

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/events"
)

const (
	firstBackoff   = 500 * time.Millisecond
	longestBackoff = 30 * time.Second
)

// make asks, round by round, until there is an answer, a failure that stays, or
// no retry left.
func (c *call) make(ctx context.Context) (*events.CallCompleted, error) {
	p, err := c.policy()
	if err != nil {
		return nil, bus.Malformed(err)
	}
	for failures := 0; ; {
		last, err := c.round(ctx, p)
		switch {
		case err != nil:
			return nil, err
		case last.reply != nil:
			return c.answered(last), nil
		case last.failure.Class == provider.ClassCancelled:
			return c.failed(events.CallCancelled, last.failure), nil
		}
		failures++
		if !last.failure.Retryable || failures > c.order.Retries {
			return c.failed(events.CallFailed, last.failure), nil
		}
		wait := c.backoff(failures, last.failure.RetryAfter)
		if c.beyond(wait) {
			f := deadlinePassed(c.order)
			f.Message += "; the last one: " + last.failure.Error()
			f.Simulated = last.failure.Simulated
			return c.failed(events.CallFailed, f), nil
		}
		if p != nil {
			p.Budget().Spend()
		}
		if err := c.rest(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// round makes one attempt, or a race of several, and returns the one that counts.
func (c *call) round(ctx context.Context, p *policy) (a *attempt, err error) {
	switch {
	case p == nil:
		a = c.attempt(c.primary(), 0)
		err = a.make(ctx)
		if a.number > 0 && err == nil {
			c.alone(a)
		}
	case c.order.Virtual:
		a, err = c.play(ctx, p)
	default:
		a, err = c.race(ctx, p)
	}
	return a, err
}

// alone notes an attempt that had no copies.
func (c *call) alone(a *attempt) {
	if c.order.Virtual {
		a.record.StartNS = c.virtual
		if c.virtual += a.virtual(); c.virtual > int64(c.lastInstant()) {
			c.virtual = int64(c.lastInstant())
			a.reply, a.failure = nil, deadlinePassed(c.order)
			a.failure.LatencyNS, a.failure.Simulated = c.virtual-a.record.StartNS, true
		}
	}
	c.note(a)
}

// virtual is how long the attempt took on the virtual clock.
func (a *attempt) virtual() int64 {
	if a.reply != nil {
		return a.reply.LatencyNS
	}
	return a.failure.LatencyNS
}

// backoff is how long to wait before a retry: as long as the provider asks for,
// else a random share of a doubling ceiling (full jitter). The jitter follows from
// the order's seed, so that a simulation repeats itself.
func (c *call) backoff(failures int, asked time.Duration) time.Duration {
	if asked > 0 {
		return asked
	}
	ceiling := min(firstBackoff<<min(failures-1, 10), longestBackoff)
	rng := rand.New(rand.NewPCG(c.order.Seed, uint64(c.draws)))
	return time.Duration(rng.Int64N(int64(ceiling)))
}

// beyond reports whether the call's deadline passes before a retry can be sent.
func (c *call) beyond(wait time.Duration) bool {
	d := time.Duration(c.order.DeadlineNS)
	switch {
	case d <= 0:
		return false
	case c.order.Virtual:
		return time.Duration(c.virtual)+wait >= d
	}
	return c.sinceBegan(c.Now())+wait >= d
}

// rest waits; virtual time passes at once.
func (c *call) rest(ctx context.Context, d time.Duration) error {
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
