package experiment

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/crucible-go/crucible/pkg/events"
)

// Item is one question of a data set. It is not changed after it was loaded and
// may be read by several goroutines.
type Item struct {
	ID          string
	Input       string
	Expected    string
	HasExpected bool
	Raw         []byte // the whole item, a valid JSON object
	Line        int    // in its file, from 1; 0: unknown
}

// Lookup returns the value at a dotted path as text: numbers as they are
// written, lists and objects as JSON. There is none for null.
func (it *Item) Lookup(path string) (string, bool) {
	var out [1]span
	newPathSet(path).find(it.Raw, out[:])
	return valueText(it.Raw[out[0].start:out[0].end])
}

// Value returns the JSON text of the value at a dotted path, nil if there is
// none.
func (it *Item) Value(path string) []byte {
	var out [1]span
	newPathSet(path).find(it.Raw, out[:])
	if out[0].end == 0 {
		return nil
	}
	return it.Raw[out[0].start:out[0].end]
}

// Paths are the dotted paths that an item has, those of objects in it included,
// in the order of the text.
func (it *Item) Paths() []string { return appendPaths(nil, "", it.Raw, 0) }

// appendPaths stops at depth 4 and at 200 paths: they are for messages.
func appendPaths(paths []string, prefix string, object []byte, depth int) []string {
	dec := json.NewDecoder(bytes.NewReader(object))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return paths
	}
	for dec.More() && len(paths) < 200 {
		key, err := dec.Token()
		if err != nil {
			return paths
		}
		var value json.RawMessage
		if dec.Decode(&value) != nil {
			return paths
		}
		path := prefix + escapeKey(fmt.Sprint(key))
		paths = append(paths, path)
		if depth < 4 && len(value) > 0 && value[0] == '{' {
			paths = appendPaths(paths, path+".", value, depth+1)
		}
	}
	return paths
}

func escapeKey(key string) string {
	if !bytes.ContainsAny([]byte(key), `.\`) {
		return key
	}
	var b []byte
	for i := range len(key) {
		if key[i] == '.' || key[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, key[i])
	}
	return string(b)
}

// Identify gives an id to each item that has none: the hash of its input and
// expected answer, and from the second item of the same content on a hyphen and
// the number of the occurrence. An id that two items bring along is an error
// that names both places.
func Identify(file string, items []Item) error {
	lines := make(map[string]int, len(items))
	var problems Errors
	for i := range items {
		id := items[i].ID
		if id == "" {
			continue
		}
		if why := nameProblem(id); why != "" {
			problems = append(problems, Problem{File: file, Line: items[i].Line, Message: fmt.Sprintf("id %.80q %s", id, why)})
		}
		if first, twice := lines[id]; twice {
			problems = append(problems, Problem{File: file, Line: items[i].Line,
				Message: fmt.Sprintf("the id %q is already that of line %d", id, first),
				Hint:    "each item needs its own id; without dataset.fields.id items are identified by their content"})
			continue
		}
		lines[id] = items[i].Line
	}
	if len(problems) > 0 {
		return problems[:min(len(problems), 20)]
	}
	seen := make(map[string]int)
	for i := range items {
		if items[i].ID != "" {
			continue
		}
		id := contentID(&items[i])
		seen[id]++
		items[i].ID = id
		if n := seen[id]; n > 1 {
			items[i].ID = id + "-" + strconv.Itoa(n)
		}
	}
	return nil
}

func contentID(it *Item) string {
	if !it.HasExpected {
		return events.H("item", it.Input)
	}
	return events.H("item", it.Input, it.Expected)
}

// nameProblem says why s cannot be a name or an id, "" if it can: 1 to 200
// bytes of UTF-8 without control characters or white space at its ends.
func nameProblem(s string) string {
	switch {
	case s == "":
		return "is empty"
	case len(s) > 200:
		return "is longer than 200 bytes"
	case !utf8.ValidString(s):
		return "is not UTF-8"
	}
	for _, r := range s {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return fmt.Sprintf("has the control character %U", r)
		}
	}
	first, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRuneInString(s)
	if unicode.IsSpace(first) || unicode.IsSpace(last) {
		return "begins or ends with white space"
	}
	return ""
}

// DatasetHash is the SHA-256, in hexadecimal, over the content of the items in
// their order: id, input, expected answer, and the whole item without the white
// space between its values, each preceded by its length.
func DatasetHash(items []Item) string {
	h := sha256.New()
	var buf []byte
	var compact bytes.Buffer
	for i := range items {
		it := &items[i]
		compact.Reset()
		if err := json.Compact(&compact, it.Raw); err != nil {
			compact.Reset()
			compact.Write(it.Raw)
		}
		buf = buf[:0]
		for _, part := range []string{it.ID, it.Input, strconv.FormatBool(it.HasExpected), it.Expected} {
			buf = append(binary.BigEndian.AppendUint64(buf, uint64(len(part))), part...)
		}
		buf = binary.BigEndian.AppendUint64(buf, uint64(compact.Len()))
		h.Write(append(buf, compact.Bytes()...))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Choose returns the items of the sample in the order of the file. Which items
// a random sample has depends on its seed and their ids, not on their order.
// A sample that is larger than the data set is an error.
func (s Sample) Choose(items []Item) ([]Item, error) {
	if s.Method == "all" {
		return items, nil
	}
	if s.Size > len(items) {
		return nil, fmt.Errorf("sample: size %d is more than the %d items of the data set", s.Size, len(items))
	}
	switch s.Method {
	case "head":
		return items[:s.Size], nil
	case "random":
		return s.random(items), nil
	}
	return nil, fmt.Errorf("sample: unknown method %q", s.Method)
}

func (s Sample) random(items []Item) []Item {
	type draw struct {
		key uint64
		at  int
	}
	seed := strconv.FormatUint(s.Seed, 10)
	draws := make([]draw, len(items))
	for i := range items {
		draws[i] = draw{events.Seed("sample", seed, items[i].ID), i}
	}
	slices.SortFunc(draws, func(a, b draw) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(items[a.at].ID, items[b.at].ID))
	})
	draws = draws[:s.Size]
	slices.SortFunc(draws, func(a, b draw) int { return a.at - b.at })
	chosen := make([]Item, len(draws))
	for i, d := range draws {
		chosen[i] = items[d.at]
	}
	return chosen
}
