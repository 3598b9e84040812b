package limiter

import (
	"context"
	"time"

	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/limit"
)

// Permit is the right to make one request. Done gives it back.
type Permit struct {
	pool    *Pool
	tokens  int
	episode uint64
	probe   bool
	done    bool
	also    *Permit // of a narrower pool, for the same request
}

// With adds the permit of a narrower pool for the same request, such as that of
// one run: Done gives back both. What the provider says concerns the wider one.
func (p *Permit) With(narrower *Permit) *Permit {
	p.also = narrower
	return p
}

// Done gives the permit back and tells the pool what came of the request: a
// reply, a failure, or neither if it was not made. Done twice is harmless.
func (p *Permit) Done(reply *provider.Reply, failure *provider.Error) {
	v := judge(reply, failure, p.tokens)
	p.settle(v)
	if p.also != nil {
		p.also.settle(verdict{sent: v.sent, used: v.used})
	}
}

// Pace waits until a request may leave whose permit is some time old: what has to
// happen in between, such as storing the intent, may have taken long, and then
// all of that time would ask at once. It returns how long it has waited, at most
// until ctx is done.
func (p *Permit) Pace(ctx context.Context) time.Duration {
	if p == nil {
		return 0
	}
	wait := p.pool.paced()
	if p.also != nil {
		wait = max(wait, p.also.pool.paced())
	}
	if wait == 0 {
		return 0
	}
	start := time.Now()
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
	return time.Since(start)
}

// paced takes the next place among the requests that leave, and returns how long
// it is until then.
func (p *Pool) paced() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.limits[limit.Requests] == 0 {
		return 0
	}
	wait := max(0, p.leaving.Wait(p.now(), 1))
	p.leaving.Take(1)
	return wait
}

func (p *Permit) settle(v verdict) {
	p.pool.mu.Lock()
	defer p.pool.mu.Unlock()
	if !p.done {
		p.pool.finish(p, v)
	}
}

// verdict is what a request says about its pool.
type verdict struct {
	sent    bool          // it may have counted against the limits
	asked   bool          // and something came of it
	good    bool          // the provider works and accepts us
	refused bool          // for its limits
	stopped bool          // us, for good
	failed  bool          // it, or the way to it, does not work
	pause   time.Duration // it asks us to wait
	used    int           // tokens; the estimate where it does not say
	class   string
	message string
}

func judge(reply *provider.Reply, failure *provider.Error, estimate int) verdict {
	v := verdict{used: estimate}
	switch {
	case reply != nil:
		v.sent, v.asked, v.good = true, true, true
		v.used = usage(reply.Usage, estimate)
		v.pause = spent(reply.Rate, estimate)
	case failure != nil:
		v.class, v.message = failure.Class, failure.Message
		v.judge(failure, estimate)
	}
	return v
}

func (v *verdict) judge(f *provider.Error, estimate int) {
	v.sent, v.asked = true, true
	v.used = usage(f.Usage, estimate)
	v.pause = max(f.RetryAfter, spent(f.Rate, estimate))
	switch f.Class {
	case provider.ClassUnprocessable:
		v.sent, v.asked = false, false
	case provider.ClassCancelled:
		v.asked = false
	case provider.ClassAuth:
		v.stopped = true
	case provider.ClassRateLimited:
		v.refused, v.stopped = f.Retryable, !f.Retryable
	case provider.ClassConnection, provider.ClassServerError, provider.ClassTimeout:
		v.failed = true
	default:
		v.good = f.Status > 0 // it answered; what it said is the call's matter
	}
}

func usage(u *events.Usage, estimate int) int {
	if u == nil {
		return estimate
	}
	return int(min(u.Input+u.Output, 1<<30))
}

// spent is how long to wait where a response says that less is left than the
// next request needs: limits fill up evenly, so it is the part of the time until
// they are full again that this much takes.
func spent(r provider.RateInfo, tokens int) time.Duration {
	d := lacking(r.Requests, 1)
	for _, w := range []provider.RateWindow{r.Tokens, r.Input} {
		d = max(d, lacking(w, int64(tokens)))
	}
	return d
}

func lacking(w provider.RateWindow, need int64) time.Duration {
	if !w.HasRemaining || !w.HasReset || w.Remaining >= need {
		return 0
	}
	if !w.HasLimit || w.Limit <= w.Remaining {
		return w.Reset
	}
	part := float64(need-w.Remaining) / float64(w.Limit-w.Remaining)
	return time.Duration(min(part, 1) * float64(w.Reset))
}

// finish gives back what a permit holds, once, and draws the consequences.
func (p *Pool) finish(permit *Permit, v verdict) {
	permit.done = true
	p.busy--
	p.advance(p.now())
	if v.sent {
		p.tokens.Take(float64(v.used - permit.tokens))
	} else {
		p.tokens.Take(-float64(permit.tokens))
		p.requests.Take(-1)
	}
	p.heed(permit, v)
	if permit.probe {
		p.probing = false
		if p.state.Gate.Probe == p.Member {
			me := p.Member
			p.change(func(s *limit.State) { s.Gate.Abandon(me) })
		}
	}
	p.pump()
	if p.owing {
		p.wake()
	}
}

// heed draws the consequences of a verdict.
func (p *Pool) heed(permit *Permit, v verdict) {
	me := p.Member
	if v.pause > 0 {
		until := p.now() + v.pause
		p.change(func(s *limit.State) { s.Hold(until - p.asOf) })
	}
	switch {
	case v.stopped:
		p.change(func(s *limit.State) { s.Gate.Stop(me, v.class, v.message) })
		return
	case v.good, v.refused: // whoever refuses works
		p.failures = 0
		if g := p.state.Gate; g.Mode == limit.Fresh || g.Mode == limit.Half || !g.Proven {
			p.change(func(s *limit.State) { s.Gate.Answered() })
		}
		if v.refused {
			p.refused(permit.episode)
		} else {
			p.good++
		}
		return
	case v.failed:
		p.failures++
		if p.failures >= limit.Failures && p.state.Gate.Mode == limit.Closed || permit.probe && p.state.Gate.Mode == limit.Half {
			p.failures = 0
			p.Logger.Warn().Str("pool", p.Name).Str("class", v.class).Msg("the provider does not answer: the pool pauses")
			p.change(func(s *limit.State) { s.Gate.Trip(v.class, v.message) })
		}
	}
	if v.asked && p.state.Gate.Mode == limit.Fresh {
		p.change(func(s *limit.State) { s.Gate.Tried() })
	}
}

// refused lowers the level, unless the refusal is noise: one among many, where
// the declared rates are kept.
func (p *Pool) refused(episode uint64) {
	p.counts.limited++
	if episode != p.state.Episode {
		return
	}
	declared := p.limits[limit.Requests] > 0 || p.limits[limit.Tokens] > 0
	if declared && p.good >= noise {
		p.change(func(s *limit.State) { s.Strayed(episode) })
	} else {
		p.change(func(s *limit.State) { s.Refused(episode) })
		p.Logger.Debug().Str("pool", p.Name).Int64("level", p.state.Level).Msg("the provider refuses: fewer requests")
	}
	p.good = 0
}
