package power

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/crucible-go/crucible/pkg/stat"
)

// designs are some of each kind, with an effect and a power to plan for.
func designs() map[string]struct {
	d      Design
	effect float64
} {
	return map[string]struct {
		d      Design
		effect float64
	}{
		"t":           {TTest{Alpha: 0.05, Alternative: stat.TwoSided, Ratio: 1, ClusterSize: 1}, 0.4},
		"t less":      {TTest{Alpha: 0.01, Alternative: stat.Less, Ratio: 2, ClusterSize: 1}, -0.6},
		"t clusters":  {TTest{Alpha: 0.05, Alternative: stat.TwoSided, Ratio: 1, ClusterSize: 8, ICC: 0.1}, 0.5},
		"pairs":       {TTest{Samples: Pairs, Alpha: 0.05, Alternative: stat.Greater, ClusterSize: 1}, 0.3},
		"anova":       {Anova{Alpha: 0.05, Groups: 4}, 0.3},
		"chi-square":  {ChiSquare{Alpha: 0.05, DF: 3}, 0.3},
		"correlation": {Correlation{Alpha: 0.05, Alternative: stat.TwoSided}, 0.5},
		"fisher z":    {Correlation{Alpha: 0.05, Alternative: stat.Less, FisherZ: true}, -0.5},
		"normal":      {TwoProportions{Alpha: 0.05, Alternative: stat.TwoSided, Method: Normal, P1: 0.6, Ratio: 1, ClusterSize: 1}, 0.2},
		"arcsine":     {TwoProportions{Alpha: 0.05, Alternative: stat.TwoSided, Method: Arcsine, P1: 0.6, Ratio: 1, ClusterSize: 1}, 0.2},
		"exact":       {TwoProportions{Alpha: 0.05, Alternative: stat.TwoSided, Method: Exact, P1: 0.6, Ratio: 1, ClusterSize: 1}, 0.3},
		"exact z":     {TwoProportions{Alpha: 0.05, Alternative: stat.Less, Method: ExactZ, P1: 0.6, Ratio: 1, ClusterSize: 1}, -0.3},
		"mcnemar":     {McNemar{Alpha: 0.05, Alternative: stat.TwoSided, Method: McNemarExact, P10: 0.1}, 0.2},
		"mid-p":       {McNemar{Alpha: 0.05, Alternative: stat.Greater, Method: McNemarMidP, Discordant: 0.4}, 0.2},
		"connor":      {McNemar{Alpha: 0.05, Alternative: stat.TwoSided, Method: Connor, P10: 0.1}, 0.2},
		"miettinen":   {McNemar{Alpha: 0.05, Alternative: stat.TwoSided, Method: Miettinen, P10: 0.1}, 0.2},
	}
}

// TestSampleSizeIsLeast: the n found has the power, and one step less has not.
func TestSampleSizeIsLeast(t *testing.T) {
	for name, c := range designs() {
		for _, target := range []float64{0.5, 0.8, 0.95} {
			size, err := SampleSize(c.d, c.effect, target)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			step := math.Max(1, c.d.limits().step)
			n := float64(size.N)
			before := n - step
			if p := c.d.Power(n, c.effect); p < target || p != size.Power {
				t.Errorf("%s: n = %d has power %g, not %g", name, size.N, p, target)
			}
			if before >= c.d.limits().least {
				if p := c.d.Power(before, c.effect); p >= target {
					t.Errorf("%s: n = %g has power %g already", name, before, p)
				}
			}
			if size.Exact > 0 && (size.Exact > n+1e-6 || size.Exact <= before && before >= c.d.limits().least) {
				t.Errorf("%s: %g is not rounded to %d", name, size.Exact, size.N)
			}
		}
	}
}

// TestDetectableInvertsPower: the least effect has just the power.
func TestDetectableInvertsPower(t *testing.T) {
	for name, c := range designs() {
		for _, n := range []float64{40, 200} {
			effect, err := Detectable(c.d, n, 0.8)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if p := c.d.Power(n, effect); math.Abs(p-0.8) > 1e-9 {
				t.Errorf("%s: an effect of %g has power %g", name, effect, p)
			}
			if effect*c.effect <= 0 {
				t.Errorf("%s: the effect %g has the wrong sign", name, effect)
			}
		}
	}
}

// TestPowerRises: with the size of the effect, and without one it is at most alpha,
// but for the three methods that promise nothing of the kind.
func TestPowerRises(t *testing.T) {
	for name, c := range designs() {
		last := 0.0
		for _, share := range []float64{0, 0.25, 0.5, 0.75, 1} {
			p := c.d.Power(60, share*c.effect)
			if !(p >= last-1e-12 && p <= 1) {
				t.Errorf("%s: power %g after %g", name, p, last)
			}
			if share == 0 && p > 0.05+1e-9 && name != "exact z" && name != "mid-p" && name != "fisher z" {
				t.Errorf("%s: power %g without an effect", name, p)
			}
			last = p
		}
	}
}

