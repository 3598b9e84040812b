package power

import (
	"math"

	"github.com/crucible-go/crucible/pkg/stat"
	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// Correlation is the test that Pearson's correlation of n pairs is 0. The effect
// is the true correlation ρ. The exact method takes the power from the
// distribution of r in samples from a bivariate normal distribution; FisherZ
// takes artanh(r) + r/(2(n−1)) for normal with variance 1/(n−3) [1], which needs
// no integrals and is off by a percent for small n.
//
// [1] Cohen (1988), Statistical Power Analysis, 12.7.2.
type Correlation struct {
	Alpha       float64
	Alternative stat.Alternative
	FisherZ     bool
}

func (c Correlation) check() error { return checkLevel(c.Alpha, c.Alternative) }

func (c Correlation) limits() limits {
	return limits{least: 4, most: 1e7, effect: sized(0.9999, c.Alternative), whole: false}
}

// Power implements Design. The effect is ρ; the exact method takes the whole part
// of n, and for other n the line between its neighbours.
func (c Correlation) Power(n, effect float64) float64 {
	if !(n >= 4) || !(effect > -1 && effect < 1) || c.check() != nil {
		return math.NaN()
	}
	if c.FisherZ {
		return c.normal(n, effect)
	}
	whole := math.Floor(n)
	at := c.exact(whole, effect)
	if n == whole {
		return at
	}
	return at + (n-whole)*(c.exact(whole+1, effect)-at)
}

// critical returns the least r that rejects.
func (c Correlation) critical(n float64) float64 {
	t := dist.T{DF: n - 2}.InvSF(tailLevel(c.Alpha, c.Alternative))
	return t / math.Sqrt(t*t+n-2)
}

func (c Correlation) exact(n, rho float64) float64 {
	r := c.critical(n)
	under := dist.Correlation{N: int(n), Rho: rho}
	switch c.Alternative {
	case stat.Greater:
		return under.SF(r)
	case stat.Less:
		return under.CDF(-r)
	}
	return math.Min(1, under.SF(r)+under.CDF(-r))
}

func (c Correlation) normal(n, rho float64) float64 {
	r, root := c.critical(n), math.Sqrt(n-3)
	centre := math.Atanh(rho) + rho/(2*(n-1))
	bound := math.Atanh(r)
	normal := dist.Normal{}
	switch c.Alternative {
	case stat.Greater:
		return normal.CDF((centre - bound) * root)
	case stat.Less:
		return normal.CDF((-centre - bound) * root)
	}
	return math.Min(1, normal.CDF((centre-bound)*root)+normal.CDF((-centre-bound)*root))
}
