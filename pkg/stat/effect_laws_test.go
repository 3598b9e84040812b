package stat

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// agree fails unless two intervals agree to about twelve digits of their width.
func agree(t *rapid.T, what string, got, want Interval) {
	t.Helper()
	eps := 1e-9 * (math.Abs(want.Low) + math.Abs(want.High))
	if math.Abs(got.Estimate-want.Estimate) > eps || math.Abs(got.Low-want.Low) > eps || math.Abs(got.High-want.High) > eps {
		t.Fatalf("%s: %+v, want %+v", what, got, want)
	}
}

// TestMeanEffectLaws shows that sizes of differences of means do not depend on
// where the scale begins or what its unit is, and change sign with the labels.
func TestMeanEffectLaws(t *testing.T) {
	sizes := map[string]twoSizes{"d": CohensD, "g": HedgesG, "dz": CohensDz, "dav": CohensDav}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 9).Draw(t, "n")
		value := rapid.Map(rapid.IntRange(-99, 99), func(i int) float64 { return float64(i) / 8 })
		x, y := rapid.SliceOfN(value, n, n).Draw(t, "x"), rapid.SliceOfN(value, n, n).Draw(t, "y")
		o := Options{Level: rapid.Float64Range(0.5, 0.999).Draw(t, "level")}
		name := rapid.SampledFrom([]string{"d", "g", "dz", "dav"}).Draw(t, "size")
		e, err := sizes[name](x, y, o)
		if err != nil {
			var refused *Refusal
			if !errors.As(err, &refused) {
				t.Fatal(err)
			}
			return
		}
		if !(e.Low < e.High) {
			t.Fatalf("%s %+v is no interval", name, e)
		}
		moved, err := sizes[name](affine(x, 16, 1024), affine(y, 16, 1024), o)
		if err != nil {
			t.Fatal(err)
		}
		agree(t, name+" moved", moved.Interval, e.Interval)
		swapped, err := sizes[name](y, x, o)
		if err != nil {
			t.Fatal(err)
		}
		agree(t, name+" swapped", Interval{Estimate: -swapped.Estimate, Low: -swapped.High, High: -swapped.Low}, e.Interval)
	})
}

type twoSizes = func(x, y []float64, o Options) (Effect, error)

func affine(x []float64, scale, shift float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = v*scale + shift
	}
	return out
}

// TestShareOfTwoGroups shows that η² of two groups is the square of r, and f its
// other form.
func TestShareOfTwoGroups(t *testing.T) {
	d, err := CohensD(exampleControl, exampleTreatment, Options{})
	if err != nil {
		t.Fatal(err)
	}
	eta, err := EtaSquared([][]float64{exampleControl, exampleTreatment}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := CohensF([][]float64{exampleControl, exampleTreatment}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	share, err := DToEtaSquared(d.Estimate, 5, 5)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "eta squared", eta.Estimate, share, 1e-14)
	near(t, "f", f.Estimate, math.Sqrt(share/(1-share)), 1e-13)
	near(t, "bound", f.Low, math.Sqrt(eta.Low/(1-eta.Low)), 1e-12)
	back, err := EtaSquaredToD(share, 5, 5)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "d", back, d.Estimate, 1e-13)
}

