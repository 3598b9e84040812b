package experiment

import (
	"reflect"

	"github.com/goccy/go-yaml/ast"

	"github.com/crucible-go/crucible/pkg/prices"
)

// maxProblems is the number of mistakes that are reported of a spec.
const maxProblems = 100

// Parse reads a spec. The file's name is only used in messages; env looks up
// the variables that the text names as ${NAME}. A spec with mistakes gives
// Errors, all of them.
func Parse(file string, src []byte, env func(string) (string, bool)) (*Spec, error) {
	return ParsePriced(file, src, env, nil)
}

// ParsePriced is Parse, and gives models without a price of their own that of a
// table, if it lists them.
func ParsePriced(file string, src []byte, env func(string) (string, bool), table *prices.Table) (*Spec, error) {
	s, _, problems := parseSpec(file, src, env, pricing{table: table})
	if len(problems) > 0 {
		return nil, problems.sorted()[:min(len(problems), maxProblems)]
	}
	return s, nil
}

// pricing says what is known of prices.
type pricing struct {
	table *prices.Table
	later bool // prices are found later: none is missing
}

func parseSpec(file string, src []byte, env func(string) (string, bool), p pricing) (*Spec, *decoder, Errors) {
	body, problems := parseYAML(file, src)
	if len(problems) > 0 {
		return nil, nil, problems
	}
	d := &decoder{file: file, env: env, places: map[string]place{}, anchors: map[string]ast.Node{}}
	s := new(Spec)
	d.decode(body, reflect.ValueOf(s).Elem(), "", "")
	if d.places[""].bad {
		return nil, d, d.problems
	}
	s.setDefaults(d.has)
	s.setPrices(p.table)
	check(d, s, p.later)
	return s, d, d.problems
}
