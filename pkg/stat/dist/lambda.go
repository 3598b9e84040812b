package dist

import "math"

// NoncentralFLambda returns the lambda ≥ 0 with P(F ≤ f) = p for the noncentral
// F: 0 where even the central distribution has P(F ≤ f) ≤ p, +Inf where it lies
// beyond 1e14.
func NoncentralFLambda(f, d1, d2, p float64) float64 {
	return lambdaOfF(f, d1, d2, p, false)
}

// NoncentralFLambdaSF returns the lambda ≥ 0 with P(F > f) = q, likewise 0 where
// even the central distribution has P(F > f) ≥ q.
func NoncentralFLambdaSF(f, d1, d2, q float64) float64 {
	return lambdaOfF(f, d1, d2, q, true)
}

func lambdaOfF(f, d1, d2, p float64, upper bool) float64 {
	if !(NoncentralF{D1: d1, D2: d2}).valid() || !(p > 0 && p < 1) || !(f >= 0) || math.IsInf(f, 1) {
		return math.NaN()
	}
	if d2 > maxDF {
		return lambdaOfChiSquared(d1*f, d1, p, upper)
	}
	s := newLambdaSearch(p, upper, func(l float64) law { return NoncentralF{d1, d2, l} }, f)
	if f*(d1/d2) >= tiny {
		s.mixture = betaMixture(1, 0, d1/2, fPoint(f, d1, d2))
	}
	return s.find(d1*f, d1, 2*d1*f*(d1*f/d2))
}

// NoncentralChiSquaredLambda returns the lambda ≥ 0 with P(X ≤ x) = p for the
// noncentral chi-squared: 0 where even the central distribution has P(X ≤ x) ≤ p,
// +Inf where it lies beyond 1e14.
func NoncentralChiSquaredLambda(x, df, p float64) float64 {
	return lambdaOfChiSquared(x, df, p, false)
}

// NoncentralChiSquaredLambdaSF returns the lambda ≥ 0 with P(X > x) = q, likewise
// 0 where even the central distribution has P(X > x) ≥ q.
func NoncentralChiSquaredLambdaSF(x, df, q float64) float64 {
	return lambdaOfChiSquared(x, df, q, true)
}

func lambdaOfChiSquared(x, df, p float64, upper bool) float64 {
	if !(ChiSquared{df}).valid() || !(p > 0 && p < 1) || !(x >= 0) || math.IsInf(x, 1) {
		return math.NaN()
	}
	s := newLambdaSearch(p, upper, func(l float64) law { return NoncentralChiSquared{df, l} }, x)
	if x >= tiny {
		s.mixture = gammaMixture(1, df/2, x/2, math.Log(x)-math.Ln2)
	}
	return s.find(x, df, 0)
}

// lambdaSearch looks for the noncentrality under which a tail has a probability.
type lambdaSearch struct {
	// p is the probability of the upper or of the lower tail, at most ½ or next to it.
	p     float64
	upper bool
	of    func(lambda float64) law
	x     float64
	// mixture is that of the law, of any mean.
	mixture mixture
}

func newLambdaSearch(p float64, upper bool, of func(float64) law, x float64) lambdaSearch {
	if p > 0.5 {
		p, upper = 1-p, !upper // exact for these p
	}
	return lambdaSearch{p: p, upper: upper, of: of, x: x}
}

// gap returns how far the tail's logarithm lies from where it should, increasing
// with lambda.
func (s lambdaSearch) gap(lambda float64) float64 {
	lower, upper := both(s.of(lambda), s.x)
	if s.upper {
		return upper - math.Log(s.p)
	}
	return math.Log(s.p) - lower
}

// find returns the lambda; the law's numerator, normal, would be at x with mean
// df + lambda and variance 2(df + 2·lambda) + more.
func (s lambdaSearch) find(x, df, more float64) float64 {
	if s.gap(0) >= 0 {
		return 0
	}
	z := normalQuantile(math.Log(s.p))
	if s.upper {
		z = -z
	}
	// (x − df − λ)² = z²·(2df + 4λ + more)
	a, zz := x-df, z*z
	start := a + 2*zz + math.Copysign(math.Sqrt(math.Max(0, 4*zz*(a+zz)+zz*(2*df+more))), z)
	if start = math.Min(math.Max(start, 1e-3), maxLambda/2); math.IsNaN(start) {
		start = maxLambda / 2
	}
	if lambda, ok := s.quick(start); ok {
		return lambda
	}
	lambda := root(s.gap, start, 0, maxLambda)
	if lambda >= maxLambda*(1-1e-9) {
		return math.Inf(1)
	}
	return lambda
}

