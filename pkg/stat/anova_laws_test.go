package stat

import (
	"math"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// bothNear says whether two numbers agree to a relative tolerance, or both are
// below it.
func bothNear(a, b, tolerance float64) bool {
	return math.Abs(a-b) <= tolerance*math.Max(1, math.Max(math.Abs(a), math.Abs(b)))
}

// drawGroups draws k groups of small numbers with few decimals, hence with ties.
func drawGroups(t *rapid.T, k, least, most int) [][]float64 {
	out := make([][]float64, k)
	for i := range out {
		out[i] = drawValues(t, rapid.IntRange(least, most).Draw(t, "n"))
	}
	return out
}

func drawValues(t *rapid.T, n int) []float64 {
	whole := rapid.SliceOfN(rapid.IntRange(-20, 20), n, n).Draw(t, "values")
	out := make([]float64, n)
	for i, v := range whole {
		out[i] = float64(v) / 4
	}
	return out
}

// mapped returns f of every value.
func mapped(groups [][]float64, f func(float64) float64) [][]float64 {
	out := make([][]float64, len(groups))
	for i, g := range groups {
		for _, v := range g {
			out[i] = append(out[i], f(v))
		}
	}
	return out
}

// flat returns all values with the name of their group.
func flat(groups [][]float64) (y []float64, group []string) {
	for i, g := range groups {
		for _, v := range g {
			y, group = append(y, v), append(group, string(rune('a'+i)))
		}
	}
	return y, group
}

// rationalF is the F ratio of a one-way layout in exact arithmetic.
func rationalF(groups [][]float64) float64 {
	rat := func(v float64) *big.Rat { return new(big.Rat).SetFloat64(v) }
	total, n := new(big.Rat), 0
	means := make([]*big.Rat, len(groups))
	within := new(big.Rat)
	for i, g := range groups {
		s := new(big.Rat)
		for _, v := range g {
			s.Add(s, rat(v))
		}
		total.Add(total, s)
		n += len(g)
		means[i] = new(big.Rat).Quo(s, rat(float64(len(g))))
		for _, v := range g {
			d := new(big.Rat).Sub(rat(v), means[i])
			within.Add(within, d.Mul(d, d))
		}
	}
	total.Quo(total, rat(float64(n)))
	between := new(big.Rat)
	for i, g := range groups {
		d := new(big.Rat).Sub(means[i], total)
		d.Mul(d, d)
		between.Add(between, d.Mul(d, rat(float64(len(g)))))
	}
	k := len(groups)
	between.Mul(between, rat(float64(n-k)))
	within.Mul(within, rat(float64(k-1)))
	f, _ := between.Quo(between, within).Float64()
	return f
}

func TestAnovaIsExactBesideALargeCommonPart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		offset := rapid.SampledFrom([]float64{0, 1e3, -1e6, 1e9, 1e12}).Draw(t, "offset")
		groups := mapped(drawGroups(t, rapid.IntRange(2, 5).Draw(t, "k"), 1, 6), func(v float64) float64 { return offset + v })
		r, err := Anova(groups, Options{})
		if err != nil {
			return // nothing varies within groups
		}
		if want := rationalF(groups); math.Abs(r.Statistic-want) > 1e-13*want {
			t.Fatalf("F = %.17g, exactly %.17g", r.Statistic, want)
		}
	})
}

func TestAnovaOfTwoGroupsIsTheSquareOfT(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawGroups(t, 2, 2, 8)
		for _, c := range []struct {
			name string
			f    func([][]float64, Options) (Result, error)
			t    func(x, y []float64, o Options) (Result, error)
		}{{"anova", Anova, StudentT}, {"welch", WelchAnova, WelchT}, {"brown_forsythe", BrownForsytheAnova, WelchT}} {
			f, err := c.f(g, Options{})
			if err != nil {
				continue
			}
			s, err := c.t(g[0], g[1], Options{})
			if err != nil {
				t.Fatal(err)
			}
			if !bothNear(f.Statistic, s.Statistic*s.Statistic, 1e-12) || !bothNear(f.DF[1], s.DF[0], 1e-12) || !bothNear(f.LogP, s.LogP, 1e-10) {
				t.Fatalf("%s: F(%v) = %v with p %v, but t(%v) = %v with p %v", c.name, f.DF, f.Statistic, f.P, s.DF, s.Statistic, s.P)
			}
		}
	})
}

