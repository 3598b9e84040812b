package stat

import (
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// TestQuantileIntervalRanks has the ranks that are widely quoted: of 1,000
// observations the 983rd and the 997th bound the 99th percentile, and 200 do not
// bound it above.
func TestQuantileIntervalRanks(t *testing.T) {
	x := make([]float64, 1000)
	for i := range x {
		x[i] = float64(1000 - i)
	}
	got, err := QuantileInterval(x, 0.99, 0.95)
	if err != nil || got.Low != 983 || got.High != 997 || got.Attained < 0.95 || got.Attained > 0.98 {
		t.Errorf("%+v, %v", got, err)
	}
	short, err := QuantileInterval(x[:200], 0.99, 0.95)
	var refusal *Refusal
	if _, err := QuantileInterval(x[:200], 0.01, 0.95); !errors.As(err, &refusal) || refusal.Reason != Unbounded {
		t.Errorf("the first percentile of 200: %v", err)
	}
	if !errors.As(err, &refusal) || refusal.Reason != Unbounded || refusal.N != 200 || short.Estimate == 0 || short.N != 200 {
		t.Errorf("%+v, %v", short, err)
	}
}

// TestQuantileRanksMirror: the ranks for the quantile of order 1 − q are those
// for q, counted from the other end, also where a tail is exactly α/2.
func TestQuantileRanksMirror(t *testing.T) {
	for _, q := range []float64{0.5, 0.25, 0.125} { // 1 − q is exact
		for _, level := range []float64{0.5, 0.9375, 0.95, 0.984375} {
			for n := 1; n < 300; n++ {
				low, high := quantileRanks(n, q, level)
				mirrorLow, mirrorHigh := quantileRanks(n, 1-q, level)
				if low != n+1-mirrorHigh || high != n+1-mirrorLow {
					t.Fatalf("n = %d, q = %g, level %g: %d to %d, mirrored %d to %d", n, q, level, low, high, mirrorLow, mirrorHigh)
				}
			}
		}
	}
	// Of five values the least and the greatest bound the median at 15/16.
	got, err := QuantileInterval([]float64{5, 1, 4, 2, 3}, 0.5, 0.9375)
	if err != nil || got.Low != 1 || got.High != 5 || math.Abs(got.Attained-0.9375) > 1e-15 {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestQuantileNeed checks that the number needed is the least.
func TestQuantileNeed(t *testing.T) {
	for _, q := range []float64{0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999} {
		for _, level := range []float64{0.5, 0.9, 0.95, 0.99} {
			need := QuantileNeed(q, level)
			for n := 1; n < need+50; n++ {
				low, high := quantileRanks(n, q, level)
				if bounded := low >= 1 && high <= n; bounded != (n >= need) {
					t.Fatalf("q = %g, level %g: need %d, but bounded at %d is %v", q, level, need, n, bounded)
				}
			}
		}
	}
	if got := QuantileNeed(0.99, 0.95); got != 368 {
		t.Errorf("the 99th percentile at 95 %% needs %d, want 368", got)
	}
}

// TestQuantileIntervalCoverage draws from a skewed distribution and counts how
// often the interval covers: as often as it says, within four standard errors.
func TestQuantileIntervalCoverage(t *testing.T) {
	const trials, n, q, level = 4000, 400, 0.95, 0.9
	truth := math.Exp(NormQuantile(q))
	r := rand.New(rand.NewPCG(7, 7))
	x := make([]float64, n)
	covered, attained := 0, 0.0
	for range trials {
		for i := range x {
			x[i] = math.Exp(r.NormFloat64())
		}
		got, err := QuantileInterval(x, q, level)
		if err != nil {
			t.Fatal(err)
		}
		attained = got.Attained
		if got.Low <= truth && truth <= got.High {
			covered++
		}
	}
	share := float64(covered) / trials
	if math.Abs(share-attained) > 4*math.Sqrt(attained*(1-attained)/trials) || attained < level {
		t.Errorf("covered %.4f, attained %.4f", share, attained)
	}
}

// latencies draws two samples that share the difficulty of their items.
func latencies(n int, faster float64) (x, y []float64) {
	r := rand.New(rand.NewPCG(11, uint64(n)))
	for range n {
		item := math.Exp(0.8 * r.NormFloat64())
		x = append(x, faster*item*math.Exp(0.3*r.NormFloat64()))
		y = append(y, item*math.Exp(0.3*r.NormFloat64()))
	}
	return x, y
}

// TestPairedQuantileReplicate checks the replicates of counts against the plain
// way: draw the pairs, sort, take the quantiles.
func TestPairedQuantileReplicate(t *testing.T) {
	for _, n := range []int{2, 7, 60} {
		x, y := latencies(n, 1)
		x[n-1] = x[0] // a tie
		for _, q := range []float64{0.01, 0.25, 0.5, 0.75, 0.99} {
			s := Statistic{Name: statQuantile, Order: q}
			r, err := newResampling("test", s, [][]float64{x, y}, true, false, nil)
			if err != nil {
				t.Fatal(err)
			}
			own := r.newResampler()
			for number := range uint64(50) {
				xs, ys := make([]float64, n), make([]float64, n)
				for i, at := range plainDraws(3, number, n) {
					xs[i], ys[i] = x[at], y[at]
				}
				slices.Sort(xs)
				slices.Sort(ys)
				want := quantileSorted(ys, q) - quantileSorted(xs, q)
				if got := own.replicate(3, number); got != want {
					t.Fatalf("n = %d, q = %g, replicate %d: %v, want %v", n, q, number, got, want)
				}
			}
		}
	}
}

// plainDraws returns n numbers below n of a stream cut into halves, the high one
// first, without rejections (of which so few draws have none).
func plainDraws(seed, number uint64, n int) []int {
	stream := Stream(seed, number)
	out := make([]int, 0, n+1)
	for len(out) < n {
		u := stream.Uint64()
		out = append(out, int(u>>32*uint64(n)>>32), int(u&math.MaxUint32*uint64(n)>>32))
	}
	return out[:n]
}

// TestPairedQuantileDifferenceIsReproducible: the same seed gives the same bits on
// any number of workers, and each replicate is the same whichever were drawn
// before it.
func TestPairedQuantileDifferenceIsReproducible(t *testing.T) {
	x, y := latencies(500, 0.9)
	first, err := PairedQuantileDifference(x, y, 0.5, Options{Replicates: 400, Seed: 42, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, workers := range []int{2, 8, 0} {
		again, err := PairedQuantileDifference(x, y, 0.5, Options{Replicates: 400, Seed: 42, Workers: workers})
		if err != nil || !reflect.DeepEqual(first, again) {
			t.Errorf("%d workers: %+v and %+v, %v", workers, first, again, err)
		}
	}
	other, err := PairedQuantileDifference(x, y, 0.5, Options{Replicates: 400, Seed: 43})
	if err != nil || other.Interval.Low == first.Interval.Low && other.Interval.High == first.Interval.High {
		t.Errorf("another seed gives the same interval %+v, %v", other, err)
	}
}

// TestPairedQuantileDifferenceGolden pins the bits of one seed: if they change,
// every published report changes.
func TestPairedQuantileDifferenceGolden(t *testing.T) {
	x, y := make([]float64, 40), make([]float64, 40)
	for i := range x {
		x[i], y[i] = float64(i*7%43), float64(i*i%41)
	}
	got, err := PairedQuantileDifference(x, y, 0.5, Options{Replicates: 1000, Seed: 2026})
	if err != nil {
		t.Fatal(err)
	}
	if got.Interval.Estimate != goldenEstimate || got.Interval.Low != goldenLow || got.Interval.High != goldenHigh || got.P != goldenP {
		t.Errorf("%+v, p = %v", got.Interval, got.P)
	}
}

// The bits that TestPairedQuantileDifferenceGolden pins.
const (
	goldenEstimate = 1
	goldenLow      = -7
	goldenHigh     = 9.5
	goldenP        = 0.8091908091908092
)

// TestPairedQuantileDifferenceFinds: an interval that covers the truth, a small
// p-value where there is a difference, and a large one where there is none.
func TestPairedQuantileDifferenceFinds(t *testing.T) {
	y, x := latencies(2000, 0.8)
	o := Options{Replicates: 2000, Seed: 1}
	got, err := PairedQuantileDifference(x, y, 0.5, o)
	if err != nil || !(got.Interval.Low < -0.2 && -0.2 < got.Interval.High) || got.Interval.High >= 0 || got.P > 0.01 || got.P <= 0 {
		t.Errorf("%+v, p = %v, %v", got.Interval, got.P, err)
	}
	o.Alternative = Greater
	if wrong, err := PairedQuantileDifference(x, y, 0.5, o); err != nil || wrong.P < 0.99 {
		t.Errorf("greater: p = %v, %v", wrong.P, err)
	}
	same, err := PairedQuantileDifference(y, y, 0.5, Options{Replicates: 200})
	if err != nil || same.Interval.Low != 0 || same.Interval.High != 0 || same.P != 1 || len(same.Warnings) != 1 {
		t.Errorf("%+v, p = %v, %v", same.Interval, same.P, err)
	}
}

// TestQuantileDifferenceCoverage counts, over samples of latencies without a
// difference, lognormal and Pareto, how often the intervals for the 90th
// percentile cover zero: the bootstrap about as often as it says, order
// statistics always more.
func TestQuantileDifferenceCoverage(t *testing.T) {
	const trials, n, q, level = 250, 150, 0.9, 0.9
	r := rand.New(rand.NewPCG(5, 5))
	draw := map[string]func() float64{
		"lognormal": func() float64 { return math.Exp(r.NormFloat64()) },
		"pareto":    func() float64 { return math.Pow(1-r.Float64(), -1/1.5) },
	}
	for _, name := range []string{"lognormal", "pareto"} {
		for _, paired := range []bool{false, true} {
			covered, certain := 0, 0
			for trial := range trials {
				x, y := make([]float64, n), make([]float64, n)
				for i := range n {
					x[i], y[i] = draw[name](), draw[name]()
					if paired {
						item := draw[name]()
						x[i], y[i] = x[i]*item, y[i]*item
					}
				}
				test := QuantileDifference
				if paired {
					test = PairedQuantileDifference
				}
				got, err := test(x, y, q, Options{Level: level, Replicates: 300, Seed: uint64(trial)})
				if err != nil {
					t.Fatal(err)
				}
				if got.Interval.Low <= 0 && 0 <= got.Interval.High {
					covered++
				}
				got, err = test(x, y, q, Options{Level: level, Method: "order_statistics"})
				if err != nil || got.Interval.Attained < level {
					t.Fatal(got.Interval, err)
				}
				if got.Interval.Low <= 0 && 0 <= got.Interval.High {
					certain++
				}
			}
			if share := float64(covered) / trials; share < 0.83 || share > 0.98 {
				t.Errorf("%s, paired %v: the bootstrap covered %.3f of %d", name, paired, share, trials)
			}
			if share := float64(certain) / trials; share < 0.94 {
				t.Errorf("%s, paired %v: order statistics covered %.3f of %d", name, paired, share, trials)
			}
		}
	}
}

// TestQuantileDifferenceRefuses: 200 requests say nothing of the 99th percentile.
func TestQuantileDifferenceRefuses(t *testing.T) {
	x, y := latencies(200, 0.9)
	for _, method := range []string{"bootstrap", "order_statistics"} {
		_, err := QuantileDifference(x, y, 0.99, Options{Method: method})
		var refusal *Refusal
		if !errors.As(err, &refusal) || refusal.Reason != Unbounded || refusal.N != 200 || refusal.Need < 368 {
			t.Errorf("%s: %v", method, err)
		}
	}
	for name, err := range map[string]error{
		"order 1":     func() error { _, err := QuantileDifference(x, y, 1, Options{}); return err }(),
		"order 1e-12": func() error { _, err := QuantileEstimate(x, 1e-12, Options{}); return err }(),
		"one replica": func() error { _, err := QuantileDifference(x, y, 0.5, Options{Replicates: 1}); return err }(),
		"unpaired":    func() error { _, err := PairedQuantileDifference(x, y[1:], 0.5, Options{}); return err }(),
	} {
		var refusal *Refusal
		if !errors.As(err, &refusal) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestStreams checks that neighbouring streams have nothing in common: means and
// correlations of their first numbers stay within four standard errors.
func TestStreams(t *testing.T) {
	const n = 20_000
	first := make([]float64, n)
	for i := range first {
		first[i] = Stream(1, uint64(i)).Float64() - 0.5
	}
	mean, product := 0.0, 0.0
	for i, v := range first {
		mean += v / n
		if i > 0 {
			product += v * first[i-1] / n
		}
	}
	if math.Abs(mean) > 4*math.Sqrt(1.0/12/n) || math.Abs(product) > 4.0/12/math.Sqrt(n) {
		t.Errorf("mean %v, product of neighbours %v", mean, product)
	}
}
