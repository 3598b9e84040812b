package stat

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// levels draws a level of confidence.
func levels() *rapid.Generator[float64] { return rapid.Float64Range(0.5, 0.999) }

func TestWilsonLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 1_000_000).Draw(t, "n")
		k := rapid.IntRange(0, n).Draw(t, "k")
		level := levels().Draw(t, "level")
		got, mirror := Wilson(k, n, level), Wilson(n-k, n, level)
		if !(0 <= got.Low && got.Low <= got.Estimate && got.Estimate <= got.High && got.High <= 1) || got.Low == got.High {
			t.Fatalf("%+v is no interval", got)
		}
		if math.Abs(got.Low-(1-mirror.High)) > 1e-15 {
			t.Fatalf("successes and failures: %v and %v", got.Low, 1-mirror.High)
		}
		if wider := Wilson(k, n, level+(1-level)/2); wider.Low > got.Low || wider.High < got.High {
			t.Fatalf("a higher level gives a shorter interval")
		}
	})
}

// TestWilsonCoverage sums the exact probability that the interval covers, over a
// grid of proportions: on average it is the level, and nowhere far below.
func TestWilsonCoverage(t *testing.T) {
	const level = 0.95
	for _, n := range []int{20, 100, 500} {
		total, least, points := 0.0, 1.0, 0
		for p := 0.05; p < 0.951; p += 0.005 {
			covered := 0.0
			for k := range n + 1 {
				if i := Wilson(k, n, level); i.Low <= p && p <= i.High {
					covered += math.Exp(binomialLogPMF(k, n, p))
				}
			}
			total, least, points = total+covered, min(least, covered), points+1
		}
		if mean := total / float64(points); math.Abs(mean-level) > 0.006 || least < 0.90 {
			t.Errorf("n = %d: covers %.4f on average, %.4f at least", n, mean, least)
		}
	}
}

func TestRiskDifferencePairedLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.OneOf(rapid.IntRange(0, 5), rapid.IntRange(0, 100_000))
		a, b, c, d := count.Draw(t, "a"), count.Draw(t, "b"), count.Draw(t, "c"), count.Draw(t, "d")
		level := levels().Draw(t, "level")
		got := RiskDifferencePaired(a, b, c, d, level)
		if !(-1 <= got.Low && got.Low <= got.Estimate && got.Estimate <= got.High && got.High <= 1) {
			t.Fatalf("%+v is no interval", got)
		}
		swapped := RiskDifferencePaired(a, c, b, d, level)
		if math.Abs(got.Low+swapped.High) > 1e-14 || math.Abs(got.High+swapped.Low) > 1e-14 {
			t.Fatalf("exchanging the conditions: [%v, %v] and [%v, %v]", got.Low, got.High, swapped.Low, swapped.High)
		}
		failures := RiskDifferencePaired(d, c, b, a, level)
		if math.Abs(got.Low+failures.High) > 1e-13 || math.Abs(got.High+failures.Low) > 1e-13 {
			t.Fatalf("right for wrong: %+v and %+v", got, failures)
		}
	})
}

// TestRiskDifferencePairedCoverage sums the exact probability of covering over
// all tables of 30 pairs, for correlated conditions.
func TestRiskDifferencePairedCoverage(t *testing.T) {
	const n, level = 30, 0.95
	for _, p := range [][4]float64{{0.6, 0.15, 0.1, 0.15}, {0.4, 0.1, 0.1, 0.4}, {0.8, 0.1, 0.05, 0.05}} {
		truth, covered := p[1]-p[2], 0.0
		for a := 0; a <= n; a++ {
			for b := 0; a+b <= n; b++ {
				for c := 0; a+b+c <= n; c++ {
					d := n - a - b - c
					if i := RiskDifferencePaired(a, b, c, d, level); i.Low <= truth && truth <= i.High {
						covered += multinomial([4]int{a, b, c, d}, p)
					}
				}
			}
		}
		if covered < 0.93 || covered > 0.99 {
			t.Errorf("%v: covers %.4f", p, covered)
		}
	}
}

// multinomial returns the probability of a fourfold table.
func multinomial(k [4]int, p [4]float64) float64 {
	n := 0
	log := 0.0
	for i, v := range k {
		n += v
		l, _ := math.Lgamma(float64(v + 1))
		log += float64(v)*math.Log(p[i]) - l
	}
	l, _ := math.Lgamma(float64(n + 1))
	return math.Exp(log + l)
}

func TestMcNemarExactLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.IntRange(0, 300_000).Draw(t, "b")
		c := rapid.IntRange(0, 300_000).Draw(t, "c")
		got := McNemarExact(b, c)
		if !(got.P >= SmallestP && got.P <= 1) || got.LogP > 0 || math.IsInf(got.LogP, 0) || math.IsNaN(got.LogP) {
			t.Fatalf("%+v", got)
		}
		if other := McNemarExact(c, b); other.P != got.P {
			t.Fatalf("exchanging the conditions: %v and %v", got.P, other.P)
		}
		if b < c {
			if further := McNemarExact(b, c+1); further.LogP > got.LogP+1e-12 {
				t.Fatalf("one more against: %v, then %v", got.LogP, further.LogP)
			}
		}
	})
}

