package reporter

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Document is what a report says, in the order in which it says it, apart from how
// a format writes it. Every text in it is plain: a format escapes all of it, its own
// words like those of users and models, so that nothing in it can be markup.
type Document struct {
	Title  string
	Blocks []Block
}

// Block is a part of a document: a Heading, Banner, Paragraph, List, Table, Figure
// or Listing.
type Block interface{ block() }

// Heading begins a section, of level 2, or a part of one, of level 3.
type Heading struct {
	Level int
	Text  string
}

// Banner is a warning that nobody may miss.
type Banner struct{ Text string }

// Paragraph is running text.
type Paragraph struct{ Text Text }

// List is a list of short texts.
type List struct{ Items []Text }

// Table has a header and rows of as many cells.
type Table struct {
	// Label names the table in references, such as "results".
	Label   string
	Caption string
	// Columns name the columns; no name at all is a table of keys and values.
	Columns []Column
	Rows    [][]Text
}

// Column is a column of a table.
type Column struct {
	Name   string
	Number bool // aligned to the right
}

// Figure is estimates with intervals, one above the other, which each format draws
// in its own way.
type Figure struct {
	Name    string // by which it is referred to, such as "accuracy"
	Caption string
	Alt     string // what it shows, for those who do not see it
	Axis    string // what the numbers are, with their unit
	Points  []Point
}

// Point is an estimate; its bounds are the estimate itself where it has none.
type Point struct {
	Name                string
	Estimate, Low, High float64
	Missing             bool // there is no estimate: the line is empty
}

// Listing is text for a terminal.
type Listing struct{ Lines []string }

func (Heading) block()   {}
func (Banner) block()    {}
func (Paragraph) block() {}
func (List) block()      {}
func (Table) block()     {}
func (Figure) block()    {}
func (Listing) block()   {}

// Text is a run of spans.
type Text []Span

// Span is text of one kind.
type Span struct {
	Text string
	Code bool // a name, hash or expression, shown as such
}

// plainly is a text without marks.
func plainly(s string) Text { return Text{{Text: s}} }

// code is a text that is shown as it is in a program.
func code(s string) Text {
	if s = flat(s, longName); s == "" {
		return plainly("–")
	}
	return Text{{Text: s, Code: true}}
}

// say fills the verbs %s of a format with texts and strings.
func say(format string, args ...any) Text {
	var out Text
	before, rest, more := strings.Cut(format, "%s")
	out = append(out, Span{Text: before})
	for _, a := range args {
		if !more {
			break
		}
		if t, ok := a.(Text); ok {
			out = append(out, t...)
		} else {
			out = append(out, Span{Text: fmt.Sprint(a)})
		}
		before, rest, more = strings.Cut(rest, "%s")
		out = append(out, Span{Text: before})
	}
	return out
}

// String is the text without its marks.
func (t Text) String() string {
	var b strings.Builder
	for _, s := range t {
		b.WriteString(s.Text)
	}
	return b.String()
}

const (
	longText = 600 // characters of a description
	longName = 120 // characters of anything else that is quoted
)

// name is what a user, a provider or a model called something, fit for a sentence.
func name(s string) string { return flat(s, longName) }

// flat is text on one line without characters that cannot be seen, at most n
// characters.
func flat(s string, n int) string {
	var b strings.Builder
	space, written := false, 0
	for _, c := range s {
		switch {
		case unicode.IsSpace(c) || unicode.IsControl(c):
			space = written > 0
			continue
		case unicode.Is(unicode.Cf, c) || unicode.Is(unicode.Co, c) || c == utf8.RuneError:
			continue
		}
		if written >= n {
			return b.String() + "…"
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(c)
		written++
	}
	return b.String()
}

// builder gathers the blocks of a document.
type builder struct{ Document }

func (b *builder) add(blocks ...Block) { b.Blocks = append(b.Blocks, blocks...) }

func (b *builder) section(title string) { b.add(Heading{2, title}) }

func (b *builder) part(title string) { b.add(Heading{3, title}) }

func (b *builder) say(sentences ...string) {
	for _, s := range sentences {
		b.add(Paragraph{plainly(s)})
	}
}

// words and numbers are columns.
func words(names ...string) []Column { return columns(false, names) }

func numbers(names ...string) []Column { return columns(true, names) }

func columns(number bool, names []string) []Column {
	out := make([]Column, len(names))
	for i, n := range names {
		out[i] = Column{n, number}
	}
	return out
}

// row is a row of plain cells.
func row(cells ...string) []Text {
	out := make([]Text, len(cells))
	for i, c := range cells {
		out[i] = plainly(c)
	}
	return out
}
