package ensemble

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Joint is a vote calibrated on labelled items: for every way in which members
// can agree and differ it knows how often each side was right. So it sees what
// weights cannot: that two members err together, that one should be followed
// against two others, that nobody is right when all differ.
//
// Of a block B of members that give one answer, among the blocks of an item, the
// model is a logit against "none is right" [1],
//
//	score(B) = c + Σ wₘ (m in B) + Σ vₘₙ (pairs in B)
//
// fitted by penalised likelihood; the pair terms are the correlation of errors.
// A pattern seen n times, block B right k of them, then has
//
//	P(B) = (k + s·model)/(n + s)
//
// with the strength s: what was seen often speaks for itself, what was seen
// rarely follows the model.
//
// An item must never vote with a calibration that it helped to make: see
// CrossFit.
//
// [1] McFadden (1974), Conditional logit analysis of qualitative choice behavior.
type Joint struct {
	// Members are those of the policy, in order.
	Members []string `json:"members"`
	// Items is how many labelled items made it.
	Items int `json:"items"`
	// Accuracies are those of the members on them, by Order.
	Accuracies []float64 `json:"accuracies"`
	// Strength is s.
	Strength float64 `json:"strength"`
	// Models are for the first so many members; the last one is for all.
	Models []JointModel `json:"models"`
}

// JointModel is the calibration for the members that were asked: a prefix of all.
type JointModel struct {
	Asked    int            `json:"asked"`
	Constant float64        `json:"constant"`
	Single   []float64      `json:"single"`
	Pairs    []float64      `json:"pairs,omitempty"` // 0-1, 0-2, 1-2, 0-3, …
	Patterns []JointPattern `json:"patterns"`

	seen map[Pattern]*tallied
}

// JointPattern is how often a pattern was seen, and each block right.
type JointPattern struct {
	Pattern string `json:"pattern"`
	Seen    int    `json:"seen"`
	Right   []int  `json:"right"`
}

// tallied is a pattern with its counts.
type tallied struct {
	pattern Pattern
	n       float64
	right   []float64
}

// ErrCalibration is wrapped by errors about data that calibrate nothing.
var ErrCalibration = errors.New("calibration")

// JointOptions are the parameters of FitJoint; zero values mean the defaults.
type JointOptions struct {
	// Strength is how many items the model is worth for a pattern: default 10.
	Strength float64
	// Ridge is the penalty on the squares of the weights: default 1.
	Ridge float64
	// Prefixes also fits the first one, two … members, for members that are
	// asked in turn and a posterior stop.
	Prefixes bool
}

// FitJoint calibrates a joint vote on labelled items. It refuses fewer than ten
// items, and more than MaxPattern members.
func FitJoint(members []string, items []Labelled, o JointOptions) (*Joint, error) {
	k := len(members)
	if k == 0 || k > MaxPattern {
		return nil, fmt.Errorf("ensemble: fit joint: %w: %d members, want 1 to %d", ErrCalibration, k, MaxPattern)
	}
	if len(items) < 10 {
		return nil, fmt.Errorf("ensemble: fit joint: %w: %d labelled items, want ten or more", ErrCalibration, len(items))
	}
	positive(&o.Strength, 10)
	positive(&o.Ridge, 1)
	j := &Joint{Members: slices.Clone(members), Items: len(items), Accuracies: Accuracies(k, items), Strength: o.Strength}
	for n := 1; n <= k; n++ {
		if n == k || o.Prefixes {
			j.Models = append(j.Models, fitModel(n, tallyOf(n, items), o.Ridge))
		}
	}
	return j, nil
}

// Accuracies returns how often each of k members was right on labelled items,
// with one right and one wrong item added: (r+1)/(n+2).
func Accuracies(k int, items []Labelled) []float64 {
	out := make([]float64, k)
	for _, l := range items {
		for o := range k {
			if l.Right >= 0 && l.Pattern.Block(o) == l.Right {
				out[o]++
			}
		}
	}
	for o := range out {
		out[o] = (out[o] + 1) / (float64(len(items)) + 2)
	}
	return out
}

// tallyOf counts the patterns of the first n members, sorted.
func tallyOf(n int, items []Labelled) []*tallied {
	seen := map[Pattern]*tallied{}
	for _, l := range items {
		l = l.prefix(n)
		t := seen[l.Pattern]
		if t == nil {
			t = &tallied{pattern: l.Pattern, right: make([]float64, l.Pattern.Blocks())}
			seen[l.Pattern] = t
		}
		t.n++
		if l.Right >= 0 {
			t.right[l.Right]++
		}
	}
	out := make([]*tallied, 0, len(seen))
	for _, t := range seen {
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b *tallied) int {
		if a.pattern < b.pattern {
			return -1
		}
		return 1
	})
	return out
}

