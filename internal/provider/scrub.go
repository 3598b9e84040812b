package provider

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMessage is the size in bytes of the longest message of an Error.
const maxMessage = 1 << 10

// minSecret is the length below which a value is no secret worth hiding: to
// replace every "x" in a message would hide nothing and destroy the message.
const minSecret = 4

// scrubber takes keys out of texts.
type scrubber struct {
	forms  *strings.Replacer // nil without a secret
	looks  []pattern
	prefix *regexp.Regexp // what begins like the secret, as in "sk-12345***"
}

// pattern finds what looks like a credential, whoever it belongs to.
type pattern struct {
	find *regexp.Regexp
	with string
}

func patterns() []pattern {
	return []pattern{
		{regexp.MustCompile(`(?i)\b(bearer|basic)\s+[^\s"',;]+`), redacted},
		{regexp.MustCompile(`\b(sk|pk|rk)-[A-Za-z0-9*_.…-]{4,}`), redacted},
		{regexp.MustCompile(`(?i)([?&;](?:api[_-]?key|key|token|access[_-]?token|secret|password|sig|signature)=)[^&\s"']+`), "${1}" + redacted},
		{regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)[^/\s"'@]+@`), "${1}" + redacted + "@"},
	}
}

func newScrubber(s Secret) *scrubber {
	c := &scrubber{looks: patterns()}
	v := s.Reveal()
	if len(v) < minSecret {
		return c
	}
	var pairs []string
	for _, f := range secretForms(v) {
		pairs = append(pairs, f, redacted)
	}
	c.forms = strings.NewReplacer(pairs...)
	if len(v) >= 12 {
		c.prefix = regexp.MustCompile(regexp.QuoteMeta(v[:8]) + `[^\s"'<>,;]*`)
	}
	return c
}

// secretForms lists the ways in which a value shows up in texts, longest first.
// The base64 forms are cut to the characters that do not depend on what stands
// before and after the value, for each of the three ways it can be aligned.
func secretForms(v string) []string {
	set := map[string]bool{
		v:                  true,
		url.QueryEscape(v): true,
		url.PathEscape(v):  true,
		strings.ReplaceAll(url.QueryEscape(v), "+", "%20"): true,
	}
	for lead := range 3 {
		padded := append(make([]byte, lead), v...)
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			s := enc.EncodeToString(padded)
			from, to := (lead*8+5)/6, len(padded)*8/6
			if to-from >= 2*minSecret {
				set[s[from:to]] = true
			}
		}
	}
	forms := make([]string, 0, len(set))
	for f := range set {
		forms = append(forms, f)
	}
	sort.Slice(forms, func(i, j int) bool {
		if len(forms[i]) != len(forms[j]) {
			return len(forms[i]) > len(forms[j])
		}
		return forms[i] < forms[j]
	})
	return forms
}

// message makes a text fit to be stored in an event: no keys, no control
// characters, valid UTF-8, at most maxMessage bytes.
func (c *scrubber) message(text string) string {
	if len(text) > 16*maxMessage {
		text = text[:16*maxMessage]
	}
	text = c.plain(strings.ToValidUTF8(text, "\uFFFD"))
	if c.prefix != nil {
		text = c.prefix.ReplaceAllString(text, redacted)
	}
	for _, p := range c.looks {
		text = p.find.ReplaceAllString(text, p.with)
	}
	return clip(strings.Map(printable, text), maxMessage)
}

// plain takes the secret itself out of a text and leaves the rest as it is: for
// what a model said, which nothing else may change.
func (c *scrubber) plain(text string) string {
	if c.forms == nil {
		return text
	}
	return c.forms.Replace(text)
}

func printable(r rune) rune {
	switch {
	case r == '\n' || r == '\t':
		return r
	case unicode.IsControl(r):
		return ' '
	}
	return r
}

// clip cuts a text to at most limit bytes, at the boundary of a character.
func clip(text string, limit int) string {
	const more = "…"
	if len(text) <= limit {
		return text
	}
	cut := limit - len(more)
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + more
}

// repair replaces every run of bytes that are not UTF-8 by U+FFFD.
func repair(text string) (string, bool) {
	if utf8.ValidString(text) {
		return text, false
	}
	return strings.ToValidUTF8(text, "\uFFFD"), true
}
