package stat

import (
	"math"
)

// Interim looks. A test of level α that is repeated whenever items arrive, and
// stopped when it is significant, is wrong far more often than α: a z test at 5 %
// looked at ten times errs in 19 % of the cases, and in the end always. What is
// in this file and in those named sequential_*.go may be looked at after every
// item and stopped at any time, for any reason:
//
//   - A confidence sequence is an interval after each item such that, with
//     probability 1 − α, all of them contain the truth at once.
//   - An e-value is a number, never negative, whose expectation under the null
//     hypothesis is at most 1, at every time of stopping: the factor by which a
//     fair gambler against the hypothesis has multiplied his money. E ≥ 1/α has a
//     probability of at most α (Ville), so that 1/max E is a p-value that holds at
//     any time. It is the reciprocal that is evidence: large E speaks against.
//
// The observations must be in the order in which they came, and what is fixed in
// advance (range, variance, horizon, mixing width) must not follow from them.

// Range is where observations can lie. It is a fact about the measure, such as
// [0, 1] of a score, not the least and the greatest value seen.
type Range struct{ Low, High float64 }

// unit scales observations to [0, 1], or refuses those outside of the range.
func (r Range) unit(test string, x []float64, need int) ([]float64, error) {
	if !(r.High > r.Low) || r.High-r.Low > math.MaxFloat64 {
		return nil, badOption(test, "range %v to %v is none", r.Low, r.High)
	}
	if len(x) < need {
		return nil, refuse(test, TooFew, len(x), need, "too few observations")
	}
	if err := checkFinite(test, x); err != nil {
		return nil, err
	}
	out := make([]float64, len(x))
	for i, v := range x {
		if v < r.Low || v > r.High {
			return nil, refuse(test, Invalid, len(x), 0, "observation %d is %v, outside of the range %v to %v: state the range that the measure can have", i, v, r.Low, r.High)
		}
		out[i] = (v - r.Low) / (r.High - r.Low)
	}
	return out, nil
}

// result fills what the confidence sequences have in common: an interval on the
// unit scale, brought to that of the data.
func (r Range) result(test string, x []float64, low, centre, high float64, o Options) (Result, error) {
	scale := func(u float64) float64 { return r.Low + u*(r.High-r.Low) }
	out := Result{Test: test, Method: o.Method, N: []int{len(x)},
		Interval: &Interval{Estimate: scale(centre), Low: scale(low), High: scale(high), Level: o.Level, N: len(x), Method: o.Method}}
	return out, finite(test, len(x), out.Interval.Estimate, out.Interval.Low, out.Interval.High)
}

// resolveTwoSided is resolve for procedures that only estimate.
func (o Options) resolveTwoSided(test string, methods ...string) (Options, error) {
	o, err := o.resolve(test, methods...)
	if err == nil {
		err = o.onlyTwoSided(test)
	}
	return o, err
}

// NormalMixtureSequence returns the confidence sequence of Robbins for the mean
// of sub-Gaussian observations after the last of them [1, 2]:
//
//	x̄ ± √((nσ² + ρ) ln((nσ² + ρ)/(ρα²))) / n
//
// σ is the sub-Gaussian scale, known in advance: the standard deviation of normal
// observations, or half the range of bounded ones, which is used where sigma is
// 0, the interval then keeping to the range. The width is least, over all ρ, at the number of observations `horizon`
// (1000 if 0); it may be stopped before and go on after. It shrinks like
// √(ln n / n). It refuses no data but empty and infinite ones, and those outside
// of the range where the range stands for σ.
//
// [1] Robbins (1970), The Annals of Mathematical Statistics 41 (5): 1397-1409.
// [2] Howard, Ramdas, McAuliffe, Sekhon (2021), The Annals of Statistics 49 (2):
// 1055-1080, equation (14) and section 3.5.
func NormalMixtureSequence(x []float64, r Range, sigma float64, horizon int, o Options) (Result, error) {
	const test = "confidence_sequence"
	o, err := o.resolveTwoSided(test, "normal_mixture")
	if err != nil {
		return Result{}, err
	}
	known := false
	switch {
	case !(sigma >= 0) || sigma > 1e150:
		return Result{}, badOption(test, "sigma %v is no scale", sigma)
	case horizon < 0:
		return Result{}, badOption(test, "horizon %d is negative", horizon)
	case sigma == 0:
		if _, err := r.unit(test, x, 1); err != nil {
			return Result{}, err
		}
		sigma, known = r.High/2-r.Low/2, true
	}
	mean, _, err := moments(test, x, 1)
	if err != nil {
		return Result{}, err
	}
	if horizon == 0 {
		horizon = 1000
	}
	n := float64(len(x))
	half := sigma * mixtureBound(n, mixtureRho(float64(horizon), 1-o.Level), 1-o.Level) / n
	low, high := mean-half, mean+half
	if known {
		low, high = math.Max(low, r.Low), math.Min(high, r.High)
	}
	out := Result{Test: test, Method: o.Method, N: []int{len(x)},
		Interval: &Interval{Estimate: mean, Low: low, High: high, Level: o.Level, N: len(x), Method: o.Method},
		Details:  []Detail{{"sigma", sigma}}}
	return out, finite(test, len(x), out.Interval.Low, out.Interval.High)
}

