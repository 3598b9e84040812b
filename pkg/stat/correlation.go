package stat

import (
	"math"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// Pearson tests whether two variables measured on the same items are related
// along a line, by their product-moment correlation [1]:
//
//	r = Σ(xᵢ − x̄)(yᵢ − ȳ) / √(Σ(xᵢ − x̄)²·Σ(yᵢ − ȳ)²)
//
// The estimate is r; its interval is Fisher's [2], tanh(artanh r ± z/√(n−3)), from
// four pairs on. Where one variable has only two values r is the point-biserial
// correlation, where both have it is φ. The methods:
//
//   - t (default): t = r·√((n−2)/(1−r²)) with n − 2 degrees of freedom, exact for
//     pairs from a bivariate normal distribution. The statistic is t.
//   - permutation: the share of ways to pair the values that give an r as far out,
//     of all n! up to n = 9, else of replicates drawn with seed (10,000 by
//     default), p = (1 + reached)/(1 + replicates). It takes the pairs to be
//     exchangeable only. The statistic is r.
//
// 1 − r² is computed as a sum of squares, so that r close to 1 keeps its digits;
// points on a line to rounding get an upper bound of p, with a warning.
//
// It refuses unequal lengths, fewer than three pairs, a variable that does not
// vary, and values that are not finite.
//
// [1] Pearson (1895), Proceedings of the Royal Society 58: 240-242.
// [2] Fisher (1921), Metron 1: 3-32.
func Pearson(x, y []float64, o Options) (Result, error) {
	const test = "pearson"
	o, err := o.resolve(test, "t", "permutation")
	if err == nil {
		err = o.withoutMu(test)
	}
	if err != nil {
		return Result{}, err
	}
	u, v, err := unitPair(test, x, y, 3)
	if err != nil {
		return Result{}, err
	}
	out := Result{Test: test, Method: o.Method, Alternative: o.Alternative, N: []int{len(x)}}
	r, rest := unitCorrelation(u, v)
	out.Interval = fisherInterval(r, rest, 1, float64(len(x)-3), o.Level, len(x))
	if o.Method == "permutation" {
		out.Statistic = r
		logP, how, err := permutedProduct(test, u, v, o)
		out.Method = how
		return out.withP(logP), err
	}
	return out.withCorrelationT(r, rest, float64(len(x)-2)), nil
}

// PartialCorrelation is the correlation of x and y with what a third variable z
// explains of each along a line taken out [1]: that of the residuals of both
// regressions, with n − 3 degrees of freedom, and Fisher's interval with n − 4 in
// the place of n − 3. It refuses what Pearson refuses, fewer than four pairs, and
// variables that z explains in full.
//
// [1] Fisher (1924), Metron 3: 329-332.
func PartialCorrelation(x, y, z []float64, o Options) (Result, error) {
	const test = "partial_correlation"
	o, err := o.resolve(test, "t")
	if err == nil {
		err = o.withoutMu(test)
	}
	if err == nil && len(z) != len(x) {
		err = refuse(test, Unpaired, min(len(x), len(z)), 0, "%d observations and %d values of the third variable are not pairs", len(x), len(z))
	}
	if err != nil {
		return Result{}, err
	}
	u, v, err := unitPair(test, x, y, 4)
	if err != nil {
		return Result{}, err
	}
	w, _, err := unitPair(test, z, z, 4)
	if err != nil {
		return Result{}, err
	}
	for _, s := range [][]float64{u, v} {
		if err := takeOut(test, s, w); err != nil {
			return Result{}, err
		}
	}
	r, rest := unitCorrelation(u, v)
	out := Result{Test: test, Method: o.Method, Alternative: o.Alternative, N: []int{len(x)},
		Interval: fisherInterval(r, rest, 1, float64(len(x)-4), o.Level, len(x))}
	return out.withCorrelationT(r, rest, float64(len(x)-3)), nil
}

// takeOut replaces the unit vector s by that of its part at right angles to w.
func takeOut(test string, s, w []float64) error {
	along := dot(s, w)
	for i := range s {
		s[i] -= along * w[i]
	}
	length := math.Sqrt(dot(s, s))
	if length < 1e-13 {
		return refuse(test, Constant, len(s), 0, "the third variable explains all of one of the others")
	}
	for i := range s {
		s[i] /= length
	}
	return nil
}

// unitPair returns the deviations of paired variables from their means, scaled to
// unit length.
func unitPair(test string, x, y []float64, need int) (u, v []float64, err error) {
	if len(x) != len(y) {
		return nil, nil, refuse(test, Unpaired, min(len(x), len(y)), 0, "%d and %d observations are not pairs", len(x), len(y))
	}
	if u, err = deviations(test, x, need); err != nil {
		return nil, nil, err
	}
	if v, err = deviations(test, y, need); err != nil {
		return nil, nil, err
	}
	for _, s := range [][]float64{u, v} {
		mean := sumOf(s) / float64(len(s))
		for i := range s {
			s[i] -= mean
		}
		rest := sumOf(s) / float64(len(s))
		for i := range s {
			s[i] -= rest
		}
		length := math.Sqrt(sumSquares(s, 0))
		for i := range s {
			s[i] /= length
		}
	}
	return u, v, nil
}

// unitCorrelation returns r = u·v of unit vectors, and 1 − r². Where r is close to
// ±1 both come from the difference (or sum) of the vectors, d² = 2(1 − |r|).
func unitCorrelation(u, v []float64) (r, rest float64) {
	r = dot(u, v)
	if math.Abs(r) < 0.9 {
		return r, (1 - r) * (1 + r)
	}
	square := 0.0
	for i, a := range u {
		d := a - math.Copysign(v[i], r*v[i])
		square += d * d
	}
	return math.Copysign(1-square/2, r), square * (1 - square/4)
}

// onALine is 1 − r² of points that lie on a line as far as float64 can tell.
const onALine = 1e-31

// withCorrelationT sets statistic, degrees of freedom and p of a correlation.
func (r Result) withCorrelationT(estimate, rest, df float64) Result {
	if rest < onALine {
		rest = onALine
		r.Warnings = append(r.Warnings, "the points lie on a line, to rounding: the p-value is an upper bound")
	}
	r.Statistic, r.DF = estimate*math.Sqrt(df/rest), []float64{df}
	d := dist.T{DF: df}
	return r.withP(direction(r.Alternative, d.LogCDF(r.Statistic), d.LogSF(r.Statistic)))
}

// fisherInterval returns tanh(artanh r ± z·√(spread/df)); where df is not positive,
// the estimate alone. rest is 1 − r².
func fisherInterval(r, rest, spread, df, level float64, n int) *Interval {
	out := &Interval{Estimate: r, N: n}
	if df <= 0 {
		return out
	}
	// artanh |r| = ln((1 + |r|)/√(1 − r²)).
	at := math.Copysign(math.Log((1+math.Abs(r))/math.Sqrt(math.Max(rest, onALine))), r)
	half := zFor(level) * math.Sqrt(spread/df)
	out.Low, out.High, out.Level, out.Method = math.Tanh(at-half), math.Tanh(at+half), level, "fisher_z"
	return out
}

// permutedProduct returns ln p of u·v among the pairings of both.
func permutedProduct(test string, u, v []float64, o Options) (logP float64, how string, err error) {
	const tolerance = 1e-12
	observed := dot(u, v)
	reached, ways := 0, 0
	count := func(w []float64) {
		r := 0.0
		for i, a := range u {
			r += a * w[i]
		}
		ways++
		if o.Alternative == Greater && r >= observed-tolerance ||
			o.Alternative == Less && r <= observed+tolerance ||
			o.Alternative == TwoSided && math.Abs(r) >= math.Abs(observed)-tolerance {
			reached++
		}
	}
	n := len(u)
	w := append([]float64(nil), v...)
	if n <= 9 {
		everyOrder(w, func() { count(w) })
		return math.Log(float64(reached) / float64(ways)), "permutation_exact", nil
	}
	replicates := o.Replicates
	if replicates == 0 {
		replicates = 10_000
	}
	if float64(n)*float64(replicates) > 2e8 {
		return 0, "", refuse(test, TooLarge, n, 0, "%d replicates of %d pairs take too long: at most 2e8 values are drawn", replicates, n)
	}
	for r := range replicates {
		Stream(o.Seed, uint64(r)).Shuffle(n, func(i, j int) { w[i], w[j] = w[j], w[i] })
		count(w)
	}
	return math.Log(float64(reached+1) / float64(replicates+1)), "permutation", nil
}

// everyOrder calls f with w in each of its orders, by Heap's exchanges.
func everyOrder(w []float64, f func()) {
	at := make([]int, len(w))
	f()
	for i := 1; i < len(w); {
		if at[i] >= i {
			at[i] = 0
			i++
			continue
		}
		j := 0
		if i%2 == 1 {
			j = at[i]
		}
		w[i], w[j] = w[j], w[i]
		f()
		at[i]++
		i = 1
	}
}

// pairedRanks checks paired variables and returns their mid-ranks and groups of
// equal values.
func pairedRanks(test string, x, y []float64, need int) (rx, ry []float64, tx, ty []int, err error) {
	if len(x) != len(y) {
		return nil, nil, nil, nil, refuse(test, Unpaired, min(len(x), len(y)), 0, "%d and %d observations are not pairs", len(x), len(y))
	}
	for _, s := range [][]float64{x, y} {
		if err := checkFinite(test, s); err != nil {
			return nil, nil, nil, nil, err
		}
	}
	if len(x) < need {
		return nil, nil, nil, nil, refuse(test, TooFew, len(x), need, "too few pairs")
	}
	rx, tx = midranks(x)
	ry, ty = midranks(y)
	if len(tx) == 1 || len(ty) == 1 {
		return nil, nil, nil, nil, refuse(test, Constant, len(x), 0, "all %d values of a variable are equal: it has no order to compare", len(x))
	}
	return rx, ry, tx, ty, nil
}