// TestCurve follows Power, and refuses what is out of range.
func TestCurve(t *testing.T) {
	d := TTest{Alpha: 0.05, Alternative: stat.TwoSided, Ratio: 1, ClusterSize: 1}
	points, err := Curve(d, 0.5, []int{10, 64, 100})
	if err != nil {
		t.Fatal(err)
	}
	if points[1].N != 64 || math.Abs(points[1].Power-0.801459557922) > 1e-12 {
		t.Errorf("%+v", points)
	}
	if _, err := Curve(d, 0.5, []int{1}); err == nil {
		t.Error("n = 1 has a power")
	}
	e, _ := Lookup("t")
	listed, err := e.Curve(map[string]string{"d": "0.5"}, 10, 100, 30)
	if err != nil || len(listed) != 4 || listed[0] != points[0] {
		t.Errorf("%+v, %v", listed, err)
	}
	if _, err := e.Curve(map[string]string{}, 10, 100, 30); err == nil {
		t.Error("a curve without an effect")
	}
}

// TestSimulate agrees with the computed power, whatever the seed, and counts what
// the test refused.
func TestSimulate(t *testing.T) {
	type pair struct{ x, y []float64 }
	d := TTest{Alpha: 0.05, Alternative: stat.TwoSided, Ratio: 1, ClusterSize: 1}
	draw := func(r *rand.Rand) pair {
		p := pair{make([]float64, 20), make([]float64, 20)}
		for i := range p.x {
			p.x[i], p.y[i] = r.NormFloat64(), 0.8+r.NormFloat64()
		}
		return p
	}
	got, err := Simulate(2000, 7, 0.05, 0.999, draw, func(p pair) (float64, error) {
		r, err := stat.StudentT(p.x, p.y, stat.Options{})
		return r.P, err
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := d.Power(20, 0.8); want < got.Low || want > got.High {
		t.Errorf("power is %g, simulated %g to %g", want, got.Low, got.High)
	}
	again, err := Simulate(2000, 7, 0.05, 0.999, draw, func(p pair) (float64, error) { return 0, errors.New("no") })
	if err != nil || again.Refused != 2000 || again.Estimate != 0 {
		t.Errorf("%+v, %v", again, err)
	}
	for _, bad := range []struct {
		replicates   int
		alpha, level float64
	}{{0, 0.05, 0.95}, {10, 0, 0.95}, {10, 0.05, 1}, {1e8, 0.05, 0.95}} {
		if _, err := Simulate(bad.replicates, 1, bad.alpha, bad.level, draw, nil); err == nil {
			t.Errorf("%+v is not refused", bad)
		}
	}
}

// TestMcNemarByChance: the exact power lies in the band of a simulation.
func TestMcNemarByChance(t *testing.T) {
	d := McNemar{Alpha: 0.05, Alternative: stat.TwoSided, Method: McNemarExact, P10: 0.1}
	got, err := Simulate(3000, 3, 0.05, 0.999, func(r *rand.Rand) [2]int {
		var c [2]int
		for range 80 {
			switch u := r.Float64(); {
			case u < 0.1:
				c[0]++
			case u < 0.35:
				c[1]++
			}
		}
		return c
	}, func(c [2]int) (float64, error) { return stat.McNemarExact(c[0], c[1]).P, nil })
	if err != nil {
		t.Fatal(err)
	}
	if want := d.Power(80, 0.15); want < got.Low || want > got.High {
		t.Errorf("power is %g, simulated %g to %g", want, got.Low, got.High)
	}
}

// TestWaysToSayMcNemar: the same probabilities in other words.
func TestWaysToSayMcNemar(t *testing.T) {
	want := plain(t, "mcnemar", map[string]string{"p10": "0.1", "p01": "0.2", "n": "150"})["power"].(float64)
	for _, set := range []map[string]string{
		{"discordant": "0.3", "psi": "2"}, {"p10": "0.1", "psi": "2"}, {"discordant": "0.3", "p10": "0.1"}, {"discordant": "0.3", "p01": "0.2"},
		{"p1": "0.5", "p2": "0.6", "rho": fmt.Sprint(0.1 / math.Sqrt(0.25*0.24))}, // p10 = .5·.4 − ρ·√(.25·.24)
	} {
		set["n"] = "150"
		if got := plain(t, "mcnemar", set)["power"].(float64); math.Abs(got-want) > 1e-12 {
			t.Errorf("%v: power %g, want %g", set, got, want)
		}
	}
}

// TestRefusals are typed and say what is wrong.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		test string
		set  map[string]string
	}{
		{"t", map[string]string{}},
		{"t", map[string]string{"d": "0.5"}},
		{"t", map[string]string{"d": "0.5", "n": "20", "power": "0.8"}},
		{"t", map[string]string{"d": "x", "n": "20"}},
		{"t", map[string]string{"d": "0", "power": "0.8"}},
		{"t", map[string]string{"d": "NaN", "power": "0.8"}},
		{"t", map[string]string{"d": "0.5", "n": "1"}},
		{"t", map[string]string{"d": "0.5", "n": "2.5"}},
		{"t", map[string]string{"d": "0.5", "n": "20", "alpha": "1"}},
		{"t", map[string]string{"d": "0.5", "power": "1"}},
		{"t", map[string]string{"d": "0.5", "power": "0.8", "alternative": "sideways"}},
		{"t", map[string]string{"d": "0.5", "power": "0.8", "alternative": "less"}},
		{"t", map[string]string{"d": "0.5", "power": "0.8", "wrong": "1"}},
		{"t", map[string]string{"d": "0.5", "power": "0.8", "m": "2.5"}},
		{"t", map[string]string{"d": "0.5", "power": "0.8", "m": "5", "icc": "2"}},
		{"t", map[string]string{"d": "1e-9", "power": "0.8"}},
		{"t", map[string]string{"d": "0.5", "power": "0.8", "method": "magic"}},
		{"anova", map[string]string{"f": "0.5", "power": "0.8"}},
		{"anova", map[string]string{"f": "0.5", "power": "0.8", "k": "1"}},
		{"chi_square", map[string]string{"w": "0.5", "power": "0.8", "df": "0"}},
		{"anova", map[string]string{"f": "0.5", "power": "0.8", "k": "3", "groups": "3"}},
		{"correlation", map[string]string{"r": "1", "power": "0.8"}},
		{"two_proportions", map[string]string{"p2": "0.8", "power": "0.8"}},
		{"two_proportions", map[string]string{"p1": "0.8", "p2": "1.8", "power": "0.8"}},
		{"two_proportions", map[string]string{"p1": "0.5", "p2": "0.6", "h": "0.2", "power": "0.8"}},
		{"two_proportions", map[string]string{"h": "0.2", "power": "0.8", "method": "exact"}},
		{"two_proportions", map[string]string{"p1": "0.5", "p2": "0.6", "power": "0.8", "method": "exact", "m": "5"}},
		{"two_proportions", map[string]string{"p1": "0.5", "p2": "0.5001", "power": "0.8", "method": "exact"}},
		{"mcnemar", map[string]string{"power": "0.8"}},
		{"mcnemar", map[string]string{"p10": "0.6", "p01": "0.6", "n": "10"}},
		{"mcnemar", map[string]string{"p1": "0.9", "p2": "0.1", "rho": "0.9", "n": "10"}},
		{"mcnemar", map[string]string{"p10": "0.2", "psi": "-1", "n": "10"}},
		{"mcnemar", map[string]string{"p10": "0", "n": "3", "power": "0.8"}},
	} {
		e, _ := Lookup(c.test)
		out, err := e.Do(c.set)
		if err != nil {
			t.Errorf("%s %v: %v", c.test, c.set, err)
		}
		if out.Refused == "" || out.Reason == "" || out.Test != c.test {
			t.Errorf("%s %v is not refused: %+v", c.test, c.set, out)
		}
	}
	if _, ok := Lookup("observed"); ok {
		t.Error("there is a design that is none")
	}
}

