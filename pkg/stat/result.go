package stat

import (
	"fmt"
	"math"
)

// Interval is an estimate with an interval about it.
type Interval struct {
	Estimate float64
	Low      float64
	High     float64
	// Level is the confidence asked for, such as 0.95.
	Level float64
	// Attained is the confidence that is certain, where it is known exactly;
	// else 0. An exact method for discrete data attains at least Level.
	Attained float64
	// N is the number of observations, or of pairs.
	N int
	// Method names the procedure, such as "wilson".
	Method string
	// Warnings say what a reader of the number must know.
	Warnings []string
}

// Result is the outcome of a test of a null hypothesis, or of a procedure that
// only estimates.
type Result struct {
	// Test names the procedure, such as "mann_whitney".
	Test string
	// Method says which of its variants was used, such as "exact".
	Method string
	// Alternative is the hypothesis that small p-values speak for.
	Alternative Alternative
	Statistic   float64
	// DF holds the degrees of freedom: none, one, or numerator and denominator.
	DF []float64
	// P is the p-value, in (0, 1]. Below SmallestP it is SmallestP, with a
	// warning. It is 0 where the procedure tests nothing.
	P float64
	// LogP is the natural logarithm of the p-value, exact also below SmallestP.
	LogP float64
	// Interval is what the procedure estimates, in the units of the data; nil
	// where it estimates nothing.
	Interval *Interval
	// Effect is a size of the effect that does not depend on n; nil if there is none.
	Effect *Effect
	// N holds the number of observations used, one for each group; one number
	// where observations are pairs or blocks.
	N []int
	// Comparisons are those of a procedure that compares groups two by two.
	Comparisons []Comparison
	// Terms are the lines of an analysis of variance with several effects.
	Terms []Term
	// Adjusted holds adjusted p-values in the order given.
	Adjusted []float64
	// Details are further numbers, such as a sphericity, in a fixed order.
	Details  []Detail
	Warnings []string
}

// Effect is the size of an effect with an interval.
type Effect struct {
	// Name is that of the measure, such as "hedges_g".
	Name string
	Interval
}

// Comparison is one line of a procedure that compares groups two by two. A and
// B count groups from 0; the estimate is that of B minus A.
type Comparison struct {
	A, B      int
	Interval  *Interval
	Statistic float64
	DF        []float64
	// P is adjusted for the number of comparisons as Result.Method says.
	P, LogP float64
	Effect  *Effect
}

// Term is one line of an analysis of variance.
type Term struct {
	Name   string
	SumSq  float64
	DF     []float64
	F      float64
	P      float64
	LogP   float64
	Effect []Effect
}

// Detail is a further number of a result.
type Detail struct {
	Name  string
	Value float64
}

// SmallestP is the smallest p-value that is reported as a number.
const SmallestP = 1e-300

// withP sets the p-value from its logarithm.
func (r Result) withP(logP float64) Result {
	r.LogP = math.Min(logP, 0)
	r.P = math.Exp(r.LogP)
	if r.P < SmallestP {
		r.P = SmallestP
		r.Warnings = append(r.Warnings, fmt.Sprintf("the p-value is below %g: its natural logarithm is %.6g", SmallestP, r.LogP))
	}
	return r
}

// withExactP sets a p-value that is a quotient of counts, with all its digits.
func (r Result) withExactP(e exactP) Result {
	logP := math.Log(e.p)
	if e.p > 0.5 {
		logP = math.Log1p(-e.rest)
	}
	if r = r.withP(logP); e.p > SmallestP {
		r.P = e.p
	}
	return r
}

// Reason says why data cannot support an answer.
type Reason string

// The reasons of a Refusal.
const (
	// TooFew means that there are fewer observations than the method needs.
	TooFew Reason = "too_few"
	// Unbounded means that no observation bounds the quantity at this level.
	Unbounded Reason = "unbounded"
	// NotFinite means a NaN or an infinity among the observations, or values so
	// large that the result is infinite.
	NotFinite Reason = "not_finite"
	// Unpaired means two samples of unequal length where pairs are needed.
	Unpaired Reason = "unpaired"
	// Constant means that observations do not vary, so that nothing can be
	// compared with their variation.
	Constant Reason = "constant"
	// Invalid means values that the method does not apply to: a negative count, a
	// probability outside [0, 1], a table of zeros.
	Invalid Reason = "invalid"
	// BadOption means an option out of its range, or a method that is not known.
	BadOption Reason = "bad_option"
	// TooLarge means that an exact answer would take too long or too much memory.
	TooLarge Reason = "too_large"
)

// Refusal is the error of a method that will not answer. Its fields say why in a
// form that a report can use; Error says it in words.
type Refusal struct {
	Method string
	Reason Reason
	// N is the number of observations there are, and Need the least number with
	// which the method answers, or 0 if more would not help.
	N, Need int
	Detail  string
}

// Error returns the refusal in words.
func (r *Refusal) Error() string {
	text := fmt.Sprintf("stat: %s: %s", r.Method, r.Detail)
	if r.Need > 0 {
		text += fmt.Sprintf(" (n = %d, needs %d)", r.N, r.Need)
	}
	return text
}

// checkLevel panics on a level of confidence outside (0, 1).
func checkLevel(level float64) {
	if !(level > 0 && level < 1) {
		panic(fmt.Sprintf("stat: level %v outside (0, 1)", level))
	}
}

// checkFinite refuses NaN and infinities.
func checkFinite(method string, x []float64) error {
	for i, v := range x {
		if v-v != 0 { // a NaN or an infinity
			return &Refusal{Method: method, Reason: NotFinite, N: len(x),
				Detail: fmt.Sprintf("observation %d is %v", i, v)}
		}
	}
	return nil
}

// finite refuses a result that is not finite.
func finite(method string, n int, values ...float64) error {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return &Refusal{Method: method, Reason: NotFinite, N: n, Detail: "the values are too large to compute with"}
		}
	}
	return nil
}
