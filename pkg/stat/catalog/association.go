package catalog

import "github.com/crucible-go/crucible/pkg/stat"

// association holds association and agreement.
func association() []Entry {
	return []Entry{
		{Name: "pearson", Title: "are two variables related along a line (also point-biserial)", Input: pairedForms,
			Methods: []string{"t", "permutation"}, OneSided: true, Keys: []Key{
				{Name: "seed", Default: "0", Doc: "of the random numbers of method permutation above 9 pairs"},
				{Name: "replicates", Default: "10000", Doc: "pairings drawn by method permutation above 9 pairs"},
			}, Run: ofTwo("pearson", stat.Pearson)},
		{Name: "spearman", Title: "do two variables rise together, by the correlation of ranks", Input: pairedForms,
			Methods: []string{"auto", "exact", "t", "edgeworth"}, OneSided: true, Run: ofTwo("spearman", stat.Spearman)},
		{Name: "kendall", Title: "do two variables rise together, by pairs in the same order (tau-b)", Input: pairedForms,
			Methods: []string{"auto", "exact", "asymptotic"}, OneSided: true, Run: ofTwo("kendall", stat.Kendall)},
		{Name: "partial_correlation", Title: "are x and y related once the covariate is taken out", Input: []Form{FormXY},
			Methods: []string{"t"}, OneSided: true, Run: func(d Data, s Settings) (stat.Result, error) {
				if d.Covariate == nil {
					return stat.Result{}, shape("partial_correlation", "needs a third variable", `{"x": […], "y": […], "covariate": […]}`)
				}
				return ofTwo("partial_correlation", func(x, y []float64, o stat.Options) (stat.Result, error) {
					return stat.PartialCorrelation(x, y, d.Covariate, o)
				})(d, s)
			}},
	}
}
