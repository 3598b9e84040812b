package stat

import (
	"math"
	"math/rand/v2"
)

// maxFisher bounds the observations of an exact 2 × 2 test, whose time grows with
// the square root of their number.
const maxFisher = 10_000_000_000

// FisherExact tests whether rows and columns of a table of counts are independent,
// by the distribution of tables with the same margins under independence [1],
// which no unknown proportion enters. Two-sided, p is the probability of all
// tables that are no likelier than the one observed, taken as equal up to a factor
// of 1 + 1e-7. Methods:
//
//   - exact (default): 2 × 2 by the hypergeometric distribution; larger tables by
//     a network over their columns (see below);
//   - monte_carlo: Replicates (9,999 if 0) tables drawn with the margins given,
//     p = (b + 1)/(m + 1).
//
// For a 2 × 2 table
//
//	a  b
//	c  d
//
// the statistic is the odds ratio ad/(bc), and Greater means that it exceeds 1:
// that the first row has the greater share of the first column, as in R and SciPy.
// The interval is about the conditional maximum-likelihood odds ratio ψ, for which
// the expectation of a given the margins is a; its bounds are Cornfield's exact
// ones, with P(X ≥ a; low) = α/2 and P(X ≤ a; high) = α/2 for X of Fisher's
// noncentral hypergeometric distribution [2], two-sided whatever the alternative.
// Where a cell is empty the estimate or a bound may be infinite: then the
// statistic is the largest number, the interval is left out, and the finite bound
// is among the details as odds_ratio_low, with a warning.
//
// The effect is Phi, or CramersV of a larger table.
//
// A larger table has no direction and no interval; its statistic is the logarithm
// of the probability of the table observed. The network [3] has a node for every
// multiset of row totals that the remaining columns may have; paths from the
// first column come with the probability of their cells, paths of equal
// probability are joined, and a path leaves the network as soon as all, or none,
// of its completions are among the tables counted. Where that takes too long or
// too much memory the refusal is TooLarge.
//
// [1] Fisher (1935), JRSS 98 (1): 39-82.
// [2] Cornfield (1956), Proceedings of the Third Berkeley Symposium 4: 135-148.
// [3] Mehta, Patel (1983), JASA 78 (382): 427-434.
func FisherExact(table [][]float64, o Options) (Result, error) {
	const test = "fisher_exact"
	o, err := o.resolve(test, "exact", "monte_carlo")
	if err != nil {
		return Result{}, err
	}
	t, warnings, err := newContingency(test, table)
	if err != nil {
		return Result{}, err
	}
	out := Result{Test: test, Method: o.Method, Alternative: o.Alternative, N: []int{int(t.total)}, Warnings: warnings}
	if len(t.rows) == 2 && len(t.columns) == 2 {
		out.Effect = effectOf(Phi(t.cells, Options{Level: o.Level}))
		f, err := checkFourfold(test, t.cells, maxFisher)
		if err != nil {
			return Result{}, err
		}
		out, law := fisherOdds(out, f, o.Level)
		if o.Method == "exact" {
			return out.withP(law.logP(f.a, o.Alternative)), nil
		}
	} else if err := o.onlyTwoSided(test); err != nil {
		return Result{}, err
	}
	if out.Effect == nil {
		out.Effect = effectOf(CramersV(t.cells, Options{Level: o.Level}))
	}
	if o.Method == "monte_carlo" {
		return t.fisherMonteCarlo(out, o)
	}
	return t.fisherNetwork(out)
}

// fisherMonteCarlo sets statistic and p-value by tables with the same margins.
func (t contingency) fisherMonteCarlo(out Result, o Options) (Result, error) {
	if err := o.onlyTwoSided(out.Test); err != nil {
		return Result{}, err
	}
	draw := newTableSampler(t)
	if draw == nil {
		return Result{}, refuse(out.Test, TooLarge, int(t.total), 0, "the table holds more than %d observations, too many to draw tables like it", maxDrawn)
	}
	probability := func(cells [][]float64) float64 {
		total := 0.0
		for _, row := range cells {
			for _, v := range row {
				total -= draw.factorial[int(v)]
			}
		}
		return total
	}
	observed := probability(t.cells) + likelyTolerance
	if len(t.rows) > 2 || len(t.columns) > 2 {
		out.Statistic = t.logProbability(draw.factorial)
	}
	return out.monteCarloP(o, draw.work, func(rng *rand.Rand) bool { return probability(draw.next(rng)) <= observed })
}

