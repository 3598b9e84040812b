package analysis_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/crucible-go/crucible/pkg/analysis"
	"github.com/crucible-go/crucible/pkg/events"
)

const run = "01jdrun00000000000000000000"

var at = time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)

type payload struct {
	kind  events.Kind
	bytes []byte
}

func encode(t testing.TB, s events.Subject, about func(*events.Event), data events.Data) payload {
	t.Helper()
	ev := events.About(s, "test/1", "", at)
	about(&ev)
	ev.Data = data
	b, err := events.Encode(&ev)
	if err != nil {
		t.Fatal(err)
	}
	return payload{s.Kind, b}
}

// log is what a run of two conditions over three items leaves behind.
func log(t testing.TB) []payload {
	var out []payload
	for c, condition := range []string{"zulu", "alpha"} {
		for i, item := range []string{"i0", "i1", "=i2"} {
			q := events.QueryID(run, condition, 0, item)
			call := events.CallID(q, events.RoleAnswer, "m", 0)
			about := func(ev *events.Event) { ev.Condition, ev.Item, ev.Member = condition, item, "m" }
			messages := []events.Message{{Role: "user", Content: "what is " + item + "?"}}
			out = append(out,
				encode(t, events.QuerySubject(run, q), about, &events.QueryDispatched{
					Index: c*3 + i, ItemIndex: i, Input: item, Expected: "A: 7", Messages: messages, Calls: []string{call}}),
				encode(t, events.RequestedSubject(run, q, call, "pool"), about, &events.CallRequested{
					Role: events.RoleAnswer, Provider: "recorded", Messages: messages, Recorded: &events.Recorded{Found: true, Text: "it is <7>"}}),
				encode(t, events.VoteSubject(run, q), about, vote(c*3+i)))
		}
	}
	return out
}

func vote(index int) *events.VoteDecided {
	switch index {
	case 1:
		return &events.VoteDecided{Index: index, State: events.VoteFailed, Expected: "7", CostUSD: "0.000001", Reason: "timeout"}
	case 2:
		return &events.VoteDecided{Index: index, State: events.VoteInvalid, Expected: "7", CostUSD: "0", LatencyNS: 5}
	}
	return &events.VoteDecided{Index: index, State: events.VoteDecidedState, Answer: "=1+1,\"x\"", Expected: "-5", Correct: index == 0,
		Consensus: 0.75, LatencyNS: 1_500_000, CostUSD: "0.000125", Scores: []events.Metric{{Name: "exact_match", Value: 1}}}
}

func collect(t testing.TB, ps []payload) ([]analysis.Row, []analysis.Item) {
	t.Helper()
	c := analysis.NewCollector(analysis.Options{Queries: 6, Items: true})
	for _, p := range ps {
		b := bytes.Clone(p.bytes)
		if err := c.Add(p.kind, b); err != nil {
			t.Fatal(err)
		}
		clear(b) // nothing that is kept may alias a payload
	}
	rows, orphans := c.Rows()
	if orphans != 0 {
		t.Fatalf("%d orphans", orphans)
	}
	return rows, c.Items()
}

func tables(t testing.TB, ps []payload) (string, string) {
	rows, items := collect(t, ps)
	var table, data bytes.Buffer
	if err := analysis.WriteCSV(&table, []string{"zulu", "alpha"}, rows); err != nil {
		t.Fatal(err)
	}
	if err := analysis.WriteDataset(&data, items); err != nil {
		t.Fatal(err)
	}
	return table.String(), data.String()
}

func TestTables(t *testing.T) {
	table, data := tables(t, log(t))
	const wantTable = `condition,repeat,item,prediction,expected,correct,latency_ms,cost_usd,consensus,status
zulu,0,i0,"'=1+1,""x""",-5,true,1.5,0.000125,0.75,decided
zulu,0,i1,,7,,,0.000001,,failed
zulu,0,'=i2,,7,false,0.000005,0,0,invalid
alpha,0,i0,"'=1+1,""x""",-5,false,1.5,0.000125,0.75,decided
alpha,0,i1,"'=1+1,""x""",-5,false,1.5,0.000125,0.75,decided
alpha,0,'=i2,"'=1+1,""x""",-5,false,1.5,0.000125,0.75,decided
`
	if table != wantTable {
		t.Errorf("got\n%s\nwant\n%s", table, wantTable)
	}
	lines := strings.Split(strings.TrimSuffix(data, "\n"), "\n")
	const first = `{"expected":"A: 7","id":"i0","input":"i0","messages":[{"content":"what is i0?","role":"user"}],"recorded":{"m":"it is <7>"}}`
	if len(lines) != 3 || lines[0] != first {
		t.Errorf("got\n%s\nwant three lines, the first\n%s", data, first)
	}
}

