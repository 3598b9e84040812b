package stat

import "math"

// largest is the greatest magnitude whose square leaves room for sums.
const largest = 1e150

// checkSample refuses fewer than need observations, values that are not finite,
// and values whose squares overflow.
func checkSample(test string, x []float64, need int) error {
	if err := checkFinite(test, x); err != nil {
		return err
	}
	if len(x) < need {
		return refuse(test, TooFew, len(x), need, "too few observations")
	}
	for i, v := range x {
		if math.Abs(v) > largest {
			return refuse(test, NotFinite, len(x), 0, "observation %d is %g, too large to compute with: divide all values by a constant", i, v)
		}
	}
	return nil
}

// deviations returns the values of x less the first, times a power of two that
// brings the largest into [½, 1): both leave every statistic alone that depends
// on neither origin nor unit, and nothing can overflow or vanish. It refuses what
// checkSample refuses and values that are all equal.
func deviations(test string, x []float64, need int) ([]float64, error) {
	if err := checkSample(test, x, need); err != nil {
		return nil, err
	}
	most := 0.0
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = v - x[0]
		if d := math.Abs(out[i]); d > most {
			most = d
		}
	}
	if most == 0 {
		return nil, refuse(test, Constant, len(x), 0, "all %d values are %g: a sample without variation has no shape", len(x), x[0])
	}
	_, e := math.Frexp(most)
	scale := math.Ldexp(1, -max(e, -1000))
	for i := range out {
		out[i] *= scale
	}
	return out, nil
}

// standardScores returns the values of x less their mean, divided by their sample
// standard deviation, in ascending order.
func standardScores(test string, x []float64, need int) ([]float64, error) {
	z, err := deviations(test, x, need)
	if err != nil {
		return nil, err
	}
	z = sortedFloats(z)
	standardise(z)
	return z, nil
}

// standardise turns values, in ascending order, into standard scores.
func standardise(z []float64) {
	n := float64(len(z))
	centre := sumOf(z) / n
	for i := range z {
		z[i] -= centre
	}
	rest := sumOf(z)
	sd := math.Sqrt((sumSquares(z, 0) - rest*rest/n) / (n - 1))
	for i := range z {
		z[i] /= sd
	}
}

// direction returns ln p of a statistic given the logarithms of its lower and
// upper tail, both of which include the value itself.
func direction(a Alternative, lower, upper float64) float64 {
	switch a {
	case Less:
		return lower
	case Greater:
		return upper
	}
	return math.Min(0, math.Ln2+math.Min(lower, upper))
}

// withoutMu refuses a value of the null hypothesis, for tests that have none.
func (o Options) withoutMu(test string) error {
	if o.Mu != 0 {
		return badOption(test, "it has no setting mu: the null hypothesis is fixed")
	}
	return nil
}

// logSumExp returns ln(eᵃ + eᵇ).
func logSumExp(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if math.IsInf(a, -1) {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}
