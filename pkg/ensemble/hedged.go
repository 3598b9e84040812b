package ensemble

import (
	"math"

	"github.com/crucible-go/crucible/pkg/events"
)

// A hedged execution asks the first member alone; each time the delay passes, or
// everybody asked has failed, without enough valid answers, it asks the next.
// The first valid answer wins, or the first min_responses.

// hedged says what a hedged execution does.
func (s *Strategy) hedged(set []Ballot, asked []bool, elapsedNS int64) Move {
	h := s.schedule(set, asked, elapsedNS)
	switch {
	case h.ask >= 0:
		return Move{Ask: []int{h.ask}}
	case h.done:
		v := s.verdict(h.counted, h.why)
		if v.State != events.VoteFailed && h.known {
			v.LatencyNS, v.HasLatency = h.ended, true
		}
		return Move{Done: true, Verdict: v}
	}
	return Move{WaitNS: h.wait}
}

// hedging is what is known of a hedged query.
type hedging struct {
	ask     int // the next to ask, -1: none
	wait    int64
	done    bool
	counted []Ballot
	why     string
	ended   int64 // the offset at which it was decided
	known   bool  // every offset up to then is known
}

// schedule plays the ballots in the order in which they must have come: member i
// starts when the delay has passed i times, or at once when all before it have
// ended without a valid answer.
func (s *Strategy) schedule(set []Ballot, asked []bool, elapsedNS int64) hedging {
	most := min(s.members, s.opt.MaxHedges+1)
	h := hedging{ask: -1, known: true}
	if !was(asked, 0) && !has(set, 0) {
		h.ask = 0
		return h
	}
	starts := make([]int64, 0, most)
	starts = append(starts, 0)
	for {
		end, at, open := s.firstEnough(set, starts)
		n := len(starts)
		due := starts[n-1] + s.opt.HedgeDelayNS
		switch {
		case end && at <= due || end && n == most:
			return s.endOf(set, starts, at, StopFirst)
		case n == most && !open:
			return s.endOf(set, starts, math.MaxInt64, StopAll)
		case n == most:
			return h // wait for those under way
		}
		if !open {
			// All that were asked have ended: the next starts at once.
			due = min(due, s.lastEnd(set, starts))
		} else if elapsedNS >= 0 && elapsedNS < due && !was(asked, n) {
			h.wait = due
			return h
		} else if elapsedNS < 0 && s.unended(set, n) && !was(asked, n) {
			return h // nobody knows yet whether the delay passes
		}
		if !was(asked, n) && !has(set, n) {
			h.ask = n
			return h
		}
		starts = append(starts, due)
	}
}

func was(asked []bool, order int) bool { return order < len(asked) && asked[order] }

func has(set []Ballot, order int) bool { return ballotOf(set, order) != nil }

func ballotOf(set []Ballot, order int) *Ballot {
	for i := range set {
		if set[i].Order == order {
			return &set[i]
		}
	}
	return nil
}

// unended reports whether one of the first n has no ballot.
func (s *Strategy) unended(set []Ballot, n int) bool {
	for o := range n {
		if !has(set, o) {
			return true
		}
	}
	return false
}

// firstEnough says whether there are enough valid answers among those started,
// the offset of the one that made it enough, and whether some are under way.
func (s *Strategy) firstEnough(set []Ballot, starts []int64) (enough bool, at int64, open bool) {
	want := max(1, s.opt.MinResponses)
	ends := make([]int64, 0, len(starts))
	for o, start := range starts {
		b := ballotOf(set, o)
		switch {
		case b == nil:
			open = true
		case b.Valid && b.Outcome == events.CallAnswered:
			ends = append(ends, endOf(b, start))
		}
	}
	if len(ends) < want {
		return false, 0, open
	}
	for i := range want { // select the want-th smallest
		for j := i + 1; j < len(ends); j++ {
			if ends[j] < ends[i] {
				ends[i], ends[j] = ends[j], ends[i]
			}
		}
	}
	return true, ends[want-1], open
}

// endOf is the offset at which a ballot came; without a latency, at its start:
// an answer of which nothing says that it was late was not.
func endOf(b *Ballot, start int64) int64 {
	if !b.HasLatency {
		return start
	}
	return start + b.LatencyNS
}

// lastEnd is when the last of those started ended.
func (s *Strategy) lastEnd(set []Ballot, starts []int64) int64 {
	var last int64
	for o, start := range starts {
		if b := ballotOf(set, o); b != nil {
			last = max(last, endOf(b, start))
		}
	}
	return last
}

// endOf closes a hedged query: what came by then counts.
func (s *Strategy) endOf(set []Ballot, starts []int64, at int64, why string) hedging {
	h := hedging{ask: -1, done: true, why: why, known: true}
	for o, start := range starts {
		b := ballotOf(set, o)
		if b == nil || endOf(b, start) > at {
			continue
		}
		h.counted = append(h.counted, *b)
		h.ended = max(h.ended, endOf(b, start))
		if b.Outcome == events.CallAnswered && !b.HasLatency {
			h.known = false
		}
	}
	return h
}