// mixtureBound is the boundary of the normal mixture for a sum of variance v.
func mixtureBound(v, rho, alpha float64) float64 {
	return math.Sqrt((v + rho) * (math.Log((v+rho)/rho) - 2*math.Log(alpha)))
}

// mixtureRho is the ρ with which the boundary at variance v is least: v/(w − 1)
// for the greater root of w − ln w = 1 − 2 ln α, which is −W₋₁(−α²/e).
func mixtureRho(v, alpha float64) float64 {
	c := 1 - 2*math.Log(alpha)
	w := c + math.Log(c)
	for range 50 {
		next := c + math.Log(w)
		step := (w - next) / (1 - 1/w) // Newton's, of w − ln w − c
		if w -= step; math.Abs(step) <= 1e-16*w {
			break
		}
	}
	return v / (w - 1)
}

// EmpiricalBernsteinSequence returns the predictable plug-in empirical Bernstein
// confidence sequence for the mean of observations in a range, after the last of
// them [1]. On the scale of the unit interval,
//
//	Σλᵢxᵢ/Σλᵢ ± (ln(2/α) + Σ(xᵢ − μ̂ᵢ₋₁)²(−ln(1 − λᵢ) − λᵢ)) / Σλᵢ
//	λᵢ = min(1/2, √(2 ln(2/α)/(σ̂²ᵢ₋₁ i ln(1 + i))))
//
// with μ̂ᵢ = (1/2 + Σxⱼ)/(i + 1) and σ̂²ᵢ = (1/4 + Σ(xⱼ − μ̂ⱼ)²)/(i + 1). It needs
// neither a variance nor a horizon, adapts to a variance smaller than the
// range's, and has a closed form; BettingSequence is narrower.
//
// [1] Waudby-Smith, Ramdas (2024), Journal of the Royal Statistical Society B
// 86 (1): 1-27, theorem 2.
func EmpiricalBernsteinSequence(x []float64, r Range, o Options) (Result, error) {
	const test = "confidence_sequence"
	o, err := o.resolveTwoSided(test, "empirical_bernstein")
	if err != nil {
		return Result{}, err
	}
	u, err := r.unit(test, x, 1)
	if err != nil {
		return Result{}, err
	}
	plug := newPlugIn(math.Log(2 / (1 - o.Level)))
	bets, weighted, spread := 0.0, 0.0, plug.log
	for _, v := range u {
		bet := math.Min(plug.bet(), 0.5)
		d := v - plug.mean
		bets += bet
		weighted += bet * v
		spread += d * d * (-math.Log1p(-bet) - bet)
		plug.add(v)
	}
	centre, half := weighted/bets, spread/bets
	return r.result(test, x, math.Max(0, centre-half), centre, math.Min(1, centre+half), o)
}

// plugIn follows the mean and the variance of a stream in [0, 1], each of them
// before the next observation comes.
type plugIn struct {
	log               float64 // ln(2/α), or ln(1/α)
	n, total, squares float64
	mean, variance    float64
}

func newPlugIn(log float64) plugIn {
	return plugIn{log: log, mean: 0.5, variance: 0.25}
}

// bet is the stake on the next observation.
func (p *plugIn) bet() float64 {
	t := p.n + 1
	return math.Sqrt(2 * p.log / (p.variance * t * math.Log1p(t)))
}

func (p *plugIn) add(x float64) {
	p.n++
	p.total += x
	p.mean = (0.5 + p.total) / (p.n + 1)
	d := x - p.mean
	p.squares += d * d
	p.variance = (0.25 + p.squares) / (p.n + 1)
}
