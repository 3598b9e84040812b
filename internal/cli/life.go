package cli

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/crucible-go/crucible/internal/app"
)

// with opens resources for one command.
func (c *cli) with(ctx context.Context, need app.Need, f func(*app.Resources) error) (err error) {
	r, err := app.Open(ctx, c.conf, need, c.logger(false))
	if err != nil {
		return err
	}
	defer func() {
		if cerr := r.Close(); err == nil {
			err = cerr
		}
	}()
	return f(r)
}

func (c *cli) runsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "runs",
		Short: "List the runs",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.with(cmd.Context(), app.NeedLog, func(r *app.Resources) error {
				list, err := app.List(cmd.Context(), r.Log)
				if err != nil {
					return err
				}
				if c.asJSON {
					return c.printJSON(list)
				}
				w := tabwriter.NewWriter(c.Out, 0, 0, 2, ' ', 0)
				_, _ = fmt.Fprintln(w, "RUN\tNAME\tSTATE\tDONE\tTOTAL")
				for _, s := range list {
					_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\n", s.Run, s.Name, s.State, s.Done, s.Total)
				}
				return w.Flush()
			})
		},
	}
}

func (c *cli) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status RUN",
		Short: "Tell how far a run is",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), app.NeedLog, func(r *app.Resources) error {
				s, err := app.StatusOf(cmd.Context(), r.Log, args[0])
				if err != nil {
					return err
				}
				if c.asJSON {
					return c.printJSON(s)
				}
				w := tabwriter.NewWriter(c.Out, 0, 0, 2, ' ', 0)
				_, _ = fmt.Fprintf(w, "run\t%s\nname\t%s\nstate\t%s\n", s.Run, s.Name, s.State)
				if s.Reason != "" {
					_, _ = fmt.Fprintf(w, "reason\t%s\n", s.Reason)
				}
				_, _ = fmt.Fprintf(w, "queries\t%d of %d (%d failed, %d invalid)\ncost\t$%s\n", s.Done, s.Total, s.Failed, s.Invalid, s.CostUSD)
				_, _ = fmt.Fprintf(w, "analysed\t%t\nreported\t%t\n", s.Analysed, s.Reported)
				return w.Flush()
			})
		},
	}
}

func (c *cli) watchCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "watch RUN",
		Short: "Follow a run until its report is written",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), app.NeedLog, func(r *app.Resources) error {
				if _, err := app.StatusOf(cmd.Context(), r.Log, args[0]); err != nil {
					return err
				}
				return c.follow(cmd.Context(), r, args[0])
			})
		},
	}
}

// follow shows the progress of a run that other processes perform.
func (c *cli) follow(ctx context.Context, r *app.Resources, run string) error {
	view := c.progressView()
	out, err := app.Watch(ctx, r.Log, run, view.interval(), view.show)
	view.done()
	if err != nil {
		return err
	}
	return c.finished(out)
}

func (c *cli) cancelCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "cancel RUN",
		Short: "Stop asking: calls under way are cancelled, no new ones are made",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), app.NeedLog, func(r *app.Resources) error {
				if err := app.Cancel(cmd.Context(), r.Log, args[0]); err != nil {
					return err
				}
				c.say("run %s is asked to stop; crucible watch %s tells when it has", args[0], args[0])
				return nil
			})
		},
	}
}

func (c *cli) submitCommand() *cobra.Command {
	var run string
	var watch bool
	cmd := &cobra.Command{
		Use:   "submit SPEC",
		Short: "Upload an experiment's data and publish it for the services to run",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			spec, err := c.conf.ReadSpec(args[0], c.LookupEnv)
			if err != nil {
				return err
			}
			if run == "" {
				run = app.NewRunID()
			}
			if err := c.check(cmd.Context(), spec, run); err != nil {
				return err
			}
			return c.with(cmd.Context(), app.NeedLog, func(r *app.Resources) error {
				if err := app.Submit(cmd.Context(), r.Log, spec, run, c.LookupEnv); err != nil {
					return err
				}
				if watch {
					return c.follow(cmd.Context(), r, run)
				}
				if c.asJSON {
					return c.printJSON(map[string]string{"run": run, "state": app.StateRequested})
				}
				_, err := fmt.Fprintln(c.Out, run)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&run, "run", "", "id of the run; default a new one")
	cmd.Flags().BoolVar(&watch, "watch", false, "follow the run until its report is written")
	return cmd
}

func (c *cli) planCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "plan SPEC",
		Short: "Check a spec and tell what would be run; nobody is called",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			spec, err := c.conf.ReadSpec(args[0], c.LookupEnv)
			if err != nil {
				return err
			}
			plan, err := spec.Plan(cmd.Context())
			if err != nil {
				return err
			}
			summary, err := app.Summarize(cmd.Context(), spec, plan)
			if err != nil {
				return err
			}
			if c.asJSON {
				return c.printJSON(summary)
			}
			_, err = fmt.Fprint(c.Out, summary.Text())
			return err
		},
	}
}
