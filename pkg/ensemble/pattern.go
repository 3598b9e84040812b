package ensemble

import (
	"fmt"
	"strings"

	"github.com/crucible-go/crucible/pkg/events"
)

// MaxPattern is how many members a pattern can tell apart.
const MaxPattern = 16

// Pattern says which members gave the same answer and which gave none, without
// the answers: four bits for each member, by Order; 0 for none, else one more
// than the number of its block, where blocks are numbered by their first member.
type Pattern uint64

// PatternOf is the pattern of ballots that are sorted by Order and distinct.
// Members beyond MaxPattern are left out.
func PatternOf(ballots []Ballot) Pattern {
	var p Pattern
	var at [MaxPattern]int // of each block, a ballot
	blocks := 0
	for i := range ballots {
		b := &ballots[i]
		if !b.Valid || b.Outcome != events.CallAnswered || b.Order < 0 || b.Order >= MaxPattern || blocks == MaxPattern-1 {
			continue
		}
		block := 0
		for block < blocks && ballots[at[block]].Answer != b.Answer {
			block++
		}
		if block == blocks {
			at[blocks] = i
			blocks++
		}
		p |= Pattern(block+1) << (4 * b.Order)
	}
	return p
}

// Block returns the block of a member, -1 for none.
func (p Pattern) Block(order int) int { return int(p>>(4*order)&15) - 1 }

// Blocks returns how many different answers there are.
func (p Pattern) Blocks() int {
	most := 0
	for ; p != 0; p >>= 4 {
		most = max(most, int(p&15))
	}
	return most
}

// Prefix returns the pattern of the first n members.
func (p Pattern) Prefix(n int) Pattern {
	if n >= MaxPattern {
		return p
	}
	return p & (1<<(4*n) - 1)
}

// Subset returns the pattern of some members, in the order in which they are
// named, and for each block its number in p.
func (p Pattern) Subset(orders []int) (sub Pattern, from []int) {
	var to [16]int
	for i, o := range orders {
		b := p.Block(o)
		if b < 0 {
			continue
		}
		if to[b] == 0 {
			from = append(from, b)
			to[b] = len(from)
		}
		sub |= Pattern(to[b]) << (4 * i)
	}
	return sub, from
}

// text writes the pattern of n members: a letter for each block, - for none.
func (p Pattern) text(n int) string {
	var b strings.Builder
	for o := range n {
		if k := p.Block(o); k >= 0 {
			b.WriteByte(byte('a' + k))
		} else {
			b.WriteByte('-')
		}
	}
	return b.String()
}

// parsePattern reads what text writes.
func parsePattern(s string) (Pattern, error) {
	if len(s) > MaxPattern {
		return 0, fmt.Errorf("pattern %q is longer than %d", s, MaxPattern)
	}
	var p Pattern
	blocks := 0
	for o := range len(s) {
		if s[o] == '-' {
			continue
		}
		k := int(s[o]) - 'a'
		if k < 0 || k > blocks || k > 14 {
			return 0, fmt.Errorf("pattern %q: letters name answers in the order of their first members", s)
		}
		blocks = max(blocks, k+1)
		p |= Pattern(k+1) << (4 * o)
	}
	return p, nil
}

// Labelled is an item whose right answer is known.
type Labelled struct {
	Pattern Pattern
	// Right is the block that is right, -1 if none is.
	Right int
}

// Label returns the labelled item of ballots, sorted by Order and distinct, with
// the right answer.
func Label(ballots []Ballot, right string) Labelled {
	l := Labelled{Pattern: PatternOf(ballots), Right: -1}
	for i := range ballots {
		if b := &ballots[i]; b.Valid && b.Outcome == events.CallAnswered && b.Answer == right && b.Order < MaxPattern {
			l.Right = l.Pattern.Block(b.Order)
			return l
		}
	}
	return l
}

// Subset is the labelled item of some members.
func (l Labelled) Subset(orders []int) Labelled {
	sub, from := l.Pattern.Subset(orders)
	out := Labelled{sub, -1}
	for to, b := range from {
		if b == l.Right {
			out.Right = to
		}
	}
	return out
}

// prefix is the labelled item of the first n members.
func (l Labelled) prefix(n int) Labelled {
	out := Labelled{l.Pattern.Prefix(n), l.Right}
	if l.Right >= out.Pattern.Blocks() {
		out.Right = -1
	}
	return out
}
