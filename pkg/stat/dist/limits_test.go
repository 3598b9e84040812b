package dist

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// ordinary draws a law with parameters such as occur.
func ordinary(t *rapid.T) named {
	df := rapid.Float64Range(0.5, 200).Draw(t, "df")
	df2 := rapid.Float64Range(0.5, 200).Draw(t, "df2")
	lambda := rapid.Float64Range(0, 60).Draw(t, "lambda")
	delta := rapid.Float64Range(-20, 20).Draw(t, "delta")
	k := rapid.IntRange(3, 20).Draw(t, "k")
	rho := rapid.Float64Range(-0.95, 0.95).Draw(t, "rho")
	all := []named{Normal{}, T{df}, F{df, df2}, ChiSquared{df}, Beta{df, df2}, NoncentralT{df, delta}, NoncentralF{df, df2, lambda},
		NoncentralChiSquared{df, lambda}, StudentizedRange{k, df}, Dunnett{[]float64{rho, 0.5}, df}, oneSidedMethods{oneSided{Dunnett{[]float64{rho, 0.5}, df}}},
		Correlation{k, rho}}
	return all[rapid.IntRange(0, len(all)-1).Draw(t, "law")]
}

// TestRoundTrips: quantiles are where the tails have the probability, also for
// tiny ones, and tails fall.
func TestRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := ordinary(t)
		logQ := -rapid.Float64Range(0.01, 600).Draw(t, "−ln q")
		q := math.Exp(logQ)
		x := l.InvSF(q)
		if got := l.LogSF(x); !closeLog(x, got, logQ, l.LogSF) {
			t.Fatalf("%#v: ln P(X > %v) = %v, want %v", l, x, got, logQ)
		}
		if l.LogSF(step(x, 1e-6)) > l.LogSF(x)+1e-9 || l.LogCDF(step(x, 1e-6)) < l.LogCDF(x)-1e-9 {
			t.Fatalf("%#v is not monotone at %v", l, x)
		}
		x = l.Quantile(q)
		if got := l.LogCDF(x); !closeLog(x, got, logQ, l.LogCDF) {
			t.Fatalf("%#v: ln P(X ≤ %v) = %v, want %v", l, x, got, logQ)
		}
		p := 1 - q
		if p > 0.5 && q > 1e-10 {
			if a, b := l.Quantile(p), l.InvSF(1-p); a != b {
				t.Fatalf("%#v: quantile %v and %v of %v", l, a, b, p)
			}
		}
	})
}

func step(x, by float64) float64 { return x + by*math.Max(1e-300, math.Abs(x)) }

// closeLog reports whether a tail is right up to the rounding of its argument. An
// infinite or vanishing quantile is right where no float64 has the probability,
// and one next to an end of the support where the numbers are that coarse.
func closeLog(x, got, want float64, tail func(float64) float64) bool {
	if math.IsInf(x, 0) || math.Abs(x) >= math.MaxFloat64/2 || math.Abs(x) < 1e-300 || math.Abs(x) == 1 {
		return true
	}
	slope := math.Abs(tail(step(x, 4e-16)) - tail(step(x, -4e-16)))
	return math.Abs(got-want) <= 1e-9*math.Max(1, math.Abs(want)/100)+2*slope
}

