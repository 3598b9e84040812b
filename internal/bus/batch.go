package bus

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/synadia-io/orbit.go/jetstreamext"
)

// sendBatch stores all offers with one commit and returns the sequence of the
// last. An error of the server means that nothing was stored; errLost means
// that only the log can tell.
func (c *committer) sendBatch(offers []*offer) (uint64, error) {
	p, err := jetstreamext.NewBatchPublisher(c.bus.js, jetstreamext.BatchFlowControl{AckFirst: false})
	if err != nil {
		return 0, err
	}
	ctx, cancel := c.bus.whileUp(commitTimeout)
	defer cancel()
	e, last := newEnvelope(), len(offers)-1
	for _, o := range offers[:last] {
		if err := p.AddMsg(e.of(o)); err != nil {
			return 0, fmt.Errorf("%w: %w", errLost, err)
		}
	}
	a, err := p.CommitMsg(ctx, e.of(offers[last]))
	if err != nil {
		if ctx.Err() != nil || errors.Is(err, jetstreamext.ErrInvalidBatchAck) {
			return 0, fmt.Errorf("%w: %w", errLost, err)
		}
		return 0, err
	}
	return a.Sequence, nil
}

// whileUp is a context that ends with the connection, the bus, or the time.
func (b *Bus) whileUp(d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	up, _, changed := b.conn.get()
	if !up {
		cancel()
		return ctx, cancel
	}
	done := make(chan struct{})
	go func() {
		defer cancel()
		select {
		case <-changed:
		case <-b.closed:
		case <-done:
		}
	}()
	return ctx, func() { close(done) }
}

// costs decides between an atomic batch, which pays for staging once, and
// single publishes, which pay for the disk each. It starts with a threshold
// measured on an ordinary disk and follows what it sees.
type costs struct {
	threshold int
	single    float64 // ns per fact of a pipelined publish, 0 = not seen
	fixed     float64 // ns of a batch besides its messages, 0 = not seen
}

const (
	firstThreshold = 32
	minThreshold   = 16
	maxThreshold   = 128
	batchMessage   = 8e3 // ns that a message adds to a batch, roughly, whatever the disk
	costWeight     = 0.2 // of the newest observation
)

func newCosts(durability string) costs {
	if durability == Interval {
		return costs{threshold: math.MaxInt}
	}
	return costs{threshold: firstThreshold}
}

func (c *costs) batch(n int) bool { return n >= c.threshold && n > 1 }

// never rules batches out.
func (c *costs) never() { c.threshold = math.MaxInt }

func (c *costs) sawBatch(n int, d time.Duration) {
	c.fixed = smooth(c.fixed, max(float64(d)-batchMessage*float64(n), float64(d)/4))
	c.weigh()
}

func (c *costs) sawSingles(n int, d time.Duration) {
	c.single = smooth(c.single, float64(d)/float64(n))
	c.weigh()
}

func (c *costs) weigh() {
	if c.threshold == math.MaxInt || c.single == 0 || c.fixed == 0 {
		return
	}
	c.threshold = int(min(max(c.fixed/c.single, minThreshold), maxThreshold))
}

func smooth(old, seen float64) float64 {
	if old == 0 {
		return seen
	}
	return old + costWeight*(seen-old)
}
