package catalog

import (
	"fmt"
	"slices"

	"github.com/crucible-go/crucible/pkg/stat"
)

// Data is what a procedure is run on. Which fields are filled depends on its form.
type Data struct {
	// Groups are independent samples; the first is the control.
	Groups []Numbers `json:"groups"`
	// X is a sample, or the control of two; Y is the treatment.
	X Numbers `json:"x"`
	Y Numbers `json:"y"`
	// Table is a contingency table, row by row.
	Table []Numbers `json:"table"`
	// Pairs holds paired columns.
	Pairs []Numbers `json:"pairs"`
	// Blocks holds a row for each block, a column for each treatment.
	Blocks []Numbers `json:"blocks"`
	// P holds p-values.
	P Numbers `json:"p"`
	// A and B are the levels of two factors, beside Y.
	A Labels `json:"a"`
	B Labels `json:"b"`
	// Clusters names the cluster of each observation.
	Clusters Labels `json:"clusters"`
	// Covariate is a number beside each observation.
	Covariate Numbers `json:"covariate"`
	// Variances belong to the estimates in X.
	Variances Numbers `json:"variances"`
}

// Numbers is a list of numbers. NaN, Infinity and null may stand in it: the
// procedure refuses them and says where they are.
type Numbers []float64

// Labels is a list of names; numbers are taken as names too.
type Labels []string

// Samples returns the independent samples of the data: groups, or x and y.
func (d Data) Samples(test string, least int) ([][]float64, error) {
	out := plain(d.Groups)
	if out == nil && d.X != nil {
		out = append(out, d.X)
		if d.Y != nil {
			out = append(out, d.Y)
		}
	}
	if len(out) < least {
		return nil, shape(test, fmt.Sprintf("needs %d groups, got %d", least, len(out)), `{"groups": [[…], […]]}`)
	}
	return out, nil
}

// Two returns two samples: x and y, two groups, or two paired columns.
func (d Data) Two(test string) (x, y []float64, err error) {
	for _, columns := range [][]Numbers{{d.X, d.Y}, d.Groups, d.Pairs} {
		if len(columns) == 2 && columns[0] != nil && columns[1] != nil {
			return columns[0], columns[1], nil
		}
	}
	return nil, nil, shape(test, "needs two samples", `{"x": […], "y": […]}, {"groups": [[…], […]]} or {"pairs": [[…], […]]}`)
}

// One returns a single sample: x, the only group, or y − x of pairs.
func (d Data) One(test string) ([]float64, error) {
	switch {
	case d.X != nil && d.Y == nil:
		return d.X, nil
	case d.X == nil && len(d.Groups) == 1:
		return d.Groups[0], nil
	}
	return nil, shape(test, "needs one sample", `{"x": […]}`)
}

// Rows returns blocks with a column for each treatment: blocks, or pairs turned.
func (d Data) Rows(test string) ([][]float64, error) {
	if d.Blocks != nil {
		return plain(d.Blocks), nil
	}
	columns := d.Pairs
	if columns == nil && d.X != nil && d.Y != nil {
		columns = []Numbers{d.X, d.Y}
	}
	if len(columns) == 0 {
		return nil, shape(test, "needs blocks", `{"blocks": [[…], …]} with a row for each block, or {"pairs": [[…], […]]}`)
	}
	rows := make([][]float64, len(columns[0]))
	for i := range rows {
		for _, c := range columns {
			if len(c) != len(rows) {
				return nil, &stat.Refusal{Method: test, Reason: stat.Unpaired, N: min(len(c), len(rows)),
					Detail: fmt.Sprintf("columns of %d and %d values are not pairs", len(rows), len(c))}
			}
			rows[i] = append(rows[i], c[i])
		}
	}
	return rows, nil
}

// Counts returns a contingency table, row by row.
func (d Data) Counts(test string) ([][]float64, error) {
	if d.Table == nil {
		return nil, shape(test, "needs a table", `{"table": [[…], […]]}`)
	}
	return plain(d.Table), nil
}

// ClusterNumbers returns a number for the cluster of each observation, from 0 in
// the order in which they first come; nil where the data have no clusters.
func (d Data) ClusterNumbers() []int {
	if d.Clusters == nil {
		return nil
	}
	numbers, _ := d.Clusters.Numbers()
	return numbers
}

// Numbers returns a number for each label, from 0 in the order in which labels
// first come, and the distinct labels in that order.
func (l Labels) Numbers() (numbers []int, distinct []string) {
	known := map[string]int{}
	numbers = make([]int, len(l))
	for i, label := range l {
		at, ok := known[label]
		if !ok {
			at = len(distinct)
			known[label] = at
			distinct = append(distinct, label)
		}
		numbers[i] = at
	}
	return numbers, distinct
}

// plain returns the lists as slices.
func plain(lists []Numbers) [][]float64 {
	if lists == nil {
		return nil
	}
	out := make([][]float64, len(lists))
	for i, l := range lists {
		out[i] = l
	}
	return slices.Clip(out)
}

func shape(test, detail, want string) error {
	return &stat.Refusal{Method: test, Reason: stat.Invalid, Detail: detail + ": give " + want}
}
