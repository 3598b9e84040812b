package trace

import (
	"encoding/csv"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// unplaced is a chain without its positions.
func unplaced(c Chain) Chain {
	c.Events = slices.Clone(c.Events)
	for i := range c.Events {
		c.Events[i].Start, c.Events[i].End = 0, 0
	}
	return c
}

// identity checks that what was read is printed and read again as it was.
func identity(t interface {
	Fatalf(string, ...any)
}, text string, types *Types) {
	c, _ := ParseAny(text, types)
	printed := Tags(c)
	again, reports := Parse(printed, types)
	if !reflect.DeepEqual(unplaced(c), unplaced(again)) {
		t.Fatalf("text %q\nprinted %s\nread %+v\nwant %+v\n%+v", text, printed, again, c, reports)
	}
	for _, r := range reports {
		if k := r.Kind.Class(); k != Note && k != Graph {
			t.Fatalf("text %q: printed %s: report %+v", text, printed, r)
		}
	}
	b, err := JSON(c)
	if err != nil {
		t.Fatalf("json of %q: %v", text, err)
	}
	fromJSON, reports := ParseJSON(string(b), types)
	if !reflect.DeepEqual(c, fromJSON) {
		t.Fatalf("text %q\njson %s\nread %+v\nwant %+v\n%+v", text, b, fromJSON, c, reports)
	}
}

func TestCorpusIdentity(t *testing.T) {
	types := testTypes(t)
	for _, text := range corpus(t) {
		identity(t, text, types)
	}
}

// pieces are what models write traces from, well and badly.
func pieces() []string {
	return []string{`<event type="decision_made">`, `<event type="hypothesis_formed" id="a">`, `<event type=“synthesis” id=b parent='a'>`, "</event>", "</EVENT>",
		"<event>", "<decision>", "</decision>", "<reasoning>", "</reasoning>", "<alternatives>", "</alternatives>", "<alternative>", "</alternative>", "<item>",
		"<confidence>", "</confidence>", "<code_section>", "</code_section>", "<code>", "</code>", "<trace>", "</trace>", `<meta key="k">`, "</meta>",
		`<depends_on ref="a"/>`, "<depends_on>a, b</depends_on>", "<!-- model: m -->", "<!--", "-->", "<![CDATA[", "]]>", "```", "\n```xml\n", "\n```\n", "`", "~~~",
		"0.9", "90%", "high", "1.7", "a, b, c", "x; y", "\n- one\n- two\n", " ", "\n", "&lt;", "&amp;", "&", "&#32;", "\"", "'", "“", "=", "<", ">", "/>", "</",
		"Use a map", "because", "é", "\xff", "\x00", "\u2028", "<decision_made>", "</decision_made>", "<b>", `<event type="x`, ` id="q`, "{", "[", "type=\"x\""}
}

func someText() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces()), 0, 40).Draw(t, "pieces"), "")
	})
}

func TestIdentity(t *testing.T) {
	types := testTypes(t)
	rapid.Check(t, func(t *rapid.T) { identity(t, someText().Draw(t, "text"), types) })
}

// TestAnyText checks on any text that every byte is accounted for and that
// chunks change nothing.
func TestAnyText(t *testing.T) {
	types := testTypes(t)
	rapid.Check(t, func(rt *rapid.T) {
		text := someText().Draw(rt, "text")
		c, reports := Parse(text, types)
		account(t, text, text, c, reports)
		cut := rapid.IntRange(0, len(text)).Draw(rt, "cut")
		sameStream(t, text, types, c, reports, text[:cut], text[cut:])
	})
}

// TestBuiltIdentity prints chains nobody parsed.
func TestBuiltIdentity(t *testing.T) {
	types := testTypes(t)
	word := rapid.Custom(func(t *rapid.T) string {
		s := rapid.OneOf(rapid.String(), someText()).Draw(t, "s")
		return strings.TrimSpace(strings.ToValidUTF8(s, "?"))
	})
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 6).Draw(t, "n")
		c := Chain{Version: Version, Name: word.Draw(t, "name"), Events: []Event{}}
		for i := range n {
			e := Event{ID: "e" + string(rune('0'+i)), Type: rapid.SampledFrom(StandardTypes()).Draw(t, "type"), Decision: word.Draw(t, "d"), Reasoning: word.Draw(t, "r")}
			for _, a := range rapid.SliceOfN(word, 0, 4).Draw(t, "alts") {
				if a != "" {
					e.Alternatives = append(e.Alternatives, a)
				}
			}
			if rapid.Bool().Draw(t, "has") {
				v := rapid.Float64Range(0, 1).Draw(t, "v")
				e.Confidence = &v
			}
			if k := word.Draw(t, "key"); k != "" {
				e.Metadata = map[string]string{k: word.Draw(t, "value")}
			}
			c.Events = append(c.Events, e)
		}
		again, _ := Parse(Tags(c), types)
		if !reflect.DeepEqual(unplaced(again), c) {
			t.Fatalf("printed %q\nread %+v\nwant %+v", Tags(c), again, c)
		}
	})
}

// TestExportsAreHarmless exports hostile text in every format.
func TestExportsAreHarmless(t *testing.T) {
	types := testTypes(t)
	for name, text := range corpus(t) {
		c, _ := ParseAny(text, types)
		for _, f := range Formats() {
			b, err := Export(c, f)
			if err != nil {
				t.Fatalf("%s: %s: %v", name, f, err)
			}
			harmless(t, name, f, string(b))
		}
	}
	if _, err := Export(Chain{}, "exe"); err == nil {
		t.Fatal("a format nobody knows was printed")
	}
}

func harmless(t *testing.T, name, format, out string) {
	t.Helper()
	switch format {
	case "csv":
		rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if cell != "" && strings.ContainsRune("=+-@\t\r\x00", rune(cell[0])) {
					t.Errorf("%s: cell %q is a formula", name, cell)
				}
			}
		}
	case "markdown":
		for line := range strings.SplitSeq(out, "\n") {
			if strings.HasPrefix(line, "- **") && (strings.Contains(line, "<") || strings.Contains(line, "](") || strings.Contains(line, "://")) {
				t.Errorf("%s: markdown %q", name, line)
			}
		}
	case "mermaid":
		for line := range strings.SplitSeq(strings.TrimSpace(out), "\n") {
			if strings.Count(line, `"`) > 2 || strings.Contains(line, "%%") || strings.Contains(line, "click x") && !strings.Contains(line, `["`) {
				t.Errorf("%s: mermaid %q", name, line)
			}
		}
	case "dot":
		if n := strings.Count(strings.NewReplacer(`\\`, "", `\"`, "").Replace(out), `"`); n%2 != 0 {
			t.Errorf("%s: dot has %d quotes", name, n)
		}
	}
}
