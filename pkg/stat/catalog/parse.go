package catalog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// SyntaxError says where a text is not data.
type SyntaxError struct {
	// Line and Column count from 1, the column in bytes.
	Line, Column int
	Detail       string
}

// Error returns the fault with its place.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Detail)
}

// ParseData reads data, a JSON object. Among numbers it also takes the bare NaN
// and Infinity that many programs write, and null, true and false as NaN, 1 and
// 0. It refuses keys it does not know or sees twice; every error is a
// *SyntaxError. Reading takes one pass: data of millions of numbers are normal.
func ParseData(text []byte) (Data, error) {
	p := parser{text: bytes.TrimPrefix(text, []byte("\ufeff"))}
	var out Data
	if err := p.object(&out); err != nil {
		return Data{}, err
	}
	if p.space(); p.at < len(p.text) {
		return Data{}, p.fail("there is more after the data")
	}
	return out, nil
}

// DataKeys returns the keys that data may have.
func DataKeys() []string {
	t := reflect.TypeFor[Data]()
	keys := make([]string, t.NumField())
	for i := range keys {
		keys[i] = t.Field(i).Tag.Get("json")
	}
	return keys
}

// parser reads one text; at is where it stands.
type parser struct {
	text []byte
	at   int
}

// fail returns an error at the place where the parser stands.
func (p *parser) fail(format string, args ...any) error {
	before := p.text[:min(p.at, len(p.text))]
	return &SyntaxError{Line: 1 + bytes.Count(before, []byte("\n")),
		Column: len(before) - bytes.LastIndexByte(before, '\n'), Detail: fmt.Sprintf(format, args...)}
}

// unexpected returns an error that names what stands here.
func (p *parser) unexpected(want string) error {
	p.space()
	if p.at >= len(p.text) {
		return p.fail("the data end here, want %s", want)
	}
	r, _ := utf8.DecodeRune(p.text[p.at:])
	return p.fail("want %s, not %q", want, r)
}

// space goes over white space.
func (p *parser) space() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

