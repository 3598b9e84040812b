// Package cli is the command line of Crucible: flags, what is printed, and exit
// codes. What the commands do is in package app.
//
// stdout is data, stderr is talk. Exit codes: 0 done, 1 failed, 2 wrong usage or
// invalid input, 3 finished but partial.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/crucible-go/crucible/internal/app"
)

// IO is what the command line sees of the world.
type IO struct {
	In        io.Reader
	Out, Err  io.Writer
	Getenv    func(string) string
	LookupEnv func(string) (string, bool)
}

// The exit codes.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitPartial = 3
)

// errPartial ends a command whose run finished but is partial.
var errPartial = errors.New("the run is partial")

// cli is one invocation.
type cli struct {
	IO
	root *cobra.Command

	file    string // --config
	asJSON  bool
	yes     bool
	verbose bool
	conf    app.Config
}

// Main runs the command line and returns its exit code.
func Main(ctx context.Context, args []string, world IO) int {
	c := newCLI(world)
	c.root.SetArgs(args)
	err := c.root.ExecuteContext(ctx)
	return c.report(err)
}

// New is the command tree, for documentation and for checks of what the
// deployment files call.
func New() *cobra.Command {
	return newCLI(IO{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, Getenv: func(string) string { return "" }, LookupEnv: func(string) (string, bool) { return "", false }}).root
}

func newCLI(world IO) *cli {
	c := &cli{IO: world}
	c.root = &cobra.Command{
		Use:   "crucible",
		Short: "Experiments on the reliability, latency and cost of language models",
		Long: "Crucible runs reproducible, statistically rigorous experiments on the\nreliability, latency and cost of large language models.\n\n" +
			"Without --nats and --clickhouse everything is in this process and in the folder\n" +
			"--data. Every flag has an environment variable: --data-root is CRUCIBLE_DATA_ROOT.\n" +
			"stdout is data, stderr is talk. Exit codes: 0 done, 1 failed, 2 wrong usage or\n" +
			"invalid input, 3 finished but partial.",
		Example: examples("crucible plan examples/arithmetic.yaml", "crucible run examples/arithmetic.yaml",
			"crucible sql 'SELECT condition, count() FROM votes GROUP BY condition'"),
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return c.configure(cmd)
		},
	}
	c.root.SetIn(world.In)
	c.root.SetOut(world.Out)
	c.root.SetErr(world.Err)
	c.root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &app.UsageError{Err: err, Hint: flagHint(cmd, err)}
	})
	f := c.root.PersistentFlags()
	f.StringVar(&c.conf.Data, "data", ".crucible", "folder of the embedded log and store")
	f.StringVar(&c.conf.Out, "out", "results", "folder of the results")
	f.StringVar(&c.conf.NATS, "nats", "", "URL of a NATS server with JetStream; without it the log is embedded")
	f.StringVar(&c.conf.ClickHouse, "clickhouse", "", "URL of a ClickHouse; without it the store is embedded")
	f.StringVar(&c.conf.Prices, "prices", "", "YAML file with prices of models; default the built-in table of list prices")
	f.StringVar(&c.file, "config", "", "YAML file with the configuration of services and pools")
	f.IntVar(&c.conf.Workers, "workers", 0, "calls at a time per pool; 0 is what the pools say")
	f.BoolVar(&c.asJSON, "json", false, "print data as JSON")
	f.BoolVar(&c.yes, "yes", false, "answer every question with yes")
	f.BoolVarP(&c.verbose, "verbose", "v", false, "log what the services do")
	c.addCommands()
	return c
}

// EnvName is the environment variable of a flag.
func EnvName(flag string) string {
	return "CRUCIBLE_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// onlyFlag says that a flag has the name of a global one and another meaning:
// neither the environment nor the configuration file speak of it.
func onlyFlag(cmd *cobra.Command, name string) {
	cmd.Flags().Lookup(name).Annotations = map[string][]string{"only-flag": {"true"}}
}

func isOnlyFlag(f *pflag.Flag) bool { return f.Annotations["only-flag"] != nil }

// configure fills in what the flags leave open: from the environment, then from
// the configuration file, then the defaults.
func (c *cli) configure(cmd *cobra.Command) error {
	var err error
	set := map[string]bool{}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed {
			set[f.Name] = true
			return
		}
		v, ok := c.LookupEnv(EnvName(f.Name))
		if !ok || v == "" || f.Name == "help" || isOnlyFlag(f) {
			return
		}
		set[f.Name] = true
		if serr := f.Value.Set(v); serr != nil && err == nil {
			err = &app.UsageError{Err: fmt.Errorf("environment variable %s: --%s: %w", EnvName(f.Name), f.Name, serr), Hint: f.Usage}
		}
	})
	if err != nil {
		return err
	}
	file, err := app.ReadFile(c.file)
	if err != nil {
		return err
	}
	c.conf.File = file
	c.conf.Getenv = c.Getenv
	c.conf.Version = Version()
	for name, v := range file.Flags() {
		f := cmd.Flags().Lookup(name)
		if f == nil || set[name] || v == "" || isOnlyFlag(f) {
			continue
		}
		if err := f.Value.Set(v); err != nil {
			return &app.UsageError{Err: fmt.Errorf("%s: %s: %w", c.file, name, err)}
		}
	}
	if c.conf.Workers < 0 {
		return &app.UsageError{Err: fmt.Errorf("--workers: %d is negative", c.conf.Workers), Hint: "0 is what the pools say"}
	}
	return c.conf.Check()
}

// logger writes to stderr: warnings and errors, everything with -v, and JSON
// lines for services.
func (c *cli) logger(service bool) zerolog.Logger {
	level := zerolog.WarnLevel
	if service {
		level = zerolog.InfoLevel
	}
	if c.verbose {
		level = zerolog.DebugLevel
	}
	if service {
		return zerolog.New(c.Err).Level(level).With().Timestamp().Logger()
	}
	w := zerolog.ConsoleWriter{Out: c.Err, NoColor: !isTerminal(c.Err), TimeFormat: time.TimeOnly}
	l := zerolog.New(w).Level(level).With().Timestamp().Logger()
	if !c.verbose { // what repeats itself in a thousand handlers is said a few times
		l = l.Sample(zerolog.LevelSampler{WarnSampler: &zerolog.BurstSampler{Burst: 5, Period: 10 * time.Second}})
	}
	return l
}

// report prints an error as people and scripts expect it, and returns the exit
// code.
func (c *cli) report(err error) int {
	if err == nil {
		return exitDone
	}
	var usage *app.UsageError
	switch {
	case errors.Is(err, errPartial):
		return exitPartial
	case errors.As(err, &usage):
		c.sayError(err, usage.Hint)
		return exitUsage
	}
	if errors.Is(err, context.Canceled) && app.Hint(err) == "" {
		err = errors.New("interrupted")
	}
	c.sayError(err, app.Hint(err))
	return exitFailed
}

func (c *cli) sayError(err error, hint string) {
	text := err.Error()
	_, _ = fmt.Fprintf(c.Err, "crucible: error: %s\n", strings.ReplaceAll(text, "\n", "\ncrucible: error: "))
	if hint != "" {
		_, _ = fmt.Fprintf(c.Err, "crucible: hint: %s\n", strings.ReplaceAll(hint, "\n", "\ncrucible: hint: "))
	}
}

// printJSON writes v as one line of JSON.
func (c *cli) printJSON(v any) error {
	enc := json.NewEncoder(c.Out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// say writes talk.
func (c *cli) say(format string, args ...any) {
	_, _ = fmt.Fprintf(c.Err, format+"\n", args...)
}
