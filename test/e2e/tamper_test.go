package e2e

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// small writes a spec of the first 40 arithmetic problems.
func small(t *testing.T) string { t.Helper(); return head(t, 40) }

// head writes a spec of the first arithmetic problems.
func head(t *testing.T, problems int) string {
	t.Helper()
	text := read(t, example(t, "arithmetic.yaml"))
	text = strings.ReplaceAll(text, "path: arithmetic/", "path: "+example(t, "arithmetic")+"/")
	text = strings.Replace(text, "fields: {id: id, input: question, expected: answer}", "fields: {id: id, input: question, expected: answer}\n  sample: {method: head, size: "+strconv.Itoa(problems)+"}", 1)
	return write(t, filepath.Join(t.TempDir(), "head.yaml"), text)
}

// The numbers of the small spec.
const (
	smallQueries = 160
	smallCalls   = 240
)

// check is a part of what verify --json says.
type check struct {
	Name        string   `json:"name"`
	OK          bool     `json:"ok"`
	Differences []string `json:"differences"`
}

// verification reads verify --json, which ends with the code.
func verification(t *testing.T, s shape, run string, code int) map[string]check {
	t.Helper()
	var v struct {
		Run    string  `json:"run"`
		OK     bool    `json:"ok"`
		Checks []check `json:"checks"`
	}
	decode(t, s.crucible(t, "verify", run, "--json").want(t, code), &v)
	if v.Run != run || v.OK != (code == 0) {
		t.Errorf("verify says %+v and ends with %d", v, code)
	}
	checks := map[string]check{}
	for _, c := range v.Checks {
		checks[c.Name] = c
	}
	for _, name := range []string{"log", "store", "analysis", "files"} {
		if _, ok := checks[name]; !ok {
			t.Errorf("verify does not check %s: %+v", name, v)
		}
	}
	return checks
}

// A changed or missing row of the store, and a changed file, are found and named;
// rebuilding mends the store.
func TestTamperingIsFound(t *testing.T) {
	t.Parallel()
	onShapes(t, options{}, func(t *testing.T, s shape) {
		r := perform(t, s, small(t), "tampered", 0)
		verification(t, s, r.Run, 0)
		for _, c := range []struct{ what, kind, statement string }{
			{"a changed payload", "vote.decided.v1", "ALTER TABLE events_raw UPDATE payload = replaceOne(payload, '\"correct\":false', '\"correct\":true ') WHERE run = 'tampered' AND kind = 'vote.decided.v1' AND id IN (SELECT id FROM events WHERE run = 'tampered' AND kind = 'vote.decided.v1' AND payload LIKE '%\"correct\":false%' ORDER BY id LIMIT 1) SETTINGS mutations_sync = 2"},
			{"a missing row", "call.completed.v1", "DELETE FROM events_raw WHERE run = 'tampered' AND kind = 'call.completed.v1' AND id IN (SELECT id FROM events WHERE run = 'tampered' AND kind = 'call.completed.v1' ORDER BY id LIMIT 1)"},
			{"an invented row", "call.started.v1", "INSERT INTO events_raw SELECT * REPLACE (concat(id, 'x') AS id) FROM events_raw WHERE run = 'tampered' AND kind = 'call.started.v1' ORDER BY id LIMIT 1"},
		} {
			if o := s.crucible(t, "sql", c.statement); o.code != 2 {
				t.Errorf("without --write the store was changed, or the command ended with %d: %s", o.code, o.stderr)
			}
			s.crucible(t, "sql", "--write", c.statement).want(t, 0)
			checks := verification(t, s, r.Run, 1)
			if got := checks["store"].Differences; len(got) != 1 || !strings.Contains(got[0], c.kind) {
				t.Errorf("%s: verify names %q, not %s alone", c.what, got, c.kind)
			}
			for _, name := range []string{"log", "analysis", "files"} {
				if !checks[name].OK {
					t.Errorf("%s: %s differs too: %q", c.what, name, checks[name].Differences)
				}
			}
			s.crucible(t, "rebuild", r.Run).want(t, 0)
			verification(t, s, r.Run, 0)
		}
		file := filepath.Join(r.Dir, "results.csv")
		text := read(t, file)
		if err := os.WriteFile(file, []byte(strings.Replace(text, "false", "true", 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := verification(t, s, r.Run, 1)["files"].Differences; len(got) != 1 || !strings.Contains(got[0], "results.csv") {
			t.Errorf("a changed file: verify names %q", got)
		}
		write(t, file, text)
		verification(t, s, r.Run, 0)
	})
}
