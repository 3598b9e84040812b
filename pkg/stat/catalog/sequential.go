package catalog

import (
	"strconv"
	"strings"

	"github.com/crucible-go/crucible/pkg/stat"
)

// rangeKeys are the bounds of a measure.
func rangeKeys() []Key {
	return []Key{
		{Name: "low", Default: "0", Doc: "least value that the measure can have"},
		{Name: "high", Default: "1", Doc: "greatest value that the measure can have"},
	}
}

// sequential holds tests that may be looked at any time.
func sequential() []Entry {
	return []Entry{
		{Name: "confidence_sequence", Title: "where is a mean, looked at after every observation", Input: []Form{FormX},
			Methods: []string{"betting", "empirical_bernstein", "normal_mixture"}, Run: confidenceSequence,
			Keys: append(rangeKeys(),
				Key{Name: "sigma", Default: "half the range", Doc: "normal_mixture: known sub-Gaussian scale, in units of the data; observations need no range then"},
				Key{Name: "horizon", Default: "1000", Doc: "normal_mixture: number of observations at which the interval is to be narrowest"})},
		{Name: "e_value", Title: "evidence against a mean (x), or against pairs being equal (x,y), looked at after every observation", Input: []Form{FormX, FormXY, FormPairs},
			Methods: []string{"betting", "beta_binomial"}, OneSided: true, Run: eValue,
			Keys: append(rangeKeys(), Key{Name: "mu", Default: "0", Doc: "mean under the null hypothesis, inside the range; of y - x for pairs"})},
		{Name: "merge_e", Title: "merge e-values of one hypothesis (x)", Input: []Form{FormX}, Methods: []string{"mean", "product"},
			Run: ofOne("merge_e", stat.MergeE)},
		{Name: "msprt", Title: "is a mean (x), or mean difference of pairs (x,y), mu, looked at after every observation", Input: []Form{FormX, FormXY, FormPairs},
			Methods: []string{"t", "normal"}, Run: msprt,
			Keys: []Key{muKey,
				{Name: "sigma", Default: "unknown", Doc: "normal: known standard deviation, in units of the data"},
				{Name: "tau", Default: "half a standard deviation", Doc: "expected size of the effect: in units of the data for normal, in standard deviations for t"}}},
		{Name: "quantile_sequence", Title: "where is a quantile, looked at after every observation", Input: []Form{FormX}, Methods: []string{"beta_binomial"},
			Keys: []Key{{Name: "quantile", Default: "0.5", Doc: "the quantile, in [0.000001, 0.999999]"}}, Run: quantileSequence},
		{Name: "group_sequential", Title: "bounds for a test that is looked at a few times; x may hold the z statistics so far", Input: []Form{},
			Methods: []string{stat.OBrienFleming, stat.Pocock, stat.SpendOBrienFleming, stat.SpendPocock}, OneSided: true, Run: groupSequential,
			Keys: []Key{
				{Name: "looks", Default: "5", Doc: "number of looks at equal shares of the information, 1 to 50"},
				{Name: "fractions", Doc: "shares of the information at the looks instead, rising to 1, such as 0.25,0.5,1"},
				{Name: "alpha", Default: "0.05", Doc: "level of the whole test, in [1e-10, 0.5]"},
				{Name: "type", Doc: "another name of method"},
			}},
	}
}

// oneOrDifferences returns a sample, or the differences y − x of pairs.
func oneOrDifferences(d Data, test string) (x []float64, paired bool, err error) {
	if d.Y == nil && d.Pairs == nil {
		x, err = d.One(test)
		return x, false, err
	}
	x, y, err := d.Two(test)
	if err != nil {
		return nil, true, err
	}
	if len(x) != len(y) {
		return nil, true, &stat.Refusal{Method: test, Reason: stat.Unpaired, N: min(len(x), len(y)), Detail: "there are not as many x as y"}
	}
	out := make([]float64, len(x))
	for i := range x {
		out[i] = y[i] - x[i]
	}
	return out, true, nil
}

