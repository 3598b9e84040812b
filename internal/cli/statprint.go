package cli

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/crucible-go/crucible/pkg/stat/catalog"
)

// listStats names all procedures, or says everything about one.
func (c *cli) listStats(names []string) error {
	entries := catalog.All()
	if len(names) == 1 {
		e, err := lookupStat(names[0])
		if err != nil {
			return err
		}
		entries = []catalog.Entry{e}
	}
	switch {
	case c.asJSON:
		return c.printJSON(entries)
	case len(names) == 1:
		return c.describeStat(entries[0])
	}
	rows := [][]string{{"NAME", "DATA", "METHODS", "ANSWERS"}}
	for _, e := range entries {
		forms := make([]string, len(e.Input))
		for i, f := range e.Input {
			forms[i] = string(f)
		}
		rows = append(rows, []string{e.Name, strings.Join(forms, " or "), strings.Join(e.Methods, " "), e.Title})
	}
	return c.table("", rows)
}

// describeStat says what a procedure takes.
func (c *cli) describeStat(e catalog.Entry) error {
	rows := [][]string{{"data", inputHint(e)}}
	if len(e.Methods) > 0 {
		rows = append(rows, []string{"method", strings.Join(e.Methods, ", ") + " (default: the first)"})
	}
	if e.OneSided {
		rows = append(rows, []string{"alternative", "two_sided, greater, less (default: the first)"})
	}
	rows = append(rows, keyRows(e.Keys)...)
	if _, err := fmt.Fprintf(c.Out, "%s: %s\n", e.Name, e.Title); err != nil {
		return err
	}
	return c.table("  ", rows)
}

// printStat prints a result for people.
func (c *cli) printStat(e catalog.Entry, out catalog.Output) error {
	if _, err := fmt.Fprintf(c.Out, "%s: %s\n", e.Name, e.Title); err != nil {
		return err
	}
	rows := summary(out)
	if err := c.table("  ", rows); err != nil {
		return err
	}
	for _, part := range [][][]string{comparisons(out.Comparisons), terms(out.Terms)} {
		if len(part) > 0 {
			if err := c.table("  ", part); err != nil {
				return err
			}
		}
	}
	for _, w := range out.Warnings {
		if _, err := fmt.Fprintf(c.Out, "  warning: %s\n", w); err != nil {
			return err
		}
	}
	return nil
}

// summary is what a result says besides its comparisons and terms.
func summary(out catalog.Output) (rows [][]string) {
	add := func(name, value string) {
		if value != "" {
			rows = append(rows, []string{name, value})
		}
	}
	if out.Statistic != nil {
		add("statistic", number(*out.Statistic))
	}
	add("df", numbers(out.DF))
	if out.P != nil {
		add("p", pValue(*out.P, out.LogP))
	}
	if out.Estimate != nil {
		add("estimate", number(*out.Estimate)+between(out.Interval))
	}
	if e := out.Effect; e != nil {
		size := e.Name + " " + number(e.Estimate)
		if e.Low != nil && e.High != nil {
			size += fmt.Sprintf(", %s to %s", number(*e.Low), number(*e.High))
		}
		add("effect", size)
	}
	add("adjusted p", numbers(out.Adjusted))
	for _, name := range slices.Sorted(maps.Keys(out.Details)) {
		add(name, number(out.Details[name]))
	}
	n := strings.Trim(fmt.Sprint(out.N), "[]")
	add("n", strings.ReplaceAll(n, " ", ", "))
	add("method", out.Method)
	add("alternative", strings.ReplaceAll(out.Alternative, "_", "-"))
	return rows
}

func comparisons(list []catalog.Comparison) [][]string {
	if len(list) == 0 {
		return nil
	}
	rows := [][]string{{"B - A", "estimate", "interval", "statistic", "p"}}
	for _, c := range list {
		estimate := ""
		if c.Estimate != nil {
			estimate = number(*c.Estimate)
		}
		rows = append(rows, []string{fmt.Sprintf("%d - %d", c.B, c.A), estimate, strings.TrimPrefix(between(c.Interval), ", "),
			number(c.Statistic), pValue(c.P, &c.LogP)})
	}
	return rows
}

func terms(list []catalog.Term) [][]string {
	if len(list) == 0 {
		return nil
	}
	rows := [][]string{{"term", "sum of squares", "df", "F", "p", "effects"}}
	for _, t := range list {
		p := "" // a line of residuals tests nothing
		if t.P > 0 {
			p = pValue(t.P, &t.LogP)
		}
		var effects []string
		for _, e := range t.Effects {
			effects = append(effects, e.Name+" "+number(e.Estimate))
		}
		rows = append(rows, []string{t.Name, number(t.SumSq), numbers(t.DF), number(t.F), p, strings.Join(effects, ", ")})
	}
	return rows
}

// between is the text of an interval after its estimate.
func between(i *catalog.Interval) string {
	if i == nil {
		return ""
	}
	return fmt.Sprintf(", %s %% interval %s to %s", number(100*i.Level), number(i.Low), number(i.High))
}

// pValue prints a p-value: never 0, and below 1e-300 as what it is below of.
func pValue(p float64, logP *float64) string {
	if logP != nil && *logP < math.Log(1e-300) {
		return fmt.Sprintf("< 1e-300 (log10 p = %.1f)", *logP/math.Ln10)
	}
	return fmt.Sprintf("%.5g", p)
}

func number(x float64) string { return fmt.Sprintf("%.6g", x) }

func numbers(list []float64) string {
	text := make([]string, len(list))
	for i, x := range list {
		text[i] = number(x)
	}
	return strings.Join(text, ", ")
}

// table prints rows in columns, each line after the indent.
func (c *cli) table(indent string, rows [][]string) error {
	var text bytes.Buffer
	w := tabwriter.NewWriter(&text, 0, 4, 2, ' ', 0)
	for _, row := range rows {
		_, _ = fmt.Fprintln(w, indent+strings.Join(row, "\t")) // the buffer takes everything
	}
	_ = w.Flush() // likewise
	for line := range strings.Lines(text.String()) {
		if _, err := fmt.Fprintln(c.Out, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}
