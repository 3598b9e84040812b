package catalog

import "github.com/crucible-go/crucible/pkg/stat"

// effects holds sizes of effects.
func effects() []Entry {
	return []Entry{
		{Name: "cohens_d", Title: "difference of means in pooled standard deviations; of one sample, from mu",
			Input: []Form{FormXY, FormGroups, FormX}, Run: runCohensD},
		twoEffect("hedges_g", "Cohen's d without its bias", stat.HedgesG),
		twoEffect("glass_delta", "difference of means in standard deviations of the control", stat.GlassDelta),
		pairEffect("cohens_dz", "mean difference of pairs in standard deviations of the differences", stat.CohensDz),
		pairEffect("cohens_dav", "mean difference of pairs in average standard deviations", stat.CohensDav),
		twoEffect("cliffs_delta", "chance that the treatment exceeds the control less the chance that it falls short", stat.CliffsDelta),
		twoEffect("a12", "chance that the treatment exceeds the control, ties counting half", stat.A12),
		{Name: "rank_biserial", Title: "rank-biserial correlation of independent samples, or of pairs",
			Input: []Form{FormXY, FormGroups, FormPairs}, Run: runRankBiserial},
		groupsEffect("eta_squared", "share of the variance between groups", stat.EtaSquared),
		groupsEffect("omega_squared", "share of the variance between groups, with less bias (Hays)", stat.OmegaSquared),
		groupsEffect("epsilon_squared", "share of the variance between groups, with less bias (Kelley)", stat.EpsilonSquared),
		tableEffect("cramers_v", "association of rows and columns", []Form{FormTable}, stat.CramersV, "plain", "bias_corrected"),
		tableEffect("cohens_w", "size of a deviation from independence or, of one row, from equal counts", []Form{FormTable}, stat.CohensW),
		tableEffect("phi", "correlation of the rows and columns of a fourfold table", []Form{FormTable}, stat.Phi),
		ratioEffect("odds_ratio", "odds ratio ad/(bc); of x and y, successes and trials, odds of y over those of x", stat.OddsRatio, "woolf", "exact"),
		ratioEffect("risk_ratio", "share of the first column in row 0 over that in row 1; of x and y, successes and trials, of y over that of x",
			stat.RiskRatio, "katz", "koopman"),
		tableEffect("risk_difference", "difference of shares, row 1 minus row 0; or y minus x, successes and trials",
			[]Form{FormTable, FormXY}, stat.RiskDifference),
		tableEffect("cohens_h", "difference of the arcsines of shares, row 1 minus row 0; or y minus x, successes and trials",
			[]Form{FormTable, FormXY}, stat.CohensH),
		groupsEffect("cohens_f", "spread of group means in standard deviations", stat.CohensF),
	}
}

// twoSizes measures two samples.
type twoSizes func(x, y []float64, o stat.Options) (stat.Effect, error)

func twoEffect(name, title string, size twoSizes) Entry {
	return Entry{Name: name, Title: title, Input: []Form{FormXY, FormGroups},
		Run: func(d Data, s Settings) (stat.Result, error) { return runTwo(name, d, s, size) }}
}

func pairEffect(name, title string, size twoSizes) Entry {
	e := twoEffect(name, title, size)
	e.Input = []Form{FormPairs, FormXY}
	return e
}

func groupsEffect(name, title string, size func(groups [][]float64, o stat.Options) (stat.Effect, error)) Entry {
	return Entry{Name: name, Title: title, Input: []Form{FormGroups, FormXY}, Run: func(d Data, s Settings) (stat.Result, error) {
		o, err := sizeOptions(name, s)
		if err != nil {
			return stat.Result{}, err
		}
		groups, err := d.Samples(name, 2)
		if err != nil {
			return stat.Result{}, err
		}
		e, err := size(groups, o)
		return sizeResult(name, e, err)
	}}
}

