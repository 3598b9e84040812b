package bus

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/crucible-go/crucible/pkg/events"
)

const (
	defaultAckWait    = 30 * time.Second
	defaultMaxDeliver = 5
	defaultGrace      = 10 * time.Second
)

func (c ConsumeConfig) withDefaults() (ConsumeConfig, error) {
	if c.Stream == "" {
		return c, errors.New("no stream")
	}
	if err := events.CheckToken(c.Durable); err != nil {
		return c, fmt.Errorf("durable: %w", err)
	}
	if c.Workers <= 0 {
		c.Workers = 1
	}
	if c.MaxAckPending == 0 {
		c.MaxAckPending = -1
	}
	if c.AckWait <= 0 {
		c.AckWait = defaultAckWait
	}
	if c.MaxDeliver <= 0 {
		c.MaxDeliver = defaultMaxDeliver
	}
	if c.Grace <= 0 {
		c.Grace = defaultGrace
	}
	if c.Service == "" {
		c.Service = c.Durable
	}
	return c, nil
}

func (c ConsumeConfig) consumer() jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable:       c.Durable,
		DeliverPolicy: jetstream.DeliverAllPolicy,
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       c.AckWait,
		// The server would skip a message for ever; the limit is ours to enforce,
		// with a dead letter.
		MaxDeliver:    -1,
		FilterSubject: c.Filter,
		MaxAckPending: c.MaxAckPending,
		MaxWaiting:    512,
	}
}

// Consume hands the messages of a durable consumer to h, at most c.Workers at a
// time, and settles each by what h returned:
//
//   - nil: it is acknowledged;
//   - Malformed, a panic or any other error: it comes again after a pause that
//     grows, and after c.MaxDeliver deliveries leaves one dead letter in its run
//     and is not delivered again;
//   - RetryAfter: it comes again then, as often as it takes;
//   - an error after the shutdown began: it is given to another process.
//
// The context of h is in the span that the message's header names, and outlives
// ctx as said below. While a handler runs its message is kept from others by in-progress signals,
// however long it takes. Messages come in the order of the stream, as far as
// nothing is delivered twice; with one worker they are handled in it.
//
// Consume creates the consumer if needed and survives the loss of the
// connection, the server or the consumer. When ctx ends it stops asking, lets
// the handlers finish within c.Grace, then cancels their context, and returns
// nil. It returns an error if it cannot start, or when the stream is gone
// (ErrNoStream) or the bus closed (ErrClosed).
func (b *Bus) Consume(ctx context.Context, c ConsumeConfig, h Handler) error {
	w, err := b.newWork(ctx, c)
	if err != nil {
		return fmt.Errorf("consume: %w", err)
	}
	p := &pool{work: w, handle: h}
	w.pull.deliver = p.deliver
	if err := w.run(ctx, p.running.Wait); err != nil {
		return fmt.Errorf("consume %s of %s: %w", w.c.Durable, w.c.Stream, err)
	}
	return nil
}

// pool runs a handler in up to Workers goroutines. Each ends when nothing waits.
type pool struct {
	work    *work
	handle  Handler
	running sync.WaitGroup

	mu      sync.Mutex
	active  int
	backlog []*job
}

// deliver starts the handler. A message beyond the number of workers, which only
// a replaced subscription can bring, waits its turn.
func (p *pool) deliver(m *Message, reply string) {
	j := p.work.begin(m, reply)
	p.mu.Lock()
	if p.active == p.work.c.Workers {
		p.backlog = append(p.backlog, j)
		p.mu.Unlock()
		return
	}
	p.active++
	p.running.Add(1)
	p.mu.Unlock()
	go p.worker(j)
}

func (p *pool) worker(j *job) {
	defer p.running.Done()
	for j != nil {
		p.work.settle(j, p.work.call(j.message, p.handle))
		p.mu.Lock()
		j = nil
		if len(p.backlog) > 0 {
			j = p.backlog[0]
			p.backlog = p.backlog[1:]
		} else {
			p.active--
		}
		p.mu.Unlock()
	}
}

// call runs the handler; a panic becomes an error with its stack.
func (w *work) call(m *Message, h Handler) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = Malformed(&panicError{v, debug.Stack()})
		}
	}()
	ctx := w.ctx
	if m.Trace != "" {
		ctx = withTrace(ctx, m.Trace)
	}
	return h(ctx, m)
}

// panicError is what a handler panicked with. The stack is for the log.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

func stackOf(err error) string {
	var p *panicError
	if errors.As(err, &p) {
		return string(p.stack)
	}
	return ""
}
