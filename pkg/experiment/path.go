package experiment

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// splitPath cuts a dotted path into its keys; "\." is a dot and "\\" a
// backslash in a key.
func splitPath(path string) []string {
	if !strings.Contains(path, `\`) {
		return strings.Split(path, ".")
	}
	var keys []string
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case c == '\\' && i+1 < len(path):
			i++
			b.WriteByte(path[i])
		case c == '.':
			keys = append(keys, b.String())
			b.Reset()
		default:
			b.WriteByte(c)
		}
	}
	return append(keys, b.String())
}

// span is a place in a JSON text; the zero value is no place.
type span struct{ start, end int }

// pathSet finds the values of several dotted paths in one pass over a JSON
// text. Of a key that occurs twice the last one counts, as in encoding/json.
type pathSet struct {
	root  pathNode
	count int
}

type pathNode struct {
	key  string
	at   int // number of the path that ends here, from 1; 0: none
	next []pathNode
}

func newPathSet(paths ...string) *pathSet {
	s := new(pathSet)
	for _, p := range paths {
		s.add(splitPath(p))
	}
	return s
}

// add returns the number of the path in the set; a path is added once.
func (s *pathSet) add(keys []string) int {
	n := &s.root
	for _, k := range keys {
		n = n.child(k)
	}
	if n.at == 0 {
		s.count++
		n.at = s.count
	}
	return n.at - 1
}

func (n *pathNode) child(key string) *pathNode {
	for i := range n.next {
		if n.next[i].key == key {
			return &n.next[i]
		}
	}
	n.next = append(n.next, pathNode{key: key})
	return &n.next[len(n.next)-1]
}

// find writes the place of each path's value into out, which has count places.
// The text is valid JSON; in one that is not, nothing or something is found.
func (s *pathSet) find(raw []byte, out []span) {
	clear(out)
	s.root.walk(raw, skipSpace(raw, 0), out)
}

// walk notes the value that begins at i and what is sought in it, and returns
// where the value ends.
func (n *pathNode) walk(raw []byte, i int, out []span) int {
	start := i
	switch {
	case len(n.next) == 0 || i >= len(raw):
		i = skipValue(raw, i)
	case raw[i] == '{':
		i = n.walkObject(raw, i+1, out)
	case raw[i] == '[':
		i = n.walkArray(raw, i+1, out)
	default:
		i = skipValue(raw, i)
	}
	if n.at > 0 {
		out[n.at-1] = span{start, i}
	}
	return i
}

func (n *pathNode) walkObject(raw []byte, i int, out []span) int {
	for {
		i = skipSpace(raw, i)
		if i >= len(raw) || raw[i] != '"' {
			return min(i+1, len(raw)) // past the closing brace
		}
		end := skipString(raw, i)
		child := n.match(raw[i:end])
		if i = skipSpace(raw, end); i < len(raw) && raw[i] == ':' {
			i = skipSpace(raw, i+1)
		}
		i = walkOrSkip(child, raw, i, out)
		if i = skipSpace(raw, i); i < len(raw) && raw[i] == ',' {
			i++
		}
	}
}

func (n *pathNode) walkArray(raw []byte, i int, out []span) int {
	for index := 0; ; index++ {
		i = skipSpace(raw, i)
		if i >= len(raw) || raw[i] == ']' {
			return min(i+1, len(raw))
		}
		var child *pathNode
		for k := range n.next {
			if v, err := strconv.Atoi(n.next[k].key); err == nil && v == index {
				child = &n.next[k]
			}
		}
		before := i
		i = walkOrSkip(child, raw, i, out)
		if i = skipSpace(raw, i); i < len(raw) && raw[i] == ',' {
			i++
		}
		if i == before {
			return len(raw)
		}
	}
}

func walkOrSkip(n *pathNode, raw []byte, i int, out []span) int {
	if n == nil {
		return skipValue(raw, i)
	}
	n.forget(out)
	return n.walk(raw, i, out)
}

// forget undoes what was found in an earlier value of the same key.
func (n *pathNode) forget(out []span) {
	if n.at > 0 {
		out[n.at-1] = span{}
	}
	for i := range n.next {
		n.next[i].forget(out)
	}
}

// match returns the node of a key in its quotes.
func (n *pathNode) match(quoted []byte) *pathNode {
	if len(quoted) < 2 {
		return nil
	}
	key := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(key, '\\') >= 0 {
		key = []byte(unquote(quoted))
	}
	for i := range n.next {
		if n.next[i].key == string(key) {
			return &n.next[i]
		}
	}
	return nil
}

func skipSpace(raw []byte, i int) int {
	for i < len(raw) && raw[i] <= ' ' {
		i++
	}
	return i
}

// skipString returns the end of the string whose opening quote is at i.
func skipString(raw []byte, i int) int {
	for j := i + 1; j < len(raw); {
		k := bytes.IndexByte(raw[j:], '"')
		if k < 0 {
			return len(raw)
		}
		k += j
		slashes := 0
		for k-slashes-1 > i && raw[k-slashes-1] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return k + 1
		}
		j = k + 1
	}
	return len(raw)
}

func skipValue(raw []byte, i int) int {
	for depth := 0; i < len(raw); {
		switch raw[i] {
		case '"':
			i = skipString(raw, i)
		case '{', '[':
			depth++
			i++
			continue
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
			i++
		default:
			if depth > 0 {
				i++
				continue
			}
			for i < len(raw) && !bytes.ContainsRune([]byte(",]} \t\r\n"), rune(raw[i])) {
				i++
			}
		}
		if depth == 0 {
			return i
		}
	}
	return len(raw)
}

// valueText is a JSON value as text: a string without its quotes, everything
// else as it is written. There is none for null and for nothing.
func valueText(value []byte) (string, bool) {
	switch {
	case len(value) == 0 || value[0] == 'n':
		return "", false
	case value[0] == '"':
		return unquote(value), true
	default:
		return string(value), true
	}
}

// unquote reads a valid JSON string with its quotes. Half a surrogate pair and
// bytes that are not UTF-8 become U+FFFD, as in encoding/json.
func unquote(quoted []byte) string {
	if len(quoted) < 2 {
		return ""
	}
	s := quoted[1 : len(quoted)-1]
	i := bytes.IndexByte(s, '\\')
	if i < 0 {
		return strings.ToValidUTF8(string(s), "\uFFFD")
	}
	out := make([]byte, 0, len(s))
	for i >= 0 && i+1 < len(s) {
		out = append(out, s[:i]...)
		used := 2
		switch c := s[i+1]; c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			var r rune
			r, used = unquoteRune(s[i:])
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, c)
		}
		s = s[min(i+used, len(s)):]
		i = bytes.IndexByte(s, '\\')
	}
	return strings.ToValidUTF8(string(append(out, s...)), "\uFFFD")
}

// unquoteRune reads an escape like \u00e9, or two that are a surrogate pair,
// and returns the bytes used.
func unquoteRune(s []byte) (rune, int) {
	r, ok := hex4(s)
	if !ok {
		return utf8.RuneError, min(6, len(s))
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if low, ok := hex4(s[6:]); ok {
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return utf8.RuneError, 6
}

func hex4(s []byte) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	v, err := strconv.ParseUint(string(s[2:6]), 16, 32)
	return rune(v), err == nil
}
