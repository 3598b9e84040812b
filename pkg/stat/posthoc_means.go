package stat

import (
	"math"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// TukeyHSD compares the means of all pairs of groups [1], by Kramer's form for
// unequal sizes [2]:
//
//	q = |x̄_b − x̄_a| / √(MS/2·(1/n_a + 1/n_b))
//
// with the mean square MS within groups, of N − k degrees of freedom. The p-value
// is that of a studentized range of k groups, and the interval x̄_b − x̄_a ± q·se:
// all comparisons together keep the error rate, exactly for normal observations of
// equal variance in groups of one size, and conservatively otherwise [3]. Where
// variances differ see GamesHowell.
//
// [1] Tukey (1953), The Problem of Multiple Comparisons.
// [2] Kramer (1956), Biometrics 12 (3): 307-310.
// [3] Hayter (1984), Annals of Statistics 12 (1): 61-75.
func TukeyHSD(groups [][]float64, o Options) (Result, error) {
	const test = "tukey_hsd"
	o, l, err := comparedMeans(test, groups, 1, o, "tukey_kramer")
	if err != nil {
		return Result{}, err
	}
	law := dist.StudentizedRange{K: len(groups), DF: l.df}
	critical := criticalRange(law, o.Level) / math.Sqrt2
	return compareAll(test, len(groups), l.sizes(), o, func(a, b int) (Comparison, error) {
		diff, se := l.groups[b].minus(l.groups[a]), l.se(a, b)
		q := math.Abs(diff) / se * math.Sqrt2
		return Comparison{A: a, B: b, Interval: about(diff, critical*se, o.Level, l.pairN(a, b), o.Method),
			Statistic: q, DF: []float64{l.df}, LogP: law.LogSF(q)}, nil
	})
}

// GamesHowell compares the means of all pairs of groups without taking their
// variances for equal [1]:
//
//	q = |x̄_b − x̄_a| / √((s²_a/n_a + s²_b/n_b)/2)
//
// is compared with the studentized range of k groups with Welch's degrees of
// freedom for the pair. It keeps the error rate closely from about six
// observations in a group; in smaller groups it is liberal. It needs two
// observations in each group and refuses two groups that both do not vary.
//
// [1] Games, Howell (1976), Journal of Educational Statistics 1 (2): 113-125.
func GamesHowell(groups [][]float64, o Options) (Result, error) {
	const test = "games_howell"
	o, l, err := comparedMeans(test, groups, 2, o, "games_howell")
	if err != nil {
		return Result{}, err
	}
	return compareAll(test, len(groups), l.sizes(), o, func(a, b int) (Comparison, error) {
		ga, gb := l.groups[a], l.groups[b]
		va, vb := ga.variance/ga.n, gb.variance/gb.n
		se := math.Sqrt(va + vb)
		if se == 0 {
			return Comparison{}, refuse(test, Constant, l.pairN(a, b), 0, "the values of groups %d and %d do not vary", a, b)
		}
		wa, wb := va/(va+vb), vb/(va+vb)
		df := 1 / (wa*wa/(ga.n-1) + wb*wb/(gb.n-1))
		law := dist.StudentizedRange{K: len(groups), DF: df}
		diff := gb.minus(ga)
		q := math.Abs(diff) / se * math.Sqrt2
		half := criticalRange(law, o.Level) / math.Sqrt2 * se
		return Comparison{A: a, B: b, Interval: about(diff, half, o.Level, l.pairN(a, b), o.Method),
			Statistic: q, DF: []float64{df}, LogP: law.LogSF(q)}, nil
	})
}

// Scheffe compares the means of all pairs of groups by Scheffé's method [1], which
// holds for all contrasts at once and so is wide for pairs: prefer TukeyHSD
// unless contrasts were picked after a look at the data.
//
//	F = (x̄_b − x̄_a)² / (MS·(1/n_a + 1/n_b)·(k − 1))
//
// with k − 1 and N − k degrees of freedom.
//
// [1] Scheffé (1953), Biometrika 40 (1-2): 87-104.
func Scheffe(groups [][]float64, o Options) (Result, error) {
	const test = "scheffe"
	o, l, err := comparedMeans(test, groups, 1, o, "scheffe")
	if err != nil {
		return Result{}, err
	}
	d1 := float64(len(groups) - 1)
	law := dist.F{D1: d1, D2: l.df}
	critical := math.Sqrt(d1 * law.InvSF(1-o.Level))
	return compareAll(test, len(groups), l.sizes(), o, func(a, b int) (Comparison, error) {
		diff, se := l.groups[b].minus(l.groups[a]), l.se(a, b)
		t := diff / se
		f := t * t / d1
		return Comparison{A: a, B: b, Interval: about(diff, critical*se, o.Level, l.pairN(a, b), o.Method),
			Statistic: f, DF: []float64{d1, l.df}, LogP: law.LogSF(f)}, nil
	})
}

// PairwiseT compares the means of all pairs of groups by t tests with the mean
// square within all groups:
//
//	t = (x̄_b − x̄_a) / √(MS·(1/n_a + 1/n_b)) with N − k degrees of freedom
//
// The method is the adjustment of the p-values, Holm's unless another is asked
// for: see Adjust. The intervals are those of Bonferroni, which all hold at once,
// but for the method "none".
func PairwiseT(groups [][]float64, o Options) (Result, error) {
	const test = "pairwise_t"
	o, l, err := comparedMeans(test, groups, 1, o, familywise...)
	if err != nil {
		return Result{}, err
	}
	tail, method := simultaneous(o, pairsOf(len(groups)))
	critical := dist.T{DF: l.df}.InvSF(tail)
	return compareAll(test, len(groups), l.sizes(), o, func(a, b int) (Comparison, error) {
		diff, se := l.groups[b].minus(l.groups[a]), l.se(a, b)
		return Comparison{A: a, B: b, Interval: about(diff, critical*se, o.Level, l.pairN(a, b), method),
			Statistic: diff / se, DF: []float64{l.df}, LogP: twoSidedT(diff/se, l.df)}, nil
	})
}

// Dunnett compares the mean of each group with that of the first, the control [1]:
//
//	t = (x̄_b − x̄_0) / √(MS·(1/n_0 + 1/n_b))
//
// with the mean square MS within all groups, of N − k degrees of freedom. The
// p-value is the chance that the largest of the k − 1 statistics, which share the
// control and correlate by √(n_a/(n_0+n_a))·√(n_b/(n_0+n_b)), is as large; it is
// computed by quadrature, without randomness, for any sizes. Alternatives greater
// and less say that treatments exceed the control or fall short. The intervals are
// two-sided always and hold all at once. It is exact for normal observations of
// equal variance.
//
// [1] Dunnett (1955), JASA 50 (272): 1096-1121.
func Dunnett(groups [][]float64, o Options) (Result, error) {
	const test = "dunnett"
	o, err := o.resolve(test, "exact")
	if err != nil {
		return Result{}, err
	}
	l, err := newLayout(test, groups, 1)
	switch {
	case err != nil:
		return Result{}, err
	case len(groups) > maxTreatments+1:
		return Result{}, refuse(test, TooLarge, len(groups), 0, "%d treatments are more than %d", len(groups)-1, maxTreatments)
	}
	control := l.groups[0]
	law := dist.Dunnett{DF: l.df}
	for _, g := range l.groups[1:] {
		law.Lambda = append(law.Lambda, math.Sqrt(g.n/(control.n+g.n)))
	}
	critical := law.InvSF(1 - o.Level)
	var list []Comparison
	for b := 1; b < len(groups); b++ {
		diff, se := l.groups[b].minus(control), l.se(0, b)
		t := diff / se
		list = append(list, Comparison{A: 0, B: b, Interval: about(diff, critical*se, o.Level, l.pairN(0, b), "dunnett"),
			Statistic: t, DF: []float64{l.df}, LogP: dunnettLogP(law, t, o.Alternative)})
	}
	return compared(test, l.sizes(), o, list)
}

// maxTreatments bounds how many treatments are compared with a control.
const maxTreatments = 50

func dunnettLogP(law dist.Dunnett, t float64, alternative Alternative) float64 {
	switch alternative {
	case Greater:
		return law.OneSidedLogSF(t)
	case Less:
		return law.OneSidedLogSF(-t)
	}
	return law.LogSF(math.Abs(t))
}

// criticalRange returns the studentized range that is exceeded with probability
// 1 − level: law.InvSF by secants of the logarithm of the tail from Bonferroni's
// bound, which needs a third of its evaluations.
func criticalRange(law dist.StudentizedRange, level float64) float64 {
	target, pairs := math.Log(1-level), float64(pairsOf(law.K))
	gap := func(q float64) float64 { return law.LogSF(q) - target }
	tail := (1 - level) / (2 * pairs)
	a := math.Sqrt2 * dist.Normal{}.InvSF(tail)
	if !math.IsInf(law.DF, 1) {
		a = math.Sqrt2 * dist.T{DF: law.DF}.InvSF(tail)
	}
	fa := gap(a)
	b := a * 0.97
	for range 15 {
		fb := gap(b)
		step := fb * (b - a) / (fb - fa)
		switch {
		case fb == 0:
			return b
		case math.Abs(step) <= 1e-9*b:
			return b - step
		}
		if a, fa, b = b, fb, b-step; !(b > 0 && b < 1e6) {
			break
		}
	}
	return law.InvSF(1 - level)
}

// comparedMeans returns the options and the layout of a comparison of means.
func comparedMeans(test string, groups [][]float64, least int, o Options, methods ...string) (Options, layout, error) {
	o, err := o.comparing(test, methods...)
	if err != nil {
		return o, layout{}, err
	}
	l, err := newLayout(test, groups, least)
	return o, l, err
}

// pairN returns how many observations two groups have.
func (l layout) pairN(a, b int) int { return int(l.groups[a].n + l.groups[b].n) }
