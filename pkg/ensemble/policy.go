package ensemble

import (
	"cmp"
	"slices"

	"github.com/crucible-go/crucible/pkg/events"
)

// majority elects the answer with most ballots (a plurality). A tie goes to the
// tied answer whose earliest ballot comes first, so the earliest-listed member
// decides it and no seed is needed.
type majority struct{}

func (majority) elect(valid []Ballot) election {
	// A query has a handful of ballots: a scan beats a map and keeps the order.
	tally := make([]events.Tally, 0, len(valid))
	for i := range valid {
		at := slices.IndexFunc(tally, func(t events.Tally) bool { return t.Answer == valid[i].Answer })
		if at < 0 {
			tally = append(tally, events.Tally{Answer: valid[i].Answer, Votes: 1})
			continue
		}
		tally[at].Votes++
	}
	// Answers stand in the order of their earliest ballot; the sort is stable.
	slices.SortStableFunc(tally, func(a, b events.Tally) int { return cmp.Compare(b.Votes, a.Votes) })
	e := election{tally: tally, consensus: float64(tally[0].Votes) / float64(len(valid))}
	for i := range valid {
		if valid[i].Answer == tally[0].Answer {
			e.winners = append(e.winners, valid[i].Order)
		}
	}
	return e
}

// parallel asks every member at once: the query takes as long as the slowest
// call that was waited for. An answer without a latency leaves the query without
// one; a call that failed without saying how long it took does not.
type parallel struct{}

func (parallel) latency(waited []Ballot) (int64, bool) {
	var slowest int64
	for i := range waited {
		if !waited[i].HasLatency {
			if waited[i].Outcome == events.CallAnswered {
				return 0, false
			}
			continue
		}
		slowest = max(slowest, waited[i].LatencyNS)
	}
	return slowest, true
}

// none waits for every call to end.
type none struct{}

func (none) settled(_ []Ballot, outstanding int) (string, bool) {
	return StopAll, outstanding <= 0
}
