package ensemble

import (
	"fmt"
	"slices"
)

// preferences returns what a ballot prefers, best first, each answer once.
func preferences(b *Ballot) []string {
	if len(b.Ranking) == 0 {
		return []string{b.Answer}
	}
	out := make([]string, 0, len(b.Ranking))
	for _, a := range b.Ranking {
		if a != "" && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	if len(out) == 0 {
		return []string{b.Answer}
	}
	return out
}

// ranked lists everything that the ballots rank, in the order of first mention,
// with first places as votes and their holders.
func ranked(valid []Ballot) (c []Candidate, lists [][]string) {
	lists = make([][]string, len(valid))
	for i := range valid {
		lists[i] = preferences(&valid[i])
		for place, a := range lists[i] {
			at := find(c, a)
			if at < 0 {
				c = append(c, Candidate{Answer: a, First: valid[i].Order, holders: []int{}})
				at = len(c) - 1
			}
			if place == 0 {
				c[at].Votes++
				c[at].holders = append(c[at].holders, valid[i].Order)
			}
		}
	}
	return c, lists
}

// borda gives an answer a point for every other answer that a ballot puts it
// above; those that a ballot does not rank share its last places [1].
//
// [1] Emerson (2013), Social Choice and Welfare 40: 353-358, on ballots that do
// not rank everything.
type borda struct{}

// Count implements Vote.
func (borda) Count(valid []Ballot) Count {
	c, lists := ranked(valid)
	out := Count{Candidates: c}
	n := len(c)
	if n == 1 {
		c[0].Score = float64(len(valid))
		out.Total = c[0].Score
		return out
	}
	for _, list := range lists {
		for i := range c {
			if place := slices.Index(list, c[i].Answer); place >= 0 {
				c[i].Score += float64(n - 1 - place)
			} else {
				c[i].Score += float64(n-len(list)-1) / 2
			}
		}
	}
	for i := range c {
		out.Total += c[i].Score
	}
	return out
}

// instantRunoff counts first places; while no answer has more than half, the one
// with fewest drops out and its ballots go to their next. Among equals the one
// mentioned last drops. Scores are the votes of the last round that the answer
// was in, so that who dropped later is ahead.
type instantRunoff struct{}

// Count implements Vote.
func (instantRunoff) Count(valid []Ballot) Count {
	c, lists := ranked(valid)
	out := make([]bool, len(c)) // dropped
	for left := len(c); ; left-- {
		votes := make([]int, len(c))
		live := 0
		for _, list := range lists {
			for _, a := range list {
				if at := find(c, a); !out[at] {
					votes[at]++
					live++
					break
				}
			}
		}
		least, most := -1, -1
		for i := range c {
			if out[i] {
				continue
			}
			if least < 0 || votes[i] <= votes[least] {
				least = i
			}
			if most < 0 || votes[i] > votes[most] {
				most = i
			}
		}
		if 2*votes[most] > live || left <= 2 {
			return runoffEnd(c, out, votes, live)
		}
		out[least] = true
	}
}

// runoffEnd is the count of the last round.
func runoffEnd(c []Candidate, out []bool, votes []int, live int) Count {
	n := Count{Candidates: c, Total: float64(live)}
	for i := range c {
		if !out[i] {
			c[i].Score = float64(votes[i])
		}
	}
	if live == 0 {
		n.Reason = fmt.Sprintf("no ballot ranks any of %d answers", len(c))
	}
	return n
}
