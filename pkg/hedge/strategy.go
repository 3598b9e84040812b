package hedge

import (
	"math"
	"sync"
	"time"
)

// Strategy says how long a call waits before its first backup, and with what
// probability it gets one. Update is called with what became of each call, one at
// a time; the first time with nothing. It need not think of the budget, which
// holds whatever it says.
type Strategy interface {
	Update(o Outcome, seen *Seen) (delay time.Duration, probability float64)
}

// Outcome is what became of a call.
type Outcome struct {
	// First is how long the first copy took, or had taken when it was given up.
	First time.Duration
	// FirstEnded says that the first copy answered: elsewise it was given up, or
	// failed, and would have taken longer than First.
	FirstEnded bool
	// Plan is the delay that the strategy had given when the call began, Delay how
	// long the call was to wait: the greatest duration where the draw was against
	// a backup.
	Plan, Delay time.Duration
	// Total is how long the call took.
	Total time.Duration
	// Fired says that a backup was started, Won that one answered first.
	Fired, Won bool
	// Failed says that a copy failed, FirstFailed that it was the first.
	Failed, FirstFailed bool
}

// Seen is the distribution of latencies of first copies, as far as it was seen.
// It is safe for concurrent use: classes look at that of all calls.
type Seen struct {
	w       *window
	base    *Seen // over all classes
	mu      sync.Mutex
	age     int // outcomes since the survival was read
	version int // how often it was read
	current survival
}

// refreshEvery is the number of outcomes after which the distribution is
// estimated anew.
const refreshEvery = 32

// grow notes an outcome.
func (s *Seen) grow() {
	s.mu.Lock()
	s.age++
	s.mu.Unlock()
}

// read returns the estimate, anew where that is due. The mutex is held till done
// is called.
func (s *Seen) read() (now *survival, done func()) {
	s.mu.Lock()
	if s.version == 0 || s.age >= refreshEvery {
		s.w.read(&s.current)
		s.age = 0
		s.version++
	}
	return &s.current, s.mu.Unlock
}

// Version counts the estimates: it changes when the distribution was estimated
// anew, every 32 outcomes.
func (s *Seen) Version() int {
	_, done := s.read()
	defer done()
	return s.version
}

// N returns the number of latencies that the estimate rests on.
func (s *Seen) N() int64 {
	now, done := s.read()
	defer done()
	return now.n
}

// Exceeded returns the least latency that at most share of the first copies
// exceed, and whether enough is known to say.
func (s *Seen) Exceeded(share float64) (time.Duration, bool) {
	now, done := s.read()
	defer done()
	return now.above(share)
}

// Share returns the share of first copies that take longer than d.
func (s *Seen) Share(d time.Duration) float64 {
	now, done := s.read()
	defer done()
	return now.at(d)
}

// newStrategy returns the strategy of resolved options.
func newStrategy(o Options) Strategy {
	switch o.Strategy {
	case Fixed:
		return constant{o.Delay, 1}
	case MultiTier:
		return constant{o.Tiers[0].Delay, 1}
	case Percentile:
		return &percentile{warm: warm{Options: o}, share: 1 - o.Percentile/100}
	case WorkloadAware:
		return &workload{warm: warm{Options: o}, share: 1 - o.Percentile/100}
	case Adaptive:
		return &adaptive{warm: warm{Options: o}}
	case ExponentialBackoff:
		return &backoff{warm: warm{Options: o}}
	case SingleR:
		return &singleR{warm: warm{Options: o}}
	case Bandit:
		return newBandit(o)
	case Custom:
		return o.Custom
	}
	return constant{never, 0}
}

// constant never learns.
type constant struct {
	delay  time.Duration
	chance float64
}

func (c constant) Update(Outcome, *Seen) (time.Duration, float64) { return c.delay, c.chance }

// warm is what strategies that learn have in common: till enough is known they
// wait for the initial delay, or do nothing; then they look again whenever the
// distribution was estimated anew.
type warm struct {
	Options
	version int
}

// due reports whether there is a new estimate since the last time.
func (w *warm) due(seen *Seen) bool {
	v := seen.Version()
	due := v != w.version
	w.version = v
	return due
}

