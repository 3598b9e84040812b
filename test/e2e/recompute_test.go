package e2e

import (
	"encoding/json"
	"math/big"
	"os"
	"strings"
	"testing"
)

// The tests' own reading of recorded answers, sharing no code with the pipeline.

// number is the decimal number that an answer ends with, in lowest terms; "" if
// there is none: a fraction is none.
func number(answer string) string {
	i := strings.LastIndex(answer, "A:")
	if i < 0 {
		return ""
	}
	text := strings.TrimSpace(answer[i+len("A:"):])
	text = strings.NewReplacer(",", "", "$", "").Replace(text)
	r, ok := new(big.Rat).SetString(strings.TrimSuffix(text, "."))
	if !ok || strings.Contains(text, "/") {
		return ""
	}
	return r.RatString()
}

// majority is the answer of most members; of several, that of the earliest.
// Members without a number do not vote.
func majority(answers []string) string {
	count := map[string]int{}
	for _, a := range answers {
		if a != "" {
			count[a]++
		}
	}
	best := ""
	for _, a := range answers {
		if count[a] > count[best] {
			best = a
		}
	}
	return best
}

// score counts right and unreadable answers.
type score struct{ correct, invalid, n int }

// recompute scores each condition, a list of members, over a file of recorded
// answers.
func recompute(t *testing.T, file, expected string, conditions map[string][]string) map[string]score {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	scores := map[string]score{}
	for dec := json.NewDecoder(f); dec.More(); {
		var item map[string]json.RawMessage
		if err := dec.Decode(&item); err != nil {
			t.Fatal(err)
		}
		var want string
		decode(t, string(item[expected]), &want)
		for name, members := range conditions {
			var answers []string
			for _, m := range members {
				var a struct{ Solution string }
				decode(t, string(item[m]), &a)
				answers = append(answers, number(a.Solution))
			}
			s := scores[name]
			s.n++
			switch majority(answers) {
			case "":
				s.invalid++
			case number(want):
				s.correct++
			}
			scores[name] = s
		}
	}
	return scores
}

// checkAccuracies compares an analysis with a recomputation.
func checkAccuracies(t *testing.T, a analysis, want map[string]score) {
	t.Helper()
	if len(a.Conditions) != len(want) {
		t.Errorf("%d conditions, want %d", len(a.Conditions), len(want))
	}
	for _, c := range a.Conditions {
		w := want[c.Name]
		got := c.Metrics["accuracy"]
		if c.Queries != w.n || c.Invalid != w.invalid || c.Failed != 0 || c.Decided != w.n-w.invalid {
			t.Errorf("%s: %d queries, %d decided, %d invalid, %d failed, want %+v", c.Name, c.Queries, c.Decided, c.Invalid, c.Failed, w)
		}
		if got.N != w.n || got.Estimate != float64(w.correct)/float64(w.n) {
			t.Errorf("%s: accuracy %v of %d, want %d of %d", c.Name, got.Estimate, got.N, w.correct, w.n)
		}
	}
}
