package power

import (
	"math"

	"github.com/crucible-go/crucible/pkg/stat"
	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// McNemarMethod is how the power of McNemar's test is found.
type McNemarMethod string

// The methods.
const (
	// McNemarExact sums the power of the exact binomial test over the number of
	// pairs that differ, which is binomial itself.
	McNemarExact McNemarMethod = "exact"
	// McNemarMidP does so for the test by mid-p-values.
	McNemarMidP McNemarMethod = "midp"
	// Miettinen is the normal approximation given the discordant pairs [1].
	Miettinen McNemarMethod = "miettinen"
	// Connor is the simpler one [2], a little larger in n than need be.
	Connor McNemarMethod = "connor"
)

// McNemar is McNemar's test of two proportions measured on the same n items. The
// effect is δ = p₀₁ − p₁₀, the probability that only the second condition is right
// less that only the first is, which is the difference of the proportions. Power
// depends on the probability ψ = p₀₁ + p₁₀ that a pair differs too, so P10 is
// given, or Discordant, and stays as the effect changes.
//
// Taking the n of independent groups and multiplying by 1 − ρ is wrong by as much
// as a factor of two; this is computed from the pairs that differ. With d = |δ|,
//
//	miettinen  Φ((√(nψ)·d − z·ψ) / √(ψ² − d²(3+ψ)/4))
//	connor     Φ((√n·d − z·√ψ) / √(ψ − d²))
//
// [1] Miettinen (1968), Biometrics 24 (2): 339-352.
// [2] Connor (1987), Biometrics 43 (1): 207-211.
type McNemar struct {
	Alpha       float64
	Alternative stat.Alternative
	Method      McNemarMethod
	// P10 is the probability that only the first condition is right. It counts if
	// Discordant is 0.
	P10 float64
	// Discordant is the probability that a pair differs.
	Discordant float64
}

// cells returns p₁₀ and p₀₁ for an effect.
func (m McNemar) cells(effect float64) (p10, p01 float64) {
	if m.Discordant > 0 {
		return (m.Discordant - effect) / 2, (m.Discordant + effect) / 2
	}
	return m.P10, m.P10 + effect
}

func (m McNemar) check() error {
	if !(m.Discordant >= 0 && m.Discordant <= 1) {
		return refuse(stat.Invalid, "probability %v of a discordant pair is outside [0, 1]", m.Discordant)
	}
	if m.Discordant == 0 && !(m.P10 >= 0 && m.P10 <= 1) {
		return refuse(stat.Invalid, "p10 = %v is outside [0, 1]", m.P10)
	}
	return checkLevel(m.Alpha, m.Alternative)
}

func (m McNemar) enumerates() bool { return m.Method == McNemarExact || m.Method == McNemarMidP }

func (m McNemar) limits() limits {
	l := limits{least: 2, most: 1e12}
	if m.enumerates() {
		l.whole, l.most = true, 2e6
	}
	switch {
	case m.Discordant > 0:
		l.effect = sized(m.Discordant, m.Alternative)
	case m.Alternative == stat.Less:
		l.effect = -m.P10
	default:
		l.effect = 1 - 2*m.P10
		if l.effect <= 0 { // no room above
			l.effect = -m.P10
		}
	}
	return l
}

// Power implements Design. n counts pairs, and the effect is p₀₁ − p₁₀.
func (m McNemar) Power(n, effect float64) float64 {
	p10, p01 := m.cells(effect)
	p10, p01 = clip(p10), clip(p01)
	if !(n >= 1) || !(p10 >= 0 && p01 >= 0 && p10+p01 <= 1+1e-12) || m.check() != nil {
		return math.NaN()
	}
	discordant := math.Min(1, p10+p01)
	if discordant == 0 {
		return 0
	}
	if m.enumerates() {
		return m.exact(math.Floor(n), discordant, p01/(p10+p01))
	}
	towards := p01 - p10
	switch m.Alternative {
	case stat.Less:
		towards = -towards
	case stat.TwoSided:
		towards = math.Abs(towards)
	}
	z := dist.Normal{}.InvSF(tailLevel(m.Alpha, m.Alternative))
	var x, spread float64
	if m.Method == Miettinen {
		x = math.Sqrt(n*discordant)*towards - z*discordant
		spread = math.Sqrt(discordant*discordant - towards*towards*(3+discordant)/4)
	} else {
		x = math.Sqrt(n)*towards - z*math.Sqrt(discordant)
		spread = math.Sqrt(discordant - towards*towards)
	}
	if !(spread > 0) {
		if x > 0 {
			return 1
		}
		return 0
	}
	return dist.Normal{}.CDF(x / spread)
}

// clip takes rounding off a probability.
func clip(p float64) float64 {
	if p < 0 && p > -1e-12 {
		return 0
	}
	return p
}

// exact sums over the number of pairs that differ.
func (m McNemar) exact(n, discordant, share float64) float64 {
	pairs := dist.Binomial{N: int64(n), P: discordant}
	from, to := int64(pairs.Quantile(1e-17)), int64(pairs.InvSF(1e-17))
	level := tailLevel(m.Alpha, m.Alternative)
	total := 0.0
	bound := int64(-1) // the greatest count of the rarer kind that rejects
	for d := from; d <= to; d++ {
		weight := math.Exp(pairs.LogPMF(d))
		half := dist.Binomial{N: d, P: 0.5}
		if d == from {
			bound = int64(half.Quantile(math.Min(level, 0.5))) + 1
		} else {
			bound++ // it grows by at most one with each pair
		}
		for bound >= 0 && !m.rejects(half, bound, level) {
			bound--
		}
		given := dist.Binomial{N: d, P: share}
		reject := 0.0
		if m.Alternative != stat.Greater && bound >= 0 {
			reject += given.CDF(float64(bound))
		}
		if m.Alternative != stat.Less && bound >= 0 {
			reject += given.SF(float64(d - bound - 1))
		}
		total += weight * math.Min(1, reject)
	}
	return math.Min(1, total)
}

// rejects reports whether a count of the rarer kind rejects on one side.
func (m McNemar) rejects(half dist.Binomial, count int64, level float64) bool {
	if m.Alternative == stat.TwoSided && 2*count >= half.N {
		return false // both tails meet: p is 1
	}
	p := half.CDF(float64(count))
	if m.Method == McNemarMidP {
		p -= 0.5 * math.Exp(half.LogPMF(count))
	}
	return p <= level*(1+1e-12)
}
