package stat

import (
	"math"
	"slices"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// ICC measures how far the ratings of a subject resemble each other beside those
// of other subjects, by the intraclass correlations of Shrout and Fleiss [1]: rows
// are subjects, columns are judges. With the mean squares of subjects (B), within
// subjects (W), of judges (J) and of the rest (E), for n subjects and k judges:
//
//	1,1  (B − W)/(B + (k−1)W)                   each subject has judges of its own
//	2,1  (B − E)/(B + (k−1)E + k(J − E)/n)      judges are a sample; absolute agreement
//	3,1  (B − E)/(B + (k−1)E)                   these judges only; consistency
//	1,k  (B − W)/B
//	2,k  (B − E)/(B + (J − E)/n)                likewise, of the mean of k judges
//	3,k  (B − E)/B                              Cronbach's alpha
//
// Form is one of these ("2,1" by default). The statistic is F = B/W for form 1, else
// B/E; p is its upper tail. The intervals are those of [1], for 2,1 and 2,k with
// Satterthwaite's degrees of freedom. Details hold the estimates of all six forms.
//
// It refuses rows of unequal length, fewer than two subjects or judges, values that
// are not finite, and ratings that are all equal. Judges who agree exactly get the
// estimate 1 without a test.
//
// [1] Shrout, Fleiss (1979), Psychological Bulletin 86 (2): 420-428; McGraw, Wong
// (1996), Psychological Methods 1 (1): 30-46.
func ICC(ratings [][]float64, form string, o Options) (Result, error) {
	const test = "icc"
	o, err := o.resolvePlain(test, "anova")
	if err != nil {
		return Result{}, err
	}
	if form == "" {
		form = "2,1"
	}
	m, err := newICCMeans(test, ratings)
	if err != nil {
		return Result{}, err
	}
	at := slices.Index(iccForms[:], form)
	if at < 0 {
		return Result{}, badOption(test, "form %q is not one of 1,1 2,1 3,1 1,k 2,k 3,k", form)
	}
	all := m.estimates()
	out := Result{Test: test, Method: "icc(" + form + ")", N: []int{int(m.n), int(m.k)},
		Interval: &Interval{Estimate: all[at], N: int(m.n)}}
	for i, name := range iccForms {
		if !math.IsNaN(all[i]) && !math.IsInf(all[i], 0) {
			out.Details = append(out.Details, Detail{"icc(" + name + ")", all[i]})
		}
	}
	if math.IsNaN(all[at]) || math.IsInf(all[at], 0) {
		return Result{}, refuse(test, Constant, int(m.n), 0, "the subjects do not differ: their means have no reliability")
	}
	rest, df := m.e, []float64{m.n - 1, (m.n - 1) * (m.k - 1)}
	if form[0] == '1' {
		rest, df[1] = m.w, m.n*(m.k-1)
	}
	if rest <= 1e-28*m.total {
		out.Warnings = append(out.Warnings, "the judges leave no variation within subjects: there is no error to test against")
		return out, nil
	}
	out.Statistic, out.DF = m.b/rest, df
	low, high := m.bounds(form, (1-o.Level)/2)
	if form == "2,k" && !(low < high) {
		out.Warnings = append(out.Warnings, "the interval of the mean has no lower bound: the subjects hardly differ")
		return out.withP(dist.F{D1: df[0], D2: df[1]}.LogSF(out.Statistic)), finite(test, int(m.n), out.Statistic)
	}
	low, high = math.Min(low, high), math.Max(low, high)
	out.Interval.Low, out.Interval.High, out.Interval.Level, out.Interval.Method = low, high, o.Level, "shrout_fleiss"
	return out.withP(dist.F{D1: df[0], D2: df[1]}.LogSF(out.Statistic)), finite(test, int(m.n), out.Statistic, low, high)
}

var iccForms = [6]string{"1,1", "2,1", "3,1", "1,k", "2,k", "3,k"}

// iccMeans are the mean squares of subjects, within subjects, of judges and of the
// rest.
type iccMeans struct {
	n, k, b, w, j, e, total float64
}

func newICCMeans(test string, ratings [][]float64) (iccMeans, error) {
	if len(ratings) < 2 {
		return iccMeans{}, refuse(test, TooFew, len(ratings), 2, "needs two subjects (rows)")
	}
	judges := len(ratings[0])
	if judges < 2 {
		return iccMeans{}, refuse(test, TooFew, judges, 2, "needs two judges (columns)")
	}
	var all []float64
	for i, row := range ratings {
		if len(row) != judges {
			return iccMeans{}, refuse(test, Invalid, len(ratings), 0, "row %d has %d ratings, not %d: each judge rates each subject", i, len(row), judges)
		}
		all = append(all, row...)
	}
	all, err := deviations(test, all, 4)
	if err != nil {
		return iccMeans{}, err
	}
	m := iccMeans{n: float64(len(ratings)), k: float64(judges)}
	grand := sum(all, func(v float64) float64 { return v }) / float64(len(all))
	columns := make([]float64, judges)
	rows := make([]float64, len(ratings))
	for i := range rows {
		row := all[i*judges : (i+1)*judges]
		rows[i] = sum(row, func(v float64) float64 { return v - grand }) / m.k
		for j, v := range row {
			columns[j] += (v - grand) / m.n
		}
	}
	for i, r := range rows {
		row := all[i*judges : (i+1)*judges]
		m.b += m.k * r * r
		m.w += sum(row, func(v float64) float64 { d := v - grand - r; return d * d })
		for j, v := range row {
			d := v - grand - r - columns[j]
			m.e += d * d
		}
	}
	for _, c := range columns {
		m.j += m.n * c * c
	}
	m.total = m.b + m.w
	m.b /= m.n - 1
	m.w /= m.n * (m.k - 1)
	m.j /= m.k - 1
	m.e /= (m.n - 1) * (m.k - 1)
	return m, nil
}

// estimates returns the coefficients in the order of iccForms, NaN where subjects
// vary too little for one.
func (m iccMeans) estimates() [6]float64 {
	over := func(a, b float64) float64 {
		if b <= 1e-9*m.total {
			return math.NaN()
		}
		return a / b
	}
	return [6]float64{
		over(m.b-m.w, m.b+(m.k-1)*m.w),
		over(m.b-m.e, m.b+(m.k-1)*m.e+m.k*(m.j-m.e)/m.n),
		over(m.b-m.e, m.b+(m.k-1)*m.e),
		over(m.b-m.w, m.b),
		over(m.b-m.e, m.b+(m.j-m.e)/m.n),
		over(m.b-m.e, m.b),
	}
}

// bounds returns the interval that leaves tail outside at either end.
func (m iccMeans) bounds(form string, tail float64) (low, high float64) {
	if form[0] == '2' {
		low, high = m.absoluteBounds(tail)
		if form == "2,k" {
			low, high = m.ofMeans(low), m.ofMeans(high)
		}
		return low, high
	}
	f, df := m.b/m.e, (m.n-1)*(m.k-1)
	if form[0] == '1' {
		f, df = m.b/m.w, m.n*(m.k-1)
	}
	lower := f / dist.F{D1: m.n - 1, D2: df}.InvSF(tail)
	upper := f * dist.F{D1: df, D2: m.n - 1}.InvSF(tail)
	if form[2] == 'k' {
		return 1 - 1/math.Max(lower, 1e-300), 1 - 1/math.Max(upper, 1e-300)
	}
	return (lower - 1) / (lower + m.k - 1), (upper - 1) / (upper + m.k - 1)
}

// absoluteBounds returns the interval of form 2,1.
func (m iccMeans) absoluteBounds(tail float64) (low, high float64) {
	r := m.estimates()[1]
	fj := m.j / m.e
	a := m.k * r * fj
	b := m.n*(1+(m.k-1)*r) - m.k*r
	df := (m.n - 1) * (m.k - 1) * (a + b) * (a + b) / ((m.n-1)*a*a + b*b)
	df = math.Max(df, 1e-3)
	rest := m.k*m.j + (m.k*m.n-m.k-m.n)*m.e
	// Over f, which for few degrees of freedom is out of range.
	b1 := m.b / dist.F{D1: m.n - 1, D2: df}.InvSF(tail)
	low = m.n * (b1 - m.e) / (rest + m.n*b1)
	f := dist.F{D1: df, D2: m.n - 1}.InvSF(tail)
	high = m.n * (f*m.b - m.e) / (rest + m.n*f*m.b)
	return low, high
}

// ofMeans turns the coefficient of one judge into that of the mean of k, NaN where
// there is none.
func (m iccMeans) ofMeans(r float64) float64 {
	rest := 1 + (m.k-1)*r
	if rest <= 1e-12 {
		return math.NaN()
	}
	return m.k * r / rest
}
