package stat

import "math"

// JudgeCounts are the verdicts of a judge on a test set, and on a calibration set
// of which the truth is known.
type JudgeCounts struct {
	// Approved of N items of the test set were judged right.
	Approved, N int
	// TrueApproved of True items that are right were judged right: the sensitivity.
	TrueApproved, True int
	// FalseRejected of False items that are wrong were judged wrong: the specificity.
	FalseRejected, False int
}

// JudgeCorrection returns the share of right items that verdicts of an imperfect
// judge speak for. With p the share approved, q₁ the sensitivity and q₀ the
// specificity, it is [1]
//
//	θ = (p + q₀ − 1) / (q₀ + q₁ − 1)
//
// kept within [0, 1]. The interval allows for the calibration being a sample, too.
// Methods:
//
//	adjusted  with p shrunk as by Agresti and Coull, p̃ = (np + z²/2)/(n + z²), and a
//	          right and a wrong verdict added to each calibration sample, [2]:
//	          θ̃ + d ± z·√(p̃(1−p̃)/ñ + (1−θ̃)²·q̃₀(1−q̃₀)/m̃₀ + θ̃²·q̃₁(1−q̃₁)/m̃₁)/(q̃₀+q̃₁−1)
//	          with d = 2z²·(θ̃·q̃₁(1−q̃₁)/m̃₁ − (1−θ̃)·q̃₀(1−q̃₀)/m̃₀) (the default)
//	delta     the same with nothing adjusted, too short for few items and without
//	          width where the judge made no error
//
// both cut to [0, 1]. It takes the errors of the judge for the same on the test set
// as in calibration. Details: the raw share, sensitivity and specificity, and the
// standard error of the delta method. It refuses a judge no better than chance,
// q₀ + q₁ ≤ 1, samples of nothing, and counts that contradict each other; it warns
// where θ had to be cut.
//
// [1] Rogan, Gladen (1978), American Journal of Epidemiology 107 (1): 71-76.
// [2] Lee, Zeng, Jeong, Sohn, Lee (2025), How to Correctly Report LLM-as-a-Judge
// Evaluations, arXiv 2511.21140.
func JudgeCorrection(c JudgeCounts, o Options) (Result, error) {
	const test = "judge_correction"
	o, err := o.resolve(test, "adjusted", "delta")
	if err != nil {
		return Result{}, err
	}
	if err := o.onlyTwoSided(test); err != nil {
		return Result{}, err
	}
	for _, part := range [][2]int{{c.Approved, c.N}, {c.TrueApproved, c.True}, {c.FalseRejected, c.False}} {
		if part[0] < 0 || part[0] > part[1] {
			return Result{}, refuse(test, Invalid, part[1], 0, "%d of %d is no count of verdicts", part[0], part[1])
		}
		if part[1] == 0 {
			return Result{}, refuse(test, TooFew, 0, 1, "a sample is empty: the test set, and right and wrong items of the calibration set are needed")
		}
	}
	n, m0, m1 := float64(c.N), float64(c.False), float64(c.True)
	p, q0, q1 := float64(c.Approved)/n, float64(c.FalseRejected)/m0, float64(c.TrueApproved)/m1
	better := q0 + q1 - 1
	if float64(c.FalseRejected)*m1+float64(c.TrueApproved)*m0 <= m0*m1 || better <= 0 {
		return Result{}, refuse(test, Invalid, c.True+c.False, 0, "the judge is no better than chance (sensitivity %.3g, specificity %.3g): its verdicts cannot be corrected", q1, q0)
	}
	theta := (p + q0 - 1) / better
	out := Result{Test: test, Method: o.Method, Alternative: o.Alternative, N: []int{c.N, c.False, c.True}}
	cut := math.Max(0, math.Min(1, theta))
	if cut != theta {
		out.Warnings = []string{"the verdicts contradict the calibration: the corrected share was cut to [0, 1]"}
	}
	spread := func(p, q0, q1, n, m0, m1, theta float64) float64 {
		return math.Sqrt(p*(1-p)/n+(1-theta)*(1-theta)*q0*(1-q0)/m0+theta*theta*q1*(1-q1)/m1) / (q0 + q1 - 1)
	}
	z := zFor(o.Level)
	plain := spread(p, q0, q1, n, m0, m1, theta)
	low, high := theta-z*plain, theta+z*plain
	if o.Method == "adjusted" {
		p, q0, q1 = (n*p+z*z/2)/(n+z*z), (m0*q0+1)/(m0+2), (m1*q1+1)/(m1+2)
		n, m0, m1 = n+z*z, m0+2, m1+2
		t := (p + q0 - 1) / (q0 + q1 - 1)
		centre := t + 2*z*z*(t*q1*(1-q1)/m1-(1-t)*q0*(1-q0)/m0)
		half := z * spread(p, q0, q1, n, m0, m1, t)
		low, high = centre-half, centre+half
	} else if plain == 0 {
		out.Warnings = append(out.Warnings, "no verdict varies: the interval has no width; use method adjusted")
	}
	unit := func(v float64) float64 { return math.Max(0, math.Min(1, v)) }
	out.Interval = &Interval{Estimate: cut, Low: math.Min(unit(low), cut), High: math.Max(unit(high), cut), Level: o.Level, N: c.N, Method: o.Method}
	out.Details = []Detail{{"raw", float64(c.Approved) / float64(c.N)}, {"sensitivity", float64(c.TrueApproved) / float64(c.True)},
		{"specificity", float64(c.FalseRejected) / float64(c.False)}, {"standard_error", plain}}
	return out, finite(test, c.N, low, high)
}

