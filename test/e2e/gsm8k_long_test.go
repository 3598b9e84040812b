//go:build long

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// The numbers of examples/gsm8k-four-models.yaml.
const (
	gsm8kItems   = 1319
	gsm8kQueries = 5 * gsm8kItems
	gsm8kCalls   = 8 * gsm8kItems
)

// gsm8k is the path of the recorded solutions.
func gsm8k(t *testing.T) string {
	t.Helper()
	const variable = "CRUCIBLE_GSM8K"
	file := os.Getenv(variable)
	if !filepath.IsAbs(file) {
		t.Fatalf("%s is %q: the long suite needs it set to the absolute path of example_model_solutions.jsonl, "+
			"the solutions of four models to GSM8K's test set, which the repository openai/grade-school-math has in grade_school_math/data", variable, file)
	}
	if _, err := os.Stat(file); err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return file
}

// gsm8kSpec is the path of the spec, once its data are there.
func gsm8kSpec(t *testing.T) string {
	t.Helper()
	gsm8k(t)
	return example(t, "gsm8k-four-models.yaml")
}

func gsm8kModels() []string {
	return []string{"6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification"}
}

func gsm8kConditions() map[string][]string {
	m := map[string][]string{"majority4": gsm8kModels()}
	for _, model := range gsm8kModels() {
		m[model] = []string{model}
	}
	return m
}

// gsm8kScores are known, of the models by the flags in the file.
func gsm8kScores() map[string]score {
	return map[string]score{
		"6b_finetuning":     {correct: 286, invalid: 6, n: gsm8kItems},
		"6b_verification":   {correct: 515, invalid: 1, n: gsm8kItems},
		"175b_finetuning":   {correct: 458, invalid: 7, n: gsm8kItems},
		"175b_verification": {correct: 742, invalid: 1, n: gsm8kItems},
		"majority4":         {correct: 585, n: gsm8kItems},
	}
}

// gsm8kCounts are the numbers of events.
func gsm8kCounts() map[string]int {
	return map[string]int{
		"query.dispatched.v1": gsm8kQueries, "call.requested.v1": gsm8kCalls, "call.started.v1": gsm8kCalls, "call.completed.v1": gsm8kCalls,
		"vote.decided.v1": gsm8kQueries, "deadletter.recorded.v1": 0, "run.requested.v1": 1, "run.planned.v1": 1, "run.completed.v1": 1,
		"analysis.completed.v1": 1, "report.published.v1": 1,
	}
}

// Four models' solutions to 1,319 problems, on either shape: every event once,
// and the models' answers are right where the file says that they are. Nothing
// else runs meanwhile: what one process needs is measured.
func TestGSM8K(t *testing.T) {
	file, spec := gsm8k(t), gsm8kSpec(t)
	want := gsm8kScores()
	for name, s := range recompute(t, file, "ground_truth", gsm8kConditions()) {
		if s != want[name] {
			t.Fatalf("%s has other solutions of %s: %+v, not %+v", file, name, s, want[name])
		}
	}
	for _, shape := range shapes {
		t.Run(shape.name, func(t *testing.T) {
			s := shape.open(t, options{})
			j := s.begin(t, spec, "gsm8k")
			r := ended(t, j, "gsm8k", 0)
			if j, ok := j.(*oneJob); ok {
				j.process.measure(t)
			}
			checkFolder(t, r.Dir)
			var a analysis
			decode(t, read(t, r.Dir, "analysis.json"), &a)
			checkAccuracies(t, a, want)
			checkTable(t, r.Dir, want)
			checkFlags(t, r.Dir, file)
			wantCounts(t, counts(t, s, r.Run), gsm8kCounts())
			verification(t, s, r.Run, 0)
			s.stop(t)
		})
	}
}

// checkFlags compares each answer's correctness in results.csv with the flag that
// the file has for it.
func checkFlags(t *testing.T, dir, file string) {
	t.Helper()
	question := map[string]string{} // by item
	for line := range lines(read(t, dir, "dataset.jsonl")) {
		var item struct{ ID, Input string }
		decode(t, line, &item)
		question[item.ID] = item.Input
	}
	flag := map[string]string{} // by model and question
	for line := range lines(read(t, file)) {
		var item map[string]json.RawMessage
		decode(t, line, &item)
		var q string
		decode(t, string(item["question"]), &q)
		for _, model := range gsm8kModels() {
			var solution struct {
				IsCorrect json.RawMessage `json:"is_correct"`
			}
			decode(t, string(item[model]), &solution)
			flag[model+" "+q] = string(solution.IsCorrect)
		}
	}
	compared := 0
	for _, row := range table(t, dir) {
		want, ok := flag[row["condition"]+" "+question[row["item"]]]
		if !ok {
			continue
		}
		compared++
		if got := row["correct"]; got != want && !(got == "" && row["status"] == "invalid" && want == "false") {
			t.Errorf("%s of item %s: correct is %q, and %s in the file", row["condition"], row["item"], got, want)
		}
	}
	if compared != len(flag) || compared != len(gsm8kModels())*gsm8kItems {
		t.Errorf("compared %d answers with %d flags, want %d", compared, len(flag), len(gsm8kModels())*gsm8kItems)
	}
}

// The bytes do not depend on how many calls are made at a time, nor on the shape.
func TestGSM8KDeterminism(t *testing.T) {
	t.Parallel()
	spec := gsm8kSpec(t)
	want := bytesOf(t, perform(t, openOne(t, options{}), spec, "default", 0).Dir)
	for _, c := range []struct {
		name string
		open func(*testing.T) shape
	}{
		{"one worker", func(t *testing.T) shape { return openOne(t, options{workers: 1}) }},
		{"eight workers", func(t *testing.T) shape { return openOne(t, options{workers: 8}) }},
		{"many processes", func(t *testing.T) shape { return openMany(t, options{}) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := c.open(t)
			sameBytes(t, c.name, bytesOf(t, perform(t, s, spec, "varied", 0).Dir), want)
		})
	}
}

// Killed at random moments, the run ends with the same bytes.
func TestGSM8KKilled(t *testing.T) {
	t.Parallel()
	killAtRandom(t, gsm8kSpec(t), 3)
}
