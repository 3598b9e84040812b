package dist

import "math"

// Correlation is the distribution of Pearson's r of N ≥ 3 pairs from a bivariate
// normal distribution with correlation Rho within (−1, 1), whose density is [1]
//
//	(n−2)/π·(1−ρ²)^((n−1)/2)·(1−r²)^((n−4)/2) · ∫ (cosh w − ρr)^−(n−1) dw from 0.
//
// [1] Hotelling (1953), JRSS B 15 (2): 193-232.
type Correlation struct {
	N   int
	Rho float64
}

func (d Correlation) valid() bool { return d.N >= 3 && d.Rho > -1 && d.Rho < 1 }

func (d Correlation) support() (low, high float64) { return -1, 1 }

func (d Correlation) tails(r float64) (lower, upper float64) {
	n := float64(d.N)
	if d.Rho == 0 {
		return T{n - 2}.tails(r * math.Sqrt((n-2)/((1-r)*(1+r))))
	}
	// With a standard deviation of y given, √(n−2)·r/√(1−r²) is noncentral t with
	// delta ρ/√(1−ρ²) times the root of a χ² of x with n−1 degrees of freedom.
	t := r * math.Sqrt((n-2)/((1-r)*(1+r)))
	delta := d.Rho / math.Sqrt((1-d.Rho)*(1+d.Rho)) * math.Sqrt(n-1)
	tail := func(up bool) float64 {
		return math.Min(0, chiIntegral(n-1, func(s float64) float64 {
			lo, hi := NoncentralT{n - 2, delta * s}.tails(t)
			if up {
				return hi
			}
			return lo
		}))
	}
	if upper = tail(true); upper < -1 {
		return log1mExp(upper), upper
	}
	lower = tail(false)
	return lower, log1mExp(lower)
}
