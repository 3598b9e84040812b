package events

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/mailru/easyjson"
	"github.com/mailru/easyjson/jlexer"
	"github.com/mailru/easyjson/jwriter"
)

// Raw is the data of a kind that this version does not know, kept as it is.
type Raw struct {
	kind Kind
	// JSON is any JSON value.
	JSON easyjson.RawMessage
}

// NewRaw is the data of an event of a kind that this version does not know.
func NewRaw(k Kind, value []byte) *Raw { return &Raw{kind: k, JSON: value} }

// Kind implements Data.
func (r *Raw) Kind() Kind { return r.kind }

// MarshalEasyJSON writes the value as it is.
func (r *Raw) MarshalEasyJSON(w *jwriter.Writer) { r.JSON.MarshalEasyJSON(w) }

// UnmarshalEasyJSON keeps the value as it is.
func (r *Raw) UnmarshalEasyJSON(l *jlexer.Lexer) { r.JSON.UnmarshalEasyJSON(l) }

// MarshalJSON implements json.Marshaler.
func (r *Raw) MarshalJSON() ([]byte, error) { return r.JSON.MarshalJSON() }

// UnmarshalJSON implements json.Unmarshaler.
func (r *Raw) UnmarshalJSON(b []byte) error { return r.JSON.UnmarshalJSON(b) }

// rawHolder is implemented by data with parts that the codec takes as they are.
type rawHolder interface {
	checkRaw(check func(name string, part easyjson.RawMessage) error) error
}

func (r *Raw) checkRaw(func(string, easyjson.RawMessage) error) error {
	switch {
	case !json.Valid(r.JSON):
		return errors.New("data: not JSON")
	case !utf8.Valid(r.JSON):
		return fmt.Errorf("data: %w", errUTF8)
	}
	return nil
}

func (d *RunPlanned) checkRaw(check func(string, easyjson.RawMessage) error) error {
	return check("config", d.Config)
}

func (d *QueryDispatched) checkRaw(check func(string, easyjson.RawMessage) error) error {
	if err := check("metadata", d.Metadata); err != nil {
		return err
	}
	return check("policy.options", d.Policy.Options)
}

func (d *CallRequested) checkRaw(check func(string, easyjson.RawMessage) error) error {
	if d.Hedge != nil {
		if err := check("hedge.options", d.Hedge.Options); err != nil {
			return err
		}
	}
	return check("params", d.Params)
}

// checkRead wants an object; the codec has made sure that an object is JSON.
func checkRead(name string, part easyjson.RawMessage) error {
	if len(part) > 0 && part[0] != '{' {
		return fmt.Errorf("%s: not a JSON object", name)
	}
	return nil
}

func checkWritten(name string, part easyjson.RawMessage) error {
	if len(part) > 0 && !json.Valid(part) {
		return fmt.Errorf("%s: not JSON", name)
	}
	if !utf8.Valid(part) {
		return fmt.Errorf("%s: %w", name, errUTF8)
	}
	return checkRead(name, part)
}
