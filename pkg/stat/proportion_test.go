package stat

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// drawTrials draws successes and trials.
func drawTrials(t *rapid.T, most int) (k, n int) {
	n = rapid.IntRange(1, most).Draw(t, "n")
	return rapid.IntRange(0, n).Draw(t, "k"), n
}

// TestProportionIntervalLaws: every interval holds its estimate, mirrors with
// success and failure, and grows with its level.
func TestProportionIntervalLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, n := drawTrials(t, rapid.SampledFrom([]int{3, 40, 5000}).Draw(t, "most"))
		level := levels().Draw(t, "level")
		for _, of := range []func(k, n int, level float64) Interval{ClopperPearson, Jeffreys, AgrestiCoull, Wilson} {
			got, mirror := of(k, n, level), of(n-k, n, level)
			if !(0 <= got.Low && got.Low <= got.Estimate && got.Estimate <= got.High && got.High <= 1) || got.Low == got.High {
				t.Fatalf("%d of %d: %+v is no interval", k, n, got)
			}
			if math.Abs(got.Low+mirror.High-1) > 1e-12 {
				t.Fatalf("%d of %d: successes and failures: %v and %v", k, n, got, mirror)
			}
			if wider := of(k, n, level+(1-level)/2); wider.Low > got.Low || wider.High < got.High {
				t.Fatalf("%d of %d: a higher level gives a shorter interval", k, n)
			}
		}
	})
}

// TestClopperPearsonCovers sums the exact probability of covering: never below
// the level.
func TestClopperPearsonCovers(t *testing.T) {
	for _, n := range []int{1, 5, 30} {
		for p := 0.01; p < 1; p += 0.01 {
			covered := 0.0
			for k := range n + 1 {
				if i := ClopperPearson(k, n, 0.9); i.Low <= p && p <= i.High {
					covered += math.Exp(binomialLogPMF(k, n, p))
				}
			}
			if covered < 0.9-1e-12 {
				t.Errorf("n = %d, p = %v: covers %v", n, p, covered)
			}
		}
	}
}

// TestBinomialLaws: tails overlap in the outcome observed, and the interval agrees
// with the one-sided tests.
func TestBinomialLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, n := drawTrials(t, rapid.SampledFrom([]int{5, 60, 100_000}).Draw(t, "most"))
		p0 := rapid.Float64Range(0.001, 0.999).Draw(t, "p0")
		p := map[Alternative]Result{}
		for _, a := range []Alternative{TwoSided, Greater, Less} {
			for _, method := range []string{"midp", "score", "exact"} {
				r, err := BinomialTest(k, n, p0, "", Options{Alternative: a, Method: method})
				if err != nil {
					t.Fatal(err)
				}
				if !(r.P > 0 && r.P <= 1) {
					t.Fatalf("%d of %d, p0 = %v, %s %s: p = %v", k, n, p0, method, a, r.P)
				}
				if method == "exact" {
					if p[a] = r; p[a].P < p["midp"].P {
						t.Fatalf("mid-p %v above the exact %v", p["midp"].P, r.P)
					}
				} else if method == "midp" {
					p["midp"] = r
				}
			}
		}
		here := math.Exp(binomialLogPMF(k, n, p0))
		if math.Abs(p[Greater].P+p[Less].P-1-here) > 1e-9 {
			t.Fatalf("%d of %d, p0 = %v: %v and %v overlap by more than %v", k, n, p0, p[Greater].P, p[Less].P, here)
		}
		mirror, err := BinomialTest(n-k, n, 1-p0, "", Options{})
		if err != nil || math.Abs(mirror.P-p[TwoSided].P) > 1e-6*mirror.P {
			t.Fatalf("%d of %d, p0 = %v: %v, mirrored %v (%v)", k, n, p0, p[TwoSided].P, mirror.P, err)
		}
		smaller := math.Min(p[Greater].P, p[Less].P)
		if i := p[TwoSided].Interval; math.Abs(smaller-0.025) > 1e-9 && (p0 < i.Low || p0 > i.High) != (smaller < 0.025) {
			t.Fatalf("%d of %d: interval %+v, p0 = %v has one-sided p %v", k, n, i, p0, smaller)
		}
	})
}

