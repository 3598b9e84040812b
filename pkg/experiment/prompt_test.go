package experiment

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPrompt(t *testing.T) {
	it := &Item{Input: "mapped", Expected: "42", HasExpected: true,
		Raw: []byte(`{"input":"raw","n":1.50,"t":true,"o":{"k":"v","z":null},"l":["x","y"],"nil":null,"a-b":"dash","empty":""}`)}
	for text, want := range map[string]string{
		"{{.input}}":                   "mapped",
		"{{.input}} {{.expected}}":     "mapped 42",
		"n={{.n}} t={{.t}}{{.empty}}.": "n=1.50 t=true.",
		"{{.o.k}}":                     "v",
		"{{.o}}":                       "map[k:v z:\x00null\x00]",
		`{{index . "a-b"}}`:            "dash",
		"{{range $i, $x := .l}}{{$i}}{{$x}} {{end}}": "0x 1y ",
		"{{if .nil}}yes{{else}}no{{end}}":            "no",
		"{{with $.o}}{{.k}}{{end}}":                  "v",
		`{{printf "%05s|" .n}}`:                      "01.50|",
		"{{len .l}}":                                 "2",
		"no field":                                   "no field",
	} {
		p, err := compilePrompt("prompt", text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got, err := p.render(it)
		if strings.Contains(want, nullMark) {
			if err == nil || err.Error() != errPromptNull.Error() {
				t.Errorf("%s: %q, %v, want an error", text, got, err)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"{{.nope}}":      `the item has no field "nope"`,
		"{{.o.nope}}":    `the item has no field "nope"`,
		"{{.nil}}":       "a value that it prints is null",
		"{{.o.z}}":       "a value that it prints is null",
		"{{.n.x}}":       `at {{.n.x}}: can't evaluate field x in type interface {}`,
		"{{index .l 5}}": "at {{index .l 5}}: error calling index: index out of range: 5",
	} {
		p, err := compilePrompt("prompt", text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := p.render(it); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %q, %v, want %s", text, got, err, want)
		}
	}
}

func TestPromptRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"{{.input":                                 "prompt:1: unclosed action",
		"a\n{{nope .x}}":                           `prompt:2: function "nope" not defined`,
		"{{range 1000000000}}{{end}}":              "1000000000: range over a number is not supported",
		`{{define "x"}}{{end}}{{.x}}`:              "define and block are not supported",
		`{{block "x" .}}{{template "x" .}}{{end}}`: "define and block are not supported",
		`{{template "x" .}}`:                       `{{template "x" .}}: templates inside the template are not supported`,
	} {
		if _, err := compilePrompt("prompt", text); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// Text with names of fields in it is put together without the engine: to the
// same bytes.
func TestPromptAgreesWithEngine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var text strings.Builder
		object := map[string]any{}
		for range rapid.IntRange(0, 5).Draw(t, "parts") {
			text.WriteString(strings.NewReplacer("{", "(", "}", ")").Replace(rapid.String().Draw(t, "text")))
			name := rapid.SampledFrom([]string{"a", "b", "c", "input", "expected"}).Draw(t, "name")
			text.WriteString("{{." + name + "}}")
			object[name] = rapid.OneOf(values(1), rapid.Just[any]("x")).Draw(t, "value")
		}
		raw, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		it := &Item{Input: "in", Expected: "out", HasExpected: true, Raw: raw}
		p, err := compilePrompt("p", text.String())
		if err != nil {
			t.Fatal(err)
		}
		if p.parts == nil {
			t.Fatalf("%q needs the engine", text.String())
		}
		fast, err1 := p.render(it)
		p.parts = nil
		slow, err2 := p.render(it)
		if fast != slow || (err1 == nil) != (err2 == nil) {
			t.Fatalf("%q, %v and %q, %v", fast, err1, slow, err2)
		}
	})
}
