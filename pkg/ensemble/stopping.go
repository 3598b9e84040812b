package ensemble

import (
	"math"
	"slices"
)

// settled says whether a set of ballots decides, given the members whose ballots
// are still to come, and by which rule.
func (s *Strategy) settled(set []Ballot, rest []int) (string, bool) {
	if len(rest) == 0 {
		return StopAll, true
	}
	valid := voting(set, countValid(set))
	if len(valid) == 0 || !s.quorum(set) {
		return "", false
	}
	c := s.vote.Count(valid)
	if len(c.Candidates) == 0 {
		return "", false
	}
	switch s.stop {
	case StopLossless:
		return StopLossless, s.lossless(c, valid, rest)
	case StopPosterior:
		return StopPosterior, len(set) >= s.opt.MinModels && s.posterior(c, valid, rest)
	}
	return "", false
}

// lossless reports whether no further ballots can change the verdict: neither
// the answer nor that there is one.
func (s *Strategy) lossless(c Count, valid []Ballot, rest []int) bool {
	switch v := s.vote.(type) {
	case unanimous:
		return v.fallback == nil && c.Reason != ""
	case bestConfidence:
		return s.unbeatable(c, valid, rest)
	case *Joint:
		return s.certain(valid, rest)
	case additive:
		return s.ahead(c, valid, rest, v)
	}
	return false
}

// unbeatable is lossless for the surest ballot: nothing is surer than 1.
func (s *Strategy) unbeatable(c Count, valid []Ballot, rest []int) bool {
	s.ties.sort(c.Candidates, valid)
	lead := &c.Candidates[0]
	if lead.Score < 1 || s.ties.name != TiesListed {
		return false
	}
	return lead.First < slices.Min(rest) &&
		!slices.ContainsFunc(c.Candidates, func(r Candidate) bool { return r.First < lead.First })
}

// ahead is lossless for votes that add up: all that is to come goes to one rival.
func (s *Strategy) ahead(c Count, valid []Ballot, rest []int, v additive) bool {
	s.ties.sort(c.Candidates, valid)
	gain := 0.0
	for _, o := range rest {
		gain += v.bound(o)
	}
	lead := c.Candidates[0]
	soonest := slices.Min(rest)
	holds := func(score float64, first int) bool {
		switch {
		case above(lead.Score, score):
			return true
		case above(score, lead.Score) || s.ties.name != TiesListed:
			return false
		}
		return lead.First < min(first, soonest)
	}
	for _, rival := range c.Candidates[1:] {
		first := rival.First
		if !holds(rival.Score+gain, first) {
			return false
		}
	}
	// An answer that nobody has given yet.
	if !holds(gain, math.MaxInt) {
		return false
	}
	if s.opt.MinAgreement == 0 {
		return true
	}
	return lead.Score >= s.opt.MinAgreement*(c.Total+gain)-epsilon
}

// certain is lossless for a joint vote: every way in which the rest may answer
// is tried, where there are few.
func (s *Strategy) certain(valid []Ballot, rest []int) bool {
	if len(rest) > 3 || len(valid)+len(rest) > 6 {
		return false
	}
	lead, ok := s.leader(valid)
	if !ok {
		return false
	}
	fresh := 0
	var try func(set []Ballot, rest []int) bool
	try = func(set []Ballot, rest []int) bool {
		if len(rest) == 0 {
			all := distinct(set)
			answer, ok := s.leader(all)
			return ok && answer == lead
		}
		if !try(set, rest[1:]) { // it fails
			return false
		}
		next := Ballot{Call: "\x00" + string(rune('a'+rest[0])), Order: rest[0], Outcome: set[0].Outcome, Valid: true}
		for _, a := range append(answers(set), "\x00"+string(rune('0'+fresh))) {
			next.Answer = a
			fresh++
			good := try(append(slices.Clone(set), next), rest[1:])
			fresh--
			if !good {
				return false
			}
		}
		return true
	}
	return try(valid, rest)
}

// leader is the answer that valid ballots elect.
func (s *Strategy) leader(valid []Ballot) (string, bool) {
	v := Verdict{Counted: make([]int, 0, len(valid))}
	s.elect(&v, valid)
	return v.Answer, v.Reason == ""
}

// answers lists the distinct answers of the ballots.
func answers(valid []Ballot) []string {
	var out []string
	for i := range valid {
		if !slices.Contains(out, valid[i].Answer) {
			out = append(out, valid[i].Answer)
		}
	}
	return out
}

