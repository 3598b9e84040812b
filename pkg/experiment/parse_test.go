package experiment

import (
	"os"
	"testing"
)

func testEnv(name string) (string, bool) {
	v, ok := map[string]string{"CRUCIBLE_GSM8K": "solutions.jsonl", "WHO": "items", "SEED": "12", "OPENAI_API_KEY": "sk-x"}[name]
	return v, ok
}

func readSpec(t testing.TB, name string) *Spec {
	t.Helper()
	src, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Parse(name, src, testEnv)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestParseExamples(t *testing.T) {
	for _, name := range []string{"gsm8k-four-models.yaml", "every-key.yaml"} {
		s := readSpec(t, name)
		t.Logf("%s", s.Resolved())
		t.Log(s.Warnings)
	}
}
