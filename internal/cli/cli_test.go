package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/crucible-go/crucible/internal/app"
)

// world is a command line with an environment.
func world(env map[string]string) (w IO, out, talk *bytes.Buffer) {
	out, talk = new(bytes.Buffer), new(bytes.Buffer)
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	return IO{In: strings.NewReader(""), Out: out, Err: talk, LookupEnv: lookup, Getenv: func(name string) string { return env[name] }}, out, talk
}

// walk calls f with every command.
func walk(cmd *cobra.Command, f func(*cobra.Command)) {
	f(cmd)
	for _, sub := range cmd.Commands() {
		walk(sub, f)
	}
}

// Every flag of every command has an environment variable, which is used where
// the flag is not, and only there.
func TestEnvironment(t *testing.T) {
	values := map[string][2]string{"bool": {"true", "false"}, "int": {"3", "4"}, "uint64": {"3", "4"}, "string": {"a", "b"}, "stringSlice": {"a", "b"}, "stringArray": {"a", "b"}}
	special := map[string][2]string{"nats": {"nats://a", "nats://b"}, "clickhouse": {"http://a", "http://b"}, "config": {"", ""}}
	n := 0
	walk(New(), func(cmd *cobra.Command) {
		if cmd.Name() == "help" || cmd.Name() == "completion" || cmd.Parent() != nil && cmd.Parent().Name() == "completion" {
			return
		}
		cmd.InheritedFlags() // merges them
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			pair, ok := special[f.Name]
			if !ok {
				pair = values[f.Value.Type()]
			}
			if f.Name == "help" || pair[0] == "" || isOnlyFlag(f) {
				return
			}
			n++
			for _, flagged := range []bool{false, true} {
				w, _, _ := world(map[string]string{EnvName(f.Name): pair[0]})
				c := newCLI(w)
				same, _, err := c.root.Find(strings.Fields(cmd.CommandPath())[1:])
				if err != nil {
					t.Fatal(err)
				}
				want := pair[0]
				if flagged {
					want = pair[1]
					if err := same.ParseFlags([]string{"--" + f.Name + "=" + want}); err != nil {
						t.Fatal(err)
					}
				} else if err := same.ParseFlags(nil); err != nil {
					t.Fatal(err)
				}
				if err := c.configure(same); err != nil {
					t.Fatal(err)
				}
				if got := strings.Trim(same.Flags().Lookup(f.Name).Value.String(), "[]"); got != want {
					t.Errorf("%s --%s: %q, want %q", cmd.CommandPath(), f.Name, got, want)
				}
			}
		})
	})
	if n < 150 {
		t.Errorf("only %d flags were tried", n)
	}
}

// Every command says what it is for, belongs to a group, and names its
// arguments.
func TestHelp(t *testing.T) {
	root := New()
	groups := map[string]bool{}
	for _, g := range root.Groups() {
		groups[g.ID] = true
	}
	walk(root, func(cmd *cobra.Command) {
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") || len(cmd.Short) > 110 {
			t.Errorf("%s: %q", cmd.CommandPath(), cmd.Short)
		}
		if cmd.Parent() == root && !groups[cmd.GroupID] && cmd.Name() != "help" && cmd.Name() != "completion" {
			t.Errorf("%s belongs to no group", cmd.CommandPath())
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" {
				t.Errorf("%s --%s: nothing is said of it", cmd.CommandPath(), f.Name)
			}
		})
		w, out, talk := world(nil)
		args := append(strings.Fields(cmd.CommandPath())[1:], "--help")
		if code := Main(context.Background(), args, w); code != 0 || talk.Len() > 0 || !strings.Contains(out.String(), "Usage:") {
			t.Errorf("%v: exit code %d, %s%s", args, code, out, talk)
		}
	})
}

type hinted struct{}

func (hinted) Error() string { return "two\nlines" }
func (hinted) Hint() string  { return "do\nthis" }

// Each class of error has its exit code, and each line of it says what it is.
func TestReport(t *testing.T) {
	for _, c := range []struct {
		err  error
		code int
		talk string
	}{
		{nil, 0, ""},
		{errPartial, 3, ""},
		{errors.New("broken"), 1, "crucible: error: broken\n"},
		{fmt.Errorf("open: %w", hinted{}), 1, "crucible: error: open: two\ncrucible: error: lines\ncrucible: hint: do\ncrucible: hint: this\n"},
		{&app.UsageError{Err: errors.New("wrong"), Hint: "right"}, 2, "crucible: error: wrong\ncrucible: hint: right\n"},
		{fmt.Errorf("x: %w", context.Canceled), 1, "crucible: error: interrupted\n"},
	} {
		w, out, talk := world(nil)
		if code := newCLI(w).report(c.err); code != c.code || talk.String() != c.talk || out.Len() > 0 {
			t.Errorf("%v: exit code %d, %q", c.err, code, talk)
		}
	}
}

// The progress of a run, on a terminal of few columns and elsewhere.
func TestProgressLine(t *testing.T) {
	w, _, talk := world(nil)
	v := newCLI(w).progressView()
	v.show(app.Progress{Run: "r", State: app.StateRequested})
	v.show(app.Progress{Run: "r", State: app.StateRequested})
	v.show(app.Progress{Run: "r", Name: "n", State: app.StateComplete, Done: 3, Total: 4, Failed: 1, Invalid: 2, Unpriced: true})
	v.done()
	want := "r requested\nn complete 3/4 queries, $0 plus unknown costs, 1 failed, 2 invalid\n"
	if talk.String() != want {
		t.Errorf("%q, want %q", talk, want)
	}
	if got := cut("äöü long", 4); got != "äöü " {
		t.Errorf("%q", got)
	}
	if got := width(io.Discard); got != 80 {
		t.Errorf("%d columns", got)
	}
}

// A JSON object is one line, whatever is in it.
func TestJSON(t *testing.T) {
	w, out, _ := world(nil)
	if err := newCLI(w).printJSON(map[string]string{"a": "<&>\n"}); err != nil {
		t.Fatal(err)
	}
	var back map[string]string
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || out.String() != "{\"a\":\"<&>\\n\"}\n" {
		t.Errorf("%q, %v", out, err)
	}
}
