package ensemble

import (
	"cmp"
	"slices"
)

// Point is a way to answer with what it gives and takes. NaN is unknown.
type Point struct {
	Name     string
	Accuracy float64
	Cost     float64 // in US dollars, of a query
}

// Front returns the places of the points that no other beats: none has a higher
// accuracy for the same cost or less, or a lower cost for the same accuracy or
// more. They are sorted by cost, then place. Points of unknown cost or accuracy
// are on no front; of equal points the first is.
func Front(points []Point) []int {
	var order []int
	for i, p := range points {
		if p.Accuracy == p.Accuracy && p.Cost == p.Cost {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(points[a].Cost, points[b].Cost), cmp.Compare(points[b].Accuracy, points[a].Accuracy))
	})
	out := order[:0]
	best := -1.0
	for _, i := range order {
		if points[i].Accuracy > best {
			best = points[i].Accuracy
			out = append(out, i)
		}
	}
	return out
}

// CostPerExtra is what one more right answer costs when a dearer way is taken
// instead of a cheaper one; false where it has no more right answers.
func CostPerExtra(cheap, dear Point) (float64, bool) {
	gain := dear.Accuracy - cheap.Accuracy
	if !(gain > 0) {
		return 0, false
	}
	return (dear.Cost - cheap.Cost) / gain, true
}
