package caller

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// The meter is late where the process was, and nowhere else: what was due in a
// pause is late by the rest of it.
func TestLagMeter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLagMeter(time.Now)
		at := func(ms int) time.Time { return l.began.Add(time.Duration(ms) * time.Millisecond) }
		l.note(at(1000), at(1000)) // on time
		l.note(at(2000), at(2400)) // stopped for 400 ms
		for _, c := range []struct {
			from, to int
			want     time.Duration
		}{{0, 1900, 0}, {1500, 2050, 400 * time.Millisecond}, {2350, 3000, 400 * time.Millisecond}, {2500, 9000, 0}} {
			if got := l.between(at(c.from), at(c.to)); got != c.want {
				t.Errorf("from %d to %d ms: %v, want %v", c.from, c.to, got, c.want)
			}
		}
		l.note(at(2000+lagPanes*100), at(2010+lagPanes*100)) // the same place of the ring, seven minutes later
		if got := l.between(at(2000), at(2050)); got != 0 {
			t.Errorf("a forgotten time was late by %v", got)
		}
	})
}

// In virtual time nothing is ever late.
func TestLagMeterRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLagMeter(time.Now)
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		l.run(ctx)
		if got := l.between(l.began, time.Now()); got != 0 {
			t.Errorf("late by %v", got)
		}
	})
}

// A latency is void where the lateness is a good part of it.
func TestVoid(t *testing.T) {
	for _, c := range []struct {
		lag, latency time.Duration
		want         bool
	}{
		{0, time.Second, false},
		{49 * time.Millisecond, 100 * time.Millisecond, false},
		{50 * time.Millisecond, time.Second, true},
		{50 * time.Millisecond, 2 * time.Second, false},
		{time.Second, 2 * time.Second, true},
	} {
		if got := void(c.lag, c.latency); got != c.want {
			t.Errorf("late by %v in %v: void %t", c.lag, c.latency, got)
		}
	}
}
