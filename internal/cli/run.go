package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/crucible-go/crucible/internal/app"
)

func (c *cli) runCommand() *cobra.Command {
	var run string
	cmd := &cobra.Command{
		Use:   "run SPEC",
		Short: "Run an experiment in this process, until its report is written",
		Long: "Runs every service in this process until the report of the experiment is in\n" +
			"OUT/RUN. Whatever ends it early, crucible resume RUN goes on where it stopped,\n" +
			"and no answer is asked or paid for again. With --json the last line of stdout is\n" +
			"{\"run\", \"state\", \"dir\"}.",
		Example: examples("crucible run examples/arithmetic.yaml", "crucible run --run first --out results --workers 8 spec.yaml"),
		Args:    cobra.ExactArgs(1),
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
			if err := c.conf.CheckPools(spec); err != nil {
				return err
			}
			return c.perform(cmd.Context(), run, func(ctx context.Context, r *app.Resources) error {
				return app.Submit(ctx, r.Log, spec, run, c.LookupEnv)
			})
		},
	}
	cmd.Flags().StringVar(&run, "run", "", "id of the run; default a new one")
	c.cacheFlag(cmd)
	return cmd
}

// check plans a run before anything is opened, and says what its author should
// know.
func (c *cli) check(ctx context.Context, spec *app.SpecFile, run string) error {
	if err := app.CheckRunID(run); err != nil {
		return err
	}
	plan, err := spec.Plan(ctx)
	if err != nil {
		return err
	}
	for _, w := range slices.Concat(spec.Spec.Warnings, plan.Warnings) {
		c.say("crucible: warning: %s", w)
	}
	return nil
}

func (c *cli) resumeCommand() *cobra.Command {
	var raise map[string]string
	cmd := &cobra.Command{
		Use:   "resume RUN",
		Short: "Finish a run that was interrupted or suspended",
		Long: "Goes on with a run of this data folder until its report is written. What is in\n" +
			"the log already is not asked again. Of a run that is finished it only says where\n" +
			"the report is. A run that has reached its budget goes on with a larger one.",
		Example: examples("crucible resume 01jd8z0v5f3q0k1n9r4t7w2x6y", "crucible resume first --budget usd=5.00"),
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.perform(cmd.Context(), args[0], func(ctx context.Context, r *app.Resources) error {
				return app.Resume(ctx, r.Log, args[0], raise)
			})
		},
	}
	c.cacheFlag(cmd)
	cmd.Flags().StringToStringVar(&raise, "budget", nil, "larger limits of a suspended run: usd, calls, tokens")
	return cmd
}

// perform runs the services in this process until the report of the run is
// written.
func (c *cli) perform(ctx context.Context, run string, begin func(context.Context, *app.Resources) error) error {
	view := c.progressView()
	trust := app.Trust{SpecPools: true, Sole: c.conf.NATS == ""}
	out, err := app.Perform(ctx, c.conf, trust, run, c.logger(false), begin, view.interval(), view.show)
	view.done()
	if err != nil {
		if ctx.Err() != nil {
			return &interrupted{run: run, data: c.conf.Data}
		}
		return err
	}
	return c.finished(out)
}

// interrupted is the end of a run by a signal.
type interrupted struct{ run, data string }

func (e *interrupted) Error() string { return "interrupted; nothing that was answered is lost" }

// Hint says how to go on.
func (e *interrupted) Hint() string {
	return fmt.Sprintf("go on with: crucible resume %s --data %s", e.run, e.data)
}

// finished prints how a run ended, and maps it to an exit code.
func (c *cli) finished(out app.Outcome) error {
	dir := ""
	if out.Report != nil {
		dir = filepath.Join(c.conf.Out, out.Report.Dir)
	}
	if c.asJSON {
		if err := c.printJSON(struct {
			Run   string `json:"run"`
			State string `json:"state"`
			Dir   string `json:"dir"`
		}{out.Run, out.State, dir}); err != nil {
			return err
		}
	} else if dir != "" {
		c.say("run %s is %s: %s", out.Run, out.State, filepath.Join(dir, "report.md"))
	}
	switch out.State {
	case app.StateComplete:
		return nil
	case app.StatePartial, app.StateCancelled:
		return errPartial
	case app.StateRejected:
		return &app.UsageError{Err: errors.New("the run was rejected: " + out.Reason), Hint: out.Hint}
	case app.StateSuspended:
		if detail, ok := strings.CutPrefix(out.Reason, "budget: "); ok {
			c.say("run %s has reached its budget: %s", out.Run, detail)
			c.say("crucible: hint: crucible resume %s --budget usd=… goes on with a larger one; after crucible cancel %s it ends with what it has", out.Run, out.Run)
			return errPartial
		}
		return &suspended{run: out.Run, reason: out.Reason}
	}
	return fmt.Errorf("run %s failed: %s", out.Run, out.Reason)
}

// suspended is the end of a command whose run waits for somebody.
type suspended struct{ run, reason string }

func (e *suspended) Error() string { return "run " + e.run + " is suspended: " + e.reason }

// Hint says how to go on.
func (e *suspended) Hint() string {
	return "make room or raise the limit, then: crucible resume " + e.run
}
