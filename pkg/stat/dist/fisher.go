package dist

import "math"

// F is Fisher's distribution of a ratio of variances with D1 and D2 > 0 degrees
// of freedom. One of them may be +Inf: a variance that is known.
type F struct{ D1, D2 float64 }

func (d F) valid() bool {
	return d.D1 >= minDF && d.D2 >= minDF && (d.D1 <= maxDF || d.D2 <= maxDF)
}

func (d F) support() (low, high float64) { return 0, math.Inf(1) }

func (d F) tails(x float64) (lower, upper float64) {
	switch {
	case d.D2 > maxDF:
		return ChiSquared{d.D1}.tails(d.D1 * x)
	case d.D1 > maxDF:
		upper, lower = ChiSquared{d.D2}.tails(d.D2 / math.Abs(x)) // also of -0
		return lower, upper
	}
	return fPoint(x, d.D1, d.D2).tails()
}

// fPoint returns the point of odds d1·x/d2, whose distance from the mean is
// known from x − 1 without cancellation.
func fPoint(x, d1, d2 float64) betaPoint {
	w, distance := x*(d1/d2), d2/2
	if !math.IsInf(w, 1) {
		distance = (x - 1) / (1 + w) * (d1 / 2)
	}
	return betaRatio(d1/2, d2/2, w, math.Log(x)+math.Log(d1/d2), distance)
}

// ChiSquared is the chi-squared distribution with DF > 0 degrees of freedom:
// P(X ≤ x) is the incomplete gamma function P(DF/2, x/2).
type ChiSquared struct{ DF float64 }

func (d ChiSquared) valid() bool { return validDF(d.DF) }

func (d ChiSquared) support() (low, high float64) { return 0, math.Inf(1) }

func (d ChiSquared) tails(x float64) (lower, upper float64) {
	return gammaTails(d.DF/2, x/2, math.Log(x)-math.Ln2)
}

// start is the cube of a normal quantile [1], or the leading power near 0.
//
// [1] Wilson, Hilferty (1931), PNAS 17 (12): 684-688.
func (d ChiSquared) start(logP float64, upper bool) float64 {
	z := normalQuantile(logP)
	if !upper {
		z = -z
	}
	v := 2 / (9 * d.DF)
	if c := 1 - v + z*math.Sqrt(v); c > 0.2 {
		return d.DF * c * c * c
	}
	a := d.DF / 2
	return 2 * math.Exp((logP+math.Log(a)+logGamma(a))/a)
}

// Beta is the beta distribution with shapes A and B > 0.
type Beta struct{ A, B float64 }

func (d Beta) valid() bool { return validDF(d.A) && validDF(d.B) }

func (d Beta) support() (low, high float64) { return 0, 1 }

func (d Beta) tails(x float64) (lower, upper float64) { return betaAt(d.A, d.B, x).tails() }
