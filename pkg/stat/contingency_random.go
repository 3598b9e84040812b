package stat

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// defaultTables is how many tables are drawn where Replicates is 0.
const defaultTables = 9999

// maxTableWork bounds the draws of a Monte-Carlo test: replicates times cells.
const maxTableWork = 1e9

// monteCarloP returns the result with p = (b + 1)/(m + 1): extreme says of each
// replicate whether it is at least as extreme as what was observed.
func (r Result) monteCarloP(o Options, cells float64, extreme func(rng *rand.Rand) bool) (Result, error) {
	m := o.Replicates
	if m == 0 {
		m = defaultTables
	}
	if float64(m)*cells > maxTableWork {
		return Result{}, refuse(r.Test, TooLarge, 0, 0, "%d replicates of %.0f steps are too many: take fewer replicates", m, cells)
	}
	b := 0
	for i := range m {
		if extreme(Stream(o.Seed, uint64(i))) {
			b++
		}
	}
	p := float64(b+1) / float64(m+1)
	r.Details = append(r.Details, Detail{"replicates", float64(m)}, Detail{"standard_error", math.Sqrt(p * (1 - p) / float64(m))})
	if b == 0 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("none of %d replicates is as extreme: more replicates would give a smaller p", m))
	}
	return r.withP(math.Log(float64(b+1)) - math.Log(float64(m+1))), nil
}

// monteCarlo sets statistic and p-value by tables with the same margins.
func (t contingency) monteCarlo(out Result, o Options) (Result, error) {
	statistic := func(cells [][]float64) float64 {
		total := 0.0
		for i, row := range cells {
			for j, v := range row {
				total += v * v / (t.rows[i] * t.columns[j])
			}
		}
		return total // X² is n·(total − 1)
	}
	for i := range t.cells {
		for j := range t.columns {
			gap := t.gap(i, j)
			out.Statistic += gap * gap / (t.rows[i] * t.columns[j] / t.total)
		}
	}
	draw := newTableSampler(t)
	if draw == nil {
		return Result{}, refuse(out.Test, TooLarge, int(t.total), 0, "the table holds more than %d observations, too many to draw tables like it", maxDrawn)
	}
	observed := statistic(t.cells) * (1 - 1e-12)
	return out.monteCarloP(o, draw.work, func(rng *rand.Rand) bool { return statistic(draw.next(rng)) >= observed })
}

// monteCarlo sets statistic and p-value by multinomial samples.
func (f fit) monteCarlo(out Result, o Options) (Result, error) {
	statistic := func(counts []float64) float64 {
		total := 0.0
		for i, v := range counts {
			gap := f.gap(i, v)
			total += gap * gap / (f.total * f.shares[i])
		}
		return total
	}
	if f.total > maxDrawn {
		return Result{}, refuse(out.Test, TooLarge, int(f.total), 0, "there are more than %d observations, too many to draw samples like them", maxDrawn)
	}
	out.Statistic = statistic(f.counts)
	bounds := make([]float64, len(f.shares))
	at := 0.0
	for i, s := range f.shares {
		at += s
		bounds[i] = at
	}
	counts := make([]float64, len(f.shares))
	return out.monteCarloP(o, 8*f.total+float64(len(counts)), func(rng *rand.Rand) bool {
		clear(counts)
		for range int(f.total) {
			u := rng.Float64()
			low, high := 0, len(bounds)-1
			for low < high {
				if middle := (low + high) / 2; u < bounds[middle] {
					high = middle
				} else {
					low = middle + 1
				}
			}
			counts[low]++
		}
		return statistic(counts) >= out.Statistic*(1-1e-12)
	})
}

// maxDrawn bounds the observations of a table that others are drawn like.
const maxDrawn = 1_000_000

// tableSampler draws tables with given margins, each with its probability under
// independence: cell after cell from the hypergeometric distribution given those
// drawn before [1], by inversion from its mode outwards.
//
// [1] Patefield (1981), algorithm AS 159, Applied Statistics 30 (1): 91-97.
type tableSampler struct {
	rows, columns []int
	factorial     []float64 // logarithms
	left          []int
	cells         [][]float64
	work          float64
}

// newTableSampler returns nil for more than maxDrawn observations.
func newTableSampler(t contingency) *tableSampler {
	if t.total > maxDrawn {
		return nil
	}
	s := &tableSampler{left: make([]int, len(t.columns)), cells: make([][]float64, len(t.rows)),
		factorial: logFactorials(int(t.total))}
	for i, v := range t.rows {
		s.rows, s.cells[i] = append(s.rows, int(v)), make([]float64, len(t.columns))
	}
	for _, v := range t.columns {
		s.columns = append(s.columns, int(v))
	}
	s.work = float64(len(s.rows)*len(s.columns)) * (4 + math.Sqrt(t.total)/4)
	return s
}

// next draws a table, which the following call overwrites.
func (s *tableSampler) next(rng *rand.Rand) [][]float64 {
	copy(s.left, s.columns)
	total := 0
	for _, v := range s.columns {
		total += v
	}
	for i, row := range s.rows {
		rest := total // of the columns not yet passed, in the rows from i on
		for j := range s.left {
			x := s.hypergeometric(rng, row, s.left[j], rest)
			s.cells[i][j] = float64(x)
			rest -= s.left[j]
			s.left[j] -= x
			row -= x
		}
		total -= s.rows[i]
	}
	return s.cells
}

// hypergeometric draws how many of the marked ones are among draws of total.
func (s *tableSampler) hypergeometric(rng *rand.Rand, draws, marked, total int) int {
	low, high := max(0, draws+marked-total), min(draws, marked)
	if low == high {
		return low
	}
	mode := min(max(int((float64(draws)+1)*(float64(marked)+1)/(float64(total)+2)), low), high)
	f := s.factorial
	rest := total - marked
	p := math.Exp(f[marked] - f[mode] - f[marked-mode] + f[rest] - f[draws-mode] - f[rest-draws+mode] -
		f[total] + f[draws] + f[total-draws])
	u := rng.Float64() - p
	up, down, pUp, pDown := mode, mode, p, p
	for u > 0 && (up < high || down > low) {
		if up < high {
			pUp *= float64(marked-up) * float64(draws-up) / (float64(up+1) * float64(rest-draws+up+1))
			up++
			if u -= pUp; u <= 0 {
				return up
			}
		}
		if down > low {
			pDown *= float64(down) * float64(rest-draws+down) / (float64(marked-down+1) * float64(draws-down+1))
			down--
			if u -= pDown; u <= 0 {
				return down
			}
		}
	}
	return mode
}

// logFactorials returns ln 0! to ln n!, with compensated summation.
func logFactorials(n int) []float64 {
	out := make([]float64, n+1)
	total, lost := 0.0, 0.0
	for i := 2; i <= n; i++ {
		v := math.Log(float64(i)) + lost
		next := total + v
		lost = v - (next - total)
		total = next
		out[i] = total
	}
	return out
}
