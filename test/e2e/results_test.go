package e2e

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// reproducible are the files whose bytes follow from the spec and its data.
func reproducible() []string { return []string{"dataset.jsonl", "results.csv", "analysis.json"} }

// files are all files of a results folder.
func files() []string {
	return []string{"analysis.json", "config.json", "dataset.jsonl", "environment.json", "manifest.json", "report.md", "results.csv"}
}

// bytesOf reads the reproducible files of a run.
func bytesOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	m := map[string]string{}
	for _, name := range reproducible() {
		m[name] = read(t, dir, name)
	}
	return m
}

// sameBytes compares the reproducible files of two runs.
func sameBytes(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for _, name := range reproducible() {
		if got[name] != want[name] {
			t.Errorf("%s: %s differs: %s", what, name, parting(got[name], want[name]))
		}
	}
}

// parting shows where two texts part.
func parting(a, b string) string {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	around := func(s string) string { return s[max(0, min(i, len(s))-60):min(len(s), i+60)] }
	x, _ := json.Marshal([]any{i, around(a), around(b)})
	return string(x)
}

// checkFolder holds a results folder against section 8 of the architecture: its
// files are all there, and the manifest has their hashes.
func checkFolder(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if !slices.Equal(names, files()) {
		t.Errorf("files %q, want %q", names, files())
	}
	var manifest struct {
		Files []struct {
			Name   string `json:"name"`
			SHA256 string `json:"sha256"`
		} `json:"files"`
	}
	decode(t, read(t, dir, "manifest.json"), &manifest)
	names = []string{"manifest.json"}
	for _, f := range manifest.Files {
		names = append(names, f.Name)
		if sum := sha256.Sum256([]byte(read(t, dir, f.Name))); hex.EncodeToString(sum[:]) != f.SHA256 {
			t.Errorf("the manifest has another hash of %s", f.Name)
		}
	}
	slices.Sort(names)
	if !slices.Equal(names, files()) {
		t.Errorf("the manifest and itself are %q, want %q", names, files())
	}
}

// analysis is what the tests read of an analysis.json.
type analysis struct {
	Conditions []struct {
		Name    string `json:"name"`
		Queries int    `json:"queries"`
		Decided int    `json:"decided"`
		Failed  int    `json:"failed"`
		Invalid int    `json:"invalid"`
		Metrics map[string]struct {
			Estimate float64 `json:"estimate"`
			N        int     `json:"n"`
		} `json:"metrics"`
	} `json:"conditions"`
}

// environ is what the tests read of an environment.json.
type environ struct {
	State          string `json:"state"`
	DeadLetters    int    `json:"dead_letters"`
	PossiblyBilled []try  `json:"possibly_billed"`
	WallNS         int64  `json:"wall_ns"`
	Calls          struct {
		Requested, Answered, Failed, Cancelled, Attempts int
	} `json:"calls"`
}

// try is an attempt at a call.
type try struct {
	Query   string `json:"query"`
	Call    string `json:"call"`
	Attempt int    `json:"attempt"`
}

// table reads a results.csv by its header.
func table(t *testing.T, dir string) []map[string]string {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(read(t, dir, "results.csv"))).ReadAll()
	if err != nil || len(all) == 0 {
		t.Fatalf("%s: %v", filepath.Join(dir, "results.csv"), err)
	}
	var out []map[string]string
	for _, row := range all[1:] {
		m := map[string]string{}
		for i, col := range all[0] {
			m[col] = row[i]
		}
		out = append(out, m)
	}
	return out
}

// lines are the lines of a text without their ends.
func lines(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for l := range strings.Lines(text) {
			if !yield(strings.TrimSuffix(l, "\n")) {
				return
			}
		}
	}
}
