package stat

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// clustersOf names a cluster for each of n observations, of unequal sizes.
func clustersOf(n, count int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i * i % count
		if i < count {
			out[i] = i
		}
	}
	return out
}

// TestBootstrapWorkers: the same bits on 1, 2 and 8 goroutines, whatever is drawn.
func TestBootstrapWorkers(t *testing.T) {
	x, y := latencies(300, 0.9)
	label := clustersOf(300, 23)
	both := append(slices.Clone(label), label...)
	for name, run := range map[string]func(Options) (Result, error){
		"mean": func(o Options) (Result, error) { return Bootstrap(x, Resample{}, o) },
		"median": func(o Options) (Result, error) {
			return Bootstrap(x, Resample{Statistic: Statistic{Name: "median"}}, o)
		},
		"paired":    func(o Options) (Result, error) { return BootstrapPaired(x, y, Resample{Clusters: label}, o) },
		"crossed":   func(o Options) (Result, error) { return BootstrapDifference(x, y, Resample{Clusters: both}, o) },
		"two level": func(o Options) (Result, error) { return Bootstrap(x, Resample{Clusters: label, TwoLevel: true}, o) },
		"studentized": func(o Options) (Result, error) {
			o.Method = "studentized"
			return BootstrapDifference(x, y[:200], Resample{}, o)
		},
		"func": func(o Options) (Result, error) {
			return BootstrapFunc(len(x), func() func([]int32) float64 { return weightedMean(x) }, o)
		},
		"ece": func(o Options) (Result, error) {
			confidence, outcome := make([]float64, 300), make([]float64, 300)
			for i := range confidence {
				confidence[i], outcome[i] = x[i]/(1+x[i]), float64(i%2)
			}
			return CalibrationError(confidence, outcome, Calibration{Clusters: label}, o)
		},
	} {
		t.Run(name, func(t *testing.T) {
			first, err := run(Options{Replicates: 300, Seed: 9, Workers: 1})
			if err != nil {
				t.Fatal(err)
			}
			for _, workers := range []int{2, 8, 0} {
				again, err := run(Options{Replicates: 300, Seed: 9, Workers: workers})
				if err != nil || !reflect.DeepEqual(first, again) {
					t.Errorf("%d workers: %+v and %+v, %v", workers, first.Interval, again.Interval, err)
				}
			}
			other, err := run(Options{Replicates: 300, Seed: 10})
			if err != nil || other.Interval.Low == first.Interval.Low {
				t.Errorf("another seed: %+v and %+v, %v", first.Interval, other.Interval, err)
			}
		})
	}
}

func weightedMean(x []float64) func([]int32) float64 {
	return func(counts []int32) float64 {
		total, n := 0.0, 0.0
		for i, k := range counts {
			total += float64(k) * x[i]
			n += float64(k)
		}
		return total / n
	}
}

// TestBootstrapFunc: a statistic of one's own is drawn as the built-in one.
func TestBootstrapFunc(t *testing.T) {
	x, _ := latencies(50, 1)
	for _, method := range []string{"bca", "percentile", "basic"} {
		o := Options{Replicates: 500, Seed: 4, Method: method}
		want, err := Bootstrap(x, Resample{}, o)
		if err != nil {
			t.Fatal(err)
		}
		got, err := BootstrapFunc(len(x), func() func([]int32) float64 { return weightedMean(x) }, o)
		if err != nil || math.Abs(got.Interval.Low-want.Interval.Low) > 1e-13 || math.Abs(got.Interval.High-want.Interval.High) > 1e-13 {
			t.Errorf("%s: %+v, want %+v, %v", method, got.Interval, want.Interval, err)
		}
	}
	if _, err := BootstrapFunc(1, nil, Options{}); err == nil {
		t.Error("one unit was drawn from")
	}
}