// TestMcNemarExactIsExact compares with whole-number arithmetic: sums of binomial
// coefficients over a power of two, which float64 holds exactly up to n = 52.
func TestMcNemarExactIsExact(t *testing.T) {
	for n := 1; n <= 52; n++ {
		choose, below := 1.0, 0.0
		for low := 0; low <= n/2; low++ {
			below += choose
			want := math.Min(1, 2*below/math.Exp2(float64(n)))
			if got := McNemarExact(low, n-low).P; math.Abs(got-want) > 1e-14*want {
				t.Errorf("McNemarExact(%d, %d) = %v, want %v", low, n-low, got, want)
			}
			choose = choose * float64(n-low) / float64(low+1)
		}
	}
}

func TestMcNemarExactFarTail(t *testing.T) {
	got := McNemarExact(0, 10_000)
	if got.P != SmallestP || len(got.Warnings) != 1 {
		t.Errorf("%+v", got)
	}
	if want := -9999 * math.Ln2; math.Abs(got.LogP-want) > 1e-10 {
		t.Errorf("LogP = %v, want %v", got.LogP, want)
	}
	if none := McNemarExact(0, 0); none.P != 1 || len(none.Warnings) != 1 {
		t.Errorf("%+v", none)
	}
}

func TestHolmLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOf(rapid.Float64Range(0, 1)).Draw(t, "p")
		given := slices.Clone(p)
		got := Holm(p)
		if !slices.Equal(p, given) || len(got) != len(p) {
			t.Fatal("the input changed, or the length")
		}
		for i := range p {
			if got[i] < p[i] || got[i] > 1 || got[i] > math.Min(1, float64(len(p))*p[i]) {
				t.Fatalf("p %v adjusted to %v among %d", p[i], got[i], len(p))
			}
			for j := range p {
				if p[i] < p[j] && got[i] > got[j] {
					t.Fatalf("%v < %v, but adjusted %v > %v", p[i], p[j], got[i], got[j])
				}
				if p[i] == p[j] && got[i] != got[j] {
					t.Fatalf("equal values adjusted to %v and %v", got[i], got[j])
				}
			}
		}
	})
}

func TestHolmRefusesWhatIsNoProbability(t *testing.T) {
	for _, p := range []float64{math.NaN(), -0.1, 1.1, math.Inf(1)} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Holm took %v", p)
				}
			}()
			Holm([]float64{0.5, p})
		}()
	}
}

// samples draws observations of every magnitude.
func samples(least int) *rapid.Generator[[]float64] {
	return rapid.SliceOfN(rapid.Float64Range(-1e9, 1e9), least, 60)
}

func TestQuantileLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := samples(1).Draw(t, "x")
		q := rapid.Float64Range(0, 1).Draw(t, "q")
		r := rapid.Float64Range(q, 1).Draw(t, "r")
		given := slices.Clone(x)
		at, err := Quantile(x, q)
		if err != nil {
			t.Fatal(err)
		}
		above, err := Quantile(x, r)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(x, given) {
			t.Fatal("the sample changed")
		}
		if at < slices.Min(x) || above > slices.Max(x) || at > above {
			t.Fatalf("%v at %v, %v at %v", at, q, above, r)
		}
		slices.Reverse(x)
		if again, _ := Quantile(x, q); again != at {
			t.Fatalf("in another order %v", again)
		}
	})
}

func TestMeanLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := samples(2).Draw(t, "x")
		level := levels().Draw(t, "level")
		got, err := MeanInterval(x, level)
		if err != nil {
			t.Fatal(err)
		}
		if !(got.Low <= got.Estimate && got.Estimate <= got.High) || got.N != len(x) {
			t.Fatalf("%+v is no interval", got)
		}
		zero := make([]float64, len(x))
		forward, err := PairedT(zero, x, Options{Level: level})
		if err != nil {
			return // without variation there is no test
		}
		if forward.Interval.Estimate != got.Estimate || forward.Interval.Low != got.Low || forward.Interval.High != got.High {
			t.Fatalf("differences from zero: %+v, alone: %+v", forward.Interval, got)
		}
		backward, err := PairedT(x, zero, Options{Level: level})
		if err != nil || backward.Statistic != -forward.Statistic || backward.P != forward.P {
			t.Fatalf("exchanged: %+v and %+v, %v", forward, backward, err)
		}
		if covers := got.Low <= 0 && 0 <= got.High; covers != (forward.P >= 1-level) && math.Abs(forward.P-(1-level)) > 1e-9 {
			t.Fatalf("p = %v, but the interval at %v is [%v, %v]", forward.P, level, got.Low, got.High)
		}
	})
}

// TestSumIsCompensated: small terms beside large ones that cancel are not lost.
func TestSumIsCompensated(t *testing.T) {
	same := func(v float64) float64 { return v }
	for _, x := range [][]float64{{1, 1e100, 1, -1e100}, {1e100, 1, -1e100, 1}, {1e16, 1, 1, -1e16}} {
		if got := sum(x, same); got != 2 {
			t.Errorf("sum of %v = %v", x, got)
		}
	}
}

