package cli

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/crucible-go/crucible/internal/app"
)

func (c *cli) analyzeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "analyze RUN",
		Short: "Derive a run's results again and print them as analysis.json",
		Long: "Derives the results of a run that has ended from what ClickHouse holds and prints\n" +
			"them, byte for byte the analysis.json of its results folder. It refuses when\n" +
			"ClickHouse does not hold exactly what the end of the run states.",
		Example: examples("crucible analyze RUN | jq .comparisons"),
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), app.NeedLog|app.NeedStore, func(r *app.Resources) error {
				body, err := app.Analyze(cmd.Context(), r, args[0], c.logger(false))
				if err != nil {
					return err
				}
				_, err = c.Out.Write(body)
				return err
			})
		},
	}
}

func (c *cli) reportCommand() *cobra.Command {
	var formats []string
	cmd := &cobra.Command{
		Use:   "report RUN",
		Short: "Write a run's results folder and report again, or elsewhere",
		Long: "Writes what a run leaves behind into OUT/RUN: the resolved spec, the environment,\n" +
			"what was asked, what came back, the analysis, the report and a manifest. Files\n" +
			"that are there with the same content are left alone.",
		Example: examples("crucible report RUN --out /srv/results", "crucible report RUN --format markdown"),
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, f := range formats {
				if err := oneOf("--format", f, app.ReportFormats()...); err != nil {
					return err
				}
			}
			dir := filepath.Join(c.conf.Out, args[0])
			return c.with(cmd.Context(), app.NeedLog|app.NeedStore, func(r *app.Resources) error {
				files, err := app.Report(cmd.Context(), c.conf, r, args[0], dir, formats, c.logger(false))
				if err != nil {
					return err
				}
				if c.asJSON {
					return c.printJSON(map[string]any{"run": args[0], "dir": dir, "files": files})
				}
				_, err = fmt.Fprintln(c.Out, dir)
				return err
			})
		},
	}
	cmd.Flags().StringSliceVar(&formats, "format", nil, "formats of the report; default those of the spec")
	return cmd
}
