package stat

import (
	"fmt"
	"math"
	"slices"
)

// resampling says what a bootstrap draws, and computes the statistic of what it
// drew. Drawn are cells: observations, or pairs, or whole clusters, each alone in
// its stratum; where clusters are drawn first and then observations within them,
// the cells are the observations.
type resampling struct {
	statistic Statistic
	arms      []resampleArm // one, or control and treatment
	cells     int
	// strata holds, for each stratum, the first cluster and the one after the last.
	strata [][2]int
	// member holds, for two levels, the first cell of each cluster, and one more;
	// else it is nil, and clusters are cells.
	member   []int
	clusters int
	n        []int // of observations
	// gather holds, by stratum, the means of which can be drawn by adding up.
	gather []gatherStratum
	// custom, if not nil, makes a statistic in place of those of the arms.
	custom func() func(counts []int32) float64
}

// gatherStratum is a stratum of which one arm takes a ratio of sums.
type gatherStratum struct {
	arm int
	// ratio is what the sum is divided by if it is the same in every resample.
	ratio     float64
	sum, size []float64
	// row holds sum and size side by side where the ratio varies.
	row [][2]float64
}

// newResampling prepares independent samples, or paired ones, whose observations
// at the same place are always drawn together.
func newResampling(test string, s Statistic, samples [][]float64, paired, twoLevel bool, clusters []int) (*resampling, error) {
	out := &resampling{statistic: s}
	rows := 0
	for _, x := range samples {
		if err := checkFinite(test, x); err != nil {
			return nil, err
		}
		if err := s.check(test, x); err != nil {
			return nil, err
		}
		out.n = append(out.n, len(x))
		rows += len(x)
	}
	if paired {
		if rows = len(samples[0]); len(samples[1]) != rows {
			return nil, refuse(test, Unpaired, min(rows, len(samples[1])), 0, "%d and %d observations are not pairs", rows, len(samples[1]))
		}
		out.n = out.n[:1]
	}
	if clusters != nil && len(clusters) != rows {
		return nil, refuse(test, Invalid, len(clusters), 0, "%d clusters are named for %d observations", len(clusters), rows)
	}
	if rows > math.MaxInt32 {
		return nil, refuse(test, TooLarge, rows, 0, "more observations than can be drawn")
	}
	rowCell := out.cut(samples, paired, twoLevel, clusters, rows)
	if paired && s.isMean() {
		// The mean of the differences is the difference of the means.
		samples = [][]float64{subtract(samples[1], samples[0])}
		if err := finite(test, rows, samples[0]...); err != nil {
			return nil, err
		}
	}
	at := 0
	for i, x := range samples {
		cell := rowCell
		if !paired {
			cell = rowCell[at : at+len(x)]
			at += len(x)
		}
		arm, err := newResampleArm(x, cell, out.cells, s)
		if err != nil {
			return nil, err
		}
		out.arms = append(out.arms, arm)
		if err := finite(test, len(x), arm.sum...); err != nil {
			return nil, err
		}
		if err := finite(test, len(x), arm.square...); err != nil {
			return nil, err
		}
		out.fix(&out.arms[i])
	}
	out.gatherMeans()
	return out, nil
}

// subtract returns y − x.
func subtract(y, x []float64) []float64 {
	d := make([]float64, len(y))
	for i := range y {
		d[i] = y[i] - x[i]
	}
	return d
}

// cut numbers cells, clusters and strata, and returns the cell of each row.
// Clusters are numbered as they come. Two samples of which no cluster is part of
// both are two strata.
func (r *resampling) cut(samples [][]float64, paired, twoLevel bool, clusters []int, rows int) []int32 {
	border := rows // of the first stratum
	if !paired && len(samples) == 2 {
		border = len(samples[0])
	}
	cell := make([]int32, rows)
	if clusters == nil {
		for i := range cell {
			cell[i] = int32(i)
		}
		r.cells, r.clusters = rows, rows
		r.strata = [][2]int{{0, border}}
		if border < rows {
			r.strata = append(r.strata, [2]int{border, rows})
		}
		return cell
	}
	number := map[int]int{}
	last := 0 // one more than the last cluster before the border
	crossed := false
	cluster := make([]int, rows)
	for i, label := range clusters {
		if i == border {
			last = len(number)
		}
		at, known := number[label]
		if !known {
			at = len(number)
			number[label] = at
		}
		crossed = crossed || i >= border && at < last
		cluster[i] = at
	}
	r.clusters, r.cells = len(number), len(number)
	r.strata = [][2]int{{0, r.clusters}}
	if border < rows && !crossed {
		r.strata = [][2]int{{0, last}, {last, r.clusters}}
	}
	if !twoLevel {
		for i, at := range cluster {
			cell[i] = int32(at)
		}
		return cell
	}
	r.cells = rows
	r.member = make([]int, r.clusters+1)
	for _, at := range cluster {
		r.member[at+1]++
	}
	for c := range r.clusters {
		r.member[c+1] += r.member[c]
	}
	next := slices.Clone(r.member)
	for i, at := range cluster {
		cell[i] = int32(next[at])
		next[at]++
	}
	return cell
}

