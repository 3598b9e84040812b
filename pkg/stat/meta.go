package stat

import (
	"math"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// Meta combines estimates of one effect from several studies, given with their
// sampling variances. Methods:
//
//   - "reml", the default: random effects, the variance τ² between studies by
//     restricted maximum likelihood [1];
//   - "dl": random effects, τ² by the moments of DerSimonian and Laird [2];
//   - "fixed": one effect for all studies, τ² = 0.
//
// Studies weigh w = 1/(v + τ²); the estimate is Σwy/Σw with the standard error
// 1/√Σw and a normal test and interval. With hartungKnapp the variance is instead
// Σw(y − μ̂)²/((k − 1)Σw), with Student's distribution of k − 1 degrees of freedom
// [3], which keeps its level where the normal ones do not: with few studies. It
// may by chance be the narrower; a warning says so.
//
// The details are tau2 with the interval tau2_low and tau2_high of the Q profile
// [4], Cochran's q with its p-value q_p, the share i2 of the variation that is
// between studies and h2 [5], the standard error, and, for random effects of
// three studies and more, the interval prediction_low to prediction_high for the
// effect of a new study, with k − 2 degrees of freedom [6]. A variance of 0 is
// refused, as is a single study except for "fixed".
//
// [1] Viechtbauer (2005), Journal of Educational and Behavioral Statistics 30
// (3): 261-293.
// [2] DerSimonian, Laird (1986), Controlled Clinical Trials 7 (3): 177-188.
// [3] Hartung, Knapp (2001), Statistics in Medicine 20 (12): 1771-1782.
// [4] Viechtbauer (2007), Statistics in Medicine 26 (1): 37-52.
// [5] Higgins, Thompson (2002), Statistics in Medicine 21 (11): 1539-1558.
// [6] Higgins, Thompson, Spiegelhalter (2009), Journal of the Royal Statistical
// Society A 172 (1): 137-159.
func Meta(effects, variances []float64, hartungKnapp bool, o Options) (Result, error) {
	const test = "meta"
	o, err := o.resolve(test, "reml", "dl", "fixed")
	if err != nil {
		return Result{}, err
	}
	m, err := newStudies(effects, variances, o.Method, hartungKnapp)
	if err != nil {
		return Result{}, err
	}
	tau2 := 0.0
	switch o.Method {
	case "reml":
		tau2 = m.reml()
	case "dl":
		tau2 = m.momentTau2()
	}
	mean, se, q := m.at(tau2)
	k := float64(len(effects))
	out := Result{Test: test, Method: o.Method, Alternative: o.Alternative, N: []int{len(effects)}}
	tail, quantile := law(dist.Normal{}), -dist.Normal{}.Quantile((1-o.Level)/2)
	if hartungKnapp {
		plain := se * quantile
		se *= math.Sqrt(q / (k - 1))
		if se == 0 {
			return Result{}, refuse(test, Constant, len(effects), 0, "all effects are equal: their spread says nothing of the error of their mean")
		}
		tail, quantile = dist.T{DF: k - 1}, -dist.T{DF: k - 1}.Quantile((1-o.Level)/2)
		out.Method += "_hartung_knapp"
		out.DF = []float64{k - 1}
		if se*quantile < plain {
			out.Warnings = append(out.Warnings, "the interval of Hartung and Knapp is narrower here than the normal one: effects happen to lie close together")
		}
	} else if o.Method != "fixed" && k < 10 {
		out.Warnings = append(out.Warnings, "few studies: the normal interval is too narrow, Hartung and Knapp's is not (hk=true)")
	}
	out.Statistic = (mean - o.Mu) / se
	out.Interval = &Interval{Estimate: mean, Low: mean - quantile*se, High: mean + quantile*se, Level: o.Level, N: len(effects), Method: out.Method}
	out.Details = m.details(tau2, mean, se, o)
	if err := finite(test, len(effects), out.Statistic, out.Interval.Low, out.Interval.High); err != nil {
		return Result{}, err
	}
	return out.withP(tailLogP(tail, out.Statistic, o.Alternative)), nil
}

// law is a distribution that is symmetric about 0.
type law interface {
	LogSF(float64) float64
	Quantile(float64) float64
}

// tailLogP is the logarithm of the p-value of a statistic under a symmetric law.
func tailLogP(l law, statistic float64, a Alternative) float64 {
	switch a {
	case Greater:
		return l.LogSF(statistic)
	case Less:
		return l.LogSF(-statistic)
	}
	return math.Ln2 + l.LogSF(math.Abs(statistic))
}

// studies are effects, about the first of them, with their variances.
type studies struct {
	y, v  []float64
	first float64
}

func newStudies(effects, variances []float64, method string, hartungKnapp bool) (*studies, error) {
	const test = "meta"
	k, need := len(effects), 2
	if method == "fixed" && !hartungKnapp {
		need = 1
	}
	switch {
	case len(variances) != k:
		return nil, refuse(test, Unpaired, min(k, len(variances)), 0, "%d effects and %d variances: give a variance for each effect", k, len(variances))
	case k < need:
		return nil, refuse(test, TooFew, k, need, "too few studies")
	}
	if err := checkFinite(test, effects); err != nil {
		return nil, err
	}
	m := &studies{y: make([]float64, k), v: variances, first: effects[0]}
	for i, y := range effects {
		if v := variances[i]; !(v > 1e-200 && v < 1e200) || math.Abs(y) > 1e100 {
			return nil, refuse(test, Invalid, k, 0, "study %d has the effect %v and the variance %v: a variance is above 0 and finite", i, y, v)
		}
		m.y[i] = y - m.first
	}
	least, most := variances[0], variances[0]
	for _, v := range variances {
		least, most = math.Min(least, v), math.Max(most, v)
	}
	if most/least > 1e12 {
		return nil, refuse(test, Invalid, k, 0, "variances from %v to %v: the smallest alone would decide", least, most)
	}
	return m, nil
}

// at returns the mean, its standard error and Q = Σw(y − μ̂)² for a variance
// between studies.
func (m *studies) at(tau2 float64) (mean, se, q float64) {
	w, wy := 0.0, 0.0
	for i, v := range m.v {
		w += 1 / (v + tau2)
		wy += m.y[i] / (v + tau2)
	}
	mean = wy / w
	for i, v := range m.v {
		d := m.y[i] - mean
		q += d * d / (v + tau2)
	}
	return m.first + mean, 1 / math.Sqrt(w), q
}

// sums returns Σw and Σw².
func (m *studies) sums(tau2 float64) (w1, w2 float64) {
	for _, v := range m.v {
		w := 1 / (v + tau2)
		w1 += w
		w2 += w * w
	}
	return w1, w2
}

// momentTau2 is the estimate of DerSimonian and Laird.
func (m *studies) momentTau2() float64 {
	_, _, q := m.at(0)
	w1, w2 := m.sums(0)
	return math.Max(0, (q-float64(len(m.y)-1))/(w1-w2/w1))
}

// score is the derivative of twice the restricted log-likelihood by τ².
func (m *studies) score(tau2 float64) float64 {
	mean, _, _ := m.at(tau2)
	mean -= m.first
	w1, w2 := m.sums(tau2)
	s := w2/w1 - w1
	for i, v := range m.v {
		d := (m.y[i] - mean) / (v + tau2)
		s += d * d
	}
	return s
}

// likelihood is twice the restricted log-likelihood, but for a constant.
func (m *studies) likelihood(tau2 float64) float64 {
	_, se, q := m.at(tau2)
	l := 2*math.Log(se) - q
	for _, v := range m.v {
		l -= math.Log(v + tau2)
	}
	return l
}

// reml maximizes the restricted likelihood: over a grid first, since it may have
// several maxima, then to the last digits by the zero of its derivative.
func (m *studies) reml() float64 {
	least, span := m.v[0], 0.0
	for i, v := range m.v {
		least = math.Min(least, v)
		span = math.Max(span, math.Abs(m.y[i]))
	}
	// Above the squared range of the effects the likelihood falls.
	top := 4*span*span + least
	grid := []float64{0}
	for t := least / 1024; t < 2*top; t *= 1.25 {
		grid = append(grid, t)
	}
	best := 0
	for i, t := range grid {
		if m.likelihood(t) > m.likelihood(grid[best]) {
			best = i
		}
	}
	low, high := grid[max(0, best-1)], grid[min(len(grid)-1, best+1)]
	if best == 0 && m.score(0) <= 0 {
		return 0
	}
	return secant(low, high, m.score)
}

// details are the further numbers of Meta.
func (m *studies) details(tau2, mean, se float64, o Options) []Detail {
	k := float64(len(m.y))
	_, _, q := m.at(0)
	out := []Detail{{"standard_error", se}, {"tau2", tau2}}
	if k < 2 {
		return out
	}
	w1, w2 := m.sums(0)
	typical := (k - 1) * w1 / (w1*w1 - w2) // a variance for all studies
	i2, h2 := tau2/(tau2+typical), (tau2+typical)/typical
	if o.Method == "fixed" {
		h2 = q / (k - 1)
		i2 = math.Max(0, (q-(k-1))/math.Max(q, math.SmallestNonzeroFloat64))
	}
	out = append(out, Detail{"q", q}, Detail{"q_df", k - 1}, Detail{"q_p", math.Max(SmallestP, dist.ChiSquared{DF: k - 1}.SF(q))},
		Detail{"i2", i2}, Detail{"h2", h2})
	if o.Method == "fixed" {
		return out
	}
	half := (1 - o.Level) / 2
	out = append(out, Detail{"tau2_low", m.profile(dist.ChiSquared{DF: k - 1}.InvSF(half))},
		Detail{"tau2_high", m.profile(dist.ChiSquared{DF: k - 1}.Quantile(half))})
	if k > 2 {
		reach := -dist.T{DF: k - 2}.Quantile(half) * math.Sqrt(tau2+se*se)
		out = append(out, Detail{"prediction_low", mean - reach}, Detail{"prediction_high", mean + reach})
	}
	return out
}

// profile returns the τ² with which Q has the value, 0 where it is less for all.
func (m *studies) profile(want float64) float64 {
	f := func(tau2 float64) float64 { _, _, q := m.at(tau2); return q - want }
	if f(0) <= 0 {
		return 0
	}
	high := m.v[0]
	for f(high) > 0 {
		high *= 4
	}
	return secant(0, high, f)
}