// TestDrawsAreUniform counts draws below bounds that are no powers of two, and that
// the three ways to draw draw the same.
func TestDrawsAreUniform(t *testing.T) {
	const n, rounds = 7, 20_000
	var d draws
	seen := make([]int32, n)
	value, rows := make([]float64, n), make([][2]float64, n)
	for i := range value {
		value[i], rows[i] = math.Pow(40, float64(i)), [2]float64{math.Pow(40, float64(i)), 1}
	}
	for r := range uint64(rounds) {
		counts := make([]int32, n)
		d.restart(1, r)
		d.count(counts)
		want := 0.0
		for i, k := range counts {
			seen[i] += k
			want += float64(k) * value[i]
		}
		d.restart(1, r)
		if got := d.sum(value); got != want {
			t.Fatalf("replicate %d adds up to %v, not %v", r, got, want)
		}
		d.restart(1, r)
		if got, size := d.sums(rows); got != want || size != n {
			t.Fatalf("replicate %d adds up to %v of %v, not %v of %d", r, got, size, want, n)
		}
	}
	for i, k := range seen {
		if sd := math.Sqrt(n * rounds * (1.0 / n) * (1 - 1.0/n)); math.Abs(float64(k)-rounds) > 4.5*sd {
			t.Errorf("%d was drawn %d times of %d", i, k, n*rounds)
		}
	}
	d.restart(1, 1)
	if most := uint32(3_000_000_000); d.below(most) >= most { // rejects often
		t.Error("a draw is not below its bound")
	}
}

// TestBootstrapTies: sums of decimals that tie but for rounding tie, so tenths
// give what whole numbers give.
func TestBootstrapTies(t *testing.T) {
	whole := []float64{12, 24, 13, 13, 0, 10, 18, 8, 46, 14}
	tenths := make([]float64, len(whole))
	for i, v := range whole {
		tenths[i] = v / 10
	}
	a, err := Bootstrap(whole, Resample{}, Options{Replicates: 2000})
	if err != nil {
		t.Fatal(err)
	}
	b, err := Bootstrap(tenths, Resample{}, Options{Replicates: 2000})
	if err != nil || math.Abs(a.Interval.Low-10*b.Interval.Low) > 1e-9 || math.Abs(a.Interval.High-10*b.Interval.High) > 1e-9 {
		t.Errorf("%+v and %+v, %v", a.Interval, b.Interval, err)
	}
}

// TestBootstrapLaws: shifts and scales move intervals as they move data.
func TestBootstrapLaws(t *testing.T) {
	near := func(a, b, scale float64) bool { return math.Abs(a-b) <= 1e-9*scale }
	rapid.Check(t, func(t *rapid.T) {
		// Whole numbers, so that what ties goes on to tie.
		x := make([]float64, rapid.IntRange(12, 30).Draw(t, "n"))
		for i := range x {
			x[i] = float64(rapid.IntRange(-1000, 1000).Draw(t, "x"))
		}
		shift, by := float64(rapid.IntRange(-1000, 1000).Draw(t, "shift")), rapid.SampledFrom([]float64{-4, -1, 0.5, 2}).Draw(t, "by")
		s := Statistic{Name: rapid.SampledFrom([]string{"mean", "median", "trimmed_mean", "sd"}).Draw(t, "statistic"), Order: 0.125}
		method := rapid.SampledFrom([]string{"bca", "percentile", "basic"}).Draw(t, "method")
		o := Options{Replicates: 200, Seed: rapid.Uint64().Draw(t, "seed"), Method: method, Workers: 1}
		moved := make([]float64, len(x))
		for i, v := range x {
			moved[i] = v*by + shift
		}
		a, err := Bootstrap(x, Resample{Statistic: s}, o)
		b, other := Bootstrap(moved, Resample{Statistic: s}, o)
		if err != nil || other != nil {
			if (err == nil) != (other == nil) {
				t.Fatalf("%v, but moved %v", err, other)
			}
			return
		}
		low, high := a.Interval.Low*by+shift, a.Interval.High*by+shift
		switch {
		case s.Name == "sd":
			low, high = a.Interval.Low*math.Abs(by), a.Interval.High*math.Abs(by)
		case by < 0:
			low, high = high, low
		}
		if !near(b.Interval.Low, low, 1000) || !near(b.Interval.High, high, 1000) {
			t.Fatalf("%+v moved to %+v, not [%v, %v]", a.Interval, b.Interval, low, high)
		}
	})
}

