package stat

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Resample says what a bootstrap estimates and what it draws.
type Resample struct {
	// Statistic is what is estimated, the mean if it is zero.
	Statistic Statistic
	// Clusters says, by any numbers, which observations are drawn together: one for
	// each observation, for each pair, or for each of x and then each of y. nil
	// takes the observations for independent.
	Clusters []int
	// TwoLevel draws clusters, and then observations within each cluster drawn.
	TwoLevel bool
}

// defaultReplicates is how often a bootstrap draws where nobody says.
const defaultReplicates = 10_000

// Bootstrap returns an interval for a statistic of a population from the sample
// x, by drawing samples of the same size from x with replacement [1]. Methods:
//
//	bca          bias-corrected and accelerated, see BCaInterval (the default)
//	percentile   quantiles of the replicates, see PercentileInterval
//	basic        2θ̂ less those, see BasicInterval
//	studentized  bootstrap t, see StudentizedInterval; for means and proportions
//
// With clusters, whole clusters are drawn, since observations within one are not
// independent [2]; the mean is then a ratio of sums, its size as random as that
// of the clusters drawn. With TwoLevel the observations within a drawn cluster
// are drawn as well: this adds the variance within to that between, which the
// clusters alone already show, so it is for clusters that are few of many answers
// each and is never shorter in expectation. The standard error of a studentised
// mean is √(G/(G−1)·Σ(s_g − x̄·n_g)²)/N over the G clusters drawn.
//
// Replicate r draws from Stream(seed, r) alone, so a result has the same bits on
// any number of workers. Details: replicates, seed (exact below 2⁵³), the standard
// error (of the replicates; of the estimate for studentized), their bias (mean
// less estimate), for bca z0 and acceleration, and clusters. There is no p-value:
// use a permutation test.
//
// Resampling cannot show what the sample does not hold. So it refuses fewer than
// two observations or five clusters; values that are all equal, which would give
// an interval without width (use the exact interval of a proportion); quantiles
// that no observation bounds, see QuantileNeed; and values that are not finite. It
// warns of fewer than 10 observations or 20 clusters, where coverage is below the
// level. A statistic that varies in the data but not in the replicates gives an
// interval without width and a warning.
//
// [1] Efron, Tibshirani (1993), An Introduction to the Bootstrap.
// [2] Davison, Hinkley (1997), Bootstrap Methods and their Application, 3.8.
func Bootstrap(x []float64, what Resample, o Options) (Result, error) {
	return bootstrap("bootstrap", [][]float64{x}, false, what, o)
}

// BootstrapDifference returns an interval for the statistic of the population of y
// less that of x, from independent samples, each drawn from on its own. Clusters
// are those of x and then of y; where one has observations of both, clusters are
// drawn over both samples together. See Bootstrap.
func BootstrapDifference(x, y []float64, what Resample, o Options) (Result, error) {
	return bootstrap("bootstrap", [][]float64{x, y}, false, what, o)
}

// BootstrapPaired returns an interval for the statistic of y less that of x, from
// pairs that are drawn together, so that what items have in common cancels. For
// means this is the mean of the differences; for a quantile it is the difference
// of the quantiles and not the quantile of the differences. See Bootstrap.
func BootstrapPaired(x, y []float64, what Resample, o Options) (Result, error) {
	return bootstrap("bootstrap", [][]float64{x, y}, true, what, o)
}

// BootstrapFunc is Bootstrap for any statistic of units (items, or clusters) that
// can be computed from how often each was drawn, with methods bca, percentile and
// basic. For each goroutine start is called once and returns the statistic, which
// may keep memory between calls and must depend on the counts alone; it must not
// keep or change them.
func BootstrapFunc(units int, start func() func(counts []int32) float64, o Options) (Result, error) {
	const test = "bootstrap"
	o, err := o.resolve(test, "bca", "percentile", "basic")
	if err != nil {
		return Result{}, err
	}
	if units < 2 {
		return Result{}, refuse(test, TooFew, units, 2, "too few units")
	}
	if units > math.MaxInt32 {
		return Result{}, refuse(test, TooLarge, units, 0, "more units than can be drawn")
	}
	r := &resampling{custom: start, cells: units, clusters: units, n: []int{units}, strata: [][2]int{{0, units}}}
	return r.interval(test, o)
}

