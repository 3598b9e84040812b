package stat

import (
	"fmt"
	"math"
)

// CramersV returns the association of rows and columns of a table of counts [1]:
//
//	V = √(χ²/(N·(min(r, c) − 1)))
//
// from 0 to 1. It is biased upwards in small samples; the method "bias_corrected"
// is Bergsma's [2], with φ² = χ²/N less (r−1)(c−1)/(N−1), not below 0, and r less
// (r−1)²/(N−1), and c likewise. The interval is that of V itself, for both
// methods: √(λ/(N·(min(r, c) − 1))), at most 1, for the noncentralities λ of the
// χ² distribution under which a χ² at least as large, and one at least as small,
// has probability (1 − level)/2, or 0 where no λ has [3]. Small estimates may lie
// outside. It refuses tables with an empty row or column.
//
// [1] Cramér (1946), Mathematical Methods of Statistics, section 21.9.
// [2] Bergsma (2013), Journal of the Korean Statistical Society 42 (3): 323-328.
// [3] Smithson (2003), Confidence Intervals, chapter 4.
func CramersV(table [][]float64, o Options) (Effect, error) {
	const name = "cramers_v"
	o, err := Options{Level: o.Level, Method: o.Method}.resolve(name, "plain", "bias_corrected")
	if err != nil {
		return Effect{}, err
	}
	t, err := newAssociation(name, table, 2)
	if err != nil {
		return Effect{}, err
	}
	least := min(t.rows, t.columns) - 1
	estimate := math.Sqrt(t.phi2 / least)
	if o.Method == "bias_corrected" {
		n := t.n - 1
		if n == 0 {
			return Effect{}, refuse(name, TooFew, int(t.n), 2, "the bias of one observation is not finite")
		}
		phi2 := max(0, t.phi2-(t.rows-1)*(t.columns-1)/n)
		r, c := t.rows-(t.rows-1)*(t.rows-1)/n, t.columns-(t.columns-1)*(t.columns-1)/n
		if estimate = 0; phi2 > 0 {
			estimate = math.Min(1, math.Sqrt(phi2/(min(r, c)-1)))
		}
	}
	low, high := noncentralChiSquared(t.phi2*t.n, (t.rows-1)*(t.columns-1), o.Level)
	return newEffect(name, o.Method, int(t.n), min(1, estimate),
		math.Min(1, math.Sqrt(low/t.n/least)), math.Min(1, math.Sqrt(high/t.n/least)), o.Level)
}

// CohensW returns the size of a deviation of counts from what is expected [1]:
//
//	w = √(χ²/N) = √(Σ (p − p₀)²/p₀)
//
// from independence of rows and columns, or, in a table of one row, from equal
// counts. The interval is √(λ/N): see CramersV.
//
// [1] Cohen (1988), Statistical Power Analysis, 2nd edition, chapter 7.
func CohensW(table [][]float64, o Options) (Effect, error) {
	const name = "cohens_w"
	level, err := effectLevel(name, o)
	if err != nil {
		return Effect{}, err
	}
	t, err := newAssociation(name, table, 1)
	if err != nil {
		return Effect{}, err
	}
	df := t.columns - 1
	if t.rows > 1 {
		df *= t.rows - 1
	}
	low, high := noncentralChiSquared(t.phi2*t.n, df, level)
	return newEffect(name, "noncentral_chi_squared", int(t.n), math.Sqrt(t.phi2), math.Sqrt(low/t.n), math.Sqrt(high/t.n), level)
}

// Phi returns the correlation of the rows and columns of a fourfold table [1],
//
//	φ = (ad − bc) / √((a+b)(c+d)(a+c)(b+d))
//
// positive where the first row goes with the first column. The interval is
// tanh(atanh φ ± z·s/(1 − φ²)) with the large-sample variance s² of a multinomial
// sample [2]: with the shares p of the first row and q of the first column,
// A = (1−2p)/√(p(1−p)) and B likewise of q,
//
//	N·s² = 1 − φ² + φ(1 + φ²/2)·A·B − ¾φ²·(A² + B²)
//
// Tables with an empty diagonal, φ = ±1, get the bound (N − z²)/(N + z²). It
// refuses tables with an empty row or column.
//
// [1] Yule (1912), Journal of the Royal Statistical Society 75 (6): 579-652.
// [2] Bishop, Fienberg, Holland (1975), Discrete Multivariate Analysis, section
// 11.3.
func Phi(table [][]float64, o Options) (Effect, error) {
	const name = "phi"
	level, err := effectLevel(name, o)
	if err != nil {
		return Effect{}, err
	}
	t, err := newFourCells(name, table)
	if err != nil {
		return Effect{}, err
	}
	r1, r2, c1, c2 := t.a+t.b, t.c+t.d, t.a+t.c, t.b+t.d
	if r1*r2 == 0 || c1*c2 == 0 {
		return Effect{}, refuse(name, Constant, int(t.n()), 0, "a row or a column of the table is empty")
	}
	n, z := t.n(), zFor(level)
	// Both products are exact below 2^53, and ad − bc to the last bit with one fma.
	phi := determinant(t.a, t.b, t.c, t.d) / math.Sqrt(r1*r2) / math.Sqrt(c1*c2)
	phi = math.Max(-1, math.Min(1, phi))
	e, err := newEffect(name, "fisher_z", int(n), phi, -1, 1, level)
	if t.b+t.c == 0 || t.a+t.d == 0 {
		e.Estimate = math.Copysign(1, phi)
		e.bound(0, 0, n, z)
		return e, err
	}
	a, b := (r2-r1)/math.Sqrt(r1*r2), (c2-c1)/math.Sqrt(c1*c2)
	s2 := (1 - phi*phi + phi*(1+phi*phi/2)*a*b - 0.75*phi*phi*(a*a+b*b)) / n
	half := z * math.Sqrt(math.Max(0, s2)) / ((1 - phi) * (1 + phi))
	e.Low, e.High = math.Tanh(math.Atanh(phi)-half), math.Tanh(math.Atanh(phi)+half)
	return e, finite(name, int(n), e.Low, e.High)
}

