package score

// Levenshtein is the least number of characters (code points) to insert, delete or
// replace that turns one text into the other [1].
//
// [1] Levenshtein (1966), Soviet Physics Doklady 10 (8): 707-710.
func Levenshtein(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(y) > len(x) {
		x, y = y, x
	}
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j, s := range y {
			cost := diagonal
			if r != s {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(y)]
}

// Similarity is 1 less the edit distance as a share of the longer text: 1 for equal
// texts, 0 for texts that share nothing.
func Similarity(a, b string) float64 {
	longest := max(len([]rune(a)), len([]rune(b)))
	if longest == 0 {
		return 1
	}
	return 1 - float64(Levenshtein(a, b))/float64(longest)
}
