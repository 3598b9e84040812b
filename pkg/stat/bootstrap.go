package stat

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// PairedQuantileDifference returns an interval and a test for the difference of
// the quantiles of order q of two samples measured on the same items, x minus
// y, by the paired bootstrap [1]: pairs are drawn with replacement, and the
// interval lies between the α/2 and 1 − α/2 quantiles of the differences in the
// replicates (the percentile method). The p-value inverts it: twice the smaller
// share of replicates on one side of zero, both sides counting the ties and the
// sample itself,
//
//	p = min(1, 2·(1 + min(#{D* ≤ 0}, #{D* ≥ 0})) / (1 + replicates))
//
// so it is never zero. The statistic is the observed difference.
//
// Replicate r draws from a PCG stream of its own that is a function of seed and
// r alone, so the result has the same bits in however many parts it is computed.
//
// The bootstrap cannot see beyond the largest observation. So it refuses with
// Unbounded wherever QuantileInterval would; it also refuses samples of unequal
// length and values that are not finite. It panics if q or level is outside
// (0, 1) or there are fewer than 100 replicates.
//
// [1] Davison, Hinkley (1997), Bootstrap Methods and their Application, chapters
// 2, 4 and 5.
func PairedQuantileDifference(x, y []float64, q, level float64, replicates int, seed uint64) (Interval, Result, error) {
	const method = "paired_bootstrap_percentile"
	checkLevel(level)
	checkOrder(q)
	if replicates < 100 {
		panic(fmt.Sprintf("stat: %d bootstrap replicates", replicates))
	}
	if _, err := differences(method, x, y); err != nil {
		return Interval{}, Result{}, err
	}
	if need := QuantileNeed(q, level); len(x) < need {
		return Interval{}, Result{}, &Refusal{Method: method, Reason: Unbounded, N: len(x), Need: need,
			Detail: fmt.Sprintf("no observation bounds the quantile of order %g at level %g", q, level)}
	}
	b := newPairedQuantiles(x, y, q)
	drawn := make([]float64, replicates)
	for r := range drawn {
		drawn[r] = b.replicate(seed, uint64(r))
	}
	observed := quantileSorted(b.x.sorted, q) - quantileSorted(b.y.sorted, q)
	if err := finite(method, len(x), append(drawn, observed)...); err != nil {
		return Interval{}, Result{}, err
	}
	slices.Sort(drawn)
	interval := Interval{Estimate: observed, Level: level, N: len(x), Method: method,
		Low: quantileSorted(drawn, (1-level)/2), High: quantileSorted(drawn, (1+level)/2)}
	result := Result{Test: method, Statistic: observed, N: []int{len(x)}}
	if drawn[0] == drawn[len(drawn)-1] {
		interval.Warnings = []string{"every replicate is equal: the interval has no width"}
	}
	return interval, result.withP(math.Log(percentileP(drawn))), nil
}

// percentileP returns the p-value of zero among sorted replicates.
func percentileP(sorted []float64) float64 {
	below, above := 0, 0
	for _, d := range sorted {
		if d <= 0 {
			below++
		}
		if d >= 0 {
			above++
		}
	}
	return math.Min(1, 2*float64(1+min(below, above))/float64(1+len(sorted)))
}

// Stream returns the random numbers of one replicate: a PCG stream that depends
// on seed and replicate alone.
func Stream(seed, replicate uint64) *rand.Rand {
	return rand.New(newPCG(seed, replicate))
}

// newPCG returns the generator of a replicate. Seeds are mixed, since the
// streams of a PCG that start close together are not far apart.
func newPCG(seed, replicate uint64) *rand.PCG {
	a, b := pcgSeed(seed, replicate)
	return rand.NewPCG(a, b)
}

// pcgSeed mixes a seed and the number of a replicate into the state of a PCG.
func pcgSeed(seed, replicate uint64) (uint64, uint64) {
	a := mix(seed + 0x9e3779b97f4a7c15)
	return mix(a ^ mix(replicate+0xbf58476d1ce4e5b9)), mix(a + replicate*0x9e3779b97f4a7c15)
}

// mix is the finaliser of SplitMix64, a bijection that changes half the bits on
// average [1].
//
// [1] Steele, Lea, Flood (2014), OOPSLA: 453-472.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// pairedQuantiles draws replicates of the difference of two quantiles. A
// replicate is a count for each rank of either sample; the quantile is found by
// walking the counts, so nothing is sorted anew.
type pairedQuantiles struct {
	pcg  *rand.PCG
	rand *rand.Rand
	x, y rankedSample
	q    float64
}

// rankedSample is a sample sorted, with the rank of each observation and how
// often each rank was drawn.
type rankedSample struct {
	sorted []float64
	rank   []int32
	drawn  []int32
}

// newPairedQuantiles prepares two samples of equal length.
func newPairedQuantiles(x, y []float64, q float64) *pairedQuantiles {
	pcg := rand.NewPCG(0, 0)
	return &pairedQuantiles{pcg: pcg, rand: rand.New(pcg), x: newRankedSample(x), y: newRankedSample(y), q: q}
}

// newRankedSample sorts a sample.
func newRankedSample(x []float64) rankedSample {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch {
		case x[i] < x[j]:
			return -1
		case x[i] > x[j]:
			return 1
		}
		return 0
	})
	s := rankedSample{make([]float64, len(x)), make([]int32, len(x)), make([]int32, len(x))}
	for r, i := range order {
		s.sorted[r], s.rank[i] = x[i], int32(r)
	}
	return s
}

// replicate draws the pairs of one replicate and returns the difference of the
// quantiles.
func (b *pairedQuantiles) replicate(seed, number uint64) float64 {
	b.pcg.Seed(pcgSeed(seed, number))
	clear(b.x.drawn)
	clear(b.y.drawn)
	n := uint32(len(b.x.rank))
	for range n {
		i := b.rand.Uint32N(n)
		b.x.drawn[b.x.rank[i]]++
		b.y.drawn[b.y.rank[i]]++
	}
	return b.x.quantile(b.q) - b.y.quantile(b.q)
}

// quantile returns the quantile of what was drawn.
func (s *rankedSample) quantile(q float64) float64 {
	n := len(s.drawn)
	at, part := quantilePosition(n, q)
	low, high := s.orderStatistics(at)
	return interpolate(low, high, part)
}

// orderStatistics returns the observations of ranks at and at+1, from 0, of what
// was drawn, walking from the nearer end.
func (s *rankedSample) orderStatistics(at int) (low, high float64) {
	n := len(s.drawn)
	next := min(at+1, n-1)
	if at < n/2 {
		return s.walkUp(at, next)
	}
	return s.walkDown(at, next)
}

// walkUp counts from the least observation.
func (s *rankedSample) walkUp(at, next int) (low, high float64) {
	seen, r := 0, 0
	for ; seen+int(s.drawn[r]) <= at; r++ {
		seen += int(s.drawn[r])
	}
	low = s.sorted[r]
	for ; seen+int(s.drawn[r]) <= next; r++ {
		seen += int(s.drawn[r])
	}
	return low, s.sorted[r]
}

// walkDown counts from the greatest observation.
func (s *rankedSample) walkDown(at, next int) (low, high float64) {
	left, r := len(s.drawn), len(s.drawn)-1
	for ; left-int(s.drawn[r]) > next; r-- {
		left -= int(s.drawn[r])
	}
	high = s.sorted[r]
	for ; left-int(s.drawn[r]) > at; r-- {
		left -= int(s.drawn[r])
	}
	return s.sorted[r], high
}
