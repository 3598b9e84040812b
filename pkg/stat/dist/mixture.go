package dist

import "math"

// mixture is a sum over j of Poisson weights of mean m, taken at j + offset,
//
//	m^(j+offset)·e⁻ᵐ / Γ(j+offset+1),
//
// with the tails of gamma or beta distributions of shape + j: the noncentral
// distributions [1]. It is summed outward from its largest term, which far in a
// tail is not where the weights are largest.
//
// [1] Johnson, Kotz, Balakrishnan (1995), Continuous Univariate Distributions 2, 29-31.
type mixture struct {
	m, logM, offset, shape float64
	// at returns the logarithms of the tails for a shape.
	at func(shape float64) (lower, upper float64)
	// step returns ln of the fall of the lower tail from a shape to the next, and
	// ratio the quotient of that step for the next shape to that for this.
	step  func(shape float64) float64
	ratio func(shape float64) float64
}

const (
	// negligible is the logarithm of a term that no longer counts.
	negligible = -39
	// longSum is the number of terms beyond which every so manyth is taken: a sum
	// over a smooth and wide bump does not change by that.
	longSum = 4096
	samples = 256
)

// logSum returns ln of the mixture of the lower or of the upper tails.
func (m mixture) logSum(upper bool) float64 {
	term := func(j float64) float64 {
		lo, up := m.at(m.shape + j)
		if upper {
			lo = up
		}
		return logPoissonRaw(j+m.offset, m.m, m.logM) + lo
	}
	mode := m.mode(term, upper)
	height := term(mode)
	if !(height > -1e9) { // the number of terms does not change the logarithm
		return height
	}
	limit := height + negligible
	low := edge(term, mode, -1, limit)
	high := edge(term, mode, 1, limit)
	var sum float64
	switch {
	case high-low > longSum && (low > 0 || term(0) < limit+9):
		stride := math.Floor((high - low) / samples)
		for j := mode - stride*math.Floor((mode-low)/stride); j <= high; j += stride {
			sum += math.Exp(term(j) - height)
		}
		sum *= stride
	case upper:
		sum = m.sumUpper(low, high, height)
	default:
		sum = m.sumLower(low, high, height)
	}
	return height + math.Log(sum)
}

// mode returns where the terms, log-concave in j, are largest: at or above the
// mode of the weights for upper tails, which rise with j, else at or below it.
func (m mixture) mode(term func(float64) float64, upper bool) float64 {
	low, high := 0.0, math.Floor(m.m)
	if upper {
		low = math.Max(0, high-1)
		width := math.Max(4, math.Sqrt(m.m))
		for high = low + width; term(high+1) > term(high) && high < 1e17; high = low + width {
			low, width = high, width*2
		}
	}
	for low < high {
		middle := math.Floor(low + (high-low)/2)
		if term(middle+1) > term(middle) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// edge returns the last j from the mode in a direction whose term is above the limit.
func edge(term func(float64) float64, mode, direction, limit float64) float64 {
	inside, width := 0.0, 8.0
	last := math.Inf(1)
	if direction < 0 {
		last = mode
	}
	for {
		if width >= last {
			if term(mode+direction*last) >= limit {
				return mode + direction*last
			}
			width = last
			break
		}
		if !(term(mode+direction*width) >= limit) || width > 1e17 {
			break
		}
		inside, width = width, width*2
	}
	for width-inside > 1+0.02*inside {
		middle := math.Floor(inside + (width-inside)/2)
		if term(mode+direction*middle) >= limit {
			inside = middle
		} else {
			width = middle
		}
	}
	return mode + direction*math.Min(width, last)
}

// sumUpper sums upwards: upper tails grow with the shape by steps that are added.
func (m mixture) sumUpper(low, high, height float64) float64 {
	_, up := m.at(m.shape + low)
	weight := logPoissonRaw(low+m.offset, m.m, m.logM) - height
	tail, step := math.Exp(weight+up), math.Exp(weight+m.step(m.shape+low))
	sum := 0.0
	for j := low; j <= high; j++ {
		sum += tail
		grow := m.m / (j + m.offset + 1)
		tail = (tail + step) * grow
		step *= grow * m.ratio(m.shape+j)
	}
	return sum
}

// sumLower sums downwards, where the lower tails grow.
func (m mixture) sumLower(low, high, height float64) float64 {
	lo, _ := m.at(m.shape + high)
	weight := logPoissonRaw(high+m.offset, m.m, m.logM) - height
	tail, step := math.Exp(weight+lo), math.Exp(weight+m.step(m.shape+high))
	sum := tail
	for j := high - 1; j >= low; j-- {
		shrink := (j + m.offset + 1) / m.m
		step *= shrink / m.ratio(m.shape+j)
		tail = tail*shrink + step
		sum += tail
	}
	return sum
}

// gammaMixture returns the mixture of gamma distributions at x.
func gammaMixture(m, shape, x, logX float64) mixture {
	return mixture{m: m, logM: math.Log(m), shape: shape,
		at:    func(a float64) (lower, upper float64) { return gammaTails(a, x, logX) },
		step:  func(a float64) float64 { return logPoissonRaw(a, x, logX) },
		ratio: func(a float64) float64 { return x / (a + 1) },
	}
}

// betaMixture returns the mixture of beta distributions with second shape b.
func betaMixture(m, offset, shape float64, p betaPoint) mixture {
	point := func(a float64) betaPoint {
		q := p
		// d = b·x − a·y, with the products' rounding kept.
		ay := a * p.y
		q.a, q.d = a, math.FMA(p.b, p.x, -ay)-math.FMA(a, p.y, -ay)
		return q
	}
	return mixture{m: m, logM: math.Log(m), offset: offset, shape: shape,
		at:    func(a float64) (lower, upper float64) { return point(a).tails() },
		step:  func(a float64) float64 { return point(a).logFront() - math.Log(a) },
		ratio: func(a float64) float64 { return p.x * ((a + p.b) / (a + 1)) },
	}
}

// mixtureTails returns both tails, the smaller summed and the other its complement.
func mixtureTails(m mixture) (lower, upper float64) {
	upper = math.Min(0, m.logSum(true))
	if upper < -1 {
		return log1mExp(upper), upper
	}
	lower = math.Min(0, m.logSum(false))
	return lower, log1mExp(lower)
}
