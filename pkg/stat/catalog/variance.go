package catalog

import (
	"math"
	"strconv"
	"strings"

	"github.com/crucible-go/crucible/pkg/stat"
)

// variance holds analyses of variance and their rank forms.
func variance() []Entry {
	replicates := Key{Name: "replicates", Default: "9999", Doc: "random assignments of method monte_carlo, from 1"}
	seed := Key{Name: "seed", Default: "0", Doc: "of the random assignments, from 0 to 2^64 - 1"}
	return []Entry{
		groupsEntry("anova", "do the means of groups differ, if they vary alike (Fisher)", stat.Anova, nil, "fisher"),
		groupsEntry("welch_anova", "do the means of groups differ, whatever their variances (Welch)", stat.WelchAnova, nil, "welch"),
		groupsEntry("brown_forsythe_anova", "do the means of groups differ, whatever their variances (F* of Brown and Forsythe)",
			stat.BrownForsytheAnova, nil, "brown_forsythe", "mehrotra"),
		groupsEntry("kruskal_wallis", "do groups tend to different values, by ranks", stat.KruskalWallis, []Key{replicates, seed},
			"asymptotic", "exact", "monte_carlo"),
		groupsEntry("permutation_anova", "do groups differ, by the F ratio among all assignments of the values", stat.PermutationAnova,
			[]Key{replicates, seed}, "auto", "exact", "monte_carlo"),
		blocksEntry("rm_anova", "do the means of conditions differ, all measured on each subject", stat.RMAnova, "gg", "hf", "none"),
		blocksEntry("mauchly", "do all differences between conditions vary alike (sphericity)", stat.Mauchly, "box"),
		blocksEntry("friedman", "do treatments differ within blocks, by ranks", stat.Friedman, "chi_square", "iman_davenport", "exact"),
		blocksEntry("quade", "do treatments differ within blocks, by ranks weighted by the range of the block", stat.Quade, "f"),
		oneSided(blocksEntry("page", "do treatments tend to larger values in the order of their columns", stat.PageTrend, "auto", "exact", "asymptotic")),
		twoWayEntry(), ancovaEntry(), mixedEntry(), contrastEntry(),
	}
}

// groupsEntry is a procedure for independent groups.
func groupsEntry(name, title string, run func([][]float64, stat.Options) (stat.Result, error), keys []Key, methods ...string) Entry {
	return Entry{Name: name, Title: title, Input: []Form{FormGroups, FormXY}, Methods: methods, Keys: keys,
		Run: func(d Data, s Settings) (stat.Result, error) {
			o, err := s.Options(name)
			if err != nil {
				return stat.Result{}, err
			}
			groups, err := d.Samples(name, 2)
			if err != nil {
				return stat.Result{}, err
			}
			return run(groups, o)
		}}
}

// blocksEntry is a procedure for blocks with a value of each treatment.
func blocksEntry(name, title string, run func([][]float64, stat.Options) (stat.Result, error), methods ...string) Entry {
	return Entry{Name: name, Title: title, Input: []Form{FormBlocks, FormPairs}, Methods: methods,
		Run: func(d Data, s Settings) (stat.Result, error) {
			o, err := s.Options(name)
			if err != nil {
				return stat.Result{}, err
			}
			rows, err := d.Rows(name)
			if err != nil {
				return stat.Result{}, err
			}
			return run(rows, o)
		}}
}

// oneSided says that an entry takes an alternative.
func oneSided(e Entry) Entry {
	e.OneSided = true
	return e
}

