package stat

import (
	"math"
	"math/big"
)

// Exact distributions of sums of ranks. Scores are ranks doubled, so that those
// of ties are whole, too. Counts are sums of whole positive numbers, exact below
// 2⁵³ and good to the last digits beyond.

// subsetCounts returns how many subsets of m of the scores have the sum
// low + i·step, for all i up to the sum bound, by the shift algorithm [1]: scores
// are added one by one, each shifting the counts of the subsets that lack it.
// Scores ascend. Sums that can no longer stay within the bound are not followed,
// which makes tails quick: at most about m²n²/2 steps for all of m+n scores.
//
// [1] Streitberg, Röhmel (1986), Statistical Software Newsletter 12 (1): 10-17.
func subsetCounts(scores []int, m, bound int) (low, step int, counts []float64) {
	n, first := len(scores), scores[0]
	for _, s := range scores {
		step = gcd(step, s-first)
	}
	step = max(step, 1)
	// From here on in steps above the least score; before[i] is the sum of i least.
	score, before := make([]int, n), make([]int, n+1)
	for i, s := range scores {
		score[i] = (s - first) / step
		before[i+1] = before[i] + score[i]
	}
	low = m*first + before[m]*step
	if bound < low {
		return low, step, nil
	}
	bound = before[m] + (bound-low)/step
	// of[k][i] counts the subsets of k with the sum before[k] + i.
	of := make([][]float64, m+1)
	for k := range of {
		of[k] = make([]float64, 1, min(bound-before[m], before[n]-before[n-k]-before[k])+1)
	}
	of[0][0] = 1
	for i, s := range score {
		left := n - i - 1
		for k := min(i+1, m); k >= max(1, m-left); k-- {
			// The m − k that are still to come sum to this at least.
			rest := before[i+1+m-k] - before[i+1]
			shift := s - score[k-1]
			from := of[k-1]
			if room := bound - rest - before[k] - shift + 1; room < len(from) {
				from = from[:max(room, 0)]
			}
			if need := shift + len(from); len(from) > 0 && need > len(of[k]) {
				of[k] = of[k][:need]
			}
			if len(from) > 0 {
				addTo(of[k][shift:], from)
			}
		}
	}
	return low, step, of[m]
}

// untiedCounts returns how many subsets of m of the first m + n whole numbers have
// the sum i above the least one, for all i up to bound: the coefficients of
//
//	∏ (1 − qⁿ⁺ⁱ)/(1 − qⁱ), i from 1 to m
//
// factor by factor [1]. It takes some m·bound steps, far fewer than subsetCounts,
// and subtracts, which costs it digits in large samples: sums of counts are good to
// 1e-14 for m·n up to 10 000, and to 1e-11 up to 40 000.
//
// [1] Mann, Whitney (1947), Annals of Mathematical Statistics 18 (1): 50-60.
func untiedCounts(m, n, bound int) []float64 {
	counts := make([]float64, max(bound, 0)+1)
	counts[0] = 1
	for i := 1; i <= m; i++ {
		for s := bound; s >= n+i; s-- {
			counts[s] -= counts[s-n-i]
		}
		for s := i; s <= bound; s++ {
			counts[s] += counts[s-i]
		}
	}
	return counts
}

