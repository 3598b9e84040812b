package hedge

import (
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crucible-go/crucible/pkg/latency"
)

// feed lets a policy see calls of a class whose backups never win.
func feed(p *Policy, k Class, d latency.Distribution, calls int, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	for range calls {
		c := p.Begin(k, rng.Float64(), 0)
		took := d.Quantile(rng.Float64()*0.999999 + 1e-9)
		if at, ok := c.Next(); ok && at < took {
			c.Start(at)
		}
		c.Answered(0, 1, took)
	}
}

// TestStrategiesFindTheDelay shows what each strategy makes of what it sees.
func TestStrategiesFindTheDelay(t *testing.T) {
	d, err := latency.NewPiecewise(800*ms, 2000*ms, 5000*ms)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name      string
		o         Options
		low, high time.Duration
	}{
		{"none", Options{}, never, never},
		{"fixed", Options{Strategy: Fixed, Delay: 7 * ms}, 7 * ms, 7 * ms},
		{"percentile", Options{Strategy: Percentile, Percentile: 90}, 1550 * ms, 1720 * ms},
		{"percentile of the budget", Options{Strategy: Percentile, Budget: 0.05}, 1900 * ms, 2150 * ms},
		{"clamped from above", Options{Strategy: Percentile, MaxDelay: time.Second}, time.Second, time.Second},
		{"clamped from below", Options{Strategy: Percentile, MinDelay: 3 * time.Second}, 3 * time.Second, 3 * time.Second},
		{"adaptive", Options{Strategy: Adaptive, Budget: 0.1}, 1350 * ms, 2000 * ms},
		{"single_r", Options{Strategy: SingleR, Budget: 0.1}, 1350 * ms, 1750 * ms},
		{"single_r with a delay", Options{Strategy: SingleR, Delay: time.Second, Probability: 0.3}, time.Second, time.Second},
		{"workload_aware", Options{Strategy: WorkloadAware, Budget: 0.1}, 1550 * ms, 1720 * ms},
		{"bandit", Options{Strategy: Bandit, Candidates: []time.Duration{1800 * ms, 3000 * ms}}, 1800 * ms, 3000 * ms},
		{"backoff", Options{Strategy: ExponentialBackoff}, 10 * ms, 10 * time.Second},
	} {
		c.o.Window = 20_000
		p := policyOf(t, c.o)
		feed(p, Class{}, d, 20_000, 3)
		got, ok := p.Delay(Class{})
		if got < c.low || got > c.high || ok != (c.low != never) {
			t.Errorf("%s: the delay is %v, want %v to %v", c.name, got, c.low, c.high)
		}
	}
}

// TestWarmUp shows that a strategy that knows too little uses the initial delay,
// or hedges nothing.
func TestWarmUp(t *testing.T) {
	for _, name := range []string{Percentile, Adaptive, SingleR, WorkloadAware, Bandit} {
		p := policyOf(t, Options{Strategy: name, MinSamples: 50})
		if d, ok := p.Delay(Class{}); ok {
			t.Errorf("%s knows the delay %v of nothing", name, d)
		}
		with := policyOf(t, Options{Strategy: name, MinSamples: 50, InitialDelay: 30 * ms})
		feed(with, Class{}, latency.Constant(time.Second), 20, 1)
		if d, _ := with.Delay(Class{}); d != 30*ms {
			t.Errorf("%s: %v while it warms up, want 30ms", name, d)
		}
		feed(with, Class{}, latency.Constant(time.Second), 200, 1)
		if d, _ := with.Delay(Class{}); d < 500*ms {
			t.Errorf("%s: %v once it knows", name, d)
		}
	}
}

// TestWorkloadClasses shows that classes of calls have delays of their own, and
// that a base delay is scaled by the group's quantile over that of all.
func TestWorkloadClasses(t *testing.T) {
	short, long := Class{Length: LengthOf(10)}, Class{Length: LengthOf(5000)}
	for _, base := range []time.Duration{0, 100 * ms} {
		p := policyOf(t, Options{Strategy: WorkloadAware, Percentile: 90, BaseDelay: base})
		for seed := range uint64(40) {
			feed(p, short, latency.Lognormal{Mu: math.Log(1e8), Sigma: 0.2}, 50, seed)
			feed(p, long, latency.Lognormal{Mu: math.Log(4e8), Sigma: 0.2}, 50, seed)
		}
		s, _ := p.Delay(short)
		l, _ := p.Delay(long)
		if ratio := float64(l) / float64(s); ratio < 3.5 || ratio > 4.5 {
			t.Errorf("base %v: %v and %v, want four times as long", base, s, l)
		}
		if base > 0 && (l < 95*ms || l > 115*ms) {
			t.Errorf("the class near the quantile of all waits %v, want about 100ms", l)
		}
	}
	if LengthOf(1000) != 0 || LengthOf(1001) != 1 || LengthOf(2001) != 2 || LengthOf(4001) != 3 {
		t.Error("the classes of length are not 1,000, 2,000, 4,000 tokens")
	}
}

