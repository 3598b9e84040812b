package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/crucible-go/crucible/internal/app"
	"github.com/crucible-go/crucible/pkg/stat/catalog"
)

// planName is the name that asks for a choice of test instead of a test.
const planName = "plan"

// planStat chooses the test that a design calls for, before there are data.
func (c *cli) planStat(sets []string) error {
	var known []string
	for _, k := range catalog.PlanKeys() {
		known = append(known, k.Name)
	}
	set, err := settings(sets, known)
	if err != nil {
		return err
	}
	out := catalog.Plan(set)
	if c.asJSON {
		err = c.printJSON(out)
	} else if out.Refused == "" {
		err = c.printPlan(out)
	}
	if err == nil && out.Refused != "" {
		return &app.UsageError{Err: errors.New(strings.TrimPrefix(out.Refused, "stat: ")), Hint: "crucible stat --list plan says what a design has"}
	}
	return err
}

// printPlan prints a plan for people.
func (c *cli) printPlan(out catalog.PlanOutput) error {
	var rows [][]string
	for _, row := range [][]string{{"test", out.Test}, {"method", out.Method}, {"instead of", out.InsteadOf}, {"effect", out.Effect},
		{"interval", out.Interval}, {"after it", out.PostHoc}, {"adjusted by", out.Adjust}, {"because", out.Why}} {
		if row[1] != "" {
			rows = append(rows, row)
		}
	}
	if out.LeastP != nil {
		rows = append(rows, []string{"least p", number(*out.LeastP)})
	}
	if err := c.table("", rows); err != nil {
		return err
	}
	for _, a := range out.Alternatives {
		if _, err := fmt.Fprintf(c.Out, "or %s %s\n", a.Test, a.Why); err != nil {
			return err
		}
	}
	for _, w := range out.Warnings {
		if _, err := fmt.Fprintf(c.Out, "warning: %s\n", w); err != nil {
			return err
		}
	}
	return nil
}

// describePlan says what a design has.
func (c *cli) describePlan() error {
	if c.asJSON {
		return c.printJSON(map[string]any{"name": planName, "title": planTitle, "settings": catalog.PlanKeys()})
	}
	if _, err := fmt.Fprintf(c.Out, "%s: %s\n", planName, planTitle); err != nil {
		return err
	}
	return c.table("  ", keyRows(catalog.PlanKeys()))
}

const planTitle = "which test a design calls for, before there are data"

// keyRows says what settings there are.
func keyRows(keys []catalog.Key) (rows [][]string) {
	for _, k := range keys {
		doc := k.Doc
		if k.Default != "" {
			doc += " (default " + k.Default + ")"
		}
		rows = append(rows, []string{k.Name, doc})
	}
	return rows
}
