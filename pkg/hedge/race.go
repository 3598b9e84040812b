package hedge

import (
	"math"
	"time"
)

// Copy is a copy of a call that Race has played.
type Copy struct {
	// Began is when it was started, Took how long it takes if nobody cancels it.
	Began, Took time.Duration
	// Failed says that it ends without an answer, Lasting that another copy would
	// fail likewise.
	Failed, Lasting bool
	// Quality is that of its answer, 0 to 1.
	Quality float64
	// Cut says that the call ended before it did.
	Cut bool
}

// Race plays a call to its end in virtual time: draw says what becomes of the
// n-th copy, from 0, whose Began is set afterwards. No copy runs beyond the time
// until. It returns the copies, the one that won or -1, and when the call ended.
//
// It is what a service does with goroutines and timers: an answer comes before a
// start at the same time, and a copy before a later one.
func (c *Call) Race(until time.Duration, draw func(n int) Copy) (copies []Copy, winner int, end time.Duration) {
	start := func(at time.Duration) {
		k := draw(len(copies))
		k.Began, k.Cut = at, true
		copies = append(copies, k)
	}
	start(c.began)
	best := -1
	for {
		first, at := -1, time.Duration(math.MaxInt64)
		for i, k := range copies {
			if k.Cut && k.Began+k.Took < at {
				first, at = i, k.Began+k.Took
			}
		}
		if next, ok := c.Next(); ok && next < at && next <= until {
			if c.Start(next) {
				start(next)
			}
			continue
		}
		switch {
		case first < 0: // nothing runs, and nothing will
			c.GaveUp(end)
			return copies, best, end
		case at > until:
			c.GaveUp(until)
			return copies, best, until
		}
		k := &copies[first]
		k.Cut, end = false, at
		if k.Failed {
			if c.Failed(first, at); k.Lasting {
				c.next = never
			}
			continue
		}
		if best < 0 || k.Quality > copies[best].Quality {
			best = first
		}
		if c.Answered(first, k.Quality, at) {
			return copies, first, end
		}
	}
}

// Plan returns how long a call of no class waits now, and the chance that it gets
// a backup; ok is false if none does.
func (p *Policy) Plan() (delay time.Duration, chance float64, ok bool) {
	d := time.Duration(p.all.delay.Load())
	if d == never {
		return 0, 0, false
	}
	return p.clamp(d), math.Float64frombits(p.all.chance.Load()), true
}

// Frozen returns a policy that waits as long as this one does now and gives a
// backup with the chance given, whatever it sees: it does not learn and has no
// bucket, so what becomes of a call depends on that call alone.
func (p *Policy) Frozen(chance float64) *Policy {
	d, _, ok := p.Plan()
	if !ok {
		d, chance = never, 0
	}
	f := &Policy{options: p.options, frozen: true, all: new(class)}
	f.all.set(d, chance)
	return f
}
