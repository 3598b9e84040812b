// Package trace reads, checks, compares and prints causal traces: what a model
// says about why it decided what it decided.
//
// A trace is a list of events in the order of the text that holds them. Models
// write traces badly; the parsers here keep whatever can be kept and report
// every repair and every byte left out, with its place. Nothing is guessed: a
// confidence that is absent is absent, a type nobody knows is kept and marked,
// and there is no time but one that was written down.
//
// The package is pure: text and values in, values out. Nothing in a trace is
// ever executed, opened or followed.
package trace

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Type says what kind of step an event is.
type Type string

// The types every parser knows.
const (
	TaskDecomposed        Type = "task_decomposed"
	HypothesisFormed      Type = "hypothesis_formed"
	PatternApplied        Type = "pattern_applied"
	AlternativeConsidered Type = "alternative_considered"
	AlternativeRejected   Type = "alternative_rejected"
	ConstraintIdentified  Type = "constraint_identified"
	AssumptionMade        Type = "assumption_made"
	DecisionMade          Type = "decision_made"
	SpecReferenced        Type = "spec_referenced"
	UncertaintyNoted      Type = "uncertainty_noted"
	Synthesis             Type = "synthesis"
)

// StandardTypes are the types every parser knows, in the order of a usual trace.
func StandardTypes() []Type {
	return []Type{TaskDecomposed, HypothesisFormed, PatternApplied, AlternativeConsidered, AlternativeRejected,
		ConstraintIdentified, AssumptionMade, DecisionMade, SpecReferenced, UncertaintyNoted, Synthesis}
}

// Types are the types a parser knows: the standard ones, their older names, and
// those registered with NewTypes. The zero value and nil know the standard ones.
type Types struct {
	custom map[string]struct{}
}

// NewTypes returns the standard types and custom ones. A custom name is of
// lower-case letters, digits and underscores, begins with a letter, and is no
// standard type, older name, or tag of the format.
func NewTypes(custom ...string) (*Types, error) {
	t := &Types{custom: make(map[string]struct{}, len(custom))}
	var std Types
	for _, c := range custom {
		_, known, _ := std.Resolve(c)
		switch {
		case c == "" || len(c) > maxName || typeName(c) != c || c[0] < 'a' || c[0] > 'z' || !plainName(c):
			return nil, fmt.Errorf("trace: type %q: want lower-case letters, digits and underscores", c)
		case known || std.kindOf(c) != kindNone:
			return nil, fmt.Errorf("trace: type %q: the name is taken", c)
		}
		if _, twice := t.custom[c]; twice {
			return nil, errors.New("trace: type " + c + ": registered twice")
		}
		t.custom[c] = struct{}{}
	}
	return t, nil
}

// Custom lists the registered types in order.
func (t *Types) Custom() []string {
	if t == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(t.custom))
}

// Resolve returns the type a name stands for, whether it is known, and whether
// the name is an older one. An unknown name stands for itself.
func (t *Types) Resolve(name string) (typ Type, known, older bool) {
	switch Type(name) {
	case TaskDecomposed, HypothesisFormed, PatternApplied, AlternativeConsidered, AlternativeRejected, ConstraintIdentified,
		AssumptionMade, DecisionMade, SpecReferenced, UncertaintyNoted, Synthesis:
		return Type(name), true, false
	case "constraint_evaluated":
		return ConstraintIdentified, true, true
	case "ambiguity_flagged", "confidence_updated":
		return UncertaintyNoted, true, true
	}
	if t != nil {
		if _, ok := t.custom[name]; ok {
			return Type(name), true, false
		}
	}
	return Type(name), false, false
}

// typeName is a type as it is spelt here: lower case, with underscores.
func typeName(s string) string {
	if plainName(s) {
		return s
	}
	s = strings.ToLower(strings.TrimSpace(s))
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '-' || unicode.IsSpace(r) }), "_")
}

func plainName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

// Event is one step of a trace.
type Event struct {
	// ID is the id that was given, or "#n" for the n-th event of the text.
	ID   string `json:"id"`
	Type Type   `json:"type"`
	// Unknown marks a type that is neither standard nor registered, or missing.
	Unknown bool `json:"unknown,omitempty"`
	// Start and End are the bytes of the text the event was read from.
	Start int `json:"start"`
	End   int `json:"end"`
	// Time is zero unless the text gives one.
	Time         time.Time `json:"time,omitzero"`
	Decision     string    `json:"decision,omitempty"`
	Reasoning    string    `json:"reasoning,omitempty"`
	Alternatives []string  `json:"alternatives,omitempty"`
	// Confidence is in [0, 1], or nil where none was given.
	Confidence *float64 `json:"confidence,omitempty"`
	// Code is the piece of code, Reference the part of the task it is about.
	Code      string `json:"code_section,omitempty"`
	Reference string `json:"spec_reference,omitempty"`
	// Parent is the id of the event this one is part of.
	Parent string `json:"parent,omitempty"`
	// DependsOn are the ids of the events this one follows from.
	DependsOn []string          `json:"depends_on,omitempty"`
	Metadata  map[string]string `json:"metadata,omitempty"`
}

// Subject is what the event is about, for people: the decision, or the first
// other text it has.
func (e *Event) Subject() string {
	for _, s := range []string{e.Decision, e.Reasoning, e.Code, e.Reference} {
		if s != "" {
			return s
		}
	}
	return ""
}

// Version is the version of a chain's JSON form.
const Version = 1

// Chain is one trace.
type Chain struct {
	Version  int               `json:"version"`
	ID       string            `json:"id,omitempty"`
	Name     string            `json:"name,omitempty"`
	Metadata map[string]string `json:"metadata,omitempty"`
	Events   []Event           `json:"events"`
}

// Find returns the first event with an id, or nil.
func (c *Chain) Find(id string) *Event {
	for i := range c.Events {
		if c.Events[i].ID == id {
			return &c.Events[i]
		}
	}
	return nil
}
