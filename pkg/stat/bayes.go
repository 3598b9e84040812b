package stat

import (
	"math"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// DefaultBayesScale is the usual scale of the Cauchy prior of a standardized
// effect: half of the effects are expected to lie within it.
const DefaultBayesScale = math.Sqrt2 / 2

// BayesT returns the Jeffreys-Zellner-Siow Bayes factor of two independent
// samples, treatment y against control x [1]. The null hypothesis has no
// difference of the means, the alternative a standardized difference δ from a
// Cauchy distribution of the given scale (0 counts as DefaultBayesScale), the
// variance being equal in both samples and from Jeffreys' prior. With
// N = n₁n₂/(n₁ + n₂), ν = n₁ + n₂ − 2 and Student's t,
//
//	BF₁₀ = ∫ (1 + Ng)^(−1/2) ((1 + t²/ν)/(1 + t²/(ν(1 + Ng))))^((ν+1)/2) π(g) dg
//
// over the inverse gamma distribution π of g with shape 1/2 and rate scale²/2. For
// a direction, only δ of one sign is considered [2]: each g then counts
// 2P(δ > 0 | g, data), which is a probability of Student's distribution with
// ν + 1 degrees of freedom.
//
// The statistic is ln BF₁₀, positive where the data speak for a difference; the
// details are bf10, and bf01 for the null hypothesis, as far as these are numbers,
// and the posterior probability of the alternative from even odds. There is no
// p-value. A factor depends on the scale: say which.
//
// [1] Rouder, Speckman, Sun, Morey, Iverson (2009), Psychonomic Bulletin & Review
// 16 (2): 225-237.
// [2] Morey, Rouder (2011), Psychological Methods 16 (4): 406-419.
func BayesT(x, y []float64, scale float64, o Options) (Result, error) {
	const test = "bayes_t"
	o, err := o.resolve(test)
	if err != nil {
		return Result{}, err
	}
	plain, err := twoSampleT(test, x, y, Options{Level: o.Level}, pooledError)
	if err != nil {
		return Result{}, err
	}
	n1, n2 := float64(len(x)), float64(len(y))
	return bayes(test, plain, n1*n2/(n1+n2), n1+n2-2, scale, o)
}

// BayesTOneSample returns the Bayes factor of BayesT for one sample, whose mean is
// o.Mu under the null hypothesis: N = n and ν = n − 1.
func BayesTOneSample(x []float64, scale float64, o Options) (Result, error) {
	const test = "bayes_t_one_sample"
	o, err := o.resolve(test)
	if err != nil {
		return Result{}, err
	}
	plain, err := oneSampleT(test, x, Options{Level: o.Level, Mu: o.Mu})
	if err != nil {
		return Result{}, err
	}
	n := float64(len(x))
	return bayes(test, plain, n, n-1, scale, o)
}

// BayesTPaired returns the Bayes factor of BayesTOneSample for the differences
// y − x of pairs.
func BayesTPaired(x, y []float64, scale float64, o Options) (Result, error) {
	const test = "bayes_t_paired"
	o, err := o.resolve(test)
	if err != nil {
		return Result{}, err
	}
	d, err := differences(test, x, y)
	if err != nil {
		return Result{}, err
	}
	plain, err := oneSampleT(test, d, Options{Level: o.Level, Mu: o.Mu})
	if err != nil {
		return Result{}, err
	}
	n := float64(len(x))
	return bayes(test, plain, n, n-1, scale, o)
}

// bayes turns the t statistic of a plain test into a Bayes factor.
func bayes(test string, plain Result, n, nu, scale float64, o Options) (Result, error) {
	if scale == 0 {
		scale = DefaultBayesScale
	}
	if !(scale >= 1e-6 && scale <= 1e6) {
		return Result{}, badOption(test, "the scale %v of the prior is outside [0.000001, 1000000]", scale)
	}
	t := plain.Statistic
	if o.Alternative == Less {
		t = -t
	}
	logBF := jzs(t, n*scale*scale, nu, o.Alternative != TwoSided)
	out := Result{Test: test, Method: "jzs", Alternative: o.Alternative, Statistic: logBF, N: plain.N, Details: []Detail{{"log_bf10", logBF}}}
	if plain.Interval != nil {
		out.Interval = &Interval{Estimate: plain.Interval.Estimate, N: plain.Interval.N}
	}
	if bf := math.Exp(logBF); bf > 0 && bf <= math.MaxFloat64 && 1/bf <= math.MaxFloat64 {
		out.Details = append(out.Details, Detail{"bf10", bf}, Detail{"bf01", math.Exp(-logBF)})
	}
	out.Details = append(out.Details, Detail{"posterior_probability", 1 / (1 + math.Exp(-logBF))}, Detail{"scale", scale}, Detail{"t", plain.Statistic})
	return out, finite(test, len(plain.N), logBF)
}

// jzs returns ln BF₁₀, n being N·scale². With g = eˢ the integrand is analytic in
// a strip about the real line and falls off at both ends, so that the plain sum
// over equal steps is exact to the last digits: steps of h miss e^(−π²/h).
func jzs(t, n, nu float64, oneSided bool) float64 {
	const h = 1.0 / 8
	u2 := t * t / nu
	whole := (nu + 1) / 2 * math.Log1p(u2)
	f := func(s float64) float64 {
		g := n * math.Exp(s)
		v := whole - (nu+1)/2*math.Log1p(u2/(1+g)) - math.Log1p(g)/2 - s/2 - math.Exp(-s)/2
		if oneSided {
			// With c² = G/(1 + G) of the shrinkage: t·c/√(ν + t²(1 − c²)), scaled to ν + 1.
			c2 := g / (1 + g)
			v += math.Ln2 + dist.T{DF: nu + 1}.LogCDF(t*math.Sqrt(c2*(nu+1)/(nu+t*t*(1-c2))))
		}
		return v
	}
	// The largest term, and then outwards until terms no longer count.
	at, most := 0.0, math.Inf(-1)
	for s := -6.0; s < 700; s += 0.5 {
		v := f(s)
		if v > most {
			at, most = s, v
		}
		if v < most-60 {
			break
		}
	}
	total := 0.0
	for _, step := range []float64{h, -h} {
		s := at
		if step < 0 {
			s += step
		}
		for ; s > -8 && s < 760; s += step {
			v := math.Exp(f(s) - most)
			total += v
			if v < 1e-18*total {
				break
			}
		}
	}
	return most + math.Log(total*h) - math.Log(2*math.Pi)/2
}
