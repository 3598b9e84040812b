package caller

import (
	"context"
	"math"
	"math/rand/v2"
	"time"

	"github.com/crucible-go/crucible/pkg/hedge"
)

// roll decides whether a call is one of those that are hedged, where a policy
// hedges only a share of them. It follows from the order and the round alone.
func (c *call) roll() float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return rand.New(rand.NewPCG(c.order.Seed, uint64(c.draws)<<32|0x726f6c6c)).Float64()
}

// play makes a round of copies on the virtual clock: the same game as race, in no
// time.
func (c *call) play(ctx context.Context, p *policy) (*attempt, error) {
	first := c.attempt(c.primary(), 0)
	if err := first.acquire(ctx); err != nil || first.failure != nil {
		return first, err
	}
	defer first.settle()
	var copies []*attempt
	var err error
	roll, began := c.roll(), time.Duration(c.virtual)
	state := p.Begin(c.class(p), roll, began)
	played, winner, end := state.Race(c.lastInstant(), func(n int) hedge.Copy {
		a := first
		if n > 0 {
			a = c.attempt(c.target(n), n)
		}
		copies = append(copies, a)
		if err == nil {
			err = a.intend(ctx)
		}
		if err == nil && a.failure == nil {
			err = a.ask(ctx)
		}
		if err != nil {
			return hedge.Copy{Failed: true, Lasting: true}
		}
		return copyOf(a.reply, a.failure)
	})
	if err != nil {
		return nil, err
	}
	for _, a := range copies[1:] {
		c.funds.Charge(a.spent())
	}
	c.virtual = int64(end)
	return c.played(copies, played, winner, end), nil
}

// played notes the copies of a round on the virtual clock, and returns the one
// that counts.
func (c *call) played(copies []*attempt, played []hedge.Copy, winner int, end time.Duration) *attempt {
	for i, a := range copies {
		k := played[i]
		a.record.StartNS = int64(k.Began)
		switch {
		case winner >= 0 && i != winner && (k.Cut || !k.Failed):
			a.took = min(k.Took, end-k.Began)
			a.produced = float64(a.took) / math.Max(1, float64(k.Took))
			a.lose(copies[winner])
		case k.Cut:
			a.took = end - k.Began
			a.reply, a.failure = nil, deadlinePassed(c.order)
			a.failure.LatencyNS, a.failure.Simulated = a.took.Nanoseconds(), true
			c.note(a)
		default:
			c.note(a)
		}
	}
	if winner >= 0 {
		return copies[winner]
	}
	return copies[len(copies)-1]
}

// lastInstant is when the call's deadline passes on the virtual clock.
func (c *call) lastInstant() time.Duration {
	if c.order.DeadlineNS <= 0 {
		return math.MaxInt64
	}
	return time.Duration(c.order.DeadlineNS)
}