func TestGroupTestsDependOnNeitherUnitsNorOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(2, 5).Draw(t, "k")
		g := drawGroups(t, k, 2, 6)
		scale := rapid.SampledFrom([]float64{0.5, 3, -2, 1e5}).Draw(t, "scale")
		shift := rapid.SampledFrom([]float64{0, 7, -1000}).Draw(t, "shift")
		moved := mapped(g, func(v float64) float64 { return scale*v + shift })
		slices.Reverse(moved)
		for _, v := range moved {
			slices.Reverse(v)
		}
		for name, f := range map[string]func([][]float64, Options) (Result, error){"anova": Anova, "welch_anova": WelchAnova,
			"brown_forsythe_anova": BrownForsytheAnova, "kruskal_wallis": KruskalWallis} {
			a, errA := f(g, Options{})
			b, errB := f(moved, Options{})
			if (errA == nil) != (errB == nil) {
				t.Fatalf("%s: %v, but moved %v", name, errA, errB)
			}
			if errA == nil && (!bothNear(a.Statistic, b.Statistic, 1e-10) || !bothNear(a.LogP, b.LogP, 1e-9)) {
				t.Fatalf("%s: %v with p %v, moved %v with p %v", name, a.Statistic, a.P, b.Statistic, b.P)
			}
		}
	})
}

func TestKruskalWallisSeesOrderAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawGroups(t, rapid.IntRange(2, 4).Draw(t, "k"), 1, 5)
		method := rapid.SampledFrom([]string{"asymptotic", "exact", "monte_carlo"}).Draw(t, "method")
		o := Options{Method: method, Replicates: 99}
		a, err := KruskalWallis(g, o)
		if err != nil {
			return
		}
		b, err := KruskalWallis(mapped(g, func(v float64) float64 { return math.Exp(v) }), o)
		if err != nil {
			t.Fatal(err)
		}
		if a.Statistic != b.Statistic || a.P != b.P {
			t.Fatalf("%v with p %v, but of an increasing function %v with p %v", a.Statistic, a.P, b.Statistic, b.P)
		}
	})
}

func TestTypesAgreeWhenBalanced(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, columns, each := rapid.IntRange(2, 4).Draw(t, "a"), rapid.IntRange(2, 4).Draw(t, "b"), rapid.IntRange(2, 3).Draw(t, "n")
		y := drawValues(t, rows*columns*each)
		a, b := make([]string, len(y)), make([]string, len(y))
		for i := range y {
			a[i], b[i] = string(rune('a'+i%rows)), string(rune('a'+i/rows%columns))
		}
		additive := rapid.Bool().Draw(t, "additive")
		first, err := AnovaTwoWay(y, a, b, TwoWay{Type: 1, Additive: additive}, Options{})
		if err != nil {
			return
		}
		total := first.Details[0].Value
		for _, term := range first.Terms {
			total += term.SumSq
		}
		m, v, _ := moments("", y, 2)
		if whole := v * float64(len(y)-1); !bothNear(total, whole, 1e-11) {
			t.Fatalf("the sums of squares add up to %v, not %v (mean %v)", total, whole, m)
		}
		for kind := 2; kind <= 3; kind++ {
			other, err := AnovaTwoWay(y, a, b, TwoWay{Type: kind, Additive: additive}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			for i := range first.Terms {
				if !bothNear(first.Terms[i].SumSq, other.Terms[i].SumSq, 1e-10) {
					t.Fatalf("%s: type 1 %v, type %d %v", first.Terms[i].Name, first.Terms[i].SumSq, kind, other.Terms[i].SumSq)
				}
			}
		}
	})
}

