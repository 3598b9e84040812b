package ensemble

import (
	"fmt"
	"math"
	"slices"
)

// epsilon is the difference below which scores are equal: sums of weights are
// rounded.
const epsilon = 1e-9

// Candidate is an answer that somebody gave, with what a vote makes of it.
type Candidate struct {
	Answer string
	// Votes is the number of ballots for it.
	Votes int
	// Score is what the vote compares.
	Score float64
	// First is the least Order of its ballots.
	First int
	// Confidence is the probability that it is right, from a calibrated vote.
	Confidence float64
	// holders are the Orders of its ballots where they gave different texts.
	holders []int
}

// holds reports whether a ballot is for the candidate.
func (c *Candidate) holds(b *Ballot) bool {
	if c.holders != nil {
		return slices.Contains(c.holders, b.Order)
	}
	return b.Answer == c.Answer
}

// Count is what a vote found.
type Count struct {
	// Candidates are in the order of their First.
	Candidates []Candidate
	// Total is the sum that shares are of.
	Total float64
	// Heads says that scores are numbers of ballots.
	Heads bool
	// Calibrated says that the candidates have a Confidence.
	Calibrated bool
	// Reason says why none of them is the answer; empty if the first one is.
	Reason string
}

// Vote counts the valid ballots of a query: distinct, sorted by Order, at least
// one. It must not change them, and must be a function of them alone.
type Vote interface {
	Count(valid []Ballot) Count
}

// additive is a vote whose scores are sums: no ballot adds more than bound.
type additive interface {
	bound(order int) float64
}

// newVote returns the vote of a name that exists.
func newVote(name string, p Policy) Vote {
	o := &p.Options
	switch name {
	case VoteWeighted:
		switch o.WeightBy {
		case WeightFixed:
			return weighted{byOrder(p.Members, o.Weights)}
		case WeightLogOdds:
			return newLogOdds(p)
		}
		return byConfidence{}
	case VoteDawidSkene:
		return newLogOdds(p)
	case VoteBestConfidence:
		return bestConfidence{}
	case VoteUnanimous:
		if o.Fallback == "" {
			return unanimous{}
		}
		return unanimous{fallback: newVote(o.Fallback, p)}
	case VoteJoint:
		return o.Joint
	case VoteBorda:
		return borda{}
	case VoteInstantRunoff:
		return instantRunoff{}
	case VoteSemantic:
		return semantic{EquivalenceOf(o.Equivalence, o.Tolerance)}
	case VoteMeta:
		m := meta{ties: newTieRule(p)}
		for _, v := range o.Votes {
			m.votes = append(m.votes, newVote(v, p))
		}
		return m
	}
	return majority{}
}

// byOrder lists a table of the members in their order.
func byOrder(members []string, table map[string]float64) []float64 {
	out := make([]float64, len(members))
	for i, m := range members {
		out[i] = table[m]
	}
	return out
}

// candidates lists the answers of the ballots in the order of their first
// ballot, with their votes. A query has a handful of ballots: a scan beats a map
// and keeps the order.
func candidates(valid []Ballot) []Candidate {
	out := make([]Candidate, 0, len(valid))
	for i := range valid {
		at := find(out, valid[i].Answer)
		if at < 0 {
			out = append(out, Candidate{Answer: valid[i].Answer, First: valid[i].Order})
			at = len(out) - 1
		}
		out[at].Votes++
	}
	return out
}

func find(c []Candidate, answer string) int {
	for i := range c {
		if c[i].Answer == answer {
			return i
		}
	}
	return -1
}

// majority elects the answer with most ballots.
type majority struct{}

// Count implements Vote.
func (majority) Count(valid []Ballot) Count {
	c := Count{Candidates: candidates(valid), Total: float64(len(valid)), Heads: true}
	for i := range c.Candidates {
		c.Candidates[i].Score = float64(c.Candidates[i].Votes)
	}
	return c
}

func (majority) bound(int) float64 { return 1 }

// weighted adds up fixed weights.
type weighted struct{ weights []float64 }

// Count implements Vote.
func (w weighted) Count(valid []Ballot) Count {
	c := Count{Candidates: candidates(valid)}
	for i := range valid {
		own := w.bound(valid[i].Order)
		c.Candidates[find(c.Candidates, valid[i].Answer)].Score += own
		c.Total += own
	}
	if c.Total <= 0 {
		return Count{Reason: "no ballot with a weight above 0 is valid"}
	}
	return c
}

