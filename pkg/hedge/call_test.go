package hedge

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// policyOf returns a policy whose budget is full.
func policyOf(t testing.TB, o Options) *Policy {
	t.Helper()
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	for range int(float64(p.options.Burst)/p.options.Budget) + 1 {
		p.budget.Earn()
	}
	return p
}

func fixedPolicy(t testing.TB, hedges int) *Policy {
	return policyOf(t, Options{Strategy: Fixed, Delay: 100 * ms, MaxHedges: hedges})
}

// TestCallWaits shows the plain course: not before the delay, then once.
func TestCallWaits(t *testing.T) {
	c := fixedPolicy(t, 1).Begin(Class{}, 0.5, time.Second)
	at, ok := c.Next()
	if !ok || at != 1100*ms {
		t.Fatalf("next at %v, %v", at, ok)
	}
	if c.Start(at - 1) {
		t.Error("a backup starts before its time")
	}
	if !c.Start(at) || c.Running() != 2 || c.Tier() != 1 {
		t.Errorf("%d under way", c.Running())
	}
	if _, ok := c.Next(); ok || c.Start(at+time.Hour) {
		t.Error("a second backup may start where one is the most")
	}
	if !c.Answered(1, 1, 1200*ms) {
		t.Error("an answer does not end the call")
	}
	if c.Answered(0, 1, 1201*ms) {
		t.Error("the loser's answer ends the call again")
	}
}

// TestCallFailsOver shows that an early error is not waited for when nothing else
// runs, and is when something does.
func TestCallFailsOver(t *testing.T) {
	p := fixedPolicy(t, 2)
	c := p.Begin(Class{}, 0.5, 0)
	c.Failed(0, 3*ms)
	if at, ok := c.Next(); !ok || at != 3*ms || !c.Start(at) {
		t.Fatalf("after an early error the next may start at %v, %v", at, ok)
	}
	if at, ok := c.Next(); !ok || at != 103*ms {
		t.Errorf("the third waits till %v, want 103ms", at)
	}
	other := p.Begin(Class{}, 0.5, 0)
	other.Start(100 * ms)
	other.Failed(0, 110*ms)
	if at, _ := other.Next(); at != 200*ms {
		t.Errorf("with a copy under way the next starts at %v, want 200ms", at)
	}
	none := policyOf(t, Options{}).Begin(Class{}, 0.5, 0)
	none.Failed(0, ms)
	if _, ok := none.Next(); ok {
		t.Error("a call that was to get no backup gets one after an error: that is for retries")
	}
}

// TestCallWithdraws shows that a backup that found no room costs nothing.
func TestCallWithdraws(t *testing.T) {
	p := fixedPolicy(t, 1)
	before := p.budget.tokens.Load()
	c := p.Begin(Class{}, 0.5, 0)
	c.Start(100 * ms)
	c.Withdraw()
	c.Withdraw()
	if after := p.budget.tokens.Load(); after != before || c.Running() != 1 {
		t.Errorf("%d tokens, was %d; %d under way", after, before, c.Running())
	}
	if _, ok := c.Next(); ok {
		t.Error("what was withdrawn may start again")
	}
}

// TestCallBudget shows that a refused call asks no more.
func TestCallBudget(t *testing.T) {
	p, err := New(Options{Strategy: Fixed, Delay: ms, Budget: 0.5, MaxHedges: 4})
	if err != nil {
		t.Fatal(err)
	}
	c := p.Begin(Class{}, 0.5, 0)
	if c.Start(ms) {
		t.Error("half a token buys a backup")
	}
	if _, ok := c.Next(); ok {
		t.Error("a refused call asks again")
	}
	if d := p.Begin(Class{}, 0.5, 0); !d.Start(ms) {
		t.Error("two halves buy none")
	}
}

