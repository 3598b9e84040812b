package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// The log of a run of the first version of the events, and what it came to.
const (
	goldenLog      = "testdata/arithmetic-v1.crucible.zst"
	goldenAnalysis = "testdata/arithmetic-v1.analysis.json"
	goldenRun      = "arithmetic-v1"
)

// Every later version derives the same result from the log of an earlier one, but
// for digits of its numbers beyond the ninth.
// With -update a missing log is made; one that is there is never replaced.
func TestRecordedLogStillGivesItsResult(t *testing.T) {
	t.Parallel()
	_, missing := os.Stat(goldenLog)
	if errors.Is(missing, fs.ErrNotExist) && *update {
		makeGolden(t)
	}
	s := openOne(t, options{})
	s.crucible(t, "restore", goldenLog).want(t, 0)

	// A results folder with the recorded result alone: verify compares it with
	// what it derives.
	want := read(t, goldenAnalysis)
	dir := filepath.Join(s.out, goldenRun)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(want))
	write(t, filepath.Join(dir, "analysis.json"), want)
	manifest := `{"version":1,"files":[{"name":"analysis.json","sha256":"` + hex.EncodeToString(sum[:]) + `"}]}`
	write(t, filepath.Join(dir, "manifest.json"), manifest)
	verification(t, s, goldenRun, 0)

	write(t, filepath.Join(dir, "analysis.json"), want+" ")
	verification(t, s, goldenRun, 1)
	wantCounts(t, counts(t, s, goldenRun), map[string]int{"call.completed.v1": smallCalls, "vote.decided.v1": smallQueries})
}

func makeGolden(t *testing.T) {
	t.Helper()
	s := openOne(t, options{})
	r := perform(t, s, small(t), goldenRun, 0)
	s.crucible(t, "archive", r.Run, "--keep", "--file", goldenLog).want(t, 0)
	write(t, goldenAnalysis, read(t, r.Dir, "analysis.json"))
	for _, f := range []string{goldenLog, goldenAnalysis} {
		if err := os.Chmod(f, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
