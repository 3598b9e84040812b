package catalog

import "github.com/crucible-go/crucible/pkg/stat"

// bayes holds Bayes factors, posterior intervals, meta-analysis.
func bayes() []Entry {
	return []Entry{betaBinomialEntry()}
}

// betaBinomialEntry holds the posterior of a proportion, or of the difference of two.
func betaBinomialEntry() Entry {
	const name = "beta_binomial"
	return Entry{Name: name, Title: "posterior of a proportion (x: successes, trials), or of the difference of two (y, or a table)",
		Input: []Form{FormX, FormXY, FormTable, FormGroups}, Methods: []string{"equal_tailed"},
		Keys: []Key{{"a", "0.5", "first parameter of the prior Beta(a, b), from 0.05; a = b = 0.5 is Jeffreys', 1 the uniform"},
			{"b", "0.5", "second parameter of the prior"}},
		Run: func(d Data, s Settings) (stat.Result, error) {
			o, err := s.Options(name)
			if err != nil {
				return stat.Result{}, err
			}
			a, err := s.Float(name, "a", 0.5)
			if err != nil {
				return stat.Result{}, err
			}
			b, err := s.Float(name, "b", 0.5)
			if err != nil {
				return stat.Result{}, err
			}
			if d.Table == nil && d.Groups == nil && d.Pairs == nil && d.Y == nil {
				k, n, o, err := trials(name, d, s)
				if err != nil {
					return stat.Result{}, err
				}
				return stat.BetaBinomial(k, n, a, b, o)
			}
			t, err := twoSamples(name, d)
			if err != nil {
				return stat.Result{}, err
			}
			return stat.BetaBinomialDifference(t[0], t[1], t[2], t[3], a, b, o)
		}}
}
