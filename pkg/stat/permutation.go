package stat

import (
	"math"
	"slices"
	"sync/atomic"
)

// permutationReplicates is how many arrangements are drawn unless told otherwise.
const permutationReplicates = 9_999

// Permutation tests whether two samples, shifted by mu, are of one distribution,
// by the statistic among all arrangements of the observations into groups of the
// same sizes [1]. Statistics:
//
//	mean         difference of means, second minus first
//	median       difference of medians
//	studentized  Welch's t: also good for samples of unequal variance, if large [2]
//
// Methods:
//
//	auto         exact where there are at most 200 000 arrangements, else monte_carlo
//	exact        the share of arrangements at least as extreme, up to twenty million
//	monte_carlo  (b + 1)/(m + 1) where b of m random arrangements are [3]
//
// Two-sided extreme means a statistic at least as far from 0. Statistics that
// differ by rounding alone, 1e-12 of the spread of the data, count as equal.
// Each of Options.Replicates, 9 999 by default, draws from its own Stream: the result does not depend on the number of workers. The estimate, without
// mu, is the difference of means, or of medians.
//
// It refuses empty samples, or for studentized ones of fewer than two; values that
// are not finite, or all equal; and more draws than some billions of values take.
//
// [1] Fisher (1935), The Design of Experiments, section 21.
// [2] Janssen (1997), Statistics & Probability Letters 36 (1): 9-21.
// [3] Phipson, Smyth (2010), Statistical Applications in Genetics and Molecular
// Biology 9 (1): 39.
func Permutation(x, y []float64, statistic string, o Options) (Result, error) {
	const test = "permutation"
	o, statistic, err := permutationOptions(test, o, statistic, "mean", "median", "studentized")
	if err != nil {
		return Result{}, err
	}
	need := 1
	if statistic == "studentized" {
		need = 2
	}
	for i, s := range [][]float64{x, y} {
		if len(s) < need {
			return Result{}, refuse(test, TooFew, len(s), need, "too few observations in group %d", i)
		}
		if err := checkFinite(test, s); err != nil {
			return Result{}, err
		}
	}
	pool := slices.Clone(x)
	for _, v := range y {
		pool = append(pool, v-o.Mu)
	}
	spread, err := aboutFirst(test, pool)
	if err != nil {
		return Result{}, err
	}
	p := permuted{n: len(pool), m: len(y), tolerance: 1e-12 * spread, alternative: o.Alternative}
	p.of = func() arrangement { return newTwoGroups(statistic, pool, len(y)) }
	if statistic == "studentized" {
		p.tolerance, p.relative = 1e-11, 1e-11
	}
	r, err := p.test(test, arrangements([]int{len(x), len(y)}), o)
	if err != nil {
		return Result{}, err
	}
	r.N = []int{len(x), len(y)}
	r.Interval, err = locationDifference(test, x, y, statistic)
	return r, err
}

// PermutationPaired tests whether differences y − x of pairs are distributed
// symmetrically about mu, by the statistic, mean or median, among all ways to give
// each its sign or the opposite one [1]. Options, and what is refused, are as of
// Permutation; studentizing would change nothing.
//
// [1] Fisher (1935), The Design of Experiments, section 21.
func PermutationPaired(x, y []float64, statistic string, o Options) (Result, error) {
	const test = "permutation"
	d, err := differences(test, x, y)
	if err != nil {
		return Result{}, err
	}
	return permuteSigns(test, d, statistic, o)
}

// PermutationOneSample tests whether a sample is distributed symmetrically about
// mu: PermutationPaired of differences that are given.
func PermutationOneSample(x []float64, statistic string, o Options) (Result, error) {
	const test = "permutation"
	if err := checkFinite(test, x); err != nil {
		return Result{}, err
	}
	return permuteSigns(test, x, statistic, o)
}

func permuteSigns(test string, d []float64, statistic string, o Options) (Result, error) {
	o, statistic, err := permutationOptions(test, o, statistic, "mean", "median")
	if err != nil {
		return Result{}, err
	}
	if len(d) == 0 {
		return Result{}, refuse(test, TooFew, 0, 1, "there are no pairs")
	}
	sizes, largest := make([]float64, len(d)), 0.0
	signs := make([]bool, len(d))
	for i, v := range d {
		v -= o.Mu
		sizes[i], signs[i] = math.Abs(v), v > 0
		largest = math.Max(largest, sizes[i])
	}
	if err := finite(test, len(d), largest*float64(len(d))); err != nil {
		return Result{}, err
	}
	if largest == 0 {
		return Result{}, refuse(test, Constant, len(d), 0, "no pair differs from mu = %g", o.Mu)
	}
	p := permuted{n: len(d), m: -1, tolerance: 1e-12 * largest, alternative: o.Alternative, observed: signs}
	p.of = func() arrangement {
		return &signedValues{sizes: sizes, median: statistic == "median", work: make([]float64, len(d))}
	}
	r, err := p.test(test, math.Ldexp(1, len(d)), o)
	if err != nil {
		return Result{}, err
	}
	r.N = []int{len(d)}
	r.Interval, err = locationDifference(test, nil, d, statistic)
	return r, err
}

