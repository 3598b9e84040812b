package hedge

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/crucible-go/crucible/pkg/latency"
)

const ms = time.Millisecond

// TestBuckets shows that a latency is known to 0.8 %, and that the edges rise.
func TestBuckets(t *testing.T) {
	for d := 64 * time.Microsecond; d < 19*time.Hour; d += d/97 + 1 {
		edge := upperEdge(bucketOf(d))
		// A bucket is 1/64 of its octave wide: its middle is off by half of that.
		if middle := float64(edge) * (1 - 1.0/256); edge < d || math.Abs(middle/float64(d)-1) > 0.012 {
			t.Fatalf("%v is in the bucket that ends at %v", d, edge)
		}
		if width := float64(edge-lowerEdge(bucketOf(d))) / float64(edge); width > 1.0/64 {
			t.Fatalf("the bucket of %v is %.4f of it wide: its middle is off by more than 0.8 %%", d, width)
		}
	}
	for b := 1; b < buckets; b++ {
		if upperEdge(b) <= upperEdge(b-1) || bucketOf(lowerEdge(b)) != b {
			t.Fatalf("bucket %d: from %v to %v", b, lowerEdge(b), upperEdge(b))
		}
	}
	if bucketOf(-1) != 0 || bucketOf(0) != 0 || bucketOf(math.MaxInt64) != buckets-1 {
		t.Error("what is outside of the span is not in its first or last bucket")
	}
}

func lowerEdge(bucket int) time.Duration {
	if bucket == 0 {
		return 0
	}
	return upperEdge(bucket - 1)
}

// TestCensoring shows that losers that were given up do not shorten the tail, and
// that they would if they were taken for finished.
func TestCensoring(t *testing.T) {
	d, err := latency.NewPiecewise(800*ms, 2000*ms, 5000*ms)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(4, 2))
	const n, delay = 400_000, 1500 * ms
	honest, naive := newWindow(4*n), newWindow(4*n)
	for range n {
		first, backup := d.Quantile(rng.Float64()), delay+d.Quantile(rng.Float64())
		if backup < first {
			honest.censor(backup)
			naive.finish(backup)
		} else {
			honest.finish(first)
			naive.finish(first)
		}
	}
	var s, wrong survival
	honest.read(&s)
	naive.read(&wrong)
	for _, q := range []float64{0.5, 0.9, 0.95, 0.98, 0.99} {
		got, known := s.above(1 - q)
		if want := d.Quantile(q); !known || math.Abs(float64(got)/float64(want)-1) > 0.08 {
			t.Errorf("the quantile of order %g is %v, want %v", q, got, want)
		}
	}
	if got, _ := wrong.above(0.01); got > 3500*ms {
		t.Errorf("control: with losers as finished the 99th percentile would be %v, far below 5s", got)
	}
}

// TestUnknownTail shows that a tail that nobody has seen is not made up.
func TestUnknownTail(t *testing.T) {
	w := newWindow(1000)
	var s survival
	if w.read(&s); s.n != 0 {
		t.Fatalf("an empty window rests on %d", s.n)
	}
	if _, known := s.above(0.5); known {
		t.Error("an empty window knows the median")
	}
	for i := range 100 {
		if i < 80 {
			w.finish(time.Duration(i+1) * ms)
		} else {
			w.censor(200 * ms)
		}
	}
	w.read(&s)
	if d, known := s.above(0.5); !known || d < 49*ms || d > 52*ms {
		t.Errorf("the median is %v, known %v", d, known)
	}
	if _, known := s.above(0.1); known {
		t.Error("the 90th percentile is known though a fifth of the calls was given up before")
	}
	if got := s.at(100 * ms); math.Abs(got-0.2) > 1e-9 {
		t.Errorf("%g of the calls take longer than 100ms, want 0.2", got)
	}
}

// TestForgets shows that a window forgets what is older than it.
func TestForgets(t *testing.T) {
	w := newWindow(400)
	for range 1000 {
		w.finish(time.Second)
	}
	for range 400 {
		w.finish(ms)
	}
	var s survival
	w.read(&s)
	if d, _ := s.above(0.001); d > 2*ms || s.n < 300 || s.n > 400 {
		t.Errorf("the slowest of the last 400 is %v, of %d", d, s.n)
	}
}
