package limiter

import (
	"context"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/limit"
)

const (
	leaseTTL   = 5 * time.Second
	leaseRenew = leaseTTL / 4
	// leaseTrust is how long after its last renewal was sent a share is used: less
	// than the TTL, so that its holder stops before others begin.
	leaseTrust = leaseTTL - leaseRenew
	// retell is the least time between two renewals that only the demand asks for.
	retell = 5 * time.Millisecond
	// idle is how long nothing may be asked for before the share is given back.
	idle = 10 * time.Second
	// patience is how long calls wait for a provider that once answered and does
	// not any more, or wants to be left alone.
	patience = 10 * time.Minute
	// noise is how many requests must have passed since the last refusal for
	// another to be taken as noise, where the limits are declared.
	noise = 100
)

// Cell is a value shared by all processes, changed by compare and set. Store
// fails with bus.ErrChanged when the cell has another revision.
type Cell interface {
	Load(ctx context.Context) (value []byte, revision uint64, err error)
	Store(ctx context.Context, value []byte, revision uint64) (uint64, error)
	Watch(f func(value []byte, revision uint64)) (stop func(), err error)
}

// Config describes a pool.
type Config struct {
	Name   string        // for people
	Limit  limit.Amounts // as declared to this process, for the whole cluster
	Member string        // names this process's life among the others
	// Cell is shared with the other processes; nil for a pool of this process only.
	Cell Cell
	// Most bounds the calls at a time of this process; 0 is its share.
	Most int
	// Proven leaves out the single request that goes ahead to see whether the
	// provider accepts us.
	Proven bool
	Logger zerolog.Logger
}

// Pool gives out permits. Its methods may be used concurrently.
type Pool struct {
	Config
	base time.Time
	kick chan struct{} // wakes Run

	mu       sync.Mutex
	state    *limit.State
	asOf     time.Duration // when state was true
	revision uint64        // of state in the cell
	dirty    []change      // applied to state, not yet in the cell
	usable   limit.Amounts // of this process, by state
	limits   limit.Amounts // of all, by state
	crowded  bool          // by state, the permits go from hand to hand
	owing    bool          // by state, others lack what this process may hold
	filled   bool          // the buckets have had their first credit
	trusted  time.Duration // until when the share may be used
	served   bool          // a call was made since the only permit came
	seen     map[string]sighting
	loaded   bool          // the state is the cell's, as far as we know
	told     time.Duration // when the last renewal was sent
	looked   time.Duration // when it was last thought about whether to renew

	requests, tokens limit.Bucket
	leaving          limit.Bucket // requests that leave, a little faster than permits
	busy             int64
	queue            queue
	demand           demand
	probing          bool // the probe of this process is under way
	failures         int  // in a row
	good             int  // since the last refusal
	timer            *time.Timer
	timerAt          time.Duration
	counts           counts
}

// change is something that happened to a pool. It is applied again when somebody
// else's change came first.
type change func(s *limit.State)

// sighting is the last sign of life of a member.
type sighting struct {
	beat uint64
	at   time.Duration
}

// New makes a pool. One with a cell gives no permits unless Run runs.
func New(c Config) *Pool {
	p := &Pool{Config: c, base: time.Now(), kick: make(chan struct{}, 1), state: limit.New(c.Proven), seen: map[string]sighting{}}
	if c.Cell == nil {
		p.state.Renew(c.Member, limit.Renewal{Limit: c.Limit, Want: c.Limit})
		p.adopt(0)
	}
	return p
}

// now is the time since the pool was made, by a clock that does not jump.
func (p *Pool) now() time.Duration { return time.Since(p.base) }

// Acquire waits for a permit for a request of so many tokens, in the order of
// the calls of Acquire. When the pool is stopped, or has been out of order for
// too long, the error is a *provider.Error that says so; otherwise it is that of
// ctx.
func (p *Pool) Acquire(ctx context.Context, tokens int) (*Permit, error) {
	return p.acquire(ctx, tokens, false)
}

// AcquireNext is Acquire for a copy of a call that is under way: it gets the next
// permit that comes free, before the calls that wait to begin. Where all permits are
// always in use, copies would never get one otherwise.
func (p *Pool) AcquireNext(ctx context.Context, tokens int) (*Permit, error) {
	return p.acquire(ctx, tokens, true)
}

