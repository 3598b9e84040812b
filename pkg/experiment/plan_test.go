package experiment

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/crucible-go/crucible/pkg/events"
)

const planned = `
version: 1
name: planned
dataset: {path: d.jsonl}
prompt: "Q{{.n}}: {{.input}}"
system: Be brief.
score: {extract: 'A:\s*(.+)$'}
models:
  - {id: rec, provider: recorded, field: m.one, latency_field: m.ms}
  - {id: sim, provider: simulated, accuracy: 0.5, error_rate: 0.1, latency: {shape: constant, p50: 2ms}}
  - {id: gpt, provider: openai, model: gpt-4o, params: {max_tokens: 10}, price: {input: "1", output: "2.5"}}
  - {id: cmd, provider: exec, command: [x], timeout: 3s}
conditions:
  - {name: one, members: [rec]}
  - {name: many, members: [rec, sim, gpt, cmd, sim]}
repeat: 2
seed: 9
analysis: {cluster: n}
`

func mustPlan(t testing.TB, spec string, items []Item) *Plan {
	t.Helper()
	p, err := NewPlan(mustParse(t, spec), items, "hash")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPlan(t *testing.T) {
	items := newItems(3)
	p := mustPlan(t, planned, items)
	if p.Len() != 12 || p.Calls() != 36 || p.Items() != 3 || p.DatasetHash() != "hash" {
		t.Errorf("%d queries, %d calls, %d items", p.Len(), p.Calls(), p.Items())
	}
	queries, calls := map[string]bool{}, map[string]bool{}
	for i := range p.Len() {
		q, err := p.Query("run", i)
		if err != nil {
			t.Fatal(err)
		}
		at := i / 2 % 3 // repetition, item, condition
		if q.Data.Index != i || q.Data.ItemIndex != at || q.Item != items[at].ID || q.Repeat != i/6 || q.Condition != []string{"one", "many"}[i%2] {
			t.Errorf("query %d is %+v", i, q)
		}
		if q.ID != events.QueryID("run", q.Condition, q.Repeat, q.Item) || q.Data.Cluster != fmt.Sprint(at) {
			t.Errorf("query %d: id %s, cluster %q", i, q.ID, q.Data.Cluster)
		}
		queries[q.ID] = true
		for k, c := range q.Calls {
			if c.ID != q.Data.Calls[k] || c.Member != q.Data.Policy.Members[k] || c.ID != events.CallID(q.ID, "answer", c.Member, c.Data.Ordinal) {
				t.Errorf("query %d, call %d: %+v", i, k, c)
			}
			calls[c.ID] = true
		}
	}
	if len(queries) != p.Len() || len(calls) != p.Calls() {
		t.Errorf("%d ids of queries, %d of calls", len(queries), len(calls))
	}
}

func TestQuery(t *testing.T) {
	p := mustPlan(t, planned, newItems(3))
	q, err := p.Query("run", 3)
	if err != nil {
		t.Fatal(err)
	}
	messages := []events.Message{{Role: "system", Content: "Be brief."}, {Role: "user", Content: "Q1: q1"}}
	if !slices.Equal(q.Data.Messages, messages) || q.Data.Input != "q1" || q.Data.Expected != "a1" {
		t.Errorf("query %+v", q.Data)
	}
	var got []string
	for _, c := range q.Calls {
		if !slices.Equal(c.Data.Messages, messages) {
			t.Errorf("messages %v", c.Data.Messages)
		}
		c.Data.Messages, c.Data.Seed = nil, 0
		b, err := json.Marshal(c.Data)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, c.Model+" "+strings.TrimRight(c.Pool, "0123456789abcdefghijklmnopqrstuv")+" "+string(b))
	}
	for i, want := range []string{
		`"provider":"recorded"`, `"simulated":{"accuracy":0.5,"error_rate":0.1,"expected":"a1","latency":{"shape":"constant","p50_ns":2000000}}`,
		`"params":{"max_tokens":10}`, `"timeout_ns":3000000000`, `"ordinal":1`,
	} {
		if !strings.Contains(got[i], want) {
			t.Errorf("call %d: %s lacks %s", i, got[i], want)
		}
	}
	for i, want := range []string{`"recorded":{"found":true,"text":"one 1","latency_ns":10000000}`, `"price":{"input":"0","output":"0"}`, `"price":{"input":"1","output":"2.5"}`} {
		if !strings.Contains(got[i], want) {
			t.Errorf("call %d: %s lacks %s", i, got[i], want)
		}
	}
	if strings.Contains(got[3], "price") {
		t.Errorf("an unknown price: %s", got[3])
	}
}