// TestMeanCertified checks the samples of the NIST Statistical Reference
// Datasets NumAcc1 to NumAcc4, whose mean and standard deviation are exact by
// construction and whose digits a one-pass formula loses.
func TestMeanCertified(t *testing.T) {
	alternate := func(first, low, high float64) []float64 {
		x := []float64{first}
		for range 500 {
			x = append(x, low, high)
		}
		return x
	}
	for _, c := range []struct {
		name         string
		x            []float64
		mean, sd     float64
		meanTol, tol float64
	}{
		{"NumAcc1", []float64{10000001, 10000003, 10000002}, 10000002, 1, 0, 0},
		{"NumAcc2", alternate(1.2, 1.1, 1.3), 1.2, 0.1, 1e-15, 1e-14},
		{"NumAcc3", alternate(1000000.2, 1000000.1, 1000000.3), 1000000.2, 0.1, 1e-15, 1e-9},
		{"NumAcc4", alternate(10000000.2, 10000000.1, 10000000.3), 10000000.2, 0.1, 1e-15, 1e-8},
	} {
		mean, err := Mean(c.x)
		if err != nil {
			t.Fatal(err)
		}
		variance, err := Variance(c.x)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(mean-c.mean) > c.meanTol*c.mean || math.Abs(math.Sqrt(variance)-c.sd) > c.tol*c.sd {
			t.Errorf("%s: mean %.17g, sd %.17g", c.name, mean, math.Sqrt(variance))
		}
	}
}

func TestRefusals(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	mean := func(x []float64) error { _, err := MeanInterval(x, 0.95); return err }
	median := func(x []float64) error { _, err := QuantileInterval(x, 0.5, 0.95); return err }
	paired := func(x, y []float64) error { _, err := PairedT(x, y, Options{}); return err }
	difference := func(x, y []float64) error {
		_, err := PairedQuantileDifference(x, y, 0.5, Options{Replicates: 100})
		return err
	}
	quantile := func(x []float64) error { _, err := Quantile(x, 0.5); return err }
	for _, c := range []struct {
		name string
		err  error
		want Reason
		need int
	}{
		{"mean of none", mean(nil), TooFew, 2},
		{"mean of one", mean([]float64{1}), TooFew, 2},
		{"mean of NaN", mean([]float64{1, nan}), NotFinite, 0},
		{"mean of infinity", mean([]float64{inf, 1}), NotFinite, 0},
		{"mean too large", mean([]float64{1e308, -1e308, 1e308}), NotFinite, 0},
		{"quantile of none", quantile(nil), TooFew, 1},
		{"quantile of NaN", quantile([]float64{nan}), NotFinite, 0},
		{"median of five", median([]float64{1, 2, 3, 4, 5}), Unbounded, 6},
		{"unequal", paired([]float64{1}, []float64{1, 2}), Unpaired, 0},
		{"pairs of NaN", paired([]float64{1, 2}, []float64{1, nan}), NotFinite, 0},
		{"pairs that differ by a constant", paired([]float64{1, 2, 3}, []float64{0, 1, 2}), Constant, 0},
		{"quantiles, unequal", difference([]float64{1}, nil), Unpaired, 0},
		{"quantiles, too few", difference([]float64{1, 2, 3, 4, 5}, []float64{1, 2, 3, 4, 5}), Unbounded, 6},
	} {
		var refusal *Refusal
		if !errors.As(c.err, &refusal) || refusal.Reason != c.want || refusal.Need != c.need || refusal.Error() == "" {
			t.Errorf("%s: %v", c.name, c.err)
		}
	}
}

func TestDegenerateSamplesWarn(t *testing.T) {
	same, err := MeanInterval([]float64{3, 3, 3}, 0.95)
	if err != nil || same.Low != 3 || same.High != 3 || len(same.Warnings) != 1 {
		t.Errorf("%+v, %v", same, err)
	}
	empty := Wilson(0, 0, 0.95)
	if empty.Low != 0 || empty.High != 1 || empty.Estimate != 0.5 || len(empty.Warnings) != 1 {
		t.Errorf("%+v", empty)
	}
	table := RiskDifferencePaired(0, 0, 0, 0, 0.95)
	if table.Low != -1 || table.High != 1 || len(table.Warnings) != 1 {
		t.Errorf("%+v", table)
	}
}

func TestMistakesPanic(t *testing.T) {
	for name, f := range map[string]func(){
		"level 0":        func() { Wilson(1, 2, 0) },
		"level 1":        func() { Wilson(1, 2, 1) },
		"level NaN":      func() { Wilson(1, 2, math.NaN()) },
		"k > n":          func() { Wilson(3, 2, 0.95) },
		"negative count": func() { RiskDifferencePaired(1, -1, 0, 0, 0.95) },
		"negative pairs": func() { McNemarExact(-1, 0) },
		"probability 0":  func() { NormQuantile(0) },
		"order 2":        func() { _, _ = Quantile([]float64{1}, 2) },
		"order 1":        func() { _, _ = QuantileInterval([]float64{1}, 1, 0.95) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("did not panic")
				}
			}()
			f()
		})
	}
}
