package stat

import "math"

// CohensD returns the difference of two means in units of the pooled standard
// deviation [1]:
//
//	d = (ȳ − x̄) / s,  s² = (Σ(x − x̄)² + Σ(y − ȳ)²) / (m + n − 2)
//
// The interval inverts the noncentral t distribution of Student's t = d/√(1/m + 1/n)
// with m + n − 2 degrees of freedom [2], exact for normal samples of one variance.
// d itself is biased upwards in small samples: see HedgesG. It refuses samples
// without values or without variation.
//
// [1] Cohen (1988), Statistical Power Analysis, 2nd edition, chapter 2.
// [2] Cumming, Finch (2001), Educational and Psychological Measurement 61 (4):
// 532-574.
func CohensD(x, y []float64, o Options) (Effect, error) {
	s, err := pooledSample("cohens_d", x, y)
	if err != nil {
		return Effect{}, err
	}
	return s.effect(o)
}

// HedgesG returns Cohen's d without its bias [1]:
//
//	g = J·d,  J = Γ(ν/2) / (√(ν/2)·Γ((ν − 1)/2)),  ν = m + n − 2
//
// with the exact J, not 1 − 3/(4ν − 1), and the interval of d times J, too. It
// needs ν > 1, since the estimate has no expectation below.
//
// [1] Hedges (1981), Journal of Educational Statistics 6 (2): 107-128.
func HedgesG(x, y []float64, o Options) (Effect, error) {
	const name = "hedges_g"
	s, err := pooledSample(name, x, y)
	if err != nil {
		return Effect{}, err
	}
	if s.df < 2 {
		return Effect{}, refuse(name, TooFew, s.n, 4, "the bias of d is not finite")
	}
	e, err := s.effect(o)
	if err != nil {
		return Effect{}, err
	}
	j := HedgesJ(s.df)
	e.Estimate, e.Low, e.High = j*e.Estimate, j*e.Low, j*e.High
	return e, nil
}

// HedgesJ returns the factor that takes the bias from a standardised difference
// with df degrees of freedom, J = Γ(ν/2) / (√(ν/2)·Γ((ν − 1)/2)). It is 0 for
// df = 1 and below, where no factor does.
func HedgesJ(df float64) float64 {
	if !(df > 1) {
		return 0
	}
	a := (df - 1) / 2
	return math.Exp(logGammaHalf(a) - 0.5*math.Log(df/2))
}

// GlassDelta returns the difference of two means in units of the standard
// deviation of the control [1]:
//
//	Δ = (ȳ − x̄) / s_x
//
// for a treatment that may change the variance, too. The interval inverts the
// noncentral t distribution with m − 1 degrees of freedom of Δ/√h, where
// h = 1/m + s_y²/(n·s_x²) estimates the variance of the difference in the same
// units; it is exact where the variances are equal, except that they are estimated.
// It refuses a control without variation.
//
// [1] Glass (1976), Educational Researcher 5 (10): 3-8.
func GlassDelta(x, y []float64, o Options) (Effect, error) {
	const name = "glass_delta"
	cx, err := centred(name, x, 2)
	if err != nil {
		return Effect{}, err
	}
	cy, err := centred(name, y, 2)
	if err != nil {
		return Effect{}, err
	}
	h := 1/cx.n + cy.variance/(cy.n*cx.variance)
	s := standardized{name: name, diff: cy.minus(cx), variance: cx.variance, h: h, df: cx.n - 1, n: len(x) + len(y)}
	return s.effect(o)
}

// CohensD1 returns the distance of a mean from mu in standard deviations,
// (x̄ − µ)/s, with the interval by the noncentral t distribution with n − 1
// degrees of freedom, exact for normal samples.
func CohensD1(x []float64, mu float64, o Options) (Effect, error) {
	const name = "cohens_d"
	if err := finite(name, len(x), mu); err != nil {
		return Effect{}, badOption(name, "mu is %v", mu)
	}
	c, err := centred(name, x, 2)
	if err != nil {
		return Effect{}, err
	}
	diff := (c.first - mu) + c.centre
	return standardized{name: name, diff: diff, variance: c.variance, h: 1 / c.n, df: c.n - 1, n: len(x)}.effect(o)
}

