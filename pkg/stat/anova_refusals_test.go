package stat

import (
	"errors"
	"math"
	"strings"
	"testing"
)

// groupTests are the procedures for independent groups.
var groupTests = map[string]func([][]float64, Options) (Result, error){
	"anova": Anova, "welch_anova": WelchAnova, "brown_forsythe_anova": BrownForsytheAnova,
	"kruskal_wallis": KruskalWallis, "permutation_anova": PermutationAnova,
}

// blockTests are those for blocks.
var blockTests = map[string]func([][]float64, Options) (Result, error){
	"rm_anova": RMAnova, "mauchly": Mauchly, "friedman": Friedman, "quade": Quade, "page": PageTrend,
}

func wantRefusal(t *testing.T, what, test string, err error, reason Reason) {
	t.Helper()
	var r *Refusal
	if !errors.As(err, &r) {
		t.Errorf("%s: %v is no refusal", what, err)
		return
	}
	if r.Reason != reason || r.Method != test {
		t.Errorf("%s: refused by %s for %s (%v), want %s by %s", what, r.Method, r.Reason, err, reason, test)
	}
}

func TestGroupsAreRefused(t *testing.T) {
	for name, f := range groupTests {
		for what, c := range map[string]struct {
			groups [][]float64
			o      Options
			reason Reason
		}{
			"no groups":       {nil, Options{}, TooFew},
			"one group":       {[][]float64{{1, 2, 3}}, Options{}, TooFew},
			"an empty group":  {[][]float64{{1, 2, 3}, {}}, Options{}, TooFew},
			"groups of one":   {[][]float64{{1}, {2}}, Options{}, TooFew},
			"all equal":       {[][]float64{{2, 2}, {2, 2, 2}}, Options{}, Constant},
			"a NaN":           {[][]float64{{1, 2}, {3, math.NaN()}}, Options{}, NotFinite},
			"an infinity":     {[][]float64{{1, 2}, {3, math.Inf(-1)}}, Options{}, NotFinite},
			"a direction":     {[][]float64{{1, 2}, {3, 5}}, Options{Alternative: Greater}, BadOption},
			"no such method":  {[][]float64{{1, 2}, {3, 5}}, Options{Method: "bayes"}, BadOption},
			"a level above 1": {[][]float64{{1, 2}, {3, 5}}, Options{Level: 95}, BadOption},
		} {
			_, err := f(c.groups, c.o)
			wantRefusal(t, name+" of "+what, name, err, c.reason)
		}
		if name != "kruskal_wallis" { // which looks at the order alone
			_, err := f([][]float64{{1e300, -1e300}, {1, 2}}, Options{})
			wantRefusal(t, name+" of 1e300", name, err, NotFinite)
		}
	}
	for name, f := range map[string]func([][]float64, Options) (Result, error){"anova": Anova, "brown_forsythe_anova": BrownForsytheAnova} {
		// Means in floating point must not pass for variation.
		_, err := f([][]float64{{0.1, 0.1, 0.1}, {0.3, 0.3, 0.3, 0.3, 0.3, 0.3}}, Options{})
		wantRefusal(t, name+" without variation within", name, err, Constant)
	}
	_, err := WelchAnova([][]float64{{1, 2}, {3, 3}}, Options{})
	wantRefusal(t, "a group without variance", "welch_anova", err, Constant)
	_, err = Anova([][]float64{{1e-200, 2e-200}, {3e-200, 5e-200}}, Options{})
	wantRefusal(t, "squares that underflow", "anova", err, NotFinite)
}

func TestBlocksAreRefused(t *testing.T) {
	for name, f := range blockTests {
		for what, c := range map[string]struct {
			rows   [][]float64
			reason Reason
		}{
			"no blocks":     {nil, TooFew},
			"one block":     {[][]float64{{1, 2, 4}}, TooFew},
			"one treatment": {[][]float64{{1}, {2}, {3}}, TooFew},
			"no treatments": {[][]float64{{}, {}, {}}, TooFew},
			"ragged blocks": {[][]float64{{1, 2, 4}, {1, 2}, {2, 1, 5}}, Unpaired},
			"a NaN":         {[][]float64{{1, 2, 4}, {1, math.NaN(), 3}, {2, 1, 5}}, NotFinite},
			"all equal":     {[][]float64{{2, 2, 2}, {2, 2, 2}, {2, 2, 2}}, Constant},
		} {
			_, err := f(c.rows, Options{})
			wantRefusal(t, name+" of "+what, name, err, c.reason)
		}
	}
	same := [][]float64{{1.1, 1.2, 1.4}, {2.1, 2.2, 2.4}, {0.7, 0.8, 1.0}}
	for _, name := range []string{"rm_anova", "mauchly"} {
		_, err := blockTests[name](same, Options{})
		wantRefusal(t, name+" of parallel subjects", name, err, Constant)
	}
	_, err := RMAnova(same, Options{Method: "auto"})
	wantRefusal(t, "a choice by a pre-test", "rm_anova", err, BadOption)
	_, err = Friedman(same, Options{Method: "iman_davenport"})
	wantRefusal(t, "blocks that agree", "friedman", err, Constant)
	_, err = Quade([][]float64{{1, 2, 4}, {5, 6, 8}, {2, 3, 5}}, Options{})
	wantRefusal(t, "blocks that agree", "quade", err, Constant)
	_, err = Mauchly([][]float64{{1, 2, 4}, {2, 3, 1}}, Options{})
	wantRefusal(t, "fewer subjects than conditions", "mauchly", err, TooFew)
	_, err = Mauchly([][]float64{{1, 2}, {2, 5}, {3, 3}}, Options{})
	wantRefusal(t, "two conditions", "mauchly", err, TooFew)
}

