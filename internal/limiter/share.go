package limiter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/pkg/limit"
)

// never is longer than anybody waits.
const never = time.Hour

// Run holds this process's share of the limits while there is something to do
// with it, until ctx is done; then it gives the share back. Nothing is to be done
// for a pool without a cell.
func (p *Pool) Run(ctx context.Context) error {
	if p.Cell == nil {
		return nil
	}
	stop, err := p.Cell.Watch(p.receive)
	if err != nil {
		return fmt.Errorf("pool %s: %w", p.Name, err)
	}
	defer stop()
	timer := time.NewTimer(never)
	defer timer.Stop()
	for failed := 0; ; {
		wait := p.due()
		if failed > 0 {
			wait = max(wait, min(20*time.Millisecond<<min(failed, 6), time.Second))
		}
		if wait <= 0 {
			if err := p.sync(ctx); err != nil && ctx.Err() == nil {
				failed++
				p.Logger.Debug().Err(err).Str("pool", p.Name).Msg("the share of the limits is not renewed")
			} else {
				failed = 0
			}
		} else {
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-p.kick:
			case <-ctx.Done():
			}
		}
		if ctx.Err() != nil {
			p.leave()
			return nil
		}
	}
}

// leave gives the share back, if that is possible soon; else it expires.
func (p *Pool) leave() {
	p.mu.Lock()
	member := p.state.Members[p.Member] != nil
	p.mu.Unlock()
	if !member {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := p.write(ctx, true); err != nil {
		p.Logger.Debug().Err(err).Str("pool", p.Name).Msg("the share of the limits is not given back, it will expire")
	}
}

// due is how long it is until there is something to write.
func (p *Pool) due() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	p.advance(now)
	member := p.state.Members[p.Member] != nil
	switch {
	case len(p.dirty) > 0:
		return 0
	case !member && p.queue.n == 0:
		return never
	case member && now >= p.told+leaseRenew:
		return 0
	}
	next := p.told + leaseRenew - now
	if !member {
		next = never
	}
	if p.queue.n == 0 && !p.owing {
		return next
	}
	if wait := p.looked + retell - now; p.looked > 0 && wait > 0 {
		return min(next, wait)
	}
	p.looked = now
	if p.worth(now) {
		return 0
	}
	return next
}

// worth reports whether to renew the share would change something.
func (p *Pool) worth(now time.Duration) bool {
	if p.state.Short(p.Member, p.busy) {
		return true
	}
	if p.queue.n == 0 {
		return false
	}
	m := p.state.Members[p.Member]
	if m == nil || now >= p.trusted || p.state.Gate.MayProbe() || p.crowded && p.served && p.busy == 0 {
		return true
	}
	next, want := p.state.Clone(), p.renewal(now)
	next.Renew(p.Member, want)
	then, fair := next.Members[p.Member], next.Fair()[p.Member]
	for k, l := range p.limits {
		switch {
		case l == 0:
		case then.Have[k]-m.Have[k] > m.Have[k]/50:
			return true // there is more to have
		case then.Have[k] < fair[k] && want.Want[k]-m.Want[k] > m.Want[k]/10:
			return true // others have to know
		}
	}
	return false
}

func (p *Pool) renewal(now time.Duration) limit.Renewal {
	return limit.Renewal{
		Limit:  p.Limit,
		Want:   p.demand.want(now, p.busy, int64(p.queue.n), p.limits),
		Busy:   p.busy,
		Served: p.served && p.busy == 0,
	}
}

// sync renews the share, or gives it back when nobody has wanted it for a while.
func (p *Pool) sync(ctx context.Context) error {
	p.mu.Lock()
	now := p.now()
	unused := p.busy == 0 && p.queue.n == 0 && len(p.dirty) == 0 && now-p.demand.recent >= idle &&
		(p.limits[limit.Requests] == 0 || p.requests.Full(now)) && (p.limits[limit.Tokens] == 0 || p.tokens.Full(now))
	p.mu.Unlock()
	return p.write(ctx, unused)
}

