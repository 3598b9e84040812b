package catalog

import "github.com/crucible-go/crucible/pkg/stat"

// twoForms are the forms of two independent samples, pairedForms those of pairs.
var (
	twoForms    = []Form{FormGroups, FormXY}
	pairedForms = []Form{FormXY, FormPairs, FormGroups}
)

// muKey is the null value of a test of location.
var muKey = Key{Name: "mu", Default: "0", Doc: "value of the estimate under the null hypothesis, in the units of the data"}

// location holds t tests, rank tests, permutation.
func location() []Entry {
	return []Entry{
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
func ofOne(test string, f func([]float64, stat.Options) (stat.Result, error)) run {
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
func ofTwo(test string, f func(x, y []float64, o stat.Options) (stat.Result, error)) run {
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
