package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"reflect"
	"regexp"
	"strings"
)

// comments are the texts beside the types and fields of a package: by the name
// of the type, then by that of the field; the type's own is under "".
type comments map[string]map[string]string

// readComments reads the Go files of a folder, tests left out.
func readComments(root *os.Root, dir string) (comments, error) {
	paths, err := fs.Glob(root.FS(), dir+"/*.go")
	if err != nil {
		return nil, fmt.Errorf("read comments: %w", err)
	}
	out := comments{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		src, err := root.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read comments: %w", err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, src, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("read comments: %w", err)
		}
		for _, decl := range f.Decls {
			if gen, ok := decl.(*ast.GenDecl); ok && gen.Tok == token.TYPE {
				out.add(gen)
			}
		}
	}
	return out, nil
}

func (c comments) add(decl *ast.GenDecl) {
	for _, spec := range decl.Specs {
		ts := spec.(*ast.TypeSpec)
		st, ok := ts.Type.(*ast.StructType)
		if !ok {
			continue
		}
		names := jsonNames(st)
		texts := map[string]string{"": says(ts.Name.Name, flat(decl.Doc.Text()))}
		for _, field := range st.Fields.List {
			for _, name := range field.Names {
				texts[name.Name] = inJSON(says(name.Name, flat(field.Doc.Text())), names)
			}
		}
		c[ts.Name.Name] = texts
	}
}

// jsonNames maps the Go names of fields to those in JSON.
func jsonNames(st *ast.StructType) map[string]string {
	names := map[string]string{}
	for _, field := range st.Fields.List {
		if field.Tag == nil {
			continue
		}
		tag := reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("json")
		name, _, _ := strings.Cut(tag, ",")
		for _, ident := range field.Names {
			if name != "-" {
				names[ident.Name] = name
			}
		}
	}
	return names
}

// says is a comment without the name that it begins with: "Index is the
// position" becomes "The position".
func says(name, text string) string {
	rest, ok := strings.CutPrefix(text, name+" ")
	if !ok {
		return text
	}
	for _, verb := range []string{"is ", "are "} {
		rest = strings.TrimPrefix(rest, verb)
	}
	return strings.ToUpper(rest[:1]) + rest[1:]
}

var word = regexp.MustCompile(`[A-Za-z0-9]+`)

// inJSON says in a comment for readers of Go what readers of JSON see: fields by
// their names there.
func inJSON(text string, names map[string]string) string {
	return word.ReplaceAllStringFunc(text, func(w string) string {
		if name, ok := names[w]; ok {
			return name
		}
		return w
	})
}

func flat(text string) string { return strings.Join(strings.Fields(text), " ") }

// ofField is the comment on a field of a type. It has none for a type itself:
// what a field's comment says is more.
func (c comments) ofField(t reflect.Type, field string) string {
	if field == "" {
		return ""
	}
	return c[t.Name()][field]
}
