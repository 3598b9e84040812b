// Package outbox publishes what a fold decides without making the fold wait for
// the disk: events go into a queue, and one goroutine publishes whatever is
// waiting, so that the log can commit it as a group.
package outbox

import (
	"context"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/pkg/events"
)

const (
	depth = 4096 // events that may wait before Put does
	batch = 1000 // the most that the log commits at once
)

// Outbox is a queue of events on their way to the log. Order is kept.
type Outbox struct {
	log   *bus.Bus
	queue chan *events.Event
}

// New returns an outbox; nothing is published until Run is called.
func New(log *bus.Bus) *Outbox {
	return &Outbox{log: log, queue: make(chan *events.Event, depth)}
}

// Put queues an event, and waits while the queue is full.
func (o *Outbox) Put(ctx context.Context, ev *events.Event) error {
	select {
	case o.queue <- ev:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Run publishes what is put until ctx is done or the log refuses. An event that
// is already in the log is left as it is: whoever was first decided.
func (o *Outbox) Run(ctx context.Context) error {
	evs := make([]*events.Event, 0, batch)
	for {
		evs = evs[:0]
		select {
		case ev := <-o.queue:
			evs = append(evs, ev)
		case <-ctx.Done():
			return ctx.Err()
		}
		for more := true; more && len(evs) < batch; {
			select {
			case ev := <-o.queue:
				evs = append(evs, ev)
			default:
				more = false
			}
		}
		if _, err := o.log.PublishEvents(ctx, evs...); err != nil {
			return err
		}
	}
}
