package stat

import (
	"fmt"
	"math"
)

// TwoProportions tests whether the probability of success is the same in two
// independent samples, from the successes and trials of each. Greater means that
// the second, the treatment, has the greater. Methods:
//
//   - pooled (default): the score test
//     z = (p̂₂ − p̂₁) / √(p̄(1−p̄)(1/n₁ + 1/n₂)), p̄ the proportion of both together;
//     its square is Pearson's chi-square without correction;
//   - unpooled: Wald's, with p̂₁(1−p̂₁)/n₁ + p̂₂(1−p̂₂)/n₂ under the root;
//   - miettinen_nurminen: the score test with the variance factor N/(N−1), which
//     also tests a difference Mu other than 0 [1].
//
// Mu must be 0 for the first. The statistic is z. The interval is that of the
// difference p₂ − p₁ by the method named: newcombe (used if it is empty), agresti_caffo,
// miettinen_nurminen, wald; see DifferenceInterval. It is two-sided whatever the
// alternative. Where no variance is left (all or none succeed in both samples) p
// is 1, with a warning, and the interval stands.
//
// [1] Miettinen, Nurminen (1985), Statistics in Medicine 4 (2): 213-226.
func TwoProportions(s1, n1, s2, n2 int, interval string, o Options) (Result, error) {
	const test = "two_proportions"
	o, err := o.resolve(test, "pooled", "unpooled", "miettinen_nurminen")
	if err != nil {
		return Result{}, err
	}
	if interval == "" {
		interval = "newcombe"
	}
	bounds, err := DifferenceInterval(s1, n1, s2, n2, Options{Level: o.Level, Method: interval})
	if err != nil {
		return Result{}, refusedIn(err, test, "interval "+interval)
	}
	if !(o.Mu > -1 && o.Mu < 1) || (o.Mu != 0 && o.Method == "pooled") {
		return Result{}, badOption(test, "mu = %v: the difference under the null hypothesis is 0 for method pooled, and inside (-1, 1) for the others", o.Mu)
	}
	p := twoCounts{float64(s1), float64(n1), float64(s2), float64(n2)}
	out := Result{Test: test, Method: o.Method, Alternative: o.Alternative, Interval: bounds.Interval, N: []int{n1, n2},
		Warnings: bounds.Warnings,
		Effect:   effectOf(CohensH([][]float64{{p.s1, p.n1 - p.s1}, {p.s2, p.n2 - p.s2}}, Options{Level: o.Level}))}
	var variance float64
	switch o.Method {
	case "pooled":
		both := (p.s1 + p.s2) / (p.n1 + p.n2)
		variance = both * ((p.n1 - p.s1 + p.n2 - p.s2) / (p.n1 + p.n2)) * (1/p.n1 + 1/p.n2)
	case "unpooled":
		variance = p.waldVariance()
	default:
		variance = p.nullVariance(o.Mu) * (p.n1 + p.n2) / (p.n1 + p.n2 - 1)
	}
	gap := p.difference() - o.Mu
	if variance <= 0 {
		if gap != 0 {
			return Result{}, refuse(test, Constant, n1+n2, 0, "neither sample varies: method %s has no standard error; take pooled or an exact test", o.Method)
		}
		out.Warnings = append(out.Warnings, "all outcomes are the same: the test has nothing to go by")
		return out.withP(0), nil
	}
	out.Statistic = gap / math.Sqrt(variance)
	if math.Min(math.Min(p.s1, p.n1-p.s1), math.Min(p.s2, p.n2-p.s2)) < 5 {
		out.Warnings = append(out.Warnings, "a sample has fewer than 5 successes or failures: the normal approximation is poor; an exact test does without it")
	}
	return out.withP(scoreLogP(out.Statistic, o.Alternative)), nil
}

