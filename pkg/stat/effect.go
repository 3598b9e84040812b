package stat

import (
	"math"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// Sizes of effects do not depend on the number of observations, unlike p-values,
// and come with intervals here without exception. Of two samples x is the
// control and y the treatment: a positive size means that y is greater. They
// use of the options the level alone, unless they say otherwise.

// effectLevel returns the level of the options, or a refusal.
func effectLevel(name string, o Options) (float64, error) {
	o, err := Options{Level: o.Level}.resolve(name)
	return o.Level, err
}

// newEffect returns a size with its interval, or a refusal of one that is not finite.
func newEffect(name, method string, n int, estimate, low, high, level float64) (Effect, error) {
	return Effect{Name: name, Interval: Interval{Estimate: estimate, Low: low, High: high, Level: level, N: n, Method: method}},
		finite(name, n, estimate, low, high)
}

// noncentralT returns the interval for the noncentrality of a t statistic with
// df degrees of freedom: the parameters under which a t at least as large, and one
// at least as small, has probability (1 − level)/2 [1].
//
// [1] Cumming, Finch (2001), Educational and Psychological Measurement 61 (4):
// 532-574.
func noncentralT(t, df, level float64) (low, high float64) {
	return ordered(dist.NoncentralTDeltas(t, df, (1-level)/2))
}

// ordered returns two bounds in order: at a level near 0 they are one number but
// for rounding.
func ordered(low, high float64) (least, most float64) {
	return math.Min(low, high), math.Max(low, high)
}

// rootBelow returns the root of a function that increases, most likely below
// start, by steps that double until it is bracketed.
func rootBelow(f func(float64) float64, start, step float64) float64 {
	high, fHigh := start, f(start)
	for up := step; !(fHigh > 0) && up < math.MaxFloat64; up *= 2 {
		high = start + up
		fHigh = f(high)
	}
	for range 1100 {
		low := high - step
		fLow := f(low)
		if !(fLow > 0) {
			return brent(f, low, high, fLow, fHigh)
		}
		high, fHigh, step = low, fLow, 2*step
	}
	return math.Inf(-1)
}

// brent returns the root of f between low and high, where its values fLow
// and fHigh have opposite signs, by the method of [1], to the last digits.
//
// [1] Brent (1973), Algorithms for Minimization without Derivatives, chapter 4.
func brent(f func(float64) float64, low, high, fLow, fHigh float64) float64 {
	if fLow == 0 {
		return low
	}
	a, b, c, fa, fb, fc := low, high, low, fLow, fHigh, fLow
	d := b - a
	e := d
	for range 300 {
		if (fb > 0) == (fc > 0) {
			c, fc = a, fa
			d = b - a
			e = d
		}
		if math.Abs(fc) < math.Abs(fb) {
			a, b, c, fa, fb, fc = b, c, b, fb, fc, fb
		}
		tol, half := 4e-16*math.Abs(b), (c-b)/2
		if math.Abs(half) <= tol || fb == 0 {
			return b
		}
		if math.Abs(e) < tol || math.Abs(fa) <= math.Abs(fb) {
			d, e = half, half
		} else if p, q := brentStep(a, b, c, fa, fb, fc); 2*p < math.Min(3*half*q-math.Abs(tol*q), math.Abs(e*q)) {
			e, d = d, p/q
		} else {
			d, e = half, half
		}
		a, fa = b, fb
		if math.Abs(d) > tol {
			b += d
		} else {
			b += math.Copysign(math.Max(tol, 5e-324), half)
		}
		fb = f(b)
	}
	return b
}

// brentStep returns the step p/q, p ≥ 0, of a secant or of inverse quadratic
// interpolation.
func brentStep(a, b, c, fa, fb, fc float64) (p, q float64) {
	s := fb / fa
	if a == c {
		p, q = (c-b)*s, 1-s
	} else {
		u, v := fa/fc, fb/fc
		p = s * ((c-b)*u*(u-v) - (b-a)*(v-1))
		q = (u - 1) * (v - 1) * (s - 1)
	}
	if p > 0 {
		q = -q
	}
	return math.Abs(p), q
}
