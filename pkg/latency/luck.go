package latency

import (
	"math"
	"time"
)

// Luck is what one latency is drawn from: two uniform numbers in (0, 1), of which
// the second decides whether a call is of the slow ones where a distribution has
// some.
type Luck [2]float64

// Again returns the luck of another copy of the same call from the one that it
// would have by itself: the normal scores of both numbers have the correlation
// given, 0 to 1, with those of the first copy. Both stay uniform.
func (l Luck) Again(correlation float64, own Luck) Luck {
	switch correlation {
	case 0:
		return own
	case 1:
		return l
	}
	rest := math.Sqrt(1 - correlation*correlation)
	for i, u := range own {
		own[i] = inside(tail(-(correlation*z(l[i]) + rest*z(u))))
	}
	return own
}

// Draw returns the latency that a distribution has for this luck.
func (l Luck) Draw(d Distribution) time.Duration {
	if two, ok := d.(interface {
		Draw(u, v float64) time.Duration
	}); ok {
		return two.Draw(l[0], l[1])
	}
	return d.Quantile(l[0])
}

// inside keeps a probability off 0 and 1, where quantiles are infinite.
func inside(u float64) float64 { return math.Min(math.Max(u, 1e-15), 1-1e-15) }

// Score returns the standard normal quantile of a probability in (0, 1), and
// Share is its inverse.
func Score(u float64) float64 { return z(u) }

// Share returns the probability of a standard normal number of at most x.
func Share(x float64) float64 { return inside(tail(-x)) }
