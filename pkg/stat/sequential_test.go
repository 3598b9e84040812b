package stat

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// unitRange is [0, 1].
var unitRange = Range{0, 1}

// Ten thousand streams for which the null hypothesis is true are looked at after
// each of 300 items. What may be looked at any time errs in at most 5 % of them
// (and the chance of 99.9 %); a test of fixed n in far more.
func TestPeekingIsSafe(t *testing.T) {
	const streams, items, alpha = 10_000, 200, 0.05
	most := int(streams*alpha + 3.3*math.Sqrt(streams*alpha*(1-alpha)))
	lows, highs := make([]int, items+1), make([]int, items+1)
	for n := 1; n <= items; n++ {
		lows[n], highs[n] = quantileSequenceRanks(n, 0.8, math.Log(2/alpha))
	}
	limit := -math.Log(alpha)
	rho := mixtureRho(100, alpha)
	stops := map[string]int{}
	for i := range uint64(streams) {
		r := Stream(15, i)
		stopped := map[string]bool{}
		right := NewMeanBet(0.5, alpha, TwoSided)
		skewed := NewMeanBet(0.1, alpha, Greater)
		paired, oneSided := PairedBet{}, PairedBet{Alternative: Greater}
		var walk sumWalk
		below := 0
		var errsAt [8]bool
		for n := 1; n <= items; n++ {
			coin := float64(r.IntN(2))
			right.Add(coin)
			skewed.Add(rareScore(r))
			differ := float64(r.IntN(3) - 1)
			paired.Add(differ)
			oneSided.Add(differ)
			z := r.NormFloat64()
			walk.add(z)
			if r.Float64() < 0.8 {
				below++
			}
			errsAt[0] = errsAt[0] || right.LogE() >= limit
			errsAt[1] = errsAt[1] || skewed.LogE() >= limit
			errsAt[2] = errsAt[2] || paired.LogE() >= limit
			errsAt[3] = errsAt[3] || n%10 == 0 && oneSided.LogE() >= limit
			errsAt[4] = errsAt[4] || walk.tE(0.25) >= limit
			errsAt[5] = errsAt[5] || math.Abs(walk.total) > mixtureBound(walk.n, rho, alpha)
			errsAt[6] = errsAt[6] || below < lows[n] || below >= highs[n]
			errsAt[7] = errsAt[7] || n >= 5 && math.Abs(walk.total) > 1.959963984540054*math.Sqrt(walk.n)
		}
		for j, name := range []string{"betting", "betting, one-sided and skewed", "pairs", "pairs, one-sided", "mSPRT t", "normal mixture", "quantile", "z test"} {
			stopped[name] = errsAt[j]
			if errsAt[j] {
				stops[name]++
			}
		}
	}
	for _, name := range sortedNames(stops) {
		t.Logf("%s: %.4f", name, float64(stops[name])/streams)
		if name == "z test" {
			if stops[name] < streams/4 {
				t.Errorf("a test of fixed n errs in %d of %d streams only: does the simulation look at every item?", stops[name], streams)
			}
		} else if stops[name] > most || stops[name] == 0 {
			t.Errorf("%s: %d of %d streams stopped, at most %d may", name, stops[name], streams, most)
		}
	}
}

// rareScore is 1 in a tenth of the cases, else 0.
func rareScore(r *rand.Rand) float64 {
	if r.IntN(10) == 0 {
		return 1
	}
	return 0
}

func sortedNames(m map[string]int) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Confidence sequences of few streams, looked at on the way: they hold the mean
// of a skewed distribution, and the betting one is the narrowest.
func TestConfidenceSequencesCover(t *testing.T) {
	missed, widths := map[string]int{}, map[string]float64{}
	const streams = 400
	for i := range uint64(streams) {
		r := Stream(16, i)
		x := make([]float64, 200)
		for j := range x {
			u := r.Float64()
			x[j] = u * u * u // a mean of 1/4
		}
		for _, method := range []string{"betting", "empirical_bernstein", "normal_mixture"} {
			for _, n := range []int{5, 20, 60, 200} {
				out, err := sequenceOf(method, x[:n], Options{Level: 0.9})
				if err != nil {
					t.Fatal(err)
				}
				if out.Interval.Low > 0.25 || out.Interval.High < 0.25 {
					missed[method]++
					break
				}
				if n == 200 {
					widths[method] += (out.Interval.High - out.Interval.Low) / streams
				}
			}
		}
	}
	t.Log(missed, widths)
	for method, n := range missed {
		if n > 58 { // 10 % and the chance of 99.9 %
			t.Errorf("%s missed %d of %d", method, n, streams)
		}
	}
	if !(widths["betting"] < widths["empirical_bernstein"] && widths["betting"] < widths["normal_mixture"]) {
		t.Errorf("widths %v", widths)
	}
}

