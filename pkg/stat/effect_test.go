package stat

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// The worked example: the treatment is 4.43 standard deviations above the control.
var (
	exampleControl   = []float64{.89, .87, .90, .88, .91}
	exampleTreatment = []float64{.96, .97, .94, .95, .98}
)

func TestEffectExample(t *testing.T) {
	for _, c := range []struct {
		name                string
		size                func(x, y []float64, o Options) (Effect, error)
		estimate, low, high float64
	}{
		{"cohens_d", CohensD, 4.4271887242357, 1.9348114, 6.8583095},
		{"hedges_g", HedgesG, 3.9964380201822, 1.7465607, 6.1910188},
		{"glass_delta", GlassDelta, 4.4271887242357, 1.2320708, 7.6039948},
	} {
		e, err := c.size(exampleControl, exampleTreatment, Options{})
		if err != nil {
			t.Fatal(err)
		}
		near(t, c.name, e.Estimate, c.estimate, 1e-12)
		near(t, c.name+" low", e.Low, c.low, 1e-6)
		near(t, c.name+" high", e.High, c.high, 1e-6)
	}
}

// twoSamples draws samples of whole numbers, with ties.
func twoSamples(t *rapid.T, least int) (x, y []float64) {
	values := rapid.SliceOfN(rapid.Map(rapid.IntRange(-9, 9), func(i int) float64 { return float64(i) }), least, 12)
	return values.Draw(t, "x"), values.Draw(t, "y")
}

func TestCliffsDeltaIsTheMeanSign(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := twoSamples(t, 2)
		net := 0
		for _, a := range x {
			for _, b := range y {
				switch {
				case b > a:
					net++
				case b < a:
					net--
				}
			}
		}
		got, err := CliffsDelta(x, y, Options{})
		if err != nil {
			var refused *Refusal
			if !errors.As(err, &refused) || refused.Reason != Constant {
				t.Fatal(err)
			}
			return
		}
		if want := float64(net) / float64(len(x)*len(y)); math.Abs(got.Estimate-want) > 1e-15 {
			t.Fatalf("delta is %v, want %v", got.Estimate, want)
		}
		back, err := CliffsDelta(y, x, Options{})
		if err != nil || back.Estimate != -got.Estimate || math.Abs(back.Low+got.High) > 1e-12 {
			t.Fatalf("swapped: %+v, not the mirror of %+v (%v)", back, got, err)
		}
		if !(-1 <= got.Low && got.Low <= got.Estimate && got.Estimate <= got.High && got.High <= 1 && got.Low < got.High) {
			t.Fatalf("%+v is no interval", got)
		}
		cubes, err := CliffsDelta(cubed(x), cubed(y), Options{})
		if err != nil || cubes.Interval.Low != got.Low || cubes.Estimate != got.Estimate {
			t.Fatalf("a monotone transformation changed %+v to %+v", got, cubes)
		}
	})
}

func cubed(x []float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = v * v * v
	}
	return out
}

func TestRankBiserialPairedIsTheMeanWalshSign(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.SliceOfN(rapid.IntRange(-6, 6), 2, 12).Draw(t, "d")
		var x, y, kept []float64
		for i, v := range d {
			x, y = append(x, float64(i)), append(y, float64(i+v))
			if v != 0 {
				kept = append(kept, float64(v))
			}
		}
		got, err := RankBiserialPaired(x, y, Options{})
		if err != nil {
			if len(kept) > 1 {
				t.Fatal(err)
			}
			return
		}
		n := float64(len(kept))
		h, total := make([]float64, len(kept)), 0.0
		for i, a := range kept {
			for j, b := range kept {
				s := 0.0
				if a+b != 0 {
					s = math.Copysign(1, a+b)
				}
				if h[i] += s; i == j {
					h[i] += s
				}
				if i <= j {
					total += s
				}
			}
		}
		r := 2 * total / (n * (n + 1))
		if math.Abs(got.Estimate-r) > 1e-14 {
			t.Fatalf("r is %v, want %v", got.Estimate, r)
		}
		mine, sumOf := pairedSigns(kept)
		if sumOf != total {
			t.Fatalf("signs sum to %v, want %v", sumOf, total)
		}
		a, b := 0.0, 0.0
		for i := range h {
			a, b = a+h[i]*h[i], b+mine[i]*mine[i]
		}
		if a != b || !(got.Low < got.High && got.Low <= r && r <= got.High) {
			t.Fatalf("squares %v and %v, interval %+v", a, b, got)
		}
	})
}
