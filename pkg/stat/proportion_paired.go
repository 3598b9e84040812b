package stat

import "math"

// PairedDifferenceInterval returns an interval for the difference of two
// proportions on the same items, the second minus the first, (c − b)/n, from the
// table of McNemarTest. Methods:
//
//   - newcombe_paired (default): that of RiskDifferencePaired, turned about;
//   - tango: the differences δ that the score test does not reject [1],
//     (c − b − nδ)² ≤ z²·n(2p̃ + δ(1 − δ)), where p̃ is the probability of a pair "yes,
//     no" that is likeliest under δ, a root of a quadratic.
//
// Both have width also where no pair differs.
//
// [1] Tango (1998), Statistics in Medicine 17 (8): 891-908.
func PairedDifferenceInterval(table [][]float64, o Options) (Result, error) {
	o, err := o.resolve("paired_difference", "newcombe_paired", "tango")
	if err != nil {
		return Result{}, err
	}
	f, err := checkFourfold(o.Method, table, maxTrials)
	if err != nil {
		return Result{}, err
	}
	var interval Interval
	if o.Method == "tango" {
		interval = pairedScore(f).interval(zFor(o.Level))
		interval.Level, interval.Method, interval.N = o.Level, o.Method, f.n()
	} else {
		interval = RiskDifferencePaired(f.a, f.c, f.b, f.d, o.Level)
	}
	out := Result{Test: o.Method, Method: o.Method, Interval: &interval, N: []int{f.n()}}
	if f.b+f.c == 0 {
		out.Warnings = []string{"no pair differs"}
	}
	interval.Warnings = out.Warnings
	return out, nil
}

// pairedCounts holds what Tango's score test depends on: discordant pairs "yes,
// no" and "no, yes", and all pairs.
type pairedCounts struct{ b, c, n float64 }

func pairedScore(f fourfold) pairedCounts {
	return pairedCounts{float64(f.b), float64(f.c), float64(f.n())}
}

// z returns the score statistic of second minus first = delta.
func (p pairedCounts) z(delta float64) float64 {
	gap := p.c - p.b - p.n*delta
	if gap == 0 {
		return 0
	}
	if delta < 0 { // exchange the conditions
		return -pairedCounts{p.c, p.b, p.n}.z(-delta)
	}
	// The derivative of the likelihood b·ln x + c·ln(x+δ) + (n−b−c)·ln(1−2x−δ) is 0
	// where 2n·x² + (2nδ − (b+c) − (c−b)δ)·x − bδ(1−δ) = 0.
	a, product := 2*p.n, p.b*delta*(1-delta)
	half := 2*p.n*delta - (p.b + p.c) - (p.c-p.b)*delta
	root := math.Sqrt(half*half + 4*a*product)
	q := (root - half) / (2 * a)
	if half > 0 { // the same root without cancellation
		q = 2 * product / (root + half)
	}
	variance := p.n * (2*q + delta*(1-delta))
	if variance <= 0 {
		return math.Copysign(math.Inf(1), gap)
	}
	return gap / math.Sqrt(variance)
}

// interval returns the differences whose score statistic is within z.
func (p pairedCounts) interval(z float64) Interval {
	out := Interval{Estimate: (p.c - p.b) / p.n, Low: -1, High: 1}
	if out.Estimate > -1 {
		out.Low = bracketedRoot(func(d float64) float64 { return p.z(d) - z }, -1, out.Estimate)
	}
	if out.Estimate < 1 {
		out.High = bracketedRoot(func(d float64) float64 { return p.z(d) + z }, out.Estimate, 1)
	}
	return out
}
