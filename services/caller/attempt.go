package caller

import (
	"context"
	"errors"
	"net/http/httptrace"
	"time"

	"github.com/crucible-go/crucible/internal/ledger"
	"github.com/crucible-go/crucible/internal/limiter"
	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/events"
)

// defaultTimeout is how long an attempt may take where nobody says.
const defaultTimeout = 60 * time.Second

// target is whom an attempt asks.
type target struct {
	pool   *pool
	order  *events.CallRequested // with the provider, parameters and price of the target
	member string                // id of the model in the spec
	model  string                // the provider's name of it
}

// primary is the target that the order names.
func (c *call) primary() target {
	return target{pool: c.pool, order: c.order, member: c.request.Member, model: c.request.Model}
}

// attempt is one request of a call. Attempts of a call may be under way side by
// side: of the call they change nothing but by its methods, which lock. Its steps
// are, in this order,
//
//	acquire   take its worst price out of the run's budget, and wait for the
//	          permit of the target's pool
//	intend    store call.started: from here on it may cost money
//	ask       the request itself
//	settle    give back what it did not cost, and the permit
//
// and what came of it is in reply or in failure.
type attempt struct {
	*call
	to     target
	copy   int  // of the call's copies in this round, from 0
	hedge  bool // a backup of one that is under way
	permit *limiter.Permit
	number int // in the log, from 1
	draw   int // in this life of the call, from 1: what a simulation draws from

	ctx      context.Context // of a copy in a race, and what ends it
	cancel   context.CancelCauseFunc
	produced float64 // on the virtual clock: the share of it that there was when it was cancelled

	reserved *ledger.Reservation // nil: the run has no budget
	record   events.Attempt
	sent     time.Time // zero before the request leaves
	took     time.Duration
	reply    *provider.Reply
	failure  *provider.Error
}

// attempt returns the next attempt, for one copy of the call.
func (c *call) attempt(t target, copy int) *attempt {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.draws++
	a := &attempt{call: c, to: t, copy: copy, hedge: copy > 0, draw: c.draws}
	a.record.Hedge = a.hedge
	if t.pool != nil && t.pool.Name != c.pool.Name {
		a.record.Pool = t.pool.Name
	}
	if t.member != c.request.Member {
		a.record.Member = t.member
	}
	a.record.BackoffNS, c.backedOff = c.backedOff.Nanoseconds(), 0
	return a
}

// make goes all the steps. The error is one of ours, for which the order must be
// delivered again.
func (a *attempt) make(ctx context.Context) error {
	if err := a.acquire(ctx); err != nil || a.failure != nil {
		return err
	}
	defer a.settle()
	if err := a.intend(ctx); err != nil || a.failure != nil {
		return err
	}
	return a.ask(ctx)
}

// acquire waits for the budget and for the permit, which settle gives back. The
// budget comes first: whoever waits for it holds nothing that others need.
func (a *attempt) acquire(ctx context.Context) error {
	if err := a.reserve(ctx); err != nil || a.failure != nil {
		return err
	}
	err := a.admit(ctx)
	if a.permit == nil {
		a.unreserve()
	}
	return err
}

// admit waits for the permit.
func (a *attempt) admit(ctx context.Context) error {
	before := a.Now()
	permit, err := a.to.pool.acquire(ctx, a.to.order)
	if errors.As(err, &a.failure) {
		return nil // the pool is stopped
	}
	if err != nil {
		a.failure = cancelled(ctx)
		return unlessCancelled(ctx, err)
	}
	a.permit = permit
	waited := a.Now().Sub(before)
	if bills(a.to.order.Provider) {
		a.record.WaitNS = waited.Nanoseconds()
	}
	a.mu.Lock()
	a.waited += waited
	a.mu.Unlock()
	if a.failure = cancelled(ctx); a.failure != nil {
		a.settle()
	}
	return nil
}

// settle gives back what was taken for the attempt, and tells the pool what came
// of it.
func (a *attempt) settle() {
	a.permit.Done(a.reply, a.failure)
	a.unreserve()
}

