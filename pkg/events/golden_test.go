package events_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/crucible-go/crucible/pkg/events"
)

// A golden file, once written, is never changed: -update writes those that do
// not exist yet and adds their hashes to the list.
var update = flag.Bool("update", false, "write the golden files that do not exist")

const (
	goldenDir  = "testdata/golden"
	goldenList = "testdata/golden.sha256" // in the form of sha256sum
)

func golden(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(goldenDir, name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// hashes reads the list of golden files.
func hashes(t *testing.T) map[string]string {
	t.Helper()
	b, err := os.ReadFile(goldenList)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	m := map[string]string{}
	for line := range strings.Lines(string(b)) {
		hash, file, ok := strings.Cut(strings.TrimSpace(line), "  ")
		if !ok {
			t.Fatalf("%s: %q is not a hash and a file", goldenList, line)
		}
		m[file] = hash
	}
	return m
}

func TestGoldenFilesAreNeverEdited(t *testing.T) {
	if *update {
		writeGoldens(t)
	}
	want := hashes(t)
	files, err := filepath.Glob(goldenDir + "/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name := filepath.Base(f)
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(b)
		switch got := hex.EncodeToString(sum[:]); want[name] {
		case got:
		case "":
			t.Errorf("%s is not in %s: run the test with -update", name, goldenList)
		default:
			t.Errorf("%s was edited. Stored events have its form: restore it, and give a changed meaning a new kind", name)
		}
		delete(want, name)
	}
	for name := range want {
		t.Errorf("%s was removed. Stored events have its form: restore it", name)
	}
}

func writeGoldens(t *testing.T) {
	t.Helper()
	list := hashes(t)
	for _, ex := range examples() {
		file := ex.name + ".json"
		if list[file] != "" {
			continue
		}
		b, err := events.Encode(&ex.ev)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(goldenDir, file), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(goldenDir + "/*.json")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		hash := list[filepath.Base(f)]
		if hash == "" {
			hash = fmt.Sprintf("%x", sha256.Sum256(b))
		}
		fmt.Fprintf(&out, "%s  %s\n", hash, filepath.Base(f))
	}
	if err := os.WriteFile(goldenList, []byte(out.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestGolden shows that what was written is still read, and would be written
// again byte for byte.
func TestGolden(t *testing.T) {
	seen := map[events.Kind]bool{}
	for _, ex := range examples() {
		t.Run(ex.name, func(t *testing.T) {
			payload := golden(t, ex.name)
			ev, err := events.Decode(ex.ev.Type, payload)
			if err != nil {
				t.Fatal(err)
			}
			if err := ev.Check(); err != nil {
				t.Error(err)
			}
			want := ex.ev
			if want.Data == nil { // it lies elsewhere
				want.Data = want.Type.New()
			}
			if !reflect.DeepEqual(ev, want) {
				t.Errorf("decoded\n%+v\n%+v, want\n%+v\n%+v", ev, ev.Data, want, want.Data)
			}
			again, err := events.Encode(&ev)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(again, payload) {
				t.Errorf("encoded\n%s, want\n%s", again, payload)
			}
			seen[ev.Type] = true
		})
	}
	for _, k := range events.Kinds() {
		if !seen[k] {
			t.Errorf("%s has no golden file", k)
		}
	}
}

// TestGoldenOfALaterVersion reads events with fields and of kinds that do not
// exist yet.
func TestGoldenOfALaterVersion(t *testing.T) {
	payload := golden(t, "later.call.completed.v1")
	ev, err := events.Decode(events.KindCallCompleted, payload)
	if err != nil {
		t.Fatal(err)
	}
	if d := ev.Data.(*events.CallCompleted); d.Answer != "A: 18" || len(d.Attempts) != 1 || d.Attempts[0].LatencyNS != 1172345678 {
		t.Errorf("decoded %+v", d)
	}
	if err := ev.Check(); err != nil {
		t.Error(err)
	}

	payload = golden(t, "later.run.forked.v1")
	ev, err = events.DecodeAny(payload)
	if err != nil {
		t.Fatal(err)
	}
	if ev.Type != "run.forked.v1" || slices.Contains(events.Kinds(), ev.Type) {
		t.Errorf("kind %q, want an unknown one", ev.Type)
	}
	if err := ev.Check(); err != nil {
		t.Error(err)
	}
	again, err := events.Encode(&ev)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again, payload) {
		t.Errorf("an event of an unknown kind became\n%s, want\n%s", again, payload)
	}
}
