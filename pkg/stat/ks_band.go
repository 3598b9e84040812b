package stat

import "math"

// bandWalk follows a Poisson process of one point a unit of time, that has n of
// them at the end, within the band δ about time itself. It can first fail only at
// the moments when a bound passes a whole number: i − δ from above ("early": the
// i-th point may not have come before), i + δ from below ("late").
type bandWalk struct {
	n int
	// low and high bound the number of points just before the next moment; top is
	// the greatest that is possible.
	low, high, top int
	// chance holds, from index bandPad on, the probability of each number, and 0
	// below low and above top as far as a step reads.
	chance, next []float64
	// failed is the probability of having failed and coming to n all the same, over
	// that of n, e to the power of full.
	failed, full float64
	// kind, unit and phase are the last moment, or that which waits.
	kind        int
	unit, phase float64
	// waiting says that a late moment, with leftLate to go, has not been gone to.
	waiting  bool
	leftLate float64
}

// bandTerms is the greatest number of points of one step that is counted, and
// bandPad how far beyond the numbers a step reads and writes.
const (
	bandTerms = 32
	bandPad   = bandTerms + 4
)

// leavesBand returns P(D ≥ d) for n observations. Of n uniform points those up to
// t, N(t), must stay within n(t ± d). Between the moments at which this can first
// fail N grows as a Poisson process does, given that N(1) = n. The chance of each
// failure times that of n at the end, summed, is the chance of failing in the first
// half, and by symmetry in the second; what fails in both is counted once.
func leavesBand(n int, d float64) float64 {
	m := float64(n)
	delta := m * d
	if delta <= 0.5 {
		return 1
	}
	whole := math.Floor(delta)
	late := delta - whole       // of each unit of time, from time δ on
	early, ahead := 1-late, 1.0 // of each unit, and which point it is of, less the unit's number and δ's
	if late == 0 {
		early, ahead = 0, 0
	}
	w := bandWalk{n: n, high: min(n, int(whole)), full: poissonLog(n, m),
		chance: make([]float64, n+3*bandPad), next: make([]float64, n+3*bandPad)}
	w.chance[bandPad] = 1
	kernels := newBandKernels(m, d, early, late)
	for unit := 0.0; unit <= m/2; unit++ {
		i := unit + whole + ahead
		isEarly := i >= 1 && i <= m && unit+early > 0 && unit+early <= m/2
		isLate := unit >= whole && unit+late <= m/2
		if isEarly && early <= late {
			w.moment(kernels, earlyMoment, unit, early)
		}
		if isLate {
			w.moment(kernels, lateMoment, unit, late)
		}
		if isEarly && early > late {
			w.moment(kernels, earlyMoment, unit, early)
		}
	}
	if w.waiting {
		w.catchUp(kernels)
	}
	rest := m/2 - w.unit - w.phase
	for ; rest >= 1; rest-- {
		w.step(kernels.unit)
	}
	w.step(poissonKernel(rest, kernels.least))
	return math.Min(1, 2*w.failed-w.failedTwice())
}

// failedTwice returns the probability of failing in both halves: given the number
// of points in the middle these are independent, and mirror images. It has failed
// who is not among those that have not.
func (w *bandWalk) failedTwice() float64 {
	v := w.chance[bandPad:]
	half := float64(w.n) / 2
	both := func(s int, free, freeMirrored float64) float64 {
		for _, at := range [...]struct {
			s    int
			free *float64
		}{{s, &free}, {w.n - s, &freeMirrored}} {
			if at.s >= w.low && at.s <= w.top {
				*at.free = math.Max(0, *at.free-v[at.s])
			}
		}
		return free * freeMirrored
	}
	// From the middle: s points in the first half, up, and the rest in the other.
	s := w.n - w.n/2
	free, mirrored := math.Exp(poissonLog(s, half)), math.Exp(poissonLog(w.n-s, half))
	scale := math.Exp(-w.full)
	total := both(s, free, mirrored) * scale
	if 2*s != w.n {
		total *= 2
	}
	for ; s < w.n && free*mirrored > 1e-300; s++ {
		free *= half / float64(s+1)
		mirrored *= float64(w.n-s) / half
		total += 2 * both(s+1, free, mirrored) * scale
	}
	return total
}

// moment lets time pass to a moment, a phase after a whole unit. A late one after
// an early one waits for the next: if that is early, too, one step leads there.
func (w *bandWalk) moment(kernels bandKernels, kind int, unit, phase float64) {
	left := float64(w.n) - unit - phase
	switch {
	case w.waiting && kind == earlyMoment:
		w.unit, w.phase = unit, phase
		w.across(kernels, left)
		return
	case w.waiting:
		w.catchUp(kernels)
	}
	between := unit - w.unit
	if phase < w.phase {
		between--
	}
	w.unit, w.phase = unit, phase
	if kind == lateMoment && w.kind == earlyMoment && between == 0 {
		w.waiting, w.leftLate = true, left
		return
	}
	for ; between > 0; between-- {
		w.step(kernels.unit)
	}
	if kind != w.kind {
		w.step(kernels.between(w.kind, kind))
	}
	w.kind = kind
	w.leave(kind, left)
}

