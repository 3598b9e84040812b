package events

import (
	"errors"
	"fmt"
	"time"
)

// ErrUnknownKind marks a subject or event of a kind that this version does not
// know. Readers keep such events and go on.
var ErrUnknownKind = errors.New("unknown kind of event")

// SpecVersion is the version of CloudEvents that the envelope follows.
const SpecVersion = "1.0"

// MaxBody is the size in bytes above which an event's data is stored aside and
// leaves a reference.
const MaxBody = 256 << 10

// Data is the content of an event: a pointer to the Go type of its kind. That
// each has a generated codec is checked by the tests; the interface cannot ask
// for it, since the generator compiles this package before the methods exist.
type Data interface {
	Kind() Kind
}

// Event is an envelope with its data: the CloudEvents attributes, then
// Crucible's. The attributes from Query on say what the event is about and are
// absent where they do not apply.
//
//easyjson:json
type Event struct {
	// SpecVersion is the version of CloudEvents: 1.0.
	SpecVersion string `json:"specversion,nocopy"`
	// ID is the identity of the fact: a function of the subject and of nothing
	// else.
	ID string `json:"id,nocopy"`
	// Source is the service and its instance, for example caller/7f3k.
	Source string `json:"source,nocopy"`
	// Type is the kind.
	Type Kind `json:"type,nocopy"`
	// Time is when the event was made, in UTC, with nanoseconds. Nothing is
	// ordered by it: the log's sequence does that.
	Time time.Time `json:"time"`
	// Subject is the subject that the event is published on.
	Subject string `json:"subject,nocopy"`
	// Run is the id of the run.
	Run string `json:"run,nocopy"`
	// Cause is the id of the event that led to this one.
	Cause string `json:"cause,omitempty,nocopy"`
	// Query is the id of the query.
	Query string `json:"query,omitempty,nocopy"`
	// Call is the id of the call.
	Call string `json:"call,omitempty,nocopy"`
	// Condition is the name of the condition.
	Condition string `json:"condition,omitempty,nocopy"`
	// Repeat is the repetition, from 0; absent, it is 0 or does not apply.
	Repeat int `json:"repeat,omitempty"`
	// Item is the id of the item.
	Item string `json:"item,omitempty,nocopy"`
	// Member is the id of the model in the spec.
	Member string `json:"member,omitempty,nocopy"`
	// Model is the provider's name of the model.
	Model string `json:"model,omitempty,nocopy"`
	// DataRef takes the place of data that is larger than 262144 bytes: the
	// SHA-256 of the body in the bucket of bodies, in hexadecimal.
	DataRef string `json:"dataref,omitempty,nocopy"`
	// Data is the content, "data" in JSON.
	Data Data `json:"-"`
}

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

// Check says whether the envelope agrees with itself: the version, the id, and
// that the subject is one of the event's kind, run, query and call. Of a subject
// of an unknown kind it checks the id alone. Decode does not call it.
func (ev *Event) Check() error {
	if ev.SpecVersion != SpecVersion {
		return fmt.Errorf("check %s: specversion is %q, want %q", ev.Type, ev.SpecVersion, SpecVersion)
	}
	if want := EventID(ev.Subject); ev.ID != want {
		return fmt.Errorf("check %s: id is %q, the subject %q has %q", ev.Type, ev.ID, ev.Subject, want)
	}
	s, err := ParseSubject(ev.Subject)
	switch {
	case errors.Is(err, ErrUnknownKind):
		return nil
	case err != nil:
		return fmt.Errorf("check %s: %w", ev.Type, err)
	case s.Kind != ev.Type:
		return fmt.Errorf("check %s: the subject %q is of %s", ev.Type, ev.Subject, s.Kind)
	case s.Run != ev.Run || s.Query != ev.Query || s.Call != ev.Call:
		return fmt.Errorf("check %s: run %q, query %q and call %q are not those of the subject %q", ev.Type, ev.Run, ev.Query, ev.Call, ev.Subject)
	}
	return nil
}
