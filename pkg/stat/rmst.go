package stat

import (
	"fmt"
	"math"
)

// RestrictedMean returns the mean of times up to tau, for times of which some were
// cut off before they ended: observed[i] is 1 if times[i] is the whole time, and 0
// if it was only seen to be longer, such as that of a request that ran into a
// timeout. It is the area under the Kaplan-Meier curve S,
//
//	μ(τ) = ∫₀^τ S(t) dt,  S(t) = ∏_{tᵢ≤t} (1 − dᵢ/nᵢ)
//
// with dᵢ ends among the nᵢ times not shorter than tᵢ, and has the variance of
// Greenwood's formula [1]
//
//	Σ_{tᵢ≤τ} (∫_{tᵢ}^τ S(t) dt)²·dᵢ/(nᵢ(nᵢ − dᵢ))
//
// The interval is normal, within [0, τ]. Unlike a mean of what was seen it does
// not reward a system for its timeouts, and unlike a quantile it sees all of the
// tail below τ. Being cut off must not depend on how long it would have taken, as
// it does not with a fixed timeout. tau 0 takes the greatest time.
//
// Details: the standard error, the ends up to tau, the share cut off, and S(τ). It
// refuses a tau beyond a last time that was cut off, where nothing is known;
// fewer than two times, negative ones, and times of which none ended by tau.
//
// [1] Klein, Moeschberger (2003), Survival Analysis, 2nd ed., section 4.5.
func RestrictedMean(times, observed []float64, tau float64, o Options) (Result, error) {
	const test = "rmst"
	o, err := o.resolve(test, "kaplan_meier")
	if err != nil {
		return Result{}, err
	}
	if err := o.onlyTwoSided(test); err != nil {
		return Result{}, err
	}
	c, err := newSurvival(test, times, observed)
	if err != nil {
		return Result{}, err
	}
	if tau == 0 {
		tau = c.last()
	}
	a, err := c.area(test, tau)
	if err != nil {
		return Result{}, err
	}
	half := zFor(o.Level) * a.se
	return Result{Test: test, Method: o.Method, Alternative: o.Alternative, N: []int{len(times)},
		Interval: &Interval{Estimate: a.mean, Low: math.Max(0, a.mean-half), High: math.Min(tau, a.mean+half), Level: o.Level, N: len(times), Method: o.Method},
		Details:  []Detail{{"standard_error", a.se}, {"tau", tau}, {"ended", float64(a.ended)}, {"censored", c.censored()}, {"survival", a.survival}},
	}, nil
}

// RestrictedMeanDifference compares the restricted means of two independent
// samples, y less x, by a normal test; see RestrictedMean. tau 0 takes the lesser
// of the greatest times.
func RestrictedMeanDifference(times, observed [2][]float64, tau float64, o Options) (Result, error) {
	const test = "rmst_difference"
	o, err := o.resolve(test, "kaplan_meier")
	if err != nil {
		return Result{}, err
	}
	var curves [2]*survival
	for i := range curves {
		if curves[i], err = newSurvival(test, times[i], observed[i]); err != nil {
			return Result{}, err
		}
	}
	if tau == 0 {
		tau = math.Min(curves[0].last(), curves[1].last())
	}
	var areas [2]survivalArea
	for i, c := range curves {
		if areas[i], err = c.area(test, tau); err != nil {
			return Result{}, err
		}
	}
	d, se := areas[1].mean-areas[0].mean, math.Hypot(areas[0].se, areas[1].se)
	half := zFor(o.Level) * se
	out := Result{Test: test, Method: o.Method, Alternative: o.Alternative, N: []int{len(times[0]), len(times[1])}, Statistic: (d - o.Mu) / se,
		Interval: &Interval{Estimate: d, Low: d - half, High: d + half, Level: o.Level, N: len(times[0]) + len(times[1]), Method: o.Method},
		Details: []Detail{{"standard_error", se}, {"tau", tau}, {"rmst_x", areas[0].mean}, {"rmst_y", areas[1].mean},
			{"censored_x", curves[0].censored()}, {"censored_y", curves[1].censored()}}}
	if err := finite(test, len(times[0]), out.Statistic, out.Interval.Low, out.Interval.High); err != nil {
		return Result{}, err
	}
	return out.withP(zLogP(out.Statistic, o.Alternative)), nil
}

