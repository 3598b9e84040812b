package stat

import (
	"fmt"
	"math"
)

// McNemarExact tests whether two proportions measured on the same items are
// equal, given the items on which they differ: b that only the first got right
// and c that only the second did [1]. Under the null hypothesis b is binomial
// with n = b + c trials and probability ½; the two-sided p-value is
//
//	min(1, 2·P(X ≤ min(b, c)))
//
// exact for any number of items. The statistic is min(b, c); N is b + c, the
// pairs that bear on the question. Without any, p is 1, with a warning.
//
// It is computed in logarithms by a saddle-point expansion, so it keeps twelve
// digits for millions of pairs and far below the smallest float64. It panics on
// a negative count.
//
// [1] McNemar (1947), Psychometrika 12 (2): 153-157.
func McNemarExact(b, c int) Result {
	if b < 0 || c < 0 {
		panic(fmt.Sprintf("stat: discordant pairs %d and %d", b, c))
	}
	low := min(b, c)
	out := Result{Test: "mcnemar_exact", Statistic: float64(low), N: []int{b + c}}
	switch {
	case b+c == 0:
		out.Warnings = []string{"no pair differs: the test has nothing to go by"}
		return out.withP(0)
	case b-c >= -1 && b-c <= 1:
		return out.withP(0) // half of the distribution or more lies on either side
	}
	return out.withP(math.Ln2 + binomialLogTail(low, b+c, 0.5))
}
