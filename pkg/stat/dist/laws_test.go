package dist

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// named is a law with its exported methods.
type named interface {
	law
	CDF(float64) float64
	SF(float64) float64
	LogCDF(float64) float64
	LogSF(float64) float64
	Quantile(float64) float64
	InvSF(float64) float64
}

// anyNumber draws ordinary and extreme numbers, NaN and infinities.
func anyNumber() *rapid.Generator[float64] {
	return rapid.OneOf(
		rapid.Float64Range(-10, 10),
		rapid.Float64(),
		rapid.SampledFrom([]float64{0, 1, -1, 0.5, math.NaN(), math.Inf(1), math.Inf(-1), 1e300, -1e300, 5e-324, 1e9}),
	)
}

// quick are the laws whose tails take microseconds.
func quick(t *rapid.T) named {
	a, b, c := anyNumber().Draw(t, "a"), anyNumber().Draw(t, "b"), anyNumber().Draw(t, "c")
	i, j, k := rapid.Int64().Draw(t, "i"), rapid.Int64Range(-5, 2000).Draw(t, "j"), rapid.Int64Range(-5, 2000).Draw(t, "k")
	switch rapid.IntRange(0, 7).Draw(t, "law") {
	case 0:
		return Normal{}
	case 1:
		return T{a}
	case 2:
		return F{a, b}
	case 3:
		return ChiSquared{a}
	case 4:
		return Beta{a, b}
	case 5:
		return Binomial{i, a}
	case 6:
		return Hypergeometric{j + k, j, min(k, 300)}
	}
	return FisherHypergeometric{j + k, j, min(k, 300), c}
}

// slow are the laws whose tails take longer.
func slow(t *rapid.T) named {
	a, b, c := anyNumber().Draw(t, "a"), anyNumber().Draw(t, "b"), anyNumber().Draw(t, "c")
	n := rapid.IntRange(-1, 100).Draw(t, "n")
	switch rapid.IntRange(0, 5).Draw(t, "law") {
	case 0:
		return NoncentralT{a, b}
	case 1:
		return NoncentralF{a, b, c}
	case 2:
		return NoncentralChiSquared{a, b}
	case 3:
		return StudentizedRange{n, a}
	case 4:
		return Dunnett{[]float64{b, c}, a}
	}
	return Correlation{n, b}
}

// checkTails checks what holds of the tails of any law at any number.
func checkTails(t *rapid.T, l named, x float64) {
	lower, upper := l.LogCDF(x), l.LogSF(x)
	if math.IsNaN(x) || !l.valid() {
		if !math.IsNaN(lower) || !math.IsNaN(upper) {
			t.Fatalf("%#v at %v: %v, %v, want NaN", l, x, lower, upper)
		}
		return
	}
	if !(lower <= 0 && upper <= 0) {
		t.Fatalf("%#v at %v: log tails %v, %v", l, x, lower, upper)
	}
	if sum := l.CDF(x) + l.SF(x); math.Abs(sum-1) > 1e-9 {
		t.Fatalf("%#v at %v: the tails add up to %v", l, x, sum)
	}
}

func checkQuantiles(t *rapid.T, l named, p float64) {
	for _, x := range []float64{l.Quantile(p), l.InvSF(p)} {
		if valid := l.valid() && p >= 0 && p <= 1; valid == math.IsNaN(x) {
			t.Fatalf("%#v has the quantile %v of %v", l, x, p)
		}
	}
}

// TestNothingPanics tries laws with any parameters at any numbers.
func TestNothingPanics(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := quick(t)
		checkTails(t, l, anyNumber().Draw(t, "x"))
		checkQuantiles(t, l, rapid.OneOf(anyNumber(), rapid.Float64Range(0, 1)).Draw(t, "p"))
	})
}

// TestNothingPanicsSlowly is TestNothingPanics of the laws that integrate.
func TestNothingPanicsSlowly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := slow(t)
		checkTails(t, l, anyNumber().Draw(t, "x"))
	})
}

// TestParametersInvert: whatever the arguments, NaN or a parameter that is valid.
func TestParametersInvert(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, a, b, p := anyNumber().Draw(t, "x"), anyNumber().Draw(t, "a"), anyNumber().Draw(t, "b"), rapid.OneOf(anyNumber(), rapid.Float64Range(0, 1)).Draw(t, "p")
		if delta := NoncentralTDelta(x, a, p); !(math.Abs(delta) <= 1e7) && !math.IsInf(delta, 0) && !math.IsNaN(delta) {
			t.Fatalf("delta is %v", delta)
		}
		for _, lambda := range []float64{NoncentralFLambda(x, a, b, p), NoncentralChiSquaredLambda(x, a, p)} {
			if !(lambda >= 0 && (lambda <= maxLambda || math.IsInf(lambda, 1))) && !math.IsNaN(lambda) {
				t.Fatalf("lambda is %v", lambda)
			}
		}
	})
}

// TestBetaAtItsMiddle has distance −0 from the mean, for parameters that take the
// integral.
func TestBetaAtItsMiddle(t *testing.T) {
	for _, a := range []float64{1, 151.5, 500000.5} {
		if got := (Beta{A: a, B: a}).CDF(0.5); math.Abs(got-0.5) > 1e-14 {
			t.Errorf("Beta(%v, %v) has %v below its middle", a, a, got)
		}
	}
}

// TestFAtNegativeZero holds a limit law to the end of its support.
func TestFAtNegativeZero(t *testing.T) {
	l := F{1e16, 1}
	if x := math.Copysign(0, -1); l.SF(x) != 1 || l.CDF(x) != 0 {
		t.Errorf("tails %v and %v", l.CDF(x), l.SF(x))
	}
}
