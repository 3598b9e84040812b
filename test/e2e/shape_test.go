package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// shape is one way to deploy the same program. A scenario knows no more of it.
type shape interface {
	// crucible runs a command on the shape's log, store and results folder.
	crucible(t *testing.T, args ...string) outcome
	// begin starts a run by its id and returns what performs or follows it.
	begin(t *testing.T, spec, run string) job
	// stop ends what runs for ever, and expects it to end well.
	stop(t *testing.T)
}

// job is a run under way.
type job interface {
	// crash kills one of the processes that perform the run, starts it again and
	// returns the one that died; nil if the run had ended.
	crash(t *testing.T) *process
	// done is closed when the run has ended.
	done() <-chan struct{}
	// end waits for the end of the run.
	end(t *testing.T) outcome
}

// options vary a shape.
type options struct {
	workers  int      // --workers of the callers; 0 is the default
	pools    string   // YAML of the pools of a cluster; one process takes them from the spec
	dataRoot string   // --data-root of a cluster's dispatcher
	env      []string // of every process
}

func (o options) flags() []string {
	if o.workers == 0 {
		return nil
	}
	return []string{"--workers", strconv.Itoa(o.workers)}
}

// shapes are the two of them, with new folders and processes each.
var shapes = []struct {
	name string
	open func(*testing.T, options) shape
}{
	{"one", func(t *testing.T, o options) shape { return openOne(t, o) }},
	{"many", func(t *testing.T, o options) shape { return openMany(t, o) }},
}

// onShapes performs a scenario on both shapes.
func onShapes(t *testing.T, o options, scenario func(*testing.T, shape)) {
	t.Helper()
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			scenario(t, s.open(t, o))
		})
	}
}

// one is a single process at a time on a data folder.
type one struct {
	options
	data, out string
}

func openOne(t *testing.T, o options) *one {
	t.Helper()
	dir := t.TempDir()
	return &one{o, filepath.Join(dir, "data"), filepath.Join(dir, "out")}
}

func (s *one) where() []string { return []string{"--data", s.data, "--out", s.out} }

func (s *one) crucible(t *testing.T, args ...string) outcome {
	t.Helper()
	return command(t, s.env, append(args, s.where()...)...)
}

func (s *one) begin(t *testing.T, spec, run string) job {
	t.Helper()
	j := &oneJob{shape: s, spec: spec, run: run}
	j.submit(t)
	return j
}

func (*one) stop(*testing.T) {} // nothing does

// oneJob is the process that performs the run.
type oneJob struct {
	shape     *one
	spec, run string
	process   *process
}

func (j *oneJob) start(t *testing.T, args ...string) {
	t.Helper()
	args = append(append(args, "--json"), append(j.shape.where(), j.shape.flags()...)...)
	j.process = start(t, args[0], programs.crucible, j.shape.env, args...)
}

func (j *oneJob) submit(t *testing.T) { t.Helper(); j.start(t, "run", j.spec, "--run", j.run) }

func (j *oneJob) done() <-chan struct{} { return j.process.done }

func (j *oneJob) crash(t *testing.T) *process {
	t.Helper()
	p := j.process
	if !p.kill() {
		return nil
	}
	// A run that died before it was stored is not there to be resumed.
	if j.shape.crucible(t, "status", j.run).code != 0 {
		j.submit(t)
	} else {
		j.start(t, "resume", j.run)
	}
	return p
}

func (j *oneJob) end(t *testing.T) outcome {
	t.Helper()
	code := j.process.wait(t)
	return outcome{code, j.process.out.String(), j.process.stderr.String()}
}

// result is how a run ended.
type result struct {
	Run   string `json:"run"`
	State string `json:"state"`
	Dir   string `json:"dir"`
}

// perform begins a run, waits for its end and expects the exit code.
func perform(t *testing.T, s shape, spec, run string, code int) result {
	t.Helper()
	return ended(t, s.begin(t, spec, run), run, code)
}

// ended waits for the end of a run and reads what is said of it.
func ended(t *testing.T, j job, run string, code int) result {
	t.Helper()
	var r result
	decode(t, j.end(t).want(t, code), &r)
	if r.Run != run {
		t.Fatalf("the run calls itself %q, not %q", r.Run, run)
	}
	return r
}

func decode(t *testing.T, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("%v in %q", err, tail(text))
	}
}

// rows asks the store.
func rows[T any](t *testing.T, s shape, query string) []T {
	t.Helper()
	var list []T
	decode(t, s.crucible(t, "sql", "--json", query).want(t, 0), &list)
	return list
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// get is the body of a page; anything but 200 fails the test.
func get(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v %s", url, resp.Status, err, b)
	}
	return strings.TrimSpace(string(b))
}