func (w weighted) bound(order int) float64 {
	if order < 0 || order >= len(w.weights) {
		return 0
	}
	return w.weights[order]
}

// byConfidence adds up confidences. A ballot without one has no weight.
type byConfidence struct{}

// Count implements Vote.
func (byConfidence) Count(valid []Ballot) Count {
	c := Count{Candidates: candidates(valid)}
	for i := range valid {
		if valid[i].HasConfidence {
			c.Candidates[find(c.Candidates, valid[i].Answer)].Score += valid[i].Confidence
			c.Total += valid[i].Confidence
		}
	}
	if c.Total <= 0 {
		return Count{Reason: noConfidence(len(valid))}
	}
	return c
}

func (byConfidence) bound(int) float64 { return 1 }

func noConfidence(n int) string {
	return fmt.Sprintf("none of %d valid answers has a confidence above 0", n)
}

// bestConfidence takes the surest ballot's answer; consensus is its confidence.
type bestConfidence struct{}

// Count implements Vote.
func (bestConfidence) Count(valid []Ballot) Count {
	c := Count{Candidates: candidates(valid), Total: 1}
	sure := false
	for i := range valid {
		if b := &valid[i]; b.HasConfidence {
			t := &c.Candidates[find(c.Candidates, b.Answer)]
			t.Score = math.Max(t.Score, b.Confidence)
			sure = sure || b.Confidence > 0
		}
	}
	if !sure {
		return Count{Reason: noConfidence(len(valid))}
	}
	return c
}

// unanimous takes an answer that every valid ballot has.
type unanimous struct{ fallback Vote }

// Count implements Vote.
func (u unanimous) Count(valid []Ballot) Count {
	c := majority{}.Count(valid)
	if len(c.Candidates) == 1 {
		return c
	}
	if u.fallback != nil {
		return u.fallback.Count(valid)
	}
	c.Reason = fmt.Sprintf("not unanimous: %d different answers", len(c.Candidates))
	return c
}

// logOdds weighs a member that is right with probability a by
// log(a/(1−a)) + log(choices−1), nothing where that is negative: the best weights
// where members err independently and all wrong answers are as likely [1].
//
// [1] Nitzan, Paroush (1982), International Economic Review 23 (2): 289-297.
type logOdds struct {
	weighted
	choices float64
}

func newLogOdds(p Policy) logOdds {
	accuracies := byOrder(p.Members, p.Options.Accuracies)
	v := logOdds{choices: p.Options.Choices}
	for _, a := range accuracies {
		a = math.Min(math.Max(a, 1e-4), 1-1e-4)
		v.weights = append(v.weights, math.Max(0, math.Log(a/(1-a))+math.Log(v.choices-1)))
	}
	return v
}

// Count implements Vote. The confidence of an answer is its share of e^score
// over all choices, given or not.
func (l logOdds) Count(valid []Ballot) Count {
	c := l.weighted.Count(valid)
	if c.Total <= 0 {
		return c
	}
	top := 0.0
	for _, t := range c.Candidates {
		top = math.Max(top, t.Score)
	}
	sum := math.Max(0, l.choices-float64(len(c.Candidates))) * math.Exp(-top)
	for _, t := range c.Candidates {
		sum += math.Exp(t.Score - top)
	}
	for i := range c.Candidates {
		c.Candidates[i].Confidence = math.Exp(c.Candidates[i].Score-top) / sum
	}
	c.Calibrated = true
	return c
}

// meta is the majority of votes that have a winner.
type meta struct {
	votes []Vote
	ties  tieRule
}

// Count implements Vote.
func (m meta) Count(valid []Ballot) Count {
	c := Count{Candidates: candidates(valid)}
	for _, v := range m.votes {
		inner := v.Count(valid)
		if inner.Reason != "" || len(inner.Candidates) == 0 {
			continue
		}
		m.ties.sort(inner.Candidates, valid)
		if at := find(c.Candidates, inner.Candidates[0].Answer); at >= 0 {
			c.Candidates[at].Score++
			c.Total++
		}
	}
	if c.Total <= 0 {
		return Count{Reason: fmt.Sprintf("none of %d votes has a winner", len(m.votes))}
	}
	return c
}
