package caller

import (
	"context"
	"sync"
	"time"

	"github.com/crucible-go/crucible/internal/limiter"
	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/hedge"
)

// race is a round of a call: copies of it that run side by side, of which the
// first answer wins. The first copy runs in the goroutine of the call; a backup
// has one of its own, which begins when the policy's delay has passed and ends
// with the backup, so a call that needs none costs a timer.
type race struct {
	*call
	policy *policy
	ctx    context.Context
	began  time.Time

	lock    sync.Mutex // of what follows, and never held while anybody waits
	state   hedge.Call
	copies  []*attempt
	running int
	timer   *time.Timer
	armed   bool // the timer is set, or its function has not looked yet
	over    bool // somebody won, or nobody can any more
	winner  *attempt
	best    *attempt // the best answer that is not good enough to win
	last    *attempt // the last one to fail
	err     error
	leave   context.CancelFunc // ends the wait of a backup for its permit
	idle    chan struct{}      // closed when nothing runs and nothing will
}

// race makes a round of copies, and returns the winner or the last one to fail.
func (c *call) race(ctx context.Context, p *policy) (*attempt, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	r := &race{call: c, policy: p, ctx: ctx, idle: make(chan struct{})}
	first := c.attempt(c.primary(), 0)
	if err := first.acquire(ctx); err != nil || first.failure != nil {
		return first, err
	}
	if err := first.intend(ctx); err != nil || first.failure != nil {
		first.settle()
		if err == nil {
			c.note(first)
		}
		return first, err
	}
	r.begin(first)
	r.run(first)
	<-r.idle
	return r.end()
}

// begin starts the clock of the round.
func (r *race) begin(first *attempt) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.began = r.Now()
	r.state = r.policy.Begin(r.class(r.policy), r.roll(), 0)
	r.join(first)
	r.arm()
}

// clock is the time since the round began.
func (r *race) clock() time.Duration { return r.Now().Sub(r.began) }

// join adds a copy.
func (r *race) join(a *attempt) {
	a.ctx, a.cancel = context.WithCancelCause(r.ctx)
	r.copies = append(r.copies, a)
	r.running++
}

// arm sets the timer for the next copy, if there is to be one.
func (r *race) arm() {
	at, ok := r.state.Next()
	if r.over || !ok {
		r.disarm()
		return
	}
	wait := max(0, at-r.clock())
	switch {
	case r.timer == nil:
		r.timer, r.armed = time.AfterFunc(wait, r.fire), true
	case !r.armed:
		r.armed = true
		r.timer.Reset(wait)
	case r.timer.Stop():
		r.timer.Reset(wait)
	} // else it fires now, and looks by itself
}

func (r *race) disarm() {
	if r.armed && r.timer.Stop() {
		r.armed = false
	}
}

// fire is the timer's: it makes the next copy.
func (r *race) fire() {
	var permit *limiter.Permit
	t, line := r.due()
	if line != nil && t.pool != nil {
		// Without a permit the copy is not made: the race is over, or the pool is shut.
		permit, _ = t.pool.acquireNext(line, t.order)
	}
	r.lock.Lock()
	a := r.next(t, line != nil, permit)
	if a == nil {
		if permit != nil {
			permit.Done(nil, nil)
		}
		r.settled()
	}
	r.lock.Unlock()
	if a == nil {
		return
	}
	if err := a.intend(r.ctx); err != nil || a.failure != nil {
		a.settle()
		r.withdrawn(a, err)
		return
	}
	r.run(a)
}

// due is what the next copy asks, and a context for the wait for its permit that
// ends with the race; nil if the time of the copy has not come.
func (r *race) due() (target, context.Context) {
	r.lock.Lock()
	defer r.lock.Unlock()
	at, ok := r.state.Next()
	if r.over || !ok || r.clock() < at {
		return target{}, nil
	}
	line, leave := context.WithCancel(r.ctx)
	r.leave = leave
	return r.target(len(r.copies)), line
}

