package stat

// midranks returns the ranks of x, from 1, equal values sharing the mean of
// theirs, and the sizes of the groups of equal values in ascending order of value
// (those of one included). x must be finite and is not changed.
func midranks(x []float64) (ranks []float64, ties []int) {
	order := make([]keyed[int32], len(x))
	for i, v := range x {
		order[i] = keyed[int32]{orderKey(v), int32(i)}
	}
	order = sortKeyed(order)
	ranks = make([]float64, len(x))
	for i := 0; i < len(order); {
		j := i + 1
		for j < len(order) && order[j].key == order[i].key {
			j++
		}
		for _, v := range order[i:j] {
			ranks[v.with] = float64(i+j+1) / 2
		}
		ties, i = append(ties, j-i), j
	}
	return ranks, ties
}

// tieSum returns Σ(t³ − t) over groups of equal values.
func tieSum(ties []int) float64 {
	total := 0.0
	for _, t := range ties {
		f := float64(t)
		total += f * (f*f - 1)
	}
	return total
}
