package stat

import (
	"errors"
	"fmt"
	"math"
)

// layout is a one-way layout: groups with their moments, and the mean square
// within them.
type layout struct {
	groups []centredMean
	n      float64
	// df belongs to mse, the mean square within groups.
	df, mse float64
}

// maxGroups bounds how many groups are compared two by two; fewer where one
// comparison takes a millisecond or more.
const (
	maxGroups     = 200
	maxSlowGroups = 60
	// maxSlowestGroups is where each comparison needs a quantile of its own.
	maxSlowestGroups = 30
)

// newLayout returns the layout of at least two groups of at least least values,
// which vary within some group.
func newLayout(test string, groups [][]float64, least int) (layout, error) {
	l := layout{}
	if len(groups) < 2 {
		return l, refuse(test, TooFew, len(groups), 2, "there are too few groups")
	}
	within := make([]float64, len(groups))
	for i, g := range groups {
		c, err := centred(test, g, least)
		if err != nil {
			return l, inGroup(err, i)
		}
		l.groups = append(l.groups, c)
		l.n += c.n
		within[i] = (c.n - 1) * c.variance
	}
	if l.df = l.n - float64(len(groups)); l.df < 1 {
		return l, refuse(test, TooFew, int(l.n), len(groups)+1, "no group has two observations")
	}
	l.mse = sum(within, func(v float64) float64 { return v }) / l.df
	if l.mse == 0 {
		return l, refuse(test, Constant, int(l.n), 0, "the values of each group are all equal: there is no variation to compare with")
	}
	return l, finite(test, int(l.n), l.mse)
}

// inGroup says of a refusal which group it is about.
func inGroup(err error, i int) error { return within(err, "group", i) }

// inBlock says of a refusal which block it is about.
func inBlock(err error, i int) error { return within(err, "block", i) }

func within(err error, what string, i int) error {
	var r *Refusal
	if !errors.As(err, &r) {
		return err
	}
	out := *r
	out.Detail = fmt.Sprintf("%s %d: %s", what, i, r.Detail)
	return &out
}

// between returns the sum of squares between groups.
func (l layout) between() float64 {
	first := l.groups[0]
	grand, parts := 0.0, make([]float64, len(l.groups))
	for i, g := range l.groups {
		parts[i] = g.n / l.n * g.minus(first)
	}
	grand = sum(parts, func(v float64) float64 { return v })
	for i, g := range l.groups {
		d := g.minus(first) - grand
		parts[i] = g.n * d * d
	}
	return sum(parts, func(v float64) float64 { return v })
}

// sizes returns the numbers of observations.
func (l layout) sizes() []int {
	n := make([]int, len(l.groups))
	for i, g := range l.groups {
		n[i] = int(g.n)
	}
	return n
}

// se returns the standard error of the difference of two means, of one variance.
func (l layout) se(i, j int) float64 {
	return math.Sqrt(l.mse * (1/l.groups[i].n + 1/l.groups[j].n))
}
