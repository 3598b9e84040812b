package stat

import (
	"math/rand/v2"
	"testing"
)

// normals draws n standard normal values with slope times those of x added.
func normals(n int, seed uint64, slope float64, x []float64) []float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]float64, n)
	for i := range out {
		out[i] = r.NormFloat64()
		if x != nil {
			out[i] += slope * x[i]
		}
	}
	return out
}

func benchmarkPairs(b *testing.B, n int, f func(x, y []float64, o Options) (Result, error), o Options) {
	x := normals(n, 1, 0, nil)
	y := normals(n, 2, 0.3, x)
	for b.Loop() {
		if _, err := f(x, y, o); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkSample(b *testing.B, n int, f func(x []float64, o Options) (Result, error)) {
	x := normals(n, 1, 0, nil)
	for b.Loop() {
		if _, err := f(x, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkShapiroWilk5000(b *testing.B)   { benchmarkSample(b, 5000, ShapiroWilk) }
func BenchmarkLilliefors5000(b *testing.B)    { benchmarkSample(b, 5000, Lilliefors) }
func BenchmarkDAgostinoK2Of5000(b *testing.B) { benchmarkSample(b, 5000, DAgostinoK2) }
func BenchmarkAndersonDarling5000(b *testing.B) {
	benchmarkSample(b, 5000, func(x []float64, o Options) (Result, error) { return AndersonDarling(x, Null{}, o) })
}

func BenchmarkKSOneSample1000(b *testing.B) {
	benchmarkSample(b, 1000, func(x []float64, o Options) (Result, error) {
		o.Method = "exact"
		return KSOneSample(x, Null{}, o)
	})
}

func BenchmarkKSTwoSample1000(b *testing.B) {
	benchmarkPairs(b, 1000, KSTwoSample, Options{Method: "exact"})
}

func BenchmarkKSTwoSample100000(b *testing.B) {
	benchmarkPairs(b, 100_000, KSTwoSample, Options{Method: "asymptotic"})
}

func BenchmarkPearson100000(b *testing.B)  { benchmarkPairs(b, 100_000, Pearson, Options{}) }
func BenchmarkSpearman100000(b *testing.B) { benchmarkPairs(b, 100_000, Spearman, Options{}) }
func BenchmarkKendall100000(b *testing.B)  { benchmarkPairs(b, 100_000, Kendall, Options{}) }
func BenchmarkSpearmanExact9(b *testing.B) {
	benchmarkPairs(b, 9, Spearman, Options{Method: "exact"})
}
func BenchmarkSpearmanExact12(b *testing.B) {
	benchmarkPairs(b, 12, Spearman, Options{Method: "exact"})
}
func BenchmarkKendallExact100(b *testing.B) {
	benchmarkPairs(b, 100, Kendall, Options{Method: "exact"})
}

func BenchmarkLevene3x1000(b *testing.B) {
	g := [][]float64{normals(1000, 1, 0, nil), normals(1000, 2, 0, nil), normals(1000, 3, 0, nil)}
	for b.Loop() {
		if _, err := BrownForsythe(g, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkKrippendorff(b *testing.B) {
	units := make([][]float64, 200)
	for i := range units {
		units[i] = make([]float64, 5)
		for j := range units[i] {
			units[i][j] = float64((i*j + i) % 5)
		}
	}
	for b.Loop() {
		if _, err := KrippendorffAlpha(units, "ordinal", Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