func runTwo(name string, d Data, s Settings, size twoSizes) (stat.Result, error) {
	o, err := sizeOptions(name, s)
	if err != nil {
		return stat.Result{}, err
	}
	x, y, err := d.Two(name)
	if err != nil {
		return stat.Result{}, err
	}
	e, err := size(x, y, o)
	return sizeResult(name, e, err)
}

// sizeOptions returns the options of a size without methods.
func sizeOptions(name string, s Settings) (stat.Options, error) {
	o, err := s.Options(name)
	if err == nil && o.Method != "" {
		err = refusal(name, "it has no methods, got %q", o.Method)
	}
	return o, err
}

// sizeResult returns a size as estimate and as effect.
func sizeResult(name string, e stat.Effect, err error) (stat.Result, error) {
	if err != nil {
		return stat.Result{}, err
	}
	return stat.Result{Test: name, Method: e.Method, Interval: &e.Interval, Effect: &e, N: []int{e.N}, Warnings: e.Warnings}, nil
}

// runCohensD measures two samples, or one from mu.
func runCohensD(d Data, s Settings) (stat.Result, error) {
	const name = "cohens_d"
	if x, err := d.One(name); err == nil {
		o, err := sizeOptions(name, s)
		if err != nil {
			return stat.Result{}, err
		}
		e, err := stat.CohensD1(x, o.Mu, o)
		return sizeResult(name, e, err)
	}
	return runTwo(name, d, s, stat.CohensD)
}

// runRankBiserial takes paired columns for pairs and all else for independent.
func runRankBiserial(d Data, s Settings) (stat.Result, error) {
	if d.Pairs != nil {
		return runTwo("rank_biserial", d, s, stat.RankBiserialPaired)
	}
	return runTwo("rank_biserial", d, s, stat.RankBiserial)
}

// tableSize measures a table.
type tableSize func(table [][]float64, o stat.Options) (stat.Effect, error)

// tableEffect measures a table, or x and y, each successes and trials, as its rows.
func tableEffect(name, title string, forms []Form, size tableSize, methods ...string) Entry {
	return Entry{Name: name, Title: title, Input: forms, Methods: methods, Run: func(d Data, s Settings) (stat.Result, error) {
		return runTable(name, d, s, len(forms) > 1, false, size, len(methods) > 0)
	}}
}

// ratioEffect is tableEffect with y as the first row.
func ratioEffect(name, title string, size tableSize, methods ...string) Entry {
	return Entry{Name: name, Title: title, Input: []Form{FormTable, FormXY}, Methods: methods, Run: func(d Data, s Settings) (stat.Result, error) {
		return runTable(name, d, s, true, true, size, len(methods) > 0)
	}}
}

func runTable(name string, d Data, s Settings, trials, swap bool, size tableSize, methods bool) (stat.Result, error) {
	o, err := s.Options(name)
	if err == nil && !methods {
		o, err = sizeOptions(name, s)
	}
	if err != nil {
		return stat.Result{}, err
	}
	if trials && d.Table == nil && d.X != nil && d.Y != nil {
		d.Table, err = rowsOfTrials(name, d.X, d.Y)
		if swap && err == nil {
			d.Table[0], d.Table[1] = d.Table[1], d.Table[0]
		}
	}
	if err != nil {
		return stat.Result{}, err
	}
	table, err := d.Counts(name)
	if err != nil {
		return stat.Result{}, err
	}
	e, err := size(table, o)
	return sizeResult(name, e, err)
}

// rowsOfTrials returns successes and failures of two groups as rows of a table.
func rowsOfTrials(name string, groups ...Numbers) ([]Numbers, error) {
	rows := make([]Numbers, len(groups))
	for i, g := range groups {
		if len(g) != 2 {
			return nil, shape(name, "needs successes and trials of each group", `{"x": [3, 10], "y": [5, 10]} or {"table": [[…], […]]}`)
		}
		rows[i] = Numbers{g[0], g[1] - g[0]}
	}
	return rows, nil
}
