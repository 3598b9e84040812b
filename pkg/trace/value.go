package trace

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ParseConfidence reads a confidence. These forms are read, and nothing else:
//
//	0.9, .9, 1        a number in [0, 1], as it is
//	90%, 9/10, 0,9    mapped to 0.9, and rule says so
//	0.9 (high)        the number, without the remark
//	words             very high 0.95, high 0.85, medium or moderate 0.6,
//	                  low 0.3, very low 0.1
//
// A number outside [0, 1] without a sign of its scale (1.7, 90) is refused: it
// could mean anything.
func ParseConfidence(s string) (v float64, rule string, err error) {
	t := strings.ToLower(strings.TrimSpace(s))
	if i := strings.IndexByte(t, '('); i > 0 && strings.HasSuffix(t, ")") {
		t, rule = strings.TrimSpace(t[:i]), "the remark is left out"
	}
	if i := strings.TrimLeft(t, "~≈ "); i != t {
		t, rule = i, "about"
	}
	if w, ok := confidenceWord(strings.Trim(t, ".!")); ok {
		return w, "the word " + strconv.Quote(t) + " stands for " + formatFloat(w), nil
	}
	if n, ok := strings.CutSuffix(t, "%"); ok {
		v, err = scaled(strings.TrimSpace(n), 100)
		return v, "per cent", err
	}
	if a, b, ok := strings.Cut(t, "/"); ok {
		d, derr := number(strings.TrimSpace(b))
		if derr != nil || d <= 0 {
			return 0, "", errors.New("not a fraction")
		}
		v, err = scaled(strings.TrimSpace(a), d)
		return v, "a fraction", err
	}
	if strings.Count(t, ",") == 1 && !strings.Contains(t, ".") && strings.HasPrefix(t, "0,") {
		t, rule = strings.Replace(t, ",", ".", 1), "a decimal comma"
	}
	v, err = scaled(t, 1)
	return v, rule, err
}

func confidenceWord(s string) (float64, bool) {
	switch strings.Join(strings.Fields(strings.NewReplacer("-", " ", "_", " ").Replace(s)), " ") {
	case "very high":
		return 0.95, true
	case "high":
		return 0.85, true
	case "medium", "moderate":
		return 0.6, true
	case "low":
		return 0.3, true
	case "very low":
		return 0.1, true
	}
	return 0, false
}

// number reads a plain decimal number: no names, signs of infinity or hex.
func number(s string) (float64, error) {
	if s == "" || strings.Trim(s, "0123456789.e+-") != "" {
		return 0, errors.New("not a number")
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, errors.New("not a number")
	}
	return v, nil
}

func scaled(s string, scale float64) (float64, error) {
	v, err := number(s)
	if err != nil {
		return 0, err
	}
	if v /= scale; v < 0 || v > 1 || math.IsNaN(v) {
		return 0, errors.New("outside 0 to 1")
	}
	return v + 0, nil // no negative zero
}

