package stat

import (
	"fmt"
	"math"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// maxTableCells bounds the cells of a table.
const maxTableCells = 1_000_000

// ChiSquareTest tests whether rows and columns of a table of counts are
// independent. With eᵢⱼ the row total times the column total over the total n,
// methods are:
//
//   - pearson (default): X² = Σ (oᵢⱼ − eᵢⱼ)²/eᵢⱼ [1], without a continuity
//     correction also for 2 × 2 tables, as the correction makes the test
//     conservative;
//   - yates: for 2 × 2 tables, |o − e| lessened by ½, not below 0 [2];
//   - g: the likelihood ratio G = 2·Σ oᵢⱼ·ln(oᵢⱼ/eᵢⱼ) [3];
//   - monte_carlo: Pearson's X² against Replicates (9,999 if 0) tables drawn with
//     the margins given, p = (b + 1)/(m + 1) with b of m drawn tables at least as
//     far from independence.
//
// The first three are chi-squared with (r−1)(c−1) degrees of freedom for large
// counts; a warning says where an expected count is below 5. Differences from
// the expected counts are computed without rounding. Rows and columns of zeros say
// nothing and are left out, with a warning. The effect is CramersV.
//
// [1] Pearson (1900), Philosophical Magazine 50 (302): 157-175.
// [2] Yates (1934), Supplement to the JRSS 1 (2): 217-235.
// [3] Wilks (1938), Annals of Mathematical Statistics 9 (1): 60-62.
func ChiSquareTest(table [][]float64, o Options) (Result, error) {
	const test = "chi_square"
	o, err := o.resolve(test, "pearson", "yates", "g", "monte_carlo")
	if err != nil {
		return Result{}, err
	}
	if err := o.onlyTwoSided(test); err != nil {
		return Result{}, err
	}
	t, warnings, err := newContingency(test, table)
	if err != nil {
		return Result{}, err
	}
	r, c := len(t.rows), len(t.columns)
	if o.Method == "yates" && (r != 2 || c != 2) {
		return Result{}, badOption(test, "method yates is for tables of 2 rows and 2 columns, not %d and %d", r, c)
	}
	out := Result{Test: test, Method: o.Method, Alternative: TwoSided, N: []int{int(t.total)}, Warnings: warnings,
		Effect: effectOf(CramersV(t.cells, Options{Level: o.Level}))}
	if o.Method == "monte_carlo" {
		return t.monteCarlo(out, o)
	}
	least := math.Inf(1)
	for i, row := range t.cells {
		for j, count := range row {
			expected := t.rows[i] * t.columns[j] / t.total
			least = math.Min(least, expected)
			gap := t.gap(i, j)
			switch o.Method {
			case "g":
				out.Statistic += 2 * devianceAt(count, expected, gap)
			case "yates":
				gap = math.Abs(gap)
				gap -= math.Min(0.5, gap)
				out.Statistic += gap * gap / expected
			default:
				out.Statistic += gap * gap / expected
			}
		}
	}
	out.DF = []float64{float64((r - 1) * (c - 1))}
	out.Details = []Detail{{"least_expected", least}}
	if least < 5 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("the least expected count is %.3g, below 5: the chi-squared approximation is poor; method monte_carlo and fisher_exact do without it", least))
	}
	return out.withP(dist.ChiSquared{DF: out.DF[0]}.LogSF(out.Statistic)), nil
}

// GoodnessOfFit tests whether counts come from a distribution over categories,
// given as expected counts or weights in any unit, or uniform if expected is nil.
// Methods are those of ChiSquareTest without yates; monte_carlo draws from the
// multinomial distribution. There is one degree of freedom less than there are
// categories. A category whose weight is 0 must have no counts; it is left out.
// Against the uniform distribution the effect is CohensW.
func GoodnessOfFit(counts, expected []float64, o Options) (Result, error) {
	const test = "chi_square"
	o, err := o.resolve(test, "pearson", "g", "monte_carlo")
	if err != nil {
		return Result{}, err
	}
	if err := o.onlyTwoSided(test); err != nil {
		return Result{}, err
	}
	f, err := newFit(test, counts, expected)
	if err != nil {
		return Result{}, err
	}
	out := Result{Test: test, Method: o.Method, Alternative: TwoSided, N: []int{int(f.total)}}
	if expected == nil {
		out.Effect = effectOf(CohensW([][]float64{counts}, Options{Level: o.Level}))
	}
	if o.Method == "monte_carlo" {
		return f.monteCarlo(out, o)
	}
	least := math.Inf(1)
	for i, count := range f.counts {
		e, gap := f.total*f.shares[i], f.gap(i, count)
		least = math.Min(least, e)
		if o.Method == "g" {
			out.Statistic += 2 * devianceAt(count, e, gap)
		} else {
			out.Statistic += gap * gap / e
		}
	}
	out.DF = []float64{float64(len(f.counts) - 1)}
	out.Details = []Detail{{"least_expected", least}}
	if least < 5 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("the least expected count is %.3g, below 5: the chi-squared approximation is poor; method monte_carlo does without it", least))
	}
	if err := finite(test, len(f.counts), out.Statistic); err != nil {
		return Result{}, err
	}
	return out.withP(dist.ChiSquared{DF: out.DF[0]}.LogSF(out.Statistic)), nil
}

