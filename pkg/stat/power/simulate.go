package power

import (
	"math/rand/v2"

	"github.com/crucible-go/crucible/pkg/stat"
)

// Simulated is an estimate of power by simulation.
type Simulated struct {
	// Interval is the share of replicates that rejected, with Wilson's interval for
	// what more replicates would give.
	stat.Interval
	// Refused is how many replicates the test refused, such as samples without
	// variation; they count as not rejecting.
	Refused int
}

// Simulate estimates the power of any test on any data: in each replicate draw
// makes the data of an experiment, test returns its p-value, and p ≤ alpha rejects.
// Replicate i draws from stat.Stream(seed, i), so the same seed gives the same
// estimate. With 10,000 replicates the interval of 95 % is within ±0.01.
//
// It refuses alpha or level outside (0, 1) and fewer than 1 replicate or more than
// ten million.
func Simulate[T any](replicates int, seed uint64, alpha, level float64,
	draw func(*rand.Rand) T, test func(T) (p float64, err error)) (Simulated, error) {
	if err := checkLevel(alpha, stat.TwoSided); err != nil {
		return Simulated{}, err
	}
	if !(level > 0 && level < 1) {
		return Simulated{}, refuse(stat.BadOption, "level %v is outside (0, 1)", level)
	}
	if replicates < 1 || replicates > 1e7 {
		return Simulated{}, refuse(stat.BadOption, "%d replicates: want 1 to ten million", replicates)
	}
	var out Simulated
	rejected := 0
	for i := range replicates {
		p, err := test(draw(stat.Stream(seed, uint64(i))))
		switch {
		case err != nil:
			out.Refused++
		case p <= alpha:
			rejected++
		}
	}
	out.Interval = stat.Wilson(rejected, replicates, level)
	return out, nil
}
