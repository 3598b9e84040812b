package stat

import (
	"math"
	"slices"
)

// KSOneSample tests whether a sample comes from a distribution that was known
// beforehand, by the greatest distance between the two distribution functions,
// after Kolmogorov and Smirnov [1]:
//
//	D⁻ = max (F(x₍ᵢ₎) − (i−1)/n),  D⁺ = max (i/n − F(x₍ᵢ₎)),  D = max(D⁺, D⁻)
//
// Greater means that the values are greater than the distribution says: the
// empirical function lies below F, and the statistic is D⁻ (R calls this
// alternative "less", after the function). Less is D⁺.
//
// The methods:
//
//   - auto (default): exact where it is quick, else asymptotic.
//   - exact: for one side Smirnov's sum of positive terms [2],
//     P(D⁺ ≥ d) = d·Σ C(n,j)·(d + j/n)^(j−1)·(1 − d − j/n)^(n−j). For two sides twice
//     that, where both sides at once have no weight beside one (nd² > 6.5: less
//     than 1e-16 of it; d ≥ ½: none); else the chance that a Poisson process of n points leaves
//     the band, summed over the moment of its leaving, so that small p-values
//     keep their digits [3].
//   - asymptotic: for two sides the expansion of Li-Chien to the order n^(−3/2) [4],
//     good to some n^(−2); for one side exp(−(6nd + 1)²/(18n)) [5], as good as that.
//
// The distribution must not have been fitted to this sample: for that case see
// Lilliefors and AndersonDarling. It refuses an empty sample, values that are not
// finite, and parameters that are none; equal values are warned of.
//
// [1] Kolmogorov (1933), Giornale dell'Istituto Italiano degli Attuari 4: 83-91.
// [2] Birnbaum, Tingey (1951), Annals of Mathematical Statistics 22 (4): 592-596.
// [3] Marsaglia, Tsang, Wang (2003), Journal of Statistical Software 8 (18), and
// Simard, L'Ecuyer (2011), Journal of Statistical Software 39 (11), whose values it
// agrees with.
// [4] Li-Chien (1956), Acta Mathematica Sinica 6: 55-81.
// [5] Maag, Dicaire (1971), Biometrika 58 (3): 653-656.
func KSOneSample(x []float64, null Null, o Options) (Result, error) {
	const test = "ks_one_sample"
	o, err := o.resolve(test, "auto", "exact", "asymptotic")
	if err == nil {
		err = o.withoutMu(test)
	}
	if err == nil {
		err = null.check(test)
	}
	if err == nil {
		err = checkSample(test, x, 1)
	}
	if err != nil {
		return Result{}, err
	}
	sorted := sortedFloats(x)
	below, above := nullDistances(sorted, null)
	out := Result{Test: test, Method: o.Method, Alternative: o.Alternative, N: []int{len(x)},
		Details: []Detail{{"d_plus", below}, {"d_minus", above}}}
	if len(slices.Compact(sorted)) < len(x) {
		out.Warnings = append(out.Warnings, tiedSample)
	}
	switch o.Alternative {
	case Less:
		out.Statistic = below
	case Greater:
		out.Statistic = above
	default:
		out.Statistic = math.Max(below, above)
	}
	var logP float64
	out.Method, logP, err = kolmogorovLogP(test, len(x), out.Statistic, o)
	return out.withP(logP), err
}

// nullDistances returns D⁺ and D⁻ of sorted values.
func nullDistances(sorted []float64, null Null) (plus, minus float64) {
	n := float64(len(sorted))
	for i, v := range sorted {
		// The smaller tail has the digits.
		lower, upper := null.tails(v)
		if lower > 0.5 {
			plus = math.Max(plus, upper-(n-float64(i+1))/n)
			minus = math.Max(minus, (n-float64(i))/n-upper)
			continue
		}
		plus = math.Max(plus, float64(i+1)/n-lower)
		minus = math.Max(minus, lower-float64(i)/n)
	}
	return plus, minus
}

