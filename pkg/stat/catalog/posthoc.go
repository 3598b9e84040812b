package catalog

import "github.com/crucible-go/crucible/pkg/stat"

// posthoc holds comparisons after an omnibus test, and adjustment of p-values.
func posthoc() []Entry {
	adjusted := stat.FamilywiseAdjustments()
	groups, ranked := []Form{FormGroups, FormXY}, []Form{FormGroups, FormBlocks, FormPairs}
	return []Entry{
		{Name: "adjust", Title: "p-values adjusted for a family of tests", Input: []Form{FormP}, Methods: stat.Adjustments(),
			Keys: []Key{{Name: "alpha", Default: "0.05", Doc: "false discovery rate of the two-stage methods, in (0, 1)"}},
			Run:  runAdjust},
		{Name: "tukey_hsd", Title: "which means differ, variances being equal (Tukey-Kramer)", Input: groups,
			Methods: []string{"tukey_kramer"}, Run: ofGroups("tukey_hsd", stat.TukeyHSD)},
		{Name: "games_howell", Title: "which means differ, whatever the variances", Input: groups,
			Methods: []string{"games_howell"}, Run: ofGroups("games_howell", stat.GamesHowell)},
		{Name: "scheffe", Title: "which means differ, for contrasts picked after the fact", Input: groups,
			Methods: []string{"scheffe"}, Run: ofGroups("scheffe", stat.Scheffe)},
		{Name: "pairwise_t", Title: "which means differ, by t tests with adjusted p-values", Input: groups,
			Methods: adjusted, Run: ofGroups("pairwise_t", stat.PairwiseT)},
		{Name: "dunnett", Title: "which means differ from that of the control, the first group", Input: groups,
			Methods: []string{"exact"}, OneSided: true, Run: ofGroups("dunnett", stat.Dunnett)},
		{Name: "dunn", Title: "which mean ranks differ after Kruskal-Wallis (normal)", Input: groups,
			Methods: adjusted, Run: ofGroups("dunn", stat.Dunn)},
		{Name: "pairwise_wilcoxon", Title: "which groups differ, by Mann-Whitney tests with adjusted p-values", Input: groups,
			Methods: adjusted, Run: ofGroups("pairwise_wilcoxon", stat.PairwiseWilcoxon)},
		{Name: "conover", Title: "which mean ranks differ after Kruskal-Wallis or, of blocks, Friedman (Student)", Input: ranked,
			Methods: adjusted, Run: ofRanked("conover", stat.Conover, stat.ConoverBlocks)},
		{Name: "nemenyi", Title: "which mean ranks differ after Friedman or, of groups, Kruskal-Wallis (studentized range)",
			Input: []Form{FormBlocks, FormPairs, FormGroups}, Methods: []string{"nemenyi"},
			Run: ofRanked("nemenyi", stat.NemenyiGroups, stat.Nemenyi)},
	}
}

// groupsTest is a procedure of groups, or of blocks.
type groupsTest func([][]float64, stat.Options) (stat.Result, error)

// ofGroups runs a procedure of two or more groups.
func ofGroups(test string, f groupsTest) run {
	return func(d Data, s Settings) (stat.Result, error) {
		o, err := s.Options(test)
		if err != nil {
			return stat.Result{}, err
		}
		groups, err := d.Samples(test, 2)
		if err != nil {
			return stat.Result{}, err
		}
		return f(groups, o)
	}
}

// ofRanked runs the one procedure on groups and the other on blocks.
func ofRanked(test string, groups, blocks groupsTest) run {
	return func(d Data, s Settings) (stat.Result, error) {
		if d.Groups != nil || d.X != nil {
			return ofGroups(test, groups)(d, s)
		}
		o, err := s.Options(test)
		if err != nil {
			return stat.Result{}, err
		}
		rows, err := d.Rows(test)
		if err != nil {
			return stat.Result{}, err
		}
		return blocks(rows, o)
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
