package stat

import (
	"math"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// repeated is a layout of subjects, each measured under k conditions.
type repeated struct {
	test string
	n, k int
	// means of the conditions about the mean of all, and of the subjects.
	conditions, subjects []float64
	// residuals of the additive model, row by row.
	residuals []float64
	// Sums of squares.
	ssConditions, ssSubjects, ssError float64
}

// newRepeated refuses ragged rows, fewer than two rows or columns, and values that
// are not finite.
func newRepeated(test string, rows [][]float64) (*repeated, error) {
	k, err := checkRows(test, rows, 2, 2)
	if err != nil {
		return nil, err
	}
	n := len(rows)
	d := &repeated{test: test, n: n, k: k, conditions: make([]float64, k), subjects: make([]float64, n), residuals: make([]float64, 0, n*k)}
	first := rows[0][0]
	columns := make([]twoSum, k)
	for i, row := range rows {
		// A subject's own level is taken out before anything is summed over subjects.
		own := shiftedSum(row, row[0])
		hi, lo := own.over(k)
		d.subjects[i] = (row[0] - first) + (hi + lo)
		for j, v := range row {
			r := ((v - row[0]) - hi) - lo
			d.residuals = append(d.residuals, r)
			columns[j].add(r)
		}
	}
	for j := range columns {
		hi, lo := columns[j].over(n)
		d.conditions[j] = hi + lo
		for i := range n {
			at := &d.residuals[i*k+j]
			*at = (*at - hi) - lo
		}
	}
	d.ssConditions = float64(n) * squares(d.conditions)
	d.ssError = squares(d.residuals)
	centre := shiftedSum(d.subjects, 0)
	mean, _ := centre.over(n)
	d.ssSubjects = float64(k) * squaresAbout(d.subjects, 0, mean)
	// What is no more than the rounding of the data is no variation.
	largest := 0.0
	for _, row := range rows {
		for _, v := range row {
			largest = math.Max(largest, math.Abs(v))
		}
	}
	noise := 0x1p-51 * largest
	for _, ss := range []*float64{&d.ssConditions, &d.ssSubjects, &d.ssError} {
		if *ss <= float64(n*k)*noise*noise {
			*ss = 0
		}
	}
	return d, checkSquares(test, n, d.ssConditions, d.ssError, d.ssSubjects)
}

// checkRows returns the number of columns of rows of one length, or refuses.
func checkRows(test string, rows [][]float64, leastRows, leastColumns int) (int, error) {
	if len(rows) < leastRows {
		return 0, refuse(test, TooFew, len(rows), leastRows, "too few blocks")
	}
	k := len(rows[0])
	for i, row := range rows {
		if len(row) != k {
			return 0, refuse(test, Unpaired, len(rows), 0, "block %d has %d values and block 0 has %d: each block needs a value of each treatment", i, len(row), k)
		}
		for j, v := range row {
			if v-v != 0 {
				return 0, refuse(test, NotFinite, len(rows), 0, "value %d of block %d is %v", j, i, v)
			}
		}
	}
	if k < leastColumns {
		return 0, refuse(test, TooFew, k, leastColumns, "too few treatments")
	}
	return k, nil
}

// contrastScores returns the residuals' coordinates along k − 1 orthonormal
// contrasts (Helmert's), column by column.
func contrastScores(residuals []float64, n, k int) [][]float64 {
	columns := make([][]float64, k-1)
	for c := range columns {
		columns[c] = make([]float64, n)
		m := float64(c + 1) // the mean of m conditions less the next
		scale := math.Sqrt(m * (m + 1))
		for i := range n {
			row := residuals[i*k : (i+1)*k]
			total := 0.0
			for _, v := range row[:c+1] {
				total += v
			}
			columns[c][i] = (total - m*row[c+1]) / scale
		}
	}
	return columns
}

// sphericity describes the covariances of the differences between conditions.
type sphericity struct {
	p  int
	df int
	// w is Mauchly's statistic, and logP its p-value's logarithm.
	w, logP float64
	// singular means that there are too few subjects for w.
	singular bool
	// gg and hf are the factors of Greenhouse and Geisser and of Huynh and Feldt.
	gg, hf float64
}

// newSphericity takes residuals of n subjects about the means of their groups, of
// which there are g.
func newSphericity(residuals []float64, n, k, g int) sphericity {
	s := sphericity{p: k - 1, df: n - g, gg: 1, hf: 1, w: 1}
	if s.p == 1 {
		return s
	}
	columns := contrastScores(residuals, n, k)
	trace, square := 0.0, 0.0
	for _, a := range columns {
		trace += squares(a)
	}
	for i, a := range columns {
		v := squares(a) / trace
		square += v * v
		for _, b := range columns[:i] {
			c := product(a, b) / trace
			square += 2 * c * c
		}
	}
	p, df := float64(s.p), float64(s.df)
	s.gg = math.Min(1, math.Max(1/p, 1/(p*square)))
	// Lecoutre's correction: n − g + 1 stands where the first authors had n.
	s.hf = 1
	if below := p * (df - p*s.gg); below > 0 {
		s.hf = math.Min(1, ((df+1)*p*s.gg-2)/below)
	}
	s.hf = math.Max(s.hf, s.gg)
	s.mauchly(columns, trace)
	return s
}

// mauchly sets w and its p-value. The determinant comes from a triangular form of
// the scores themselves, whose condition is the root of that of their products.
func (s *sphericity) mauchly(columns [][]float64, trace float64) {
	p, n := float64(s.p), float64(s.df)
	if s.df < s.p || !sequentialEffects(columns, make([]float64, len(columns[0]))) {
		s.singular, s.w = true, 0
		return
	}
	logW := 0.0
	for i, c := range columns {
		logW += 2*math.Log(math.Abs(c[i])) - math.Log(trace/p)
	}
	logW = math.Min(logW, 0)
	s.w = math.Exp(logW)
	rho := 1 - (2*p*p+p+2)/(6*p*n)
	second := (p + 2) * (p - 1) * (p - 2) * (2*p*p*p + 6*p*p + 3*p + 2) / (288 * (n * p * rho) * (n * p * rho))
	z := -n * rho * logW
	f := p*(p+1)/2 - 1
	one, two := dist.ChiSquared{DF: f}.LogSF(z), dist.ChiSquared{DF: f + 4}.LogSF(z)
	// P₁ + ω(P₂ − P₁), where P₂ is the greater.
	s.logP = math.Min(0, one+math.Log1p(second*math.Expm1(two-one)))
}

func product(a, b []float64) float64 {
	var s twoSum
	for i, v := range a {
		s.add(v * b[i])
	}
	return s.value()
}

// Mauchly tests sphericity [1]: whether, of subjects (rows) measured under k ≥ 3
// conditions, all differences between two conditions have one variance, as the
// uncorrected F test of repeated measures assumes. With S the covariance matrix of
// p = k − 1 orthonormal contrasts,
//
//	W = det S / (tr S/p)ᵖ
//
// and −(n − 1)ρ ln W, ρ = 1 − (2p² + p + 2)/(6p(n − 1)), is nearly χ² with
// p(p + 1)/2 − 1 degrees of freedom, to which the second term of Box's series is
// added [2]. (R 4.2 has, in one place of that term, the number of conditions instead
// of contrasts: with more than three conditions its p-value differs in the third
// digit.) It assumes normal values and is sensitive to others; with few
// subjects it misses much, with many it finds what does not matter. So do not
// let it choose the test: RMAnova corrects always.
//
// It needs k subjects at least, else the determinant is 0 whatever the data.
//
// [1] Mauchly (1940), Annals of Mathematical Statistics 11 (2): 204-209.
// [2] Anderson (2003), An Introduction to Multivariate Statistical Analysis, 3rd
// edition, section 10.7.4.
func Mauchly(rows [][]float64, o Options) (Result, error) {
	const test = "mauchly"
	o, err := o.resolve(test, "box")
	if err == nil {
		err = o.onlyTwoSided(test)
	}
	if err != nil {
		return Result{}, err
	}
	d, err := newRepeated(test, rows)
	if err != nil {
		return Result{}, err
	}
	if d.k < 3 {
		return Result{}, refuse(test, TooFew, d.k, 3, "too few treatments: two have one difference, which is as variable as itself")
	}
	if d.n < d.k {
		return Result{}, refuse(test, TooFew, d.n, d.k, "too few blocks: with fewer than treatments the determinant is 0 whatever the data")
	}
	if d.ssError == 0 {
		return Result{}, refuse(test, Constant, d.n, 0, "the differences between treatments do not vary between blocks")
	}
	s := newSphericity(d.residuals, d.n, d.k, 1)
	if s.singular {
		return Result{}, refuse(test, Constant, d.n, 0, "some contrast of the treatments does not vary between blocks: the determinant is 0")
	}
	p := float64(s.p)
	r := Result{Test: test, Method: o.Method, Alternative: o.Alternative, Statistic: s.w, DF: []float64{p*(p+1)/2 - 1}, N: []int{d.n}}
	r.Details = []Detail{detail("gg_epsilon", s.gg), detail("hf_epsilon", s.hf)}
	return r.withP(s.logP), nil
}
