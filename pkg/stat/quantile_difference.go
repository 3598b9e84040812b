package stat

import (
	"math"
	"slices"
)

// QuantileEstimate is QuantileInterval with Options, as a Result: the sample
// quantile of order q of x between two of its order statistics. It refuses what
// QuantileInterval refuses, and an order outside (0, 1).
func QuantileEstimate(x []float64, q float64, o Options) (Result, error) {
	const test = "quantile_interval"
	o, err := o.resolve(test, "order_statistics")
	if err != nil {
		return Result{}, err
	}
	interval, err := quantileOf(test, x, q, o.Level)
	if err != nil {
		return Result{}, err
	}
	if err := o.onlyTwoSided(test); err != nil {
		return Result{}, err
	}
	return Result{Test: test, Method: o.Method, Alternative: o.Alternative, Interval: &interval, N: []int{len(x)}, Warnings: interval.Warnings}, nil
}

// quantileOf is QuantileInterval that refuses also bad orders.
func quantileOf(test string, x []float64, q, level float64) (Interval, error) {
	if !(q > 0 && q < 1) {
		return Interval{}, badOption(test, "the order %v of the quantile is outside (0, 1)", q)
	}
	if err := checkFinite(test, x); err != nil {
		return Interval{}, err
	}
	if len(x) == 0 {
		return Interval{}, refuse(test, TooFew, 0, 1, "no observations")
	}
	if err := quantileBounded(test, len(x), q, level); err != nil {
		return Interval{}, err
	}
	interval, err := QuantileInterval(x, q, level)
	if err == nil && interval.Low == interval.High {
		interval.Warnings = []string{"the bounds are equal observations: the interval has no width"}
	}
	return interval, renamed(err, test)
}

// PairedQuantileDifference returns an interval and a test for the difference of
// the quantiles of order q of two samples measured on the same items, y minus x.
// Methods:
//
//	bootstrap         pairs are drawn with replacement [1], and the interval lies
//	                  between the α/2 and 1 − α/2 quantiles of the differences in
//	                  the replicates (the default)
//	order_statistics  from the lower bound for y less the upper for x to the upper
//	                  for y less the lower for x, each of QuantileInterval at level
//	                  1 − α/2: certain whatever the distributions and however the
//	                  samples depend, and wide
//
// The p-value of the bootstrap inverts it: twice the smaller share of replicates
// on one side of mu, both sides counting the ties and the sample itself,
//
//	p = min(1, 2·(1 + min(#{D* ≤ μ}, #{D* ≥ μ})) / (1 + replicates))
//
// so it is never zero; of one-sided alternatives it is the share on the other
// side. The statistic is the observed difference. Order statistics give no p.
//
// Replicate r draws from Stream(seed, r), so the result has the same bits on any
// number of workers.
//
// The bootstrap cannot see beyond the largest observation. So it refuses with
// Unbounded wherever QuantileInterval would; it also refuses samples of unequal
// length and values that are not finite, and an order outside (0, 1).
//
// [1] Davison, Hinkley (1997), Bootstrap Methods and their Application, chapters
// 2, 4 and 5.
func PairedQuantileDifference(x, y []float64, q float64, o Options) (Result, error) {
	if len(x) != len(y) {
		return Result{}, refuse("quantile_difference", Unpaired, min(len(x), len(y)), 0, "%d and %d observations are not pairs", len(x), len(y))
	}
	return quantileDifference(x, y, q, true, o)
}

// QuantileDifference is PairedQuantileDifference for independent samples: each is
// drawn from on its own, and the bounds of the order statistics are those at level
// √level, whose product is the level.
func QuantileDifference(x, y []float64, q float64, o Options) (Result, error) {
	return quantileDifference(x, y, q, false, o)
}

func quantileDifference(x, y []float64, q float64, paired bool, o Options) (Result, error) {
	const test = "quantile_difference"
	o, err := o.resolve(test, "bootstrap", "order_statistics")
	if err != nil {
		return Result{}, err
	}
	level := o.Level
	if o.Method == "order_statistics" {
		level = jointLevel(o.Level, paired)
		if !(level < 1) {
			return Result{}, badOption(test, "level %v leaves nothing for two samples", o.Level)
		}
	}
	low, err := quantileOf(test, x, q, level)
	if err != nil {
		return Result{}, err
	}
	high, err := quantileOf(test, y, q, level)
	if err != nil {
		return Result{}, err
	}
	out := Result{Test: test, Method: o.Method, Alternative: o.Alternative, Statistic: high.Estimate - low.Estimate, N: []int{len(x), len(y)}}
	if paired {
		out.N = out.N[:1]
	}
	out.Interval = &Interval{Estimate: out.Statistic, Level: o.Level, N: len(x), Method: o.Method}
	if err := finite(test, len(x), high.High-low.Low, high.Low-low.High); err != nil {
		return Result{}, err
	}
	if o.Method == "order_statistics" {
		out.Interval.Low, out.Interval.High = high.Low-low.High, high.High-low.Low
		out.Interval.Attained = low.Attained * high.Attained
		if paired {
			out.Interval.Attained = low.Attained + high.Attained - 1
		}
		return out, o.onlyTwoSided(test)
	}
	return bootstrapQuantiles(out, x, y, q, paired, o)
}

// jointLevel is the level at which two intervals hold together at level.
func jointLevel(level float64, paired bool) float64 {
	if paired {
		return 1 - (1-level)/2
	}
	return math.Sqrt(level)
}

// bootstrapQuantiles fills in the interval and p of the bootstrap.
func bootstrapQuantiles(out Result, x, y []float64, q float64, paired bool, o Options) (Result, error) {
	if o.Replicates == 0 {
		o.Replicates = defaultReplicates
	}
	if o.Replicates < leastReplicates {
		return Result{}, badOption(out.Test, "%d replicates are too few: %d are the least", o.Replicates, leastReplicates)
	}
	r, err := newResampling(out.Test, Statistic{Name: statQuantile, Order: q}, [][]float64{x, y}, paired, false, nil)
	if err != nil {
		return Result{}, err
	}
	if err := r.checkWork(out.Test, o.Replicates, false); err != nil {
		return Result{}, err
	}
	drawn := r.replicates(o.Replicates, o.Workers, o.Seed)
	slices.Sort(drawn)
	interval := percentileSorted(drawn, out.Statistic, o.Level)
	interval.N = out.Interval.N
	out.Interval, out.Warnings = &interval, interval.Warnings
	out.Details = []Detail{{"replicates", float64(o.Replicates)}, {"seed", float64(o.Seed)}}
	return out.withP(math.Log(percentileP(drawn, o.Mu, o.Alternative))), nil
}

// percentileP returns the p-value of mu among sorted replicates.
func percentileP(sorted []float64, mu float64, alternative Alternative) float64 {
	below, above := 0, 0
	for _, d := range sorted {
		if d <= mu {
			below++
		}
		if d >= mu {
			above++
		}
	}
	all := float64(1 + len(sorted))
	switch alternative {
	case Greater:
		return float64(1+below) / all
	case Less:
		return float64(1+above) / all
	}
	return math.Min(1, 2*float64(1+min(below, above))/all)
}
