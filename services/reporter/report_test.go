package reporter

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/crucible-go/crucible/pkg/analysis"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
)

var update = flag.Bool("update", false, "write the golden files anew")

// shape is what a random report is made of.
type shape struct {
	items, repeat int
	accuracy      []float64 // of each condition
	latency       bool
	failing       float64
	seed          uint64
	simulated     bool
	alternative   string
}

func (s shape) report(t testing.TB) *Report {
	t.Helper()
	spec := &experiment.Spec{
		Version: 1, Name: "a test", Control: "c0", Repeat: s.repeat, Seed: s.seed,
		Metrics:  []string{"accuracy", "cost_per_query", "latency_p50"},
		Dataset:  experiment.Dataset{Source: "jsonl", Sample: experiment.Sample{Method: "all"}},
		Score:    experiment.Score{Extract: "none", Normalize: "numeric"},
		Analysis: experiment.Analysis{Alpha: 0.05, Correction: "holm", Bootstrap: 1000},
	}
	for c := range s.accuracy {
		name := fmt.Sprintf("c%d", c)
		spec.Models = append(spec.Models, experiment.Model{ID: "m" + name, Provider: "recorded"})
		spec.Conditions = append(spec.Conditions, experiment.Condition{Name: name, Members: []string{"m" + name}, Vote: "majority",
			Execution: "parallel", Stop: "none", Hedge: experiment.Hedge{Strategy: "none"}})
	}
	if len(s.accuracy) > 1 && s.alternative != "" {
		spec.Hypothesis = &experiment.Hypothesis{ID: "H1", Claim: "c1 beats c0", Metric: "accuracy", Treatment: "c1", Control: "c0", Alternative: s.alternative}
	}
	in := analysis.Input{Config: spec.Resolved(), SpecHash: "aa", DatasetHash: "bb", Seed: s.seed, Items: s.items, Rows: s.rows()}
	env := Environment{Run: "01jtest", State: "complete", SpecHash: "aa", DatasetHash: "bb", AnalysisHash: "cc", CostUSD: "0.012",
		Versions: Versions{Crucible: "v1", Go: "go1.26", ClickHouse: "26.1", NATS: "v2.15"}, Durability: "always",
		Calls: events.CallTotals{Requested: 10, Answered: 9, Failed: 1, Attempts: 11}}
	if s.simulated {
		in.Simulated, env.Simulated = []string{"mc0"}, []string{"mc0"}
	}
	a, err := analysis.Derive(in)
	if err != nil {
		t.Fatal(err)
	}
	return &Report{Spec: spec, Analysis: a, Environment: env}
}

func (s shape) rows() []analysis.Row {
	rng := rand.New(rand.NewPCG(s.seed, 1))
	var rows []analysis.Row
	for rep := range s.repeat {
		for c, accuracy := range s.accuracy {
			for i := range s.items {
				r := analysis.Row{Index: len(rows), Condition: fmt.Sprintf("c%d", c), Repeat: rep, ItemIndex: i, Item: strconv.Itoa(i),
					State: events.VoteDecidedState, CostUSD: fmt.Sprintf("0.00%d", rng.IntN(10))}
				r.Correct = rng.Float64() < accuracy
				if s.latency {
					r.LatencyNS = int64(1e9 * (1 + rng.ExpFloat64()*(0.1+accuracy)))
				}
				if rng.Float64() < s.failing {
					r.State, r.Correct, r.LatencyNS = events.VoteFailed, false, 0
				}
				rows = append(rows, r)
			}
		}
	}
	return rows
}

func drawShape(t *rapid.T) shape {
	return shape{
		items:       rapid.IntRange(0, 120).Draw(t, "items"),
		repeat:      rapid.IntRange(1, 3).Draw(t, "repeat"),
		accuracy:    rapid.SliceOfN(rapid.SampledFrom([]float64{0, 0.3, 0.5, 0.9, 1}), 1, 4).Draw(t, "accuracy"),
		latency:     rapid.Bool().Draw(t, "latency"),
		failing:     rapid.SampledFrom([]float64{0, 0.1, 1}).Draw(t, "failing"),
		seed:        rapid.Uint64Range(1, 1000).Draw(t, "seed"),
		simulated:   rapid.Bool().Draw(t, "simulated"),
		alternative: rapid.SampledFrom([]string{"", "two-sided", "greater", "less"}).Draw(t, "alternative"),
	}
}