// DifferenceInterval returns an interval for the difference of two independent
// proportions, the second minus the first. Methods:
//
//   - newcombe (default): the hybrid of the two Wilson intervals, method 10 of [1];
//     with bounds lᵢ, uᵢ of pᵢ,
//     D − √((p₂−l₂)² + (u₁−p₁)²) to D + √((u₂−p₂)² + (p₁−l₁)²);
//   - agresti_caffo: Wald's after one success and one failure are added to each
//     sample [2], cut to [−1, 1];
//   - miettinen_nurminen: the differences that the score test with the variance
//     factor N/(N−1) does not reject [3];
//   - wald: p̂₂ − p̂₁ ± z·se, cut to [−1, 1]; for comparison only, as it covers too
//     little and has no width where neither sample varies.
//
// [1] Newcombe (1998), Statistics in Medicine 17 (8): 873-890.
// [2] Agresti, Caffo (2000), The American Statistician 54 (4): 280-288.
// [3] Miettinen, Nurminen (1985), Statistics in Medicine 4 (2): 213-226.
func DifferenceInterval(s1, n1, s2, n2 int, o Options) (Result, error) {
	o, err := o.resolve("difference", "newcombe", "agresti_caffo", "miettinen_nurminen", "wald")
	if err != nil {
		return Result{}, err
	}
	for i, sample := range [][2]int{{s1, n1}, {s2, n2}} {
		if err := checkTrials(o.Method, sample[0], sample[1], maxTrials); err != nil {
			return Result{}, refusedIn(err, o.Method, fmt.Sprintf("sample %d", i+1))
		}
	}
	p := twoCounts{float64(s1), float64(n1), float64(s2), float64(n2)}
	z := zFor(o.Level)
	out := Interval{Estimate: p.difference(), Level: o.Level, N: n1 + n2, Method: o.Method}
	switch o.Method {
	case "newcombe":
		l1, u1 := wilson(p.s1, p.n1, z)
		l2, u2 := wilson(p.s2, p.n2, z)
		p1, p2 := p.s1/p.n1, p.s2/p.n2
		out.Low, out.High = out.Estimate-math.Hypot(p2-l2, u1-p1), out.Estimate+math.Hypot(u2-p2, p1-l1)
	case "miettinen_nurminen":
		out.Low, out.High = p.scoreInterval(z, (p.n1+p.n2)/(p.n1+p.n2-1))
	default:
		wald := p
		if o.Method == "agresti_caffo" {
			wald = twoCounts{p.s1 + 1, p.n1 + 2, p.s2 + 1, p.n2 + 2}
		}
		centre, half := wald.difference(), z*math.Sqrt(wald.waldVariance())
		out.Low, out.High = centre-half, centre+half
		if half == 0 {
			out.Warnings = []string{"neither sample varies: Wald's interval has no width"}
		}
	}
	out.Low, out.High = math.Max(-1, out.Low), math.Min(1, out.High)
	return Result{Test: o.Method, Method: o.Method, Interval: &out, N: []int{n1, n2}, Warnings: out.Warnings}, nil
}

// twoCounts holds successes and trials of two independent samples.
type twoCounts struct{ s1, n1, s2, n2 float64 }

// difference returns p̂₂ − p̂₁, rounded once in the numerator.
func (t twoCounts) difference() float64 {
	a, b := t.s2*t.n1, t.s1*t.n2
	exact := (a - b) + (math.FMA(t.s2, t.n1, -a) - math.FMA(t.s1, t.n2, -b))
	return exact / (t.n1 * t.n2)
}

// waldVariance returns the variance of the difference at the estimates.
func (t twoCounts) waldVariance() float64 {
	return t.s1/t.n1*((t.n1-t.s1)/t.n1)/t.n1 + t.s2/t.n2*((t.n2-t.s2)/t.n2)/t.n2
}

// nullVariance returns the variance of the difference at the maximum of the
// likelihood under p₂ − p₁ = delta.
func (t twoCounts) nullVariance(delta float64) float64 {
	p1, q1, p2, q2 := t.restricted(delta)
	return p1*q1/t.n1 + p2*q2/t.n2
}

// restricted returns the proportions p₁ and p₂ = p₁ + delta of the greatest
// likelihood, each with its complement. The logarithm of the likelihood is
// strictly concave in p₁, so the zero of its derivative
//
//	(s₁ − n₁p₁)/(p₁q₁) + (s₂ − n₂p₂)/(p₂q₂)
//
// is found between the ends, instead of by the cosine formula for the cubic [1]
// that loses digits where roots are close.
//
// [1] Farrington, Manning (1990), Statistics in Medicine 9 (12): 1447-1454.
func (t twoCounts) restricted(delta float64) (p1, q1, p2, q2 float64) {
	if delta < 0 { // exchange success and failure
		q1, p1, q2, p2 = twoCounts{t.n1 - t.s1, t.n1, t.n2 - t.s2, t.n2}.restricted(-delta)
		return p1, q1, p2, q2
	}
	room := 1 - delta // p₁ lies in [0, room], q₂ = room − p₁
	score := func(p float64) float64 {
		q, r := 1-p, room-p
		return quotient(t.s1, p) - (t.n1-t.s1)/q + t.s2/(p+delta) - quotient(t.n2-t.s2, r)
	}
	switch {
	case delta == 0:
		p1 = (t.s1 + t.s2) / (t.n1 + t.n2)
	case t.s1 == 0 && score(0) <= 0:
		p1 = 0
	case t.n2 == t.s2 && score(room) >= 0:
		p1 = room
	default:
		p1 = bracketedRoot(score, 0, room)
	}
	return p1, 1 - p1, p1 + delta, room - p1
}

// quotient returns s/p, and 0 for s = 0 whatever p is.
func quotient(s, p float64) float64 {
	if s == 0 {
		return 0
	}
	return s / math.Max(p, 0)
}

// scoreZ returns the score statistic of p₂ − p₁ = delta.
func (t twoCounts) scoreZ(delta, factor float64) float64 {
	gap := t.difference() - delta
	if gap == 0 {
		return 0
	}
	return gap / math.Sqrt(t.nullVariance(delta)*factor)
}

// scoreInterval returns the differences whose score statistic is within z.
func (t twoCounts) scoreInterval(z, factor float64) (low, high float64) {
	d := t.difference()
	low, high = -1, 1
	if d > -1 {
		low = bracketedRoot(func(delta float64) float64 { return t.scoreZ(delta, factor) - z }, -1, d)
	}
	if d < 1 {
		high = bracketedRoot(func(delta float64) float64 { return t.scoreZ(delta, factor) + z }, d, 1)
	}
	return low, high
}