// next returns the copy whose time has come, if the budget has a token for it; it
// has its permit.
func (r *race) next(t target, due bool, permit *limiter.Permit) *attempt {
	r.armed = false
	if r.leave != nil {
		r.leave()
		r.leave = nil
	}
	if r.over {
		return nil
	}
	if !due {
		r.arm() // it was too early, or there is none
		return nil
	}
	if !r.state.Start(r.clock()) {
		return nil
	}
	if permit == nil {
		r.state.Withdraw()
		return nil
	}
	a := r.attempt(t, len(r.copies))
	a.permit = permit
	if !a.affordable() {
		a.settle()
		r.state.Withdraw()
		return nil
	}
	r.join(a)
	r.arm()
	return a
}

// run asks, gives back the permit and takes note of what came.
func (r *race) run(a *attempt) {
	err := a.ask(a.ctx)
	a.settle()
	r.lock.Lock()
	defer r.lock.Unlock()
	a.cancel(nil)
	r.running--
	switch now := r.clock(); {
	case err != nil:
		r.err, r.last = err, a
		r.stop()
	case r.over:
		// it lost, and ends now
	case a.reply != nil:
		r.answered(a, now)
	default:
		r.failed(a, now)
	}
	r.settled()
}

func (r *race) answered(a *attempt, now time.Duration) {
	q := quality(a.reply)
	if r.best == nil || q > quality(r.best.reply) {
		r.best = a
	}
	if r.state.Answered(a.copy, q, now) {
		r.winner = a
		r.stop()
		return
	}
	r.arm()
}

func (r *race) failed(a *attempt, now time.Duration) {
	r.last = a
	if a.failure.Class == provider.ClassCancelled {
		r.stop()
		return
	}
	r.state.Failed(a.copy, now)
	if r.running == 0 && !r.helps(a) {
		r.stop()
		return
	}
	r.arm()
}

// helps reports whether another copy may answer though this one failed: not if it
// was turned away for something that the next would share.
func (r *race) helps(a *attempt) bool {
	next := r.target(len(r.copies))
	if next.pool != a.to.pool || next.model != a.to.model {
		return true
	}
	return a.failure.Retryable && a.failure.Class != provider.ClassRateLimited
}

// withdrawn takes back a copy that could not be announced; the others go on.
func (r *race) withdrawn(a *attempt, err error) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.running--
	r.state.Withdraw()
	a.cancel(nil)
	a.failure = &provider.Error{Class: provider.ClassCancelled, Message: "it was not sent", Billed: provider.BilledNo}
	if err != nil && r.running == 0 && !r.over {
		r.err = err
	}
	r.settled()
}

// stop ends the race: no further copies, and those under way are cancelled,
// unless they are to run to their end for their exact cost.
func (r *race) stop() {
	r.over = true
	r.disarm()
	if r.leave != nil {
		r.leave()
	}
	if r.winner != nil && !r.policy.spec.Cancels() {
		return
	}
	for _, a := range r.copies {
		if a != r.winner {
			a.cancel(errOutrun)
		}
	}
}

// settled closes idle when nothing runs and nothing will.
func (r *race) settled() {
	if r.running > 0 || r.armed {
		return
	}
	r.over = true
	select {
	case <-r.idle:
	default:
		close(r.idle)
	}
}

// end notes every copy, and returns the one that counts.
func (r *race) end() (*attempt, error) {
	r.lock.Lock() // for the memory of the others: nobody else runs
	defer r.lock.Unlock()
	r.state.GaveUp(r.clock())
	if r.err != nil {
		return nil, r.err
	}
	if r.winner == nil {
		r.winner = r.best
	}
	for _, a := range r.copies {
		if r.winner != nil && a != r.winner && a.beaten() {
			a.lose(r.winner)
		} else {
			r.note(a)
		}
	}
	if r.winner != nil {
		return r.winner, nil
	}
	return r.last, nil
}