// survival is a Kaplan-Meier curve: the distinct times at which something ended or
// was cut off, ends before cuts.
type survival struct {
	time        []float64
	ended, lost []int
	n           int
}

func newSurvival(test string, times, observed []float64) (*survival, error) {
	n := len(times)
	if n != len(observed) {
		return nil, refuse(test, Unpaired, min(n, len(observed)), 0, "%d times and %d marks are not pairs", n, len(observed))
	}
	if n < 2 {
		return nil, refuse(test, TooFew, n, 2, "too few times")
	}
	if err := checkFinite(test, times); err != nil {
		return nil, err
	}
	if err := checkOutcomes(test, observed); err != nil {
		return nil, err
	}
	c := &survival{n: n}
	for _, i := range ascending(times) {
		if times[i] < 0 {
			return nil, refuse(test, Invalid, n, 0, "time %d is %v: a time is not negative", i, times[i])
		}
		if k := len(c.time); k == 0 || c.time[k-1] != times[i] {
			c.time, c.ended, c.lost = append(c.time, times[i]), append(c.ended, 0), append(c.lost, 0)
		}
		if observed[i] == 1 {
			c.ended[len(c.ended)-1]++
		} else {
			c.lost[len(c.lost)-1]++
		}
	}
	return c, nil
}

func (c *survival) last() float64 { return c.time[len(c.time)-1] }

// censored returns the share of times that were cut off.
func (c *survival) censored() float64 {
	lost := 0
	for _, k := range c.lost {
		lost += k
	}
	return float64(lost) / float64(c.n)
}

// survivalArea is a restricted mean.
type survivalArea struct {
	mean, se, survival float64
	ended              int
}

// area integrates the curve up to tau.
func (c *survival) area(test string, tau float64) (survivalArea, error) {
	var out survivalArea
	if !(tau > 0) || math.IsInf(tau, 0) {
		return out, badOption(test, "tau %v is not a positive number", tau)
	}
	if at := len(c.time) - 1; tau > c.time[at] && c.lost[at] > 0 {
		return out, refuse(test, Unbounded, c.n, 0, "tau %g is beyond %g, the last time, which was cut off: nothing is known of later times", tau, c.time[at])
	}
	// From the right: steps[i] is the area from time i to tau.
	s := make([]float64, len(c.time)) // after time i
	risk := make([]int, len(c.time))
	left, curve := c.n, 1.0
	for i := range c.time {
		risk[i] = left
		if c.time[i] <= tau {
			curve *= float64(left-c.ended[i]) / float64(left)
			out.ended += c.ended[i]
			out.survival = curve
		}
		s[i] = curve
		left -= c.ended[i] + c.lost[i]
	}
	if c.time[0] > tau {
		out.survival = 1
	}
	var area, variance neumaier
	end := tau
	for i := len(c.time) - 1; i >= 0; i-- {
		if c.time[i] > tau {
			continue
		}
		area.add(s[i] * (end - c.time[i]))
		end = c.time[i]
		if d := c.ended[i]; d > 0 && risk[i] > d {
			rest := area.value()
			variance.add(rest * rest * float64(d) / (float64(risk[i]) * float64(risk[i]-d)))
		}
	}
	area.add(end)
	out.mean, out.se = area.value(), math.Sqrt(variance.value())
	if out.ended == 0 {
		return out, refuse(test, Constant, c.n, 0, "no time ended by %g: the restricted mean is %g and nothing says how certain it is", tau, tau)
	}
	if !(out.se > tooSmall) {
		return out, refuse(test, Constant, c.n, 0, "%s", fmt.Sprintf("the times up to %g do not vary", tau))
	}
	return out, finite(test, c.n, out.mean, out.se)
}
