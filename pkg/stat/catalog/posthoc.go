package catalog

import "github.com/crucible-go/crucible/pkg/stat"

// posthoc holds comparisons after an omnibus test, and adjustment of p-values.
func posthoc() []Entry {
	return []Entry{
		{Name: "adjust", Title: "p-values adjusted for a family of tests", Input: []Form{FormP}, Methods: stat.Adjustments(),
			Keys: []Key{{Name: "alpha", Default: "0.05", Doc: "false discovery rate of the two-stage methods, in (0, 1)"}},
			Run:  runAdjust},
	}
}

func runAdjust(d Data, s Settings) (stat.Result, error) {
	const test = "adjust"
	o, err := s.Options(test)
	if err != nil {
		return stat.Result{}, err
	}
	alpha, err := s.Float(test, "alpha", 0.05)
	if err != nil {
		return stat.Result{}, err
	}
	if d.P == nil {
		return stat.Result{}, shape(test, "needs p-values", `{"p": […]}`)
	}
	return stat.AdjustResult(d.P, o, alpha)
}
