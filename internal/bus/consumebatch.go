package bus

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// ConsumeBatch hands the messages of a durable consumer to h in groups, one at a
// time: when maxRows have arrived, when the oldest has waited for maxWait, or at
// once when nothing more is pending (c.Linger spaces the latter). While h runs
// the next group gathers. Each message is acknowledged by itself after h has
// returned nil.
//
// An error of h brings the same group again after a pause, for as long as it
// takes, since the receiver is assumed to be away. Malformed means one of the
// messages: the group is halved until that one stands alone, and it is then
// treated as by Consume. When ctx ends what was not handed over yet goes back.
//
// Otherwise it is like Consume.
func (b *Bus) ConsumeBatch(ctx context.Context, c ConsumeConfig, maxRows int, maxWait time.Duration, h func(ctx context.Context, ms []*Message) error) error {
	w, err := b.newWork(ctx, c)
	if err != nil {
		return fmt.Errorf("consume: %w", err)
	}
	if maxRows < 1 {
		return fmt.Errorf("consume: %d rows: want at least 1", maxRows)
	}
	w.pull.room = 2 * maxRows
	g := &gatherer{work: w, handle: h, rows: maxRows, wait: maxWait, changed: make(chan struct{}, 1)}
	w.pull.deliver = g.deliver
	done := make(chan struct{})
	go func() { defer close(done); g.run() }()
	err = w.run(ctx, func() { <-done })
	if err != nil {
		return fmt.Errorf("consume %s of %s: %w", w.c.Durable, w.c.Stream, err)
	}
	return nil
}

// gatherer forms groups of messages.
type gatherer struct {
	work    *work
	handle  func(ctx context.Context, ms []*Message) error
	rows    int
	wait    time.Duration
	changed chan struct{} // 1: the buffer has something that run should look at
	last    time.Time     // of the last hand-over; of run's goroutine

	mu      sync.Mutex
	buffer  []*job
	since   time.Time // arrival of the oldest
	pending uint64    // as the latest message said
}

func (g *gatherer) deliver(m *Message, reply string) {
	j := g.work.begin(m, reply)
	g.mu.Lock()
	if len(g.buffer) == 0 {
		g.since = time.Now()
	}
	g.buffer = append(g.buffer, j)
	g.pending = m.Pending
	poke := len(g.buffer) == 1 || len(g.buffer) == g.rows || m.Pending == 0
	g.mu.Unlock()
	if poke {
		select {
		case g.changed <- struct{}{}:
		default:
		}
	}
}

// run hands over group after group until the shutdown.
func (g *gatherer) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		group, wait := g.take(time.Now())
		if group != nil {
			g.hand(group)
			g.last = time.Now()
			continue
		}
		timer.Reset(wait)
		select {
		case <-g.changed:
		case <-timer.C:
		case <-g.work.drain:
			g.mu.Lock()
			rest := g.buffer
			g.buffer = nil
			g.mu.Unlock()
			g.work.endAll(rest, nak)
			return
		}
	}
}

// take removes a group that is due; otherwise it says how long to wait at most.
func (g *gatherer) take(now time.Time) ([]*job, time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.buffer) == 0 || g.work.draining() {
		return nil, time.Hour
	}
	due := g.since.Add(g.wait)
	if g.pending == 0 {
		if at := g.last.Add(g.work.c.Linger); at.Before(due) {
			due = at
		}
	}
	if len(g.buffer) < g.rows && now.Before(due) {
		return nil, due.Sub(now)
	}
	n := min(len(g.buffer), g.rows)
	group := g.buffer[:n:n]
	g.buffer = g.buffer[n:]
	if len(g.buffer) == 0 {
		g.buffer = nil
	}
	g.since = now
	return group, 0
}

// hand brings a group to its end: everything in it is answered.
func (g *gatherer) hand(group []*job) {
	ms := make([]*Message, len(group))
	for i, j := range group {
		ms[i] = j.message
	}
	for n := uint64(1); ; n++ {
		err := g.call(ms)
		var retry *retryError
		delay := failureDelay(n)
		switch {
		case err == nil:
			g.work.endAll(group, ackBody)
			return
		case g.work.draining():
			g.work.endAll(group, nak)
			return
		case IsMalformed(err) && len(group) == 1:
			g.work.settle(group[0], err)
			return
		case IsMalformed(err):
			g.hand(group[:len(group)/2])
			g.hand(group[len(group)/2:])
			return
		case errors.As(err, &retry):
			delay = retry.after
		default:
			g.work.pull.log.Warn().Err(err).Int("rows", len(group)).Uint64("attempt", n).Msg("hand-over failed, will retry")
		}
		t := time.NewTimer(delay)
		select {
		case <-t.C:
		case <-g.work.drain:
			t.Stop()
			g.work.endAll(group, nak)
			return
		}
	}
}

func (g *gatherer) call(ms []*Message) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = Malformed(&panicError{v, debug.Stack()})
		}
	}()
	return g.handle(g.work.ctx, ms)
}

// endAll answers many messages alike and makes room.
func (w *work) endAll(jobs []*job, body []byte) {
	if len(jobs) == 0 {
		return
	}
	w.mu.Lock()
	for _, j := range jobs {
		delete(w.jobs, j)
		if j.message.Deliveries > 1 {
			delete(w.waits, j.message.Seq)
		}
	}
	w.mu.Unlock()
	for _, j := range jobs {
		w.bus.answer(j.reply, body)
	}
	w.pull.release(len(jobs))
}
