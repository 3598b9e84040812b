package stat

import "testing"

func BenchmarkBootstrapPaired(b *testing.B) {
	x, y := latencies(10_000, 0.9)
	for b.Loop() {
		if _, err := BootstrapPaired(x, y, Resample{}, Options{Seed: 1}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBootstrapClustered(b *testing.B) {
	x, y := latencies(10_000, 0.9)
	clusters := make([]int, len(x))
	for i := range clusters {
		clusters[i] = i * i % 997
	}
	for b.Loop() {
		if _, err := BootstrapPaired(x, y, Resample{Clusters: clusters}, Options{Seed: 1}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBootstrapClusteredUnequal(b *testing.B) {
	x, y := latencies(20_000, 0.9)
	clusters := make([]int, len(x))
	for i := range clusters {
		clusters[i] = i % 10000
		if i == 19999 {
			clusters[i] = 3
		}
	}
	for b.Loop() {
		if _, err := BootstrapPaired(x, y, Resample{Clusters: clusters}, Options{Seed: 1}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBootstrapMedian(b *testing.B) {
	x, _ := latencies(10_000, 0.9)
	for b.Loop() {
		if _, err := Bootstrap(x, Resample{Statistic: Statistic{Name: "median"}}, Options{Seed: 1}); err != nil {
			b.Fatal(err)
		}
	}
}