func sequenceOf(method string, x []float64, o Options) (Result, error) {
	o.Method = method
	switch method {
	case "betting":
		return BettingSequence(x, unitRange, o)
	case "empirical_bernstein":
		return EmpiricalBernsteinSequence(x, unitRange, o)
	}
	return NormalMixtureSequence(x, unitRange, 0, 0, o)
}

// Laws of the sequences: they hold the estimate, widen with the level, mirror
// with the data, and scale with the range.
func TestConfidenceSequenceLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.Float64Range(0, 1), 1, 60).Draw(t, "x")
		method := rapid.SampledFrom([]string{"betting", "empirical_bernstein", "normal_mixture"}).Draw(t, "method")
		level := rapid.Float64Range(0.5, 0.999).Draw(t, "level")
		out, err := sequenceOf(method, x, Options{Level: level})
		if err != nil {
			t.Fatal(err)
		}
		i := out.Interval
		if !(0 <= i.Low && i.Low <= i.Estimate && i.Estimate <= i.High && i.High <= 1) {
			t.Fatalf("%+v", i)
		}
		mirrored := make([]float64, len(x))
		scaled := make([]float64, len(x))
		for j, v := range x {
			mirrored[j], scaled[j] = 1-v, 8*v-3
		}
		m, err := sequenceOf(method, mirrored, Options{Level: level})
		if err != nil || math.Abs(m.Interval.Low-(1-i.High)) > 1e-9 || math.Abs(m.Interval.High-(1-i.Low)) > 1e-9 {
			t.Fatalf("%+v and its mirror %+v, %v", i, m.Interval, err)
		}
		if method == "betting" {
			s, err := BettingSequence(scaled, Range{-3, 5}, Options{Level: level})
			if err != nil || math.Abs(s.Interval.Low-(8*i.Low-3)) > 1e-8 || math.Abs(s.Interval.High-(8*i.High-3)) > 1e-8 {
				t.Fatalf("%+v and scaled %+v, %v", i, s.Interval, err)
			}
			// Whatever is outside has an e-value of 1/α at least.
			for _, mu := range []float64{i.Low - 1e-6, i.High + 1e-6} {
				if mu <= 0 || mu >= 1 {
					continue
				}
				e, err := EValue(x, unitRange, Options{Level: level, Mu: mu})
				if err != nil || e.Statistic < -math.Log(1-level)-1e-6 {
					t.Fatalf("mu %v outside of %+v: %v, %v", mu, i, e.Statistic, err)
				}
			}
		}
	})
}

// The two halves of a one-sided e-value for pairs make the two-sided one, and
// exchanging the conditions exchanges them.
func TestEValuePairedLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.SliceOfN(rapid.IntRange(0, 3), 1, 80).Draw(t, "bits")
		x, y := make([]float64, len(bits)), make([]float64, len(bits))
		for i, b := range bits {
			x[i], y[i] = float64(b&1), float64(b>>1)
		}
		run := func(x, y []float64, a Alternative) Result {
			out, err := EValuePaired(x, y, Options{Alternative: a})
			if err != nil || !(out.P > 0 && out.P <= 1) {
				t.Fatalf("%+v, %v", out, err)
			}
			return out
		}
		both, up, down := run(x, y, TwoSided), run(x, y, Greater), run(x, y, Less)
		if got := logMean(up.Statistic, down.Statistic); math.Abs(got-both.Statistic) > 1e-9 {
			t.Fatalf("%v, want %v", got, both.Statistic)
		}
		if swapped := run(y, x, Less); math.Abs(swapped.Statistic-up.Statistic) > 1e-9 {
			t.Fatalf("%v, want %v", swapped.Statistic, up.Statistic)
		}
	})
}

