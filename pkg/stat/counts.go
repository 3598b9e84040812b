package stat

import (
	"errors"
	"fmt"
	"math"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// maxTotal is the largest total of a table: beyond it counts are no longer whole
// numbers in floating point.
const maxTotal = 1 << 53

// checkCounts refuses what is no list of counts: an entry that is negative,
// fractional or not finite, or a total above maxTotal. It returns the total.
func checkCounts(test string, counts []float64) (float64, error) {
	total := 0.0
	for i, v := range counts {
		switch {
		case math.IsNaN(v) || math.IsInf(v, 0):
			return 0, refuse(test, NotFinite, len(counts), 0, "count %d is %v", i, v)
		case v < 0 || v != math.Trunc(v):
			return 0, refuse(test, Invalid, len(counts), 0, "count %d is %v: counts are whole numbers from 0", i, v)
		}
		if total += v; total > maxTotal {
			return 0, refuse(test, TooLarge, len(counts), 0, "the counts sum to more than 2^53")
		}
	}
	return total, nil
}

// checkTable refuses what is no table of counts: ragged or missing rows, and what
// checkCounts refuses. It returns the total, which may be 0.
func checkTable(test string, table [][]float64) (float64, error) {
	if len(table) == 0 || len(table[0]) == 0 {
		return 0, refuse(test, TooFew, 0, 0, "the table is empty")
	}
	total := 0.0
	for i, row := range table {
		if len(row) != len(table[0]) {
			return 0, refuse(test, Invalid, len(table), 0, "row %d of the table has %d columns, row 0 has %d", i, len(row), len(table[0]))
		}
		part, err := checkCounts(test, row)
		if err != nil {
			return 0, refusedIn(err, test, fmt.Sprintf("row %d of the table", i))
		}
		if total += part; total > maxTotal {
			return 0, refuse(test, TooLarge, len(table), 0, "the counts sum to more than 2^53")
		}
	}
	return total, nil
}

// fourfold is a 2 × 2 table, row by row.
type fourfold struct{ a, b, c, d int }

func (f fourfold) n() int { return f.a + f.b + f.c + f.d }

// checkFourfold returns a 2 × 2 table of counts, with a total of 1 to limit.
func checkFourfold(test string, table [][]float64, limit int) (fourfold, error) {
	total, err := checkTable(test, table)
	switch {
	case err != nil:
		return fourfold{}, err
	case len(table) != 2 || len(table[0]) != 2:
		return fourfold{}, refuse(test, Invalid, len(table), 0, "the table has %d rows and %d columns, not 2 and 2", len(table), len(table[0]))
	case total == 0:
		return fourfold{}, refuse(test, TooFew, 0, 1, "every count of the table is 0")
	case total > float64(limit):
		return fourfold{}, refuse(test, TooLarge, 0, 0, "the table holds %.0f observations: the exact test takes at most %d; ask for an asymptotic one", total, limit)
	}
	return fourfold{int(table[0][0]), int(table[0][1]), int(table[1][0]), int(table[1][1])}, nil
}

// checkTrials refuses successes that are not among 1 to limit trials.
func checkTrials(test string, successes, trials, limit int) error {
	switch {
	case trials < 0 || successes < 0:
		return refuse(test, Invalid, trials, 0, "%d successes in %d trials: counts are whole numbers from 0", successes, trials)
	case trials == 0:
		return refuse(test, TooFew, 0, 1, "there are no trials")
	case successes > trials:
		return refuse(test, Invalid, trials, 0, "%d successes in %d trials", successes, trials)
	case trials > limit:
		return refuse(test, TooLarge, trials, 0, "%d trials are more than %d, as many as it takes", trials, limit)
	}
	return nil
}

// scoreLogP returns the logarithm of the p-value of a z statistic.
func scoreLogP(z float64, alternative Alternative) float64 {
	switch alternative {
	case Greater:
		return dist.Normal{}.LogSF(z)
	case Less:
		return dist.Normal{}.LogSF(-z)
	}
	return math.Min(0, math.Ln2+dist.Normal{}.LogSF(math.Abs(z)))
}

// refusedIn returns a refusal under the name of the procedure that was asked for,
// with the part of its data that it is about.
func refusedIn(err error, test, part string) error {
	var r *Refusal
	if !errors.As(err, &r) {
		return err
	}
	again := *r
	again.Method, again.Detail = test, part+": "+r.Detail
	return &again
}

// effectOf returns an effect for a result, nil where it is refused.
func effectOf(e Effect, err error) *Effect {
	if err != nil {
		return nil
	}
	return &e
}

// logAdd returns ln(eˣ + eʸ).
func logAdd(x, y float64) float64 {
	if x < y {
		x, y = y, x
	}
	if math.IsInf(y, -1) {
		return x
	}
	return x + math.Log1p(math.Exp(y-x))
}

// bracketedRoot returns a root of f, continuous with different signs at low and
// high, to the last bits: bisection, with inverse quadratic interpolation where
// Chandrupatla's criterion [1] allows it.
//
// [1] Chandrupatla (1997), Advances in Engineering Software 28 (3): 145-149.
func bracketedRoot(f func(float64) float64, low, high float64) float64 {
	a, b, fa, fb := high, low, f(high), f(low)
	switch {
	case fb == 0:
		return low
	case fa == 0:
		return high
	}
	best := low
	for step, t := 0, 0.5; step < 400; step++ {
		x := a + t*(b-a)
		fx := f(x)
		c, fc := a, fa
		if (fx > 0) != (fa > 0) {
			c, b, fc, fb = b, a, fb, fa
		}
		a, fa = x, fx
		fBest := fa
		if best = a; math.Abs(fb) < math.Abs(fa) {
			best, fBest = b, fb
		}
		limit := (2e-16*math.Abs(best) + 1e-320) / math.Abs(b-a)
		if limit > 0.5 || fBest == 0 {
			break
		}
		xi, phi := (a-b)/(c-b), (fa-fb)/(fc-fb)
		if t = 0.5; phi*phi < xi && (1-phi)*(1-phi) < 1-xi {
			t = fa/(fb-fa)*fc/(fb-fc) + (c-a)/(b-a)*fa/(fc-fa)*fb/(fc-fb)
		}
		t = math.Min(math.Max(t, limit), 1-limit)
	}
	return best
}