// TestFailuresTeachNoLatency shows that first copies that fail at once neither
// shorten the delay nor are taken for fast.
func TestFailuresTeachNoLatency(t *testing.T) {
	for _, name := range []string{Percentile, Adaptive, SingleR, Bandit} {
		p := policyOf(t, Options{Strategy: name, Budget: 0.1})
		d := latency.Lognormal{Mu: math.Log(1e9), Sigma: 0.4}
		feed(p, Class{}, d, 4000, 5)
		before, _ := p.Delay(Class{})
		for range 300 {
			c := p.Begin(Class{}, 0.5, 0)
			c.Failed(0, ms)
			c.GaveUp(ms)
		}
		if after, ok := p.Delay(Class{}); !ok || math.Abs(float64(after)/float64(before)-1) > 0.35 {
			t.Errorf("%s: 300 errors within 1ms change the delay from %v to %v", name, before, after)
		}
	}
}

// TestPolicyTogether runs every strategy from many goroutines.
func TestPolicyTogether(t *testing.T) {
	for _, name := range Strategies() {
		o := Options{Strategy: name, Delay: 50 * ms, Window: 400, Budget: 0.1}
		if name == MultiTier {
			o.Tiers = []Tier{{Delay: ms}, {}}
		}
		p, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for w := range 4 {
			all.Go(func() {
				feed(p, Class{Length: uint8(w % 2)}, latency.Lognormal{Mu: math.Log(1e8), Sigma: 0.5}, 1500, uint64(w))
			})
		}
		all.Wait()
	}
}

// custom is a strategy of a user.
type custom struct{ outcomes int }

func (c *custom) Update(o Outcome, seen *Seen) (time.Duration, float64) {
	if o.Total > 0 {
		c.outcomes++
	}
	if d, known := seen.Exceeded(0.5); known {
		return d, 1
	}
	return never, 0
}

// TestCustom shows a strategy of one's own.
func TestCustom(t *testing.T) {
	mine := &custom{}
	p := policyOf(t, Options{Strategy: Custom, Custom: mine})
	feed(p, Class{}, latency.Constant(time.Second), 100, 1)
	if d, _ := p.Delay(Class{}); mine.outcomes != 100 || d < time.Second || d > 1010*ms {
		t.Errorf("%d outcomes, delay %v", mine.outcomes, d)
	}
}

// TestOptions shows what is refused, with what would be right.
func TestOptions(t *testing.T) {
	for want, o := range map[string]Options{
		`unknown strategy "percentle"`:              {Strategy: "percentle"},
		"want one of none, fixed, percentile":       {Strategy: "x"},
		"budget -0.1 is outside of (0, 1]":          {Budget: -0.1},
		"budget NaN":                                {Budget: math.NaN()},
		"budget 5 is outside":                       {Budget: 5},
		"burst -1 is below one call":                {Burst: -1},
		"fixed needs a delay":                       {Strategy: Fixed},
		"delay -1ns is outside of 0 to 24h":         {Strategy: Fixed, Delay: -1},
		"delay 25h0m0s is outside":                  {Strategy: Fixed, Delay: 25 * time.Hour},
		"percentile 100 is outside of (0, 100)":     {Percentile: 100},
		"target 1 is outside":                       {Target: 1},
		"probability 2 is outside":                  {Probability: 2},
		"min_delay 2ns is above max_delay 1ns":      {MinDelay: 2, MaxDelay: 1},
		"window 2 is outside":                       {Window: 2},
		"min_samples 9 is outside of 1 to":          {Window: 8, MinSamples: 9},
		"multi_tier needs two tiers or more":        {Strategy: MultiTier, Tiers: []Tier{{}}},
		"tiers[1]: want a delay":                    {Strategy: MultiTier, Tiers: []Tier{{}, {Quality: 2}}},
		"custom needs a strategy":                   {Strategy: Custom},
		"max_hedges 5 is outside of 1 to 4":         {MaxHedges: 5},
		"bandit needs two delays or more":           {Strategy: Bandit, Candidates: []time.Duration{1}},
		"delay_candidates[1] is -1ns, outside of 0": {Strategy: Bandit, Candidates: []time.Duration{1, -1}},
	} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v gives %v, want %q", o, err, want)
		}
	}
	p, err := New(Options{Strategy: Percentile, Budget: 0.08})
	if err != nil {
		t.Fatal(err)
	}
	if o := p.Options(); math.Abs(o.Percentile-92) > 1e-9 || o.Burst != 20 || o.Window != 4000 || o.MinSamples != 20 || o.MaxHedges != 1 {
		t.Errorf("defaults: %+v", o)
	}
}

// TestFrontier compares with the figures of the theory: the tail of a backup after
// the quantile of order 1 − B.
func TestFrontier(t *testing.T) {
	d, err := latency.NewPiecewise(800*ms, 2000*ms, 5000*ms)
	if err != nil {
		t.Fatal(err)
	}
	for budget, want := range map[float64]float64{0.05: 0.409, 0.10: 0.465, 0.15: 0.497} {
		value, delay, chance := Frontier(d, budget, 0.99)
		if cut := 1 - float64(value)/5e9; math.Abs(cut-want) > 0.0015 {
			t.Errorf("budget %g: a cut of %.4f, want %.3f", budget, cut, want)
		}
		if cost := chance * d.Survival(delay); cost > budget*1.0001 {
			t.Errorf("budget %g: costs %.4f", budget, cost)
		}
	}
}