// TestBCaIntervalEdges: what a published program answers with NaN.
func TestBCaIntervalEdges(t *testing.T) {
	same := make([]float64, 200)
	spread := make([]float64, 200)
	for i := range spread {
		same[i], spread[i] = 3, float64(i)
	}
	flat := [][]float64{{3, 3, 3}}
	got, err := BCaInterval(same, flat, 3, 0.95)
	if err != nil || got.Low != 3 || got.High != 3 || len(got.Warnings) != 1 {
		t.Errorf("equal replicates: %+v, %v", got, err)
	}
	got, err = BCaInterval(spread, flat, 99.5, 0.95)
	if err != nil || got.Acceleration != 0 || math.Abs(got.Z0) > 1e-15 || math.Abs(got.LowOrder-0.025) > 1e-15 || math.Abs(got.HighOrder-0.975) > 1e-15 {
		t.Errorf("no influence: %+v, %v", got, err)
	}
	huge := [][]float64{{0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}
	for name, err := range map[string]error{
		"below":        func() error { _, err := BCaInterval(spread, flat, -1, 0.95); return err }(),
		"above":        func() error { _, err := BCaInterval(spread, flat, 201, 0.95); return err }(),
		"acceleration": func() error { _, err := BCaInterval(spread, huge, 2, 1-1e-12); return err }(),
		"few":          func() error { _, err := BCaInterval(spread[:99], flat, 50, 0.95); return err }(),
		"NaN": func() error {
			_, err := BCaInterval(append(slices.Clone(spread), math.NaN()), flat, 50, 0.95)
			return err
		}(),
		"estimate":        func() error { _, err := BCaInterval(spread, flat, math.Inf(1), 0.95); return err }(),
		"jackknife":       func() error { _, err := BCaInterval(spread, [][]float64{{1, math.NaN()}}, 50, 0.95); return err }(),
		"percentile, few": func() error { _, err := PercentileInterval(nil, 1, 0.95); return err }(),
		"basic, NaN":      func() error { _, err := BasicInterval(append(slices.Clone(spread), math.NaN()), 1, 0.95); return err }(),
		"studentized, 0":  func() error { _, err := StudentizedInterval(spread, 1, 0, 0.95); return err }(),
	} {
		var refusal *Refusal
		if !errors.As(err, &refusal) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Enormous and tiny jackknives neither overflow nor vanish.
	for _, scale := range []float64{1e-200, 1, 1e200} {
		a := acceleration([][]float64{{0, scale, 3 * scale, 10 * scale}})
		if want := acceleration([][]float64{{0, 1, 3, 10}}); math.Abs(a-want) > 1e-14 {
			t.Errorf("acceleration at %g is %v, want %v", scale, a, want)
		}
	}
}

func TestBootstrapRefuses(t *testing.T) {
	nan := math.NaN()
	x := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	five := make([]int, 12)
	for i := range five {
		five[i] = i % 4
	}
	same := []float64{2, 2, 2, 2}
	run := func(x []float64, what Resample, o Options) error { _, err := Bootstrap(x, what, o); return err }
	paired := func(x, y []float64, what Resample, o Options) error {
		_, err := BootstrapPaired(x, y, what, o)
		return err
	}
	for name, c := range map[string]struct {
		err  error
		want Reason
	}{
		"none":            {run(nil, Resample{}, Options{}), TooFew},
		"one":             {run(x[:1], Resample{}, Options{}), TooFew},
		"equal":           {run(same, Resample{}, Options{}), Constant},
		"all right":       {run([]float64{1, 1, 1}, Resample{Statistic: Statistic{Name: "proportion"}}, Options{}), Constant},
		"NaN":             {run([]float64{1, nan}, Resample{}, Options{}), NotFinite},
		"too large":       {run([]float64{1e308, -1e308, 1e308}, Resample{}, Options{}), NotFinite},
		"no proportion":   {run(x, Resample{Statistic: Statistic{Name: "proportion"}}, Options{}), Invalid},
		"statistic":       {run(x, Resample{Statistic: Statistic{Name: "mode"}}, Options{}), BadOption},
		"order":           {run(x, Resample{Statistic: Statistic{Name: "quantile", Order: 1}}, Options{}), BadOption},
		"trim":            {run(x, Resample{Statistic: Statistic{Name: "trimmed_mean", Order: 0.5}}, Options{}), BadOption},
		"unbounded":       {run(x, Resample{Statistic: Statistic{Name: "quantile", Order: 0.99}}, Options{}), Unbounded},
		"few replicates":  {run(x, Resample{}, Options{Replicates: 99}), BadOption},
		"too many":        {run(x, Resample{}, Options{Replicates: 1 << 30}), TooLarge},
		"one-sided":       {run(x, Resample{}, Options{Alternative: Greater}), BadOption},
		"bootstrap t":     {run(x, Resample{Statistic: Statistic{Name: "median"}}, Options{Method: "studentized"}), BadOption},
		"few clusters":    {run(x, Resample{Clusters: five}, Options{}), TooFew},
		"clusters short":  {run(x, Resample{Clusters: five[1:]}, Options{}), Invalid},
		"levels":          {run(x, Resample{TwoLevel: true}, Options{}), BadOption},
		"unpaired":        {paired(x, x[1:], Resample{}, Options{}), Unpaired},
		"equal pairs":     {paired(x, x, Resample{}, Options{}), Constant},
		"too long":        {run(make([]float64, 3_000_000), Resample{Statistic: Statistic{Name: "median"}}, Options{}), Constant},
		"too much to bca": {run(append(make([]float64, 300_000), 1), Resample{Statistic: Statistic{Name: "median"}}, Options{Replicates: 100}), TooLarge},
	} {
		var refusal *Refusal
		if !errors.As(c.err, &refusal) || refusal.Reason != c.want || refusal.Error() == "" {
			t.Errorf("%s: %v", name, c.err)
		}
	}
}

// TestBootstrapCoverage: intervals for a mean cover about as often as they say, of
// clusters too, where an interval that ignores them does not.
func TestBootstrapCoverage(t *testing.T) {
	const trials, clusters, size, level = 200, 30, 8, 0.9
	r := Stream(3, 3)
	label := make([]int, clusters*size)
	for i := range label {
		label[i] = i / size
	}
	var covered, naive int
	for trial := range uint64(trials) {
		x := make([]float64, clusters*size)
		for c := range clusters {
			of := r.NormFloat64()
			for i := range size {
				x[c*size+i] = of + r.NormFloat64()
			}
		}
		o := Options{Level: level, Replicates: 400, Seed: trial}
		got, err := Bootstrap(x, Resample{Clusters: label}, o)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := Bootstrap(x, Resample{}, o)
		if err != nil {
			t.Fatal(err)
		}
		if got.Interval.Low <= 0 && 0 <= got.Interval.High {
			covered++
		}
		if plain.Interval.Low <= 0 && 0 <= plain.Interval.High {
			naive++
		}
	}
	if share := float64(covered) / trials; share < 0.82 || share > 0.96 {
		t.Errorf("drawing clusters covered %.3f", share)
	}
	if share := float64(naive) / trials; share > 0.75 {
		t.Errorf("drawing observations covered %.3f, as if there were no clusters", share)
	}
}

// TestBootstrapAllocates: replicates take no memory of their own.
func TestBootstrapAllocates(t *testing.T) {
	x, y := latencies(100, 0.9)
	for _, name := range []string{"mean", "median", "trimmed_mean", "variance"} {
		s, err := Statistic{Name: name, Order: 0.25}.resolve("test")
		if err != nil {
			t.Fatal(err)
		}
		r, err := newResampling("test", s, [][]float64{x, y}, true, false, nil)
		if err != nil {
			t.Fatal(err)
		}
		own := r.newResampler()
		number := uint64(0)
		if n := testing.AllocsPerRun(100, func() { own.replicate(1, number); number++ }); n != 0 {
			t.Errorf("a replicate of the %s allocates %v times", name, n)
		}
	}
}
