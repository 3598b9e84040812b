package power

import (
	"math"

	"github.com/crucible-go/crucible/pkg/stat"
	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// ProportionMethod is how the power of a comparison of two proportions is found.
type ProportionMethod string

// The methods.
const (
	// Normal takes the pooled z statistic for normal [1].
	Normal ProportionMethod = "normal"
	// Arcsine takes 2·arcsin√p for normal with variance 1/n: Cohen's h [2].
	Arcsine ProportionMethod = "arcsine"
	// Exact enumerates all outcomes of Fisher's exact test.
	Exact ProportionMethod = "exact"
	// ExactZ enumerates all outcomes of the pooled z test. Its size is not alpha.
	ExactZ ProportionMethod = "exact_z"
)

// TwoProportions is the comparison of two independent proportions, the first of
// which is P1. The effect is P2 − P1. n counts the first group, the second has
// Ratio·n, rounded by the exact methods. For clusters see TTest; the exact methods
// have none.
//
// The power of the normal method is, with p̄ the pooled proportion,
//
//	Φ((|p₂−p₁| − z·√(p̄q̄(1/n₁+1/n₂))) / √(p₁q₁/n₁ + p₂q₂/n₂))
//
// and the same beyond the other bound for two sides.
//
// [1] Fleiss, Levin, Paik (2003), Statistical Methods for Rates and Proportions, 4.
// [2] Cohen (1988), Statistical Power Analysis, 6.
type TwoProportions struct {
	Alpha       float64
	Alternative stat.Alternative
	Method      ProportionMethod
	P1, Ratio   float64
	// ClusterSize is 1 for observations that are independent.
	ClusterSize, ICC float64
}

func (t TwoProportions) exact() bool { return t.Method == Exact || t.Method == ExactZ }

func (t TwoProportions) check() error {
	if err := checkLevel(t.Alpha, t.Alternative); err != nil {
		return err
	}
	switch {
	case !(t.P1 >= 0 && t.P1 <= 1):
		return refuse(stat.Invalid, "p1 = %v is outside [0, 1]", t.P1)
	case !(t.Ratio >= 1e-3 && t.Ratio <= 1e3):
		return refuse(stat.BadOption, "ratio %v is outside 0.001 to 1000", t.Ratio)
	case t.exact() && (t.ClusterSize != 1 || t.ICC != 0):
		return refuse(stat.BadOption, "method %s takes no clusters: normal and arcsine do", t.Method)
	}
	return checkClusters(t.ClusterSize, t.ICC)
}

func (t TwoProportions) limits() limits {
	l := limits{least: 2 * t.ClusterSize, most: 1e12, step: t.ClusterSize, whole: t.exact()}
	if l.whole {
		l.most = math.Floor(exactMost / math.Max(1, t.Ratio))
		l.least = math.Ceil(math.Max(2, 1/t.Ratio))
	}
	switch t.Alternative {
	case stat.Less:
		l.effect = -t.P1
	case stat.Greater:
		l.effect = 1 - t.P1
	default:
		// Upwards, unless p1 leaves no room there.
		if l.effect = 1 - t.P1; l.effect < 1e-9 {
			l.effect = -t.P1
		}
	}
	return l
}

// exactMost bounds the size of a group that is enumerated.
const exactMost = 20000

// Power implements Design. The effect is P2 − P1.
func (t TwoProportions) Power(n, effect float64) float64 {
	p1, p2 := t.P1, t.P1+effect
	if p2 > -1e-12 && p2 < 0 || p2 > 1 && p2 < 1+1e-12 {
		p2 = math.Round(p2)
	}
	if !(n >= 1) || !(p2 >= 0 && p2 <= 1) || t.check() != nil {
		return math.NaN()
	}
	if t.exact() {
		return t.enumerate(math.Floor(n), math.Max(1, math.Round(t.Ratio*math.Floor(n))), p2)
	}
	n1 := n / DesignEffect(t.ClusterSize, t.ICC)
	n2 := n1 * t.Ratio
	z := dist.Normal{}.InvSF(tailLevel(t.Alpha, t.Alternative))
	if t.Method == Arcsine {
		return arcsinePower(CohenH(p1, p2)*math.Sqrt(n1*n2/(n1+n2)), z, t.Alternative)
	}
	pooled := (n1*p1 + n2*p2) / (n1 + n2)
	bound := z * math.Sqrt(pooled*(1-pooled)*(1/n1+1/n2))
	spread := math.Sqrt(p1*(1-p1)/n1 + p2*(1-p2)/n2)
	over := func(x float64) float64 { // P(difference > bound) for a difference of x
		if spread == 0 {
			if x > bound {
				return 1
			}
			return 0
		}
		return dist.Normal{}.CDF((x - bound) / spread)
	}
	switch t.Alternative {
	case stat.Greater:
		return over(p2 - p1)
	case stat.Less:
		return over(p1 - p2)
	}
	return math.Min(1, over(p2-p1)+over(p1-p2))
}

// CohenH returns 2·arcsin√p₂ − 2·arcsin√p₁.
func CohenH(p1, p2 float64) float64 {
	return 2*math.Asin(math.Sqrt(p2)) - 2*math.Asin(math.Sqrt(p1))
}

// arcsinePower returns the power of a normal statistic of mean shift.
func arcsinePower(shift, z float64, alternative side) float64 {
	normal := dist.Normal{}
	switch alternative {
	case stat.Greater:
		return normal.CDF(shift - z)
	case stat.Less:
		return normal.CDF(-shift - z)
	}
	return math.Min(1, normal.CDF(shift-z)+normal.CDF(-shift-z))
}

// CohensH is the comparison of two proportions by Cohen's h where the proportions
// themselves are not given; see Arcsine.
type CohensH struct {
	Alpha            float64
	Alternative      stat.Alternative
	Ratio            float64
	ClusterSize, ICC float64
}

func (c CohensH) check() error {
	return TwoProportions{Alpha: c.Alpha, Alternative: c.Alternative, P1: 0.5, Ratio: c.Ratio,
		ClusterSize: c.ClusterSize, ICC: c.ICC}.check()
}

func (c CohensH) limits() limits {
	return limits{least: 2 * c.ClusterSize, most: 1e12, step: c.ClusterSize, effect: sized(math.Pi, c.Alternative)}
}

// Power implements Design. The effect is h.
func (c CohensH) Power(n, effect float64) float64 {
	if !(n > 0) || c.check() != nil {
		return math.NaN()
	}
	n1 := n / DesignEffect(c.ClusterSize, c.ICC)
	n2 := n1 * c.Ratio
	z := dist.Normal{}.InvSF(tailLevel(c.Alpha, c.Alternative))
	return arcsinePower(effect*math.Sqrt(n1*n2/(n1+n2)), z, c.Alternative)
}