func TestTwoFactorsAreRefused(t *testing.T) {
	y := []float64{1, 2, 4, 3, 6, 5, 7, 9}
	a := strings.Split("ppppqqqq", "")
	b := strings.Split("uuvvuuvv", "")
	for what, c := range map[string]struct {
		y      []float64
		a, b   []string
		design TwoWay
		reason Reason
	}{
		"fewer labels":       {y, a[:7], b, TwoWay{}, Unpaired},
		"one level":          {y, a, a[:0:0], TwoWay{}, Unpaired},
		"a constant factor":  {y, a, strings.Split("uuuuuuuu", ""), TwoWay{}, TooFew},
		"an empty cell":      {y, a, strings.Split("uuvvuuuu", ""), TwoWay{}, TooFew},
		"one value a cell":   {y[:4], strings.Split("ppqq", ""), strings.Split("uvuv", ""), TwoWay{}, TooFew},
		"type 4":             {y, a, b, TwoWay{Type: 4}, BadOption},
		"no variation":       {[]float64{1, 1, 2, 2, 3, 3, 5, 5}, a, b, TwoWay{}, Constant},
		"no lack of fit":     {[]float64{1.1, 1.1, 2.1, 2.1, 3.1, 3.1, 4.1, 4.1}, a, b, TwoWay{Additive: true}, Constant},
		"an infinity":        {[]float64{1, math.Inf(1), 4, 3, 6, 5, 7, 9}, a, b, TwoWay{}, NotFinite},
		"nothing":            {nil, nil, nil, TwoWay{}, TooFew},
		"too large a spread": {[]float64{1e300, -1e300, 4, 3, 6, 5, 7, 9}, a, b, TwoWay{}, NotFinite},
	} {
		_, err := AnovaTwoWay(c.y, c.a, c.b, c.design, Options{})
		wantRefusal(t, what, "anova_two_way", err, c.reason)
	}
	many := make([]string, 500)
	for i := range many {
		many[i] = string(rune('a' + i))
	}
	_, err := AnovaTwoWay(make([]float64, 500), many, many, TwoWay{}, Options{})
	wantRefusal(t, "too many cells", "anova_two_way", err, TooLarge)
	// One value in each cell is enough for the additive model.
	if _, err := AnovaTwoWay(y[:4], strings.Split("ppqq", ""), strings.Split("uvuv", ""), TwoWay{Additive: true}, Options{}); err != nil {
		t.Error(err)
	}
}

func TestCovariatesAreRefused(t *testing.T) {
	y := []float64{1, 2, 4, 3, 6, 5}
	g := strings.Split("pppqqq", "")
	x := []float64{1, 2, 3, 1, 3, 2}
	for what, c := range map[string]struct {
		y      []float64
		g      []string
		x      []float64
		reason Reason
	}{
		"fewer covariates":              {y, g, x[:5], Unpaired},
		"one group":                     {y, strings.Split("pppppp", ""), x, TooFew},
		"too few values":                {y[:3], strings.Split("ppq", ""), x[:3], TooFew},
		"a covariate that is the group": {y, g, []float64{1, 1, 1, 2, 2, 2}, Constant},
		"values on the lines":           {[]float64{1, 2, 3, 4, 6, 5}, g, x, Constant},
		"a NaN":                         {y, g, []float64{1, 2, math.NaN(), 1, 3, 2}, NotFinite},
	} {
		_, err := Ancova(c.y, c.g, c.x, Options{})
		wantRefusal(t, what, "ancova", err, c.reason)
	}
}

func TestExactDistributionsKnowTheirLimits(t *testing.T) {
	large := normalGroups(3, 300)
	_, err := KruskalWallis(large, Options{Method: "exact"})
	wantRefusal(t, "900 values", "kruskal_wallis", err, TooLarge)
	_, err = PermutationAnova(large, Options{Method: "exact"})
	wantRefusal(t, "900 values", "permutation_anova", err, TooLarge)
	_, err = PermutationAnova(large, Options{Replicates: 1 << 40})
	wantRefusal(t, "too many replicates", "permutation_anova", err, TooLarge)
	wide := normalGroups(40, 20)
	_, err = Friedman(wide, Options{Method: "exact"})
	wantRefusal(t, "20 treatments", "friedman", err, TooLarge)
	_, err = PageTrend(wide, Options{Method: "exact"})
	wantRefusal(t, "20 treatments", "page", err, TooLarge)
	r, err := PageTrend(wide, Options{})
	if err != nil || r.Method != "asymptotic" {
		t.Errorf("left open: %q, %v", r.Method, err)
	}
}
