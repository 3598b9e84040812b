// Package ensemble turns the answers of several models into one. It is a fold:
// a verdict depends on the set of ballots alone, neither on the order in which
// they came nor on how often one came again, so it can be taken again at any
// time from the log and is the same.
package ensemble

import (
	"errors"
	"fmt"
	"strings"

	"github.com/crucible-go/crucible/pkg/events"
)

// The policies that exist.
const (
	VoteMajority      = "majority"
	ExecutionParallel = "parallel"
	StopNone          = "none"
)

// StopAll is the Stop of a verdict that waited for every ballot.
const StopAll = "all"

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
	// Weight is for votes that weigh; the majority counts heads.
	Weight float64
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
}

// A vote elects an answer. The ballots are valid, distinct and sorted by Order;
// there is at least one.
type vote interface {
	elect(valid []Ballot) election
}

// An election is what a vote found; first in the tally is the answer.
type election struct {
	tally     []events.Tally
	consensus float64
	winners   []int
}

// An execution knows what the latency of a query is, given the ballots that
// were waited for.
type execution interface {
	latency(waited []Ballot) (ns int64, ok bool)
}

// A stop says whether to decide now, and why, given the distinct ballots and
// the number of calls that are still to end.
type stop interface {
	settled(ballots []Ballot, outstanding int) (reason string, done bool)
}

// Strategy decides queries by one policy. It holds no state and may be shared.
type Strategy struct {
	vote      vote
	execution execution
	stop      stop
}

// New returns the strategy of a policy. The error wraps ErrPolicy and names
// what was not known.
func New(p Policy) (*Strategy, error) {
	if len(p.Members) == 0 {
		return nil, fmt.Errorf("ensemble: new: %w: no members", ErrPolicy)
	}
	s := &Strategy{vote: majority{}, execution: parallel{}, stop: none{}}
	if err := known("vote", p.Vote, VoteMajority); err != nil {
		return nil, err
	}
	if err := known("execution", p.Execution, ExecutionParallel); err != nil {
		return nil, err
	}
	if err := known("stop", p.Stop, StopNone); err != nil {
		return nil, err
	}
	return s, nil
}

// known checks a name against those that exist; the empty name is the default.
func known(key, name string, names ...string) error {
	if name == "" {
		return nil
	}
	for _, n := range names {
		if n == name {
			return nil
		}
	}
	return fmt.Errorf("ensemble: new: %w: %s %q, want %s", ErrPolicy, key, name, strings.Join(names, " or "))
}

// Decide returns the verdict on the ballots so far, or false while it is too
// early. Outstanding is the number of calls of the query that have not ended:
// those without a ballot. Once a verdict is given on some ballots, the same
// ballots give the same verdict.
//
//   - decided: at least one ballot is valid.
//   - invalid: answers arrived, none could be read.
//   - failed: no answer arrived; there is no latency.
//
// Decide does not change the ballots.
func (s *Strategy) Decide(ballots []Ballot, outstanding int) (Verdict, bool) {
	set := distinct(ballots)
	why, done := s.stop.settled(set, outstanding)
	if !done {
		return Verdict{}, false
	}
	valid, answered := 0, 0
	for i := range set {
		if set[i].Outcome == events.CallAnswered {
			answered++
			if set[i].Valid {
				valid++
			}
		}
	}
	v := Verdict{Stop: why}
	if answered == 0 {
		v.State, v.Reason = events.VoteFailed, unanswered(set)
		return v, true
	}
	v.LatencyNS, v.HasLatency = s.execution.latency(set)
	if valid == 0 {
		v.State = events.VoteInvalid
		v.Reason = fmt.Sprintf("none of %d answers could be read", answered)
		return v, true
	}
	e := s.vote.elect(voting(set, valid))
	v.State, v.Answer = events.VoteDecidedState, e.tally[0].Answer
	v.Tally, v.Consensus, v.Winners = e.tally, e.consensus, e.winners
	return v, true
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
