package stat

import (
	"errors"
	"math"
)

// SignTest tests whether the median of the differences y − x of pairs is mu, by
// the number of those above it, the statistic [1]: of the n that differ from mu
// it is binomial with ½ under the null hypothesis, whatever the distribution. The
// p-value is exact, two-sided twice the smaller tail. It asks for no symmetry, and
// pays for it with power: see WilcoxonSignedRank.
//
// The estimate is the median of all differences. The interval lies between two of
// them, and covers the median of the population with the level attained at least:
// see QuantileInterval. Where there are too few for the level there is no
// interval, and a warning.
//
// It refuses samples of unequal length, empty ones, values that are not finite,
// and pairs of which none differs from mu.
//
// [1] Dixon, Mood (1946), JASA 41 (236): 557-566.
func SignTest(x, y []float64, o Options) (Result, error) {
	const test = "sign"
	d, err := differences(test, x, y)
	if err != nil {
		return Result{}, err
	}
	return signTest(test, d, o)
}

// SignOneSample tests whether the median of a population is mu: SignTest of
// differences that are given.
func SignOneSample(x []float64, o Options) (Result, error) {
	const test = "sign"
	if err := checkFinite(test, x); err != nil {
		return Result{}, err
	}
	return signTest(test, x, o)
}

func signTest(test string, d []float64, o Options) (Result, error) {
	o, err := o.resolve(test, "exact")
	if err != nil {
		return Result{}, err
	}
	if len(d) == 0 {
		return Result{}, refuse(test, TooFew, 0, 1, "there are no pairs")
	}
	above, below := 0, 0
	for _, v := range d {
		if v > o.Mu {
			above++
		} else if v < o.Mu {
			below++
		}
	}
	n := above + below
	if n == 0 {
		return Result{}, refuse(test, Constant, len(d), 0, "no pair differs from mu = %g", o.Mu)
	}
	r := Result{Test: test, Method: o.Method, Alternative: o.Alternative, N: []int{len(d)}, Statistic: float64(above),
		Details: []Detail{{"above", float64(above)}, {"below", float64(below)}, {"ties", float64(len(d) - n)}}}
	i, err := QuantileInterval(d, 0.5, o.Level)
	if err != nil {
		var refused *Refusal
		if !errors.As(err, &refused) || refused.Reason != Unbounded {
			return Result{}, err
		}
		i = Interval{Estimate: i.Estimate, N: i.N, Method: i.Method}
		r.Warnings = append(r.Warnings, refused.Detail)
	}
	r.Interval = &i
	if err := finite(test, len(d), i.Estimate, i.Low, i.High); err != nil {
		return Result{}, err
	}
	return r.withP(halfLogP(above, n, o.Alternative)), nil
}

// halfLogP returns the p-value of k successes in n trials of probability ½.
func halfLogP(k, n int, alternative Alternative) float64 {
	switch alternative {
	case Greater:
		return halfLogTail(n-k, n)
	case Less:
		return halfLogTail(k, n)
	}
	if 2*k == n {
		return 0
	}
	return math.Min(0, math.Ln2+halfLogTail(min(k, n-k), n))
}

// halfLogTail returns ln P(X ≤ k) for X binomial with n and ½.
func halfLogTail(k, n int) float64 {
	if 2*k >= n {
		if k >= n {
			return 0
		}
		return math.Log1p(-math.Exp(halfLogTail(n-k-1, n)))
	}
	// Terms fall from the k-th on: P(k−1)/P(k) = k/(n−k+1).
	sum, term := 0.0, 1.0
	for i := k; i >= 0 && term > sum*1e-18; i-- {
		sum += term
		term *= float64(i) / float64(n-i+1)
	}
	return binomialLogPMF(k, n, 0.5) + math.Log(sum)
}
