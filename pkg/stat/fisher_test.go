package stat

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// smallTable draws a table of small counts without empty rows and columns.
func smallTable(t *rapid.T, rows, columns, most int) [][]float64 {
	table := make([][]float64, rows)
	sums := make([]float64, columns)
	for i := range table {
		table[i] = make([]float64, columns)
		row := 0.0
		for j := range table[i] {
			table[i][j] = float64(rapid.IntRange(0, most).Draw(t, "count"))
			row += table[i][j]
		}
		if row == 0 {
			table[i][0]++
		}
		for j := range table[i] {
			sums[j] += table[i][j]
		}
	}
	for j, v := range sums {
		if v == 0 {
			table[0][j]++
		}
	}
	return table
}

// listTables calls visit with every table of the margins, column by column.
func listTables(rows, columns []int, cells []int, visit func(cells []int)) {
	if len(columns) == 1 {
		visit(append(cells, rows...))
		return
	}
	share := make([]int, len(rows))
	var deal func(i, left int)
	deal = func(i, left int) {
		if i == len(rows) {
			if left == 0 {
				rest := make([]int, len(rows))
				for r := range rows {
					rest[r] = rows[r] - share[r]
				}
				listTables(rest, columns[1:], append(append([]int{}, cells...), share...), visit)
			}
			return
		}
		for share[i] = 0; share[i] <= min(rows[i], left); share[i]++ {
			deal(i+1, left-share[i])
		}
	}
	deal(0, columns[0])
}

// bruteFisher returns Fisher's p-value as a fraction, from a list of all tables.
func bruteFisher(table [][]float64) *big.Rat {
	rows, columns := make([]int, len(table)), make([]int, len(table[0]))
	var observed []int
	for j := range columns {
		for i := range rows {
			v := int(table[i][j])
			rows[i], columns[j] = rows[i]+v, columns[j]+v
			observed = append(observed, v)
		}
	}
	weight := func(cells []int) *big.Rat {
		product := big.NewInt(1)
		for _, v := range cells {
			product.Mul(product, new(big.Int).MulRange(1, int64(v)))
		}
		return new(big.Rat).SetFrac(big.NewInt(1), product)
	}
	limit := new(big.Rat).Mul(weight(observed), big.NewRat(10000001, 10000000))
	part, whole := new(big.Rat), new(big.Rat)
	listTables(rows, columns, nil, func(cells []int) {
		w := weight(cells)
		whole.Add(whole, w)
		if w.Cmp(limit) <= 0 {
			part.Add(part, w)
		}
	})
	return part.Quo(part, whole)
}

// TestFisherIsExact compares with a list of all tables, as fractions.
func TestFisherIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape := rapid.SampledFrom([][3]int{{2, 2, 9}, {2, 3, 6}, {3, 3, 3}, {4, 2, 4}, {3, 4, 2}, {2, 6, 2}, {5, 2, 3}}).Draw(t, "shape")
		table := smallTable(t, shape[0], shape[1], shape[2])
		got, err := FisherExact(table, Options{})
		if err != nil {
			t.Fatal(err)
		}
		want, _ := bruteFisher(table).Float64()
		if math.Abs(got.P-want) > 1e-12*want {
			t.Fatalf("%v: p is %v, want %v", table, got.P, want)
		}
		turned := make([][]float64, shape[1])
		for j := range turned {
			for i := range table {
				turned[j] = append(turned[j], table[len(table)-1-i][j])
			}
		}
		again, err := FisherExact(turned, Options{})
		if err != nil || math.Abs(again.P-got.P) > 1e-12*got.P {
			t.Fatalf("%v: transposed and turned p is %v, was %v (%v)", table, again.P, got.P, err)
		}
	})
}

// TestFisherBothTails: one-sided p-values overlap in the table observed.
func TestFisherBothTails(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := smallTable(t, 2, 2, rapid.SampledFrom([]int{5, 50, 5000}).Draw(t, "most"))
		f := fourfold{int(table[0][0]), int(table[0][1]), int(table[1][0]), int(table[1][1])}
		greater, err := FisherExact(table, Options{Alternative: Greater})
		if err != nil {
			t.Fatal(err)
		}
		less, err := FisherExact(table, Options{Alternative: Less})
		if err != nil {
			t.Fatal(err)
		}
		both, err := FisherExact(table, Options{})
		if err != nil {
			t.Fatal(err)
		}
		here := math.Exp(hypergeometric{marked: f.a + f.c, rest: f.b + f.d, draws: f.a + f.b}.logPMF(f.a))
		if math.Abs(greater.P+less.P-1-here) > 1e-11 {
			t.Fatalf("%v: %v and %v overlap by more than %v", table, greater.P, less.P, here)
		}
		if both.P < math.Min(greater.P, less.P)*(1-1e-12) || both.P > 1 {
			t.Fatalf("%v: two-sided %v, one-sided %v and %v", table, both.P, greater.P, less.P)
		}
		swapped, err := FisherExact([][]float64{table[1], table[0]}, Options{Alternative: Less})
		if err != nil || math.Abs(swapped.P-greater.P) > 1e-12*greater.P {
			t.Fatalf("%v: rows exchanged: %v and %v (%v)", table, swapped.P, greater.P, err)
		}
		// The interval excludes 1 exactly if a one-sided test rejects at half the level.
		if i := both.Interval; i != nil && math.Abs(math.Min(greater.P, less.P)-0.025) > 1e-9 {
			if excluded := i.Low > 1 || i.High < 1; excluded != (math.Min(greater.P, less.P) < 0.025) {
				t.Fatalf("%v: interval %+v, one-sided %v and %v", table, i, greater.P, less.P)
			}
		}
	})
}

