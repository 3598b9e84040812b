package lab

import (
	"math"
	"math/rand/v2"

	"github.com/crucible-go/crucible/pkg/hedge"
)

// The number of calls that Train lets a policy learn from, and of those that tell
// how many backups it then makes.
const (
	lessons = 20_000
	trials  = 100_000
)

// Train lets a policy learn from calls whose copies draw describes, and returns
// it frozen: with the delay that it has learnt, and with a chance at which the
// backups are what its budget allows, less the retries of calls that failed. A
// run in virtual time is played with such a policy: what a bucket of tokens would
// refuse depends on the order in which calls are made, a chance does not.
//
// The n-th copy of a call is n = 0, 1 and so on. The same draw gives the same
// policy.
func Train(o hedge.Options, retries int, draw func(call, n int) hedge.Copy) (*hedge.Policy, error) {
	o.Window = max(o.Window, lessons)
	p, err := hedge.New(o)
	if err != nil || p.Options().Strategy == hedge.None {
		return p, err
	}
	rng := rand.New(rand.NewPCG(o.Seed, 0x747261696e))
	play := func(p *hedge.Policy, i int, roll float64) ([]hedge.Copy, int) {
		call := p.Begin(hedge.Class{}, roll, 0)
		copies, winner, _ := call.Race(math.MaxInt64, func(n int) hedge.Copy { return draw(i, n) })
		return copies, winner
	}
	for i := range lessons {
		play(p, i, rng.Float64())
	}
	_, chance, ok := p.Plan()
	if !ok {
		return p.Frozen(0), nil
	}
	always := p.Frozen(1)
	extra, failed := 0, 0
	for i := range trials {
		copies, _ := play(always, lessons+i, 0)
		extra += len(copies) - 1
		if copies[0].Failed && retries > 0 {
			failed++
		}
	}
	if extra > 0 {
		allowed := math.Max(0, p.Options().Budget-float64(failed)/trials)
		chance = math.Min(chance, allowed*trials/float64(extra))
	}
	return p.Frozen(chance), nil
}