// bootstrap is Bootstrap of one sample or two.
func bootstrap(test string, samples [][]float64, paired bool, what Resample, o Options) (Result, error) {
	o, err := o.resolve(test, "bca", "percentile", "basic", "studentized")
	if err != nil {
		return Result{}, err
	}
	what.Statistic, err = what.Statistic.resolve(test)
	if err != nil {
		return Result{}, err
	}
	if o.Method == "studentized" && (!what.Statistic.isMean() || what.TwoLevel) {
		return Result{}, badOption(test, "method studentized is for the mean and the proportion, drawn at one level")
	}
	if what.TwoLevel && what.Clusters == nil {
		return Result{}, badOption(test, "drawing at two levels needs clusters")
	}
	for _, x := range samples {
		if len(x) < 2 {
			return Result{}, refuse(test, TooFew, len(x), 2, "too few observations")
		}
	}
	r, err := newResampling(test, what.Statistic, samples, paired, what.TwoLevel, what.Clusters)
	if err != nil {
		return Result{}, err
	}
	if err := r.refuseUnits(test, samples, paired, what, o.Level); err != nil {
		return Result{}, err
	}
	out, err := r.interval(test, o)
	if err != nil {
		return Result{}, err
	}
	out.Warnings = append(out.Warnings, r.fewUnits(what.Clusters != nil)...)
	if what.Clusters != nil {
		out.Details = append(out.Details, Detail{"clusters", float64(r.clusters)})
	}
	return out, nil
}

// refuseUnits refuses data that a bootstrap cannot learn from.
func (r *resampling) refuseUnits(test string, samples [][]float64, paired bool, what Resample, level float64) error {
	for i, stratum := range r.strata {
		units := stratum[1] - stratum[0]
		if what.Clusters != nil && units < leastClusters {
			return refuse(test, TooFew, units, leastClusters, "too few clusters")
		}
		if q := what.Statistic; q.Name == statQuantile {
			if err := quantileBounded(test, units, q.Order, level); err != nil {
				return err
			}
		}
		if len(r.strata) > 1 && units < 2 {
			return refuse(test, TooFew, units, 2, "too few units in sample %d", i)
		}
	}
	varies := false
	if paired {
		varies = !allEqual(subtract(samples[1], samples[0])) || !what.Statistic.isMean() && !(allEqual(samples[0]) && allEqual(samples[1]))
	} else {
		for _, x := range samples {
			varies = varies || !allEqual(x)
		}
	}
	if !varies {
		help := "there is no variation to draw from"
		if what.Statistic.Name == statProportion {
			help += ": use an exact interval of a proportion"
		}
		return refuse(test, Constant, r.n[0], 0, "all values are equal: %s", help)
	}
	return nil
}

// The numbers of clusters below which clustered methods refuse, and warn.
const (
	leastClusters = 5
	fewClusters   = 20
)

// fewUnits warns of samples so small that intervals are too short.
func (r *resampling) fewUnits(clustered bool) []string {
	least := r.clusters
	for _, stratum := range r.strata {
		least = min(least, stratum[1]-stratum[0])
	}
	switch {
	case clustered && least < fewClusters:
		return []string{fmt.Sprintf("only %d clusters: a bootstrap interval of fewer than %d covers less often than its level", least, fewClusters)}
	case !clustered && least < 10:
		return []string{fmt.Sprintf("only %d observations: a bootstrap interval of fewer than 10 covers less often than its level", least)}
	}
	return nil
}

// quantileBounded refuses quantiles that no observation bounds.
func quantileBounded(test string, n int, q, level float64) error {
	half := math.Log((1 - level) / 2)
	if need := math.Max(half/math.Log1p(-q), half/math.Log(q)); need > 1e9 {
		return refuse(test, Unbounded, n, 0, "the quantile of order %g at level %g needs more than a billion observations", q, level)
	}
	if need := QuantileNeed(q, level); n < need {
		return refuse(test, Unbounded, n, need, "no observation bounds the quantile of order %g at level %g", q, level)
	}
	return nil
}

// interval draws replicates and returns the result, all but what only data tell.
func (r *resampling) interval(test string, o Options) (Result, error) {
	if err := o.onlyTwoSided(test); err != nil {
		return Result{}, err
	}
	if o.Replicates == 0 {
		o.Replicates = defaultReplicates
	}
	if o.Replicates < leastReplicates {
		return Result{}, badOption(test, "%d replicates are too few: %d are the least", o.Replicates, leastReplicates)
	}
	if err := r.checkWork(test, o.Replicates, o.Method == "bca"); err != nil {
		return Result{}, err
	}
	estimate := r.observed()
	if math.IsNaN(estimate) || math.IsInf(estimate, 0) {
		return Result{}, finite(test, r.n[0], estimate)
	}
	var drawn []float64
	if o.Method == "studentized" {
		drawn = r.studentized(o.Replicates, o.Workers, o.Seed, estimate)
	} else {
		drawn = r.replicates(o.Replicates, o.Workers, o.Seed)
	}
	for _, v := range drawn {
		if math.IsNaN(v) {
			return Result{}, refuse(test, TooFew, r.n[0], 0, "a resample has no value: a sample has too few observations, or is part of too few clusters")
		}
	}
	return r.summary(test, drawn, estimate, o)
}