// TestDifferenceLaws: exchanging the samples turns the interval about, exchanging
// success and failure too.
func TestDifferenceLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.SampledFrom([]int{4, 30, 3000}).Draw(t, "most")
		s1, n1 := drawTrials(t, most)
		s2, n2 := drawTrials(t, most)
		for _, method := range []string{"newcombe", "agresti_caffo", "miettinen_nurminen", "wald"} {
			o := Options{Method: method}
			got, err := DifferenceInterval(s1, n1, s2, n2, o)
			if err != nil {
				t.Fatal(err)
			}
			i := got.Interval
			if !(-1 <= i.Low && i.Low <= i.High && i.High <= 1) || (method != "agresti_caffo" && (i.Low > i.Estimate+1e-15 || i.High < i.Estimate-1e-15)) {
				t.Fatalf("%s: %+v is no interval", method, i)
			}
			swapped, err := DifferenceInterval(s2, n2, s1, n1, o)
			if err != nil || math.Abs(i.Low+swapped.Interval.High) > 1e-11 || math.Abs(i.High+swapped.Interval.Low) > 1e-11 {
				t.Fatalf("%s, %d/%d, %d/%d: samples exchanged: %+v and %+v (%v)", method, s1, n1, s2, n2, i, swapped.Interval, err)
			}
			failures, err := DifferenceInterval(n1-s1, n1, n2-s2, n2, o)
			if err != nil || math.Abs(i.Low+failures.Interval.High) > 1e-11 {
				t.Fatalf("%s: failures: %+v and %+v (%v)", method, i, failures.Interval, err)
			}
		}
		// The score test and the score interval agree.
		score, err := TwoProportions(s1, n1, s2, n2, "miettinen_nurminen", Options{Method: "miettinen_nurminen"})
		if err != nil {
			t.Fatal(err)
		}
		if i := score.Interval; math.Abs(score.P-0.05) > 1e-9 && (i.Low > 0 || i.High < 0) != (score.P < 0.05) {
			t.Fatalf("%d/%d, %d/%d: p = %v, interval %+v", s1, n1, s2, n2, score.P, i)
		}
	})
}

// TestProportionEquivalenceIsInclusion: T18, p < 1 − level exactly if the interval lies
// inside the margins, for independent and for paired proportions.
func TestProportionEquivalenceIsInclusion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.SampledFrom([]int{5, 60, 2000}).Draw(t, "most")
		s1, n1 := drawTrials(t, most)
		s2, n2 := drawTrials(t, most)
		margin, level := rapid.Float64Range(0.01, 0.9).Draw(t, "margin"), rapid.Float64Range(0.7, 0.99).Draw(t, "level")
		alpha := 1 - level
		both, err := EquivalenceProportions(s1, n1, s2, n2, margin, Options{Level: level})
		if err != nil {
			t.Fatal(err)
		}
		one, err := NoninferiorityProportion(s1, n1, s2, n2, margin, Options{Level: level})
		if err != nil {
			t.Fatal(err)
		}
		table := [][]float64{{float64(s1), float64(n1 - s1)}, {float64(s2), float64(n2 - s2)}}
		paired, err := EquivalencePairedProportions(table, margin, Options{Level: level})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range []Result{both, paired} {
			inside := r.Interval.Low > -margin && r.Interval.High < margin
			if math.Abs(r.P-alpha) > 1e-9 && inside != (r.P < alpha) {
				t.Fatalf("%s %v, margin %v: p = %v at %v, interval %+v", r.Test, table, margin, r.P, level, r.Interval)
			}
		}
		if math.Abs(one.P-alpha) > 1e-9 && (one.Interval.Low > -margin) != (one.P < alpha) {
			t.Fatalf("%v, margin %v: p = %v at %v, interval %+v", table, margin, one.P, level, one.Interval)
		}
	})
}

// TestPairedLaws: exchanging the conditions turns everything about.
func TestPairedLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := smallTable(t, 2, 2, rapid.SampledFrom([]int{3, 40, 4000}).Draw(t, "most"))
		turned := [][]float64{{table[0][0], table[1][0]}, {table[0][1], table[1][1]}}
		for _, method := range []string{"exact", "midp", "asymptotic", "asymptotic_corrected"} {
			for _, a := range [][2]Alternative{{TwoSided, TwoSided}, {Greater, Less}} {
				x, err := McNemarTest(table, Options{Method: method, Alternative: a[0]})
				if err != nil {
					t.Fatal(err)
				}
				y, err := McNemarTest(turned, Options{Method: method, Alternative: a[1]})
				if err != nil {
					t.Fatal(err)
				}
				if math.Abs(x.P-y.P) > 1e-13*x.P || x.Statistic != y.Statistic {
					t.Fatalf("%v, %s: %v and %v", table, method, x, y)
				}
			}
		}
		r, err := McNemarTest(table, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if old := McNemarExact(int(table[0][1]), int(table[1][0])); math.Abs(old.LogP-r.LogP) > 1e-11*math.Abs(r.LogP)+1e-12 {
			t.Fatalf("%v: log p is %v and %v", table, old.LogP, r.LogP)
		}
		x, err := PairedDifferenceInterval(table, Options{Method: "tango"})
		if err != nil {
			t.Fatal(err)
		}
		y, err := PairedDifferenceInterval(turned, Options{Method: "tango"})
		if err != nil || math.Abs(x.Interval.Low+y.Interval.High) > 1e-12 || !(x.Interval.Low < x.Interval.High) {
			t.Fatalf("%v: %+v and %+v (%v)", table, x.Interval, y.Interval, err)
		}
	})
}

