package stat

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// The numbers of pairs up to which the signed-rank test is exact by itself and on
// demand; beyond the latter the number of signs, 2ⁿ, is no float64.
const (
	signedRankExact   = 200
	signedRankLargest = 1000
)

// WilcoxonSignedRank tests whether the differences d = y − x of pairs are
// distributed symmetrically about mu, by Wilcoxon's signed-rank test [1]. The
// statistic is the sum of the ranks of |d − mu| over the positive d − mu,
//
//	V = Σ rank(|dᵢ − mu|) over dᵢ > mu
//
// equal ones sharing the mean of their ranks. Under the null hypothesis every
// sign is as likely as its opposite. Symmetry is an assumption where the test is
// to be one of the median: SignTest does without.
//
// Methods, which differ in what becomes of differences equal to mu (zeros):
//
//	auto                      exact for up to 200 of them that are not zero, else asymptotic
//	exact                     zeros are left out [1]; the distribution given the ties
//	pratt                     zeros are ranked, then left out [2]; exact up to 1000, else asymptotic_pratt
//	zsplit                    zeros are ranked and half of their ranks counted; likewise
//	asymptotic                normal, with the variance given the ties, and for continuity
//	asymptotic_no_correction  the same without the correction for continuity
//	asymptotic_pratt          normal after pratt, with the mean and variance of [3]
//	asymptotic_zsplit         normal after zsplit, zeros counting in the variance as
//	                          though their signs were drawn, too: larger p-values
//
// Given the zeros the exact p-values of pratt and zsplit are the same.
//
// The interval is that of Hodges and Lehmann [4] for the pseudo-median of d: the
// median of the n(n+1)/2 Walsh averages (dᵢ + dⱼ)/2 of all differences, zeros
// included, between the k-th smallest and the k-th largest, where k inverts the
// test without ties and zeros, with which the interval covers more than it claims,
// not less. Where none bounds it at this level there is no interval, and a warning.
//
// It refuses samples of unequal length, empty ones, values that are not finite,
// and pairs of which none differs from mu. The effect is the matched-pairs
// rank-biserial correlation about mu, where two differences at least are not zero.
//
// [1] Wilcoxon (1945), Biometrics Bulletin 1 (6): 80-83.
// [2] Pratt (1959), JASA 54 (287): 655-667.
// [3] Cureton (1967), JASA 62 (319): 1068-1069.
// [4] Hodges, Lehmann (1963), Annals of Mathematical Statistics 34 (2): 598-611.
func WilcoxonSignedRank(x, y []float64, o Options) (Result, error) {
	const test = "wilcoxon_signed_rank"
	d, err := differences(test, x, y)
	if err != nil {
		return Result{}, err
	}
	return wilcoxon(test, d, o)
}

// WilcoxonOneSample tests whether a sample is distributed symmetrically about mu:
// WilcoxonSignedRank of differences that are given.
func WilcoxonOneSample(x []float64, o Options) (Result, error) {
	const test = "wilcoxon_signed_rank"
	if err := checkFinite(test, x); err != nil {
		return Result{}, err
	}
	return wilcoxon(test, x, o)
}