func markdownOf(r *Report) []byte {
	d := r.Document()
	return d.Markdown()
}

// The sentences never contradict the numbers: what is called significant has an
// adjusted p value of at most alpha, the direction is that of the estimate, the
// best condition has the best estimate.
func TestSentencesFollowFromNumbers(t *testing.T) {
	difference := regexp.MustCompile(`(c\d) is (higher|lower) than (c\d) by`)
	rapid.Check(t, func(rt *rapid.T) {
		s := drawShape(rt)
		r := s.report(t)
		a := r.Analysis
		if len(a.Conditions) == 0 {
			return
		}
		for _, metric := range r.Spec.Metrics {
			if len(a.Comparisons) > 0 {
				text := r.family(metric)
				significant := 0
				for i := range a.Comparisons {
					if c := &a.Comparisons[i]; c.Metric == metric && c.Significant(a.Alpha) {
						significant++
					}
				}
				said := difference.FindAllStringSubmatch(text, -1)
				if len(said) > significant || significant > 0 && strings.Contains(text, "none is significant") ||
					significant == 0 && regexp.MustCompile(`\d (is|are) significant`).MatchString(text) {
					rt.Fatalf("%d significant, the report says %q", significant, text)
				}
				for _, m := range said {
					c := a.Compare(metric, m[1], m[3])
					if c == nil || !c.Significant(a.Alpha) || (*c.Effect.Estimate > 0) != (m[2] == "higher") {
						rt.Fatalf("%q does not follow from %+v", m[0], c)
					}
				}
			}
			checkBest(rt, r, metric)
		}
		if h := a.Hypothesis; h != nil {
			text := r.hypothesis(h)
			significant := h.PAdjusted != nil && *h.PAdjusted <= a.Alpha && (h.Verdict == analysis.Higher || h.Verdict == analysis.Lower)
			if significant != strings.Contains(text, "is significantly "+h.Verdict) {
				rt.Fatalf("%+v: %q", h, text)
			}
			if h.P == nil && !strings.Contains(text, "could not be tested") {
				rt.Fatalf("untested: %q", text)
			}
		}
		if s.simulated != strings.Contains(strings.Join(r.banners(), " "), "SIMULATED") {
			rt.Fatal("the banner is wrong")
		}
		if md := markdownOf(r); bytes.Contains(md, []byte("NaN")) || bytes.Contains(md, []byte("%!")) || bytes.Contains(md, []byte("Inf")) {
			rt.Fatalf("nonsense in\n%s", md)
		}
	})
}

func checkBest(t *rapid.T, r *Report, metric string) {
	text := r.best(metric)
	m := regexp.MustCompile(`^Of \d+ conditions, (c\d) has the (highest|lowest)`).FindStringSubmatch(text)
	if m == nil {
		return
	}
	best := r.Analysis.Condition(m[1]).Metrics[metric].Estimate
	for _, c := range r.Analysis.Conditions {
		e := c.Metrics[metric].Estimate
		if e == nil || c.Name == m[1] {
			continue
		}
		if m[2] == "highest" && *e >= *best || m[2] == "lowest" && *e <= *best {
			t.Fatalf("%q, but %s has %v", text, c.Name, *e)
		}
	}
}

