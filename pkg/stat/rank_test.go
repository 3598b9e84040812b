package stat

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// choices calls f with each way of choosing m of n, as marks.
func choices(n, m int, f func(chosen []bool)) {
	chosen := make([]bool, n)
	var choose func(i, left int)
	choose = func(i, left int) {
		if left > n-i {
			return
		}
		if i == n {
			f(chosen)
			return
		}
		chosen[i] = false
		choose(i+1, left)
		if left > 0 {
			chosen[i] = true
			choose(i+1, left-1)
			chosen[i] = false
		}
	}
	choose(0, m)
}

// multisets calls f with each ascending list of n whole numbers from low to high.
func multisets(n, low, high int, f func(values []int)) {
	values := make([]int, n)
	var fill func(i, from int)
	fill = func(i, from int) {
		if i == n {
			f(values)
			return
		}
		for v := from; v <= high; v++ {
			values[i] = v
			fill(i+1, v)
		}
	}
	fill(0, low)
}

// twiceU counts, doubled, by the definition.
func twiceU(values []int, second []bool) int {
	u := 0
	for i, a := range values {
		for j, b := range values {
			if second[i] && !second[j] {
				switch {
				case a > b:
					u += 2
				case a == b:
					u++
				}
			}
		}
	}
	return u
}

// TestMannWhitneyEnumeration compares the exact test with the enumeration of all
// arrangements: for every way to tie up to nine values (every composition into
// groups of equal ones), every split into two samples, every value of U and every
// alternative.
func TestMannWhitneyEnumeration(t *testing.T) {
	for n := 2; n <= 9; n++ {
		for pattern := range 1 << (n - 1) {
			values := make([]int, n)
			for i := 1; i < n; i++ {
				values[i] = values[i-1] + pattern>>(i-1)&1
			}
			if values[n-1] == 0 {
				continue
			}
			for m := 1; m < n; m++ {
				checkMannWhitney(t, values, m)
			}
		}
	}
}

func checkMannWhitney(t *testing.T, values []int, m int) {
	t.Helper()
	n := len(values)
	mean, total := m*(n-m), 0 // of 2U
	arrangements := map[int][]bool{}
	weights := map[int]int{}
	choices(n, m, func(second []bool) {
		u := twiceU(values, second)
		weights[u]++
		total++
		arrangements[u] = append([]bool(nil), second...)
	})
	for u, second := range arrangements {
		above, below, away := 0, 0, 0
		for v, w := range weights {
			if v >= u {
				above += w
			}
			if v <= u {
				below += w
			}
			if max(v-mean, mean-v) >= max(u-mean, mean-u) {
				away += w
			}
		}
		var x, y []float64
		for i, s := range second {
			if s {
				y = append(y, float64(values[i]))
			} else {
				x = append(x, float64(values[i]))
			}
		}
		for alternative, count := range map[Alternative]int{Greater: above, Less: below, TwoSided: away} {
			got := pooled(x, y).exactP(alternative, untiedCounts(min(m, n-m), max(m, n-m), m*(n-m)/2)).p
			if want := float64(count) / float64(total); math.Abs(got-want) > 4e-16 {
				t.Fatalf("%v and %v, %s: p = %.17g, want %d/%d", x, y, alternative, got, count, total)
			}
		}
		if got := pooled(x, y).twiceU; got != u {
			t.Fatalf("%v and %v: 2U = %d, want %d", x, y, got, u)
		}
	}
}

// TestSignedRankEnumeration compares the exact tests with the enumeration of all
// signs: for all lists of up to nine differences of sizes 0 to 4 (ties and zeros),
// both treatments of zeros, every V and every alternative.
func TestSignedRankEnumeration(t *testing.T) {
	for n := 1; n <= 9; n++ {
		multisets(n, 0, 4, func(sizes []int) {
			if sizes[n-1] == 0 {
				return
			}
			for _, method := range []string{"exact", "pratt", "zsplit"} {
				checkSignedRank(t, sizes, method)
			}
		})
	}
}