// quick takes Halley's steps on the logarithm of the mixture, whose central tails
// do not depend on lambda, and says whether few of them were enough. The tails'
// logarithms are concave in lambda, so that steps beyond 0 need only be cut.
func (s lambdaSearch) quick(start float64) (lambda float64, ok bool) {
	if s.mixture.at == nil || s.p < ruleTail {
		return 0, false
	}
	var t mixtureTable
	lambda = start
	for range 20 {
		m := lambda / 2
		if m > tableMean {
			return 0, false
		}
		if !t.covers(m) {
			if t, ok = s.mixture.table(m, s.upper); !ok {
				return 0, false
			}
		}
		p, slope, bend := t.slopes(m)
		step, fine := halley(math.Log(p/s.p), slope/p, bend/p-slope/p*(slope/p))
		if !fine {
			return 0, false
		}
		next := math.Max(2*(m-step), lambda/16)
		if math.Abs(next-lambda) <= 1e-6*lambda {
			return next, true // the next step would be below rounding
		}
		lambda = next
	}
	return 0, false
}

// mixtureTable holds the central tails that a mixture needs for means around one.
type mixtureTable struct {
	offset float64
	upper  bool
	first  float64
	// tail are the tails for the shapes from first on, and step how much lower ones
	// fall, and upper ones grow, to the next.
	tail, step []float64
}

// tableMean is the greatest mean for which a table is worth while.
const tableMean = 1e5

// span returns which Poisson counts have weight for a mean.
func span(m float64) (first, last float64) {
	reach := 9*math.Sqrt(m) + 30
	return math.Max(0, math.Floor(m-reach)), math.Ceil(m + reach)
}

// table returns the tails for means around one, unless they underflow.
func (m mixture) table(mean float64, upper bool) (mixtureTable, bool) {
	first, _ := span(mean / 1.3)
	_, last := span(mean * 1.3)
	n := int(last-first) + 1
	t := mixtureTable{offset: m.offset, upper: upper, first: first, tail: make([]float64, n), step: make([]float64, n)}
	logStep := m.step(m.shape + first)
	t.step[0] = math.Exp(logStep)
	if logStep < -600 {
		return t, false
	}
	for i := 1; i < n; i++ {
		t.step[i] = t.step[i-1] * m.ratio(m.shape+first+float64(i-1))
	}
	if upper {
		_, up := m.at(m.shape + first)
		t.tail[0] = math.Exp(up)
		for i := 1; i < n; i++ {
			t.tail[i] = t.tail[i-1] + t.step[i-1]
		}
		return t, true
	}
	low, _ := m.at(m.shape + last)
	t.tail[n-1] = math.Exp(low)
	for i := n - 2; i >= 0; i-- {
		t.tail[i] = t.tail[i+1] + t.step[i]
	}
	return t, true
}

func (t mixtureTable) covers(m float64) bool {
	first, last := span(m)
	return t.tail != nil && first >= t.first && last < t.first+float64(len(t.tail))
}

// slopes returns the mixture's tail for a mean, and its derivatives over it.
func (t mixtureTable) slopes(m float64) (p, slope, bend float64) {
	first, last := span(m)
	from, to := int(first-t.first), int(last-t.first)
	mode := int(math.Max(math.Floor(m), first) - t.first)
	add := func(i int, w float64) {
		p += w * t.tail[i]
		slope += w * t.step[i]
		if i+1 < len(t.step) {
			bend += w * (t.step[i+1] - t.step[i])
		}
	}
	peak := math.Exp(logPoissonRaw(float64(mode)+t.first+t.offset, m, math.Log(m)))
	w := peak
	for i := mode; i <= to; i++ {
		add(i, w)
		w *= m / (float64(i) + t.first + t.offset + 1)
	}
	w = peak
	for i := mode; i > from; i-- {
		w *= (float64(i) + t.first + t.offset) / m
		add(i-1, w)
	}
	if !t.upper {
		slope, bend = -slope, -bend
	}
	return p, slope, bend
}
