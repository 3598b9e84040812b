package score

import (
	"fmt"
	"regexp"
	"strings"
)

// The extractors that have a name. Any other text is a regular expression.
const (
	ExtractNone    = "none"
	ExtractGSM8K   = "gsm8k"
	ExtractChoice  = "choice"
	ExtractNumeric = "numeric"
)

// extractors are the named extractors.
func extractors() map[string]func(string) (string, bool) {
	return map[string]func(string) (string, bool){
		"":             whole,
		ExtractNone:    whole,
		ExtractGSM8K:   lastMarked,
		ExtractChoice:  lastChoice,
		ExtractNumeric: lastNumber,
	}
}

// bareName is text that can only be meant as the name of an extractor: as a
// regular expression it would match nothing but itself.
const bareName = `^[a-z][a-z0-9_]*$`

// Extractor finds the answer in a text.
type Extractor struct {
	spec string
	find func(string) (string, bool)
}

// NewExtractor returns the extractor of a spec:
//
//   - "" or "none": the whole text.
//   - "gsm8k": the number after the last "####" or "A:" that one follows.
//   - "choice": the letter of a choice, A to J; see the rules at lastChoice.
//   - "numeric": the last number in the text.
//   - anything else: a regular expression in RE2 syntax, in which ^ and $ match
//     at lines. The last of its non-overlapping matches counts, and of it the
//     first group if there is one, else the whole match.
//
// A single word in lower case that names no extractor is refused as a slip.
func NewExtractor(spec string) (Extractor, error) {
	if find, ok := extractors()[spec]; ok {
		return Extractor{spec, find}, nil
	}
	if regexp.MustCompile(bareName).MatchString(spec) {
		return Extractor{}, fmt.Errorf("score: extract %q: %w, want %s, %s, %s, %s or a regular expression",
			spec, ErrUnknown, ExtractNone, ExtractGSM8K, ExtractChoice, ExtractNumeric)
	}
	re, err := regexp.Compile("(?m)" + spec)
	if err != nil {
		return Extractor{}, fmt.Errorf("score: extract: %w", err)
	}
	return Extractor{spec, lastMatch(re)}, nil
}

// String returns the spec of the extractor.
func (e Extractor) String() string { return e.spec }

// Extract returns what it finds in the text, and false for an empty text or
// where there is nothing. The zero Extractor finds the whole text.
func (e Extractor) Extract(text string) (string, bool) {
	if text == "" {
		return "", false
	}
	if e.find == nil {
		return whole(text)
	}
	return e.find(text)
}

// whole finds the text itself.
func whole(text string) (string, bool) { return text, text != "" }

// lastMatch returns the last match of an expression.
func lastMatch(re *regexp.Regexp) func(string) (string, bool) {
	group := min(re.NumSubexp(), 1)
	return func(text string) (string, bool) {
		all := re.FindAllStringSubmatchIndex(text, -1)
		if len(all) == 0 {
			return "", false
		}
		last := all[len(all)-1]
		from, to := last[2*group], last[2*group+1]
		if from < 0 {
			return "", false // the group took no part in the match
		}
		return text[from:to], true
	}
}

// lastMarked finds the number after the last "####" or "A:" that one follows,
// as GSM8K writes its answers.
func lastMarked(text string) (string, bool) {
	hashes, letter := strings.LastIndex(text, "####"), strings.LastIndex(text, "A:")
	for hashes >= 0 || letter >= 0 {
		at, width := hashes, 4
		if letter > hashes {
			at, width = letter, 2
			letter = strings.LastIndex(text[:at], "A:")
		} else {
			hashes = strings.LastIndex(text[:at+width-1], "####")
		}
		if width == 2 && at > 0 && wordByte(text[at-1]) {
			continue // "DATA:" is no marker
		}
		rest := strings.TrimLeft(text[at+width:], " \t")
		if n := numberAt(rest, 0); n > 0 {
			return rest[:n], true
		}
	}
	return "", false
}

// wordByte reports whether a byte belongs to a word.
func wordByte(b byte) bool {
	return letterByte(b) || digitByte(b) || b == '_' || b >= 0x80
}

// letterByte reports whether a byte is a letter of ASCII.
func letterByte(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }

// digitByte reports whether a byte is a digit of ASCII.
func digitByte(b byte) bool { return '0' <= b && b <= '9' }