// catchUp goes to the late moment that waits.
func (w *bandWalk) catchUp(kernels bandKernels) {
	w.waiting, w.kind = false, lateMoment
	w.step(kernels.toLate)
	w.leave(lateMoment, w.leftLate)
}

// across goes from an early moment to the next across a late one, at which fails
// who has had no point since: they are taken away from where they would have got.
func (w *bandWalk) across(kernels bandKernels, left float64) {
	w.waiting, w.kind = false, earlyMoment
	low, lost := w.low, 0.0
	if low <= w.top {
		lost = w.chance[bandPad+low] * kernels.toLate[len(kernels.toLate)-1]
	}
	if lost > 1e-25*w.failed {
		w.failed += lost * w.end(low, w.leftLate)
	}
	w.step(kernels.unit)
	v := w.chance[bandPad+low:]
	for k, last := 0, len(kernels.afterLate)-1; k <= last && low+k <= w.top; k++ {
		v[k] -= lost * kernels.afterLate[last-k]
	}
	v[0] = 0
	w.low++
	w.leave(earlyMoment, left)
}

// What comes before a step or after it.
const (
	start = iota
	earlyMoment
	lateMoment
)

// bandKernels are the distributions of the number of points in a unit of time, and
// in what remains between two moments that differ, by what these are.
type bandKernels struct {
	unit, firstEarly, firstLate, toEarly, toLate []float64
	// afterLate is for the rest of a unit after toLate.
	afterLate []float64
	// least is the probability below which they end.
	least float64
}

func newBandKernels(n, d, early, late float64) bandKernels {
	// What is left out must not be seen beside the answer, about 2·exp(−2nd²).
	least := math.Min(1, 2*math.Exp(-2*n*d*d)) * 1e-14 / n
	within := func(lambda float64) []float64 { return poissonKernel(lambda-math.Floor(lambda), least) }
	k := bandKernels{unit: poissonKernel(1, least), firstEarly: within(early), firstLate: within(late),
		toEarly: within(early - late), toLate: within(late - early), least: least}
	k.afterLate = k.toEarly
	if early == late {
		k.afterLate = k.unit
	}
	return k
}

func (k bandKernels) between(from, to int) []float64 {
	switch {
	case from == start && to == earlyMoment:
		return k.firstEarly
	case from == start:
		return k.firstLate
	case to == earlyMoment:
		return k.toEarly
	}
	return k.toLate
}

// poissonKernel returns the probabilities of 0, 1, … points where lambda ≤ 1 are
// expected, as long as they are not below least, the greatest
// number first, and one at least.
func poissonKernel(lambda, least float64) []float64 {
	up := make([]float64, 0, bandTerms)
	for p := math.Exp(-lambda); len(up) < bandTerms && (p >= least || len(up) == 0); {
		up = append(up, p)
		p *= lambda / float64(len(up))
	}
	for i, j := 0, len(up)-1; i < j; i, j = i+1, j-1 {
		up[i], up[j] = up[j], up[i]
	}
	return up
}

// step lets time pass from a moment to the next.
func (w *bandWalk) step(kernel []float64) {
	terms := len(kernel)
	reach := min(w.n, w.top+terms-1)
	in, out := w.chance, w.next
	for s := w.low; s <= reach; s += 4 {
		// Of four numbers at once; the kernel only where there is something before it.
		from, to := max(0, terms-1-(s+3-w.low)), min(terms, terms-(s-w.top))
		window := in[bandPad+s-terms+1+from:][:to-from+3]
		var a, b, c, d float64
		for k, p := range kernel[from:to] {
			v := (*[4]float64)(window[k:])
			a += p * v[0]
			b += p * v[1]
			c += p * v[2]
			d += p * v[3]
		}
		*(*[4]float64)(out[bandPad+s:]) = [4]float64{a, b, c, d}
	}
	// What the moment before the last left there.
	clear(out[:bandPad+w.low][max(0, w.low+bandPad-4):])
	clear(out[bandPad+reach+1:][:bandPad])
	w.chance, w.next, w.top = out, in, reach
}

// leave counts what fails at a moment with a time left, and moves the bounds.
func (w *bandWalk) leave(kind int, left float64) {
	v := w.chance[bandPad:]
	if kind == lateMoment {
		if w.low <= w.top && v[w.low] > 1e-25*w.failed {
			w.failed += v[w.low] * w.end(w.low, left)
		}
		v[w.low] = 0
		w.low++
		return
	}
	if s := w.high + 1; s <= w.top && v[s] > 1e-25*w.failed {
		end := w.end(s, left)
		for ; s <= w.top; s++ {
			w.failed += v[s] * end
			end *= float64(w.n-s) / left
		}
	}
	if w.high < w.top {
		clear(v[w.high+1 : w.top+1])
		w.top = w.high
	}
	w.high++
}

// end returns the probability of coming from s points to n in a time, over that of
// n in all.
func (w *bandWalk) end(s int, left float64) float64 {
	return math.Exp(poissonLog(w.n-s, left) - w.full)
}
