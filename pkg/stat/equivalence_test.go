package stat

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestEquivalenceIsInclusion: two one-sided tests reject exactly where the
// interval lies inside the margins, and the test of non-inferiority where it lies
// on the good side of its margin.
func TestEquivalenceIsInclusion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.Float64Range(-10, 10)
		n := rapid.IntRange(2, 12).Draw(t, "n")
		x := rapid.SliceOfN(value, n, n).Draw(t, "x")
		y := rapid.SliceOfN(value, n, n).Draw(t, "y")
		level := rapid.Float64Range(0.51, 0.999).Draw(t, "level")
		low := rapid.Float64Range(-20, 10).Draw(t, "low")
		high := low + rapid.Float64Range(0.01, 30).Draw(t, "width")
		for _, method := range []string{"welch", "student", "paired", "one_sample"} {
			o := Options{Level: level, Method: method}
			got, err := TOST(x, y, low, high, o)
			if method == "one_sample" {
				got, err = TOSTOneSample(y, low, high, o)
			}
			if err != nil {
				continue // without variation
			}
			i := got.Interval
			if !closeTo(i.Level, 2*level-1, 1e-15) {
				t.Fatalf("%s: level %v", method, i.Level)
			}
			if inside := low < i.Low && i.High < high; inside != (got.P < 1-level) && !closeTo(got.P, 1-level, 1e-9) {
				t.Fatalf("%s: p = %v, interval %+v, margins %v and %v", method, got.P, i, low, high)
			}
			if method == "one_sample" {
				continue
			}
			margin := high
			for _, higher := range []bool{true, false} {
				got, err := NonInferiorityT(x, y, margin, higher, o)
				if err != nil {
					t.Fatal(err)
				}
				good := got.Interval.High < margin
				if higher {
					good = got.Interval.Low > -margin
				}
				if good != (got.P < 1-level) && !closeTo(got.P, 1-level, 1e-9) {
					t.Fatalf("%s: p = %v, interval %+v, margin %v", method, got.P, got.Interval, margin)
				}
			}
		}
	})
}

func TestEquivalenceRefusals(t *testing.T) {
	x, y := []float64{1, 2, 4}, []float64{2, 2, 5}
	tost := func(low, high float64, o Options) error { _, err := TOST(x, y, low, high, o); return err }
	worse := func(margin float64, o Options) error {
		_, err := NonInferiorityT(x, y, margin, true, o)
		return err
	}
	for name, err := range map[string]error{
		"order":      tost(1, -1, Options{}),
		"equal":      tost(1, 1, Options{}),
		"infinite":   tost(math.Inf(-1), 1, Options{}),
		"level":      tost(-1, 1, Options{Level: 0.5}),
		"mu":         tost(-1, 1, Options{Mu: 1}),
		"one-sided":  tost(-1, 1, Options{Alternative: Greater}),
		"one sample": tost(-1, 1, Options{Method: "one_sample"}),
		"margin":     worse(math.NaN(), Options{}),
		"worse mu":   worse(1, Options{Mu: 1}),
	} {
		var r *Refusal
		if !errors.As(err, &r) || r.Reason != BadOption {
			t.Errorf("%s: %v", name, err)
		}
	}
	var r *Refusal
	if _, err := TOST(x[:1], y, -1, 1, Options{}); !errors.As(err, &r) || r.Reason != TooFew {
		t.Error(err)
	}
	if _, err := TOST(x, y[:2], -1, 1, Options{Method: "paired"}); !errors.As(err, &r) || r.Reason != Unpaired {
		t.Error(err)
	}
	if _, err := TOSTOneSample([]float64{2, 2}, -1, 1, Options{}); !errors.As(err, &r) || r.Reason != Constant {
		t.Error(err)
	}
}
