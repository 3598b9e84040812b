package catalog

import "github.com/crucible-go/crucible/pkg/stat"

// nullKeys are the settings of a distribution that is known beforehand.
var nullKeys = []Key{
	{Name: "distribution", Default: "normal", Doc: "normal, uniform or exponential"},
	{Name: "mean", Default: "0", Doc: "of normal, in the units of the data"},
	{Name: "sd", Default: "1", Doc: "standard deviation of normal, in the units of the data, above 0"},
	{Name: "low", Default: "0", Doc: "lower end of uniform, in the units of the data"},
	{Name: "high", Default: "1", Doc: "upper end of uniform, above low"},
	{Name: "rate", Default: "1", Doc: "rate of exponential, one over its mean, above 0"},
}

// monteCarloKeys are the settings of procedures that may draw random samples.
var monteCarloKeys = []Key{
	{Name: "seed", Default: "0", Doc: "of the random numbers of method monte_carlo, a whole number"},
	{Name: "replicates", Default: "10000", Doc: "samples drawn by method monte_carlo"},
}

// assumptions holds tests of assumptions.
func assumptions() []Entry {
	return []Entry{
		{Name: "shapiro_wilk", Title: "is a sample normal, by the regression of its order statistics (n from 3 to 5000)", Input: []Form{FormX},
			Methods: []string{"royston"}, Run: ofOne("shapiro_wilk", stat.ShapiroWilk)},
		{Name: "anderson_darling", Title: "is a sample normal, or from a known distribution, with most weight on the tails", Input: []Form{FormX},
			Methods: []string{"estimated", "known", "monte_carlo"}, Keys: append(monteCarloKeys[:2:2], nullKeys...),
			Run: runAndersonDarling},
		{Name: "lilliefors", Title: "is a sample normal, by the greatest distance from the fitted distribution", Input: []Form{FormX},
			Methods: []string{"dallal_wilkinson", "monte_carlo"}, Keys: monteCarloKeys, Run: ofOne("lilliefors", stat.Lilliefors)},
		{Name: "dagostino_k2", Title: "is a sample normal, by skewness and kurtosis", Input: []Form{FormX},
			Methods: []string{"asymptotic"}, Run: ofOne("dagostino_k2", stat.DAgostinoK2)},
		{Name: "skewness_test", Title: "has a sample the skewness of a normal one", Input: []Form{FormX},
			Methods: []string{"asymptotic"}, OneSided: true, Run: ofOne("skewness_test", stat.SkewnessTest)},
		{Name: "kurtosis_test", Title: "has a sample the kurtosis of a normal one", Input: []Form{FormX},
			Methods: []string{"asymptotic"}, OneSided: true, Run: ofOne("kurtosis_test", stat.KurtosisTest)},
		{Name: "jarque_bera", Title: "is a large sample normal, by skewness and kurtosis", Input: []Form{FormX},
			Methods: []string{"asymptotic", "monte_carlo"}, Keys: monteCarloKeys, Run: ofOne("jarque_bera", stat.JarqueBera)},
		{Name: "ks_one_sample", Title: "does a sample come from a known distribution, by the greatest distance", Input: []Form{FormX},
			Methods: []string{"auto", "exact", "asymptotic"}, OneSided: true, Keys: nullKeys,
			Run: onNull("ks_one_sample", stat.KSOneSample)},
		{Name: "ks_two_sample", Title: "do two samples come from one distribution, by the greatest distance", Input: twoForms,
			Methods: []string{"auto", "exact", "asymptotic"}, OneSided: true, Run: ofTwo("ks_two_sample", stat.KSTwoSample)},
		{Name: "levene", Title: "have groups equal variances, by absolute deviations", Input: []Form{FormGroups, FormXY},
			Methods: []string{"f"}, Keys: []Key{
				{Name: "center", Default: "mean", Doc: "what deviations are from: mean, median or trimmed"},
				{Name: "trim", Default: "0.1", Doc: "share of values that trimmed leaves out at either end, from 0 to below 0.5"},
			}, Run: runLevene},
		{Name: "brown_forsythe", Title: "have groups equal variances, by absolute deviations from the medians", Input: []Form{FormGroups, FormXY},
			Methods: []string{"f"}, Run: onGroups("brown_forsythe", stat.BrownForsythe)},
		{Name: "bartlett", Title: "have normal groups equal variances, by the likelihood ratio", Input: []Form{FormGroups, FormXY},
			Methods: []string{"chi_square"}, Run: onGroups("bartlett", stat.Bartlett)},
		{Name: "fligner", Title: "have groups equal spread, by ranks of deviations from the medians", Input: []Form{FormGroups, FormXY},
			Methods: []string{"median"}, Run: onGroups("fligner", stat.Fligner)},
		{Name: "f_ratio", Title: "the ratio of the variances of two normal samples", Input: twoForms,
			Methods: []string{"f"}, OneSided: true, Keys: []Key{{Name: "ratio", Default: "1", Doc: "variance of y over that of x under the null hypothesis, above 0"}},
			Run: func(d Data, s Settings) (stat.Result, error) {
				ratio, err := s.Float("f_ratio", "ratio", 1)
				if err != nil {
					return stat.Result{}, err
				}
				return ofTwo("f_ratio", func(x, y []float64, o stat.Options) (stat.Result, error) {
					return stat.VarianceRatio(x, y, ratio, o)
				})(d, s)
			}},
	}
}

