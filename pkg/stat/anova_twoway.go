package stat

import (
	"math"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// TwoWay says which analysis of two factors is wanted. Its zero value has
// interaction and sums of squares of type II.
type TwoWay struct {
	// Type is that of the sums of squares: 1, 2 or 3; 0 counts as 2.
	Type int
	// Additive leaves the interaction out of the model.
	Additive bool
}

// maxCells bounds the cells of a two-way layout, whose cost grows with their cube.
const maxCells = 400

// AnovaTwoWay is the analysis of variance of two crossed factors: y[i] was
// observed at level a[i] of the first and b[i] of the second. Its terms are a, b
// and their interaction a:b; each has
//
//	F = (SS/df) / (residual SS/residual df)
//
// which is F distributed if the values are independent and normal about their
// cell's mean with one variance.
//
// When all cells hold equally many values, the three types of sums of squares
// agree. Else they ask different questions [1, 2]:
//
//   - Type I adds terms in the order a, b, a:b; it depends on that order.
//   - Type II asks of each factor what it adds to the other, and of the interaction
//     what it adds to both. It is the most powerful where there is no interaction,
//     and the default.
//   - Type III asks of each term what it adds to all others, with effects that sum
//     to zero: it compares means of cells that count equally, however many values
//     they hold.
//
// Cells without values are refused: what the types mean then depends on which
// cells are missing. The size of each effect is partial η² = SS/(SS + residual SS).
// Statistic, DF and P are those of the whole model against a single mean, in which
// no choice of a type enters; the hypotheses are in Terms.
//
// The sum of squares within cells is taken about the cells' means. What remains is
// a problem of weighted least squares on as many numbers as cells, solved by
// Householder reflections.
//
// [1] Yates (1934), JASA 29 (185): 51-66.
// [2] Langsrud (2003), Statistics and Computing 13 (2): 163-167.
func AnovaTwoWay(y []float64, a, b []string, design TwoWay, o Options) (Result, error) {
	const test = "anova_two_way"
	o, err := o.resolve(test, "least_squares")
	if err == nil {
		err = o.onlyTwoSided(test)
	}
	if design.Type == 0 {
		design.Type = 2
	}
	if err == nil && (design.Type < 1 || design.Type > 3) {
		err = badOption(test, "type %d is not one of 1, 2, 3", design.Type)
	}
	if err != nil {
		return Result{}, err
	}
	c, err := newCells(test, y, a, b)
	if err != nil {
		return Result{}, err
	}
	return c.analyse(design, o)
}

// cells is a two-way layout: the moments of cell (i, j) are at i·columns + j.
type cells struct {
	*oneWayLayout
	rows, columns int
}

func newCells(test string, y []float64, a, b []string) (*cells, error) {
	if len(y) != len(a) || len(y) != len(b) {
		return nil, refuse(test, Unpaired, min(len(y), len(a), len(b)), 0,
			"%d values with %d levels of a and %d of b: each value needs one of both", len(y), len(a), len(b))
	}
	atA, levelsA := levelsOf(a)
	atB, levelsB := levelsOf(b)
	if len(levelsA) < 2 || len(levelsB) < 2 {
		return nil, refuse(test, TooFew, len(y), 0, "the factors have %d and %d levels: each needs two at least", len(levelsA), len(levelsB))
	}
	if len(levelsA) > maxCells/len(levelsB) {
		return nil, refuse(test, TooLarge, len(y), 0, "%d times %d cells are more than %d", len(levelsA), len(levelsB), maxCells)
	}
	groups := make([][]float64, len(levelsA)*len(levelsB))
	for i, v := range y {
		if v-v != 0 {
			return nil, refuse(test, NotFinite, len(y), 0, "observation %d is %v", i, v)
		}
		at := atA[i]*len(levelsB) + atB[i]
		groups[at] = append(groups[at], v)
	}
	for i, g := range groups {
		if len(g) == 0 {
			return nil, refuse(test, TooFew, len(y), 0,
				"no value at level %q of a with level %q of b: without all combinations the effects are not comparable; leave out a level or merge some",
				levelsA[i/len(levelsB)], levelsB[i%len(levelsB)])
		}
	}
	l, err := newOneWay(test, groups, 1)
	return &cells{oneWayLayout: l, rows: len(levelsA), columns: len(levelsB)}, err
}

// levelsOf numbers labels in order of first appearance.
func levelsOf(labels []string) (at []int, names []string) {
	seen := map[string]int{}
	at = make([]int, len(labels))
	for i, name := range labels {
		j, ok := seen[name]
		if !ok {
			j = len(names)
			seen[name] = j
			names = append(names, name)
		}
		at[i] = j
	}
	return at, names
}

func (c *cells) analyse(design TwoWay, o Options) (Result, error) {
	n, dfA, dfB := c.total, c.rows-1, c.columns-1
	model := dfA + dfB + 1
	if !design.Additive {
		model = c.rows * c.columns
	}
	if n <= model {
		need := "repeat the observations in some cell"
		if !design.Additive {
			need += ", or leave the interaction out"
		}
		return Result{}, refuse(c.test, TooFew, n, model+1, "no degrees of freedom are left to measure the residual variation: %s", need)
	}
	ss, lack, err := c.sumsOfSquares(design)
	if err != nil {
		return Result{}, err
	}
	residual := c.residual() + lack
	if residual == 0 || residual <= 1e-28*c.between() {
		return Result{}, refuse(c.test, Constant, n, 0, "the model fits every value: the F ratios divide by the residual variation, which is 0")
	}
	d2 := float64(n - model)
	names, dfs := []string{"a", "b", "a:b"}, []int{dfA, dfB, dfA * dfB}
	r := Result{Test: c.test, Method: [...]string{"type_i", "type_ii", "type_iii"}[design.Type-1], Alternative: o.Alternative, N: []int{n}}
	for i, s := range ss {
		d1 := float64(dfs[i])
		term, err := newTerm(c.test, n, names[i], s, d1, residual, d2, o.Level)
		if err != nil {
			return Result{}, err
		}
		r.Terms = append(r.Terms, term)
	}
	d1 := float64(model - 1)
	whole := math.Max(0, c.between()-lack)
	r.Statistic, r.DF = (whole/d1)/(residual/d2), []float64{d1, d2}
	r.Effect = fEffect("eta_squared", r.Statistic, d1, d2, o.Level)
	r.Details = []Detail{detail("ss_residual", residual), detail("df_residual", d2), detail("ms_residual", residual/d2), detail("ss_model", whole)}
	if err := finite(c.test, n, r.Statistic, residual); err != nil {
		return Result{}, err
	}
	return r.withP(dist.F{D1: d1, D2: d2}.LogSF(r.Statistic)), nil
}

// newTerm is a line of an analysis of variance.
func newTerm(test string, n int, name string, ss, d1, residual, d2, level float64) (Term, error) {
	f := (ss / d1) / (residual / d2)
	if err := finite(test, n, ss, f); err != nil {
		return Term{}, err
	}
	p := Result{}.withP(dist.F{D1: d1, D2: d2}.LogSF(f))
	return Term{Name: name, SumSq: ss, DF: []float64{d1, d2}, F: f, P: p.P, LogP: p.LogP, Effect: termEffects(f, d1, d2, level)}, nil
}

// sumsOfSquares returns those of a, b and, unless the design is additive, a:b, and
// what an additive model misses of the cells' means.
func (c *cells) sumsOfSquares(design TwoWay) (ss []float64, lack float64, err error) {
	fit := func(blocks ...[][]float64) []float64 {
		var columns [][]float64
		for _, b := range blocks {
			for _, column := range b {
				columns = append(columns, append([]float64(nil), column...))
			}
		}
		y := c.weightedMeans()
		if !sequentialEffects(columns, y) && err == nil {
			err = refuse(c.test, TooFew, c.total, 0, "the effects cannot be told apart")
		}
		return y
	}
	one, a, b, ab := c.contrasts()
	nA, nB, nAB := len(a), len(b), len(ab)
	if design.Additive {
		nAB = 0
		ab = nil
	}
	if design.Type == 3 {
		// Each term last.
		last := func(y []float64, n int) float64 { end := 1 + nA + nB + nAB; return squares(y[end-n : end]) }
		y := fit(one, a, b, ab)
		ss = []float64{last(fit(one, b, ab, a), nA), last(fit(one, a, ab, b), nB)}
		if design.Additive {
			return ss, squares(y[1+nA+nB:]), err
		}
		return append(ss, last(y, nAB)), 0, err
	}
	y := fit(one, a, b, ab)
	ss = []float64{squares(y[1 : 1+nA]), squares(y[1+nA : 1+nA+nB])}
	if design.Type == 2 {
		other := fit(one, b, a)
		ss[0] = squares(other[1+nB : 1+nB+nA])
	}
	rest := squares(y[1+nA+nB:])
	if design.Additive {
		return ss, rest, err
	}
	return append(ss, rest), 0, err
}

// weightedMeans returns the means of the cells about that of all, times √n.
func (c *cells) weightedMeans() []float64 {
	y := make([]float64, len(c.n))
	for i, n := range c.n {
		y[i] = math.Sqrt(float64(n)) * c.offset(i)
	}
	return y
}

// contrasts returns the columns of the model with effects that sum to zero, a row
// for each cell times √n: the constant, the factors, and their products.
func (c *cells) contrasts() (one, a, b, ab [][]float64) {
	column := func(value func(i, j int) float64) []float64 {
		x := make([]float64, len(c.n))
		for at, n := range c.n {
			x[at] = math.Sqrt(float64(n)) * value(at/c.columns, at%c.columns)
		}
		return x
	}
	one = append(one, column(func(_, _ int) float64 { return 1 }))
	for u := range c.rows - 1 {
		a = append(a, column(func(i, _ int) float64 { return deviation(i, u, c.rows) }))
	}
	for v := range c.columns - 1 {
		b = append(b, column(func(_, j int) float64 { return deviation(j, v, c.columns) }))
	}
	for u := range c.rows - 1 {
		for v := range c.columns - 1 {
			ab = append(ab, column(func(i, j int) float64 { return deviation(i, u, c.rows) * deviation(j, v, c.columns) }))
		}
	}
	return one, a, b, ab
}

// deviation is the entry of level i in column u of the sum-to-zero coding.
func deviation(i, u, levels int) float64 {
	switch i {
	case u:
		return 1
	case levels - 1:
		return -1
	}
	return 0
}
