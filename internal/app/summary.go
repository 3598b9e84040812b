package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/crucible-go/crucible/pkg/experiment"
)

// Summary is what would be run.
type Summary struct {
	Name        string             `json:"name"`
	SpecHash    string             `json:"spec_hash"`
	DatasetHash string             `json:"dataset_hash"`
	Items       int                `json:"items"`
	Conditions  []ConditionSummary `json:"conditions"`
	Repeat      int                `json:"repeat"`
	Queries     int                `json:"queries"`
	Calls       int                `json:"calls"`
	Pools       []string           `json:"pools"`
	CostUSD     string             `json:"cost_usd"` // the worst case
	Unpriced    []string           `json:"unpriced"`
	PriceTable  string             `json:"price_table"` // "" if the spec names all prices
	Events      int                `json:"events"`
	Warnings    []string           `json:"warnings"`
}

// ConditionSummary is a condition in a Summary.
type ConditionSummary struct {
	Name    string   `json:"name"`
	Members []string `json:"members"`
	Vote    string   `json:"vote"`
}

// Summarize says what a plan would run. The hash of the spec is the one that the
// run will have.
func Summarize(ctx context.Context, f *SpecFile, plan *experiment.Plan) (Summary, error) {
	submitted, err := f.submitted(ctx)
	if err != nil {
		return Summary{}, err
	}
	cost := plan.Cost()
	s := Summary{
		Name:        f.Spec.Name,
		SpecHash:    submitted.Hash(),
		DatasetHash: plan.DatasetHash(),
		Items:       plan.Items(),
		Repeat:      f.Spec.Repeat,
		Queries:     plan.Len(),
		Calls:       plan.Calls(),
		CostUSD:     cost.USD,
		Unpriced:    slices.Clone(cost.Unpriced),
		PriceTable:  f.Spec.PriceTable,
		Events:      2*plan.Len() + 3*plan.Calls() + 5, // dispatched and decided; requested, started, completed; the run's own
		Warnings:    slices.Concat(f.Spec.Warnings, plan.Warnings),
	}
	for _, c := range f.Spec.Conditions {
		s.Conditions = append(s.Conditions, ConditionSummary{c.Name, c.Members, c.Vote})
	}
	for _, p := range f.Spec.Pools() {
		s.Pools = append(s.Pools, p.Name)
	}
	return s, nil
}

// Text is the summary for people.
func (s Summary) Text() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(w, "experiment\t%s\n", s.Name)
	_, _ = fmt.Fprintf(w, "items\t%d\n", s.Items)
	for _, c := range s.Conditions {
		_, _ = fmt.Fprintf(w, "condition\t%s: %s", c.Name, strings.Join(c.Members, ", "))
		if len(c.Members) > 1 {
			_, _ = fmt.Fprintf(w, " (%s)", c.Vote)
		}
		_, _ = fmt.Fprintln(w)
	}
	_, _ = fmt.Fprintf(w, "repeat\t%d\nqueries\t%d\ncalls\t%d\nevents\t%d\n", s.Repeat, s.Queries, s.Calls, s.Events)
	_, _ = fmt.Fprintf(w, "pools\t%s\n", strings.Join(s.Pools, ", "))
	_, _ = fmt.Fprintf(w, "cost\tat most $%s", s.CostUSD)
	if len(s.Unpriced) > 0 {
		_, _ = fmt.Fprintf(w, ", and unknown for %s", strings.Join(s.Unpriced, ", "))
	}
	if s.PriceTable != "" {
		_, _ = fmt.Fprintf(w, "\nprices\ttable %s", s.PriceTable)
	}
	_, _ = fmt.Fprintf(w, "\nspec hash\t%s\ndata set hash\t%s\n", s.SpecHash, s.DatasetHash)
	for _, warning := range s.Warnings {
		_, _ = fmt.Fprintf(w, "warning\t%s\n", warning)
	}
	_ = w.Flush() // to memory
	return b.String()
}
