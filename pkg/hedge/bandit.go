package hedge

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// bandit is Thompson sampling over delays [1]. Every delay is played with the
// probability that the budget allows it, min(1, B/S(d)), so that all cost the same
// and only their use is compared. Each has a Beta posterior of the chance that a
// call ends before the limit, a time which 2.5·(1 − Target) of the first copies
// exceed, where the target ends up with a backup; every few calls it draws from the
// posteriors and takes the delay with the greatest draw. What it knows fades with a half-life of a window.
//
// It needs no model: where a backup is not an independent copy of the first, such
// as when both wait for the same queue, it finds what helps, which single_r cannot
// know. The price is that it tries the worse delays too, and that rare events
// teach slowly: with an independent backup expect some points less than single_r.
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
	delay        time.Duration
	chance       float64
	late, inTime float64
}

// banditBlock is the number of calls for one choice.
const banditBlock = 8

func newBandit(o Options) *bandit {
	b := &bandit{warm: warm{Options: o}, rng: rand.New(rand.NewPCG(o.Seed, 0x68656467))}
	for _, d := range o.Candidates {
		b.arms = append(b.arms, arm{delay: d})
	}
	slices.SortFunc(b.arms, func(a, b arm) int { return cmp.Compare(a.delay, b.delay) })
	return b
}

func (s *bandit) Update(o Outcome, seen *Seen) (time.Duration, float64) {
	if s.due(seen) || s.limit == 0 {
		if d, chance, ready := s.up(seen); !ready {
			return d, chance
		}
		s.look(seen)
		if s.limit == 0 || s.arms == nil {
			return never, 0
		}
	}
	s.credit(o)
	if s.left--; s.left < 0 {
		s.left = banditBlock
		s.choose()
	}
	return s.arms[s.chosen].delay, s.arms[s.chosen].chance
}

// look derives from the distribution the limit, what each delay may be played
// with, and the delays themselves where none were given. Those keep their ranks:
// they move with the distribution.
func (s *bandit) look(seen *Seen) {
	if limit, ok := seen.Exceeded(math.Min(s.Budget/2, 2.5*(1-s.Target))); ok {
		s.limit = limit
	}
	if s.Candidates == nil {
		s.rank(seen)
	}
	for i, a := range s.arms {
		s.arms[i].chance = math.Min(1, s.Budget/math.Max(seen.Share(a.delay), s.Budget))
	}
}

// rank places the delays at quantiles around that of the budget.
func (s *bandit) rank(seen *Seen) {
	for i, times := range [...]float64{0.6, 0.8, 1, 1.1, 1.25, 1.5, 2, 3} {
		d, ok := seen.Exceeded(math.Min(0.95, times*s.Budget))
		if !ok {
			continue
		}
		if i < len(s.arms) {
			s.arms[i].delay = d
		} else {
			s.arms = append(s.arms, arm{delay: d})
		}
	}
}

// credit notes what became of a call for the delay that was played.
func (s *bandit) credit(o Outcome) {
	if o.Failed || o.Total == 0 || o.Plan == never {
		return
	}
	a := s.played(o.Plan)
	fade := math.Exp2(-1 / float64(s.Window))
	a.late *= fade
	a.inTime *= fade
	if o.Total <= s.limit {
		a.inTime++
	} else {
		a.late++
	}
}

// played returns the arm of a call, by its delay: calls overlap, so it need not be
// the one that is chosen now.
func (s *bandit) played(delay time.Duration) *arm {
	nearest := &s.arms[0]
	for i := range s.arms {
		if (s.arms[i].delay - delay).Abs() < (nearest.delay - delay).Abs() {
			nearest = &s.arms[i]
		}
	}
	return nearest
}

// choose takes the delay with the greatest draw from its posterior.
func (s *bandit) choose() {
	top := -1.0
	for i, a := range s.arms {
		if v := s.beta(a.inTime, a.late); v > top {
			top, s.chosen = v, i
		}
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
