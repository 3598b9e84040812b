package stat

import "testing"

// drawn returns n normal values about a mean, rounded where grid is not 0.
func drawn(n int, mean, grid float64, seed uint64) []float64 {
	r := Stream(seed, 0)
	out := make([]float64, n)
	for i := range out {
		out[i] = mean + r.NormFloat64()
		if grid > 0 {
			out[i] = float64(int(out[i]/grid)) * grid
		}
	}
	return out
}

func benchmarkPair(b *testing.B, f func(x, y []float64, o Options) (Result, error), n int, grid float64, method string) {
	x, y := drawn(n, 0, grid, 1), drawn(n, 0.1, grid, 2)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f(x, y, Options{Method: method}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMannWhitney100k(b *testing.B) { benchmarkPair(b, MannWhitney, 100_000, 0, "") }

func BenchmarkMannWhitney100kTies(b *testing.B) { benchmarkPair(b, MannWhitney, 100_000, 0.5, "") }

func BenchmarkMannWhitneyExact50Ties(b *testing.B) {
	benchmarkPair(b, MannWhitney, 50, 0.25, "exact")
}

func BenchmarkMannWhitneyExact100Ties(b *testing.B) {
	benchmarkPair(b, MannWhitney, 100, 0.25, "exact")
}

func BenchmarkMannWhitneyExact50(b *testing.B) { benchmarkPair(b, MannWhitney, 50, 0, "exact") }

func BenchmarkSignedRankExact200(b *testing.B) {
	benchmarkPair(b, WilcoxonSignedRank, 200, 0, "exact")
}

func BenchmarkSignedRank10k(b *testing.B) { benchmarkPair(b, WilcoxonSignedRank, 10_000, 0, "") }

func BenchmarkSignedRank100k(b *testing.B) { benchmarkPair(b, WilcoxonSignedRank, 100_000, 0, "") }

func BenchmarkSign10k(b *testing.B) { benchmarkPair(b, SignTest, 10_000, 0, "") }

func BenchmarkWelchT10k(b *testing.B) { benchmarkPair(b, WelchT, 10_000, 0, "") }

func BenchmarkPairedT10k(b *testing.B) { benchmarkPair(b, PairedT, 10_000, 0, "") }

func BenchmarkMannWhitneyExactLargest(b *testing.B) {
	benchmarkPair(b, MannWhitney, 200, 0.25, "exact")
}

func BenchmarkSignedRankExactLargest(b *testing.B) {
	benchmarkPair(b, WilcoxonSignedRank, 1000, 0.001, "exact")
}

func BenchmarkPermutation1k(b *testing.B) {
	benchmarkPair(b, func(x, y []float64, o Options) (Result, error) { return Permutation(x, y, "mean", o) }, 1000, 0, "monte_carlo")
}

func BenchmarkPermutationExact(b *testing.B) {
	benchmarkPair(b, func(x, y []float64, o Options) (Result, error) { return Permutation(x, y, "mean", o) }, 10, 0, "exact")
}

func BenchmarkPermutationPaired10k(b *testing.B) {
	benchmarkPair(b, func(x, y []float64, o Options) (Result, error) { return PermutationPaired(x, y, "mean", o) }, 10_000, 0, "monte_carlo")
}
