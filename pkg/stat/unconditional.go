package stat

import (
	"math"
	"math/bits"
)

// maxUnconditional bounds the tables that an unconditional exact test lists, and
// maxTotals the totals of successes over which it sums.
const maxUnconditional, maxTotals = 5_000_000, 20_000

// Barnard tests whether two independent samples, the rows [successes, failures] of
// a fourfold table, have the same probability of success π, exactly and without
// conditioning on the total of successes [1]. p is the greatest probability, over
// all π, of tables as extreme as the one observed by a statistic of the
// difference:
//
//   - pooled (default): the score statistic (p̂₁ − p̂₂)/√(p̄(1−p̄)(1/m + 1/n)), also
//     known by the name of Suissa and Shuster [2];
//   - unpooled: Wald's, (p̂₁ − p̂₂)/√(p̂₁(1−p̂₁)/m + p̂₂(1−p̂₂)/n).
//
// Two-sided, extreme are large absolute values. Greater means that the odds ratio
// ad/(bc) exceeds 1, that the first row has more successes, as in FisherExact. The
// samples are the rows; SciPy takes columns. Statistics are compared as fractions
// of whole numbers, so that equal ones are equal.
//
// The probability is a polynomial in π, the mean of the probability of extreme
// tables given that s successes are observed over binomial s. It is evaluated on a
// grid in arcsin √π, several points to the width over which a binomial mean can
// vary, and the best points are refined; the same data give the same bits. The π
// found is among the details. The statistic is signed by the odds ratio, and the
// effect is OddsRatio.
//
// It holds its level for any sample sizes, and has more power than FisherExact for
// small ones. It refuses with TooLarge beyond five million tables or
// 20,000 observations.
//
// [1] Barnard (1947), Biometrika 34 (1/2): 123-138.
// [2] Suissa, Shuster (1985), JRSS A 148 (4): 317-327.
func Barnard(table [][]float64, o Options) (Result, error) {
	const test = "barnard"
	o, err := o.resolve(test, "pooled", "unpooled")
	if err != nil {
		return Result{}, err
	}
	u, err := newUnconditional(test, table)
	if err != nil {
		return Result{}, err
	}
	observed := u.score(u.a, u.c, o.Method)
	extreme := func(x, y int) bool {
		s := u.score(x, y, o.Method)
		switch o.Alternative {
		case Greater:
			return s.compare(observed) >= 0
		case Less:
			return s.compare(observed) <= 0
		}
		s.negative = false
		against := observed
		against.negative = false
		return s.compare(against) >= 0
	}
	u.weigh(extreme)
	logP, at := u.supremum()
	out := u.result(test, table, o, at)
	if observed.below > 0 {
		out.Statistic = math.Sqrt(float64(observed.square) / float64(observed.below))
		scale := float64(u.m) * float64(u.n)
		if o.Method == "unpooled" {
			out.Statistic *= math.Sqrt(scale)
		} else {
			out.Statistic *= math.Sqrt(float64(u.m+u.n) / scale)
		}
	} else if observed.square > 0 {
		out.Statistic = math.MaxFloat64
		out.Warnings = append(out.Warnings, "neither sample varies: the statistic is infinite")
	}
	if observed.negative {
		out.Statistic = -out.Statistic
	}
	return out.withP(logP), nil
}

