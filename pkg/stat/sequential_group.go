package stat

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/integrate/quad"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// The bounds of a group-sequential design.
const (
	// OBrienFleming has bounds C/√t: hardly anything stops early, and the last
	// bound is near that of a single look.
	OBrienFleming = "obrien_fleming"
	// Pocock has the same bound at every look.
	Pocock = "pocock"
	// SpendOBrienFleming and SpendPocock spend the level by the functions of Lan
	// and DeMets, which need no looks at equal distances.
	SpendOBrienFleming = "spend_obrien_fleming"
	SpendPocock        = "spend_pocock"
)

// GroupSequential returns the bounds for a test that is looked at a few times,
// at shares of its information that are fixed in advance: fractions rise to 1,
// such as 0.2, 0.4, … 1 for five looks at equal distances. At look k the z
// statistic of all data so far is compared with the bound c_k, from either side
// or, one-sided, from one; the probability that any look under the null
// hypothesis exceeds its bound is alpha.
//
// Methods are "obrien_fleming" (c_k = C/√t_k) [1], "pocock" (c_k = C) [2], and the
// spending functions of [3], "spend_obrien_fleming", 2(1 − Φ(z_{1−α/2}/√t)), and
// "spend_pocock", α ln(1 + (e − 1)t); two-sided, half of alpha is spent so on
// either side. z statistics so far may be given, to be judged.
//
// The details are, for each look, bound_k, the p-value that it equals, p_k, and
// the level that is spent by then, spent_k; with z statistics also stopped_at,
// the first look that exceeded its bound, or 0. The statistic is then the last z.
// The probabilities are integrals over the looks before, computed one by one [4]
// by Gauss-Legendre quadrature to some twelve digits. At most 50 looks.
//
// [1] O'Brien, Fleming (1979), Biometrics 35 (3): 549-556.
// [2] Pocock (1977), Biometrika 64 (2): 191-199.
// [3] Lan, DeMets (1983), Biometrika 70 (3): 659-663.
// [4] Armitage, McPherson, Rowe (1969), Journal of the Royal Statistical Society
// A 132 (2): 235-244.
func GroupSequential(fractions []float64, alpha float64, z []float64, o Options) (Result, error) {
	const test = "group_sequential"
	o, err := o.resolve(test, OBrienFleming, Pocock, SpendOBrienFleming, SpendPocock)
	if err != nil {
		return Result{}, err
	}
	k := len(fractions)
	switch {
	case !(alpha >= 1e-10 && alpha <= 0.5):
		return Result{}, badOption(test, "alpha %v is outside [1e-10, 0.5]", alpha)
	case k < 1 || k > 50:
		return Result{}, badOption(test, "%d looks: want 1 to 50", k)
	case fractions[k-1] != 1:
		return Result{}, badOption(test, "the last look has the fraction %v of the information, not 1", fractions[k-1])
	case len(z) > k:
		return Result{}, badOption(test, "%d z statistics for %d looks", len(z), k)
	}
	for i, t := range fractions {
		if before := append([]float64{0}, fractions...)[i]; !(t-before >= 1e-3) {
			return Result{}, badOption(test, "the fractions must rise from look to look by 0.001 at least: %v after %v", t, before)
		}
	}
	if err := checkFinite(test, z); err != nil {
		return Result{}, err
	}
	looks := &groupLooks{fractions: fractions, oneSided: o.Alternative != TwoSided}
	side := alpha
	if !looks.oneSided {
		side = alpha / 2
	}
	var bounds, spent []float64
	if o.Method == OBrienFleming || o.Method == Pocock {
		bounds, spent = looks.shaped(side, o.Method)
	} else {
		bounds, spent = looks.spending(side, o.Method)
	}
	return groupResult(bounds, spent, z, alpha, looks.oneSided, o)
}

// groupResult lists the bounds, and judges what was seen.
func groupResult(bounds, spent, z []float64, alpha float64, oneSided bool, o Options) (Result, error) {
	sides := 2.0
	if oneSided {
		sides = 1
	}
	out := Result{Test: "group_sequential", Method: o.Method, Alternative: o.Alternative}
	for i, c := range bounds {
		out.Details = append(out.Details, Detail{fmt.Sprintf("bound_%d", i+1), c},
			Detail{fmt.Sprintf("p_%d", i+1), sides * dist.Normal{}.SF(c)}, Detail{fmt.Sprintf("spent_%d", i+1), sides * spent[i]})
	}
	if len(z) == 0 {
		return out, nil
	}
	stopped := 0
	for i, v := range z {
		switch o.Alternative {
		case Less:
			v = -v
		case TwoSided:
			v = math.Abs(v)
		}
		if stopped == 0 && v >= bounds[i] {
			stopped = i + 1
		}
	}
	out.Statistic = z[len(z)-1]
	out.Details = append(out.Details, Detail{"stopped_at", float64(stopped)})
	if stopped == 0 && len(z) == len(bounds) {
		out.Warnings = append(out.Warnings, fmt.Sprintf("no look exceeded its bound: nothing is shown at level %g", alpha))
	}
	return out, finite("group_sequential", len(z), out.Statistic)
}

