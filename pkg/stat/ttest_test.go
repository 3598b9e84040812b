package stat

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestWorkedExample pins the example that stands in the documentation: five
// accuracies of a control and five of a treatment.
func TestWorkedExample(t *testing.T) {
	control := []float64{.89, .87, .90, .88, .91}
	treatment := []float64{.96, .97, .94, .95, .98}
	got, err := WelchT(control, treatment, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string][3]float64{
		"t":        {got.Statistic, 7.000, 5e-4},
		"df":       {got.DF[0], 8.000, 5e-4},
		"p":        {got.P, 1.1264e-4, 5e-9},
		"estimate": {got.Interval.Estimate, 0.07, 1e-12},
		"low":      {got.Interval.Low, 0.0469, 5e-5},
		"high":     {got.Interval.High, 0.0931, 5e-5},
		"g":        {got.Effect.Estimate, 4.00, 5e-3},
	} {
		if math.Abs(v[0]-v[1]) > v[2] {
			t.Errorf("%s is %.9g, want %.9g", name, v[0], v[1])
		}
	}
	pooled, err := StudentT(control, treatment, Options{})
	if err != nil || math.Abs(pooled.Effect.Estimate-4.43) > 5e-3 || pooled.Effect.Name != "cohens_d" {
		t.Errorf("d is %+v, %v", pooled.Effect, err)
	}
}

// TestSmallExamples pins examples that were once printed with other values: what
// five or six observations can say at most is exact.
func TestSmallExamples(t *testing.T) {
	x := []float64{0.72, 0.68, 0.75, 0.71, 0.69}
	y := []float64{0.78, 0.73, 0.81, 0.76, 0.74}
	count := func(n int) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = float64(i + 1)
		}
		return out
	}
	above := func(n int) []float64 {
		out := count(n)
		for i := range out {
			out[i] += 10 + out[i]/8
		}
		return out
	}
	for _, c := range []struct {
		name    string
		f       func(x, y []float64, o Options) (Result, error)
		x, y    []float64
		stat, p float64
	}{
		{"independent", WelchT, x, y, 2.8620, 0.021627},
		{"paired", PairedT, x, y, 22.0454, 2.5058e-5},
		{"six and six apart", MannWhitney, count(6), above(6), 36, 0.0021645},
		{"six and five apart", MannWhitney, count(6), above(5), 30, 0.0043290},
		{"seven pairs up", WilcoxonSignedRank, count(7), above(7), 28, 0.015625},
		{"five pairs up are never below 0.05", WilcoxonSignedRank, count(5), above(5), 15, 0.0625},
		{"five signs up are not, either", SignTest, count(5), above(5), 5, 0.0625},
	} {
		got, err := c.f(c.x, c.y, Options{})
		if err != nil || math.Abs(got.Statistic/c.stat-1) > 2e-5 || math.Abs(got.P/c.p-1) > 3e-5 {
			t.Errorf("%s: %v, p = %v, want %v and %v, %v", c.name, got.Statistic, got.P, c.stat, c.p, err)
		}
	}
}

// testsOfMeans are the tests of a difference of two samples of equal length.
var testsOfMeans = map[string]func(x, y []float64, o Options) (Result, error){
	"student": StudentT, "welch": WelchT, "paired": PairedT,
	"one sample": func(_, y []float64, o Options) (Result, error) { return OneSampleT(y, o) },
}

// coresOfMeans are the same without sizes of effects, which take their time.
var coresOfMeans = map[string]func(x, y []float64, o Options) (Result, error){
	"student": func(x, y []float64, o Options) (Result, error) { return twoSampleT("student", x, y, o, pooledError) },
	"welch":   func(x, y []float64, o Options) (Result, error) { return twoSampleT("welch", x, y, o, welchError) },
	"paired": func(x, y []float64, o Options) (Result, error) {
		d, err := differences("paired", x, y)
		if err != nil {
			return Result{}, err
		}
		return oneSampleT("paired", d, o)
	},
	"one sample": func(_, y []float64, o Options) (Result, error) { return oneSampleT("one sample", y, o) },
}

