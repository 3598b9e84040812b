package stat

import "math"

// sequentialEffects rotates y by the Householder reflections [1] that bring the
// columns to triangular form, and returns the coordinate of y along each column
// after those before it: the sum of squares that a column adds to a model of those
// before it is the square of its coordinate. What is left of y is behind them.
// Both arguments are overwritten. It returns false where a column lies in the
// space of those before it, to eleven digits.
//
// [1] Golub, Van Loan (2013), Matrix Computations, 4th edition, section 5.2.
func sequentialEffects(columns [][]float64, y []float64) bool {
	for j, c := range columns {
		if j >= len(y) {
			return false
		}
		whole, rest := squares(c[:j]), squares(c[j:])
		norm := math.Sqrt(rest)
		if norm == 0 || rest < 1e-22*(whole+rest) {
			return false
		}
		if c[j] > 0 {
			norm = -norm
		}
		c[j] -= norm // the reflection's vector is now c[j:]
		scale := 1 / (norm * c[j])
		for _, other := range columns[j+1:] {
			addMultiple(other[j:], c[j:], scale)
		}
		addMultiple(y[j:], c[j:], scale)
		c[j] = norm // the diagonal; what is below it is no longer needed
	}
	return true
}

// addMultiple adds the multiple scale·(v·x) of v to x.
func addMultiple(x, v []float64, scale float64) {
	var s twoSum
	for i, a := range v {
		s.add(a * x[i])
	}
	factor := scale * s.value()
	for i, a := range v {
		x[i] += factor * a
	}
}

// squares returns the compensated sum of squares.
func squares(x []float64) float64 {
	var s twoSum
	for _, v := range x {
		s.add(v * v)
	}
	return s.value()
}
