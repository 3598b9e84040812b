package stat

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// mustAgree fails unless two numbers agree to a relative error.
func mustAgree(t interface {
	Helper()
	Fatalf(string, ...any)
}, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance*math.Max(1, math.Abs(want))) {
		t.Fatalf("%s is %.17g, want %.17g", what, got, want)
	}
}

// oneSample are the procedures of one sample that depend on neither origin nor
// unit.
var oneSample = map[string]func([]float64, Options) (Result, error){
	"shapiro_wilk":     ShapiroWilk,
	"anderson_darling": func(x []float64, o Options) (Result, error) { return AndersonDarling(x, Null{}, o) },
	"lilliefors":       Lilliefors,
	"dagostino_k2":     DAgostinoK2,
	"jarque_bera":      JarqueBera,
	"skewness_test":    SkewnessTest,
	"kurtosis_test":    KurtosisTest,
}

// manyGroups are the tests of equal spread.
var manyGroups = map[string]func([][]float64, Options) (Result, error){
	"levene":         func(g [][]float64, o Options) (Result, error) { return Levene(g, Center{}, o) },
	"trimmed":        func(g [][]float64, o Options) (Result, error) { return Levene(g, Center{"trimmed", 0.1}, o) },
	"brown_forsythe": BrownForsythe,
	"bartlett":       Bartlett,
	"fligner":        Fligner,
}

// whole draws samples of small whole numbers, exact under shifts and scales.
func whole(least, most int) *rapid.Generator[[]float64] {
	return rapid.Custom(func(t *rapid.T) []float64 {
		n := rapid.IntRange(least, most).Draw(t, "n")
		width := rapid.SampledFrom([]int{1, 5, 1000}).Draw(t, "width")
		x := make([]float64, n)
		for i := range x {
			x[i] = float64(rapid.IntRange(0, width).Draw(t, "x"))
		}
		return x
	})
}

func TestNormalityLaws(t *testing.T) {
	for name, f := range oneSample {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				x := whole(8, 60).Draw(t, "x")
				got, err := f(x, Options{})
				if err != nil {
					refusedAs(t, err, Constant)
					return
				}
				moved := make([]float64, len(x))
				for i, v := range x {
					moved[len(x)-1-i] = 0.5*v - 64
				}
				other, err := f(moved, Options{})
				if err != nil {
					t.Fatal(err)
				}
				mustAgree(t, "statistic", other.Statistic, got.Statistic, 1e-11)
				mustAgree(t, "ln p", other.LogP, got.LogP, 1e-9)
				if !(got.P > 0 && got.P <= 1) {
					t.Fatalf("p = %v", got.P)
				}
				if got.Alternative != TwoSided {
					t.Fatalf("alternative %q", got.Alternative)
				}
			})
		})
	}
}

// TestShapiroThree compares three values with the exact distribution, uniform p.
func TestShapiroThree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := []float64{0, rapid.Float64Range(0.001, 1000).Draw(t, "gap"), 0}
		x[2] = x[1] + rapid.Float64Range(0.001, 1000).Draw(t, "gap")
		r, err := ShapiroWilk(x, Options{})
		if err != nil {
			t.Fatal(err)
		}
		want := 6 / math.Pi * (math.Asin(math.Sqrt(r.Statistic)) - math.Asin(math.Sqrt(0.75)))
		if math.Abs(r.P-want) > 1e-7 {
			t.Fatalf("p = %v, want %v", r.P, want)
		}
	})
	r, err := ShapiroWilk([]float64{0.693, 0, 0}, Options{})
	if err != nil || r.P != SmallestP || len(r.Warnings) == 0 {
		t.Errorf("two equal values of three: %+v, %v", r, err)
	}
}

func TestSpreadLaws(t *testing.T) {
	for name, f := range manyGroups {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				groups := rapid.SliceOfN(whole(2, 20), 2, 5).Draw(t, "groups")
				got, err := f(groups, Options{})
				if err != nil {
					refusedAs(t, err, Constant)
					return
				}
				moved := slices.Clone(groups)
				slices.Reverse(moved)
				for j, g := range moved {
					moved[j] = make([]float64, len(g))
					for i, v := range g {
						moved[j][i] = 4*v + float64(8*j)
					}
				}
				other, err := f(moved, Options{})
				if err != nil {
					t.Fatal(err)
				}
				mustAgree(t, "statistic", other.Statistic, got.Statistic, 1e-8)
				if !(got.P > 0 && got.P <= 1) || got.Statistic < 0 {
					t.Fatalf("%+v", got)
				}
			})
		})
	}
}

func TestVarianceRatioLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := whole(2, 30).Draw(t, "x"), whole(2, 30).Draw(t, "y")
		got, err := VarianceRatio(x, y, 1, Options{})
		if err != nil {
			refusedAs(t, err, Constant)
			return
		}
		swapped, err := VarianceRatio(y, x, 1, Options{})
		if err != nil {
			t.Fatal(err)
		}
		mustAgree(t, "p", swapped.P, got.P, 1e-10)
		mustAgree(t, "low", swapped.Interval.Low, 1/got.Interval.High, 1e-10)
		// The interval leaves out 1 where p is below 0.05.
		if outside := got.Interval.Low > 1 || got.Interval.High < 1; outside != (got.P < 0.05) && math.Abs(got.P-0.05) > 1e-9 {
			t.Fatalf("p = %v, interval %+v", got.P, *got.Interval)
		}
	})
}

// TestKSTwoSampleBruteForce divides the pooled values in all ways.
func TestKSTwoSampleBruteForce(t *testing.T) {
	distance := func(x, y []float64, a Alternative) float64 {
		most := 0
		for _, v := range slices.Concat(x, y) {
			d := 0
			for _, u := range x {
				if u <= v {
					d += len(y)
				}
			}
			for _, u := range y {
				if u <= v {
					d -= len(x)
				}
			}
			switch {
			case a == Less, a == TwoSided && d < 0:
				d = -d
			}
			most = max(most, d)
		}
		return float64(most)
	}
	rapid.Check(t, func(t *rapid.T) {
		pooled := make([]float64, rapid.IntRange(2, 9).Draw(t, "n"))
		top := rapid.SampledFrom([]int{1, 3, 100}).Draw(t, "top")
		for i := range pooled {
			pooled[i] = float64(rapid.IntRange(0, top).Draw(t, "v"))
		}
		m := rapid.IntRange(1, len(pooled)-1).Draw(t, "m")
		a := rapid.SampledFrom([]Alternative{TwoSided, Greater, Less}).Draw(t, "alternative")
		observed := distance(pooled[:m], pooled[m:], a)
		reached, ways := 0, 0
		for set := range 1 << len(pooled) {
			var x, y []float64
			for i, v := range pooled {
				if set>>i&1 == 1 {
					x = append(x, v)
				} else {
					y = append(y, v)
				}
			}
			if len(x) != m {
				continue
			}
			ways++
			if distance(x, y, a) >= observed {
				reached++
			}
		}
		got, err := KSTwoSample(pooled[:m], pooled[m:], Options{Method: "exact", Alternative: a})
		if err != nil {
			t.Fatal(err)
		}
		mustAgree(t, "p", got.P, float64(reached)/float64(ways), 1e-13)
	})
}

// TestKSLogarithms finds the same chance in logarithms as without.
func TestKSLogarithms(t *testing.T) {
	for _, a := range []Alternative{TwoSided, Greater} {
		x, y := make([]float64, 30), make([]float64, 41)
		for i := range x {
			x[i] = float64(i % 13)
		}
		for i := range y {
			y[i] = float64(i%17) + 2
		}
		g := newKSGrid(x, y, a)
		mustAgree(t, "ln p", g.logShare(), math.Log(g.share()), 1e-12)
	}
}

