package stat

import "math"

// OddsRatio returns the odds of the first column in the first row over those in
// the second, of a fourfold table with counts a, b and c, d:
//
//	OR = ad/(bc)
//
// with Woolf's interval exp(ln OR ± z·√(1/a + 1/b + 1/c + 1/d)) [1]. Where a count
// is 0, ½ is added to each, for the estimate and the interval [2], with a warning.
// Ratios follow the order of the table, as its odds ratio is written everywhere;
// for the odds of a treatment over those of its control the treatment is the first
// row. It refuses tables with an empty row or column.
//
// The method "exact" gives the conditional estimate and Cornfield's exact interval
// of FisherExact, and refuses tables in which one of them is infinite.
//
// [1] Woolf (1955), Annals of Human Genetics 19 (4): 251-253.
// [2] Haldane (1956), Annals of Human Genetics 20 (4): 309-311.
func OddsRatio(table [][]float64, o Options) (Effect, error) {
	const name = "odds_ratio"
	o, err := Options{Level: o.Level, Method: o.Method}.resolve(name, "woolf", "exact")
	if err != nil {
		return Effect{}, err
	}
	t, err := twoRows(name, table)
	if err != nil {
		return Effect{}, err
	}
	n := int(t.n())
	if t.a+t.c == 0 || t.b+t.d == 0 {
		return Effect{}, refuse(name, Constant, n, 0, "a column of the table is empty: the odds of both rows are the same 0 or infinity")
	}
	if o.Method == "exact" {
		return exactOdds(name, table, n, o.Level)
	}
	var warnings []string
	if t.a*t.b == 0 || t.c*t.d == 0 {
		t, warnings = t.halves()
	}
	e, err := ratio(name, o.Method, n, t.a/t.b*(t.d/t.c), math.Sqrt(1/t.a+1/t.b+1/t.c+1/t.d), o.Level)
	e.Warnings = warnings
	return e, err
}

// exactOdds returns what FisherExact says of an odds ratio.
func exactOdds(name string, table [][]float64, n int, level float64) (Effect, error) {
	r, err := FisherExact(table, Options{Level: level})
	if err != nil {
		return Effect{}, err
	}
	if r.Interval == nil {
		return Effect{}, refuse(name, Unbounded, n, 0, "a count is 0: no odds ratio is too large; the method woolf adds 1/2")
	}
	return newEffect(name, "exact", n, r.Interval.Estimate, r.Interval.Low, r.Interval.High, level)
}

// RiskRatio returns the share of the first column in the first row over that in
// the second, of a fourfold table with counts a, b and c, d:
//
//	RR = p₁/p₂,  p₁ = a/m, m = a+b,  p₂ = c/n, n = c+d
//
// By the default method "katz" the interval is exp(ln RR ± z·√(1/a−1/m+1/c−1/n))
// [1]; where a or c is 0, or both b and d, ½ is added to a and c and 1 to m and n,
// for estimate and interval, with a warning. The method "koopman" inverts the
// score test [2]: the ratios ρ with
//
//	(a − m·p̃₁)²/(m·p̃₁(1−p̃₁)) + (c − n·p̃₂)²/(n·p̃₂(1−p̃₂)) ≤ z²
//
// for the most likely p̃₁ = ρ·p̃₂ given the counts. It covers better in small
// samples, and refuses c = 0, for which no ratio is too large. The order of the
// rows is that of OddsRatio. It refuses tables with an empty row, and those with
// a = c = 0.
//
// [1] Katz, Baptista, Azen, Pike (1978), Biometrics 34 (3): 469-474.
// [2] Koopman (1984), Biometrics 40 (2): 513-517.
func RiskRatio(table [][]float64, o Options) (Effect, error) {
	const name = "risk_ratio"
	o, err := Options{Level: o.Level, Method: o.Method}.resolve(name, "katz", "koopman")
	if err != nil {
		return Effect{}, err
	}
	t, err := twoRows(name, table)
	if err != nil {
		return Effect{}, err
	}
	n := int(t.n())
	switch {
	case t.a+t.c == 0:
		return Effect{}, refuse(name, Constant, n, 0, "the first column is empty: no risk can be compared with none")
	case o.Method == "koopman" && t.c == 0:
		return Effect{}, refuse(name, Unbounded, n, 0, "the first column of the second row is 0: no ratio is too large; the method katz adds 1/2")
	case o.Method == "koopman":
		low, high := koopman(t, zFor(o.Level))
		return newEffect(name, o.Method, n, t.a/(t.a+t.b)*((t.c+t.d)/t.c), low, high, o.Level)
	}
	var warnings []string
	if t.a*t.c == 0 || t.b+t.d == 0 {
		t, warnings = t.halves()
	}
	p1, p2 := t.a/(t.a+t.b), t.c/(t.c+t.d)
	// 1/a − 1/m = b/(a·m)
	e, err := ratio(name, o.Method, n, p1/p2, math.Sqrt(t.b/t.a/(t.a+t.b)+t.d/t.c/(t.c+t.d)), o.Level)
	e.Warnings = warnings
	return e, err
}

// ratio returns an estimate with a normal interval of its logarithm.
func ratio(name, method string, n int, estimate, se, level float64) (Effect, error) {
	factor := math.Exp(zFor(level) * se)
	e, err := newEffect(name, method, n, estimate, estimate/factor, estimate*factor, level)
	if err != nil {
		err = refuse(name, Unbounded, n, 0, "the upper bound is too large for a number")
	}
	return e, err
}

