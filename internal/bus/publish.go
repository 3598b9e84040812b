package bus

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/nats-io/nats.go"

	"github.com/crucible-go/crucible/pkg/events"
)

// headerRoom is what the headers of a message take of the server's limit.
const headerRoom = 1 << 10

// offer is one fact of one call of Publish on its way into the log. The
// committer of its stream owns it until done is called.
type offer struct {
	fact      Fact
	id        string
	call      *publication
	unknown   bool // it was sent and no answer came: it may be stored
	absent    bool // it was looked up in this commit and not there
	duplicate bool // the server knows its id
	conflicts int  // refusals without a message to be seen

	result Stored // once settled, as err
	err    error
}

// publication is one call of Publish.
type publication struct {
	ctx    context.Context
	failed atomic.Bool
	left   atomic.Int32
	done   chan struct{}
}

// settle ends an offer. Each is settled once, by one goroutine.
func (o *offer) settle(s Stored, err error) {
	o.result, o.err = s, err
	if err != nil {
		o.call.failed.Store(true)
	}
	if o.call.left.Add(-1) == 0 {
		close(o.call.done)
	}
}

// Publish stores facts and returns when each is stored, or when somebody else's
// fact was found on its subject, which the caller then adopts: at most one fact
// per subject, for ever. The results are in the order of the facts.
//
// The facts of one call enter each stream in their order, unless one of them
// has to be repeated because the server could not take it. Of several offers of
// equal bytes on one subject exactly one reports New; but an offer whose answer
// was lost (the connection or the server broke) and which finds exactly its own
// bytes in the log afterwards reports New too, since they carry their writer
// and time.
//
// Whatever is temporary is retried until ctx ends; then Publish returns at
// once, and facts that were under way may still be stored. Other errors:
// ErrNoStream, ErrFull, ErrTooLarge, ErrIdentity, ErrClosed. They concern single
// facts: those stored nevertheless have a result with a sequence.
func (b *Bus) Publish(ctx context.Context, facts ...Fact) ([]Stored, error) {
	if len(facts) == 0 {
		return nil, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("publish: %w", err)
	}
	call := &publication{ctx: ctx, done: make(chan struct{})}
	call.left.Store(int32(len(facts)))
	streams, err := b.route(facts)
	if err != nil {
		return nil, fmt.Errorf("publish: %w", err)
	}
	offers := make([]offer, len(facts))
	for i := range facts {
		offers[i] = offer{fact: facts[i], id: events.EventID(facts[i].Subject), call: call}
	}
	for i := 0; i < len(offers); { // neighbours on one stream are queued together
		j := i + 1
		for j < len(offers) && streams[j] == streams[i] {
			j++
		}
		streams[i].add(offers[i:j])
		i = j
	}
	select {
	case <-call.done:
	case <-ctx.Done():
		return nil, fmt.Errorf("publish: %w", ctx.Err())
	}
	results := make([]Stored, len(offers))
	for i := range offers {
		results[i] = offers[i].result
	}
	if call.failed.Load() {
		return results, fmt.Errorf("publish: %w", firstError(offers))
	}
	return results, nil
}

// firstError is the first error with its subject, and how many more there are.
func firstError(offers []offer) error {
	var err error
	more := 0
	for i := range offers {
		switch o := &offers[i]; {
		case o.err == nil:
		case err == nil:
			err = fmt.Errorf("%s: %w", o.fact.Subject, o.err)
		default:
			more++
		}
	}
	if more > 0 {
		return fmt.Errorf("%w (and %d more)", err, more)
	}
	return err
}

// route finds the committer of each fact and refuses what no stream can take.
func (b *Bus) route(facts []Fact) ([]*committer, error) {
	limit := b.nc.MaxPayload() - headerRoom
	out := make([]*committer, len(facts))
	for i, f := range facts {
		stream, err := streamOf(f.Subject)
		if err != nil {
			return nil, err
		}
		if int64(len(f.Payload)) > limit {
			return nil, fmt.Errorf("%s: %w: %d bytes, the server takes %d", f.Subject, ErrTooLarge, len(f.Payload), limit)
		}
		if i > 0 && out[i-1].stream == stream {
			out[i] = out[i-1]
			continue
		}
		out[i] = b.committer(stream)
	}
	return out, nil
}

// streamOf names the stream that holds a subject.
func streamOf(subject string) (string, error) {
	s, err := events.ParseSubject(subject)
	if err != nil {
		return "", err
	}
	if s.Kind.Control() {
		return events.ControlStream, nil
	}
	return events.RunStream(s.Run), nil
}

func (b *Bus) committer(stream string) *committer {
	if c, ok := b.committers.Load(stream); ok {
		return c.(*committer)
	}
	c, _ := b.committers.LoadOrStore(stream, newCommitter(b, stream))
	return c.(*committer)
}

// envelope is a message on the wire, used for one offer after the other: the
// connection copies it.
type envelope struct {
	msg   nats.Msg
	id    [1]string
	trace [1]string
}

func newEnvelope() *envelope {
	e := &envelope{}
	e.msg.Header = nats.Header{headerID: e.id[:], headerExpected: {"0"}}
	return e
}

// of is the message for an offer, until the next call.
func (e *envelope) of(o *offer) *nats.Msg {
	e.msg.Subject, e.msg.Data = o.fact.Subject, o.fact.Payload
	e.id[0] = o.id
	if o.fact.Trace != "" {
		e.trace[0] = o.fact.Trace
		e.msg.Header[headerTrace] = e.trace[:]
	} else {
		delete(e.msg.Header, headerTrace)
	}
	return &e.msg
}

const (
	headerID       = "Nats-Msg-Id"
	headerExpected = "Nats-Expected-Last-Subject-Sequence"
	headerTrace    = "traceparent"
)

// unsent is why an offer ends before it was sent, nil if it should be.
func (o *offer) unsent(b *Bus) error {
	if err := o.call.ctx.Err(); err != nil {
		return err
	}
	return b.Err()
}

// adopt settles an offer with the fact that is in the log.
func (o *offer) adopt(m *Message) {
	own := o.unknown && string(m.Payload) == string(o.fact.Payload)
	o.settle(Stored{Seq: m.Seq, New: own, Payload: m.Payload}, nil)
}

func (o *offer) stored(seq uint64) {
	o.settle(Stored{Seq: seq, New: true, Payload: o.fact.Payload}, nil)
}

var errLost = errors.New("no answer from the server")
