package stat

import "testing"

// normalGroups draws k groups of n.
func normalGroups(k, n int) [][]float64 {
	rng := Stream(1, 0)
	out := make([][]float64, k)
	for i := range out {
		out[i] = make([]float64, n)
		for j := range out[i] {
			out[i][j] = 100 + 15*rng.NormFloat64()
		}
	}
	return out
}

// Ten groups of 100,000: 10 ms; f_oneway of scipy 1.17 takes 62 ms, oneway.test of R
// 4.2 509 ms and its aov 1,204 ms, in one run on the same two busy cores.
func BenchmarkAnova(b *testing.B) {
	g := normalGroups(10, 100_000)
	for b.Loop() {
		if _, err := Anova(g, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// 9 ms; f_oneway(equal_var=False) of scipy 27 ms, oneway.test of R 420 ms.
func BenchmarkWelchAnova(b *testing.B) {
	g := normalGroups(10, 100_000)
	for b.Loop() {
		if _, err := WelchAnova(g, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// Three groups of 100,000: 35 ms; kruskal of scipy 153 ms, kruskal.test of R 3,037 ms.
func BenchmarkKruskalWallis(b *testing.B) {
	g := normalGroups(3, 100_000)
	for b.Loop() {
		if _, err := KruskalWallis(g, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// Three groups of eight, all 9,465,511,770 assignments: 0.15 s. Neither peer has it.
func BenchmarkKruskalWallisExact(b *testing.B) {
	g := [][]float64{{1, 4, 6, 8, 11, 14, 17, 20}, {2, 5, 9, 12, 15, 18, 21, 24}, {3, 7, 10, 13, 16, 19, 22, 23}}
	for b.Loop() {
		if _, err := KruskalWallis(g, Options{Method: "exact"}); err != nil {
			b.Fatal(err)
		}
	}
}

// Four groups of 250, 9,999 assignments: 73 ms; oneway_test of R's coin 299 ms.
func BenchmarkPermutationAnova(b *testing.B) {
	g := normalGroups(4, 250)
	for b.Loop() {
		if _, err := PermutationAnova(g, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// Ten blocks of four treatments, all 24^10 orders.
func BenchmarkFriedmanExact(b *testing.B) {
	rows := make([][]float64, 10)
	for i := range rows {
		rows[i] = []float64{float64(i * 7 % 5), float64(i*3%4) + 0.5, float64(i % 3), float64(i*5%7) + 0.25}
	}
	for b.Loop() {
		if _, err := Friedman(rows, Options{Method: "exact"}); err != nil {
			b.Fatal(err)
		}
	}
}

// 10,000 subjects under six conditions: 4 ms; lm, anova and mauchly.test of R 14 ms.
func BenchmarkRMAnova(b *testing.B) {
	rows := normalGroups(10_000, 6)
	for b.Loop() {
		if _, err := RMAnova(rows, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// 100,000 values in four by three cells: 5 ms; car's Anova(type = 2) of R's lm 236 ms.
func BenchmarkAnovaTwoWay(b *testing.B) {
	y := normalGroups(1, 100_000)[0]
	f, g := make([]string, len(y)), make([]string, len(y))
	for i := range y {
		f[i], g[i] = string(rune('a'+i%4)), string(rune('a'+i*i%5%3))
	}
	for b.Loop() {
		if _, err := AnovaTwoWay(y, f, g, TwoWay{}, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