// koopman returns the bounds of the score interval of a ratio, for c > 0.
func koopman(t fourCells, z float64) (low, high float64) {
	m, n := t.a+t.b, t.c+t.d
	// The root of the score, positive where a is more than the ratio has expected:
	// with (a − m·p̃₁)/(1 − p̃₁) + (c − n·p̃₂)/(1 − p̃₂) = 0, it is
	// (a − m·p̃₁)/(1 − p̃₁)·√((1−p̃₁)/(m·p̃₁) + (1−p̃₂)/(n·p̃₂)).
	score := func(logRatio float64) float64 {
		p1, q1, p2, q2 := t.constrained(logRatio)
		spread := math.Sqrt(q1/(m*p1) + q2/(n*p2))
		switch {
		case q1 == 0 && q2 == 0:
			return 0 // both rows are sure, and so are the shares
		case q1 < q2:
			return -excess(t.c, t.d, p2, q2) / q2 * spread
		}
		return excess(t.a, t.b, p1, q1) / q1 * spread
	}
	start := math.Log(max(t.a, 1) / m * (n / t.c))
	if t.a > 0 {
		low = math.Exp(rootBelow(func(x float64) float64 { return z - score(x) }, start, 1))
	}
	high = math.Exp(-rootBelow(func(x float64) float64 { return z + score(-x) }, -start, 1))
	return low, high
}

// constrained returns the most likely shares p₁ and p₂ whose ratio is given by its
// logarithm, and their complements. For a ratio ρ = 1 + δ > 1 of N observations
//
//	N·q₁² − (b + d − δ(m + c))·q₁ − bδ = 0,  p₁ = ρ·p₂
//
// has one root that is not negative; for ρ < 1 the rows change places. Nothing but
// rounding is lost, also where shares are near 0, near 1 or near each other.
func (t fourCells) constrained(logRatio float64) (p1, q1, p2, q2 float64) {
	if logRatio < 0 {
		p2, q2, p1, q1 = fourCells{t.c, t.d, t.a, t.b}.constrained(-logRatio)
		return p1, q1, p2, q2
	}
	m, n, delta := t.a+t.b, t.c+t.d, math.Expm1(logRatio)
	x := (t.b + t.d) - delta*(m+t.c)
	root := math.Sqrt(x*x + 4*(m+n)*t.b*delta)
	if q1 = (x + root) / (2 * (m + n)); x < 0 {
		q1 = 2 * t.b * delta / (root - x)
	}
	q2 = (delta + q1) / (1 + delta)
	p2 = 2 * (t.a + t.c) / ((1+delta)*(m+t.c) + t.a + n + root)
	return (1 + delta) * p2, q1, p2, q2
}

// excess returns how many successes there are above expectation, a − m·p, from
// the smaller of p and q.
func excess(a, b, p, q float64) float64 {
	if p < q {
		return a - (a+b)*p
	}
	return (a+b)*q - b
}

// RiskDifference returns the share of the first column in the second row less that
// in the first, of a fourfold table whose first row is the control:
//
//	D = p₂ − p₁,  p₁ = a/(a+b), p₂ = c/(c+d)
//
// with Newcombe's hybrid score interval [1]: with the Wilson bounds l and u of
// both shares,
//
//	D − √((p₂−l₂)² + (u₁−p₁)²)  to  D + √((u₂−p₂)² + (p₁−l₁)²)
//
// It has width for any table and stays within [−1, 1]. It refuses tables with an
// empty row.
//
// [1] Newcombe (1998), Statistics in Medicine 17 (8): 873-890, method 10.
func RiskDifference(table [][]float64, o Options) (Effect, error) {
	const name = "risk_difference"
	level, err := effectLevel(name, o)
	if err != nil {
		return Effect{}, err
	}
	t, err := twoRows(name, table)
	if err != nil {
		return Effect{}, err
	}
	m, n, z := t.a+t.b, t.c+t.d, zFor(level)
	l1, u1 := wilson(t.a, m, z)
	l2, u2 := wilson(t.c, n, z)
	p1, p2 := t.a/m, t.c/n
	d := determinant(t.b, t.a, t.d, t.c) / m / n
	return newEffect(name, "newcombe", int(m+n), d,
		math.Max(-1, d-math.Hypot(p2-l2, u1-p1)), math.Min(1, d+math.Hypot(u2-p2, p1-l1)), level)
}

// CohensH returns the difference of two shares on the scale on which their
// variance does not depend on them [1], of a fourfold table whose first row is the
// control:
//
//	h = 2·asin√p₂ − 2·asin√p₁,  p₁ = a/(a+b), p₂ = c/(c+d)
//
// with the large-sample interval h ± z·√(1/(a+b) + 1/(c+d)), cut to [−π, π]. It
// refuses tables with an empty row. For given shares see HFromProportions.
//
// [1] Cohen (1988), Statistical Power Analysis, 2nd edition, chapter 6.
func CohensH(table [][]float64, o Options) (Effect, error) {
	const name = "cohens_h"
	level, err := effectLevel(name, o)
	if err != nil {
		return Effect{}, err
	}
	t, err := twoRows(name, table)
	if err != nil {
		return Effect{}, err
	}
	m, n := t.a+t.b, t.c+t.d
	// asin√(a/m) is the angle whose tangent is √(a/b).
	h := 2 * (math.Atan2(math.Sqrt(t.c), math.Sqrt(t.d)) - math.Atan2(math.Sqrt(t.a), math.Sqrt(t.b)))
	half := zFor(level) * math.Sqrt(1/m+1/n)
	return newEffect(name, "arcsine", int(m+n), h, math.Max(-math.Pi, h-half), math.Min(math.Pi, h+half), level)
}
