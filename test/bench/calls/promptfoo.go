package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// compare runs the same questions through crucible and through promptfoo, one
// after the other against one server, and prints both.
func compare(ctx context.Context, crucible, promptfoo, folder string, l load) error {
	ours, err := measure(ctx, crucible, filepath.Join(folder, "crucible"), l)
	if err != nil {
		return fmt.Errorf("crucible: %w", err)
	}
	say("%s", ours.line(l))
	theirs, err := measureOther(ctx, crucible, promptfoo, filepath.Join(folder, "promptfoo"), l)
	if err != nil {
		return fmt.Errorf("promptfoo: %w", err)
	}
	l.name = "promptfoo"
	say("%s", theirs.line(l))
	cpu := float64(theirs.perCall(theirs.client)) / float64(ours.perCall(ours.client))
	rate, wall := ours.rate()/theirs.rate(), float64(theirs.wall)/float64(ours.wall)
	say("\ncrucible needs 1/%.1f of the CPU time per call, calls %.1f times as fast, and is ready %.1f times as soon", cpu, rate, wall)
	if cpu < 6 || rate < 5 {
		return errors.New("below what must be reached: a sixth of the CPU time and five times the rate")
	}
	return nil
}

// measureOther runs the questions of a load through promptfoo.
func measureOther(ctx context.Context, crucible, promptfoo, folder string, l load) (r result, err error) {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return r, err
	}
	data := items(l.calls)
	if err := os.WriteFile(filepath.Join(folder, "data.jsonl"), data, 0o600); err != nil {
		return r, err
	}
	s, err := start(ctx, crucible, folder, serverFlags(l)...)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.end(&r)) }()
	tests, err := promptfooTests(data)
	if err != nil {
		return r, err
	}
	if err := os.WriteFile(filepath.Join(folder, "tests.json"), tests, 0o600); err != nil {
		return r, err
	}
	text := fmt.Sprintf(promptfooConfig, s.url)
	if err := os.WriteFile(filepath.Join(folder, "promptfooconfig.yaml"), []byte(text), 0o600); err != nil {
		return r, err
	}
	words := strings.Fields(promptfoo)
	words = append(words, "eval", "-c", "promptfooconfig.yaml", "-j", fmt.Sprint(l.concurrency), "--no-cache", "--no-progress-bar", "--no-table")
	run := exec.CommandContext(ctx, words[0], words[1:]...)
	var talk bytes.Buffer
	run.Dir, run.Stdout, run.Stderr = folder, &talk, &talk
	run.Env = append(os.Environ(), "PROMPTFOO_CONFIG_DIR="+folder, "PROMPTFOO_DISABLE_TELEMETRY=1", "PROMPTFOO_DISABLE_UPDATE=1",
		"PROMPTFOO_DISABLE_SHARING=1", "OPENAI_API_KEY=none")
	began := time.Now()
	if err := run.Run(); err != nil {
		return r, fmt.Errorf("%w: %s", err, last(talk.String(), 2000))
	}
	r.wall = time.Since(began)
	r.client = run.ProcessState.UserTime() + run.ProcessState.SystemTime()
	return r, s.stats(ctx, &r)
}

func last(text string, n int) string { return text[max(len(text)-n, 0):] }

const promptfooConfig = `description: the questions that crucible is asked
prompts: ["Solve the problem step by step and end with a line A: and the number. {{input}}"]
providers:
  - id: openai:chat:m
    config: {apiBaseUrl: "%s", temperature: 0, max_tokens: 256}
tests: file://tests.json
`

// promptfooTests are questions with their answers as it wants them.
func promptfooTests(data []byte) ([]byte, error) {
	type assert struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	}
	type test struct {
		Vars   map[string]string `json:"vars"`
		Assert []assert          `json:"assert"`
	}
	var out []test
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		var item struct{ Input, Expected string }
		if err := json.Unmarshal(lines.Bytes(), &item); err != nil {
			return nil, err
		}
		out = append(out, test{map[string]string{"input": item.Input}, []assert{{"contains", item.Expected}}})
	}
	return json.Marshal(out)
}
