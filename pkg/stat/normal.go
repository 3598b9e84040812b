package stat

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// NormQuantile returns the quantile of the standard normal distribution, the z
// with Φ(z) = p, by Wichura's rational approximations [1], to about 1e-15. It
// panics if p is outside (0, 1).
//
// [1] Wichura (1988), algorithm AS 241, Applied Statistics 37 (3): 477-484.
func NormQuantile(p float64) float64 {
	if !(p > 0 && p < 1) {
		panic(fmt.Sprintf("stat: probability %v outside (0, 1)", p))
	}
	return distuv.UnitNormal.Quantile(p)
}

// zFor returns the z of a two-sided interval: the quantile of (1 + level) / 2,
// taken in the lower tail, where levels close to 1 keep their digits.
func zFor(level float64) float64 {
	checkLevel(level)
	return -NormQuantile((1 - level) / 2)
}

// normalLogSF returns ln P(Z > z) for the standard normal Z: by erfc in the
// middle, and above 5 by Laplace's continued fraction for Mills' ratio, which
// keeps its digits however small the probability.
func normalLogSF(z float64) float64 {
	if z < -5 {
		return math.Log1p(-math.Exp(normalLogSF(-z)))
	}
	if z < 5 {
		return math.Log(0.5 * math.Erfc(z/math.Sqrt2))
	}
	mills := z
	for k := 200.0; k > 0; k-- {
		mills = z + k/mills
	}
	return -z*z/2 - 0.5*math.Log(2*math.Pi) - math.Log(mills)
}
