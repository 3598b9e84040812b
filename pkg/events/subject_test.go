package events_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/crucible-go/crucible/pkg/events"
	"pgregory.net/rapid"
)

var tokens = rapid.StringMatching(`[A-Za-z0-9_-]{1,64}`)

// subjects draws a subject of any kind with as many tokens as the kind has.
func subjects(t *rapid.T) events.Subject {
	k := rapid.SampledFrom(events.Kinds()).Draw(t, "kind")
	s := events.Subject{Kind: k, Run: tokens.Draw(t, "run")}
	shape := events.Subject{Kind: k, Query: "q", Call: "c", Tail: "t"}.Filter()
	has := func(token string) bool { return strings.Contains(shape+".", "."+token+".") }
	if has("q") {
		s.Query = tokens.Draw(t, "query")
	}
	if has("c") {
		s.Call = tokens.Draw(t, "call")
	}
	if has("t") {
		s.Tail = tokens.Draw(t, "tail")
	}
	return s
}

func TestSubjectsAreReadAsTheyWereWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := subjects(t)
		got, err := events.ParseSubject(s.String())
		if err != nil || got != s {
			t.Fatalf("ParseSubject(%q) = %+v, %v, want %+v", s, got, err, s)
		}
		if s.Filter() != s.String() {
			t.Fatalf("the filter of a whole subject is %q, want %q", s.Filter(), s)
		}
		if s.ID() != events.EventID(s.String()) {
			t.Fatalf("id of %q is %q", s, s.ID())
		}
	})
}

// TestSubjectBuilders holds the builders against the contract.
func TestSubjectBuilders(t *testing.T) {
	for _, c := range []struct {
		s    events.Subject
		want string
	}{
		{events.RunSubject(events.KindRunRequested, "r"), "crucible.run.requested.r"},
		{events.RunSubject(events.KindRunPlanned, "r"), "crucible.run.planned.r"},
		{events.RunSubject(events.KindRunRejected, "r"), "crucible.run.rejected.r"},
		{events.SuspendedSubject("r", 2), "crucible.run.suspended.r.2"},
		{events.ResumedSubject("r", 2), "crucible.run.resumed.r.2"},
		{events.RunSubject(events.KindRunCancelRequested, "r"), "crucible.run.cancel_requested.r"},
		{events.RunSubject(events.KindRunCompleted, "r"), "crucible.run.completed.r"},
		{events.RunSubject(events.KindRunCancelled, "r"), "crucible.run.cancelled.r"},
		{events.RunSubject(events.KindRunFailed, "r"), "crucible.run.failed.r"},
		{events.QuerySubject("r", "q"), "crucible.query.dispatched.r.q"},
		{events.RequestedSubject("r", "q", "c", "p"), "crucible.call.requested.r.q.c.p"},
		{events.StartedSubject("r", "q", "c", 1), "crucible.call.started.r.q.c.1"},
		{events.CompletedSubject("r", "q", "c"), "crucible.call.completed.r.q.c"},
		{events.VoteSubject("r", "q"), "crucible.vote.decided.r.q"},
		{events.DeadLetterSubject("r", "e"), "crucible.deadletter.recorded.r.e"},
		{events.AnalysisSubject("r", "a"), "crucible.analysis.completed.r.a"},
		{events.ReportSubject("r", "f"), "crucible.report.published.r.f"},
	} {
		if got := c.s.String(); got != c.want {
			t.Errorf("subject %q, want %q", got, c.want)
		}
		if wantKind := c.s.Kind; !strings.HasPrefix(strings.TrimPrefix(c.want, "crucible."), strings.TrimSuffix(string(wantKind), ".v1")+".") {
			t.Errorf("the subject %q does not spell its kind %s", c.want, wantKind)
		}
	}
}

func TestSubjectsThatAreNone(t *testing.T) {
	long := strings.Repeat("x", events.MaxToken+1)
	for _, s := range []string{
		"", "crucible", "crucible.", "other.run.requested.r",
		"crucible.run.requested", "crucible.run.requested.", "crucible.run.requested.r.more", "crucible.run.requested..",
		"crucible.run.suspended.r", "crucible.run.suspended.r.1.2",
		"crucible.query.dispatched.r", "crucible.query.dispatched.r.", "crucible.call.completed.r..c",
		"crucible.call.requested.r.q.c", "crucible.call.requested.r.q.c.p.x",
		"crucible.run.requested.*", "crucible.run.requested.>", "crucible.run.requested.a b", "crucible.run.requested.ä",
		"crucible.run.requested.a\x00", "crucible.run.requested." + long,
	} {
		if got, err := events.ParseSubject(s); err == nil {
			t.Errorf("ParseSubject(%q) = %+v, want an error", s, got)
		}
	}
}

