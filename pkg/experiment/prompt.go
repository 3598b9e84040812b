package experiment

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
)

// maxPrompt is the longest message that a template may make, in bytes.
const maxPrompt = 16 << 20

var (
	errPromptTooLong = errors.New("the text is longer than 16 MiB")
	errPromptNull    = errors.New("a value that it prints is null")
)

// prompt is a template over an item. Most are text with names of fields in it:
// these are put together without the template engine.
type prompt struct {
	full   *template.Template
	parts  []promptPart // nil: only full can do it
	names  []string     // the fields that are used, sorted
	fields *pathSet     // of names
	all    bool         // it may use any field
}

// promptPart is a text, or the name of a field if at is not negative.
type promptPart struct {
	text string
	at   int // index into names
}

// compilePrompt parses a template. Its error names the line in the template.
func compilePrompt(name, text string) (*prompt, error) {
	t, err := template.New(name).Option("missingkey=error").Parse(text)
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "template: "))
	}
	p := &prompt{full: t}
	if len(t.Templates()) > 1 {
		return nil, errors.New("define and block are not supported")
	}
	if t.Tree != nil {
		if err := p.collect(t.Root); err != nil {
			return nil, err
		}
	}
	slices.Sort(p.names)
	p.names = slices.Compact(p.names)
	p.fields = new(pathSet)
	for _, n := range p.names {
		p.fields.add([]string{n})
	}
	p.parts = p.simple()
	return p, nil
}

// collect notes the fields that a template uses.
func (p *prompt) collect(n parse.Node) error {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return nil
		}
		return p.collectAll(n.Nodes)
	case *parse.ActionNode:
		return p.collect(n.Pipe)
	case *parse.PipeNode:
		if n == nil {
			return nil
		}
		for _, c := range n.Cmds {
			if err := p.collectAll(c.Args); err != nil {
				return err
			}
		}
	case *parse.FieldNode:
		p.names = append(p.names, n.Ident[0])
	case *parse.VariableNode:
		if n.Ident[0] == "$" && len(n.Ident) > 1 {
			p.names = append(p.names, n.Ident[1])
		} else if n.Ident[0] == "$" {
			p.all = true
		}
	case *parse.DotNode:
		p.all = true
	case *parse.ChainNode:
		return p.collect(n.Node)
	case *parse.TemplateNode: // a recursion takes the engine minutes to refuse
		return fmt.Errorf("%s: templates inside the template are not supported", n)
	case *parse.IfNode:
		return p.collectBranch(&n.BranchNode)
	case *parse.WithNode:
		return p.collectBranch(&n.BranchNode)
	case *parse.RangeNode:
		if len(n.Pipe.Cmds) == 1 && len(n.Pipe.Cmds[0].Args) == 1 && n.Pipe.Cmds[0].Args[0].Type() == parse.NodeNumber {
			return fmt.Errorf("%s: range over a number is not supported", n.Pipe)
		}
		return p.collectBranch(&n.BranchNode)
	}
	return nil
}

func (p *prompt) collectAll(nodes []parse.Node) error {
	for _, n := range nodes {
		if err := p.collect(n); err != nil {
			return err
		}
	}
	return nil
}

func (p *prompt) collectBranch(b *parse.BranchNode) error {
	return errors.Join(p.collect(b.Pipe), p.collect(b.List), p.collect(b.ElseList))
}

// simple returns the template as text and names, nil if it is more than that.
func (p *prompt) simple() []promptPart {
	if p.all || p.full.Tree == nil {
		return nil
	}
	parts := make([]promptPart, 0, len(p.full.Root.Nodes))
	for _, n := range p.full.Root.Nodes {
		switch n := n.(type) {
		case *parse.TextNode:
			parts = append(parts, promptPart{text: string(n.Text), at: -1})
		case *parse.ActionNode:
			if len(n.Pipe.Decl) > 0 || len(n.Pipe.Cmds) != 1 || len(n.Pipe.Cmds[0].Args) != 1 {
				return nil
			}
			f, ok := n.Pipe.Cmds[0].Args[0].(*parse.FieldNode)
			if !ok || len(f.Ident) != 1 {
				return nil
			}
			at, _ := slices.BinarySearch(p.names, f.Ident[0])
			parts = append(parts, promptPart{at: at})
		default:
			return nil
		}
	}
	return parts
}

