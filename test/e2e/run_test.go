package e2e

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// arithmeticConditions are those of examples/arithmetic.yaml.
func arithmeticConditions() map[string][]string {
	return map[string][]string{
		"sim_small":  {"sim_small"},
		"sim_medium": {"sim_medium"},
		"sim_large":  {"sim_large"},
		"majority3":  {"sim_small", "sim_medium", "sim_large"},
	}
}

// kindCount is a row of counts.
type kindCount struct {
	Kind string `json:"kind"`
	N    any    `json:"n"`
}

// counts are the numbers of a run's events in the store, by kind.
func counts(t *testing.T, s shape, run string) map[string]int {
	t.Helper()
	m := map[string]int{}
	for _, r := range rows[kindCount](t, s, "SELECT kind, count() AS n FROM events WHERE run = '"+run+"' GROUP BY kind") {
		n, err := strconv.Atoi(fmt.Sprint(r.N))
		if err != nil {
			t.Fatalf("%s: %v", r.Kind, err)
		}
		m[r.Kind] = n
	}
	return m
}

// wantCounts compares the counts of some kinds.
func wantCounts(t *testing.T, got, want map[string]int) {
	t.Helper()
	for kind, n := range want {
		if got[kind] != n {
			t.Errorf("%d events of %s, want %d", got[kind], kind, n)
		}
	}
}

// A run of recorded answers, from the spec to the report: all files, the right
// accuracies, every event in the store.
func TestRecordedRun(t *testing.T) {
	t.Parallel()
	onShapes(t, options{}, func(t *testing.T, s shape) {
		r := perform(t, s, example(t, "arithmetic.yaml"), "recorded", 0)
		if r.State != "complete" {
			t.Errorf("state %s", r.State)
		}
		checkFolder(t, r.Dir)
		var a analysis
		decode(t, read(t, r.Dir, "analysis.json"), &a)
		want := recompute(t, example(t, "arithmetic/problems.jsonl"), "answer", arithmeticConditions())
		checkAccuracies(t, a, want)
		checkTable(t, r.Dir, want)
		wantCounts(t, counts(t, s, r.Run), map[string]int{
			"query.dispatched.v1": 1200, "call.requested.v1": 1800, "call.started.v1": 1800, "call.completed.v1": 1800,
			"vote.decided.v1": 1200, "deadletter.recorded.v1": 0, "run.requested.v1": 1, "run.planned.v1": 1, "run.completed.v1": 1,
		})
		if out := s.crucible(t, "verify", r.Run).want(t, 0); strings.Contains(out, "DIFFERS") {
			t.Error(out)
		}
		s.stop(t)
	})
}

// checkTable counts right answers in results.csv.
func checkTable(t *testing.T, dir string, want map[string]score) {
	t.Helper()
	got := map[string]score{}
	for _, row := range table(t, dir) {
		s := got[row["condition"]]
		s.n++
		if row["correct"] == "true" {
			s.correct++
		}
		if row["status"] == "invalid" {
			s.invalid++
		}
		got[row["condition"]] = s
		if row["latency_ms"] != "" {
			t.Fatalf("a recorded answer has the latency %q", row["latency_ms"])
		}
	}
	for name, w := range want {
		if got[name] != w {
			t.Errorf("results.csv: %s %+v, want %+v", name, got[name], w)
		}
	}
}

// The same spec gives the same bytes: again, with any number of workers, and on
// either shape.
func TestDeterminism(t *testing.T) {
	t.Parallel()
	for _, spec := range []string{"arithmetic.yaml", "arithmetic-simulated.yaml", "hedged.yaml"} {
		t.Run(spec, func(t *testing.T) {
			t.Parallel()
			var first map[string]string
			same := func(t *testing.T, what string, s shape, run string) {
				t.Helper()
				got := bytesOf(t, perform(t, s, example(t, spec), run, 0).Dir)
				if first == nil {
					first = got
				}
				sameBytes(t, what, got, first)
			}
			same(t, "one worker", openOne(t, options{workers: 1}), "narrow")
			same(t, "eight workers", openOne(t, options{workers: 8}), "wide")
			s := openMany(t, options{})
			same(t, "many processes", s, "first")
			same(t, "many processes, again", s, "second")
		})
	}
}
