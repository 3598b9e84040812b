package score

import (
	"strings"
	"unicode"
)

// Overlap is how two texts agree, each number from 0 to 1.
type Overlap struct {
	Precision float64 // share of the answer that the expected text has too
	Recall    float64 // share of the expected text that the answer has too
	F1        float64 // their harmonic mean
}

// overlapOf is 0 where nothing is shared.
func overlapOf(shared, answer, expected int) Overlap {
	if shared == 0 {
		return Overlap{}
	}
	p, r := float64(shared)/float64(answer), float64(shared)/float64(expected)
	return Overlap{Precision: p, Recall: r, F1: 2 * p * r / (p + r)}
}

// F1 is the overlap of the words of an answer with those of the expected one as
// multisets, after the normalisation of SQuAD [1]: lower case, without the
// punctuation of ASCII and the English articles. Two texts of which nothing is left
// agree; one of which nothing is left agrees with no other.
//
// That normalisation makes 3.14 and 314 one token. It is kept, since it is what the
// published figures used; numbers are compared by exact_match with the normaliser
// numeric.
//
// [1] Rajpurkar et al. (2016), arXiv:1606.05250; version 2 of its script.
func F1(answer, expected string) Overlap {
	a, e := squadWords(answer), squadWords(expected)
	if len(a) == 0 || len(e) == 0 {
		return bothEmpty(len(a), len(e))
	}
	return overlapOf(shared(counts(a, 1), counts(e, 1)), len(a), len(e))
}

// F1Set is F1 with every word counted once.
func F1Set(answer, expected string) Overlap {
	a, e := counts(squadWords(answer), 1), counts(squadWords(expected), 1)
	if len(a) == 0 || len(e) == 0 {
		return bothEmpty(len(a), len(e))
	}
	n := 0
	for w := range a {
		if e[w] > 0 {
			n++
		}
	}
	return overlapOf(n, len(a), len(e))
}

func bothEmpty(a, e int) Overlap {
	if a == e {
		return Overlap{1, 1, 1}
	}
	return Overlap{}
}

// squadWords are the words of a text after SQuAD's normalisation.
func squadWords(text string) []string {
	text = strings.Map(func(r rune) rune {
		if r < 0x80 && (unicode.IsPunct(r) || unicode.IsSymbol(r)) {
			return -1
		}
		return r
	}, lower(text))
	return strings.Fields(withoutArticles(text))
}

// withoutArticles puts a space in the place of a, an and the where they are words of
// their own.
func withoutArticles(text string) string {
	var b strings.Builder
	for start := 0; start < len(text); {
		end := start
		word := false
		for i, r := range text[start:] {
			if in := unicode.IsLetter(r) || unicode.IsNumber(r) || r == '_'; i == 0 {
				word = in
			} else if in != word {
				break
			}
			end = start + i + len(string(r))
		}
		switch piece := text[start:end]; piece {
		case "a", "an", "the":
			b.WriteByte(' ')
		default:
			b.WriteString(piece)
		}
		start = end
	}
	return b.String()
}

// Rouge is ROUGE-n, the overlap of the runs of n words [1], as the package
// rouge-score computes it without stemming. n is at least 1.
//
// [1] Lin (2004), ROUGE: A Package for Automatic Evaluation of Summaries.
func Rouge(n int, answer, expected string) Overlap {
	a, e := words(answer), words(expected)
	return overlapOf(shared(counts(a, n), counts(e, n)), len(a)-n+1, len(e)-n+1)
}

// RougeL is ROUGE-L: the overlap by the longest common subsequence of words [1].
//
// [1] Lin (2004).
func RougeL(answer, expected string) Overlap {
	a, e := words(answer), words(expected)
	return overlapOf(commonSubsequence(a, e), len(a), len(e))
}

// commonSubsequence is the length of the longest common subsequence, in memory of
// one row.
func commonSubsequence(a, b []string) int {
	if len(b) > len(a) {
		a, b = b, a
	}
	row := make([]int, len(b)+1)
	for _, x := range a {
		diagonal := 0
		for j, y := range b {
			above := row[j+1]
			switch {
			case x == y:
				row[j+1] = diagonal + 1
			case row[j] > above:
				row[j+1] = row[j]
			}
			diagonal = above
		}
	}
	return row[len(b)]
}

// Contains reports whether the answer has the expected text in it, in lower case and
// at the borders of words: 12 is not in 312.
func Contains(answer, expected string) bool {
	answer, expected = lower(answer), lower(strings.TrimSpace(expected))
	if expected == "" {
		return strings.TrimSpace(answer) == ""
	}
	for from := 0; ; {
		at := strings.Index(answer[from:], expected)
		if at < 0 {
			return false
		}
		at += from
		if border(answer, at) && border(answer, at+len(expected)) {
			return true
		}
		from = at + 1
	}
}

// border reports whether a word does not go on across a place in a text. A decimal
// number goes on across its point.
func border(text string, at int) bool {
	before, after := lastRune(text[:at]), firstRune(text[at:])
	in := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }
	if unspaced(before) || unspaced(after) {
		return true
	}
	point := func(r rune) bool { return r == '.' || r == ',' }
	switch {
	case in(before) && in(after):
		return false
	case unicode.IsDigit(before) && point(after):
		return !unicode.IsDigit(firstRune(text[min(len(text), at+1):]))
	case point(before) && unicode.IsDigit(after) && at >= 2:
		return !unicode.IsDigit(lastRune(text[:at-1]))
	case before == '-' && unicode.IsDigit(after):
		return at >= 2 && in(lastRune(text[:at-1])) // -5 is not 5, but "top-5" has it
	}
	return true
}
