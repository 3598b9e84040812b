package reporter

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"regexp"
	"strings"
)

//go:embed report.html.tmpl
var page string

//go:embed report.css
var style string

// HTML is the document as one page that needs nothing else: no script, no font and
// no picture from elsewhere. Its content security policy forbids all of them, so
// that text of a model could do nothing even if it were not escaped.
func (d *Document) HTML() ([]byte, error) {
	t, err := template.New("report").Funcs(template.FuncMap{
		"kind": func(b Block) string { return fmt.Sprintf("%T", b) },
		"id":   anchor,
		"picture": func(f Figure) (template.URL, error) {
			svg, err := f.svg()
			return template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(svg)), err //nolint:gosec // of our own drawing
		},
		"style": func() template.CSS { return template.CSS(style) }, //nolint:gosec // our own
		"join":  func(lines []string) string { return strings.Join(lines, "\n") },
	}).Parse(page)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	sum := sha256.Sum256([]byte(style))
	var b bytes.Buffer
	if err := t.Execute(&b, map[string]any{
		"Title": d.Title, "Blocks": d.Blocks, "Sections": d.sections(),
		"StyleHash": base64.StdEncoding.EncodeToString(sum[:]),
	}); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return b.Bytes(), nil
}

// sections are the headings of the second level.
func (d *Document) sections() (out []string) {
	for _, b := range d.Blocks {
		if h, ok := b.(Heading); ok && h.Level == 2 {
			out = append(out, h.Text)
		}
	}
	return out
}

// anchor makes the name of a place in a page.
func anchor(s string) string {
	return strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(s), "-"), "-")
}
