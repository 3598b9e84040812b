package stat

import (
	"fmt"
	"math"
)

// oneWayLayout holds the moments of independent groups. Means are relative to
// one value of the data, each an unevaluated sum of two numbers, so that means
// which nearly agree keep the digits of their difference.
type oneWayLayout struct {
	test  string
	first float64
	n     []int
	total int
	// hi + lo is the mean of a group less first; grandHi + grandLo that of all.
	hi, lo           []float64
	grandHi, grandLo float64
	// within is the sum of squares about the mean of each group.
	within []float64
}

// newOneWay refuses fewer than two groups, groups of fewer than least values, and
// values that are not finite.
func newOneWay(test string, groups [][]float64, least int) (*oneWayLayout, error) {
	total, err := checkSamples(test, groups, 2, least)
	if err != nil {
		return nil, err
	}
	k := len(groups)
	l := &oneWayLayout{test: test, first: groups[0][0], total: total, n: make([]int, k),
		hi: make([]float64, k), lo: make([]float64, k), within: make([]float64, k)}
	var all twoSum
	for i, g := range groups {
		s := shiftedSum(g, l.first)
		all.add(s.total)
		all.lost += s.lost
		l.n[i] = len(g)
		l.hi[i], l.lo[i] = s.over(len(g))
		if !allEqual(g) { // else rounding of the mean would look like variation
			if l.within[i] = squaresAbout(g, l.first, l.hi[i]); l.within[i] == 0 {
				return nil, refuse(test, NotFinite, total, 0, "the squares of the differences in group %d are too small to compute with: use other units", i)
			}
		}
	}
	l.grandHi, l.grandLo = all.over(total)
	for i := range groups {
		if err := finite(test, total, l.hi[i], l.lo[i]); err != nil {
			return nil, err
		}
	}
	if err := checkSquares(test, total, l.within...); err != nil {
		return nil, err
	}
	return l, checkSquares(test, total, l.between())
}

// checkSquares refuses sums of squares so large or so small that what is computed
// from them is not, or not to full precision. 0 is neither.
func checkSquares(test string, n int, sums ...float64) error {
	for _, s := range sums {
		if s != 0 && !(s > 1e-280 && s < 1e280) {
			return refuse(test, NotFinite, n, 0, "a sum of squares is %.3g, which cannot be computed with: use other units", s)
		}
	}
	return nil
}

// checkSamples returns the number of values in all, or refuses.
func checkSamples(test string, groups [][]float64, leastGroups, least int) (int, error) {
	if len(groups) < leastGroups {
		return 0, refuse(test, TooFew, len(groups), leastGroups, "too few groups")
	}
	total := 0
	for i, g := range groups {
		if len(g) < least {
			return 0, refuse(test, TooFew, len(g), least, "too few observations in group %d", i)
		}
		for j, v := range g {
			if v-v != 0 {
				return 0, refuse(test, NotFinite, len(g), 0, "observation %d of group %d is %v", j, i, v)
			}
		}
		total += len(g)
	}
	return total, nil
}

// offset is the mean of a group less that of all.
func (l *oneWayLayout) offset(i int) float64 {
	return (l.hi[i] - l.grandHi) + (l.lo[i] - l.grandLo)
}

// mean is the mean of a group.
func (l *oneWayLayout) mean(i int) float64 { return l.first + (l.hi[i] + l.lo[i]) }

// variance is the sample variance of a group of two at least.
func (l *oneWayLayout) variance(i int) float64 { return l.within[i] / float64(l.n[i]-1) }

// between is the sum of squares of the groups' means about the mean of all.
func (l *oneWayLayout) between() float64 {
	var s twoSum
	for i, n := range l.n {
		d := l.offset(i)
		s.add(float64(n) * d * d)
	}
	return s.value()
}

// residual is the sum of squares within the groups.
func (l *oneWayLayout) residual() float64 {
	var s twoSum
	for _, w := range l.within {
		s.add(w)
	}
	return s.value()
}

// groupConstant refuses a group without variation, for tests that divide by the
// variance of each.
func (l *oneWayLayout) groupConstant() error {
	for i, w := range l.within {
		if w == 0 {
			return refuse(l.test, Constant, l.n[i], 0,
				"the values of group %d are all equal: its variance, by which the test divides, is 0", i)
		}
	}
	return nil
}

// twoSum is a compensated sum: total + lost is the sum, total its leading part.
type twoSum struct{ total, lost float64 }

// add adds by Knuth's error-free sum of two numbers.
func (s *twoSum) add(v float64) {
	next := s.total + v
	part := next - s.total
	s.lost += (s.total - (next - part)) + (v - part)
	s.total = next
}

func (s *twoSum) value() float64 { return s.total + s.lost }

// over returns the sum over n, as an unevaluated sum of two numbers.
func (s *twoSum) over(n int) (hi, lo float64) {
	d := float64(n)
	hi = s.total / d
	return hi, (math.FMA(-hi, d, s.total) + s.lost) / d
}

// shiftedSum returns the sum of x − first. Two sums go side by side, since each
// addition waits for the one before.
func shiftedSum(x []float64, first float64) twoSum {
	var a, b twoSum
	for ; len(x) >= 2; x = x[2:] {
		a.add(x[0] - first)
		b.add(x[1] - first)
	}
	if len(x) == 1 {
		a.add(x[0] - first)
	}
	a.add(b.total)
	a.lost += b.lost
	return a
}

// squaresAbout returns Σ(x − first − centre)², less what centre misses of the mean.
func squaresAbout(x []float64, first, centre float64) float64 {
	n, restA, restB := float64(len(x)), 0.0, 0.0
	var a, b twoSum
	for ; len(x) >= 2; x = x[2:] {
		u, v := (x[0]-first)-centre, (x[1]-first)-centre
		restA += u
		restB += v
		a.add(u * u)
		b.add(v * v)
	}
	if len(x) == 1 {
		u := (x[0] - first) - centre
		restA += u
		a.add(u * u)
	}
	a.add(b.total)
	a.lost += b.lost
	rest := restA + restB
	return math.Max(0, a.value()-rest*rest/n)
}

// detail returns a named number.
func detail(name string, value float64) Detail { return Detail{Name: name, Value: value} }

// indexed names the number of a group, counted from 0.
func indexed(name string, i int) string { return fmt.Sprintf("%s_%d", name, i) }
