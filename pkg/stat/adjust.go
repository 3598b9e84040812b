package stat

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Holm returns p-values adjusted for testing a family of hypotheses at once, in
// the order given, by Holm's step-down procedure [1]: with p₍₁₎ ≤ … ≤ p₍ₘ₎,
//
//	p'₍ᵢ₎ = max over j ≤ i of min(1, (m − j + 1)·p₍ⱼ₎)
//
// Rejecting where p' ≤ α keeps the chance of any false rejection at most α,
// whatever the dependence between the tests. Adjusted values are never below the
// raw ones, never out of their order, and never above Bonferroni's m·p. An empty
// family gives an empty one.
//
// It panics on a NaN or a value outside [0, 1]: no test here returns one, so it
// is a mistake, and to skip it would change the others.
//
// [1] Holm (1979), Scandinavian Journal of Statistics 6 (2): 65-70.
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i, v := range p {
		if !(v >= 0 && v <= 1) {
			panic(fmt.Sprintf("stat: p-value %d is %v", i, v))
		}
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	out, least := make([]float64, len(p)), 0.0
	for rank, i := range order {
		least = math.Max(least, math.Min(1, float64(len(p)-rank)*p[i]))
		out[i] = least
	}
	return out
}
