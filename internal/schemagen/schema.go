package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/crucible-go/crucible/pkg/events"
	"github.com/invopop/jsonschema"
	"github.com/mailru/easyjson"
)

// The patterns of strings with a form.
const (
	patternID     = `^[0-9a-v]{26}$`
	patternName   = `^[A-Za-z0-9_-]{1,64}$`
	patternHash   = `^[0-9a-f]{64}$`
	patternMoney  = `^[0-9]+(\.[0-9]{1,12})?$`
	patternUint64 = `^[0-9]{1,20}$`
)

// schema is the JSON Schema of the events of a kind.
type schema struct {
	kind events.Kind
	*jsonschema.Schema
}

// data is the part of the schema about the data.
func (s schema) data() *jsonschema.Schema {
	d, _ := s.Properties.Get("data")
	return d
}

func (s schema) encode() ([]byte, error) {
	b, err := json.Marshal(s.Schema)
	if err != nil {
		return nil, fmt.Errorf("schema of %s: %w", s.kind, err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		return nil, fmt.Errorf("schema of %s: %w", s.kind, err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// makeSchemas makes the schemas of all kinds, in the order of events.Kinds. They
// say nothing about fields they do not name: readers ignore those.
func makeSchemas(c comments) ([]schema, error) {
	r := &jsonschema.Reflector{
		Anonymous:                 true,
		DoNotReference:            true,
		AllowAdditionalProperties: true,
		LookupComment:             c.ofField,
		Mapper:                    mapType,
	}
	var out []schema
	for _, k := range events.Kinds() {
		s := envelope(r, k)
		t := reflect.TypeOf(k.New()).Elem()
		data := r.ReflectFromType(t)
		data.Version, data.Description = "", c[t.Name()][""]
		refine(t.Name(), data)
		s.Properties.Set("data", data)
		if missing := undescribed("", s); len(missing) > 0 {
			return nil, fmt.Errorf("schema of %s: no comment on %s", k, strings.Join(missing, ", "))
		}
		out = append(out, schema{k, s})
	}
	return out, nil
}

// envelope is the schema of an event of the kind but for its data.
func envelope(r *jsonschema.Reflector, k events.Kind) *jsonschema.Schema {
	s := r.Reflect(events.Event{})
	refine("Event", s)
	s.ID = jsonschema.ID("urn:crucible:event:" + k)
	s.Title = string(k)
	s.Description = k.Says()
	set(s, "type", func(p *jsonschema.Schema) { p.Const = string(k) })
	set(s, "specversion", func(p *jsonschema.Schema) { p.Const = events.SpecVersion })
	set(s, "subject", func(p *jsonschema.Schema) { p.Pattern = subjectPattern(k) })
	set(s, "time", func(p *jsonschema.Schema) { p.Pattern = "Z$" })
	for _, name := range []string{"id", "cause"} {
		set(s, name, func(p *jsonschema.Schema) { p.Pattern = patternID })
	}
	for _, name := range []string{"run", "query", "call"} {
		set(s, name, func(p *jsonschema.Schema) { p.Pattern = patternName })
	}
	s.AnyOf = []*jsonschema.Schema{{Required: []string{"data"}}, {Required: []string{"dataref"}}}
	return s
}

func set(s *jsonschema.Schema, name string, change func(*jsonschema.Schema)) {
	p, ok := s.Properties.Get(name)
	if !ok {
		panic("schemagen: the envelope has no " + name)
	}
	change(p)
}

// subjectPattern is the regular expression of the subjects of a kind.
func subjectPattern(k events.Kind) string {
	filter := events.Subject{Kind: k}.Filter()
	name := strings.Trim(patternName, "^$")
	return "^" + strings.NewReplacer(".", `\.`, "*", name).Replace(filter) + "$"
}

// mapType knows the types that do not describe themselves.
func mapType(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[easyjson.RawMessage]():
		return &jsonschema.Schema{Type: "object"}
	case reflect.TypeFor[time.Time]():
		return &jsonschema.Schema{Type: "string", Format: "date-time"}
	case reflect.TypeFor[events.Kind]():
		return &jsonschema.Schema{Type: "string"}
	}
	return nil
}

// refine adds what a name says: durations and counts are not negative, money
// and hashes have a form.
func refine(parent string, s *jsonschema.Schema) {
	if s.Items != nil {
		refine(parent, s.Items)
	}
	if s.Properties == nil {
		return
	}
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		name, s := p.Key, p.Value
		switch {
		case s.Type == "integer":
			s.Minimum = "0"
		case parent == "CallRequested" && name == "seed":
			s.Type, s.Pattern = "string", patternUint64
		case s.Type == "string" && (name == "usd" || strings.HasSuffix(name, "_usd") || parent == "price"):
			s.Pattern = patternMoney
		case s.Type == "string" && (name == "digest" || name == "sha256" || name == "dataref" || strings.HasSuffix(name, "_hash")):
			s.Pattern = patternHash
		}
		refine(name, s)
	}
}

// undescribed lists the properties without a description.
func undescribed(path string, s *jsonschema.Schema) []string {
	if s.Items != nil {
		return undescribed(path+"[]", s.Items)
	}
	if s.Properties == nil {
		return nil
	}
	var out []string
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		at := strings.TrimPrefix(path+"."+p.Key, ".")
		if p.Value.Description == "" {
			out = append(out, at)
		}
		out = append(out, undescribed(at, p.Value)...)
	}
	return out
}
