package stat

import "testing"

// The figures of peers beside the benchmarks are the best of several, of scipy
// 1.17.1 and R 4.2.2 on the machine that gave ours, 2 busy cores, in one run. Ours
// always include interval and effect, which theirs lack unless it says otherwise:
// R's interval of Mann-Whitney needs all differences at once, and takes 0.5 s for
// 2 × 2,000 values.

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

// BenchmarkMannWhitney100k: 25 ms; scipy 67 ms, R 630 ms.
func BenchmarkMannWhitney100k(b *testing.B) { benchmarkPair(b, MannWhitney, 100_000, 0, "") }

func BenchmarkMannWhitney100kTies(b *testing.B) { benchmarkPair(b, MannWhitney, 100_000, 0.5, "") }

// BenchmarkMannWhitneyExact50Ties: 2.3 ms; coin 29 ms, exactRankTests 650 ms and with
// its interval 2,400 ms; scipy has only 9,999 random permutations, 290 ms.
func BenchmarkMannWhitneyExact50Ties(b *testing.B) {
	benchmarkPair(b, MannWhitney, 50, 0.25, "exact")
}

func BenchmarkMannWhitneyExact100Ties(b *testing.B) {
	benchmarkPair(b, MannWhitney, 100, 0.25, "exact")
}

// BenchmarkMannWhitneyExact50: 0.27 ms; scipy 0.44 ms, R with interval 0.6 ms.
func BenchmarkMannWhitneyExact50(b *testing.B) { benchmarkPair(b, MannWhitney, 50, 0, "exact") }

// BenchmarkSignedRankExact200: 2.1 ms; scipy 2.6 ms, R with interval 8.7 ms.
func BenchmarkSignedRankExact200(b *testing.B) {
	benchmarkPair(b, WilcoxonSignedRank, 200, 0, "exact")
}

// BenchmarkSignedRank10k: 2.5 ms, of which 2 for the interval; R with interval takes
// 290 ms for 2,000.
func BenchmarkSignedRank10k(b *testing.B) { benchmarkPair(b, WilcoxonSignedRank, 10_000, 0, "") }

// BenchmarkSignedRankAlone10k is the statistic and p-value alone, what scipy computes:
// 0.5 ms of the processor; scipy 1.8 ms, R 15.8 ms.
func BenchmarkSignedRankAlone10k(b *testing.B) {
	benchmarkPair(b, func(x, y []float64, o Options) (Result, error) {
		d, err := differences("wilcoxon_signed_rank", x, y)
		return Result{}.withP(signedRanks(sortedFloats(d), 0, false, false).normalLogP(Options{Alternative: TwoSided})), err
	}, 10_000, 0, "")
}

// BenchmarkSignedRank100k: 22 ms; scipy 34 ms, R 240 ms.
func BenchmarkSignedRank100k(b *testing.B) { benchmarkPair(b, WilcoxonSignedRank, 100_000, 0, "") }

// BenchmarkSign10k: 0.42 ms; scipy 0.58 ms, R 0.85 ms.
func BenchmarkSign10k(b *testing.B) { benchmarkPair(b, SignTest, 10_000, 0, "") }

// BenchmarkWelchT10k: 0.20 ms of the processor; with interval of the difference alone
// scipy 0.65 ms, R 0.41 ms.
func BenchmarkWelchT10k(b *testing.B) { benchmarkPair(b, WelchT, 10_000, 0, "") }

// BenchmarkPairedT10k: 0.17 ms, likewise; scipy 0.44 ms, R 0.29 ms.
func BenchmarkPairedT10k(b *testing.B) { benchmarkPair(b, PairedT, 10_000, 0, "") }

// BenchmarkWelchAlone10k is WelchT without the effect, what scipy and R compute.
func BenchmarkWelchAlone10k(b *testing.B) {
	benchmarkPair(b, func(x, y []float64, _ Options) (Result, error) {
		return twoSampleT("welch_t", x, y, Options{Alternative: TwoSided, Level: 0.95}, welchError)
	}, 10_000, 0, "")
}

func BenchmarkMannWhitneyExactLargest(b *testing.B) {
	benchmarkPair(b, MannWhitney, 200, 0.25, "exact")
}

func BenchmarkSignedRankExactLargest(b *testing.B) {
	benchmarkPair(b, WilcoxonSignedRank, 1000, 0.001, "exact")
}

// BenchmarkPermutation1k: 9,999 arrangements of 2 × 1,000 in 74 ms; coin 290 ms,
// scipy 1,300 ms.
func BenchmarkPermutation1k(b *testing.B) {
	benchmarkPair(b, func(x, y []float64, o Options) (Result, error) { return Permutation(x, y, "mean", o) }, 1000, 0, "monte_carlo")
}

// BenchmarkPermutationExact: all 184,756 arrangements of 10 and 10 in 15 ms; scipy
// 1,900 ms.
func BenchmarkPermutationExact(b *testing.B) {
	benchmarkPair(b, func(x, y []float64, o Options) (Result, error) { return Permutation(x, y, "mean", o) }, 10, 0, "exact")
}

// BenchmarkPermutationPaired10k: 9,999 draws of 10,000 signs in 270 ms; scipy 12 s.
func BenchmarkPermutationPaired10k(b *testing.B) {
	benchmarkPair(b, func(x, y []float64, o Options) (Result, error) { return PermutationPaired(x, y, "mean", o) }, 10_000, 0, "monte_carlo")
}