// TestMeansLaws: shifting both samples and scaling both change nothing but the
// units, mu is a shift of the treatment, one-sided p-values add up, and the test
// agrees with the interval.
func TestMeansLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.Map(rapid.IntRange(-1000, 1000), func(i int) float64 { return float64(i) / 8 })
		n := rapid.IntRange(2, 20).Draw(t, "n")
		x := rapid.SliceOfN(value, n, n).Draw(t, "x")
		y := rapid.SliceOfN(value, n, n).Draw(t, "y")
		shift, scale := value.Draw(t, "shift"), math.Ldexp(1, rapid.IntRange(-40, 40).Draw(t, "scale"))
		level := levels().Draw(t, "level")
		moved := func(x []float64, by float64) []float64 {
			out := make([]float64, len(x))
			for i := range x {
				out[i] = (x[i] + by) * scale
			}
			return out
		}
		for name, f := range coresOfMeans {
			got, err := f(x, y, Options{Level: level, Alternative: TwoSided})
			if err != nil {
				var r *Refusal
				if !errors.As(err, &r) || r.Reason != Constant {
					t.Fatal(err)
				}
				continue
			}
			// mu moves with the treatment, in its units.
			same, err := f(moved(x, 0), moved(y, shift), Options{Level: level, Mu: shift * scale, Alternative: TwoSided})
			if err != nil || !closeTo(same.Statistic, got.Statistic, 1e-11) || !closeTo(same.P, got.P, 1e-9) {
				t.Fatalf("%s: moved: %+v and %+v, %v", name, got, same, err)
			}
			up, _ := f(x, y, Options{Level: level, Alternative: Greater})
			down, _ := f(x, y, Options{Level: level, Alternative: Less})
			if !closeTo(up.P+down.P, 1, 1e-13) || !closeTo(2*min(up.P, down.P), got.P, 1e-13) || (up.P < down.P) != (got.Statistic > 0) {
				t.Fatalf("%s: sides %v and %v of %v", name, up.P, down.P, got.P)
			}
			if covers := got.Interval.Low <= 0 && 0 <= got.Interval.High; covers != (got.P >= 1-level) && !closeTo(got.P, 1-level, 1e-9) {
				t.Fatalf("%s: p = %v, interval %+v", name, got.P, got.Interval)
			}
			if name == "one sample" {
				continue
			}
			back, err := f(y, x, Options{Level: level, Alternative: TwoSided})
			if err != nil || !closeTo(back.Statistic, -got.Statistic, 1e-12) || !closeTo(back.Interval.Low, -got.Interval.High, 1e-9) {
				t.Fatalf("%s: exchanged %+v and %+v, %v", name, got, back, err)
			}
		}
	})
}

// closeTo says that two numbers agree, relative to 1 or to the larger.
func closeTo(a, b, tolerance float64) bool {
	return math.Abs(a-b) <= tolerance*max(1, math.Abs(a), math.Abs(b))
}

func TestMeansRefusals(t *testing.T) {
	some := []float64{1, 2, 4}
	for _, c := range []struct {
		name string
		x, y []float64
		want Reason
	}{
		{"none", nil, nil, TooFew},
		{"one", []float64{1}, []float64{2}, TooFew},
		{"constant", []float64{3, 3, 3}, []float64{3, 3, 3}, Constant},
		{"constant differences", []float64{1, 1, 1}, []float64{3, 3, 3}, Constant},
		{"not a number", []float64{1, math.NaN(), 2}, []float64{1, math.NaN(), 2}, NotFinite},
		{"infinite", []float64{1, 2, math.Inf(1)}, []float64{1, math.Inf(-1), 2}, NotFinite},
		{"huge", []float64{1e300, -1e300, 1}, []float64{1, -1e300, 1e300}, NotFinite},
		{"tiny", []float64{1e-200, 2e-200, 3e-200}, []float64{1e-200, 5e-200, 0}, Constant},
	} {
		for name, f := range testsOfMeans {
			_, err := f(c.x, c.y, Options{})
			var r *Refusal
			if !errors.As(err, &r) || r.Reason != c.want || r.Error() == "" {
				t.Errorf("%s: %s: %v", name, c.name, err)
			}
		}
	}
	for name, f := range testsOfMeans {
		for _, o := range []Options{{Level: 1}, {Level: -1}, {Mu: math.NaN()}, {Method: "other"}, {Alternative: "both"}} {
			_, err := f(some, []float64{2, 2, 5}, o)
			var r *Refusal
			if !errors.As(err, &r) || r.Reason != BadOption {
				t.Errorf("%s: %+v: %v", name, o, err)
			}
		}
	}
	var r *Refusal
	if _, err := PairedT(some, some[:2], Options{}); !errors.As(err, &r) || r.Reason != Unpaired {
		t.Error(err)
	}
}
