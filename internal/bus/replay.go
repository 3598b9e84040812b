package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// replayRequest is how many messages a replay asks for at a time; it asks for
	// the next ones while it reads.
	replayRequest = 1000
	// replayIdle is how long the server keeps the consumer of a reader that
	// vanished.
	replayIdle = time.Minute
	replayBeat = 2 * time.Second
	// replaySilence without message or heartbeat means that the request is lost.
	replaySilence = 3 * replayBeat
	// replayShorts is how many consumers in a row may end before the stream does:
	// four seconds for a replica to catch up.
	replayShorts = 10
)

// Replay hands the messages of a stream to h in order, each once, and returns
// h's first error as it is. It ends, with nil, after c.Until or after what was
// the stream's last message when it began; with c.Follow it goes on until ctx
// ends and returns nil then. The loss of the connection or of the server only
// delays it.
//
// A sequence that is missing is ErrGap, with its number, and so is a stream that
// ends before c.Until or has become shorter. With a filter, gaps are looked for
// in what the server counts as matching. ErrNoStream if there is no stream.
func (b *Bus) Replay(ctx context.Context, c ReplayConfig, h func(*Message) error) error {
	r := &replay{bus: b, c: c, handle: h}
	err := r.run(ctx)
	var own *handlerError
	switch {
	case errors.As(err, &own):
		return own.err
	case err != nil && ctx.Err() != nil && c.Follow:
		return nil
	case err != nil:
		return fmt.Errorf("replay %s: %w", c.Stream, err)
	}
	return nil
}

// handlerError carries an error of the handler past the retries.
type handlerError struct{ err error }

func (e *handlerError) Error() string { return e.err.Error() }

type replay struct {
	bus    *Bus
	c      ReplayConfig
	handle func(*Message) error

	next    uint64 // first sequence that was not handled yet
	until   uint64
	started bool
	handled bool   // something was read
	missing uint64 // sequence found missing; twice means that it is
	ended   uint64 // sequence at which a server had no more
	shorts  int    // how often in a row

	// Of one subscription.
	consumer string
	inbox    string
	messages chan *nats.Msg
	consumed uint64 // position in the consumer
	open     int    // messages asked for and not arrived
	left     uint64 // messages in the stream after the last one, at that time
}

func (r *replay) run(ctx context.Context) error {
	for try := 0; ; try++ {
		before := r.next
		done, err := r.round(ctx)
		if done {
			return nil
		}
		if err != nil && !transient(err) && !errors.Is(err, errLost) {
			return err
		}
		if r.next > before {
			try = 0
		}
		if err := r.bus.pause(ctx, backoff(try)); err != nil {
			return err
		}
		if err := r.bus.waitUp(ctx); err != nil {
			return err
		}
	}
}

// round reads until the end, or until its subscription is not to be trusted.
func (r *replay) round(ctx context.Context) (done bool, err error) {
	info, err := r.bus.streamInfo(ctx, r.c.Stream)
	if err != nil {
		return false, err
	}
	if err := r.bounds(info); err != nil {
		return false, err
	}
	if !r.c.Follow && r.next > r.until {
		return true, nil
	}
	_, _, changed := r.bus.conn.get()
	r.inbox = r.bus.nc.NewInbox()
	r.messages = make(chan *nats.Msg, 3*replayRequest) // never full
	sub, err := r.bus.nc.ChanSubscribe(r.inbox, r.messages)
	if err != nil {
		return false, err
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := r.create(ctx); err != nil {
		return false, err
	}
	defer r.remove()
	if r.left == 0 && !r.c.Follow {
		if r.c.Filter == "" {
			return false, r.short()
		}
		return true, nil
	}
	return r.read(ctx, changed)
}

// bounds decides once where to begin and to end, and later notices a log that
// has become shorter.
func (r *replay) bounds(i Info) error {
	if !r.started {
		r.next, r.until, r.started = r.c.From, r.c.Until, true
		if r.next == 0 {
			r.next = max(i.First, 1)
		}
		if r.until == 0 {
			r.until = i.Last
		}
	}
	switch {
	case !r.c.Follow && r.until > i.Last:
		return fmt.Errorf("%w: it ends at %d, before %d", ErrGap, i.Last, r.until)
	case r.handled && r.next > i.Last+1:
		return fmt.Errorf("%w: it ends at %d, after %d was read", ErrGap, i.Last, r.next-1)
	case i.Messages > 0 && r.next < i.First:
		return fmt.Errorf("%w: sequences %d to %d are missing", ErrGap, r.next, i.First-1)
	}
	return nil
}

// create makes a consumer of our own that begins at next.
func (r *replay) create(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	c, err := r.bus.js.CreateConsumer(ctx, r.c.Stream, jetstream.ConsumerConfig{
		DeliverPolicy:     jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:       r.next,
		AckPolicy:         jetstream.AckNonePolicy,
		FilterSubject:     r.c.Filter,
		InactiveThreshold: replayIdle,
		MemoryStorage:     true,
		Replicas:          1,
	})
	if err != nil {
		return streamError(err)
	}
	i := c.CachedInfo()
	r.consumer, r.left = i.Name, i.NumPending
	r.consumed, r.open = 0, 0
	return nil
}

// remove is a courtesy: the server would notice by itself.
func (r *replay) remove() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if up, _, _ := r.bus.conn.get(); up && r.bus.Err() == nil {
		_ = r.bus.js.DeleteConsumer(ctx, r.c.Stream, r.consumer)
	}
}

