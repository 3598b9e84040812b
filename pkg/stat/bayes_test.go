package stat

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// The Bayes factor of the corrected example, and that of a t of 0, which speaks
// for the null hypothesis.
func TestBayesT(t *testing.T) {
	out, err := BayesT([]float64{.89, .87, .90, .88, .91}, []float64{.96, .97, .94, .95, .98}, 0, Options{})
	if err != nil || out.P != 0 || math.Abs(out.Interval.Estimate-0.07) > 1e-12 || out.Statistic < 4 {
		t.Errorf("%+v, %v", out, err)
	}
	even, err := BayesTOneSample([]float64{-1, 1, -2, 2}, 0, Options{})
	if err != nil || !(even.Statistic < 0) {
		t.Errorf("%+v, %v", even, err)
	}
}

// One-sided factors are those of the two halves, the factor grows with |t|, and
// units, order and names of the samples do not matter.
func TestBayesTLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-3, 3), 3, 30)
		x, y := values.Draw(t, "x"), values.Draw(t, "y")
		scale := rapid.Float64Range(0.1, 2).Draw(t, "scale")
		run := func(x, y []float64, a Alternative) (float64, bool) {
			out, err := BayesT(x, y, scale, Options{Alternative: a})
			var refused *Refusal
			if errors.As(err, &refused) && refused.Reason == Constant {
				return 0, false
			}
			if err != nil {
				t.Fatal(err)
			}
			return out.Statistic, true
		}
		both, ok := run(x, y, TwoSided)
		if !ok {
			return
		}
		up, _ := run(x, y, Greater)
		down, _ := run(x, y, Less)
		if got := logMean(up, down); math.Abs(got-both) > 1e-9*(1+math.Abs(both)) {
			t.Fatalf("halves make %v, want %v", got, both)
		}
		if swapped, _ := run(y, x, Less); math.Abs(swapped-up) > 1e-9*(1+math.Abs(up)) {
			t.Fatalf("swapped %v, want %v", swapped, up)
		}
		n, nu := rapid.Float64Range(0.5, 1e4).Draw(t, "n"), rapid.Float64Range(1, 1e4).Draw(t, "nu")
		at := rapid.Float64Range(0, 50).Draw(t, "t")
		if jzs(at, n, nu, false) > jzs(at*1.01+0.01, n, nu, false) {
			t.Fatalf("a greater t of %v speaks less for a difference", at)
		}
	})
}

// The largest and the smallest arguments give finite factors.
func TestJZSFar(t *testing.T) {
	for _, at := range []float64{0, 1e-300, 1, 38, 1e4, 1e100} {
		for _, n := range []float64{1e-12, 1, 1e12, 1e18} {
			for _, nu := range []float64{1, 30, 1e9} {
				for _, side := range []bool{false, true} {
					if got := jzs(at, n, nu, side); math.IsNaN(got) || math.IsInf(got, 0) {
						t.Errorf("t %v, n %v, nu %v, one-sided %v: %v", at, n, nu, side, got)
					}
				}
			}
		}
	}
}

