package stat

import (
	"fmt"
	"math"
	"slices"
)

// Calibration says how CalibrationError cuts and measures.
type Calibration struct {
	// Bins is how many bins there are; 0 picks 15, or a tenth of the observations
	// if that is less, but at least one.
	Bins int
	// Norm is l1 (the default), l2, or l2_debiased.
	Norm string
	// Clusters says which observations belong together; nil for none.
	Clusters []int
}

// CalibrationError returns the expected calibration error of confidences in [0, 1]
// against outcomes 0 or 1, with an interval. With n_b observations in bin b, their
// mean confidence c_b and accuracy a_b it is by norm [1, 2]
//
//	l1           Σ n_b/n·|c_b − a_b|
//	l2           √(Σ n_b/n·(c_b − a_b)²)
//	l2_debiased  √max(0, Σ n_b/n·((c_b − a_b)² − a_b(1 − a_b)/(n_b − 1)))
//
// The first two are above zero even for a perfect model, the more so the fewer
// observations a bin has; the third takes off what chance adds. Methods cut the
// bins:
//
//	equal_mass   at the quantiles, of type 7, of the confidences (the default)
//	equal_width  into equal parts of [0, 1]
//
// A confidence on a border belongs to the bin below, so equal ones stay together;
// bins without observations do not count. Binning hides what happens within bins:
// report the Brier score, too.
//
// The interval is by the bootstrap with the bins kept. Replicates of l1 and l2 are
// biased upwards as the estimate is, so it goes, conservatively, from the lower
// bound of the basic method, which takes the bias off twice, to the upper bound of
// the percentile method, within [0, 1]. Details: all three norms, the greatest
// |c_b − a_b|, and for each bin, the reliability diagram, its size, mean
// confidence, and accuracy with its Wilson interval.
//
// It refuses values outside [0, 1], outcomes other than 0 and 1, fewer than two
// observations or five clusters; it warns of fewer than 100 observations.
//
// [1] Guo, Pleiss, Sun, Weinberger (2017), ICML: 1321-1330.
// [2] Kumar, Liang, Ma (2019), Verified Uncertainty Calibration, NeurIPS, section 4.
func CalibrationError(confidence, outcome []float64, c Calibration, o Options) (Result, error) {
	const test = "ece"
	o, err := o.resolve(test, "equal_mass", "equal_width")
	if err != nil {
		return Result{}, err
	}
	if c.Norm == "" {
		c.Norm = "l1"
	}
	if !slices.Contains([]string{"l1", "l2", "l2_debiased"}, c.Norm) {
		return Result{}, badOption(test, "norm %q is not one of l1, l2, l2_debiased", c.Norm)
	}
	if err := o.onlyTwoSided(test); err != nil {
		return Result{}, err
	}
	if err := checkForecasts(test, confidence, outcome, 2); err != nil {
		return Result{}, err
	}
	b, err := newBins(test, confidence, outcome, c.Bins, o.Method)
	if err != nil {
		return Result{}, err
	}
	out := Result{Test: test, Method: o.Method, Alternative: o.Alternative, N: []int{len(confidence)}}
	estimate := b.norm(c.Norm)
	r, err := b.resampling(test, confidence, outcome, c)
	if err != nil {
		return Result{}, err
	}
	if o.Replicates == 0 {
		o.Replicates = defaultReplicates
	}
	if o.Replicates < leastReplicates {
		return Result{}, badOption(test, "%d replicates are too few: %d are the least", o.Replicates, leastReplicates)
	}
	if err := r.checkWork(test, o.Replicates, false); err != nil {
		return Result{}, err
	}
	drawn := r.replicates(o.Replicates, o.Workers, o.Seed)
	slices.Sort(drawn)
	interval := percentileSorted(drawn, estimate, o.Level)
	interval.Low = math.Max(0, math.Min(estimate, basicSorted(drawn, estimate, o.Level).Low))
	interval.High = math.Min(1, math.Max(estimate, interval.High))
	interval.N, interval.Method = len(confidence), "bootstrap_conservative"
	out.Interval, out.Warnings = &interval, interval.Warnings
	out.Details = append(b.details(o.Level), Detail{"replicates", float64(o.Replicates)}, Detail{"seed", float64(o.Seed)})
	if len(confidence) < 100 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("only %d observations: the calibration error of fewer than 100 is mostly chance", len(confidence)))
	}
	return out, nil
}

// checkForecasts refuses what are not probabilities with outcomes.
func checkForecasts(test string, forecast, outcome []float64, need int) error {
	if len(forecast) != len(outcome) {
		return refuse(test, Unpaired, min(len(forecast), len(outcome)), 0, "%d and %d values are not pairs", len(forecast), len(outcome))
	}
	if len(forecast) < need {
		return refuse(test, TooFew, len(forecast), need, "too few observations")
	}
	if err := checkFinite(test, forecast); err != nil {
		return err
	}
	for i, p := range forecast {
		if p < 0 || p > 1 {
			return refuse(test, Invalid, len(forecast), 0, "forecast %d is %v: a probability is in [0, 1]", i, p)
		}
	}
	return checkOutcomes(test, outcome)
}

