package bus

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/crucible-go/crucible/pkg/events"
)

// maxErrorText bounds the error that a dead letter quotes.
const maxErrorText = 4 << 10

// work is what Consume and ConsumeBatch share: the messages this process holds
// of one consumer, and how they are settled.
type work struct {
	bus  *Bus
	c    ConsumeConfig
	pull *puller
	old  uint64 // last sequence of the stream when the consumer attached

	ctx    context.Context // of the handlers: outlives the caller's by the grace
	cancel context.CancelFunc
	drain  chan struct{} // closed when the caller's context has ended

	mu    sync.Mutex
	jobs  map[*job]struct{}
	waits map[uint64]uint64 // sequence -> deliveries that ended in RetryAfter
}

// job is a message that this process holds.
type job struct {
	message *Message
	reply   string
}

func (b *Bus) newWork(ctx context.Context, c ConsumeConfig) (*work, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	w := &work{bus: b, c: c, drain: make(chan struct{}), jobs: map[*job]struct{}{}, waits: map[uint64]uint64{}}
	w.ctx, w.cancel = context.WithCancel(context.WithoutCancel(ctx))
	w.pull = &puller{
		bus: b, stream: c.Stream, durable: c.Durable, config: c.consumer(), room: c.Workers,
		log:  b.log.With().Str("stream", c.Stream).Str("durable", c.Durable).Logger(),
		wake: make(chan struct{}, 1),
	}
	return w, nil
}

// attach creates or resets the consumer and notes where the stream ends.
func (w *work) attach(ctx context.Context) error {
	for try := 0; ; try++ {
		err := w.tryAttach(ctx)
		if err == nil || !transient(err) {
			return err
		}
		if err := w.bus.pause(ctx, backoff(try)); err != nil {
			return err
		}
	}
}

func (w *work) tryAttach(ctx context.Context) error {
	if err := w.bus.waitUp(ctx); err != nil {
		return err
	}
	if err := w.bus.ensureConsumer(ctx, w.c.Stream, w.pull.config); err != nil {
		return err
	}
	if w.c.Reset {
		ctx, cancel := context.WithTimeout(ctx, apiTimeout)
		defer cancel()
		if _, err := w.bus.js.ResetConsumer(ctx, w.c.Stream, w.c.Durable); err != nil {
			return fmt.Errorf("reset: %w", streamError(err))
		}
	}
	info, err := w.bus.streamInfo(ctx, w.c.Stream)
	w.old = info.Last
	return err
}

// run pulls until ctx ends, then waits for what is in hand.
func (w *work) run(ctx context.Context, wait func()) error {
	defer w.cancel()
	if err := w.attach(ctx); err != nil {
		close(w.drain)
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	w.pull.created = true
	done := make(chan struct{})
	var signals sync.WaitGroup
	signals.Go(func() { w.signal(done) })
	stop := context.AfterFunc(ctx, func() { close(w.drain) })
	err := w.pull.run(ctx)
	if stop() {
		close(w.drain) // the end came from elsewhere
	}
	<-w.drain
	err = errors.Join(err, w.finish(wait))
	close(done)
	signals.Wait()
	return err
}

// finish waits for the handlers: for the grace, then with their context ended
// for as long again.
func (w *work) finish(wait func()) error {
	finished := make(chan struct{})
	go func() { wait(); close(finished) }()
	for range 2 {
		t := time.NewTimer(w.c.Grace)
		select {
		case <-finished:
			t.Stop()
			return nil
		case <-t.C:
			w.cancel()
		}
	}
	return fmt.Errorf("handlers did not stop within %v after their context ended", w.c.Grace)
}

// signal tells the server every third of AckWait which messages are still
// worked on.
func (w *work) signal(done <-chan struct{}) {
	t := time.NewTicker(w.c.AckWait / 3)
	defer t.Stop()
	var replies []string
	for {
		select {
		case <-done:
			return
		case <-t.C:
		}
		w.mu.Lock()
		replies = replies[:0]
		for j := range w.jobs {
			replies = append(replies, j.reply)
		}
		w.mu.Unlock()
		for _, r := range replies {
			w.bus.answer(r, inProgress)
		}
	}
}

func (w *work) begin(m *Message, reply string) *job {
	m.Maybe = m.Deliveries > 1 || m.Seq <= w.old
	j := &job{m, reply}
	w.mu.Lock()
	w.jobs[j] = struct{}{}
	w.mu.Unlock()
	return j
}

// end answers the server and makes room.
func (w *work) end(j *job, body []byte) {
	w.mu.Lock()
	delete(w.jobs, j)
	w.mu.Unlock()
	w.bus.answer(j.reply, body)
	w.pull.release(1)
}

// settle is the one place where the outcome of a handler becomes an answer.
func (w *work) settle(j *job, err error) {
	var retry *retryError
	switch {
	case err == nil:
		w.forget(j)
		w.end(j, ackBody)
	case w.draining() && !IsMalformed(err):
		w.end(j, nak)
	case errors.As(err, &retry):
		w.waited(j)
		w.end(j, nakAfter(retry.after))
	case w.failures(j) < uint64(w.c.MaxDeliver):
		w.pull.log.Warn().Err(err).Str("event", j.message.ID()).Uint64("attempt", w.failures(j)).Str("stack", stackOf(err)).Msg("handler failed, will retry")
		w.end(j, nakAfter(failureDelay(w.failures(j))))
	default:
		w.bury(j, err)
	}
}

func (w *work) draining() bool {
	select {
	case <-w.drain:
		return true
	default:
		return false
	}
}

// failures is how often the message was delivered, without the times that its
// handler asked to wait.
func (w *work) failures(j *job) uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return max(j.message.Deliveries-min(w.waits[j.message.Seq], j.message.Deliveries), 1)
}

