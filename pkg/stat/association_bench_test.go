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

// 0.25 ms; in the same minutes scipy 1.17 took 0.22 to 0.33 ms, R 4.2 0.33 ms.
func BenchmarkShapiroWilk5000(b *testing.B) { benchmarkSample(b, 5000, ShapiroWilk) }

// 0.6 ms; nortest 0.67 ms.
func BenchmarkLilliefors5000(b *testing.B) { benchmarkSample(b, 5000, Lilliefors) }

// 0.09 ms; scipy 0.5 to 0.7 ms.
func BenchmarkDAgostinoK2Of5000(b *testing.B) { benchmarkSample(b, 5000, DAgostinoK2) }

// 0.55 ms; scipy 0.6 to 0.9 ms (statistic by table), nortest 1 ms.
func BenchmarkAndersonDarling5000(b *testing.B) {
	benchmarkSample(b, 5000, func(x []float64, o Options) (Result, error) { return AndersonDarling(x, Null{}, o) })
}

// 0.5 ms of the processor for 12 digits; R 0.7 to 4.8 ms, more for a greater distance,
// for those of 1 − p; scipy 0.67 ms by an expansion that has 7.
func BenchmarkKSOneSample1000(b *testing.B) {
	benchmarkSample(b, 1000, func(x []float64, o Options) (Result, error) {
		o.Method = "exact"
		return KSOneSample(x, Null{}, o)
	})
}

// 0.4 ms; scipy 0.5 ms, R 178 ms or more.
func BenchmarkKSTwoSample1000(b *testing.B) {
	benchmarkPairs(b, 1000, KSTwoSample, Options{Method: "exact"})
}

// 8 ms; scipy 76 to 112 ms, R 16 to 34 ms.
func BenchmarkKSTwoSample100000(b *testing.B) {
	benchmarkPairs(b, 100_000, KSTwoSample, Options{Method: "asymptotic"})
}

// 3 ms with compensated sums; scipy 2 to 11 ms, R 2 to 3 ms.
func BenchmarkPearson100000(b *testing.B) { benchmarkPairs(b, 100_000, Pearson, Options{}) }

// 12 ms; scipy 28 to 64 ms, R 41 to 50 ms.
func BenchmarkSpearman100000(b *testing.B) { benchmarkPairs(b, 100_000, Spearman, Options{}) }

// 14 to 20 ms; scipy 21 to 33 ms; R, in n² steps, two minutes.
func BenchmarkKendall100000(b *testing.B) { benchmarkPairs(b, 100_000, Kendall, Options{}) }

// 0.5 to 2 ms; R 3.7 to 6.3 ms.
func BenchmarkSpearmanExact9(b *testing.B) {
	benchmarkPairs(b, 9, Spearman, Options{Method: "exact"})
}
func BenchmarkSpearmanExact12(b *testing.B) {
	benchmarkPairs(b, 12, Spearman, Options{Method: "exact"})
}

// 0.7 to 1.5 ms; scipy 1.4 ms, R 36 to 73 ms.
func BenchmarkKendallExact100(b *testing.B) {
	benchmarkPairs(b, 100, Kendall, Options{Method: "exact"})
}

// 0.1 ms; scipy 0.36 ms, car 2.3 ms.
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
