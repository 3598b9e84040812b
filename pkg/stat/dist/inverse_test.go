package dist

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestRuleAndMixture: the rule over the root of χ² and the sums of positive terms
// have nothing in common, and agree.
func TestRuleAndMixture(t *testing.T) {
	for _, df := range []float64{0.1, 0.3, 0.6, 1, 2, 3, 5, 10, 30, 199, 201, 1e3, 1e6, 1e12} {
		for x := 0.01; x < 3000; x *= 4.3 {
			r, ok := newChiRule(df, x)
			for z := -4.0; ok && z <= 4; z += 0.7 {
				d := NoncentralT{df, x - z*math.Sqrt(1+x*x/(2*df))}
				lower, upper := r.normalTails(x, d.Delta)
				if math.Min(lower, upper) < ruleTail {
					continue
				}
				wantLower, wantUpper := d.farTails(x)
				if e := math.Max(math.Abs(math.Log(lower)-wantLower), math.Abs(math.Log(upper)-wantUpper)); !(e < 2e-12) {
					t.Errorf("%+v at %v: %v and %v, the mixture's logarithms differ by %v", d, x, lower, upper, e)
				}
			}
		}
	}
}

// TestParametersOfNoncentrality: what inverts a distribution in its parameter
// gives the tail that was asked for, however small.
func TestParametersOfNoncentrality(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		df := rapid.Float64Range(0.2, 300).Draw(t, "df")
		d1 := rapid.Float64Range(0.2, 40).Draw(t, "d1")
		x := rapid.Float64Range(0, 40).Draw(t, "x")
		logQ := -rapid.Float64Range(math.Ln2, 60).Draw(t, "−ln q")
		q := math.Exp(logQ)
		check := func(what string, parameter, got float64) {
			if !(math.Abs(got-logQ) <= 1e-11) {
				t.Fatalf("%s is %v, which has ln q %v, want %v", what, parameter, got, logQ)
			}
		}
		low, high := NoncentralTDeltas(x, df, q)
		check("least delta", low, NoncentralT{df, low}.LogSF(x))
		check("greatest delta", high, NoncentralT{df, high}.LogCDF(x))
		if other := NoncentralTDelta(x, df, q); other != high {
			t.Fatalf("delta is %v and %v", high, other)
		}
		if p := 1 - q; q > 1e-3 {
			if other := NoncentralTDelta(x, df, p); math.Abs(other-low) > 1e-9*(1+math.Abs(low)) {
				t.Fatalf("delta is %v and %v", low, other)
			}
		}
		for _, upper := range []bool{false, true} {
			of := map[string]func(lambda float64) float64{
				"noncentral F":  tailOf(func(l float64) named { return NoncentralF{d1, df, l} }, x, upper),
				"noncentral χ²": tailOf(func(l float64) named { return NoncentralChiSquared{df, l} }, x, upper),
			}
			lambda := map[string]float64{"noncentral F": lambdaOfF(x, d1, df, q, upper), "noncentral χ²": lambdaOfChiSquared(x, df, q, upper)}
			for what, tail := range of {
				switch l := lambda[what]; {
				case l > 0:
					check(fmt.Sprint(what, " lambda, upper ", upper), l, tail(l))
				case upper && tail(0) < logQ-1e-12, !upper && tail(0) > logQ+1e-12:
					t.Fatalf("%s: lambda is 0, but the central tail is %v, want %v", what, tail(0), logQ)
				}
			}
		}
	})
}

// TestChiSumAndSearch: the sum of a known step, and the integral that looks for the
// top and its own step, agree on the tails of ranges and of Dunnett's maxima.
func TestChiSumAndSearch(t *testing.T) {
	for _, df := range []float64{0.5, 2, 20, 250} {
		for _, k := range []int{3, 10} {
			lambda := make([]float64, k-1)
			for i := range lambda {
				lambda[i] = 0.75 - 0.5*float64(i%3)
			}
			ranges, dunnett := StudentizedRange{k, df}, Dunnett{lambda, df}
			r, f := newRangeTail(k), newFactors(lambda, true)
			for q := 0.1; q < 400; q *= 5 {
				check := func(what string, start, change float64, g func(s float64) float64) {
					got, ok := chiSum(df, start, change, g)
					if want := chiIntegral(df, start, g); !ok || !(math.Abs(got-want) <= 1e-12*math.Max(1, math.Abs(want)/10)) {
						t.Errorf("%s of %d with %v df at %v: %.15g (%v) and %.15g", what, k, df, q, got, ok, want)
					}
				}
				check("range", outsideStart(df, q, 0.25), ranges.change(q), func(s float64) float64 { return r.logSF(q * s) })
				check("Dunnett", outsideStart(df, q, 0.5), dunnett.change(q), func(s float64) float64 { return f.logAnyOutside(q * s) })
			}
		}
	}
}

func tailOf(law func(lambda float64) named, x float64, upper bool) func(float64) float64 {
	return func(lambda float64) float64 {
		if upper {
			return law(lambda).LogSF(x)
		}
		return law(lambda).LogCDF(x)
	}
}

// TestParametersFarOut: beyond what is computed the parameters are infinite.
func TestParametersFarOut(t *testing.T) {
	if low, high := NoncentralTDeltas(1e9, 10, 0.025); !math.IsInf(low, 1) || !math.IsInf(high, 1) {
		t.Error(low, high)
	}
	if lambda := NoncentralFLambdaSF(1e300, 3, 10, 0.025); !math.IsInf(lambda, 1) {
		t.Error(lambda)
	}
	if lambda := NoncentralChiSquaredLambda(1e15, 10, 0.025); !math.IsInf(lambda, 1) {
		t.Error(lambda)
	}
}

// BenchmarkNoncentralTDeltas: the interval for delta in 34, 15, 6 and 150 µs; by pt and
// uniroot R 4.2.2 takes 330 to 500 µs and fails for the last, scipy 1.17.1 by nct
// and brentq 900 to 1,100 µs, effectsize's t_to_d 1,150 µs.
func BenchmarkNoncentralTDeltas(b *testing.B) {
	for _, c := range [][2]float64{{4, 2}, {30, 3}, {20000, 7}, {10, 40}} {
		b.Run(fmt.Sprintf("df_%g_t_%g", c[0], c[1]), func(b *testing.B) {
			for b.Loop() {
				low, high := NoncentralTDeltas(c[1], c[0], 0.025)
				sink += low + high
			}
		})
	}
}

func BenchmarkNoncentralFLambda(b *testing.B) {
	for _, c := range [][3]float64{{2, 27, 4.8}, {9, 999990, 3}, {3, 4, 1000}} {
		b.Run(fmt.Sprintf("df_%g_%g_f_%g", c[0], c[1], c[2]), func(b *testing.B) {
			for b.Loop() {
				sink += NoncentralFLambda(c[2], c[0], c[1], 0.025) + NoncentralFLambdaSF(c[2], c[0], c[1], 0.025)
			}
		})
	}
}
