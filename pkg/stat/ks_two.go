package stat

import "math"

// KSTwoSample tests whether two samples come from one distribution, by the
// greatest distance between their empirical distribution functions, after
// Smirnov [1]:
//
//	D = max over t of |Fx(t) − Fy(t)|
//
// Greater means that the values of y are greater: the statistic is the greatest
// Fx − Fy. Less is the greatest Fy − Fx. It sees differences of any kind, in
// location, spread and shape, and each of them less well than a test made for it.
//
// The methods:
//
//   - auto (default): exact where it is quick, else asymptotic.
//   - exact: given the pooled values, ties included, every choice of those that
//     belong to y is equally likely. The chance of D or more is found by walking
//     the lattice of all choices [2], comparing only where groups of equal values
//     end [3]. Choices that reach D are summed as they do, so small p-values keep
//     their digits.
//   - asymptotic: Kolmogorov's limit 2·Σ(−1)^(k−1)·exp(−2k²z²) with z = D√(mn/(m+n)), for
//     one side exp(−2z²). It is too large for small samples and with ties.
//
// It refuses an empty sample and values that are not finite.
//
// [1] Smirnov (1939), Bulletin Moscow University 2 (2): 3-16.
// [2] Hodges (1958), Arkiv för Matematik 3 (5): 469-486.
// [3] Schröer, Trenkler (1995), Computational Statistics & Data Analysis 20 (2):
// 185-202.
func KSTwoSample(x, y []float64, o Options) (Result, error) {
	const test = "ks_two_sample"
	o, err := o.resolve(test, "auto", "exact", "asymptotic")
	if err == nil {
		err = o.withoutMu(test)
	}
	for _, s := range [][]float64{x, y} {
		if err == nil && len(s) == 0 {
			err = refuse(test, TooFew, 0, 1, "a sample is empty")
		}
		if err == nil {
			err = checkFinite(test, s)
		}
	}
	if err != nil {
		return Result{}, err
	}
	g := newKSGrid(x, y, o.Alternative)
	m, n := float64(len(x)), float64(len(y))
	out := Result{Test: test, Method: o.Method, Alternative: o.Alternative, Statistic: float64(g.most) / (m * n), N: []int{len(x), len(y)}}
	if out.Method == "auto" {
		out.Method = "exact"
		if g.cost() > 1e7 {
			out.Method = "asymptotic"
		}
	}
	if out.Method == "asymptotic" {
		z := out.Statistic * math.Sqrt(m/(m+n)*n)
		if o.Alternative == TwoSided {
			return out.withP(kolmogorovLimitLog(z)), nil
		}
		return out.withP(-2 * z * z), nil
	}
	logP, ok := g.logP()
	if !ok {
		return Result{}, refuse(test, TooLarge, len(x)+len(y), 0, "the exact p-value of %d and %d observations takes too long: use method asymptotic", len(x), len(y))
	}
	return out.withP(logP), nil
}

// kolmogorovLimitLog returns ln P(√n·D ≥ z) in the limit: the alternating sum, or
// one less its theta transform where that sum is close to one.
func kolmogorovLimitLog(z float64) float64 {
	if z < 0.04 {
		return 0
	}
	if z < 1 {
		a := math.Pi * math.Pi / (8 * z * z)
		lower := math.Exp(-a) + math.Exp(-9*a) + math.Exp(-25*a) + math.Exp(-49*a)
		return math.Log1p(-math.Sqrt(2*math.Pi) / z * lower)
	}
	zz := -2 * z * z
	return math.Ln2 + zz + math.Log1p(-math.Exp(3*zz)+math.Exp(8*zz)-math.Exp(15*zz)+math.Exp(24*zz))
}

// ksGrid is the lattice of the ways in which the pooled values could have fallen
// on the two samples: a step right for each value of x, up for each of y.
type ksGrid struct {
	m, n        int
	most        int         // D·m·n, a whole number
	alternative Alternative // which side counts
	end         []bool      // whether a group of equal values ends after so many
	ties        bool
}

