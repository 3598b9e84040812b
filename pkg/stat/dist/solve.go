package dist

import "math"

// law is what every distribution gives: the logarithms of P(X ≤ x) and
// P(X > x), each to full relative precision of the probability.
type law interface {
	valid() bool
	tails(x float64) (lower, upper float64)
	support() (low, high float64)
}

// both returns the tails of a law at any x: NaN for NaN or for invalid
// parameters, and those of a certain event outside of the support.
func both(l law, x float64) (lower, upper float64) {
	if math.IsNaN(x) || !l.valid() {
		return math.NaN(), math.NaN()
	}
	low, high := l.support()
	switch {
	case x >= high:
		return 0, math.Inf(-1)
	case x < low || math.IsInf(x, -1):
		return math.Inf(-1), 0
	}
	lower, upper = l.tails(x)
	return math.Min(lower, 0), math.Min(upper, 0)
}

func cdf(l law, x float64) float64 { return math.Exp(logCDF(l, x)) }

func sf(l law, x float64) float64 { return math.Exp(logSF(l, x)) }

func logCDF(l law, x float64) float64 {
	lower, _ := both(l, x)
	return lower
}

func logSF(l law, x float64) float64 {
	if u, ok := l.(upperLaw); ok && l.valid() && x-x == 0 {
		if low, _ := l.support(); x >= low {
			if upper := u.logUpper(x); upper < -0.1 {
				return upper
			}
		}
	}
	_, upper := both(l, x)
	return upper
}

// upperLaw is a law whose other tail would be extra work, and is worth it only next
// to 1. Its support has no end above.
type upperLaw interface{ logUpper(x float64) float64 }

// quantile returns the x with P(X ≤ x) = p, and invSF that with P(X > x) = q.
func quantile(l law, p float64) float64 {
	if !(p >= 0 && p <= 1) || !l.valid() {
		return math.NaN()
	}
	if p > 0.5 {
		return solve(l, 1-p, true) // exact for these p
	}
	return solve(l, p, false)
}

func invSF(l law, q float64) float64 {
	if !(q >= 0 && q <= 1) || !l.valid() {
		return math.NaN()
	}
	if q > 0.5 {
		return solve(l, 1-q, false)
	}
	return solve(l, q, true)
}

// starter is a law that knows a first value for its quantiles.
type starter interface {
	start(logP float64, upper bool) float64
}

// centred is a law symmetric about 0 that solves for its quantiles near 0 itself,
// where logarithms of the tails lose the digits of a small quantile.
type centred interface {
	// central returns the x > 0 with P(|X| ≤ x) = c, for 0 < c ≤ ½.
	central(c float64) float64
}

// solve returns the x whose tail has probability p.
func solve(l law, p float64, upper bool) float64 {
	low, high := l.support()
	switch {
	case p == 0 && upper, p == 1 && !upper:
		return high
	case p == 0, p == 1:
		return low
	}
	if c, ok := l.(centred); ok && p >= 0.25 {
		x := 0.0
		if p != 0.5 {
			x = c.central(2 * (0.5 - p)) // exact
		}
		if !upper {
			return 0 - x
		}
		return x
	}
	target := math.Log(p)
	start := math.NaN()
	if s, ok := l.(starter); ok {
		start = s.start(target, upper)
	}
	if !(start > low && start < high) || math.IsInf(start, 0) {
		start = 0
		if low > math.Inf(-1) {
			start = low + 1
		}
		if start >= high {
			start = low + (high-low)/2
		}
	}
	return root(func(x float64) float64 {
		lo, up := l.tails(x)
		if upper {
			return target - up // both increase with x
		}
		return lo - target
	}, start, low, high)
}

// root returns the zero of an increasing function on (low, high): it brackets
// the zero from start in growing steps, and closes in by Chandrupatla's method
// [1], which takes inverse quadratic steps where they are safe and halves
// elsewhere. The result is low or high if the function has no zero inside.
//
// [1] Chandrupatla (1997), Advances in Engineering Software 28 (3): 145-149.
func root(f func(float64) float64, start, low, high float64) float64 {
	a, fa := start, f(start)
	if fa == 0 {
		return a
	}
	b, fb := a, fa
	step, rising := math.Max(math.Abs(start)*0.1, 1e-3), fa < 0
	for range 1200 {
		a, fa = b, fb
		if b = advance(a, step, rising, low, high); b == a {
			return b // the end of the support, or of the numbers
		}
		if fb = f(b); fb == 0 {
			return b
		}
		if (fb < 0) != rising {
			return chandrupatla(f, a, fa, b, fb)
		}
		step *= 2
		if math.Abs(b) > 1e3*math.Max(1, math.Abs(start)) {
			step *= 8
		}
	}
	return b
}

// advance returns the next point of a search for a bracket.
func advance(x, step float64, rising bool, low, high float64) float64 {
	if rising {
		next := x + step
		if next >= high && !math.IsInf(high, 1) {
			next = x + (high-x)/2
		}
		return math.Min(next, math.MaxFloat64)
	}
	next := x - step
	if next <= low && !math.IsInf(low, -1) {
		next = low + (x-low)/16
	}
	return math.Max(next, -math.MaxFloat64)
}

// chandrupatla returns the zero between a and b, to the last place or two.
func chandrupatla(f func(float64) float64, a, fa, b, fb float64) float64 {
	var c, fc float64
	t := 0.5
	for i := range 200 {
		x := a + t*(b-a)
		if i > 0 && (x == a || x == b) || math.IsInf(b-a, 0) {
			x = a/2 + b/2
			if x == a || x == b {
				break
			}
		}
		fx := f(x)
		if fx == 0 {
			return x
		}
		if (fx < 0) == (fa < 0) {
			c, fc = a, fa
		} else {
			c, fc, b, fb = b, fb, a, fa
		}
		a, fa = x, fx
		best, least := a, math.Abs(fa)
		if math.Abs(fb) < least {
			best = b
		}
		tolerance := 2 * epsilon * math.Abs(best) / math.Abs(b-a)
		if tolerance > 0.5 || b == a {
			return best
		}
		xi, phi := (a-b)/(c-b), (fa-fb)/(fc-fb)
		t = 0.5
		if phi*phi < xi && (1-phi)*(1-phi) < 1-xi {
			t = fa/(fb-fa)*fc/(fb-fc) + (c-a)/(b-a)*fa/(fc-fa)*fb/(fc-fb)
		}
		t = math.Min(1-tolerance, math.Max(tolerance, t))
	}
	if math.Abs(fb) < math.Abs(fa) {
		return b
	}
	return a
}

// epsilon is half the distance from 1 to the next float64.
const epsilon = 1.1102230246251565e-16
