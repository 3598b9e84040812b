package stat

import "testing"

func BenchmarkSpearmanExact12(b *testing.B) {
	x, y := make([]float64, 12), make([]float64, 12)
	for i := range x {
		x[i], y[i] = float64(i), float64(i*5%12)
	}
	for b.Loop() {
		if _, err := Spearman(x, y, Options{Method: "exact"}); err != nil {
			b.Fatal(err)
		}
	}
}
