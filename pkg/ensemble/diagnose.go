package ensemble

import (
	"fmt"
	"math"

	"github.com/crucible-go/crucible/pkg/stat"
)

// Estimate is a number with its interval. Low and High are absent, and Level is
// 0, where there is none.
type Estimate struct {
	Estimate float64 `json:"estimate"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
	Level    float64 `json:"level"`
	N        int     `json:"n"`
	Method   string  `json:"method"`
}

func estimateOf(i stat.Interval) Estimate {
	return Estimate{i.Estimate, i.Low, i.High, i.Level, i.N, i.Method}
}

// share is k of n with Wilson's interval.
func share(k, n int, level float64) Estimate { return estimateOf(stat.Wilson(k, n, level)) }

// Diagnosis says what voting can and cannot give on the items of a condition.
type Diagnosis struct {
	Items   int               `json:"items"`
	Members []MemberDiagnosis `json:"members"`
	Pairs   []PairDiagnosis   `json:"pairs"`
	// Phi is the mean correlation of errors over pairs, EffectiveVoters the
	// number of independent voters that the members compare to; absent where
	// there is no variation to measure.
	Phi             *Estimate `json:"phi,omitempty"`
	EffectiveVoters *Estimate `json:"effective_voters,omitempty"`
	// SameWrong is how often two members that are both wrong say the same.
	SameWrong Estimate `json:"same_wrong"`
	// AllWrong is β, the share of items on which no member is right, and Ceiling
	// 1 − β: no rule that picks one of the answers does better. Oracle is what
	// picking right whenever somebody is would have on these items.
	AllWrong Estimate `json:"all_wrong"`
	Ceiling  Estimate `json:"ceiling"`
	Oracle   Estimate `json:"oracle"`
	// Unanimous is how often all members give the same answer, and how often
	// that is right.
	Unanimous        Estimate `json:"unanimous_coverage"`
	UnanimousCorrect Estimate `json:"unanimous_accuracy"`
	// Majority is the accuracy of the plain majority, BestSingle the place of
	// the member with the highest accuracy.
	Majority   Estimate `json:"majority"`
	BestSingle int      `json:"best_single"`
	Warnings   []string `json:"warnings"`
}

// MemberDiagnosis is what one member does.
type MemberDiagnosis struct {
	Member   string   `json:"member"`
	Accuracy Estimate `json:"accuracy"`
	// Invalid is how often it gave no answer that could be read.
	Invalid Estimate `json:"invalid"`
	// ECE and Brier say how far its confidences can be trusted; absent without
	// enough of them.
	ECE   *Estimate `json:"ece,omitempty"`
	Brier *Estimate `json:"brier,omitempty"`
}

// PairDiagnosis is how two members err together.
type PairDiagnosis struct {
	A string `json:"a"`
	B string `json:"b"`
	// Phi is the correlation of their errors, absent where one is always right
	// or always wrong.
	Phi *Estimate `json:"phi,omitempty"`
	// SameWrong is how often they say the same where both are wrong.
	SameWrong Estimate `json:"same_wrong"`
	// Disagreement is how often exactly one is right.
	Disagreement Estimate `json:"disagreement"`
}

// Confidences are what one member said of its answers, and whether they were
// right.
type Confidences struct {
	Said  []float64
	Right []bool
}

// Diagnose describes members by labelled items. Confidences may be nil, or hold
// one for each member. Level is that of the intervals, 0 for 0.95; intervals that
// are drawn depend on the seed.
func Diagnose(members []string, items []Labelled, confidences []Confidences, level float64, seed uint64) Diagnosis {
	if level == 0 {
		level = stat.DefaultLevel
	}
	d := &diagnostician{k: min(len(members), MaxPattern), members: members, items: items, level: level, seed: seed}
	out := Diagnosis{Items: len(items), Members: []MemberDiagnosis{}, Pairs: []PairDiagnosis{}, Warnings: []string{}}
	if len(members) > MaxPattern {
		out.Warnings = append(out.Warnings, fmt.Sprintf("only the first %d of %d members are diagnosed", MaxPattern, len(members)))
	}
	for o := range d.k {
		m := d.member(o)
		if o < len(confidences) {
			out.Warnings = append(out.Warnings, d.calibration(&m, confidences[o])...)
		}
		out.Members = append(out.Members, m)
		if m.Accuracy.Estimate > out.Members[out.BestSingle].Accuracy.Estimate {
			out.BestSingle = o
		}
	}
	d.together(&out)
	d.pairs(&out)
	d.correlation(&out)
	return out
}

type diagnostician struct {
	k       int
	members []string
	items   []Labelled
	level   float64
	seed    uint64
}

// right reports whether a member is right on an item.
func (l Labelled) right(order int) bool { return l.Right >= 0 && l.Pattern.Block(order) == l.Right }

func (d *diagnostician) member(o int) MemberDiagnosis {
	right, invalid := 0, 0
	for _, l := range d.items {
		if l.right(o) {
			right++
		}
		if l.Pattern.Block(o) < 0 {
			invalid++
		}
	}
	return MemberDiagnosis{Member: d.members[o], Accuracy: share(right, len(d.items), d.level), Invalid: share(invalid, len(d.items), d.level)}
}

// calibration adds what the confidences of a member are worth.
func (d *diagnostician) calibration(m *MemberDiagnosis, c Confidences) []string {
	if len(c.Said) == 0 {
		return nil
	}
	outcome := make([]float64, len(c.Right))
	for i, r := range c.Right {
		if r {
			outcome[i] = 1
		}
	}
	o := stat.Options{Level: d.level, Seed: d.seed, Replicates: 1000}
	ece, errE := stat.CalibrationError(c.Said, outcome, stat.Calibration{}, o)
	brier, errB := stat.BrierScore(c.Said, outcome, 0, nil, o)
	if errE != nil || errB != nil || ece.Interval == nil || brier.Interval == nil {
		return []string{fmt.Sprintf("the %d confidences of %s are not enough to say whether they are calibrated", len(c.Said), m.Member)}
	}
	e, b := estimateOf(*ece.Interval), estimateOf(*brier.Interval)
	m.ECE, m.Brier = &e, &b
	return nil
}

// together fills in what all members do on an item.
func (d *diagnostician) together(out *Diagnosis) {
	wrong, unanimous, correct, majority := 0, 0, 0, 0
	for _, l := range d.items {
		if l.Right < 0 {
			wrong++
		}
		if l.Pattern.Blocks() == 1 && d.all(l.Pattern) {
			unanimous++
			if l.Right == 0 {
				correct++
			}
		}
		if l.Right >= 0 && plurality(l.Pattern, d.k) == l.Right {
			majority++
		}
	}
	n := len(d.items)
	out.AllWrong = share(wrong, n, d.level)
	out.Ceiling = share(n-wrong, n, d.level)
	out.Oracle = out.Ceiling
	out.Unanimous = share(unanimous, n, d.level)
	out.UnanimousCorrect = share(correct, unanimous, d.level)
	out.Majority = share(majority, n, d.level)
}

// all reports whether every member gave an answer.
func (d *diagnostician) all(p Pattern) bool {
	for o := range d.k {
		if p.Block(o) < 0 {
			return false
		}
	}
	return true
}

// plurality is the block with most members, the first listed of several; -1
// without any.
func plurality(p Pattern, k int) int {
	var votes [16]int
	best := -1
	for o := range k {
		if b := p.Block(o); b >= 0 {
			votes[b]++
		}
	}
	for b := range min(p.Blocks(), len(votes)) {
		if best < 0 || votes[b] > votes[best] { //nolint:gosec // a pattern has at most 15 blocks
			best = b
		}
	}
	return best
}

func (d *diagnostician) pairs(out *Diagnosis) {
	bothWrong, same := 0, 0
	for b := range d.k {
		for a := range b {
			var table [2][2]int
			pairWrong, pairSame := 0, 0
			for _, l := range d.items {
				x, y := l.right(a), l.right(b)
				table[index(x)][index(y)]++
				if p, q := l.Pattern.Block(a), l.Pattern.Block(b); !x && !y && p >= 0 && q >= 0 {
					pairWrong++
					if p == q {
						pairSame++
					}
				}
			}
			bothWrong, same = bothWrong+pairWrong, same+pairSame
			n := len(d.items)
			out.Pairs = append(out.Pairs, PairDiagnosis{A: d.members[a], B: d.members[b], Phi: d.phi(table, n),
				SameWrong: share(pairSame, pairWrong, d.level), Disagreement: share(table[0][1]+table[1][0], n, d.level)})
		}
	}
	out.SameWrong = share(same, bothWrong, d.level)
}

func index(b bool) int {
	if b {
		return 1
	}
	return 0
}

// phi is the correlation of a fourfold table with Fisher's interval.
func (d *diagnostician) phi(t [2][2]int, n int) *Estimate {
	a, b, c, e := float64(t[1][1]), float64(t[1][0]), float64(t[0][1]), float64(t[0][0])
	scale := math.Sqrt((a + b) * (c + e) * (a + c) * (b + e))
	if scale == 0 || n < 4 {
		return nil
	}
	phi := (a*e - b*c) / scale
	out := Estimate{Estimate: phi, Level: d.level, N: n, Method: "fisher_z"}
	z := math.Atanh(math.Max(-1+1e-12, math.Min(1-1e-12, phi)))
	half := normalQuantile(1-(1-d.level)/2) / math.Sqrt(float64(n-3))
	out.Low, out.High = math.Tanh(z-half), math.Tanh(z+half)
	return &out
}

func normalQuantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }

// correlation fills in what the correlation of errors costs.
func (d *diagnostician) correlation(out *Diagnosis) {
	if d.k < 2 {
		return
	}
	matrix := make([][]float64, len(d.items))
	for i, l := range d.items {
		matrix[i] = make([]float64, d.k)
		for o := range d.k {
			matrix[i][o] = float64(index(l.right(o)))
		}
	}
	r, err := stat.EffectiveVoters(matrix, stat.Options{Level: d.level, Seed: d.seed, Replicates: 1000})
	if err != nil {
		out.Warnings = append(out.Warnings, err.Error())
		return
	}
	out.Warnings = append(out.Warnings, r.Warnings...)
	e := estimateOf(*r.Interval)
	out.EffectiveVoters = &e
	phi := Estimate{N: len(d.items)}
	for _, x := range r.Details {
		switch x.Name {
		case "mean_phi":
			phi.Estimate = x.Value
		case "mean_phi_low":
			phi.Low, phi.Level, phi.Method = x.Value, d.level, "bootstrap_percentile"
		case "mean_phi_high":
			phi.High = x.Value
		}
	}
	out.Phi = &phi
}

// OutOfReach says why no rule that picks one of the members' answers has an
// accuracy of at least the goal; empty if it may. It is certain of it only where
// the whole interval of the ceiling lies below the goal.
func (d *Diagnosis) OutOfReach(goal float64) string {
	if d.Items == 0 || goal <= d.Ceiling.Estimate {
		return ""
	}
	text := fmt.Sprintf("an accuracy of %.4g is out of reach: on %.4g of the items no member is right, so no vote exceeds %.4g",
		goal, d.AllWrong.Estimate, d.Ceiling.Estimate)
	if goal <= d.Ceiling.High {
		text += fmt.Sprintf(" on these items (up to %.4g on others like them)", d.Ceiling.High)
	}
	return text
}