// fix notes whether every resample of an arm has as many observations: where all
// cells of a stratum that can be drawn in place of each other have the same size.
func (r *resampling) fix(a *resampleArm) {
	n := 0.0
	for _, stratum := range r.strata {
		from, to := stratum[0], stratum[1]
		if r.member != nil {
			// Whole clusters are drawn: their sizes count.
			first := r.clusterSize(a, from)
			for c := from; c < to; c++ {
				if r.clusterSize(a, c) != first {
					return
				}
			}
			for c := from; c < to; c++ {
				for _, size := range a.size[r.member[c]:r.member[c+1]] {
					if size != a.size[r.member[c]] {
						return
					}
				}
			}
			n += first * float64(to-from)
			continue
		}
		for _, size := range a.size[from:to] {
			if size != a.size[from] {
				return
			}
		}
		n += a.size[from] * float64(to-from)
	}
	a.fixed = int(n)
}

// clusterSize returns how many observations of an arm a cluster has.
func (r *resampling) clusterSize(a *resampleArm, cluster int) float64 {
	n := 0.0
	for _, size := range a.size[r.member[cluster]:r.member[cluster+1]] {
		n += size
	}
	return n
}

// gatherMeans finds out whether each stratum belongs to one arm and the statistic
// is a mean: then a replicate adds up what it draws, and counts nothing.
func (r *resampling) gatherMeans() {
	if !r.statistic.isMean() || r.member != nil || len(r.arms) != len(r.strata) {
		return
	}
	for i, stratum := range r.strata {
		a := &r.arms[i]
		g := gatherStratum{arm: i, sum: a.sum[stratum[0]:stratum[1]], size: a.size[stratum[0]:stratum[1]]}
		if allEqual(g.size) {
			g.ratio = g.size[0] * float64(len(g.size))
		} else {
			g.row = make([][2]float64, len(g.sum))
			for c := range g.row {
				g.row[c] = [2]float64{g.sum[c], g.size[c]}
			}
		}
		r.gather = append(r.gather, g)
	}
}

// allEqual says that no value differs from the first.
func allEqual(x []float64) bool {
	for _, v := range x {
		if v != x[0] {
			return false
		}
	}
	return true
}

// resampler draws replicates of a resampling, with memory of its own.
type resampler struct {
	*resampling
	draws  draws
	counts []int32
	at     func(counts []int32) float64
}

func (r *resampling) newResampler() *resampler {
	out := &resampler{resampling: r, at: r.difference}
	if r.custom != nil {
		out.at = r.custom()
	}
	if r.gather == nil {
		out.counts = make([]int32, r.cells)
	}
	return out
}

// replicate returns the statistic of the resample that a seed and a number make.
func (r *resampler) replicate(seed, number uint64) float64 {
	r.draws.restart(seed, number)
	if r.gather != nil {
		return r.gathered()
	}
	r.draw()
	return r.at(r.counts)
}

// gathered draws a mean, or a difference of means.
func (r *resampler) gathered() float64 {
	out := 0.0
	for i := range r.gather {
		g := &r.gather[i]
		mean := 0.0
		if g.ratio > 0 {
			mean = r.draws.sum(g.sum) / g.ratio
		} else {
			total, n := r.draws.sums(g.row)
			mean = total / n
		}
		mean += r.arms[g.arm].shift
		if i+1 < len(r.gather) {
			mean = -mean
		}
		out += mean
	}
	return out
}

