package events

import (
	"errors"
	"fmt"
	"time"

	"github.com/mailru/easyjson"
	"github.com/mailru/easyjson/jlexer"
	"github.com/mailru/easyjson/jwriter"
)

// ErrUnknownKind marks a subject or event of a kind that this version does not
// know. Readers keep such events and go on.
var ErrUnknownKind = errors.New("unknown kind of event")

// SpecVersion is the version of CloudEvents that the envelope follows.
const SpecVersion = "1.0"

// Data is the content of an event: a pointer to the Go type of its kind. That
// each has a generated codec is checked by the tests; the interface cannot ask
// for it, since the generator compiles this package before the methods exist.
type Data interface {
	Kind() Kind
}

// Event is an envelope with its data: the CloudEvents attributes, then
// Crucible's. The attributes from Query on say what the event is about and are
// empty where they do not apply.
//
//easyjson:json
type Event struct {
	SpecVersion string    `json:"specversion,nocopy"`
	ID          string    `json:"id,nocopy"`     // EventID(Subject)
	Source      string    `json:"source,nocopy"` // service and instance, for example "caller/7f3k"
	Type        Kind      `json:"type,nocopy"`
	Time        time.Time `json:"time"` // UTC, nanoseconds
	Subject     string    `json:"subject,nocopy"`
	Run         string    `json:"run,nocopy"`
	Cause       string    `json:"cause,omitempty,nocopy"` // id of the event that led to this one
	Query       string    `json:"query,omitempty,nocopy"`
	Call        string    `json:"call,omitempty,nocopy"`
	Condition   string    `json:"condition,omitempty,nocopy"`
	Repeat      int       `json:"repeat,omitempty"` // from 0
	Item        string    `json:"item,omitempty,nocopy"`
	Member      string    `json:"member,omitempty,nocopy"` // id of the model in the spec
	Model       string    `json:"model,omitempty,nocopy"`  // the provider's name of it
	// DataRef takes the place of data that is larger than MaxBody: the SHA-256
	// of the body in the bucket of bodies.
	DataRef string `json:"dataref,omitempty,nocopy"`
	// Data is a Data; the field's type is what the codec can preset.
	Data any `json:"data,omitempty"`
}

// MaxBody is the size in bytes above which an event's data is stored aside and
// leaves a reference.
const MaxBody = 256 << 10

// About fills in the envelope of an event: everything that follows from its
// subject, and its time.
func About(s Subject, source, cause string, at time.Time) Event {
	subject := s.String()
	return Event{
		SpecVersion: SpecVersion,
		ID:          EventID(subject),
		Source:      source,
		Type:        s.Kind,
		Time:        at.UTC(),
		Subject:     subject,
		Run:         s.Run,
		Cause:       cause,
		Query:       s.Query,
		Call:        s.Call,
	}
}

// Encode is the payload that is published: one JSON object, keys in the order
// of the Go types, no HTML escapes, invalid UTF-8 replaced by U+FFFD. The bytes
// of an event are part of the log's digests, so this form never changes within
// a major version.
func Encode(ev *Event) ([]byte, error) {
	w := jwriter.Writer{NoEscapeHTML: true, Flags: jwriter.NilSliceAsEmpty}
	any(ev).(easyjson.Marshaler).MarshalEasyJSON(&w)
	b, err := w.BuildBytes()
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", ev.Type, err)
	}
	return b, nil
}

// Decode reads a payload of the given kind, which the caller knows from its
// subject. The strings of the result alias the payload, which must not change
// as long as they are used. An event of an unknown kind has a *Raw as its data;
// one whose data lies elsewhere (DataRef) has an empty one.
func Decode(k Kind, payload []byte) (Event, error) {
	data := k.New()
	ev := Event{Data: data}
	if err := decode(payload, &ev); err != nil {
		return Event{}, fmt.Errorf("decode %s: %w", k, err)
	}
	if ev.Type != k {
		return Event{}, fmt.Errorf("decode %s: the event says it is %q", k, ev.Type)
	}
	if got, ok := ev.Data.(Data); !ok || got != data { // a null body
		return Event{}, fmt.Errorf("decode %s: no data", k)
	}
	return ev, nil
}

func decode(payload []byte, into any) error {
	l := jlexer.Lexer{Data: payload}
	into.(easyjson.Unmarshaler).UnmarshalEasyJSON(&l)
	l.Consumed()
	return l.Error()
}

// Raw is the data of a kind that this version does not know, kept as it is.
type Raw struct {
	kind Kind
	JSON easyjson.RawMessage
}

// Kind implements Data.
func (r *Raw) Kind() Kind { return r.kind }

// MarshalJSON implements Data.
func (r *Raw) MarshalJSON() ([]byte, error) { return r.JSON.MarshalJSON() }

// UnmarshalJSON implements Data.
func (r *Raw) UnmarshalJSON(b []byte) error { return r.JSON.UnmarshalJSON(b) }
