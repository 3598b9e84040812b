// Package ensemble turns the answers of several models into one. It is a fold:
// a verdict depends on the set of ballots alone, neither on the order in which
// they came nor on how often one came again, so it can be taken again at any
// time from the log and is the same.
package ensemble

import (
	"errors"
	"fmt"

	"github.com/crucible-go/crucible/pkg/events"
)

// ErrPolicy is wrapped by the error of New for a policy that does not exist.
var ErrPolicy = errors.New("unknown policy")

// Ballot is what one call contributes.
type Ballot struct {
	// Call identifies the ballot: a second one of the same call is the same
	// ballot again.
	Call   string
	Member string
	// Order ranks the ballots: position of the member in the spec, then
	// ordinal. Ties go to the lowest.
	Order int
	// Outcome is events.CallAnswered, CallFailed or CallCancelled.
	Outcome string
	// Answer is the answer as extracted and normalised, if Valid.
	Answer string
	// Valid says that an answer arrived and could be read. Only valid ballots
	// vote.
	Valid bool
	// LatencyNS is the latency of the call in nanoseconds, if HasLatency.
	LatencyNS  int64
	HasLatency bool
	// Confidence is how sure the answer is, 0 to 1, if HasConfidence. An absent
	// confidence is absent: it never stands for certainty.
	Confidence    float64
	HasConfidence bool
	// Ranking lists answers by preference, best first, where a member ranked
	// them; without it, a ranked vote takes the answer as the only one.
	Ranking []string
	// Vector is the embedding of the answer, for semantic votes by likeness.
	Vector []float32
}

// Policy says how ballots become a verdict. Empty names mean the defaults:
// majority, parallel, none.
type Policy struct {
	Members []string
	Vote    string
	// Execution says which members are asked when.
	Execution string
	// Stop says when to decide before every answer is there.
	Stop string
	// Options are the parameters of the three.
	Options Options
}

// Verdict is the answer of a query, or why there is none.
type Verdict struct {
	// State is events.VoteDecidedState, VoteInvalid or VoteFailed.
	State  string
	Answer string
	// Consensus is the share of the valid ballots that the answer has, 0 to 1.
	Consensus float64
	// Tally lists every valid answer, most votes first, ties by the earliest
	// ballot.
	Tally []events.Tally
	// LatencyNS is the latency of the query in nanoseconds, if HasLatency.
	LatencyNS  int64
	HasLatency bool
	// Stop says why it was decided now.
	Stop string
	// Reason says why there is no answer; empty if there is one.
	Reason string
	// Winners are the Orders of the ballots for the answer, ascending.
	Winners []int
	// Margin is how far the answer leads the next, as a share of all scores.
	Margin float64
	// Tied lists the answers that shared the highest score, the chosen one first;
	// empty unless there were several. TieBreak names the rule that chose.
	Tied     []string
	TieBreak string
	// Confidence is the probability that the answer is right, if the vote is
	// calibrated and HasConfidence.
	Confidence    float64
	HasConfidence bool
	// Counted are the Orders of the ballots that the verdict rests on, those
	// that failed or could not be read among them.
	Counted []int
}

// Strategy decides queries by one policy. It holds no state and may be shared.
type Strategy struct {
	members   int
	vote      Vote
	execution string
	stop      string
	opt       Options
	ties      tieRule
}

// New returns the strategy of a policy. The error wraps ErrPolicy and names
// everything that is wrong; see Policy.Problems.
func New(p Policy) (*Strategy, error) {
	if problems := p.Problems(); len(problems) > 0 {
		return nil, fmt.Errorf("ensemble: new: %w: %s", ErrPolicy, problems[0])
	}
	p = p.withDefaults()
	s := &Strategy{members: len(p.Members), execution: p.Execution, stop: p.Stop, opt: p.Options}
	s.ties = newTieRule(p)
	s.vote = newVote(p.Vote, p)
	return s, nil
}

// NewCustom is New with a vote of one's own instead of the policy's. Such a
// vote goes with stop none only: nothing is known of what could overtake.
func NewCustom(p Policy, v Vote) (*Strategy, error) {
	p.Vote = VoteMajority
	s, err := New(p)
	if err != nil {
		return nil, err
	}
	if s.stop != StopNone {
		return nil, fmt.Errorf("ensemble: new: %w: stop %s with a custom vote", ErrPolicy, s.stop)
	}
	s.vote = v
	return s, nil
}

