// Package lab draws the answers of members that are right with given
// probabilities and err together, to try votes, executions and stopping rules on
// as many items as it takes.
package lab

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/crucible-go/crucible/pkg/ensemble"
	"github.com/crucible-go/crucible/pkg/events"
)

// Population says how members answer.
type Population struct {
	// Accuracies are how often each member is right.
	Accuracies []float64
	// Rho is the correlation of what makes an item hard for a member, 0 to 1, of
	// normal variables (a Gaussian copula).
	Rho float64
	// Same is how often two members that are both wrong say the same; at least
	// one over the number of wrong answers.
	Same float64
	// Choices is the number of answers, one of them right: default 4.
	Choices int
}

// Items draws n items; the same seed draws the same.
func (p Population) Items(n int, seed uint64) []ensemble.Labelled {
	if p.Choices == 0 {
		p.Choices = 4
	}
	r := rand.New(rand.NewPCG(seed, 0x5eed))
	at := make([]float64, len(p.Accuracies))
	for i, a := range p.Accuracies {
		at[i] = math.Sqrt2 * math.Erfinv(2*a-1)
	}
	own, common := math.Sqrt(1-p.Rho), math.Sqrt(p.Rho)
	attracted := p.attraction()
	out := make([]ensemble.Labelled, n)
	answers := make([]int, len(at))
	for i := range out {
		easy := common * r.NormFloat64()
		for m := range at {
			answers[m] = 0
			if easy+own*r.NormFloat64() >= at[m] {
				answers[m] = 1 // the wrong answer that attracts
				if r.Float64() >= attracted {
					answers[m] = 1 + r.IntN(p.Choices-1)
				}
			}
		}
		out[i] = labelled(answers)
	}
	return out
}

// attraction is how often a wrong member gives the wrong answer that attracts,
// whatever else, so that Same of the pairs agree.
func (p Population) attraction() float64 {
	wrong := float64(p.Choices - 1)
	lo, hi := 0.0, 1.0
	for range 60 {
		q := (lo + hi) / 2
		other := (1 - q) / wrong
		most := q + other
		if most*most+(wrong-1)*other*other < p.Same {
			lo = q
		} else {
			hi = q
		}
	}
	return (lo + hi) / 2
}

// labelled is the item of answers of which 0 is right.
func labelled(answers []int) ensemble.Labelled {
	var block [64]int
	blocks := 0
	out := ensemble.Labelled{Right: -1}
	for m, a := range answers {
		if block[a] == 0 {
			blocks++
			block[a] = blocks
		}
		out.Pattern |= ensemble.Pattern(block[a]) << (4 * m)
	}
	out.Right = block[0] - 1
	return out
}

// Members names the members of a population.
func (p Population) Members() []string {
	out := make([]string, len(p.Accuracies))
	for i := range out {
		out[i] = fmt.Sprintf("m%d", i)
	}
	return out
}

// Ballots writes the ballots of an item into dst, one for each of its length; the
// answer of block b is Answer(b).
func Ballots(l ensemble.Labelled, members []string, dst []ensemble.Ballot) {
	for o := range dst {
		b := l.Pattern.Block(o)
		dst[o] = ensemble.Ballot{Call: members[o], Member: members[o], Order: o, Outcome: events.CallAnswered, Valid: b >= 0}
		if b >= 0 {
			dst[o].Answer = Answer(b)
		}
	}
}

// Answer is the text of the answer of a block.
func Answer(block int) string { return "abcdefghijklmnop"[block : block+1] }
