package score

import (
	"fmt"
	"strings"
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
	}
	return Normalizer{}, fmt.Errorf("score: normalize %q: %w, want %s, %s, %s or %s", name, ErrUnknown,
		NormalizeLowercaseTrim, NormalizeNone, NormalizeNumeric, NormalizeChoice)
}

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