// An mSPRT does not depend on the units, and its interval holds exactly the means
// whose e-value is below 1/α.
func TestMSPRTLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.Float64Range(-5, 5), 20, 60).Draw(t, "x")
		if slices.Max(x)-slices.Min(x) < 0.1 {
			return
		}
		for _, method := range []string{"t", "normal"} {
			o := Options{Method: method, Mu: 0.5}
			out, err := MSPRT(x, 2, 1, o)
			if err != nil || out.Interval.Level == 0 {
				t.Fatalf("%+v, %v", out, err)
			}
			scaled := make([]float64, len(x))
			for i, v := range x {
				scaled[i] = 16 * v
			}
			if s, err := MSPRT(scaled, 32, 16, Options{Method: method, Mu: 8}); err != nil || math.Abs(s.Statistic-out.Statistic) > 1e-9*(1+math.Abs(out.Statistic)) {
				t.Fatalf("%v, want %v, %v", s.Statistic, out.Statistic, err)
			}
			for _, end := range []float64{out.Interval.Low, out.Interval.High} {
				at, err := MSPRT(x, 2, 1, Options{Method: method, Mu: end})
				if err != nil || math.Abs(at.Statistic-math.Log(20)) > 1e-6 {
					t.Fatalf("at %v ln E is %v, want ln 20, %v", end, at.Statistic, err)
				}
			}
		}
	})
}

// The bounds spend alpha exactly, whatever the looks, and what they are called is
// how they look.
func TestGroupSequentialLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(1, 6).Draw(t, "looks")
		fractions := make([]float64, k)
		total := 0.0
		for i := range fractions {
			total += rapid.Float64Range(0.1, 1).Draw(t, "share")
			fractions[i] = total
		}
		for i := range fractions {
			fractions[i] /= total
		}
		fractions[k-1] = 1
		alpha := rapid.Float64Range(0.001, 0.3).Draw(t, "alpha")
		o := Options{Method: rapid.SampledFrom([]string{OBrienFleming, Pocock, SpendOBrienFleming, SpendPocock}).Draw(t, "method"),
			Alternative: rapid.SampledFrom([]Alternative{TwoSided, Greater, Less}).Draw(t, "alternative")}
		out, err := GroupSequential(fractions, alpha, nil, o)
		if err != nil || len(out.Details) != 3*k {
			t.Fatalf("%+v, %v", out, err)
		}
		bound := func(i int) float64 { return out.Details[3*i].Value }
		if spent := out.Details[3*k-1].Value; math.Abs(spent-alpha) > 1e-9*alpha {
			t.Fatalf("spent %v of %v", spent, alpha)
		}
		for i := range k {
			switch {
			case o.Method == OBrienFleming && math.Abs(bound(i)*math.Sqrt(fractions[i])-bound(k-1)) > 1e-9,
				o.Method == Pocock && bound(i) != bound(0):
				t.Fatalf("bounds %v", out.Details)
			case i > 0 && !(out.Details[3*i+2].Value > out.Details[3*i-1].Value):
				t.Fatalf("spent %v", out.Details)
			}
		}
	})
}

// Statistics seen so far are judged by their bounds, on the right side.
func TestGroupSequentialJudges(t *testing.T) {
	half := []float64{0.5, 1}
	for _, row := range []struct {
		z    []float64
		a    Alternative
		want float64
	}{
		{[]float64{2.9}, TwoSided, 1}, {[]float64{-2.9}, TwoSided, 1}, {[]float64{1.97, 1.9}, TwoSided, 0}, {[]float64{0, 2}, TwoSided, 2},
		{[]float64{-4, 0}, Greater, 0}, {[]float64{-4}, Less, 1},
	} {
		out, err := GroupSequential(half, 0.05, row.z, Options{Alternative: row.a})
		if last := out.Details[len(out.Details)-1]; err != nil || last.Name != "stopped_at" || last.Value != row.want {
			t.Errorf("%v: %+v, %v, want %v", row.z, last, err, row.want)
		}
	}
}

