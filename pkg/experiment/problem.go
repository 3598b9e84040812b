package experiment

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Problem is one thing that is wrong with a file, and where.
type Problem struct {
	File    string
	Line    int    // from 1; 0: the file as a whole
	Column  int    // from 1, in characters of a spec, in bytes of a data set; 0: the line as a whole
	Path    string // dotted path of the key in the spec, "" outside of one
	Message string // what is wrong
	Hint    string // what to do
}

// Error is the position and what is wrong there: "file:line:column: message".
func (p Problem) Error() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		b.WriteByte(':')
	}
	for _, n := range []int{p.Line, p.Column} {
		if n <= 0 {
			break
		}
		b.WriteString(strconv.Itoa(n))
		b.WriteByte(':')
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	b.WriteString(p.Message)
	return b.String()
}

// Errors are all problems of one file, in the order of their positions.
type Errors []Problem

// Error has one line for each problem.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, p := range e {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Hint has one line for each problem that has a hint, with its position where
// there are several problems.
func (e Errors) Hint() string {
	var lines []string
	for _, p := range e {
		switch {
		case p.Hint == "":
		case len(e) > 1 && p.Line > 0:
			lines = append(lines, "line "+strconv.Itoa(p.Line)+": "+p.Hint)
		default:
			lines = append(lines, p.Hint)
		}
	}
	return strings.Join(lines, "\n")
}

func (e Errors) sorted() Errors {
	slices.SortStableFunc(e, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return e
}

// Nearest is the candidate that differs least from the word, "" if none is
// near: a third of its letters may differ, one of two or three, none of one.
func Nearest(word string, candidates []string) string {
	letters := len([]rune(word))
	best, least := "", min(max(1, letters/3)+1, letters)
	for _, c := range candidates {
		if d := distance(strings.ToLower(word), strings.ToLower(c)); d < least {
			best, least = c, d
		}
	}
	return best
}

// distance is the least number of inserted, deleted and replaced characters,
// and of swapped neighbours, that make a of b (optimal string alignment).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if abs(len(x)-len(y)) > 16 {
		return abs(len(x) - len(y))
	}
	before, prev, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, prev, row = prev, row, before
	}
	return prev[len(y)]
}

func abs(n int) int { return max(n, -n) }

// didYouMean is a hint that names the nearest candidate, or all of them.
func didYouMean(word string, candidates []string, what string) string {
	if n := Nearest(word, candidates); n != "" {
		return "did you mean " + strconv.Quote(n) + "?"
	}
	if len(candidates) == 0 {
		return ""
	}
	return what + ": " + strings.Join(candidates, ", ")
}