func (p *Pool) acquire(ctx context.Context, tokens int, next bool) (*Permit, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p.mu.Lock()
	now := p.now()
	p.demand.asked(now, tokens)
	var ok bool
	if p.queue.n == 0 {
		ok, _ = p.may(now, tokens, false)
	}
	if ok {
		permit := p.grant(tokens)
		p.mu.Unlock()
		return permit, nil
	}
	if f := p.refusal(); f != nil {
		p.counts.refused++
		p.mu.Unlock()
		return nil, f
	}
	w := &waiter{tokens: tokens, next: next, done: make(chan struct{})}
	p.queue.push(w)
	p.demand.peak(now, p.busy+int64(p.queue.n))
	p.pump()
	p.mu.Unlock()
	select {
	case <-w.done:
	case <-ctx.Done():
		p.mu.Lock()
		defer p.mu.Unlock()
		if w.permit == nil && w.failure == nil {
			p.queue.remove(w)
			p.pump()
			return nil, ctx.Err()
		}
		if w.permit != nil { // it came at the same moment
			p.finish(w.permit, verdict{})
		}
		return nil, ctx.Err()
	}
	if w.failure != nil {
		return nil, w.failure
	}
	return w.permit, nil
}

// TryAcquire is Acquire for a copy of a call that is under way: it does not wait,
// and does not overtake those that do.
func (p *Pool) TryAcquire(tokens int) (*Permit, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	p.demand.asked(now, tokens)
	if p.queue.n > 0 {
		return nil, false
	}
	p.demand.peak(now, p.busy+1)
	if ok, _ := p.may(now, tokens, true); !ok {
		p.wake()
		return nil, false
	}
	return p.grant(tokens), true
}

// may reports whether a request of so many tokens may leave now; otherwise when
// to look again: at that time, or, if it is 0, when something changes.
func (p *Pool) may(now time.Duration, tokens int, extra bool) (ok bool, again time.Duration) {
	p.advance(now)
	if p.Cell != nil && now >= p.trusted {
		return false, 0
	}
	switch ok, again := p.passes(now, extra); {
	case !ok:
		return false, again
	case p.state.Pause > 0:
		return false, now + p.state.Pause
	case p.limits[limit.Calls] > 0 && p.busy >= p.usable[limit.Calls], p.Most > 0 && p.busy >= int64(p.Most):
		return false, 0
	case p.crowded && p.served && p.busy == 0: // it is another's turn
		return false, 0
	}
	var wait time.Duration
	for _, b := range []struct {
		thing  int
		bucket *limit.Bucket
		n      int
	}{{limit.Requests, &p.requests, 1}, {limit.Tokens, &p.tokens, tokens}} {
		if p.limits[b.thing] == 0 {
			continue
		}
		d := b.bucket.Wait(now, float64(b.n))
		if d < 0 {
			return false, 0
		}
		wait = max(wait, d)
	}
	if wait > 0 {
		return false, now + wait
	}
	return true, 0
}

// passes is may for the gate: closed, or the probe is ours to make. Copies of the
// probe are part of it, and a fresh pool may begin with a copy of what another one
// was asked: a spare that nobody tries would stay fresh for ever.
func (p *Pool) passes(now time.Duration, extra bool) (ok bool, again time.Duration) {
	g := &p.state.Gate
	switch {
	case g.Mode == limit.Closed:
		return true, 0
	case extra && (g.Mode != limit.Fresh || g.Probe == p.Member && p.probing):
		return g.Mode == limit.Fresh, 0
	case g.Probe == p.Member && !p.probing:
		return true, 0
	case g.MayProbe() && p.Cell == nil:
		g.Begin(p.Member)
		return true, 0
	case g.Left > 0:
		return false, now + g.Left
	}
	return false, 0
}

