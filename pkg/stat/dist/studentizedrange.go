package dist

import "math"

// StudentizedRange is the range of K independent standard normal variables over
// the root of an independent χ²/DF, for K from 2 to 10,000. DF may be +Inf. With
// Q(z) = P(Z > z), S the root of χ²/ν, and z the least of the K variables [1],
//
//	P(X > q) = E ∫ K·φ(z)·(Q(z)ᴷ⁻¹ − (Q(z) − Q(z+qS))ᴷ⁻¹) dz.
//
// The tail is integrated as such, the difference taken from the ratio of both
// terms, and both integrals by the trapezoidal rule, which converges
// exponentially for them. K = 2 is √2·|T|.
//
// [1] Hartley (1942), Biometrika 32 (3/4): 334-348.
type StudentizedRange struct {
	K  int
	DF float64
}

func (d StudentizedRange) valid() bool { return d.K >= 2 && d.K <= 10000 && d.DF >= leastRoot }

func (d StudentizedRange) support() (low, high float64) { return 0, math.Inf(1) }

func (d StudentizedRange) tails(q float64) (lower, upper float64) {
	if d.K == 2 {
		upper, lower = T{d.DF}.bothSides(q / math.Sqrt2)
		return lower, upper
	}
	if q == 0 {
		return math.Inf(-1), 0
	}
	if k := float64(d.K); q*math.Sqrt(1+k/d.DF) < 1e-9 {
		lower = d.nearZero(q)
		return lower, log1mExp(lower)
	}
	if upper = d.logUpper(q); upper < -0.1 {
		return log1mExp(upper), upper
	}
	lower = chiTail(d.DF, 0, d.change(q), func(s float64) float64 { return rangeLogCDF(float64(d.K), q*s) })
	return lower, log1mExp(lower)
}

// logUpper returns ln P(X > q) alone.
func (d StudentizedRange) logUpper(q float64) float64 {
	if k := float64(d.K); d.K == 2 || q*math.Sqrt(1+k/d.DF) < 1e-9 {
		_, upper := d.tails(q)
		return upper
	}
	r := newRangeTail(d.K)
	return chiTail(d.DF, outsideStart(d.DF, q, 0.25), d.change(q), func(s float64) float64 { return r.logSF(q * s) })
}

// change is the factor by which S changes the tail beyond q·S, which many variables
// make steeper, the more so where S varies much.
func (d StudentizedRange) change(q float64) float64 {
	many := math.Log(float64(d.K) / 3)
	return q / math.Sqrt2 * (1 + 0.3*many + 0.1*many*many/d.DF)
}

// nearZero returns ln P(X ≤ q) for tiny q, K·qᴷ⁻¹·E Sᴷ⁻¹·∫ φᴷ.
func (d StudentizedRange) nearZero(q float64) float64 {
	k, m := float64(d.K), float64(d.K-1)
	moment := 0.0
	if d.DF <= maxDF {
		moment = m/2*math.Log(2/d.DF) + logGamma((d.DF+m)/2) - logGamma(d.DF/2)
	}
	return 0.5*math.Log(k) + m*(math.Log(q)-halfLog2Pi) + moment
}

// start takes the K(K−1)/2 differences for independent, as they nearly are far out.
func (d StudentizedRange) start(logP float64, upper bool) float64 {
	if !upper {
		return 1
	}
	pairs := float64(d.K) * float64(d.K-1)
	return math.Sqrt2 * T{d.DF}.start(math.Min(logP-math.Log(pairs), -1), true)
}

// rangeTail computes P(range of k normal variables > w) for many w: it keeps
// what depends on the least variable alone, at multiples of a step.
type rangeTail struct {
	k           int
	step, least float64
	// above and below hold, for z = i·step with i ≥ 0 and z = −i·step with i > 0,
	// what does not depend on w.
	above, below []rangePoint
}

// rangePoint is k·φ(z)·Q(z)ᵏ⁻¹ and 1/(2Q(z)).
type rangePoint struct{ weight, scale float64 }

func newRangeTail(k int) *rangeTail {
	f := float64(k)
	r := &rangeTail{k: k, step: 0.5 / (1 + 0.5*math.Log(f/2))}
	r.least = math.Sqrt(2 * math.Log(f))
	return r
}

// point returns the values at z = i·step.
func (r *rangeTail) point(i int) rangePoint {
	list, at, sign := &r.above, i, 1.0
	if i < 0 {
		list, at, sign = &r.below, -i-1, -1
	}
	for len(*list) <= at {
		n := len(*list)
		if i < 0 {
			n++
		}
		z := sign * float64(n) * r.step
		q := normalSF(z)
		*list = append(*list, rangePoint{
			weight: float64(r.k) * math.Exp(normalLogPDF(z)+float64(r.k-1)*normalLogSF(z)),
			scale:  0.5 / q,
		})
	}
	return (*list)[at]
}

// logSF returns ln P(range > w). Far out it is the sum of the chances of all
// pairs: that two pairs lie so far apart is rarer by more than k·exp(−w²/12).
func (r *rangeTail) logSF(w float64) float64 {
	if k := float64(r.k); !(w*w <= 12*(45+math.Log(k))) {
		return math.Log(k*(k-1)) + normalLogSF(w/math.Sqrt2)
	}
	from := int(math.Round(-math.Max(w/2, math.Min(r.least, w)) / r.step))
	sum := 0.0
	for _, direction := range [...]int{1, -1} {
		i, last := from, 0.0
		if direction < 0 {
			i--
		}
		for ; ; i += direction {
			z := float64(i) * r.step
			p := r.point(i)
			ratio := p.scale * math.Erfc((z+w)/math.Sqrt2)
			term := p.weight * anyOf(ratio, r.k-1)
			sum += term
			if term < 1e-16*sum && term < last || term == 0 && (z > 1 || z < -40) {
				break
			}
			last = term
		}
	}
	return math.Min(0, math.Log(sum*r.step))
}

// rangeLogCDF returns ln P(range ≤ w).
func rangeLogCDF(k, w float64) float64 {
	return math.Log(k) + smoothIntegral(func(z float64) float64 {
		return normalLogPDF(z) + (k-1)*logNormalBetween(z, w)
	}, -w/2, 0.5)
}

// logNormalBetween returns ln P(z < Z ≤ z+w).
func logNormalBetween(z, w float64) float64 {
	if w < 0.5 {
		// φ(middle)·∫ exp(−middle·v − v²/2) over |v| < w/2.
		middle := z + w/2
		return normalLogPDF(middle) + math.Log(rule20(func(v float64) float64 {
			return math.Exp(-v * (middle + v/2))
		}, -w/2, w/2))
	}
	if z < 0 && z+w > 0 {
		return math.Log1p(-(normalSF(-z) + normalSF(z+w)))
	}
	if z < 0 {
		z = -z - w
	}
	upper := normalLogSF(z)
	return upper + math.Log(-math.Expm1(normalLogSF(z+w)-upper))
}
