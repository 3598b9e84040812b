package ensemble

import (
	"fmt"
	"math"
)

// Estimated are accuracies that were estimated without knowing any right answer.
type Estimated struct {
	// Accuracies of the members, by Order.
	Accuracies []float64
	// Choices is the number of answers that the estimate assumed.
	Choices float64
	// Iterations is how many it took.
	Iterations int
	// Warnings say what to be careful about; there is always one.
	Warnings []string
}

// DawidSkene estimates how often each of k members is right from how they agree,
// without labels, by expectation-maximisation: the truth of an item is one of
// choices answers, a member gives it with its accuracy and each of the others
// alike, independently of the other members [1]. It begins at the majority.
//
// It knows nothing but agreement: where members err together it takes their
// common error for the truth and ends at the majority, whatever better member
// there is. So it is no calibration, and says so.
//
// Choices below 2 means one more than the most different answers of an item. It
// refuses fewer than two members or ten items.
//
// [1] Dawid, Skene (1979), Applied Statistics 28 (1): 20-28, with one parameter
// for each member.
func DawidSkene(k int, patterns []Pattern, choices float64) (Estimated, error) {
	if k < 2 || k > MaxPattern {
		return Estimated{}, fmt.Errorf("ensemble: dawid_skene: %w: %d members, want 2 to %d", ErrCalibration, k, MaxPattern)
	}
	if len(patterns) < 10 {
		return Estimated{}, fmt.Errorf("ensemble: dawid_skene: %w: %d items, want ten or more", ErrCalibration, len(patterns))
	}
	items := make([]Labelled, len(patterns))
	most := 0
	for i, p := range patterns {
		items[i] = Labelled{p, -1}
		most = max(most, p.Blocks())
	}
	if choices < 2 {
		choices = math.Max(2, float64(most+1))
	}
	choices = math.Max(choices, float64(most))
	tallies := tallyOf(k, items)
	accuracy := make([]float64, k)
	for i := range accuracy {
		accuracy[i] = 0.7
	}
	e := Estimated{Choices: choices}
	for e.Iterations = 1; e.Iterations < 500; e.Iterations++ {
		next := reestimate(k, tallies, accuracy, choices)
		change := 0.0
		for i := range next {
			change = math.Max(change, math.Abs(next[i]-accuracy[i]))
		}
		accuracy = next
		if change < 1e-7 {
			break
		}
	}
	e.Accuracies = accuracy
	e.Warnings = []string{"accuracies were estimated without labels, from agreement alone: members that err together look right"}
	return e, nil
}

// reestimate is one step: the probability that each block is the truth, and how
// often each member was then right, with one right and one wrong item added.
func reestimate(k int, tallies []*tallied, accuracy []float64, choices float64) []float64 {
	right, given := make([]float64, k), make([]float64, k)
	for _, t := range tallies {
		blocks := len(t.right)
		if blocks == 0 {
			continue
		}
		weight := make([]float64, blocks+1) // the last: none of them
		for b := range weight {
			for o := range k {
				switch own := t.pattern.Block(o); {
				case own < 0:
				case own == b:
					weight[b] += math.Log(accuracy[o])
				default:
					weight[b] += math.Log((1 - accuracy[o]) / (choices - 1))
				}
			}
		}
		unseen := choices - float64(blocks)
		top := math.Inf(-1)
		for b := range blocks {
			top = math.Max(top, weight[b])
		}
		sum := unseen * math.Exp(weight[blocks]-top)
		for b := range blocks {
			sum += math.Exp(weight[b] - top)
		}
		for o := range k {
			if b := t.pattern.Block(o); b >= 0 {
				right[o] += t.n * math.Exp(weight[b]-top) / sum
				given[o] += t.n
			}
		}
	}
	for o := range right {
		right[o] = (right[o] + 1) / (given[o] + 2)
	}
	return right
}

// EffectiveChoices estimates for Options.Choices from labelled items how many
// answers there are to choose from: one more than one over the share of pairs of
// wrong answers that agree. Where fewer than ten pairs are wrong it is 2.
func EffectiveChoices(k int, items []Labelled) float64 {
	pairs, same := 0.0, 0.0
	for _, l := range items {
		for a := range k {
			x := l.Pattern.Block(a)
			if x < 0 || x == l.Right {
				continue
			}
			for b := range a {
				if y := l.Pattern.Block(b); y >= 0 && y != l.Right {
					pairs++
					if x == y {
						same++
					}
				}
			}
		}
	}
	if pairs < 10 || same == 0 {
		return 2
	}
	return 1 + pairs/same
}
