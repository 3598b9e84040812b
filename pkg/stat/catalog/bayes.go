package catalog

import "github.com/crucible-go/crucible/pkg/stat"

// bayes holds Bayes factors, posterior intervals, meta-analysis.
func bayes() []Entry {
	scale := Key{Name: "scale", Default: "0.7071", Doc: "scale of the Cauchy prior of the standardized effect, in [0.000001, 1000000]"}
	return []Entry{
		{Name: "bayes_t", Title: "how much the data speak for a difference of two means (JZS Bayes factor)", Input: twoForms, Keys: []Key{scale}, OneSided: true,
			Run: func(d Data, s Settings) (stat.Result, error) {
				return scaled(s, "bayes_t", func(scale float64, o stat.Options) (stat.Result, error) {
					x, y, err := d.Two("bayes_t")
					if err != nil {
						return stat.Result{}, err
					}
					return stat.BayesT(x, y, scale, o)
				})
			}},
		{Name: "bayes_t_one_sample", Title: "how much the data speak against a mean of mu (JZS Bayes factor)", Input: []Form{FormX}, Keys: []Key{muKey, scale}, OneSided: true,
			Run: func(d Data, s Settings) (stat.Result, error) {
				return scaled(s, "bayes_t_one_sample", func(scale float64, o stat.Options) (stat.Result, error) {
					x, err := d.One("bayes_t_one_sample")
					if err != nil {
						return stat.Result{}, err
					}
					return stat.BayesTOneSample(x, scale, o)
				})
			}},
		{Name: "bayes_t_paired", Title: "how much the data speak for a mean difference of pairs (JZS Bayes factor)", Input: pairedForms, Keys: []Key{muKey, scale}, OneSided: true,
			Run: func(d Data, s Settings) (stat.Result, error) {
				return scaled(s, "bayes_t_paired", func(scale float64, o stat.Options) (stat.Result, error) {
					x, y, err := d.Two("bayes_t_paired")
					if err != nil {
						return stat.Result{}, err
					}
					return stat.BayesTPaired(x, y, scale, o)
				})
			}},
		{Name: "meta", Title: "the effect that several studies estimate, each with its variance", Input: []Form{FormEffects}, Methods: []string{"reml", "dl", "fixed", "hartung_knapp"}, OneSided: true,
			Keys: []Key{muKey, {Name: "hk", Default: "false", Doc: "true for the variance and the degrees of freedom of Hartung and Knapp, better with few studies"}}, Run: meta},
		betaBinomialEntry(),
	}
}

// scaled reads what Bayes factors take.
func scaled(s Settings, test string, f func(float64, stat.Options) (stat.Result, error)) (stat.Result, error) {
	o, err := s.Options(test)
	if err != nil {
		return stat.Result{}, err
	}
	scale, err := s.Float(test, "scale", 0)
	if err != nil {
		return stat.Result{}, err
	}
	return f(scale, o)
}

func meta(d Data, s Settings) (stat.Result, error) {
	const test = "meta"
	o, err := s.Options(test)
	if err != nil {
		return stat.Result{}, err
	}
	if d.X == nil || d.Variances == nil {
		return stat.Result{}, shape(test, "needs effects and their variances", FormEffects.Example())
	}
	hk, err := s.Bool(test, "hk", false)
	if err != nil {
		return stat.Result{}, err
	}
	if o.Method == "hartung_knapp" {
		o.Method, hk = "reml", true
	}
	return stat.Meta(d.X, d.Variances, hk, o)
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
