package catalog

import (
	"strconv"

	"github.com/crucible-go/crucible/pkg/stat"
)

// twoForms are the forms of two independent samples, pairedForms those of pairs.
var (
	twoForms    = []Form{FormGroups, FormXY}
	pairedForms = []Form{FormXY, FormPairs, FormGroups}
	pairsOrOne  = []Form{FormXY, FormPairs, FormGroups, FormX}
)

// procedures of one sample and of two.
type (
	oneSample = func([]float64, stat.Options) (stat.Result, error)
	twoSample = func(x, y []float64, o stat.Options) (stat.Result, error)
)

// muKey is the null value of a test of location.
var muKey = Key{Name: "mu", Default: "0", Doc: "value of the estimate under the null hypothesis, in the units of the data"}

// location holds t tests, rank tests, permutation.
func location() []Entry {
	return []Entry{
		{Name: "mann_whitney", Title: "does one group tend to be greater (rank sum), with the Hodges-Lehmann shift", Input: twoForms,
			Methods: []string{"auto", "exact", "asymptotic", "asymptotic_no_correction"},
			Keys:    []Key{muKey}, OneSided: true, Run: ofTwo("mann_whitney", stat.MannWhitney)},
		{Name: "wilcoxon_signed_rank", Title: "are differences of pairs symmetric about mu (signed ranks), with the pseudo-median", Input: pairsOrOne,
			Methods: []string{"auto", "exact", "pratt", "zsplit", "asymptotic", "asymptotic_no_correction", "asymptotic_pratt", "asymptotic_zsplit"},
			Keys:    []Key{muKey}, OneSided: true, Run: ofPairs("wilcoxon_signed_rank", stat.WilcoxonSignedRank, stat.WilcoxonOneSample)},
		{Name: "sign", Title: "is the median difference of pairs mu (signs)", Input: pairsOrOne, Methods: []string{"exact"},
			Keys: []Key{muKey}, OneSided: true, Run: ofPairs("sign", stat.SignTest, stat.SignOneSample)},
		{Name: "one_sample_t", Title: "is a mean mu (Student)", Input: []Form{FormX}, Methods: []string{"student"},
			Keys: []Key{muKey}, OneSided: true, Run: ofOne("one_sample_t", stat.OneSampleT)},
		{Name: "paired_t", Title: "is the mean difference of pairs mu (Student)", Input: pairedForms, Methods: []string{"student"},
			Keys: []Key{muKey}, OneSided: true, Run: ofTwo("paired_t", stat.PairedT)},
		{Name: "student_t", Title: "do two means differ by mu, variances being equal (Student)", Input: twoForms, Methods: []string{"pooled"},
			Keys: []Key{muKey}, OneSided: true, Run: ofTwo("student_t", stat.StudentT)},
		{Name: "welch_t", Title: "do two means differ by mu, whatever the variances (Welch)", Input: twoForms, Methods: []string{"welch"},
			Keys: []Key{muKey}, OneSided: true, Run: ofTwo("welch_t", stat.WelchT)},
		{Name: "tost", Title: "is a difference of means inside margins (two one-sided tests)", Input: pairsOrOne,
			Methods: []string{"welch", "student", "paired", "one_sample"},
			Keys: []Key{{Name: "low", Doc: "lower margin, in the units of the data, below high"},
				{Name: "high", Doc: "upper margin, in the units of the data"}}, Run: tost},
		{Name: "noninferiority", Title: "is a treatment worse than a control by less than a margin", Input: pairedForms,
			Methods: []string{"welch", "student", "paired"},
			Keys: []Key{{Name: "margin", Doc: "loss that is forgiven, in the units of the data; below 0 asks for a gain"},
				{Name: "direction", Default: "higher", Doc: "which values are better: higher or lower"}}, Run: nonInferiority},
		{Name: "permutation", Title: "do two groups, pairs or a sample differ, among all arrangements of the data", Input: []Form{FormGroups, FormXY, FormPairs, FormX},
			Methods: []string{"auto", "exact", "monte_carlo"},
			Keys: []Key{muKey, {Name: "statistic", Default: "mean", Doc: "mean, median or (for two groups) studentized"},
				{Name: "paired", Default: "false", Doc: "whether x and y, or the two groups, are pairs: true or false; true for the form pairs"},
				{Name: "replicates", Default: "9999", Doc: "random arrangements of the method monte_carlo"},
				{Name: "seed", Default: "0", Doc: "of the random arrangements"}},
			OneSided: true, Run: permutation},
	}
}

