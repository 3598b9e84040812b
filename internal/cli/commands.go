package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/crucible-go/crucible/internal/app"
	"github.com/crucible-go/crucible/pkg/experiment"
)

// group is a part of the help.
type group struct {
	id, title string
	commands  []*cobra.Command
}

// groups are all commands, in the order of the help.
func (c *cli) groups() []group {
	return []group{
		{"run", "Run experiments", []*cobra.Command{
			c.planCommand(), c.runCommand(), c.resumeCommand(), c.submitCommand(), c.watchCommand(), c.cancelCommand(),
		}},
		{"inspect", "Inspect runs", []*cobra.Command{
			c.runsCommand(), c.statusCommand(), c.analyzeCommand(), c.reportCommand(), c.verifyCommand(), c.traceCommand(),
		}},
		{"replay", "Ask what would have been", []*cobra.Command{
			c.replayCommand(), c.tuneCommand(),
		}},
		{"data", "Data", []*cobra.Command{
			c.sqlCommand(), c.exportCommand(), c.rebuildCommand(), c.archiveCommand(), c.restoreCommand(),
		}},
		{"stat", "Statistics", []*cobra.Command{
			c.statCommand(), c.powerCommand(), c.hedgeCommand(),
		}},
		{"serve", "Serve", []*cobra.Command{
			c.serveCommand(), c.storeCommand(), c.simulateCommand(),
		}},
		{"tools", "Tools", []*cobra.Command{
			c.doctorCommand(), c.configCommand(), c.versionCommand(),
		}},
	}
}

// addCommands builds the tree of commands.
func (c *cli) addCommands() {
	for _, g := range c.groups() {
		c.root.AddGroup(&cobra.Group{ID: g.id, Title: g.title + ":"})
		for _, cmd := range g.commands {
			cmd.GroupID = g.id
			cmd.DisableFlagsInUseLine = true
			c.root.AddCommand(cmd)
		}
	}
	c.root.SetHelpCommandGroupID("tools")
	c.root.SetCompletionCommandGroupID("tools")
	c.root.Args = unknownCommand
	c.root.RunE = help
	for _, cmd := range c.root.Commands() {
		checkArgs(cmd)
	}
}

// help prints the help of a command that does nothing by itself.
func help(cmd *cobra.Command, _ []string) error { return cmd.Help() }

// unknownCommand refuses the arguments of a command that only has others below
// it, and names the nearest of those.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range cmd.Commands() {
		if !sub.Hidden {
			names = append(names, sub.Name())
		}
	}
	hint := "see " + cmd.CommandPath() + " --help"
	if near := experiment.Nearest(args[0], names); near != "" {
		hint = "did you mean " + cmd.CommandPath() + " " + near + "?"
	}
	return &app.UsageError{Err: fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath()), Hint: hint}
}

// flagHint names the flag that is nearest to one that does not exist.
func flagHint(cmd *cobra.Command, err error) string {
	hint := "see " + cmd.CommandPath() + " --help"
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return hint
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near := experiment.Nearest(unknown.GetSpecifiedName(), names); near != "" {
		return "did you mean --" + near + "? See " + cmd.CommandPath() + " --help"
	}
	return hint
}

// checkArgs makes a wrong number of arguments a fault of usage.
func checkArgs(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			err := check(cmd, args)
			var usage *app.UsageError
			if err == nil || errors.As(err, &usage) {
				return err
			}
			return &app.UsageError{Err: fmt.Errorf("%s: %w", cmd.CommandPath(), err), Hint: "usage: " + cmd.UseLine()}
		}
	}
	for _, sub := range cmd.Commands() {
		checkArgs(sub)
	}
}

// examples are command lines for the help.
func examples(lines ...string) string { return "  " + strings.Join(lines, "\n  ") }
