package stat

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// Lilliefors tests whether a sample comes from some normal distribution, by the
// greatest distance of the empirical distribution function from the normal one
// with the sample's own mean and standard deviation [1]:
//
//	D = max over i of max(i/n − Φ(zᵢ), Φ(zᵢ) − (i−1)/n)
//
// The table of Kolmogorov does not hold for D, since the parameters are estimated.
// The methods:
//
//   - dallal_wilkinson (default): ln p is the polynomial of Dallal and Wilkinson [2],
//     made for p up to 0.1, with D·(n/100)^0.49 as from n = 100 above that; where
//     it says more than 0.1, p comes from polynomials in Stephens' modified
//     statistic (√n − 0.01 + 0.85/√n)·D [3]. Two to three digits are right.
//   - monte_carlo: p = (1 + #{Dᵣ ≥ D})/(1 + replicates) from normal samples drawn
//     with seed (10,000 by default).
//
// It refuses fewer than 5 observations, equal values and values that are not
// finite.
//
// [1] Lilliefors (1967), JASA 62 (318): 399-402.
// [2] Dallal, Wilkinson (1986), The American Statistician 40 (4): 294-296.
// [3] Stephens (1974), JASA 69 (347): 730-737; coefficients as in Thode (2002),
// Testing for Normality, and R's nortest.
func Lilliefors(x []float64, o Options) (Result, error) {
	const test = "lilliefors"
	o, err := o.resolvePlain(test, "dallal_wilkinson", "monte_carlo")
	if err != nil {
		return Result{}, err
	}
	z, err := standardScores(test, x, 5)
	if err != nil {
		return Result{}, err
	}
	out := Result{Test: test, Method: o.Method, Alternative: TwoSided, Statistic: normalDistance(z), N: []int{len(x)}}
	if o.Method == "monte_carlo" {
		logP, err := monteCarloNormal(test, len(x), o, out.Statistic, normalDistance)
		return out.withP(logP), err
	}
	return out.withP(lillieforsLogP(out.Statistic, float64(len(x)))), nil
}

// normalDistance returns D of sorted standard scores.
func normalDistance(z []float64) float64 {
	n, most := float64(len(z)), 0.0
	for i, v := range z {
		p := dist.Normal{}.CDF(v)
		most = math.Max(most, math.Max(float64(i+1)/n-p, p-float64(i)/n))
	}
	return most
}

func lillieforsLogP(d, n float64) float64 {
	scaled, m := d, n
	if n > 100 {
		scaled, m = d*math.Pow(n/100, 0.49), 100
	}
	logP := -7.01256*scaled*scaled*(m+2.78019) + 2.99587*scaled*math.Sqrt(m+2.78019) -
		0.122119 + 0.974598/math.Sqrt(m) + 1.67997/m
	if logP <= math.Log(0.1) {
		return logP
	}
	k := (math.Sqrt(n) - 0.01 + 0.85/math.Sqrt(n)) * d
	p := 1.0
	switch {
	case k <= 0.302:
	case k <= 0.5:
		p = horner(k, 2.76773, -19.828315, 80.709644, -138.55152, 81.218052)
	case k <= 0.9:
		p = horner(k, -4.901232, 40.662806, -97.490286, 94.029866, -32.355711)
	default:
		p = horner(k, 6.198765, -19.558097, 23.186922, -12.234627, 2.423045)
	}
	return math.Log(math.Max(1e-3, math.Min(1, p)))
}

// monteCarloNormal returns ln p of a statistic of sorted standard scores among
// its values for normal samples of n, which are drawn with the seed of o.
func monteCarloNormal(test string, n int, o Options, observed float64, statistic func(z []float64) float64) (float64, error) {
	replicates := o.Replicates
	if replicates == 0 {
		replicates = 10_000
	}
	if float64(n)*float64(replicates) > 1e7 {
		return 0, refuse(test, TooLarge, n, 0, "%d replicates of %d observations take too long: at most 1e7 values are drawn, so set fewer replicates", replicates, n)
	}
	z, reached := make([]float64, n), 1
	pcg := newPCG(o.Seed, 0)
	draw := rand.New(pcg)
	for r := range replicates {
		pcg.Seed(pcgSeed(o.Seed, uint64(r)))
		for i := range z {
			z[i] = draw.NormFloat64()
		}
		slices.Sort(z)
		standardise(z)
		// Equal statistics may differ in the last digits.
		if statistic(z) >= observed*(1-1e-12) {
			reached++
		}
	}
	return math.Log(float64(reached) / float64(replicates+1)), nil
}
