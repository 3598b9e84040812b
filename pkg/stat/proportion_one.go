package stat

import (
	"fmt"
	"math"

	"github.com/crucible-go/crucible/pkg/stat/dist"
)

// maxTrials bounds the trials of exact binomial procedures, whose time grows with
// the square root of their number.
const maxTrials = 1e12

// BinomialTest tests whether the probability of success is p0, from the number of
// successes in independent trials. Methods:
//
//   - exact (default): two-sided by minimum likelihood, the probability under p0
//     of all outcomes no likelier than the one observed, taken as equal up to a
//     factor of 1 + 1e-7, as in R and SciPy; one-sided a tail of the binomial
//     distribution;
//   - midp: the same with outcomes as likely as the one observed counted half
//     [1]; not conservative as the exact test, and not guaranteed to hold its level;
//   - score: z = (p̂ − p0)/√(p0(1−p0)/n), normal for large n.
//
// The statistic is the number of successes, or z. The interval is that of
// ProportionInterval by the method named, "clopper_pearson" if it is empty; it is
// two-sided whatever the alternative. p0 must lie inside (0, 1): at its ends only
// one outcome is possible.
//
// [1] Lancaster (1961), JASA 56 (294): 223-234.
func BinomialTest(successes, trials int, p0 float64, interval string, o Options) (Result, error) {
	const test = "binomial"
	o, err := o.resolve(test, "exact", "midp", "score")
	if err != nil {
		return Result{}, err
	}
	if err := checkTrials(test, successes, trials, maxTrials); err != nil {
		return Result{}, err
	}
	if !(p0 > 0 && p0 < 1) {
		return Result{}, badOption(test, "p0 = %v is outside (0, 1)", p0)
	}
	if interval == "" {
		interval = "clopper_pearson"
	}
	bounds, err := ProportionInterval(successes, trials, Options{Level: o.Level, Method: interval})
	if err != nil {
		return Result{}, refusedIn(err, test, "interval")
	}
	out := Result{Test: test, Method: o.Method, Alternative: o.Alternative, Statistic: float64(successes),
		Interval: bounds.Interval, N: []int{trials}}
	if o.Method == "score" {
		n := float64(trials)
		out.Statistic = (float64(successes) - n*p0) / math.Sqrt(n*p0*(1-p0))
		if n*math.Min(p0, 1-p0) < 5 {
			out.Warnings = append(out.Warnings, "fewer than 5 successes or failures are expected: the normal approximation is poor")
		}
		return out.withP(scoreLogP(out.Statistic, o.Alternative)), nil
	}
	logP, logEqual := binomialLogP(successes, trials, p0, o.Alternative)
	if o.Method == "midp" {
		logP += math.Log1p(-0.5 * math.Exp(math.Min(0, logEqual-logP)))
	}
	return out.withP(logP), nil
}

// likelyTolerance is the factor, less 1, up to which two probabilities count as
// equal when outcomes are put in order of likelihood.
const likelyTolerance = 1e-7

// binomialLogP returns the logarithm of the exact p-value, and that of the part of
// it that falls on outcomes as likely as the one observed.
func binomialLogP(k, n int, p float64, alternative Alternative) (logP, logEqual float64) {
	q := 1 - p
	here := binomialLogPMFOf(k, n, p, q)
	switch alternative {
	case Greater:
		return binomialLogLE(n-k, n, q, p), here
	case Less:
		return binomialLogLE(k, n, p, q), here
	}
	if float64(k) > float64(n)*p { // mirror: observe below the mean
		k, p, q = n-k, q, p
	}
	// The probabilities fall from the mode on: find the first j above it that is
	// no likelier than k.
	mode := int(math.Min(float64(n), math.Floor(float64(n+1)*p)))
	if k >= mode {
		return 0, here
	}
	low, high := mode, n+1 // the answer lies in (low, high]
	for high-low > 1 {
		middle := low + (high-low)/2
		if binomialLogPMFOf(middle, n, p, q) <= here+likelyTolerance {
			high = middle
		} else {
			low = middle
		}
	}
	if binomialLogPMFOf(mode, n, p, q) <= here+likelyTolerance {
		high = mode
	}
	logEqual = here
	if other := binomialLogPMFOf(high, n, p, q); math.Abs(other-here) <= likelyTolerance {
		logEqual = logAdd(here, other)
	}
	if high == k+1 {
		return 0, logEqual
	}
	return math.Min(0, logAdd(binomialLogLE(k, n, p, q), binomialLogLE(n-high, n, q, p))), logEqual
}

// ProportionInterval returns an interval for a proportion from the successes in
// independent trials. Methods: wilson (default), clopper_pearson, jeffreys,
// agresti_coull; see the functions of these names. An interval p ± z·se of Wald is
// not offered: it has no width at 0 and at 100 %, and covers far less than its
// level near them [1].
//
// [1] Brown, Cai, DasGupta (2001), Statistical Science 16 (2): 101-133.
func ProportionInterval(successes, trials int, o Options) (Result, error) {
	o, err := o.resolve("proportion", "wilson", "clopper_pearson", "jeffreys", "agresti_coull")
	if err != nil {
		return Result{}, err
	}
	if err := checkTrials(o.Method, successes, trials, maxTrials); err != nil {
		return Result{}, err
	}
	of := map[string]func(k, n int, level float64) Interval{
		"wilson": Wilson, "clopper_pearson": ClopperPearson, "jeffreys": Jeffreys, "agresti_coull": AgrestiCoull}
	interval := of[o.Method](successes, trials, o.Level)
	return Result{Test: o.Method, Method: o.Method, Interval: &interval, N: []int{trials}}, nil
}