func (r *replay) read(ctx context.Context, changed <-chan struct{}) (done bool, err error) {
	silence := time.NewTimer(replaySilence)
	defer silence.Stop()
	for {
		if r.open <= replayRequest/2 {
			if err := r.request(); err != nil {
				return false, errLost
			}
		}
		var m *nats.Msg
		select {
		case m = <-r.messages:
		default:
			silence.Reset(replaySilence)
			select {
			case m = <-r.messages:
			case <-changed:
				return false, errLost
			case <-silence.C:
				return false, errLost
			case <-ctx.Done():
				return false, ctx.Err()
			case <-r.bus.closed:
				return false, r.bus.Err()
			}
		}
		if err := ctx.Err(); err != nil {
			return false, err
		}
		if m.Reply == "" {
			if err := r.status(m); err != nil {
				return false, err
			}
			continue
		}
		if done, err := r.message(m); done || err != nil {
			return done, err
		}
	}
}

func (r *replay) request() error {
	n := replayRequest
	body := make([]byte, 0, 80)
	body = append(body, `{"batch":`...)
	body = strconv.AppendInt(body, int64(n), 10)
	body = append(body, `,"expires":`...)
	body = strconv.AppendInt(body, int64(pullExpires), 10)
	body = append(body, `,"idle_heartbeat":`...)
	body = strconv.AppendInt(body, int64(replayBeat), 10)
	body = append(body, '}')
	r.open += n
	return r.bus.nc.PublishRequest("$JS.API.CONSUMER.MSG.NEXT."+r.c.Stream+"."+r.consumer, r.inbox, body)
}

func (r *replay) status(m *nats.Msg) error {
	switch m.Header.Get("Status") {
	case "100":
		return nil
	case "404", "408", "409":
		if n, err := strconv.Atoi(m.Header.Get("Nats-Pending-Messages")); err == nil {
			r.open -= n
			return nil
		}
	}
	return errLost
}

// message checks that nothing is missing and hands the message over.
func (r *replay) message(m *nats.Msg) (done bool, err error) {
	d, err := readDelivery(m.Reply)
	if err != nil {
		return false, err
	}
	r.open--
	if d.consumed != r.consumed+1 || d.seq < r.next {
		return false, errLost
	}
	if r.c.Filter == "" && d.seq != r.next {
		return false, r.gap(fmt.Sprintf("sequence %d is missing, %d follows", r.next, d.seq))
	}
	if !r.c.Follow && d.seq > r.until {
		return true, nil
	}
	if err := r.handle(deliveredReplay(m, d, r.c.Stream)); err != nil {
		return false, &handlerError{err}
	}
	r.consumed++
	r.next, r.handled = d.seq+1, true
	switch {
	case r.c.Follow:
		return false, nil
	case d.seq >= r.until:
		return true, nil
	case d.pending == 0 && r.c.Filter == "":
		return false, r.short()
	}
	return d.pending == 0, nil
}

// short is the end of what a server has, before the end of what the stream's leader
// has. A consumer may live on a replica that is still behind, so several are asked,
// ever later, before it is an error.
func (r *replay) short() error {
	if r.ended != r.next {
		r.ended, r.shorts = r.next, 0
	}
	if r.shorts++; r.shorts < replayShorts {
		return errLost
	}
	return fmt.Errorf("%w: sequences %d to %d are missing", ErrGap, r.next, r.until)
}

// gap is an error only when a second reader finds the same one.
func (r *replay) gap(what string) error {
	if r.missing != r.next {
		r.missing = r.next
		return errLost
	}
	return fmt.Errorf("%w: %s", ErrGap, what)
}

func deliveredReplay(m *nats.Msg, d delivered, stream string) *Message {
	msg := deliveredMessage(m, d, stream)
	msg.Deliveries = 0
	return msg
}