// newKSGrid sorts the samples and finds D.
func newKSGrid(x, y []float64, a Alternative) ksGrid {
	xs, ys := sortedFloats(x), sortedFloats(y)
	g := ksGrid{m: len(x), n: len(y), alternative: a, end: make([]bool, len(x)+len(y)+1)}
	i, j := 0, 0
	for i < g.m || j < g.n {
		v := math.Inf(1)
		if i < g.m {
			v = xs[i]
		}
		if j < g.n {
			v = math.Min(v, ys[j])
		}
		from := i + j
		for i < g.m && xs[i] == v {
			i++
		}
		for j < g.n && ys[j] == v {
			j++
		}
		g.ties = g.ties || i+j > from+1
		g.end[i+j] = true
		g.most = max(g.most, g.distance(i, j))
	}
	return g
}

// distance returns m·n·(i/m − j/n), as the alternative looks at it.
func (g *ksGrid) distance(i, j int) int {
	d := i*g.n - j*g.m
	switch {
	case g.alternative == Less, g.alternative == TwoSided && d < 0:
		return -d
	}
	return d
}

// cost returns about how many points of the lattice the exact p-value visits.
func (g *ksGrid) cost() float64 {
	d := float64(g.most) / (float64(g.m) * float64(g.n))
	share := math.Min(1, 2*d)
	if g.alternative != TwoSided || g.ties {
		share = 1
	}
	return float64(g.m) * float64(g.n) * share
}

// logP returns ln of the share of paths that reach the distance, unless that takes
// too long.
func (g *ksGrid) logP() (float64, bool) {
	if g.most <= 0 {
		return 0, true
	}
	if g.cost() > 2e8 {
		return 0, false
	}
	if p := g.share(); p > 1e-280 {
		return math.Log(math.Min(1, p)), true
	}
	if float64(g.m)*float64(g.n) > 3e7 {
		return 0, false
	}
	return g.logShare(), true
}

// share walks the lattice row by row: at[i] is the chance that a path goes
// through (i, j) without having reached the distance before. From (i, j) it goes
// right with chance (m−i)/(m+n−i−j).
func (g *ksGrid) share() float64 {
	at := make([]float64, g.m+1)
	at[0] = 1
	reached := 0.0
	over := make([]float64, g.m+g.n+1) // one over
	for i := range over {
		over[i] = 1 / float64(i)
	}
	low, high := 0, 0 // the points of the last row that paths pass
	for j := 0; j <= g.n; j++ {
		if j > 0 {
			up := float64(g.n - j + 1)
			for i := low; i <= high; i++ {
				at[i] *= up * over[g.m+g.n-i-j+1]
			}
		}
		// Of this row, (i, j) is now the chance of coming from below.
		first := -1
		carry := 0.0
		i := low
		for ; i <= g.m; i++ {
			p := carry
			if i <= high {
				p += at[i]
			} else if carry == 0 {
				break
			}
			if g.end[i+j] && g.distance(i, j) >= g.most {
				reached += p
				p = 0
			}
			at[i] = p
			if p > 0 && first < 0 {
				first = i
			}
			carry = 0
			if i < g.m {
				carry = p * (float64(g.m-i) * over[g.m+g.n-i-j])
			}
		}
		if first < 0 {
			return reached
		}
		low, high = first, i-1
	}
	return reached
}

// logShare is share in logarithms, for chances below the range of float64.
func (g *ksGrid) logShare() float64 {
	none := math.Inf(-1)
	at := make([]float64, g.m+1)
	for i := range at {
		at[i] = none
	}
	at[0] = 0
	logs := make([]float64, g.m+g.n+1)
	for i := range logs {
		logs[i] = math.Log(float64(i))
	}
	reached := none
	for j := 0; j <= g.n; j++ {
		carry := none
		for i := 0; i <= g.m; i++ {
			p := at[i]
			if j > 0 {
				p += logs[g.n-j+1] - logs[g.m+g.n-i-j+1]
			}
			p = logSumExp(p, carry)
			if g.end[i+j] && g.distance(i, j) >= g.most {
				reached = logSumExp(reached, p)
				p = none
			}
			at[i], carry = p, none
			if i < g.m {
				carry = p + logs[g.m-i] - logs[g.m+g.n-i-j]
			}
		}
	}
	return math.Min(0, reached)
}
