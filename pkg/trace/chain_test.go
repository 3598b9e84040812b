package trace

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func chainOf(t testing.TB, text string) Chain {
	t.Helper()
	c, _ := Parse(text, nil)
	return c
}

const voyage = `
<event type="task_decomposed" id="t" timestamp="2025-01-01T00:00:00Z"><decision>Plan the trip</decision>
 <event type="decision_made" id="d1" timestamp="2025-01-01T00:00:02Z"><decision>Use the train</decision><alternatives>plane; car</alternatives><confidence>0.9</confidence></event>
 <event type="alternative_rejected" id="r1"><decision>The plane</decision><reasoning>too loud</reasoning><confidence>0.5</confidence></event>
</event>
<event type="decision_made" id="d2" depends_on="d1"><decision>Use the PLANE.</decision></event>
<event type="guess" id="g"><decision>It rains</decision></event>`

func TestStatistics(t *testing.T) {
	c := chainOf(t, voyage)
	s := c.Statistics()
	if s.Events != 5 || s.Types[DecisionMade] != 2 || s.Unknown != 1 || s.Confident != 2 || *s.Mean != 0.7 || *s.Lowest != 0.5 || *s.Highest != 0.9 ||
		s.Alternatives != 2 || s.Roots != 3 || s.Leaves != 4 || *s.DurationNS != 2e9 {
		t.Fatalf("%+v mean %v", s, *s.Mean)
	}
	empty := chainOf(t, "nothing here")
	if s := empty.Statistics(); s.Events != 0 || s.Mean != nil || s.DurationNS != nil {
		t.Fatalf("empty: %+v", s)
	}
	if got := c.LowConfidence(0.7); len(got) != 1 || got[0].ID != "r1" {
		t.Fatalf("low: %+v", got)
	}
	if got := c.DecisionPoints(); len(got) != 2 || got[1].ID != "d2" {
		t.Fatalf("points: %+v", got)
	}
}

func TestContradictions(t *testing.T) {
	c := chainOf(t, voyage)
	want := []Contradiction{{"Use the PLANE.", "d2", "d1"}, {"Use the PLANE.", "d2", "r1"}}
	if got := c.Contradictions(); !reflect.DeepEqual(got, want) {
		t.Fatalf("%+v", got)
	}
	// A decision that names its own choice among the alternatives is none.
	c = chainOf(t, `<event type="decision_made"><decision>A tent</decision><alternatives>a tent; a hut</alternatives></event>`)
	if got := c.Contradictions(); len(got) != 0 {
		t.Fatalf("%+v", got)
	}
}

func TestMerge(t *testing.T) {
	a, b := chainOf(t, voyage), chainOf(t, voyage+`<event type="synthesis" id="only"><decision>x</decision><depends_on>d2, nobody</depends_on></event>`)
	m, err := Merge(a, b)
	if err != nil || len(m.Events) != 11 {
		t.Fatalf("%d events, %v", len(m.Events), err)
	}
	if e := m.Find("only"); e == nil || !reflect.DeepEqual(e.DependsOn, []string{"2:d2", "nobody"}) {
		t.Fatalf("%+v", e)
	}
	if e := m.Find("1:r1"); e == nil || e.Parent != "1:t" {
		t.Fatalf("%+v", e)
	}
	if rs := m.Check(); len(rs) != 1 || rs[0].Kind != DanglingRef {
		t.Fatalf("%+v", rs)
	}
	b.Version = 9
	if _, err := Merge(a, b); !errors.Is(err, ErrVersion) {
		t.Fatalf("a chain of version 9: %v", err)
	}
}

