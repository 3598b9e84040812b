package trace

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// jsonPieces are what models write JSON from, well and badly.
func jsonPieces() []string {
	return []string{"{", "}", "[", "]", ",", ":", `"events"`, `"type"`, `"decision_made"`, `"decision"`, `"x"`, `"id"`, `"a"`, `"depends_on"`, `"confidence"`, "0.5", `"90%"`, "1.7",
		"null", "true", `"metadata"`, `"start"`, `"end"`, "3", "-1", "\n", " ", "```json\n", "\n```", `"`, `\`, `"version"`, "1", "2", `"alternatives"`, `"a, b"`, `["a","b"]`,
		`{"type":"decision_made","decision":"x"}`, `{"events":[`, `{"type":"synthesis","alternatives":[" a ",""],"metadata":{" k":1,"k ":"v"}}`, "\ufeff", "//", "'", "\u00e9", "\xff"}
}

// TestAnyJSON reads any text as JSON: no panic, positions inside the text, and
// what was read is printed and read again as it was.
func TestAnyJSON(t *testing.T) {
	types := testTypes(t)
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(jsonPieces()), 0, 30).Draw(t, "pieces"), "")
		_, reports := ParseJSON(text, types)
		for _, r := range reports {
			if r.Kind != DuplicateID && r.Kind != DanglingRef && r.Kind != Cycle && r.Kind != NoDecision && (r.Start < 0 || r.End < r.Start || r.End > len(text)) {
				t.Fatalf("%q: %+v", text, r)
			}
		}
		identity(t, text, types)
	})
}

// TestJSONLines: what is printed one event a line is read as it was.
func TestJSONLines(t *testing.T) {
	c := chainOf(t, voyage)
	b, err := JSONLines(c)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := ParseJSON(string(b), nil)
	if !reflect.DeepEqual(again.Events, c.Events) {
		t.Fatalf("%s: %+v", b, again)
	}
}

// FuzzParseJSON: no panic, and printing loses nothing.
func FuzzParseJSON(f *testing.F) {
	for name, text := range corpus(f) {
		if strings.Contains(name, "json-") {
			f.Add(text)
		}
	}
	types := testTypes(f)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) < 1<<16 {
			ParseJSON(text, types)
			identity(t, text, types)
		}
	})
}
