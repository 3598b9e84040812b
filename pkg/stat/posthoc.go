package stat

import (
	"fmt"
	"math"
	"slices"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// familywise lists the adjustments of comparisons two by two, the default first.
var familywise = slices.DeleteFunc(slices.Clone(adjustments), func(m string) bool { return m == "tsbh" || m == "tsbky" })

// FamilywiseAdjustments returns the methods of those procedures that compare
// groups two by two and adjust the p-values afterwards, the default first.
func FamilywiseAdjustments() []string { return slices.Clone(familywise) }

// compareAll returns the result of a procedure that compares every two of k groups
// as one says, with p-values adjusted by o.Method where that is an adjustment.
func compareAll(test string, k int, n []int, o Options, one func(a, b int) (Comparison, error)) (Result, error) {
	limit := maxGroups
	switch test {
	case "tukey_hsd", "pairwise_wilcoxon":
		limit = maxSlowGroups
	case "games_howell":
		limit = maxSlowestGroups
	}
	if k > limit {
		return Result{}, refuse(test, TooLarge, k, 0, "%d groups are more than the %d that are compared two by two", k, limit)
	}
	var list []Comparison
	for a := range k {
		for b := a + 1; b < k; b++ {
			c, err := one(a, b)
			if err != nil {
				return Result{}, err
			}
			list = append(list, c)
		}
	}
	if slices.Contains(familywise, o.Method) {
		logs := make([]float64, len(list))
		for i, c := range list {
			logs[i] = c.LogP
		}
		for i, v := range adjustLogs(logs, o.Method) {
			list[i].LogP = v
		}
	}
	return compared(test, n, o, list)
}

// compared returns a result of comparisons whose LogP are known.
func compared(test string, n []int, o Options, list []Comparison) (Result, error) {
	out := Result{Test: test, Method: o.Method, Alternative: o.Alternative, N: n, Comparisons: list}
	small := 0
	for i := range list {
		c := &list[i]
		c.LogP = math.Min(c.LogP, 0)
		if c.P = math.Exp(c.LogP); c.P < SmallestP {
			c.P = SmallestP
			small++
		}
		numbers := []float64{c.Statistic, c.LogP}
		if c.Interval != nil {
			numbers = append(numbers, c.Interval.Estimate, c.Interval.Low, c.Interval.High)
		}
		if err := finite(test, len(list), numbers...); err != nil {
			return Result{}, err
		}
	}
	if small > 0 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("%d p-values are below %g: see their logarithms", small, SmallestP))
	}
	return out, nil
}

// about returns an interval of half a width about an estimate.
func about(estimate, half, level float64, n int, method string) *Interval {
	return &Interval{Estimate: estimate, Low: estimate - half, High: estimate + half, Level: level, N: n, Method: method}
}

// simultaneous returns the chance of an error in either tail that one of the m
// intervals of a family may have, and the name of the method: that of Bonferroni,
// or, where p-values are not adjusted either, that of a single interval.
func simultaneous(o Options, m int) (tail float64, method string) {
	if o.Method == "none" {
		return (1 - o.Level) / 2, "unadjusted"
	}
	return (1 - o.Level) / 2 / float64(m), "bonferroni"
}

// twoSidedT returns ln P(|T| ≥ |t|).
func twoSidedT(t, df float64) float64 { return math.Ln2 + dist.T{DF: df}.LogSF(math.Abs(t)) }

// pairsOf returns how many pairs k groups have.
func pairsOf(k int) int { return k * (k - 1) / 2 }

// comparing resolves the options of a procedure without alternatives.
func (o Options) comparing(test string, methods ...string) (Options, error) {
	o, err := o.resolve(test, methods...)
	if err != nil {
		return o, err
	}
	return o, o.onlyTwoSided(test)
}
