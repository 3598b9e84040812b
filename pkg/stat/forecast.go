package stat

import "math"

// BrierScore returns the mean squared error of probabilities p against outcomes 0
// or 1, with Student's interval of that mean, clustered by cr2 where clusters is
// not nil (see ClusteredMean, whose methods it takes). It is 0 for a perfect
// forecast and 1/4 for always one half; it rewards both calibration and
// resolution. Details hold Murphy's decomposition over groups k of n_k forecasts
// with mean forecast p_k and frequency y_k, about the frequency ȳ of all [1, 2]:
//
//	score = reliability − resolution + uncertainty + within
//	reliability = Σ n_k/n·(p_k − y_k)²    resolution = Σ n_k/n·(y_k − ȳ)²
//	uncertainty = ȳ(1 − ȳ)
//	within = Σ(pᵢ − p_k)²/n − 2Σ(yᵢ − y_k)(pᵢ − p_k)/n
//
// and the skill, 1 − score/uncertainty, where outcomes vary. Groups are the
// distinct forecasts if there are at most as many as bins, so that within is zero,
// else bins of equal mass; bins is chosen as for CalibrationError if it is 0. It
// refuses what CalibrationError refuses, and squared errors that are all equal.
//
// [1] Murphy (1973), Journal of Applied Meteorology 12 (4): 595-600.
// [2] Stephenson, Coelho, Jolliffe (2008), Weather and Forecasting 23 (4): 752-757.
func BrierScore(p, outcome []float64, bins int, clusters []int, o Options) (Result, error) {
	const test = "brier"
	if err := checkForecasts(test, p, outcome, 2); err != nil {
		return Result{}, err
	}
	loss := make([]float64, len(p))
	for i := range p {
		loss[i] = (p[i] - outcome[i]) * (p[i] - outcome[i])
	}
	out, err := meanLoss(test, loss, clusters, o)
	if err != nil {
		return Result{}, err
	}
	b, err := newBins(test, p, outcome, bins, "equal_mass")
	if err != nil {
		return Result{}, err
	}
	if exact := distinctBins(p, outcome, max(bins, 15)); exact != nil {
		b = exact
	}
	out.Details = append(out.Details, b.murphy(p, outcome, out.Interval.Estimate)...)
	return out, nil
}

// distinctBins has a bin for each distinct forecast, or is nil if they are more
// than most.
func distinctBins(p, outcome []float64, most int) *bins {
	known := map[float64]int32{}
	b := &bins{of: make([]int32, len(p))}
	for i, v := range p {
		at, ok := known[v]
		if !ok {
			if len(known) == most {
				return nil
			}
			at = int32(len(known))
			known[v] = at
			b.size, b.forecast, b.hit = append(b.size, 0), append(b.forecast, 0), append(b.hit, 0)
		}
		b.of[i] = at
		b.size[at]++
		b.forecast[at] += v
		b.hit[at] += outcome[i]
	}
	return b
}

// murphy returns the parts of a Brier score.
func (b *bins) murphy(p, outcome []float64, score float64) []Detail {
	n := float64(len(p))
	hits := sum(b.hit, func(v float64) float64 { return v })
	base := hits / n
	var reliability, resolution, within neumaier
	for at, size := range b.size {
		gap := (b.forecast[at] - b.hit[at]) / size
		away := b.hit[at]/size - base
		reliability.add(size / n * gap * gap)
		resolution.add(size / n * away * away)
	}
	for i, at := range b.of {
		d := p[i] - b.forecast[at]/b.size[at]
		within.add(d / n * (d - 2*(outcome[i]-b.hit[at]/b.size[at])))
	}
	uncertainty := base * (1 - base)
	out := []Detail{{"reliability", reliability.value()}, {"resolution", resolution.value()}, {"uncertainty", uncertainty}, {"within", within.value()}}
	if uncertainty > 0 {
		out = append(out, Detail{"skill", 1 - score/uncertainty})
	}
	return out
}

// LogLoss returns the mean of −ln of the probability that a forecast gave to what
// happened, with an interval as that of BrierScore. Probabilities are first moved
// into [clip, 1 − clip]; with a clip of 0 it refuses a forecast of 0 for what
// happened, whose loss is infinite.
func LogLoss(p, outcome []float64, clip float64, clusters []int, o Options) (Result, error) {
	const test = "log_loss"
	if !(clip >= 0 && clip < 0.5) {
		return Result{}, badOption(test, "clip %v is outside [0, 1/2)", clip)
	}
	if err := checkForecasts(test, p, outcome, 2); err != nil {
		return Result{}, err
	}
	loss := make([]float64, len(p))
	for i := range p {
		v := math.Max(clip, math.Min(1-clip, p[i]))
		loss[i] = -math.Log1p(-v)
		if outcome[i] == 1 {
			loss[i] = -math.Log(v)
		}
		if math.IsInf(loss[i], 0) {
			return Result{}, refuse(test, Invalid, len(p), 0, "forecast %d gave no chance to what happened, an infinite loss: set clip, such as 1e-6", i)
		}
	}
	return meanLoss(test, loss, clusters, o)
}

// meanLoss returns the mean of losses with its interval, and no test.
func meanLoss(test string, loss []float64, clusters []int, o Options) (Result, error) {
	if err := o.onlyTwoSided(test); err != nil {
		return Result{}, err
	}
	mean, _, err := moments(test, loss, 2)
	if err != nil {
		return Result{}, err
	}
	o.Mu = mean // so that there is nothing to test
	out, err := clusteredMean(test, loss, clusters, o)
	if err != nil {
		return Result{}, err
	}
	out.Statistic, out.P, out.LogP = 0, 0, 0
	out.Interval.Low = math.Max(0, out.Interval.Low)
	return out, nil
}