// TestAnySettings: whatever the settings, an answer that makes sense or a refusal.
func TestAnySettings(t *testing.T) {
	values := []string{"0", "1", "0.5", "-0.5", "0.8", "0.05", "2", "10", "64", "1e300", "-1e300", "NaN", "Inf", "x", "", "1e-300", "0.999999", "1000", "less", "greater"}
	rapid.Check(t, func(r *rapid.T) {
		all := All()
		e := all[rapid.IntRange(0, len(all)-1).Draw(r, "design")]
		keys := []string{"n", "power", "alpha", "alternative"}
		for _, k := range e.Keys {
			keys = append(keys, k.Name)
		}
		set := map[string]string{}
		for _, k := range rapid.SliceOfNDistinct(rapid.SampledFrom(keys), 1, 5, rapid.ID[string]).Draw(r, "keys") {
			set[k] = rapid.SampledFrom(values).Draw(r, k)
		}
		if len(e.Methods) > 0 && rapid.Bool().Draw(r, "with method") {
			set["method"] = rapid.SampledFrom(e.Methods).Draw(r, "method")
		}
		out, err := e.Do(set)
		if err != nil {
			r.Fatalf("%s %v: %v", e.Name, set, err)
		}
		if _, err := json.Marshal(out); err != nil {
			r.Fatalf("%s %v: %v", e.Name, set, err)
		}
		if out.Refused == "" && (out.N < 1 || !(out.Power >= 0 && out.Power <= 1) || out.Effect == nil || out.NTotal < out.N) {
			r.Fatalf("%s %v: %+v", e.Name, set, out)
		}
	})
}

func BenchmarkSampleSize(b *testing.B) {
	for _, name := range []string{"t", "anova", "correlation", "exact", "mcnemar"} {
		c := designs()[name]
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := SampleSize(c.d, c.effect, 0.8); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
