package reporter

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/crucible-go/crucible/pkg/analysis"
	"github.com/crucible-go/crucible/pkg/experiment"
)

// Report is everything that a report says, whatever its format. Its sentences
// are functions of it and of nothing else.
type Report struct {
	Spec        *experiment.Spec
	Analysis    *analysis.Analysis
	Environment Environment
	Failures    []Failures
}

// banners say at the top whose answers these are.
func (r *Report) banners() []string {
	var out []string
	if ids := r.asked(r.Environment.Simulated); len(ids) > 0 {
		out = append(out, "SIMULATED. "+models(ids)+" answered from a random generator: these numbers say nothing about real models.")
	}
	if ids := r.asked(r.Environment.Recorded); len(ids) > 0 {
		out = append(out, "Recorded answers. "+models(ids)+" gave these answers before this run; no model was called for them.")
	}
	if s := r.Environment.State; s != "complete" {
		out = append(out, "The run ended as "+name(s)+because(r.Environment.Reason)+": the results are of what was answered until then.")
	}
	return out
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + name(reason) + ")"
}

func models(ids []string) string {
	if len(ids) == 1 {
		return "The model " + name(ids[0])
	}
	return "The models " + list(ids)
}

// asked are the models of the list that a condition asks.
func (r *Report) asked(ids []string) []string {
	var out []string
	for _, id := range ids {
		if slices.ContainsFunc(r.Spec.Conditions, func(c experiment.Condition) bool { return slices.Contains(c.Asks(), id) }) {
			out = append(out, id)
		}
	}
	return out
}

// priced reports whether the spec gives a model a price, as it may a simulated
// one.
func (r *Report) priced(id string) bool {
	return slices.ContainsFunc(r.Spec.Models, func(m experiment.Model) bool { return m.ID == id && m.Price != nil })
}

// list is "a, b and c".
func list(items []string) string {
	quoted := make([]string, len(items))
	for i, s := range items {
		quoted[i] = name(s)
	}
	if len(quoted) < 2 {
		return strings.Join(quoted, "")
	}
	return strings.Join(quoted[:len(quoted)-1], ", ") + " and " + quoted[len(quoted)-1]
}

// summary are the sentences that answer the question of the experiment.
func (r *Report) summary() []string {
	var out []string
	if len(r.Analysis.Conditions) > 0 && len(r.Spec.Metrics) > 0 {
		out = append(out, r.best(r.Spec.Metrics[0]))
	}
	if h := r.Analysis.Hypothesis; h != nil {
		out = append(out, r.hypothesis(h))
	}
	seen := map[string]bool{}
	for _, c := range r.Analysis.Comparisons {
		if !seen[c.Metric] {
			seen[c.Metric] = true
			out = append(out, r.family(c.Metric))
		}
	}
	return out
}

// smaller reports whether less of the metric is better.
func smaller(metric string) bool {
	return strings.HasPrefix(metric, "latency_") || strings.HasPrefix(metric, "cost_")
}

// best names the condition with the best estimate of a metric. It claims no
// more than the order of the estimates.
func (r *Report) best(metric string) string {
	var names []string
	var top *analysis.Metric
	for i := range r.Analysis.Conditions {
		c := &r.Analysis.Conditions[i]
		m, ok := c.Metrics[metric]
		if !ok || m.Estimate == nil {
			continue
		}
		switch {
		case top == nil, smaller(metric) == (*m.Estimate < *top.Estimate) && *m.Estimate != *top.Estimate:
			names, top = []string{c.Name}, &m
		case *m.Estimate == *top.Estimate:
			names = append(names, c.Name)
		}
	}
	if top == nil {
		return "No condition has an estimate of " + name(metric) + "."
	}
	word := "highest"
	if smaller(metric) {
		word = "lowest"
	}
	estimate := number(*top.Estimate, top.Unit)
	total := len(r.Analysis.Conditions)
	if total == 1 {
		return fmt.Sprintf("The %s of %s is %s%s.", name(metric), name(names[0]), estimate, around(top))
	}
	if len(names) > 1 {
		return fmt.Sprintf("Of %d conditions, %s share the %s estimate of %s, %s.", total, list(names), word, name(metric), estimate)
	}
	return fmt.Sprintf("Of %d conditions, %s has the %s estimate of %s: %s%s.", total, name(names[0]), word, name(metric), estimate, around(top))
}

