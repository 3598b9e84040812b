package stat

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestPermutationEnumeration compares the exact test with the plain enumeration
// in whole numbers, where nothing is rounded.
func TestPermutationEnumeration(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 9).Draw(t, "n")
		m := rapid.IntRange(1, n-1).Draw(t, "m")
		whole := rapid.SliceOfN(rapid.IntRange(-4, 4), n, n).Draw(t, "values")
		alternative := rapid.SampledFrom([]Alternative{TwoSided, Greater, Less}).Draw(t, "alternative")
		var x, y []float64
		second := make([]bool, n)
		for i, v := range whole {
			// Tenths, that are not exact.
			if second[i] = i >= n-m; second[i] {
				y = append(y, float64(v)/10)
			} else {
				x = append(x, float64(v)/10)
			}
		}
		difference := func(marked []bool) int {
			d := 0
			for i, v := range whole {
				if marked[i] {
					d += v * (n - m)
				} else {
					d -= v * m
				}
			}
			return d
		}
		got, err := Permutation(x, y, "mean", Options{Alternative: alternative})
		if err != nil {
			var r *Refusal
			if !errors.As(err, &r) || r.Reason != Constant {
				t.Fatal(err)
			}
			return
		}
		observed, hits, all := difference(second), 0, 0
		choices(n, m, func(marked []bool) {
			all++
			if extremeOf(difference(marked), observed, alternative) {
				hits++
			}
		})
		if want := float64(hits) / float64(all); got.P != want || got.Method != "exact" {
			t.Fatalf("p = %v by %s, want %d/%d", got.P, got.Method, hits, all)
		}
	})
}

func extremeOf(d, observed int, alternative Alternative) bool {
	switch alternative {
	case Greater:
		return d >= observed
	case Less:
		return d <= observed
	}
	return max(d, -d) >= max(observed, -observed)
}

// TestPermutationSignsEnumeration does so for signs.
func TestPermutationSignsEnumeration(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 9).Draw(t, "n")
		whole := rapid.SliceOfN(rapid.IntRange(-4, 4), n, n).Draw(t, "values")
		alternative := rapid.SampledFrom([]Alternative{TwoSided, Greater, Less}).Draw(t, "alternative")
		d, observed := make([]float64, n), 0
		for i, v := range whole {
			d[i] = float64(v) / 10
			observed += v
		}
		got, err := PermutationPaired(make([]float64, n), d, "mean", Options{Alternative: alternative})
		if err != nil {
			var r *Refusal
			if !errors.As(err, &r) || r.Reason != Constant {
				t.Fatal(err)
			}
			return
		}
		hits := 0
		for pattern := range 1 << n {
			sum := 0
			for i, v := range whole {
				sum += v * (2*(pattern>>i&1) - 1)
			}
			if extremeOf(sum, observed, alternative) {
				hits++
			}
		}
		if want := float64(hits) / float64(int(1)<<n); got.P != want {
			t.Fatalf("p = %v, want %v", got.P, want)
		}
	})
}

// TestPermutationDraws: the same seed gives the same p-value on any number of
// workers, random arrangements agree with all of them, and statistics with each
// other where they must.
func TestPermutationDraws(t *testing.T) {
	x, y := drawn(9, 0, 0, 1), drawn(8, 1, 0, 2)
	for _, statistic := range []string{"mean", "median", "studentized"} {
		exact, err := Permutation(x, y, statistic, Options{})
		if err != nil || exact.Method != "exact" {
			t.Fatalf("%+v, %v", exact, err)
		}
		var first Result
		for workers := range 4 {
			got, err := Permutation(x, y, statistic, Options{Method: "monte_carlo", Replicates: 20_000, Seed: 7, Workers: workers + 1})
			if err != nil {
				t.Fatal(err)
			}
			if workers == 0 {
				first = got
			}
			sd := math.Sqrt(exact.P * (1 - exact.P) / 20_000)
			if got.P != first.P || math.Abs(got.P-exact.P) > 4*sd {
				t.Errorf("%s on %d workers: p = %v, then %v; all arrangements: %v", statistic, workers+1, first.P, got.P, exact.P)
			}
		}
	}
	d := drawn(15, 0.5, 0, 3)
	exact, err := PermutationOneSample(d, "", Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := PermutationOneSample(d, "mean", Options{Method: "monte_carlo", Replicates: 20_000})
	if sd := math.Sqrt(exact.P * (1 - exact.P) / 20_000); err != nil || math.Abs(got.P-exact.P) > 4*sd {
		t.Errorf("signs: p = %v, all arrangements: %v, %v", got.P, exact.P, err)
	}
	// A large common part costs no digits.
	far := func(x []float64) []float64 {
		out := make([]float64, len(x))
		for i, v := range x {
			out[i] = math.Round(v*1024)/1024 + 1<<30
		}
		return out
	}
	near := func(x []float64) []float64 {
		out := far(x)
		for i := range out {
			out[i] -= 1 << 30
		}
		return out
	}
	a, errA := Permutation(far(x), far(y), "studentized", Options{})
	b, errB := Permutation(near(x), near(y), "studentized", Options{})
	if errA != nil || errB != nil || a.P != b.P || !closeTo(a.Statistic, b.Statistic, 1e-12) {
		t.Errorf("%+v, %v and %+v, %v", a, errA, b, errB)
	}
}

func TestPermutationRefusals(t *testing.T) {
	two := func(x, y []float64, statistic string, o Options) error {
		_, err := Permutation(x, y, statistic, o)
		return err
	}
	pairs := func(x, y []float64, statistic string, o Options) error {
		_, err := PermutationPaired(x, y, statistic, o)
		return err
	}
	long := drawn(40, 0, 0, 1)
	for name, c := range map[string]struct {
		err  error
		want Reason
	}{
		"empty":           {two(nil, long, "mean", Options{}), TooFew},
		"one studentized": {two(long[:1], long, "studentized", Options{}), TooFew},
		"equal":           {two([]float64{1, 1}, []float64{1}, "mean", Options{}), Constant},
		"infinite":        {two([]float64{1, math.Inf(1)}, long, "mean", Options{}), NotFinite},
		"huge":            {two([]float64{1, 1e300}, long, "mean", Options{}), NotFinite},
		"statistic":       {two(long, long, "mode", Options{}), BadOption},
		"too many":        {two(long, long, "mean", Options{Method: "exact"}), TooLarge},
		"too often":       {two(long, long, "mean", Options{Method: "monte_carlo", Replicates: 1 << 40}), TooLarge},
		"no pairs":        {pairs(nil, nil, "mean", Options{}), TooFew},
		"unpaired":        {pairs(long, nil, "mean", Options{}), Unpaired},
		"same pairs":      {pairs(long, long, "mean", Options{}), Constant},
		"signs too many":  {pairs(make([]float64, 40), long, "mean", Options{Method: "exact"}), TooLarge},
		"signs huge":      {pairs(make([]float64, 2), []float64{1e308, 1e308}, "mean", Options{}), NotFinite},
		"signs statistic": {pairs(make([]float64, 40), long, "studentized", Options{}), BadOption},
	} {
		var r *Refusal
		if !errors.As(c.err, &r) || r.Reason != c.want {
			t.Errorf("%s: %v", name, c.err)
		}
	}
}