// determinant returns ad − bc without cancellation beyond rounding.
func determinant(a, b, c, d float64) float64 {
	bc := b * c
	return math.FMA(a, d, -bc) + math.FMA(-b, c, bc)
}

// association is a table of counts with its χ²/N.
type association struct{ rows, columns, n, phi2 float64 }

// newAssociation returns a table of at least least rows and two columns, none of
// them empty; a table of one row is compared with equal counts.
func newAssociation(name string, table [][]float64, least int) (association, error) {
	total, err := checkCells(name, table)
	if err != nil {
		return association{}, err
	}
	if len(table) < least || len(table[0]) < 2 {
		return association{}, refuse(name, TooFew, 0, 0, "the table has %d rows and %d columns: there is nothing to associate", len(table), len(table[0]))
	}
	rows, columns := make([]float64, len(table)), make([]float64, len(table[0]))
	for i, row := range table {
		for j, v := range row {
			rows[i] += v
			columns[j] += v
		}
	}
	t := association{rows: float64(len(rows)), columns: float64(len(columns)), n: total}
	if len(rows) == 1 {
		for j := range columns {
			columns[j] = total / t.columns
		}
	}
	for i, v := range rows {
		if v == 0 {
			return t, refuse(name, Constant, int(total), 0, "row %d of the table is empty: leave it out", i)
		}
	}
	for j, v := range columns {
		if v == 0 {
			return t, refuse(name, Constant, int(total), 0, "column %d of the table is empty: leave it out", j)
		}
	}
	var parts []float64
	for i, row := range table {
		for j, v := range row {
			expected := rows[i] * (columns[j] / total)
			d := v*total - rows[i]*columns[j]
			if rows[i]*columns[j] < 1<<53 && v*total < 1<<53 {
				d /= total
			} else {
				d = v - expected
			}
			parts = append(parts, d*d/expected)
		}
	}
	t.phi2 = sum(parts, func(v float64) float64 { return v }) / total
	return t, nil
}

// checkCells refuses what is no table of counts: ragged or missing rows, entries
// that are negative, fractional or not finite, totals of 0 or above 2^53. It
// returns the total.
func checkCells(name string, table [][]float64) (float64, error) {
	if len(table) == 0 || len(table[0]) == 0 {
		return 0, refuse(name, TooFew, 0, 0, "the table is empty")
	}
	total := 0.0
	for i, row := range table {
		if len(row) != len(table[0]) {
			return 0, refuse(name, Invalid, len(table), 0, "row %d of the table has %d columns, row 0 has %d", i, len(row), len(table[0]))
		}
		for j, v := range row {
			switch {
			case math.IsNaN(v) || math.IsInf(v, 0):
				return 0, refuse(name, NotFinite, 0, 0, "the count in row %d, column %d is %v", i, j, v)
			case v < 0 || v != math.Trunc(v):
				return 0, refuse(name, Invalid, 0, 0, "the count in row %d, column %d is %v: counts are whole numbers from 0", i, j, v)
			}
			total += v
		}
	}
	switch {
	case total == 0:
		return 0, refuse(name, TooFew, 0, 1, "every count of the table is 0")
	case total > 1<<53:
		return 0, refuse(name, TooLarge, 0, 0, "the counts sum to more than 2^53")
	}
	return total, nil
}

// fourCells is a fourfold table, row by row.
type fourCells struct{ a, b, c, d float64 }

func (t fourCells) n() float64 { return t.a + t.b + t.c + t.d }

func newFourCells(name string, table [][]float64) (fourCells, error) {
	if _, err := checkCells(name, table); err != nil {
		return fourCells{}, err
	}
	if len(table) != 2 || len(table[0]) != 2 {
		return fourCells{}, refuse(name, Invalid, 0, 0, "the table has %d rows and %d columns, not 2 and 2", len(table), len(table[0]))
	}
	return fourCells{table[0][0], table[0][1], table[1][0], table[1][1]}, nil
}

// twoRows refuses a fourfold table with an empty row.
func twoRows(name string, table [][]float64) (fourCells, error) {
	t, err := newFourCells(name, table)
	if err == nil && (t.a+t.b == 0 || t.c+t.d == 0) {
		err = refuse(name, TooFew, int(t.n()), 0, "a row of the table is empty")
	}
	return t, err
}

// halves returns the table with ½ added to each count, and a warning that says so.
func (t fourCells) halves() (fourCells, []string) {
	return fourCells{t.a + 0.5, t.b + 0.5, t.c + 0.5, t.d + 0.5},
		[]string{fmt.Sprintf("a count is 0: 1/2 is added to each of %g, %g, %g, %g", t.a, t.b, t.c, t.d)}
}