// around is the interval of an estimate in brackets.
func around(m *analysis.Metric) string {
	if m.Low == nil || m.High == nil {
		return fmt.Sprintf(" (n = %d; no interval)", m.N)
	}
	return fmt.Sprintf(" (%s interval %s to %s, n = %d)", percent(m.Level), number(*m.Low, m.Unit), number(*m.High, m.Unit), m.N)
}

// family sums up the comparisons of a metric.
func (r *Report) family(metric string) string {
	tested, significant, same := 0, 0, true
	var said []string
	for i := range r.Analysis.Comparisons {
		c := &r.Analysis.Comparisons[i]
		if c.Metric != metric {
			continue
		}
		if c.PAdjusted != nil {
			tested++
		}
		same = same && c.Test == "constant" && *c.Effect.Estimate == 0
		if c.Significant(r.Analysis.Alpha) {
			significant++
			said = append(said, r.difference(c))
		}
	}
	switch {
	case same:
		return fmt.Sprintf("In %s no pair of queries differs.", name(metric))
	case tested == 0:
		return fmt.Sprintf("No difference in %s could be tested.", name(metric))
	case significant == 0:
		return fmt.Sprintf("Of %s in %s, none is significant at %s after %s correction; that does not show that the conditions are equal.",
			counted(tested, "tested difference", "tested differences"), name(metric), plain(r.Analysis.Alpha), correction(r.Analysis.Correction))
	}
	verb := "are"
	if significant == 1 {
		verb = "is"
	}
	return fmt.Sprintf("Of %s in %s, %d %s significant at %s after %s correction: %s.",
		counted(tested, "tested difference", "tested differences"), name(metric), significant, verb,
		plain(r.Analysis.Alpha), correction(r.Analysis.Correction), strings.Join(said, "; "))
}

func correction(name string) string {
	if name == "holm" {
		return "Holm's"
	}
	return "the " + name
}

// difference is "a is lower than b by 0.1".
func (r *Report) difference(c *analysis.Comparison) string {
	e := c.Effect
	if e.Estimate == nil || *e.Estimate == 0 {
		return fmt.Sprintf("%s and %s differ, with an estimate of 0", name(c.Treatment), name(c.Control))
	}
	word := "higher"
	if *e.Estimate < 0 {
		word = "lower"
	}
	return fmt.Sprintf("%s is %s than %s by %s%s", name(c.Treatment), word, name(c.Control), number(math.Abs(*e.Estimate), e.Unit), spread(&e))
}

// spread is the interval of an effect in brackets, for the treatment minus the
// control.
func spread(e *analysis.Effect) string {
	if e.Low == nil || e.High == nil {
		return ""
	}
	return fmt.Sprintf(" (difference %s, %s interval %s to %s)", number(*e.Estimate, e.Unit), percent(e.Level), number(*e.Low, e.Unit), number(*e.High, e.Unit))
}

// hypothesis says what became of the claim.
func (r *Report) hypothesis(h *analysis.Hypothesis) string {
	what := "The hypothesis"
	if h.ID != "" {
		what += " " + name(h.ID)
	}
	claim := ""
	if h.Claim != "" {
		claim = " (“" + name(h.Claim) + "”)"
	}
	if h.Verdict == analysis.Untested || h.P == nil || h.PAdjusted == nil {
		return fmt.Sprintf("%s%s could not be tested.", what, claim)
	}
	tail := "two-sided"
	if h.Alternative != "two-sided" {
		tail = "with the alternative “" + name(h.Alternative) + "”"
	}
	head := fmt.Sprintf("%s%s was tested %s on %s, %s against %s", what, claim, tail, name(h.Metric), name(h.Treatment), name(h.Control))
	p := fmt.Sprintf("p = %s, adjusted %s", pvalue(*h.P), pvalue(*h.PAdjusted))
	effect := ""
	if c := r.Analysis.Compare(h.Metric, h.Treatment, h.Control); c != nil && c.Effect.Estimate != nil {
		effect = spread(&c.Effect)
	}
	switch h.Verdict {
	case analysis.Higher, analysis.Lower:
		return fmt.Sprintf("%s: %s is significantly %s%s; %s.", head, name(h.Treatment), h.Verdict, effect, p)
	}
	return fmt.Sprintf("%s: not shown at %s%s; %s. That is no evidence of equality.", head, plain(r.Analysis.Alpha), effect, p)
}