// Boschloo is Barnard's test with the p-value of FisherExact for a statistic [1]:
// p is the greatest probability, over all π, of tables for which that is at most
// what it is for the table observed. It never exceeds Fisher's p-value, and is
// uniformly more powerful. Methods for the two-sided test:
//
//   - doubled (default): twice the smaller of the two one-sided p-values, at most
//     1, as in SciPy;
//   - two_sided: with the two-sided p-value of FisherExact for a statistic.
//
// p-values of Fisher's test that agree to 1e-7 of themselves count as equal. The
// statistic is Fisher's p-value, in the direction of the smaller for doubled.
// Greater is as in Barnard.
//
// [1] Boschloo (1970), Statistica Neerlandica 24 (1): 1-35.
func Boschloo(table [][]float64, o Options) (Result, error) {
	const test = "boschloo"
	o, err := o.resolve(test, "doubled", "two_sided")
	if err != nil {
		return Result{}, err
	}
	u, err := newUnconditional(test, table)
	if err != nil {
		return Result{}, err
	}
	if o.Alternative != TwoSided || o.Method == "two_sided" {
		logP, at, fisher := u.boschloo(o.Alternative)
		out := u.result(test, table, o, at)
		out.Statistic = fisher
		return out.withP(logP), nil
	}
	logP, at, fisher := u.boschloo(Less)
	if other, where, p := u.boschloo(Greater); other < logP {
		logP, at, fisher = other, where, p
	}
	out := u.result(test, table, o, at)
	out.Statistic = fisher
	return out.withP(math.Min(0, math.Ln2+logP)), nil
}

// unconditional is the problem of two samples of m and n trials.
type unconditional struct {
	fourfold
	m, n int
	// logShare holds, for each total s of successes, the logarithm of the
	// probability of extreme tables given s.
	logShare []float64
}

func newUnconditional(test string, table [][]float64) (*unconditional, error) {
	f, err := checkFourfold(test, table, maxTotals)
	if err != nil {
		return nil, err
	}
	u := &unconditional{fourfold: f, m: f.a + f.b, n: f.c + f.d, logShare: make([]float64, f.n()+1)}
	switch {
	case u.m == 0 || u.n == 0:
		return nil, refuse(test, TooFew, f.n(), 1, "a row of the table holds no observations: there is nothing to compare")
	case f.a+f.c == 0 || f.b+f.d == 0:
		return nil, refuse(test, Constant, f.n(), 0, "all observations are in one column: there is nothing to compare; two_proportions has an interval")
	case (u.m+1)*(u.n+1) > maxUnconditional:
		return nil, refuse(test, TooLarge, f.n(), 0, "samples of %d and %d allow more than %d tables: take two_proportions", u.m, u.n, maxUnconditional)
	}
	return u, nil
}

// result starts a result.
func (u *unconditional) result(test string, table [][]float64, o Options, at float64) Result {
	return Result{Test: test, Method: o.Method, Alternative: o.Alternative, N: []int{u.m, u.n},
		Effect: effectOf(OddsRatio(table, Options{Level: o.Level})), Details: []Detail{{"nuisance", at}}}
}

// squareScore is the square of a statistic as a fraction, with its sign.
type squareScore struct {
	square, below uint64
	negative      bool
}

// score returns that of x and y successes. The difference xn − ym is squared; the
// scale that is common to all tables is left out.
func (u *unconditional) score(x, y int, method string) squareScore {
	d := x*u.n - y*u.m
	s := squareScore{square: uint64(d) * uint64(d), negative: d < 0}
	if d < 0 {
		s.square = uint64(-d) * uint64(-d)
	}
	if method == "pooled" {
		s.below = uint64(x+y) * uint64(u.m+u.n-x-y)
	} else {
		// m³n³ times the variance: below 2⁶³ for five million tables.
		s.below = uint64(x)*uint64(u.m-x)*uint64(u.n)*uint64(u.n)*uint64(u.n) +
			uint64(y)*uint64(u.n-y)*uint64(u.m)*uint64(u.m)*uint64(u.m)
	}
	if d == 0 {
		s.below = 1
	}
	return s
}

// compare returns the sign of s − t; a positive number over 0 is infinite.
func (s squareScore) compare(t squareScore) int {
	if s.negative != t.negative {
		if s.negative {
			return -1
		}
		return 1
	}
	h1, l1 := bits.Mul64(s.square, t.below)
	h2, l2 := bits.Mul64(t.square, s.below)
	out := 0
	switch {
	case h1 > h2 || (h1 == h2 && l1 > l2):
		out = 1
	case h1 < h2 || l1 < l2:
		out = -1
	}
	if s.negative {
		return -out
	}
	return out
}
