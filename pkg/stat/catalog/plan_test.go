package catalog

import (
	"encoding/json"
	"strings"
	"testing"
)

// A plan is read from settings, and written without null lists.
func TestPlan(t *testing.T) {
	out := Plan(Settings{"outcome": "binary", "groups": "2", "paired": "true", "n": "200"})
	if out.Test != "mcnemar" || out.Method != "exact" || out.Refused != "" || len(out.Alternatives) == 0 || out.LeastP == nil {
		t.Errorf("%+v", out)
	}
	for _, row := range []struct {
		set  Settings
		says string
	}{
		{Settings{}, "outcome"},
		{Settings{"outcome": "binary", "groups": "two"}, "not a whole number"},
		{Settings{"outcome": "binary", "paired": "maybe"}, "neither true nor false"},
		{Settings{"outcome": "binary", "pared": "true"}, "no setting"},
		{Settings{"outcome": "binary", "alpha": "0"}, "alpha 0"},
		{Settings{"outcome": "latency", "quantile": "NaN"}, "not a finite number"},
	} {
		out := Plan(row.set)
		text, err := json.Marshal(out)
		if err != nil || !strings.Contains(out.Refused, row.says) || out.Reason != "bad_option" || !strings.Contains(string(text), `"alternatives":[]`) {
			t.Errorf("%v: %s, %v, want %s", row.set, text, err, row.says)
		}
	}
}
