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
		{Name: "cohen_kappa", Title: "do two raters agree beyond chance", Input: []Form{FormTable, FormXY},
			Methods: []string{"asymptotic"}, OneSided: true, Keys: []Key{weightsKey}, Run: runCohenKappa},
		{Name: "fleiss_kappa", Title: "do several raters agree beyond chance (rows items, columns categories, values numbers of raters)", Input: []Form{FormBlocks},
			Methods: []string{"asymptotic"}, OneSided: true, Run: ofBlocks("fleiss_kappa", stat.FleissKappa)},
		{Name: "gwet_ac1", Title: "do raters agree beyond chance, also where one category prevails (table of two raters, or rows items, columns categories)",
			Input: []Form{FormTable, FormBlocks, FormXY}, Methods: []string{"asymptotic"}, OneSided: true, Keys: []Key{weightsKey},
			Run: ofRatings("gwet_ac1", func(r stat.Ratings, s Settings, o stat.Options) (stat.Result, error) {
				return stat.GwetAC1(r, s["weights"], o)
			})},
		{Name: "percent_agreement", Title: "the share of agreement, chance included (table of two raters, or rows items, columns categories)",
			Input: []Form{FormTable, FormBlocks, FormXY}, Methods: []string{"estimate"},
			Run: ofRatings("percent_agreement", func(r stat.Ratings, _ Settings, o stat.Options) (stat.Result, error) {
				return stat.PercentAgreement(r, o)
			})},
		{Name: "krippendorff_alpha", Title: "agreement of any raters with ratings missing (rows items, columns raters, null for missing)", Input: []Form{FormBlocks},
			Methods: []string{"bootstrap"}, Keys: append([]Key{{Name: "measure", Default: "nominal", Doc: "kind of the values: nominal, ordinal, interval or ratio"}}, bootstrapKeys("1000")...),
			Run: func(d Data, s Settings) (stat.Result, error) {
				return ofBlocks("krippendorff_alpha", func(units [][]float64, o stat.Options) (stat.Result, error) {
					return stat.KrippendorffAlpha(units, s["measure"], o)
				})(d, s)
			}},
		{Name: "icc", Title: "how far ratings of a subject resemble each other (rows subjects, columns judges)", Input: []Form{FormBlocks},
			Methods: []string{"anova"}, Keys: []Key{{Name: "form", Default: "2,1", Doc: "of Shrout and Fleiss: 1,1 2,1 3,1 1,k 2,k 3,k"}},
			Run: func(d Data, s Settings) (stat.Result, error) {
				return ofBlocks("icc", func(ratings [][]float64, o stat.Options) (stat.Result, error) {
					return stat.ICC(ratings, s["form"], o)
				})(d, s)
			}},
		{Name: "error_correlation", Title: "do voters fail on the same items (rows items, columns voters, 1 right, 0 wrong)", Input: []Form{FormBlocks},
			Methods: []string{"bootstrap"}, OneSided: true, Keys: bootstrapKeys("2000"), Run: ofBlocks("error_correlation", stat.ErrorCorrelation)},
		{Name: "effective_voters", Title: "as how many independent voters an ensemble counts (rows items, columns voters, 1 right, 0 wrong)", Input: []Form{FormBlocks},
			Methods: []string{"bootstrap"}, Keys: bootstrapKeys("2000"), Run: ofBlocks("effective_voters", stat.EffectiveVoters)},
	}
}

// weightsKey says how much different categories agree.
var weightsKey = Key{Name: "weights", Default: "none", Doc: "agreement of different categories by their distance: none, linear or quadratic"}

// bootstrapKeys are the settings of a bootstrap.
func bootstrapKeys(replicates string) []Key {
	return []Key{
		{Name: "seed", Default: "0", Doc: "of the random numbers, a whole number"},
		{Name: "replicates", Default: replicates, Doc: "how often items are drawn anew"},
	}
}

// ofBlocks runs a procedure of rows of numbers.
func ofBlocks(test string, f func([][]float64, stat.Options) (stat.Result, error)) run {
	return func(d Data, s Settings) (stat.Result, error) {
		o, err := s.Options(test)
		if err != nil {
			return stat.Result{}, err
		}
		rows, err := d.Rows(test)
		if err != nil {
			return stat.Result{}, err
		}
		return f(rows, o)
	}
}

// twoRaters returns the table of two raters, from a table or from their labels, or
// nil if there is neither.
func twoRaters(test string, d Data) ([][]float64, error) {
	if d.Table != nil {
		return d.Counts(test)
	}
	if d.X == nil || d.Y == nil {
		return nil, nil
	}
	return stat.LabelTable(test, d.X, d.Y)
}

func runCohenKappa(d Data, s Settings) (stat.Result, error) {
	o, err := s.Options("cohen_kappa")
	if err != nil {
		return stat.Result{}, err
	}
	table, err := twoRaters("cohen_kappa", d)
	if err != nil {
		return stat.Result{}, err
	}
	if table == nil {
		return stat.Result{}, shape("cohen_kappa", "needs the ratings of two raters", `{"table": [[…], …]} with a row and a column for each category, or {"x": […], "y": […]} with numbers for categories`)
	}
	return stat.CohenKappa(table, s["weights"], o)
}

// ofRatings runs a procedure of ratings.
func ofRatings(test string, f func(stat.Ratings, Settings, stat.Options) (stat.Result, error)) run {
	return func(d Data, s Settings) (stat.Result, error) {
		o, err := s.Options(test)
		if err != nil {
			return stat.Result{}, err
		}
		table, err := twoRaters(test, d)
		if err != nil {
			return stat.Result{}, err
		}
		if table != nil {
			return f(stat.Ratings{Table: table}, s, o)
		}
		counts, err := d.Rows(test)
		if err != nil {
			return stat.Result{}, err
		}
		return f(stat.Ratings{Counts: counts}, s, o)
	}
}