// summary makes the interval from replicates, and changes their order.
func (r *resampling) summary(test string, drawn []float64, estimate float64, o Options) (Result, error) {
	mean, variance, err := 0.0, 0.0, error(nil)
	if o.Method != "studentized" {
		if mean, variance, err = moments(test, drawn, 2); err != nil {
			return Result{}, err
		}
	}
	slices.Sort(drawn)
	var interval Interval
	details := []Detail{{"replicates", float64(o.Replicates)}, {"seed", float64(o.Seed)}}
	switch o.Method {
	case "bca":
		b, failed := r.bca(test, drawn, estimate, o)
		interval, err = b.Interval, failed
		details = append(details, Detail{"z0", b.Z0}, Detail{"acceleration", b.Acceleration})
	case "percentile":
		interval = percentileSorted(drawn, estimate, o.Level)
	case "basic":
		interval = basicSorted(drawn, estimate, o.Level)
	case "studentized":
		se := math.Sqrt(r.linearVariance(ones(r.cells), make([]float64, len(r.arms))))
		interval, err = studentizedSorted(drawn, estimate, se, o.Level)
		details = append(details, Detail{"standard_error", se})
	}
	if err != nil {
		return Result{}, renamed(err, test)
	}
	if o.Method != "studentized" {
		details = append(details, Detail{"standard_error", math.Sqrt(variance)}, Detail{"bias", mean - estimate})
	}
	for _, n := range r.n {
		interval.N += n
	}
	out := Result{Test: test, Method: o.Method, Alternative: o.Alternative, Interval: &interval, N: r.n, Details: details, Warnings: interval.Warnings}
	if tail := (1 - o.Level) / 2 * float64(o.Replicates); tail < 5 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("%d replicates leave %.2g beyond each bound: draw more", o.Replicates, tail))
	}
	return out, finite(test, interval.N, interval.Low, interval.High)
}

// bca is bcaSorted with the jackknife of the data.
func (r *resampling) bca(test string, sorted []float64, estimate float64, o Options) (BCa, error) {
	jackknife := r.jackknife(o.Workers)
	for _, list := range jackknife {
		for _, v := range list {
			if v-v != 0 {
				return BCa{}, refuse(test, TooFew, r.clusters, 0, "without one of its %d units the statistic has no value: use method percentile", r.clusters)
			}
		}
	}
	return bcaSorted(sorted, jackknife, estimate, o.Level)
}

// renamed returns a refusal under the name of the procedure that was asked for.
func renamed(err error, test string) error {
	var r *Refusal
	if errors.As(err, &r) {
		again := *r
		again.Method = test
		return &again
	}
	return err
}

// studentized draws replicates of (θ* − θ̂)/se*.
func (r *resampling) studentized(count, workers int, seed uint64, estimate float64) []float64 {
	out := make([]float64, count)
	counted := *r
	counted.gather = nil
	spread(count, workers, func() func(int) {
		own, means := counted.newResampler(), make([]float64, len(r.arms))
		return func(task int) {
			own.draws.restart(seed, uint64(task))
			own.draw()
			variance := r.linearVariance(own.counts, means)
			d := means[len(means)-1] - estimate
			if len(means) == 2 {
				d -= means[0]
			}
			switch {
			case math.Abs(d) <= 1e-12*math.Abs(estimate):
				out[task] = 0
			default:
				out[task] = d / math.Sqrt(variance)
			}
		}
	})
	return out
}

// linearVariance returns the variance of a mean, or of a difference of means, of
// what the counts say, from the sums of cells about the mean, and sets means.
func (r *resampling) linearVariance(counts []int32, means []float64) float64 {
	var sizes [2]float64
	var centres [2]float64
	for i := range r.arms {
		n, total := r.arms[i].totals(counts)
		sizes[i], centres[i] = n, total/n
		means[i] = r.arms[i].shift + centres[i]
	}
	out := 0.0
	for _, stratum := range r.strata {
		squares := 0.0
		for c := stratum[0]; c < stratum[1]; c++ {
			if counts[c] == 0 {
				continue
			}
			line := 0.0
			for i := range r.arms {
				a := &r.arms[i]
				part := (a.sum[c] - centres[i]*a.size[c]) / sizes[i]
				if len(r.arms) == 2 && i == 0 {
					part = -part
				}
				line += part
			}
			squares += float64(counts[c]) * line * line
		}
		g := float64(stratum[1] - stratum[0])
		out += g / (g - 1) * squares
	}
	return out
}
