package stat

import "math"

// conditional returns the logarithms of the hypergeometric probabilities of x
// successes in the first sample given s in both, from x = low on. The slice is
// overwritten by the following call.
func (u *unconditional) conditional(s int, buffer []float64) (low int, logPMF []float64) {
	h := hypergeometric{marked: u.m, rest: u.n, draws: s}
	low, high := h.support()
	mode := min(max(int(float64(s+1)*(float64(u.m+1)/float64(u.m+u.n+2))), low), high)
	logPMF = buffer[:high-low+1]
	logPMF[mode-low] = h.logPMF(mode)
	// Products of ratios are taken until they leave the range of a float64.
	base, product := logPMF[mode-low], 1.0
	for x := mode; x < high; x++ {
		if product *= h.ratio(x); product < 1e-280 {
			base, product = base+math.Log(product), 1
		}
		logPMF[x+1-low] = base + math.Log(product)
	}
	base, product = logPMF[mode-low], 1.0
	for x := mode - 1; x >= low; x-- {
		if product /= h.ratio(x); product < 1e-280 {
			base, product = base+math.Log(product), 1
		}
		logPMF[x-low] = base + math.Log(product)
	}
	return low, logPMF
}

// weigh fills logShare with what the extreme tables of each total weigh.
func (u *unconditional) weigh(extreme func(x, y int) bool) {
	buffer := make([]float64, min(u.m, u.n)+1)
	for s := range u.logShare {
		low, logPMF := u.conditional(s, buffer)
		largest, all := math.Inf(-1), true
		for i, v := range logPMF {
			if x := low + i; !extreme(x, s-x) {
				logPMF[i], all = math.Inf(-1), false
				continue
			}
			largest = math.Max(largest, v)
		}
		u.logShare[s] = largest
		if all {
			u.logShare[s] = 0
			continue
		}
		if math.IsInf(largest, -1) {
			continue
		}
		total := 0.0
		for _, v := range logPMF {
			if v > largest-50 {
				total += math.Exp(v - largest)
			}
		}
		u.logShare[s] = math.Min(0, largest+math.Log(total))
	}
}

// boschloo returns the logarithm of the greatest probability, the proportion at
// which it occurs, and Fisher's p-value.
func (u *unconditional) boschloo(alternative Alternative) (logP, at, fisher float64) {
	observed := hypergeometric{marked: u.m, rest: u.n, draws: u.a + u.c}.logP(u.a, alternative)
	limit := observed + likelyTolerance
	if alternative == TwoSided {
		u.weighTwoSided(limit)
	} else {
		for s := range u.logShare {
			u.logShare[s] = hypergeometric{marked: u.m, rest: u.n, draws: s}.widestTail(limit, alternative == Greater)
		}
	}
	logP, at = u.supremum()
	return logP, at, math.Exp(observed)
}

// widestTail returns the greatest logarithm of P(X ≥ x), or of P(X ≤ x) if not up,
// over the x where it is at most limit.
func (h hypergeometric) widestTail(limit float64, up bool) float64 {
	low, high := h.support()
	// Tails shrink from narrow at low to high; find where they are short enough.
	from, to := low-1, high+1 // P(X ≥ from) is too large, P(X ≥ to) is not
	if !up {
		from, to = high+1, low-1
	}
	for to-from > 1 || from-to > 1 {
		if middle := from + (to-from)/2; h.logTail(middle, up) <= limit {
			to = middle
		} else {
			from = middle
		}
	}
	return h.logTail(to, up)
}

// weighTwoSided fills logShare with the tables whose two-sided p-value by minimum
// likelihood has at most a logarithm of limit: the least likely of each total, as
// long as the sum of their probabilities, those of equal ones taken together, is
// within it.
func (u *unconditional) weighTwoSided(limit float64) {
	buffer := make([]float64, min(u.m, u.n)+1)
	for s := range u.logShare {
		_, logPMF := u.conditional(s, buffer)
		share := math.Inf(-1)
		for i, j := 0, len(logPMF)-1; i <= j; {
			next, level := share, math.Min(logPMF[i], logPMF[j])+likelyTolerance
			for ; i <= j && logPMF[i] <= level; i++ {
				next = logAdd(next, logPMF[i])
			}
			for ; j > i && logPMF[j] <= level; j-- {
				next = logAdd(next, logPMF[j])
			}
			if i > j {
				next = 0
			}
			if next > limit {
				break
			}
			share = next
		}
		u.logShare[s] = share
	}
}

// supremum returns the logarithm of the greatest Σ share(s)·binomial(s; N, π) over
// π, and that π.
func (u *unconditional) supremum() (logP, at float64) {
	largest := math.Inf(-1)
	for _, v := range u.logShare {
		largest = math.Max(largest, v)
	}
	share := make([]float64, len(u.logShare))
	for s, v := range u.logShare {
		share[s] = math.Exp(v - largest)
	}
	n := len(share) - 1
	value := func(theta float64) float64 {
		sin, cos := math.Sincos(theta)
		return binomialMean(share, sin*sin, cos*cos)
	}
	// A binomial proportion of n trials has standard deviation 1/(2√n) in theta.
	points := int(4*math.Pi*math.Sqrt(float64(n))) + 8
	step := math.Pi / 2 / float64(points)
	grid := make([]float64, points+1)
	best := 0.0
	for i := range grid {
		grid[i] = value(float64(i) * step)
		best = math.Max(best, grid[i])
	}
	top, where := 0.0, 0.0
	for i, v := range grid {
		if v < 0.9*best || (i > 0 && grid[i-1] > v) || (i < points && grid[i+1] > v) {
			continue
		}
		x, y := maximum(value, math.Max(0, float64(i-1)*step), math.Min(math.Pi/2, float64(i+1)*step))
		if v > y {
			x, y = float64(i)*step, v
		}
		if y > top*(1+1e-14) {
			top, where = y, x
		}
	}
	sin := math.Sin(where)
	return math.Min(0, largest+math.Log(top)), sin * sin
}

// binomialMean returns Σ share(s)·binomial(s; n, p), from the mode outwards.
func binomialMean(share []float64, p, q float64) float64 {
	n := len(share) - 1
	switch {
	case p < 1e-300:
		return share[0]
	case q < 1e-300:
		return share[n]
	}
	mode := min(int(float64(n+1)*p), n)
	start := math.Exp(binomialLogPMFOf(mode, n, p, q))
	total, weight, odds := start*share[mode], start, p/q
	for s := mode; s < n && weight > start*1e-18; s++ {
		weight *= float64(n-s) / float64(s+1) * odds
		total += weight * share[s+1]
	}
	weight = start
	for s := mode; s > 0 && weight > start*1e-18; s-- {
		weight *= float64(s) / (float64(n-s+1) * odds)
		total += weight * share[s-1]
	}
	return total
}

// maximum returns the place and the value of the greatest f between low and high,
// where f has one maximum, by golden sections.
func maximum(f func(float64) float64, low, high float64) (x, y float64) {
	const golden = 0.6180339887498949
	a, b := high-golden*(high-low), low+golden*(high-low)
	fa, fb := f(a), f(b)
	for range 60 {
		if high-low <= 1e-9*math.Max(high, 1e-3) {
			break
		}
		if fa < fb {
			low, a, fa = a, b, fb
			b = low + golden*(high-low)
			fb = f(b)
		} else {
			high, b, fb = b, a, fa
			a = high - golden*(high-low)
			fa = f(a)
		}
	}
	if fa > fb {
		return a, fa
	}
	return b, fb
}