// CohensDz returns the mean of the differences y − x of pairs in units of their
// own standard deviation [1]. It says how well the pairs show an effect, which
// depends on their correlation, and is not comparable with the d of independent
// samples: see CohensDav. The interval is exact for normal differences.
//
// [1] Lakens (2013), Frontiers in Psychology 4: 863.
func CohensDz(x, y []float64, o Options) (Effect, error) {
	const name = "cohens_dz"
	mean, variance, err := pairMoments(name, x, y)
	if err != nil {
		return Effect{}, err
	}
	n := float64(len(x))
	return standardized{name: name, diff: mean, variance: variance, h: 1 / n, df: n - 1, n: len(x)}.effect(o)
}

// CohensDav returns the mean of the differences y − x of pairs in units of the
// average standard deviation of the two samples [1]:
//
//	d_av = (ȳ − x̄) / √((s_x² + s_y²)/2)
//
// which compares with the d of independent samples. The interval is that of
// [2]: the noncentral t interval of the paired t statistic times
// s_d/(√n·s_av). It is approximate, since it takes s_d/s_av for known.
//
// [1] Cumming (2012), Understanding the New Statistics, chapter 11.
// [2] Algina, Keselman (2003), Educational and Psychological Measurement 63 (4):
// 537-553.
func CohensDav(x, y []float64, o Options) (Effect, error) {
	const name = "cohens_dav"
	mean, variance, err := pairMoments(name, x, y)
	if err != nil {
		return Effect{}, err
	}
	_, vx, err := moments(name, x, 2)
	if err != nil {
		return Effect{}, err
	}
	_, vy, err := moments(name, y, 2)
	if err != nil {
		return Effect{}, err
	}
	if variance == 0 {
		return Effect{}, refuse(name, Constant, len(x), 0,
			"every difference is %g: there is no variation to compare it with", mean)
	}
	n := float64(len(x))
	average := vx/2 + vy/2
	s := standardized{name: name, diff: mean, variance: average, h: variance / average / n, df: n - 1, n: len(x)}
	return s.effect(o)
}

// maxNoncentrality bounds the t statistics for which there are intervals.
const maxNoncentrality = 1e6

// standardized is a difference in units of a standard deviation: of t = d/√h the
// noncentrality divided by √h is what d estimates.
type standardized struct {
	name                  string
	diff, variance, h, df float64
	n                     int
}

func (s standardized) effect(o Options) (Effect, error) {
	level, err := effectLevel(s.name, o)
	if err != nil {
		return Effect{}, err
	}
	if s.variance == 0 {
		return Effect{}, refuse(s.name, Constant, s.n, 0,
			"the values do not vary: there is no standard deviation to measure the difference of %g by", s.diff)
	}
	d, scale := s.diff/math.Sqrt(s.variance), math.Sqrt(s.h)
	if err := finite(s.name, s.n, d, d/scale); err != nil {
		return Effect{}, err
	}
	if math.Abs(d/scale) > maxNoncentrality {
		return Effect{}, refuse(s.name, Constant, s.n, 0,
			"the values hardly vary beside a difference of %g: no interval can be computed for %.3g standard deviations", s.diff, d)
	}
	low, high := noncentralT(d/scale, s.df, level)
	return newEffect(s.name, "noncentral_t", s.n, d, low*scale, high*scale, level)
}

// pooledSample returns the difference y − x in units of the pooled deviation.
func pooledSample(name string, x, y []float64) (standardized, error) {
	if len(x)+len(y) < 3 && len(x) > 0 && len(y) > 0 {
		return standardized{}, refuse(name, TooFew, len(x)+len(y), 3, "too few observations for a standard deviation")
	}
	cx, err := centred(name, x, 1)
	if err != nil {
		return standardized{}, err
	}
	cy, err := centred(name, y, 1)
	if err != nil {
		return standardized{}, err
	}
	df := cx.n + cy.n - 2
	pooled := (cx.n-1)/df*cx.variance + (cy.n-1)/df*cy.variance
	return standardized{name: name, diff: cy.minus(cx), variance: pooled, h: 1/cx.n + 1/cy.n, df: df, n: len(x) + len(y)}, nil
}

// pairMoments returns mean and variance of y − x.
func pairMoments(name string, x, y []float64) (mean, variance float64, err error) {
	d, err := differences(name, x, y)
	if err != nil {
		return 0, 0, err
	}
	return moments(name, d, 2)
}
