package experiment

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
	"github.com/shopspring/decimal"
)

// decoder fills a Spec from a YAML document and notes where everything is.
type decoder struct {
	file     string
	env      func(string) (string, bool)
	problems Errors
	places   map[string]place // by path, of what the document has
	anchors  map[string]ast.Node
	edits    []edit
	nodes    int
}

// place is where a value is.
type place struct {
	line, column int
	bad          bool // it has a problem already
}

// edit is a scalar of the text that Rewrite may have to write anew.
type edit struct {
	path   string
	token  *token.Token // where it begins
	block  *token.Token // the text below it, if it is a block
	value  string       // with the environment put in
	number bool         // it is a number or a truth value
	used   bool         // variables were put in
}

// position of a path or, if the document does not have it, of what contains it.
func (d *decoder) position(path string) place {
	for {
		if p, ok := d.places[path]; ok || path == "" {
			return p
		}
		path = parentPath(path)
	}
}

func parentPath(path string) string { return path[:max(0, strings.LastIndexAny(path, ".["))] }

func (d *decoder) has(path string) bool { _, ok := d.places[path]; return ok }

// problem reports what is wrong with the value at a path, unless something else
// was reported about it or what contains it.
func (d *decoder) problem(path, hint, format string, args ...any) {
	for p := path; ; p = parentPath(p) {
		if d.places[p].bad {
			return
		}
		if p == "" {
			break
		}
	}
	at := d.position(path)
	d.problems = append(d.problems, Problem{File: d.file, Line: at.line, Column: at.column, Path: path, Message: fmt.Sprintf(format, args...), Hint: hint})
	if d.has(path) {
		at.bad = true
		d.places[path] = at
	}
}

func (d *decoder) note(path string, t *token.Token) {
	if t == nil || t.Position == nil {
		return
	}
	column := t.Position.Column
	if column < 1 {
		column = 1
	}
	d.places[path] = place{line: t.Position.Line, column: column}
}

// resolve looks through anchors and aliases. It returns nil after a problem.
func (d *decoder) resolve(n ast.Node, path string) ast.Node {
	for {
		if d.nodes++; d.nodes > maxNodes {
			d.problem("", "write it out with fewer aliases", "the spec has more than %d values", maxNodes)
			return nil
		}
		switch v := n.(type) {
		case *ast.AnchorNode:
			n = v.Value
			d.anchors[v.Name.GetToken().Value] = n
		case *ast.AliasNode:
			name := v.Value.GetToken().Value
			target, ok := d.anchors[name]
			if !ok {
				d.problem(path, "an anchor is written before its first alias: &"+name, "unknown alias *%s", name)
				return nil
			}
			n = target
		case *ast.TagNode:
			d.problem(path, "leave it out", "tags like %s are not supported", v.Start.Value)
			return nil
		default:
			return n
		}
	}
}

// decode fills v from a node. The key is the path without positions.
func (d *decoder) decode(n ast.Node, v reflect.Value, path, key string) {
	d.note(path, valueToken(n))
	if n = d.resolve(n, path); n == nil {
		return
	}
	if n.Type() == ast.NullType {
		d.problem(path, "give it one, or leave the key out", "%s has no value", path)
		return
	}
	switch p := v.Addr().Interface().(type) {
	case *Duration:
		d.decodeDuration(n, p, path)
		return
	case *Decimal:
		d.decodeDecimal(n, p, path)
		return
	case *json.RawMessage:
		d.decodeRaw(n, p, path)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.decode(n, v.Elem(), path, key)
	case reflect.Struct:
		d.decodeStruct(n, v, path, key)
	case reflect.Slice:
		d.decodeList(n, v, path, key)
	default:
		d.decodeScalar(n, v, path, key)
	}
}

// entries returns the entries of a mapping.
func entries(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch m := n.(type) {
	case *ast.MappingNode:
		return m.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{m}, true
	}
	return nil, false
}

func (d *decoder) decodeStruct(n ast.Node, v reflect.Value, path, key string) {
	list, ok := entries(n)
	if !ok {
		d.problem(path, "write its keys: "+strings.Join(fieldNames(v.Type()), ", "), "%s: want a mapping, got %s", orSpec(path), describe(n))
		return
	}
	first := make(map[string]int)
	for _, e := range list {
		name, tok := e.Key.String(), e.Key.GetToken()
		if e.Key.Type() == ast.StringType {
			name = tok.Value
		}
		sub := join(path, name)
		field := fieldByName(v, name)
		if line, twice := first[name]; twice {
			d.keyProblem(tok, sub, "keep one of the two", fmt.Sprintf("the key %q is already in line %d", name, line))
			continue
		}
		first[name] = tok.Position.Line
		if !field.IsValid() {
			names := fieldNames(v.Type())
			d.keyProblem(tok, sub, d.unknownKeyHint(name, names), fmt.Sprintf("unknown key %q%s", name, in(path)))
			continue
		}
		d.note(sub, tok)
		d.decode(e.Value, field, sub, join(key, name))
	}
}

