package stat

import (
	"math"
	"slices"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// AndersonDarling tests whether a sample comes from a distribution by the squared
// distance of the empirical distribution function from it, weighted most in the
// tails [1]: with the probabilities uᵢ of the ordered values
//
//	A² = −n − (1/n)·Σ (2i−1)·[ln uᵢ + ln(1 − uₙ₊₁₋ᵢ)]
//
// The methods:
//
//   - estimated (default): some normal distribution, its mean and standard
//     deviation those of the sample; null is not looked at. The p-value comes
//     from A²·(1 + 0.75/n + 2.25/n²) by the exponentials of [2], table 4.9. They
//     were fitted for p above some 1e-4 and end at A²* = 10, where p is 3.7e-24:
//     for greater values that p is given as a bound, with a warning.
//   - monte_carlo: likewise, but p = (1 + #{A²ᵣ ≥ A²})/(1 + replicates) from normal
//     samples drawn with seed (10,000 by default).
//   - known: the distribution null with its parameters fixed beforehand. The
//     p-value is the exact tail of the limit of A² (see andersonTail) less the
//     correction for n of [3], which is good to about 1e-5; of a p-value below
//     that a warning says so.
//
// The sample needs eight observations for estimated and monte_carlo, one for
// known. Equal values, values that are not finite, and values outside the range
// of null are refused.
//
// [1] Anderson, Darling (1954), JASA 49 (268): 765-769.
// [2] D'Agostino, Stephens (1986), Goodness-of-Fit Techniques, 4.8.5.
// [3] Marsaglia, Marsaglia (2004), Journal of Statistical Software 9 (2).
func AndersonDarling(x []float64, null Null, o Options) (Result, error) {
	const test = "anderson_darling"
	o, err := o.resolvePlain(test, "estimated", "known", "monte_carlo")
	if err != nil {
		return Result{}, err
	}
	out := Result{Test: test, Method: o.Method, Alternative: TwoSided, N: []int{len(x)}}
	if o.Method == "known" {
		return andersonKnown(out, x, null)
	}
	z, err := standardScores(test, x, 8)
	if err != nil {
		return Result{}, err
	}
	out.Statistic = andersonNormal(z)
	if o.Method == "monte_carlo" {
		logP, err := monteCarloNormal(test, len(x), o, out.Statistic, andersonNormal)
		return out.withP(logP), err
	}
	n := float64(len(x))
	modified := out.Statistic * (1 + 0.75/n + 2.25/n/n)
	out.Details = []Detail{{"modified", modified}}
	if modified > 10 {
		out.Warnings = append(out.Warnings, "the modified statistic is above 10, where the approximation ends: the p-value is an upper bound")
	}
	return out.withP(andersonLogP(math.Min(modified, 10))), nil
}

// andersonNormal returns A² of sorted standard scores.
func andersonNormal(z []float64) float64 {
	n, terms, normal := len(z), make([]float64, len(z)), dist.Normal{}
	for i, v := range z {
		// Both probabilities in one logarithm, unless they leave the range.
		l := 0.0
		if p := math.Erfc(-v/math.Sqrt2) * math.Erfc(z[n-1-i]/math.Sqrt2) / 4; p > 1e-250 {
			l = math.Log(p)
		} else {
			l = normal.LogCDF(v) + normal.LogSF(z[n-1-i])
		}
		terms[i] = -float64(2*i+1)/float64(n)*l - 1
	}
	return sumOf(terms)
}

// andersonStatistic returns A² given the logarithms of the tails at the ordered
// values.
func andersonStatistic(n int, logCDF, logSF func(int) float64) float64 {
	terms := make([]float64, n)
	for i := range terms {
		// The n that is taken from the sum is taken 1 from each term.
		terms[i] = -float64(2*i+1)/float64(n)*(logCDF(i)+logSF(n-1-i)) - 1
	}
	return sumOf(terms)
}

// andersonLogP returns ln p of the modified statistic at or below 10.
func andersonLogP(a float64) float64 {
	switch {
	case a < 0.2:
		return math.Log(-math.Expm1(horner(a, -13.436, 101.14, -223.73)))
	case a < 0.34:
		return math.Log(-math.Expm1(horner(a, -8.318, 42.796, -59.938)))
	case a < 0.6:
		return horner(a, 0.9177, -4.279, -1.38)
	}
	return horner(a, 1.2937, -5.709, 0.0186)
}

// andersonKnown fills the result for a distribution that is known.
func andersonKnown(out Result, x []float64, null Null) (Result, error) {
	if err := null.check(out.Test); err != nil {
		return Result{}, err
	}
	if err := checkSample(out.Test, x, 1); err != nil {
		return Result{}, err
	}
	sorted := slices.Clone(x)
	slices.Sort(sorted)
	out.Statistic = andersonStatistic(len(x),
		func(i int) float64 { return null.logCDF(sorted[i]) },
		func(i int) float64 { return null.logSF(sorted[i]) })
	if err := finite(out.Test, len(x), out.Statistic); err != nil {
		return Result{}, refuse(out.Test, Invalid, len(x), 0, "the values lie where the distribution %s has no probability", null.Family)
	}
	p := math.Min(1, andersonTail(out.Statistic))
	p -= andersonCorrection(len(x), 1-p)
	if p < 1e-4 {
		out.Warnings = append(out.Warnings, "the correction for n is good to about 1e-5: so small a p-value is one of order of magnitude only")
	}
	if len(slices.Compact(sorted)) < len(x) {
		out.Warnings = append(out.Warnings, tiedSample)
	}
	return out.withP(math.Log(math.Max(p, SmallestP))), nil
}

// tiedSample warns of equal values before a continuous distribution.
const tiedSample = "there are equal values, which a continuous distribution does not have: the p-value is not exact"

// andersonTail returns P(A² ≥ x) in the limit of many observations, where A² is
// Σ Zⱼ²/(j(j+1)) for independent standard normal Zⱼ. By Smirnov's formula [1] for
// such sums the tail is an alternating sum of integrals between neighbouring
// poles aⱼ = j(j+1)/2 of the moment generating function √M,
//
//	Σₖ (−1)ᵏ⁺¹ (1/π) ∫ from a₂ₖ₋₁ to a₂ₖ of e^(−xu)·√|M(u)| du/u,  M(u) = −2πu/cos(½π√(1+8u))
//
// whose singular ends Gauss and Chebyshev's rule absorbs: u = centre + half·cos θ.
// It keeps its relative accuracy in the upper tail. For x < 0.05 it returns 1,
// which is right to 1e-10.
//
// [1] Smirnov (1937), Matematicheskii Sbornik 2 (5): 973-993.
func andersonTail(x float64) float64 {
	if x < 0.05 {
		return 1
	}
	const nodes = 48
	total := 0.0
	for k := 1; ; k++ {
		j := float64(2*k - 1)
		low, high := j*(j+1)/2, (j+1)*(j+2)/2
		centre, half := (low+high)/2, (high-low)/2
		part := 0.0
		for i := range nodes {
			sin, cos := math.Sincos(math.Pi * (float64(i) + 0.5) / (2 * nodes))
			u := centre + half*(cos*cos-sin*sin)
			// ½π√(1+8u) is an odd multiple of ½π at either end; its cosine is
			// taken as the sine of the distance from the nearer.
			root, odd, gap := math.Sqrt(1+8*u), 2*j+1, 2*half*cos*cos
			if sin < cos {
				odd, gap = 2*j+3, 2*half*sin*sin
			}
			vanishing := math.Sin(math.Pi / 2 * 8 * gap / (root + odd))
			part += math.Exp(-x*u) * math.Sqrt(2*math.Pi*u/vanishing) * 2 * half * sin * cos / u
		}
		part /= nodes
		if k%2 == 0 {
			part = -part
		}
		total += part
		if math.Abs(part) <= 1e-18*math.Abs(total) || k > 60 {
			return total
		}
	}
}

// andersonCorrection returns the difference of the distribution function for n
// observations from its limit x, by the polynomials of Marsaglia and Marsaglia.
func andersonCorrection(n int, x float64) float64 {
	m := float64(n)
	if x > 0.8 {
		return horner(x, -130.2137, 745.2337, -1705.091, 1950.646, -1116.360, 255.7844) / m
	}
	c := 0.01265 + 0.1757/m
	if x < c {
		v := x / c
		v = math.Sqrt(v) * (1 - v) * (49*v - 102)
		return v * (0.0037/(m*m) + 0.00078/m + 0.00006) / m
	}
	v := (x - c) / (0.8 - c)
	v = horner(v, -0.00022633, 6.54034, -14.6538, 14.458, -8.259, 1.91864)
	return v * (0.04213 + 0.01365/m) / m
}
