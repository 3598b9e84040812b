package events

import (
	"fmt"
	"strconv"
	"strings"
)

const root = "crucible"

// Streams and the subjects that they hold.
const (
	// ControlStream holds what is said about runs.
	ControlStream = "CRUCIBLE"
	runStream     = "CRUCIBLE_RUN_"
	// MaxToken is the longest token of a subject, in bytes.
	MaxToken = 64
)

// RunStream names the stream of a run.
func RunStream(run string) string { return runStream + run }

// ControlSubjects are the subjects of the control stream.
func ControlSubjects() []string {
	return []string{"crucible.run.>", "crucible.analysis.>", "crucible.report.>"}
}

// RunSubjects are the subjects of the stream of a run.
func RunSubjects(run string) []string {
	return []string{
		"crucible.query.*." + run + ".>",
		"crucible.call.*." + run + ".>",
		"crucible.vote.*." + run + ".>",
		"crucible.deadletter.*." + run + ".>",
	}
}

// Subject is a parsed subject. Tail is the last token of the kinds that have
// one more than their run, query and call: a pool, an attempt, a number, the id
// of an event, an analysis or a report.
type Subject struct {
	Kind  Kind
	Run   string
	Query string
	Call  string
	Tail  string
}

// String is the subject as it is published on. It panics if the kind is unknown
// or a token is not one: ids reach it only after CheckToken.
func (s Subject) String() string {
	f := byKind[s.Kind]
	if f == nil {
		panic("events: subject of the unknown kind " + strconv.Quote(string(s.Kind)))
	}
	var b strings.Builder
	b.Grow(len(root) + len(f.noun) + len(f.verb) + len(s.Run) + len(s.Query) + len(s.Call) + len(s.Tail) + 8)
	b.WriteString(root)
	b.WriteByte('.')
	b.WriteString(f.noun)
	b.WriteByte('.')
	b.WriteString(f.verb)
	for _, t := range f.tokens {
		v := *s.at(t)
		if err := CheckToken(v); err != nil {
			panic("events: subject of " + string(s.Kind) + ": " + err.Error())
		}
		b.WriteByte('.')
		b.WriteString(v)
	}
	return b.String()
}

// ID is the identity of the fact on this subject.
func (s Subject) ID() string { return EventID(s.String()) }

// Filter is the subject with every empty token as a wildcard, for consumers. It
// panics if the kind is unknown.
func (s Subject) Filter() string {
	f := byKind[s.Kind]
	if f == nil {
		panic("events: filter of the unknown kind " + strconv.Quote(string(s.Kind)))
	}
	parts := []string{root, f.noun, f.verb}
	for _, t := range f.tokens {
		if v := *s.at(t); v != "" {
			parts = append(parts, v)
		} else {
			parts = append(parts, "*")
		}
	}
	return strings.Join(parts, ".")
}

