package simulate

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Answers knows the right answers to questions and finds the question in a
// prompt.
type Answers struct {
	exact map[string]Known    // by the whole question
	heads map[string][]string // questions by their first bytes
	head  int                 // how many
}

// Known is what is known of a question.
type Known struct {
	Found      bool
	Question   string
	Expected   string // the right answer
	Difficulty string
}

// maxHead bounds the first bytes by which a question is looked up.
const maxHead = 32

// LoadAnswers reads JSON lines. The question and its answer are in the fields
// named, usually "input" and "expected". Of two answers to one question the
// first counts; lines without a question are errors.
func LoadAnswers(r io.Reader, inputField, expectedField string) (*Answers, error) {
	return LoadRated(r, inputField, expectedField, "")
}

// LoadRated is LoadAnswers with a field that says how difficult a question is, ""
// for none.
func LoadRated(r io.Reader, inputField, expectedField, difficultyField string) (*Answers, error) {
	a := &Answers{exact: map[string]Known{}, heads: map[string][]string{}, head: maxHead}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for n := 1; lines.Scan(); n++ {
		if len(strings.TrimSpace(lines.Text())) == 0 {
			continue
		}
		var item map[string]json.RawMessage
		if err := json.Unmarshal(lines.Bytes(), &item); err != nil {
			return nil, fmt.Errorf("answers: line %d: %w", n, err)
		}
		question := strings.TrimSpace(field(item[inputField]))
		if question == "" {
			return nil, fmt.Errorf("answers: line %d: no %q", n, inputField)
		}
		if _, known := a.exact[question]; !known {
			k := Known{true, question, field(item[expectedField]), ""}
			if difficultyField != "" {
				k.Difficulty = field(item[difficultyField])
			}
			a.exact[question] = k
			a.head = min(a.head, len(question))
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("answers: %w", err)
	}
	for question := range a.exact {
		h := question[:a.head]
		a.heads[h] = append(a.heads[h], question)
	}
	return a, nil
}

// field is the text of a field, or its JSON where it is no text.
func field(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// Find returns the right answer to the question that a prompt asks.
func (a *Answers) Find(prompt string) (string, bool) {
	k := a.Lookup(prompt)
	return k.Expected, k.Found
}

// Lookup finds the question that a prompt asks: the last one that occurs in it,
// since examples stand before it, and of those that begin at the same place the
// longest. Its time is linear in the prompt's length.
func (a *Answers) Lookup(prompt string) Known {
	if a == nil || len(a.exact) == 0 {
		return Known{}
	}
	if known, ok := a.exact[strings.TrimSpace(prompt)]; ok {
		return known
	}
	for i := len(prompt) - a.head; i >= 0; i-- {
		longest := ""
		for _, q := range a.heads[prompt[i:i+a.head]] {
			if len(q) > len(longest) && strings.HasPrefix(prompt[i:], q) {
				longest = q
			}
		}
		if longest != "" {
			return a.exact[longest]
		}
	}
	return Known{}
}
