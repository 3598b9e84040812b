package stat

import (
	"math"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// ratedItem holds how many raters put an item into each category, and how many
// items were rated so.
type ratedItem struct {
	counts []float64
	raters float64
	times  float64
}

// ratedItems reads items by categories: row i, column k is how many raters put
// item i into category k. It drops items without ratings.
func ratedItems(test string, counts [][]float64) ([]ratedItem, error) {
	items := make([]ratedItem, 0, len(counts))
	for i, row := range counts {
		if len(row) != len(counts[0]) || len(row) < 2 {
			return nil, refuse(test, Invalid, len(row), 0, "row %d has %d columns: want a row for each item and the same two or more categories in each", i, len(row))
		}
		it := ratedItem{counts: row, times: 1}
		for k, v := range row {
			if err := checkCount(test, v, i, k); err != nil {
				return nil, err
			}
			it.raters += v
		}
		if it.raters > 1e9 {
			return nil, refuse(test, TooLarge, 0, 0, "item %d has %g ratings", i, it.raters)
		}
		if it.raters > 0 {
			items = append(items, it)
		}
	}
	return items, nil
}

// tableItems turns the table of two raters into items.
func tableItems(test string, table [][]float64) ([]ratedItem, error) {
	if _, err := checkSquare(test, table); err != nil {
		return nil, err
	}
	var items []ratedItem
	for i, row := range table {
		for j, v := range row {
			if v > 0 {
				counts := make([]float64, len(table))
				counts[i]++
				counts[j]++
				items = append(items, ratedItem{counts: counts, raters: 2, times: v})
			}
		}
	}
	return items, nil
}

// agreed is what several coefficients share, after Gwet.
type agreed struct {
	n, pairs float64     // items, and those with two ratings
	share    []float64   // of each category, the mean over items
	of       []float64   // agreement within each item, where it has two ratings
	observed float64     // their mean
	w        [][]float64 // weights
	items    []ratedItem
}

// newAgreed computes observed agreement.
func newAgreed(test string, items []ratedItem, w [][]float64) (agreed, error) {
	if float64(len(items))*float64(len(w))*float64(len(w)) > 1e9 {
		return agreed{}, refuse(test, TooLarge, len(items), 0, "%d items and %d categories take too long", len(items), len(w))
	}
	a := agreed{items: items, w: w, of: make([]float64, len(items)), share: make([]float64, len(w))}
	for i, it := range items {
		a.n += it.times
		for k, v := range it.counts {
			a.share[k] += it.times * v / it.raters
		}
		if it.raters < 2 {
			continue
		}
		a.pairs += it.times
		total := 0.0
		for k, v := range it.counts {
			if v == 0 {
				continue
			}
			weighted := 0.0
			for l, u := range it.counts {
				weighted += w[k][l] * u
			}
			total += v * (weighted - 1)
		}
		a.of[i] = total / (it.raters * (it.raters - 1))
		a.observed += it.times * a.of[i]
	}
	if a.pairs < 2 {
		return a, refuse(test, TooFew, int(a.pairs), 2, "too few items with two ratings")
	}
	a.observed /= a.pairs
	for k := range a.share {
		a.share[k] /= a.n
	}
	return a, nil
}

// coefficient returns the agreement beyond the expected, its standard error from
// the variation between items [1], and the expected agreement, of which at
// returns the part of one item, linear in its shares of the categories.
//
// [1] Gwet (2008), British Journal of Mathematical and Statistical Psychology 61
// (1): 29-48; (2014), Handbook of Inter-Rater Reliability, 4th edition, chapter 5.
func (a *agreed) coefficient(test string, at func(share func(k int) float64) float64) (estimate, se, expected float64, err error) {
	expected = at(func(k int) float64 { return a.share[k] })
	if expected >= 1-1e-12 {
		return 0, 0, 0, refuse(test, Constant, int(a.n), 0, "only one category was used: chance alone explains the agreement")
	}
	estimate = (a.observed - expected) / (1 - expected)
	total := 0.0
	for i, it := range a.items {
		own := at(func(k int) float64 { return it.counts[k] / it.raters })
		d := -2 * (1 - estimate) * (own - expected) / (1 - expected)
		if it.raters >= 2 {
			d += a.n / a.pairs * (a.of[i] - expected) / (1 - expected)
		}
		d -= estimate
		total += it.times * d * d
	}
	return estimate, math.Sqrt(total / (a.n * (a.n - 1))), expected, nil
}

// interval returns estimate ± t·se with n − 1 degrees of freedom, cut at −1 and 1.
func (a *agreed) interval(estimate, se, level float64) *Interval {
	half := dist.T{DF: a.n - 1}.InvSF((1-level)/2) * se
	return &Interval{Estimate: estimate, Low: math.Max(-1, estimate-half), High: math.Min(1, estimate+half),
		Level: level, N: int(a.n), Method: "gwet"}
}

// noWidth warns of an interval without width.
const noWidth = "the items leave no error to estimate: the interval has no width"

// FleissKappa measures how far several raters agree beyond chance, where each item
// was rated by the same number of raters, though not the same persons [1]: counts
// has a row for each item, a column for each category. With the share of agreeing
// pairs of raters p_o, the mean over items, and the shares pₖ of the categories,
//
//	κ = (p_o − Σpₖ²)/(1 − Σpₖ²)
//
// The statistic is z = κ/se₀ with the error under chance of [2], of which p is the
// normal tail; the interval has the error from the variation between items and
// Student's t (see GwetAC1), which holds for any κ.
//
// It refuses unequal numbers of raters (take GwetAC1 or KrippendorffAlpha), fewer
// than two items or raters, counts that are negative or not whole, and ratings of
// one category only.
//
// [1] Fleiss (1971), Psychological Bulletin 76 (5): 378-382.
// [2] Fleiss, Nee, Landis (1979), Psychological Bulletin 86 (5): 974-977.
func FleissKappa(counts [][]float64, o Options) (Result, error) {
	const test = "fleiss_kappa"
	o, err := o.resolve(test, "asymptotic")
	if err == nil {
		err = o.withoutMu(test)
	}
	if err != nil {
		return Result{}, err
	}
	items, err := ratedItems(test, counts)
	if err != nil {
		return Result{}, err
	}
	if len(items) < 2 {
		return Result{}, refuse(test, TooFew, len(items), 2, "too few rated items")
	}
	raters := items[0].raters
	for i, it := range items {
		if it.raters != raters || len(items) < len(counts) {
			return Result{}, refuse(test, Invalid, len(items), 0, "items have unequal numbers of ratings (%g and %g, row %d or one without any): gwet_ac1 and krippendorff_alpha allow that", raters, it.raters, i)
		}
	}
	w, err := agreementWeights(test, "none", len(items[0].counts))
	if err != nil {
		return Result{}, err
	}
	a, err := newAgreed(test, items, w)
	if err != nil {
		return Result{}, err
	}
	kappa, se, expected, err := a.coefficient(test, func(share func(int) float64) float64 {
		total := 0.0
		for k, p := range a.share {
			total += p * share(k)
		}
		return total
	})
	if err != nil {
		return Result{}, err
	}
	spread, skew := 0.0, 0.0
	for _, p := range a.share {
		spread += p * (1 - p)
		skew += p * (1 - p) * (1 - 2*p)
	}
	se0 := math.Sqrt(2*(spread*spread-skew)/(a.n*raters*(raters-1))) / spread
	out := Result{Test: test, Method: o.Method, Alternative: o.Alternative, N: []int{int(a.n), int(raters)},
		Interval: a.interval(kappa, se, o.Level),
		Details:  []Detail{{"observed_agreement", a.observed}, {"expected_agreement", expected}, {"se", se}, {"se0", se0}}}
	if se < 1e-12 {
		out.Warnings = append(out.Warnings, noWidth)
	}
	out.Statistic = kappa / se0
	return out.withP(direction(o.Alternative, dist.Normal{}.LogCDF(out.Statistic), dist.Normal{}.LogSF(out.Statistic))), nil
}

// Ratings are those of several raters: either Table, that of two raters with a row
// and a column for each category, or Counts, with a row for each item and a column
// for each category.
type Ratings struct {
	Table, Counts [][]float64
}

func (r Ratings) items(test string) ([]ratedItem, error) {
	if r.Table != nil {
		return tableItems(test, r.Table)
	}
	items, err := ratedItems(test, r.Counts)
	if err == nil && len(items) == 0 {
		err = refuse(test, TooFew, 0, 2, "there are no rated items")
	}
	return items, err
}

// GwetAC1 measures how far raters agree beyond chance by Gwet's AC1, which does not
// fall where one category prevails as kappa does [1]. Chance agreement comes from
// raters who guess at some items only: with the shares πₖ of q categories
//
//	AC1 = (p_o − p_e)/(1 − p_e),  p_e = Σ πₖ(1 − πₖ)/(q − 1)
//
// With weights linear or quadratic it is AC2, in which near categories agree in
// part: p_e is multiplied by Σw/q. Items may have different numbers of ratings,
// those with one count for the shares only. The interval takes the items as a
// sample: ± t·se with the error from their variation and n − 1 degrees of freedom;
// the statistic is t = AC1/se.
//
// It refuses fewer than two items with two ratings, tables that are not square,
// counts that are negative or not whole.
//
// [1] Gwet (2008), British Journal of Mathematical and Statistical Psychology 61
// (1): 29-48; (2014), Handbook of Inter-Rater Reliability, 4th edition.
func GwetAC1(r Ratings, weights string, o Options) (Result, error) {
	const test = "gwet_ac1"
	o, err := o.resolve(test, "asymptotic")
	if err == nil {
		err = o.withoutMu(test)
	}
	if err != nil {
		return Result{}, err
	}
	items, err := r.items(test)
	if err != nil {
		return Result{}, err
	}
	q := float64(len(items[0].counts))
	w, err := agreementWeights(test, weights, int(q))
	if err != nil {
		return Result{}, err
	}
	a, err := newAgreed(test, items, w)
	if err != nil {
		return Result{}, err
	}
	total := 0.0
	for _, row := range w {
		total += sum(row, func(v float64) float64 { return v })
	}
	estimate, se, expected, err := a.coefficient(test, func(share func(int) float64) float64 {
		chance := 0.0
		for k, p := range a.share {
			chance += share(k) * (1 - p)
		}
		return total / (q * (q - 1)) * chance
	})
	if err != nil {
		return Result{}, err
	}
	out := Result{Test: test, Method: o.Method, Alternative: o.Alternative, N: []int{int(a.n)},
		Interval: a.interval(estimate, se, o.Level),
		Details:  []Detail{{"observed_agreement", a.observed}, {"expected_agreement", expected}, {"se", se}}}
	if se < 1e-12 {
		out.Interval.Low, out.Interval.High, out.Interval.Level = 0, 0, 0
		out.Warnings = append(out.Warnings, "all items agree alike: there is no error to estimate, so no interval and no test")
		return out, nil
	}
	out.Statistic, out.DF = estimate/se, []float64{a.n - 1}
	d := dist.T{DF: a.n - 1}
	return out.withP(direction(o.Alternative, d.LogCDF(out.Statistic), d.LogSF(out.Statistic))), nil
}

// PercentAgreement is the share of items on which raters agree, chance included:
// for two raters that of the diagonal of their table, with Wilson's interval; for
// several the mean share of agreeing pairs of raters of an item, with Student's
// interval over items. It tests nothing. It refuses what GwetAC1 refuses.
func PercentAgreement(r Ratings, o Options) (Result, error) {
	const test = "percent_agreement"
	o, err := o.resolvePlain(test, "estimate")
	if err != nil {
		return Result{}, err
	}
	items, err := r.items(test)
	if err != nil {
		return Result{}, err
	}
	w, err := agreementWeights(test, "none", len(items[0].counts))
	if err != nil {
		return Result{}, err
	}
	a, err := newAgreed(test, items, w)
	if err != nil {
		return Result{}, err
	}
	out := Result{Test: test, Method: o.Method, N: []int{int(a.pairs)}}
	if r.Table != nil {
		i := Wilson(int(math.Round(a.observed*a.pairs)), int(a.pairs), o.Level)
		out.Interval = &i
		return out, nil
	}
	total := 0.0
	for i, it := range items {
		if it.raters >= 2 {
			d := a.of[i] - a.observed
			total += it.times * d * d
		}
	}
	half := dist.T{DF: a.pairs - 1}.InvSF((1-o.Level)/2) * math.Sqrt(total/(a.pairs*(a.pairs-1)))
	out.Interval = &Interval{Estimate: a.observed, Low: math.Max(0, a.observed-half), High: math.Min(1, a.observed+half),
		Level: o.Level, N: int(a.pairs), Method: "student"}
	if total == 0 {
		out.Warnings = append(out.Warnings, noWidth)
	}
	return out, nil
}
