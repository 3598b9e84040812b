package hedge

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Policy is what calls share: a strategy, the latencies it learns from, and the
// budget. It is safe for concurrent use.
type Policy struct {
	options Options
	budget  *Budget
	all     *class
	frozen  bool // it does not learn
	mu      sync.RWMutex
	classes map[Class]*class // of workload_aware
}

// Class is what calls have in common whose latencies are alike.
type Class struct {
	// Length is the size of the prompt: LengthOf its tokens.
	Length uint8
	// Model and Priority are names; empty where they do not matter.
	Model, Priority string
}

// LengthOf returns the class of a prompt's length: 0 up to 1,000 tokens, then up
// to 2,000, up to 4,000, and more.
func LengthOf(tokens int) uint8 {
	switch {
	case tokens > 4000:
		return 3
	case tokens > 2000:
		return 2
	case tokens > 1000:
		return 1
	}
	return 0
}

// never is the delay of a call that gets no backup.
const never = time.Duration(math.MaxInt64)

// class is one class of calls: what was seen of it, and the plan that follows.
type class struct {
	delay    atomic.Int64  // never, or how long a call waits
	chance   atomic.Uint64 // of a backup, a float64 in bits
	seen     Seen
	mu       sync.Mutex // of strategy
	strategy Strategy
}

// New returns a policy, or what is wrong with the options.
func New(o Options) (*Policy, error) {
	o, err := o.resolved()
	if err != nil {
		return nil, err
	}
	p := &Policy{options: o, budget: NewBudget(o.Budget, o.Burst)}
	p.all = p.newClass(nil)
	if o.Strategy == WorkloadAware {
		p.classes = map[Class]*class{}
	}
	return p, nil
}

// Options returns the options with their defaults in place.
func (p *Policy) Options() Options { return p.options }

// Budget returns the budget, to be shared with retries.
func (p *Policy) Budget() *Budget { return p.budget }

// Delay returns how long a call of the class waits now, and whether it gets a
// backup at all.
func (p *Policy) Delay(c Class) (time.Duration, bool) {
	d := time.Duration(p.class(c).delay.Load())
	return p.clamp(d), d != never
}

func (p *Policy) newClass(base *class) *class {
	k := &class{seen: Seen{w: newWindow(p.options.Window)}, strategy: newStrategy(p.options)}
	if base != nil {
		k.seen.base = &base.seen
	}
	k.set(k.strategy.Update(Outcome{}, &k.seen))
	return k
}

// set stores a plan: atomically each of its two parts, which is enough, since
// any mixture of two plans is one.
func (k *class) set(d time.Duration, chance float64) {
	if chance <= 0 {
		d = never
	}
	k.chance.Store(math.Float64bits(chance))
	k.delay.Store(int64(d))
}

func (p *Policy) class(c Class) *class {
	if p.classes == nil {
		return p.all
	}
	p.mu.RLock()
	k := p.classes[c]
	p.mu.RUnlock()
	if k != nil {
		return k
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.classes[c] == nil {
		if len(p.classes) == mostClasses {
			return p.all
		}
		p.classes[c] = p.newClass(p.all)
	}
	return p.classes[c]
}

// mostClasses bounds the memory of a policy.
const mostClasses = 256

// clamp keeps a delay within what the options allow.
func (p *Policy) clamp(d time.Duration) time.Duration {
	if d == never {
		return never
	}
	return min(max(d, p.options.MinDelay), p.options.MaxDelay)
}

// learn takes note of what became of a call.
func (k *class) learn(o Outcome) {
	if o.FirstEnded {
		k.seen.w.finish(o.First)
	} else {
		k.seen.w.censor(o.First)
	}
	k.seen.grow()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.set(k.strategy.Update(o, &k.seen))
}
