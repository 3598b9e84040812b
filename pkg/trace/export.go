package trace

import (
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Formats are what Export can print, besides the tag format.
func Formats() []string {
	return []string{"json", "jsonl", "csv", "markdown", "mermaid", "dot", "tags"}
}

// Export prints a chain in one of Formats. What a model wrote is data in each of
// them: no formula, markup, link or instruction of it takes effect.
func Export(c Chain, format string) ([]byte, error) {
	switch format {
	case "json":
		b, err := JSON(c)
		return append(b, '\n'), err
	case "jsonl":
		return JSONLines(c)
	case "csv":
		return exportCSV(c)
	case "markdown":
		return []byte(Markdown(c)), nil
	case "mermaid":
		return []byte(Mermaid(c)), nil
	case "dot":
		return []byte(Dot(c)), nil
	case "tags":
		return []byte(Tags(c)), nil
	}
	return nil, fmt.Errorf("trace export: format %q: want one of %s", format, strings.Join(Formats(), ", "))
}

func exportCSV(c Chain) ([]byte, error) {
	var b strings.Builder
	w := csv.NewWriter(&b)
	rows := [][]string{{"id", "type", "start", "end", "time", "decision", "alternatives", "reasoning", "confidence", "code_section", "spec_reference", "parent", "depends_on"}}
	for i := range c.Events {
		e := &c.Events[i]
		rows = append(rows, []string{cell(e.ID), cell(string(e.Type)), strconv.Itoa(e.Start), strconv.Itoa(e.End), timeText(e.Time), cell(e.Decision),
			cell(strings.Join(e.Alternatives, "\n")), cell(e.Reasoning), confidenceText(e.Confidence), cell(e.Code), cell(e.Reference), cell(e.Parent), cell(strings.Join(e.DependsOn, "\n"))})
	}
	if err := w.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("trace export: csv: %w", err)
	}
	return []byte(b.String()), nil
}

// cell keeps a spreadsheet from reading a text as a formula.
func cell(s string) string {
	if t := strings.TrimLeft(s, " "); t != "" && strings.ContainsRune("=+-@\t\r\n\x00|%", rune(t[0])) || strings.HasPrefix(s, "＝") || strings.HasPrefix(s, "＋") || strings.HasPrefix(s, "－") || strings.HasPrefix(s, "＠") {
		return "'" + s
	}
	return s
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func confidenceText(c *float64) string {
	if c == nil {
		return ""
	}
	return formatFloat(*c)
}

// Markdown prints a chain for reading, one heading per event.
func Markdown(c Chain) string {
	var b strings.Builder
	title := c.Name
	if title == "" {
		title = "Causal trace"
	}
	fmt.Fprintf(&b, "# %s\n\n%d events\n", markdownLine(title), len(c.Events))
	for i := range c.Events {
		e := &c.Events[i]
		fmt.Fprintf(&b, "\n## %d. %s\n\n", i+1, markdownLine(string(e.Type)))
		for _, f := range []struct{ name, text string }{
			{"Id", e.ID}, {"Time", timeText(e.Time)}, {"Decision", e.Decision}, {"Reasoning", e.Reasoning},
			{"Confidence", confidenceText(e.Confidence)}, {"Reference", e.Reference}, {"Part of", e.Parent},
		} {
			if f.text != "" {
				fmt.Fprintf(&b, "- **%s:** %s\n", f.name, markdownLine(f.text))
			}
		}
		for _, a := range e.Alternatives {
			fmt.Fprintf(&b, "- **Alternative:** %s\n", markdownLine(a))
		}
		for _, d := range e.DependsOn {
			fmt.Fprintf(&b, "- **Follows from:** %s\n", markdownLine(d))
		}
		if e.Code != "" {
			fence := "```"
			for strings.Contains(e.Code, fence) {
				fence += "`"
			}
			fmt.Fprintf(&b, "\n%s\n%s\n%s\n", fence, plain(e.Code), fence)
		}
	}
	return b.String()
}

// markdownLine is a text as one line of Markdown that has no meaning in it.
func markdownLine(s string) string {
	var b strings.Builder
	for _, r := range plain(s) {
		switch {
		case r == '\n' || r == '\r':
			b.WriteByte(' ')
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '&':
			b.WriteString("&amp;")
		case r == ':': // no address becomes a link by itself
			b.WriteString("&#58;")
		case r == '@':
			b.WriteString("&#64;")
		case r == '.':
			b.WriteString("&#46;")
		case strings.ContainsRune("\\`*_{}[]()#+-!|~=$", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// plain leaves out control characters and those that turn the direction of text.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\u2028' || r == '\u2029' {
			return '\n'
		}
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			return -1
		}
		return r
	}, s)
}

// Mermaid prints the graph of a chain as a Mermaid flowchart: parents by thick
// lines, dependencies by arrows.
func Mermaid(c Chain) string {
	var b strings.Builder
	b.WriteString("flowchart TD\n")
	for i := range c.Events {
		fmt.Fprintf(&b, "  e%d[\"%s\"]\n", i, mermaidText(label(&c.Events[i])))
	}
	c.edges(func(from, to int, parent bool) {
		line := "-->"
		if parent {
			line = "==>"
		}
		fmt.Fprintf(&b, "  e%d %s e%d\n", from, line, to)
	})
	return b.String()
}

// mermaidText writes everything but letters, digits and blanks as a number.
func mermaidText(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == ' ' {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	return b.String()
}

// Dot prints the graph of a chain for Graphviz.
func Dot(c Chain) string {
	var b strings.Builder
	b.WriteString("digraph trace {\n  node [shape=box];\n")
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	for i := range c.Events {
		fmt.Fprintf(&b, "  e%d [label=\"%s\"];\n", i, quote.Replace(label(&c.Events[i])))
	}
	c.edges(func(from, to int, parent bool) {
		style := ""
		if parent {
			style = " [style=bold]"
		}
		fmt.Fprintf(&b, "  e%d -> e%d%s;\n", from, to, style)
	})
	b.WriteString("}\n")
	return b.String()
}

const maxLabel = 80

// label is one line about an event.
func label(e *Event) string {
	s := strings.Join(strings.Fields(plain(string(e.Type)+": "+e.Subject())), " ")
	if r := []rune(s); len(r) > maxLabel {
		s = string(r[:maxLabel-1]) + "…"
	}
	if e.Confidence != nil {
		s += " (" + formatFloat(*e.Confidence) + ")"
	}
	return s
}

// edges calls f for every reference to an event that exists.
func (c *Chain) edges(f func(from, to int, parent bool)) {
	index := make(map[string]int, len(c.Events))
	for i := range c.Events {
		if _, twice := index[c.Events[i].ID]; !twice {
			index[c.Events[i].ID] = i
		}
	}
	for i := range c.Events {
		e := &c.Events[i]
		if at, ok := index[e.Parent]; ok && e.Parent != "" {
			f(at, i, true)
		}
		for _, d := range e.DependsOn {
			if at, ok := index[d]; ok {
				f(at, i, false)
			}
		}
	}
}