// Studies of one variance are a plain mean; moving or scaling the effects moves
// and scales the result; no order matters.
func TestMetaLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(3, 12).Draw(t, "k")
		y, v := make([]float64, k), make([]float64, k)
		for i := range y {
			y[i] = rapid.Float64Range(-2, 2).Draw(t, "y")
			v[i] = rapid.Float64Range(0.01, 1).Draw(t, "v")
		}
		method := rapid.SampledFrom([]string{"reml", "dl", "fixed"}).Draw(t, "method")
		base, err := Meta(y, v, false, Options{Method: method})
		if err != nil {
			t.Fatal(err)
		}
		moved, scaled, turned, turnedV := make([]float64, k), make([]float64, k), make([]float64, k), make([]float64, k)
		v4 := make([]float64, k)
		for i := range y {
			moved[i], scaled[i], v4[i] = y[i]+4, 2*y[i], 4*v[i]
			turned[k-1-i], turnedV[k-1-i] = y[i], v[i]
		}
		near := func(what string, got, want float64) {
			if math.Abs(got-want) > 1e-7*(1+math.Abs(want)) {
				t.Fatalf("%s: %v, want %v", what, got, want)
			}
		}
		get := func(y, v []float64) Result {
			out, err := Meta(y, v, false, Options{Method: method})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		m := get(moved, v)
		near("moved", m.Interval.Low, base.Interval.Low+4)
		s := get(scaled, v4)
		near("scaled", s.Interval.High, 2*base.Interval.High)
		near("scaled statistic", s.Statistic, base.Statistic)
		near("turned", get(turned, turnedV).Statistic, base.Statistic)
		if detailOrNaN(base, "tau2") > 0 && method == "reml" {
			st, _ := newStudies(y, v, method, false)
			tau2 := detailOrNaN(base, "tau2")
			for _, by := range []float64{0, 0.5, 0.9, 1.1, 2, 10} {
				if st.likelihood(by*tau2) > st.likelihood(tau2)+1e-9 {
					t.Fatalf("the likelihood is greater at %v than at %v", by*tau2, tau2)
				}
			}
		}
		if low, high := detailOrNaN(base, "tau2_low"), detailOrNaN(base, "tau2_high"); method != "fixed" && !(low <= high) {
			t.Fatalf("tau2 from %v to %v", low, high)
		}
	})
}

// What cannot be answered is refused.
func TestBayesAndMetaRefuse(t *testing.T) {
	two := []float64{1, 2}
	for name, row := range map[string]struct {
		reason Reason
		run    func() (Result, error)
	}{
		"one value":         {TooFew, func() (Result, error) { return BayesTOneSample([]float64{1}, 0, Options{}) }},
		"constant":          {Constant, func() (Result, error) { return BayesTPaired(two, []float64{2, 3}, 0, Options{}) }},
		"scale":             {BadOption, func() (Result, error) { return BayesT(two, []float64{3, 5}, -1, Options{}) }},
		"NaN":               {NotFinite, func() (Result, error) { return BayesT(two, []float64{3, math.NaN()}, 0, Options{}) }},
		"one study":         {TooFew, func() (Result, error) { return Meta([]float64{1}, []float64{1}, false, Options{}) }},
		"no variance":       {Unpaired, func() (Result, error) { return Meta(two, []float64{1}, false, Options{}) }},
		"variance of 0":     {Invalid, func() (Result, error) { return Meta(two, []float64{1, 0}, false, Options{}) }},
		"endless variance":  {Invalid, func() (Result, error) { return Meta(two, []float64{1, math.Inf(1)}, false, Options{}) }},
		"far variances":     {Invalid, func() (Result, error) { return Meta(two, []float64{1, 1e-30}, false, Options{}) }},
		"NaN effect":        {NotFinite, func() (Result, error) { return Meta([]float64{1, math.NaN()}, two, false, Options{}) }},
		"equal effects, hk": {Constant, func() (Result, error) { return Meta([]float64{1, 1, 1}, []float64{1, 2, 3}, true, Options{}) }},
		"method":            {BadOption, func() (Result, error) { return Meta(two, two, false, Options{Method: "ml"}) }},
	} {
		_, err := row.run()
		var refused *Refusal
		if !errors.As(err, &refused) || refused.Reason != row.reason {
			t.Errorf("%s: %v, want %s", name, err, row.reason)
		}
	}
	if out, err := Meta([]float64{1}, []float64{1}, false, Options{Method: "fixed"}); err != nil || out.Interval.Estimate != 1 {
		t.Errorf("one study alone: %+v, %v", out, err)
	}
}

// BayesFactor takes 12 ms for a t test of this kind.
func BenchmarkBayesT(b *testing.B) {
	x, y := []float64{.89, .87, .90, .88, .91}, []float64{.96, .97, .94, .95, .98}
	for b.Loop() {
		if _, err := BayesT(x, y, 0, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// detailOrNaN returns a detail, or NaN where there is none.
func detailOrNaN(r Result, name string) float64 {
	for _, d := range r.Details {
		if d.Name == name {
			return d.Value
		}
	}
	return math.NaN()
}
