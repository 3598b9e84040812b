package score

import (
	"strings"
	"unicode/utf8"
)

// maxExponent bounds powers of ten in scientific notation, as float64 does, so
// that a canonical number stays short.
const maxExponent = 308

// numberAt returns the length of the longest thing at s[i:] that is written
// like a number: signs and a currency sign, digits with commas and points
// between them, an exponent, a per cent sign, the rest of a fraction; 0 if there
// is none. It is generous ("1,5" and "1/5" are taken whole): what it means, and
// whether it is one number, is for the normaliser to say.
func numberAt(s string, i int) int {
	start := i
	i += signAt(s, i)
	i += currencyAt(s, i)
	i += signAt(s, i)
	if i < len(s) && s[i] == '.' && i+1 < len(s) && digitByte(s[i+1]) {
		i++
	}
	if i >= len(s) || !digitByte(s[i]) {
		return 0
	}
	for i < len(s) && digitByte(s[i]) {
		i++
		if i+1 < len(s) && (s[i] == ',' || s[i] == '.' || s[i] == '/') && digitByte(s[i+1]) {
			i++
		}
	}
	if n := exponentAt(s, i); n > 0 && (i+n == len(s) || !wordByte(s[i+n])) {
		i += n
	}
	if i < len(s) && s[i] == '%' {
		i++
	}
	return i - start
}

// exponentAt returns the length of an exponent such as "e-7".
func exponentAt(s string, i int) int {
	start := i
	if i >= len(s) || s[i]|0x20 != 'e' {
		return 0
	}
	i++
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	first := i
	for i < len(s) && digitByte(s[i]) {
		i++
	}
	if i == first {
		return 0
	}
	return i - start
}

// minus is the minus sign of typography.
const minus = "−"

// signAt returns the length of a sign.
func signAt(s string, i int) int {
	switch {
	case i >= len(s):
		return 0
	case s[i] == '-' || s[i] == '+':
		return 1
	case strings.HasPrefix(s[i:], minus):
		return len(minus)
	}
	return 0
}

// currencyAt returns the length of a currency sign.
func currencyAt(s string, i int) int {
	if i >= len(s) {
		return 0
	}
	if s[i] == '$' {
		return 1
	}
	if s[i] < utf8.RuneSelf {
		return 0
	}
	switch r, n := utf8.DecodeRuneInString(s[i:]); r {
	case '€', '£', '¥', '₹', '₩', '₽', '¢':
		return n
	}
	return 0
}

// lastNumber finds the last number in a text. A sign belongs to it unless a word
// or another number stands before it ("16-3" ends in 3); digits that continue a
// word ("CO2") are no number.
func lastNumber(text string) (string, bool) {
	from, to := -1, -1
	for i := 0; i < len(text); {
		b := text[i]
		if !digitByte(b) {
			i++
			continue
		}
		start := numberStart(text, i)
		n := numberAt(text, start)
		if start == i && i > 0 && (letterByte(text[i-1]) || text[i-1] == '_') {
			i += n
			continue
		}
		from, to = start, start+n
		i = to
	}
	if from < 0 {
		return "", false
	}
	return text[from:to], true
}

// numberStart walks back from the first digit of a number over its point, its
// currency sign and its sign.
func numberStart(text string, i int) int {
	if i > 0 && text[i-1] == '.' && (i == 1 || !wordByte(text[i-2])) {
		i--
	}
	i = signBefore(text, i)
	if i > 0 {
		if r, n := utf8.DecodeLastRuneInString(text[:i]); n > 0 && currencyAt(text[i-n:], 0) == n && r != utf8.RuneError {
			i = signBefore(text, i-n)
		}
	}
	return i
}

// signBefore returns where the sign before i begins, or i if there is none or
// it joins two words.
func signBefore(text string, i int) int {
	at := i
	switch {
	case i > 0 && (text[i-1] == '-' || text[i-1] == '+'):
		at--
	case strings.HasSuffix(text[:i], minus):
		at -= len(minus)
	default:
		return i
	}
	if at > 0 && (wordByte(text[at-1]) || text[at-1] == ')' || text[at-1] == '.' || text[at-1] == '%') {
		return i
	}
	return at
}

