package catalog

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// mutant is a change of one constant in a file of package stat. Old stands there
// once.
type mutant struct{ file, old, new, procedure string }

// mutants are some constants that reference values must hold in place; the build
// tag long tries many more.
var mutants = []mutant{
	{"shapiro.go", "-2.706056)", "-2.706057)", "shapiro_wilk"},
	{"mannwhitney.go", "half = 0.5\n\t}\n\tswitch", "half = 0.499999\n\t}\n\tswitch", "mann_whitney"},
	{"effect_means.go", "a := (df - 1) / 2", "a := (df - 1.000001) / 2", "hedges_g"},
}

// TestReferenceBites changes a constant of the package by a millionth or so, in a
// copy beside it: then TestReference fails. Without a change it passes.
func TestReferenceBites(t *testing.T) {
	bite(t, mutants)
}

func bite(t *testing.T, mutants []mutant) {
	t.Helper()
	if failed, text := reference(t, "shapiro.go", "", "", "shapiro_wilk"); failed {
		t.Fatalf("the control fails, though nothing is changed:\n%s", text)
	}
	for _, m := range mutants {
		t.Run(m.procedure+"/"+m.file, func(t *testing.T) {
			failed, text := reference(t, m.file, m.old, m.new, m.procedure)
			if !failed {
				t.Errorf("%s: no reference value of %s sees that %q became %q", m.file, m.procedure, m.old, m.new)
			} else if !strings.Contains(text, "--- FAIL: TestReference/"+m.procedure+"/") || strings.Contains(text, "panic:") {
				t.Errorf("%s: the run fails for another reason:\n%s", m.file, text)
			}
		})
	}
}

// reference runs TestReference for one procedure with a file changed, and returns
// whether it fails and what it says.
func reference(t *testing.T, file, old, changed, procedure string) (failed bool, text string) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", file))
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	code := string(source)
	if old != "" {
		if strings.Count(code, old) != 1 {
			t.Fatalf("%s has %q %d times, not once", file, old, strings.Count(code, old))
		}
		code = strings.Replace(code, old, changed, 1)
	}
	dir := t.TempDir()
	beside, overlay := filepath.Join(dir, file), filepath.Join(dir, "overlay.json")
	list, err := json.Marshal(map[string]map[string]string{"Replace": {path: beside}})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{beside: []byte(code), overlay: list} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "go", "test", "-vet=off", "-ldflags=-s -w", "-count=1", "-overlay", overlay, "-run", "^TestReference$/^"+procedure+"$", ".").CombinedOutput()
	text = string(out)
	if err == nil && !strings.HasPrefix(text, "ok") || strings.Contains(text, "[build failed]") || strings.Contains(text, "no tests to run") {
		t.Fatalf("the run is no test of %s:\n%s", procedure, text)
	}
	return err != nil, text
}
