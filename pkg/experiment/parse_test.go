package experiment

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func testEnv(name string) (string, bool) {
	v, ok := map[string]string{"CRUCIBLE_GSM8K": "solutions.jsonl", "WHO": "items", "SEED": "12", "OPENAI_API_KEY": "sk-x"}[name]
	return v, ok
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func readSpec(t testing.TB, name string) *Spec {
	t.Helper()
	s, err := Parse(name, readFile(t, name), testEnv)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustParse(t testing.TB, src string) *Spec {
	t.Helper()
	s, err := Parse("spec.yaml", []byte(src), testEnv)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The spec of the documentation, with the models that it leaves out.
func TestDocumentedSpec(t *testing.T) {
	s := mustParse(t, string(readFile(t, "documented.yaml")))
	want := []string{
		`model "gpt" is in no condition: it is not asked`,
		`model "sim_a" is in no condition: it is not asked`,
		`model "mine" is in no condition: it is not asked`,
	}
	if !slices.Equal(s.Warnings, want) {
		t.Errorf("warnings %q, want %q", s.Warnings, want)
	}
	if got := len(s.Pools()); got != 1 {
		t.Errorf("%d pools, want that of the recorded models alone", got)
	}
}

func TestDefaults(t *testing.T) {
	s := mustParse(t, "{version: 1, name: t, dataset: {path: d/a.csv.gz}, models: [{id: m, provider: simulated, accuracy: 1}], conditions: [{name: c, members: [m]}]}")
	want := `{"analysis":{"alpha":0.05,"bootstrap":10000,"cluster":"","correction":"holm"},` +
		`"budget":{"calls":0,"tokens":0,"usd":"0"},"clock":"real",` +
		`"conditions":[{"execution":"parallel","hedge":{"strategy":"none"},"members":["m"],"name":"c","stop":"none","vote":"majority"}],` +
		`"control":"c","dataset":{"fields":{"expected":"expected","input":"input"},"path":"d/a.csv.gz","sample":{"method":"all","seed":0},"source":"csv"},` +
		`"max_in_flight":2000,"metrics":["accuracy","cost_per_query","latency_p50","latency_p99"],` +
		`"models":[{"accuracy":1,"id":"m","latency":{"shape":"none"},"limits":{},"model":"m","provider":"simulated","retries":0,"timeout":"0s"}],` +
		`"name":"t","prompt":"{{.input}}","repeat":1,"report":{"formats":["markdown"]},` +
		`"score":{"extract":"none","metrics":["exact_match"],"normalize":"lowercase_trim"},"seed":0,"version":1}`
	if got := string(s.Resolved()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got, want := s.Hash(), hex.EncodeToString(sha256Of(want)); got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
}

func sha256Of(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}

func TestEnvironment(t *testing.T) {
	s := mustParse(t, strings.Replace(base, "name: t", "name: \"${WHO}\"\nseed: ${SEED}\ndescription: \"$${WHO} costs ${WHO}$ or ${1} or ${\"", 1))
	if s.Name != "items" || s.Seed != 12 || s.Description != "${WHO} costs items$ or ${1} or ${" {
		t.Errorf("name %q, seed %d, description %q", s.Name, s.Seed, s.Description)
	}
}

func TestPools(t *testing.T) {
	s := mustParse(t, `
version: 1
name: pools
dataset: {path: a.jsonl}
models:
  - {id: a, provider: openai, limits: {concurrency: 64, rpm: 500}}
  - {id: b, provider: openai, limits: {concurrency: 8, tpm: 9}}
  - {id: c, provider: openai, base_url: http://127.0.0.1:1/v1}
  - {id: d, provider: exec, command: [x, y]}
  - {id: e, provider: recorded, field: f}
  - {id: f, provider: openai, limits: {concurrency: 1}}
conditions: [{name: all, members: [a, b, c, d, e]}]
`)
	var got []string
	for _, p := range s.Pools() {
		b, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(b))
		if p.Provider != "recorded" && NewPool(p.Provider, p.BaseURL, p.KeyEnv, p.Command).Name != p.Name {
			t.Errorf("a service declares another pool than %s", p.Name)
		}
	}
	want := []string{
		`{"Name":"exec-2751eh4i","Provider":"exec","BaseURL":"","KeyEnv":"","Command":["x","y"],"Concurrency":1,"RPM":0,"TPM":0}`,
		`{"Name":"openai-236va3gl","Provider":"openai","BaseURL":"","KeyEnv":"OPENAI_API_KEY","Command":null,"Concurrency":8,"RPM":500,"TPM":9}`,
		`{"Name":"openai-k9ap6qho","Provider":"openai","BaseURL":"http://127.0.0.1:1/v1","KeyEnv":"","Command":null,"Concurrency":16,"RPM":0,"TPM":0}`,
		`{"Name":"recorded","Provider":"recorded","BaseURL":"","KeyEnv":"","Command":null,"Concurrency":1024,"RPM":0,"TPM":0}`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// specs draws valid specs as YAML.
func specs() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		name := rapid.StringMatching(`[a-zA-Zäß][a-z ${}'"\\:#,é0-9]{0,8}[a-z]`)
		n := rapid.IntRange(1, 4).Draw(t, "models")
		models, conditions := make([]any, n), []any{}
		for i := range models {
			id := string(rune('a'+i)) + name.Draw(t, "id")
			models[i] = rapid.SampledFrom([]map[string]any{
				{"id": id, "provider": "simulated", "accuracy": rapid.Float64Range(0, 1).Draw(t, "accuracy"), "latency": map[string]any{"shape": "constant", "p50": "1500us"}},
				{"id": id, "provider": "recorded", "field": "x.y", "latency_field": "z"},
				{"id": id, "provider": "openai", "params": map[string]any{"temperature": rapid.Float64().Draw(t, "temperature"), "stop": name.Draw(t, "stop"), "seed": rapid.Int().Draw(t, "n"), "<": nil}, "timeout": "90s"},
				{"id": id, "provider": "exec", "command": []string{name.Draw(t, "command")}, "price": map[string]any{"input": "0.10", "output": "007"}},
			}).Draw(t, "model")
			conditions = append(conditions, map[string]any{"name": id + "!", "members": []string{id, id}})
		}
		spec := map[string]any{"version": 1, "name": name.Draw(t, "name"), "description": rapid.String().Draw(t, "description"),
			"dataset": map[string]any{"path": "a/${WHO}.jsonl", "sample": map[string]any{"method": "random", "size": rapid.IntRange(1, 9).Draw(t, "size")}},
			"models":  models, "conditions": conditions, "seed": rapid.Uint64().Draw(t, "seed"),
			"analysis": map[string]any{"alpha": rapid.Float64Range(0.001, 0.9).Draw(t, "alpha")}, "tags": []string{"x"}}
		b, err := json.Marshal(spec)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	})
}

func TestResolvedReadsBack(t *testing.T) {
	check := func(t rapid.TB, s *Spec) {
		back, err := ParseResolved(s.Resolved())
		if err != nil {
			t.Fatal(err)
		}
		s.Warnings = nil
		if !reflect.DeepEqual(back, s) {
			t.Fatalf("got %+v\nwant %+v", back, s)
		}
		if back.Hash() != s.Hash() {
			t.Fatal("another hash")
		}
	}
	check(t, readSpec(t, "every-key.yaml"))
	rapid.Check(t, func(t *rapid.T) {
		src := specs().Draw(t, "spec")
		s, err := Parse("", []byte(src), func(string) (string, bool) { return "v ${WHO}", true })
		if err != nil {
			t.Fatalf("%v in %s", err, src)
		}
		check(t, s)
	})
}

func TestParseResolvedRefuses(t *testing.T) {
	for src, want := range map[string]string{
		`{`:             "resolved spec: unexpected end of JSON input",
		`{"version":2}`: "resolved spec: version 2, this program reads version 1",
	} {
		if _, err := ParseResolved([]byte(src)); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", src, err, want)
		}
	}
	if _, err := ParseResolved([]byte(`{"version":1,"of_later":true}`)); err != nil {
		t.Errorf("a key of a newer version: %v", err)
	}
}

// What is nested too deeply for a recursive parser is refused before it gets
// there.
func TestDeepNesting(t *testing.T) {
	for _, piece := range []string{"[", "{a: ", "- ", "? ", "a: {b: ", "!a ", "[[]", "&a ", "a: 1\n"} {
		src := strings.Repeat(piece, 100_000/len(piece))
		if _, err := Parse("", []byte(src), nil); err == nil {
			t.Errorf("%q again and again is a spec", piece)
		}
	}
	var steps strings.Builder
	for i := range 1200 {
		steps.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	if _, err := Parse("", []byte(steps.String()), nil); err == nil {
		t.Error("1,200 steps of indentation are a spec")
	}
	bomb := "a: &a [1]\n"
	for c := 'b'; c < 'p'; c++ {
		bomb += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+string(c-1)+", ", 9) + "1]\n"
	}
	bomb = "version: 1\nmodels: [{params: {" + strings.ReplaceAll(bomb, "\n", ", ") + "}}]\n"
	if _, err := Parse("", []byte(bomb), nil); err == nil || !strings.Contains(err.Error(), "more than 100000 values") {
		t.Errorf("aliases of aliases: %v", err)
	}
}

func TestNearest(t *testing.T) {
	for _, c := range []struct{ word, want string }{
		{"modles", "models"}, {"Models", "models"}, {"sead", "seed"}, {"x", ""}, {"reapet", "repeat"}, {"", ""}, {"clokc", "clock"},
	} {
		if got := Nearest(c.word, []string{"models", "seed", "repeat", "clock"}); got != c.want {
			t.Errorf("nearest to %q: %q, want %q", c.word, got, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"every-key.yaml", "gsm8k-four-models.yaml", "documented.yaml"} {
		f.Add(readFile(f, name))
	}
	for _, m := range mistakes {
		f.Add([]byte(strings.Replace(base, m.old, m.new, 1)))
	}
	f.Add([]byte("a: &a [*a, *a]"))
	f.Add([]byte(strings.Repeat("[", 70)))
	f.Fuzz(func(t *testing.T, src []byte) {
		s, err := Parse("f", src, testEnv)
		if err != nil {
			return
		}
		back, err := ParseResolved(s.Resolved())
		if err != nil || back.Hash() != s.Hash() {
			t.Fatalf("resolved does not read back: %v", err)
		}
		out, err := Rewrite(src, testEnv, map[string]string{s.Dataset.Path: "object:0/" + s.Dataset.Path})
		if err != nil {
			return // said so
		}
		again, err := Parse("f", out, nil)
		if err != nil || again.Dataset.Path != "object:0/"+s.Dataset.Path {
			t.Fatalf("rewritten: %v\n%s", err, out)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	src := readFile(b, "gsm8k-four-models.yaml")
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		if _, err := Parse("s", src, testEnv); err != nil {
			b.Fatal(err)
		}
	}
}