// refusal is why nobody needs to wait: the pool is stopped, or out of order for
// too long; nil otherwise.
func (p *Pool) refusal() *provider.Error {
	g := &p.state.Gate
	switch {
	case g.Mode == limit.Stopped && g.Left > 0:
		return &provider.Error{Class: g.Class, Message: "pool " + p.Name + " is stopped: " + g.Message, Billed: provider.BilledNo}
	case g.Mode == limit.Open && g.Left > 0 && !g.Proven:
		return &provider.Error{Class: g.Class, Message: "pool " + p.Name + " has not answered once: " + g.Message, Billed: provider.BilledNo}
	case g.Mode == limit.Open && g.Left > 0 && g.Since > patience:
		return &provider.Error{Class: g.Class, Message: "pool " + p.Name + " has been out of order for " + g.Since.Round(time.Second).String() + ": " + g.Message, Billed: provider.BilledNo}
	case p.state.Pause > patience:
		return &provider.Error{Class: provider.ClassRateLimited, Message: "the provider asks pool " + p.Name + " to wait for " + p.state.Pause.Round(time.Second).String(), Billed: provider.BilledNo}
	}
	return nil
}

// grant takes what a request needs.
func (p *Pool) grant(tokens int) *Permit {
	p.busy++
	p.served = true
	p.requests.Take(1)
	p.tokens.Take(float64(tokens))
	p.counts.granted++
	permit := &Permit{pool: p, tokens: tokens, episode: p.state.Episode}
	if p.state.Gate.Probe == p.Member && !p.probing {
		p.probing, permit.probe = true, true
		if g := &p.state.Gate; g.Mode == limit.Fresh {
			g.Left = limit.Ahead
		}
	}
	return permit
}

// pump serves those who wait, as far as it can, and sees to it that it is called
// again.
func (p *Pool) pump() {
	now := p.now()
	for p.queue.n > 0 {
		w := p.queue.head
		ok, again := p.may(now, w.tokens, false)
		if ok {
			p.queue.remove(w)
			w.permit = p.grant(w.tokens)
			close(w.done)
			continue
		}
		f := p.refusal()
		if f == nil {
			p.schedule(now, again)
			p.wake()
			return
		}
		p.queue.remove(w)
		p.counts.refused++
		w.failure = f
		close(w.done)
	}
	p.schedule(now, 0)
}

// schedule calls pump at a time; 0 is never.
func (p *Pool) schedule(now, at time.Duration) {
	switch {
	case at == 0:
		if p.timer != nil {
			p.timer.Stop()
		}
		p.timerAt = 0
		return
	case at == p.timerAt:
		return
	}
	p.timerAt = at
	if p.timer != nil {
		p.timer.Reset(at - now)
		return
	}
	p.timer = time.AfterFunc(at-now, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.timerAt = 0
		p.pump()
	})
}

// advance brings the state to now.
func (p *Pool) advance(now time.Duration) {
	p.state.Advance(now - p.asOf)
	p.asOf = max(p.asOf, now)
	if p.Cell == nil && p.state.Level < limit.Full && p.state.Calm >= time.Second {
		p.state.Renew(p.Member, limit.Renewal{Limit: p.Limit, Want: p.Limit, Busy: p.busy})
		p.adopt(now)
	}
}

// adopt derives from the state what this process may do.
func (p *Pool) adopt(now time.Duration) {
	p.limits, p.usable = p.state.Limit(), p.state.Usable(p.Member)
	if p.Cell != nil {
		p.crowded, p.owing = p.state.Crowded(), p.state.Short(p.Member, 0)
	}
	p.requests.Rate(now, p.usable[limit.Requests])
	p.tokens.Rate(now, p.usable[limit.Tokens])
	p.leaving.Rate(now, p.usable[limit.Requests]/10*11)
	if m := p.state.Members[p.Member]; m == nil {
		p.filled = false
	} else if !p.filled && (m.Have[limit.Requests] > 0 || m.Have[limit.Tokens] > 0) {
		p.filled = true
		p.requests.Fill(part(p.usable[limit.Requests], p.limits[limit.Requests]))
		p.tokens.Fill(part(p.usable[limit.Tokens], p.limits[limit.Tokens]))
		p.leaving.Fill(1)
	}
	if p.state.Gate.Probe != p.Member {
		p.probing = false
	}
}

func part(n, of int64) float64 {
	if of <= 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// change applies a change here at once, and to the cell as soon as possible.
func (p *Pool) change(f change) {
	f(p.state)
	p.adopt(p.now())
	if p.Cell != nil {
		p.dirty = append(p.dirty, f)
		p.wake()
	}
}

// wake makes Run look whether there is something to do.
func (p *Pool) wake() {
	if p.Cell == nil {
		return
	}
	select {
	case p.kick <- struct{}{}:
	default:
	}
}
