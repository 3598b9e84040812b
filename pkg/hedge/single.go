package hedge

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// singleR chooses delay and probability together so that, by what was seen, the
// quantile of order Target is least within the budget: for each delay d it hedges
// the share q = min(1, B/S(d)) of the calls that reach it, and takes the d with
// the least t for which S(t)·(1 − q + q·S(t − d)) ≤ 1 − Target. For budgets above
// about 5 % that is q = 1 at the quantile of order 1 − B; below, hedging some of
// more calls is better than all of fewer.
type singleR struct {
	warm
	delay  time.Duration
	chance float64
}

func (s *singleR) Update(_ Outcome, seen *Seen) (time.Duration, float64) {
	if s.Delay > 0 {
		return s.fixed(seen)
	}
	if s.delay > 0 && !seen.refresh() {
		return s.delay, s.chance
	}
	if d, chance, ready := s.up(seen); !ready {
		return d, chance
	}
	if d, q, known := best(&seen.current, s.Budget, 1-s.Target); known {
		s.delay, s.chance = d, q
	}
	if s.delay == 0 {
		return never, 0
	}
	return s.delay, s.chance
}

// fixed keeps the delay that was asked for.
func (s *singleR) fixed(seen *Seen) (time.Duration, float64) {
	if s.Probability > 0 {
		return s.Delay, s.Probability
	}
	if _, chance, ready := s.up(seen); !ready {
		return s.Delay, math.Max(chance, s.Budget)
	}
	return s.Delay, math.Min(1, s.Budget/math.Max(seen.Share(s.Delay), s.Budget))
}

// best returns the delay and probability with the least tail, of those that
// hedge at most a share of the calls.
func best(s *survival, budget, tail float64) (delay time.Duration, chance float64, known bool) {
	low, ok := s.above(1 - 1e-9)
	if !ok {
		return 0, 0, false
	}
	high, ok := s.above(tail)
	if !ok {
		return 0, 0, false
	}
	least := buckets
	for b := bucketOf(low); b <= bucketOf(high); b++ {
		d, share := upperEdge(b), s.share[b]
		q := 1.0
		if share > budget {
			q = budget / share
		}
		if q < 0.05 {
			continue // hardly ever: nothing would be learnt
		}
		if t := s.reach(d, q, tail, least); t < least {
			least, delay, chance = t, d, q
		}
	}
	return delay, chance, least < buckets
}

// reach returns the first bucket, below a bound, whose upper edge at most tail of
// the hedged calls exceed.
func (s *survival) reach(d time.Duration, q, tail float64, below int) int {
	low, high := 0, below
	for low < high {
		mid := (low + high) / 2
		t := upperEdge(mid)
		left := s.share[mid]
		if t > d {
			left *= 1 - q + q*s.at(t-d)
		}
		if left <= tail {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return low
}

// bandit is Thompson sampling over delays [1]. Each delay has a Beta posterior of
// the chance that a call ends in time, that is before the time which only half
// of the budget's share of first copies exceed, and another of the chance that it
// fires. Every few calls it draws from each posterior, drops the delays whose
// draw fires more often than the budget allows, and takes the one most likely to
// be in time. What it knows fades with a half-life of a window.
//
// [1] Thompson (1933), Biometrika 25 (3/4): 285-294.
type bandit struct {
	warm
	arms   []arm
	chosen int
	left   int // calls till the next choice
	limit  time.Duration
	rng    *rand.Rand
}

type arm struct {
	delay          time.Duration
	late, inTime   float64
	fired, waiting float64
}

// banditBlock is the number of calls for one choice.
const banditBlock = 8

func newBandit(o Options) *bandit {
	b := &bandit{warm: warm{o}, rng: rand.New(rand.NewPCG(o.Seed, 0x68656467))} //nolint:gosec // a simulation's, not a secret
	for _, d := range o.Candidates {
		b.arms = append(b.arms, arm{delay: d})
	}
	slices.SortFunc(b.arms, func(a, b arm) int { return int(a.delay - b.delay) })
	return b
}

func (s *bandit) Update(o Outcome, seen *Seen) (time.Duration, float64) {
	if d, chance, ready := s.up(seen); !ready {
		return d, chance
	}
	if s.limit == 0 && !s.prepare(seen) {
		return never, 0
	}
	if seen.age == 0 {
		if d, ok := seen.Exceeded(s.Budget / 2); ok {
			s.limit = d
		}
	}
	a := &s.arms[s.chosen]
	if o.Delay == a.delay {
		s.credit(a, o)
	}
	if s.left--; s.left < 0 {
		s.left = banditBlock
		s.choose()
	}
	return s.arms[s.chosen].delay, 1
}

// prepare sets the limit, and the arms where none were given.
func (s *bandit) prepare(seen *Seen) bool {
	limit, ok := seen.Exceeded(s.Budget / 2)
	if !ok {
		return false
	}
	s.limit = limit
	if s.arms != nil {
		return true
	}
	for _, times := range []float64{0.5, 0.75, 0.9, 1, 1.1, 1.25, 1.5, 2} {
		if d, ok := seen.Exceeded(math.Min(0.9, times*s.Budget)); ok {
			s.arms = append(s.arms, arm{delay: d})
		}
	}
	return s.arms != nil
}

func (s *bandit) credit(a *arm, o Outcome) {
	fade := math.Exp2(-1 / float64(s.Window))
	for _, v := range []*float64{&a.late, &a.inTime, &a.fired, &a.waiting} {
		*v *= fade
	}
	if o.Total <= s.limit && !o.Failed {
		a.inTime++
	} else {
		a.late++
	}
	if o.First > a.delay {
		a.fired++
	} else {
		a.waiting++
	}
}

func (s *bandit) choose() {
	top, rarest := -1.0, 2.0
	frugal := 0
	s.chosen = -1
	for i, a := range s.arms {
		fires := s.beta(a.fired, a.waiting)
		if fires < rarest {
			rarest, frugal = fires, i
		}
		if fires > s.Budget {
			continue
		}
		if v := s.beta(a.inTime, a.late); v > top {
			top, s.chosen = v, i
		}
	}
	if s.chosen < 0 {
		s.chosen = frugal // every delay seems too short: the longest does least harm
	}
}

// beta draws from the posterior of a share after that many successes and failures
// from a uniform prior.
func (s *bandit) beta(yes, no float64) float64 {
	a, b := s.gamma(1+yes), s.gamma(1+no)
	return a / (a + b)
}

// gamma draws from the gamma distribution of a shape of at least 1, by the
// method of Marsaglia and Tsang (2000), ACM TOMS 26 (3): 363-372.
func (s *bandit) gamma(shape float64) float64 {
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := s.rng.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v *= v * v
		if math.Log(s.rng.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}