func checkSignedRank(t *testing.T, sizes []int, method string) {
	t.Helper()
	// Ranks by the definition, doubled.
	zeros := 0
	for _, s := range sizes {
		if s == 0 {
			zeros++
		}
	}
	var ranks []int
	for _, s := range sizes {
		rank := 1
		for _, other := range sizes {
			if method == "exact" && other == 0 {
				continue
			}
			if other < s {
				rank += 2
			} else if other == s {
				rank++
			}
		}
		ranks = append(ranks, rank)
	}
	ranks = ranks[zeros:]
	total, sum := 1<<len(ranks), 0
	for _, r := range ranks {
		sum += r
	}
	weights, signs := map[int]int{}, map[int]int{}
	for pattern := range total {
		v := 0
		for i, r := range ranks {
			v += r * (pattern >> i & 1)
		}
		weights[v]++
		signs[v] = pattern
	}
	for v, pattern := range signs {
		d := make([]float64, len(sizes))
		for i, s := range sizes[zeros:] {
			d[i] = float64(s * (2*(pattern>>i&1) - 1))
		}
		above, below, away := 0, 0, 0
		for w, count := range weights {
			if w >= v {
				above += count
			}
			if w <= v {
				below += count
			}
			if max(2*w-sum, sum-2*w) >= max(2*v-sum, sum-2*v) {
				away += count
			}
		}
		s := signedRanks(sortedFloats(d), 0, method == "pratt", method == "zsplit")
		if s.twiceV != v || s.zeros != zeros {
			t.Fatalf("%v, %s: 2V = %d, want %d", d, method, s.twiceV, v)
		}
		for alternative, count := range map[Alternative]int{Greater: above, Less: below, TwoSided: away} {
			if got, want := signedSum(s.scores).p(v, alternative).p, float64(count)/float64(total); got != want {
				t.Fatalf("%v, %s, %s: p = %v, want %v", d, method, alternative, got, want)
			}
		}
	}
}

// TestDistributionsAreComplete: counts up to the last sum add up to all subsets,
// exactly, and equal those of whole numbers without limit.
func TestDistributionsAreComplete(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p pool
		n := 0
		for n < 2 {
			size := rapid.IntRange(1, 6).Draw(t, "tie")
			p.ties = append(p.ties, size)
			n += size
			for n < 40 && rapid.IntRange(0, 9).Draw(t, "more") > 0 {
				size := rapid.IntRange(1, 6).Draw(t, "tie")
				p.ties = append(p.ties, size)
				n += size
			}
		}
		var scores []int
		for _, size := range p.ties {
			twice := 2*len(scores) + size + 1
			for range size {
				scores = append(scores, twice)
			}
		}
		m := rapid.IntRange(1, n-1).Draw(t, "m")
		low, step, counts := subsetCounts(scores, m, n*(n+1))
		want := bigSubsets(scores, m)
		sum := new(big.Int)
		for i, c := range counts {
			exact := want[low+i*step]
			if exact == nil {
				exact = new(big.Int)
			}
			sum.Add(sum, exact)
			if value, _ := new(big.Float).SetInt(exact).Float64(); math.Abs(c-value) > 1e-14*value {
				t.Fatalf("%v, %d: count of %d is %v, want %v", scores, m, low+i*step, c, exact)
			}
		}
		if all := new(big.Int).Binomial(int64(n), int64(m)); sum.Cmp(all) != 0 {
			t.Fatalf("%v, %d: %v subsets, want %v", scores, m, sum, all)
		}
		// A bound changes no count below it.
		bound := rapid.IntRange(low-2, low+len(counts)*step).Draw(t, "bound")
		_, _, part := subsetCounts(scores, m, bound)
		for i, c := range part {
			if low+i*step > bound || c != counts[i] {
				t.Fatalf("%v, %d: up to %d the count of %d is %v, not %v", scores, m, bound, low+i*step, c, counts[i])
			}
		}
		for i := len(part); i < len(counts) && low+i*step <= bound; i++ {
			if counts[i] != 0 {
				t.Fatalf("%v, %d: counts up to %d end at %d", scores, m, bound, low+len(part)*step)
			}
		}
	})
}

