// Package examples_test checks that the example specs are valid and ask what
// they say.
package examples_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/crucible-go/crucible/pkg/experiment"
)

// environment has the variables that the specs name, with values that are good
// for planning.
func environment(name string) (string, bool) {
	v, ok := map[string]string{
		"CRUCIBLE_SIMULATE_URL": "http://127.0.0.1:8089/v1",
		"CRUCIBLE_GSM8K":        "gsm8k/example_model_solutions.jsonl",
	}[name]
	return v, ok
}

func parse(t *testing.T, file string) *experiment.Spec {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := experiment.Parse(file, src, environment)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return s
}

func TestSpecsAreValid(t *testing.T) {
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("specs %v: %v", files, err)
	}
	for _, file := range files {
		s := parse(t, file)
		if len(s.Warnings) > 0 {
			t.Errorf("%s: %q", file, s.Warnings)
		}
		if s.Dataset.Path == "gsm8k/example_model_solutions.jsonl" {
			continue // its user has the file
		}
		if _, err := os.Stat(s.Dataset.Path); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// What is simulated says so where people look: in the name or the description,
// and in the tags.
func TestSimulatedIsLabelled(t *testing.T) {
	for _, file := range []string{"arithmetic.yaml", "arithmetic-http.yaml", "arithmetic-simulated.yaml"} {
		s := parse(t, file)
		if !strings.Contains(s.Name, "simulated") || !strings.Contains(s.Description, "SIMULATED") || !slices.Contains(s.Tags, "simulated") {
			t.Errorf("%s is not labelled as simulated", file)
		}
	}
}

func TestRecordedFieldsExist(t *testing.T) {
	s := parse(t, "arithmetic.yaml")
	b, err := os.ReadFile(s.Dataset.Path)
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := bytes.Cut(b, []byte("\n"))
	it := experiment.Item{Raw: line}
	paths := []string{s.Dataset.Fields.ID, s.Dataset.Fields.Input, s.Dataset.Fields.Expected}
	for _, m := range s.Models {
		paths = append(paths, m.Field)
	}
	for _, p := range paths {
		if v, ok := it.Lookup(p); !ok || v == "" {
			t.Errorf("the items have no %s", p)
		}
	}
}

// The program that the spec exec-model.yaml names answers in its protocol, and
// goes on after a question that it cannot read.
func TestExecModel(t *testing.T) {
	s := parse(t, "exec-model.yaml")
	command := s.Models[0].Command
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir = "." // the spec's folder
	cmd.Stdin = strings.NewReader(`{"id":"1","model":"words","messages":[{"role":"user","content":"Ada buys 3 pens for 2 dollars each and pays with 10. How much change?"}],"params":{},"seed":1}
{"id":"2","model":"words","messages":[{"role":"user","content":"nothing to count"}],"params":{},"seed":1}
{"id":"3","model":"product","messages":[{"role":"user","content":"6 by 7"}],"params":{"strategy":"product"},"seed":1}
`)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v", command, err)
	}
	var got []string
	for line := range strings.Lines(string(out)) {
		var reply struct{ ID, Text, Error string }
		if err := json.Unmarshal([]byte(line), &reply); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		got = append(got, reply.ID+" "+reply.Text+regexp.MustCompile(`:.*`).ReplaceAllString(reply.Error, ""))
	}
	if want := []string{"1 A: 4", "2 IndexError", "3 A: 42"}; !slices.Equal(got, want) {
		t.Errorf("answers %q, want %q", got, want)
	}
}