// logProbability returns that of the table given its margins.
func (t contingency) logProbability(factorial []float64) float64 {
	total := -factorial[int(t.total)]
	for _, v := range t.rows {
		total += factorial[int(v)]
	}
	for _, v := range t.columns {
		total += factorial[int(v)]
	}
	for _, row := range t.cells {
		for _, v := range row {
			total -= factorial[int(v)]
		}
	}
	return total
}

// fisherOdds sets what there is to say of the odds ratio of a 2 × 2 table.
func fisherOdds(out Result, f fourfold, level float64) (Result, hypergeometric) {
	law := hypergeometric{marked: f.a + f.c, rest: f.b + f.d, draws: f.a + f.b}
	low, high := law.support()
	interval := Interval{Level: level, Attained: level, N: f.n(), Method: "conditional_exact"}
	logHalf := math.Log((1 - level) / 2)
	if f.a > low {
		interval.Low = math.Exp(law.solve(f.a, true, logHalf))
	}
	out.Statistic = float64(f.a) * float64(f.d) / (float64(f.b) * float64(f.c))
	if f.a == high {
		out.Statistic = math.MaxFloat64
		out.Details = append(out.Details, Detail{"odds_ratio_low", interval.Low})
		out.Warnings = append(out.Warnings, "no table with these margins has more in its first cell: the odds ratio is infinite, its interval is left out, and its lower bound is among the details")
		return out, law
	}
	interval.High = math.Exp(law.solve(f.a, false, logHalf))
	if f.a > low {
		interval.Estimate = math.Exp(law.mode(f.a))
	}
	out.Interval = &interval
	return out, law
}

// hypergeometric is the distribution of the marked ones among draws from marked
// and rest, each marked one drawn with odds e^theta in its noncentral form.
type hypergeometric struct{ marked, rest, draws int }

func (h hypergeometric) support() (low, high int) {
	return max(0, h.draws-h.rest), min(h.draws, h.marked)
}

// logPMF returns the logarithm of the central probability of x, by three binomial
// probabilities, whose errors do not grow with the counts.
func (h hypergeometric) logPMF(x int) float64 {
	total := h.marked + h.rest
	if h.draws == total || h.draws == 0 {
		return 0
	}
	p, q := float64(h.draws)/float64(total), float64(total-h.draws)/float64(total)
	return binomialLogPMFOf(x, h.marked, p, q) + binomialLogPMFOf(h.draws-x, h.rest, p, q) - binomialLogPMFOf(h.draws, total, p, q)
}

// ratio returns the central probability of x + 1 over that of x.
func (h hypergeometric) ratio(x int) float64 {
	return float64(h.marked-x) / float64(x+1) * (float64(h.draws-x) / float64(h.rest-h.draws+x+1))
}

// logTail returns ln P(X ≥ x), or P(X ≤ x) if not up, directly for the tail away
// from the mode.
func (h hypergeometric) logTail(x int, up bool) float64 {
	low, high := h.support()
	switch {
	case up && x <= low, !up && x >= high:
		return 0
	case up && x > high, !up && x < low:
		return math.Inf(-1)
	}
	mean := float64(h.draws) * (float64(h.marked) / float64(h.marked+h.rest))
	switch {
	case up && float64(x) < mean:
		return math.Log1p(-math.Exp(h.logTail(x-1, false)))
	case !up && float64(x) > mean:
		return math.Log1p(-math.Exp(h.logTail(x+1, true)))
	}
	total, term := 1.0, 1.0
	for i := x; term > total*1e-18; {
		if up {
			if i == high {
				break
			}
			term *= h.ratio(i)
			i++
		} else {
			if i == low {
				break
			}
			i--
			term /= h.ratio(i)
		}
		total += term
	}
	return h.logPMF(x) + math.Log(total)
}

