package stat

import (
	"math"
	"slices"
)

// sumMatrix is the matrix of the numbers b[j] − a[i], never stored: with a and b
// ascending its rows ascend and its columns descend. Where triangle is set a is
// −b from the other end, b[j] − a[i] is a sum of two of b, and each pair counts
// once: row i starts at column n − 1 − i.
type sumMatrix struct {
	a, b     []float64
	triangle bool
}

// differencesOf returns the matrix of all y − x.
func differencesOf(x, y []float64) sumMatrix { return sumMatrix{a: x, b: y} }

// sumsOf returns the matrix of all d[i] + d[j], i ≤ j.
func sumsOf(d []float64) sumMatrix {
	a := make([]float64, len(d))
	for i, v := range d {
		a[len(d)-1-i] = -v
	}
	return sumMatrix{a: a, b: d, triangle: true}
}

// size returns how many numbers there are.
func (s sumMatrix) size() int {
	if s.triangle {
		return len(s.b) * (len(s.b) + 1) / 2
	}
	return len(s.a) * len(s.b)
}

// start returns the first column of a row.
func (s sumMatrix) start(i int) int {
	if s.triangle {
		return len(s.b) - 1 - i
	}
	return 0
}

func (s sumMatrix) least() float64    { return s.b[0] - s.a[len(s.a)-1] }
func (s sumMatrix) greatest() float64 { return s.b[len(s.b)-1] - s.a[0] }

// count returns how many numbers are at most v, in one walk along the border
// between them and the others.
func (s sumMatrix) count(v float64) int {
	total, j, b := 0, 0, s.b
	if !s.triangle {
		for _, a := range s.a {
			for j < len(b) && b[j]-a <= v {
				j++
			}
			total += j
		}
		return total
	}
	for i, a := range s.a {
		for j < len(b) && b[j]-a <= v {
			j++
		}
		total += max(0, j-s.start(i))
	}
	return total
}

// between returns how many numbers are at most low, and those in (low, high],
// ascending, unless they are more than limit.
func (s sumMatrix) between(low, high float64, limit int) (below int, sorted []float64, ok bool) {
	out := make([]float64, 0, limit)
	from, to := 0, 0
	for i, a := range s.a {
		for from < len(s.b) && s.b[from]-a <= low {
			from++
		}
		for to < len(s.b) && s.b[to]-a <= high {
			to++
		}
		start := s.start(i)
		below += max(0, from-start)
		j := max(from, start)
		if len(out)+to-j > limit {
			return 0, nil, false
		}
		for ; j < to; j++ {
			out = append(out, s.b[j]-a)
		}
	}
	return below, sortedFloats(out), true
}

// order returns the k-th smallest number, from 1, and the one after it.
func (s sumMatrix) order(k int) (at, next float64) {
	below, sorted := s.around(k)
	return sorted[k-below-1], sorted[min(k+1, s.size())-below-1]
}

// around returns some numbers in order, the k-th and the one after it among them,
// and how many are smaller. Bounds are moved towards it, by a guess where the matrix
// is large and by interpolation
// between the counts at them, with halvings between, until the numbers between
// the bounds are few enough to be sorted: O(n) memory and usually a handful of
// walks, each O(n).
func (s sumMatrix) around(k int) (below int, sorted []float64) {
	few := max(1024, len(s.b)/2)
	low, high := math.Nextafter(s.least(), math.Inf(-1)), s.greatest()
	upTo := s.size() // below and upTo are the counts at low and high
	last := min(k+1, upTo)
	thin, missed := s.thin(), 0.0
	if thin != nil {
		// One walk says by how much the thinned matrix misses, and most often a
		// second one then takes all between two bounds.
		n := float64(s.size())
		missed = float64(k) - float64(s.count(thin.at(float64(k)/n)))
		from, to := float64(k)+missed-0.4*float64(few), float64(k)+missed+0.4*float64(few)
		if below, sorted, ok := s.between(thin.at(from/n), thin.at(to/n), few); ok && below < k && last <= below+len(sorted) {
			return below, sorted
		}
	}
	for step := 1; upTo-below > few; step++ {
		// First below it, then above, by less than what may remain between.
		want := float64(k) - 0.4*float64(few)
		if k-below < few/2 {
			want += 0.8 * float64(few)
		}
		v, guess := low, step%4 > 0
		switch {
		case !guess:
		case thin != nil && upTo-below > 100*few:
			v = thin.at((want + missed) / float64(s.size()))
		default:
			share := (want - float64(below)) / float64(upTo-below)
			v = low + (high-low)*math.Min(math.Max(share, 1e-3), 1-1e-3)
		}
		if v <= low || v >= high {
			v, guess = middleFloat(low, high), false
		}
		if v <= low || v >= high {
			break // nothing lies between: all the rest are equal
		}
		c := 0
		if guess {
			c = s.count(v)
			missed += want - float64(c)
		} else {
			// The numbers next to v say more than v: with many ties they are far.
			at, next := 0.0, 0.0
			c, at, next = s.border(v)
			if v = at; c < k {
				v = math.Nextafter(next, math.Inf(-1))
			}
		}
		switch {
		case c < k:
			low, below = v, c
		case c >= last:
			high, upTo = v, c
		default: // the border lies between the two
			_, at, next := s.border(v)
			return k - 1, []float64{at, next}
		}
	}
	if upTo-below > few {
		return k - 1, []float64{high, high}
	}
	_, sorted, _ = s.between(low, high, upTo-below)
	return below, sorted
}

