package stat

import "math"

// EquivalenceProportions tests by two one-sided tests [1] whether the difference
// p₂ − p₁ of two independent proportions lies between −margin and margin. The null
// hypotheses are p₂ − p₁ ≤ −margin and p₂ − p₁ ≥ margin; p is the greater of the
// two p-values, and the statistic the z of the nearer bound. Methods:
//
//   - score (default): with the variance at the likeliest proportions under each
//     null hypothesis, after Farrington and Manning [2];
//   - wald: with the variance at the estimates.
//
// The interval has confidence 2·level − 1 (90 % for a level of 95 %): it inverts
// the same tests, so that it lies inside the margins exactly if p < 1 − level.
//
// [1] Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15 (6): 657-680.
// [2] Farrington, Manning (1990), Statistics in Medicine 9 (12): 1447-1454.
func EquivalenceProportions(s1, n1, s2, n2 int, margin float64, o Options) (Result, error) {
	const test = "tost_proportions"
	o, p, err := marginTest(test, s1, n1, s2, n2, margin, o)
	if err != nil {
		return Result{}, err
	}
	lower, upper := p.marginZ(-margin, o.Method), p.marginZ(margin, o.Method)
	return p.marginResult(test, o, lower, -upper)
}

// NoninferiorityProportion tests whether the second of two independent proportions
// is worse than the first by less than margin: the null hypothesis is
// p₂ − p₁ ≤ −margin. Methods and interval are those of EquivalenceProportions; the
// lower bound of the interval exceeds −margin exactly if p < 1 − level.
func NoninferiorityProportion(s1, n1, s2, n2 int, margin float64, o Options) (Result, error) {
	const test = "noninferiority_proportion"
	o, p, err := marginTest(test, s1, n1, s2, n2, margin, o)
	if err != nil {
		return Result{}, err
	}
	return p.marginResult(test, o, p.marginZ(-margin, o.Method), math.Inf(1))
}

// EquivalencePairedProportions is EquivalenceProportions for proportions on the
// same items, from the table of McNemarTest, by the score test of Tango [1]. The
// interval is Tango's with confidence 2·level − 1.
//
// [1] Tango (1998), Statistics in Medicine 17 (8): 891-908.
func EquivalencePairedProportions(table [][]float64, margin float64, o Options) (Result, error) {
	const test = "tost_paired_proportions"
	o, err := marginBetween(test, margin, o, "tango")
	if err != nil {
		return Result{}, err
	}
	f, err := checkFourfold(test, table, maxTrials)
	if err != nil {
		return Result{}, err
	}
	p := pairedScore(f)
	level := 2*o.Level - 1
	interval := p.interval(zFor(level))
	interval.Level, interval.Method, interval.N = level, o.Method, f.n()
	out := Result{Test: test, Method: o.Method, N: []int{f.n()}, Interval: &interval}
	if f.b+f.c == 0 {
		out.Warnings = []string{"no pair differs"}
	}
	return out.withMargins(p.z(-margin), -p.z(margin))
}

// withMargins sets statistic and p-value of two one-sided tests, both turned so
// that large values speak for the margin.
func (r Result) withMargins(lower, upper float64) (Result, error) {
	least := math.Min(lower, upper)
	if math.IsInf(least, 0) {
		return Result{}, refuse(r.Test, Constant, 0, 0, "neither sample varies: method %s has no standard error; take score", r.Method)
	}
	r.Statistic = least
	if upper < lower {
		r.Statistic = -upper
	}
	return r.withP(scoreLogP(least, Greater)), nil
}

// marginBetween resolves the options of a test with a margin.
func marginBetween(test string, margin float64, o Options, methods ...string) (Options, error) {
	o, err := o.resolve(test, methods...)
	switch {
	case err != nil:
		return o, err
	case !(margin > 0 && margin < 1):
		return o, badOption(test, "margin %v is outside (0, 1)", margin)
	case o.Level <= 0.5:
		return o, badOption(test, "level %v: the interval of confidence 2·level - 1 needs a level above 0.5", o.Level)
	}
	return o, o.onlyTwoSided(test)
}

func marginTest(test string, s1, n1, s2, n2 int, margin float64, o Options) (Options, twoCounts, error) {
	o, err := marginBetween(test, margin, o, "score", "wald")
	if err != nil {
		return o, twoCounts{}, err
	}
	for _, sample := range [][2]int{{s1, n1}, {s2, n2}} {
		if err := checkTrials(test, sample[0], sample[1], maxTrials); err != nil {
			return o, twoCounts{}, err
		}
	}
	return o, twoCounts{float64(s1), float64(n1), float64(s2), float64(n2)}, nil
}

// marginZ returns the z of p₂ − p₁ = delta, infinite where there is no variance.
func (t twoCounts) marginZ(delta float64, method string) float64 {
	if method == "score" {
		return t.scoreZ(delta, 1)
	}
	gap := t.difference() - delta
	if gap == 0 {
		return 0
	}
	return gap / math.Sqrt(t.waldVariance())
}

// marginResult returns the result of a test with margins.
func (t twoCounts) marginResult(test string, o Options, lower, upper float64) (Result, error) {
	level := 2*o.Level - 1
	z := zFor(level)
	interval := Interval{Estimate: t.difference(), Level: level, N: int(t.n1 + t.n2), Method: o.Method}
	if o.Method == "score" {
		interval.Low, interval.High = t.scoreInterval(z, 1)
	} else {
		half := z * math.Sqrt(t.waldVariance())
		interval.Low, interval.High = math.Max(-1, interval.Estimate-half), math.Min(1, interval.Estimate+half)
	}
	out := Result{Test: test, Method: o.Method, N: []int{int(t.n1), int(t.n2)}, Interval: &interval}
	return out.withMargins(lower, upper)
}