// checkOutcomes refuses what is neither 0 nor 1.
func checkOutcomes(test string, outcome []float64) error {
	for i, y := range outcome {
		if y != 0 && y != 1 {
			return refuse(test, Invalid, len(outcome), 0, "outcome %d is %v: an outcome is 0 or 1", i, y)
		}
	}
	return nil
}

// bins are observations by confidence; those without observations are left out.
type bins struct {
	of                  []int32 // bin of each observation
	size, forecast, hit []float64
}

// newBins cuts the observations into bins.
func newBins(test string, confidence, outcome []float64, count int, method string) (*bins, error) {
	n := len(confidence)
	if count == 0 {
		count = max(1, min(15, n/10))
	}
	if count < 1 || count > 1000 {
		return nil, badOption(test, "%d bins: want 1 to 1000", count)
	}
	edges := make([]float64, count-1)
	sorted := slices.Clone(confidence)
	slices.Sort(sorted)
	for i := range edges {
		edges[i] = float64(i+1) / float64(count)
		if method == "equal_mass" {
			// In whole numbers, so that a quantile that is an observation is exactly it.
			at, rest := (n-1)*(i+1)/count, (n-1)*(i+1)%count
			edges[i] = interpolate(sorted[at], sorted[min(at+1, n-1)], float64(rest)/float64(count))
		}
	}
	b := &bins{of: make([]int32, n), size: make([]float64, count), forecast: make([]float64, count), hit: make([]float64, count)}
	for i, p := range confidence {
		at, _ := slices.BinarySearch(edges, p)
		b.of[i] = int32(at)
		b.size[at]++
		b.forecast[at] += p
		b.hit[at] += outcome[i]
	}
	b.pack()
	return b, nil
}

// pack leaves out empty bins.
func (b *bins) pack() {
	to, kept := make([]int32, len(b.size)), 0
	for at, n := range b.size {
		if n > 0 {
			b.size[kept], b.forecast[kept], b.hit[kept] = n, b.forecast[at], b.hit[at]
			to[at] = int32(kept)
			kept++
		}
	}
	b.size, b.forecast, b.hit = b.size[:kept], b.forecast[:kept], b.hit[:kept]
	for i, at := range b.of {
		b.of[i] = to[at]
	}
}

// norm returns the calibration error.
func (b *bins) norm(name string) float64 {
	total, n := 0.0, 0.0
	for at, size := range b.size {
		if size == 0 {
			continue
		}
		n += size
		gap := (b.forecast[at] - b.hit[at]) / size
		switch name {
		case "l1":
			total += size * math.Abs(gap)
		case "l2":
			total += size * gap * gap
		default:
			total += size * gap * gap
			if a := b.hit[at] / size; size > 1 {
				total -= size * a * (1 - a) / (size - 1)
			}
		}
	}
	if name == "l1" {
		return total / n
	}
	return math.Sqrt(math.Max(0, total/n))
}

// details returns the norms and the reliability diagram.
func (b *bins) details(level float64) []Detail {
	out := []Detail{{"ece_l1", b.norm("l1")}, {"ece_l2", b.norm("l2")}, {"ece_l2_debiased", b.norm("l2_debiased")}}
	most := 0.0
	for at, size := range b.size {
		most = math.Max(most, math.Abs(b.forecast[at]-b.hit[at])/size)
	}
	out = append(out, Detail{"greatest", most}, Detail{"bins", float64(len(b.size))})
	for at, size := range b.size {
		w := Wilson(int(b.hit[at]), int(size), level)
		name := fmt.Sprintf("bin_%d_", at)
		out = append(out, Detail{name + "n", size}, Detail{name + "confidence", b.forecast[at] / size},
			Detail{name + "accuracy", b.hit[at] / size}, Detail{name + "low", w.Low}, Detail{name + "high", w.High})
	}
	return out
}

// resampling draws observations, or clusters, into the same bins.
func (b *bins) resampling(test string, confidence, outcome []float64, c Calibration) (*resampling, error) {
	n := len(confidence)
	if c.Clusters != nil && len(c.Clusters) != n {
		return nil, refuse(test, Invalid, len(c.Clusters), 0, "%d clusters are named for %d observations", len(c.Clusters), n)
	}
	unit, units := numbered(c.Clusters, n)
	if c.Clusters != nil && units < leastClusters {
		return nil, refuse(test, TooFew, units, leastClusters, "too few clusters")
	}
	start := func() func([]int32) float64 {
		k := len(b.size)
		own := &bins{size: make([]float64, k), forecast: make([]float64, k), hit: make([]float64, k)}
		return func(counts []int32) float64 {
			clear(own.size)
			clear(own.forecast)
			clear(own.hit)
			for i, at := range b.of {
				w := float64(counts[unit[i]])
				own.size[at] += w
				own.forecast[at] += w * confidence[i]
				own.hit[at] += w * outcome[i]
			}
			return own.norm(c.Norm)
		}
	}
	return &resampling{custom: start, cells: units, clusters: units, n: []int{n}, strata: [][2]int{{0, units}}}, nil
}
