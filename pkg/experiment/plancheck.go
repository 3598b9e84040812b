package experiment

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/crucible-go/crucible/pkg/cost"
)

// maxItemProblems is the number of items with problems that are reported.
const maxItemProblems = 10

// check looks at every item.
func (p *Plan) check() error {
	var problems Errors
	spans := make([]span, p.paths.count)
	found := make(map[string]int)
	for i := range p.items {
		it := &p.items[i]
		p.paths.find(it.Raw, spans)
		if err := p.checkItem(it, spans, found); err != nil {
			problems = append(problems, *err)
			if len(problems) == maxItemProblems {
				break
			}
		}
	}
	if len(problems) > 0 {
		return problems
	}
	return p.checkRecorded(found)
}

// checkItem counts the recorded answers of each model in found.
func (p *Plan) checkItem(it *Item, spans []span, found map[string]int) *Problem {
	if !it.HasExpected {
		return p.noExpected(it)
	}
	messages, err := p.messages(it)
	if err != nil {
		problem := p.itemProblem(it, err)
		return &problem
	}
	n := cost.Prompt(messages)
	p.inputTokens += n
	p.inputMost = max(p.inputMost, n)
	if _, ok := p.clusterOf(it, spans); !ok {
		return &Problem{File: p.spec.Dataset.Path, Line: it.Line, Path: "analysis.cluster",
			Message: fmt.Sprintf("the item has no value at %q (analysis.cluster)", p.spec.Analysis.Cluster),
			Hint:    didYouMean(p.spec.Analysis.Cluster, it.Paths(), "the item has")}
	}
	seen := make(map[string]bool, 8)
	for c := range p.conditions {
		for k := range p.conditions[c].members {
			m := &p.conditions[c].members[k]
			if m.model.Provider != "recorded" || seen[m.id] {
				continue
			}
			seen[m.id] = true
			_, ok, err := m.recordedAnswer(it, 0, spans)
			if err != nil {
				problem := p.itemProblem(it, err)
				return &problem
			}
			if ok {
				found[m.id]++
			}
		}
	}
	return nil
}

// noExpected is the problem of an item that no metric can score.
func (p *Plan) noExpected(it *Item) *Problem {
	path := p.spec.Dataset.Fields.Expected
	return &Problem{File: p.spec.Dataset.Path, Line: it.Line, Path: "dataset.fields.expected",
		Message: fmt.Sprintf("the item has no expected answer at %q (dataset.fields.expected)", path),
		Hint:    didYouMean(path, it.Paths(), "the item has")}
}

// checkRecorded refuses a recorded model that answers no item, and remarks on
// one that answers some.
func (p *Plan) checkRecorded(found map[string]int) error {
	for i := range p.spec.Models {
		m := &p.spec.Models[i]
		if m.Provider != "recorded" || !p.spec.uses(m.ID) || found[m.ID] == len(p.items) {
			continue
		}
		where, file := fmt.Sprintf("at %q (models.field)", m.Field), p.spec.Dataset.Path
		if m.File != "" {
			where, file = fmt.Sprintf("in %q for the ids of the data set (models.fields.id)", m.File), m.File
		}
		if n := found[m.ID]; n > 0 {
			p.Warnings = append(p.Warnings, fmt.Sprintf("model %q has no recorded answer to %d of %d items %s: these calls fail", m.ID, len(p.items)-n, len(p.items), where))
			continue
		}
		problem := Problem{File: file, Path: "models.field", Message: fmt.Sprintf("model %q has no recorded answer to any item %s", m.ID, where)}
		if m.File == "" {
			problem.Hint = didYouMean(m.Field, p.items[0].Paths(), "an item has")
		}
		return Errors{problem}
	}
	return nil
}

// RecordedLatency reads a recorded latency in nanoseconds from its JSON value:
// a number in the model's latency_unit, or a text like "800ms". There is none,
// 0, for null, for an empty text and for nothing.
func (m *Model) RecordedLatency(value []byte) (int64, error) {
	text, ok := valueText(value)
	if !ok || text == "" {
		return 0, nil
	}
	if value[0] == '"' {
		if d, err := time.ParseDuration(text); err == nil && d >= 0 {
			return int64(d), nil
		}
	}
	unit := map[string]float64{"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}[m.LatencyUnit]
	f, err := strconv.ParseFloat(text, 64)
	if ns := math.Round(f * unit); err == nil && ns >= 0 && ns < math.MaxInt64 {
		return int64(ns), nil
	}
	return 0, fmt.Errorf("%.40s is not a latency: want a number of %s, or a text like \"800ms\"", value, m.LatencyUnit)
}