// Whatever the order of the events, and however often one comes, the tables are
// the same.
func TestTablesDoNotDependOnTheOrderOfEvents(t *testing.T) {
	ps := log(t)
	wantTable, wantData := tables(t, ps)
	rng := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		mixed := append(append([]payload{}, ps...), ps[rng.IntN(len(ps))], ps[rng.IntN(len(ps))])
		rng.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		if table, data := tables(t, mixed); table != wantTable || data != wantData {
			t.Fatalf("another order gives\n%s\n%s", table, data)
		}
	}
}

func TestDifferentPromptsAreKept(t *testing.T) {
	ps := log(t)
	q := events.QueryID(run, "alpha", 0, "i0")
	ps[9] = encode(t, events.QuerySubject(run, q), func(ev *events.Event) { ev.Condition, ev.Item = "alpha", "i0" },
		&events.QueryDispatched{Index: 3, Input: "i0", Messages: []events.Message{{Role: "user", Content: "other"}}})
	_, data := tables(t, ps)
	if !strings.Contains(data, `"messages_by_condition":[{"condition":"alpha","messages":[{"content":"other","role":"user"}]}]`) {
		t.Error(data)
	}
}

func TestCollectorRefusesWhatDoesNotFit(t *testing.T) {
	ps := log(t)
	c := analysis.NewCollector(analysis.Options{Queries: 2})
	if err := c.Add(ps[6].kind, ps[6].bytes); err == nil {
		t.Error("an index outside the plan was taken")
	}
	c = analysis.NewCollector(analysis.Options{Queries: 6})
	if err := c.Add(ps[2].kind, ps[2].bytes); err != nil {
		t.Fatal(err)
	}
	if rows, orphans := c.Rows(); len(rows) != 0 || orphans != 1 {
		t.Errorf("a verdict without its query: %v, %d", rows, orphans)
	}
	if err := c.Add(events.KindVoteDecided, []byte("{")); err == nil {
		t.Error("a broken payload was taken")
	}
	if err := c.Add(events.KindCallStarted, []byte("{")); err != nil {
		t.Errorf("another kind: %v", err)
	}
}

func TestCell(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "x": "x", "-5": "-5", "+5.5": "+5.5", "-1e-3": "-1e-3", "1=2": "1=2",
		"=1": "'=1", "@x": "'@x", "-x": "'-x", "+": "'+", "--5": "'--5", "-5+cmd": "'-5+cmd", "-5e": "'-5e", "-.": "'-.",
		"\tx": "'\tx", "\rx": "'\rx", "\x00": "'\x00", "-5 ": "'-5 ", "+1.": "'+1.",
	} {
		if got := analysis.Cell(in); got != want {
			t.Errorf("Cell(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCellProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[-+=@.0-9eE\t\rx]{0,6}`).Draw(t, "s")
		got := analysis.Cell(s)
		if strings.TrimPrefix(got, "'") != s {
			t.Fatalf("%q became %q", s, got)
		}
		if got != "" && strings.ContainsRune("=+-@\t\r", rune(got[0])) {
			if _, err := strconv.ParseFloat(got, 64); err != nil && !errors.Is(err, strconv.ErrRange) {
				t.Fatalf("%q is no number and would be run as a formula", got)
			}
		}
	})
}

func TestMilliseconds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ns := rapid.Int64Range(1, 1e15).Draw(t, "ns")
		s := analysis.Milliseconds(ns)
		whole, frac, _ := strings.Cut(s, ".")
		back, err := strconv.ParseInt(whole+(frac + "000000")[:6], 10, 64)
		if err != nil || back != ns || strings.HasSuffix(frac, "0") {
			t.Fatalf("%d ns are %q ms", ns, s)
		}
	})
	if analysis.Milliseconds(0) != "" || analysis.Milliseconds(2e6) != "2" {
		t.Error("none and whole numbers")
	}
}

// Every record reads back, and every line of the data set is one JSON object.
func TestTablesAreReadable(t *testing.T) {
	table, data := tables(t, log(t))
	records, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil || len(records) != 7 || len(records[0]) != 10 {
		t.Errorf("%v: %d records", err, len(records))
	}
	for l := range strings.Lines(data) {
		var v map[string]any
		if err := json.Unmarshal([]byte(l), &v); err != nil {
			t.Error(err)
		}
	}
}
