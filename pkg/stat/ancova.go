package stat

import (
	"math"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// Ancova compares the means of groups after a covariate: y[i] was observed in
// group group[i] with the covariate covariate[i]. In the model of parallel lines
//
//	yᵢⱼ = μ + αᵢ + β(xᵢⱼ − x̄) + εᵢⱼ
//
// F tests that all αᵢ agree, with k − 1 and N − k − 1 degrees of freedom: the sum
// of squares that the groups add to the covariate, over that left within groups
// about the common slope [1]. The covariate must have been measured before the
// treatment: one that the treatment changed takes away part of its effect.
//
// Details hold the slope, the sums of squares, each group's mean adjusted to the
// mean covariate, ȳᵢ − b(x̄ᵢ − x̄) (adjusted_mean_0 is the group that appears
// first), and the test of equal slopes (slopes_f, slopes_df1, slopes_df2,
// slopes_p). If slopes differ, the difference between groups depends on the
// covariate and no single F describes it; a large slopes_p does not show that they
// agree. Terms hold the groups and the covariate, each adjusted for the other.
//
// [1] Cochran (1957), Biometrics 13 (3): 261-281.
func Ancova(y []float64, group []string, covariate []float64, o Options) (Result, error) {
	const test = "ancova"
	o, err := o.resolve(test, "least_squares")
	if err == nil {
		err = o.onlyTwoSided(test)
	}
	if err != nil {
		return Result{}, err
	}
	c, err := newCovaried(test, y, group, covariate)
	if err != nil {
		return Result{}, err
	}
	return c.analyse(o)
}

// covaried holds the moments of groups of pairs (x, y).
type covaried struct {
	x, y   *oneWayLayout
	xs, ys [][]float64
	// sxy are the sums of products about the means of each group, residual the sum
	// of squares about the common slope.
	sxy             []float64
	slope, residual float64
}

func newCovaried(test string, y []float64, group []string, covariate []float64) (*covaried, error) {
	if len(y) != len(group) || len(y) != len(covariate) {
		return nil, refuse(test, Unpaired, min(len(y), len(group), len(covariate)), 0,
			"%d values with %d groups and %d covariates: each value needs one of both", len(y), len(group), len(covariate))
	}
	at, names := levelsOf(group)
	xs, ys := make([][]float64, len(names)), make([][]float64, len(names))
	for i, v := range y {
		if w := covariate[i]; v-v != 0 || w-w != 0 {
			return nil, refuse(test, NotFinite, len(y), 0, "observation %d is %v with covariate %v", i, v, w)
		}
		xs[at[i]], ys[at[i]] = append(xs[at[i]], covariate[i]), append(ys[at[i]], v)
	}
	n, k := len(y), len(names)
	if k >= 2 && n < k+2 {
		return nil, refuse(test, TooFew, n, k+2, "no degrees of freedom are left to measure the variation about the lines")
	}
	if k > maxCells {
		return nil, refuse(test, TooLarge, n, 0, "%d groups are more than %d", k, maxCells)
	}
	c := &covaried{xs: xs, ys: ys, sxy: make([]float64, k)}
	var err error
	if c.x, err = newOneWay(test, xs, 1); err != nil {
		return nil, err
	}
	if c.y, err = newOneWay(test, ys, 1); err != nil {
		return nil, err
	}
	if c.x.residual() == 0 {
		return nil, refuse(test, Constant, n, 0, "the covariate does not vary within the groups: its effect cannot be told from theirs")
	}
	var products, left twoSum
	for i := range names {
		c.sxy[i] = c.each(i, func(s *twoSum, x, y float64) { s.add(x * y) })
		products.add(c.sxy[i])
	}
	c.slope = products.value() / c.x.residual()
	for i := range names {
		left.add(c.each(i, func(s *twoSum, x, y float64) { d := y - c.slope*x; s.add(d * d) }))
	}
	c.residual = left.value()
	if c.residual <= 1e-28*c.y.residual() {
		return nil, refuse(test, Constant, n, 0, "the values do not vary about the lines: the F ratio divides by that variation")
	}
	return c, checkSquares(test, n, c.residual)
}

// each adds up what f makes of the deviations of a group's pairs from their means.
func (c *covaried) each(i int, f func(s *twoSum, x, y float64)) float64 {
	var s twoSum
	for j, v := range c.xs[i] {
		f(&s, ((v-c.x.first)-c.x.hi[i])-c.x.lo[i], ((c.ys[i][j]-c.y.first)-c.y.hi[i])-c.y.lo[i])
	}
	return s.value()
}

func (c *covaried) analyse(o Options) (Result, error) {
	const test = "ancova"
	n, k := c.y.total, len(c.y.n)
	groups, covariate, ok := c.sumsOfSquares()
	if !ok {
		return Result{}, refuse(test, Constant, n, 0, "the covariate hardly varies within the groups: its effect cannot be told from theirs")
	}
	d2 := float64(n - k - 1)
	r := Result{Test: test, Method: o.Method, Alternative: o.Alternative, N: c.y.n}
	for _, t := range []struct {
		name   string
		ss, d1 float64
	}{{"groups", groups, float64(k - 1)}, {"covariate", covariate, 1}} {
		term, err := newTerm(test, n, t.name, t.ss, t.d1, c.residual, d2, o.Level)
		if err != nil {
			return Result{}, err
		}
		r.Terms = append(r.Terms, term)
	}
	first := r.Terms[0]
	r.Statistic, r.DF = first.F, first.DF
	r.Effect = fEffect("partial_eta_squared", first.F, first.DF[0], d2, o.Level)
	r.Details = []Detail{detail("slope", c.slope), detail("ss_groups", groups), detail("ss_covariate", covariate), detail("ss_residual", c.residual)}
	for i := range c.y.n {
		adjusted := c.y.mean(i) - c.slope*c.x.offset(i)
		if err := finite(test, n, adjusted); err != nil {
			return Result{}, err
		}
		r.Details = append(r.Details, detail(indexed("adjusted_mean", i), adjusted))
	}
	slopes, missing := c.slopes()
	r.Details = append(r.Details, slopes...)
	if missing != "" {
		r.Warnings = append(r.Warnings, missing)
	}
	return r.withP(first.LogP), nil
}

// sumsOfSquares returns what the groups add to the covariate, and what it adds to
// them. Within groups both variables have one direction of x and what is left of
// y, so that the model is one of k + 1 rows: the groups' means, and that direction.
func (c *covaried) sumsOfSquares() (groups, covariate float64, ok bool) {
	k := len(c.y.n)
	root := math.Sqrt(c.x.residual())
	covariate = c.slope * c.slope * c.x.residual()
	one, x, y := make([]float64, k+1), make([]float64, k+1), make([]float64, k+1)
	for i, n := range c.y.n {
		w := math.Sqrt(float64(n))
		one[i], x[i], y[i] = w, w*c.x.offset(i), w*c.y.offset(i)
	}
	x[k], y[k] = root, c.slope*root
	columns := [][]float64{one, x}
	for u := range k - 1 {
		column := make([]float64, k+1)
		column[u] = math.Sqrt(float64(c.y.n[u]))
		columns = append(columns, column)
	}
	if !sequentialEffects(columns, y) {
		return 0, 0, false
	}
	return squares(y[2:]), covariate, true
}

// slopes tests that the groups have one slope, where that can be tested.
func (c *covaried) slopes() (out []Detail, missing string) {
	k := len(c.y.n)
	d1, d2 := float64(k-1), float64(c.y.total-2*k)
	if d2 < 1 {
		return nil, "too few observations to test whether the groups have one slope"
	}
	var between, left twoSum
	for i, sxx := range c.x.within {
		if sxx == 0 {
			return nil, indexed("the covariate does not vary in group", i) + ": whether the groups have one slope cannot be tested"
		}
		own := c.sxy[i] / sxx
		between.add(sxx * (own - c.slope) * (own - c.slope))
		left.add(c.each(i, func(s *twoSum, x, y float64) { d := y - own*x; s.add(d * d) }))
	}
	rest := left.value()
	if rest <= 1e-14*c.residual {
		return nil, "the values do not vary about the lines of the groups: whether these have one slope cannot be tested"
	}
	f := (between.value() / d1) / (rest / d2)
	return []Detail{detail("slopes_f", f), detail("slopes_df1", d1), detail("slopes_df2", d2),
		detail("slopes_p", largestOf(dist.F{D1: d1, D2: d2}.LogSF(f)))}, ""
}