// Seeds depend on the spec and the place in the plan, not on the run; every
// call has its own, except where answers are shared.
func TestSeeds(t *testing.T) {
	seeds := func(spec, run string) map[uint64]int {
		p, out := mustPlan(t, spec, newItems(3)), map[uint64]int{}
		for i := range p.Len() {
			q, err := p.Query(run, i)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range q.Calls {
				out[c.Data.Seed]++
			}
		}
		return out
	}
	a, b := seeds(planned, "a"), seeds(planned, "b")
	if len(a) != 36 || fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("%d seeds of 36 calls; of another run they are %v", len(a), fmt.Sprint(a) == fmt.Sprint(b))
	}
	if fmt.Sprint(seeds(strings.Replace(planned, "seed: 9", "seed: 10", 1), "a")) == fmt.Sprint(a) {
		t.Error("another seed, same seeds")
	}
	shared := strings.NewReplacer("members: [rec]", "members: [rec, sim]", ", gpt, cmd", "", "repeat: 2", "repeat: 2\nshare_answers: true").Replace(planned)
	for seed, n := range seeds(shared, "a") {
		if n != 2 && n != 1 { // the second order to sim has no partner
			t.Errorf("seed %d is that of %d calls", seed, n)
		}
	}
	if got := len(seeds(shared, "a")); got != 18 {
		t.Errorf("%d seeds of shared answers, want 18", got)
	}
}

func TestCost(t *testing.T) {
	items := newItems(3)
	est := mustPlan(t, planned, items).Cost()
	// "Be brief." and "Q0: q0" have 9 and 6 bytes, and 16 tokens each besides;
	// three items, two repetitions, ten tokens of answer at 2.5.
	if want := "0.000432"; est.USD != want || !slices.Equal(est.Unpriced, []string{"cmd"}) {
		t.Errorf("%+v, want %s", est, want)
	}
}

func TestPlanRefuses(t *testing.T) {
	with := func(change func([]Item)) []Item {
		items := newItems(3)
		change(items)
		return items
	}
	for _, c := range []struct {
		name, old, new string
		items          []Item
		want, hint     string
	}{
		{"nothing", "", "", nil, "plan: the data set has no items", ""},
		{"no expected answer", "", "", with(func(it []Item) { it[1].HasExpected = false; it[2].HasExpected = false }),
			"d.jsonl:2: the item has no expected answer at \"expected\" (dataset.fields.expected)\nd.jsonl:3: the item has no expected answer at \"expected\" (dataset.fields.expected)", ""},
		{"unknown field", "{{.n}}", "{{.nn}}", newItems(1), `d.jsonl:1: prompt: the item has no field "nn"`, `did you mean "n"?`},
		{"field of some", "", "", with(func(it []Item) { it[2].Raw = []byte(`{"m":{"one":"x"}}`) }), `d.jsonl:3: prompt: the item has no field "n"`, "its fields are: input, expected, m"},
		{"no answers", "m.one", "m.on", newItems(2), `d.jsonl: model "rec" has no recorded answer to any item at "m.on" (models.field)`, `did you mean "m.one"?`},
		{"latency", "m.ms", "m.one", newItems(1), `d.jsonl:1: model "rec": m.one: "one 0" is not a latency: want a number of ms, or a text like "800ms"`, ""},
		{"no cluster", "cluster: n", "cluster: m.two", newItems(1), `d.jsonl:1: the item has no value at "m.two" (analysis.cluster)`, ""},
	} {
		_, err := NewPlan(mustParse(t, strings.Replace(planned, c.old, c.new, 1)), c.items, "")
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
			continue
		}
		if list := (Errors)(nil); errors.As(err, &list) && c.hint != "" && list.Hint() != c.hint {
			t.Errorf("%s: hint %s, want %s", c.name, list.Hint(), c.hint)
		}
	}
}