// bounds reads the range of a measure.
func bounds(test string, s Settings) (r stat.Range, err error) {
	if r.Low, err = s.Float(test, "low", 0); err != nil {
		return r, err
	}
	r.High, err = s.Float(test, "high", 1)
	return r, err
}

func confidenceSequence(d Data, s Settings) (out stat.Result, err error) {
	const test = "confidence_sequence"
	o, err := s.Options(test)
	if err != nil {
		return out, err
	}
	x, err := d.One(test)
	if err != nil {
		return out, err
	}
	r, err := bounds(test, s)
	if err != nil {
		return out, err
	}
	switch o.Method {
	case "empirical_bernstein":
		return stat.EmpiricalBernsteinSequence(x, r, o)
	case "normal_mixture":
		sigma, err := s.Float(test, "sigma", 0)
		if err != nil {
			return out, err
		}
		horizon, err := s.Int(test, "horizon", 0)
		if err != nil {
			return out, err
		}
		return stat.NormalMixtureSequence(x, r, sigma, horizon, o)
	case "", "betting":
		return stat.BettingSequence(x, r, o)
	}
	return out, refusal(test, "method %q is not one of betting, empirical_bernstein, normal_mixture", o.Method)
}

func eValue(d Data, s Settings) (out stat.Result, err error) {
	const test = "e_value"
	o, err := s.Options(test)
	if err != nil {
		return out, err
	}
	if o.Method == "beta_binomial" {
		x, y, err := d.Two(test)
		if err != nil {
			return out, err
		}
		return stat.EValuePaired(x, y, o)
	}
	r, err := bounds(test, s)
	if err != nil {
		return out, err
	}
	x, paired, err := oneOrDifferences(d, test)
	if err != nil {
		return out, err
	}
	if paired {
		r = stat.Range{Low: r.Low - r.High, High: r.High - r.Low}
	}
	return stat.EValue(x, r, o)
}

func msprt(d Data, s Settings) (out stat.Result, err error) {
	const test = "msprt"
	o, err := s.Options(test)
	if err != nil {
		return out, err
	}
	sigma, err := s.Float(test, "sigma", 0)
	if err != nil {
		return out, err
	}
	tau, err := s.Float(test, "tau", 0)
	if err != nil {
		return out, err
	}
	x, _, err := oneOrDifferences(d, test)
	if err != nil {
		return out, err
	}
	return stat.MSPRT(x, sigma, tau, o)
}

func quantileSequence(d Data, s Settings) (out stat.Result, err error) {
	const test = "quantile_sequence"
	o, err := s.Options(test)
	if err != nil {
		return out, err
	}
	q, err := s.Float(test, "quantile", 0.5)
	if err != nil {
		return out, err
	}
	x, err := d.One(test)
	if err != nil {
		return out, err
	}
	return stat.QuantileSequence(x, q, o)
}

func groupSequential(d Data, s Settings) (out stat.Result, err error) {
	const test = "group_sequential"
	o, err := s.Options(test)
	if err != nil {
		return out, err
	}
	if name, ok := s["type"]; ok {
		o.Method = name
	}
	alpha, err := s.Float(test, "alpha", 0.05)
	if err != nil {
		return out, err
	}
	looks, err := s.Int(test, "looks", 5)
	if err != nil {
		return out, err
	}
	var fractions []float64
	if list, ok := s["fractions"]; ok {
		for _, text := range strings.Split(list, ",") {
			t, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			if err != nil {
				return out, refusal(test, "fractions: %q is not a number", text)
			}
			fractions = append(fractions, t)
		}
	} else {
		if looks < 1 || looks > 50 {
			return out, refusal(test, "%d looks: want 1 to 50", looks)
		}
		for i := range looks {
			fractions = append(fractions, float64(i+1)/float64(looks))
		}
	}
	return stat.GroupSequential(fractions, alpha, d.X, o)
}
