package catalog

import "github.com/crucible-go/crucible/pkg/stat"

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
