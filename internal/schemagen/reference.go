package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/template"

	"github.com/crucible-go/crucible/pkg/events"
	"github.com/invopop/jsonschema"
)

//go:embed events.md.tmpl
var referenceTemplate string

// page is what the template of the reference shows.
type page struct {
	Kinds    []kindSection
	Envelope []fieldRow
	Vectors  vectors
	Token    int
	IDLen    int
	MaxBody  int
}

type kindSection struct {
	Kind, Subject, By, Says, Stream string
	SameAs                          string // the kind whose data has the same fields
	Fields                          []fieldRow
}

type fieldRow struct {
	Name, Type, Says string
	Always           bool
}

// vectors are the published examples of ids and digests.
type vectors struct {
	EventIDs []struct {
		Subject string `json:"subject"`
		ID      string `json:"id"`
	} `json:"event_id"`
	Digest struct {
		Events []struct {
			ID      string `json:"id"`
			Payload string `json:"payload"`
			SHA256  string `json:"sha256"`
		} `json:"events"`
		Digest string `json:"digest"`
	} `json:"digest"`
}

func makeReference(root *os.Root, schemas []schema) ([]byte, error) {
	p := page{Token: events.MaxToken, IDLen: events.IDLen, MaxBody: events.MaxBody}
	b, err := root.ReadFile(vectorsPath)
	if err != nil {
		return nil, fmt.Errorf("reference: %w", err)
	}
	if err := json.Unmarshal(b, &p.Vectors); err != nil {
		return nil, fmt.Errorf("reference: %s: %w", vectorsPath, err)
	}
	same := map[string]string{}
	for _, s := range schemas {
		p.Kinds = append(p.Kinds, section(s, same))
	}
	p.Envelope = rows("", schemas[0].Schema)
	p.Envelope = slices.DeleteFunc(p.Envelope, func(f fieldRow) bool { return strings.HasPrefix(f.Name, "data.") })
	for i, f := range p.Envelope {
		if f.Name == "data" {
			p.Envelope[i].Type, p.Envelope[i].Says = "object", "The content; its fields are those of the kind. It is there unless dataref is."
		}
	}
	t, err := template.New("events.md").Funcs(template.FuncMap{"anchor": anchor}).Parse(referenceTemplate)
	if err != nil {
		return nil, fmt.Errorf("reference: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, p); err != nil {
		return nil, fmt.Errorf("reference: %w", err)
	}
	return out.Bytes(), nil
}

// section describes a kind. Fields that another kind has shown already, kept in
// seen by their text, are shown once.
func section(s schema, seen map[string]string) kindSection {
	k := kindSection{
		Kind: string(s.kind), Subject: subjectForm(s.kind), By: s.kind.By(), Says: s.kind.Says(),
		Stream: "the run's", Fields: rows("", s.data()),
	}
	if s.kind.Control() {
		k.Stream = events.ControlStream
	}
	text := fmt.Sprint(k.Fields)
	if k.SameAs = seen[text]; k.SameAs != "" {
		k.Fields = nil
	} else if len(k.Fields) > 3 {
		seen[text] = k.Kind
	}
	return k
}

// subjectForm is the subject of a kind with names for its tokens.
func subjectForm(k events.Kind) string {
	s := events.Subject{Kind: k}.Filter()
	names := []string{"<run>"}
	switch noun := strings.Split(s, ".")[1]; {
	case k == events.KindRunSuspended || k == events.KindRunResumed:
		names = append(names, "<n>")
	case k == events.KindDeadLetter:
		names = append(names, "<event>")
	case noun == "analysis" || noun == "report":
		names = append(names, "<"+noun+">")
	default:
		names = append(names, "<query>", "<call>")
	}
	switch k {
	case events.KindCallRequested:
		names = append(names, "<pool>")
	case events.KindCallStarted:
		names = append(names, "<attempt>")
	}
	for _, n := range names {
		s = strings.Replace(s, "*", n, 1)
	}
	return s
}

// rows lists the fields of an object and of those inside it.
func rows(prefix string, s *jsonschema.Schema) []fieldRow {
	if s.Properties == nil {
		return nil
	}
	var out []fieldRow
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		name, inner := prefix+p.Key, p.Value
		out = append(out, fieldRow{name, typeName(p.Key, p.Value), cell(p.Value.Description), slices.Contains(s.Required, p.Key)})
		for inner.Items != nil {
			name, inner = name+"[]", inner.Items
		}
		out = append(out, rows(name+".", inner)...)
	}
	return out
}

func typeName(name string, s *jsonschema.Schema) string {
	switch {
	case s.Items != nil:
		return "array of " + typeName("", s.Items)
	case s.Type == "integer" && strings.HasSuffix(name, "_ns"):
		return "integer, ns"
	case s.Pattern == patternMoney:
		return "decimal string, US$"
	case s.Pattern == patternHash:
		return "string, 64 hex"
	case s.Pattern == patternUint64:
		return "decimal string"
	case s.Format == "date-time":
		return "string, RFC 3339"
	}
	return s.Type
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// anchor is the fragment under which a heading is linked.
func anchor(heading string) string { return strings.ReplaceAll(heading, ".", "") }
