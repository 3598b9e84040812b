package stat

import "math"

// PairedItems compares two models that answered the same items several times each:
// control[i] and treatment[i] hold the scores of the answers to item i, any number
// each. Its estimate is the mean over items of
//
//	dᵢ = mean(treatment[i]) − mean(control[i])
//
// with the standard error of a mean of independent items, or of clusters of items
// by cr2, see ClusteredMean; clusters may be nil. Answers to one item are no
// independent evidence, and are not counted as if they were.
//
// The variance of dᵢ has two parts [1]: between items, which only more items
// lessen, and within, the noise of the answers, which more answers lessen as well:
//
//	within  = mean over items of s²(treatment)/K + s²(control)/K
//	between = s²(d) − within, or 0 if that is negative
//
// Details hold both, the standard error that unlimited answers would leave, the
// one that would come from comparing the models on different items, and the
// correlation of the models over items, by which pairing gains. Items with a
// single answer of a model say nothing of the noise and are left out of it.
//
// It refuses items without an answer of both models, by number, and what
// ClusteredMean refuses.
//
// [1] Miller (2024), Adding Error Bars to Evals, arXiv 2411.00640, sections 2 and 4.
func PairedItems(control, treatment [][]float64, clusters []int, o Options) (Result, error) {
	const test = "paired_items"
	n := len(control)
	if n != len(treatment) {
		return Result{}, refuse(test, Unpaired, min(n, len(treatment)), 0, "%d and %d items are not pairs", n, len(treatment))
	}
	before, after := make([]float64, n), make([]float64, n)
	within, counted := 0.0, 0
	for i := range control {
		if len(control[i]) == 0 || len(treatment[i]) == 0 {
			return Result{}, refuse(test, Unpaired, n, 0, "item %d was not answered by both models", i)
		}
		first, noise, err := moments(test, control[i], 1)
		if err != nil {
			return Result{}, err
		}
		second, more, err := moments(test, treatment[i], 1)
		if err != nil {
			return Result{}, err
		}
		before[i], after[i] = first, second
		if len(control[i]) > 1 && len(treatment[i]) > 1 {
			within += noise/float64(len(control[i])) + more/float64(len(treatment[i]))
			counted++
		}
	}
	out, err := clusteredMean(test, subtract(after, before), clusters, o)
	if err != nil {
		return Result{}, err
	}
	return withItemVariance(out, before, after, within, counted)
}

// withItemVariance adds the parts of the variance.
func withItemVariance(out Result, before, after []float64, within float64, counted int) (Result, error) {
	n := float64(len(before))
	_, first, err := moments(out.Test, before, 2)
	if err != nil {
		return Result{}, err
	}
	_, second, err := moments(out.Test, after, 2)
	if err != nil {
		return Result{}, err
	}
	_, total, err := moments(out.Test, subtract(after, before), 2)
	if err != nil {
		return Result{}, err
	}
	out.Details = append(out.Details, Detail{"variance", total}, Detail{"unpaired_standard_error", math.Sqrt((first + second) / n)})
	if first > 0 && second > 0 {
		// s²(y − x) = s²(x) + s²(y) − 2·cov.
		r := (first + second - total) / (2 * math.Sqrt(first) * math.Sqrt(second))
		out.Details = append(out.Details, Detail{"correlation", math.Max(-1, math.Min(1, r))})
	}
	if counted == 0 {
		out.Warnings = append(out.Warnings, "no item has two answers of both models: the noise of answers is not known")
		return out, nil
	}
	within /= float64(counted)
	between := math.Max(0, total-within)
	out.Details = append(out.Details, Detail{"variance_within", within}, Detail{"variance_between", between},
		Detail{"standard_error_unlimited_answers", math.Sqrt(between / n)})
	return out, nil
}
