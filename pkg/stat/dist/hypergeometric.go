package dist

import "math"

// Hypergeometric is the number of successes among Draws from a Population that
// holds Successes, without replacement.
type Hypergeometric struct{ Population, Successes, Draws int64 }

func (d Hypergeometric) valid() bool {
	return d.Population >= 0 && d.Successes >= 0 && d.Draws >= 0 &&
		d.Successes <= d.Population && d.Draws <= d.Population && d.Population <= 1<<52
}

func (d Hypergeometric) support() (low, high float64) {
	return float64(max(0, d.Draws+d.Successes-d.Population)), float64(min(d.Draws, d.Successes))
}

// LogPMF returns ln P(X = k) as a ratio of binomial probabilities of the same
// chance of success [1]. It is −Inf outside of the support.
//
// [1] Loader (2000), Fast and Accurate Computation of Binomial Probabilities.
func (d Hypergeometric) LogPMF(k int64) float64 {
	if !d.valid() {
		return math.NaN()
	}
	if low, high := d.support(); float64(k) < low || float64(k) > high {
		return math.Inf(-1)
	}
	if d.Draws == 0 || d.Draws == d.Population {
		return 0
	}
	// Any p would do; that of the draws makes every term moderate.
	n, m, r := float64(d.Population), float64(d.Successes), float64(d.Draws)
	return logChoose(m, float64(k), r/n, r, n) + logChoose(n-m, r-float64(k), r/n, r, n) - logChoose(n, r, r/n, r, n)
}

// logChoose returns ln of C(m, x)·pˣ·(1−p)ᵐ⁻ˣ for p = r/n.
func logChoose(m, x, p, r, n float64) float64 {
	y := m - x
	switch {
	case m == 0:
		return 0
	case x == 0:
		return m * math.Log1p(-p)
	case y == 0:
		return m * math.Log(p)
	}
	distance := math.FMA(m, r, -x*n) / n
	return 0.5*math.Log(m/x/y) - halfLog2Pi +
		StirlingError(m) - StirlingError(x) - StirlingError(y) -
		deviance(x, distance, math.Log(p)+math.Log(m/x)) - deviance(y, -distance, math.Log1p(-p)+math.Log(m/y))
}

func (d Hypergeometric) tails(x float64) (lower, upper float64) {
	k := math.Floor(x)
	n, m, r := float64(d.Population), float64(d.Successes), float64(d.Draws)
	low, high := d.support()
	if k < (r+1)*(m+1)/(n+2) {
		sum, term := 1.0, 1.0
		for i := k; i > low && term > sum*1e-18; i-- {
			term *= i * (n - m - r + i) / ((m - i + 1) * (r - i + 1))
			sum += term
		}
		lower = d.LogPMF(int64(k)) + math.Log(sum)
		return lower, log1mExp(math.Min(lower, 0))
	}
	sum, term := 1.0, 1.0
	for i := k + 1; i < high && term > sum*1e-18; i++ {
		term *= (m - i) * (r - i) / ((i + 1) * (n - m - r + i + 1))
		sum += term
	}
	upper = d.LogPMF(int64(k)+1) + math.Log(sum)
	return log1mExp(math.Min(upper, 0)), upper
}

// Quantile returns the least k with P(X ≤ k) ≥ p.
func (d Hypergeometric) Quantile(p float64) float64 { return wholeQuantile(d, p) }

// InvSF returns the least k with P(X > k) ≤ q.
func (d Hypergeometric) InvSF(q float64) float64 { return wholeInvSF(d, q) }

// FisherHypergeometric is Fisher's noncentral hypergeometric distribution: that
// of the count a of a fourfold table with fixed margins, when the odds of
// success among the drawn are Odds > 0 times those among the rest:
//
//	P(X = k) ∝ C(m, k)·C(N−m, r−k)·Oddsᵏ
//
// The conditional interval of an odds ratio inverts it.
type FisherHypergeometric struct {
	Population, Successes, Draws int64
	Odds                         float64
}

func (d FisherHypergeometric) central() Hypergeometric {
	return Hypergeometric{d.Population, d.Successes, d.Draws}
}

func (d FisherHypergeometric) valid() bool {
	return d.central().valid() && d.Odds > 0 && !math.IsInf(d.Odds, 1)
}

func (d FisherHypergeometric) support() (low, high float64) { return d.central().support() }

// ratio returns P(X = k+1)/P(X = k).
func (d FisherHypergeometric) ratio(k float64) float64 {
	n, m, r := float64(d.Population), float64(d.Successes), float64(d.Draws)
	return (m - k) * (r - k) / ((k + 1) * (n - m - r + k + 1)) * d.Odds
}

// mode returns the most probable count: the root of ratio(k−1) = 1, rounded down.
func (d FisherHypergeometric) mode() float64 {
	low, high := d.support()
	for low < high {
		middle := math.Floor(low + (high-low)/2)
		if d.ratio(middle) >= 1 {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// LogPMF returns ln P(X = k). It is −Inf outside of the support.
func (d FisherHypergeometric) LogPMF(k int64) float64 {
	if !d.valid() {
		return math.NaN()
	}
	low, high := d.support()
	x := float64(k)
	if x < low || x > high {
		return math.Inf(-1)
	}
	return d.relative(x) - math.Log(d.below(d.mode())+d.above(d.mode())-1)
}

// relative returns ln of P(X = k)/P(X = mode).
func (d FisherHypergeometric) relative(k float64) float64 {
	c, mode := d.central(), d.mode()
	return c.LogPMF(int64(k)) - c.LogPMF(int64(mode)) + (k-mode)*math.Log(d.Odds)
}

// below returns P(X ≤ k)/P(X = k) for k at or below the mode, above P(X ≥ k)/P(X = k)
// for k at or above it.
func (d FisherHypergeometric) below(k float64) float64 {
	low, _ := d.support()
	sum, term := 1.0, 1.0
	for i := k; i > low && term > sum*1e-18; i-- {
		term /= d.ratio(i - 1)
		sum += term
	}
	return sum
}

func (d FisherHypergeometric) above(k float64) float64 {
	_, high := d.support()
	sum, term := 1.0, 1.0
	for i := k; i < high && term > sum*1e-18; i++ {
		term *= d.ratio(i)
		sum += term
	}
	return sum
}

func (d FisherHypergeometric) tails(x float64) (lower, upper float64) {
	k, mode := math.Floor(x), d.mode()
	total := math.Log(d.below(mode) + d.above(mode) - 1)
	if k < mode {
		lower = math.Min(0, d.relative(k)+math.Log(d.below(k))-total)
		return lower, log1mExp(lower)
	}
	upper = math.Min(0, d.relative(k+1)+math.Log(d.above(k+1))-total)
	return log1mExp(upper), upper
}

// Quantile returns the least k with P(X ≤ k) ≥ p.
func (d FisherHypergeometric) Quantile(p float64) float64 { return wholeQuantile(d, p) }

// InvSF returns the least k with P(X > k) ≤ q.
func (d FisherHypergeometric) InvSF(q float64) float64 { return wholeInvSF(d, q) }
