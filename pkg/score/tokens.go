package score

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// lower is the text in lower case, with the rules of Unicode where ASCII's are not
// enough (a final sigma is ς).
func lower(text string) string {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return cases.Lower(language.Und).String(text)
		}
	}
	return strings.ToLower(text)
}

// words are the tokens of ROUGE: what lies between characters that are neither
// letters nor digits, in lower case. In ASCII they are those of Lin's original. In
// other scripts, which the original drops, letters with their marks are kept, and
// where words are not set apart by spaces every character is a token.
func words(text string) []string {
	var out []string
	start := -1
	text = lower(text)
	for i, r := range text {
		switch {
		case unspaced(r):
			if start >= 0 {
				out = append(out, text[start:i])
				start = -1
			}
			out = append(out, text[i:i+utf8.RuneLen(r)])
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) && start >= 0:
			if start < 0 {
				start = i
			}
		case start >= 0:
			out = append(out, text[start:i])
			start = -1
		}
	}
	if start >= 0 {
		out = append(out, text[start:])
	}
	return out
}

// unspaced reports whether a character is of a script that writes without spaces.
func unspaced(r rune) bool {
	return r >= 0x0E00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// counts are how often each run of n tokens occurs. The key joins them by a byte
// that no token holds.
func counts(tokens []string, n int) map[string]int {
	out := make(map[string]int, max(0, len(tokens)-n+1))
	for i := 0; i+n <= len(tokens); i++ {
		if n == 1 {
			out[tokens[i]]++
			continue
		}
		out[strings.Join(tokens[i:i+n], "\x00")]++
	}
	return out
}

// shared is how many of a's tokens b has too, each as often as it occurs in both.
func shared(a, b map[string]int) int {
	n := 0
	for k, v := range a {
		n += min(v, b[k])
	}
	return n
}

// firstRune and lastRune are those of a text, 0 where it is empty.
func firstRune(text string) rune {
	for _, r := range text {
		return r
	}
	return 0
}

func lastRune(text string) rune {
	r, size := utf8.DecodeLastRuneInString(text)
	if size == 0 {
		return 0
	}
	return r
}