// kolmogorovLogP returns the method used and ln p.
func kolmogorovLogP(test string, n int, d float64, o Options) (string, float64, error) {
	m := float64(n)
	oneSided := o.Alternative != TwoSided
	cost := m * (2*m*d + 2)
	tail := m*d*d > 6.5 || d >= 0.5 // from there on only one side can be that far out
	quick := oneSided || tail || cost <= 1e6
	switch {
	case o.Method == "asymptotic" || o.Method == "auto" && !quick:
		if oneSided {
			return "asymptotic", -(6*m*d + 1) * (6*m*d + 1) / (18 * m), nil
		}
		return "asymptotic", math.Log(liChien(m, d)), nil
	case oneSided:
		return "exact", smirnovLog(n, d), nil
	case tail:
		return "exact", math.Min(0, math.Ln2+smirnovLog(n, d)), nil
	case cost > 4e7:
		return "", 0, refuse(test, TooLarge, n, 0, "the exact p-value of %d observations takes too long: use method asymptotic, which is good to n^-2", n)
	}
	return "exact", math.Log(leavesBand(n, d)), nil
}

// smirnovLog returns ln P(D⁺ ≥ d) for n observations. Each term is a binomial
// probability, whose digits do not depend on n, times d/(d + j/n).
func smirnovLog(n int, d float64) float64 {
	if d <= 0 {
		return 0
	}
	m, most := float64(n), math.Inf(-1)
	last := min(n-1, int(math.Floor(m*(1-d))))
	term := func(j int) float64 {
		p, q := d+float64(j)/m, float64(n-j)/m-d
		if q <= 0 {
			return math.Inf(-1)
		}
		return binomialLogPQ(j, n, p, q) - math.Log1p(float64(j)/(m*d))
	}
	total := 0.0
	for j := 0; j <= last; j++ {
		l := term(j)
		if math.IsInf(l, -1) {
			continue
		}
		if l > most {
			total = total*math.Exp(most-l) + 1
			most = l
			continue
		}
		total += math.Exp(l - most)
	}
	if total == 0 { // d is 1 to rounding: an upper bound
		return m * math.Log(0x1p-53)
	}
	return math.Min(0, most+math.Log(total))
}

// binomialLogPQ is binomialLogPMF with both probabilities given, each to its own
// relative accuracy.
func binomialLogPQ(k, n int, p, q float64) float64 {
	switch k {
	case 0:
		return float64(n) * logOf(q, p)
	case n:
		return float64(n) * logOf(p, q)
	}
	x, m, y := float64(k), float64(n), float64(n-k)
	return 0.5*math.Log(m/(2*math.Pi*x*y)) +
		stirlingError(n) - stirlingError(k) - stirlingError(n-k) -
		deviance(x, m*p) - deviance(y, m*q)
}

// logOf returns ln p, where q = 1 − p.
func logOf(p, q float64) float64 {
	if p > 0.5 {
		return math.Log1p(-q)
	}
	return math.Log(p)
}

// poissonLog returns the logarithm of the probability of k points where lambda
// are expected, by Loader's expansion.
func poissonLog(k int, lambda float64) float64 {
	if lambda <= 0 {
		if k == 0 {
			return 0
		}
		return math.Inf(-1)
	}
	if k == 0 {
		return -lambda
	}
	x := float64(k)
	return -0.5*math.Log(2*math.Pi*x) - stirlingError(k) - deviance(x, lambda)
}

// liChien returns P(D ≥ d) to the order n^(−3/2): with z = d√n, f₁ = k² and
// f₂ = 5k² + 22, for odd k f₁ = k² − 1 and f₂ = 5k² + 7,
//
//	2·Σ (−1)^(k−1)·e^(−2k²z²)·{1 − 2k²z/(3√n) − [f₁ − 4(f₁+3)k²z² + 8k⁴z⁴]/(18n)
//	    + k²z/(27n√n)·[f₂/5 − 4(f₂+45)k²z²/15 + 8k⁴z⁴]}
func liChien(n, d float64) float64 {
	z := d * math.Sqrt(n)
	if z < 0.18 {
		return 1 // to 1e-15
	}
	root, total := math.Sqrt(n), 0.0
	for k := 1.0; k < 200; k++ {
		odd := math.Mod(k, 2)
		kk, zz := k*k, z*z
		e := math.Exp(-2 * kk * zz)
		f1 := kk - odd
		f2 := 5*kk + 22 - 15*odd
		term := 1 - 2*kk*z/(3*root) -
			(f1-4*(f1+3)*kk*zz+8*kk*kk*zz*zz)/(18*n) +
			kk*z/(27*n*root)*(f2/5-4*(f2+45)*kk*zz/15+8*kk*kk*zz*zz)
		if odd == 1 {
			total += 2 * e * term
		} else {
			total -= 2 * e * term
		}
		if e < 1e-20 {
			break
		}
	}
	return math.Max(SmallestP, math.Min(1, total))
}
