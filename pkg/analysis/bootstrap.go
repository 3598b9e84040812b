package analysis

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/crucible-go/crucible/pkg/stat"
)

const (
	// leastReplicates is what the bootstrap makes however large the sample.
	leastReplicates = 1000
	// maxDraws bounds the clusters drawn in all replicates of a comparison, about
	// a second of work.
	maxDraws = 2e8
)

// replicatesFor is the number of replicates for clusters, at most want.
func replicatesFor(want, clusters int) int {
	if clusters < 1 {
		clusters = 1
	}
	return max(min(want, leastReplicates), min(want, int(maxDraws/float64(clusters))))
}

// paired are the observations that both arms of a comparison have.
type paired struct {
	treatment, control []float64
	cluster            []int32 // of a pair, from 0 without gaps
	clusters           int
}

// pairs keeps the places where both values exist.
func pairs(treatment, control []float64, cluster []int32, clusters, repeat int) paired {
	number := make([]int32, clusters)
	for i := range number {
		number[i] = -1
	}
	var p paired
	for i, t := range treatment {
		c := control[i]
		if math.IsNaN(t) || math.IsNaN(c) {
			continue
		}
		g := cluster[i/repeat]
		if number[g] < 0 {
			number[g] = int32(p.clusters) // Derive refuses more items
			p.clusters++
		}
		p.treatment, p.control = append(p.treatment, t), append(p.control, c)
		p.cluster = append(p.cluster, number[g])
	}
	return p
}

// quantileDifferences draws the clusters with replacement and computes, for
// each replicate and each q, the difference of the arms' type 7 quantiles. Both
// arms of a replicate are made of the same clusters, so the pairing is kept.
// With one pair per cluster it is the bootstrap of stat.PairedQuantileDifference,
// here for several q at a time. Replicate r uses stat.Stream(seed, r) and
// nothing else: the result does not depend on how replicates are spread over
// workers. An index is drawn as the high half of a 32 by 32 bit product, whose
// bias is below clusters/2³². The replicates are returned in ascending order.
func (p *paired) quantileDifferences(qs []float64, replicates int, seed uint64) [][]float64 {
	out := make([][]float64, len(qs))
	for i := range out {
		out[i] = make([]float64, replicates)
	}
	a, b := sortArm(p.treatment, p.cluster), sortArm(p.control, p.cluster)
	sizes := make([]int, p.clusters)
	for _, g := range p.cluster {
		sizes[g]++
	}
	weight := make([]int32, p.clusters)
	for r := range replicates {
		n := draw(stat.Stream(seed, uint64(r)), weight, sizes)
		for i, q := range qs {
			out[i][r] = a.quantile(q, weight, n) - b.quantile(q, weight, n)
		}
	}
	for i := range out {
		slices.Sort(out[i])
	}
	return out
}

// draw fills weight with how often each cluster was drawn and returns the number
// of observations in them.
func draw(src *rand.Rand, weight []int32, sizes []int) (n int) {
	clear(weight)
	g := uint64(len(weight))
	for left := len(weight); left > 0; left -= 2 {
		u := src.Uint64()
		i := (u >> 32) * g >> 32
		weight[i]++
		n += sizes[i]
		if left > 1 {
			i = (u & math.MaxUint32) * g >> 32
			weight[i]++
			n += sizes[i]
		}
	}
	return n
}

// arm is one side of a comparison in ascending order.
type arm struct {
	value   []float64
	cluster []int32
}

func sortArm(values []float64, cluster []int32) arm {
	idx := make([]int, len(values))
	for i := range idx {
		idx[i] = i
	}
	slices.SortStableFunc(idx, func(i, j int) int {
		switch {
		case values[i] < values[j]:
			return -1
		case values[i] > values[j]:
			return 1
		}
		return 0
	})
	a := arm{make([]float64, len(values)), make([]int32, len(values))}
	for k, i := range idx {
		a.value[k], a.cluster[k] = values[i], cluster[i]
	}
	return a
}

// quantile is the type 7 quantile of the arm with each cluster as often as its
// weight, n observations in all: it walks from the nearer end.
func (a *arm) quantile(q float64, weight []int32, n int) float64 {
	h := float64(n-1) * q
	lower := int(h)
	frac := h - float64(lower)
	var x, y float64
	if lower < n/2 {
		x, y = a.fromBottom(lower, weight)
	} else {
		x, y = a.fromTop(n-1-lower, weight)
	}
	if frac == 0 {
		return x
	}
	return x + frac*(y-x)
}

// fromBottom are the observations of rank k and k+1, from 0.
func (a *arm) fromBottom(k int, weight []int32) (x, y float64) {
	seen, i := 0, 0
	for ; ; i++ {
		seen += int(weight[a.cluster[i]])
		if seen > k {
			break
		}
	}
	x = a.value[i]
	if seen > k+1 {
		return x, x
	}
	for i++; i < len(a.value); i++ {
		if weight[a.cluster[i]] > 0 {
			return x, a.value[i]
		}
	}
	return x, x
}

// fromTop are the observation with k above it and the next larger one.
func (a *arm) fromTop(k int, weight []int32) (x, y float64) {
	seen := 0
	y = a.value[len(a.value)-1]
	for i := len(a.value) - 1; ; i-- {
		w := int(weight[a.cluster[i]])
		if w == 0 {
			continue
		}
		x = a.value[i]
		if seen < k && seen+w >= k {
			y = x // the (k−1)-th from the top
		}
		seen += w
		if seen > k {
			return x, y
		}
	}
}

// percentileInterval are the type 7 quantiles of sorted replicates.
func percentileInterval(sorted []float64, level float64) (low, high float64) {
	return quantile7(sorted, (1-level)/2), quantile7(sorted, (1+level)/2)
}

// quantile7 is Hyndman and Fan's type 7 quantile of ascending values.
func quantile7(sorted []float64, q float64) float64 {
	h := float64(len(sorted)-1) * q
	i := int(h)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (h-float64(i))*(sorted[i+1]-sorted[i])
}

// percentileTails invert the percentile interval: the shares of replicates on
// either side of zero, the sample itself counted with both, so that none is 0.
func percentileTails(sorted []float64) tails {
	var below, above int
	for _, v := range sorted {
		if v <= 0 {
			below++
		}
		if v >= 0 {
			above++
		}
	}
	n := float64(len(sorted) + 1)
	p := tails{greater: float64(below+1) / n, less: float64(above+1) / n}
	p.two = math.Min(1, 2*math.Min(p.greater, p.less))
	return p
}
