package power

import (
	"math"

	"github.com/crucible-go/crucible/pkg/stat"
)

// Settings that several designs share.
var (
	ratioKey = Key{"ratio", "1", "size of the second group over the first, 0.001 to 1000"}
	sizeKey  = Key{"m", "1", "observations in a cluster; n then counts observations, in whole clusters"}
	iccKey   = Key{"icc", "0", "intraclass correlation within clusters, 0 to 1"}
)

func tEntry() Entry {
	return Entry{Name: "t", Title: "two independent samples by Student's t", Methods: []string{"noncentral"}, OneSided: true,
		Keys: []Key{{"d", "", "difference of the means, second minus first, in standard deviations"}, ratioKey, iccKey, sizeKey},
		build: func(s settings) (problem, error) {
			return tProblem(s, TTest{Samples: TwoSamples, Ratio: 1, ClusterSize: 1})
		}}
}

func pairedEntry() Entry {
	return Entry{Name: "paired_t", Title: "pairs by Student's t", Methods: []string{"noncentral"}, OneSided: true,
		Keys: []Key{{"d", "", "mean of the differences in standard deviations of the differences (d_z)"}, iccKey, sizeKey},
		build: func(s settings) (problem, error) {
			return tProblem(s, TTest{Samples: Pairs, Ratio: 1, ClusterSize: 1})
		}}
}

func oneSampleEntry() Entry {
	return Entry{Name: "one_sample_t", Title: "one sample by Student's t", Methods: []string{"noncentral"}, OneSided: true,
		Keys: []Key{{"d", "", "distance of the mean from the constant in standard deviations"}, iccKey, sizeKey},
		build: func(s settings) (problem, error) {
			return tProblem(s, TTest{Samples: OneSample, Ratio: 1, ClusterSize: 1})
		}}
}

func tProblem(s settings, t TTest) (problem, error) {
	p := problem{name: "cohen_d", method: "noncentral"}
	if t.Samples != TwoSamples {
		p.name = "cohen_dz"
	}
	var err error
	if t.Alpha, t.Alternative, err = s.level(); err != nil {
		return p, err
	}
	if err := s.numbers([]string{"ratio", "m", "icc"}, []*float64{&t.Ratio, &t.ClusterSize, &t.ICC}); err != nil {
		return p, err
	}
	if t.ClusterSize != math.Floor(t.ClusterSize) {
		return p, refuse(stat.BadOption, "clusters of %g: want a whole number", t.ClusterSize)
	}
	if p.value, p.known, err = s.number("d", 0); err != nil {
		return p, err
	}
	p.design, p.alternative = t, t.Alternative
	p.total = func(n int) int { return n }
	if t.Samples == TwoSamples {
		p.total = withRatio(t.Ratio)
	}
	p.details = func(n, effect float64) map[string]float64 {
		unit, df := t.shape(n)
		out := map[string]float64{"df": df, "noncentrality": effect * unit}
		if t.ClusterSize > 1 {
			out["design_effect"] = DesignEffect(t.ClusterSize, t.ICC)
			out["clusters"] = n / t.ClusterSize
		}
		return out
	}
	return p, t.check()
}

// level returns alpha and the alternative.
func (s settings) level() (float64, stat.Alternative, error) {
	alpha, err := s.alpha()
	if err != nil {
		return 0, "", err
	}
	side, err := s.side()
	return alpha, side, err
}

// withRatio returns the size of two groups, the second rounded up.
func withRatio(ratio float64) func(int) int {
	return func(n int) int { return n + int(math.Ceil(ratio*float64(n)-1e-9)) }
}

func anovaEntry() Entry {
	return Entry{Name: "anova", Title: "several independent samples by one-way analysis of variance", Methods: []string{"noncentral"},
		Keys: []Key{{"f", "", "Cohen's f: standard deviation of the groups' means over that within groups"},
			{"k", "", "number of groups, 2 or more"}, {"groups", "", "the same as k"}},
		build: func(s settings) (problem, error) {
			a := Anova{}
			p := problem{name: "cohen_f", method: "noncentral"}
			var err error
			if a.Alpha, err = s.alpha(); err != nil {
				return p, err
			}
			count := "k"
			if s.has("groups") {
				count = "groups"
			}
			if s.has("k") == s.has("groups") {
				return p, refuse(stat.BadOption, "it needs the setting k, the number of groups, once")
			}
			if a.Groups, _, err = s.number(count, 0); err != nil {
				return p, err
			}
			if p.value, p.known, err = s.number("f", 0); err != nil {
				return p, err
			}
			p.design = a
			p.total = func(n int) int { return n * int(a.Groups) }
			p.details = func(n, effect float64) map[string]float64 {
				return map[string]float64{"df1": a.Groups - 1, "df2": a.Groups * (n - 1), "noncentrality": effect * effect * n * a.Groups}
			}
			return p, a.check()
		}}
}

func chiSquareEntry() Entry {
	return Entry{Name: "chi_square", Title: "contingency or fit by Pearson's chi-square", Methods: []string{"noncentral"},
		Keys: []Key{{"w", "", "Cohen's w"}, {"df", "1", "degrees of freedom: (rows − 1)·(columns − 1), or cells − 1; 1 is that of a fourfold table"}},
		build: func(s settings) (problem, error) {
			c := ChiSquare{}
			p := problem{name: "cohen_w", method: "noncentral"}
			var err error
			if c.Alpha, err = s.alpha(); err != nil {
				return p, err
			}
			given := false
			if c.DF, given, err = s.number("df", 1); err != nil {
				return p, err
			}
			if !given {
				p.warnings = []string{"df is not given: 1 is taken, that of a fourfold table"}
			}
			if p.value, p.known, err = s.number("w", 0); err != nil {
				return p, err
			}
			p.design = c
			p.total = func(n int) int { return n }
			p.details = func(n, effect float64) map[string]float64 {
				return map[string]float64{"df": c.DF, "noncentrality": n * effect * effect}
			}
			return p, c.check()
		}}
}

func correlationEntry() Entry {
	return Entry{Name: "correlation", Title: "whether Pearson's correlation is zero", Methods: []string{"exact", "fisher_z"}, OneSided: true,
		Keys: []Key{{"r", "", "the true correlation, within (−1, 1)"}},
		build: func(s settings) (problem, error) {
			p := problem{name: "r", method: s.method("exact")}
			c := Correlation{FisherZ: p.method == "fisher_z"}
			var err error
			if c.Alpha, c.Alternative, err = s.level(); err != nil {
				return p, err
			}
			if p.value, p.known, err = s.number("r", 0); err != nil {
				return p, err
			}
			if p.known && !(p.value > -1 && p.value < 1) {
				return p, refuse(stat.Invalid, "r = %g is outside (−1, 1)", p.value)
			}
			p.design, p.alternative = c, c.Alternative
			p.total = func(n int) int { return n }
			p.details = func(n, _ float64) map[string]float64 {
				return map[string]float64{"critical_r": c.critical(n)}
			}
			return p, nil
		}}
}
