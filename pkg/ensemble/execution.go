package ensemble

import (
	"cmp"
	"math"
	"slices"

	"github.com/crucible-go/crucible/pkg/events"
)

// Move is what an execution does next.
type Move struct {
	// Ask are the Orders of the members to ask now, ascending.
	Ask []int
	// WaitNS, where it is not 0, is the time since the first call began at which
	// Next has something new to say although no ballot came: a backup is due.
	WaitNS int64
	// Done says that Verdict is final: what is still under way can no longer
	// matter.
	Done    bool
	Verdict Verdict
}

// Next says what to do for a query, given the ballots so far, which members were
// asked, by Order, and the time since the first was, in nanoseconds; a time
// below 0 is not known: backups then follow from the latencies of the ballots
// alone. It is a fold like Decide: ballots that come after the verdict, or in
// another order, change nothing in it, except that a parallel or hedged
// execution without Offsets decides on what has arrived.
func (s *Strategy) Next(ballots []Ballot, asked []bool, elapsedNS int64) Move {
	set := distinct(ballots)
	switch s.execution {
	case ExecutionSequential, ExecutionCascade:
		return s.inTurn(set, asked)
	case ExecutionHedged:
		return s.hedged(set, asked, elapsedNS)
	}
	ask := s.unasked(asked, s.members)
	under := s.members
	for i := range set {
		if set[i].Order < s.members {
			under--
		}
	}
	v, done := s.parallel(set, under)
	if done {
		return Move{Done: true, Verdict: v}
	}
	return Move{Ask: ask}
}

// unasked lists the members below n that were not asked.
func (s *Strategy) unasked(asked []bool, n int) []int {
	var ask []int
	for o := range min(n, s.members) {
		if o >= len(asked) || !asked[o] {
			ask = append(ask, o)
		}
	}
	return ask
}

// parallel decides a set whose members were all asked at once.
func (s *Strategy) parallel(set []Ballot, outstanding int) (Verdict, bool) {
	if s.stop == StopNone {
		if outstanding > 0 {
			return Verdict{}, false
		}
		return s.verdict(set, StopAll), true
	}
	if !s.opt.Offsets {
		why, done := s.settled(set, s.missing(set))
		if done {
			return s.verdict(set, why), true
		}
		if outstanding > 0 {
			return Verdict{}, false
		}
		return s.verdict(set, StopAll), true
	}
	if outstanding > 0 {
		return Verdict{}, false
	}
	came := byOffset(set)
	for n := 1; n < len(came); n++ {
		prefix := distinct(came[:n])
		if why, done := s.settled(prefix, s.missing(prefix)); done {
			return s.verdict(prefix, why), true
		}
	}
	return s.verdict(set, StopAll), true
}

// byOffset returns the ballots by the time at which they came; those without a
// latency came last.
func byOffset(set []Ballot) []Ballot {
	out := slices.Clone(set)
	slices.SortStableFunc(out, func(a, b Ballot) int { return cmp.Compare(offset(&a), offset(&b)) })
	return out
}

func offset(b *Ballot) int64 {
	if !b.HasLatency {
		return math.MaxInt64
	}
	return b.LatencyNS
}

// missing lists the Orders that have no ballot.
func (s *Strategy) missing(set []Ballot) []int {
	var out []int
	for o := range s.members {
		if !slices.ContainsFunc(set, func(b Ballot) bool { return b.Order == o }) {
			out = append(out, o)
		}
	}
	return out
}

// inTurn decides a set whose members are asked one after the other: on the
// shortest prefix of them that is enough.
func (s *Strategy) inTurn(set []Ballot, asked []bool) Move {
	most := min(s.opt.MaxModels, s.members)
	for n := 1; n <= most; n++ {
		if len(set) < n || set[n-1].Order != n-1 {
			return Move{Ask: s.unasked(asked, n)}
		}
		if n == most {
			break
		}
		if n < s.opt.MinModels && s.execution == ExecutionCascade {
			continue
		}
		rest := make([]int, 0, most-n)
		for o := n; o < most; o++ {
			rest = append(rest, o)
		}
		if why, done := s.enough(set[:n], rest); done {
			return Move{Done: true, Verdict: s.verdict(set[:n], why)}
		}
	}
	why := StopAll
	if most < s.members {
		why = StopMax
	}
	return Move{Done: true, Verdict: s.verdict(set[:most], why)}
}

// enough says whether a prefix of the members is.
func (s *Strategy) enough(prefix []Ballot, rest []int) (string, bool) {
	if s.execution == ExecutionCascade && s.gate(prefix) {
		return StopGate, true
	}
	if s.stop != StopNone {
		return s.settled(prefix, rest)
	}
	if s.execution == ExecutionSequential && s.agree(prefix) >= s.opt.MinConsensus-epsilon {
		return StopConsensus, s.quorum(prefix)
	}
	return "", false
}

// agree is the share of the leading answer among the valid ballots, 0 for fewer
// than two: one answer alone agrees with nobody.
func (s *Strategy) agree(prefix []Ballot) float64 {
	valid := voting(prefix, countValid(prefix))
	if len(valid) < 2 {
		return 0
	}
	c := s.vote.Count(valid)
	if c.Reason != "" || c.Total <= 0 {
		return 0
	}
	s.ties.sort(c.Candidates, valid)
	if s.opt.Gate == GateAgreement || c.Heads {
		return float64(c.Candidates[0].Votes) / float64(len(valid))
	}
	return c.Candidates[0].Score / c.Total
}

// gate reports whether a cascade may end after these ballots. By confidence, the
// last valid answer must be sure enough, or the vote where it is calibrated; an
// absent confidence never is. By agreement, all that were asked must have
// answered.
func (s *Strategy) gate(prefix []Ballot) bool {
	n := countValid(prefix)
	if n == 0 || !s.quorum(prefix) {
		return false
	}
	if s.opt.Gate == GateAgreement {
		return n == len(prefix) && s.agree(prefix) >= s.opt.AgreementThreshold-epsilon
	}
	if last := &prefix[len(prefix)-1]; last.Valid && last.HasConfidence {
		return last.Confidence >= s.opt.ConfidenceThreshold
	}
	v := Verdict{Counted: make([]int, 0, len(prefix))}
	s.elect(&v, voting(prefix, n))
	return v.HasConfidence && v.Confidence >= s.opt.ConfidenceThreshold
}

// quorum reports whether there are enough valid answers.
func (s *Strategy) quorum(set []Ballot) bool { return countValid(set) >= max(1, s.opt.MinResponses) }

func countValid(set []Ballot) int {
	n := 0
	for i := range set {
		if set[i].Valid && set[i].Outcome == events.CallAnswered {
			n++
		}
	}
	return n
}

// latency is how long a query took whose verdict rests on these ballots: of
// members asked at once the slowest, of those asked in turn the sum. An answer
// without a latency leaves the query without one; a call that failed without
// saying how long it took does not. That of a hedged query follows from its
// schedule.
func (s *Strategy) latency(waited []Ballot) (int64, bool) {
	if s.execution == ExecutionHedged {
		return 0, false
	}
	var slowest, sum int64
	for i := range waited {
		if !waited[i].HasLatency {
			if waited[i].Outcome == events.CallAnswered {
				return 0, false
			}
			continue
		}
		slowest = max(slowest, waited[i].LatencyNS)
		sum += waited[i].LatencyNS
	}
	if s.execution == ExecutionParallel {
		return slowest, true
	}
	return sum, true
}
