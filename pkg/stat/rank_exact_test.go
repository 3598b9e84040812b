package stat

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// permutations calls f with every order of x; what it gets it may not keep.
func permutations(x []float64, f func([]float64)) {
	var swap func(at int)
	swap = func(at int) {
		if at == len(x) {
			f(x)
			return
		}
		for i := at; i < len(x); i++ {
			x[at], x[i] = x[i], x[at]
			swap(at + 1)
			x[at], x[i] = x[i], x[at]
		}
	}
	swap(0)
}

// bruteGroups is the share of all N! orders in which Σ sum²/n of the groups is at
// least that observed.
func bruteGroups(values []float64, sizes []int) float64 {
	statistic := func(x []float64) float64 {
		t, at := 0.0, 0 // 60 times the sum: multiples of a sixteenth, exact
		for _, n := range sizes {
			s := 0.0
			for range n {
				s += x[at]
				at++
			}
			t += s * s * float64(60/n)
		}
		return t
	}
	observed := statistic(values)
	least, all := 0, 0
	permutations(values, func(x []float64) {
		all++
		if statistic(x) >= observed {
			least++
		}
	})
	return float64(least) / float64(all)
}

// smallLayout draws up to seven values in two to four groups.
func smallLayout(t *rapid.T) [][]float64 {
	k := rapid.IntRange(2, 4).Draw(t, "k")
	sizes := make([]int, k)
	for i := range sizes {
		sizes[i] = 1
	}
	for range rapid.IntRange(1, 7-k).Draw(t, "more") {
		sizes[rapid.IntRange(0, k-1).Draw(t, "group")]++
	}
	out := make([][]float64, k)
	for i, n := range sizes {
		for _, v := range rapid.SliceOfN(rapid.IntRange(0, 5), n, n).Draw(t, "values") {
			out[i] = append(out[i], float64(v)/4)
		}
	}
	return out
}

func TestKruskalWallisExactIsBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := smallLayout(t)
		r, err := KruskalWallis(g, Options{Method: "exact"})
		if err != nil {
			return // all values are equal
		}
		var values []float64
		var sizes []int
		for _, v := range g {
			values, sizes = append(values, v...), append(sizes, len(v))
		}
		ranks, _ := midranks(values)
		if want := bruteGroups(ranks, sizes); math.Abs(r.P-want) > 1e-14 {
			t.Fatalf("p = %v, counted %v", r.P, want)
		}
	})
}

func TestPermutationAnovaExactIsBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := smallLayout(t)
		r, err := PermutationAnova(g, Options{Method: "exact"})
		if err != nil {
			return // nothing varies within groups
		}
		var values []float64
		var sizes []int
		for _, v := range g {
			values, sizes = append(values, v...), append(sizes, len(v))
		}
		if want := bruteGroups(values, sizes); math.Abs(r.P-want) > 1e-14 {
			t.Fatalf("p = %v, counted %v", r.P, want)
		}
	})
}

// bruteBlocks is the share of all orders within blocks for which at says so of the
// sums of the ranks; it is told twice the ranks.
func bruteBlocks(rows [][]float64, at func(sums, observed []float64) bool) float64 {
	k := len(rows[0])
	ranks := make([][]float64, len(rows))
	observed := make([]float64, k)
	for i, row := range rows {
		ranks[i], _ = midranks(row)
		for j, v := range ranks[i] {
			observed[j] += v
		}
	}
	least, all := 0, 0
	var block func(i int, sums []float64)
	block = func(i int, sums []float64) {
		if i == len(rows) {
			all++
			if at(sums, observed) {
				least++
			}
			return
		}
		permutations(append([]float64(nil), ranks[i]...), func(x []float64) {
			next := make([]float64, k)
			for j, v := range x {
				next[j] = sums[j] + v
			}
			block(i+1, next)
		})
	}
	block(0, make([]float64, k))
	return float64(least) / float64(all)
}

// smallBlocks draws blocks with few distinct values.
func smallBlocks(t *rapid.T, leastTreatments int) [][]float64 {
	k := rapid.IntRange(leastTreatments, 4).Draw(t, "k")
	rows := make([][]float64, rapid.IntRange(2, map[int]int{2: 7, 3: 5, 4: 3}[k]).Draw(t, "n"))
	for i := range rows {
		for _, v := range rapid.SliceOfN(rapid.IntRange(0, 4), k, k).Draw(t, "row") {
			rows[i] = append(rows[i], float64(v))
		}
	}
	return rows
}

func TestFriedmanExactIsBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := smallBlocks(t, 2)
		r, err := Friedman(rows, Options{Method: "exact"})
		if err != nil {
			return
		}
		net := func(sums []float64) float64 {
			centre, total := float64(len(rows)*(len(rows[0])+1))/2, 0.0
			for _, s := range sums {
				total += (s - centre) * (s - centre) // of quarters: exact
			}
			return total
		}
		want := bruteBlocks(rows, func(sums, observed []float64) bool { return net(sums) >= net(observed) })
		if math.Abs(r.P-want) > 1e-14 {
			t.Fatalf("p = %v, counted %v", r.P, want)
		}
	})
}

func TestPageExactIsBruteForce(t *testing.T) {
	trend := func(sums []float64) float64 {
		total := 0.0
		for j, s := range sums {
			total += float64(j+1) * s
		}
		return total
	}
	rapid.Check(t, func(t *rapid.T) {
		rows := smallBlocks(t, 3)
		greater, err := PageTrend(rows, Options{Method: "exact"})
		if err != nil {
			return
		}
		less, err := PageTrend(rows, Options{Method: "exact", Alternative: Less})
		if err != nil {
			t.Fatal(err)
		}
		both, err := PageTrend(rows, Options{Method: "exact", Alternative: TwoSided})
		if err != nil {
			t.Fatal(err)
		}
		up := bruteBlocks(rows, func(sums, observed []float64) bool { return trend(sums) >= trend(observed) })
		down := bruteBlocks(rows, func(sums, observed []float64) bool { return trend(sums) <= trend(observed) })
		if math.Abs(greater.P-up) > 1e-13 || math.Abs(less.P-down) > 1e-13 || math.Abs(both.P-math.Min(1, 2*math.Min(up, down))) > 1e-13 {
			t.Fatalf("p = %v, %v, %v, counted %v, %v", greater.P, less.P, both.P, up, down)
		}
	})
}

func TestMonteCarloNearsTheExact(t *testing.T) {
	g := [][]float64{{1, 2, 2, 5}, {3, 2, 5, 7}, {5, 6, 6, 9, 8}}
	for name, f := range map[string]func([][]float64, Options) (Result, error){"kruskal_wallis": KruskalWallis, "permutation_anova": PermutationAnova} {
		exact, err := f(g, Options{Method: "exact"})
		if err != nil {
			t.Fatal(err)
		}
		o := Options{Method: "monte_carlo", Replicates: 40_000, Seed: 5}
		random, err := f(g, o)
		if err != nil {
			t.Fatal(err)
		}
		if band := 4 * math.Sqrt(exact.P*(1-exact.P)/40_000); math.Abs(random.P-exact.P) > band {
			t.Errorf("%s: p = %v, exactly %v ± %v", name, random.P, exact.P, band)
		}
		again, err := f(g, o)
		if err != nil || again.P != random.P {
			t.Errorf("%s: the same seed gave %v and then %v (%v)", name, random.P, again.P, err)
		}
	}
}

func TestRadixSortIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1024, 1500).Draw(t, "n")
		rng := Stream(rapid.Uint64().Draw(t, "seed"), 0)
		coarse := rapid.Bool().Draw(t, "coarse")
		x := make([]keyed[int], n)
		for i := range x {
			v := rng.NormFloat64() * 1e3
			if coarse {
				v = math.Round(v / 300)
			}
			x[i] = keyed[int]{orderKey(v), i}
		}
		x = sortKeyed(x)
		for i := 1; i < n; i++ {
			if a, b := x[i-1], x[i]; a.key > b.key || a.key == b.key && a.with > b.with {
				t.Fatalf("%v before %v", a, b)
			}
		}
	})
	if !(orderKey(-1) < orderKey(math.Copysign(0, -1)) && orderKey(math.Copysign(0, -1)) == orderKey(0) && orderKey(0) < orderKey(5e-324)) {
		t.Error("the order of keys is not that of numbers")
	}
}
