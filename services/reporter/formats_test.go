package reporter

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"github.com/crucible-go/crucible/pkg/events"
)

// hostile is text that would do harm wherever it is not escaped.
func hostileTexts() []string {
	return []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `javascript:alert(1)`, `[x](javascript:alert(1))`,
		`\input{/etc/passwd}`, `\write18{id}`, `\end{document}`, `$\infty$`, `%comment`, `=HYPERLINK("http://evil.example")`,
		"\x1b[31mred\x1b[0m", "\u202eevil\u2066", "a\x00b", "<!--", "]]>", "${jndi:x}", "{{.}}", "<style>*{display:none}</style>",
		strings.Repeat("w", 1<<20), strings.Repeat("\\", 300), "Ελληνικά 漢字 🎉", "`` ` ``", "|a|b|", "# h\n* i\n1. n",
	}
}

// hostileReport has each text in every field that users and models fill.
func hostileReport(t testing.TB, text string) *Report {
	t.Helper()
	r := shape{items: 30, repeat: 1, accuracy: []float64{1, 0.5}, latency: true, seed: 1, alternative: "two-sided"}.report(t)
	r.Spec.Name, r.Spec.Description = text, text
	r.Spec.Score.Extract, r.Spec.Dataset.Source = text, text
	r.Spec.Conditions[0].Name, r.Analysis.Conditions[0].Name = text, text
	r.Spec.Conditions[0].Members = []string{text, text}
	r.Analysis.Control, r.Analysis.Comparisons[0].Control = text, text
	r.Analysis.Hypothesis.Claim, r.Analysis.Hypothesis.ID = text, text
	r.Analysis.Warnings = []string{text}
	r.Failures = []Failures{{Condition: text, Member: text, Class: text, Count: 1, Example: text}}
	r.Environment.ServedModels = []events.ServedModels{{Member: text, Served: []string{text}}}
	r.Environment.State, r.Environment.Reason = "partial", text
	return r
}

// In a page no text becomes an element, an attribute or an address.
func TestHTMLIsOurOwn(t *testing.T) {
	allowed := map[string]string{ // elements, and the attributes that they may have
		"html": "lang", "head": "", "meta": "charset name content http-equiv", "title": "", "link": "rel href", "style": "", "body": "",
		"a": "class href", "header": "", "h1": "", "nav": "aria-label", "ul": "", "li": "", "main": "id", "h2": "id", "h3": "", "p": "class role",
		"div": "class tabindex role aria-label", "table": "", "caption": "", "thead": "", "tbody": "", "tr": "", "th": "scope class", "td": "class",
		"figure": "", "img": "src alt", "figcaption": "", "pre": "tabindex", "code": "",
	}
	for _, text := range hostileTexts() {
		d := hostileReport(t, text).Document()
		page, err := d.HTML()
		if err != nil {
			t.Fatal(err)
		}
		z := html.NewTokenizer(bytes.NewReader(page))
		for {
			kind := z.Next()
			if kind == html.ErrorToken {
				if !errors.Is(z.Err(), io.EOF) {
					t.Fatal(z.Err())
				}
				break
			}
			tok := z.Token()
			if kind == html.CommentToken {
				t.Errorf("%.40q: a comment in the page", text)
			}
			if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
				continue
			}
			attributes, ok := allowed[tok.Data]
			if !ok {
				t.Fatalf("%.40q: an element %s in the page", text, tok.Data)
			}
			for _, a := range tok.Attr {
				if !strings.Contains(" "+attributes+" ", " "+a.Key+" ") {
					t.Errorf("%.40q: an attribute %s of %s", text, a.Key, tok.Data)
				}
				if (a.Key == "href" || a.Key == "src") && !strings.HasPrefix(a.Val, "#") && !strings.HasPrefix(a.Val, "data:") {
					t.Errorf("%.40q: an address %s", text, a.Val)
				}
			}
		}
		if bytes.ContainsAny(page, "\x00\x1b\u202e\u2066") {
			t.Errorf("%.40q: a character that nobody sees is in the page", text)
		}
		if len(page) > 400_000 {
			t.Errorf("%.40q: the page has %d bytes", text, len(page))
		}
	}
}

// In LaTeX no text becomes a command.
func TestLaTeXIsOurOwn(t *testing.T) {
	known := regexp.MustCompile(`\\(text[a-z]+|allowbreak|dots|small|[{}$&#_%]|num|texttt)`)
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.SampledFrom(hostileTexts()), rapid.StringMatching(`[\\{}$&#_%~^<>|"'`+"`"+`a-z-]{0,20}`)).Draw(t, "text")
		got := latexEscape(name(s))
		if rest := known.ReplaceAllString(got, ""); strings.Contains(rest, `\`) || strings.ContainsAny(rest, "$&#%~^_") {
			t.Fatalf("%q became %q", s, got)
		}
		if open, shut := strings.Count(strings.NewReplacer(`\{`, "", `\}`, "").Replace(got), "{"), strings.Count(strings.NewReplacer(`\{`, "", `\}`, "").Replace(got), "}"); open != shut {
			t.Fatalf("%q became %q: its braces do not match", s, got)
		}
		for _, c := range got {
			if c > 0x17F {
				t.Fatalf("%q became %q: pdflatex has no %U", s, got, c)
			}
		}
	})
}

// A notebook is one by its format, and none of its code is a user's.
func TestNotebook(t *testing.T) {
	var code string
	for _, text := range hostileTexts() {
		d := hostileReport(t, text).Document()
		b, err := d.Notebook()
		if err != nil {
			t.Fatal(err)
		}
		var n struct {
			Cells []struct {
				ID     string   `json:"id"`
				Type   string   `json:"cell_type"`
				Source []string `json:"source"`
			} `json:"cells"`
			Format int `json:"nbformat"`
			Minor  int `json:"nbformat_minor"`
		}
		if err := json.Unmarshal(b, &n); err != nil {
			t.Fatal(err)
		}
		if n.Format != 4 || n.Minor != 5 || len(n.Cells) != 11 {
			t.Fatalf("version %d.%d, %d cells", n.Format, n.Minor, len(n.Cells))
		}
		all := ""
		for _, c := range n.Cells {
			if c.Type == "code" {
				all += strings.Join(c.Source, "")
			}
		}
		if code == "" {
			code = all
		}
		if all != code {
			t.Errorf("%.40q: the code has changed", text)
		}
	}
}

// Pictures are XML without scripts or addresses, and the same every time.
func TestFigures(t *testing.T) {
	for _, text := range hostileTexts() {
		d := hostileReport(t, text).Document()
		n := 0
		for _, b := range d.Blocks {
			f, ok := b.(Figure)
			if !ok {
				continue
			}
			n++
			svg, err := f.svg()
			if err != nil {
				t.Fatal(err)
			}
			if again, err := f.svg(); err != nil || !bytes.Equal(svg, again) {
				t.Errorf("%.40q: drawn twice, the picture differs: %v", text, err)
			}
			x := xml.NewDecoder(bytes.NewReader(svg))
			for {
				tok, err := x.Token()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatalf("%.40q: %v\n%s", text, err, svg)
				}
				if e, ok := tok.(xml.StartElement); ok && (e.Name.Local == "script" || e.Name.Local == "image" || e.Name.Local == "a" || e.Name.Local == "foreignObject") {
					t.Errorf("%.40q: an element %s in the picture", text, e.Name.Local)
				}
			}
		}
		if n == 0 {
			t.Errorf("%.40q: no picture", text)
		}
	}
}
