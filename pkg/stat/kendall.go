package stat

import (
	"math"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// Kendall tests whether two variables measured on the same items rise together,
// by how many pairs of items they order alike (concordant) and oppositely [1]:
//
//	S = concordant − discordant,  τ_b = S / √((N − Nₓ)(N − N_y))
//
// where of the N = n(n−1)/2 pairs Nₓ and N_y tie in x and in y. The estimate is τ_b;
// the interval is that of Fieller, Hartley and Pearson [2], tanh(artanh τ ±
// z·√(0.437/(n−4))), a fair one for |τ| < 0.8 and few ties. Pairs are counted in
// n·log n steps [3]. The methods:
//
//   - auto (default): exact up to 100 pairs without ties or 12 with, else
//     asymptotic.
//   - exact: the share of all n! ways to pair the values, ties included, in which S
//     is as far out (for two sides: |S| is). Without ties it comes from the number of
//     orders with given inversions, up to 150 pairs; with ties from counting the
//     ways to have used up the values so far, refused where that takes too long.
//     The statistic is the number of concordant pairs.
//   - asymptotic: z = S/σ, with the variance under ties of [4]. The statistic is z.
//
// It refuses unequal lengths, fewer than three pairs, a variable that does not
// vary, and values that are not finite.
//
// [1] Kendall (1938), Biometrika 30 (1/2): 81-93; (1945) 33 (3): 239-251.
// [2] Fieller, Hartley, Pearson (1957), Biometrika 44 (3/4): 470-481.
// [3] Knight (1966), JASA 61 (314): 436-439.
// [4] Kendall (1970), Rank Correlation Methods, 4th edition, 4.12.
func Kendall(x, y []float64, o Options) (Result, error) {
	const test = "kendall"
	o, err := o.resolve(test, "auto", "exact", "asymptotic")
	if err == nil {
		err = o.withoutMu(test)
	}
	if err == nil && len(x) != len(y) {
		err = refuse(test, Unpaired, min(len(x), len(y)), 0, "%d and %d observations are not pairs", len(x), len(y))
	}
	if err == nil {
		err = checkFinite(test, x)
	}
	if err == nil {
		err = checkFinite(test, y)
	}
	if err == nil && len(x) < 3 {
		err = refuse(test, TooFew, len(x), 3, "too few pairs")
	}
	if err != nil {
		return Result{}, err
	}
	c := countPairs(x, y)
	if len(c.tx) == 1 || len(c.ty) == 1 {
		return Result{}, refuse(test, Constant, len(x), 0, "all %d values of a variable are equal: it has no order to compare", len(x))
	}
	n := float64(len(x))
	total := n * (n - 1) / 2
	s := float64(c.concordant - c.discordant)
	tau := math.Max(-1, math.Min(1, s/math.Sqrt(total-pairsTied(c.tx))/math.Sqrt(total-pairsTied(c.ty))))
	out := Result{Test: test, Alternative: o.Alternative, N: []int{len(x)},
		Interval: fisherInterval(tau, (1-tau)*(1+tau), 0.437, n-4, o.Level, len(x)),
		Details:  []Detail{{"concordant", float64(c.concordant)}, {"discordant", float64(c.discordant)}, {"tied_x", pairsTied(c.tx)}, {"tied_y", pairsTied(c.ty)}}}
	if out.Interval.Level > 0 {
		out.Interval.Method = "fieller"
	}
	tied := len(c.tx) < len(x) || len(c.ty) < len(y)
	out.Method = o.Method
	if o.Method == "auto" {
		out.Method = "asymptotic"
		if !tied && len(x) <= 100 || len(x) <= exactPairs {
			out.Method = "exact"
		}
	}
	if out.Method == "exact" {
		out.Statistic = float64(c.concordant)
		logP, err := kendallExact(test, len(x), c, tied, o.Alternative)
		return out.withP(logP), err
	}
	out.Statistic = s / math.Sqrt(kendallVariance(n, c.tx, c.ty))
	return out.withP(direction(o.Alternative, dist.Normal{}.LogCDF(out.Statistic), dist.Normal{}.LogSF(out.Statistic))), nil
}

// pairsTied returns the number of pairs within groups of equal values.
func pairsTied(ties []int) float64 {
	total := 0.0
	for _, t := range ties {
		total += float64(t) * float64(t-1) / 2
	}
	return total
}

// kendallVariance returns the variance of S under ties.
func kendallVariance(n float64, tx, ty []int) float64 {
	var three, two, one [2]float64 // Σt(t−1)(2t+5), Σt(t−1), Σt(t−1)(t−2) of each
	for side, ties := range [][]int{tx, ty} {
		for _, k := range ties {
			t := float64(k)
			three[side] += t * (t - 1) * (2*t + 5)
			two[side] += t * (t - 1)
			one[side] += t * (t - 1) * (t - 2)
		}
	}
	return (n*(n-1)*(2*n+5)-three[0]-three[1])/18 +
		two[0]*two[1]/(2*n*(n-1)) + one[0]*one[1]/(9*n*(n-1)*(n-2))
}

// pairCounts are the pairs of items by how two variables order them, and the
// sizes of the groups of equal values, in ascending order of value.
type pairCounts struct {
	concordant, discordant int
	tx, ty                 []int
}

// countPairs sorts items by y and then by x, and counts the exchanges that sorting them by y
// then takes.
func countPairs(x, y []float64) pairCounts {
	// By y first: the order of equal x then stays that of y. The values of y give
	// way to the numbers of their groups.
	items := make([]keyed[uint64], len(x))
	for i, v := range y {
		items[i] = keyed[uint64]{orderKey(v), orderKey(x[i])}
	}
	items = sortKeyed(items)
	var out pairCounts
	for i := 0; i < len(items); {
		j, group := i, uint64(len(out.ty))
		for key := items[i].key; j < len(items) && items[j].key == key; j++ {
			items[j] = keyed[uint64]{items[j].with, group}
		}
		out.ty, i = append(out.ty, j-i), j
	}
	items = sortKeyed(items)
	both := 0 // pairs that tie in both
	ys := make([]int32, len(x))
	for i := 0; i < len(items); {
		j, run := i, 0
		for ; j < len(items) && items[j].key == items[i].key; j++ {
			if j == i || items[j].with != items[j-1].with {
				run = 0
			}
			both += run
			run++
			ys[j] = int32(items[j].with)
		}
		out.tx, i = append(out.tx, j-i), j
	}
	out.discordant = exchanges(ys, make([]int32, len(ys)))
	n := len(x)
	out.concordant = n*(n-1)/2 - int(pairsTied(out.tx)) - int(pairsTied(out.ty)) + both - out.discordant
	return out
}

// exchanges sorts a by merging, with room for as many in b, and returns how many
// pairs were in descending order.
func exchanges(a, b []int32) int {
	n := len(a)
	if n <= 16 {
		count := 0
		for i := 1; i < n; i++ {
			v, j := a[i], i
			for ; j > 0 && a[j-1] > v; j-- {
				a[j] = a[j-1]
			}
			a[j] = v
			count += i - j
		}
		return count
	}
	half := n / 2
	count := exchanges(a[:half], b[:half]) + exchanges(a[half:], b[half:])
	if a[half-1] <= a[half] {
		return count
	}
	copy(b, a)
	i, j := 0, half
	for k := range a {
		if j >= n || i < half && b[i] <= b[j] {
			a[k] = b[i]
			i++
			continue
		}
		a[k] = b[j]
		j++
		count += half - i
	}
	return count
}

// kendallExact returns ln p of S by counting.
func kendallExact(test string, n int, c pairCounts, tied bool, a Alternative) (float64, error) {
	s := c.concordant - c.discordant
	if tied {
		return exactPairing(test, c.tx, c.ty, kendallGain, s, n*(n-1)/2+1, a)
	}
	if n > 150 {
		return 0, refuse(test, TooLarge, n, 0, "the exact p-value ends at 150 pairs: use method asymptotic, which then is good to three digits")
	}
	lower := inversionsTail(n, c.concordant) // P(S ≤ s): as many orders have so many concordant pairs or fewer
	upper := inversionsTail(n, c.discordant)
	if a == TwoSided && s == 0 {
		return 0, nil
	}
	return direction(a, math.Log(math.Min(1, lower)), math.Log(math.Min(1, upper))), nil
}

// inversionsTail returns the share of the orders of n values with at most k
// inversions. With each further value there are, uniformly, 0 … i more. A sum over
// that window is one of the numbers up to its end less those before it, of which
// most lie in the window below the middle; above, the numbers are mirrored.
func inversionsTail(n, k int) float64 {
	if most := n * (n - 1) / 2; 2*k >= most {
		if k >= most {
			return 1
		}
		return 1 - inversionsTail(n, most-k-1)
	}
	chance := make([]float64, k+1)
	upTo := make([]float64, k+1)
	chance[0] = 1
	for i := 1; i < n; i++ {
		running := 0.0
		for to, c := range chance {
			running += c
			upTo[to] = running
		}
		most := i * (i + 1) / 2
		for to := range chance {
			switch {
			case to > most:
				chance[to] = 0
			case 2*to > most:
				chance[to] = chance[most-to]
			case to > i:
				chance[to] = (upTo[to] - upTo[to-i-1]) / float64(i+1)
			default:
				chance[to] = upTo[to] / float64(i+1)
			}
		}
	}
	return sumOf(chance)
}
