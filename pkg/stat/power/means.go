package power

import (
	"math"

	"github.com/crucible-go/crucible/pkg/stat"
	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// Samples says what a t test compares.
type Samples int

// The forms of a t test.
const (
	// TwoSamples are independent; the effect is the difference of means in standard
	// deviations, and n counts the first sample.
	TwoSamples Samples = iota
	// Pairs are two conditions on the same items; the effect is the mean of the
	// differences in standard deviations of the differences, d_z.
	Pairs
	// OneSample is compared with a constant.
	OneSample
)

// TTest is Student's test of means. Its power for the standardised effect d is
// that of the noncentral t distribution with ν degrees of freedom and
//
//	δ = d·√(n₁n₂/(n₁+n₂)), ν = n₁+n₂−2      two samples, n₂ = Ratio·n₁
//	δ = d·√n,              ν = n−1           pairs and one sample
//
// Where observations come in clusters of ClusterSize m with intraclass correlation
// ICC, whole clusters belonging to a group, the variance of a mean grows by the
// design effect 1 + (m−1)·ICC and the degrees of freedom count clusters [1]:
// δ is divided by the root of the former, and ν = (n₁+n₂)/m − 2.
//
// [1] Donner, Klar (2000), Design and Analysis of Cluster Randomization Trials, 5.
type TTest struct {
	Samples     Samples
	Alpha       float64
	Alternative stat.Alternative
	// Ratio is n₂/n₁ of two samples.
	Ratio float64
	// ClusterSize is 1 for observations that are independent.
	ClusterSize, ICC float64
}

func (t TTest) check() error {
	if err := checkLevel(t.Alpha, t.Alternative); err != nil {
		return err
	}
	if t.Samples == TwoSamples && !(t.Ratio >= 1e-3 && t.Ratio <= 1e3) {
		return refuse(stat.BadOption, "ratio %v is outside 0.001 to 1000", t.Ratio)
	}
	return checkClusters(t.ClusterSize, t.ICC)
}

func checkClusters(size, icc float64) error {
	switch {
	case !(size >= 1 && size <= 1e6):
		return refuse(stat.BadOption, "clusters of %v: want 1 to a million", size)
	case !(icc >= 0 && icc <= 1):
		return refuse(stat.BadOption, "intraclass correlation %v is outside [0, 1]", icc)
	}
	return nil
}

// DesignEffect returns 1 + (m−1)·ICC, the factor by which clusters of m enlarge the
// variance of a mean [1].
//
// [1] Kish (1965), Survey Sampling, 5.4.
func DesignEffect(size, icc float64) float64 { return 1 + (size-1)*icc }

func (t TTest) limits() limits {
	l := limits{most: 1e10, effect: sized(1e3, t.Alternative), step: t.ClusterSize}
	switch {
	case t.Samples == TwoSamples:
		// Two observations, or clusters, in a group; at least one degree of freedom.
		l.least = 2 * t.ClusterSize * math.Max(1, 1.5/(1+t.Ratio))
	default:
		l.least = 2 * t.ClusterSize
	}
	return l
}

// shape returns the noncentrality for d = 1 and the degrees of freedom.
func (t TTest) shape(n float64) (unit, df float64) {
	if t.Samples == TwoSamples {
		n2 := t.Ratio * n
		unit, df = math.Sqrt(n*n2/(n+n2)), (n+n2)/t.ClusterSize-2
	} else {
		unit, df = math.Sqrt(n), n/t.ClusterSize-1
	}
	return unit / math.Sqrt(DesignEffect(t.ClusterSize, t.ICC)), df
}

// Power implements Design. The effect is d.
func (t TTest) Power(n, effect float64) float64 {
	unit, df := t.shape(n)
	if !(df > 0) || t.check() != nil {
		return math.NaN()
	}
	critical := dist.T{DF: df}.InvSF(tailLevel(t.Alpha, t.Alternative))
	under := dist.NoncentralT{DF: df, Delta: effect * unit}
	switch t.Alternative {
	case stat.Greater:
		return under.SF(critical)
	case stat.Less:
		return under.CDF(-critical)
	}
	return math.Min(1, under.SF(critical)+under.CDF(-critical))
}

// Anova is the one-way analysis of variance of Groups groups of n each. The effect
// is Cohen's f, the standard deviation of the groups' means over that within;
// power is that of the noncentral F distribution with λ = f²·n·Groups.
type Anova struct {
	Alpha  float64
	Groups float64
}

func (a Anova) check() error {
	if a.Groups != math.Floor(a.Groups) || !(a.Groups >= 2 && a.Groups <= 1e6) {
		return refuse(stat.BadOption, "%v groups: want a whole number from 2 to a million", a.Groups)
	}
	return checkLevel(a.Alpha, stat.TwoSided)
}

func (a Anova) limits() limits { return limits{least: 2, most: 1e9, effect: 1e3} }

// Power implements Design. The effect is f, and n counts each group.
func (a Anova) Power(n, effect float64) float64 {
	d1, d2 := a.Groups-1, a.Groups*(n-1)
	if !(d2 > 0) || a.check() != nil {
		return math.NaN()
	}
	critical := dist.F{D1: d1, D2: d2}.InvSF(a.Alpha)
	return dist.NoncentralF{D1: d1, D2: d2, Lambda: effect * effect * n * a.Groups}.SF(critical)
}

// ChiSquare is Pearson's test of contingency or fit with DF degrees of freedom on
// n observations in all. The effect is Cohen's w; power is that of the noncentral
// χ² distribution with λ = n·w², which the statistic follows for large n.
type ChiSquare struct {
	Alpha float64
	DF    float64
}

func (c ChiSquare) check() error {
	if !(c.DF >= 1 && c.DF <= 1e6) {
		return refuse(stat.BadOption, "%v degrees of freedom: want 1 to a million", c.DF)
	}
	return checkLevel(c.Alpha, stat.TwoSided)
}

func (c ChiSquare) limits() limits { return limits{least: 2, most: 1e10, effect: 1e2} }

// Power implements Design. The effect is w.
func (c ChiSquare) Power(n, effect float64) float64 {
	if !(n > 0) || c.check() != nil {
		return math.NaN()
	}
	critical := dist.ChiSquared{DF: c.DF}.InvSF(c.Alpha)
	return dist.NoncentralChiSquared{DF: c.DF, Lambda: n * effect * effect}.SF(critical)
}
