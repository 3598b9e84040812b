package stat

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestMixedOfTwoByTwoIsTheTestOfDifferences(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rows [][]float64
		var group []string
		var differences, means [2][]float64
		for g := range 2 {
			for range rapid.IntRange(2, 7).Draw(t, "n") {
				v := drawValues(t, 2)
				rows, group = append(rows, v), append(group, string(rune('a'+g)))
				differences[g] = append(differences[g], v[1]-v[0])
				means[g] = append(means[g], (v[0]+v[1])/2)
			}
		}
		r, err := AnovaMixed(rows, group, rapid.IntRange(1, 3).Draw(t, "type"), Options{})
		if err != nil {
			return
		}
		for what, c := range map[string]struct {
			term Term
			data [2][]float64
		}{"between:within": {r.Terms[2], differences}, "between": {r.Terms[0], means}} {
			s, err := StudentT(c.data[0], c.data[1], Options{})
			if err != nil {
				t.Fatal(err)
			}
			if !bothNear(c.term.F, s.Statistic*s.Statistic, 1e-10) || !bothNear(c.term.LogP, s.LogP, 1e-9) {
				t.Fatalf("%s: F = %v with p %v, t = %v with p %v", what, c.term.F, c.term.P, s.Statistic, s.P)
			}
		}
	})
}

func TestMixedTypesAgreeWhenBalanced(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		groups, each, k := rapid.IntRange(2, 3).Draw(t, "groups"), rapid.IntRange(2, 4).Draw(t, "n"), rapid.IntRange(2, 4).Draw(t, "k")
		rows, group := make([][]float64, groups*each), make([]string, groups*each)
		for i := range rows {
			rows[i], group[i] = drawValues(t, k), string(rune('a'+i%groups))
		}
		a, errA := AnovaMixed(rows, group, 2, Options{})
		b, errB := AnovaMixed(rows, group, 3, Options{})
		if (errA == nil) != (errB == nil) {
			t.Fatalf("type 2 %v, type 3 %v", errA, errB)
		}
		if errA == nil && !bothNear(a.Terms[1].SumSq, b.Terms[1].SumSq, 1e-10) {
			t.Fatalf("type 2 %v, type 3 %v", a.Terms[1].SumSq, b.Terms[1].SumSq)
		}
	})
}

func TestContrastOfTwoGroupsIsTheirDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawGroups(t, 2, 2, 8)
		o := Options{Alternative: rapid.SampledFrom([]Alternative{TwoSided, Greater, Less}).Draw(t, "alternative"), Mu: 0.25}
		for method, f := range map[string]func(x, y []float64, o Options) (Result, error){"welch": WelchT, "pooled": StudentT} {
			s, errS := f(g[0], g[1], o)
			p := o
			p.Method = method
			c, errC := Contrast(g, []float64{-1, 1}, p)
			if (errS == nil) != (errC == nil) {
				t.Fatalf("%s: %v, contrast %v", method, errS, errC)
			}
			if errS != nil {
				continue
			}
			if !bothNear(c.Statistic, s.Statistic, 1e-11) || !bothNear(c.LogP, s.LogP, 1e-9) || !bothNear(c.Interval.Low, s.Interval.Low, 1e-10) {
				t.Fatalf("%s: %+v, contrast %+v", method, s, c)
			}
		}
	})
}

func TestOrthogonalContrastsAverageToF(t *testing.T) {
	g := normalGroups(4, 12)
	f, err := Anova(g, Options{})
	if err != nil {
		t.Fatal(err)
	}
	total := 0.0
	for _, w := range [][]float64{{-1, 1, 0, 0}, {-1, -1, 2, 0}, {-1, -1, -1, 3}} {
		c, err := Contrast(g, w, Options{Method: "pooled"})
		if err != nil {
			t.Fatal(err)
		}
		total += c.Statistic * c.Statistic / 3
	}
	if !bothNear(total, f.Statistic, 1e-12) {
		t.Errorf("the squares average %v, F is %v", total, f.Statistic)
	}
}

func TestMixedAndContrastsAreRefused(t *testing.T) {
	rows := [][]float64{{1, 2, 4}, {2, 3, 1}, {5, 1, 2}, {3, 3, 6}}
	for what, c := range map[string]struct {
		rows   [][]float64
		group  []string
		kind   int
		reason Reason
	}{
		"fewer groups":           {rows, []string{"a", "b"}, 2, Unpaired},
		"one group":              {rows, []string{"a", "a", "a", "a"}, 2, TooFew},
		"groups of one":          {rows, []string{"a", "b", "c", "d"}, 2, TooFew},
		"type 4":                 {rows, []string{"a", "a", "b", "b"}, 4, BadOption},
		"parallel subjects":      {[][]float64{{1, 2, 4}, {2, 3, 5}, {5, 1, 2}, {6, 2, 3}}, []string{"a", "a", "b", "b"}, 2, Constant},
		"subjects of one mean":   {[][]float64{{1, 2, 3}, {3, 1, 2}, {5, 1, 6}, {1, 5, 6}}, []string{"a", "a", "b", "b"}, 2, Constant},
		"a NaN":                  {[][]float64{{1, 2, math.NaN()}, {2, 3, 5}, {5, 1, 2}, {6, 2, 3}}, []string{"a", "a", "b", "b"}, 2, NotFinite},
		"one condition":          {[][]float64{{1}, {2}, {5}, {6}}, []string{"a", "a", "b", "b"}, 2, TooFew},
		"subjects without value": {[][]float64{{}, {}, {}, {}}, []string{"a", "a", "b", "b"}, 2, TooFew},
	} {
		_, err := AnovaMixed(c.rows, c.group, c.kind, Options{})
		wantRefusal(t, what, "anova_mixed", err, c.reason)
	}
	groups := [][]float64{{1, 2}, {3, 5}, {4}}
	for what, c := range map[string]struct {
		weights []float64
		method  string
		reason  Reason
	}{
		"two weights":                       {[]float64{-1, 1}, "", BadOption},
		"weights that sum to 1":             {[]float64{0, 1, 0}, "", BadOption},
		"weights of 0":                      {[]float64{0, 0, 0}, "", BadOption},
		"a NaN":                             {[]float64{1, -1, math.NaN()}, "", BadOption},
		"a group of one with its own scale": {[]float64{-1, 0, 1}, "", TooFew},
	} {
		_, err := Contrast(groups, c.weights, Options{Method: c.method})
		wantRefusal(t, what, "contrast", err, c.reason)
	}
	if _, err := Contrast(groups, []float64{-1, 0, 1}, Options{Method: "pooled"}); err != nil {
		t.Error(err)
	}
	_, err := Contrast([][]float64{{1, 1}, {2, 2}}, []float64{-1, 1}, Options{})
	wantRefusal(t, "no variation", "contrast", err, Constant)
}
