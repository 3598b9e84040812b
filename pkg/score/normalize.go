package score

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// The normalisers.
const (
	NormalizeNone          = "none"
	NormalizeLowercaseTrim = "lowercase_trim"
	NormalizeNumeric       = "numeric"
	NormalizeChoice        = "choice"
	NormalizeBoolean       = "boolean"
	NormalizeJSON          = "json"
	NormalizeSemantic      = "semantic"
)

// Normalizer brings an answer to the one form that all answers equal to it
// have. It is idempotent.
type Normalizer struct {
	name string
	form func(string) (string, bool)
}

// NewNormalizer returns a normaliser by name:
//
//   - "none": the text as it is.
//   - "lowercase_trim", the default: Unicode's composed form (NFC) in lower
//     case, without the white space around it. Punctuation and the spaces
//     within stay, for "-5" is not "5".
//   - "numeric": the whole text is one number; its exact decimal form.
//   - "choice": the whole text is one letter; its capital.
//   - "boolean": the text says yes or no; true or false. "Not true" is false.
//   - "json": the text is one JSON value; sorted keys, exact numbers.
//   - "semantic": the words alone, whatever their case, the marks around them and
//     the spaces between them, in Unicode's compatible form (NFKC). Signs and
//     points of numbers stay.
func NewNormalizer(name string) (Normalizer, error) {
	switch name {
	case NormalizeNone:
		return Normalizer{name, whole}, nil
	case "", NormalizeLowercaseTrim:
		return Normalizer{NormalizeLowercaseTrim, lowercaseTrim}, nil
	case NormalizeNumeric:
		return Normalizer{name, canonicalNumber}, nil
	case NormalizeChoice:
		return Normalizer{name, canonicalChoice}, nil
	case NormalizeBoolean:
		return Normalizer{name, canonicalBoolean}, nil
	case NormalizeJSON:
		return Normalizer{name, canonicalJSON}, nil
	case NormalizeSemantic:
		return Normalizer{name, wordsOnly}, nil
	}
	return Normalizer{}, fmt.Errorf("score: normalize %q: %w, want %s, %s, %s, %s, %s, %s or %s", name, ErrUnknown,
		NormalizeLowercaseTrim, NormalizeNone, NormalizeNumeric, NormalizeChoice, NormalizeBoolean, NormalizeJSON, NormalizeSemantic)
}

// NewRegexNormalizer returns a normaliser that keeps of the text what the first
// group of a regular expression in RE2 syntax matches, or the whole match if it
// has none; a text that does not match is no answer. It is idempotent only if the
// expression matches what it keeps.
func NewRegexNormalizer(expr string) (Normalizer, error) {
	re, err := regexp.Compile(expr)
	if err != nil {
		return Normalizer{}, fmt.Errorf("score: normalize: %w", err)
	}
	group := min(re.NumSubexp(), 1)
	return Normalizer{"regex", func(text string) (string, bool) {
		m := re.FindStringSubmatch(text)
		if m == nil || m[group] == "" {
			return "", false
		}
		return m[group], true
	}}, nil
}

// NewCustomNormalizer returns a normaliser of one's own: form returns the one
// form of all equal answers, or false where the text is none. It must be a pure
// function, safe for concurrent use, and idempotent.
func NewCustomNormalizer(name string, form func(string) (string, bool)) Normalizer {
	return Normalizer{name, form}
}

// wordsOnly is the normaliser semantic.
func wordsOnly(text string) (string, bool) {
	fields := strings.Fields(cases.Fold().String(norm.NFKC.String(text)))
	out := fields[:0]
	for _, f := range fields {
		f = strings.TrimRightFunc(f, mark)
		f = strings.TrimLeftFunc(f, func(r rune) bool { return mark(r) && r != '-' && r != '.' && r != '−' })
		if f != "" {
			out = append(out, f)
		}
	}
	s := norm.NFKC.String(strings.Join(out, " "))
	return s, s != ""
}

// mark reports what may stand around a word.
func mark(r rune) bool { return unicode.IsPunct(r) && r != '%' }

// String returns the name of the normaliser.
func (n Normalizer) String() string { return n.name }

// Normalize returns the canonical form of an answer, and false where the text is
// not one: nothing is left of it, or it is not of the kind that the normaliser
// takes. The zero Normalizer is none.
func (n Normalizer) Normalize(text string) (string, bool) {
	if n.form == nil {
		return whole(text)
	}
	return n.form(text)
}

// lowercaseTrim is the normaliser lowercase_trim.
func lowercaseTrim(text string) (string, bool) {
	text = strings.TrimSpace(text)
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			lower := cases.Lower(language.Und).String(norm.NFC.String(text))
			text = strings.TrimSpace(norm.NFC.String(lower))
			return text, text != ""
		}
	}
	return strings.ToLower(text), text != ""
}
