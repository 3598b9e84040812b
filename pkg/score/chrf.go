package score

import (
	"strings"
	"unicode"
)

// chrfOrder is the longest run of characters that chrF counts.
const chrfOrder = 6

// ChrF is chrF2 [1]: the F-score, with recall counted twice as much as precision, of
// the shares of the runs of 1 to 6 characters that an answer and a reference have in
// common, without white space; the best of the references; from 0 to 100. It is what
// sacreBLEU computes by default (nrefs:var|case:mixed|eff:yes|nc:6|nw:0|space:no).
//
// [1] Popović (2015), chrF: character n-gram F-score for automatic MT evaluation.
func ChrF(answer string, references ...string) float64 {
	a := characterRuns(answer)
	best := 0.0
	for _, text := range references {
		best = max(best, chrfOf(a, characterRuns(text)))
	}
	return best
}

func characterRuns(text string) (runs [chrfOrder]map[string]int) {
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
	starts := make([]int, 0, len(text)+1)
	for i := range text {
		starts = append(starts, i)
	}
	starts = append(starts, len(text))
	for n := range chrfOrder {
		runs[n] = make(map[string]int, max(0, len(starts)-1-n))
		for i := 0; i+n+1 < len(starts); i++ {
			runs[n][text[starts[i]:starts[i+n+1]]]++
		}
	}
	return runs
}

func chrfOf(answer, reference [chrfOrder]map[string]int) float64 {
	precision, recall, orders := 0.0, 0.0, 0
	for n := range chrfOrder {
		a, r := total(answer[n]), total(reference[n])
		if a == 0 || r == 0 {
			continue
		}
		both := shared(answer[n], reference[n])
		precision += float64(both) / float64(a)
		recall += float64(both) / float64(r)
		orders++
	}
	if orders == 0 || precision+recall == 0 {
		return 0
	}
	precision /= float64(orders)
	recall /= float64(orders)
	const factor = 4 // β² of β = 2
	return 100 * ((1 + factor) * precision * recall) / (factor*precision + recall)
}

func total(counts map[string]int) int {
	n := 0
	for _, v := range counts {
		n += v
	}
	return n
}