// write stores the state with this process's share renewed, or without it.
func (p *Pool) write(ctx context.Context, leaving bool) error {
	for try := 0; ; try++ {
		if err := p.load(ctx); err != nil {
			return err
		}
		next := p.propose(leaving)
		value, err := json.Marshal(next.state)
		if err != nil {
			return fmt.Errorf("encode the state: %w", err)
		}
		revision, err := p.Cell.Store(ctx, value, next.revision)
		switch {
		case err == nil:
			p.stored(next, revision)
			return nil
		case !errors.Is(err, bus.ErrChanged):
			p.forget()
			return err
		case try >= 30:
			return fmt.Errorf("others were faster %d times: %w", try, err)
		}
		p.mu.Lock()
		p.loaded = p.loaded && p.revision > next.revision // or we have not heard of the change
		p.mu.Unlock()
		if try > 0 {
			if err := pause(ctx, time.Duration(rand.Int64N(int64(time.Millisecond)<<min(try, 5)))); err != nil {
				return err
			}
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// forget makes the next write look at the cell first.
func (p *Pool) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loaded = false
}

// load reads the cell unless its state is known.
func (p *Pool) load(ctx context.Context) error {
	p.mu.Lock()
	loaded := p.loaded
	p.mu.Unlock()
	if loaded {
		return nil
	}
	value, revision, err := p.Cell.Load(ctx)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loaded = true
	if revision == 0 { // nobody has stored anything, or everything is lost
		p.revision = 0
		return nil
	}
	if revision < p.revision { // the cell began anew
		p.revision = 0
	}
	p.take(value, revision)
	return nil
}

// receive hears of a change that somebody made.
func (p *Pool) receive(value []byte, revision uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.take(value, revision)
}

// take makes a stored state ours, unless we have a newer one. One that cannot be
// read is overwritten.
func (p *Pool) take(value []byte, revision uint64) {
	if revision <= p.revision {
		return
	}
	s := limit.New(p.Proven)
	if err := json.Unmarshal(value, s); err != nil {
		s = limit.New(p.Proven)
		p.Logger.Warn().Err(err).Str("pool", p.Name).Msg("the state of the limits cannot be read")
	}
	s.Mend()
	p.install(s, revision, p.dirty)
}

// install makes s the state as of now, with changes that it does not have.
func (p *Pool) install(s *limit.State, revision uint64, changes []change) {
	now := p.now()
	p.state, p.asOf, p.revision = s, now, revision
	for id, m := range s.Members {
		if last, ok := p.seen[id]; !ok || last.beat != m.Beat {
			p.seen[id] = sighting{m.Beat, now}
		}
	}
	for id := range p.seen {
		if s.Members[id] == nil {
			delete(p.seen, id)
		}
	}
	for _, f := range changes {
		f(s)
	}
	p.adopt(now)
	p.pump()
	if p.owing {
		p.wake()
	}
}

// proposal is a state to be stored.
type proposal struct {
	state    *limit.State
	revision uint64 // that it replaces
	changes  int    // of dirty, which it has
	at       time.Duration
	served   bool // another's turn was considered
}

func (p *Pool) propose(leaving bool) proposal {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	p.advance(now)
	s := p.state.Clone()
	for id := range s.Members {
		if id != p.Member && now-p.seen[id].at > leaseTTL {
			s.Remove(id)
			p.Logger.Debug().Str("pool", p.Name).Str("member", id).Msg("a share of the limits has expired")
		}
	}
	r := p.renewal(now)
	if leaving {
		s.Remove(p.Member)
	} else {
		s.Renew(p.Member, r)
		if p.queue.n > 0 {
			s.Gate.Begin(p.Member)
		} else if !p.probing {
			s.Gate.Abandon(p.Member)
		}
	}
	return proposal{state: s, revision: p.revision, changes: len(p.dirty), at: now, served: r.Served}
}

func (p *Pool) stored(next proposal, revision uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dirty = append([]change(nil), p.dirty[next.changes:]...)
	p.told, p.trusted = next.at, next.at+leaseTrust
	if next.served {
		p.served = false
	}
	if revision <= p.revision {
		p.pump() // a newer state is here already, which has ours
		return
	}
	next.state.Advance(p.now() - next.at)
	p.install(next.state, revision, p.dirty)
}
