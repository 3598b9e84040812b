package stat

import "math"

// binomialLogPMF returns the logarithm of the binomial probability of k
// successes in n trials, 0 < p < 1, by Loader's saddle-point expansion [1]:
//
//	½·ln(n / 2πk(n−k)) + δ(n) − δ(k) − δ(n−k) − D(k, np) − D(n−k, nq)
//
// Its error does not grow with n as that of three log-gammas does.
//
// [1] Loader (2000), Fast and Accurate Computation of Binomial Probabilities.
func binomialLogPMF(k, n int, p float64) float64 {
	q := 1 - p
	switch {
	case k < 0 || k > n:
		return math.Inf(-1)
	case k == 0:
		return float64(n) * math.Log1p(-p)
	case k == n:
		return float64(n) * math.Log(p)
	}
	x, m, y := float64(k), float64(n), float64(n-k)
	return 0.5*math.Log(m/(2*math.Pi*x*y)) +
		stirlingError(n) - stirlingError(k) - stirlingError(n-k) -
		deviance(x, m*p) - deviance(y, m*q)
}

// stirlingError returns δ(n) = ln n! − ln(√(2πn)·(n/e)ⁿ).
func stirlingError(n int) float64 {
	m := float64(n)
	if n < 16 {
		factorial := 1.0
		for i := 2; i <= n; i++ {
			factorial *= float64(i)
		}
		return math.Log(factorial) - (m+0.5)*math.Log(m) + m - 0.5*math.Log(2*math.Pi)
	}
	mm := m * m
	return (1.0/12 - (1.0/360-(1.0/1260-(1.0/1680-1.0/1188/mm)/mm)/mm)/mm) / m
}

// deviance returns D(x, μ) = x·ln(x/μ) + μ − x, without cancellation for x close
// to μ.
func deviance(x, mu float64) float64 {
	d := x - mu
	if math.Abs(d) >= 0.1*(x+mu) {
		return x*math.Log(x/mu) - d
	}
	v := d / (x + mu)
	sum, term := d*v, 2*x*v
	for j := 1.0; ; j++ {
		term *= v * v
		next := sum + term/(2*j+1)
		if next == sum {
			return sum
		}
		sum = next
	}
}

// binomialLogTail returns ln P(X ≤ k) for X binomial with n trials: the largest
// term times the sum of the ratios of the terms to it, all positive. It is meant
// for k below the mean, where that sum is short.
func binomialLogTail(k, n int, p float64) float64 {
	odds := (1 - p) / p
	sum, ratio := 1.0, 1.0
	for i := k; i > 0; i-- {
		ratio *= float64(i) / float64(n-i+1) * odds
		sum += ratio
		if ratio < sum*1e-18 {
			break
		}
	}
	return binomialLogPMF(k, n, p) + math.Log(sum)
}

// binomialCDF returns P(X ≤ k) for X binomial with n trials.
func binomialCDF(k, n int, p float64) float64 {
	switch {
	case k < 0:
		return 0
	case k >= n:
		return 1
	case float64(k) > float64(n)*p:
		return 1 - math.Exp(binomialLogTail(n-k-1, n, 1-p))
	}
	return math.Exp(binomialLogTail(k, n, p))
}
