package arithmetic

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

// The data set as it is checked in.
const (
	Problems = 300
	Seed     = 20260101
)

// item is one line of the data set.
type item struct {
	ID       string   `json:"id"`
	Question string   `json:"question"`
	Answer   string   `json:"answer"` // worked, ends with "A: <number>"
	Small    recorded `json:"sim_small"`
	Medium   recorded `json:"sim_medium"`
	Large    recorded `json:"sim_large"`
}

// recorded is what a simulated model answered.
type recorded struct {
	Solution string `json:"solution"`
}

// JSONL is the data set: n problems, one JSON object a line, the same bytes for
// the same n and seed.
func JSONL(n int, seed uint64) ([]byte, error) {
	r := newRand(seed)
	answers := rand.New(rand.NewPCG(seed, 2))
	right := grade(rand.New(rand.NewPCG(seed, 3)), n)
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	for i, p := range draw(r, n) {
		typical := drawSlip(answers, &p)
		var solutions []recorded
		for _, m := range models() {
			s := slip{step: -1}
			if !right[m.name][i] {
				s = typical
				if answers.Float64() >= sameSlip {
					s = drawSlip(answers, &p)
				}
			}
			// An unreadable answer takes the place of a wrong one, so that the
			// accuracy stays what was asked for.
			unreadable := s.step >= 0 && answers.Float64() < m.invalid/(1-m.accuracy)
			solutions = append(solutions, recorded{m.solution(answers, &p, s, unreadable)})
		}
		it := item{fmt.Sprintf("arithmetic-%03d", i+1), p.question, p.worked(), solutions[0], solutions[1], solutions[2]}
		if err := enc.Encode(it); err != nil {
			return nil, fmt.Errorf("generate: problem %d: %w", i+1, err)
		}
	}
	return out.Bytes(), nil
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// draw makes n different problems, every template in turn.
func draw(r *rand.Rand, n int) []problem {
	shapes, names := templates(), people()
	seen := map[string]bool{}
	out := make([]problem, 0, n)
	for len(out) < n {
		p := shapes[len(out)%len(shapes)](r, pick(r, names))
		if !seen[p.question] {
			seen[p.question] = true
			out = append(out, p)
		}
	}
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// worked is the right answer with its steps.
func (p *problem) worked() string {
	results := p.work(slip{step: -1})
	lines := make([]string, 0, len(results)+1)
	for i := range results {
		lines = append(lines, p.sentence(i, results))
	}
	return strings.Join(lines, " ") + fmt.Sprintf("\nA: %v", results[len(results)-1])
}