// canonicalNumber is the normaliser numeric: the whole text is one number, and
// the result its exact decimal form, without superfluous zeros, signs or
// separators. Spaces around it, a sign, a currency sign, a per cent sign and a
// final full stop may decorate it and do not change it: "18%" is 18 as "$18" is.
// Commas must stand between groups of three digits.
func canonicalNumber(text string) (string, bool) {
	s, negative, ok := undecorate(strings.TrimSpace(text))
	if !ok {
		return "", false
	}
	mantissa, exponent, ok := splitExponent(s)
	if !ok {
		return "", false
	}
	whole, fraction, ok := splitPoint(mantissa)
	if !ok {
		return "", false
	}
	if exponent != 0 {
		whole, fraction = shift(whole, fraction, exponent)
	}
	whole = strings.TrimLeft(whole, "0")
	fraction = strings.TrimRight(fraction, "0")
	if whole == "" {
		if fraction == "" {
			return "0", true
		}
		whole = "0"
	}
	if fraction != "" {
		whole += "." + fraction
	}
	if negative {
		whole = "-" + whole
	}
	return whole, true
}

// undecorate strips what may stand around the digits: one sign and one currency
// sign in either order, then a per cent or currency sign, then a full stop.
func undecorate(s string) (digits string, negative, ok bool) {
	sign := signAt(s, 0)
	signed := sign > 0
	negative = signed && s[0] != '+'
	s = s[sign:]
	currency := currencyAt(s, 0)
	if currency > 0 {
		s = strings.TrimLeft(s[currency:], " ")
	}
	if sign = signAt(s, 0); sign > 0 {
		if signed || currency == 0 {
			return "", false, false
		}
		negative = s[0] != '+'
		s = s[sign:]
	}
	if s = strings.TrimSuffix(s, "."); strings.HasSuffix(s, ".") {
		return "", false, false
	}
	if rest, found := strings.CutSuffix(s, "%"); found && currency == 0 {
		s = strings.TrimRight(rest, " ")
	} else if r, n := utf8.DecodeLastRuneInString(s); currency == 0 && r != utf8.RuneError && currencyAt(s[len(s)-n:], 0) == n {
		s = strings.TrimRight(s[:len(s)-n], " ")
	}
	return s, negative, s != ""
}

// splitExponent takes a power of ten off a number.
func splitExponent(s string) (mantissa string, exponent int, ok bool) {
	at := strings.IndexAny(s, "eE")
	if at < 0 {
		return s, 0, true
	}
	if exponentAt(s, at) != len(s)-at {
		return "", 0, false
	}
	text := s[at+1:]
	down := text[0] == '-'
	for _, b := range strings.TrimLeft(text, "+-") {
		if exponent = exponent*10 + int(b-'0'); exponent > maxExponent {
			return "", 0, false
		}
	}
	if down {
		exponent = -exponent
	}
	return s[:at], exponent, true
}

// splitPoint splits a number at its point and checks the digits of both sides;
// one side may be missing.
func splitPoint(s string) (whole, fraction string, ok bool) {
	whole, fraction, _ = strings.Cut(s, ".")
	if whole == "" && fraction == "" || !allDigits(fraction) {
		return "", "", false
	}
	if strings.IndexByte(whole, ',') >= 0 {
		if whole, ok = joinGroups(whole); !ok {
			return "", "", false
		}
	}
	return whole, fraction, allDigits(whole)
}

// joinGroups takes the commas out of a number whose groups have three digits,
// the first one to three.
func joinGroups(s string) (string, bool) {
	groups := strings.Split(s, ",")
	for i, g := range groups {
		if len(g) > 3 || len(g) < 3 && (i > 0 || g == "") {
			return "", false
		}
	}
	return strings.Join(groups, ""), true
}

// allDigits reports whether a text is made of digits of ASCII.
func allDigits(s string) bool {
	for i := range len(s) {
		if !digitByte(s[i]) {
			return false
		}
	}
	return true
}

// shift moves the point of a number by n places to the right.
func shift(whole, fraction string, n int) (string, string) {
	if n < 0 {
		pad := strings.Repeat("0", max(0, -n-len(whole))) + whole
		at := len(pad) + n
		return pad[:at], pad[at:] + fraction
	}
	pad := fraction + strings.Repeat("0", max(0, n-len(fraction)))
	return whole + pad[:n], pad[n:]
}