// Decide returns the verdict on the ballots of a query whose members are all
// asked at once, or false while it is too early. Outstanding is the number of
// calls of the query that have not ended: those without a ballot. Once a verdict
// is given on some ballots, the same ballots give the same verdict.
//
//   - decided: there is an answer.
//   - invalid: answers arrived, but none could be read, or the vote abstains: it
//     has no quorum, too little agreement, or nothing to weigh by.
//   - failed: no answer arrived; there is no latency.
//
// Decide does not change the ballots.
func (s *Strategy) Decide(ballots []Ballot, outstanding int) (Verdict, bool) {
	if s.stop == StopNone && outstanding > 0 {
		return Verdict{}, false
	}
	return s.parallel(distinct(ballots), outstanding)
}

// verdict counts a set of ballots, sorted and distinct.
func (s *Strategy) verdict(set []Ballot, why string) Verdict {
	valid, answered := 0, 0
	for i := range set {
		if set[i].Outcome == events.CallAnswered {
			answered++
			if set[i].Valid {
				valid++
			}
		}
	}
	v := Verdict{Stop: why, Counted: make([]int, len(set), 2*len(set))}
	for i := range set {
		v.Counted[i] = set[i].Order
	}
	if answered == 0 {
		v.State, v.Reason = events.VoteFailed, unanswered(set)
		return v
	}
	v.LatencyNS, v.HasLatency = s.latency(set)
	v.State = events.VoteInvalid
	if valid == 0 {
		v.Reason = fmt.Sprintf("none of %d answers could be read", answered)
		return v
	}
	s.elect(&v, voting(set, valid))
	return v
}

// elect counts the valid ballots into v.
func (s *Strategy) elect(v *Verdict, valid []Ballot) {
	c := s.vote.Count(valid)
	if c.Reason != "" && len(c.Candidates) == 0 {
		v.Reason = c.Reason
		return
	}
	tied := s.ties.sort(c.Candidates, valid)
	v.Tally = make([]events.Tally, len(c.Candidates))
	for i, t := range c.Candidates {
		v.Tally[i] = events.Tally{Answer: t.Answer, Votes: t.Votes}
		if !c.Heads {
			v.Tally[i].Weight = t.Score
		}
	}
	best := &c.Candidates[0]
	if c.Total > 0 {
		v.Consensus = best.Score / c.Total
		v.Margin = v.Consensus
		if len(c.Candidates) > 1 {
			v.Margin = (best.Score - c.Candidates[1].Score) / c.Total
		}
	}
	if tied > 1 {
		v.TieBreak = s.ties.name
		for _, t := range c.Candidates[:tied] {
			v.Tied = append(v.Tied, t.Answer)
		}
	}
	v.Confidence, v.HasConfidence = best.Confidence, c.Calibrated
	switch {
	case c.Reason != "":
		v.Reason = c.Reason
	case len(valid) < s.opt.MinResponses:
		v.Reason = fmt.Sprintf("no quorum: %d of the %d valid answers that min_responses asks for", len(valid), s.opt.MinResponses)
	case v.Consensus < s.opt.MinAgreement-epsilon:
		v.Reason = fmt.Sprintf("no agreement: the leading answer has %.3g of the votes, min_agreement is %.3g", v.Consensus, s.opt.MinAgreement)
	default:
		v.State, v.Answer = events.VoteDecidedState, best.Answer
		v.Winners = v.Counted[len(v.Counted):len(v.Counted):cap(v.Counted)]
		for i := range valid {
			if best.holds(&valid[i]) {
				v.Winners = append(v.Winners, valid[i].Order)
			}
		}
	}
}

// voting returns the n valid ballots of the set, in its order.
func voting(set []Ballot, n int) []Ballot {
	if n == len(set) {
		return set
	}
	out := make([]Ballot, 0, n)
	for i := range set {
		if set[i].Outcome == events.CallAnswered && set[i].Valid {
			out = append(out, set[i])
		}
	}
	return out
}

// unanswered words the reason of a failed query.
func unanswered(set []Ballot) string {
	if len(set) == 0 {
		return "no call was made"
	}
	cancelled := 0
	for i := range set {
		if set[i].Outcome == events.CallCancelled {
			cancelled++
		}
	}
	return fmt.Sprintf("no answer arrived: failed %d, cancelled %d", len(set)-cancelled, cancelled)
}