// TestUntiedCounts compares the quick count without ties with the one that never
// subtracts.
func TestUntiedCounts(t *testing.T) {
	for _, c := range []struct {
		m, n  int
		error float64
	}{{1, 1, 0}, {1, 9, 0}, {2, 5000, 0}, {5, 5, 0}, {20, 300, 1e-14}, {50, 50, 1e-14}, {50, 200, 1e-14},
		{70, 140, 1e-14}, {90, 110, 1e-14}, {100, 100, 1e-14}, {150, 200, 1e-11}, {200, 200, 1e-11}} {
		scores := make([]int, c.m+c.n)
		for i := range scores {
			scores[i] = i + 1
		}
		bound := c.m * c.n / 2
		_, _, want := subsetCounts(scores, c.m, c.m*(c.m+1)/2+bound)
		got := untiedCounts(c.m, c.n, bound)
		if len(got) != len(want) {
			t.Fatalf("%d and %d: %d counts, want %d", c.m, c.n, len(got), len(want))
		}
		a, b := 0.0, 0.0
		for i := range got {
			a, b = a+got[i], b+want[i]
			if math.Abs(a-b) > c.error*b {
				t.Fatalf("%d and %d: %v subsets up to %d, want %v", c.m, c.n, a, i, b)
			}
		}
	}
}

// bigSubsets counts subsets by sum.
func bigSubsets(scores []int, m int) map[int]*big.Int {
	of := make([]map[int]*big.Int, m+1)
	for k := range of {
		of[k] = map[int]*big.Int{}
	}
	of[0][0] = big.NewInt(1)
	for _, s := range scores {
		for k := m; k > 0; k-- {
			for sum, count := range of[k-1] {
				if of[k][sum+s] == nil {
					of[k][sum+s] = new(big.Int)
				}
				of[k][sum+s].Add(of[k][sum+s], count)
			}
		}
	}
	return of[m]
}

// rankTests are the rank tests of a difference of two samples of equal length.
var rankTests = map[string]func(x, y []float64, o Options) (Result, error){
	"mann_whitney": MannWhitney, "wilcoxon": WilcoxonSignedRank, "sign": SignTest,
}

// TestRankLaws: exchanging the samples mirrors everything, all methods agree on
// the statistic, order does not matter, and intervals agree with tests.
func TestRankLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		span := rapid.SampledFrom([]int{3, 20, 10000}).Draw(t, "span")
		value := rapid.Map(rapid.IntRange(-span, span), func(i int) float64 { return float64(i) / 4 })
		n := rapid.IntRange(1, 25).Draw(t, "n")
		x := rapid.SliceOfN(value, n, n).Draw(t, "x")
		y := rapid.SliceOfN(value, n, n).Draw(t, "y")
		level := rapid.Float64Range(0.5, 0.99).Draw(t, "level")
		methods := map[string][]string{
			"mann_whitney": {"exact", "asymptotic", "asymptotic_no_correction"},
			"wilcoxon": {"exact", "pratt", "zsplit", "asymptotic", "asymptotic_no_correction",
				"asymptotic_pratt", "asymptotic_zsplit"},
			"sign": {"exact"},
		}
		for name, f := range rankTests {
			for _, method := range methods[name] {
				o := Options{Level: level, Method: method}
				got, err := f(x, y, o)
				if err != nil {
					var r *Refusal
					if !errors.As(err, &r) || r.Reason != Constant {
						t.Fatal(err)
					}
					continue
				}
				checkRankLaws(t, name+" "+method, f, x, y, o, got)
			}
		}
	})
}

