package reporter

import (
	"slices"
	"strings"
	"unicode"
)

// Markdown is the document as GitHub-flavoured Markdown.
func (d *Document) Markdown() []byte {
	w := &strings.Builder{}
	w.WriteString("# " + escape(d.Title) + "\n\n")
	for _, b := range d.Blocks {
		switch b := b.(type) {
		case Heading:
			w.WriteString(strings.Repeat("#", b.Level) + " " + escape(b.Text) + "\n\n")
		case Banner:
			w.WriteString("> **" + escape(b.Text) + "**\n\n")
		case Paragraph:
			w.WriteString(markdown(b.Text) + "\n\n")
		case List:
			for _, item := range b.Items {
				w.WriteString("- " + markdown(item) + "\n")
			}
			w.WriteString("\n")
		case Table:
			markdownTable(w, b)
		case Figure: // the table before it has its numbers
		case Listing:
			w.WriteString("```\n" + strings.Join(b.Lines, "\n") + "\n```\n\n")
		}
	}
	return []byte(strings.TrimRight(w.String(), "\n") + "\n")
}

func markdownTable(w *strings.Builder, t Table) {
	header, rule := "| | |", "|---|---|"
	if len(t.Columns) > 0 {
		header, rule = "|", "|"
		for _, c := range t.Columns {
			header += " " + escape(c.Name) + " |"
			if c.Number {
				rule += "---:|"
			} else {
				rule += "---|"
			}
		}
	}
	w.WriteString(header + "\n" + rule + "\n")
	for _, row := range t.Rows {
		w.WriteString("|")
		for _, cell := range row {
			w.WriteString(" " + markdownAfter(true, cell) + " |")
		}
		w.WriteString("\n")
	}
	w.WriteString("\n")
}

// markdown writes a text, each kind of span in its way.
func markdown(t Text) string { return markdownAfter(false, t) }

func markdownAfter(within bool, t Text) string {
	var b strings.Builder
	for _, s := range t {
		if s.Code {
			b.WriteString(fenced(s.Text))
			continue
		}
		b.WriteString(escapeAfter(within || b.Len() > 0, s.Text))
	}
	return b.String()
}

// escape makes text that Markdown shows as it is: every character with a meaning
// is escaped.
func escape(s string) string { return escapeAfter(false, s) }

// escapeAfter escapes text that begins a line, or goes on in one.
func escapeAfter(within bool, s string) string {
	var b strings.Builder
	rs := []rune(s)
	for i, c := range rs {
		switch {
		case c == '<':
			b.WriteString("&lt;")
		case c == '>':
			b.WriteString("&gt;")
		case c == '&':
			b.WriteString("&amp;")
		case strings.ContainsRune("\\`*[]|~#$@", c), special(rs, i, within):
			b.WriteRune('\\')
			b.WriteRune(c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// special reports whether the character has a meaning where it stands: an
// underscore that is not inside a word, the colon of an address, the dot of one
// without a scheme, and what makes a list or a heading of a line.
func special(rs []rune, i int, within bool) bool {
	last := i+1 == len(rs)
	switch c := rs[i]; c {
	case '_':
		return i == 0 || last || !wordy(rs[i-1]) || !wordy(rs[i+1])
	case ':':
		return !last && rs[i+1] == '/'
	case '.', ')':
		www := i >= 3 && strings.EqualFold(string(rs[i-3:i]), "www")
		return www || !within && (i == 0 || allDigits(rs[:i]) && (last || rs[i+1] == ' '))
	default:
		return i == 0 && !within && strings.ContainsRune("-+=", c)
	}
}

func wordy(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }

func allDigits(rs []rune) bool {
	return !slices.ContainsFunc(rs, func(c rune) bool { return c < '0' || c > '9' })
}

// fenced is a code span that its content cannot end; in a table its bars are
// escaped.
func fenced(s string) string {
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	s = strings.ReplaceAll(s, "|", `\|`)
	if len(fence) > 1 {
		return fence + " " + s + " " + fence
	}
	return fence + s + fence
}