// next goes over white space and, if it is there, the character.
func (p *parser) next(c byte) bool {
	p.space()
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

// word goes over white space and, if it is there, the word.
func (p *parser) word(w string) bool {
	p.space()
	if len(p.text)-p.at >= len(w) && string(p.text[p.at:p.at+len(w)]) == w {
		p.at += len(w)
		return true
	}
	return false
}

// object reads the keys of data.
func (p *parser) object(out *Data) error {
	if !p.next('{') {
		return p.unexpected(`an object such as {"x": [1, 2], "y": [3, 4]}`)
	}
	fields := reflect.ValueOf(out).Elem()
	keys, seen := DataKeys(), map[string]bool{}
	for first := true; !p.next('}'); first = false {
		if !first && !p.next(',') {
			return p.unexpected("a comma or }")
		}
		p.space()
		start := p.at
		key, err := p.quoted("a key in quotes")
		if err != nil {
			return err
		}
		field := indexOf(keys, key)
		if field < 0 || seen[key] {
			p.at = start
			if field >= 0 {
				return p.fail("the key %q is there twice", key)
			}
			return p.fail("unknown key %q: want %s", key, strings.Join(keys, ", "))
		}
		seen[key] = true
		if !p.next(':') {
			return p.unexpected("a colon after the key")
		}
		if err := p.value(fields.Field(field).Addr().Interface(), key); err != nil {
			return err
		}
	}
	return nil
}

func indexOf(list []string, want string) int {
	for i, s := range list {
		if s == want {
			return i
		}
	}
	return -1
}

// value reads the value of a key into a field of Data.
func (p *parser) value(into any, key string) error {
	switch into := into.(type) {
	case *Numbers:
		return p.numbers(into, key)
	case *[]Numbers:
		return list(p, into, key, "a list of lists of numbers", func(n *Numbers, i int) error {
			return p.numbers(n, fmt.Sprintf("%s[%d]", key, i))
		})
	case *Labels:
		return list(p, (*[]string)(into), key, "a list of names or numbers", func(s *string, i int) error {
			return p.label(s, key, i)
		})
	}
	// Any other field is read as JSON, alone.
	d := json.NewDecoder(bytes.NewReader(p.text[p.at:]))
	if err := d.Decode(into); err != nil {
		return p.fail("%s: %v", key, err)
	}
	p.at += int(d.InputOffset())
	return nil
}

// list reads a list, or null.
func list[T any](p *parser, into *[]T, key, want string, each func(*T, int) error) error {
	if p.word("null") {
		return nil
	}
	if !p.next('[') {
		return p.unexpected(want + " for " + key)
	}
	*into = []T{}
	for !p.next(']') {
		if len(*into) > 0 && !p.next(',') {
			return p.unexpected("a comma or ]")
		}
		var v T
		if err := each(&v, len(*into)); err != nil {
			return err
		}
		*into = append(*into, v)
	}
	return nil
}

// numbers reads a list of numbers, or null.
func (p *parser) numbers(into *Numbers, key string) error {
	if p.word("null") {
		return nil
	}
	if !p.next('[') {
		return p.unexpected("a list of numbers for " + key)
	}
	end := bytes.IndexByte(p.text[p.at:], ']')
	if end < 0 {
		return p.fail("the list %s has no end", key)
	}
	out := make(Numbers, 0, 1+bytes.Count(p.text[p.at:p.at+end], []byte(",")))
	for !p.next(']') {
		if len(out) > 0 && !p.next(',') {
			return p.unexpected("a comma or ] after " + fmt.Sprintf("%s[%d]", key, len(out)-1))
		}
		x, ok := p.number()
		if !ok {
			return p.unexpected(fmt.Sprintf("a number as %s[%d]", key, len(out)))
		}
		out = append(out, x)
	}
	*into = out
	return nil
}

// marks are what may stand for a number.
var marks = []struct {
	text  string
	value float64
}{
	{"null", math.NaN()}, {"true", 1}, {"false", 0},
	{"NaN", math.NaN()}, {"Infinity", math.Inf(1)}, {"-Infinity", math.Inf(-1)},
	{`"NaN"`, math.NaN()}, {`"Infinity"`, math.Inf(1)}, {`"-Infinity"`, math.Inf(-1)},
}

// number reads a number, or a mark. What is too large for a float64 is an infinity.
func (p *parser) number() (float64, bool) {
	p.space()
	if end := numeral(p.text, p.at); end > p.at {
		text := p.text[p.at:end]
		p.at = end
		if x, ok := small(text); ok {
			return x, true
		}
		x, _ := strconv.ParseFloat(string(text), 64) // its only error is the range
		return x, true
	}
	for _, m := range marks {
		if p.word(m.text) {
			return m.value, true
		}
	}
	return 0, false
}

// numeral returns where the JSON number that starts at i ends, or i.
func numeral(text []byte, i int) int {
	start := i
	digits := func() bool {
		from := i
		for i < len(text) && text[i]-'0' <= 9 {
			i++
		}
		return i > from
	}
	if i < len(text) && text[i] == '-' {
		i++
	}
	if i < len(text) && text[i] == '0' {
		i++
	} else if !digits() {
		return start
	}
	if i < len(text) && text[i] == '.' {
		if i++; !digits() {
			return start
		}
	}
	if i < len(text) && text[i]|0x20 == 'e' {
		if i++; i < len(text) && (text[i] == '+' || text[i] == '-') {
			i++
		}
		if !digits() {
			return start
		}
	}
	if i < len(text) && (text[i]-'0' <= 9 || text[i] == '.') {
		return start // 007, 1.2.3
	}
	return i
}

// small reads a number of at most 15 digits without an exponent: digits and
// power of ten are exact, so that their quotient is the nearest float64.
func small(text []byte) (float64, bool) {
	if len(text) > 16 {
		return 0, false
	}
	whole, decimals, point := uint64(0), 0, false
	for _, c := range text {
		switch {
		case c == '.':
			point = true
		case c == '-':
		case c-'0' <= 9:
			whole = whole*10 + uint64(c-'0')
			if point {
				decimals++
			}
		default:
			return 0, false
		}
	}
	if whole >= 1<<53 {
		return 0, false
	}
	x := float64(whole) / powersOfTen[decimals]
	if text[0] == '-' {
		x = -x
	}
	return x, true
}

var powersOfTen = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16}

// label reads a name, or a number as it is written.
func (p *parser) label(into *string, key string, i int) error {
	p.space()
	if end := numeral(p.text, p.at); end > p.at {
		*into, p.at = string(p.text[p.at:end]), end
		return nil
	}
	text, err := p.quoted(fmt.Sprintf("a name or a number as %s[%d]", key, i))
	*into = text
	return err
}

// quoted reads a string.
func (p *parser) quoted(want string) (string, error) {
	if p.space(); p.at >= len(p.text) || p.text[p.at] != '"' {
		return "", p.unexpected(want)
	}
	end := p.at + 1
	for end < len(p.text) && p.text[end] != '"' {
		if p.text[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(p.text) {
		return "", p.fail("the quotes are not closed")
	}
	var out string
	if err := json.Unmarshal(p.text[p.at:end+1], &out); err != nil {
		return "", p.fail("this is not a string of JSON: %v", err)
	}
	p.at = end + 1
	return out, nil
}