// TestFisherMonteCarlo is near the exact value, the same for the same seed, and
// never 0.
func TestFisherMonteCarlo(t *testing.T) {
	table := [][]float64{{1, 3, 10, 6}, {2, 3, 10, 7}, {1, 6, 14, 12}, {0, 1, 9, 11}}
	exact, err := FisherExact(table, Options{})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Method: "monte_carlo", Seed: 7}
	drawn, err := FisherExact(table, o)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(drawn.P-exact.P) > 5*math.Sqrt(exact.P*(1-exact.P)/defaultTables) {
		t.Errorf("drawn %v, exact %v", drawn.P, exact.P)
	}
	if again, _ := FisherExact(table, o); again.P != drawn.P {
		t.Errorf("the same seed gives %v and %v", drawn.P, again.P)
	}
	far, err := FisherExact([][]float64{{90, 0, 0}, {0, 90, 0}, {0, 0, 90}}, Options{Method: "monte_carlo", Replicates: 99})
	if err != nil || math.Abs(far.P-0.01) > 1e-15 {
		t.Errorf("p = %v with 99 replicates (%v)", far.P, err)
	}
}

// TestTableSampler: sampled tables have the margins, and their first cell the
// hypergeometric mean and variance.
func TestTableSampler(t *testing.T) {
	c, _, err := newContingency("test", [][]float64{{5, 9, 2}, {7, 1, 8}, {3, 3, 20}})
	if err != nil {
		t.Fatal(err)
	}
	sampler := newTableSampler(c)
	const draws = 20_000
	total, squares := 0.0, 0.0
	for r := range draws {
		cells := sampler.next(Stream(3, uint64(r)))
		for i, row := range cells {
			have := 0.0
			for j, v := range row {
				if v < 0 {
					t.Fatalf("draw %d: cell %d, %d is %v", r, i, j, v)
				}
				have += v
			}
			if have != c.rows[i] {
				t.Fatalf("draw %d: row %d sums to %v, not %v", r, i, have, c.rows[i])
			}
		}
		for j := range c.columns {
			if have := cells[0][j] + cells[1][j] + cells[2][j]; have != c.columns[j] {
				t.Fatalf("draw %d: column %d sums to %v", r, j, have)
			}
		}
		total += cells[0][0]
		squares += cells[0][0] * cells[0][0]
	}
	n, row, column := c.total, c.rows[0], c.columns[0]
	mean, variance := row*column/n, row*column/n*(n-row)/n*(n-column)/(n-1)
	if got := total / draws; math.Abs(got-mean) > 5*math.Sqrt(variance/draws) {
		t.Errorf("mean %v, want %v", got, mean)
	}
	if got := squares/draws - total/draws*total/draws; math.Abs(got/variance-1) > 0.06 {
		t.Errorf("variance %v, want %v", got, variance)
	}
}

// TestFisherFarTail keeps the logarithm where p underflows: one table of the
// margins is the only one as extreme, up to the exchange of equal rows.
func TestFisherFarTail(t *testing.T) {
	got, err := FisherExact([][]float64{{700, 0, 0}, {0, 700, 0}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	// An empty column is left out: C(1400, 700) tables, two of which count.
	want := math.Ln2 - (logFactorials(1400)[1400] - 2*logFactorials(700)[700])
	if math.Abs(got.LogP/want-1) > 1e-12 || got.P != SmallestP {
		t.Errorf("log p = %v, want %v; p = %v", got.LogP, want, got.P)
	}
	far, err := FisherExact([][]float64{{700, 0, 0}, {0, 600, 10}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := logFactorials(1310)
	least := f[700] + f[610] + f[700] + f[600] + f[10] - f[1310] - f[700] - f[600] - f[10]
	if far.LogP < least || far.LogP > least+math.Log(50) {
		t.Errorf("log p = %v, of the table alone %v", far.LogP, least)
	}
}

func BenchmarkFisher2x2(b *testing.B) {
	// CPU time: 10 µs with the interval; R 4.2.2 fisher.test: 450 µs; scipy 1.17 fisher_exact without interval: 495 µs.
	for b.Loop() {
		_, _ = FisherExact([][]float64{{12, 25}, {31, 18}}, Options{})
	}
}

func BenchmarkFisher4x4(b *testing.B) {
	// CPU time: 8 ms; R 4.2.2 fisher.test (FEXACT): 15 ms.
	for b.Loop() {
		_, _ = FisherExact([][]float64{{1, 3, 10, 6}, {2, 3, 10, 7}, {1, 6, 14, 12}, {0, 1, 9, 11}}, Options{})
	}
}

func BenchmarkFisher3x4(b *testing.B) {
	// CPU time: 101 ms; R 4.2.2 fisher.test (FEXACT, workspace 2e7): 568 ms.
	for b.Loop() {
		_, _ = FisherExact([][]float64{{30, 18, 17, 21}, {22, 25, 24, 20}, {15, 30, 31, 28}}, Options{})
	}
}
