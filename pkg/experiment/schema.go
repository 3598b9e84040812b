package experiment

import (
	"encoding/json"
	"reflect"
	"slices"
)

// Schema is the JSON Schema (draft 2020-12) of the spec, for editors. It is
// derived from the types and from Supported. Where a text may stand for a
// number, because it names a variable of the environment, it allows that.
func Schema() []byte {
	s := schemaOf(reflect.TypeFor[Spec](), "")
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "Crucible experiment"
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic("experiment: " + err.Error()) // maps of texts
	}
	return append(b, '\n')
}

func schemaOf(t reflect.Type, key string) map[string]any {
	switch t {
	case reflect.TypeFor[Duration]():
		return map[string]any{"type": "string", "examples": []string{"800ms", "1m30s"}}
	case reflect.TypeFor[Decimal]():
		return map[string]any{"type": "string", "examples": []string{"5.00"}}
	case reflect.TypeFor[json.RawMessage]():
		return map[string]any{"type": "object"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem(), key)
	case reflect.Slice:
		list := map[string]any{"type": "array", "items": schemaOf(t.Elem(), key)}
		if t.Elem().Kind() == reflect.Int {
			return map[string]any{"anyOf": []any{list, schemaOf(t.Elem(), key)}}
		}
		return list
	case reflect.Struct:
		return structSchema(t, key)
	case reflect.String:
		return textSchema(key)
	case reflect.Bool:
		return orVariable("boolean")
	case reflect.Float64:
		return orVariable("number")
	default:
		return orVariable("integer")
	}
}

func structSchema(t reflect.Type, key string) map[string]any {
	properties := map[string]any{}
	var need []string
	for _, f := range reflect.VisibleFields(t) {
		name := fieldName(f)
		if name == "" {
			continue
		}
		sub := schemaOf(f.Type, join(key, name))
		sub["description"] = f.Tag.Get("doc")
		properties[name] = sub
		if f.Tag.Get("need") == "true" {
			need = append(need, name)
		}
	}
	s := map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
	if len(need) > 0 {
		s["required"] = need
	}
	return s
}

// textSchema lists the values of a key, if it has a list and nothing else.
func textSchema(key string) map[string]any {
	values := Supported(key)
	if key == "score.extract" || key == "metrics" || len(values.Works) == 0 {
		return map[string]any{"type": "string"}
	}
	variable := map[string]any{"type": "string", "pattern": `\$\{`}
	return map[string]any{"anyOf": []any{map[string]any{"enum": slices.Concat(values.Works, values.Later)}, variable}}
}

func orVariable(kind string) map[string]any {
	return map[string]any{"anyOf": []any{map[string]any{"type": kind}, map[string]any{"type": "string", "pattern": `^\$\{`}}}
}
