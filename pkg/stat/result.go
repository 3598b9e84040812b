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

// Result is the outcome of a test of a null hypothesis.
type Result struct {
	// Test names the procedure, such as "mcnemar_exact".
	Test      string
	Statistic float64
	// DF is the number of degrees of freedom, or 0 where there are none.
	DF float64
	// P is the two-sided p-value, in (0, 1]. Below SmallestP it is SmallestP,
	// with a warning.
	P float64
	// LogP is the natural logarithm of the p-value, exact also below SmallestP.
	LogP float64
	// N is the number of observations, or of pairs, that the test used.
	N        int
	Warnings []string
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
		if math.IsNaN(v) || math.IsInf(v, 0) {
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
