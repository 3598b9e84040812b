package analysis

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/crucible-go/crucible/pkg/stat"
)

// The exact distribution agrees with all 2ⁿ assignments of signs.
func TestSignFlipIsEveryAssignment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		diffs := rapid.SliceOfN(rapid.IntRange(-4, 4), 1, 10).Draw(t, "diffs")
		sum, got, exact := signFlip(diffs)
		var n, two, greater, less float64
		for mask := range 1 << len(diffs) {
			s := 0
			for i, d := range diffs {
				if mask>>i&1 == 1 {
					d = -d
				}
				s += d
			}
			n++
			greater += indicator(s >= sum)
			less += indicator(s <= sum)
			two += indicator(max(s, -s) >= max(sum, -sum))
		}
		for _, p := range [][2]float64{{got.two, two / n}, {got.greater, greater / n}, {got.less, less / n}} {
			if !exact || math.Abs(p[0]-p[1]) > 1e-12 {
				t.Fatalf("%v: got %v, want %v, %v, %v", diffs, got, two/n, greater/n, less/n)
			}
		}
	})
}

// With one pair per cluster the sign-flip test is McNemar's.
func TestSignFlipIsMcNemar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, c := rapid.IntRange(0, 300).Draw(t, "b"), rapid.IntRange(0, 300).Draw(t, "c")
		diffs := append(slices.Repeat([]int{1}, b), slices.Repeat([]int{-1}, c)...)
		_, got, _ := signFlip(append(diffs, 0, 0))
		if want := stat.McNemarExact(b, c).P; math.Abs(got.two-want) > 1e-9*want {
			t.Fatalf("%d, %d: got %v, want %v", b, c, got.two, want)
		}
	})
}

func TestSignFlipIsNormalForMany(t *testing.T) {
	diffs := make([]int, 60000)
	for i := range diffs {
		diffs[i] = 1 - 2*(i%2)
		if i%40 == 0 {
			diffs[i] = 1
		}
	}
	_, exactP, _ := signFlip(diffs[:5000])
	if _, _, exact := signFlip(append(slices.Repeat([]int{2}, 60000), diffs...)); exact {
		t.Error("the work was not bounded")
	}
	var sum float64
	for _, d := range diffs[:5000] {
		sum += float64(d)
	}
	if approx := math.Erfc(sum / math.Sqrt(5000) / math.Sqrt2); math.Abs(approx-exactP.two) > 0.05*exactP.two {
		t.Errorf("exact %v, normal %v", exactP.two, approx)
	}
}

// A replicate's quantile by walking counts is that of the sample written out.
func TestQuantileOfAReplicate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "n")
		p := paired{clusters: rapid.IntRange(1, n).Draw(t, "clusters")}
		for i := range n {
			g := int32(i)
			if i >= p.clusters {
				g = int32(rapid.IntRange(0, p.clusters-1).Draw(t, "cluster"))
			}
			p.cluster = append(p.cluster, g)
			p.treatment = append(p.treatment, float64(rapid.IntRange(0, 9).Draw(t, "value")))
		}
		sizes, weight := make([]int, p.clusters), make([]int32, p.clusters)
		for _, g := range p.cluster {
			sizes[g]++
		}
		drawn := draw(rand.New(rand.NewPCG(uint64(n), 1)), weight, sizes)
		var written []float64
		for i, g := range p.cluster {
			written = append(written, slices.Repeat([]float64{p.treatment[i]}, int(weight[g]))...)
		}
		if len(written) != drawn {
			t.Fatalf("%d observations, %d counted", len(written), drawn)
		}
		q := rapid.Float64Range(0, 1).Draw(t, "q")
		want, err := stat.Quantile(written, q)
		if err != nil {
			t.Fatal(err)
		}
		a := sortArm(p.treatment, p.cluster)
		if got := a.quantile(q, weight, drawn); math.Abs(got-want) > 1e-9 {
			t.Fatalf("q %v of %v: got %v, want %v", q, written, got, want)
		}
	})
}

// With one observation per cluster everything is the ordinary mean.
func TestClusterMeanIsTheOrdinaryMean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.Float64Range(-1e3, 1e3), 2, 50).Draw(t, "x")
		cluster := make([]int32, len(x))
		for i := range cluster {
			cluster[i] = int32(i)
		}
		m := meanBy(x, cluster, len(x), 1)
		want, err := stat.MeanInterval(x, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		low, high := m.interval(0.95)
		if tol := 1e-9 * (1 + math.Abs(want.High) + math.Abs(want.Low)); math.Abs(low-want.Low) > tol || math.Abs(high-want.High) > tol {
			t.Fatalf("got [%v, %v], want [%v, %v]", low, high, want.Low, want.High)
		}
	})
}

// Under heavy clustering the interval for a share covers, where the pooled one
// would not.
func TestClusteredShareCovers(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const items, repeat, rounds = 60, 10, 400
	cluster := make([]int32, items)
	for i := range cluster {
		cluster[i] = int32(i)
	}
	covered, pooled := 0, 0
	for range rounds {
		values := make([]float64, 0, items*repeat)
		k := 0.0
		for range items {
			p := []float64{0.1, 0.95}[rng.IntN(2)] // mean 0.525
			for range repeat {
				v := indicator(rng.Float64() < p)
				k += v
				values = append(values, v)
			}
		}
		m := meanBy(values, cluster, items, repeat)
		if low, high := wilson(m.mean, m.effectiveN(0.95), 0.95); low <= 0.525 && 0.525 <= high {
			covered++
		}
		if w := stat.Wilson(int(k), items*repeat, 0.95); w.Low <= 0.525 && 0.525 <= w.High {
			pooled++
		}
	}
	if covered < rounds*92/100 || pooled > rounds*70/100 {
		t.Errorf("of %d: clustered covers %d, pooled %d", rounds, covered, pooled)
	}
}
