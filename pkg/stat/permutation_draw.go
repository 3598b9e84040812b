package stat

import (
	"math"
	"slices"
)

// arrangement computes a statistic of the observations in another arrangement.
type arrangement interface {
	// value takes the marked observations for the second group, or for positive.
	value(marked []bool) float64
	// random draws an arrangement: what it returns depends on the draws alone.
	random(d *draws) float64
}

// twoGroups is the difference of two groups, of which the second has m of n.
type twoGroups struct {
	statistic      string
	values         []float64
	n, m           int
	total, squares float64
	work           []float64
}

func newTwoGroups(statistic string, values []float64, m int) *twoGroups {
	g := &twoGroups{statistic: statistic, values: values, n: len(values), m: m, work: make([]float64, len(values))}
	for _, v := range values {
		g.total += v
		g.squares += v * v
	}
	return g
}

func (g *twoGroups) value(marked []bool) float64 {
	if g.statistic == "median" {
		first, second := 0, g.n-g.m
		for i, v := range g.values {
			if marked[i] {
				g.work[second] = v
				second++
			} else {
				g.work[first] = v
				first++
			}
		}
		return sortedMedian(g.work[first:]) - sortedMedian(g.work[:first])
	}
	sum, squares := 0.0, 0.0
	for i, v := range g.values {
		if marked[i] {
			sum += v
			squares += v * v
		}
	}
	return g.difference(sum, squares)
}

// random draws the smaller group.
func (g *twoGroups) random(d *draws) float64 {
	copy(g.work, g.values)
	few := min(g.m, g.n-g.m)
	sum, squares := 0.0, 0.0
	for i := range few {
		j := i + int(d.below(uint32(g.n-i)))
		v := g.work[j]
		g.work[i], g.work[j] = v, g.work[i]
		sum += v
		squares += v * v
	}
	second := few == g.m
	if g.statistic == "median" {
		difference := sortedMedian(g.work[:few]) - sortedMedian(g.work[few:])
		if !second {
			difference = -difference
		}
		return difference
	}
	if !second {
		sum, squares = g.total-sum, g.squares-squares
	}
	return g.difference(sum, squares)
}

// difference returns the difference of means, studentized where it is to be, from
// the sums of the second group.
func (g *twoGroups) difference(sum, squares float64) float64 {
	m, k := float64(g.m), float64(g.n-g.m)
	other := g.total - sum
	difference := sum/m - other/k
	if g.statistic == "mean" {
		return difference
	}
	second := math.Max(0, squares-sum*sum/m) / (m - 1)
	first := math.Max(0, g.squares-squares-other*other/k) / (k - 1)
	se := math.Sqrt(second/m + first/k)
	if se < 1e-9*math.Abs(difference) || se == 0 {
		// Groups without variation: as far as can be, or not at all.
		if difference == 0 {
			return 0
		}
		return math.Copysign(1e9, difference)
	}
	return difference / se
}

// signedValues is the mean, or the median, of values with signs.
type signedValues struct {
	sizes  []float64
	median bool
	work   []float64
}

func (s *signedValues) value(positive []bool) float64 {
	for i, v := range s.sizes {
		if !positive[i] {
			v = -v
		}
		s.work[i] = v
	}
	return s.centre()
}

// random takes each sign from one bit.
func (s *signedValues) random(d *draws) float64 {
	for from := 0; from < len(s.sizes); from += 64 {
		bits := d.pcg.Uint64()
		sizes := s.sizes[from:min(from+64, len(s.sizes))]
		work := s.work[from:][:len(sizes)]
		for i, v := range sizes {
			work[i] = math.Float64frombits(math.Float64bits(v) | bits<<63)
			bits >>= 1
		}
	}
	return s.centre()
}

func (s *signedValues) centre() float64 {
	if s.median {
		return sortedMedian(s.work)
	}
	// In four parts, which do not wait for each other.
	var sums [4]float64
	work := s.work
	for len(work) >= 4 {
		sums[0] += work[0]
		sums[1] += work[1]
		sums[2] += work[2]
		sums[3] += work[3]
		work = work[4:]
	}
	for _, v := range work {
		sums[0] += v
	}
	return (sums[0] + sums[1] + sums[2] + sums[3]) / float64(len(s.work))
}

// sortedMedian returns the median of x, and sorts it.
func sortedMedian(x []float64) float64 {
	slices.Sort(x)
	n := len(x)
	return x[(n-1)/2] + (x[n/2]-x[(n-1)/2])/2
}