func checkRankLaws(t *rapid.T, name string, f func(x, y []float64, o Options) (Result, error), x, y []float64, o Options, got Result) {
	back, err := f(y, x, o)
	if err != nil || !closeTo(back.P, got.P, 1e-14) || back.Interval.Estimate != -got.Interval.Estimate ||
		back.Interval.Low != -got.Interval.High || back.Interval.High != -got.Interval.Low {
		t.Fatalf("%s: exchanged %+v and %+v, %v", name, got, back, err)
	}
	var sides [2]float64
	for i, alternative := range []Alternative{Greater, Less} {
		o := o
		o.Alternative = alternative
		side, err := f(x, y, o)
		if err != nil || side.Statistic != got.Statistic {
			t.Fatalf("%s, %s: %+v, %v", name, alternative, side, err)
		}
		sides[i] = side.P
	}
	if sides[0]+sides[1] < 1-1e-12 {
		t.Fatalf("%s: sides %v leave something out", name, sides)
	}
	if i := got.Interval; i.Level != 0 && (i.Low > i.Estimate || i.Estimate > i.High || i.Attained != 0 && i.Attained < i.Level-1e-12) {
		t.Fatalf("%s: %+v is no interval", name, i)
	}
}

// TestShiftIntervalInvertsTheTest: without ties a shift is inside the interval if
// and only if the test of it does not reject.
func TestShiftIntervalInvertsTheTest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.Map(rapid.IntRange(-100_000, 100_000), func(i int) float64 { return float64(i) / 8 })
		n := rapid.IntRange(1, 12).Draw(t, "n")
		x := rapid.SliceOfNDistinct(value, n, n, rapid.ID).Draw(t, "x")
		y := rapid.SliceOfNDistinct(value, n, n, rapid.ID).Draw(t, "y")
		level := rapid.Float64Range(0.5, 0.99).Draw(t, "level")
		method := rapid.SampledFrom([]string{"exact", "asymptotic"}).Draw(t, "method")
		mu := value.Draw(t, "mu") + 1.0/16
		for name, f := range map[string]func(x, y []float64, o Options) (Result, error){
			"mann_whitney": MannWhitney, "wilcoxon": WilcoxonSignedRank} {
			got, err := f(x, y, Options{Level: level, Method: method, Mu: mu})
			if err != nil || got.Interval.Level == 0 {
				continue
			}
			if name == "wilcoxon" && tiedWalsh(x, y, mu) {
				continue
			}
			inside := got.Interval.Low <= mu && mu <= got.Interval.High
			if kept := got.P > 1-level; kept != inside && !closeTo(got.P, 1-level, 1e-9) {
				t.Fatalf("%s: shift %v has p = %v, the interval is %+v", name, mu, got.P, got.Interval)
			}
		}
	})
}

func tiedWalsh(x, y []float64, mu float64) bool {
	seen := map[float64]bool{0: true}
	for i := range x {
		d := math.Abs(y[i] - x[i] - mu)
		if seen[d] {
			return true
		}
		seen[d] = true
	}
	return false
}

// TestMannWhitneyMonotone: a transform that keeps the order keeps the test.
func TestMannWhitneyMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.Map(rapid.IntRange(-30, 30), func(i int) float64 { return float64(i) / 8 })
		x := rapid.SliceOfN(value, 1, 40).Draw(t, "x")
		y := rapid.SliceOfN(value, 1, 40).Draw(t, "y")
		grow := func(x []float64) []float64 {
			out := make([]float64, len(x))
			for i, v := range x {
				out[i] = math.Exp(v) - 3
			}
			return out
		}
		got, err := MannWhitney(x, y, Options{})
		same, errSame := MannWhitney(grow(x), grow(y), Options{})
		if (err == nil) != (errSame == nil) || got.P != same.P || got.Statistic != same.Statistic {
			t.Fatalf("%+v, %v and %+v, %v", got, err, same, errSame)
		}
	})
}

// TestOrderStatisticsOfMany checks the search in matrices of millions of numbers
// by counting, with and without ties, far apart and of very unequal size.
func TestOrderStatisticsOfMany(t *testing.T) {
	few, ties := sortedFloats(drawn(30, 5, 0, 3)), sortedFloats(drawn(9000, 0, 0.25, 4))
	for i, s := range []sumMatrix{
		differencesOf(sortedFloats(drawn(6000, 0, 0, 1)), sortedFloats(drawn(7000, 3, 0, 2))),
		differencesOf(few, sortedFloats(drawn(9000, 0, 0, 5))), differencesOf(ties, few), differencesOf(ties, ties),
		sumsOf(sortedFloats(drawn(8000, 1, 0, 6))), sumsOf(ties),
	} {
		for _, share := range []float64{0, 1e-6, 0.025, 0.3, 0.5, 0.999, 1} {
			k := max(1, int(share*float64(s.size())))
			at, next := s.order(k)
			if s.count(at) < k || s.count(math.Nextafter(at, math.Inf(-1))) >= k {
				t.Errorf("%d: %v is not the number of rank %d", i, at, k)
			}
			if k++; k <= s.size() && (s.count(next) < k || s.count(math.Nextafter(next, math.Inf(-1))) >= k) {
				t.Errorf("%d: %v is not the number of rank %d", i, next, k)
			}
		}
	}
}