// TestLimits: laws with infinite degrees of freedom, or without noncentrality,
// are those they turn into.
func TestLimits(t *testing.T) {
	for _, x := range []float64{0.01, 0.5, 1, 2.5, 7, 30} {
		for what, pair := range map[string][2]float64{
			"t, infinite df":             {T{math.Inf(1)}.LogSF(x), Normal{}.LogSF(x)},
			"t² and F":                   {T{7}.LogSF(x) + math.Ln2, F{1, 7}.LogSF(x * x)},
			"F, infinite d2":             {F{3, math.Inf(1)}.LogSF(x), ChiSquared{3}.LogSF(3 * x)},
			"F, infinite d1":             {F{math.Inf(1), 3}.LogSF(x), ChiSquared{3}.LogCDF(3 / x)},
			"chi-squared of 1":           {ChiSquared{1}.LogSF(x * x), Normal{}.LogSF(x) + math.Ln2},
			"chi-squared of 2":           {ChiSquared{2}.LogSF(x), -x / 2},
			"noncentral t, delta 0":      {NoncentralT{7, 0}.LogSF(x), T{7}.LogSF(x)},
			"noncentral t, tiny delta":   {NoncentralT{7, 1e-13}.LogSF(x), T{7}.LogSF(x)},
			"noncentral t, infinite df":  {NoncentralT{math.Inf(1), 1.5}.LogSF(x), Normal{}.LogSF(x - 1.5)},
			"noncentral t² and F":        {logAdd(NoncentralT{9, 1.5}.LogSF(x), NoncentralT{9, 1.5}.LogCDF(-x)), NoncentralF{1, 9, 2.25}.LogSF(x * x)},
			"noncentral F, lambda 0":     {NoncentralF{3, 9, 0}.LogSF(x), F{3, 9}.LogSF(x)},
			"noncentral F, infinite d2":  {NoncentralF{3, math.Inf(1), 4}.LogSF(x), NoncentralChiSquared{3, 4}.LogSF(3 * x)},
			"noncentral χ² of 1":         {NoncentralChiSquared{1, 4}.LogSF(x * x), logAdd(Normal{}.LogSF(x-2), Normal{}.LogSF(x+2))},
			"range of 2":                 {StudentizedRange{2, 11}.LogSF(x), T{11}.LogSF(x/math.Sqrt2) + math.Ln2},
			"range, many df":             {StudentizedRange{4, 2e15}.LogSF(x), StudentizedRange{4, math.Inf(1)}.LogSF(x)},
			"Dunnett of 1":               {Dunnett{[]float64{0.7}, 11}.LogSF(x), T{11}.LogSF(x) + math.Ln2},
			"Dunnett of 1, one side":     {Dunnett{[]float64{0.7}, 11}.OneSidedLogSF(x), T{11}.LogSF(x)},
			"Dunnett, far below":         {Dunnett{[]float64{0.7}, 11}.OneSidedLogCDF(-x), T{11}.LogSF(x)},
			"Dunnett, signs":             {Dunnett{[]float64{0.7, -0.3}, 11}.LogSF(x), Dunnett{[]float64{-0.7, -0.3}, 11}.LogSF(x)},
			"Dunnett, independent":       {Dunnett{[]float64{0, 0}, math.Inf(1)}.LogCDF(x), 2 * log1mExp(Normal{}.LogSF(x)+math.Ln2)},
			"correlation 0":              {Correlation{12, 0}.LogSF(x / 31), T{10}.LogSF(x / 31 * math.Sqrt(10/(1-x*x/961)))},
			"correlation next to 0":      {Correlation{12, 1e-13}.LogSF(x / 31), Correlation{12, 0}.LogSF(x / 31)},
			"correlation of 3 and arcs":  {Correlation{3, 0}.SF(x / 31), math.Acos(x/31) / math.Pi},
			"beta of 1, 1":               {Beta{1, 1}.CDF(x / 31), x / 31},
			"binomial and beta":          {Binomial{40, x / 31}.LogSF(11), Beta{12, 29}.LogCDF(x / 31)},
			"hypergeometric, odds 1":     {FisherHypergeometric{90, 40, 30, 1}.LogSF(x), Hypergeometric{90, 40, 30}.LogSF(x)},
			"hypergeometric, other side": {FisherHypergeometric{90, 40, 30, 3}.LogSF(x), FisherHypergeometric{90, 50, 30, 1.0 / 3}.LogCDF(30 - math.Floor(x) - 1)},
		} {
			if e := math.Abs(pair[0] - pair[1]); pair[0] != pair[1] && !(e <= 1e-11*math.Max(1, math.Abs(pair[1])/100)) {
				t.Errorf("%s at %v: %.15g and %.15g", what, x, pair[0], pair[1])
			}
		}
	}
}

// TestMixtureAndIntegral: two ways to the noncentral t agree, where the integral
// is smooth enough: delta small beside the spread of the root of χ².
func TestMixtureAndIntegral(t *testing.T) {
	for _, df := range []float64{0.5, 3, 30, 1e4} {
		for _, delta := range []float64{0.1, 2, 30, 300} {
			if delta > 10 && df < delta {
				continue
			}
			for _, z := range []float64{-20, -4, -1, 0, 1, 4, 20} {
				x := delta + z*math.Sqrt(1+delta*delta/(2*df))
				if x <= 0 {
					continue
				}
				d := NoncentralT{df, delta}
				lower, upper := d.LogCDF(x), d.LogSF(x)
				want := chiIntegral(df, 0, func(s float64) float64 { return normalLogSF(x*s - delta) })
				got := upper
				if z < 0 {
					want, got = chiIntegral(df, 0, func(s float64) float64 { return normalLogSF(delta - x*s) }), lower
				}
				if math.Abs(got-want) > 1e-10*math.Max(1, math.Abs(want)/100) {
					t.Errorf("%+v at %g: %.15g by the mixture, %.15g by the integral", d, x, got, want)
				}
			}
		}
	}
}

