package reporter

import (
	"fmt"
	"slices"

	"github.com/crucible-go/crucible/pkg/analysis"
)

// Document is the report in the order of its sections.
func (r *Report) Document() Document {
	b := &builder{Document{Title: name(r.Spec.Name)}}
	for _, s := range r.banners() {
		b.add(Banner{s})
	}
	if d := r.Spec.Description; d != "" {
		b.say(flat(d, longText))
	}
	b.section("Summary")
	b.say(r.summary()...)
	r.design(b)
	r.results(b)
	r.comparisons(b)
	r.costs(b)
	r.failed(b)
	r.warnings(b)
	r.reproduction(b)
	return b.Document
}

func (r *Report) design(b *builder) {
	a := r.Analysis
	b.section("Design")
	facts := []Text{
		plainly(fmt.Sprintf("Data set: %s, %s, %s.", name(r.Spec.Dataset.Source), counted(a.Items, "item", "items"), r.sample())),
		plainly(fmt.Sprintf("%s, each item asked %s; control: %s; seed %d.", counted(len(a.Conditions), "condition", "conditions"), howOften(a.Repeat), name(a.Control), a.Seed)),
		say("Answers are read with %s and compared as %s.", code(orNone(r.Spec.Score.Extract)), name(orNone(r.Spec.Score.Normalize))),
		plainly(fmt.Sprintf("Intervals have the level %s; p values are two-sided and adjusted by %s correction over the comparisons of one metric.", percent(1-a.Alpha), correction(a.Correction))),
	}
	if a.Repeat > 1 {
		facts = append(facts, plainly("Repeats of an item are not independent: items are the clusters of every interval and test."))
	}
	b.add(List{facts})
	t := Table{Label: "conditions", Caption: "The conditions.", Columns: words("condition", "members", "vote", "execution", "stop", "hedge")}
	for _, c := range r.Spec.Conditions {
		vote := c.Vote
		if len(c.Members) < 2 {
			vote = "–"
		}
		t.Rows = append(t.Rows, row(name(c.Name), list(c.Members), name(vote), name(c.Execution), name(c.Stop), name(c.Hedge.Strategy)))
	}
	b.add(t)
}