// TestOrderStatistics compares the search in a matrix of sums with sorting it.
func TestOrderStatistics(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		span := rapid.SampledFrom([]int{1, 5, 1000, 1_000_000}).Draw(t, "span")
		n, m := rapid.IntRange(1, 120).Draw(t, "n"), rapid.IntRange(1, 120).Draw(t, "m")
		r := Stream(rapid.Uint64().Draw(t, "seed"), 0)
		draw := func(n int) []float64 {
			out := make([]float64, n)
			for i := range out {
				out[i] = float64(r.IntN(2*span+1)-span) / 8
			}
			return sortedFloats(out)
		}
		x, y := draw(n), draw(m)
		var differences, sums []float64
		for j, v := range y {
			for _, u := range x {
				differences = append(differences, v-u)
			}
			for _, u := range y[:j+1] {
				sums = append(sums, v+u)
			}
		}
		for _, c := range []struct {
			matrix sumMatrix
			all    []float64
		}{{differencesOf(x, y), sortedFloats(differences)}, {sumsOf(y), sortedFloats(sums)}} {
			if c.matrix.size() != len(c.all) {
				t.Fatalf("size %d, want %d", c.matrix.size(), len(c.all))
			}
			k := rapid.IntRange(1, len(c.all)).Draw(t, "k")
			at, next := c.matrix.order(k)
			if want := c.all[min(k, len(c.all)-1)]; at != c.all[k-1] || next != want {
				t.Fatalf("%d of %d: %v, %v, want %v, %v", k, len(c.all), at, next, c.all[k-1], want)
			}
		}
	})
}

func TestRankRefusals(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	many := make([]float64, 1100)
	for i := range many {
		many[i] = float64(i + 1)
	}
	for _, c := range []struct {
		name string
		x, y []float64
		o    Options
		want Reason
	}{
		{"none", nil, nil, Options{}, TooFew},
		{"equal", []float64{1, 1}, []float64{1, 1}, Options{}, Constant},
		{"not a number", []float64{1, 2}, []float64{nan, 2}, Options{}, NotFinite},
		{"infinite", []float64{-inf, 2}, []float64{inf, 2}, Options{}, NotFinite},
		{"huge", []float64{-1e308, 2}, []float64{1e308, 2}, Options{}, NotFinite},
		{"huge shift", []float64{-1e308, 2}, []float64{1, 2}, Options{Mu: -1e308}, NotFinite},
		{"method", []float64{1, 2}, []float64{2, 2}, Options{Method: "guess"}, BadOption},
	} {
		for name, f := range rankTests {
			if name == "sign" && c.name == "huge shift" {
				continue // signs are compared, not computed with
			}
			_, err := f(c.x, c.y, c.o)
			var r *Refusal
			if !errors.As(err, &r) || r.Reason != c.want || r.Error() == "" {
				t.Errorf("%s: %s: %v", name, c.name, err)
			}
		}
	}
	var r *Refusal
	if _, err := WilcoxonOneSample(many, Options{Method: "exact"}); !errors.As(err, &r) || r.Reason != TooLarge {
		t.Error(err)
	}
	if _, err := MannWhitney(many, many, Options{Method: "exact"}); !errors.As(err, &r) || r.Reason != TooLarge {
		t.Error(err)
	}
	if _, err := SignTest(many, many[:3], Options{}); !errors.As(err, &r) || r.Reason != Unpaired {
		t.Error(err)
	}
}