func (d *decoder) unknownKeyHint(name string, names []string) string {
	if name == "<<" {
		return "merge keys are not supported: write the keys out"
	}
	return didYouMean(name, names, "the keys here are")
}

// keyProblem reports a problem with a key itself.
func (d *decoder) keyProblem(t *token.Token, path, hint, message string) {
	d.problems = append(d.problems, Problem{File: d.file, Line: t.Position.Line, Column: t.Position.Column, Path: path, Message: message, Hint: hint})
}

func (d *decoder) decodeList(n ast.Node, v reflect.Value, path, key string) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		if v.Type().Elem().Kind() == reflect.Int { // one number stands for a list of one
			d.decodeElements([]ast.Node{n}, v, path, key)
			return
		}
		d.problem(path, "write it as [a, b]", "%s: want a list, got %s", path, describe(n))
		return
	}
	d.decodeElements(list.Values, v, path, key)
}

func (d *decoder) decodeElements(nodes []ast.Node, v reflect.Value, path, key string) {
	v.Set(reflect.MakeSlice(v.Type(), len(nodes), len(nodes)))
	for i, e := range nodes {
		d.decode(e, v.Index(i), path+"["+strconv.Itoa(i)+"]", key)
	}
}

// scalar is what a scalar says: its text, and whether it is one, after the
// environment was put in.
type scalar struct {
	text     string
	isText   bool // a string: in quotes, or not a number or a truth value
	replaced bool // plain text with variables in it: it may be a number after all
}

// readScalar returns false after a problem, or if the node is not a scalar.
func (d *decoder) readScalar(n ast.Node, path string) (s scalar, ok bool) {
	switch v := n.(type) {
	case *ast.StringNode:
		return d.expandScalar(v.Token, nil, v.Value, path)
	case *ast.LiteralNode:
		return d.expandScalar(v.Start, v.Value.Token, v.Value.Value, path)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return scalar{text: n.GetToken().Value}, true
	}
	return scalar{}, false
}

func (d *decoder) expandScalar(t, block *token.Token, text, path string) (scalar, bool) {
	out, used, unset := expand(text, d.env)
	if len(unset) > 0 {
		d.problem(path, fmt.Sprintf("set it, or write $${%s} for the text itself", unset[0]), "the environment variable %s is not set", strings.Join(unset, ", "))
		return scalar{}, false
	}
	if at := slices.IndexFunc(used, isSecret); at >= 0 {
		d.problem(path, fmt.Sprintf("name it as api_key_env: %s; a spec is stored in the log", used[at]), "the value of %s would be stored with the spec", used[at])
		return scalar{}, false
	}
	d.edits = append(d.edits, edit{path: path, token: t, block: block, value: out, used: len(used) > 0})
	return scalar{text: out, isText: true, replaced: len(used) > 0 && t.Type == token.StringType}, true
}

func (d *decoder) decodeScalar(n ast.Node, v reflect.Value, path, key string) {
	s, ok := d.readScalar(n, path)
	if !ok {
		d.problem(path, "", "%s: want %s, got %s", path, kindName(v.Kind()), describe(n))
		return
	}
	if v.Kind() == reflect.String {
		if !s.isText {
			d.problem(path, fmt.Sprintf("put it in quotes: %q", s.text), "%s: want a text, got %s", path, describe(n))
			return
		}
		v.SetString(s.text)
		d.checkValue(s.text, path, key)
		return
	}
	if (s.isText && !s.replaced) || !setNumber(v, s.text) {
		hint := ""
		if _, err := strconv.ParseFloat(s.text, 64); err == nil && s.isText {
			hint = "write it without quotes: " + s.text
		}
		d.problem(path, hint, "%s: want %s, got %s", path, kindName(v.Kind()), describe(n))
	} else if s.replaced {
		d.edits[len(d.edits)-1].number = true
	}
}

// setNumber sets a number or a truth value from its text.
func setNumber(v reflect.Value, text string) bool {
	if len(text) > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9' {
		return false // octal to some, decimal to others
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(text == "true")
		return text == "true" || text == "false"
	case reflect.Int:
		i, err := strconv.ParseInt(text, 0, 64)
		v.SetInt(i)
		return err == nil
	case reflect.Uint64:
		u, err := strconv.ParseUint(text, 0, 64)
		v.SetUint(u)
		return err == nil
	default:
		f, err := strconv.ParseFloat(text, 64)
		v.SetFloat(f)
		return err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)
	}
}

// checkValue compares a text with the list of values of its key, if it has one.
func (d *decoder) checkValue(text, path, key string) {
	values := Supported(key)
	if key == "metrics" || key == "score.extract" || len(values.Works) == 0 {
		return // lists that depend on other keys
	}
	d.checkListed(text, path, key, values)
}