func TestGoldenReport(t *testing.T) {
	for name, s := range map[string]shape{
		"significant": {items: 150, repeat: 1, accuracy: []float64{0.9, 0.5, 0.9}, latency: true, failing: 0.05, seed: 3, alternative: "two-sided"},
		"recorded":    {items: 40, repeat: 3, accuracy: []float64{0.5, 0.5}, seed: 4, simulated: true, alternative: "greater"},
		"empty":       {items: 0, repeat: 1, accuracy: []float64{1, 1}, seed: 5, alternative: "two-sided"},
	} {
		got := markdownOf(s.report(t))
		path := filepath.Join("testdata", name+".golden.md")
		if *update {
			if err := os.WriteFile(path, got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

// Hostile names and messages neither link, format, nor break a table.
func TestHostileTextIsEscaped(t *testing.T) {
	const hostile = "x](https://evil.example/a)![](http://evil.example/b)<img src=x onerror=alert(1)>|\n# h\n```\n`*b*`_i_ www.evil.example @a &lt; \u202e\u200b$x$"
	r := shape{items: 5, repeat: 1, accuracy: []float64{1, 0}, seed: 1}.report(t)
	r.Spec.Name, r.Spec.Description = hostile, hostile
	r.Failures = []Failures{{Condition: hostile, Member: hostile, Class: hostile, Count: 1, Example: hostile}}
	r.Environment.ServedModels = []events.ServedModels{{Member: "m", Served: []string{hostile}}}
	r.Environment.State, r.Environment.Reason = "partial", hostile
	out := string(markdownOf(r))
	text := strings.ReplaceAll(out, fenced(name(hostile)), "") // a code span shows what it holds
	if regexp.MustCompile(`[^\\]\]\(`).MatchString(text) {
		t.Errorf("a link is in the report:\n%s", text)
	}
	for _, bad := range []string{"<img", "https://", "http://", " www.e", "\n# h", " @a", "\u202e", "\u200b", "\n```\n`"} {
		if strings.Contains(text, bad) {
			t.Errorf("%q is in the report:\n%s", bad, text)
		}
	}
	for l := range strings.Lines(out) {
		if strings.HasPrefix(l, "| x") && strings.Count(strings.ReplaceAll(l, `\|`, ""), "|") != 6 {
			t.Errorf("a cell was left: %s", l)
		}
	}
}

func TestEscapeProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		got := escape(flat(s, 50))
		if strings.ContainsAny(got, "\n\r\t<>") {
			t.Fatalf("%q became %q", s, got)
		}
		for i, c := range got {
			if strings.ContainsRune("`*[]|", c) && (i == 0 || got[i-1] != '\\') {
				t.Fatalf("%q became %q: %q is bare", s, got, c)
			}
		}
	})
	for in, want := range map[string]string{
		"175b_verification": "175b_verification", "0.000125": "0.000125", "a: b": "a: b", "1. x": `1\. x`, "- x": `\- x`,
		"_x_": `\_x\_`, "http://a": `http\://a`, "www.a": `www\.a`, "": "",
	} {
		if got := escape(in); got != want {
			t.Errorf("escape(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCodeSpansCannotBeLeft(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching("[`a|\\n ]{0,12}").Draw(t, "s")
		if s = name(s); s == "" {
			return
		}
		got := fenced(s)
		fence := got[:len(got)-len(strings.TrimLeft(got, "`"))]
		inside := strings.TrimSuffix(strings.TrimPrefix(got, fence), fence)
		for _, run := range regexp.MustCompile("`+").FindAllString(inside, -1) {
			if run == fence {
				t.Fatalf("%q became %q", s, got)
			}
		}
	})
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		got, want string
	}{
		{number(0.56254, analysis.UnitShare), "0.5625"}, {number(-0.00001, analysis.UnitShare), "0.0000"},
		{number(1234.56, analysis.UnitMS), "1234.6 ms"}, {number(0.000125, analysis.UnitUSD), "$0.0001250"}, {number(0, analysis.UnitUSD), "$0"},
		{thousands(1319), "1,319"}, {thousands(-1234567), "-1,234,567"}, {thousands(7), "7"},
		{pvalue(0.0321), "0.0321"}, {pvalue(1.1221e-23), "1.12e-23"}, {percent(0.95), "95 %"}, {percent(1 - 0.05), "95 %"}, {percent(0.999), "99.9 %"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestPlace(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out", "run")
	if err := place(dir, []file{{"a", []byte("1")}, {"b", []byte("2")}}); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	if err := place(dir, []file{{"a", []byte("1")}, {"b", []byte("3")}, {"c", nil}}); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(filepath.Join(dir, "a"))
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("an equal file was replaced: %v", err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "b")); err != nil || string(b) != "3" {
		t.Errorf("b holds %q: %v", b, err)
	}
	left, err := os.ReadDir(filepath.Dir(dir))
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
