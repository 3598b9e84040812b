package catalog

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// golden is a file of reference values that other programs computed.
type golden struct {
	Source, Version, Command string
	Cases                    []goldenCase
}

type goldenCase struct {
	Name string
	Test string
	Data json.RawMessage
	Set  Settings
	// Want holds what each oracle says, under the keys of Output: numbers, lists
	// of numbers, "comparisons", "terms" and so on. An oracle need not know all.
	Want []oracle
}

// oracle is what one program says of a case.
type oracle struct {
	Oracle string
	// Exact marks rational arithmetic, or another computation that needs no second.
	Exact bool
	// Digits is how many significant digits must agree, 12 if absent. Fewer need a
	// Note that says why.
	Digits float64
	Note   string
	Values map[string]json.RawMessage
}

// TestReference runs every case of testdata/reference against what the oracles
// said, and, with -v, prints the digits of agreement of each procedure.
func TestReference(t *testing.T) {
	worst := map[string]float64{}
	oracles := map[string][]string{}
	for _, file := range goldens(t) {
		for _, c := range file.Cases {
			t.Run(c.Test+"/"+c.Name, func(t *testing.T) {
				out := runCase(t, c)
				if len(c.Want) < 2 && (len(c.Want) == 0 || !c.Want[0].Exact) {
					t.Error("needs two oracles, or an exact one")
				}
				for _, o := range c.Want {
					need := o.Digits
					if need == 0 {
						need = 12
					}
					if need < 12 && o.Note == "" {
						t.Errorf("%s: %g digits without a note", o.Oracle, need)
					}
					got := agreement(t, o.Oracle, out, o.Values, need)
					if name := c.Test + "|" + program(o.Oracle); worst[name] == 0 || got < worst[name] {
						worst[name] = got
					}
					if !slices.Contains(oracles[c.Test], program(o.Oracle)) {
						oracles[c.Test] = append(oracles[c.Test], program(o.Oracle))
					}
				}
			})
		}
	}
	for _, name := range sortedKeys(oracles) {
		line := name
		for _, o := range oracles[name] {
			line += fmt.Sprintf(" | %s %.1f", o, worst[name+"|"+o])
		}
		t.Log(line)
	}
}

// program returns the first word of an oracle: "R", "scipy", "mpmath".
func program(oracle string) string { return strings.Fields(oracle + " ?")[0] }

func goldens(t *testing.T) []golden {
	t.Helper()
	names, err := filepath.Glob("../testdata/reference/cases/*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("no reference values: %v", err)
	}
	out := make([]golden, len(names))
	for i, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &out[i]); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if out[i].Source == "" || out[i].Version == "" || out[i].Command == "" {
			t.Errorf("%s does not say where its values come from", name)
		}
	}
	return out
}

// runCase returns the output of a case as plain JSON.
func runCase(t *testing.T, c goldenCase) map[string]any {
	t.Helper()
	e, ok := Lookup(c.Test)
	if !ok {
		t.Fatalf("no procedure %q", c.Test)
	}
	data, err := ParseData(c.Data)
	if err != nil {
		t.Fatal(err)
	}
	out, err := e.Do(data, c.Set)
	if err != nil {
		t.Fatal(err)
	}
	if out.Refused != "" {
		t.Fatal(out.Refused)
	}
	text, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	var plain map[string]any
	if err := json.Unmarshal(text, &plain); err != nil {
		t.Fatal(err)
	}
	return plain
}

// agreement compares what an oracle says with the output and returns the least
// number of digits that agree.
func agreement(t *testing.T, what string, out map[string]any, values map[string]json.RawMessage, need float64) float64 {
	t.Helper()
	least := 16.0
	for _, key := range sortedKeys(values) {
		var want any
		if err := json.Unmarshal(values[key], &want); err != nil {
			t.Fatal(err)
		}
		least = min(least, compare(t, what+": "+key, out[key], want, need))
	}
	return least
}

func compare(t *testing.T, what string, got, want any, need float64) float64 {
	t.Helper()
	least := 16.0
	switch want := want.(type) {
	case nil:
	case float64:
		g, ok := got.(float64)
		if !ok {
			t.Errorf("%s is %v, want %.17g", what, got, want)
			return 0
		}
		if least = digits(g, want); least < need {
			t.Errorf("%s is %.17g, want %.17g: %.1f digits agree, not %g", what, g, want, least, need)
		}
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(want) {
			t.Errorf("%s is %v, want %v", what, got, want)
			return 0
		}
		for i := range want {
			least = min(least, compare(t, fmt.Sprintf("%s[%d]", what, i), g[i], want[i], need))
		}
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			t.Errorf("%s is %v, want %v", what, got, want)
			return 0
		}
		for _, key := range sortedKeys(want) {
			least = min(least, compare(t, what+"."+key, g[key], want[key], need))
		}
	default:
		if got != want {
			t.Errorf("%s is %v, want %v", what, got, want)
			return 0
		}
	}
	return least
}

// digits returns how many significant digits agree, at most 16; beside a 0, how
// many decimals.
func digits(got, want float64) float64 {
	d := math.Abs(got - want)
	if d == 0 {
		return 16
	}
	if want != 0 {
		d /= math.Abs(want)
	}
	return math.Max(0, math.Min(16, -math.Log10(d)))
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
