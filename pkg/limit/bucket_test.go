package limit_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/crucible-go/crucible/pkg/limit"
)

// A bucket gives out its rate, whatever the sizes and however late its owner is,
// and never more than the rate and what it saves.
func TestBucketKeepsItsRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var (
			b    limit.Bucket
			now  time.Duration
			sum  float64
			rate = rapid.Float64Range(0.1, 500).Draw(t, "rate")
			late = rapid.Int64Range(0, int64(limit.Burst))
			size = rapid.Float64Range(1, 40)
			last float64
		)
		b.Rate(0, int64(rate*1e6))
		b.Fill(1)
		for range 300 {
			last = size.Draw(t, "size")
			now += b.Wait(now, last) + time.Duration(late.Draw(t, "late"))/4
			if d := b.Wait(now, last); d != 0 {
				t.Fatalf("%v to wait after waiting", d)
			}
			b.Take(last)
			sum += last
		}
		allowed := rate*now.Seconds() + 1 + rate*limit.Burst.Seconds()
		if sum-last > allowed*(1+1e-6) {
			t.Fatalf("%g units in %v at %g a second: %g are allowed", sum-last, now, rate, allowed)
		}
	})
}

func TestBucket(t *testing.T) {
	var b limit.Bucket
	if got := b.Wait(0, 1); got >= 0 {
		t.Errorf("without a rate one waits %v", got)
	}
	b.Rate(0, 10e6) // saves 1 + 10 × 0.1 = 2
	b.Fill(0.5)
	for i, want := range []time.Duration{0, 100 * time.Millisecond} {
		if got := b.Wait(0, 1); got != want {
			t.Errorf("unit %d: wait %v, want %v", i, got, want)
		}
		if want == 0 {
			b.Take(1)
		}
	}
	if b.Wait(time.Hour, 1); !b.Full(time.Hour) {
		t.Error("not full after an hour")
	}
	b.Take(22) // more than it saves, on credit
	if got := b.Wait(time.Hour, 1); got != 2100*time.Millisecond {
		t.Errorf("after a large one one waits %v", got)
	}
	b.Take(-20) // it was not used after all
	if got := b.Wait(time.Hour, 1); got != 100*time.Millisecond {
		t.Errorf("after a refund one waits %v", got)
	}
	if got := b.Wait(time.Minute, 1); got != 100*time.Millisecond {
		t.Errorf("time that runs backwards: %v", got)
	}
	b.Rate(time.Hour, 1)
	if got := b.Wait(time.Hour, math.MaxInt32).Round(time.Second); got != 1e6*time.Second {
		t.Errorf("at a millionth per second one waits %v", got)
	}
}

func BenchmarkRenew(b *testing.B) {
	s := limit.New(true)
	r := limit.Renewal{Limit: limit.PerMinute(64, 6000, 1e6), Want: limit.Amounts{10, 20e6, 1e9}}
	for i := range 8 {
		s.Renew(string(rune('a'+i)), r)
	}
	b.ReportAllocs()
	for b.Loop() {
		s.Clone().Renew("c", r)
	}
}