func (w *warm) up(seen *Seen) (delay time.Duration, chance float64, ready bool) {
	if seen.N() >= int64(w.MinSamples) {
		return 0, 0, true
	}
	if w.InitialDelay > 0 {
		return w.InitialDelay, 1, false
	}
	return never, 0, false
}

// percentile waits as long as all but a share of the calls take.
type percentile struct {
	warm
	share float64
	delay time.Duration
}

func (s *percentile) Update(_ Outcome, seen *Seen) (time.Duration, float64) {
	if !s.due(seen) && s.delay > 0 {
		return s.delay, 1
	}
	if d, chance, ready := s.up(seen); !ready {
		return d, chance
	}
	if d, known := seen.Exceeded(s.share); known {
		s.delay = d
	}
	if s.delay == 0 {
		return never, 0
	}
	return s.delay, 1
}

// workload scales a delay by how much slower the calls of a class are than all,
// both by the same quantile: the group's quantile over the base quantile.
type workload struct {
	warm
	share float64
	delay time.Duration
}

func (s *workload) Update(_ Outcome, seen *Seen) (time.Duration, float64) {
	base := seen
	if seen.base != nil {
		base = seen.base
	}
	if !s.due(seen) && s.delay > 0 {
		return s.delay, 1
	}
	if d, chance, ready := s.up(base); !ready {
		return d, chance
	}
	all, known := base.Exceeded(s.share)
	if !known {
		return never, 0
	}
	group := all
	if seen.N() >= int64(s.MinSamples) {
		if g, ok := seen.Exceeded(s.share); ok {
			group = g
		}
	}
	s.delay = group
	if s.BaseDelay > 0 {
		s.delay = time.Duration(float64(s.BaseDelay) * float64(group) / float64(all))
	}
	return s.delay, 1
}

// adaptive follows the delay that the budget's share of calls exceeds, by
// stochastic approximation of its logarithm [1]: after each call
//
//	ln d ← ln d + γ·(1{the first copy took longer than d} − B)
//
// whose fixed point is P(T > d) = B. It forgets at the same pace whatever the
// scale, so it follows a drift or an outage within a few hundred calls.
//
// [1] Robbins, Monro (1951), Annals of Mathematical Statistics 22 (3): 400-407.
type adaptive struct {
	warm
	log     float64
	started bool
}

// adaptiveGain is γ where nobody names one: the delay doubles within 40 calls that
// are all slow, and wavers by a few per cent in steady state.
const adaptiveGain = 0.02

func (s *adaptive) Update(o Outcome, seen *Seen) (time.Duration, float64) {
	if !s.started {
		if d, chance, ready := s.up(seen); !ready {
			return d, chance
		}
		d, known := seen.Exceeded(s.Budget)
		if !known {
			return never, 0
		}
		s.log, s.started = math.Log(float64(d)), true
	}
	if o.FirstFailed {
		return time.Duration(math.Exp(s.log)), 1 // an error says nothing of latency
	}
	step := -s.Budget
	if math.Log(float64(o.First)) > s.log {
		step = 1 - s.Budget
	}
	s.log = math.Max(0, math.Min(s.log+s.LearningRate*step, math.Log(float64(24*time.Hour))))
	return time.Duration(math.Exp(s.log)), 1
}

// backoff is the rule of thumb that some clients use: a backup that was not
// needed, or that won, shortens the delay; one that lost lengthens it. It knows
// nothing of a budget (alone it settles where about 30 % of calls are hedged), so
// the budget cuts it off.
type backoff struct {
	warm
	delay float64
}

func (s *backoff) Update(o Outcome, _ *Seen) (time.Duration, float64) {
	low, high := math.Max(float64(s.MinDelay), float64(10*time.Millisecond)), math.Min(float64(s.MaxDelay), float64(5*time.Minute))
	switch {
	case s.delay == 0:
		s.delay = float64(s.InitialDelay)
		if s.delay == 0 {
			s.delay = float64(100 * time.Millisecond)
		}
	case o.Failed:
		s.delay *= 2
	case o.Fired && !o.Won:
		s.delay *= 1.5
	default:
		s.delay *= 0.9
	}
	s.delay = math.Max(low, math.Min(high, s.delay))
	return time.Duration(s.delay), 1
}
