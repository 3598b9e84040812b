package score

import (
	"testing"
	"unicode/utf8"
)

func TestBoolean(t *testing.T) {
	n, err := NewNormalizer(NormalizeBoolean)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"yes": "true", "YES!": "true", "True.": "true", " correct ": "true", "1": "true", "y": "true",
		"no": "false", "False": "false", "wrong.": "false", "0": "false", "Incorrect": "false",
		"not true": "false", "Not false.": "true", "It is not true": "false", "that’s not correct": "false", "It isn't wrong": "true",
		"The answer is yes": "true", "The final answer: no.": "false", "Yes, because two is even.": "true", "No. It is odd.": "false", "No — 9 is a square": "false",
		"true or false": "", "yes and no": "", "Yes, but no": "", "Yes, or perhaps not": "", "maybe": "", "no doubt it is true": "", "notable": "", "yesterday": "",
		"I know it": "", "not": "", "": "", "…": "", "truish": "", "10": "",
	} {
		got, ok := n.Normalize(text)
		if got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v; want %q", text, got, ok, want)
		}
	}
}

func TestJSON(t *testing.T) {
	n, err := NewNormalizer(NormalizeJSON)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`{"b": 1.0, "a": [true, null, "x<y"]}`: `{"a":[true,null,"x<y"],"b":1}`,
		"```json\n{\"a\": 1e2}\n```":           `{"a":100}`,
		"```\n[1, 2]\n```":                     `[1,2]`, `"x"`: `"x"`, " 3.140 ": "3.14", "-5": "-5", "[]": "[]", "{}": "{}",
		`{"a":1,"a":2}`: "", `{"a":1} {"b":2}`: "", "not json": "", "{": "", "": "", "[1,]": "", "```json\n{}": "", `{"a":1e999999999}`: "",
	} {
		if got, ok := n.Normalize(text); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v; want %q", text, got, ok, want)
		}
	}
}

func TestSemanticRegexCustom(t *testing.T) {
	n, err := NewNormalizer(NormalizeSemantic)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"  The  Eiffel Tower. ": "the eiffel tower", "“Straße”": "strasse", "ﬁne": "fine", "-5": "-5", "3.14!": "3.14", ".5": ".5", "5%": "5%", "...": "",
	} {
		if got, ok := n.Normalize(text); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v; want %q", text, got, ok, want)
		}
	}
	r, err := NewRegexNormalizer(`^(?:no\.)?\s*(\d+)$`)
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := r.Normalize("no. 12"); got != "12" || !ok {
		t.Errorf("%q, %v", got, ok)
	}
	if got, ok := r.Normalize("twelve"); ok {
		t.Errorf("%q", got)
	}
	if _, err := NewRegexNormalizer("("); err == nil {
		t.Error("( is an expression")
	}
	c := NewCustomNormalizer("first", func(s string) (string, bool) { return s[:1], s != "" })
	if got, _ := c.Normalize("abc"); got != "a" || c.String() != "first" {
		t.Errorf("%q of %s", got, c)
	}
}

// FuzzNormalizers: whatever the text, the form of a form is the form.
func FuzzNormalizers(f *testing.F) {
	for _, s := range []string{"yes", "{\"a\":1}", "“Straße”", "-5", "3.14", "1,5", "Not true.", "ẞİı"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		for _, name := range []string{NormalizeBoolean, NormalizeJSON, NormalizeSemantic, NormalizeLowercaseTrim, NormalizeNumeric, NormalizeChoice} {
			n, err := NewNormalizer(name)
			if err != nil {
				t.Fatal(err)
			}
			if once, ok := n.Normalize(text); ok {
				if twice, ok := n.Normalize(once); !ok || twice != once {
					t.Errorf("%s of %q: %q, and of that %q, %v", name, text, once, twice, ok)
				}
			}
		}
	})
}