func twoWayEntry() Entry {
	const name = "anova_two_way"
	return Entry{Name: name, Title: "do the means differ between the levels of two crossed factors", Input: []Form{FormFactors},
		Methods: []string{"least_squares"},
		Keys: []Key{{Name: "type", Default: "2", Doc: "type of the sums of squares: 1, 2 or 3"},
			{Name: "interaction", Default: "true", Doc: "true, or false to leave the interaction out of the model"}},
		Run: func(d Data, s Settings) (stat.Result, error) {
			o, err := s.Options(name)
			if err != nil {
				return stat.Result{}, err
			}
			design := stat.TwoWay{}
			if design.Type, err = s.Int(name, "type", 2); err != nil {
				return stat.Result{}, err
			}
			if design.Type < 1 || design.Type > 3 {
				return stat.Result{}, refusal(name, "type %d is not one of 1, 2, 3", design.Type)
			}
			switch s["interaction"] {
			case "", "true":
			case "false":
				design.Additive = true
			default:
				return stat.Result{}, refusal(name, "interaction %q is not true or false", s["interaction"])
			}
			if d.Y == nil || d.A == nil || d.B == nil {
				return stat.Result{}, shape(name, "needs values with the levels of two factors", `{"y": […], "a": […], "b": […]}`)
			}
			return stat.AnovaTwoWay(d.Y, d.A, d.B, design, o)
		}}
}

func ancovaEntry() Entry {
	const name = "ancova"
	return Entry{Name: name, Title: "do the means of groups differ after a covariate", Input: []Form{FormCovariate},
		Methods: []string{"least_squares"}, Run: func(d Data, s Settings) (stat.Result, error) {
			o, err := s.Options(name)
			if err != nil {
				return stat.Result{}, err
			}
			if d.Y == nil || d.A == nil || d.Covariate == nil {
				return stat.Result{}, shape(name, "needs values with their groups and a covariate", `{"y": […], "a": […], "covariate": […]}`)
			}
			return stat.Ancova(d.Y, d.A, d.Covariate, o)
		}}
}

func mixedEntry() Entry {
	const name = "anova_mixed"
	return Entry{Name: name, Title: "do groups of subjects differ in their course over conditions measured on each", Input: []Form{FormMixed},
		Methods: []string{"gg", "hf", "none"},
		Keys:    []Key{{Name: "type", Default: "2", Doc: "type of the sums of squares: 1, 2 or 3"}},
		Run: func(d Data, s Settings) (stat.Result, error) {
			o, err := s.Options(name)
			if err != nil {
				return stat.Result{}, err
			}
			kind, err := s.Int(name, "type", 2)
			if err != nil {
				return stat.Result{}, err
			}
			if kind < 1 || kind > 3 {
				return stat.Result{}, refusal(name, "type %d is not one of 1, 2, 3", kind)
			}
			if d.Blocks == nil || d.A == nil {
				return stat.Result{}, shape(name, "needs subjects with their groups", `{"blocks": [[…], …], "a": […]} with a row and a group for each subject`)
			}
			return stat.AnovaMixed(plain(d.Blocks), d.A, kind, o)
		}}
}

func contrastEntry() Entry {
	const name = "contrast"
	return oneSided(Entry{Name: name, Title: "is a weighted difference of the means of groups 0", Input: []Form{FormGroups},
		Methods: []string{"welch", "pooled"},
		Keys:    []Key{{Name: "weights", Doc: "one number for each group, with commas between, that sum to 0: -1,0.5,0.5"}},
		Run: func(d Data, s Settings) (stat.Result, error) {
			o, err := s.Options(name)
			if err != nil {
				return stat.Result{}, err
			}
			groups, err := d.Samples(name, 2)
			if err != nil {
				return stat.Result{}, err
			}
			if s["weights"] == "" {
				return stat.Result{}, refusal(name, "it needs the setting weights: one number for each group, that sum to 0")
			}
			var weights []float64
			for _, text := range strings.Split(s["weights"], ",") {
				w, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
				if err != nil || math.IsNaN(w) || math.IsInf(w, 0) {
					return stat.Result{}, refusal(name, "weight %q is not a finite number", text)
				}
				weights = append(weights, w)
			}
			return stat.Contrast(groups, weights, o)
		}})
}
