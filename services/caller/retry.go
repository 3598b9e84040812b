package caller

import (
	"context"
	"math/rand/v2"
	"time"

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
	for failures := 0; ; {
		last, err := c.round(ctx)
		switch {
		case err != nil:
			return nil, err
		case last.failure == nil:
			return c.answered(last), nil
		case last.failure.Class == provider.ClassCancelled:
			return c.failed(events.CallCancelled, last.failure), nil
		}
		failures++
		if !last.failure.Retryable || failures > c.order.Retries {
			return c.failed(events.CallFailed, last.failure), nil
		}
		if err := c.backoff(ctx, failures, last.failure.RetryAfter); err != nil {
			return nil, err
		}
	}
}

// round makes one attempt, and returns it.
func (c *call) round(ctx context.Context) (*attempt, error) {
	a := c.attempt(c.primary(), 0)
	if err := a.make(ctx); err != nil {
		return nil, err
	}
	if a.number > 0 {
		if c.order.Virtual {
			a.record.StartNS = c.virtual
			c.virtual += a.virtual()
		}
		c.note(a)
	}
	return a, nil
}

// virtual is how long the attempt took on the virtual clock.
func (a *attempt) virtual() int64 {
	if a.reply != nil {
		return a.reply.LatencyNS
	}
	return a.failure.LatencyNS
}

// backoff waits before a retry: as long as the provider asks for, else a random
// share of a doubling ceiling (full jitter). Virtual time passes at once. The
// jitter follows from the order's seed, so that a simulation repeats itself.
func (c *call) backoff(ctx context.Context, failures int, asked time.Duration) error {
	ceiling := min(firstBackoff<<min(failures-1, 10), longestBackoff)
	rng := rand.New(rand.NewPCG(c.order.Seed, uint64(c.draws)))
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
