package trace

import (
	"cmp"
	"slices"
	"strings"
)

// Diff is how one chain differs from another.
type Diff struct {
	Same    int      `json:"same"` // pairs alike in every field
	Changed []Change `json:"changed"`
	Added   []Event  `json:"added"`   // in the second only
	Removed []Event  `json:"removed"` // in the first only
	// Similarity is twice the sum of the similarities of all pairs over the
	// number of events of both: 1 for chains of the same content, 0 for chains
	// without a pair. Two empty chains are the same.
	Similarity float64 `json:"similarity"`
}

// Change is one event of the first chain and the one of the second it was paired
// with.
type Change struct {
	A          string        `json:"a"` // id in the first
	B          string        `json:"b"` // id in the second
	Similarity float64       `json:"similarity"`
	Fields     []FieldChange `json:"fields,omitempty"`
	// ConfidenceDelta is the second's confidence minus the first's, nil unless
	// both have one.
	ConfidenceDelta *float64 `json:"confidence_delta,omitempty"`
}

// FieldChange is a field with both its values.
type FieldChange struct {
	Field string `json:"field"`
	A     string `json:"a"`
	B     string `json:"b"`
}

// What makes a pair: minSimilar words in common (Jaccard), and words that more
// than commonWord events have do not propose one.
const (
	minSimilar = 0.4
	commonWord = 64
)

// Compare aligns two chains by what their events say, not by where they stand or
// what they are called, and lists what differs. Events of the same type and
// decision pair first, in order; the rest pair with the event that has the most
// words in common, the most alike first. Ids, positions, times, references and
// metadata do not count as changes.
func Compare(a, b Chain) Diff {
	pairs := align(a.Events, b.Events)
	d := Diff{Changed: []Change{}, Added: []Event{}, Removed: []Event{}, Similarity: 1}
	usedB := make([]bool, len(b.Events))
	total := 0.0
	for i := range a.Events {
		p := pairs[i]
		if p.to < 0 {
			d.Removed = append(d.Removed, a.Events[i])
			continue
		}
		usedB[p.to] = true
		total += p.score
		if c := change(&a.Events[i], &b.Events[p.to], p.score); len(c.Fields) > 0 {
			d.Changed = append(d.Changed, c)
		} else {
			d.Same++
		}
	}
	for i := range b.Events {
		if !usedB[i] {
			d.Added = append(d.Added, b.Events[i])
		}
	}
	if n := len(a.Events) + len(b.Events); n > 0 {
		d.Similarity = 2 * total / float64(n)
	}
	return d
}

type pair struct {
	to    int
	score float64
}

// align finds the partner of every event of a, -1 for none.
func align(a, b []Event) []pair {
	pairs := make([]pair, len(a))
	wordsA, wordsB := make([][]string, len(a)), make([][]string, len(b))
	exact := map[string][]int{}
	for j := range b {
		wordsB[j] = words(&b[j])
		k := string(b[j].Type) + "\x00" + key(b[j].Subject())
		exact[k] = append(exact[k], j)
	}
	used := make([]bool, len(b))
	for i := range a {
		wordsA[i], pairs[i] = words(&a[i]), pair{to: -1}
		k := string(a[i].Type) + "\x00" + key(a[i].Subject())
		if js := exact[k]; len(js) > 0 {
			pairs[i] = pair{js[0], jaccard(wordsA[i], wordsB[js[0]])}
			used[js[0]], exact[k] = true, js[1:]
		}
	}
	alike(pairs, used, wordsA, wordsB, a, b)
	return pairs
}

// alike pairs what is left by the words in common.
func alike(pairs []pair, used []bool, wordsA, wordsB [][]string, a, b []Event) {
	index := map[string][]int{}
	for j := range wordsB {
		for _, w := range wordsB[j] {
			if !used[j] && len(index[w]) <= commonWord {
				index[w] = append(index[w], j)
			}
		}
	}
	type candidate struct {
		i, j  int
		score float64
	}
	var all []candidate
	for i := range pairs {
		if pairs[i].to >= 0 {
			continue
		}
		tried := map[int]bool{}
		for _, w := range wordsA[i] {
			if len(index[w]) > commonWord {
				continue
			}
			for _, j := range index[w] {
				if tried[j] {
					continue
				}
				tried[j] = true
				s := jaccard(wordsA[i], wordsB[j])
				if a[i].Type != b[j].Type {
					s *= 0.75
				}
				if s >= minSimilar {
					all = append(all, candidate{i, j, s})
				}
			}
		}
	}
	slices.SortFunc(all, func(x, y candidate) int {
		return cmp.Or(cmp.Compare(y.score, x.score), cmp.Compare(x.i, y.i), cmp.Compare(x.j, y.j))
	})
	for _, c := range all {
		if pairs[c.i].to < 0 && !used[c.j] {
			pairs[c.i], used[c.j] = pair{c.j, c.score}, true
		}
	}
}

// words are the different words of an event, in order.
func words(e *Event) []string {
	w := strings.Fields(key(e.Decision) + " " + key(e.Reasoning) + " " + key(e.Code))
	slices.Sort(w)
	return slices.Compact(w)
}

// jaccard is the share of words two sorted lists have in common; 1 for two empty
// ones.
func jaccard(a, b []string) float64 {
	if len(a)+len(b) == 0 {
		return 1
	}
	both := 0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch cmp.Compare(a[i], b[j]) {
		case -1:
			i++
		case 1:
			j++
		default:
			both++
			i++
			j++
		}
	}
	return float64(both) / float64(len(a)+len(b)-both)
}

// change lists the fields in which two events differ.
func change(a, b *Event, score float64) Change {
	c := Change{A: a.ID, B: b.ID, Similarity: score}
	for _, f := range []FieldChange{
		{"type", string(a.Type), string(b.Type)},
		{"decision", a.Decision, b.Decision},
		{"alternatives", strings.Join(a.Alternatives, "\n"), strings.Join(b.Alternatives, "\n")},
		{"reasoning", a.Reasoning, b.Reasoning},
		{"confidence", confidenceText(a.Confidence), confidenceText(b.Confidence)},
		{"code_section", a.Code, b.Code},
		{"spec_reference", a.Reference, b.Reference},
	} {
		if f.A != f.B {
			c.Fields = append(c.Fields, f)
		}
	}
	if a.Confidence != nil && b.Confidence != nil {
		d := *b.Confidence - *a.Confidence
		c.ConfidenceDelta = &d
	}
	return c
}