func wilcoxon(test string, d []float64, o Options) (Result, error) {
	o, err := o.resolve(test, "auto", "exact", "pratt", "zsplit", "asymptotic",
		"asymptotic_no_correction", "asymptotic_pratt", "asymptotic_zsplit")
	if err != nil {
		return Result{}, err
	}
	if len(d) == 0 {
		return Result{}, refuse(test, TooFew, 0, 1, "there are no pairs")
	}
	sorted := sortedFloats(d)
	all := sumsOf(sorted)
	if err := finite(test, len(d), all.least(), all.greatest(), sorted[0]-o.Mu, sorted[len(d)-1]-o.Mu); err != nil {
		return Result{}, err
	}
	signed := signedRanks(sorted, o.Mu, strings.HasSuffix(o.Method, "pratt"), strings.HasSuffix(o.Method, "zsplit"))
	if len(signed.scores) == 0 {
		return Result{}, refuse(test, Constant, len(d), 0, "no pair differs from mu = %g, so there is nothing to rank", o.Mu)
	}
	if (o.Method == "pratt" || o.Method == "zsplit") && len(signed.scores) > signedRankLargest {
		o.Method = "asymptotic_" + o.Method
	}
	if o.Method, err = exactOr(test, o.Method, len(signed.scores), signedRankExact, signedRankLargest); err != nil {
		return Result{}, err
	}
	r := Result{Test: test, Method: o.Method, Alternative: o.Alternative, N: []int{len(d)},
		Statistic: float64(2*signed.twiceV+signed.zeroRanks) / 4}
	if strings.HasPrefix(o.Method, "asymptotic") {
		r = r.withP(signed.normalLogP(o))
	} else {
		r = r.withExactP(signedSum(signed.scores).p(signed.twiceV, o.Alternative))
	}
	if signed.zeros > 0 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%d of %d differences are equal to mu", signed.zeros, len(d)))
	}
	r.Interval, r.Warnings = shiftInterval(all, signedRankBound(len(d), o), o, r.Warnings)
	r.Interval.N = len(d)
	r.Interval.Estimate, r.Interval.Low, r.Interval.High = r.Interval.Estimate/2, r.Interval.Low/2, r.Interval.High/2
	if e, err := RankBiserialPaired(make([]float64, len(signed.left)), signed.left, Options{Level: o.Level}); err == nil {
		r.Effect = &e
	}
	return r, nil
}

// signedRank holds the ranks of differences that are not zero.
type signedRank struct {
	// left are those, from mu, by size.
	left []float64
	// scores are ranks doubled, ascending.
	scores []int
	// twiceV is the sum of those that are positive.
	twiceV int
	zeros  int
	// zeroRanks is the doubled sum of the ranks of zeros where half of it counts.
	zeroRanks int
	zsplit    bool
}

// signedRanks ranks the differences from mu by size, with or without zeros. d
// ascends.
func signedRanks(d []float64, mu float64, pratt, zsplit bool) signedRank {
	out := signedRank{zsplit: zsplit}
	// Towards both ends sizes ascend: merge the two.
	j, _ := slices.BinarySearch(d, mu)
	i := j - 1
	for j < len(d) && d[j] == mu {
		j++
	}
	left := make([]float64, 0, len(d))
	for i >= 0 || j < len(d) {
		if j == len(d) || i >= 0 && mu-d[i] < d[j]-mu {
			left = append(left, d[i]-mu)
			i--
		} else {
			left = append(left, d[j]-mu)
			j++
		}
	}
	out.left = left
	out.zeros = len(d) - len(left)
	before := 0
	if pratt || zsplit {
		before = out.zeros
	}
	if zsplit {
		out.zeroRanks = out.zeros * (out.zeros + 1)
	}
	out.scores = make([]int, len(left))
	for i := 0; i < len(left); {
		j := i
		for j < len(left) && math.Abs(left[j]) == math.Abs(left[i]) {
			j++
		}
		for k := i; k < j; k++ {
			out.scores[k] = 2*before + i + j + 1
			if left[k] > 0 {
				out.twiceV += out.scores[k]
			}
		}
		i = j
	}
	return out
}

// normalLogP returns the p-value by the normal approximation, with mean Σr/2 and
// variance Σr²/4 over the ranks whose signs are random.
func (s signedRank) normalLogP(o Options) float64 {
	twiceSum, squares := 0, 0.0
	for _, r := range s.scores {
		twiceSum += r
		squares += float64(r) * float64(r)
	}
	if s.zsplit {
		rank := float64(s.zeros + 1) // twice that of a zero
		squares += float64(s.zeros) * rank * rank
	}
	return normalLogP(float64(2*s.twiceV-twiceSum)/4, math.Sqrt(squares)/4, o.Alternative,
		o.Method != "asymptotic_no_correction")
}

// signedRankBound returns which Walsh averages bound the pseudo-median of n.
func signedRankBound(n int, o Options) rankBound {
	if strings.HasPrefix(o.Method, "asymptotic") || n > signedRankLargest {
		m := float64(n)
		return normalRank(m*(m+1)/2, math.Sqrt(m*(m+1)*(2*m+1)/24), o)
	}
	scores := make([]int, n)
	for i := range scores {
		scores[i] = i + 1
	}
	_, counts := signCounts(scores, n*(n+1)/4)
	return exactRank(counts, math.Ldexp(1, n), o.Level)
}