func TestCompare(t *testing.T) {
	a := chainOf(t, voyage)
	b := chainOf(t, `
<event type="decision_made" id="x"><decision>Sleep in a tent</decision></event>
<event type="alternative_rejected" id="y"><decision>The plane</decision><reasoning>too loud</reasoning><confidence>0.25</confidence></event>
<event type="decision_made" id="z"><decision>use the train!</decision><alternatives>plane; car</alternatives><confidence>0.9</confidence></event>
<event type="task_decomposed" id="w"><decision>Plan the whole trip</decision></event>`)
	d := Compare(a, b)
	if len(d.Added) != 1 || d.Added[0].ID != "x" || len(d.Removed) != 2 || d.Removed[0].ID != "d2" || d.Removed[1].ID != "g" {
		t.Fatalf("added %+v removed %+v", d.Added, d.Removed)
	}
	got := map[string]Change{}
	for _, c := range d.Changed {
		got[c.A+c.B] = c
	}
	if c := got["r1y"]; c.ConfidenceDelta == nil || *c.ConfidenceDelta != -0.25 || len(c.Fields) != 1 || c.Fields[0].Field != "confidence" {
		t.Fatalf("%+v", d.Changed)
	}
	if c := got["tw"]; len(c.Fields) != 1 || c.Fields[0].Field != "decision" || c.Similarity != 0.75 {
		t.Fatalf("%+v", d.Changed)
	}
	if c := got["d1z"]; len(c.Fields) != 1 {
		t.Fatalf("%+v", d.Changed)
	}
}

// TestCompareLaws: a chain does not differ from itself in any order, and what is
// added one way is removed the other way.
func TestCompareLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, _ := Parse(someText().Draw(t, "a"), nil)
		b, _ := Parse(someText().Draw(t, "b"), nil)
		if d := Compare(a, a); d.Similarity != 1 || d.Same != len(a.Events) || len(d.Added)+len(d.Removed)+len(d.Changed) != 0 {
			t.Fatalf("of itself: %+v", d)
		}
		d := Compare(a, b)
		if d.Same+len(d.Changed)+len(d.Removed) != len(a.Events) || d.Same+len(d.Changed)+len(d.Added) != len(b.Events) || d.Similarity < 0 || d.Similarity > 1 {
			t.Fatalf("%+v", d)
		}
		if e := Compare(b, a); len(e.Added) != len(d.Removed) || len(e.Removed) != len(d.Added) {
			t.Fatalf("%+v and %+v", d, e)
		}
	})
}

func TestNewTypes(t *testing.T) {
	for _, bad := range []string{"", "Upper", "with space", "1st", "decision_made", "ambiguity_flagged", "event", "decision", strings.Repeat("x", 41), "a-b", "é"} {
		if _, err := NewTypes(bad); err == nil {
			t.Errorf("type %q was registered", bad)
		}
	}
	if _, err := NewTypes("mine", "mine"); err == nil {
		t.Error("a type was registered twice")
	}
	types, err := NewTypes("b_type", "a_type")
	if err != nil || !reflect.DeepEqual(types.Custom(), []string{"a_type", "b_type"}) {
		t.Fatal(types.Custom(), err)
	}
	c, reports := Parse(`<a_type decision="x"/><event type="b_type" decision="y"/>`, types)
	if len(c.Events) != 2 || c.Events[0].Unknown || c.Events[1].Unknown || len(reports) != 1 {
		t.Fatalf("%+v %+v", c, reports)
	}
	if c, _ = Parse(`<event type="b_type" decision="y"/>`, nil); !c.Events[0].Unknown {
		t.Fatal("a type of one parser is known to another")
	}
}

func TestMarkdownOfEmptyChain(t *testing.T) {
	if got := Markdown(Chain{}); got != "# Causal trace\n\n0 events\n" {
		t.Fatalf("%q", got)
	}
}

// TestLongChains walks long lines of references without a deep call.
func TestLongChains(t *testing.T) {
	c := Chain{}
	id := func(i int) string {
		return string(rune('a'+i%26)) + strings.Repeat("i", i/26%7) + string(rune(0x4e00+i/182))
	}
	for i := range 200_000 {
		c.Events = append(c.Events, Event{ID: id(i), Parent: id(i + 1)})
	}
	if rs := c.Check(); len(rs) != 1 || rs[0].Kind != DanglingRef {
		t.Fatalf("%d reports", len(rs))
	}
}