// ClopperPearson returns the interval for k successes in n trials that inverts
// the two one-sided exact tests [1]: the bounds are the p with
//
//	P(X ≥ k; low) = α/2,  P(X ≤ k; high) = α/2
//
// for X binomial, and 0 or 1 where k is 0 or n. It covers with at least its level
// for every p, and for most with more. The bounds are solved for on the logarithms
// of the tails, and are good to about 14 digits also for extreme levels.
//
// For n = 0 it returns [0, 1] about 1/2 and a warning. It panics if k is outside
// [0, n] or level outside (0, 1).
//
// [1] Clopper, Pearson (1934), Biometrika 26 (4): 404-413.
func ClopperPearson(k, n int, level float64) Interval {
	out, ok := oneProportion("clopper_pearson", k, n, level)
	out.Attained = level
	if !ok {
		out.Attained = 1
		return out
	}
	logHalf := math.Log((1 - level) / 2)
	if k > 0 {
		out.Low = binomialSolveGE(k, n, logHalf)
	}
	if k < n {
		out.High = 1 - binomialSolveGE(n-k, n, logHalf)
		if 2*k < n { // 1 − x would lose digits
			out.High = binomialSolveLE(k, n, logHalf)
		}
	}
	return out
}

// binomialSolveGE returns the p with ln P(X ≥ k; p) = logP, for 0 < k ≤ n.
func binomialSolveGE(k, n int, logP float64) float64 {
	if k == n {
		return math.Exp(logP / float64(n))
	}
	return bracketedRoot(func(p float64) float64 { return binomialLogLEAt(n-k, n, 1-p, p) - logP }, 0, 1)
}

// binomialSolveLE returns the p with ln P(X ≤ k; p) = logP, for 0 ≤ k < n.
func binomialSolveLE(k, n int, logP float64) float64 {
	if k == 0 {
		return -math.Expm1(logP / float64(n))
	}
	return bracketedRoot(func(p float64) float64 { return binomialLogLEAt(k, n, p, 1-p) - logP }, 0, 1)
}

// binomialLogLEAt is binomialLogLE for p in [0, 1] and 0 ≤ k < n.
func binomialLogLEAt(k, n int, p, q float64) float64 {
	switch {
	case p <= 0:
		return 0
	case q <= 0:
		return math.Inf(-1)
	}
	return binomialLogLE(k, n, p, q)
}

// Jeffreys returns the equal-tailed interval of the posterior Beta(k+½, n−k+½)
// of a proportion under Jeffreys' prior, with the bound 0 where k = 0 and 1 where
// k = n, as [1] defines it for use as a confidence interval: without these, it
// would never cover a proportion close to 0 or 1. It covers close to its level on
// average, not for every p.
//
// For n = 0 it returns [0, 1] about 1/2 and a warning. It panics if k is outside
// [0, n] or level outside (0, 1).
//
// [1] Brown, Cai, DasGupta (2001), Statistical Science 16 (2): 101-133.
func Jeffreys(k, n int, level float64) Interval {
	out, ok := oneProportion("jeffreys", k, n, level)
	if !ok {
		return out
	}
	half := (1 - level) / 2
	posterior := dist.Beta{A: float64(k) + 0.5, B: float64(n-k) + 0.5}
	if k > 0 {
		out.Low = posterior.Quantile(half)
	}
	if k < n {
		out.High = posterior.InvSF(half)
	}
	return out
}

// AgrestiCoull returns Wald's interval after z²/2 successes and z²/2 failures have
// been added [1]:
//
//	p̃ ± z·√(p̃(1−p̃)/ñ),  ñ = n + z²,  p̃ = (k + z²/2)/ñ
//
// cut to [0, 1]. It contains Wilson's interval, whose centre it shares. The
// estimate is k/n.
//
// For n = 0 it returns [0, 1] about 1/2 and a warning. It panics if k is outside
// [0, n] or level outside (0, 1).
//
// [1] Agresti, Coull (1998), The American Statistician 52 (2): 119-126.
func AgrestiCoull(k, n int, level float64) Interval {
	out, ok := oneProportion("agresti_coull", k, n, level)
	if !ok {
		return out
	}
	z := zFor(level)
	trials := float64(n) + z*z
	p, q := (float64(k)+z*z/2)/trials, (float64(n-k)+z*z/2)/trials
	half := z * math.Sqrt(p*q/trials)
	out.Low, out.High = math.Max(0, p-half), math.Min(1, p+half)
	return out
}

// oneProportion starts an interval for a proportion with the bounds 0 and 1; it
// is not ok where there are no trials, and panics on a mistake.
func oneProportion(method string, k, n int, level float64) (Interval, bool) {
	if k < 0 || k > n {
		panic(fmt.Sprintf("stat: %d successes in %d trials", k, n))
	}
	checkLevel(level)
	out := Interval{Estimate: 0.5, High: 1, Level: level, N: n, Method: method}
	if n == 0 {
		out.Warnings = []string{"no trials: nothing is known of the proportion"}
		return out, false
	}
	out.Estimate = float64(k) / float64(n)
	return out, true
}
