package experiment

import (
	"os"
	"testing"
)

func TestRewriteX(t *testing.T) {
	for _, name := range []string{"gsm8k-four-models.yaml", "every-key.yaml"} {
		src, _ := os.ReadFile("testdata/" + name)
		out, err := Rewrite(src, testEnv, map[string]string{"solutions.jsonl": "object:abc/solutions.jsonl", "answers.jsonl": "object:def/a.jsonl"})
		t.Logf("%s %v", out, err)
	}
}
