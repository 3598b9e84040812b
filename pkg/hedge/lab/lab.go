// Package lab plays calls against a policy in virtual time: the same policy, call
// by call, that a service would run, with latencies drawn from a distribution.
package lab

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/crucible-go/crucible/pkg/hedge"
	"github.com/crucible-go/crucible/pkg/latency"
)

// Config is what is played.
type Config struct {
	// Latency is the distribution of a copy's latency.
	Latency latency.Distribution
	// Backup is that of backups; nil is the same.
	Backup latency.Distribution
	// Correlation is that of the normal scores of the luck of a call's first copy
	// and each backup, 0 to 1: 0 are independent, at 1 they take equally long.
	Correlation float64
	// Phases scale latencies in the course of the calls; none is one phase of 1.
	Phases []Phase
	Policy hedge.Options
	Calls  int
	Seed   uint64
	// Gap is the time between the starts of calls; 0 keeps about 16 under way.
	Gap time.Duration
	// PromptShare is the share of a call's price that its prompt costs, which a
	// copy that was cancelled has cost in any case; 0 to 1.
	PromptShare float64
}

// Phase is a share of the calls during which latencies are scaled.
type Phase struct {
	Share, Scale float64
}

// Result is what came of it.
type Result struct {
	// Base are the latencies of the first copies alone, Hedged those of the calls.
	Base, Hedged Quantiles
	// Extra is the number of backups for each call.
	Extra float64
	// CostProrata is what backups cost beside the price of a call each, where a
	// cancelled copy costs its prompt and the share of the answer that it had
	// produced; CostFull, where it is billed in full.
	CostProrata, CostFull float64
	// Delay is that of the policy at the end; the greatest duration if it has none.
	Delay time.Duration
	// Phases holds the figures of each phase.
	Phases []Result
}

// Quantiles are some of a distribution of latencies.
type Quantiles struct{ P50, P95, P99, P999 time.Duration }

// Cut returns by how much the 99th percentile is shorter, as a share of it.
func (r Result) Cut() float64 { return 1 - float64(r.Hedged.P99)/float64(r.Base.P99) }

func (c Config) check() error {
	switch {
	case c.Latency == nil:
		return errors.New("lab: no latency")
	case c.Calls < 1 || c.Calls > 100_000_000:
		return fmt.Errorf("lab: %d calls: want 1 to 100,000,000", c.Calls)
	case !(c.Correlation >= 0 && c.Correlation <= 1):
		return fmt.Errorf("lab: a correlation of %v is outside of [0, 1]", c.Correlation)
	case !(c.PromptShare >= 0 && c.PromptShare <= 1):
		return fmt.Errorf("lab: a prompt share of %v is outside of [0, 1]", c.PromptShare)
	case c.Gap < 0:
		return fmt.Errorf("lab: calls %v apart", c.Gap)
	}
	for _, p := range c.Phases {
		if !(p.Share > 0 && p.Scale > 0 && p.Share <= 1 && p.Scale <= 1e6) {
			return fmt.Errorf("lab: a phase of %v of the calls at %v times the latency: want both above 0", p.Share, p.Scale)
		}
	}
	return nil
}

// Play plays the calls. The same configuration gives the same result. The
// latencies of first copies are a stratified sample in random order: one of each
// of as many equally likely intervals as there are calls, so that their quantiles
// are those of the distribution and chance is left where it belongs, in the order
// of calls and in the backups.
func Play(c Config) (Result, error) {
	if err := c.check(); err != nil {
		return Result{}, err
	}
	policy, err := hedge.New(c.Policy)
	if err != nil {
		return Result{}, err
	}
	p := &player{Config: c, policy: policy, strata: newStrata(c.Calls, c.Seed), first: make([]time.Duration, c.Calls), took: make([]time.Duration, c.Calls),
		extra: make([]uint8, c.Calls), cost: make([]float32, c.Calls)}
	if p.Backup == nil {
		p.Backup = c.Latency
	}
	if p.Gap == 0 {
		p.Gap = max(c.Latency.Quantile(0.5)/16, 1)
	}
	p.play()
	out := p.sum(0, c.Calls)
	if d, ok := policy.Delay(hedge.Class{}); ok {
		out.Delay = d
	} else {
		out.Delay = math.MaxInt64
	}
	from := 0.0
	for _, ph := range c.Phases {
		low, high := int(from*float64(c.Calls)), int(math.Min(1, from+ph.Share)*float64(c.Calls))
		if high > low {
			out.Phases = append(out.Phases, p.sum(low, high))
		}
		from += ph.Share
	}
	return out, nil
}

// player is a simulation under way: a heap of what happens next.
type player struct {
	Config
	policy *hedge.Policy
	strata strata
	agenda agenda
	first  []time.Duration // by call: how long its first copy would take
	took   []time.Duration // how long the call took
	extra  []uint8
	cost   []float32 // extra cost, in calls
}