// posterior reports whether the leading answer will hardly change. A calibrated
// vote says how probably it is right; heads are counted by StaysAhead.
func (s *Strategy) posterior(c Count, valid []Ballot, rest []int) bool {
	s.ties.sort(c.Candidates, valid)
	if c.Calibrated {
		return c.Candidates[0].Confidence >= s.opt.Level-epsilon
	}
	var room [MaxPattern]int
	votes := room[:0]
	lead := &c.Candidates[0]
	first := s.ties.name == TiesListed && lead.First < slices.Min(rest)
	for i := range c.Candidates {
		votes = append(votes, c.Candidates[i].Votes)
		first = first && lead.First <= c.Candidates[i].First
	}
	return StaysAhead(votes, len(rest), s.opt.Prior, s.opt.Choices, first) >= s.opt.Level-epsilon
}

// StaysAhead is the probability that the leading answer, the first in votes, is
// still ahead of every other when rest more votes have come. One answer, seen or
// not, is what members tend to: the share of votes that it gets has the Beta
// prior, and each of the other votes joins one that is there with probability
// 1/(choices−1). Which answer that is, the votes so far say; of the votes to come
// those that are not for it go to the leader's strongest rival, or, where the
// leader is not it, to nobody. WinsTies says that the leader wins ties [1].
//
// [1] Aggarwal et al. (2023), EMNLP, "Let's Sample Step by Step", compares the
// two leading answers under a uniform prior; here the prior is informed and the
// number of votes is known.
func StaysAhead(votes []int, rest int, prior [2]float64, choices float64, winsTies bool) float64 {
	tie := 0
	if winsTies {
		tie = 1
	}
	n, rival := 0, 0
	for i, v := range votes {
		n += v
		if i > 0 {
			rival = max(rival, v)
		}
	}
	lead := votes[0]
	join := 1 / math.Max(1, choices-1)
	sum, ahead := 0.0, 0.0
	for h := 0; h <= len(votes); h++ { // the last: an answer not seen yet
		own := 0
		if h < len(votes) {
			own = votes[h]
		}
		a, b := prior[0]+float64(own), prior[1]+float64(n-own)
		weight := rising(prior[0], own) * rising(prior[1], n-own)
		for i, v := range votes {
			if i != h {
				weight *= math.Pow(join, float64(v-1))
			}
		}
		sum += weight
		for k := 0; k <= rest; k++ {
			mine, other := 2*lead, 2*max(own+k, rival) // doubled: a half decides ties
			if h == 0 {
				mine, other = 2*(lead+k), 2*(rival+rest-k)
			}
			if mine+tie > other {
				ahead += weight * betaBinomial(k, rest, a, b)
			}
		}
	}
	if sum == 0 {
		return 0
	}
	return math.Min(1, ahead/sum)
}

// rising is x(x+1)…(x+n−1).
func rising(x float64, n int) float64 {
	out := 1.0
	for i := range n {
		out *= x + float64(i)
	}
	return out
}

// betaBinomial is the probability of k of n.
func betaBinomial(k, n int, a, b float64) float64 {
	p := rising(a, k) * rising(b, n-k) / rising(a+b, n)
	for i := range k {
		p *= float64(n-i) / float64(i+1)
	}
	return p
}

// FitPrior fits the Beta prior of a posterior stop by moments: leading[i] of n[i]
// valid answers gave the leading one of item i. It needs no labels. It is uniform
// for fewer than ten items of two answers or more.
func FitPrior(leading, n []int) [2]float64 {
	// Shares and the probability that two of a pair both lead.
	items, share, pairs := 0.0, 0.0, 0.0
	for i, k := range leading {
		if n[i] < 2 {
			continue
		}
		items++
		share += float64(k) / float64(n[i])
		pairs += float64(k) * float64(k-1) / (float64(n[i]) * float64(n[i]-1))
	}
	if items < 10 {
		return [2]float64{1, 1}
	}
	m, q := share/items, pairs/items
	const tiny = 1e-3
	m = math.Min(math.Max(m, tiny), 1-tiny)
	rho := (q - m*m) / (m * (1 - m)) // the correlation within an item
	rho = math.Min(math.Max(rho, tiny), 1-tiny)
	strength := 1/rho - 1
	return [2]float64{m * strength, (1 - m) * strength}
}
