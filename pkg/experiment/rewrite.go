package experiment

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Files are the files that the spec reads: the data set, and those with
// recorded answers, each once, in the order of the spec.
func (s *Spec) Files() []string {
	files := []string{s.Dataset.Path}
	for i := range s.Models {
		if f := s.Models[i].File; f != "" && !slices.Contains(files, f) {
			files = append(files, f)
		}
	}
	return files
}

// WithFiles is a copy of the spec that reads other files: replace maps the
// names of Files to them, and leaves those that it does not have.
func (s *Spec) WithFiles(replace map[string]string) *Spec {
	out := *s
	out.Models = slices.Clone(s.Models)
	if to, ok := replace[s.Dataset.Path]; ok {
		out.Dataset.Path = to
	}
	for i := range out.Models {
		if to, ok := replace[out.Models[i].File]; ok && out.Models[i].File != "" {
			out.Models[i].File = to
		}
	}
	return &out
}

// Rewrite makes the text of a spec independent of where it is read: variables
// of the environment are put in, and files are replaced as by WithFiles. The
// rest stays as it is written where that is possible; where it is not, the spec
// is written anew, as JSON. The text is valid for Parse without an environment.
func Rewrite(src []byte, env func(string) (string, bool), replace map[string]string) ([]byte, error) {
	src = bytes.TrimPrefix(src, []byte("\uFEFF"))
	s, d, problems := parseSpec("", src, env, pricing{later: true})
	if len(problems) > 0 {
		return nil, problems.sorted()
	}
	want := s.WithFiles(replace)
	if out, ok := d.rewriteText(src, want); ok && saysThe(out, want) {
		return out, nil
	}
	out, err := rewriteJSON(src, env, want)
	if err != nil {
		return nil, fmt.Errorf("rewrite: %w", err)
	}
	if !saysThe(out, want) {
		return nil, errors.New("rewrite: the text would not say the same without its variables and with other files: a file keeps its extension, or dataset.source is written")
	}
	return out, nil
}

// saysThe says whether a text is that of the spec.
func saysThe(src []byte, want *Spec) bool {
	got, _, problems := parseSpec("", src, nil, pricing{later: true})
	return len(problems) == 0 && bytes.Equal(got.Resolved(), want.Resolved())
}

// newFile returns the file that the path of a spec names in want.
func newFile(want *Spec, path string) (string, bool) {
	if path == "dataset.path" {
		return want.Dataset.Path, true
	}
	var i int
	if _, err := fmt.Sscanf(path, "models[%d].file", &i); err == nil && i < len(want.Models) && strings.HasSuffix(path, "].file") {
		return want.Models[i].File, true
	}
	return "", false
}

// rewriteText replaces scalars in the text. It gives up where it does not find
// them.
func (d *decoder) rewriteText(src []byte, want *Spec) ([]byte, bool) {
	type change struct {
		start, end int
		text       string
	}
	var changes []change
	lines := lineStarts(src)
	for _, e := range d.edits {
		value, used := e.value, e.used
		if file, ok := newFile(want, e.path); ok && file != value {
			value, used = file, true
		}
		if !used {
			continue
		}
		start, end, ok := extent(src, lines, e)
		if !ok {
			return nil, false
		}
		text := value
		if !e.number {
			text = quoteYAML(unexpand(value))
		}
		changes = append(changes, change{start, end, text})
	}
	slices.SortFunc(changes, func(a, b change) int { return a.start - b.start })
	changes = slices.Compact(changes) // an alias shows its scalar again
	var out []byte
	at := 0
	for _, c := range changes {
		if c.start < at {
			return nil, false
		}
		out = append(append(out, src[at:c.start]...), c.text...)
		at = c.end
	}
	return append(out, src[at:]...), true
}

func lineStarts(src []byte) []int {
	starts := []int{0, 0} // lines count from 1
	for i, c := range src {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// extent finds where a scalar begins and ends in the text.
func extent(src []byte, lines []int, e edit) (start, end int, ok bool) {
	pos := e.token.Position
	if pos.Line < 1 || pos.Line >= len(lines) || pos.Column < 1 {
		return 0, 0, false
	}
	start = lines[pos.Line]
	for range pos.Column - 1 { // columns count characters
		if start >= len(src) {
			return 0, 0, false
		}
		start++
		for start < len(src) && src[start]&0xC0 == 0x80 {
			start++
		}
	}
	if e.block != nil {
		return blockExtent(src, lines, start, e)
	}
	text := strings.TrimSpace(e.token.Origin)
	if strings.HasPrefix(string(src[start:]), text) && !strings.Contains(text, "\n") && text != "" {
		return start, start + len(text), true
	}
	return 0, 0, false
}

// blockExtent is from the sign of a block, | or >, to the end of its last line.
func blockExtent(src []byte, lines []int, start int, e edit) (int, int, bool) {
	if e.token.Position.Line+1 >= len(lines) {
		return 0, 0, false
	}
	first := lines[e.token.Position.Line+1]
	origin := strings.TrimRight(e.block.Origin, "\n")
	if e.token.Type != token.LiteralType && e.token.Type != token.FoldedType || !strings.HasPrefix(string(src[first:]), origin) {
		return 0, 0, false
	}
	return start, first + len(origin), true
}

// quoteYAML writes a text in double quotes: JSON's form, which YAML reads.
func quoteYAML(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		panic("experiment: " + err.Error()) // a string
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// rewriteJSON writes what the text says as JSON.
func rewriteJSON(src []byte, env func(string) (string, bool), want *Spec) ([]byte, error) {
	body, problems := parseYAML("", src)
	if len(problems) > 0 {
		return nil, problems
	}
	d := &decoder{env: env, places: map[string]place{}, anchors: map[string]ast.Node{}}
	v, ok := d.plain(body, "")
	if !ok {
		return nil, d.problems
	}
	return canonical(unexpandAll(v, "", want))
}

// unexpandAll makes texts that the environment does not change again, with the
// files of want.
func unexpandAll(v any, path string, want *Spec) any {
	switch v := v.(type) {
	case string:
		if file, ok := newFile(want, path); ok {
			return unexpand(file)
		}
		return unexpand(v)
	case []any:
		for i := range v {
			v[i] = unexpandAll(v[i], fmt.Sprintf("%s[%d]", path, i), want)
		}
	case map[string]any:
		for k := range v {
			v[k] = unexpandAll(v[k], join(path, k), want)
		}
	}
	return v
}