// TestKolmogorovBranches compares the ways to the one-sample p-value where they
// meet.
func TestKolmogorovBranches(t *testing.T) {
	for _, n := range []int{1, 2, 5, 10, 40, 200, 1000} {
		m := float64(n)
		// Beyond d = ½ both sides cannot be left at once.
		if n > 1 {
			d := 0.5 + 0.3/m
			mustAgree(t, "beyond a half", leavesBand(n, d)/(2*math.Exp(smirnovLog(n, d))), 1, 1e-11)
		}
		if d := math.Sqrt(6.5 / m); d < 1 {
			mustAgree(t, "tail", leavesBand(n, d)/(2*math.Exp(smirnovLog(n, d))), 1, 1e-11)
		}
		for _, z := range []float64{0.5, 0.8, 1.2, 2} {
			if d := z / math.Sqrt(m); n >= 10 {
				if got, want := liChien(m, d), leavesBand(n, d); math.Abs(got-want) > 0.5/(m*m) {
					t.Errorf("n = %d, z = %v: expansion %v, exact %v", n, z, got, want)
				}
			}
		}
	}
	// Against the walk without steps across two moments, and so for every order and
	// coincidence of the moments.
	for _, n := range []int{1, 2, 3, 4, 7, 20, 100} {
		for _, d := range []float64{0.01, 0.05, 0.1, 0.125, 0.2, 0.25, 0.3, 1.0 / 3, 0.375, 0.4, 0.45, 0.499, 0.5, 0.6, 0.75, 0.9} {
			mustAgree(t, fmt.Sprintf("the band of %d at %v", n, d), leavesBand(n, d), plainBand(n, d), 1e-12)
		}
	}
	if got := leavesBand(1, 0.7); math.Abs(got-0.6) > 1e-15 { // 2(1 − d)
		t.Errorf("one observation: %v", got)
	}
}

// plainBand is leavesBand by one step from moment to moment.
func plainBand(n int, d float64) float64 {
	m := float64(n)
	var moments []float64
	for i := range n {
		moments = append(moments, float64(i+1)-m*d, float64(i)+m*d)
	}
	slices.Sort(moments)
	chance, now, failed := map[int]float64{0: 1}, 0.0, 0.0
	for _, at := range append(moments, m) {
		if at <= 0 || at > m {
			continue
		}
		next := map[int]float64{}
		for s, p := range chance {
			for k := 0; s+k <= n && k < 60; k++ {
				q := p
				if at > now {
					q *= math.Exp(poissonLog(k, at-now))
				} else if k > 0 {
					break
				}
				// s points may not be more than those that may be early by now.
				if early := float64(s+k) - m*d; k > 0 && early >= at {
					failed += q * math.Exp(poissonLog(n-s-k, m-at)-poissonLog(n, m))
				} else {
					next[s+k] += q
				}
			}
		}
		for s, p := range next {
			if float64(s)+m*d <= at && at < m {
				failed += p * math.Exp(poissonLog(n-s, m-at)-poissonLog(n, m))
				delete(next, s)
			}
		}
		chance, now = next, at
	}
	return math.Min(1, failed)
}

func TestKSOneSampleLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "n")
		x, mirror := make([]float64, n), make([]float64, n)
		for i := range x {
			x[i] = float64(rapid.IntRange(1, 1023).Draw(t, "x")) / 1024
			mirror[i] = 1 - x[i]
		}
		null := Null{Family: "uniform"}
		for _, method := range []string{"exact", "asymptotic"} {
			up, err1 := KSOneSample(x, null, Options{Alternative: Greater, Method: method})
			down, err2 := KSOneSample(mirror, null, Options{Alternative: Less, Method: method})
			both, err3 := KSOneSample(x, null, Options{Method: method})
			if err := errors.Join(err1, err2, err3); err != nil {
				t.Fatal(err)
			}
			mustAgree(t, "mirrored p", down.P, up.P, 1e-12)
			if method == "exact" && both.Statistic == up.Statistic && both.P > math.Min(1, 2*up.P)*(1+1e-12) {
				t.Fatalf("two sides %v, one %v", both.P, up.P)
			}
		}
	})
}

// TestMonteCarloNormal compares the drawn distributions with the curves.
func TestMonteCarloNormal(t *testing.T) {
	x := make([]float64, 30)
	for i := range x {
		x[i] = NormQuantile((float64(i)+0.5)/30) + 0.07*float64(i%5)*float64(i%5)
	}
	for _, name := range []string{"anderson_darling", "lilliefors"} {
		curve, err := oneSample[name](x, Options{})
		if err != nil {
			t.Fatal(err)
		}
		o := Options{Method: "monte_carlo", Seed: 7, Replicates: 4000}
		drawn, err := oneSample[name](x, o)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := oneSample[name](x, o)
		if drawn.P != again.P {
			t.Errorf("%s: %v and %v of one seed", name, drawn.P, again.P)
		}
		if se := math.Sqrt(curve.P * (1 - curve.P) / 4000); math.Abs(drawn.P-curve.P) > 4*se+0.02 {
			t.Errorf("%s: drawn %v, by the curve %v", name, drawn.P, curve.P)
		}
	}
	if r, err := JarqueBera(x, Options{Method: "monte_carlo", Replicates: 999}); err != nil || r.P < 1e-3 {
		t.Errorf("%+v, %v", r, err)
	}
}