// intend stores call.started. Attempts that others made meanwhile are noted and
// the next number is taken.
func (a *attempt) intend(ctx context.Context) error {
	r := a.request
	for {
		a.mu.Lock()
		a.number = a.next
		a.next++
		a.mu.Unlock()
		ev := events.About(events.StartedSubject(r.Run, r.Query, r.Call, a.number), a.source(), r.ID, a.Now())
		a.describe(&ev)
		ev.Data = a.intent()
		stored, err := a.Log.PublishEvents(ctx, &ev)
		if err != nil {
			a.failure = cancelled(ctx)
			return unlessCancelled(ctx, err)
		}
		if stored[0].New || a.ours(stored[0].Payload) {
			return nil
		}
		if err := a.lost(ctx, stored[0].Payload); err != nil {
			return err
		}
	}
}

// ours reports whether a stored intent is this attempt's own, whose
// acknowledgement was lost: those of earlier deliveries were taken note of before,
// and a number is given once.
func (a *attempt) ours(payload []byte) bool {
	ev, err := events.Decode(events.KindCallStarted, payload)
	return err == nil && ev.Data.(*events.CallStarted).Nonce == a.nonce
}

// ask sends the request and waits for what comes of it.
func (a *attempt) ask(ctx context.Context) error {
	if paced := a.permit.Pace(ctx); paced > 0 {
		a.record.WaitNS += paced.Nanoseconds()
		a.mu.Lock()
		a.waited += paced
		a.mu.Unlock()
	}
	a.sent = a.Now()
	began := a.sinceBegan(a.sent)
	a.record.StartNS = began.Nanoseconds()
	limit, last := a.limit(began)
	actx, cancel := context.WithTimeout(a.traced(ctx), limit)
	defer cancel()
	reply, err := a.to.pool.provider.Ask(actx, &provider.Request{
		Provider: a.to.order.Provider, Model: a.to.model, Member: a.to.member, Order: a.to.order, Attempt: a.draw,
	})
	ended := a.Now()
	a.took = ended.Sub(a.sent)
	if bills(a.to.order.Provider) {
		a.record.LagNS = a.lag.between(a.sent, ended).Nanoseconds()
	}
	if err == nil {
		a.reply = reply
		return nil
	}
	a.failure = asFailure(err)
	switch cause := context.Cause(ctx); {
	case a.failure.Class == provider.ClassTimeout && last && a.took >= limit:
		a.failure.Message, a.failure.Retryable = deadlinePassed(a.to.order).Message, false
	case a.failure.Class == provider.ClassCancelled && cause != nil && cancelled(ctx) == nil && !errors.Is(cause, errOutrun):
		return cause // we are stopping: the order stays with the log
	}
	return nil
}

// limit is how long the attempt may take, and whether that is because the time
// for all attempts is then over.
func (a *attempt) limit(began time.Duration) (limit time.Duration, last bool) {
	limit = time.Duration(a.to.order.TimeoutNS)
	if limit <= 0 {
		limit = defaultTimeout
	}
	if d := time.Duration(a.order.DeadlineNS); d > 0 && !a.order.Virtual && d-began <= limit {
		return d - began, true
	}
	return limit, false
}

// traced has the attempt take note of how long its connection takes, where it
// goes over a network.
func (a *attempt) traced(ctx context.Context) context.Context {
	if p := a.to.order.Provider; !bills(p) || p == provider.NameExec {
		return ctx
	}
	var wanted time.Time
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { wanted = a.Now() },
		GotConn: func(c httptrace.GotConnInfo) {
			if !c.Reused {
				a.record.ConnectNS = a.Now().Sub(wanted).Nanoseconds()
			}
		},
	})
}

// sinceBegan is the time since the call's first request left, which may be now.
func (c *call) sinceBegan(now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.began.IsZero() {
		c.began = now
	}
	return now.Sub(c.began)
}

func (c *call) describe(ev *events.Event) {
	r := c.request
	ev.Condition, ev.Repeat, ev.Item, ev.Member, ev.Model = r.Condition, r.Repeat, r.Item, r.Member, r.Model
}

func asFailure(err error) *provider.Error {
	var f *provider.Error
	if errors.As(err, &f) {
		return f
	}
	return &provider.Error{Class: provider.ClassMalformedReply, Message: err.Error()}
}

// cancelled is the failure of a call that can no longer matter, nil of one that
// still does.
func cancelled(ctx context.Context) *provider.Error {
	for _, why := range []error{errRunCancelled, errDecided} {
		if errors.Is(context.Cause(ctx), why) {
			return &provider.Error{Class: provider.ClassCancelled, Message: why.Error(), Billed: provider.BilledNo}
		}
	}
	return nil
}

func unlessCancelled(ctx context.Context, err error) error {
	if cancelled(ctx) != nil {
		return nil
	}
	return err
}