func TestConversions(t *testing.T) {
	for _, d := range []float64{-3, -0.2, 0, 0.5, 4.4} {
		r, err := DToR(d, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "r", r, d/math.Sqrt(d*d+4), 1e-15)
		or, err := DToOddsRatio(d)
		if err != nil {
			t.Fatal(err)
		}
		for what, back := range map[string]func() (float64, error){
			"r": func() (float64, error) { return RToD(r, 0, 0) }, "odds ratio": func() (float64, error) { return OddsRatioToD(or) },
		} {
			got, err := back()
			if err != nil {
				t.Fatal(err)
			}
			near(t, what, got, d, 1e-13)
		}
	}
	h, err := HFromProportions(0.5, 0.75)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "h", h, math.Pi/6, 4e-15)
	near(t, "W", KendallsW(12, 6, 3), 1, 0)
	near(t, "generalized", GeneralizedEtaSquared(2, 3, 5), 0.2, 1e-16)
	near(t, "kruskal epsilon", KruskalEpsilonSquared(29.25, 118), 0.25, 1e-16)
	near(t, "kruskal eta", KruskalEtaSquared(7, 3, 28), 0.2, 1e-16)
	for what, err := range map[string]error{
		"r = 1": errOf(RToD(1, 0, 0)), "eta = 1": errOf(EtaSquaredToD(1, 5, 5)), "or = 0": errOf(OddsRatioToD(0)),
		"p = 2": errOf(HFromProportions(0.5, 2)), "d NaN": errOf(DToR(math.NaN(), 0, 0)), "sizes": errOf(DToR(1, 1, 1)), "d huge": errOf(DToOddsRatio(1e9)),
	} {
		var refused *Refusal
		if !errors.As(err, &refused) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func errOf(_ float64, err error) error { return err }

func TestBands(t *testing.T) {
	for _, c := range []struct {
		name  string
		value float64
		want  string
	}{
		{"cohens_d", -0.49, "small"}, {"cohens_d", 0.5, "medium"}, {"cliffs_delta", 0.1, "negligible"}, {"cliffs_delta", -0.5, "large"},
		{"a12", 0.29, "large"}, {"a12", 0.5, "negligible"}, {"odds_ratio", 0.25, "medium"}, {"odds_ratio", 1, "negligible"},
		{"eta_squared", 0.14, "large"}, {"cohens_f", 0.3, "medium"}, {"shoe_size", 43, ""}, {"cohens_d", math.NaN(), ""},
	} {
		if got := Interpret(c.name, c.value); got != c.want {
			t.Errorf("%s of %v is %q, want %q", c.name, c.value, got, c.want)
		}
	}
	for _, name := range []string{"cohens_d", "cohens_h", "cohens_w", "cramers_v", "cohens_f", "eta_squared", "cliffs_delta", "a12", "odds_ratio"} {
		c, ok := Bands(name)
		if !ok || c.Source == "" || len(c.Bands) != 4 {
			t.Errorf("%s has %+v", name, c)
		}
		for i := 1; i < len(c.Bands); i++ {
			if c.Bands[i].From <= c.Bands[i-1].From {
				t.Errorf("%s: bands out of order", name)
			}
		}
	}
}

func TestTableEffectLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.OneOf(rapid.IntRange(0, 4), rapid.IntRange(0, 5000))
		cell := func(name string) float64 { return float64(count.Draw(t, name)) }
		table := [][]float64{{cell("a"), cell("b")}, {cell("c"), cell("d")}}
		swapped := [][]float64{table[1], table[0]}
		o := Options{Level: rapid.Float64Range(0.5, 0.999).Draw(t, "level")}
		for _, c := range []struct {
			name   string
			size   func([][]float64, Options) (Effect, error)
			method string
			mirror func(v float64) float64
			within [2]float64
		}{
			{"phi", Phi, "", negative, [2]float64{-1, 1}},
			{"odds", OddsRatio, "", inverse, [2]float64{0, math.Inf(1)}},
			{"exact odds", OddsRatio, "exact", inverse, [2]float64{0, math.Inf(1)}},
			{"risk", RiskRatio, "", inverse, [2]float64{0, math.Inf(1)}},
			{"koopman", RiskRatio, "koopman", inverse, [2]float64{0, math.Inf(1)}},
			{"difference", RiskDifference, "", negative, [2]float64{-1, 1}},
			{"h", CohensH, "", negative, [2]float64{-math.Pi, math.Pi}},
		} {
			o.Method = c.method
			e, err := c.size(table, o)
			back, errBack := c.size(swapped, o)
			var refused *Refusal
			if err != nil && !errors.As(err, &refused) {
				t.Fatal(err)
			}
			if err != nil || errBack != nil {
				continue
			}
			eps := 1e-12 * math.Abs(e.Estimate)
			if !(c.within[0] <= e.Low && e.Low <= e.Estimate+eps && e.Estimate <= e.High+eps && e.High <= c.within[1] && e.Low < e.High) {
				t.Fatalf("%s: %+v is no interval", c.name, e)
			}
			if e.Low != 0 && e.Estimate != 0 {
				agree(t, c.name+" swapped", Interval{Estimate: c.mirror(back.Estimate), Low: c.mirror(back.High), High: c.mirror(back.Low)}, e.Interval)
			}
		}
	})
}

func negative(v float64) float64 { return -v }

func inverse(v float64) float64 { return 1 / v }