// draw fills the counts of a replicate.
func (r *resampler) draw() {
	clear(r.counts)
	for _, stratum := range r.strata {
		from, to := stratum[0], stratum[1]
		if r.member == nil {
			r.draws.count(r.counts[from:to])
			continue
		}
		for range to - from {
			c := from + int(r.draws.below(uint32(to-from)))
			r.draws.count(r.counts[r.member[c]:r.member[c+1]])
		}
	}
}

// difference returns the statistic, or the difference of two, of what the counts
// say.
func (r *resampling) difference(counts []int32) float64 {
	if len(r.arms) == 1 {
		return r.arms[0].at(r.statistic, counts)
	}
	return r.arms[1].at(r.statistic, counts) - r.arms[0].at(r.statistic, counts)
}

// observed returns the statistic of the data themselves.
func (r *resampling) observed() float64 {
	return r.newResampler().at(ones(r.cells))
}

// ones returns the counts of the data themselves.
func ones(cells int) []int32 {
	counts := make([]int32, cells)
	for i := range counts {
		counts[i] = 1
	}
	return counts
}

// replicates draws so many replicates.
func (r *resampling) replicates(count, workers int, seed uint64) []float64 {
	out := make([]float64, count)
	spread(count, workers, func() func(int) {
		own := r.newResampler()
		return func(task int) { out[task] = own.replicate(seed, uint64(task)) }
	})
	return out
}

// jackknife returns, for each stratum, the statistic without each cluster.
func (r *resampling) jackknife(workers int) [][]float64 {
	all := make([]float64, r.clusters)
	if r.gather != nil {
		r.jackknifeMeans(all)
	} else {
		spread(r.clusters, workers, func() func(int) {
			counts := ones(r.cells)
			// Sizes vary here, also where those of resamples do not.
			own := *r
			own.arms = slices.Clone(r.arms)
			for i := range own.arms {
				own.arms[i].fixed = 0
			}
			at := own.newResampler().at
			return func(cluster int) {
				from, to := cluster, cluster+1
				if r.member != nil {
					from, to = r.member[cluster], r.member[cluster+1]
				}
				for c := from; c < to; c++ {
					counts[c] = 0
				}
				all[cluster] = at(counts)
				for c := from; c < to; c++ {
					counts[c] = 1
				}
			}
		})
	}
	out := make([][]float64, len(r.strata))
	for i, stratum := range r.strata {
		out[i] = all[stratum[0]:stratum[1]]
	}
	return out
}

// jackknifeMeans leaves one cell at a time out of means.
func (r *resampling) jackknifeMeans(all []float64) {
	means, totals, sizes := make([]float64, len(r.gather)), make([]float64, len(r.gather)), make([]float64, len(r.gather))
	same := func(v float64) float64 { return v }
	for i, g := range r.gather {
		totals[i], sizes[i] = sum(g.sum, same), sum(g.size, same)
		means[i] = r.arms[i].shift + totals[i]/sizes[i]
	}
	for i, g := range r.gather {
		for c := range g.sum {
			mean := r.arms[i].shift + (totals[i]-g.sum[c])/(sizes[i]-g.size[c])
			switch {
			case len(means) == 1:
			case i == 0:
				mean = means[1] - mean
			default:
				mean -= means[0]
			}
			all[r.strata[i][0]+c] = mean
		}
	}
}

// work returns about how many steps replicates and a jackknife take.
func (r *resampling) work(replicates int, jackknife bool) float64 {
	each := float64(r.cells)
	for _, a := range r.arms {
		each += float64(len(a.value))
	}
	steps := float64(replicates) * each
	if jackknife && r.gather == nil {
		steps += float64(r.clusters) * each
	}
	return steps
}

// maxWork bounds the steps of a bootstrap: about half a minute.
const maxWork = 1.5e10

// checkWork refuses what would take too long.
func (r *resampling) checkWork(test string, replicates int, jackknife bool) error {
	if replicates > 10_000_000 {
		return refuse(test, TooLarge, replicates, 0, "%d replicates: 10,000,000 are the most", replicates)
	}
	if steps := r.work(replicates, jackknife); steps > maxWork {
		detail := fmt.Sprintf("%d replicates of %d observations take too long", replicates, slices.Max(append(r.n, r.cells)))
		if jackknife && r.work(replicates, false) <= maxWork {
			detail = fmt.Sprintf("the statistic without each of %d units in turn takes too long: use method percentile", r.clusters)
		}
		return refuse(test, TooLarge, r.cells, 0, "%s", detail)
	}
	return nil
}