func (w *work) waited(j *job) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waits[j.message.Seq]++
}

func (w *work) forget(j *job) {
	if j.message.Deliveries <= 1 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.waits, j.message.Seq)
}

// bury stores the dead letter of a message and ends its delivery. If it cannot
// be stored the message comes again.
func (w *work) bury(j *job, cause error) {
	m := j.message
	log := w.pull.log.Error().Str("event", m.ID()).Str("subject", m.Subject)
	switch err := w.deadLetter(m, cause); {
	case errors.Is(err, ErrNoStream):
		// What is said about a run that never got a stream: only the log tells.
		log.AnErr("cause", cause).Msg("message given up, its run has no stream for a dead letter")
	case err != nil:
		log.Err(err).Msg("dead letter not stored")
		w.end(j, nakAfter(failureDelay(uint64(w.c.MaxDeliver))))
		return
	default:
		log.AnErr("cause", cause).Msg("message given up, dead letter stored")
	}
	if w.c.OnDead != nil {
		w.c.OnDead(w.ctx, m, cause)
	}
	w.forget(j)
	w.end(j, term)
}

func (w *work) deadLetter(m *Message, cause error) error {
	run := m.Parsed.Run
	if run == "" {
		run = strings.TrimPrefix(m.Stream, events.RunStream(""))
	}
	if err := events.CheckToken(run); err != nil || m.Parsed.Run == "" && m.Stream == events.ControlStream {
		return ErrNoStream
	}
	sum := sha256.Sum256(m.Payload)
	ev := events.About(events.DeadLetterSubject(run, m.ID()), w.c.Service, m.ID(), time.Now())
	ev.Data = &events.DeadLetter{
		Service:    w.c.Service,
		Subject:    m.Subject,
		Sequence:   m.Seq,
		Deliveries: m.Deliveries,
		Error:      clip(cause.Error(), maxErrorText),
		SHA256:     hex.EncodeToString(sum[:]),
	}
	_, err := w.bus.PublishEvents(w.ctx, &ev)
	return err
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + " [cut]"
}

// nakAfter gives a message back for delivery after d.
func nakAfter(d time.Duration) []byte {
	if d <= 0 {
		return nak
	}
	b := append(make([]byte, 0, 40), `-NAK {"delay":`...)
	return append(strconv.AppendInt(b, int64(d), 10), '}')
}

// failureDelay doubles from 100 ms to 30 s: the pause after the n-th failure,
// from 1.
func failureDelay(n uint64) time.Duration {
	return min(100*time.Millisecond<<min(n-1, 9), 30*time.Second)
}
