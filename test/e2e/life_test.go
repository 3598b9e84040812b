package e2e

import (
	"encoding/csv"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// listed is a row of runs --json.
type listed struct {
	Run   string `json:"run"`
	Name  string `json:"name"`
	State string `json:"state"`
	Done  int    `json:"done"`
	Total int    `json:"total"`
}

func list(t *testing.T, s shape) map[string]listed {
	t.Helper()
	var all []listed
	decode(t, s.crucible(t, "runs", "--json").want(t, 0), &all)
	m := map[string]listed{}
	for _, l := range all {
		m[l.Run] = l
	}
	if len(m) != len(all) {
		t.Errorf("runs lists a run twice: %+v", all)
	}
	return m
}

// The life of a run after its end: listed, told, exported, archived, and brought
// back elsewhere, where it is still the same.
func TestLifeOfARun(t *testing.T) {
	t.Parallel()
	onShapes(t, options{}, func(t *testing.T, s shape) {
		spec := small(t)
		r := perform(t, s, spec, "life", 0)
		want := listed{"life", "arithmetic-simulated-recordings", "complete", smallQueries, smallQueries}
		if got := list(t, s); len(got) != 1 || got["life"] != want {
			t.Errorf("runs: %+v", got)
		}
		var status listed
		decode(t, s.crucible(t, "status", r.Run, "--json").want(t, 0), &status)
		if status != want {
			t.Errorf("status: %+v", status)
		}
		export(t, s, r.Run)

		archive := filepath.Join(t.TempDir(), "life.crucible.zst")
		s.crucible(t, "archive", r.Run, "--file", archive).want(t, 0)
		if got := list(t, s)["life"]; got.Done != smallQueries || got.Name != want.Name {
			t.Errorf("an archived run is listed as %+v", got)
		}
		if o := s.crucible(t, "verify", r.Run); o.code != 2 || !strings.Contains(o.stderr, "restore") {
			t.Errorf("verify of an archived run ends with %d and says %s", o.code, o.stderr)
		}

		elsewhere := openOne(t, options{})
		elsewhere.crucible(t, "restore", archive).want(t, 0)
		verification(t, elsewhere, r.Run, 0)
		if got := list(t, elsewhere); len(got) != 1 || got["life"] != want {
			t.Errorf("restored, runs: %+v", got)
		}
		wantCounts(t, counts(t, elsewhere, r.Run), map[string]int{"call.completed.v1": smallCalls, "vote.decided.v1": smallQueries})
		s.crucible(t, "restore", archive).want(t, 0)
		verification(t, s, r.Run, 0)
	})
}

// export counts the rows of every table in every format.
func export(t *testing.T, s shape, run string) {
	t.Helper()
	events := 0
	for _, n := range counts(t, s, run) {
		events += n
	}
	for table, want := range map[string]int{"events": events, "calls": smallCalls, "votes": smallQueries} {
		rows, err := csv.NewReader(strings.NewReader(s.crucible(t, "export", run, "--table", table, "--format", "csv").want(t, 0))).ReadAll()
		if err != nil || len(rows) != want+1 {
			t.Errorf("export of %s as csv: %d rows and a header, want %d: %v", table, len(rows)-1, want, err)
		}
		n := 0
		for line := range lines(s.crucible(t, "export", run, "--table", table, "--format", "jsonl").want(t, 0)) {
			var row map[string]any
			decode(t, line, &row)
			if row["run"] != run {
				t.Fatalf("export of %s: a row of %v", table, row["run"])
			}
			n++
		}
		if n != want {
			t.Errorf("export of %s as jsonl: %d rows, want %d", table, n, want)
		}
	}
}

// A run that was asked for under a name that exists, with another spec, changes
// nothing.
func TestARunIsRequestedOnce(t *testing.T) {
	t.Parallel()
	onShapes(t, options{}, func(t *testing.T, s shape) {
		r := perform(t, s, small(t), "twice", 0)
		before := read(t, r.Dir, "manifest.json")
		o := s.begin(t, example(t, "arithmetic-simulated.yaml"), "twice").end(t)
		if o.code != 2 || !strings.Contains(o.stderr, "another spec") {
			t.Errorf("exit code %d: %s", o.code, o.stderr)
		}
		if got := list(t, s)["twice"]; got.Name != "arithmetic-simulated-recordings" || got.State != "complete" {
			t.Errorf("the run is now %+v", got)
		}
		if after := read(t, r.Dir, "manifest.json"); after != before {
			t.Error("its results have changed")
		}
	})
}

// Cancelling stops asking: what was asked gets its end, nothing new is asked, and
// the command that watches says so.
func TestCancel(t *testing.T) {
	t.Parallel()
	p := openProvider(t, "id=sim-fast,p50=10ms", "id=sim-careful,p50=10ms")
	s := openMany(t, options{pools: p.pools()})
	p.close()
	j := s.begin(t, p.spec(t, "300"), "stopped")
	p.await(t, concurrency)
	s.crucible(t, "cancel", "stopped").want(t, 0)
	r := ended(t, j, "stopped", 3)
	if r.State != "cancelled" {
		t.Errorf("state %s", r.State)
	}
	checkFolder(t, r.Dir)
	n := counts(t, s, r.Run)
	if n["call.requested.v1"] == 0 || n["call.requested.v1"] != n["call.completed.v1"] {
		t.Errorf("%d calls were requested and %d have an end", n["call.requested.v1"], n["call.completed.v1"])
	}
	if len(p.requests()) > 2*concurrency {
		t.Errorf("%d requests, though nobody was answered and two callers have %d permits each", len(p.requests()), concurrency)
	}
	var env environ
	decode(t, read(t, r.Dir, "environment.json"), &env)
	if env.State != "cancelled" || env.Calls.Cancelled == 0 || env.Calls.Requested != n["call.requested.v1"] {
		t.Errorf("environment.json: %+v", env)
	}
	if o := s.crucible(t, "cancel", "stopped"); o.code != 2 {
		t.Errorf("cancelling it again ends with %d: %s", o.code, o.stderr)
	}
	if o := s.crucible(t, "watch", "stopped", "--json"); o.code != 3 {
		t.Errorf("watching it again ends with %d: %s", o.code, o.stderr)
	}
	s.crucible(t, "verify", "stopped").want(t, 0)
}

// An interrupted command leaves a run that resume finishes, and says how.
func TestInterruptAndResume(t *testing.T) {
	t.Parallel()
	p := openProvider(t, "id=sim-fast,p50=10ms", "id=sim-careful,p50=10ms")
	s := openOne(t, options{})
	p.close()
	j := s.begin(t, p.spec(t, "20"), "interrupted").(*oneJob)
	p.await(t, concurrency)
	code := j.process.stop(t)
	if said := j.process.stderr.String(); code != 1 || !strings.Contains(said, "crucible resume interrupted") {
		t.Errorf("exit code %d: %s", code, said)
	}
	if got := list(t, s)["interrupted"]; got.State != "running" {
		t.Errorf("the run is %+v", got)
	}
	p.open()
	j.start(t, "resume", "interrupted")
	r := ended(t, j, "interrupted", 0)
	wantCounts(t, counts(t, s, r.Run), map[string]int{"call.completed.v1": 40, "vote.decided.v1": 40})
	var row map[string]any
	if err := json.Unmarshal([]byte(s.crucible(t, "status", r.Run, "--json").want(t, 0)), &row); err != nil || row["reported"] != true {
		t.Errorf("status %v: %v", row, err)
	}
}
