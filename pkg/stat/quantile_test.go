package stat

import (
	"errors"
	"math"
	"math/rand/v2"
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
	for _, n := range []int{1, 2, 7, 60} {
		x, y := latencies(n, 1)
		x[n-1] = x[0] // a tie
		for _, q := range []float64{0.01, 0.25, 0.5, 0.75, 0.99} {
			b := newPairedQuantiles(x, y, q)
			for r := range uint64(50) {
				draw, xs, ys := Stream(3, r), make([]float64, n), make([]float64, n)
				for i := range n {
					at := draw.Uint32N(uint32(n))
					xs[i], ys[i] = x[at], y[at]
				}
				slices.Sort(xs)
				slices.Sort(ys)
				want := quantileSorted(xs, q) - quantileSorted(ys, q)
				if got := b.replicate(3, r); got != want {
					t.Fatalf("n = %d, q = %g, replicate %d: %v, want %v", n, q, r, got, want)
				}
			}
		}
	}
}

// TestPairedQuantileDifferenceIsReproducible: the same seed gives the same bits,
// and each replicate is the same whichever were drawn before it.
func TestPairedQuantileDifferenceIsReproducible(t *testing.T) {
	x, y := latencies(500, 0.9)
	interval, result, err := PairedQuantileDifference(x, y, 0.5, 0.95, 400, 42)
	if err != nil {
		t.Fatal(err)
	}
	again, resultAgain, err := PairedQuantileDifference(x, y, 0.5, 0.95, 400, 42)
	if err != nil || again.Low != interval.Low || again.High != interval.High || result.P != resultAgain.P {
		t.Errorf("%+v and %+v, %v", interval, again, err)
	}
	other, _, err := PairedQuantileDifference(x, y, 0.5, 0.95, 400, 43)
	if err != nil || other.Low == interval.Low && other.High == interval.High {
		t.Errorf("another seed gives the same interval %+v, %v", other, err)
	}
	forward, backward := newPairedQuantiles(x, y, 0.5), newPairedQuantiles(x, y, 0.5)
	drawn := make([]float64, 20)
	for r := range drawn {
		drawn[r] = forward.replicate(42, uint64(r))
	}
	for r := len(drawn) - 1; r >= 0; r-- {
		if got := backward.replicate(42, uint64(r)); got != drawn[r] {
			t.Errorf("replicate %d is %v or %v", r, drawn[r], got)
		}
	}
}

// TestPairedQuantileDifferenceGolden pins the bits of one seed: if they change,
// every published report changes.
func TestPairedQuantileDifferenceGolden(t *testing.T) {
	x, y := make([]float64, 40), make([]float64, 40)
	for i := range x {
		x[i], y[i] = float64(i*i%41), float64(i*7%43)
	}
	got, result, err := PairedQuantileDifference(x, y, 0.5, 0.95, 1000, 2026)
	if err != nil {
		t.Fatal(err)
	}
	if got.Estimate != goldenEstimate || got.Low != goldenLow || got.High != goldenHigh || result.P != goldenP {
		t.Errorf("%+v, p = %v", got, result.P)
	}
}

// The bits that TestPairedQuantileDifferenceGolden pins.
const (
	goldenEstimate = 1
	goldenLow      = -7.5
	goldenHigh     = 9.012499999999989
	goldenP        = 0.8611388611388612
)

// TestPairedQuantileDifferenceFinds: an interval that covers the truth, a small
// p-value where there is a difference, and a large one where there is none.
func TestPairedQuantileDifferenceFinds(t *testing.T) {
	x, y := latencies(2000, 0.8)
	got, result, err := PairedQuantileDifference(x, y, 0.5, 0.95, 2000, 1)
	if err != nil || !(got.Low < -0.2 && -0.2 < got.High) || got.High >= 0 || result.P > 0.01 || result.P <= 0 {
		t.Errorf("%+v, p = %v, %v", got, result.P, err)
	}
	same, none, err := PairedQuantileDifference(y, y, 0.5, 0.95, 200, 1)
	if err != nil || same.Low != 0 || same.High != 0 || none.P != 1 || len(same.Warnings) != 1 {
		t.Errorf("%+v, p = %v, %v", same, none.P, err)
	}
}

// TestPairedQuantileDifferenceCoverage counts over many samples without a
// difference how often the interval covers zero.
func TestPairedQuantileDifferenceCoverage(t *testing.T) {
	const trials, n, level = 400, 120, 0.9
	r := rand.New(rand.NewPCG(5, 5))
	covered := 0
	for trial := range trials {
		x, y := make([]float64, n), make([]float64, n)
		for i := range n {
			item := r.NormFloat64()
			x[i], y[i] = math.Exp(item+r.NormFloat64()), math.Exp(item+r.NormFloat64())
		}
		got, _, err := PairedQuantileDifference(x, y, 0.5, level, 300, uint64(trial))
		if err != nil {
			t.Fatal(err)
		}
		if got.Low <= 0 && 0 <= got.High {
			covered++
		}
	}
	if share := float64(covered) / trials; share < 0.86 || share > 0.97 {
		t.Errorf("covered %.3f of %d", share, trials)
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
