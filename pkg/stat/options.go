package stat

import (
	"fmt"
	"slices"
	"strings"
)

// Alternative is the hypothesis that a test sets against the null hypothesis. It
// speaks of the second sample, the treatment, against the first, the control:
// Greater means that the second is greater.
type Alternative string

// The alternatives. The zero value counts as TwoSided.
const (
	TwoSided Alternative = "two_sided"
	Greater  Alternative = "greater"
	Less     Alternative = "less"
)

// DefaultLevel is the confidence of an interval that names none.
const DefaultLevel = 0.95

// Options is what the procedures have in common. Its zero value is a two-sided
// test with intervals of 95 %, by the procedure's default method.
type Options struct {
	Alternative Alternative
	// Level is the confidence of intervals, in (0, 1); 0 counts as DefaultLevel.
	Level float64
	// Method picks a variant of the procedure, as its documentation lists them;
	// empty picks the default.
	Method string
	// Mu is the value of the null hypothesis, in the units of the estimate.
	Mu float64
	// Seed determines what a procedure that draws random numbers draws.
	Seed uint64
	// Replicates is how often it draws; 0 picks the procedure's default.
	Replicates int
	// Workers bounds the goroutines of a procedure that uses several; 0 picks one
	// for each processor. It never changes a result.
	Workers int
}

// resolve returns the options with defaults in place, or a refusal: methods are
// those the procedure knows, its default first.
func (o Options) resolve(test string, methods ...string) (Options, error) {
	if o.Alternative == "" {
		o.Alternative = TwoSided
	}
	if o.Level == 0 {
		o.Level = DefaultLevel
	}
	if o.Method == "" && len(methods) > 0 {
		o.Method = methods[0]
	}
	switch {
	case o.Alternative != TwoSided && o.Alternative != Greater && o.Alternative != Less:
		return o, badOption(test, "alternative %q is not one of two_sided, greater, less", o.Alternative)
	case !(o.Level > 0 && o.Level < 1):
		return o, badOption(test, "level %v is outside (0, 1)", o.Level)
	case o.Mu-o.Mu != 0:
		return o, badOption(test, "mu is %v", o.Mu)
	case o.Replicates < 0:
		return o, badOption(test, "%d replicates", o.Replicates)
	case o.Workers < 0:
		return o, badOption(test, "%d workers", o.Workers)
	case o.Method != "" && !slices.Contains(methods, o.Method):
		return o, badOption(test, "method %q is not one of %s", o.Method, strings.Join(methods, ", "))
	}
	return o, nil
}

// resolvePlain is resolve for a procedure that has neither a direction nor a value of
// the null hypothesis.
func (o Options) resolvePlain(test string, methods ...string) (Options, error) {
	o, err := o.resolve(test, methods...)
	if err == nil {
		err = o.onlyTwoSided(test)
	}
	if err == nil {
		err = o.withoutMu(test)
	}
	return o, err
}

// onlyTwoSided refuses a one-sided alternative, for tests that have none.
func (o Options) onlyTwoSided(test string) error {
	if o.Alternative == Greater || o.Alternative == Less {
		return badOption(test, "the test has no direction: alternative must be two_sided")
	}
	return nil
}

func badOption(test, format string, args ...any) error {
	return &Refusal{Method: test, Reason: BadOption, Detail: fmt.Sprintf(format, args...)}
}

// refuse returns a refusal of n observations.
func refuse(test string, reason Reason, n, need int, format string, args ...any) error {
	return &Refusal{Method: test, Reason: reason, N: n, Need: need, Detail: fmt.Sprintf(format, args...)}
}
