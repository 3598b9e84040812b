package score

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// canonicalJSON is the normaliser json: the text is one JSON value, perhaps in a
// fence of three back quotes; the result has its keys sorted, no insignificant
// space, and numbers in their exact decimal form, so that 1.0 is 1. Text that is
// not JSON is no answer, and so is an object that has a key twice.
func canonicalJSON(text string) (string, bool) {
	text = strings.TrimSpace(text)
	if fenced, ok := strings.CutPrefix(text, "```"); ok {
		inner, found := strings.CutSuffix(fenced, "```")
		if !found {
			return "", false
		}
		if line, rest, more := strings.Cut(inner, "\n"); more && !strings.ContainsAny(line, `{["`) {
			inner = rest // the language
		}
		text = strings.TrimSpace(inner)
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var out bytes.Buffer
	if err := writeCanonical(&out, d); err != nil {
		return "", false
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return "", false
	}
	return out.String(), true
}

// errJSON is any value without a canonical form.
var errJSON = errors.New("no canonical form")

// maxDepth bounds how deep values may lie in each other.
const maxDepth = 200

func writeCanonical(out *bytes.Buffer, d *json.Decoder) error {
	v, err := readValue(d, 0)
	if err != nil {
		return err
	}
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	out.Truncate(out.Len() - 1)
	return nil
}

// readValue reads a value whose maps encoding/json then writes sorted.
func readValue(d *json.Decoder, depth int) (any, error) {
	t, err := d.Token()
	if err != nil || depth > maxDepth {
		return nil, errJSON
	}
	switch t := t.(type) {
	case json.Number:
		n, ok := canonicalNumber(t.String())
		if !ok {
			return nil, errJSON
		}
		return json.RawMessage(n), nil
	case json.Delim:
		if t == '[' {
			return readList(d, depth)
		}
		return readObject(d, depth)
	}
	return t, nil
}

func readList(d *json.Decoder, depth int) (any, error) {
	list := []any{}
	for d.More() {
		v, err := readValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.Token()
	return list, err
}

func readObject(d *json.Decoder, depth int) (any, error) {
	object := map[string]any{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, errJSON
		}
		name, ok := key.(string)
		if _, twice := object[name]; !ok || twice {
			return nil, errJSON
		}
		if object[name], err = readValue(d, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return object, err
}
