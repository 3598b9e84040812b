package power

import (
	"math"

	"github.com/crucible-go/crucible/pkg/stat"
	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// enumerate returns the power of a test on two counts, summed over all outcomes of
// both binomials. For each total s the outcomes that reject are those of x₁ below
// one bound and above another, since both tests order outcomes of one total by
// their difference. Outcomes of a probability below 1e-15 are left out.
func (t TwoProportions) enumerate(n1, n2, p2 float64) float64 {
	first, second := pmf(n1, t.P1), pmf(n2, p2)
	total := 0.0
	for s := first.from + second.from; s <= first.to()+second.to(); s++ {
		low := max(first.from, s-second.to())
		high := min(first.to(), s-second.from)
		below, above := t.region(n1, n2, s)
		for x := low; x <= high; x++ {
			if x <= below || x >= above {
				total += first.at(x) * second.at(s-x)
			}
		}
	}
	return math.Min(1, total)
}

// mass is a run of probabilities from a count on.
type mass struct {
	from   int
	values []float64
}

func (m mass) to() int { return m.from + len(m.values) - 1 }

func (m mass) at(x int) float64 { return m.values[x-m.from] }

// pmf returns the binomial probabilities but for tails below 1e-17.
func pmf(n, p float64) mass {
	b := dist.Binomial{N: int64(n), P: p}
	from, to := int(b.Quantile(1e-17)), int(b.InvSF(1e-17))
	m := mass{from: from, values: make([]float64, to-from+1)}
	for i := range m.values {
		m.values[i] = math.Exp(b.LogPMF(int64(from + i)))
	}
	return m
}

// region returns which x₁ reject given x₁ + x₂ = s: those up to below and those
// from above on.
func (t TwoProportions) region(n1, n2 float64, s int) (below, above int) {
	low, high := max(0, s-int(n2)), min(int(n1), s)
	if t.Method == ExactZ {
		return t.regionZ(n1, n2, float64(s), low, high)
	}
	return t.regionFisher(n1, n2, s, low, high)
}

// regionZ is the region of the pooled z test. Equality to rounding rejects.
func (t TwoProportions) regionZ(n1, n2, s float64, low, high int) (below, above int) {
	pooled := s / (n1 + n2)
	bound := (1 - 1e-12) * dist.Normal{}.InvSF(tailLevel(t.Alpha, t.Alternative)) * math.Sqrt(pooled*(1-pooled)*(1/n1+1/n2))
	if pooled == 0 || pooled == 1 {
		return low - 1, high + 1
	}
	// x₂/n₂ − x₁/n₁ = s/n₂ − x₁(1/n₁ + 1/n₂) falls with x₁.
	slope := 1/n1 + 1/n2
	below, above = low-1, high+1
	if t.Alternative != stat.Less {
		below = int(math.Floor((s/n2-bound)/slope + 1e-9))
	}
	if t.Alternative != stat.Greater {
		above = int(math.Ceil((s/n2+bound)/slope - 1e-9))
	}
	return below, above
}

// tie is the relative difference up to which probabilities count as equal, as in
// Fisher's test of package stat.
const tie = 1e-7

// regionFisher is the region of Fisher's test: outcomes from the least probable
// on, or from one end, as long as they add up to alpha.
func (t TwoProportions) regionFisher(n1, n2 float64, s, low, high int) (below, above int) {
	h := dist.Hypergeometric{Population: int64(n1 + n2), Successes: int64(s), Draws: int64(n1)}
	below, above = low-1, high+1
	switch t.Alternative {
	case stat.Greater: // x₂ large, x₁ small
		return int(math.Min(float64(high), wholeBelow(h, t.Alpha, low))), above
	case stat.Less:
		x := int(h.InvSF(t.Alpha)) + 1 // P(X ≥ x) ≤ alpha
		return below, max(low, x)
	}
	return twoSidedRegion(h, t.Alpha, low, high)
}

// wholeBelow returns the greatest x with P(X ≤ x) ≤ alpha, or low − 1.
func wholeBelow(h dist.Hypergeometric, alpha float64, low int) float64 {
	x := h.Quantile(alpha) // the least with P(X ≤ x) ≥ alpha
	for x >= float64(low) && h.CDF(x) > alpha*(1+1e-13) {
		x--
	}
	return math.Max(x, float64(low-1))
}

// twoSidedRegion returns the region of the two-sided test: x rejects if all
// outcomes that are at most as probable as x, to a relative 1e-7, add up to alpha.
func twoSidedRegion(h dist.Hypergeometric, alpha float64, low, high int) (below, above int) {
	n, m, r := float64(h.Population), float64(h.Successes), float64(h.Draws)
	// Start where each tail holds less than 1e-20, and grow inward.
	i, j := low, high
	if high-low > 400 {
		i = max(low, int(h.Quantile(1e-20))-1)
		j = min(high, int(h.InvSF(1e-20))+1)
	}
	left, right := math.Exp(h.LogPMF(int64(i))), math.Exp(h.LogPMF(int64(j)))
	sum := 0.0
	if i > low {
		sum += h.CDF(float64(i - 1))
	}
	if j < high {
		sum += h.SF(float64(j))
	}
	below, above = i-1, j+1
	up := func(x float64) float64 { return (m - x) * (r - x) / ((x + 1) * (n - m - r + x + 1)) }
	for i <= j {
		// Take in the less probable end, and the other with it if they tie; all of
		// the outcomes that tie must fit.
		takeLeft, takeRight := left <= right*(1+tie), right <= left*(1+tie)
		add := 0.0
		if takeLeft {
			add += left
		}
		if takeRight && !(takeLeft && i == j) {
			add += right
		}
		if sum+add > alpha*(1+1e-12) {
			break
		}
		sum += add
		if takeLeft {
			below = i
			left *= up(float64(i))
			i++
		}
		if takeRight && i <= j {
			above = j
			right /= up(float64(j - 1))
			j--
		}
	}
	return below, above
}
