package hedge

import (
	"math"
	"time"
)

// Call is the state of one call. It belongs to one goroutine; times are those of
// any clock that does not go back.
type Call struct {
	policy  *Policy
	class   *class
	began   time.Duration
	next    time.Duration // when the next copy may start, or never
	plan    time.Duration // the policy's delay when the call began
	delay   time.Duration // that of this call, or never
	copies  int           // that were started
	running int
	first   time.Duration // how long the first copy took, or has taken
	known   bool          // how long the first copy took
	ended   bool          // the first copy answered
	fired   bool          // a backup was started
	failed  bool          // a copy failed
	over    bool
}

// Begin starts a call with its first copy. roll is uniform in [0, 1) and decides
// for strategies that hedge only a share of the slow calls.
func (p *Policy) Begin(c Class, roll float64, now time.Duration) Call {
	p.budget.Earn()
	k := p.class(c)
	call := Call{policy: p, class: k, began: now, next: never, delay: never, copies: 1, running: 1}
	d := time.Duration(k.delay.Load())
	call.plan = d
	if d != never && (roll == 0 || roll < math.Float64frombits(k.chance.Load())) {
		call.delay = p.clamp(d)
		call.next = now + call.delay
	}
	return call
}

// Next returns when the next copy may start, and whether one may.
func (c *Call) Next() (at time.Duration, ok bool) {
	if c.over || c.next == never || c.copies > c.policy.options.MaxHedges {
		return 0, false
	}
	return c.next, true
}

// Start asks for the copy that Next announced. If the budget has none left it is
// refused, and the call gets no further backup.
func (c *Call) Start(now time.Duration) bool {
	if _, ok := c.Next(); !ok || now < c.next {
		return false
	}
	if !c.policy.budget.Take() {
		c.next = never
		return false
	}
	c.copies++
	c.running++
	c.fired = true
	c.next = now + c.policy.after(c.copies-1, c.delay)
	return true
}

// Withdraw takes back a Start whose copy was not made, because no permit was free
// for it: nothing is asked for then, and the budget keeps its token.
func (c *Call) Withdraw() {
	if c.copies < 2 {
		return
	}
	c.copies--
	c.running--
	c.fired = c.copies > 1
	c.next = never
	c.policy.budget.Return()
}

// Tier is the number of copies so far, less one: which tier the next answers for.
func (c *Call) Tier() int { return c.copies - 1 }

// Running is the number of copies under way.
func (c *Call) Running() int { return c.running }

// Failed notes that a copy, counted from 0, failed. Where it was the last one
// under way, and the call was to get a backup, the backup may start at once: an
// error is not waited for. A call that was to get none is for the retries.
func (c *Call) Failed(copy int, now time.Duration) {
	if c.over {
		return
	}
	c.running--
	c.failed = true
	if copy == 0 {
		c.first, c.known = now-c.began, true
	}
	if c.running == 0 && c.copies <= c.policy.options.MaxHedges && c.delay != never {
		c.next = now
	}
}

// Answered notes that a copy, counted from 0, answered with a quality from 0 to
// 1, and reports whether the answer ends the call: always, but for multi_tier,
// where a lower tier may be too poor. Then what there was to learn is learnt. An
// answer that comes after the end is none. Where an answer was too poor, nothing
// runs and Next allows nothing, the best answer so far is the call's: then GaveUp.
func (c *Call) Answered(copy int, quality float64, now time.Duration) bool {
	if c.over {
		return false
	}
	c.running--
	if copy == 0 {
		c.first, c.known, c.ended = now-c.began, true, true
	}
	if quality < c.policy.quality(copy) && (c.running > 0 || c.copies <= c.policy.options.MaxHedges) {
		if c.running == 0 {
			c.next = now
		}
		return false
	}
	c.finish(now, copy > 0)
	return true
}

// GaveUp notes that the call ends without an answer.
func (c *Call) GaveUp(now time.Duration) { c.finish(now, false) }

func (c *Call) finish(now time.Duration, won bool) {
	if c.over {
		return
	}
	c.over = true
	if c.policy.frozen {
		return
	}
	if !c.known {
		c.first = now - c.began
	}
	out := Outcome{First: c.first, FirstEnded: c.ended, Plan: c.plan, Delay: c.delay, Total: now - c.began,
		Fired: c.fired, Won: won, Failed: c.failed, FirstFailed: c.known && !c.ended}
	c.class.learn(out)
	if c.class != c.policy.all {
		out.Plan, out.Delay = never, never // the plan of all calls was not theirs
		c.policy.all.learn(out)
	}
}

// after returns the delay between the start of a copy and the next.
func (p *Policy) after(tier int, delay time.Duration) time.Duration {
	if p.options.Strategy == MultiTier {
		return p.clamp(p.options.Tiers[min(tier, len(p.options.Tiers)-1)].Delay)
	}
	return delay
}

// quality returns the least quality that a tier's answer needs.
func (p *Policy) quality(tier int) float64 {
	if p.options.Strategy != MultiTier {
		return 0
	}
	return p.options.Tiers[min(tier, len(p.options.Tiers)-1)].Quality
}