// cost says what the run cost.
func (r *Report) cost() []string {
	e := &r.Environment
	total := fmt.Sprintf("The run cost %s US dollars for %s.", orZero(e.CostUSD), counted(e.Calls.Requested, "call", "calls"))
	if e.UnpricedCalls > 0 {
		total = fmt.Sprintf("The run cost at least %s US dollars for %s; the cost of %s is not fully known.",
			orZero(e.CostUSD), counted(e.Calls.Requested, "call", "calls"), counted(e.UnpricedCalls, "call", "calls"))
	}
	out := []string{total}
	free := append(slices.Clone(r.asked(e.Simulated)), r.asked(e.Recorded)...)
	if free = slices.DeleteFunc(free, r.priced); len(free) > 0 {
		out = append(out, fmt.Sprintf("Answers of %s cost nothing, because they are simulated or recorded.", list(free)))
	}
	if n := len(e.PossiblyBilled); n > 0 {
		out = append(out, fmt.Sprintf("%s started without an outcome that anybody saw; the provider may have charged for them, and the sum counts them at their worst price where that is known.",
			counted(n, "attempt was", "attempts were")))
	}
	if b := e.CostRange; b != nil {
		out = append(out, fmt.Sprintf("Providers reported usage worth %s US dollars. With what attempts that were given up had used by then it is %s, and at the worst, if each of them was charged in full, %s.",
			b.ReportedUSD, b.ProrataUSD, b.WorstUSD))
	}
	if n := e.Calls.Cached; n > 0 {
		out = append(out, fmt.Sprintf("%s were answered before and taken from the cache: they cost nothing and have no latency.", counted(n, "call", "calls")))
	}
	if e.PriceTable != "" {
		out = append(out, fmt.Sprintf("Prices that the spec does not name are list prices of the table %s.", e.PriceTable))
	}
	return out
}

func orZero(usd string) string {
	if usd == "" {
		return "0"
	}
	return usd
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + many
}

// thousands writes 1319 as 1,319.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// number is a value in its unit: shares with four decimals, money and scores
// with four significant digits, milliseconds with one decimal.
func number(x float64, unit string) string {
	switch unit {
	case analysis.UnitShare:
		return positive(strconv.FormatFloat(x, 'f', 4, 64))
	case analysis.UnitMS:
		return positive(strconv.FormatFloat(x, 'f', 1, 64)) + " ms"
	case analysis.UnitUSD:
		if x < 0 {
			return "-$" + significant(-x)
		}
		return "$" + significant(x)
	}
	return significant(x)
}

// positive writes a rounded zero without a sign.
func positive(s string) string {
	if strings.Trim(s, "-0.") == "" {
		return strings.TrimPrefix(s, "-")
	}
	return s
}

func significant(x float64) string {
	if x == 0 {
		return "0"
	}
	if a := math.Abs(x); a >= 1e-6 && a < 1e6 {
		digits := max(0, 3-int(math.Floor(math.Log10(a))))
		return strconv.FormatFloat(x, 'f', digits, 64)
	}
	return strconv.FormatFloat(x, 'g', 4, 64)
}

// pvalue has three significant digits.
func pvalue(p float64) string {
	if p >= 0.001 {
		return strconv.FormatFloat(p, 'g', 3, 64)
	}
	return strconv.FormatFloat(p, 'e', 2, 64)
}

func plain(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

func percent(level float64) string {
	return strconv.FormatFloat(math.Round(level*1e6)/1e4, 'f', -1, 64) + " %"
}
