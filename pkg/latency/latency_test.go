package latency

import (
	"math"
	"testing"
	"time"
)

const ms = time.Millisecond

// TestThroughTheFigures shows that every shape has the quantiles it was given.
func TestThroughTheFigures(t *testing.T) {
	must := func(d Distribution, err error) Distribution {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	pw, err := NewPiecewise(800*ms, 2000*ms, 5000*ms)
	piecewise := must(pw, err)
	bm, err := NewBimodal(800*ms, 2000*ms, 5000*ms, 0.05)
	bimodal := must(bm, err)
	ln, err := LognormalThrough(800*ms, 5000*ms, 0.99)
	lognormal := must(ln, err)
	pa, err := ParetoThrough(800*ms, 5000*ms)
	pareto := must(pa, err)
	for _, c := range []struct {
		name string
		d    Distribution
		q    float64
		want time.Duration
	}{
		{"piecewise", piecewise, 0.5, 800 * ms}, {"piecewise", piecewise, 0.95, 2000 * ms}, {"piecewise", piecewise, 0.99, 5000 * ms},
		{"bimodal", bimodal, 0.5, 800 * ms}, {"bimodal", bimodal, 0.95, 2000 * ms}, {"bimodal", bimodal, 0.99, 5000 * ms},
		{"lognormal", lognormal, 0.5, 800 * ms}, {"lognormal", lognormal, 0.99, 5000 * ms},
		{"pareto", pareto, 0.5, 800 * ms}, {"pareto", pareto, 0.99, 5000 * ms},
	} {
		if got := c.d.Quantile(c.q); math.Abs(float64(got-c.want)) > 1e-4*float64(c.want) {
			t.Errorf("%s: the quantile of order %g is %v, want %v", c.name, c.q, got, c.want)
		}
		for _, u := range []float64{0.01, 0.3, 0.9, 0.97, 0.999} {
			if back := 1 - c.d.Survival(c.d.Quantile(u)); math.Abs(back-u) > 1e-6 {
				t.Errorf("%s: %g of the calls are below the quantile of order %g", c.name, back, u)
			}
		}
	}
}

// TestLognormalOf shows the moments of the distribution that they were given for.
func TestLognormalOf(t *testing.T) {
	l, err := LognormalOf(5*ms, 2*ms)
	if err != nil {
		t.Fatal(err)
	}
	mean, square, n := 0.0, 0.0, 200_000
	for i := range n {
		x := float64(l.Quantile((float64(i) + 0.5) / float64(n)))
		mean += x / float64(n)
		square += x * x / float64(n)
	}
	if sd := math.Sqrt(square - mean*mean); math.Abs(mean/5e6-1) > 1e-3 || math.Abs(sd/2e6-1) > 3e-3 {
		t.Errorf("mean %.4g ms and deviation %.4g ms, want 5 and 2", mean/1e6, sd/1e6)
	}
}

// TestSamples shows that measured latencies are taken by their ranks.
func TestSamples(t *testing.T) {
	s, err := NewSamples([]time.Duration{4, 1, 3, 2})
	if err != nil {
		t.Fatal(err)
	}
	if s.Quantile(0.5) != 2 || s.Quantile(0.51) != 3 || s.Quantile(0.999) != 4 || s.Survival(2) != 0.5 || s.Survival(0) != 1 || s.Survival(4) != 0 {
		t.Errorf("quantiles %v %v %v, survival %g %g %g", s.Quantile(0.5), s.Quantile(0.51), s.Quantile(0.999), s.Survival(2), s.Survival(0), s.Survival(4))
	}
}

// TestRefusals shows what is no distribution.
func TestRefusals(t *testing.T) {
	for name, err := range map[string]error{
		"falling":    func() error { _, err := NewPiecewise(2*ms, ms, 3*ms); return err }(),
		"zero":       func() error { _, err := LognormalThrough(0, ms, 0.9); return err }(),
		"mean":       func() error { _, err := LognormalOf(-ms, ms); return err }(),
		"share":      func() error { _, err := NewBimodal(ms, 2*ms, 3*ms, 0.6); return err }(),
		"impossible": func() error { _, err := NewBimodal(1*ms, 100*ms, 101*ms, 0.02); return err }(),
		"no samples": func() error { _, err := NewSamples(nil); return err }(),
		"negative":   func() error { _, err := NewSamples([]time.Duration{-1}); return err }(),
		"pareto":     func() error { _, err := ParetoThrough(ms, ms); return err }(),
	} {
		if err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
