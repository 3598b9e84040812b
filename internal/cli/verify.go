package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/crucible-go/crucible/internal/app"
)

func (c *cli) verifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "verify RUN",
		Short: "Derive a run's results from the log again and compare everything with them",
		Long: "Checks that the log holds what the end of the run states, that ClickHouse\n" +
			"holds the same events, that the analysis follows from the log bit for bit, and\n" +
			"that the files in the results folder are the ones that were written.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), app.NeedLog|app.NeedStore, func(r *app.Resources) error {
				v, err := app.Verify(cmd.Context(), c.conf, r, args[0])
				if err != nil {
					return err
				}
				if c.asJSON {
					if err := c.printJSON(v); err != nil {
						return err
					}
				} else {
					c.printChecks(v)
				}
				if !v.OK {
					return &differs{run: args[0], v: v}
				}
				return nil
			})
		},
	}
}

func (c *cli) printChecks(v app.Verification) {
	for _, k := range v.Checks {
		mark := "ok"
		if !k.OK {
			mark = "DIFFERS"
		}
		_, _ = fmt.Fprintf(c.Out, "%-8s  %s", k.Name, mark)
		if k.Detail != "" {
			_, _ = fmt.Fprintf(c.Out, "  %s", k.Detail)
		}
		_, _ = fmt.Fprintln(c.Out)
		for _, d := range k.Differences {
			_, _ = fmt.Fprintf(c.Out, "          %s\n", d)
		}
	}
}

// differs is the end of a verification that found something.
type differs struct {
	run string
	v   app.Verification
}

func (e *differs) Error() string {
	for _, k := range e.v.Checks {
		if !k.OK {
			return fmt.Sprintf("run %s: %s differs: %s", e.run, k.Name, k.Differences[0])
		}
	}
	return "run " + e.run + " differs"
}

// Hint says what mends a store that differs; nothing mends the others.
func (e *differs) Hint() string {
	for _, k := range e.v.Checks {
		if k.Name == "log" && !k.OK {
			return "the log is damaged; restore the run from an archive into another data folder"
		}
	}
	for _, k := range e.v.Checks {
		if k.Name == "store" && !k.OK {
			return "crucible rebuild " + e.run + " copies the run from the log again"
		}
	}
	return ""
}

func (c *cli) rebuildCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "rebuild RUN",
		Short: "Copy a run from the log into ClickHouse again",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), app.NeedLog|app.NeedStore, func(r *app.Resources) error {
				if err := app.Rebuild(cmd.Context(), r, args[0]); err != nil {
					return err
				}
				c.say("run %s is rebuilt", args[0])
				return nil
			})
		},
	}
}
