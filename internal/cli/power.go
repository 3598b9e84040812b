package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/crucible-go/crucible/internal/app"
	"github.com/crucible-go/crucible/pkg/stat/power"
)

func (c *cli) powerCommand() *cobra.Command {
	var sets []string
	var list bool
	cmd := &cobra.Command{
		Use:   "power NAME",
		Short: "Plan the size of an experiment",
		Long: "Solves for whichever of n, power and the effect is not given: how many items it\n" +
			"takes, how likely an effect is found, or which is the least that would be. It asks\n" +
			"for no data: the power of an effect that was observed says no more than its p-value.\n\n" +
			"--list names the designs, --list NAME says what one of them takes.",
		Example: examples(`crucible power t --set d=0.5 --set power=0.8`,
			`crucible power mcnemar --set p10=0.05 --set p01=0.10 --set power=0.9 --json`,
			`crucible power --list`),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 || list && len(args) == 0 {
				return nil
			}
			if len(args) == 0 {
				return &app.UsageError{Err: errors.New("crucible power: which design?"), Hint: "crucible power --list names them"}
			}
			return fmt.Errorf("want one design, not %d", len(args))
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if list {
				return c.listDesigns(args)
			}
			return c.runPower(args[0], sets)
		},
	}
	cmd.Flags().StringArrayVar(&sets, "set", nil, "a setting of the design as key=value; repeat it for more")
	cmd.Flags().BoolVar(&list, "list", false, "name the designs with what they take")
	return cmd
}

func lookupDesign(name string) (power.Entry, error) {
	if e, ok := power.Lookup(name); ok {
		return e, nil
	}
	var names []string
	for _, e := range power.All() {
		names = append(names, e.Name)
	}
	return power.Entry{}, unknownName("design", "crucible power --list", name, names)
}

func (c *cli) runPower(name string, sets []string) error {
	e, err := lookupDesign(name)
	if err != nil {
		return err
	}
	known := []string{"n", "power", "alpha", "method", "alternative"}
	for _, k := range e.Keys {
		known = append(known, k.Name)
	}
	set, err := settings(sets, known)
	if err != nil {
		return err
	}
	out, err := e.Do(set)
	switch {
	case err != nil:
		return err
	case c.asJSON:
		err = c.printJSON(out)
	case out.Refused == "":
		err = c.printPower(e, out)
	}
	if err == nil && out.Refused != "" {
		return &app.UsageError{Err: errors.New(strings.TrimPrefix(out.Refused, "stat: ")), Hint: "crucible power --list " + name + " says what it takes"}
	}
	return err
}

// printPower prints a plan for people.
func (c *cli) printPower(e power.Entry, out power.Output) error {
	rows := [][]string{{"n", strconv.Itoa(out.N)}, {"n in all", strconv.Itoa(out.NTotal)}, {"power", number(out.Power)}}
	if out.Effect != nil {
		rows = append(rows, []string{out.Effect.Name, number(out.Effect.Estimate)})
	}
	rows = append(rows, []string{"alpha", number(out.Alpha)})
	if out.Alternative != "" {
		rows = append(rows, []string{"alternative", out.Alternative})
	}
	rows = append(rows, []string{"method", out.Method}, []string{"solved for", out.Solved})
	for _, w := range out.Warnings {
		rows = append(rows, []string{"warning", w})
	}
	if _, err := fmt.Fprintf(c.Out, "%s: %s\n", e.Name, e.Title); err != nil {
		return err
	}
	return c.table("  ", rows)
}

func (c *cli) listDesigns(names []string) error {
	entries := power.All()
	if len(names) == 1 {
		e, err := lookupDesign(names[0])
		if err != nil {
			return err
		}
		entries = []power.Entry{e}
	}
	if c.asJSON {
		return c.printJSON(entries)
	}
	if len(names) == 1 {
		e := entries[0]
		rows := [][]string{{"n, power", "one of n, power and the effect is left out, and solved for"}, {"alpha", "level of significance, default 0.05"}}
		if len(e.Methods) > 0 {
			rows = append(rows, []string{"method", strings.Join(e.Methods, ", ") + " (default: the first)"})
		}
		for _, k := range e.Keys {
			doc := k.Doc
			if k.Default != "" {
				doc += " (default " + k.Default + ")"
			}
			rows = append(rows, []string{k.Name, doc})
		}
		if _, err := fmt.Fprintf(c.Out, "%s: %s\n", e.Name, e.Title); err != nil {
			return err
		}
		return c.table("  ", rows)
	}
	rows := [][]string{{"NAME", "SETTINGS", "PLANS"}}
	for _, e := range entries {
		keys := make([]string, len(e.Keys))
		for i, k := range e.Keys {
			keys[i] = k.Name
		}
		rows = append(rows, []string{e.Name, strings.Join(slices.Compact(keys), " "), e.Title})
	}
	return c.table("", rows)
}