// Attempt is the tail as a number, 0 if it is none.
func (s Subject) Attempt() int {
	n, err := strconv.Atoi(s.Tail)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func (s *Subject) at(t token) *string {
	switch t {
	case tokRun:
		return &s.Run
	case tokQuery:
		return &s.Query
	case tokCall:
		return &s.Call
	default:
		return &s.Tail
	}
}

// ParseSubject reads a subject. A well-formed subject of a noun and verb that
// this version does not know is an error that errors.Is ErrUnknownKind.
func ParseSubject(subject string) (Subject, error) {
	rest, ok := strings.CutPrefix(subject, root+".")
	if !ok {
		return Subject{}, fmt.Errorf("subject %q: does not begin with %q", subject, root+".")
	}
	noun, rest, _ := strings.Cut(rest, ".")
	verb, rest, more := strings.Cut(rest, ".")
	f := bySubject[[2]string{noun, verb}]
	if f == nil {
		return Subject{}, fmt.Errorf("subject %q: %w", subject, ErrUnknownKind)
	}
	s := Subject{Kind: f.kind}
	for i, t := range f.tokens {
		if !more {
			return Subject{}, fmt.Errorf("subject %q: %s needs %d tokens after the verb, got %d", subject, f.kind, len(f.tokens), i)
		}
		var v string
		v, rest, more = strings.Cut(rest, ".")
		if err := CheckToken(v); err != nil {
			return Subject{}, fmt.Errorf("subject %q: %w", subject, err)
		}
		*s.at(t) = v
	}
	if more {
		return Subject{}, fmt.Errorf("subject %q: more than the %d tokens of %s", subject, len(f.tokens), f.kind)
	}
	return s, nil
}

// CheckToken says whether v can be a token of a subject: 1 to MaxToken bytes of
// [A-Za-z0-9_-].
func CheckToken(v string) error {
	if v == "" {
		return fmt.Errorf("empty token: want 1 to %d of [A-Za-z0-9_-]", MaxToken)
	}
	if len(v) > MaxToken {
		return fmt.Errorf("token of %d bytes: want at most %d", len(v), MaxToken)
	}
	for i := range len(v) {
		c := v[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && c != '-' && c != '_' {
			return fmt.Errorf("token %q: %q is not of [A-Za-z0-9_-]", v, c)
		}
	}
	return nil
}

// RunSubject is the subject of a control event about a run that needs no
// further token.
func RunSubject(k Kind, run string) Subject { return Subject{Kind: k, Run: run} }

// SuspendedSubject is the subject of the n-th suspension of a run, from 1.
func SuspendedSubject(run string, n int) Subject {
	return Subject{Kind: KindRunSuspended, Run: run, Tail: itoa(n)}
}

// ResumedSubject is the subject of the end of the n-th suspension.
func ResumedSubject(run string, n int) Subject {
	return Subject{Kind: KindRunResumed, Run: run, Tail: itoa(n)}
}

// QuerySubject is the subject of a dispatched query.
func QuerySubject(run, query string) Subject {
	return Subject{Kind: KindQueryDispatched, Run: run, Query: query}
}

// RequestedSubject is the subject of an order to the callers of a pool.
func RequestedSubject(run, query, call, pool string) Subject {
	return Subject{Kind: KindCallRequested, Run: run, Query: query, Call: call, Tail: pool}
}

// StartedSubject is the subject of an attempt, from 1.
func StartedSubject(run, query, call string, attempt int) Subject {
	return Subject{Kind: KindCallStarted, Run: run, Query: query, Call: call, Tail: itoa(attempt)}
}

// CompletedSubject is the subject of a call's terminal fact.
func CompletedSubject(run, query, call string) Subject {
	return Subject{Kind: KindCallCompleted, Run: run, Query: query, Call: call}
}

// VoteSubject is the subject of a query's verdict.
func VoteSubject(run, query string) Subject {
	return Subject{Kind: KindVoteDecided, Run: run, Query: query}
}

// DeadLetterSubject is the subject of the dead letter about an event.
func DeadLetterSubject(run, event string) Subject {
	return Subject{Kind: KindDeadLetter, Run: run, Tail: event}
}

// AnalysisSubject is the subject of an analysis.
func AnalysisSubject(run, analysis string) Subject {
	return Subject{Kind: KindAnalysisCompleted, Run: run, Tail: analysis}
}

// ReportSubject is the subject of a report.
func ReportSubject(run, report string) Subject {
	return Subject{Kind: KindReportPublished, Run: run, Tail: report}
}

func itoa(n int) string { return strconv.Itoa(n) }

// KindOf is the kind under which an event on this subject is counted: the one
// that this version knows, or else the noun and the verb without a version, since
// the payload of an unknown kind is not to be relied on.
func KindOf(subject string) Kind {
	rest, _ := strings.CutPrefix(subject, root+".")
	noun, rest, _ := strings.Cut(rest, ".")
	verb, _, _ := strings.Cut(rest, ".")
	if f := bySubject[[2]string{noun, verb}]; f != nil {
		return f.kind
	}
	if noun == "" || verb == "" {
		return "unknown"
	}
	return Kind(noun + "." + verb)
}

// RunOf is the run that an event on this subject is about, whatever its kind, ""
// if the subject names none: the run is the first token after the verb.
func RunOf(subject string) string {
	parts := strings.SplitN(subject, ".", 5)
	if len(parts) < 4 || parts[0] != root {
		return ""
	}
	return parts[3]
}
