package experiment

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

const (
	maxSpec  = 1 << 20 // bytes of a spec
	maxDepth = 64      // lists and mappings inside each other
	maxNodes = 100_000 // values of a spec, with those that aliases repeat
	maxKeys  = 10_000  // keys of a spec: the parser takes quadratic time for those of one mapping
)

// parseYAML returns the one document of a YAML text.
func parseYAML(file string, src []byte) (ast.Node, Errors) {
	fail := func(line, column int, message, hint string) (ast.Node, Errors) {
		return nil, Errors{{File: file, Line: line, Column: column, Message: message, Hint: hint}}
	}
	if len(src) > maxSpec {
		return fail(0, 0, fmt.Sprintf("the spec has %d bytes: at most %d are read", len(src), maxSpec), "is this the data set?")
	}
	if !utf8.Valid(src) {
		line := 1
		for rest := src; len(rest) > 0; {
			r, n := utf8.DecodeRune(rest)
			if r == utf8.RuneError && n == 1 {
				break
			}
			if r == '\n' {
				line++
			}
			rest = rest[n:]
		}
		return fail(line, 0, "the text is not UTF-8", "save the file as UTF-8")
	}
	src = bytes.TrimPrefix(src, []byte("\uFEFF"))
	if at, message := tooLarge(src); at != nil {
		return fail(at.Line, at.Column, message, "")
	}
	f, err := safeParse(src)
	if err != nil {
		var e yaml.Error
		if errors.As(err, &e) && e.GetToken() != nil && e.GetToken().Position != nil {
			pos := e.GetToken().Position
			return fail(pos.Line, pos.Column, "YAML: "+e.GetMessage(), yamlHint(e, src))
		}
		return fail(0, 0, "YAML: "+err.Error(), "")
	}
	var body ast.Node
	for _, doc := range f.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType || doc.Body.Type() == ast.CommentGroupType {
			continue
		}
		if body != nil {
			pos := valueToken(doc.Body).Position
			return fail(pos.Line, pos.Column, "a second document begins here", "write one experiment into each file")
		}
		body = doc.Body
	}
	if body == nil {
		return fail(1, 1, "the spec is empty", "begin with \"version: 1\"; \"crucible new\" writes a spec")
	}
	return body, nil
}

// safeParse turns a panic of the parser into an error: it reads what anybody
// sends.
func safeParse(src []byte) (f *ast.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			f, err = nil, fmt.Errorf("the text cannot be read: %v", r)
		}
	}()
	return parser.ParseBytes(src, 0, parser.AllowDuplicateMapKey())
}

func yamlHint(e yaml.Error, src []byte) string {
	line := ""
	if lines := strings.Split(string(src), "\n"); e.GetToken().Position.Line <= len(lines) {
		line = lines[e.GetToken().Position.Line-1]
	}
	switch {
	case strings.Contains(e.GetMessage(), "'\t'"):
		return "indent with spaces, not with tabs"
	case strings.Contains(line, "${"):
		return `put a text with ${NAME} in it into quotes: "${NAME}"`
	}
	return "texts with : # { } [ ] , & * ! | > ' \" % @ need quotes"
}

// tooLarge finds the place where a text becomes too large for the parser: where
// lists and mappings are nested too deeply for a recursive one, or where there
// are too many keys. It returns nil if there is no such place.
func tooLarge(src []byte) (at *token.Position, message string) {
	defer func() {
		if recover() != nil { // the tokens cannot be made: the parser will say so
			at = nil
		}
	}()
	flow, inLine, line, keys, indents := 0, 0, 0, 0, map[int]bool{}
	for _, t := range lexer.Tokenize(string(src)) {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow--
		case token.SequenceEntryType, token.MappingKeyType, token.MappingValueType, token.AnchorType, token.TagType:
			if t.Position.Line != line {
				line, inLine = t.Position.Line, 0
			}
			inLine++
			indents[t.Position.IndentNum] = true
			if t.Type == token.MappingValueType {
				keys++
			}
		}
		switch {
		case flow > maxDepth || inLine > 16*maxDepth || len(indents) > 4*maxDepth:
			return t.Position, fmt.Sprintf("more than %d lists or mappings inside each other", maxDepth)
		case keys > maxKeys:
			return t.Position, fmt.Sprintf("more than %d keys", maxKeys)
		}
	}
	return nil, ""
}
