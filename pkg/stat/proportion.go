package stat

import (
	"fmt"
	"math"
)

// Wilson returns the score interval for k successes in n trials [1]:
//
//	(p + z²/2n ± z·sqrt(p(1−p)/n + z²/4n²)) / (1 + z²/n),  p = k/n
//
// It inverts the score test, so unlike p ± z·se it stays in [0, 1], has width
// also for k = 0 and k = n, and covers close to its level for any n [2]. The
// trials are taken to be independent.
//
// For n = 0 it returns [0, 1] about 1/2, the limit of its centre, and a warning.
// It panics if k is outside [0, n] or level outside (0, 1).
//
// [1] Wilson (1927), JASA 22 (158): 209-212.
// [2] Brown, Cai, DasGupta (2001), Statistical Science 16 (2): 101-133.
func Wilson(k, n int, level float64) Interval {
	if k < 0 || k > n {
		panic(fmt.Sprintf("stat: %d successes in %d trials", k, n))
	}
	checkLevel(level)
	out := Interval{Level: level, N: n, Method: "wilson"}
	if n == 0 {
		out.Estimate, out.High = 0.5, 1
		out.Warnings = []string{"no trials: nothing is known of the proportion"}
		return out
	}
	out.Estimate = float64(k) / float64(n)
	out.Low, out.High = wilson(float64(k), float64(n), zFor(level))
	return out
}

// wilson returns the bounds of the score interval, both without cancellation:
// the upper as a sum, the lower as the product of both over the upper.
func wilson(k, n, z float64) (low, high float64) {
	zz := z * z
	// The roots of (1 + z²/n)·x² − (2p + z²/n)·x + p² = 0.
	root := z * math.Sqrt(k*(n-k)/n+zz/4)
	low, high = 0, 1
	if k > 0 {
		low = k * k / n / (k + zz/2 + root)
	}
	if k < n {
		high = (k + zz/2 + root) / (n + zz)
	}
	return low, high
}

// RiskDifferencePaired returns the interval for the difference of two
// proportions measured on the same items, from the fourfold table
//
//	              second right   second wrong
//	first right        a              b
//	first wrong        c              d
//
// as (b − c)/n: the first minus the second. It is Newcombe's hybrid score
// interval with continuity-corrected correlation, method 10 of [1]: with the
// Wilson bounds l₁, u₁ of p₁ = (a+b)/n and l₂, u₂ of p₂ = (a+c)/n,
//
//	low  = D − sqrt((p₁−l₁)² − 2φ(p₁−l₁)(u₂−p₂) + (u₂−p₂)²)
//	high = D + sqrt((u₁−p₁)² − 2φ(u₁−p₁)(p₂−l₂) + (p₂−l₂)²)
//
// where φ = C / sqrt((a+b)(c+d)(a+c)(b+d)), C = ad − bc lessened by n/2 but not
// below 0 if it is positive, and φ = 0 where a margin is empty. It has width also when no
// item is discordant, and stays in [−1, 1].
//
// For n = 0 it returns [−1, 1] about 0 and a warning. It panics on a negative
// count or a level outside (0, 1).
//
// [1] Newcombe (1998), Statistics in Medicine 17 (22): 2635-2650.
func RiskDifferencePaired(a, b, c, d int, level float64) Interval {
	if a < 0 || b < 0 || c < 0 || d < 0 {
		panic(fmt.Sprintf("stat: fourfold table %d, %d, %d, %d has a negative count", a, b, c, d))
	}
	checkLevel(level)
	n := a + b + c + d
	out := Interval{Level: level, N: n, Method: "newcombe_paired"}
	if n == 0 {
		out.Low, out.High = -1, 1
		out.Warnings = []string{"no pairs: nothing is known of the difference"}
		return out
	}
	z, total := zFor(level), float64(n)
	first, second := float64(a+b), float64(a+c)
	l1, u1 := wilson(first, total, z)
	l2, u2 := wilson(second, total, z)
	p1, p2, phi := first/total, second/total, pairedPhi(float64(a), float64(b), float64(c), float64(d))
	out.Estimate = float64(b-c) / total
	out.Low = math.Max(-1, out.Estimate-hybrid(p1-l1, u2-p2, phi))
	out.High = math.Min(1, out.Estimate+hybrid(u1-p1, p2-l2, phi))
	if b+c == 0 {
		out.Warnings = []string{"no pair differs"}
	}
	return out
}

// hybrid combines two one-sided distances that correlate by phi. It is the root
// of (x − y)² + 2(1 − φ)xy, which cannot become negative.
func hybrid(x, y, phi float64) float64 {
	return math.Sqrt((x-y)*(x-y) + 2*(1-phi)*x*y)
}

// pairedPhi is the correlation of method 10.
func pairedPhi(a, b, c, d float64) float64 {
	margins := (a + b) * (c + d) * (a + c) * (b + d)
	if margins == 0 {
		return 0
	}
	numerator := a*d - b*c
	if numerator > 0 {
		numerator = math.Max(numerator-(a+b+c+d)/2, 0)
	}
	return numerator / math.Sqrt(margins)
}