func TestSubjectsOfUnknownKinds(t *testing.T) {
	for _, s := range []string{"crucible.run.forked.r", "crucible.tool.called.r.q", "crucible.Run.requested.r"} {
		if _, err := events.ParseSubject(s); !errors.Is(err, events.ErrUnknownKind) {
			t.Errorf("ParseSubject(%q) = %v, want ErrUnknownKind", s, err)
		}
	}
	if _, err := events.ParseSubject("crucible.run.requested.a.b"); errors.Is(err, events.ErrUnknownKind) {
		t.Errorf("a malformed subject of a known kind: %v", err)
	}
}

func TestFilters(t *testing.T) {
	for _, c := range []struct {
		s    events.Subject
		want string
	}{
		{events.Subject{Kind: events.KindCallRequested, Run: "r", Tail: "openai"}, "crucible.call.requested.r.*.*.openai"},
		{events.Subject{Kind: events.KindCallCompleted}, "crucible.call.completed.*.*.*"},
		{events.Subject{Kind: events.KindRunRequested}, "crucible.run.requested.*"},
	} {
		if got := c.s.Filter(); got != c.want {
			t.Errorf("filter %q, want %q", got, c.want)
		}
	}
}

// TestBadTokensDoNotReachTheLog shows that building a subject from a token that
// is none is a programmer's mistake.
func TestBadTokensDoNotReachTheLog(t *testing.T) {
	for _, s := range []events.Subject{
		{Kind: "run.forked.v1", Run: "r"},
		{Kind: events.KindRunRequested},
		{Kind: events.KindRunRequested, Run: "a.b"},
		{Kind: events.KindVoteDecided, Run: "r", Query: ">"},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("the subject of %+v was built", s)
				}
			}()
			_ = s.String()
		}()
	}
}

func TestAttempt(t *testing.T) {
	for tail, want := range map[string]int{"1": 1, "12": 12, "": 0, "x": 0, "-1": 0, "99999999999999999999": 0} {
		if got := (events.Subject{Tail: tail}).Attempt(); got != want {
			t.Errorf("attempt of %q = %d, want %d", tail, got, want)
		}
	}
}

// TestEveryKindHasOneStream holds kinds against the subjects of the streams.
func TestEveryKindHasOneStream(t *testing.T) {
	under := func(subject string, filters []string) bool {
		for _, f := range filters {
			want, have := strings.Split(f, "."), strings.Split(subject, ".")
			ok := len(have) >= len(want)
			for i := 0; ok && i < len(want) && want[i] != ">"; i++ {
				ok = want[i] == "*" || want[i] == have[i]
			}
			if ok {
				return true
			}
		}
		return false
	}
	rapid.Check(t, func(t *rapid.T) {
		s := subjects(t)
		control, run := under(s.String(), events.ControlSubjects()), under(s.String(), events.RunSubjects(s.Run))
		if control == run || control != s.Kind.Control() {
			t.Fatalf("%s: control stream %v, stream of the run %v", s, control, run)
		}
	})
	if events.RunStream("r") != "CRUCIBLE_RUN_r" {
		t.Errorf("stream of a run %q", events.RunStream("r"))
	}
}

func FuzzParseSubject(f *testing.F) {
	for _, ex := range examples() {
		f.Add(ex.ev.Subject)
	}
	f.Add("crucible.run.forked.r")
	f.Add("crucible...")
	f.Fuzz(func(t *testing.T, subject string) {
		s, err := events.ParseSubject(subject)
		if err != nil {
			return
		}
		if s.String() != subject {
			t.Fatalf("%q was read as %+v, which is %q", subject, s, s)
		}
	})
}

func TestKindOf(t *testing.T) {
	for subject, want := range map[string]events.Kind{
		"crucible.call.completed.r.q.c": events.KindCallCompleted,
		"crucible.call.completed":       events.KindCallCompleted, // malformed, of a known kind all the same
		"crucible.call.forked.r.q":      "call.forked",
		"crucible.call":                 "unknown",
		"other":                         "unknown",
	} {
		if got := events.KindOf(subject); got != want {
			t.Errorf("%s is %s, want %s", subject, got, want)
		}
	}
}

func TestRunOf(t *testing.T) {
	for subject, want := range map[string]string{
		"crucible.call.completed.r.q.c": "r",
		"crucible.call.forked.r":        "r",
		"crucible.run.requested":        "",
		"other.call.completed.r.q":      "",
	} {
		if got := events.RunOf(subject); got != want {
			t.Errorf("%s is about %q, want %q", subject, got, want)
		}
	}
}