func (d *decoder) checkListed(text, path, key string, values Values) {
	word := strings.ReplaceAll(key[strings.LastIndexByte(key, '.')+1:], "_", " ")
	works := values.Works
	switch {
	case slices.Contains(values.Works, text):
	case slices.Contains(values.Later, text):
		d.problem(path, "works now: "+strings.Join(works, ", "), "%s %q is not in this version yet", word, text)
	default:
		hint := didYouMean(text, slices.Concat(works, values.Later), "known")
		if near := Nearest(text, slices.Concat(works, values.Later)); near != "" && !slices.Contains(works, near) || near == "" {
			hint = "works now: " + strings.Join(works, ", ")
		}
		d.problem(path, hint, "unknown %s %q", word, text)
	}
}

func (d *decoder) decodeDuration(n ast.Node, p *Duration, path string) {
	s, ok := d.readScalar(n, path)
	switch {
	case !ok:
		d.problem(path, "write it as 800ms, 2s or 1m30s", "%s: want a duration, got %s", path, describe(n))
	case !s.isText:
		d.problem(path, fmt.Sprintf("give it a unit: %sms or %ss", s.text, s.text), "%s: want a duration, got %s", path, describe(n))
	case encoding.TextUnmarshaler(p).UnmarshalText([]byte(s.text)) != nil:
		d.problem(path, "write it as 800ms, 2s or 1m30s", "%s: %q is not a duration", path, s.text)
	case *p < 0:
		d.problem(path, "", "%s: a duration cannot be negative", path)
	}
}

// decodeDecimal reads an amount of money: digits, and at most twelve after the
// point.
func (d *decoder) decodeDecimal(n ast.Node, p *Decimal, path string) {
	s, ok := d.readScalar(n, path)
	switch {
	case !ok:
		d.problem(path, `write it as "5.00"`, "%s: want an amount in quotes, got %s", path, describe(n))
	case !s.isText:
		d.problem(path, fmt.Sprintf("put it in quotes: %q", s.text), "%s: want an amount in quotes, got %s", path, describe(n))
	case !isAmount(s.text):
		d.problem(path, `write it as "5.00": digits, at most twelve after the point`, "%s: %q is not an amount of US dollars", path, shorten(s.text))
	default:
		*p = Decimal(decimal.RequireFromString(s.text).String())
	}
}

func isAmount(s string) bool {
	whole, fraction, point := strings.Cut(s, ".")
	if len(whole) == 0 || len(whole) > 12 || len(fraction) > 12 || point && fraction == "" {
		return false
	}
	return strings.Trim(whole+fraction, "0123456789") == ""
}

func (d *decoder) decodeRaw(n ast.Node, p *json.RawMessage, path string) {
	v, ok := d.plain(n, path)
	if !ok {
		return
	}
	if _, ok := v.(map[string]any); !ok {
		d.problem(path, "write it as {temperature: 0}", "%s: want a mapping, got %s", path, describe(n))
		return
	}
	b, err := canonical(v)
	if err != nil {
		d.problem(path, "", "%s: %v", path, err)
		return
	}
	*p = b
}

// plain is a node as encoding/json would decode it; numbers keep their text.
func (d *decoder) plain(n ast.Node, path string) (any, bool) {
	if n = d.resolve(n, path); n == nil {
		return nil, false
	}
	switch v := n.(type) {
	case *ast.NullNode:
		return nil, true
	case *ast.BoolNode:
		return v.Value, true
	case *ast.IntegerNode:
		return v.Value, true
	case *ast.FloatNode:
		return v.Value, true
	case *ast.SequenceNode:
		list := make([]any, len(v.Values))
		for i, e := range v.Values {
			var ok bool
			if list[i], ok = d.plain(e, path+"["+strconv.Itoa(i)+"]"); !ok {
				return nil, false
			}
		}
		return list, true
	case *ast.MappingNode, *ast.MappingValueNode:
		return d.plainMapping(n, path)
	}
	s, ok := d.readScalar(n, path)
	if !ok || !s.isText {
		d.problem(path, "", "%s: %s has no place here", path, describe(n))
		return nil, false
	}
	if number := json.Number(s.text); s.replaced && json.Valid([]byte(s.text)) && isNumber(number) {
		d.edits[len(d.edits)-1].number = true
		return number, true
	}
	return s.text, true
}

func isNumber(n json.Number) bool { _, err := n.Float64(); return err == nil }

func (d *decoder) plainMapping(n ast.Node, path string) (any, bool) {
	list, _ := entries(n)
	m := make(map[string]any, len(list))
	for _, e := range list {
		name := e.Key.GetToken().Value
		sub := join(path, name)
		if _, twice := m[name]; twice || name == "<<" {
			d.keyProblem(e.Key.GetToken(), sub, "keep one", fmt.Sprintf("the key %q cannot be used here, or is there twice", name))
			return nil, false
		}
		d.note(sub, valueToken(e.Value))
		v, ok := d.plain(e.Value, sub)
		if !ok {
			return nil, false
		}
		m[name] = v
	}
	return m, true
}