// TestWholeQuantiles: the least number with the probability, as sums of the
// probabilities have it.
func TestWholeQuantiles(t *testing.T) {
	for _, l := range []interface {
		named
		LogPMF(int64) float64
	}{Binomial{30, 0.3}, Binomial{0, 0.3}, Binomial{5, 0}, Binomial{5, 1}, Hypergeometric{50, 20, 12}, Hypergeometric{10, 10, 4}, FisherHypergeometric{50, 20, 12, 4}} {
		low, high := l.support()
		for _, p := range []float64{1e-9, 0.025, 0.3, 0.5, 0.9, 1 - 1e-9} {
			sum, want := 0.0, high
			for k := low; k <= high; k++ {
				if sum += math.Exp(l.LogPMF(int64(k))); sum >= p*(1-1e-12) {
					want = k
					break
				}
			}
			if got := l.Quantile(p); got != want {
				t.Errorf("%+v: quantile of %g is %g, want %g", l, p, got, want)
			}
		}
		total := 0.0
		for k := low; k <= high; k++ {
			total += math.Exp(l.LogPMF(int64(k)))
			if got := l.CDF(k); math.Abs(got-math.Min(total, 1)) > 1e-13 {
				t.Errorf("%+v: P(X ≤ %g) = %g, want %g", l, k, got, total)
			}
		}
		if math.Abs(total-1) > 1e-13 {
			t.Errorf("%+v adds up to %g", l, total)
		}
	}
}

// TestEnds: what is defined at the ends, for NaN, and for parameters that are not valid.
func TestEnds(t *testing.T) {
	for _, l := range []named{Normal{}, T{3}, F{2, 3}, ChiSquared{4}, Beta{2, 3}, Binomial{4, 0.2}, Hypergeometric{9, 4, 3}, FisherHypergeometric{9, 4, 3, 2},
		NoncentralT{3, 1}, NoncentralF{2, 3, 1}, NoncentralChiSquared{3, 1}, StudentizedRange{3, 4}, Dunnett{[]float64{0.5}, 3}, Correlation{6, 0.3}} {
		low, high := l.support()
		for what, pair := range map[string][2]float64{
			"CDF(-Inf)": {l.CDF(math.Inf(-1)), 0}, "SF(-Inf)": {l.SF(math.Inf(-1)), 1},
			"CDF(Inf)": {l.CDF(math.Inf(1)), 1}, "SF(Inf)": {l.SF(math.Inf(1)), 0}, "LogSF(Inf)": {l.LogSF(math.Inf(1)), math.Inf(-1)},
			"Quantile(0)": {l.Quantile(0), low}, "Quantile(1)": {l.Quantile(1), high}, "InvSF(0)": {l.InvSF(0), high}, "InvSF(1)": {l.InvSF(1), low},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%+v: %s is %v, want %v", l, what, pair[0], pair[1])
			}
		}
		for _, bad := range []float64{l.CDF(math.NaN()), l.Quantile(math.NaN()), l.Quantile(-0.1), l.InvSF(1.1)} {
			if !math.IsNaN(bad) {
				t.Errorf("%+v: %v, want NaN", l, bad)
			}
		}
	}
	nan := math.NaN()
	for _, l := range []named{T{0}, T{-1}, T{nan}, F{0, 3}, F{math.Inf(1), math.Inf(1)}, ChiSquared{math.Inf(1)}, Beta{1, nan}, Binomial{-1, 0.2}, Binomial{4, 1.2},
		Hypergeometric{9, 10, 3}, FisherHypergeometric{9, 4, 3, 0}, NoncentralT{3, nan}, NoncentralF{2, 3, -1}, NoncentralChiSquared{3, math.Inf(1)},
		StudentizedRange{1, 4}, StudentizedRange{3, nan}, Dunnett{nil, 3}, Dunnett{[]float64{1}, 3}, Correlation{2, 0}, Correlation{6, 1}} {
		for _, v := range []float64{l.CDF(1), l.SF(1), l.LogCDF(1), l.LogSF(1), l.Quantile(0.5), l.InvSF(0.5)} {
			if !math.IsNaN(v) {
				t.Errorf("%+v is not valid, but gives %v", l, v)
			}
		}
	}
	if v := (Binomial{4, 2}).LogPMF(1); !math.IsNaN(v) {
		t.Error(v)
	}
}

// TestGoldensBite: a constant off by a part in ten billion is found.
func TestGoldensBite(t *testing.T) {
	failed := 0
	for _, c := range readReference(t, "central.json").Cases {
		if c.Law == "t" && agreement(T{c.Args[0] * (1 + 1e-10)}.LogSF(c.X), *c.LogSF) < 12 {
			failed++
		}
	}
	if failed < 20 {
		t.Errorf("only %d values notice other degrees of freedom", failed)
	}
}

func ExampleT() {
	t := T{DF: 8}
	fmt.Printf("P(|T| > 7) = %.4e\n", 2*t.SF(7))
	fmt.Printf("97.5%% quantile = %.6f\n", t.Quantile(0.975))
	fmt.Printf("ln P(T > 1e9) = %.6f\n", t.LogSF(1e9))
	// Output:
	// P(|T| > 7) = 1.1264e-04
	// 97.5% quantile = 2.306004
	// ln P(T > 1e9) = -159.458190
}