// playing is a call under way.
type playing struct {
	hedge.Call
	index   int
	began   time.Duration
	starts  [5]time.Duration // of copies
	lasts   [5]time.Duration // how long each takes
	copies  int
	done    bool
	backups *rand.Rand
	luck    luck // of the first copy
}

// event is something that happens to a call: a copy (0 and up) ends, or, below
// 0, the next may start.
type event struct {
	at   time.Duration
	call *playing
	copy int
}

// agenda is a heap of events.
type agenda []event

// before says what happens first: an end before a start, earlier calls before
// later ones.
func (e event) before(o event) bool {
	if e.at != o.at {
		return e.at < o.at
	}
	if e.call.index != o.call.index {
		return e.call.index < o.call.index
	}
	return e.copy > o.copy
}

// push adds an event to the heap.
func (a *agenda) push(e event) {
	*a = append(*a, e)
	h := *a
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if !h[i].before(h[up]) {
			return
		}
		h[i], h[up] = h[up], h[i]
		i = up
	}
}

// pop takes what happens first.
func (a *agenda) pop() event {
	h := *a
	first, last := h[0], len(h)-1
	h[0] = h[last]
	h[last] = event{}
	h = h[:last]
	*a = h
	for i := 0; ; {
		down := 2*i + 1
		if down >= len(h) {
			return first
		}
		if down+1 < len(h) && h[down+1].before(h[down]) {
			down++
		}
		if !h[down].before(h[i]) {
			return first
		}
		h[i], h[down] = h[down], h[i]
		i = down
	}
}

func (p *player) play() {
	for i := range p.Calls {
		now := time.Duration(i) * p.Gap
		for len(p.agenda) > 0 && p.agenda[0].at <= now {
			p.happen(p.agenda.pop())
		}
		p.begin(i, now)
	}
	for len(p.agenda) > 0 {
		p.happen(p.agenda.pop())
	}
}

func (p *player) begin(i int, now time.Duration) {
	rng := rand.New(rand.NewPCG(p.Seed, uint64(i)))
	first := p.strata.draw(i, rng)
	took := scaled(first.Draw(p.Latency), p.scale(i))
	p.first[i] = took
	k := &playing{Call: p.policy.Begin(hedge.Class{}, rng.Float64(), now), index: i, began: now, copies: 1, backups: rng, luck: first}
	k.starts[0], k.lasts[0] = now, took
	p.agenda.push(event{now + took, k, 0})
	if at, ok := k.Next(); ok {
		p.agenda.push(event{at, k, -1})
	}
}

func (p *player) happen(e event) {
	k := e.call
	switch {
	case k.done:
	case e.copy >= 0:
		if k.Answered(e.copy, 1, e.at) {
			p.end(k, e)
		}
	case k.Start(e.at):
		n := k.copies
		k.copies++
		p.extra[k.index]++
		took := again(k.luck, p.Correlation, k.backups).Draw(p.Backup)
		k.starts[n], k.lasts[n] = e.at, scaled(took, p.scale(k.index))
		p.agenda.push(event{e.at + k.lasts[n], k, n})
		if at, ok := k.Next(); ok {
			p.agenda.push(event{at, k, -1})
		}
	}
}

// end settles a call: the losers are cancelled.
func (p *player) end(k *playing, e event) {
	k.done = true
	p.took[k.index] = e.at - k.began
	for n := range k.copies {
		if n != e.copy {
			produced := float64(e.at-k.starts[n]) / float64(k.lasts[n])
			p.cost[k.index] += float32(p.PromptShare + (1-p.PromptShare)*math.Min(1, produced))
		}
	}
}

// scale returns that of the phase of a call.
func (p *player) scale(i int) float64 {
	at := float64(i) / float64(p.Calls)
	for _, ph := range p.Phases {
		if at < ph.Share {
			return ph.Scale
		}
		at -= ph.Share
	}
	return 1
}

func (p *player) sum(low, high int) Result {
	n := float64(high - low)
	out := Result{Base: quantiles(p.first[low:high]), Hedged: quantiles(p.took[low:high])}
	extra, cost := 0, 0.0
	for i := low; i < high; i++ {
		extra += int(p.extra[i])
		cost += float64(p.cost[i])
	}
	out.Extra, out.CostProrata, out.CostFull = float64(extra)/n, cost/n, float64(extra)/n
	return out
}

func quantiles(d []time.Duration) Quantiles {
	sorted := slices.Sorted(slices.Values(d))
	at := func(q float64) time.Duration {
		return sorted[max(int(math.Ceil(q*float64(len(sorted))))-1, 0)]
	}
	return Quantiles{at(0.5), at(0.95), at(0.99), at(0.999)}
}

func scaled(d time.Duration, by float64) time.Duration {
	if by == 1 {
		return d
	}
	return time.Duration(float64(d) * by)
}
