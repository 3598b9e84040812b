package stat

import (
	"math"
	"slices"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// agreementWeights returns how much categories i and j of q agree, 1 on the
// diagonal: none, linear 1 − |i−j|/(q−1), or quadratic 1 − (i−j)²/(q−1)².
func agreementWeights(test, kind string, q int) ([][]float64, error) {
	if q > 1000 {
		return nil, refuse(test, TooLarge, q, 0, "%d categories: at most 1000 are compared", q)
	}
	if kind == "" {
		kind = "none"
	}
	if !slices.Contains([]string{"none", "linear", "quadratic"}, kind) {
		return nil, badOption(test, "weights %q is not one of none, linear, quadratic", kind)
	}
	w := make([][]float64, q)
	for i := range w {
		w[i] = make([]float64, q)
		for j := range w[i] {
			d := math.Abs(float64(i-j)) / float64(max(1, q-1))
			switch {
			case i == j:
				w[i][j] = 1
			case kind == "linear":
				w[i][j] = 1 - d
			case kind == "quadratic":
				w[i][j] = 1 - d*d
			}
		}
	}
	return w, nil
}

// CohenKappa measures how far two raters agree beyond chance, from the table of
// their ratings of the same items: row i, column j counts items that the first put
// into category i and the second into j. With weights w of agreement [1, 2],
//
//	κ = (p_o − p_e)/(1 − p_e),  p_o = Σ wᵢⱼpᵢⱼ,  p_e = Σ wᵢⱼpᵢ.p.ⱼ
//
// The weights are none (1 for the same category, else 0), linear or quadratic in
// the distance of categories, taken in the order of the table. The interval is
// κ ± z·se with the large-sample error of [3], cut at −1 and 1; the statistic is
// z = κ/se₀ with the error under independence, of which p is the normal tail.
//
// κ is low where one category prevails, however well raters agree: see GwetAC1.
//
// It refuses tables that are not square or have one category, counts that are
// negative or not whole, an empty table, and raters who both used one and the same
// category only, for whom chance explains all.
//
// [1] Cohen (1960), Educational and Psychological Measurement 20 (1): 37-46.
// [2] Cohen (1968), Psychological Bulletin 70 (4): 213-220.
// [3] Fleiss, Cohen, Everitt (1969), Psychological Bulletin 72 (5): 323-327.
func CohenKappa(table [][]float64, weights string, o Options) (Result, error) {
	const test = "cohen_kappa"
	o, err := o.resolve(test, "asymptotic")
	if err == nil {
		err = o.withoutMu(test)
	}
	if err != nil {
		return Result{}, err
	}
	n, err := checkSquare(test, table)
	if err != nil {
		return Result{}, err
	}
	w, err := agreementWeights(test, weights, len(table))
	if err != nil {
		return Result{}, err
	}
	k := newKappaTable(table, w, n)
	if k.expected >= 1-1e-15 {
		return Result{}, refuse(test, Constant, int(n), 0, "both raters used the same category only: chance alone explains their agreement")
	}
	kappa := (k.observed - k.expected) / (1 - k.expected)
	se, se0 := k.errors()
	half := zFor(o.Level) * se
	out := Result{Test: test, Method: o.Method, Alternative: o.Alternative, N: []int{int(n)},
		Interval: &Interval{Estimate: kappa, Low: math.Max(-1, kappa-half), High: math.Min(1, kappa+half), Level: o.Level, N: int(n), Method: "fleiss_cohen_everitt"},
		Details:  []Detail{{"observed_agreement", k.observed}, {"expected_agreement", k.expected}, {"se", se}, {"se0", se0}}}
	if se < 1e-12 {
		out.Warnings = append(out.Warnings, "the ratings leave no error to estimate: the interval has no width")
	}
	if se0 < 1e-12 {
		out.Warnings = append(out.Warnings, "by chance alone these raters would always agree as much: there is nothing to test")
		return out, nil
	}
	out.Statistic = kappa / se0
	return out.withP(direction(o.Alternative, dist.Normal{}.LogCDF(out.Statistic), dist.Normal{}.LogSF(out.Statistic))), nil
}

// checkSquare refuses what is no square table of whole counts, and returns their
// sum.
func checkSquare(test string, table [][]float64) (float64, error) {
	n := 0.0
	if len(table) < 2 {
		return 0, refuse(test, Invalid, len(table), 2, "needs a square table with two categories")
	}
	for i, row := range table {
		if len(row) != len(table) {
			return 0, refuse(test, Invalid, len(row), 0, "row %d has %d columns: %d raters' categories make a square table of %d", i, len(row), 2, len(table))
		}
		for j, v := range row {
			if err := checkCount(test, v, i, j); err != nil {
				return 0, err
			}
			n += v
		}
	}
	if n == 0 {
		return 0, refuse(test, TooFew, 0, 2, "the table is empty")
	}
	if n > 1<<53 {
		return 0, refuse(test, TooLarge, 0, 0, "the counts sum to %g: more than can be counted", n)
	}
	if n < 2 {
		return 0, refuse(test, TooFew, int(n), 2, "one item shows no agreement")
	}
	return n, nil
}

// checkCount refuses what is no count.
func checkCount(test string, v float64, i, j int) error {
	switch {
	case v-v != 0:
		return refuse(test, NotFinite, 0, 0, "the count in row %d, column %d is %v", i, j, v)
	case v < 0 || v != math.Floor(v) || v > 1<<53:
		return refuse(test, Invalid, 0, 0, "the count in row %d, column %d is %v: want a whole number from 0", i, j, v)
	}
	return nil
}

// kappaTable holds the shares of a table of two raters.
type kappaTable struct {
	p, w               [][]float64
	rows, columns      []float64 // margins
	rowMean, colMean   []float64 // mean weights of each category of either rater
	observed, expected float64
	n                  float64
}

func newKappaTable(table, w [][]float64, n float64) kappaTable {
	q := len(table)
	k := kappaTable{p: make([][]float64, q), w: w, rows: make([]float64, q), columns: make([]float64, q),
		rowMean: make([]float64, q), colMean: make([]float64, q), n: n}
	for i, row := range table {
		k.p[i] = make([]float64, q)
		for j, v := range row {
			k.p[i][j] = v / n
			k.rows[i] += v
			k.columns[j] += v
			k.observed += w[i][j] * v
		}
	}
	k.observed /= n
	for i := range q {
		k.rows[i] /= n
		k.columns[i] /= n
	}
	for i := range q {
		for j := range q {
			k.rowMean[i] += k.columns[j] * w[i][j]
			k.colMean[i] += k.rows[j] * w[j][i]
		}
		k.expected += k.rows[i] * k.rowMean[i]
	}
	return k
}

// errors returns the standard errors of kappa, and of kappa under independence:
// both are standard deviations of a term of each cell.
func (k *kappaTable) errors() (se, se0 float64) {
	q := len(k.p)
	var total, null float64
	mean := k.observed*k.expected - 2*k.expected + k.observed
	for i := range q {
		for j := range q {
			both := k.rowMean[i] + k.colMean[j]
			d := k.w[i][j]*(1-k.expected) - both*(1-k.observed) - mean
			total += k.p[i][j] * d * d
			d = k.w[i][j] - both + k.expected
			null += k.rows[i] * k.columns[j] * d * d
		}
	}
	rest := 1 - k.expected
	return math.Sqrt(total/k.n) / (rest * rest), math.Sqrt(null/k.n) / rest
}

// LabelTable returns the square table of two raters' labels of the same items, for
// CohenKappa: numbers are categories, in ascending order.
func LabelTable(test string, x, y []float64) ([][]float64, error) {
	if len(x) != len(y) {
		return nil, refuse(test, Unpaired, min(len(x), len(y)), 0, "%d and %d ratings are not pairs", len(x), len(y))
	}
	for _, s := range [][]float64{x, y} {
		if err := checkFinite(test, s); err != nil {
			return nil, err
		}
	}
	values := slices.Concat(x, y)
	slices.Sort(values)
	values = slices.Compact(values)
	if len(values) < 2 {
		return nil, refuse(test, Constant, len(x), 0, "there are ratings of %d categories: agreement beyond chance takes two", len(values))
	}
	if len(values) > 1000 {
		return nil, refuse(test, TooLarge, len(x), 0, "%d different ratings: at most 1000 categories are compared", len(values))
	}
	table := make([][]float64, len(values))
	for i := range table {
		table[i] = make([]float64, len(values))
	}
	for i := range x {
		a, _ := slices.BinarySearch(values, x[i])
		b, _ := slices.BinarySearch(values, y[i])
		table[a][b]++
	}
	return table, nil
}