// run is how a procedure is run.
type run = func(Data, Settings) (stat.Result, error)

// ofOne runs a procedure of one sample.
func ofOne(test string, f oneSample) run {
	return func(d Data, s Settings) (stat.Result, error) {
		o, err := s.Options(test)
		if err != nil {
			return stat.Result{}, err
		}
		x, err := d.One(test)
		if err != nil {
			return stat.Result{}, err
		}
		return f(x, o)
	}
}

// ofTwo runs a procedure of two samples.
func ofTwo(test string, f twoSample) run {
	return func(d Data, s Settings) (stat.Result, error) {
		o, err := s.Options(test)
		if err != nil {
			return stat.Result{}, err
		}
		x, y, err := d.Two(test)
		if err != nil {
			return stat.Result{}, err
		}
		return f(x, y, o)
	}
}

// ofPairs runs a procedure of pairs, or of one sample where there is but one.
func ofPairs(test string, pairs twoSample, one oneSample) run {
	return func(d Data, s Settings) (stat.Result, error) {
		if _, err := d.One(test); err == nil {
			return ofOne(test, one)(d, s)
		}
		return ofTwo(test, pairs)(d, s)
	}
}

func tost(d Data, s Settings) (stat.Result, error) {
	const test = "tost"
	low, err := s.Need(test, "low")
	if err != nil {
		return stat.Result{}, err
	}
	high, err := s.Need(test, "high")
	if err != nil {
		return stat.Result{}, err
	}
	if s["method"] == "one_sample" {
		return ofOne(test, func(x []float64, o stat.Options) (stat.Result, error) {
			return stat.TOSTOneSample(x, low, high, o)
		})(d, s)
	}
	return ofTwo(test, func(x, y []float64, o stat.Options) (stat.Result, error) {
		return stat.TOST(x, y, low, high, o)
	})(d, s)
}

func nonInferiority(d Data, s Settings) (stat.Result, error) {
	const test = "noninferiority"
	margin, err := s.Need(test, "margin")
	if err != nil {
		return stat.Result{}, err
	}
	direction := s["direction"]
	if direction != "" && direction != "higher" && direction != "lower" {
		return stat.Result{}, refusal(test, "direction %q is not one of higher, lower", direction)
	}
	return ofTwo(test, func(x, y []float64, o stat.Options) (stat.Result, error) {
		return stat.NonInferiorityT(x, y, margin, direction != "lower", o)
	})(d, s)
}

func permutation(d Data, s Settings) (stat.Result, error) {
	const test = "permutation"
	paired := d.Pairs != nil
	if text, ok := s["paired"]; ok {
		var err error
		if paired, err = strconv.ParseBool(text); err != nil {
			return stat.Result{}, refusal(test, "paired %q is neither true nor false", text)
		}
	}
	if _, err := d.One(test); err == nil {
		return ofOne(test, func(x []float64, o stat.Options) (stat.Result, error) {
			return stat.PermutationOneSample(x, s["statistic"], o)
		})(d, s)
	}
	return ofTwo(test, func(x, y []float64, o stat.Options) (stat.Result, error) {
		if paired {
			return stat.PermutationPaired(x, y, s["statistic"], o)
		}
		return stat.Permutation(x, y, s["statistic"], o)
	})(d, s)
}