// addTo adds from to the numbers in into, which is no shorter.
func addTo(into, from []float64) {
	into = into[:len(from)]
	for len(from) >= 4 {
		a, b := into[:4], from[:4]
		a[0] += b[0]
		a[1] += b[1]
		a[2] += b[2]
		a[3] += b[3]
		into, from = into[4:], from[4:]
	}
	for i, v := range from {
		into[i] += v
	}
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// rankSum is the distribution of the sum of m of the scores, all subsets being
// equally likely: that of a rank sum under the null hypothesis.
type rankSum struct {
	scores []int
	m      int
	// subsets is their number.
	subsets float64
	// mirrored holds the scores from the other end.
	mirrored []int
	// symmetric says that both ends are the same.
	symmetric bool
	// half holds, where there are no ties, the counts of the sums from the least one
	// to the mean; else nothing.
	half []float64
}

// newRankSum returns the distribution for scores that ascend. Half is what
// untiedCounts says of as many without ties.
func newRankSum(scores []int, m int, half []float64) rankSum {
	n := len(scores)
	r := rankSum{scores: scores, m: m, mirrored: make([]int, n), symmetric: true}
	untied := m*(n-m) <= mannWhitneyExact
	for i, s := range scores {
		r.mirrored[n-1-i] = 2*(n+1) - s
	}
	for i, s := range scores {
		r.symmetric = r.symmetric && s == r.mirrored[i]
		untied = untied && s == 2*(i+1)
	}
	if untied {
		r.half = half
	}
	r.subsets = subsets(n, m)
	return r
}

// subsets returns how many subsets of m there are of n.
func subsets(n, m int) float64 {
	count, _ := new(big.Float).SetInt(new(big.Int).Binomial(int64(n), int64(m))).Float64()
	return count
}

// atMost returns P(sum ≤ s), for an s below the mean.
func (r rankSum) atMost(s int) float64 { return r.tail(r.scores, s) }

// atLeast returns P(sum ≥ s), for an s above the mean.
func (r rankSum) atLeast(s int) float64 {
	return r.tail(r.mirrored, 2*r.m*(len(r.scores)+1)-s)
}

func (r rankSum) tail(scores []int, s int) float64 {
	total, counts := 0.0, r.half
	if low := r.m * (r.m + 1); counts == nil {
		_, _, counts = subsetCounts(scores, r.m, s)
	} else {
		counts = counts[:max(0, (s-low+2)/2)]
	}
	for _, c := range counts {
		total += c
	}
	return total / r.subsets
}

// exactP is a p-value that is a quotient of counts, and what it lacks of 1.
type exactP struct{ p, rest float64 }

// part returns the p-value p, and complement one that lacks q of 1.
func part(p float64) exactP       { p = math.Min(p, 1); return exactP{p, 1 - p} }
func complement(q float64) exactP { return exactP{1 - q, q} }

// p returns the p-value of the sum s.
func (r rankSum) p(s int, alternative Alternative) exactP {
	mean := r.m * (len(r.scores) + 1)
	distance := s - mean
	switch {
	case alternative == TwoSided && distance == 0:
		return part(1)
	case alternative == TwoSided:
		distance = max(distance, -distance)
		below := r.atMost(mean - distance)
		if r.symmetric {
			return part(2 * below)
		}
		return part(below + r.atLeast(mean+distance))
	case alternative == Greater && distance > 0:
		return part(r.atLeast(s))
	case alternative == Greater:
		return complement(r.atMost(s - 1))
	case distance < 0:
		return part(r.atMost(s))
	}
	return complement(r.atLeast(s + 1))
}

// signCounts returns how many subsets of the scores, of any size, have the sum
// i·step, for all i up to the sum bound.
func signCounts(scores []int, bound int) (step int, counts []float64) {
	total := 0
	for _, s := range scores {
		step = gcd(step, s)
		total += s
	}
	step = max(step, 1)
	if bound < 0 {
		return step, nil
	}
	counts = make([]float64, 1, min(bound, total)/step+1)
	counts[0] = 1
	for _, s := range scores {
		shift, old := s/step, len(counts)
		counts = counts[:min(old+shift, cap(counts))]
		// From the top, so that no subset takes a score twice.
		for i := len(counts) - 1; i >= shift; i-- {
			counts[i] += counts[i-shift]
		}
	}
	return step, counts
}

// signedSum is the distribution of the sum of the scores with a positive sign,
// all signs being equally likely. It is symmetric.
type signedSum []int

// atMost returns P(sum ≤ s), for an s below the mean.
func (r signedSum) atMost(s int) float64 {
	total := 0.0
	_, counts := signCounts(r, s)
	for _, c := range counts {
		total += c
	}
	return math.Ldexp(total, -len(r))
}

// p returns the p-value of the sum s.
func (r signedSum) p(s int, alternative Alternative) exactP {
	total := 0
	for _, v := range r {
		total += v
	}
	if alternative == Greater {
		s = total - s // the upper tail of s is the lower of this
	}
	switch {
	case alternative == TwoSided && 2*s == total:
		return part(1)
	case alternative == TwoSided:
		return part(2 * r.atMost(min(s, total-s)))
	case 2*s < total:
		return part(r.atMost(s))
	}
	return complement(r.atMost(total - s - 1))
}

// tailRank returns the greatest k for which the first k of the counts have at
// most the given share of the total, and that share.
func tailRank(counts []float64, total, share float64) (k int, below float64) {
	sum := 0.0
	for k < len(counts) {
		next := sum + counts[k]
		// A share such as (1 − 0.9)/2 is a little off the decimal it stands for.
		if next > share*total*(1+1e-12) {
			break
		}
		sum, k = next, k+1
	}
	return k, sum / total
}
