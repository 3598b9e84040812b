package analysis

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// maxFlipWork bounds the multiplications of the exact sign-flip test.
const maxFlipWork = 4e7

// signFlip tests whether differences of clusters are symmetric about zero: under
// the hypothesis that the two conditions may be exchanged within a cluster,
// every sign of a cluster's total difference is equally likely [1]. The
// distribution of the sum is exact, by convolution of the binomial
// distributions of the clusters with equal absolute difference; beyond
// maxFlipWork multiplications it is normal with the exact variance Σd². With
// one pair per cluster it is the exact McNemar test.
//
// [1] Fisher (1935), The Design of Experiments, section 21; Winkler et al.
// (2014), NeuroImage 92: 381-397, section "exchangeability blocks".
func signFlip(diffs []int) (sum int, p tails, exact bool) {
	sizes := map[int]int{}
	var most, squares int
	for _, d := range diffs {
		sum += d
		squares += d * d
		if d < 0 {
			d = -d
		}
		if d > 0 {
			sizes[d]++
			most = max(most, d)
		}
	}
	if squares == 0 {
		return 0, tails{1, 1, 1}, true
	}
	var work, width float64 = 0, 1
	for d := 1; d <= most; d++ {
		n := float64(sizes[d])
		work += (n + 1) * width
		width += n * float64(d)
	}
	if work > maxFlipWork {
		z := float64(sum) / math.Sqrt(float64(squares))
		tail := distuv.UnitNormal.CDF(-math.Abs(z))
		return sum, tails{math.Min(1, 2*tail), distuv.UnitNormal.CDF(-z), distuv.UnitNormal.CDF(z)}, false
	}
	return sum, exactTails(sum, flipped(sizes, most)), true
}

// flipped is the distribution of T = Σ d·B_d, B_d binomial(sizes[d], 1/2); the
// sum of the flipped differences is 2T − max T.
func flipped(sizes map[int]int, most int) []float64 {
	dist := []float64{1}
	for d := 1; d <= most; d++ {
		n := sizes[d]
		if n == 0 {
			continue
		}
		pmf := halfBinomial(n)
		next := make([]float64, len(dist)+n*d)
		for k, w := range pmf {
			if w == 0 {
				continue
			}
			row := next[k*d:]
			for i, v := range dist {
				row[i] += w * v
			}
		}
		dist = next
	}
	return dist
}

// halfBinomial is the distribution of binomial(n, 1/2).
func halfBinomial(n int) []float64 {
	out := make([]float64, n+1)
	top, _ := math.Lgamma(float64(n + 1))
	for k := range out {
		a, _ := math.Lgamma(float64(k + 1))
		b, _ := math.Lgamma(float64(n - k + 1))
		out[k] = math.Exp(top - a - b - float64(n)*math.Ln2)
	}
	return out
}

// exactTails are the p values of an observed sum under the distribution of T.
func exactTails(sum int, dist []float64) tails {
	most := len(dist) - 1
	var p tails
	for t, w := range dist {
		s := 2*t - most
		if s >= sum {
			p.greater += w
		}
		if s <= sum {
			p.less += w
		}
		if s >= sum && s >= -sum || s <= sum && s <= -sum { // |s| ≥ |sum|
			p.two += w
		}
	}
	return tails{math.Min(1, p.two), math.Min(1, p.greater), math.Min(1, p.less)}
}
