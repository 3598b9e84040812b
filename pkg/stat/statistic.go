package stat

import (
	"fmt"
	"math"
	"slices"
)

// Statistic is what a bootstrap estimates of a sample.
type Statistic struct {
	// Name is one of mean, median, trimmed_mean, quantile, variance, sd and
	// proportion; empty counts as mean.
	Name string
	// Order is that of the quantile, in (0, 1), or the share that a trimmed mean
	// leaves out at each end, in [0, 1/2).
	Order float64
}

// The names of statistics.
const (
	statMean        = "mean"
	statMedian      = "median"
	statTrimmedMean = "trimmed_mean"
	statQuantile    = "quantile"
	statVariance    = "variance"
	statSD          = "sd"
	statProportion  = "proportion"
)

// StatisticNames lists the statistics, the default first.
func StatisticNames() []string {
	return []string{statMean, statMedian, statTrimmedMean, statQuantile, statVariance, statSD, statProportion}
}

// resolve returns the statistic with its defaults in place, or a refusal.
func (s Statistic) resolve(test string) (Statistic, error) {
	switch s.Name {
	case "":
		s.Name = statMean
	case statMedian:
		s.Name, s.Order = statQuantile, 0.5
	}
	switch {
	case !slices.Contains(StatisticNames(), s.Name):
		return s, badOption(test, "statistic %q is not one of %v", s.Name, StatisticNames())
	case s.Name == statQuantile && !(s.Order > 0 && s.Order < 1):
		return s, badOption(test, "the order %v of the quantile is outside (0, 1)", s.Order)
	case s.Name == statTrimmedMean && !(s.Order >= 0 && s.Order < 0.5):
		return s, badOption(test, "the share %v to trim at each end is outside [0, 1/2)", s.Order)
	}
	return s, nil
}

// isMean says that the statistic is a ratio of sums.
func (s Statistic) isMean() bool { return s.Name == statMean || s.Name == statProportion }

// resampleArm is one sample of a bootstrap: its observations in ascending order,
// each with the cell that is drawn with it, and the sums of each cell.
type resampleArm struct {
	value []float64
	cell  []int32
	// shift is what sums are taken about: for means the first observation, so that
	// whole numbers stay whole, else the mean.
	shift float64
	// size, sum and square are, by cell, the number of observations, and the sums of
	// their differences from shift and of the squares of these.
	size, sum, square []float64
	// fixed is the number of observations in every resample, or 0 if it varies.
	fixed int
}

// newResampleArm sorts a sample; cell[i] is the cell of x[i].
func newResampleArm(x []float64, cell []int32, cells int, s Statistic) (resampleArm, error) {
	a := resampleArm{size: make([]float64, cells), sum: make([]float64, cells)}
	for _, c := range cell {
		a.size[c]++
	}
	a.shift = x[0]
	if !s.isMean() {
		mean, _, err := moments("bootstrap", x, 1)
		if err != nil {
			return a, err
		}
		a.shift = mean
	}
	for i, v := range x {
		a.sum[cell[i]] += v - a.shift
	}
	switch s.Name {
	case statVariance, statSD:
		a.square = make([]float64, cells)
		for i, v := range x {
			a.square[cell[i]] += (v - a.shift) * (v - a.shift)
		}
	case statQuantile, statTrimmedMean:
		order := ascending(x)
		a.value, a.cell = make([]float64, len(x)), make([]int32, len(x))
		for rank, i := range order {
			a.value[rank], a.cell[rank] = x[i], cell[i]
		}
	}
	return a, nil
}

// ascending returns the places of x in ascending order of value, equal values in
// order of place.
func ascending(x []float64) []int {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch {
		case x[i] < x[j]:
			return -1
		case x[i] > x[j]:
			return 1
		}
		return 0
	})
	return order
}

// drawn returns how many observations the counts of cells make.
func (a *resampleArm) drawn(counts []int32) int {
	if a.fixed > 0 {
		return a.fixed
	}
	n := 0.0
	for c, k := range counts {
		n += float64(k) * a.size[c]
	}
	return int(n)
}

// at returns the statistic of the resample with these counts, NaN where it has
// too few observations.
func (a *resampleArm) at(s Statistic, counts []int32) float64 {
	switch s.Name {
	case statMean, statProportion:
		n, total := a.totals(counts)
		return a.shift + total/n
	case statVariance, statSD:
		v := a.variance(counts)
		if s.Name == statSD {
			return math.Sqrt(v)
		}
		return v
	case statQuantile:
		n := a.drawn(counts)
		if n == 0 {
			return math.NaN()
		}
		at, part := quantilePosition(n, s.Order)
		low, high := a.orderStatistics(counts, n, at)
		return interpolate(low, high, part)
	}
	return a.trimmed(counts, s.Order)
}

// totals returns the number and the sum of what was drawn.
func (a *resampleArm) totals(counts []int32) (n, total float64) {
	for c, k := range counts {
		w := float64(k)
		n += w * a.size[c]
		total += w * a.sum[c]
	}
	return n, total
}

// variance returns the sample variance of what was drawn.
func (a *resampleArm) variance(counts []int32) float64 {
	squares := 0.0
	for c, k := range counts {
		squares += float64(k) * a.square[c]
	}
	n, total := a.totals(counts)
	return math.Max(0, squares-total*(total/n)) / (n - 1)
}

// trimmed returns the mean of what was drawn without ⌊share·n⌋ at each end.
func (a *resampleArm) trimmed(counts []int32, share float64) float64 {
	n := a.drawn(counts)
	skip := int(share * float64(n))
	seen, total := 0, 0.0
	for r, c := range a.cell {
		k := int(counts[c])
		if k == 0 {
			continue
		}
		take := min(seen+k, n-skip) - max(seen, skip)
		if take > 0 {
			total += float64(take) * (a.value[r] - a.shift)
		}
		if seen += k; seen >= n-skip {
			break
		}
	}
	return a.shift + total/float64(n-2*skip)
}

// orderStatistics returns the observations of ranks at and at+1, from 0, of the n
// that were drawn, walking from the nearer end.
func (a *resampleArm) orderStatistics(counts []int32, n, at int) (low, high float64) {
	next := min(at+1, n-1)
	if at < n/2 {
		seen, r := 0, 0
		for ; seen+int(counts[a.cell[r]]) <= at; r++ {
			seen += int(counts[a.cell[r]])
		}
		low = a.value[r]
		for ; seen+int(counts[a.cell[r]]) <= next; r++ {
			seen += int(counts[a.cell[r]])
		}
		return low, a.value[r]
	}
	left, r := n, len(a.value)-1
	for ; left-int(counts[a.cell[r]]) > next; r-- {
		left -= int(counts[a.cell[r]])
	}
	high = a.value[r]
	for ; left-int(counts[a.cell[r]]) > at; r-- {
		left -= int(counts[a.cell[r]])
	}
	return a.value[r], high
}

// check refuses values that a statistic does not apply to.
func (s Statistic) check(test string, x []float64) error {
	if s.Name != statProportion {
		return nil
	}
	for i, v := range x {
		if v != 0 && v != 1 {
			return refuse(test, Invalid, len(x), 0, "observation %d is %v: a proportion is of zeros and ones", i, v)
		}
	}
	return nil
}

// String returns the name with its order, such as "quantile 0.99".
func (s Statistic) String() string {
	if s.Name == statQuantile || s.Name == statTrimmedMean {
		return fmt.Sprintf("%s %g", s.Name, s.Order)
	}
	return s.Name
}
