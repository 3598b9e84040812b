package catalog

import (
	"strings"
	"testing"
)

// TestSettingsOfDistributions refuses settings that would have no effect.
func TestSettingsOfDistributions(t *testing.T) {
	sample := `{"x": [0.1, 0.3, 0.35, 0.5, 0.61, 0.7, 0.8, 0.95]}`
	for _, c := range []struct {
		test    string
		set     Settings
		refused string
	}{
		{"anderson_darling", Settings{}, ""},
		{"anderson_darling", Settings{"method": "known", "distribution": "uniform"}, ""},
		{"anderson_darling", Settings{"distribution": "uniform"}, "is for method known"},
		{"anderson_darling", Settings{"method": "known", "distribution": "uniform", "sd": "2"}, "has no parameter sd"},
		{"ks_one_sample", Settings{"distribution": "exponential", "rate": "2"}, ""},
		{"ks_one_sample", Settings{"distribution": "cauchy"}, "is not one of"},
		{"ks_one_sample", Settings{"mean": "0", "sd": "0"}, "parameters of the distribution are 0"},
		{"ks_one_sample", Settings{"distribution": "exponential", "rate": "0"}, "parameters of the distribution are 0"},
		{"ks_one_sample", Settings{"sd": "-1"}, "not positive"},
	} {
		d, err := ParseData([]byte(sample))
		if err != nil {
			t.Fatal(err)
		}
		e, _ := Lookup(c.test)
		out, err := e.Do(d, c.set)
		if err != nil {
			t.Fatal(err)
		}
		if c.refused == "" && out.Refused != "" || !strings.Contains(out.Refused, c.refused) {
			t.Errorf("%s with %v: refused %q, want %q", c.test, c.set, out.Refused, c.refused)
		}
	}
}

// TestRaters reads the ratings of two raters in either form, and of several.
func TestRaters(t *testing.T) {
	for _, c := range []struct {
		test, data string
		refused    string
	}{
		{"cohen_kappa", `{"x": [1, 2, 2, 1], "y": [1, 2, 1, 1]}`, ""},
		{"cohen_kappa", `{"table": [[2, 0], [1, 1]]}`, ""},
		{"cohen_kappa", `{"blocks": [[2, 0], [1, 1]]}`, "needs the ratings of two raters"},
		{"gwet_ac1", `{"x": [1, 2, 2, 1], "y": [1, 2, 1, 1]}`, ""},
		{"gwet_ac1", `{"blocks": [[2, 0], [1, 1], [0, 2]]}`, ""},
		{"percent_agreement", `{"table": [[2, 0], [1, 1]]}`, ""},
		{"krippendorff_alpha", `{"blocks": [[1, null, 1], [2, 2, 1], [null, 2, 2]]}`, ""},
		{"krippendorff_alpha", `{"x": [1, 2]}`, "needs blocks"},
		{"partial_correlation", `{"x": [1, 2, 4, 3], "y": [2, 1, 5, 3], "covariate": [1, 5, 2, 2]}`, ""},
		{"partial_correlation", `{"x": [1, 2, 4, 3], "y": [2, 1, 5, 3]}`, "needs a third variable"},
	} {
		d, err := ParseData([]byte(c.data))
		if err != nil {
			t.Fatal(err)
		}
		e, _ := Lookup(c.test)
		out, err := e.Do(d, Settings{})
		if err != nil {
			t.Fatal(err)
		}
		if c.refused == "" && (out.Refused != "" || out.Estimate == nil) || !strings.Contains(out.Refused, c.refused) {
			t.Errorf("%s of %s: refused %q, want %q", c.test, c.data, out.Refused, c.refused)
		}
	}
}
