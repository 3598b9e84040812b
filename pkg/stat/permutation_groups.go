package stat

import (
	"errors"
	"math"
)

// Bounds of tests by rearranging values over groups.
const (
	// fewArrangements are enumerated where the method is left open.
	fewArrangements = 200_000
	// maxArrangements are enumerated at most.
	maxArrangements = 20_000_000
	// maxMoves bounds values times replicates.
	maxMoves = 2_000_000_000
)

// PermutationAnova tests whether k groups have one distribution by the F ratio of
// Anova, set against those of other assignments of the same values to the groups
// [1, 2]: it needs no normal values, only that they could be exchanged if the
// groups did not differ, so it is sensitive to unequal variances with unequal
// sizes. Methods:
//
//   - exact: the share of all N!/∏nᵢ! assignments with at least that F;
//   - monte_carlo: (b + 1)/(m + 1), where b of m random assignments (Options.
//     Replicates, 9,999 if not given) have at least that F [3]; among the details is
//     the standard error that chance gives it;
//   - auto, the default: exact up to 200,000 assignments, else monte_carlo.
//
// An F that differs from the observed by rounding alone counts as equal. Groups
// without variation within have an infinite F and are refused, as by Anova.
//
// [1] Fisher (1935), The Design of Experiments, section 21.
// [2] Pitman (1938), Biometrika 29 (3/4): 322-335.
// [3] Phipson, Smyth (2010), Statistical Applications in Genetics and Molecular
// Biology 9 (1): 39.
func PermutationAnova(groups [][]float64, o Options) (Result, error) {
	const test = "permutation_anova"
	o, err := o.resolve(test, "auto", "exact", "monte_carlo")
	if err == nil {
		err = o.onlyTwoSided(test)
	}
	if err != nil {
		return Result{}, err
	}
	r, err := Anova(groups, Options{Level: o.Level})
	if err != nil {
		var refused *Refusal
		if errors.As(err, &refused) {
			refused.Method = test
		}
		return Result{}, err
	}
	l, err := newOneWay(test, groups, 1)
	if err != nil {
		return Result{}, err
	}
	var values []float64
	for _, g := range groups {
		for _, v := range g {
			values = append(values, ((v-l.first)-l.grandHi)-l.grandLo)
		}
	}
	if o.Method == "auto" {
		o.Method = "monte_carlo"
		if arrangements(l.n) <= fewArrangements {
			o.Method = "exact"
		}
	}
	observed := 0.0
	for i, n := range l.n {
		observed += float64(n) * l.offset(i) * l.offset(i)
	}
	observed -= 1e-11 * (observed + l.residual()) // ties but for rounding
	out := Result{Test: test, Method: o.Method, Alternative: o.Alternative, Statistic: r.Statistic, DF: r.DF, N: r.N, Effect: r.Effect}
	var p float64
	if o.Method == "exact" {
		if p, err = enumerateGroups(test, values, l.n, observed); err != nil {
			return Result{}, err
		}
		out.Details = []Detail{detail("arrangements", arrangements(l.n))}
		return out.withP(math.Log(p)), nil
	}
	p, m, err := shuffleGroups(test, values, l.n, observed, o)
	if err != nil {
		return Result{}, err
	}
	out.Details = monteCarloDetails(p, m)
	return out.withP(math.Log(p)), nil
}

// monteCarloDetails say how far chance moves a p-value.
func monteCarloDetails(p float64, replicates int) []Detail {
	return []Detail{detail("replicates", float64(replicates)), detail("monte_carlo_error", math.Sqrt(p*(1-p)/float64(replicates)))}
}

// logArrangements is the logarithm of arrangements.
func logArrangements(sizes []int) float64 {
	total, out := 0, 0.0
	for _, n := range sizes {
		total += n
		v, _ := math.Lgamma(float64(n + 1))
		out -= v
	}
	v, _ := math.Lgamma(float64(total + 1))
	return out + v
}

// arrangements is the number of assignments of as many values as there are to
// groups of these sizes, N!/∏n!; beyond 2⁵³ roughly.
func arrangements(sizes []int) float64 {
	total, out := 0, 1.0
	for _, n := range sizes {
		for i := 1; i <= n; i++ {
			total++
			out = out * float64(total) / float64(i) // whole at every step
		}
	}
	return out
}

// enumerateGroups returns the share of assignments in which Σ sum²/n is at least
// observed.
func enumerateGroups(test string, values []float64, sizes []int, observed float64) (float64, error) {
	if a := arrangements(sizes); !(a <= maxArrangements) {
		return 0, refuse(test, TooLarge, len(values), 0, "there are %.3g assignments, more than the %.3g that are enumerated: method monte_carlo", a, float64(maxArrangements))
	}
	e := enumeration{values: values, room: append([]int(nil), sizes...), sums: make([]float64, len(sizes)), inverse: make([]float64, len(sizes)), observed: observed}
	for i, n := range sizes {
		e.inverse[i] = 1 / float64(n)
	}
	e.deal(0)
	return float64(e.extreme) / float64(e.all), nil
}

type enumeration struct {
	values, sums, inverse []float64
	room                  []int
	observed              float64
	extreme, all          int
}

// deal assigns the values from at on in every way.
func (e *enumeration) deal(at int) {
	if at == len(e.values) {
		t := 0.0
		for i, s := range e.sums {
			t += s * s * e.inverse[i]
		}
		e.all++
		if t >= e.observed {
			e.extreme++
		}
		return
	}
	for i := range e.room {
		if e.room[i] == 0 {
			continue
		}
		before := e.sums[i] // put back as it was: subtracting would round
		e.room[i]--
		e.sums[i] = before + e.values[at]
		e.deal(at + 1)
		e.sums[i] = before
		e.room[i]++
	}
}

// shuffleGroups returns (b + 1)/(m + 1), where b of m random assignments of the
// values have a Σ sum²/n of at least observed, and m. The values must sum to 0 or
// nearly so.
func shuffleGroups(test string, values []float64, sizes []int, observed float64, o Options) (p float64, m int, err error) {
	m = o.Replicates
	if m == 0 {
		m = 9999
	}
	if m > maxMoves/len(values) {
		return 0, 0, refuse(test, TooLarge, len(values), 0, "%d replicates of %d values take too long: at most %d", m, len(values), maxMoves/len(values))
	}
	// The largest group gets what the others leave.
	last, total := 0, 0.0
	for i, n := range sizes {
		if n > sizes[last] {
			last = i
		}
	}
	for _, v := range values {
		total += v
	}
	x := append([]float64(nil), values...)
	least := 0
	for replicate := range m {
		rng := Stream(o.Seed, uint64(replicate))
		t, rest, at := 0.0, total, 0
		for i, n := range sizes {
			if i == last {
				continue
			}
			s := 0.0
			for range n {
				j := at + rng.IntN(len(x)-at)
				x[at], x[j] = x[j], x[at]
				s += x[at]
				at++
			}
			t += s * s / float64(n)
			rest -= s
		}
		if t+rest*rest/float64(sizes[last]) >= observed*(1-1e-12) {
			least++
		}
	}
	return float64(least+1) / float64(m+1), m, nil
}
