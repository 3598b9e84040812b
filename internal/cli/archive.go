package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/crucible-go/crucible/internal/app"
)

func (c *cli) archiveCommand() *cobra.Command {
	var file string
	var keep bool
	cmd := &cobra.Command{
		Use:   "archive RUN",
		Short: "Write a run to a verified file and remove its stream from the log",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			run := args[0]
			if file == "" {
				file = run + ".crucible.zst"
			}
			return c.with(cmd.Context(), app.NeedLog, func(r *app.Resources) error {
				end, err := app.Archive(cmd.Context(), r.Log, run, file, c.conf.Version, !keep)
				if err != nil {
					return err
				}
				if c.asJSON {
					return c.printJSON(map[string]any{"run": run, "file": file, "events": end.Events, "objects": end.Objects, "sha256": end.SHA256})
				}
				c.say("%d events and %d objects of run %s are in %s", end.Events, end.Objects, run, file)
				_, err = fmt.Fprintln(c.Out, file)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&file, "file", "", "the file; default RUN.crucible.zst")
	cmd.Flags().BoolVar(&keep, "keep", false, "leave the run in the log")
	return cmd
}

func (c *cli) restoreCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "restore FILE",
		Short: "Bring an archived run back into the log and the store",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), app.NeedLog|app.NeedStore, func(r *app.Resources) error {
				run, err := app.Restore(cmd.Context(), r.Log, args[0])
				if err != nil {
					return err
				}
				if err := app.Rebuild(cmd.Context(), r, run); err != nil {
					return err
				}
				if c.asJSON {
					return c.printJSON(map[string]string{"run": run})
				}
				_, err = fmt.Fprintln(c.Out, run)
				return err
			})
		},
	}
}