// refusedAs fails unless an error is a refusal for the reason.
func refusedAs(t interface {
	Helper()
	Fatalf(string, ...any)
}, err error, reason Reason) {
	t.Helper()
	var r *Refusal
	if !errors.As(err, &r) || r.Reason != reason {
		t.Fatalf("refused as %v, want %s", err, reason)
	}
}

func TestAssumptionRefusals(t *testing.T) {
	long := make([]float64, 5001)
	long[0] = 1
	bad := map[string]struct {
		x      []float64
		reason Reason
	}{
		"none":     {nil, TooFew},
		"one":      {[]float64{1}, TooFew},
		"equal":    {slices.Repeat([]float64{3}, 20), Constant},
		"NaN":      {[]float64{1, 2, math.NaN(), 3, 4, 5, 6, 7, 8}, NotFinite},
		"infinite": {[]float64{1, 2, math.Inf(-1), 3, 4, 5, 6, 7, 8}, NotFinite},
		"1e300":    {[]float64{1, 2, 1e300, 3, 4, 5, 6, 7, 8}, NotFinite},
	}
	for what, b := range bad {
		for name, f := range oneSample {
			t.Run(name+" "+what, func(t *testing.T) {
				_, err := f(b.x, Options{})
				refusedAs(t, err, b.reason)
			})
		}
		for name, f := range manyGroups {
			t.Run(name+" "+what, func(t *testing.T) {
				_, err := f([][]float64{b.x, b.x}, Options{})
				refusedAs(t, err, b.reason)
			})
		}
		t.Run("f_ratio "+what, func(t *testing.T) {
			_, err := VarianceRatio([]float64{1, 2}, b.x, 1, Options{})
			refusedAs(t, err, b.reason)
		})
	}
	for what, err := range map[string]error{
		"sizes":       second(ShapiroWilk(long, Options{})),
		"replicates":  second(Lilliefors(long, Options{Method: "monte_carlo", Replicates: 1 << 30})),
		"exact pairs": second(KSTwoSample(make([]float64, 60_000), append(make([]float64, 59_999), 1), Options{Method: "exact"})),
	} {
		t.Run(what, func(t *testing.T) { refusedAs(t, err, TooLarge) })
	}
	for what, err := range map[string]error{
		"one-sided":    second(ShapiroWilk([]float64{1, 2, 4}, Options{Alternative: Greater})),
		"mu":           second(ShapiroWilk([]float64{1, 2, 4}, Options{Mu: 1})),
		"distribution": second(KSOneSample([]float64{1}, Null{Family: "cauchy"}, Options{})),
		"sd":           second(KSOneSample([]float64{1}, Null{A: 1, B: -1}, Options{})),
		"ends":         second(KSOneSample([]float64{1}, Null{Family: "uniform", A: 2, B: 1}, Options{})),
		"rate":         second(KSOneSample([]float64{1}, Null{Family: "exponential", A: -1}, Options{})),
		"center":       second(Levene([][]float64{{1, 2}, {3, 4}}, Center{Kind: "mode"}, Options{})),
		"trim":         second(Levene([][]float64{{1, 2}, {3, 4}}, Center{"trimmed", 0.5}, Options{})),
		"ratio":        second(VarianceRatio([]float64{1, 2}, []float64{1, 2}, 0, Options{})),
	} {
		t.Run(what, func(t *testing.T) { refusedAs(t, err, BadOption) })
	}
	t.Run("outside", func(t *testing.T) {
		refusedAs(t, second(AndersonDarling([]float64{0.5, 2}, Null{Family: "uniform"}, Options{Method: "known"})), Invalid)
	})
	t.Run("empty", func(t *testing.T) {
		refusedAs(t, second(KSTwoSample(nil, []float64{1}, Options{})), TooFew)
		refusedAs(t, second(KSOneSample(nil, Null{}, Options{})), TooFew)
	})
	t.Run("one group", func(t *testing.T) { refusedAs(t, second(Bartlett([][]float64{{1, 2}}, Options{})), TooFew) })
}

// second returns the error of a procedure.
func second(_ Result, err error) error { return err }
