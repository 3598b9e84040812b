package bus

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// replies receives the answers to publishes: all on one subscription, with the
// number of the flight and of the message in it as the last two tokens.
type replies struct {
	sub     *nats.Subscription
	prefix  string
	next    atomic.Uint64
	flights sync.Map // uint64 -> *flight
}

// flight is a group of publishes that were sent together.
type flight struct {
	acks []ack
	left atomic.Int32
	done chan struct{}
}

// ack is the server's answer to one publish.
type ack struct {
	seq       uint64
	duplicate bool
	err       error // errLost until the answer is there
}

func (b *Bus) subscribeReplies() error {
	b.replies.prefix = b.nc.NewInbox() + "."
	sub, err := b.nc.Subscribe(b.replies.prefix+"*.*", b.onReply)
	if err != nil {
		return fmt.Errorf("subscribe to replies: %w", err)
	}
	b.replies.sub = sub
	return sub.SetPendingLimits(-1, -1) // as many as were sent, and small
}

func (b *Bus) onReply(m *nats.Msg) {
	number, index, ok := strings.Cut(m.Subject[len(b.replies.prefix):], ".")
	if !ok {
		return
	}
	n, err := strconv.ParseUint(number, 36, 64)
	if err != nil {
		return
	}
	i, err := strconv.ParseUint(index, 36, 31)
	if err != nil {
		return
	}
	v, ok := b.replies.flights.Load(n)
	if !ok {
		return // it was given up
	}
	f := v.(*flight)
	if int(i) >= len(f.acks) || !errors.Is(f.acks[i].err, errLost) {
		return
	}
	f.acks[i] = parseAck(m)
	if f.left.Add(-1) == 0 {
		close(f.done)
	}
}

// parseAck reads an answer. The common one, {"stream":"S","seq":12}, is read
// without a JSON decoder.
func parseAck(m *nats.Msg) ack {
	if len(m.Data) == 0 {
		if m.Header.Get("Status") == "503" {
			return ack{err: nats.ErrNoResponders}
		}
		return ack{err: jetstream.ErrInvalidJSAck}
	}
	if rest, ok := bytes.CutSuffix(m.Data, []byte("}")); ok {
		if i := bytes.LastIndexByte(rest, ':'); i > 0 && bytes.HasSuffix(rest[:i], []byte(`"seq"`)) {
			if seq, err := strconv.ParseUint(string(bytes.TrimSpace(rest[i+1:])), 10, 64); err == nil && seq > 0 {
				return ack{seq: seq}
			}
		}
	}
	var r struct {
		Error     *jetstream.APIError `json:"error"`
		Seq       uint64              `json:"seq"`
		Duplicate bool                `json:"duplicate"`
	}
	if err := json.Unmarshal(m.Data, &r); err != nil {
		return ack{err: jetstream.ErrInvalidJSAck}
	}
	if r.Error != nil {
		return ack{err: r.Error}
	}
	return ack{seq: r.Seq, duplicate: r.Duplicate}
}

// send publishes the offers, in order, and waits for the answers: until all are
// there, the connection breaks, or the time is over. What has no answer has
// errLost.
func (b *Bus) send(offers []*offer, timeout time.Duration) []ack {
	n := b.replies.next.Add(1)
	f := &flight{acks: lostAcks(len(offers)), done: make(chan struct{})}
	f.left.Store(int32(len(offers)))
	up, _, changed := b.conn.get()
	if !up {
		return f.acks
	}
	b.replies.flights.Store(n, f)
	reply := append(append(make([]byte, 0, len(b.replies.prefix)+20), b.replies.prefix...), strconv.FormatUint(n, 36)...)
	reply = append(reply, '.')
	e := newEnvelope()
	for i, o := range offers {
		m := e.of(o)
		m.Reply = string(strconv.AppendUint(reply, uint64(i), 36))
		if err := b.nc.PublishMsg(m); err != nil {
			break // the connection is gone: neither this nor the rest was sent
		}
	}
	t := time.NewTimer(timeout)
	defer t.Stop()
	select {
	case <-f.done:
		b.replies.flights.Delete(n)
		return f.acks
	case <-changed:
	case <-t.C:
	case <-b.closed:
	}
	// Some answers may have come and others may be coming: the log itself will
	// tell, so all count as lost.
	b.replies.flights.Delete(n)
	return lostAcks(len(offers))
}

func lostAcks(n int) []ack {
	acks := make([]ack, n)
	for i := range acks {
		acks[i].err = errLost
	}
	return acks
}
