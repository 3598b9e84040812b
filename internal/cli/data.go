package cli

import (
	"bufio"
	"errors"
	"reflect"
	"strings"

	"github.com/spf13/cobra"

	"github.com/crucible-go/crucible/internal/app"
	"github.com/crucible-go/crucible/internal/store"
)

func (c *cli) sqlCommand() *cobra.Command {
	var write bool
	cmd := &cobra.Command{
		Use:   "sql QUERY",
		Short: "Query the events in ClickHouse; reads only unless --write",
		Long: "Runs one ClickHouse statement on the store and prints the result as\n" +
			"tab-separated values with a header, or with --json as a list of objects.\n" +
			"The views are events, calls, attempts, votes, runs and deadletters.",
		Example: examples("crucible sql 'SELECT condition, avg(correct) FROM votes GROUP BY condition'",
			"crucible sql --json 'SELECT run, state FROM runs'"),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), app.NeedStore, func(r *app.Resources) error {
				w := bufio.NewWriter(c.Out)
				var err error
				if c.asJSON {
					err = c.sqlJSON(cmd, r.Store, args[0], write)
				} else {
					err = r.Store.Query(cmd.Context(), args[0], write, tsv(w))
				}
				if errors.Is(err, store.ErrReadOnly) {
					return &app.UsageError{Err: err, Hint: "add --write if it is meant to change the store"}
				}
				return errors.Join(err, w.Flush())
			})
		},
	}
	cmd.Flags().BoolVar(&write, "write", false, "allow the statement to change the store")
	return cmd
}

// tsv prints rows the way ClickHouse's format TabSeparatedWithNames does.
func tsv(w *bufio.Writer) func(cols, types []string, row []any) error {
	header := false
	escape := strings.NewReplacer("\\", `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)
	return func(cols, _ []string, row []any) error {
		if !header {
			header = true
			if _, err := w.WriteString(strings.Join(cols, "\t") + "\n"); err != nil {
				return err
			}
		}
		if row == nil {
			return nil
		}
		for i, v := range row {
			if i > 0 {
				_ = w.WriteByte('\t') // the error stays with the writer
			}
			if null(v) {
				_, _ = w.WriteString(`\N`) // likewise
				continue
			}
			_, _ = escape.WriteString(w, store.Format(v)) // likewise
		}
		return w.WriteByte('\n')
	}
}

// null reports whether a value is NULL: nothing, or a pointer to nothing.
func null(v any) bool {
	r := reflect.ValueOf(v)
	return !r.IsValid() || r.Kind() == reflect.Pointer && r.IsNil()
}

func (c *cli) sqlJSON(cmd *cobra.Command, s *store.Store, query string, write bool) error {
	rows := []map[string]any{}
	err := s.Query(cmd.Context(), query, write, func(cols, _ []string, row []any) error {
		if row == nil {
			return nil
		}
		obj := make(map[string]any, len(cols))
		for i, col := range cols {
			obj[col] = store.JSON(row[i])
		}
		rows = append(rows, obj)
		return nil
	})
	if err != nil {
		return err
	}
	return c.printJSON(rows)
}

func (c *cli) exportCommand() *cobra.Command {
	var format, table string
	cmd := &cobra.Command{
		Use:   "export RUN",
		Short: "Write a run's events, calls or votes to stdout",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("--format", format, "csv", "jsonl"); err != nil {
				return err
			}
			if err := oneOf("--table", table, "events", "calls", "votes"); err != nil {
				return err
			}
			return c.with(cmd.Context(), app.NeedLog|app.NeedStore, func(r *app.Resources) error {
				if _, err := app.StatusOf(cmd.Context(), r.Log, args[0]); err != nil {
					return err
				}
				return r.Store.Export(cmd.Context(), args[0], table, format, c.Out)
			})
		},
	}
	cmd.Flags().StringVar(&format, "format", "csv", "csv or jsonl")
	cmd.Flags().StringVar(&table, "table", "votes", "events, calls or votes")
	return cmd
}

// oneOf checks the value of a flag.
func oneOf(flag, value string, allowed ...string) error {
	for _, a := range allowed {
		if value == a {
			return nil
		}
	}
	return &app.UsageError{Err: errors.New(flag + ": unknown value " + value), Hint: "one of " + strings.Join(allowed, ", ")}
}