func (r *Report) sample() string {
	if m := r.Spec.Dataset.Sample.Method; m != "" && m != "all" {
		return "sampled by " + name(m)
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

func (r *Report) results(b *builder) {
	b.section("Results")
	t := Table{Label: "queries", Caption: "What became of the queries.",
		Columns: append(words("condition"), numbers("queries", "decided", "invalid", "failed", "unasked", "correct")...)}
	for _, c := range r.Analysis.Conditions {
		t.Rows = append(t.Rows, row(name(c.Name), thousands(c.Queries), thousands(c.Decided), thousands(c.Invalid), thousands(c.Failed), thousands(c.Unasked), thousands(c.Correct)))
	}
	b.add(t)
	for _, metric := range r.Spec.Metrics {
		b.part(name(metric))
		t := Table{Label: metric, Caption: "Estimates of " + name(metric) + ".",
			Columns: append(append(words("condition"), numbers("estimate", "interval", "n")...), words("method")...)}
		for _, c := range r.Analysis.Conditions {
			if m, ok := c.Metrics[metric]; ok {
				t.Rows = append(t.Rows, metricRow(c.Name, &m))
			}
		}
		b.add(t)
		if f := r.estimates(metric); f != nil {
			b.add(*f)
		}
	}
}

func metricRow(condition string, m *analysis.Metric) []Text {
	estimate, interval := "–", "–"
	if m.Estimate != nil {
		estimate = number(*m.Estimate, m.Unit)
	}
	if m.Low != nil && m.High != nil {
		interval = number(*m.Low, m.Unit) + " to " + number(*m.High, m.Unit)
	}
	return row(name(condition), estimate, interval, thousands(m.N), name(m.Method))
}

func (r *Report) comparisons(b *builder) {
	b.section("Comparisons")
	if len(r.Analysis.Comparisons) == 0 {
		b.say("There was nothing to compare.")
		return
	}
	b.say("Differences are treatment minus control, over the items that both answered.")
	t := Table{Label: "comparisons", Caption: "Differences between conditions.",
		Columns: slices.Concat(words("treatment against control", "metric"), numbers("difference", "interval", "pairs"), words("test"), numbers("p", "adjusted p"), words("significant"))}
	for i := range r.Analysis.Comparisons {
		t.Rows = append(t.Rows, comparisonRow(&r.Analysis.Comparisons[i], r.Analysis.Alpha))
	}
	b.add(t)
}

func comparisonRow(c *analysis.Comparison, alpha float64) []Text {
	e := &c.Effect
	estimate, interval, p, adjusted, verdict := "–", "–", "–", "–", "not tested"
	if e.Estimate != nil {
		estimate = number(*e.Estimate, e.Unit)
	}
	if e.Low != nil && e.High != nil {
		interval = number(*e.Low, e.Unit) + " to " + number(*e.High, e.Unit)
	}
	if c.P != nil && c.PAdjusted != nil {
		p, adjusted, verdict = pvalue(*c.P), pvalue(*c.PAdjusted), "no"
		if c.Significant(alpha) {
			verdict = "yes"
		}
	}
	return row(name(c.Treatment)+" against "+name(c.Control), name(c.Metric), estimate, interval, thousands(c.NPairs), name(c.Test), p, adjusted, verdict)
}

func (r *Report) costs(b *builder) {
	b.section("Cost")
	b.say(r.cost()...)
	t := Table{Label: "costs", Caption: "Costs.", Columns: append(words("condition"), numbers("known cost", "queries of unknown cost")...)}
	for _, c := range r.Analysis.Conditions {
		unknown := "–"
		if c.CostUnknown > 0 {
			unknown = thousands(c.CostUnknown)
		}
		t.Rows = append(t.Rows, row(name(c.Name), "$"+name(c.CostUSD), unknown))
	}
	b.add(t)
	r.hedging(b)
}

// hedging says what backups were made and what they cost, from the least to the
// most that the providers may charge.
func (r *Report) hedging(b *builder) {
	t := Table{Label: "hedging", Caption: "Backup calls, and what all calls of the condition cost.",
		Columns: append(words("condition"), numbers("calls", "extra calls", "rate", "of them won", "cancelled", "cost", "pro rata", "worst case")...)}
	for i := range r.Analysis.Conditions {
		c := &r.Analysis.Conditions[i]
		h := c.Hedging
		if h == nil {
			continue
		}
		rate := "–"
		if h.Calls > 0 {
			rate = percent(float64(h.Extra) / float64(h.Calls))
		}
		t.Rows = append(t.Rows, row(name(c.Name), thousands(h.Calls), thousands(h.Extra), rate, thousands(h.Wins), thousands(h.Cancelled),
			"$"+name(h.CostUSD), "$"+name(h.ProrataUSD), "$"+name(h.WorstCaseUSD)))
	}
	if t.Rows == nil {
		return
	}
	b.part("Backup calls")
	b.say("A copy that another one has beaten is cancelled. What it then costs is the provider's to say: pro rata is its prompt and what it had produced by then, " +
		"the worst case is all of it, and the cost counts it by the policy of its model.")
	b.add(t)
}

func (r *Report) failed(b *builder) {
	calls := r.Environment.Calls
	b.section("Failures")
	b.say(fmt.Sprintf("Of %s, %s answered, %s failed and %s cancelled, in %s.",
		counted(calls.Requested, "call", "calls"), counted(calls.Answered, "was", "were"), counted(calls.Failed, "has", "have"),
		counted(calls.Cancelled, "was", "were"), counted(calls.Attempts, "attempt", "attempts")))
	if n := r.Environment.DeadLetters; n > 0 {
		b.say(counted(n, "message", "messages") + " could not be processed and left a dead letter.")
	}
	if len(r.Failures) == 0 {
		return
	}
	t := Table{Label: "failures", Caption: "Failed calls by class.",
		Columns: slices.Concat(words("class", "condition", "model"), numbers("calls"), words("for example"))}
	for _, f := range r.Failures {
		t.Rows = append(t.Rows, row(name(f.Class), name(f.Condition), name(f.Member), thousands(f.Count), name(f.Example)))
	}
	b.add(t)
}

// warnings are all of them: of the run, the conditions, the estimates and the
// comparisons.
func (r *Report) warnings(b *builder) {
	var out []Text
	add := func(s string) { out = append(out, plainly(s)) }
	for _, s := range r.Analysis.Warnings {
		add(flat(s, longText))
	}
	for _, c := range r.Analysis.Conditions {
		for _, s := range c.Warnings {
			add(name(c.Name) + ": " + flat(s, longText))
		}
		for _, metric := range r.Spec.Metrics {
			for _, s := range c.Metrics[metric].Warnings {
				add(name(c.Name) + ", " + name(metric) + ": " + flat(s, longText))
			}
		}
	}
	for _, c := range r.Analysis.Comparisons {
		for _, s := range c.Warnings {
			add(name(c.Treatment) + " against " + name(c.Control) + ", " + name(c.Metric) + ": " + flat(s, longText))
		}
	}
	b.section("Warnings")
	if len(out) == 0 {
		b.say("None.")
		return
	}
	b.add(List{out})
}

func (r *Report) reproduction(b *builder) {
	e := &r.Environment
	b.section("Reproduction")
	t := Table{Label: "reproduction", Caption: "What this report was made of."}
	fact := func(key string, value Text) { t.Rows = append(t.Rows, []Text{plainly(key), value}) }
	fact("run", code(e.Run))
	fact("spec (SHA-256)", code(e.SpecHash))
	fact("data set (SHA-256)", code(e.DatasetHash))
	fact("analysis (SHA-256)", code(e.AnalysisHash))
	fact("seed", code(fmt.Sprint(r.Analysis.Seed)))
	fact("crucible", code(orNone(e.Versions.Crucible)))
	fact("Go, ClickHouse, NATS", code(e.Versions.Go+", "+e.Versions.ClickHouse+", "+e.Versions.NATS))
	fact("durability of the log", code(e.Durability))
	for _, m := range e.ServedModels {
		var served Text
		for i, s := range m.Served {
			if i > 0 {
				served = append(served, Span{Text: ", "})
			}
			served = append(served, code(s)...)
		}
		fact("served as "+name(m.Member), served)
	}
	b.add(t, Listing{[]string{
		"crucible verify " + e.Run,
		"crucible sql \"SELECT condition, count(), avg(correct) FROM votes WHERE run = '" + e.Run + "' GROUP BY condition\"",
	}})
}
