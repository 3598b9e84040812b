package experiment

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write the schema anew")

// The schema in testdata is what editors get: a change of the spec shows there.
// -update writes it.
func TestSchema(t *testing.T) {
	const file = "testdata/schema.json"
	if *update {
		if err := os.WriteFile(file, Schema(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want := readFile(t, "schema.json"); !bytes.Equal(Schema(), want) {
		t.Error("the schema has changed: -update writes it anew")
	}
	var s struct {
		Properties map[string]struct{ Description string }
		Required   []string
	}
	if err := json.Unmarshal(Schema(), &s); err != nil {
		t.Fatal(err)
	}
	if len(s.Required) != 5 {
		t.Errorf("required: %q", s.Required)
	}
	for key, p := range s.Properties {
		if p.Description == "" {
			t.Errorf("%s has no description", key)
		}
	}
}
