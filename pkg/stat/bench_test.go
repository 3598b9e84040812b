package stat

import "testing"

func BenchmarkWilson(b *testing.B) {
	for b.Loop() {
		Wilson(742, 1319, 0.95)
	}
}

func BenchmarkMcNemarExact(b *testing.B) {
	for b.Loop() {
		McNemarExact(115, 342)
	}
}

func BenchmarkMcNemarExactMillion(b *testing.B) {
	for b.Loop() {
		McNemarExact(499_000, 501_000)
	}
}

func BenchmarkRiskDifferencePaired(b *testing.B) {
	for b.Loop() {
		RiskDifferencePaired(400, 342, 115, 462, 0.95)
	}
}

func BenchmarkMeanInterval(b *testing.B) {
	x, _ := latencies(10_000, 1)
	for b.Loop() {
		if _, err := MeanInterval(x, 0.95); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkQuantileInterval(b *testing.B) {
	x, _ := latencies(10_000, 1)
	for b.Loop() {
		if _, err := QuantileInterval(x, 0.99, 0.95); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPairedQuantileDifference(b *testing.B) {
	x, y := latencies(1319, 0.9)
	for b.Loop() {
		if _, err := PairedQuantileDifference(x, y, 0.99, Options{Seed: 1}); err != nil {
			b.Fatal(err)
		}
	}
}