// logP returns the logarithm of the p-value of x.
func (h hypergeometric) logP(x int, alternative Alternative) float64 {
	switch alternative {
	case Greater:
		return h.logTail(x, true)
	case Less:
		return h.logTail(x, false)
	}
	low, high := h.support()
	here := h.logPMF(x) + likelyTolerance
	mode := int(float64(h.draws+1) * (float64(h.marked+1) / float64(h.marked+h.rest+2)))
	mode = min(max(mode, low), high)
	switch {
	case h.logPMF(mode) <= here:
		return 0
	case x < mode: // the first above the mode that is no likelier
		from, to := mode, high+1
		for to-from > 1 {
			if middle := from + (to-from)/2; h.logPMF(middle) <= here {
				to = middle
			} else {
				from = middle
			}
		}
		return math.Min(0, logAdd(h.logTail(x, false), h.logTail(to, true)))
	}
	from, to := low-1, mode
	for to-from > 1 {
		if middle := from + (to-from)/2; h.logPMF(middle) <= here {
			from = middle
		} else {
			to = middle
		}
	}
	return math.Min(0, logAdd(h.logTail(x, true), h.logTail(from, false)))
}

// noncentral returns the logarithm of P(X ≥ x), or of P(X ≤ x) if not up, and
// E X − x, in the noncentral distribution of log odds theta, by sums about its
// mode.
func (h hypergeometric) noncentral(x int, theta float64, up bool) (logTail, excess float64) {
	low, high := h.support()
	odds := math.Exp(theta)
	mode := h.noncentralMode(odds, low, high)
	whole, part, first := 0.0, 0.0, 0.0
	add := func(i int, weight float64) {
		whole += weight
		first += weight * float64(i-x)
		if (up && i >= x) || (!up && i <= x) {
			part += weight
		}
	}
	add(mode, 1)
	weight, inTail := 1.0, 0.0
	for i := mode; i < high; {
		weight *= h.ratio(i) * odds
		i++
		add(i, weight)
		if weight < whole*1e-20 {
			if up && i < x {
				inTail = math.Inf(-1)
			}
			break
		}
	}
	weight = 1
	for i := mode; i > low; {
		i--
		weight /= h.ratio(i) * odds
		add(i, weight)
		if weight < whole*1e-20 {
			if !up && i > x {
				inTail = math.Inf(-1)
			}
			break
		}
	}
	if part == 0 {
		inTail = math.Inf(-1)
	}
	return inTail + math.Log(part/whole), first / whole
}

// noncentralMode returns the x after which the noncentral probabilities fall: the
// root of (marked−x)(draws−x)·odds = x(rest−draws+x), rounded down.
func (h hypergeometric) noncentralMode(odds float64, low, high int) int {
	// ratio(i)·odds falls in i: find the first i where it is below 1.
	for high > low {
		if middle := low + (high-low)/2; h.ratio(middle)*odds < 1 {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low
}

// solve returns the log odds at which ln P(X ≥ x), or ln P(X ≤ x) if not up, is
// logP.
func (h hypergeometric) solve(x int, up bool, logP float64) float64 {
	f := func(theta float64) float64 {
		tail, _ := h.noncentral(x, theta, up)
		return tail - logP
	}
	return h.bracket(f, x)
}

// mode returns the log odds at which E X = x: those of the greatest likelihood.
func (h hypergeometric) mode(x int) float64 {
	return h.bracket(func(theta float64) float64 {
		_, excess := h.noncentral(x, theta, true)
		return excess
	}, x)
}

// bracket returns the root of f, monotone in the log odds, near those of x.
func (h hypergeometric) bracket(f func(float64) float64, x int) float64 {
	start := math.Log((float64(x) + 0.5) * (float64(h.rest-h.draws+x) + 0.5) / ((float64(h.marked-x) + 0.5) * (float64(h.draws-x) + 0.5)))
	at := f(start)
	for step := 1.0; step < 1e4; step *= 2 {
		low, high := start-step, start+step
		if v := f(low); (v > 0) != (at > 0) {
			return bracketedRoot(f, low, start)
		}
		if v := f(high); (v > 0) != (at > 0) {
			return bracketedRoot(f, start, high)
		}
	}
	return start
}
