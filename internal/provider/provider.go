package provider

import (
	"context"
	"time"

	"github.com/crucible-go/crucible/pkg/events"
)

// MaxReply is the size in bytes of the largest reply that is read; a larger one
// fails as ClassTooLarge.
const MaxReply = 8 << 20

// HeaderSimulated is the header by which the simulation server labels its
// responses; a reply that carries it is marked as simulated.
const HeaderSimulated = "X-Crucible-Simulated"

// Request is one attempt at a call.
type Request struct {
	Provider string // name of the provider, as in the order
	Model    string // the provider's name of the model
	Member   string // id of the model in the spec
	Order    *events.CallRequested
	Attempt  int // from 1; attempts of one call may be under way at the same time
}

// Reply is an answer.
type Reply struct {
	Text string
	// LatencyNS is what the provider states (recorded answers, the virtual
	// clock). 0 together with HasLatency: the caller measures.
	LatencyNS int64
	// HasLatency is false where the answer has no latency at all: one recorded
	// without, or one simulated on the virtual clock with the shape "none".
	HasLatency bool
	// FirstByteNS is the time from the call of Ask to the first byte of the
	// response, 0 where it is unknown.
	FirstByteNS int64
	// FirstTokenNS is the time from the call of Ask to the first text of a reply
	// that was streamed, 0 for one that was not.
	FirstTokenNS int64
	// ConnectNS is the time that finding the host, connecting and the TLS
	// handshake took, 0 where a kept connection was used or none is needed.
	ConnectNS   int64
	Usage       *events.Usage // nil: unknown
	Served      string        // the name of the model that the provider says answered
	Finish      string        // why the text ends: stop, length, refusal, content_filter …
	RequestID   string        // the provider's id of the request
	Fingerprint string        // the provider's name of the configuration that answered
	Status      int           // of HTTP, 0 elsewhere
	Rate        RateInfo      // what the response says of limits
	Simulated   bool
	Recorded    bool
	Repaired    bool // Text held bytes that are not UTF-8, now U+FFFD
}

// Provider asks a model once. Ask may be called concurrently. It returns soon
// after ctx is done, with ClassTimeout when its deadline has passed and
// ClassCancelled otherwise. A non-nil error is an *Error.
type Provider interface {
	Ask(ctx context.Context, r *Request) (*Reply, error)
}

// Error is a failed attempt.
type Error struct {
	Class      string
	Message    string // bounded, valid UTF-8, without keys
	Retryable  bool   // another attempt may succeed
	RetryAfter time.Duration
	Status     int // of HTTP
	RequestID  string
	Billed     string        // BilledNo | BilledPossibly | BilledYes
	Usage      *events.Usage // what the provider says it charged for
	Served     string
	// Text is what arrived of a text that is no answer: a refusal, a text that
	// was cut off or filtered, half a stream. It is evidence, for people.
	Text   string
	Finish string // why Text ends, where the provider says so
	// Fingerprint is as in a Reply.
	Fingerprint string
	// Rate is what the response says of limits; its RetryAfter is also above.
	Rate RateInfo
	// FirstByteNS, FirstTokenNS and ConnectNS are as in a Reply.
	FirstByteNS, FirstTokenNS, ConnectNS int64
	// LatencyNS is how long the failure took on the virtual clock, 0 where the
	// caller measures.
	LatencyNS int64
	// Simulated tells that no real model was involved.
	Simulated bool
}

// maxEvidence bounds what is kept of a text that is no answer, in bytes.
const maxEvidence = 16 << 10

// Evidence is the beginning of Text, fit to be stored.
func (e *Error) Evidence() string { return clip(e.Text, maxEvidence) }

// Error implements error: the class and the message.
func (e *Error) Error() string {
	if e.Message == "" {
		return e.Class
	}
	return e.Class + ": " + e.Message
}