// TestCountRefusals: what is no answer is refused, with its reason.
func TestCountRefusals(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	table := func(run func([][]float64, Options) (Result, error), t [][]float64) func() error {
		return func() error { _, err := run(t, Options{}); return err }
	}
	option := func(o Options) func() error {
		return func() error { _, err := FisherExact([][]float64{{1, 2, 3}, {3, 2, 1}}, o); return err }
	}
	for name, c := range map[string]struct {
		run  func() error
		want Reason
	}{
		"zeros":            {table(ChiSquareTest, [][]float64{{0, 0}, {0, 0}}), TooFew},
		"negative":         {table(ChiSquareTest, [][]float64{{1, -1}, {2, 2}}), Invalid},
		"fraction":         {table(FisherExact, [][]float64{{1, 0.5}, {2, 2}}), Invalid},
		"NaN":              {table(FisherExact, [][]float64{{1, nan}, {2, 2}}), NotFinite},
		"infinite":         {table(McNemarTest, [][]float64{{1, inf}, {2, 2}}), NotFinite},
		"huge":             {table(McNemarTest, [][]float64{{1, 1e300}, {2, 2}}), TooLarge},
		"ragged":           {table(Barnard, [][]float64{{1, 2}, {2}}), Invalid},
		"empty":            {table(Boschloo, nil), TooFew},
		"no columns":       {table(ChiSquareTest, [][]float64{{}, {}}), TooFew},
		"one column":       {table(Barnard, [][]float64{{5, 0}, {7, 0}}), Constant},
		"one row counts":   {table(Boschloo, [][]float64{{5, 1}, {0, 0}}), TooFew},
		"one row table":    {table(FisherExact, [][]float64{{5, 0}, {7, 0}}), Constant},
		"3 x 2":            {table(McNemarTest, [][]float64{{1, 2}, {2, 2}, {3, 3}}), Invalid},
		"no direction":     {option(Options{Alternative: Greater}), BadOption},
		"method":           {option(Options{Method: "network"}), BadOption},
		"level":            {option(Options{Level: 2}), BadOption},
		"replicates":       {option(Options{Method: "monte_carlo", Replicates: math.MaxInt}), TooLarge},
		"large":            {table(FisherExact, [][]float64{{9000, 9100, 9000, 800}, {9000, 8000, 9000, 9900}, {9000, 8100, 9000, 9900}}), TooLarge},
		"wide":             {table(Barnard, [][]float64{{9000, 9100}, {9000, 9200}}), TooLarge},
		"cochran no block": {table(CochranQ, nil), TooFew},
		"cochran ones":     {table(CochranQ, [][]float64{{1, 1, 1}, {0, 0, 0}}), Constant},
		"cochran values":   {table(CochranQ, [][]float64{{1, 2, 1}}), Invalid},
		"cochran single":   {table(CochranQ, [][]float64{{1}}), TooFew},
		"strata":           {table(MantelHaenszel, [][]float64{{1, 2, 3}}), Invalid},
		"strata constant":  {table(MantelHaenszel, [][]float64{{1, 2, 0, 0}}), Constant},
		"no trials":        {func() error { _, err := BinomialTest(0, 0, 0.5, "", Options{}); return err }, TooFew},
		"successes":        {func() error { _, err := BinomialTest(3, 2, 0.5, "", Options{}); return err }, Invalid},
		"p0":               {func() error { _, err := BinomialTest(1, 2, 1, "", Options{}); return err }, BadOption},
		"p0 NaN":           {func() error { _, err := BinomialTest(1, 2, nan, "", Options{}); return err }, BadOption},
		"interval":         {func() error { _, err := BinomialTest(1, 2, 0.5, "wald", Options{}); return err }, BadOption},
		"mu":               {func() error { _, err := TwoProportions(1, 2, 1, 2, "", Options{Mu: 0.1}); return err }, BadOption},
		"margin":           {func() error { _, err := EquivalenceProportions(1, 2, 1, 2, 0, Options{}); return err }, BadOption},
		"margin level":     {func() error { _, err := EquivalenceProportions(1, 2, 1, 2, 0.1, Options{Level: 0.4}); return err }, BadOption},
		"weights":          {func() error { _, err := GoodnessOfFit([]float64{1, 2}, []float64{0, 1}, Options{}); return err }, Invalid},
		"one category":     {func() error { _, err := GoodnessOfFit([]float64{7}, nil, Options{}); return err }, TooFew},
		"pairs":            {func() error { _, err := PairedTable([]float64{1, 0}, []float64{1}); return err }, Unpaired},
		"k":                {func() error { _, err := PassAtK(5, 2, 6); return err }, TooFew},
		"k 0":              {func() error { _, err := PassAtK(5, 2, 0); return err }, BadOption},
		"prior":            {func() error { _, err := BetaBinomial(1, 2, 0, 1, Options{}); return err }, BadOption},
	} {
		var refused *Refusal
		if err := c.run(); !errors.As(err, &refused) || refused.Reason != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}
