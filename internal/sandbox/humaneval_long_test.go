//go:build long

package sandbox

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// problem is an item of HumanEval in its published form.
type problem struct {
	TaskID     string `json:"task_id"`
	Prompt     string `json:"prompt"`
	Solution   string `json:"canonical_solution"`
	Test       string `json:"test"`
	EntryPoint string `json:"entry_point"`
}

// All canonical solutions pass, no empty body does, and the 164 problems take at
// most 15 s. CRUCIBLE_HUMANEVAL names the published HumanEval.jsonl.gz.
func TestHumanEval(t *testing.T) {
	problems := humanEval(t)
	began := time.Now()
	passed := scores(t, problems, func(p problem) string { return p.Solution })
	took := time.Since(began)
	t.Logf("%d of %d canonical solutions passed in %s", passed, len(problems), took)
	if passed != 164 || took > 15*time.Second {
		t.Errorf("%d of 164 passed, in %s", passed, took)
	}
	if passed := scores(t, problems, func(problem) string { return "    pass\n" }); passed != 0 {
		t.Errorf("%d empty bodies passed", passed)
	}
}

func humanEval(t *testing.T) (all []problem) {
	t.Helper()
	path := os.Getenv("CRUCIBLE_HUMANEVAL")
	if path == "" {
		t.Fatal("CRUCIBLE_HUMANEVAL does not name HumanEval.jsonl.gz")
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(z); ; {
		var p problem
		switch err := d.Decode(&p); err {
		case nil:
			all = append(all, p)
		case io.EOF:
			return all
		default:
			t.Fatal(err)
		}
	}
}

func scores(t *testing.T, problems []problem, body func(problem) string) int {
	t.Helper()
	s, err := New(t.Context(), Config{Warm: runtime.NumCPU()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	passed := make([]bool, len(problems))
	var g errgroup.Group
	g.SetLimit(runtime.NumCPU())
	for i, p := range problems {
		g.Go(func() error {
			r, err := s.Python(t.Context(), p.Prompt+body(p)+"\n"+p.Test+"\ncheck("+p.EntryPoint+")\n", "")
			passed[i] = r.Verdict == Pass
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, ok := range passed {
		if ok {
			n++
		}
	}
	return n
}
