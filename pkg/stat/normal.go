package stat

import (
	"fmt"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// NormQuantile returns the quantile of the standard normal distribution, the z
// with Φ(z) = p, to about 1e-15. It panics if p is outside (0, 1).
func NormQuantile(p float64) float64 {
	if !(p > 0 && p < 1) {
		panic(fmt.Sprintf("stat: probability %v outside (0, 1)", p))
	}
	return dist.Normal{}.Quantile(p)
}

// zFor returns the z of a two-sided interval: the quantile of (1 + level) / 2,
// taken in the lower tail, where levels close to 1 keep their digits.
func zFor(level float64) float64 {
	checkLevel(level)
	return -NormQuantile((1 - level) / 2)
}