// TestCallTiers shows that a tier's answer must be good enough, and that the last
// one's always is.
func TestCallTiers(t *testing.T) {
	p := policyOf(t, Options{Strategy: MultiTier, Tiers: []Tier{
		{Name: "small", Delay: 100 * ms, Quality: 0.8}, {Name: "middle", Delay: 50 * ms, Quality: 0.6}, {Name: "large", Quality: 0.5}}})
	if p.Options().MaxHedges != 2 {
		t.Fatalf("%d backups for three tiers", p.Options().MaxHedges)
	}
	c := p.Begin(Class{}, 0.5, 0)
	if c.Answered(0, 0.7, 10*ms) {
		t.Error("a poor answer of the first tier ends the call")
	}
	if at, ok := c.Next(); !ok || at != 10*ms || !c.Start(at) {
		t.Errorf("the second tier waits till %v", at)
	}
	if at, _ := c.Next(); at != 60*ms || !c.Start(at) {
		t.Errorf("the third tier waits till %v, want the second's own delay, 60ms", at)
	}
	if !c.Answered(1, 0.7, 70*ms) {
		t.Error("the second tier's good answer does not end the call")
	}
	last := p.Begin(Class{}, 0.5, 0)
	last.Answered(0, 0, ms)
	last.Start(ms)
	last.Answered(1, 0, 2*ms)
	last.Start(2 * ms)
	if !last.Answered(2, 0, 3*ms) {
		t.Error("the last tier's answer is not taken, though there is none to come")
	}
}

// TestCallNeverAfterTheEnd shows, for any course of events, that nothing starts
// after the end, that copies are within bounds and that one answer ends a call.
func TestCallNeverAfterTheEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hedges := rapid.IntRange(1, 4).Draw(t, "hedges")
		p, err := New(Options{Strategy: Fixed, Delay: 10 * ms, MaxHedges: hedges, Budget: 1})
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			p.budget.Earn()
		}
		c, now, ended := p.Begin(Class{}, rapid.Float64Range(0, 0.99).Draw(t, "roll"), 0), time.Duration(0), false
		under := []int{0}
		for _, step := range rapid.SliceOfN(rapid.IntRange(0, 4), 1, 30).Draw(t, "steps") {
			now += time.Duration(step*3) * ms
			switch {
			case step < 3:
				if c.Start(now) {
					under = append(under, c.Tier())
					if ended || c.Tier() > hedges {
						t.Fatalf("copy %d starts, ended %v", c.Tier(), ended)
					}
				}
			case step == 3 && len(under) > 0:
				c.Failed(under[0], now)
				under = under[1:]
			case step == 4 && len(under) > 0:
				if c.Answered(under[0], 1, now) == ended {
					t.Fatalf("an answer ends the call: %v, it had ended: %v", !ended, ended)
				}
				ended, under = true, under[1:]
			}
			if _, ok := c.Next(); ok && ended {
				t.Fatal("something may start after the end")
			}
		}
		c.GaveUp(now)
		if c.Start(now + time.Hour) {
			t.Fatal("a backup starts after the call was given up")
		}
	})
}

// BenchmarkDecide is what hedging costs a call that needs no backup and one that
// gets one: at most 100 ns, and nothing allocated.
func BenchmarkDecide(b *testing.B) {
	for name, at := range map[string]time.Duration{"fast": 10 * ms, "hedged": 100 * ms} {
		b.Run(name, func(b *testing.B) {
			p := policyOf(b, Options{Strategy: Fixed, Delay: 100 * ms, Budget: 1})
			b.ReportAllocs()
			for b.Loop() {
				c := p.Begin(Class{}, 0.5, 0)
				if next, ok := c.Next(); ok && next <= at {
					c.Start(at)
				}
			}
		})
	}
}

// TestDecideAllocates shows that deciding allocates nothing.
func TestDecideAllocates(t *testing.T) {
	p := fixedPolicy(t, 1)
	if n := testing.AllocsPerRun(1000, func() {
		c := p.Begin(Class{}, 0.5, 0)
		if at, ok := c.Next(); ok {
			c.Start(at)
		}
		c.Answered(0, 1, 120*ms)
	}); n > 0 {
		t.Errorf("%g allocations for a call", n)
	}
}
