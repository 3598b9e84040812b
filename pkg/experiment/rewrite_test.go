package experiment

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestRewriteKeepsTheText(t *testing.T) {
	src := readFile(t, "every-key.yaml")
	out, err := Rewrite(src, testEnv, map[string]string{"data/items.csv": "object:ab/items.csv", "answers.jsonl": "object:cd/answers.jsonl"})
	if err != nil {
		t.Fatal(err)
	}
	before, after := strings.Split(string(src), "\n"), strings.Split(string(out), "\n")
	var changed []string
	for _, line := range after {
		if !slices.Contains(before, line) {
			changed = append(changed, line)
		}
	}
	want := []string{
		`description: "A spec that uses items and every key.\n"`,
		`  path: "object:ab/items.csv"`,
		`  - {id: rec, provider: recorded, file: "object:cd/answers.jsonl", fields: {id: task}, field: text, latency_field: took, latency_unit: s}`,
	}
	if !slices.Equal(changed, want) {
		t.Errorf("changed\n%s\nwant\n%s", strings.Join(changed, "\n"), strings.Join(want, "\n"))
	}
	if len(after) != len(before)-1 { // a block of one line became one line
		t.Errorf("%d lines, want %d", len(after), len(before)-1)
	}
}

func TestRewriteCases(t *testing.T) {
	env := func(name string) (string, bool) {
		v, ok := map[string]string{"N": "5", "TEXT": "a: \"b\" # ${N}\nc", "F": "0.5"}[name]
		return v, ok
	}
	for _, c := range []struct{ name, piece, want string }{
		{"nothing", "tags: [a]", "tags: [a]"},
		{"plain number", "repeat: ${N} # times", "repeat: 5 # times"},
		{"plain text", "description: x${N}", `description: "x5"`},
		{"text of digits", "description: ${N}", `description: "5"`},
		{"single quotes", "description: 'it''s ${N}'", `description: "it's 5"`},
		{"double quotes", `description: "é\t${N}"`, `description: "é\t5"`},
		{"value with everything", `description: "${TEXT}"`, `description: "a: \"b\" # $${N}\nc"`},
		{"in brackets", `tags: [é, "${N}", "b"]`, `tags: [é, "5", "b"]`},
		{"kept as it is", `description: "$${N}"`, `description: "$${N}"`},
		{"block", "description: |\n  a ${N}\n  b\ntags: [a]", "description: \"a 5\\nb\\n\"\ntags: [a]"},
		{"folded", "description: >-\n  a ${N}\n  b\ntags: [a]", "description: \"a 5 b\"\ntags: [a]"},
		{"alias", "description: &d 'x${N}'\nsystem: *d", "description: &d \"x5\"\nsystem: *d"},
	} {
		src := base + c.piece + "\n"
		out, err := Rewrite([]byte(src), env, nil)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := strings.TrimPrefix(string(out), base); got != c.want+"\n" {
			t.Errorf("%s: got\n%swant\n%s", c.name, got, c.want)
		}
	}
}

// What cannot be replaced in its place is written as JSON, and says the same.
func TestRewriteWritesAnew(t *testing.T) {
	src := base + "description: two\n  lines ${WHO}\n"
	out, err := Rewrite([]byte(src), testEnv, map[string]string{"a.jsonl": "b.jsonl"})
	if err != nil {
		t.Fatal(err)
	}
	s := mustParse(t, string(out))
	if s.Description != "two lines items" || s.Dataset.Path != "b.jsonl" {
		t.Errorf("got %s", out)
	}
}

func TestRewriteRefuses(t *testing.T) {
	if _, err := Rewrite([]byte("name: 1"), nil, nil); err == nil {
		t.Error("a spec with mistakes is rewritten")
	}
}

func TestRewriteSaysTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := specs().Draw(t, "spec")
		value := rapid.String().Draw(t, "value")
		env := func(string) (string, bool) {
			return strings.Map(func(r rune) rune {
				if r == '\n' || r == '\r' || r == 0 {
					return ' '
				}
				return r
			}, value), true
		}
		s, err := Parse("", []byte(src), env)
		if err != nil {
			return // such a value has no place in a name
		}
		replace := map[string]string{s.Dataset.Path: "object:00/x y.jsonl"}
		out, err := Rewrite([]byte(src), env, replace)
		if err != nil {
			t.Fatalf("%v\n%s", err, src)
		}
		back, err := Parse("", out, nil)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if !bytes.Equal(back.Resolved(), s.WithFiles(replace).Resolved()) {
			t.Fatalf("%s\nsays\n%s", out, back.Resolved())
		}
	})
}
