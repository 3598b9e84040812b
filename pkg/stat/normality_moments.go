package stat

import (
	"math"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// shapeMoments returns √b₁ = m₃/m₂^(3/2) and b₂ = m₄/m₂², the skewness and the
// kurtosis of a sample by its central moments mₖ = Σ(x − x̄)ᵏ/n.
func shapeMoments(test string, x []float64, need int) (skewness, kurtosis float64, err error) {
	z, err := deviations(test, x, need)
	if err != nil {
		return 0, 0, err
	}
	skewness, kurtosis = centralShape(z)
	return skewness, kurtosis, finite(test, len(x), skewness, kurtosis)
}

// centralShape is shapeMoments of values near one in size, not all equal.
func centralShape(z []float64) (skewness, kurtosis float64) {
	n := float64(len(z))
	mean := sumOf(z) / n
	mean += sum(z, func(v float64) float64 { return v - mean }) / n
	m2 := sumSquares(z, mean) / n
	m3 := sum(z, func(v float64) float64 { d := v - mean; return d * d * d }) / n
	m4 := sum(z, func(v float64) float64 { d := v - mean; return d * d * d * d }) / n
	return m3 / (m2 * math.Sqrt(m2)), m4 / (m2 * m2)
}

// skewnessZ returns the skewness of a normal sample of n ≥ 8 as a standard normal
// value, by D'Agostino's Johnson S_U curve.
func skewnessZ(skewness, n float64) float64 {
	y := skewness * math.Sqrt((n+1)*(n+3)/(6*(n-2)))
	beta := 3 * (n*n + 27*n - 70) * (n + 1) * (n + 3) / ((n - 2) * (n + 5) * (n + 7) * (n + 9))
	ww := math.Sqrt(2*(beta-1)) - 1
	return math.Asinh(y*math.Sqrt((ww-1)/2)) / math.Sqrt(math.Log(ww)/2)
}

// kurtosisZ returns the kurtosis b₂ of a normal sample of n ≥ 5 as a standard
// normal value, by Anscombe and Glynn's cube root. Far below 3 the root leaves
// the range of the transform, and the flag is false: the value then has the size
// that the formula gives, and is negative.
func kurtosisZ(kurtosis, n float64) (float64, bool) {
	mean := 3 * (n - 1) / (n + 1)
	variance := 24 * n * (n - 2) * (n - 3) / ((n + 1) * (n + 1) * (n + 3) * (n + 5))
	x := (kurtosis - mean) / math.Sqrt(variance)
	skew := 6 * (n*n - 5*n + 2) / ((n + 7) * (n + 9)) * math.Sqrt(6*(n+3)*(n+5)/(n*(n-2)*(n-3)))
	a := 6 + 8/skew*(2/skew+math.Sqrt(1+4/(skew*skew)))
	denominator := 1 + x*math.Sqrt(2/(a-4))
	if math.Abs(denominator) < 1e-9 {
		denominator = 1e-9
	}
	z := (1 - 2/(9*a) - math.Cbrt((1-2/a)/denominator)) / math.Sqrt(2/(9*a))
	if denominator < 0 {
		return -math.Abs(z), false
	}
	return z, true
}

// kurtosisBeyond warns of a kurtosis outside the range of its transform.
const kurtosisBeyond = "the kurtosis is so far below that of a normal sample that the transform ends: its z is one of order of magnitude"

// DAgostinoK2 tests whether a sample comes from some normal distribution, by its
// skewness and its kurtosis at once [1]:
//
//	K² = z₁² + z₂²,  p = exp(−K²/2)
//
// where z₁ and z₂ are the values of SkewnessTest and KurtosisTest; under normality
// K² is close to χ² with two degrees of freedom. It sees departures of shape that
// symmetric short tails or outliers make; the median or several peaks it does not
// look at.
//
// It refuses fewer than 8 observations, equal values and values that are not
// finite, and warns below 20, where the kurtosis is not yet close to its curve.
//
// [1] D'Agostino, Belanger, D'Agostino (1990), The American Statistician 44 (4):
// 316-321.
func DAgostinoK2(x []float64, o Options) (Result, error) {
	const test = "dagostino_k2"
	o, err := o.resolvePlain(test, "asymptotic")
	if err != nil {
		return Result{}, err
	}
	skewness, kurtosis, err := shapeMoments(test, x, 8)
	if err != nil {
		return Result{}, err
	}
	n := float64(len(x))
	z1 := skewnessZ(skewness, n)
	z2, inside := kurtosisZ(kurtosis, n)
	out := Result{Test: test, Method: o.Method, Alternative: TwoSided, Statistic: z1*z1 + z2*z2, DF: []float64{2}, N: []int{len(x)},
		Details: []Detail{{"skewness", skewness}, {"kurtosis", kurtosis}, {"z_skewness", z1}, {"z_kurtosis", z2}}}
	out.Warnings = kurtosisWarnings(len(x), inside)
	return out.withP(-out.Statistic / 2), nil
}

func kurtosisWarnings(n int, inside bool) (warnings []string) {
	if n < 20 {
		warnings = append(warnings, "below 20 observations the normal curve is a rough one for the kurtosis")
	}
	if !inside {
		warnings = append(warnings, kurtosisBeyond)
	}
	return warnings
}

// SkewnessTest tests whether a sample is as symmetric as one from a normal
// distribution, by √b₁ = m₃/m₂^(3/2), which a Johnson S_U curve turns into a
// standard normal z [1]. The statistic is z, the estimate √b₁; greater means a
// longer tail above. It refuses fewer than 8 observations, equal values and values
// that are not finite.
//
// [1] D'Agostino (1970), Biometrika 57 (3): 679-681.
func SkewnessTest(x []float64, o Options) (Result, error) {
	const test = "skewness_test"
	o, err := o.resolve(test, "asymptotic")
	if err == nil {
		err = o.withoutMu(test)
	}
	if err != nil {
		return Result{}, err
	}
	skewness, _, err := shapeMoments(test, x, 8)
	if err != nil {
		return Result{}, err
	}
	z := skewnessZ(skewness, float64(len(x)))
	out := Result{Test: test, Method: o.Method, Alternative: o.Alternative, Statistic: z, N: []int{len(x)},
		Interval: &Interval{Estimate: skewness, N: len(x)}}
	return out.withP(direction(o.Alternative, dist.Normal{}.LogCDF(z), dist.Normal{}.LogSF(z))), nil
}

// KurtosisTest tests whether a sample has the kurtosis of one from a normal
// distribution, by b₂ = m₄/m₂² (3 for the normal distribution itself), which a
// cube root turns into a standard normal z [1]. The statistic is z, the estimate
// b₂; greater means heavier tails. It refuses fewer than 5 observations, equal
// values and values that are not finite, and warns below 20.
//
// [1] Anscombe, Glynn (1983), Biometrika 70 (1): 227-234.
func KurtosisTest(x []float64, o Options) (Result, error) {
	const test = "kurtosis_test"
	o, err := o.resolve(test, "asymptotic")
	if err == nil {
		err = o.withoutMu(test)
	}
	if err != nil {
		return Result{}, err
	}
	_, kurtosis, err := shapeMoments(test, x, 5)
	if err != nil {
		return Result{}, err
	}
	z, inside := kurtosisZ(kurtosis, float64(len(x)))
	out := Result{Test: test, Method: o.Method, Alternative: o.Alternative, Statistic: z, N: []int{len(x)},
		Interval: &Interval{Estimate: kurtosis, N: len(x)}, Warnings: kurtosisWarnings(len(x), inside)}
	return out.withP(direction(o.Alternative, dist.Normal{}.LogCDF(z), dist.Normal{}.LogSF(z))), nil
}

// JarqueBera tests whether a sample comes from some normal distribution, by its
// skewness S and kurtosis K about their limits [1]:
//
//	JB = n/6·(S² + (K − 3)²/4)
//
// asymptotic (default) takes it as χ² with two degrees of freedom, p = exp(−JB/2),
// which takes thousands of observations to come true: below 2000 a warning says
// so. monte_carlo compares it with normal samples drawn with seed (10,000 by
// default) and is right for any n: p = (1 + #{JBᵣ ≥ JB})/(1 + replicates).
// DAgostinoK2 asks the same with a curve for each n.
//
// It refuses fewer than 4 observations, equal values and values that are not
// finite.
//
// [1] Jarque, Bera (1987), International Statistical Review 55 (2): 163-172.
func JarqueBera(x []float64, o Options) (Result, error) {
	const test = "jarque_bera"
	o, err := o.resolvePlain(test, "asymptotic", "monte_carlo")
	if err != nil {
		return Result{}, err
	}
	skewness, kurtosis, err := shapeMoments(test, x, 4)
	if err != nil {
		return Result{}, err
	}
	out := Result{Test: test, Method: o.Method, Alternative: TwoSided, Statistic: jarqueBera(skewness, kurtosis, len(x)),
		N: []int{len(x)}, Details: []Detail{{"skewness", skewness}, {"kurtosis", kurtosis}}}
	if o.Method == "monte_carlo" {
		logP, err := monteCarloNormal(test, len(x), o, out.Statistic, func(z []float64) float64 {
			skewness, kurtosis := centralShape(z)
			return jarqueBera(skewness, kurtosis, len(z))
		})
		return out.withP(logP), err
	}
	out.DF = []float64{2}
	if len(x) < 2000 {
		out.Warnings = append(out.Warnings, "below 2000 observations the statistic is not yet close to its limit: method monte_carlo, or dagostino_k2, is")
	}
	return out.withP(-out.Statistic / 2), nil
}

func jarqueBera(skewness, kurtosis float64, n int) float64 {
	excess := kurtosis - 3
	return float64(n) / 6 * (skewness*skewness + excess*excess/4)
}