func TestTypesTwoAndThreeDoNotDependOnTheOrderOfFactors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(8, 30).Draw(t, "n")
		y := drawValues(t, n)
		pick := rapid.SliceOfN(rapid.IntRange(0, 2), n, n)
		a, b := make([]string, n), make([]string, n)
		for i, v := range pick.Draw(t, "a") {
			a[i] = string(rune('a' + v%2))
		}
		for i, v := range pick.Draw(t, "b") {
			b[i] = string(rune('a' + v))
		}
		design := TwoWay{Type: rapid.IntRange(2, 3).Draw(t, "type"), Additive: rapid.Bool().Draw(t, "additive")}
		x, err := AnovaTwoWay(y, a, b, design, Options{})
		if err != nil {
			return
		}
		z, err := AnovaTwoWay(y, b, a, design, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !bothNear(x.Terms[0].SumSq, z.Terms[1].SumSq, 1e-9) || !bothNear(x.Terms[1].SumSq, z.Terms[0].SumSq, 1e-9) {
			t.Fatalf("%+v, but with factors exchanged %+v", x.Terms, z.Terms)
		}
	})
}

func TestAncovaIgnoresTheOriginOfTheCovariate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y, group := flat(drawGroups(t, 3, 3, 6))
		x := drawValues(t, len(y))
		a, err := Ancova(y, group, x, Options{})
		if err != nil {
			return
		}
		for i := range x {
			x[i] = 100 - 3*x[i]
		}
		b, err := Ancova(y, group, x, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !bothNear(a.Statistic, b.Statistic, 1e-9) || !bothNear(a.Details[0].Value, -3*b.Details[0].Value, 1e-9) {
			t.Fatalf("F = %v with slope %v, moved %v with slope %v", a.Statistic, a.Details[0].Value, b.Statistic, b.Details[0].Value)
		}
	})
}

func TestRepeatedMeasuresOfTwoConditionsIsThePairedT(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 10).Draw(t, "n")
		x, y := drawValues(t, n), drawValues(t, n)
		rows := make([][]float64, n)
		for i := range rows {
			rows[i] = []float64{x[i], y[i]}
		}
		f, err := RMAnova(rows, Options{})
		if err != nil {
			return
		}
		s, err := PairedT(x, y, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !bothNear(f.Statistic, s.Statistic*s.Statistic, 1e-11) || !bothNear(f.LogP, s.LogP, 1e-9) {
			t.Fatalf("F = %v with p %v, t = %v with p %v", f.Statistic, f.P, s.Statistic, s.P)
		}
	})
}

func TestSphericityIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, k := rapid.IntRange(2, 12).Draw(t, "n"), rapid.IntRange(2, 6).Draw(t, "k")
		rows := make([][]float64, n)
		for i := range rows {
			rows[i] = drawValues(t, k)
		}
		r, err := RMAnova(rows, Options{})
		if err != nil {
			return
		}
		d := map[string]float64{}
		for _, v := range r.Details {
			d[v.Name] = v.Value
		}
		gg, hf := d["gg_epsilon"], d["hf_epsilon"]
		if gg < 1/float64(k-1)-1e-12 || gg > hf || hf > 1 {
			t.Fatalf("gg %v, hf %v", gg, hf)
		}
		// F below 1 can make a corrected p-value the smaller.
		if r.Statistic > 2 && (d["p_gg"] < d["p_hf"]*(1-1e-9) || d["p_hf"] < d["p_uncorrected"]*(1-1e-9)) {
			t.Fatalf("p %v, hf %v, gg %v", d["p_uncorrected"], d["p_hf"], d["p_gg"])
		}
		if w, ok := d["mauchly_w"]; ok && (w < 0 || w > 1) {
			t.Fatalf("W = %v", w)
		}
	})
}
