package trace

import (
	"slices"
	"strings"
	"unicode"
)

// Statistics counts a chain.
type Statistics struct {
	Events int          `json:"events"`
	Types  map[Type]int `json:"types"`
	// Unknown are the events of a type nobody knows.
	Unknown int `json:"unknown"`
	// Confident are the events with a confidence; the figures below are of them,
	// and nil where there is none.
	Confident int      `json:"confident"`
	Mean      *float64 `json:"mean_confidence"`
	Lowest    *float64 `json:"lowest_confidence"`
	Highest   *float64 `json:"highest_confidence"`
	// Alternatives are all alternatives of all events.
	Alternatives int `json:"alternatives"`
	Roots        int `json:"roots"` // events without a parent in the chain
	Leaves       int `json:"leaves"`
	// DurationNS is the time from the first to the last event that has one, nil
	// where fewer than two have.
	DurationNS *int64 `json:"duration_ns"`
}

// Statistics counts the events, types, confidences and times that were given.
func (c *Chain) Statistics() Statistics {
	s := Statistics{Events: len(c.Events), Types: map[Type]int{}}
	sum, timed := 0.0, 0
	var first, last *Event
	for i := range c.Events {
		e := &c.Events[i]
		s.Types[e.Type]++
		s.Alternatives += len(e.Alternatives)
		if e.Unknown {
			s.Unknown++
		}
		if v := e.Confidence; v != nil {
			s.Confident++
			sum += *v
			if s.Lowest == nil || *v < *s.Lowest {
				s.Lowest = v
			}
			if s.Highest == nil || *v > *s.Highest {
				s.Highest = v
			}
		}
		if !e.Time.IsZero() {
			timed++
			if first == nil || e.Time.Before(first.Time) {
				first = e
			}
			if last == nil || e.Time.After(last.Time) {
				last = e
			}
		}
	}
	if s.Confident > 0 {
		mean := sum / float64(s.Confident)
		s.Mean = &mean
	}
	if timed > 1 {
		d := last.Time.Sub(first.Time).Nanoseconds()
		s.DurationNS = &d
	}
	hasParent, hasChild := make([]bool, len(c.Events)), make([]bool, len(c.Events))
	c.edges(func(from, to int, parent bool) {
		if parent {
			hasParent[to], hasChild[from] = true, true
		}
	})
	for i := range c.Events {
		if !hasParent[i] {
			s.Roots++
		}
		if !hasChild[i] {
			s.Leaves++
		}
	}
	return s
}

// DecisionPoints are the events at which something was chosen: decisions, and
// whatever had alternatives.
func (c *Chain) DecisionPoints() []Event {
	return c.Filter(func(e *Event) bool { return e.Type == DecisionMade || len(e.Alternatives) > 0 }).Events
}

// LowConfidence are the events with a confidence below a bound. An event without
// a confidence is not among them.
func (c *Chain) LowConfidence(below float64) []Event {
	return c.Filter(func(e *Event) bool { return e.Confidence != nil && *e.Confidence < below }).Events
}

// Filter returns the chain of the events f keeps, in their order. References to
// others stay as they are.
func (c *Chain) Filter(f func(*Event) bool) Chain {
	out := *c
	out.Events = []Event{}
	for i := range c.Events {
		if f(&c.Events[i]) {
			out.Events = append(out.Events, c.Events[i])
		}
	}
	return out
}

// Contradiction is a subject that was chosen in one event and rejected in
// another.
type Contradiction struct {
	Subject  string `json:"subject"`
	Chosen   string `json:"chosen"`   // id of the event
	Rejected string `json:"rejected"` // id of the event
}

// Contradictions finds subjects that a decision or synthesis chose and an
// alternative_rejected gave up: the same words, whatever their case and signs. A
// decision's own alternatives are those it did not choose; they count as
// rejected where another decision chose them.
func (c *Chain) Contradictions() []Contradiction {
	chosen := map[string]int{}
	for i := range c.Events {
		e := &c.Events[i]
		if k := key(e.Decision); k != "" && (e.Type == DecisionMade || e.Type == Synthesis) {
			if _, ok := chosen[k]; !ok {
				chosen[k] = i
			}
		}
	}
	var out []Contradiction
	for i := range c.Events {
		e := &c.Events[i]
		var rejected []string
		switch e.Type {
		case AlternativeRejected:
			rejected = append([]string{e.Decision}, e.Alternatives...)
		case DecisionMade, Synthesis:
			rejected = e.Alternatives
		}
		var said []string
		for _, r := range rejected {
			k := key(r)
			at, ok := chosen[k]
			if !ok || at == i || slices.Contains(said, k) {
				continue
			}
			said = append(said, k)
			out = append(out, Contradiction{Subject: c.Events[at].Decision, Chosen: c.Events[at].ID, Rejected: e.ID})
		}
	}
	return out
}

// key is a text without case, signs and words that say only what is done to it.
func key(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '+' && r != '#'
	})
	for len(words) > 1 && leading(words[0]) {
		words = words[1:]
	}
	return strings.Join(words, " ")
}

func leading(w string) bool {
	switch w {
	case "use", "using", "choose", "chose", "reject", "rejected", "rejecting", "pick", "a", "an", "the":
		return true
	}
	return false
}
