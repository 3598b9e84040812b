package limiter

import (
	"time"

	"github.com/crucible-go/crucible/pkg/limit"
)

// demand is what was asked for in the last second or two: what a process wants
// of the limits follows from it, so that a short lull does not give its share
// away.
type demand struct {
	epoch     time.Duration // when the second of now began
	now, last tally
	recent    time.Duration // when something was asked for last
}

type tally struct {
	requests, tokens int64
	peak             int64 // calls under way and waiting
}

// roll begins a new second when one has passed.
func (d *demand) roll(now time.Duration) {
	switch passed := now - d.epoch; {
	case passed < time.Second:
		return
	case passed < 2*time.Second:
		d.last = d.now
	default:
		d.last = tally{}
	}
	d.now, d.epoch = tally{}, now
}

func (d *demand) asked(now time.Duration, tokens int) {
	d.roll(now)
	d.recent = now
	d.now.requests++
	d.now.tokens += int64(tokens)
}

func (d *demand) peak(now time.Duration, calls int64) {
	d.roll(now)
	d.now.peak = max(d.now.peak, calls)
}

// want is what a process could use, with so many calls that wait; they are to be
// served within a quarter of a second.
func (d *demand) want(now time.Duration, busy, waiting int64, limits limit.Amounts) limit.Amounts {
	d.peak(now, busy+waiting)
	requests := max(d.now.requests, d.last.requests)
	tokens := max(d.now.tokens, d.last.tokens)
	each := int64(1)
	if requests > 0 {
		each = max(1, tokens/requests)
	}
	w := limit.Amounts{
		limit.Calls:    max(d.now.peak, d.last.peak),
		limit.Requests: (requests + 4*waiting) * 1e6,
		limit.Tokens:   (tokens + 4*waiting*each) * 1e6,
	}
	for k, l := range limits {
		if l > 0 {
			w[k] = min(w[k], l) // nobody gets more
		}
	}
	return w
}