// fit is a goodness-of-fit problem: counts, and the weights of their categories,
// also as shares of the whole.
type fit struct {
	counts, weights, shares []float64
	total, weight           float64
}

// gap returns count less expected count, with little more than one rounding.
func (f fit) gap(i int, count float64) float64 {
	a, b := count*f.weight, f.total*f.weights[i]
	return ((a - b) + (math.FMA(count, f.weight, -a) - math.FMA(f.total, f.weights[i], -b))) / f.weight
}

func newFit(test string, counts, expected []float64) (fit, error) {
	if len(counts) > maxTableCells {
		return fit{}, refuse(test, TooLarge, len(counts), 0, "%d categories are more than %d", len(counts), maxTableCells)
	}
	total, err := checkCounts(test, counts)
	if err != nil {
		return fit{}, err
	}
	if expected == nil {
		expected = make([]float64, len(counts))
		for i := range expected {
			expected[i] = 1
		}
	}
	if len(expected) != len(counts) {
		return fit{}, refuse(test, Unpaired, len(counts), 0, "there are %d counts and %d expected counts", len(counts), len(expected))
	}
	f := fit{total: total}
	for i, e := range expected {
		switch {
		case math.IsNaN(e) || math.IsInf(e, 0) || e > 1e100:
			return fit{}, refuse(test, NotFinite, len(counts), 0, "expected count %d is %v", i, e)
		case e < 0 || (e > 0 && e < 1e-100):
			return fit{}, refuse(test, Invalid, len(counts), 0, "expected count %d is %v", i, e)
		case e == 0 && counts[i] > 0:
			return fit{}, refuse(test, Invalid, len(counts), 0, "category %d is expected never, but was counted %v times: no sample could be like that", i, counts[i])
		case e > 0:
			f.counts, f.weights = append(f.counts, counts[i]), append(f.weights, e)
		}
	}
	switch {
	case len(f.counts) < 2:
		return fit{}, refuse(test, TooFew, len(f.counts), 2, "there are fewer than two categories with expected counts")
	case total == 0:
		return fit{}, refuse(test, TooFew, 0, 1, "every count is 0")
	}
	f.weight = sum(f.weights, func(v float64) float64 { return v })
	for _, w := range f.weights {
		f.shares = append(f.shares, w/f.weight)
	}
	return f, nil
}

// contingency is a table of counts without empty rows and columns.
type contingency struct {
	cells         [][]float64
	rows, columns []float64
	total         float64
}

// newContingency checks a table, and leaves out its empty rows and columns.
func newContingency(test string, table [][]float64) (contingency, []string, error) {
	total, err := checkTable(test, table)
	switch {
	case err != nil:
		return contingency{}, nil, err
	case len(table)*len(table[0]) > maxTableCells:
		return contingency{}, nil, refuse(test, TooLarge, len(table), 0, "the table has more than %d cells", maxTableCells)
	case total == 0:
		return contingency{}, nil, refuse(test, TooFew, 0, 1, "every count of the table is 0")
	}
	rows, columns := make([]float64, len(table)), make([]float64, len(table[0]))
	for i, row := range table {
		for j, v := range row {
			rows[i] += v
			columns[j] += v
		}
	}
	t := contingency{total: total}
	for i, row := range table {
		if rows[i] == 0 {
			continue
		}
		t.rows = append(t.rows, rows[i])
		kept := make([]float64, 0, len(row))
		for j, v := range row {
			if columns[j] > 0 {
				kept = append(kept, v)
			}
		}
		t.cells = append(t.cells, kept)
	}
	for _, v := range columns {
		if v > 0 {
			t.columns = append(t.columns, v)
		}
	}
	var warnings []string
	if empty := len(table) - len(t.rows) + len(columns) - len(t.columns); empty > 0 {
		warnings = []string{fmt.Sprintf("%d rows or columns hold no counts and are left out", empty)}
	}
	if len(t.rows) < 2 || len(t.columns) < 2 {
		return contingency{}, nil, refuse(test, Constant, int(total), 0,
			"all observations are in one row or one column: there is nothing to compare")
	}
	return t, warnings, nil
}

// gap returns observed less expected, with one rounding: products of counts are
// taken with their rounding errors.
func (t contingency) gap(i, j int) float64 {
	a, b := t.cells[i][j]*t.total, t.rows[i]*t.columns[j]
	exact := (a - b) + (math.FMA(t.cells[i][j], t.total, -a) - math.FMA(t.rows[i], t.columns[j], -b))
	return exact / t.total
}