// PredictionPowered returns an interval for the mean of outcomes of which few are
// known, with the help of predictions (a judge's scores) of many: predicted and
// outcome belong to the same n items, and unlabelled holds predictions of N other
// items from the same population [1, 2]. The estimate is
//
//	θ = λ·mean(unlabelled) + mean(outcome − λ·predicted)
//
// with variance λ²·s²(unlabelled)/N + s²(outcome − λ·predicted)/n, whatever the
// predictions are worth. Methods choose λ:
//
//	ppi_plus  cov(outcome, predicted) / ((1 + n/N)·s²(all predictions)), within
//	          [0, 1], so that poor predictions do no harm (the default)
//	ppi       1
//
// Details: λ, the standard error, the mean of the known outcomes alone and its
// standard error. The interval is normal. It refuses fewer than two of either,
// and a variance of nothing; it warns of fewer than 30 known outcomes.
//
// [1] Angelopoulos, Bates, Fannjiang, Jordan, Zrnic (2023), Science 382: 669-674.
// [2] Angelopoulos, Duchi, Zrnic (2023), PPI++, arXiv 2311.01453.
func PredictionPowered(predicted, outcome, unlabelled []float64, o Options) (Result, error) {
	const test = "ppi_mean"
	o, err := o.resolve(test, "ppi_plus", "ppi")
	if err != nil {
		return Result{}, err
	}
	if len(predicted) != len(outcome) {
		return Result{}, refuse(test, Unpaired, min(len(predicted), len(outcome)), 0, "%d predictions and %d outcomes are not pairs", len(predicted), len(outcome))
	}
	plain, spread, err := moments(test, outcome, 2)
	if err != nil {
		return Result{}, err
	}
	mean, wide, err := moments(test, unlabelled, 2)
	if err != nil {
		return Result{}, err
	}
	n, big := float64(len(outcome)), float64(len(unlabelled))
	lambda := 1.0
	if o.Method == "ppi_plus" {
		if lambda, err = ppiWeight(test, predicted, outcome, unlabelled); err != nil {
			return Result{}, err
		}
	}
	rest := make([]float64, len(outcome))
	for i := range rest {
		rest[i] = outcome[i] - lambda*predicted[i]
	}
	centre, noise, err := moments(test, rest, 2)
	if err != nil {
		return Result{}, err
	}
	estimate, se := lambda*mean+centre, math.Sqrt(lambda*lambda*wide/big+noise/n)
	if err := varies(test, se, outcome, unlabelled); err != nil {
		return Result{}, err
	}
	half := zFor(o.Level) * se
	out := Result{Test: test, Method: o.Method, Alternative: o.Alternative, N: []int{len(outcome), len(unlabelled)},
		Statistic: (estimate - o.Mu) / se,
		Interval:  &Interval{Estimate: estimate, Low: estimate - half, High: estimate + half, Level: o.Level, N: len(outcome), Method: o.Method},
		Details:   []Detail{{"lambda", lambda}, {"standard_error", se}, {"labelled_mean", plain}, {"labelled_standard_error", math.Sqrt(spread / n)}}}
	if len(outcome) < 30 {
		out.Warnings = []string{"fewer than 30 known outcomes: the normal interval covers less often than its level"}
	}
	if err := finite(test, len(outcome), out.Statistic, out.Interval.Low, out.Interval.High); err != nil {
		return Result{}, err
	}
	return out.withP(zLogP(out.Statistic, o.Alternative)), nil
}

// ppiWeight returns λ of PPI++ for a mean.
func ppiWeight(test string, predicted, outcome, unlabelled []float64) (float64, error) {
	_, together, err := moments(test, append(append([]float64(nil), predicted...), unlabelled...), 2)
	if err != nil {
		return 0, err
	}
	first, second, err := twoMeans(test, predicted, outcome)
	if err != nil {
		return 0, err
	}
	if together == 0 {
		return 0, nil // predictions that do not vary say nothing
	}
	var products neumaier
	for i := range outcome {
		products.add((predicted[i] - first) * (outcome[i] - second))
	}
	n := float64(len(outcome))
	lambda := products.value() / (n - 1) / together / (1 + n/float64(len(unlabelled)))
	if err := finite(test, len(outcome), lambda); err != nil {
		return 0, err
	}
	return math.Max(0, math.Min(1, lambda)), nil
}
