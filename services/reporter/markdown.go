package reporter

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/crucible-go/crucible/pkg/analysis"
)

const (
	longText = 600 // characters of a description
	longName = 120 // characters of anything else that is quoted
)

// Markdown is the report as GitHub-flavoured Markdown. Text of users, providers
// and models is escaped: it can neither format, nor link, nor leave its cell.
func (r *Report) Markdown() []byte {
	w := &writer{}
	q := md
	w.line("# " + q(r.Spec.Name))
	for _, b := range r.banners(q) {
		w.line("> **" + b + "**")
	}
	if d := r.Spec.Description; d != "" {
		w.line(escape(d, longText))
	}
	w.section("Summary", r.summary(q)...)
	r.design(w)
	r.results(w)
	r.comparisons(w)
	r.costs(w)
	r.failed(w)
	r.warnings(w)
	r.reproduction(w)
	return []byte(strings.TrimRight(w.String(), "\n") + "\n")
}

type writer struct{ strings.Builder }

// line writes a paragraph.
func (w *writer) line(s string) { w.WriteString(s + "\n\n") }

func (w *writer) section(title string, paragraphs ...string) {
	w.line("## " + title)
	for _, p := range paragraphs {
		w.line(p)
	}
}

// table writes a table; its cells are escaped already. The first column is text,
// the others are numbers.
func (w *writer) table(header []string, rows [][]string) {
	w.WriteString("| " + strings.Join(header, " | ") + " |\n|---|" + strings.Repeat("---:|", len(header)-1) + "\n")
	for _, row := range rows {
		w.WriteString("| " + strings.Join(row, " | ") + " |\n")
	}
	w.WriteString("\n")
}

func (w *writer) bullets(items []string) {
	for _, s := range items {
		w.WriteString("- " + s + "\n")
	}
	w.WriteString("\n")
}

func (r *Report) design(w *writer) {
	a := r.Analysis
	w.section("Design")
	facts := []string{
		fmt.Sprintf("Data set: %s, %s, %s.", md(r.Spec.Dataset.Source), counted(a.Items, "item", "items"), sample(r)),
		fmt.Sprintf("%s, each item asked %s; control: %s; seed %d.", counted(len(a.Conditions), "condition", "conditions"), howOften(a.Repeat), md(a.Control), a.Seed),
		fmt.Sprintf("Answers are read with %s and compared as %s.", code(orNone(r.Spec.Score.Extract)), md(orNone(r.Spec.Score.Normalize))),
		fmt.Sprintf("Intervals have the level %s; p values are two-sided and adjusted by %s correction over the comparisons of one metric.", percent(1-a.Alpha), correction(a.Correction)),
	}
	if a.Repeat > 1 {
		facts = append(facts, "Repeats of an item are not independent: items are the clusters of every interval and test.")
	}
	w.bullets(facts)
	var rows [][]string
	for _, c := range r.Spec.Conditions {
		vote := c.Vote
		if len(c.Members) < 2 {
			vote = "–"
		}
		rows = append(rows, []string{md(c.Name), list(c.Members, md), md(vote), md(c.Execution), md(c.Stop), md(c.Hedge.Strategy)})
	}
	w.table([]string{"condition", "members", "vote", "execution", "stop", "hedge"}, rows)
}

func sample(r *Report) string {
	if m := r.Spec.Dataset.Sample.Method; m != "" && m != "all" {
		return "sampled by " + md(m)
	}
	return "all of them"
}