// thinned is a matrix of some rows and columns of another, to guess by, with those
// of its numbers that were looked at last.
type thinned struct {
	sumMatrix
	below  int
	sorted []float64
}

// thin returns the matrix of every so many rows and columns, or nil where the matrix
// is no larger than that.
func (s sumMatrix) thin() *thinned {
	largest := max(len(s.a), len(s.b))
	size := int(12 * math.Sqrt(float64(largest)))
	if largest <= 4*size {
		return nil
	}
	every := func(x []float64) []float64 {
		if len(x) <= size {
			return x
		}
		out := make([]float64, size)
		for i := range out {
			out[i] = x[(2*i+1)*len(x)/(2*size)]
		}
		return out
	}
	out := sumMatrix{a: every(s.a), b: every(s.b)}
	if s.triangle {
		out = sumsOf(out.b)
	}
	return &thinned{sumMatrix: out}
}

// at returns the number with that share below it.
func (t *thinned) at(share float64) float64 {
	n := float64(t.size())
	k := int(math.Max(1, math.Min(n, math.Ceil(share*n))))
	if k <= t.below || k > t.below+len(t.sorted) {
		t.below, t.sorted = t.around(k)
	}
	return t.sorted[k-t.below-1]
}

// border returns how many numbers are at most v, the greatest of them, and the
// least of the others.
func (s sumMatrix) border(v float64) (count int, at, next float64) {
	at, next = math.Inf(-1), math.Inf(1)
	j := 0
	for i, a := range s.a {
		for j < len(s.b) && s.b[j]-a <= v {
			j++
		}
		from := s.start(i)
		if j > from {
			at = math.Max(at, s.b[j-1]-a)
			count += j - from
		}
		if from = max(j, from); from < len(s.b) {
			next = math.Min(next, s.b[from]-a)
		}
	}
	return count, at, next
}

// middleFloat returns the floating-point number half way between two in the order
// of their bits, so that 64 halvings leave nothing between any two.
func middleFloat(low, high float64) float64 {
	a, b := floatKey(low), floatKey(high)
	return keyFloat(a + (b-a)/2)
}

// floatKey maps finite numbers to whole ones in the same order.
func floatKey(x float64) uint64 {
	b := math.Float64bits(x)
	if b>>63 != 0 {
		return ^b
	}
	return b | 1<<63
}

// keyFloat is the inverse of floatKey.
func keyFloat(k uint64) float64 {
	if k>>63 != 0 {
		return math.Float64frombits(k &^ (1 << 63))
	}
	return math.Float64frombits(^k)
}

// sortedFloats returns x in ascending order, large samples by their bits, 11 at a
// time. x must not hold a NaN.
func sortedFloats(x []float64) []float64 {
	if len(x) < 2000 {
		out := slices.Clone(x)
		slices.Sort(out)
		return out
	}
	const bits, passes = 11, 6
	var counts [passes][1 << bits]int32
	keys, other := make([]uint64, len(x)), make([]uint64, len(x))
	for i, v := range x {
		k := floatKey(v)
		keys[i] = k
		for p := range passes {
			counts[p][k>>(p*bits)&(1<<bits-1)]++
		}
	}
	for p := range passes {
		at, c := int32(0), &counts[p]
		if int(c[keys[0]>>(p*bits)&(1<<bits-1)]) == len(x) {
			continue // all have this digit
		}
		for d, n := range c {
			c[d] = at
			at += n
		}
		for _, k := range keys {
			d := k >> (p * bits) & (1<<bits - 1)
			other[c[d]] = k
			c[d]++
		}
		keys, other = other, keys
	}
	out := make([]float64, len(x))
	for i, k := range keys {
		out[i] = keyFloat(k)
	}
	return out
}
