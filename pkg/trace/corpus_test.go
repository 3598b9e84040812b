package trace

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

// golden is what is expected of one input.
type golden struct {
	Chain   Chain    `json:"chain"`
	Reports []Report `json:"reports"`
}

func corpus(t testing.TB) map[string]string {
	t.Helper()
	files, err := filepath.Glob("testdata/corpus/*.txt")
	if err != nil || len(files) < 60 {
		t.Fatalf("corpus: %d files, %v", len(files), err)
	}
	all := map[string]string{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(f, ".txt")] = string(b)
	}
	return all
}

func testTypes(t testing.TB) *Types {
	t.Helper()
	types, err := NewTypes("cost_estimated")
	if err != nil {
		t.Fatal(err)
	}
	return types
}

// TestCorpus reads every input of the corpus and compares all events and reports.
func TestCorpus(t *testing.T) {
	types := testTypes(t)
	for name, text := range corpus(t) {
		chain, reports := ParseAny(text, types)
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", " ")
		if err := enc.Encode(golden{chain, reports}); err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(name+".json", b.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, b.Bytes()) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, b.Bytes(), want)
		}
		if !strings.HasPrefix(filepath.Base(name), "json-") {
			account(t, name, text, chain, reports)
		}
	}
}

// account checks that every byte that is not blank is in an event or a report,
// and that all positions are inside the text.
func account(t testing.TB, name, text string, chain Chain, reports []Report) {
	t.Helper()
	seen := make([]bool, len(text))
	mark := func(what string, start, end int) {
		if start < 0 || end < start || end > len(text) {
			t.Fatalf("%s: %s at %d to %d of %d", name, what, start, end, len(text))
		}
		for i := start; i < end; i++ {
			seen[i] = true
		}
	}
	for _, e := range chain.Events {
		mark("event "+e.ID, e.Start, e.End)
	}
	for _, r := range reports {
		if r.Kind != NoEvents {
			mark(string(r.Kind), r.Start, r.End)
		}
	}
	for i := range len(text) {
		if !seen[i] && !space(text[i]) {
			t.Fatalf("%s: byte %d %q is in no event and no report: %q", name, i, text[i], text[max(0, i-20):min(len(text), i+20)])
		}
	}
}

// TestStream cuts every input of the corpus at every place, and into single
// bytes: the events and reports are those of the whole.
func TestStream(t *testing.T) {
	types := testTypes(t)
	for name, text := range corpus(t) {
		if len(text) > 5000 {
			continue
		}
		want, wantReports := Parse(text, types)
		for cut := 0; cut <= len(text); cut += 1 + len(text)/100 {
			sameStream(t, name, types, want, wantReports, text[:cut], text[cut:])
		}
		sameStream(t, name, types, want, wantReports, strings.Split(text, "")...)
		var bs []string
		for i := range len(text) {
			bs = append(bs, text[i:i+1])
		}
		sameStream(t, name, types, want, wantReports, bs...)
	}
}

func sameStream(t testing.TB, name string, types *Types, want Chain, wantReports []Report, chunks ...string) {
	t.Helper()
	s := NewStream(types)
	var got []Event
	for _, c := range chunks {
		got = append(got, s.Write(c)...)
	}
	rest, chain, reports := s.Close()
	got = append(got, rest...)
	if len(got)+len(want.Events) > 0 && !reflect.DeepEqual(got, want.Events) || !reflect.DeepEqual(chain, want) {
		t.Fatalf("%s: in %d chunks (first of %d bytes):\n%+v\nwant\n%+v", name, len(chunks), len(chunks[0]), got, want.Events)
	}
	if !reflect.DeepEqual(reports, wantReports) {
		t.Fatalf("%s: in %d chunks (first of %d bytes): reports\n%+v\nwant\n%+v", name, len(chunks), len(chunks[0]), reports, wantReports)
	}
}

// TestStreamHandsOut shows that events do not wait for the end of the text.
func TestStreamHandsOut(t *testing.T) {
	s := NewStream(nil)
	if got := s.Write(`<event type="decision_made"><decision>a</decision></event> and <ev`); len(got) != 1 || got[0].Decision != "a" {
		t.Fatalf("got %+v", got)
	}
	if got := s.Write(`ent type="synthesis"><decision>b</decision></event>`); len(got) != 1 || got[0].ID != "#2" {
		t.Fatalf("got %+v", got)
	}
}
