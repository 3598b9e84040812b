package stat

import "math"

// Contrast tests a question asked of the means of k groups before the data were
// seen: whether L = Σ cᵢμᵢ, with weights that sum to 0, is Options.Mu. Weights
// (−1, ½, ½) set the mean of two treatments against the control, (−1, 0, 1) ask
// for a linear trend.
//
//	t = (Σ cᵢx̄ᵢ − mu)/√V
//
// Methods:
//
//   - welch, the default: V = Σ cᵢ²sᵢ²/nᵢ, with Satterthwaite's degrees of freedom
//     V²/Σ((cᵢ²sᵢ²/nᵢ)²/(nᵢ − 1)) [1], for variances that may differ; each group with
//     a weight needs two values;
//   - pooled: V = s² Σ cᵢ²/nᵢ with s² and the N − k degrees of freedom of Anova, for
//     equal variances. The squares of k − 1 orthogonal contrasts then average, with
//     equal sizes, to F.
//
// With weights (−1, 1) these are the tests of WelchT and StudentT. Where several
// contrasts are tested, adjust their p-values.
//
// [1] Satterthwaite (1946), Biometrics Bulletin 2 (6): 110-114.
func Contrast(groups [][]float64, weights []float64, o Options) (Result, error) {
	const test = "contrast"
	o, err := o.resolve(test, "welch", "pooled")
	if err != nil {
		return Result{}, err
	}
	if err := checkContrast(test, len(groups), weights); err != nil {
		return Result{}, err
	}
	l, err := newOneWay(test, groups, 1)
	if err != nil {
		return Result{}, err
	}
	var e tEstimate
	if o.Method == "pooled" {
		e, err = l.pooledContrast(weights)
	} else {
		e, err = l.welchContrast(weights)
	}
	if err != nil {
		return Result{}, err
	}
	var value twoSum
	for i, c := range weights {
		value.add(c * l.offset(i)) // what all means have in common cancels
	}
	e.value = value.value()
	e.shift = e.value - o.Mu
	return e.result(test, l.n, o)
}

// checkContrast refuses weights that are not those of a contrast of k means.
func checkContrast(test string, k int, weights []float64) error {
	if len(weights) != k {
		return badOption(test, "%d weights for %d groups", len(weights), k)
	}
	total, size := 0.0, 0.0
	for i, c := range weights {
		if c-c != 0 {
			return badOption(test, "weight %d is %v", i, c)
		}
		total += c
		size += math.Abs(c)
	}
	if size == 0 || math.Abs(total) > 1e-9*size || size-size != 0 {
		return badOption(test, "the weights sum to %v: those of a contrast sum to 0, and are not all 0", total)
	}
	return nil
}

func (l *oneWayLayout) pooledContrast(weights []float64) (tEstimate, error) {
	df := float64(l.total - len(l.n))
	if df < 1 {
		return tEstimate{}, refuse(l.test, TooFew, l.total, len(l.n)+1, "no group has two values, so that nothing measures variation within groups")
	}
	within := l.residual()
	if within == 0 {
		return tEstimate{}, refuse(l.test, Constant, l.total, 0, "the values do not vary within the groups")
	}
	inverse := 0.0
	for i, c := range weights {
		inverse += c * c / float64(l.n[i])
	}
	return tEstimate{se: math.Sqrt(within / df * inverse), df: df}, nil
}

func (l *oneWayLayout) welchContrast(weights []float64) (tEstimate, error) {
	total, below := 0.0, 0.0
	parts := make([]float64, len(weights))
	for i, c := range weights {
		if c == 0 {
			continue
		}
		if l.n[i] < 2 {
			return tEstimate{}, refuse(l.test, TooFew, l.n[i], 2, "too few observations in group %d", i)
		}
		parts[i] = c * c * l.variance(i) / float64(l.n[i])
		total += parts[i]
	}
	if total == 0 {
		return tEstimate{}, refuse(l.test, Constant, l.total, 0, "the values do not vary within the groups that have a weight")
	}
	for i, v := range parts {
		if v > 0 {
			share := v / total
			below += share * share / float64(l.n[i]-1)
		}
	}
	return tEstimate{se: math.Sqrt(total), df: 1 / below}, nil
}
