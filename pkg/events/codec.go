package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/mailru/easyjson"
	"github.com/mailru/easyjson/jlexer"
	"github.com/mailru/easyjson/jwriter"
)

//go:generate env GOWORK=off go run github.com/mailru/easyjson/easyjson -output_filename codec_gen.go .

var (
	errNoData = errors.New("no data")
	errUTF8   = errors.New("invalid UTF-8")
)

// scratch holds buffers in which events are encoded before they are copied out.
// They are larger than nearly every event.
var scratch = sync.Pool{New: func() any { return &buffer{bytes: make([]byte, 0, 16<<10)} }}

// lexers are used again, which saves an allocation for each event.
var lexers = sync.Pool{New: func() any { return new(jlexer.Lexer) }}

type buffer struct{ bytes []byte }

// Encode is the payload that is published: one JSON object, keys in the order
// of the Go types, times in UTC, no HTML escapes, invalid UTF-8 replaced by
// U+FFFD. The bytes of an event are part of the log's digests, so this form
// never changes within a major version: decoding a payload that Encode made and
// encoding it again gives the same bytes. An event with a DataRef is written
// without its data. Numbers that are not finite, data of another kind than the
// event's and raw parts that are not JSON objects are errors.
func Encode(ev *Event) ([]byte, error) {
	b, err := encode(ev)
	if err == nil && bytes.Contains(b, []byte(`\ufffd`)) {
		// Invalid UTF-8 became an escape, which a reader would write back as the
		// character itself. That is the form that is published.
		var again Event
		if again, err = Decode(ev.Type, b); err == nil {
			b, err = encode(&again)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", ev.Type, err)
	}
	return b, nil
}

func encode(ev *Event) ([]byte, error) {
	if ev.Time.Location() != time.UTC {
		utc := *ev
		utc.Time = ev.Time.UTC()
		ev = &utc
	}
	buf := scratch.Get().(*buffer)
	w := jwriter.Writer{NoEscapeHTML: true, Flags: jwriter.NilSliceAsEmpty}
	w.Buffer.Buf = buf.bytes
	any(ev).(easyjson.Marshaler).MarshalEasyJSON(&w)
	if w.Error != nil {
		scratch.Put(buf)
		return nil, w.Error
	}
	if &w.Buffer.Buf[0] != &buf.bytes[:1][0] { // the writer has gone on in other buffers
		return w.BuildBytes()
	}
	out := bytes.Clone(w.Buffer.Buf)
	scratch.Put(buf)
	return out, nil
}

// MarshalUnknowns writes the data behind the other fields of the event; it is
// for the generated codec.
func (ev *Event) MarshalUnknowns(w *jwriter.Writer, _ bool) {
	if ev.DataRef != "" {
		return
	}
	m, ok := ev.Data.(easyjson.Marshaler)
	switch {
	case !ok:
		w.Raw(nil, errNoData)
		return
	case ev.Data.Kind() != ev.Type:
		w.Raw(nil, fmt.Errorf("the data is of %s", ev.Data.Kind()))
		return
	}
	if r, ok := ev.Data.(rawHolder); ok {
		if err := r.checkRaw(checkWritten); err != nil {
			w.Raw(nil, err)
			return
		}
	}
	w.RawString(`,"data":`)
	m.MarshalEasyJSON(w)
}

// Decode reads a payload of the given kind, which the caller knows from its
// subject. The strings of the result alias the payload, which must not change
// as long as they are used. An event of an unknown kind has a *Raw as its data;
// one whose data lies elsewhere (DataRef) has an empty one. Unknown fields are
// ignored, of repeated ones the last counts.
func Decode(k Kind, payload []byte) (Event, error) {
	ev := Event{Data: pending(k)}
	if err := decode(payload, &ev); err != nil {
		return Event{}, fmt.Errorf("decode %s: %w", k, err)
	}
	if ev.Type != k {
		return Event{}, fmt.Errorf("decode %s: the event says it is %q", k, ev.Type)
	}
	ev.Type = k // so that it does not hold on to the payload
	return ev, nil
}

// DecodeAny reads a payload of a kind that only the payload knows.
func DecodeAny(payload []byte) (Event, error) {
	ev := Event{Data: pending("")}
	if err := decode(payload, &ev); err != nil {
		return Event{}, fmt.Errorf("decode an event: %w", err)
	}
	if ev.Type == "" {
		return Event{}, errors.New("decode an event: it has no type")
	}
	return Decode(Kind(string(ev.Type)), payload)
}

// DecodeRequest reads the payload of a run.requested, whose subject the caller
// has parsed. It may be the bare YAML text of a spec: the envelope is then made
// from the subject and the time at which the log stored it.
func DecodeRequest(s Subject, payload []byte, stored time.Time) (Event, error) {
	ev, err := Decode(s.Kind, payload)
	if err == nil {
		return ev, nil
	}
	if !utf8.Valid(payload) {
		return Event{}, fmt.Errorf("decode %s: %w", s.Kind, errUTF8)
	}
	spec, isEvent := requestedSpec(payload)
	if isEvent && spec == "" {
		return Event{}, err
	}
	ev = About(s, "client", "", stored)
	ev.Data = &RunRequested{Spec: spec}
	return ev, nil
}

// requestedSpec finds the spec in a body that is no whole event: data.spec of
// one whose client left attributes out, or else the body itself.
func requestedSpec(payload []byte) (spec string, isEvent bool) {
	var body struct {
		SpecVersion string        `json:"specversion"`
		Data        *RunRequested `json:"data"`
	}
	if json.Unmarshal(payload, &body) != nil && bytes.Contains(payload, []byte(`"specversion"`)) {
		return "", true
	}
	switch {
	case body.Data != nil:
		return body.Data.Spec, true
	case body.SpecVersion != "":
		return "", true
	}
	return string(payload), false
}

func decode(payload []byte, ev *Event) error {
	if !utf8.Valid(payload) {
		return errUTF8
	}
	l := lexers.Get().(*jlexer.Lexer)
	*l = jlexer.Lexer{Data: payload}
	any(ev).(easyjson.Unmarshaler).UnmarshalEasyJSON(l)
	err := l.Error()
	*l = jlexer.Lexer{} // so that it does not hold on to the payload
	lexers.Put(l)
	if err != nil {
		return err
	}
	return ev.decoded()
}

// decoded settles what the fields cannot say alone.
func (ev *Event) decoded() error {
	if loc := ev.Time.Location(); loc != time.UTC {
		ev.Time = ev.Time.UTC()
	}
	if y := ev.Time.Year(); y < 0 || y > 9999 {
		return fmt.Errorf("time: the year %d in UTC", y)
	}
	switch d := ev.Data.(type) {
	case *form:
		if ev.DataRef == "" {
			return errNoData
		}
		ev.Data = d.data()
	case *Raw:
		switch {
		case d.JSON != nil:
		case ev.DataRef == "":
			return errNoData
		default:
			return nil
		}
	}
	if r, ok := ev.Data.(rawHolder); ok {
		return r.checkRaw(checkRead)
	}
	return nil
}

// pending stands for the data of an event until it is read.
func pending(k Kind) Data {
	if f := byKind[k]; f != nil {
		return f
	}
	return &Raw{kind: k}
}

// Kind makes a form a Data: that of an event whose data has not been read.
func (f *form) Kind() Kind { return f.kind }

// UnmarshalUnknown reads the data of an event and skips what it does not know;
// it is for the generated codec.
func (ev *Event) UnmarshalUnknown(l *jlexer.Lexer, key string) {
	if key != "data" {
		l.SkipRecursive()
		return
	}
	if l.IsNull() {
		l.Skip()
		return
	}
	switch d := ev.Data.(type) {
	case *form:
		ev.Data = d.data()
	case nil: // an Event that is unmarshalled without Decode
		ev.Data = ev.Type.New()
	}
	if u, ok := ev.Data.(easyjson.Unmarshaler); ok {
		u.UnmarshalEasyJSON(l)
		return
	}
	l.AddError(fmt.Errorf("data of type %T", ev.Data))
}
