package reporter

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// LaTeX is the document as an article that pdflatex compiles without a shell: tables
// with booktabs, figures with pgfplots. Text is escaped character by character;
// what the fonts of pdflatex lack is replaced.
func (d *Document) LaTeX() []byte {
	w := &strings.Builder{}
	w.WriteString(preamble)
	w.WriteString("\\title{" + latexEscape(d.Title) + "}\n\\author{}\n\\date{}\n\\begin{document}\n\\maketitle\n\n")
	for _, b := range d.Blocks {
		switch b := b.(type) {
		case Heading:
			command := map[int]string{2: "section", 3: "subsection"}[b.Level]
			w.WriteString("\\" + command + "{" + latexEscape(b.Text) + "}\n\n")
		case Banner:
			w.WriteString("\\begin{quote}\\bfseries " + latexEscape(b.Text) + "\\end{quote}\n\n")
		case Paragraph:
			w.WriteString(latex(b.Text) + "\n\n")
		case List:
			w.WriteString("\\begin{itemize}\n")
			for _, item := range b.Items {
				w.WriteString("\\item " + latex(item) + "\n")
			}
			w.WriteString("\\end{itemize}\n\n")
		case Table:
			latexTable(w, b)
		case Figure:
			fmt.Fprintf(w, "\\begin{figure}[H]\n\\centering\n%s\\caption{%s}\n\\label{fig:%s}\n\\end{figure}\n\n",
				b.pgfplots(), latexEscape(b.Caption), anchor(b.Name))
		case Listing:
			w.WriteString("{\\small\\raggedright\n")
			for _, line := range b.Lines {
				w.WriteString("\\texttt{" + breakable(line) + "}\\par\n")
			}
			w.WriteString("}\n\n")
		}
	}
	w.WriteString("\\end{document}\n")
	return []byte(w.String())
}

const preamble = `% Written by crucible. Compiles with pdflatex; nothing in it needs a shell.
\documentclass[11pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{lmodern}
\usepackage{textcomp}
\usepackage{microtype}
\usepackage[margin=25mm]{geometry}
\usepackage{booktabs}
\usepackage{float}
\usepackage{adjustbox}
\usepackage{pgfplots}
\pgfplotsset{compat=1.16}
\usepackage{siunitx}
\sisetup{group-digits=integer,group-separator={,},group-minimum-digits=4}
\usepackage[hidelinks]{hyperref}
\emergencystretch=3em
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.6em}
`

// latexTable writes a table that is made as narrow as the page if it is wider.
func latexTable(w *strings.Builder, t Table) {
	align := "lp{0.7\\linewidth}"
	if len(t.Columns) > 0 {
		align = ""
		for _, c := range t.Columns {
			align += map[bool]string{true: "r", false: "l"}[c.Number]
		}
	}
	fmt.Fprintf(w, "\\begin{table}[H]\n\\centering\n\\caption{%s}\n\\label{tab:%s}\n\\begin{adjustbox}{max width=\\linewidth}\n\\begin{tabular}{%s}\n\\toprule\n",
		latexEscape(t.Caption), anchor(t.Label), align)
	for i, c := range t.Columns {
		if i > 0 {
			w.WriteString(" & ")
		}
		w.WriteString(latexEscape(c.Name))
	}
	if len(t.Columns) > 0 {
		w.WriteString(" \\\\\n\\midrule\n")
	}
	for _, row := range t.Rows {
		for i, cell := range row {
			if i > 0 {
				w.WriteString(" & ")
			}
			w.WriteString(latexCell(cell, i < len(t.Columns) && t.Columns[i].Number))
		}
		w.WriteString(" \\\\\n")
	}
	w.WriteString("\\bottomrule\n\\end{tabular}\n\\end{adjustbox}\n\\end{table}\n\n")
}

// bare is a number as siunitx takes it.
const bare = `^-?\d+(\.\d+)?(e[-+]?\d+)?$`

// latexCell writes numbers by siunitx, so that signs and exponents look right.
func latexCell(t Text, numeric bool) string {
	if s := strings.ReplaceAll(t.String(), ",", ""); numeric && regexp.MustCompile(bare).MatchString(s) {
		return "\\num{" + s + "}"
	}
	return latex(t)
}

func latex(t Text) string {
	var b strings.Builder
	for _, s := range t {
		if s.Code {
			b.WriteString("\\texttt{" + breakable(s.Text) + "}")
			continue
		}
		b.WriteString(latexEscape(s.Text))
	}
	return b.String()
}

// breakable is text for a typewriter font that may be broken anywhere.
func breakable(s string) string {
	var b strings.Builder
	for i, c := range []rune(s) {
		if i > 0 && i%4 == 0 && c != ' ' {
			b.WriteString("\\allowbreak{}")
		}
		if c == ' ' {
			b.WriteString(" ")
			continue
		}
		b.WriteString(latexEscape(string(c)))
	}
	return b.String()
}

// latexEscape makes text that LaTeX shows as it is. Long words may be broken.
func latexEscape(s string) string {
	var b strings.Builder
	run := 0 // characters since a line could be broken
	for _, c := range norm.NFC.String(s) {
		if run++; c == ' ' || c == '-' {
			run = 0
		} else if run%16 == 0 {
			b.WriteString("\\allowbreak{}")
		}
		b.WriteString(latexRune(c))
	}
	return b.String()
}

// latexRune is one character for LaTeX. Whatever is not known to be in the fonts is
// shown by its number.
func latexRune(c rune) string {
	switch c {
	case '\\':
		return "\\textbackslash{}"
	case '{', '}', '$', '&', '#', '_', '%':
		return "\\" + string(c)
	case '~':
		return "\\textasciitilde{}"
	case '^':
		return "\\textasciicircum{}"
	case '<':
		return "\\textless{}"
	case '>':
		return "\\textgreater{}"
	case '|':
		return "\\textbar{}"
	case '"':
		return "\\textquotedbl{}"
	case '`':
		return "\\textasciigrave{}"
	case '\'':
		return "\\textquotesingle{}"
	case '-':
		return "-{}" // never an en dash of two
	case '[', ']', '*', '=', ',':
		return "{" + string(c) + "}" // never an option
	case '–', '—', '“', '”', '‘', '’', '…':
		return map[rune]string{'–': "\\textendash{}", '—': "\\textemdash{}", '“': "\\textquotedblleft{}", '”': "\\textquotedblright{}", '‘': "\\textquoteleft{}", '’': "\\textquoteright{}", '…': "\\dots{}"}[c]
	case ' ', '\n', '\t':
		return " "
	case '×', '±', '·', 'µ', '°':
		return map[rune]string{'×': "\\texttimes{}", '±': "\\textpm{}", '·': "\\textperiodcentered{}", 'µ': "\\textmu{}", '°': "\\textdegree{}"}[c]
	}
	switch {
	case c < 0x80 && unicode.IsPrint(c), unicode.IsLetter(c) && c >= 0xC0 && c <= 0x17F && c != 0x149:
		return string(c)
	}
	return fmt.Sprintf("{\\small[U+%04X]}", c)
}
