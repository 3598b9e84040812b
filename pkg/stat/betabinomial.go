package stat

import (
	"math"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// minPrior and maxPrior bound the parameters of a prior, the latter the trials too.
const minPrior, maxPrior = 0.05, 1e6

// BetaBinomial returns the posterior of a proportion from the successes in
// independent trials, under a prior Beta(a, b): it is Beta(a+k, b+n−k). Priors of
// note are Jeffreys' a = b = ½ and the uniform a = b = 1; a and b count for as many
// successes and failures seen before. The interval is the equal-tailed one of the
// posterior, about its mean (a+k)/(a+b+n): given model and prior the proportion is
// in it with probability level. Nothing is tested. Up to 1e6 trials.
func BetaBinomial(successes, trials int, a, b float64, o Options) (Result, error) {
	const test = "beta_binomial"
	o, err := o.resolve(test, "equal_tailed")
	if err != nil {
		return Result{}, err
	}
	posterior, err := betaPosterior(test, successes, trials, a, b)
	if err != nil {
		return Result{}, err
	}
	half := (1 - o.Level) / 2
	return Result{Test: test, Method: o.Method, N: []int{trials}, Interval: &Interval{Estimate: posterior.A / (posterior.A + posterior.B),
		Low: posterior.Quantile(half), High: posterior.InvSF(half), Level: o.Level, N: trials, Method: o.Method},
		Details: []Detail{{"posterior_a", posterior.A}, {"posterior_b", posterior.B}}}, nil
}

// BetaBinomialDifference returns the posterior of the difference p₂ − p₁ of two
// independent proportions, each under a prior Beta(a, b): its mean, an equal-tailed
// interval, and among the details the probability that p₂ exceeds p₁. With density
// f₁ and distribution function F₂ of the posteriors
//
//	P(p₂ − p₁ ≤ d) = ∫ f₁(x)·F₂(x + d) dx
//
// by tanh-sinh quadrature over where f₁ is not negligible, cut where x + d leaves
// [0, 1]: to about 11 digits.
func BetaBinomialDifference(s1, n1, s2, n2 int, a, b float64, o Options) (Result, error) {
	const test = "beta_binomial"
	o, err := o.resolve(test, "equal_tailed")
	if err != nil {
		return Result{}, err
	}
	first, err := betaPosterior(test, s1, n1, a, b)
	if err != nil {
		return Result{}, refusedIn(err, test, "sample 1")
	}
	second, err := betaPosterior(test, s2, n2, a, b)
	if err != nil {
		return Result{}, refusedIn(err, test, "sample 2")
	}
	half := (1 - o.Level) / 2
	// The quantiles of the difference are found in the tail they belong to.
	d := newBetaDifference(first, second)
	low := bracketedRoot(func(x float64) float64 { return d.below(x) - half }, -1, 1)
	turned := newBetaDifference(second, first)
	high := -bracketedRoot(func(x float64) float64 { return turned.below(x) - half }, -1, 1)
	if low > high { // a level close to 0
		low, high = high, low
	}
	return Result{Test: test, Method: o.Method, N: []int{n1, n2}, Interval: &Interval{
		Estimate: second.A/(second.A+second.B) - first.A/(first.A+first.B),
		Low:      low, High: high, Level: o.Level, N: n1 + n2, Method: o.Method},
		Details: []Detail{{"probability_greater", turned.below(0)}, {"probability_less", d.below(0)}}}, nil
}

func betaPosterior(test string, successes, trials int, a, b float64) (dist.Beta, error) {
	if !(a >= minPrior && b >= minPrior && a <= maxPrior && b <= maxPrior) {
		return dist.Beta{}, badOption(test, "prior Beta(%v, %v): want a and b from %g to %g", a, b, minPrior, maxPrior)
	}
	if trials != 0 || successes != 0 { // without trials the posterior is the prior
		if err := checkTrials(test, successes, trials, maxPrior); err != nil {
			return dist.Beta{}, err
		}
	}
	return dist.Beta{A: a + float64(successes), B: b + float64(trials-successes)}, nil
}

// betaDifference is the difference of two independent beta variables, the second
// minus the first. Outside of low and high, the first has no more than 1e-60 of
// its probability; mass is the integral of its density as logBetaDensity scales it.
type betaDifference struct {
	first, second   dist.Beta
	low, high, mass float64
}

func newBetaDifference(first, second dist.Beta) betaDifference {
	b := betaDifference{first: first, second: second, low: first.Quantile(1e-60), high: first.InvSF(1e-60)}
	// Close to an end of [0, 1] it is the end, where the rule needs no bound.
	if b.low < 0.01 {
		b.low = 0
	}
	if b.high > 0.99 {
		b.high = 1
	}
	b.mass = b.integral(b.low, b.high, func(_, _, _ float64) float64 { return 1 })
	return b
}

// integral returns that of f times the density of the first from low to high. f is
// given its argument and the argument's distances from both ends.
func (b betaDifference) integral(low, high float64, f func(x, fromLow, fromHigh float64) float64) float64 {
	return tanhSinh(func(x, fromLow, fromHigh float64) float64 {
		if low == 0 {
			x = fromLow
		}
		y := 1 - x
		if high == 1 {
			y = fromHigh
		}
		if x <= 0 || y <= 0 {
			return 0
		}
		return math.Exp(logBetaDensity(b.first, x, y)) * f(x, fromLow, fromHigh)
	}, low, high)
}

// below returns P(second − first ≤ d).
func (b betaDifference) below(d float64) float64 {
	switch {
	case d <= -1:
		return 0
	case d >= 1:
		return 1
	}
	low, high := b.low, b.high
	// Where x + d ≥ 1 the second is below it for certain; where x + d ≤ 0, never.
	certain := 0.0
	if high > 1-d {
		certain = b.first.SF(math.Max(low, 1-d))
		high = 1 - d
	}
	low = math.Max(low, -d)
	if low >= high {
		return math.Min(1, certain)
	}
	turned := dist.Beta{A: b.second.B, B: b.second.A}
	part := b.integral(low, high, func(x, fromLow, fromHigh float64) float64 {
		switch {
		case x+d <= 0.5 && low == -d:
			return b.second.CDF(fromLow)
		case x+d <= 0.5:
			return b.second.CDF(x + d)
		case high == 1-d: // close to 1 the complement has the digits
			return turned.SF(fromHigh)
		}
		return turned.SF(1 - x - d)
	})
	return math.Min(1, certain+part/b.mass)
}

// logBetaDensity returns the logarithm of the density of a beta variable at x, with
// y = 1 − x, up to a constant: relative to the density at the mode if there is one,
// and then without the cancellation of two large terms.
func logBetaDensity(law dist.Beta, x, y float64) float64 {
	a, b := law.A-1, law.B-1
	if a > 0 && b > 0 {
		n := a + b
		return -devianceAt(a, n*x, a-n*x) - devianceAt(b, n*y, b-n*y)
	}
	if x > 0.5 {
		return a*math.Log1p(-y) + b*math.Log(y)
	}
	return a*math.Log(x) + b*math.Log1p(-x)
}

// tanhSinh integrates f from low to high by the double exponential rule [1], with
// the step halved until two sums agree to 1e-12. f is given its argument and the
// argument's distances from both ends, which keep digits close to them.
//
// [1] Takahasi, Mori (1974), Publications of the RIMS 9 (3): 721-741.
func tanhSinh(f func(x, fromLow, fromHigh float64) float64, low, high float64) float64 {
	width := high - low
	term := func(t float64) float64 {
		// x = low + width·(1 + tanh(π/2·sinh t))/2
		e := math.Exp(-math.Pi * math.Sinh(math.Abs(t)))
		near := width * e / (1 + e)
		weight := width * math.Pi * math.Cosh(t) * e / ((1 + e) * (1 + e))
		if near == 0 || weight == 0 {
			return 0
		}
		if t < 0 {
			return weight * f(low+near, near, width-near)
		}
		return weight * f(high-near, width-near, near)
	}
	const end = 6
	step := 1.0 / 16
	total := term(0)
	for k := 1; float64(k)*step <= end; k++ {
		total += term(float64(k)*step) + term(-float64(k)*step)
	}
	last := math.Inf(1)
	for range 5 {
		if math.Abs(total*step-last) <= 1e-12*math.Abs(total*step) {
			break
		}
		last = total * step
		step /= 2
		for k := 1; float64(k)*step <= end; k += 2 {
			total += term(float64(k)*step) + term(-float64(k)*step)
		}
	}
	return total * step
}
