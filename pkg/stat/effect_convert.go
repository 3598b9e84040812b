package stat

import "math"

// DToR returns the point-biserial correlation of a standardised difference d
// between samples of m and n [1]:
//
//	r = d/√(d² + h),  h = (m + n − 2)(1/m + 1/n)
//
// which is exact for Cohen's d. With m = n = 0, sizes unknown, h is 4, its limit
// for large samples of equal size.
//
// [1] McGrath, Meyer (2006), Psychological Methods 11 (4): 386-401.
func DToR(d float64, m, n int) (float64, error) {
	h, err := pointBiserial("d_to_r", d, m, n)
	if err != nil {
		return 0, err
	}
	return d / math.Hypot(d, math.Sqrt(h)), nil
}

// RToD is the inverse of DToR. It refuses a correlation not in (−1, 1).
func RToD(r float64, m, n int) (float64, error) {
	const name = "r_to_d"
	h, err := pointBiserial(name, r, m, n)
	if err != nil {
		return 0, err
	}
	if !(math.Abs(r) < 1) {
		return 0, refuse(name, Invalid, m+n, 0, "correlation %v is not in (-1, 1)", r)
	}
	return r * math.Sqrt(h/((1-r)*(1+r))), nil
}

// DToEtaSquared returns η² of two groups, the square of DToR.
func DToEtaSquared(d float64, m, n int) (float64, error) {
	r, err := DToR(d, m, n)
	return r * r, err
}

// EtaSquaredToD returns the absolute d of two groups with an η². It refuses an η²
// not in [0, 1).
func EtaSquaredToD(eta2 float64, m, n int) (float64, error) {
	if !(eta2 >= 0 && eta2 < 1) {
		return 0, refuse("eta_squared_to_d", Invalid, m+n, 0, "eta squared %v is not in [0, 1)", eta2)
	}
	return RToD(math.Sqrt(eta2), m, n)
}

// DToOddsRatio returns the odds ratio that goes with a standardised difference,
// for logistic distributions [1]: ln OR = πd/√3.
//
// [1] Chinn (2000), Statistics in Medicine 19 (22): 3127-3131.
func DToOddsRatio(d float64) (float64, error) {
	or := math.Exp(d * math.Pi / math.Sqrt(3))
	if err := finite("d_to_odds_ratio", 0, d, or); err != nil {
		return 0, err
	}
	return or, nil
}

// OddsRatioToD is the inverse of DToOddsRatio. It refuses what is not positive.
func OddsRatioToD(or float64) (float64, error) {
	if !(or > 0) || math.IsInf(or, 0) {
		return 0, refuse("odds_ratio_to_d", Invalid, 0, 0, "odds ratio %v is not a positive number", or)
	}
	return math.Log(or) * math.Sqrt(3) / math.Pi, nil
}

// HFromProportions returns Cohen's h of two proportions, 2·asin√p₂ − 2·asin√p₁:
// see CohensH. It refuses what is not in [0, 1].
func HFromProportions(p1, p2 float64) (float64, error) {
	for _, p := range []float64{p1, p2} {
		if !(p >= 0 && p <= 1) {
			return 0, refuse("cohens_h", Invalid, 0, 0, "proportion %v is not in [0, 1]", p)
		}
	}
	return 2 * (math.Asin(math.Sqrt(p2)) - math.Asin(math.Sqrt(p1))), nil
}

// KruskalEpsilonSquared returns ε² of a Kruskal-Wallis statistic H of n
// observations, H·(n + 1)/(n² − 1) = H/(n − 1), the share of the variance of the
// ranks that lies between groups [1]. It is 0 for fewer than two observations.
//
// [1] Tomczak, Tomczak (2014), Trends in Sport Sciences 21 (1): 19-25.
func KruskalEpsilonSquared(h float64, n int) float64 {
	if n < 2 {
		return 0
	}
	return math.Min(1, h/float64(n-1))
}

// KruskalEtaSquared returns η²_H of a Kruskal-Wallis statistic H of n observations
// in k groups, (H − k + 1)/(n − k), or 0 where that is negative: of the same kind
// as ε² of an analysis of variance [1].
//
// [1] Cohen (2008), Explaining Psychological Statistics, 3rd edition, chapter 20.
func KruskalEtaSquared(h float64, k, n int) float64 {
	if n <= k {
		return 0
	}
	return math.Max(0, (h-float64(k-1))/float64(n-k))
}

// KendallsW returns Kendall's coefficient of concordance of a Friedman statistic
// of n blocks and k treatments, χ²/(n(k − 1)), from 0 to 1 [1].
//
// [1] Kendall, Babington Smith (1939), Annals of Mathematical Statistics 10 (3):
// 275-287.
func KendallsW(chiSquared float64, n, k int) float64 {
	if n < 1 || k < 2 {
		return 0
	}
	return math.Min(1, chiSquared/(float64(n)*float64(k-1)))
}

// pointBiserial returns h of DToR.
func pointBiserial(name string, value float64, m, n int) (float64, error) {
	switch {
	case math.IsNaN(value) || math.IsInf(value, 0):
		return 0, refuse(name, NotFinite, m+n, 0, "the size is %v", value)
	case m == 0 && n == 0:
		return 4, nil
	case m < 1 || n < 1 || m+n < 3:
		return 0, refuse(name, TooFew, m+n, 3, "samples of %d and %d have no standard deviation", m, n)
	}
	return (float64(m) + float64(n) - 2) * (1/float64(m) + 1/float64(n)), nil
}
