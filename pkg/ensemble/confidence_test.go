package ensemble

import (
	"errors"
	"math"
	"slices"
	"testing"
)

func TestVerbalConfidence(t *testing.T) {
	for text, want := range map[string]float64{
		"Answer: 7\nConfidence: 85%": 0.85, "confidence is 0.9": 0.9, "I am 70 % sure.": 0.7, "Confidence: 95": 0.95,
		"confidence level = 8/10": 0.8, "Confidence: 50% … no, confidence: 60%": 0.6, "I'm 99.5% certain": 0.995, "confidence: 1": 1, "Confidence: 0": 0,
		"no number": -1, "I am sure": -1, "Confidence: high": -1, "confidence: 7": -1, "confidence: 120%": -1, "85% of the eggs": -1,
	} {
		got, ok := VerbalConfidence(text)
		if ok != (want >= 0) || ok && math.Abs(got-want) > 1e-12 {
			t.Errorf("%q: %v, %v", text, got, ok)
		}
	}
}

func TestOtherConfidences(t *testing.T) {
	if c, ok := LogProbConfidence([]float64{math.Log(0.9), math.Log(0.4)}); !ok || math.Abs(c-0.6) > 1e-12 {
		t.Errorf("log-probabilities: %v, %v", c, ok)
	}
	for _, bad := range [][]float64{nil, {0.5}, {math.NaN()}} {
		if c, ok := LogProbConfidence(bad); ok {
			t.Errorf("%v: %v", bad, c)
		}
	}
	if a, c, ok := SampleConfidence([]string{"", "x", "y", "y"}); a != "y" || c != 0.5 || !ok {
		t.Errorf("samples: %q, %v, %v", a, c, ok)
	}
	if _, _, ok := SampleConfidence([]string{"x"}); ok {
		t.Error("one sample agrees with nobody")
	}
}

// TestIsotonic is PAV by hand, and its laws.
func TestIsotonic(t *testing.T) {
	said := []float64{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.9}
	right := []bool{false, true, false, false, true, true, false, true, true, true}
	s, err := FitIsotonic(said, right)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.From, []float64{0.1, 0.2, 0.5, 0.8}) || !slices.Equal(s.Share, []float64{0, 1.0 / 3, 2.0 / 3, 1}) {
		t.Errorf("%+v", s)
	}
	for c, want := range map[float64]float64{0: 0, 0.15: 0, 0.2: 1.0 / 3, 0.49: 1.0 / 3, 0.65: 2.0 / 3, 1: 1} {
		if got := s.Calibrate(c); got != want {
			t.Errorf("%v: %v, want %v", c, got, want)
		}
	}
	if _, err := FitIsotonic(said[:9], right[:9]); !errors.Is(err, ErrCalibration) {
		t.Errorf("nine: %v", err)
	}
	if _, err := FitIsotonic(append([]float64{1.2}, said[1:]...), right); !errors.Is(err, ErrCalibration) {
		t.Errorf("above 1: %v", err)
	}
}

// TestTemperature finds the temperature that log-odds were multiplied with.
func TestTemperature(t *testing.T) {
	var said []float64
	var right []bool
	for i := range 4000 {
		p := 0.05 + 0.9*float64(i%10)/9
		right = append(right, float64(i/10%100) < 100*p)
		said = append(said, Temperature{1.0 / 3}.Calibrate(p)) // three times too sure
	}
	fitted, err := FitTemperature(said, right)
	if err != nil || math.Abs(fitted.T-3) > 0.15 {
		t.Errorf("%+v, %v", fitted, err)
	}
}

// TestDiagnosis by hand: ten items, two members.
func TestDiagnosis(t *testing.T) {
	var items []Labelled
	add := func(n int, a, b string) {
		for range n {
			items = append(items, Label(said(a, b), "r"))
		}
	}
	add(5, "r", "r")
	add(2, "r", "w")
	add(1, "w", "w")
	add(1, "w", "v")
	add(1, "", "r")
	d := Diagnose(names(2), items, nil, 0, 1)
	near := func(name string, got Estimate, want float64, n int) {
		t.Helper()
		if math.Abs(got.Estimate-want) > 1e-12 || got.N != n || got.Low > want || got.High < want {
			t.Errorf("%s: %+v, want %v of %d", name, got, want, n)
		}
	}
	near("accuracy of a", d.Members[0].Accuracy, 0.7, 10)
	near("accuracy of b", d.Members[1].Accuracy, 0.6, 10)
	near("invalid", d.Members[0].Invalid, 0.1, 10)
	near("all wrong", d.AllWrong, 0.2, 10)
	near("ceiling", d.Ceiling, 0.8, 10)
	near("unanimity", d.Unanimous, 0.6, 10)
	near("its accuracy", d.UnanimousCorrect, 5.0/6, 6)
	near("same wrong", d.SameWrong, 0.5, 2)
	near("disagreement", d.Pairs[0].Disagreement, 0.3, 10)
	near("majority", d.Majority, 0.8, 10)
	// φ = (5·2 − 2·1)/√(7·3·6·4)
	near("phi", *d.Pairs[0].Phi, 8/math.Sqrt(7*3*6*4), 10)
	if d.BestSingle != 0 || d.EffectiveVoters == nil || d.EffectiveVoters.Estimate >= 2 {
		t.Errorf("%+v", d)
	}
	if d.OutOfReach(0.99) == "" || d.OutOfReach(0.8) != "" {
		t.Errorf("out of reach: %q and %q", d.OutOfReach(0.99), d.OutOfReach(0.8))
	}
}

func TestFront(t *testing.T) {
	points := []Point{{"a", 0.7, 1}, {"b", 0.9, 5}, {"c", 0.8, 6}, {"d", 0.7, 1}, {"e", 0.95, 9}, {"f", math.NaN(), 0}, {"g", 0.99, math.NaN()}, {"h", 0.6, 2}}
	if got := Front(points); !slices.Equal(got, []int{0, 1, 4}) {
		t.Errorf("front %v", got)
	}
	if c, ok := CostPerExtra(points[0], points[1]); !ok || math.Abs(c-20) > 1e-9 {
		t.Errorf("%v, %v", c, ok)
	}
	if _, ok := CostPerExtra(points[1], points[2]); ok {
		t.Error("no more right answers have a price")
	}
}
