package bus

import (
	"time"

	"github.com/crucible-go/crucible/pkg/events"
)

// Fact is what is published: one event's subject and encoded payload. Its id is
// events.EventID(Subject).
type Fact struct {
	Subject string
	// Payload must not change until Publish has returned; a publisher whose
	// context ended early must never change it.
	Payload []byte
	// Trace is the W3C traceparent header, "" for none.
	Trace string
}

// Stored is the fact that is in the log.
type Stored struct {
	Seq uint64 // in its stream
	// New says that this offer is the one that was stored. It is false when
	// somebody was first, even with the same bytes; Seq and Payload are then those
	// of the fact in the log.
	New     bool
	Payload []byte
}

// Message is a fact read from the log. It may be kept; nobody else changes it.
type Message struct {
	Subject string
	// Parsed is the subject's parts, with an empty Kind when this version does not
	// know the kind.
	Parsed  events.Subject
	Stream  string
	Seq     uint64
	Time    time.Time // when the log stored it
	Payload []byte
	Trace   string // traceparent, "" for none
	// Deliveries counts the deliveries to this consumer, from 1. It may restart at
	// 1 after a crash of the server. It is 0 for messages from Lookup and Replay.
	Deliveries uint64
	// Pending is how many messages the consumer had not been sent after this one.
	Pending uint64
	// Maybe says that the message may have been handled before: it was delivered
	// before, or it is not newer than the stream's last message when this consumer
	// attached. Handlers with costly effects look for their result first.
	Maybe bool
}

// ID is the event's id.
func (m *Message) ID() string { return events.EventID(m.Subject) }