// What cannot be answered is refused.
func TestSequentialRefuses(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	one := []float64{0.5}
	for name, row := range map[string]struct {
		reason Reason
		run    func() (Result, error)
	}{
		"no data":            {TooFew, func() (Result, error) { return BettingSequence(nil, unitRange, Options{}) }},
		"NaN":                {NotFinite, func() (Result, error) { return BettingSequence([]float64{nan}, unitRange, Options{}) }},
		"outside":            {Invalid, func() (Result, error) { return EmpiricalBernsteinSequence([]float64{2}, unitRange, Options{}) }},
		"no range":           {BadOption, func() (Result, error) { return BettingSequence(one, Range{1, 1}, Options{}) }},
		"endless range":      {BadOption, func() (Result, error) { return BettingSequence(one, Range{-1e308, 1e308}, Options{}) }},
		"one-sided":          {BadOption, func() (Result, error) { return BettingSequence(one, unitRange, Options{Alternative: Less}) }},
		"scale":              {BadOption, func() (Result, error) { return NormalMixtureSequence(one, unitRange, -1, 0, Options{}) }},
		"horizon":            {BadOption, func() (Result, error) { return NormalMixtureSequence(one, unitRange, 0, -1, Options{}) }},
		"mixture outside":    {Invalid, func() (Result, error) { return NormalMixtureSequence([]float64{2}, unitRange, 0, 0, Options{}) }},
		"mu at the end":      {BadOption, func() (Result, error) { return EValue(one, unitRange, Options{Mu: 1}) }},
		"not 0 or 1":         {Invalid, func() (Result, error) { return EValuePaired(one, one, Options{}) }},
		"not pairs":          {Unpaired, func() (Result, error) { return EValuePaired(one, nil, Options{}) }},
		"negative e":         {Invalid, func() (Result, error) { return MergeE([]float64{-1}, Options{}) }},
		"infinite e":         {NotFinite, func() (Result, error) { return MergeE([]float64{inf}, Options{}) }},
		"zero product":       {Invalid, func() (Result, error) { return MergeE([]float64{0, 5}, Options{Method: "product"}) }},
		"one for t":          {TooFew, func() (Result, error) { return MSPRT(one, 0, 0, Options{}) }},
		"constant for t":     {Constant, func() (Result, error) { return MSPRT([]float64{1, 1, 1}, 0, 0, Options{}) }},
		"unknown sigma":      {BadOption, func() (Result, error) { return MSPRT([]float64{1, 2}, 0, 0, Options{Method: "normal"}) }},
		"huge":               {NotFinite, func() (Result, error) { return MSPRT([]float64{1e300, -1e300}, 0, 0, Options{}) }},
		"unbounded quantile": {Unbounded, func() (Result, error) { return QuantileSequence([]float64{1, 2, 3}, 0.5, Options{}) }},
		"no quantile":        {BadOption, func() (Result, error) { return QuantileSequence(one, nan, Options{}) }},
		"no looks":           {BadOption, func() (Result, error) { return GroupSequential(nil, 0.05, nil, Options{}) }},
		"falling fractions":  {BadOption, func() (Result, error) { return GroupSequential([]float64{0.7, 0.6, 1}, 0.05, nil, Options{}) }},
		"unfinished":         {BadOption, func() (Result, error) { return GroupSequential([]float64{0.5}, 0.05, nil, Options{}) }},
		"too many z":         {BadOption, func() (Result, error) { return GroupSequential([]float64{1}, 0.05, []float64{1, 2}, Options{}) }},
		"no level":           {BadOption, func() (Result, error) { return GroupSequential([]float64{1}, nan, nil, Options{}) }},
	} {
		_, err := row.run()
		var refused *Refusal
		if !errors.As(err, &refused) || refused.Reason != row.reason {
			t.Errorf("%s: %v, want %s", name, err, row.reason)
		}
	}
	_, err := QuantileSequence(make([]float64, 100), 0.99, Options{})
	var refused *Refusal
	if !errors.As(err, &refused) || refused.Need <= 100 {
		t.Fatalf("%v", err)
	}
	if _, err := QuantileSequence(make([]float64, refused.Need), 0.99, Options{}); err != nil {
		t.Errorf("%d observations were said to be enough: %v", refused.Need, err)
	}
	if _, err := QuantileSequence(make([]float64, refused.Need-1), 0.99, Options{}); err == nil {
		t.Errorf("%d observations were said to be needed, and one less is enough", refused.Need)
	}
}

// 100,000 scores, both ends to the last bit: a hundred times over all of them.
func BenchmarkBettingSequence(b *testing.B) {
	r := Stream(1, 1)
	x := make([]float64, 100_000)
	for i := range x {
		x[i] = r.Float64()
	}
	for b.Loop() {
		if _, err := BettingSequence(x, unitRange, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// Five looks to 12 digits; rpact takes 20 ms for them, to 8 digits.
func BenchmarkGroupSequential(b *testing.B) {
	fractions := []float64{0.2, 0.4, 0.6, 0.8, 1}
	for b.Loop() {
		if _, err := GroupSequential(fractions, 0.05, nil, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
