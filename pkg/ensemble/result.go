package ensemble

import (
	"slices"

	"github.com/crucible-go/crucible/pkg/money"
)

// Recorded is what one member contributed once, with what it cost.
type Recorded struct {
	Ballot
	CostUSD   money.USD
	CostKnown bool
}

// MemberCost is what a member's calls to a query cost.
type MemberCost struct {
	Member string
	USD    money.USD
	Known  bool
}

// Result is a verdict with what it took.
type Result struct {
	Verdict
	// Asked are the Orders of the members that were asked.
	Asked []int
	// Made is how many calls that are, Saved how many of all members' were not
	// made.
	Made, Saved int
	// SumNS is the time of all calls that were made, to their end, WaitAllNS how
	// long the query would have taken had it waited for all that were asked, and
	// SavedNS what deciding early spared of it; 0 where a latency is not known.
	SumNS, WaitAllNS, SavedNS int64
	// CostUSD is what the calls that were made cost, those that were under way
	// when it was decided in full; CostKnown is false if one is unknown.
	CostUSD   money.USD
	CostKnown bool
	// Costs breaks the cost down.
	Costs []MemberCost
	// Late are the Orders of ballots that were asked for and came after the
	// decision: evidence, without a say.
	Late []int
	// Missing are the Orders of members whose answer was needed and never
	// recorded. With one, there is no verdict.
	Missing []int
}

// Replay decides a query from recorded answers: it asks in the order that the
// strategy would have, and takes what was recorded for the answer. Ballots of
// members outside the policy are left out. A member that was needed and has
// nothing recorded leaves the query without a verdict, and is named: nothing is
// guessed.
func (s *Strategy) Replay(recorded []Recorded) Result {
	offline := *s
	offline.opt.Offsets = true
	asked := make([]bool, s.members)
	set := make([]Ballot, 0, s.members)
	var out Result
	for {
		m := offline.Next(set, asked, -1)
		if m.Done {
			out.Verdict = m.Verdict
			break
		}
		for _, o := range m.Ask {
			asked[o] = true
			if at := indexOf(recorded, o); at >= 0 {
				set = append(set, recorded[at].Ballot)
			} else {
				out.Missing = append(out.Missing, o)
			}
		}
		if len(m.Ask) == 0 || len(out.Missing) > 0 {
			break
		}
	}
	offline.account(&out, asked, recorded)
	return out
}

func indexOf(recorded []Recorded, order int) int {
	return slices.IndexFunc(recorded, func(r Recorded) bool { return r.Order == order })
}

// account says what the calls that were asked for took.
func (s *Strategy) account(out *Result, asked []bool, recorded []Recorded) {
	out.CostKnown = true
	timed := true
	var waited []Ballot
	for o, was := range asked {
		if !was {
			continue
		}
		out.Asked = append(out.Asked, o)
		out.Made++
		at := indexOf(recorded, o)
		if at < 0 {
			continue
		}
		r := &recorded[at]
		waited = append(waited, r.Ballot)
		timed = timed && r.HasLatency
		out.SumNS += r.LatencyNS
		out.Costs = append(out.Costs, MemberCost{r.Member, r.CostUSD, r.CostKnown})
		if r.CostKnown {
			out.CostUSD = out.CostUSD.Add(r.CostUSD)
		} else {
			out.CostKnown = false
		}
		if len(out.Missing) == 0 && !slices.Contains(out.Counted, o) {
			out.Late = append(out.Late, o)
		}
	}
	out.Saved = s.members - out.Made
	if !timed {
		out.SumNS = 0
		return
	}
	if all, ok := s.waitAll(waited); ok && out.HasLatency {
		out.WaitAllNS, out.SavedNS = all, max(0, all-out.LatencyNS)
	}
}

// waitAll is how long waiting for these ballots takes.
func (s *Strategy) waitAll(waited []Ballot) (int64, bool) {
	all := *s
	if s.execution == ExecutionHedged {
		all.execution = ExecutionParallel
	}
	return all.latency(waited)
}