// groupLooks computes the probabilities of a sum of normal increments that is
// looked at, in units of its standard deviation at the end: at look k it has the
// variance t_k, and goes on between −c_k√t_k (or −∞) and c_k√t_k.
type groupLooks struct {
	fractions []float64
	oneSided  bool
	x, w      []float64 // nodes and weights of the density after the looks so far
	density   []float64
}

// exit returns the probability to leave at look i above its bound c, having gone
// on before; both sides are alike. i == 0 begins anew.
func (g *groupLooks) exit(i int, c float64) float64 {
	end := c * math.Sqrt(g.fractions[i])
	if i == 0 {
		return dist.Normal{}.SF(c)
	}
	sd := math.Sqrt(g.fractions[i] - g.fractions[i-1])
	total := 0.0
	for j, x := range g.x {
		total += g.w[j] * g.density[j] * dist.Normal{}.SF((end-x)/sd)
	}
	return total
}

// advance computes the density of going on after look i with the bound c.
func (g *groupLooks) advance(i int, c float64) {
	root := math.Sqrt(g.fractions[i])
	low, high := -c*root, c*root
	if g.oneSided {
		low = -9 * root // beyond lies 1e-19
	}
	sd := root
	if i > 0 {
		sd = math.Sqrt(g.fractions[i] - g.fractions[i-1])
	}
	if !g.oneSided {
		low = math.Max(low, -9*root)
	}
	high = math.Min(high, 9*root)
	// The density bends on the scale of an increment, the coming one included.
	if i+1 < len(g.fractions) {
		sd = math.Min(sd, math.Sqrt(g.fractions[i+1]-g.fractions[i]))
	}
	n := int(math.Min(1000, 24+4*(high-low)/sd))
	x, w, density := make([]float64, n), make([]float64, n), make([]float64, n)
	quad.Legendre{}.FixedLocations(x, w, low, high)
	for j := range x {
		if i == 0 {
			density[j] = normalDensity(x[j]/root) / root
			continue
		}
		step := math.Sqrt(g.fractions[i] - g.fractions[i-1])
		for m, from := range g.x {
			if z := (x[j] - from) / step; z > -10 && z < 10 { // beyond lies 1e-22
				density[j] += g.w[m] * g.density[m] * normalDensity(z) / step
			}
		}
	}
	g.x, g.w, g.density = x, w, density
}

func normalDensity(z float64) float64 { return math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) }

// shaped returns the bounds of a fixed shape that spend alpha on one side.
func (g *groupLooks) shaped(side float64, method string) (bounds, spent []float64) {
	shape := func(i int) float64 {
		if method == Pocock {
			return 1
		}
		return 1 / math.Sqrt(g.fractions[i])
	}
	last := len(g.fractions) - 1
	run := func(c float64) float64 {
		spent = spent[:0]
		total := 0.0
		for i := range g.fractions {
			total += g.exit(i, c*shape(i))
			spent = append(spent, total)
			if i < last {
				g.advance(i, c*shape(i))
			}
		}
		return total
	}
	// The last look alone spends side at the quantile; all of them together spend
	// at most as many times that.
	low, high := dist.Normal{}.InvSF(side), dist.Normal{}.InvSF(side/float64(last+1))
	c := secant(low, high+1e-9, func(c float64) float64 { return math.Log(run(c)) - math.Log(side) })
	run(c)
	for i := range g.fractions {
		bounds = append(bounds, c*shape(i))
	}
	return bounds, spent
}

// spending returns the bounds that spend alpha on one side by a function of the
// information.
func (g *groupLooks) spending(side float64, method string) (bounds, spent []float64) {
	spend := func(t float64) float64 {
		if method == SpendPocock {
			return side * math.Log1p((math.E-1)*t)
		}
		return 2 * dist.Normal{}.SF(dist.Normal{}.InvSF(side/2)/math.Sqrt(t))
	}
	before := 0.0
	for i, t := range g.fractions {
		now := spend(t)
		c := 40.0
		if now-before > 1e-300 {
			want := math.Log(now - before)
			c = secant(-2, 40, func(c float64) float64 { return math.Log(math.Max(g.exit(i, c), 1e-320)) - want })
		}
		bounds, spent, before = append(bounds, c), append(spent, now), now
		if i+1 < len(g.fractions) {
			g.advance(i, c)
		}
	}
	return bounds, spent
}

// secant finds the zero of a falling function between low and high, by the
// method of false position of [1] with bisection as its guard.
//
// [1] Dowell, Jarratt (1971), BIT 11: 168-174 (Illinois).
func secant(low, high float64, f func(float64) float64) float64 {
	at, above := f(low), f(high)
	last, side := math.Inf(1), 0
	for range 200 {
		if at <= 0 {
			return low
		}
		if above >= 0 {
			return high
		}
		mid := low + (high-low)*at/(at-above)
		if !(mid > low && mid < high) {
			mid = low + (high-low)/2
		}
		v := f(mid)
		if v == 0 || math.Abs(mid-last) <= 2e-16*math.Abs(mid) {
			return mid
		}
		last = mid
		if v > 0 {
			if side == 1 {
				above /= 2
			}
			low, at, side = mid, v, 1
		} else {
			if side == -1 {
				at /= 2
			}
			high, above, side = mid, v, -1
		}
	}
	return low + (high-low)/2
}
