package caller

import (
	"context"
	"io"

	"golang.org/x/time/rate"

	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
)

// pool is a provider with what this process may ask of it: permits for
// concurrent calls, requests and tokens per minute, shared by all runs.
type pool struct {
	experiment.Pool
	provider provider.Provider
	closer   io.Closer
	permits  chan struct{}
	requests *rate.Limiter
	tokens   *rate.Limiter
}

func newPool(decl experiment.Pool, p provider.Provider, closer io.Closer) *pool {
	return &pool{
		Pool:     decl,
		provider: p,
		closer:   closer,
		permits:  make(chan struct{}, max(1, decl.Concurrency)),
		requests: perMinute(decl.RPM),
		tokens:   perMinute(decl.TPM),
	}
}

// perMinute allows n a minute, evenly, with a burst of a second's worth; nil
// for 0, no limit.
func perMinute(n int) *rate.Limiter {
	if n <= 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(float64(n)/60), max(1, n/60))
}

func (p *pool) concurrency() int { return cap(p.permits) }

// acquire waits for a permit and for the rates; release gives the permit back.
func (p *pool) acquire(ctx context.Context, order *events.CallRequested) error {
	select {
	case p.permits <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	err := wait(ctx, p.requests, 1)
	if err == nil {
		err = wait(ctx, p.tokens, estimate(order))
	}
	if err != nil {
		p.release()
	}
	return err
}

func (p *pool) release() { <-p.permits }

// wait takes n from the limiter; an order larger than the burst takes the burst.
func wait(ctx context.Context, l *rate.Limiter, n int) error {
	if l == nil {
		return nil
	}
	return l.WaitN(ctx, min(n, l.Burst()))
}

// estimate is the number of tokens of a prompt, at four bytes each.
func estimate(order *events.CallRequested) int {
	n := 0
	for _, m := range order.Messages {
		n += len(m.Content)
	}
	return n/4 + 1
}
