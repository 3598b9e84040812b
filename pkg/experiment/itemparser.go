package experiment

import (
	"fmt"
	"strings"
)

// ItemParser makes items of the lines of a data set. It is not safe for
// concurrent use.
type ItemParser struct {
	file   string
	fields Fields
	paths  *pathSet
	id     int // index into paths, -1: items have no id of their own
	input  int
	expect int
	found  []span
}

// NewItemParser returns a parser for items that have their parts at the fields.
// The file's name is only used in messages.
func NewItemParser(file string, f Fields) *ItemParser {
	p := &ItemParser{file: file, fields: f, paths: new(pathSet), id: -1}
	p.input = p.paths.add(splitPath(f.Input))
	p.expect = p.paths.add(splitPath(f.Expected))
	if f.ID != "" {
		p.id = p.paths.add(splitPath(f.ID))
	}
	p.found = make([]span, p.paths.count)
	return p
}

// Parse makes an item of raw, a valid JSON object that it keeps. An item
// without input, or without the id that it should have, is a Problem; one
// without an expected answer is not.
func (p *ItemParser) Parse(raw []byte, line int) (Item, *Problem) {
	it := Item{Raw: raw, Line: line}
	p.paths.find(raw, p.found)
	var problem *Problem
	if it.Input, problem = p.need(&it, p.input, "input", p.fields.Input); problem != nil {
		return it, problem
	}
	if p.id >= 0 {
		if it.ID, problem = p.need(&it, p.id, "id", p.fields.ID); problem != nil {
			return it, problem
		}
		if why := nameProblem(it.ID); why != "" {
			return it, p.problem(&it, "id", "an id is 1 to 200 bytes of UTF-8 without control characters", "the id %.80q %s", it.ID, why)
		}
	}
	it.Expected, it.HasExpected, problem = p.text(&it, p.expect, "expected", p.fields.Expected)
	return it, problem
}

// need is text for a value that must be there.
func (p *ItemParser) need(it *Item, at int, part, path string) (string, *Problem) {
	text, ok, problem := p.text(it, at, part, path)
	if problem == nil && !ok {
		return "", p.problem(it, part, didYouMean(path, it.Paths(), "the item has"), "the item has no value at %q (dataset.fields.%s)", path, part)
	}
	return text, problem
}

// text is a value as text; lists and objects are none.
func (p *ItemParser) text(it *Item, at int, part, path string) (string, bool, *Problem) {
	value := it.Raw[p.found[at].start:p.found[at].end]
	if len(value) == 0 || value[0] != '{' && value[0] != '[' {
		text, ok := valueText(value)
		return text, ok, nil
	}
	if value[0] == '[' {
		return "", false, p.problem(it, part, fmt.Sprintf("name one of its elements: %s.0", path), "the value at %q (dataset.fields.%s) is a list: want a text, a number or a truth value", path, part)
	}
	var inner []string
	for _, q := range it.Paths() {
		if strings.HasPrefix(q, path+".") {
			inner = append(inner, q)
		}
	}
	return "", false, p.problem(it, part, "name a field inside it: "+strings.Join(inner, ", "), "the value at %q (dataset.fields.%s) is an object: want a text, a number or a truth value", path, part)
}

func (p *ItemParser) problem(it *Item, part, hint, format string, args ...any) *Problem {
	return &Problem{File: p.file, Line: it.Line, Path: "dataset.fields." + part, Message: fmt.Sprintf(format, args...), Hint: hint}
}
