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
	const method = "student_t"
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

// differences returns y − x, the treatment minus the control.
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
		d[i] = y[i] - x[i]
	}
	return d, nil
}