// onGroups runs a procedure on two samples or more.
func onGroups(name string, f func([][]float64, stat.Options) (stat.Result, error)) run {
	return func(d Data, s Settings) (stat.Result, error) {
		o, err := s.Options(name)
		if err != nil {
			return stat.Result{}, err
		}
		groups, err := d.Samples(name, 2)
		if err != nil {
			return stat.Result{}, err
		}
		return f(groups, o)
	}
}

// onNull runs a procedure on one sample and a distribution.
func onNull(name string, f func([]float64, stat.Null, stat.Options) (stat.Result, error)) run {
	return func(d Data, s Settings) (stat.Result, error) {
		null, err := nullOf(name, s)
		if err != nil {
			return stat.Result{}, err
		}
		return ofOne(name, func(x []float64, o stat.Options) (stat.Result, error) { return f(x, null, o) })(d, s)
	}
}

// runAndersonDarling refuses a distribution where it would not be looked at.
func runAndersonDarling(d Data, s Settings) (stat.Result, error) {
	for _, k := range nullKeys {
		if _, given := s[k.Name]; given && s["method"] != "known" {
			return stat.Result{}, refusal("anderson_darling", "the setting %s is for method known: the others estimate a normal distribution", k.Name)
		}
	}
	return onNull("anderson_darling", stat.AndersonDarling)(d, s)
}

// nullOf reads a distribution, and refuses parameters of another one.
func nullOf(name string, s Settings) (stat.Null, error) {
	null := stat.Null{Family: s["distribution"]}
	if null.Family == "" {
		null.Family = "normal"
	}
	keys, ok := map[string][]string{"normal": {"mean", "sd"}, "uniform": {"low", "high"}, "exponential": {"rate", ""}}[null.Family]
	if !ok {
		return null, refusal(name, "distribution %q is not one of normal, uniform, exponential", null.Family)
	}
	for _, other := range []string{"mean", "sd", "low", "high", "rate"} {
		if _, given := s[other]; given && other != keys[0] && other != keys[1] {
			return null, refusal(name, "the distribution %s has no parameter %s", null.Family, other)
		}
	}
	var err error
	if null.Family == "exponential" {
		null.A, err = s.Float(name, "rate", 1)
	} else {
		if null.A, err = s.Float(name, keys[0], 0); err == nil {
			null.B, err = s.Float(name, keys[1], 1)
		}
	}
	if err == nil && null.A == 0 && null.B == 0 {
		err = refusal(name, "the parameters of the distribution are 0")
	}
	return null, err
}

func runLevene(d Data, s Settings) (stat.Result, error) {
	center := stat.Center{Kind: s["center"]}
	var err error
	if center.Trim, err = s.Float("levene", "trim", 0.1); err != nil {
		return stat.Result{}, err
	}
	return onGroups("levene", func(groups [][]float64, o stat.Options) (stat.Result, error) {
		return stat.Levene(groups, center, o)
	})(d, s)
}