func howOften(n int) string {
	if n <= 1 {
		return "once"
	}
	return thousands(n) + " times"
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func (r *Report) results(w *writer) {
	w.section("Results")
	var rows [][]string
	for _, c := range r.Analysis.Conditions {
		rows = append(rows, []string{md(c.Name), thousands(c.Queries), thousands(c.Decided), thousands(c.Invalid), thousands(c.Failed), thousands(c.Unasked), thousands(c.Correct)})
	}
	w.table([]string{"condition", "queries", "decided", "invalid", "failed", "unasked", "correct"}, rows)
	for _, metric := range r.Spec.Metrics {
		w.line("### " + md(metric))
		rows := make([][]string, 0, len(r.Analysis.Conditions))
		for _, c := range r.Analysis.Conditions {
			if m, ok := c.Metrics[metric]; ok {
				rows = append(rows, metricRow(c.Name, &m))
			}
		}
		w.table([]string{"condition", "estimate", "interval", "n", "method"}, rows)
	}
}

func metricRow(name string, m *analysis.Metric) []string {
	estimate, interval := "–", "–"
	if m.Estimate != nil {
		estimate = tight(number(*m.Estimate, m.Unit))
	}
	if m.Low != nil && m.High != nil {
		interval = tight(number(*m.Low, m.Unit) + " to " + number(*m.High, m.Unit))
	}
	return []string{md(name), estimate, interval, thousands(m.N), md(m.Method)}
}

// tight escapes the dollar signs of our own numbers, which some readers take for
// mathematics.
func tight(s string) string { return strings.ReplaceAll(s, "$", `\$`) }

func (r *Report) comparisons(w *writer) {
	w.section("Comparisons")
	if len(r.Analysis.Comparisons) == 0 {
		w.line("There was nothing to compare.")
		return
	}
	var rows [][]string
	for i := range r.Analysis.Comparisons {
		rows = append(rows, comparisonRow(&r.Analysis.Comparisons[i], r.Analysis.Alpha))
	}
	w.line("Differences are treatment minus control, over the items that both answered.")
	w.table([]string{"treatment against control", "metric", "difference", "interval", "pairs", "test", "p", "adjusted p", "significant"}, rows)
}

func comparisonRow(c *analysis.Comparison, alpha float64) []string {
	e := &c.Effect
	estimate, interval, p, adjusted, verdict := "–", "–", "–", "–", "not tested"
	if e.Estimate != nil {
		estimate = tight(number(*e.Estimate, e.Unit))
	}
	if e.Low != nil && e.High != nil {
		interval = tight(number(*e.Low, e.Unit) + " to " + number(*e.High, e.Unit))
	}
	if c.P != nil && c.PAdjusted != nil {
		p, adjusted, verdict = pvalue(*c.P), pvalue(*c.PAdjusted), "no"
		if c.Significant(alpha) {
			verdict = "yes"
		}
	}
	return []string{md(c.Treatment) + " against " + md(c.Control), md(c.Metric), estimate, interval, thousands(c.NPairs), md(c.Test), p, adjusted, verdict}
}

func (r *Report) costs(w *writer) {
	w.section("Cost", r.cost(md)...)
	var rows [][]string
	for _, c := range r.Analysis.Conditions {
		unknown := "–"
		if c.CostUnknown > 0 {
			unknown = thousands(c.CostUnknown)
		}
		rows = append(rows, []string{md(c.Name), tight("$" + md(c.CostUSD)), unknown})
	}
	w.table([]string{"condition", "known cost", "queries of unknown cost"}, rows)
}

func (r *Report) failed(w *writer) {
	calls := r.Environment.Calls
	w.section("Failures")
	w.line(fmt.Sprintf("Of %s, %s answered, %s failed and %s cancelled, in %s.",
		counted(calls.Requested, "call", "calls"), counted(calls.Answered, "was", "were"), counted(calls.Failed, "has", "have"),
		counted(calls.Cancelled, "was", "were"), counted(calls.Attempts, "attempt", "attempts")))
	if n := r.Environment.DeadLetters; n > 0 {
		w.line(counted(n, "message", "messages") + " could not be processed and left a dead letter.")
	}
	if len(r.Failures) == 0 {
		return
	}
	var rows [][]string
	for _, f := range r.Failures {
		rows = append(rows, []string{md(f.Class), md(f.Condition), md(f.Member), thousands(f.Count), md(f.Example)})
	}
	w.table([]string{"class", "condition", "model", "calls", "for example"}, rows)
}

// warnings are all of them: of the run, the conditions, the estimates and the
// comparisons.
func (r *Report) warnings(w *writer) {
	var out []string
	for _, s := range r.Analysis.Warnings {
		out = append(out, escape(s, longText))
	}
	for _, c := range r.Analysis.Conditions {
		for _, s := range c.Warnings {
			out = append(out, md(c.Name)+": "+escape(s, longText))
		}
		for _, metric := range r.Spec.Metrics {
			for _, s := range c.Metrics[metric].Warnings {
				out = append(out, md(c.Name)+", "+md(metric)+": "+escape(s, longText))
			}
		}
	}
	for _, c := range r.Analysis.Comparisons {
		for _, s := range c.Warnings {
			out = append(out, md(c.Treatment)+" against "+md(c.Control)+", "+md(c.Metric)+": "+escape(s, longText))
		}
	}
	w.section("Warnings")
	if len(out) == 0 {
		w.line("None.")
		return
	}
	w.bullets(out)
}

func (r *Report) reproduction(w *writer) {
	e := &r.Environment
	w.section("Reproduction")
	rows := [][]string{
		{"run", code(e.Run)},
		{"spec (SHA-256)", code(e.SpecHash)},
		{"data set (SHA-256)", code(e.DatasetHash)},
		{"analysis (SHA-256)", code(e.AnalysisHash)},
		{"seed", code(fmt.Sprint(r.Analysis.Seed))},
		{"crucible", code(orNone(e.Versions.Crucible))},
		{"Go, ClickHouse, NATS", code(e.Versions.Go + ", " + e.Versions.ClickHouse + ", " + e.Versions.NATS)},
		{"durability of the log", code(e.Durability)},
	}
	for _, m := range e.ServedModels {
		rows = append(rows, []string{"served as " + md(m.Member), list(m.Served, code)})
	}
	w.WriteString("| | |\n|---|---|\n")
	for _, row := range rows {
		w.WriteString("| " + row[0] + " | " + row[1] + " |\n")
	}
	w.WriteString("\n")
	w.WriteString("```\n" +
		"crucible verify " + e.Run + "\n" +
		"crucible sql \"SELECT condition, count(), avg(correct) FROM votes WHERE run = '" + e.Run + "' GROUP BY condition\"\n" +
		"```\n")
}

// md escapes a short text for a sentence or a cell.
func md(s string) string { return escape(s, longName) }

// escape makes text that Markdown shows as it is: on one line, without control
// and formatting characters, every character with a meaning escaped, at most n
// characters.
func escape(s string, n int) string {
	s = flat(s, n)
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
		case strings.ContainsRune("\\`*[]|~#$@", c), special(rs, i):
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
func special(rs []rune, i int) bool {
	last := i+1 == len(rs)
	switch c := rs[i]; c {
	case '_':
		return i == 0 || last || !wordy(rs[i-1]) || !wordy(rs[i+1])
	case ':':
		return !last && rs[i+1] == '/'
	case '.', ')':
		www := i >= 3 && strings.EqualFold(string(rs[i-3:i]), "www")
		return www || i == 0 || allDigits(rs[:i]) && (last || rs[i+1] == ' ')
	default:
		return i == 0 && strings.ContainsRune("-+=", c)
	}
}

func wordy(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }

func allDigits(rs []rune) bool {
	return !slices.ContainsFunc(rs, func(c rune) bool { return c < '0' || c > '9' })
}

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

// code is a code span that its content cannot end; in a table its bars are
// escaped.
func code(s string) string {
	s = flat(s, longName)
	if s == "" {
		return "–"
	}
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
