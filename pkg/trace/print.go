package trace

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// Tags prints a chain in the tag format, in the one form that Parse reads
// without a repair. Positions are not printed.
func Tags(c Chain) string {
	b := []byte("<trace")
	b = appendAttr(b, "id", c.ID)
	b = appendAttr(b, "name", c.Name)
	b = append(b, ">\n"...)
	for _, k := range slices.Sorted(maps.Keys(c.Metadata)) {
		b = append(b, "<meta"...)
		b = appendAttr(b, "key", k)
		b = appendAttr(b, "value", c.Metadata[k])
		b = append(b, "/>\n"...)
	}
	for i := range c.Events {
		b = appendEvent(b, &c.Events[i])
	}
	return string(append(b, "</trace>\n"...))
}

func appendEvent(b []byte, e *Event) []byte {
	b = append(b, "<event"...)
	b = appendAttr(b, "type", string(e.Type))
	b = appendAttr(b, "id", e.ID)
	b = appendAttr(b, "parent", e.Parent)
	if !e.Time.IsZero() {
		b = appendAttr(b, "timestamp", e.Time.UTC().Format(time.RFC3339Nano))
	}
	b = append(b, ">\n"...)
	b = appendField(b, "decision", e.Decision)
	if len(e.Alternatives) > 0 {
		b = append(b, "<alternatives>\n"...)
		for _, a := range e.Alternatives {
			b = appendField(b, "alternative", a)
		}
		b = append(b, "</alternatives>\n"...)
	}
	b = appendField(b, "reasoning", e.Reasoning)
	if e.Confidence != nil {
		b = appendField(b, "confidence", formatFloat(*e.Confidence))
	}
	b = appendField(b, "code_section", e.Code)
	b = appendField(b, "spec_reference", e.Reference)
	for _, d := range e.DependsOn {
		b = append(b, "<depends_on"...)
		b = appendAttr(b, "ref", d)
		b = append(b, "/>\n"...)
	}
	for _, k := range slices.Sorted(maps.Keys(e.Metadata)) {
		b = append(b, "<meta"...)
		b = appendAttr(b, "key", k)
		b = appendAttr(b, "value", e.Metadata[k])
		b = append(b, "/>\n"...)
	}
	return append(b, "</event>\n"...)
}

func appendField(b []byte, name, v string) []byte {
	if v == "" {
		return b
	}
	b = append(append(append(b, '<'), name...), '>')
	b = appendText(b, v)
	return append(append(append(b, "</"...), name...), ">\n"...)
}

func appendAttr(b []byte, name, v string) []byte {
	if v == "" {
		return b
	}
	b = append(append(append(b, ' '), name...), `="`...)
	b = appendText(b, v)
	return append(b, '"')
}

// appendText escapes what could be read as a tag, an entity, the end of an
// attribute's value, or the beginning of the next one.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; c {
		case '<':
			b = append(b, "&lt;"...)
		case '>':
			b = append(b, "&gt;"...)
		case '&':
			b = append(b, "&amp;"...)
		case '"':
			b = append(b, "&quot;"...)
		case '=':
			b = append(b, "&#61;"...)
		default:
			b = append(b, c)
		}
	}
	return b
}

// JSON prints a chain as one JSON object that ParseJSON reads without a report,
// positions included.
func JSON(c Chain) ([]byte, error) {
	c.Version = Version
	if c.Events == nil {
		c.Events = []Event{}
	}
	return json.Marshal(c)
}

// JSONLines prints one event a line.
func JSONLines(c Chain) ([]byte, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	for i := range c.Events {
		if err := enc.Encode(&c.Events[i]); err != nil {
			return nil, err
		}
	}
	return []byte(b.String()), nil
}
