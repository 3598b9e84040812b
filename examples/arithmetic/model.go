package arithmetic

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

// model is a simulated model: how often it is right, how often its final line
// cannot be read, and how it talks.
type model struct {
	name     string
	accuracy float64
	invalid  float64
	opening  []string
	closing  []string
}

func models() []model {
	return []model{
		{"sim_small", 0.62, 0.03, []string{"", "OK. "}, []string{""}},
		{"sim_medium", 0.74, 0.02, []string{"Let us go step by step. ", "Here is how. "}, []string{"", "So that is the result."}},
		{"sim_large", 0.82, 0.01, []string{"First, what is asked and what is given. ", "Working through it in order. "}, []string{"The steps agree with the question.", "That answers the question."}},
	}
}

const (
	// correlation of what the models find difficult: the share of a latent
	// normal variable that they have in common.
	correlation = 0.4
	// sameSlip is the share of wrong answers that make the problem's own typical
	// mistake, so that models which are wrong together often agree.
	sameSlip = 0.5
)

// grade says for every model and problem whether the answer is right: those
// with the lowest latent difficulty are, in the number that the accuracy asks
// for, which holds exactly and not only on average.
func grade(r *rand.Rand, problems int) map[string][]bool {
	common := make([]float64, problems)
	for i := range common {
		common[i] = r.NormFloat64()
	}
	out := map[string][]bool{}
	for _, m := range models() {
		latent := make([]float64, problems)
		order := make([]int, problems)
		for i := range latent {
			latent[i] = math.Sqrt(correlation)*common[i] + math.Sqrt(1-correlation)*r.NormFloat64()
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int {
			switch {
			case latent[a] < latent[b]:
				return -1
			case latent[a] > latent[b]:
				return 1
			}
			return 0
		})
		right := make([]bool, problems)
		for _, i := range order[:int(math.Round(m.accuracy*float64(problems)))] {
			right[i] = true
		}
		out[m.name] = right
	}
	return out
}

// drawSlip draws a mistake that changes the answer.
func drawSlip(r *rand.Rand, p *problem) slip {
	right := p.answer(slip{step: -1})
	for {
		s := slip{step: r.IntN(len(p.steps)), kind: slipKind(between(r, int(slipOff), int(slipStops)))}
		if s.kind == slipOff {
			by := []amount{one, 2 * one, 5 * one, 10 * one, 20 * one}
			s.by = by[r.IntN(len(by))]
			if r.IntN(2) == 0 {
				s.by = -s.by
			}
		}
		if p.answer(s) != right {
			return s
		}
	}
}

// solution writes a model's worked answer with the slip in it. An unreadable
// one ends without a number.
func (m model) solution(r *rand.Rand, p *problem, s slip, unreadable bool) string {
	var b strings.Builder
	b.WriteString(pick(r, m.opening))
	results := p.work(s)
	for i := range results {
		b.WriteString(p.sentence(i, results))
		b.WriteByte(' ')
	}
	closing := pick(r, m.closing)
	if unreadable {
		return b.String() + pick(r, []string{"The answer is as computed above.", "A: cannot be determined"})
	}
	text := strings.TrimRight(b.String()+closing, " ")
	return fmt.Sprintf("%s\nA: %v", text, results[len(results)-1])
}
