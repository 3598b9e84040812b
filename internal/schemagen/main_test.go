package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/crucible-go/crucible/pkg/events"
	generated "github.com/invopop/jsonschema"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	repository = "../.."
	golden     = repository + "/pkg/events/testdata/golden"
)

func open(t *testing.T, dir string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := root.Close(); err != nil {
			t.Error(err)
		}
	})
	return root
}

// compile reads the schema that pkg/events ships for a kind.
func compile(t *testing.T, k events.Kind) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(events.Schema(k)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	name := "urn:crucible:event:" + string(k)
	if err := c.AddResource(name, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// goldens reads the golden files by the kind that they say they are of.
func goldens(t *testing.T) map[events.Kind][][]byte {
	t.Helper()
	files, err := filepath.Glob(golden + "/*.json")
	if err != nil {
		t.Fatal(err)
	}
	out := map[events.Kind][][]byte{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		ev, err := events.DecodeAny(b)
		if err != nil {
			t.Fatal(err)
		}
		out[ev.Type] = append(out[ev.Type], b)
	}
	return out
}

func validate(t *testing.T, s *jsonschema.Schema, payload []byte) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(payload))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

func TestGoldenFilesFulfilTheirSchema(t *testing.T) {
	all := goldens(t)
	for _, k := range events.Kinds() {
		s := compile(t, k)
		if len(all[k]) == 0 {
			t.Errorf("%s has no golden file", k)
		}
		for _, payload := range all[k] {
			if err := validate(t, s, payload); err != nil {
				t.Errorf("%s: %v in %s", k, err, payload)
			}
		}
	}
}

// TestSchemasRefuse shows that the schemas say something.
func TestSchemasRefuse(t *testing.T) {
	k := events.KindCallCompleted
	s, payload := compile(t, k), goldens(t)[k][0]
	for old, bad := range map[string]string{
		`"type":"call.completed.v1"`: `"type":"call.started.v1"`,
		`"specversion":"1.0"`:        `"specversion":"0.3"`,
		`"attempts":[`:               `"attempt":[`,
		`"cost_usd":"0.`:             `"cost_usd":"$0.`,
		`"wait_ns":`:                 `"wait_ns":-`,
		`Z","subject"`:               `+01:00","subject"`,
		`crucible.call.completed.`:   `crucible.call.started.`,
		`"data":{`:                   `"content":{`,
		`"outcome":"`:                `"outcome":null,"was":"`,
	} {
		broken := strings.Replace(string(payload), old, bad, 1)
		if broken == string(payload) {
			t.Fatalf("the golden file has no %s", old)
		}
		if validate(t, s, []byte(broken)) == nil {
			t.Errorf("an event with %s fulfils the schema", bad)
		}
	}
}

// TestGoldenFilesShowEveryField walks the schemas.
func TestGoldenFilesShowEveryField(t *testing.T) {
	comments, err := readComments(open(t, repository), eventsDir)
	if err != nil {
		t.Fatal(err)
	}
	schemas, err := makeSchemas(comments)
	if err != nil {
		t.Fatal(err)
	}
	all := goldens(t)
	control := []string{"query", "call", "condition", "repeat", "item", "member", "model"}
	for _, s := range schemas {
		shown := map[string]bool{}
		for _, payload := range all[s.kind] {
			var v any
			if err := json.Unmarshal(payload, &v); err != nil {
				t.Fatal(err)
			}
			show("", v, shown)
		}
		for _, path := range fields("", s.Schema) {
			switch {
			case shown[path], path == "dataref":
			case path == "cause" && s.kind == events.KindRunRequested:
			case slices.Contains(control, path) && !appliesTo(s.kind, path):
			case strings.HasPrefix(path, "data.later.order."): // an order: those of call.requested show it
			case strings.HasPrefix(path, "data.hedge.backups."): // a backup has the fields of its order
			default:
				t.Errorf("no golden file of %s shows %s", s.kind, path)
			}
		}
	}
}

// appliesTo says whether an attribute of the envelope says something about
// events of the kind.
func appliesTo(k events.Kind, attribute string) bool {
	switch attribute {
	case "call", "member", "model":
		return strings.HasPrefix(string(k), "call.")
	default:
		return !k.Control() && k != events.KindDeadLetter
	}
}

func show(path string, v any, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			at := strings.TrimPrefix(path+"."+name, ".")
			into[at] = true
			show(at, inner, into)
		}
	case []any:
		for _, inner := range v {
			show(path, inner, into)
		}
	}
}

func fields(path string, s *generated.Schema) []string {
	if s.Items != nil {
		return fields(path, s.Items)
	}
	if s.Properties == nil {
		return nil
	}
	var out []string
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		at := strings.TrimPrefix(path+"."+p.Key, ".")
		out = append(append(out, at), fields(at, p.Value)...)
	}
	return out
}

// TestGeneratedFilesAreCurrent is what make gen-check does.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	if err := run(repository, true); err != nil {
		t.Error(err)
	}
}

func TestGeneratingTwiceGivesTheSame(t *testing.T) {
	root := open(t, repository)
	a, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	b, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(a, b, func(x, y file) bool { return x.path == y.path && bytes.Equal(x.content, y.content) }) {
		t.Error("two runs of the generator differ")
	}
}

func TestStaleFilesAreNamed(t *testing.T) {
	dir := open(t, t.TempDir())
	files := []file{{schemaDir + "/a.json", []byte("one\ntwo\n")}, {referencePath, []byte("x\n")}}
	if err := write(dir, files); err != nil {
		t.Fatal(err)
	}
	if err := stale(dir, files); err != nil {
		t.Errorf("fresh files: %v", err)
	}
	for _, c := range []struct{ old, want string }{
		{"one\n2\n", `line 2 is "2", want "two"`},
		{"one\ntwo\nthree\n", `line 3 is "three", want ""`},
		{"one\ntwo", "it has 2 lines, want 3"},
	} {
		if err := dir.WriteFile(schemaDir+"/a.json", []byte(c.old), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := stale(dir, files); err == nil || !strings.Contains(err.Error(), "a.json is stale: "+c.want) {
			t.Errorf("stale says %v, want %s", err, c.want)
		}
	}
	if err := superfluous(dir, files[1:]); err == nil || !strings.Contains(err.Error(), "a.json is of no kind") {
		t.Errorf("superfluous says %v", err)
	}
	if err := stale(open(t, t.TempDir()), files[1:]); err == nil {
		t.Error("a missing file is not stale")
	}
}

func TestCommentsSpeakJSON(t *testing.T) {
	dir := open(t, t.TempDir())
	src := "package p\n\n// T is a thing.\ntype T struct {\n\t// LatencyNS is the time until Answer\n\t// came.\n\tLatencyNS int `json:\"latency_ns\"`\n\t// Answer is it.\n\tAnswer string `json:\"answer,omitempty\"`\n}\n"
	if err := dir.WriteFile("p.go", []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := readComments(dir, ".")
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]string{"": "A thing.", "LatencyNS": "The time until answer came.", "Answer": "It."} {
		if got := c["T"][field]; got != want {
			t.Errorf("comment on %q is %q, want %q", field, got, want)
		}
	}
}
