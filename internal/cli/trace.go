package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/crucible-go/crucible/internal/app"
	"github.com/crucible-go/crucible/pkg/trace"
)

// maxTrace is the largest text that is read for its trace.
const maxTrace = 256 << 20

func (c *cli) traceCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "trace",
		Short: "Read the traces of decisions that models write",
		Long: "Reads the causal trace in a text: the events by which a model says what it decided\n" +
			"and why. The tags of the format and JSON are read, well written or not; every repair\n" +
			"and every byte left out is reported with its place. FILE - is standard input.",
		Example: examples("crucible trace parse answer.txt", "crucible trace show answer.txt",
			"crucible trace export answer.txt --format mermaid"),
		Args: unknownCommand,
		RunE: help,
	}
	var custom []string
	cmd.PersistentFlags().StringArrayVar(&custom, "type", nil, "a type of event to know besides the standard ones; repeat it for more")
	var format string
	export := &cobra.Command{
		Use: "export FILE", Short: "Print a trace in another format", Args: cobra.ExactArgs(1),
		Example: examples("crucible trace export answer.txt --format csv"),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := oneOf("--format", format, trace.Formats()...); err != nil {
				return err
			}
			chain, _, err := c.readTrace(args[0], custom)
			if err != nil {
				return err
			}
			b, err := trace.Export(chain, format)
			if err == nil {
				_, err = c.Out.Write(b)
			}
			return err
		},
	}
	export.Flags().StringVar(&format, "format", "json", strings.Join(trace.Formats(), ", "))
	cmd.AddCommand(&cobra.Command{
		Use: "parse FILE", Short: "List the events of a trace, and what was repaired or left out", Args: cobra.ExactArgs(1),
		Example: examples("crucible trace parse answer.txt --json"),
		RunE: func(_ *cobra.Command, args []string) error {
			chain, reports, err := c.readTrace(args[0], custom)
			if err != nil {
				return err
			}
			if c.asJSON {
				return c.printJSON(map[string]any{"chain": chain, "reports": reports})
			}
			return c.printTrace(chain, reports)
		},
	}, &cobra.Command{
		Use: "show FILE", Short: "Show a trace: figures, events, contradictions", Args: cobra.ExactArgs(1),
		Example: examples("crucible trace show answer.txt"),
		RunE: func(_ *cobra.Command, args []string) error {
			chain, _, err := c.readTrace(args[0], custom)
			if err != nil {
				return err
			}
			if c.asJSON {
				return c.printJSON(map[string]any{"statistics": chain.Statistics(), "contradictions": chain.Contradictions(), "chain": chain})
			}
			return c.showTrace(chain)
		},
	}, export)
	return cmd
}

// readTrace reads the trace in a file.
func (c *cli) readTrace(name string, custom []string) (trace.Chain, []trace.Report, error) {
	types, err := trace.NewTypes(custom...)
	if err != nil {
		return trace.Chain{}, nil, &app.UsageError{Err: fmt.Errorf("--type: %w", err), Hint: "standard types are known anyway"}
	}
	in := c.In
	if name != "-" {
		file, err := os.Open(name) //nolint:gosec // the user names his own file
		if err != nil {
			return trace.Chain{}, nil, &app.UsageError{Err: fmt.Errorf("trace: %w", err), Hint: "FILE is the text a model wrote"}
		}
		defer file.Close()
		in = file
	}
	b, err := io.ReadAll(io.LimitReader(in, maxTrace+1))
	if err != nil {
		return trace.Chain{}, nil, fmt.Errorf("trace: %w", err)
	}
	if len(b) > maxTrace {
		return trace.Chain{}, nil, errors.New("trace: " + name + ": more than 256 MiB")
	}
	chain, reports := trace.ParseAny(string(b), types)
	return chain, reports, nil
}

// printTrace lists events and reports.
func (c *cli) printTrace(chain trace.Chain, reports []trace.Report) error {
	rows := [][]string{{"ID", "TYPE", "BYTES", "CONFIDENCE", "DECISION"}}
	for i := range chain.Events {
		e := &chain.Events[i]
		typ := string(e.Type)
		if e.Unknown {
			typ += " (unknown)"
		}
		rows = append(rows, []string{oneLine(e.ID), oneLine(typ), strconv.Itoa(e.Start) + "-" + strconv.Itoa(e.End), stated(e.Confidence), oneLine(e.Subject())})
	}
	if len(chain.Events) > 0 {
		if err := c.table("", rows); err != nil {
			return err
		}
	}
	rows = [][]string{{"BYTES", "CLASS", "REPORT", "DETAIL"}}
	for _, r := range reports {
		rows = append(rows, []string{strconv.Itoa(r.Start) + "-" + strconv.Itoa(r.End), string(r.Kind.Class()), string(r.Kind), oneLine(r.Detail)})
	}
	if len(reports) == 0 {
		return nil
	}
	if len(chain.Events) > 0 {
		if _, err := fmt.Fprintln(c.Out); err != nil {
			return err
		}
	}
	return c.table("", rows)
}

// showTrace prints a trace for reading.
func (c *cli) showTrace(chain trace.Chain) error {
	s := chain.Statistics()
	var b strings.Builder
	fmt.Fprintf(&b, "%d events, %d with a confidence, mean %s\n", s.Events, s.Confident, stated(s.Mean))
	for i := range chain.Events {
		e := &chain.Events[i]
		fmt.Fprintf(&b, "\n%s %s\n", oneLine(e.ID), oneLine(string(e.Type)))
		for _, f := range [][2]string{{"decision", e.Decision}, {"alternatives", strings.Join(e.Alternatives, "; ")}, {"reasoning", e.Reasoning},
			{"code", e.Code}, {"reference", e.Reference}, {"part of", e.Parent}, {"follows from", strings.Join(e.DependsOn, ", ")}} {
			if f[1] != "" {
				fmt.Fprintf(&b, "  %-13s %s\n", f[0], oneLine(f[1]))
			}
		}
		if e.Confidence != nil {
			fmt.Fprintf(&b, "  %-13s %s\n", "confidence", stated(e.Confidence))
		}
	}
	for _, x := range chain.Contradictions() {
		fmt.Fprintf(&b, "\ncontradiction: %s chooses what %s rejects: %s\n", oneLine(x.Chosen), oneLine(x.Rejected), oneLine(x.Subject))
	}
	_, err := io.WriteString(c.Out, b.String())
	return err
}

// stated is a confidence, or a dash for none.
func stated(v *float64) string {
	if v == nil {
		return "-"
	}
	return number(*v)
}

// oneLine is a text of a model on one line, without what a terminal would obey.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}
