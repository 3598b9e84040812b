package stat

import (
	"fmt"
	"math"
)

// MeanInterval returns Student's interval for a mean [1]:
//
//	x̄ ± t(n−1)·s/√n
//
// It is exact for normal observations and close for a large n of others; for the
// skewed costs of few calls it is too short above. Equal observations give an
// interval without width and a warning. It refuses samples of fewer than two and
// values that are not finite, and panics on a level outside (0, 1).
//
// [1] Student (1908), Biometrika 6 (1): 1-25.
func MeanInterval(x []float64, level float64) (Interval, error) {
	return studentInterval("student_t", x, level)
}

// PairedMeanDifference returns Student's interval for the mean of the
// differences x − y of pairs. What items have in common cancels, so it is
// shorter than one that takes the samples for independent. See MeanInterval; it
// also refuses samples of unequal length.
func PairedMeanDifference(x, y []float64, level float64) (Interval, error) {
	d, err := differences("paired_t", x, y)
	if err != nil {
		return Interval{}, err
	}
	return studentInterval("paired_t", d, level)
}

// PairedT tests whether the mean of the differences x − y of pairs is zero:
//
//	t = d̄ / (s/√n) with n − 1 degrees of freedom
//
// Where all differences are zero nothing speaks against the null hypothesis: t is
// 0 and p is 1, with a warning. It refuses samples of unequal length, of fewer
// than two pairs, with values that are not finite, and with differences that are
// all the same but not zero, for which t is infinite.
func PairedT(x, y []float64) (Result, error) {
	const test = "paired_t"
	d, err := differences(test, x, y)
	if err != nil {
		return Result{}, err
	}
	mean, variance, err := moments(test, d, 2)
	if err != nil {
		return Result{}, err
	}
	n := float64(len(d))
	out := Result{Test: test, N: []int{len(d)}, DF: []float64{n - 1}}
	if variance == 0 {
		if mean != 0 {
			return Result{}, &Refusal{Method: test, Reason: Constant, N: len(d),
				Detail: fmt.Sprintf("every difference is %g: there is no variation to compare it with", mean)}
		}
		out.Warnings = []string{"no pair differs: the test has nothing to go by"}
		return out.withP(0), nil
	}
	out.Statistic = mean / math.Sqrt(variance/n)
	return out.withP(studentLogP(out.Statistic, n-1)), nil
}

// studentInterval is MeanInterval under another name.
func studentInterval(method string, x []float64, level float64) (Interval, error) {
	checkLevel(level)
	mean, variance, err := moments(method, x, 2)
	if err != nil {
		return Interval{}, err
	}
	n := float64(len(x))
	half := studentQuantile(level, n-1) * math.Sqrt(variance/n)
	out := Interval{Estimate: mean, Low: mean - half, High: mean + half, Level: level, N: len(x), Method: method}
	if variance == 0 {
		out.Warnings = []string{"all values are equal: the interval has no width"}
	}
	return out, finite(method, len(x), out.Low, out.High)
}

// differences returns x − y.
func differences(method string, x, y []float64) ([]float64, error) {
	if len(x) != len(y) {
		return nil, &Refusal{Method: method, Reason: Unpaired, N: min(len(x), len(y)),
			Detail: fmt.Sprintf("%d and %d observations are not pairs", len(x), len(y))}
	}
	if err := checkFinite(method, x); err != nil {
		return nil, err
	}
	if err := checkFinite(method, y); err != nil {
		return nil, err
	}
	d := make([]float64, len(x))
	for i := range x {
		d[i] = x[i] - y[i]
	}
	return d, nil
}
