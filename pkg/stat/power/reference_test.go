package power

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"
)

// golden is testdata/reference/power.json, see power.py.
type golden struct {
	Source, Version, Command string
	Cases                    []struct {
		Name, Test string
		Set        map[string]string
		Want       []struct {
			Oracle string
			Exact  bool
			Digits float64
			Note   string
			Values map[string]any
		}
	}
}

// TestReference compares with what other programs said, ten digits unless a note
// says why fewer.
func TestReference(t *testing.T) {
	text, err := os.ReadFile("testdata/reference/power.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	if g.Source == "" || g.Version == "" || g.Command == "" || len(g.Cases) == 0 {
		t.Fatal("the reference does not say where it comes from")
	}
	tested := map[string]bool{}
	least := map[string]float64{}
	for _, c := range g.Cases {
		t.Run(c.Test+"/"+c.Name, func(t *testing.T) {
			tested[c.Test] = true
			out := plain(t, c.Test, c.Set)
			if len(c.Want) < 2 && !c.Want[0].Exact {
				t.Error("needs two oracles, or an exact one")
			}
			for _, w := range c.Want {
				need := 10.0
				if w.Digits != 0 {
					need = w.Digits
					if w.Note == "" {
						t.Errorf("%s: %g digits without a note", w.Oracle, need)
					}
				}
				d := agree(t, w.Oracle, out, w.Values, need)
				key := c.Test + ", " + w.Oracle
				if old, ok := least[key]; !ok || d < old {
					least[key] = d
				}
			}
		})
	}
	for _, e := range All() {
		if !tested[e.Name] {
			t.Errorf("no reference values of %s", e.Name)
		}
	}
	keys := make([]string, 0, len(least))
	for k := range least {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		t.Logf("%s: %.1f digits", k, least[k])
	}
}

// plain returns the output of a design as plain JSON.
func plain(t *testing.T, name string, set map[string]string) map[string]any {
	t.Helper()
	e, ok := Lookup(name)
	if !ok {
		t.Fatalf("no design %q", name)
	}
	out, err := e.Do(set)
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
	var values map[string]any
	if err := json.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	return values
}

// agree compares the values an oracle knows and returns the fewest digits.
func agree(t *testing.T, what string, got, want map[string]any, need float64) float64 {
	t.Helper()
	least := 16.0
	for key, w := range want {
		switch w := w.(type) {
		case map[string]any:
			inner, ok := got[key].(map[string]any)
			if !ok {
				t.Errorf("%s: %s is %v, want %v", what, key, got[key], w)
				continue
			}
			least = min(least, agree(t, what+": "+key, inner, w, need))
		case float64:
			g, ok := got[key].(float64)
			d := 16.0
			if g != w {
				d = math.Max(0, -math.Log10(math.Abs(g/w-1)))
			}
			if !ok || !(d >= need) {
				t.Errorf("%s: %s is %.17g, want %.17g: %.1f digits agree, not %g", what, key, g, w, d, need)
			}
			least = min(least, d)
		default:
			if got[key] != w {
				t.Errorf("%s: %s is %v, want %v", what, key, got[key], w)
			}
		}
	}
	return least
}
