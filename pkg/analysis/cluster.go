package analysis

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/crucible-go/crucible/pkg/stat"
)

// clusterMean is a mean over observations that come in clusters, with its
// cluster-robust standard error [1]: for cluster totals y and sizes m,
//
//	mean = Σy / Σm
//	se²  = G/(G−1) · Σ(y_g − mean·m_g)² / (Σm)²
//
// on G−1 degrees of freedom. With one observation per cluster it is the
// ordinary mean with s/√n.
//
// [1] Cochran (1977), Sampling Techniques, 3rd ed., section 9A.1 (ratio
// estimator over clusters); Miller (2024), arXiv 2411.00640, section 2.2.
type clusterMean struct {
	mean, se float64
	n        int // observations
	clusters int // with at least one observation
	same     bool
}

// meanBy folds values (NaN for none) whose place belongs to the cluster
// cluster[place/repeat].
func meanBy(values []float64, cluster []int32, clusters, repeat int) clusterMean {
	total, size := make([]float64, clusters), make([]float64, clusters)
	out := clusterMean{same: true}
	var sum, carry, first float64 // Neumaier's sum: the order of magnitude must not matter
	for i, v := range values {
		if math.IsNaN(v) {
			continue
		}
		if out.n == 0 {
			first = v
		}
		out.same = out.same && v == first
		out.n++
		t := sum + v
		if math.Abs(sum) >= math.Abs(v) {
			carry += (sum - t) + v
		} else {
			carry += (v - t) + sum
		}
		sum = t
		g := cluster[i/repeat]
		total[g] += v
		size[g]++
	}
	if out.n == 0 {
		out.mean, out.se = math.NaN(), math.NaN()
		return out
	}
	out.mean = (sum + carry) / float64(out.n)
	if out.same {
		out.mean = first
	}
	var squares float64
	for g, m := range size {
		if m > 0 {
			out.clusters++
			r := total[g] - out.mean*m
			squares += r * r
		}
	}
	if out.clusters < 2 {
		out.se = math.NaN()
		return out
	}
	if out.same {
		return out // exactly 0, without rounding
	}
	c := float64(out.clusters)
	out.se = math.Sqrt(c/(c-1)*squares) / float64(out.n)
	return out
}

// interval is mean ± t·se.
func (m clusterMean) interval(level float64) (low, high float64) {
	h := tQuantile(m.clusters, level) * m.se
	return m.mean - h, m.mean + h
}

// test is the t statistic of mean = 0 and its p values.
func (m clusterMean) test() (t float64, p tails) {
	t = m.mean / m.se
	dist := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(m.clusters - 1)}
	p.greater, p.less = dist.Survival(t), dist.CDF(t)
	p.two = math.Min(1, 2*dist.Survival(math.Abs(t)))
	return t, p
}

// tails are p values against the alternatives: different, greater, less.
type tails struct{ two, greater, less float64 }

// tQuantile is the two-sided critical value of Student's t on clusters − 1
// degrees of freedom.
func tQuantile(clusters int, level float64) float64 {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(clusters - 1)}.Quantile(0.5 + level/2)
}

// effectiveN is the number of independent observations with the variance of the
// clustered share m, with the degrees of freedom taken into account [2]:
//
//	n* = p(1−p)/se² · (z/t)²
//
// at most n. Where the share is 0 or 1 the clusters cannot tell their variance,
// and each counts as one observation.
//
// [2] Dean and Pagano (2015), J. Surv. Stat. Methodol. 3: 484-503; Korn and
// Graubard (1998), Surv. Methodol. 24: 193-201.
func (m clusterMean) effectiveN(level float64) float64 {
	n, g := float64(m.n), float64(m.clusters)
	if m.clusters < 2 {
		return 1
	}
	ratio := distuv.UnitNormal.Quantile(0.5+level/2) / tQuantile(m.clusters, level)
	eff := g
	if v := m.mean * (1 - m.mean); v > 0 && m.se > 0 {
		eff = v / (m.se * m.se)
	}
	return math.Max(1, math.Min(n, eff*ratio*ratio))
}

// wilson is the score interval of Wilson (1927), JASA 22 (158): 209-212, for a
// share of n observations, where n need not be whole as it has to be for
// stat.Wilson:
//
//	(p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n)
func wilson(p, n, level float64) (low, high float64) {
	z := stat.NormQuantile(0.5 + level/2)
	d := 1 + z*z/n
	mid := p + z*z/(2*n)
	h := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	low, high = math.Max(0, (mid-h)/d), math.Min(1, (mid+h)/d)
	switch p { // exactly, without rounding
	case 0:
		low = 0
	case 1:
		high = 1
	}
	return low, high
}