func formatFloat(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// unescape decodes the entities of a text: the five of XML, nbsp, and numbers.
// What is no entity stays.
func unescape(s string) string {
	i := strings.IndexByte(s, '&')
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i >= 0 {
		b.WriteString(s[:i])
		s = s[i:]
		r, n := entity(s)
		if n == 0 {
			r, n = '&', 1
		}
		b.WriteRune(r)
		s = s[n:]
		i = strings.IndexByte(s, '&')
	}
	b.WriteString(s)
	return b.String()
}

// entity reads one entity at the start of s; n is its length, or 0.
func entity(s string) (r rune, n int) {
	end := strings.IndexByte(s[:min(len(s), 12)], ';')
	if end < 2 {
		return 0, 0
	}
	switch name := s[1:end]; name {
	case "lt":
		return '<', end + 1
	case "gt":
		return '>', end + 1
	case "amp":
		return '&', end + 1
	case "quot":
		return '"', end + 1
	case "apos":
		return '\'', end + 1
	case "nbsp":
		return ' ', end + 1
	default:
		if name[0] != '#' || len(name) < 2 {
			return 0, 0
		}
		base, digits := 10, name[1:]
		if digits[0] == 'x' || digits[0] == 'X' {
			base, digits = 16, digits[1:]
		}
		v, err := strconv.ParseUint(digits, base, 32)
		if err != nil || v > utf8.MaxRune || !utf8.ValidRune(rune(v)) {
			return 0, 0
		}
		return rune(v), end + 1
	}
}

// What a piece may have at most to be one of a list that commas part.
const (
	maxPieceWords = 4
	maxPieceRunes = 40
	maxLineWords  = 10
	maxLineRunes  = 80
)

// SplitAlternatives splits a text that lists alternatives, and says by what:
// "" (one item, nothing split), "list", "lines", "semicolons" or "commas".
// Semicolons and commas split only outside of brackets and quotes, commas only
// when every piece is short (at most 4 words and 40 characters), and lines
// without a mark only when every line is (10 words, 80 characters).
func SplitAlternatives(s string) (items []string, by string) {
	s = strings.TrimSpace(s)
	if s == "" {
		return nil, ""
	}
	if strings.IndexByte(s, '\n') >= 0 {
		if items = splitMarked(s); items != nil {
			return items, "list"
		}
		if items = trimmed(strings.Split(s, "\n")); len(items) > 1 && allShort(items, maxLineWords, maxLineRunes) {
			return items, "lines"
		}
	} else if m := listMark(s); m > 0 && strings.TrimSpace(s[m:]) != "" {
		return []string{strings.TrimSpace(s[m:])}, "list"
	}
	if items = splitOutside(s, ';'); len(items) > 1 {
		return items, "semicolons"
	}
	if items = splitOutside(s, ','); len(items) > 1 && allShort(items, maxPieceWords, maxPieceRunes) {
		return items, "commas"
	}
	return []string{s}, ""
}

// splitMarked splits at lines that begin with a list's mark; other lines go on
// with the item before. It is nil when the first line has no mark.
func splitMarked(s string) []string {
	var items []string
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.TrimSpace(line)
		switch m := listMark(line); {
		case line == "":
		case m > 0:
			items = append(items, strings.TrimSpace(line[m:]))
		case items == nil:
			return nil
		default:
			items[len(items)-1] = strings.TrimSpace(items[len(items)-1] + "\n" + line)
		}
	}
	return trimmed(items)
}

// listMark is the length of a list's mark at the start of a line: "- ", "* ",
// "• ", "1. ", "2) ", "a) ".
func listMark(s string) int {
	for _, m := range []string{"- ", "* ", "+ ", "• ", "– ", "— ", "•"} {
		if strings.HasPrefix(s, m) {
			return len(m)
		}
	}
	i := 0
	for i < len(s) && i < 3 && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	if i == 0 && len(s) > 0 && (s[0] >= 'a' && s[0] <= 'z' || s[0] >= 'A' && s[0] <= 'Z') {
		if len(s) > 2 && s[1] == ')' && s[2] == ' ' {
			return 3
		}
		return 0
	}
	if i > 0 && i+1 < len(s) && (s[i] == '.' || s[i] == ')') && s[i+1] == ' ' {
		return i + 2
	}
	return 0
}

// splitOutside splits at a byte outside of brackets and quotes. Where brackets
// or quotes do not match, the text is not split.
func splitOutside(s string, sep byte) []string {
	var items []string
	var open []byte
	var quote byte
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '`' || c == '\'' && (i == 0 || !wordByte(s[i-1])):
			quote = c
		case c == '(':
			open = append(open, ')')
		case c == '[':
			open = append(open, ']')
		case c == '{':
			open = append(open, '}')
		case c == ')' || c == ']' || c == '}':
			if len(open) == 0 || open[len(open)-1] != c {
				return []string{s}
			}
			open = open[:len(open)-1]
		case c == sep && len(open) == 0 && (sep == ';' || !digitsAround(s, i)):
			items = append(items, s[from:i])
			from = i + 1
		}
	}
	if quote != 0 || len(open) > 0 {
		return []string{s}
	}
	return trimmed(append(items, s[from:]))
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80
}

// digitsAround reports a comma inside a number.
func digitsAround(s string, i int) bool {
	return i > 0 && i+1 < len(s) && s[i-1] >= '0' && s[i-1] <= '9' && s[i+1] >= '0' && s[i+1] <= '9'
}

// trimmed trims every item and leaves out the empty ones.
func trimmed(items []string) []string {
	out := items[:0]
	for _, it := range items {
		if it = strings.TrimSpace(it); it != "" {
			out = append(out, it)
		}
	}
	return out
}

func allShort(items []string, words, runes int) bool {
	for _, it := range items {
		if len(strings.Fields(it)) > words || utf8.RuneCountInString(it) > runes {
			return false
		}
	}
	return true
}
