package experiment

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// join appends a key to a path.
func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// in says where a key is, for messages.
func in(path string) string {
	if path == "" {
		return ""
	}
	return " in " + path
}

func orSpec(path string) string {
	if path == "" {
		return "the spec"
	}
	return path
}

// fieldNames are the keys of a type, in the order of its fields.
func fieldNames(t reflect.Type) []string {
	var names []string
	for _, f := range reflect.VisibleFields(t) { // those of embedded structs among them
		if name := fieldName(f); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// fieldName is the key of a field, "" if it has none.
func fieldName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "-" {
		return ""
	}
	return name
}

func fieldByName(v reflect.Value, name string) reflect.Value {
	for _, f := range reflect.VisibleFields(v.Type()) {
		if name != "" && fieldName(f) == name {
			return v.FieldByIndex(f.Index)
		}
	}
	return reflect.Value{}
}

// valueToken is the token at which a value begins.
func valueToken(n ast.Node) *token.Token {
	if list, ok := entries(n); ok && len(list) > 0 {
		if m, isMapping := n.(*ast.MappingNode); isMapping && m.IsFlowStyle {
			return m.Start
		}
		return list[0].Key.GetToken()
	}
	return n.GetToken()
}

func kindName(k reflect.Kind) string {
	switch k {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Uint64:
		return "a whole number"
	default:
		return "a number"
	}
}

// describe says what a value is, for messages.
func describe(n ast.Node) string {
	switch v := n.(type) {
	case *ast.StringNode:
		return "the text " + strconv.Quote(shorten(v.Value))
	case *ast.LiteralNode:
		return "the text " + strconv.Quote(shorten(v.Value.Value))
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.BoolNode:
		return "the truth value " + v.Token.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "the number " + shorten(n.GetToken().Value)
	}
	return fmt.Sprintf("a %s", strings.ToLower(n.Type().YAMLName()))
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
