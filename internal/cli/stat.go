package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/crucible-go/crucible/internal/app"
	"github.com/crucible-go/crucible/pkg/experiment"
	"github.com/crucible-go/crucible/pkg/stat"
	"github.com/crucible-go/crucible/pkg/stat/catalog"
)

func (c *cli) statCommand() *cobra.Command {
	var file string
	var sets []string
	var list bool
	cmd := &cobra.Command{
		Use:   "stat NAME",
		Short: "Run a statistical procedure on data of yours",
		Long: "Runs a procedure of the library on the numbers in a JSON file and prints the\n" +
			"statistic, p-value, estimate, interval and size of effect. The first group, or x,\n" +
			"is the control: differences and the alternative greater speak of the second minus\n" +
			"the first. Data that cannot support an answer are refused, with the reason: exit\n" +
			"code 2, and with --json the refusal is on stdout too.\n\n" +
			"--list names the procedures, --list NAME says what one of them takes. The name plan\n" +
			"chooses a procedure from the design of an experiment, before there are data.",
		Example: examples(`crucible stat welch_t --data scores.json --set alternative=greater --set level=0.9`,
			`echo '{"table": [[30, 10], [2, 8]]}' | crucible stat mcnemar --data - --json`,
			`crucible stat plan --set outcome=binary --set groups=2 --set paired=true --set n=500`,
			`crucible stat --list`),
		Args: func(_ *cobra.Command, args []string) error { return c.statArgs(args, list) },
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case list && len(args) == 1 && args[0] == planName:
				return c.describePlan()
			case list:
				return c.listStats(args)
			case args[0] == planName:
				return c.planStat(sets)
			}
			return c.runStat(args[0], file, sets)
		},
	}
	cmd.Flags().StringVar(&file, "data", "", "JSON file of the data; - is the standard input")
	onlyFlag(cmd, "data") // elsewhere it is the folder of the log
	cmd.Flags().StringArrayVar(&sets, "set", nil, "a setting of the procedure as key=value; repeat it for more")
	cmd.Flags().BoolVar(&list, "list", false, "name the procedures with what they take")
	return cmd
}

func (c *cli) statArgs(args []string, list bool) error {
	if len(args) == 1 || list && len(args) == 0 {
		return nil
	}
	if len(args) == 0 {
		return &app.UsageError{Err: errors.New("crucible stat: which procedure?"), Hint: "crucible stat --list names them"}
	}
	return fmt.Errorf("want one procedure, not %d", len(args))
}

// lookupStat finds a procedure by its name, or names the nearest.
func lookupStat(name string) (catalog.Entry, error) {
	if e, ok := catalog.Lookup(name); ok {
		return e, nil
	}
	var names []string
	for _, e := range catalog.All() {
		names = append(names, e.Name)
	}
	names = append(names, planName)
	return catalog.Entry{}, unknownName("procedure", "crucible stat --list", name, names)
}

// unknownName is the fault of a name that is none of those there are.
func unknownName(what, list, name string, names []string) error {
	hint := list + " names them all"
	if near := experiment.Nearest(name, names); near != "" {
		hint = "did you mean " + near + "? " + hint
	}
	return &app.UsageError{Err: fmt.Errorf("there is no %s %q", what, name), Hint: hint}
}

// settings reads --set; known are the names it may have.
func settings(sets []string, known []string) (catalog.Settings, error) {
	out := catalog.Settings{}
	for _, set := range sets {
		key, value, ok := strings.Cut(set, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		_, twice := out[key]
		switch {
		case !ok || key == "":
			return nil, &app.UsageError{Err: fmt.Errorf("--set %q is not key=value", set), Hint: "for example --set level=0.9"}
		case !slices.Contains(known, key):
			hint := "one of " + strings.Join(known, ", ")
			if near := experiment.Nearest(key, known); near != "" {
				hint = "did you mean " + near + "? " + hint
			}
			return nil, &app.UsageError{Err: fmt.Errorf("--set %s: there is no such setting", key), Hint: hint}
		case twice:
			return nil, &app.UsageError{Err: fmt.Errorf("--set %s is there twice", key), Hint: "say it once"}
		}
		out[key] = value
	}
	return out, nil
}

func (c *cli) runStat(name, file string, sets []string) error {
	e, err := lookupStat(name)
	if err != nil {
		return err
	}
	set, err := settings(sets, e.Settings())
	if err != nil {
		return err
	}
	data, err := c.readData(e, file)
	if err != nil {
		return err
	}
	out, err := e.Do(data, set)
	if err != nil {
		return err
	}
	if c.asJSON {
		err = c.printJSON(out)
	} else if out.Refused == "" {
		err = c.printStat(e, out)
	}
	if err == nil && out.Refused != "" {
		return &app.UsageError{Err: errors.New(strings.TrimPrefix(out.Refused, "stat: ")), Hint: refusedHint(e, out)}
	}
	return err
}

// refusedHint says what would help against a refusal.
func refusedHint(e catalog.Entry, out catalog.Output) string {
	switch stat.Reason(out.Reason) {
	case stat.TooFew, stat.Unbounded:
		hint := "more observations are needed"
		if out.Need > 0 {
			hint = fmt.Sprintf("at least %d are needed", out.Need)
		}
		if stat.Reason(out.Reason) == stat.Unbounded {
			hint += ", or an interval of a lower level"
		}
		return hint
	case stat.NotFinite:
		return "take out what is missing or infinite, or scale the values"
	case stat.Unpaired:
		return "give as many values on one side as on the other, in the order of the items"
	case stat.Constant:
		return "values that do not vary say nothing of chance: look at how they were measured"
	case stat.TooLarge:
		return "choose another method: one of " + strings.Join(e.Methods, ", ")
	}
	return "crucible stat --list " + e.Name + " says what it takes"
}

// readData reads the data of a procedure from a file, or from stdin.
func (c *cli) readData(e catalog.Entry, file string) (catalog.Data, error) {
	var text []byte
	var err error
	switch {
	case len(e.Input) == 0 && file == "":
		return catalog.Data{}, nil
	case file == "":
		return catalog.Data{}, &app.UsageError{Err: fmt.Errorf("%s needs data", e.Name), Hint: "give a file with --data: " + inputHint(e)}
	case file == "-":
		file = "stdin"
		text, err = io.ReadAll(c.In)
	default:
		text, err = os.ReadFile(file) //nolint:gosec // the user names his own file
	}
	if err != nil {
		return catalog.Data{}, &app.UsageError{Err: fmt.Errorf("--data: %w", err), Hint: "name a readable JSON file, or - for the standard input"}
	}
	data, err := catalog.ParseData(text)
	var syntax *catalog.SyntaxError
	if errors.As(err, &syntax) {
		return catalog.Data{}, &app.UsageError{Err: fmt.Errorf("%s:%d:%d: %s", file, syntax.Line, syntax.Column, syntax.Detail), Hint: e.Name + " takes " + inputHint(e)}
	}
	return data, err
}

// inputHint shows the forms of data that a procedure takes.
func inputHint(e catalog.Entry) string {
	forms := make([]string, len(e.Input))
	for i, f := range e.Input {
		forms[i] = f.Example()
	}
	return strings.Join(forms, " or ")
}
