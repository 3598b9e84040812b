package stat

import "math"

// sum returns the compensated sum of f over x, after Neumaier [1]: its error does
// not grow with the number of terms.
//
// [1] Neumaier (1974), ZAMM 54 (1): 39-51.
func sum(x []float64, f func(float64) float64) float64 {
	total, lost := 0.0, 0.0
	for _, v := range x {
		v = f(v)
		next := total + v
		if math.Abs(total) >= math.Abs(v) {
			lost += (total - next) + v
		} else {
			lost += (v - next) + total
		}
		total = next
	}
	return total + lost
}

// sumOf returns the compensated sum of x, as sum does, without branches [1].
//
// [1] Knuth (1969), The Art of Computer Programming 2, 4.2.2, theorem B.
func sumOf(x []float64) float64 {
	s, lost := 0.0, 0.0
	for _, v := range x {
		next := s + v
		part := next - s
		lost += (s - (next - part)) + (v - part)
		s = next
	}
	return s + lost
}

// sumSquares returns the compensated sum of (v − from)² over x.
func sumSquares(x []float64, from float64) float64 {
	s, lost := 0.0, 0.0
	for _, v := range x {
		d := v - from
		v = d * d
		next := s + v
		part := next - s
		lost += (s - (next - part)) + (v - part)
		s = next
	}
	return s + lost
}

// Mean returns the arithmetic mean: the first value plus the mean of the
// differences from it, in compensated summation, so that a large common part
// costs no digits. It refuses an empty sample and values that are not finite.
func Mean(x []float64) (float64, error) {
	m, _, err := moments("mean", x, 1)
	return m, err
}

// Variance returns the sample variance Σ(x − x̄)²/(n − 1), in two passes about
// the mean with compensated sums and the correction of [1]. It refuses samples
// of fewer than two and values that are not finite.
//
// [1] Chan, Golub, LeVeque (1983), The American Statistician 37 (3): 242-247.
func Variance(x []float64) (float64, error) {
	_, v, err := moments("variance", x, 2)
	return v, err
}

// Autocorrelation returns the correlation of a series with itself so many steps
// later [1], which is near 0 where observations are independent of those before:
//
//	r = Σ(xᵢ − x̄)(xᵢ₊ₖ − x̄) / Σ(xᵢ − x̄)²
//
// The first sum has n − k terms, the second n. It refuses a lag below 1, series
// that are not longer than the lag, values that are not finite, and series that do
// not vary.
//
// [1] Box, Jenkins (1976), Time Series Analysis: Forecasting and Control, section 2.1.
func Autocorrelation(x []float64, lag int) (float64, error) {
	const method = "autocorrelation"
	if lag < 1 {
		return 0, badOption(method, "lag %d is below 1", lag)
	}
	c, err := centred(method, x, max(lag, lag+1))
	if err != nil {
		return 0, err
	}
	if c.variance == 0 {
		return 0, refuse(method, Constant, len(x), 0, "all values are equal")
	}
	away := make([]float64, len(x))
	for i, v := range x {
		away[i] = (v - c.first) - c.centre
	}
	products := make([]float64, len(x)-lag)
	for i := range products {
		products[i] = away[i] * away[i+lag]
	}
	same := func(v float64) float64 { return v }
	r := sum(products, same) / sum(away, func(v float64) float64 { return v * v })
	return r, finite(method, len(x), r)
}

// moments returns mean and sample variance; the variance of one value is 0.
func moments(method string, x []float64, need int) (mean, variance float64, err error) {
	c, err := centred(method, x, need)
	return c.first + c.centre, c.variance, err
}

// centredMean is a mean in two parts, which differences of means need: the common
// part of two samples cancels in their first values, and costs no digits.
type centredMean struct {
	first float64
	// centre is the mean of the differences from first.
	centre   float64
	variance float64
	n        float64
}

// centred returns the moments of a sample about its first value, exactly for
// values near it.
func centred(method string, x []float64, need int) (centredMean, error) {
	c := centredMean{n: float64(len(x))}
	if len(x) < need {
		return c, &Refusal{Method: method, Reason: TooFew, N: len(x), Need: need, Detail: "too few observations"}
	}
	if err := checkFinite(method, x); err != nil {
		return c, err
	}
	c.first = x[0]
	// Sums as in sum, but in place, and two at once: this is where tests of many
	// observations spend their time.
	total, lost := 0.0, 0.0
	for _, v := range x {
		total, lost = add(total, lost, v-c.first)
	}
	c.centre = (total + lost) / c.n
	if len(x) > 1 {
		squares, lostSquares, rest, lostRest := 0.0, 0.0, 0.0, 0.0
		for _, v := range x {
			d := (v - c.first) - c.centre
			squares, lostSquares = add(squares, lostSquares, d*d)
			rest, lostRest = add(rest, lostRest, d)
		}
		rest += lostRest
		c.variance = math.Max(0, squares+lostSquares-rest*rest/c.n) / (c.n - 1)
	}
	return c, finite(method, len(x), c.first+c.centre, c.variance)
}

// add returns a compensated sum with one more term: the rounding error of an
// addition, without a branch, after Knuth [1].
//
// [1] Knuth (1998), The Art of Computer Programming, volume 2, section 4.2.2.
func add(total, lost, v float64) (float64, float64) {
	next := total + v
	part := next - total
	return next, lost + ((total - (next - part)) + (v - part))
}

// minus returns the difference of two means.
func (c centredMean) minus(other centredMean) float64 {
	return (c.first - other.first) + (c.centre - other.centre)
}