// render makes the text for an item.
func (p *prompt) render(it *Item) (string, error) {
	if p.parts != nil {
		if text, ok := p.join(it); ok {
			return text, nil
		}
	}
	data, err := p.data(it)
	if err != nil {
		return "", err
	}
	var w promptWriter
	if err := p.full.Execute(&w, data); err != nil {
		return "", promptError(err)
	}
	return w.String(), nil
}

// join renders text and names; it leaves to the engine what is not a string,
// a number or a truth value, and what is missing.
func (p *prompt) join(it *Item) (string, bool) {
	var stack [8]span
	spans := stack[:]
	if len(p.names) > len(stack) {
		spans = make([]span, len(p.names))
	}
	if !p.mapped() {
		p.fields.find(it.Raw, spans[:len(p.names)])
	}
	var b strings.Builder
	for _, part := range p.parts {
		if part.at < 0 {
			b.WriteString(part.text)
			continue
		}
		text, ok := it.mapped(p.names[part.at])
		if !ok {
			value := it.Raw[spans[part.at].start:spans[part.at].end]
			if len(value) > 0 && (value[0] == '{' || value[0] == '[') {
				return "", false
			}
			if text, ok = valueText(value); !ok {
				return "", false
			}
		}
		b.WriteString(text)
	}
	return b.String(), b.Len() <= maxPrompt
}

// mapped says whether no field but input and expected is used.
func (p *prompt) mapped() bool {
	for _, n := range p.names {
		if n != "input" && n != "expected" {
			return false
		}
	}
	return true
}

// mapped returns what the spec's fields call input and expected, whatever else
// the item has under these names.
func (it *Item) mapped(name string) (string, bool) {
	switch {
	case name == "input":
		return it.Input, true
	case name == "expected" && it.HasExpected:
		return it.Expected, true
	}
	return "", false
}

// data is what the template engine sees.
func (p *prompt) data(it *Item) (map[string]any, error) {
	data := make(map[string]any)
	if p.all {
		if err := decodeJSON(it.Raw, &data); err != nil {
			return nil, fmt.Errorf("item: %w", err)
		}
	} else {
		spans := make([]span, len(p.names))
		p.fields.find(it.Raw, spans)
		for i, s := range spans {
			if s.end == 0 {
				continue
			}
			var v any
			if err := decodeJSON(it.Raw[s.start:s.end], &v); err != nil {
				return nil, fmt.Errorf("item: %w", err)
			}
			data[p.names[i]] = v
		}
	}
	for name, v := range data {
		data[name] = markNulls(v)
	}
	for _, name := range []string{"input", "expected"} {
		if v, ok := it.mapped(name); ok {
			data[name] = v
		}
	}
	return data, nil
}

// null stands for null in what the template engine sees: it is false to "if",
// and shows itself when it is printed, where the engine would print "<no value>".
type null []struct{}

const nullMark = "\x00null\x00"

// String implements fmt.Stringer.
func (null) String() string { return nullMark }

func markNulls(v any) any {
	switch v := v.(type) {
	case nil:
		return null{}
	case []any:
		for i := range v {
			v[i] = markNulls(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = markNulls(v[k])
		}
	}
	return v
}

func decodeJSON(raw []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	return dec.Decode(v)
}

// promptError says what the engine says, without where in its own terms.
func promptError(err error) error {
	var e template.ExecError
	for _, known := range []error{errPromptTooLong, errPromptNull} {
		if errors.Is(err, known) {
			return known
		}
	}
	if !errors.As(err, &e) {
		return err
	}
	_, text, ok := strings.Cut(e.Error(), " at <")
	if !ok {
		return err
	}
	expr, why, ok := strings.Cut(text, ">: ")
	if !ok {
		return err
	}
	if key, ok := strings.CutPrefix(why, "map has no entry for key "); ok {
		return &missingField{strings.Trim(key, `"`)}
	}
	return fmt.Errorf("at {{%s}}: %s", expr, why)
}

// missingField is the error of a template that uses a field an item lacks.
type missingField struct{ name string }

func (e *missingField) Error() string { return fmt.Sprintf("the item has no field %q", e.name) }

// promptWriter is a text of limited length.
type promptWriter struct{ strings.Builder }

// Write implements io.Writer.
func (w *promptWriter) Write(p []byte) (int, error) {
	if w.Len()+len(p) > maxPrompt {
		return 0, errPromptTooLong
	}
	if bytes.Contains(p, []byte(nullMark)) {
		return 0, errPromptNull
	}
	return w.Builder.Write(p)
}
