package stat

import (
	"fmt"
	"math"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// maxMantelWork bounds the steps of the exact test of MantelHaenszel.
const maxMantelWork = 40_000_000

// MantelHaenszel tests whether rows and columns of 2 × 2 tables are independent
// within each of several strata, such as kinds of tasks, on the assumption that
// their odds ratio is the same in all. Each stratum is a, b, c, d of
//
//	a  b
//	c  d
//
// With the sums over strata of a, of its expectation given the margins, and of its
// hypergeometric variance V, methods are:
//
//   - asymptotic (default): (Σa − ΣE)²/ΣV is chi-squared with one degree of
//     freedom [1];
//   - corrected: with max(0, |Σa − ΣE| − ½) in place of |Σa − ΣE|;
//   - exact: by the distribution of Σa given all margins, the convolution of
//     hypergeometric ones; two-sided by minimum likelihood as in FisherExact.
//
// Greater means that the common odds ratio exceeds 1, as in FisherExact. The
// interval is about Mantel and Haenszel's estimate Σ(ad/n)/Σ(bc/n), with the
// variance of its logarithm after Robins, Breslow and Greenland [2]; it is left
// out where a sum is 0. Strata with an empty margin bear on nothing and are left
// out, with a warning.
//
// [1] Mantel, Haenszel (1959), JNCI 22 (4): 719-748.
// [2] Robins, Breslow, Greenland (1986), Biometrics 42 (2): 311-323.
func MantelHaenszel(strata [][]float64, o Options) (Result, error) {
	const test = "mantel_haenszel"
	o, err := o.resolve(test, "asymptotic", "corrected", "exact")
	if err != nil {
		return Result{}, err
	}
	m, total, err := newMantel(test, strata)
	if err != nil {
		return Result{}, err
	}
	out := Result{Test: test, Method: o.Method, Alternative: o.Alternative, N: []int{total}, Interval: m.odds(total, o.Level)}
	if left := len(strata) - len(m.strata); left > 0 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("%d strata with an empty row or column are left out", left))
	}
	if out.Interval == nil {
		out.Warnings = append(out.Warnings, "every stratum has an empty cell of the same diagonal: the odds ratio is 0 or infinite and left out")
	}
	gap := m.gap
	if o.Method == "corrected" {
		gap = math.Copysign(math.Max(0, math.Abs(gap)-0.5), gap)
	}
	out.Statistic = gap * gap / m.variance
	if o.Method == "exact" {
		logP, ok := m.exact(o.Alternative)
		if !ok {
			return Result{}, refuse(test, TooLarge, total, 0, "the exact distribution over %d strata is too large: take method asymptotic", len(m.strata))
		}
		return out.withP(logP), nil
	}
	out.DF = []float64{1}
	if o.Alternative == TwoSided {
		return out.withP(dist.ChiSquared{DF: 1}.LogSF(out.Statistic)), nil
	}
	return out.withP(scoreLogP(gap/math.Sqrt(m.variance), o.Alternative)), nil
}

// mantel holds the strata that count, and Σa − ΣE and ΣV over them.
type mantel struct {
	strata        []fourfold
	gap, variance float64
}

func newMantel(test string, strata [][]float64) (mantel, int, error) {
	var m mantel
	total := 0
	if len(strata) == 0 {
		return m, 0, refuse(test, TooFew, 0, 1, "there are no strata")
	}
	for i, s := range strata {
		if len(s) != 4 {
			return m, 0, refuse(test, Invalid, len(strata), 0, "stratum %d has %d counts, not a, b, c, d", i, len(s))
		}
		sum, err := checkCounts(test, s)
		if err != nil {
			return m, 0, refusedIn(err, test, fmt.Sprintf("stratum %d", i))
		}
		if total += int(sum); total > maxFisher {
			return m, 0, refuse(test, TooLarge, total, 0, "the strata hold more than %d observations", maxFisher)
		}
		f := fourfold{int(s[0]), int(s[1]), int(s[2]), int(s[3])}
		row, column, n := float64(f.a+f.b), float64(f.a+f.c), sum
		if row == 0 || column == 0 || row == n || column == n {
			continue
		}
		m.strata = append(m.strata, f)
		m.gap += (float64(f.a)*float64(f.d) - float64(f.b)*float64(f.c)) / n
		m.variance += row / n * ((n - row) / n) * column * ((n - column) / (n - 1))
	}
	if len(m.strata) == 0 {
		return m, 0, refuse(test, Constant, total, 0, "every stratum has an empty row or column: there is nothing to compare")
	}
	return m, total, nil
}

// odds returns the estimate of the common odds ratio with its interval, or nil.
func (m mantel) odds(total int, level float64) *Interval {
	var r, s, pr, ps, qs float64
	for _, f := range m.strata {
		n := float64(f.n())
		p, q := float64(f.a+f.d)/n, float64(f.b+f.c)/n
		ri, si := float64(f.a)*float64(f.d)/n, float64(f.b)*float64(f.c)/n
		r, s = r+ri, s+si
		pr, ps, qs = pr+p*ri, ps+p*si+q*ri, qs+q*si
	}
	if r == 0 || s == 0 {
		return nil
	}
	half := zFor(level) * math.Sqrt(pr/(2*r*r)+ps/(2*r*s)+qs/(2*s*s))
	estimate := r / s
	return &Interval{Estimate: estimate, Low: estimate * math.Exp(-half), High: estimate * math.Exp(half), Level: level, N: total,
		Method: "robins_breslow_greenland"}
}

// exact returns the logarithm of the p-value by the distribution of Σa; it is not
// ok where that takes too many steps.
func (m mantel) exact(alternative Alternative) (logP float64, ok bool) {
	work, size := 0, 1
	for _, f := range m.strata {
		low, high := hypergeometric{marked: f.a + f.c, rest: f.b + f.d, draws: f.a + f.b}.support()
		if high-low > maxMantelWork/size {
			return 0, false
		}
		work += size * (high - low + 1)
		if size += high - low; work > maxMantelWork {
			return 0, false
		}
	}
	// law holds the logarithms of the probabilities of Σ(a − low).
	law, at := []float64{0}, 0
	for _, f := range m.strata {
		u := unconditional{m: f.a + f.c, n: f.b + f.d}
		low, logPMF := u.conditional(f.a+f.b, make([]float64, min(u.m, f.a+f.b)+1))
		at += f.a - low
		law = convolveLog(law, logPMF)
	}
	here := law[at]
	part := math.Inf(-1)
	for i, v := range law {
		if (alternative == Greater && i >= at) || (alternative == Less && i <= at) || (alternative == TwoSided && v <= here+likelyTolerance) {
			part = logAdd(part, v)
		}
	}
	return math.Min(0, part), true
}

// convolveLog returns the logarithms of the convolution of two sequences given by
// theirs.
func convolveLog(x, y []float64) []float64 {
	if len(x) == 1 {
		return append([]float64(nil), y...)
	}
	out := make([]float64, len(x)+len(y)-1)
	for k := range out {
		from, to := max(0, k-len(y)+1), min(k, len(x)-1)
		largest := math.Inf(-1)
		for i := from; i <= to; i++ {
			largest = math.Max(largest, x[i]+y[k-i])
		}
		total := 0.0
		for i := from; i <= to; i++ {
			total += math.Exp(x[i] + y[k-i] - largest)
		}
		out[k] = largest + math.Log(total)
	}
	return out
}