func TestMissingAnswersAreTold(t *testing.T) {
	items := newItems(4)
	items[1].Raw = []byte(`{"n":1,"m":{"one":null}}`)
	p := mustPlan(t, planned, items)
	if want := []string{`model "rec" has no recorded answer to 1 of 4 items at "m.one" (models.field): these calls fail`}; !slices.Equal(p.Warnings, want) {
		t.Errorf("got %q, want %q", p.Warnings, want)
	}
	q, err := p.Query("r", 2)
	if err != nil || q.Calls[0].Data.Recorded.Found {
		t.Errorf("%+v, %v", q.Calls[0].Data.Recorded, err)
	}
}

func TestAnswersOfAFile(t *testing.T) {
	spec := strings.NewReplacer("d.jsonl}", "d.jsonl, fields: {id: n}}", "field: m.one, latency_field: m.ms", "field: text, file: f.jsonl").Replace(planned)
	s, items := mustParse(t, spec), newItems(3)
	if _, err := NewPlan(s, items, ""); err == nil || err.Error() != `plan: model "rec": the answers of its file "f.jsonl" are missing` {
		t.Errorf("got %v", err)
	}
	answers := Answers{Model: "rec", ByItem: map[string][]Answer{items[0].ID: {{Text: "only"}}, items[1].ID: {{Text: "first"}, {Text: "second", LatencyNS: 5}}}}
	p, err := NewPlan(s, items, "", answers)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range map[int]events.Recorded{0: {Found: true, Text: "only"}, 6: {Found: true, Text: "only"},
		2: {Found: true, Text: "first"}, 8: {Found: true, Text: "second", LatencyNS: 5}, 4: {}} {
		if q, err := p.Query("r", i); err != nil || *q.Calls[0].Data.Recorded != want {
			t.Errorf("query %d: %+v, %v, want %+v", i, q.Calls[0].Data.Recorded, err, want)
		}
	}
}

func TestRecordedLatency(t *testing.T) {
	m := Model{LatencyUnit: "s"}
	for value, want := range map[string]int64{"": 0, "null": 0, `""`: 0, "1.5": 1_500_000_000, `"0.5"`: 500_000_000, `"800ms"`: 800_000_000, "0": 0} {
		if got, err := m.RecordedLatency([]byte(value)); err != nil || got != want {
			t.Errorf("%s: %d, %v, want %d", value, got, err, want)
		}
	}
	for _, value := range []string{"-1", `"-1ms"`, "1e300", "true", `"fast"`, "{}"} {
		if got, err := m.RecordedLatency([]byte(value)); err == nil {
			t.Errorf("%s: %d, want an error", value, got)
		}
	}
}

// A plan made from the resolved spec is the same plan.
func TestPlanFromResolved(t *testing.T) {
	s := mustParse(t, planned)
	back, err := ParseResolved(s.Resolved())
	if err != nil {
		t.Fatal(err)
	}
	items := newItems(3)
	a, b := mustPlan(t, planned, items), (*Plan)(nil)
	if b, err = NewPlan(back, items, "hash"); err != nil {
		t.Fatal(err)
	}
	for i := range a.Len() {
		x, err1 := a.Query("r", i)
		y, err2 := b.Query("r", i)
		bx, err3 := json.Marshal(x)
		by, err4 := json.Marshal(y)
		if err1 != nil || err2 != nil || err3 != nil || err4 != nil || string(bx) != string(by) {
			t.Fatalf("query %d: %s and %s", i, bx, by)
		}
	}
}

func BenchmarkQuery(b *testing.B) {
	answer := strings.Repeat(`step by step\n`, 30)
	items := newItems(100)
	for i := range items {
		items[i].Raw = fmt.Appendf(nil, `{"input":"q%d","a":{"s":"%s"},"b":{"s":"%s"},"c":{"s":"%s"},"d":{"s":"%s"}}`, i, answer, answer, answer, answer)
	}
	p := mustPlan(b, `
version: 1
name: bench
dataset: {path: d.jsonl}
models: [{id: a, provider: recorded, field: a.s}, {id: b, provider: recorded, field: b.s}, {id: c, provider: recorded, field: c.s}, {id: d, provider: recorded, field: d.s}]
conditions: [{name: four, members: [a, b, c, d]}]
`, items)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := p.Query("run", i%p.Len()); err != nil {
			b.Fatal(err)
		}
	}
}