// UnmarshalJSON implements json.Unmarshaler.
func (j *Joint) UnmarshalJSON(text []byte) error {
	type plain Joint
	if err := json.Unmarshal(text, (*plain)(j)); err != nil {
		return err
	}
	return j.check()
}

// check says whether a calibration is whole, and prepares it.
func (j *Joint) check() error {
	if len(j.Models) == 0 || len(j.Members) == 0 || len(j.Members) > MaxPattern || len(j.Accuracies) != len(j.Members) {
		return fmt.Errorf("joint: %w: no models, or not those of its members", ErrCalibration)
	}
	if !(j.Strength > 0) || math.IsInf(j.Strength, 0) {
		return fmt.Errorf("joint: %w: strength %v, want above 0", ErrCalibration, j.Strength)
	}
	last := 0
	for i := range j.Models {
		m := &j.Models[i]
		if m.Asked <= last || len(m.Single) != m.Asked || len(m.Pairs) != m.Asked*(m.Asked-1)/2 {
			return fmt.Errorf("joint: %w: model %d has the wrong size", ErrCalibration, i)
		}
		last = m.Asked
		if err := m.prepare(); err != nil {
			return fmt.Errorf("joint: %w: %w", ErrCalibration, err)
		}
	}
	if last != len(j.Members) {
		return fmt.Errorf("joint: %w: the last model is for %d of %d members", ErrCalibration, last, len(j.Members))
	}
	return nil
}

// prepare fills the table of patterns.
func (m *JointModel) prepare() error {
	m.seen = make(map[Pattern]*tallied, len(m.Patterns))
	for _, p := range m.Patterns {
		key, err := parsePattern(p.Pattern)
		if err != nil {
			return err
		}
		if len(p.Right) != key.Blocks() {
			return fmt.Errorf("pattern %q has %d counts", p.Pattern, len(p.Right))
		}
		t := &tallied{pattern: key, n: float64(p.Seen)}
		total := 0
		for _, r := range p.Right {
			t.right = append(t.right, float64(r))
			total += r
			if r < 0 || total > p.Seen {
				return fmt.Errorf("pattern %q: more right than seen", p.Pattern)
			}
		}
		m.seen[key] = t
	}
	return nil
}

// model is the calibration for members up to an Order.
func (j *Joint) model(order int) *JointModel {
	for i := range j.Models {
		if j.Models[i].Asked > order {
			return &j.Models[i]
		}
	}
	return &j.Models[len(j.Models)-1]
}

// Count implements Vote: the score of an answer is the probability that it is
// right.
func (j *Joint) Count(valid []Ballot) Count {
	c := Count{Candidates: candidates(valid), Calibrated: true}
	p := PatternOf(valid)
	var room [MaxPattern]float64
	right := j.model(valid[len(valid)-1].Order).Right(p, j.Strength, room[:0])
	for i := range valid {
		if o := valid[i].Order; o < MaxPattern && p.Block(o) >= 0 {
			t := &c.Candidates[find(c.Candidates, valid[i].Answer)]
			t.Score = right[p.Block(o)]
			t.Confidence = t.Score
		}
	}
	for i := range c.Candidates {
		c.Total += c.Candidates[i].Score
	}
	return c
}

// Right appends to out the probability of each block of a pattern that it is
// right; what they lack to 1 is that none is.
func (m *JointModel) Right(p Pattern, strength float64, out []float64) []float64 {
	blocks := p.Blocks()
	for range blocks {
		out = append(out, m.Constant)
	}
	pair := 0
	for a := range m.Single {
		block := p.Block(a)
		if block >= 0 {
			out[block] += m.Single[a]
		}
		for b := range a {
			if block >= 0 && p.Block(b) == block {
				out[block] += m.Pairs[pair]
			}
			pair++
		}
	}
	softmax(out)
	if t := m.seen[p]; t != nil {
		for i := range out {
			out[i] = (t.right[i] + strength*out[i]) / (t.n + strength)
		}
	}
	return out
}

// softmax turns scores against 0 into probabilities.
func softmax(scores []float64) {
	top := 0.0
	for _, s := range scores {
		top = math.Max(top, s)
	}
	sum := math.Exp(-top)
	for i, s := range scores {
		scores[i] = math.Exp(s - top)
		sum += scores[i]
	}
	for i := range scores {
		scores[i] /= sum
	}
}