// permutationOptions checks the options and the name of the statistic.
func permutationOptions(test string, o Options, statistic string, statistics ...string) (Options, string, error) {
	o, err := o.resolve(test, "auto", "exact", "monte_carlo")
	if statistic == "" {
		statistic = statistics[0]
	}
	if err == nil && !slices.Contains(statistics, statistic) {
		err = badOption(test, "statistic %q is not one of %v", statistic, statistics)
	}
	return o, statistic, err
}

// aboutFirst subtracts the first value from all, which no statistic of a
// difference notices, so that large common parts cost no digits. It returns the
// largest distance.
func aboutFirst(test string, pool []float64) (spread float64, err error) {
	first := pool[0]
	for i := range pool {
		pool[i] -= first
		spread = math.Max(spread, math.Abs(pool[i]))
	}
	if err := finite(test, len(pool), spread*spread*float64(len(pool)), spread*float64(len(pool))); err != nil {
		return 0, err
	}
	if spread == 0 {
		return 0, refuse(test, Constant, len(pool), 0, "all values are equal, so every arrangement is the same")
	}
	return spread, nil
}

// locationDifference returns the estimate, without bounds.
func locationDifference(test string, x, y []float64, statistic string) (*Interval, error) {
	centre := func(s []float64) (centredMean, error) {
		if len(s) == 0 {
			return centredMean{}, nil
		}
		if statistic == "median" {
			v, err := Quantile(s, 0.5)
			return centredMean{first: v}, err
		}
		return centred(test, s, 1)
	}
	a, err := centre(x)
	if err != nil {
		return nil, err
	}
	b, err := centre(y)
	if err != nil {
		return nil, err
	}
	out := &Interval{Estimate: b.minus(a), N: len(x) + len(y), Method: statistic}
	return out, finite(test, out.N, out.Estimate)
}

// permuted is a permutation test of n observations: of m marked ones, or, for m
// = -1, of any number.
type permuted struct {
	n, m     int
	of       func() arrangement
	observed []bool
	// Statistics that differ by tolerance and relative times their size are equal.
	tolerance, relative float64
	alternative         Alternative
}

// test returns the p-value, by all arrangements or by random ones.
func (p permuted) test(test string, arrangements float64, o Options) (Result, error) {
	if o.Method == "auto" {
		if o.Method = "monte_carlo"; arrangements <= fewArrangements && arrangements*float64(p.n) <= maxMoves {
			o.Method = "exact"
		}
	}
	if o.Replicates == 0 {
		o.Replicates = permutationReplicates
	}
	switch {
	case o.Method == "exact" && (arrangements > maxArrangements || arrangements*float64(p.n) > maxMoves):
		return Result{}, refuse(test, TooLarge, p.n, 0, "there are too many arrangements, %.3g: take the method monte_carlo", arrangements)
	case o.Method == "monte_carlo" && float64(o.Replicates)*float64(p.n) > maxMoves:
		return Result{}, refuse(test, TooLarge, p.n, 0, "%d replicates of %d observations would take too long", o.Replicates, p.n)
	}
	if p.observed == nil {
		p.observed = make([]bool, p.n)
		for i := p.n - p.m; i < p.n; i++ {
			p.observed[i] = true
		}
	}
	r := Result{Test: test, Method: o.Method, Alternative: o.Alternative, Statistic: p.of().value(p.observed)}
	if err := finite(test, p.n, r.Statistic); err != nil {
		return Result{}, err
	}
	extreme := p.extreme(r.Statistic)
	if o.Method == "exact" {
		hits, all := p.enumerate(extreme)
		r.Details = []Detail{{"arrangements", float64(all)}}
		return r.withExactP(exactP{float64(hits) / float64(all), float64(all-hits) / float64(all)}), nil
	}
	hits := p.draw(extreme, o)
	r.Details = []Detail{{"replicates", float64(o.Replicates)}}
	return r.withExactP(part(float64(hits+1) / float64(o.Replicates+1))), nil
}

// extreme returns what is at least as extreme as a statistic.
func (p permuted) extreme(observed float64) func(float64) bool {
	slack := p.tolerance + p.relative*math.Abs(observed)
	switch p.alternative {
	case Greater:
		return func(v float64) bool { return v >= observed-slack }
	case Less:
		return func(v float64) bool { return v <= observed+slack }
	}
	limit := math.Abs(observed) - slack
	return func(v float64) bool { return math.Abs(v) >= limit }
}

// enumerate counts all arrangements, and those that are extreme.
func (p permuted) enumerate(extreme func(float64) bool) (hits, all int) {
	a, marked := p.of(), make([]bool, p.n)
	var fill func(i, left int)
	fill = func(i, left int) {
		if p.m >= 0 && left > p.n-i {
			return
		}
		if i == p.n {
			all++
			if extreme(a.value(marked)) {
				hits++
			}
			return
		}
		marked[i] = false
		fill(i+1, left)
		if left != 0 {
			marked[i] = true
			fill(i+1, left-1)
		}
	}
	fill(0, p.m)
	return hits, all
}

// draw counts random arrangements that are extreme.
func (p permuted) draw(extreme func(float64) bool, o Options) int {
	var hits atomic.Int64
	spread(o.Replicates, o.Workers, func() func(int) {
		var d draws
		a := p.of()
		return func(replicate int) {
			d.restart(o.Seed, uint64(replicate))
			if extreme(a.random(&d)) {
				hits.Add(1)
			}
		}
	})
	return int(hits.Load())
}