func TestEffectsRefuse(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	two := func(f twoSizes, x, y []float64) func() (Effect, error) {
		return func() (Effect, error) { return f(x, y, Options{}) }
	}
	table := func(f func([][]float64, Options) (Effect, error), method string, rows ...[]float64) func() (Effect, error) {
		return func() (Effect, error) { return f(rows, Options{Method: method}) }
	}
	for _, c := range []struct {
		what   string
		run    func() (Effect, error)
		reason Reason
	}{
		{"d of nothing", two(CohensD, nil, nil), TooFew},
		{"d of one and one", two(CohensD, []float64{1}, []float64{2}), TooFew},
		{"g of one and two", two(HedgesG, []float64{1}, []float64{2, 3}), TooFew},
		{"d of equal values", two(CohensD, []float64{1, 1}, []float64{2, 2}), Constant},
		{"delta of a constant control", two(GlassDelta, []float64{1, 1}, []float64{2, 3}), Constant},
		{"d of NaN", two(CohensD, []float64{1, nan}, []float64{2, 3}), NotFinite},
		{"d of 1e300", two(CohensD, []float64{1, 1e300}, []float64{2, 3}), NotFinite},
		{"d beside no variation", two(CohensD, []float64{1, 1 + 1e-12}, []float64{2, 2}), Constant},
		{"dz of unequal", two(CohensDz, []float64{1, 2}, []float64{2, 3, 4}), Unpaired},
		{"dav of equal differences", two(CohensDav, []float64{1, 2}, []float64{2, 3}), Constant},
		{"delta of one", two(CliffsDelta, []float64{1}, []float64{2, 3}), TooFew},
		{"delta of equal values", two(CliffsDelta, []float64{1, 1}, []float64{1, 1}), Constant},
		{"A of infinity", two(A12, []float64{1, inf}, []float64{1, 1}), NotFinite},
		{"rank biserial of no change", two(RankBiserialPaired, []float64{1, 2}, []float64{1, 2}), Constant},
		{"rank biserial of one change", two(RankBiserialPaired, []float64{1, 2}, []float64{1, 3}), TooFew},
		{"eta of one group", table(EtaSquared, "", []float64{1, 2}), TooFew},
		{"eta of single values", table(EtaSquared, "", []float64{1}, []float64{2}), TooFew},
		{"eta of constant groups", table(EtaSquared, "", []float64{1, 1}, []float64{2, 2}), Constant},
		{"V of an empty table", table(CramersV, ""), TooFew},
		{"V of zeros", table(CramersV, "", []float64{0, 0}, []float64{0, 0}), TooFew},
		{"V of an empty column", table(CramersV, "", []float64{1, 0}, []float64{2, 0}), Constant},
		{"V of fractions", table(CramersV, "", []float64{1, 0.5}, []float64{2, 3}), Invalid},
		{"V of a ragged table", table(CramersV, "", []float64{1, 2}, []float64{2}), Invalid},
		{"V by another method", table(CramersV, "tschuprow", []float64{1, 2}, []float64{2, 3}), BadOption},
		{"w of negative counts", table(CohensW, "", []float64{1, -2}), Invalid},
		{"phi of three columns", table(Phi, "", []float64{1, 2, 3}, []float64{2, 3, 4}), Invalid},
		{"phi of NaN", table(Phi, "", []float64{1, nan}, []float64{2, 3}), NotFinite},
		{"odds of an empty row", table(OddsRatio, "", []float64{0, 0}, []float64{2, 3}), TooFew},
		{"odds of an empty column", table(OddsRatio, "", []float64{0, 2}, []float64{0, 3}), Constant},
		{"risk of no events", table(RiskRatio, "", []float64{0, 2}, []float64{0, 3}), Constant},
		{"risk beside none", table(RiskRatio, "koopman", []float64{2, 2}, []float64{0, 3}), Unbounded},
		{"counts above 2^53", table(RiskDifference, "", []float64{1e16, 2}, []float64{0, 3}), TooLarge},
	} {
		_, err := c.run()
		var refused *Refusal
		if !errors.As(err, &refused) || refused.Reason != c.reason {
			t.Errorf("%s: %v, want %s", c.what, err, c.reason)
		}
	}
	for _, f := range [][3]float64{{-1, 1, 1}, {1, 0, 1}, {nan, 1, 1}, {1, 1, inf}} {
		if _, err := PartialEtaSquared(f[0], f[1], f[2], Options{}); err == nil {
			t.Errorf("took F, d1, d2 = %v", f)
		}
	}
	if _, err := CohensD1([]float64{1, 2}, nan, Options{}); err == nil {
		t.Error("took mu = NaN")
	}
	if _, err := CohensD(exampleControl, exampleTreatment, Options{Level: 1}); err == nil {
		t.Error("took level 1")
	}
}
