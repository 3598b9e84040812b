package stat

import (
	"fmt"
	"math"
)

// maxPassSteps bounds the factors of a product of PassAtK.
const maxPassSteps = 10_000_000

// PassAtK returns the chance that at least one of k answers drawn without
// replacement from n, of which c are correct, is correct [1]:
//
//	pass@k = 1 − C(n−c, k)/C(n, k) = 1 − Π (1 − k/i), i from n−c+1 to n
//
// It is the unbiased estimate of the chance that one of k independent answers of
// the model is correct; 1 − (1 − c/n)^k is biased downwards. The product has the
// fewer of c and k factors, and is summed in logarithms, so that small values keep
// their digits. It refuses k > n: fewer answers than k say nothing without bias
// about k.
//
// [1] Chen et al. (2021), Evaluating Large Language Models Trained on Code, arXiv 2107.03374.
func PassAtK(n, c, k int) (float64, error) {
	return passProduct("pass_at_k", n, n-c, k, func(log float64) float64 { return -math.Expm1(log) }, c)
}

// PassHatK returns the chance that all of k answers drawn without replacement from
// n, of which c are correct, are correct, also written pass^k:
//
//	C(c, k)/C(n, k)
//
// the unbiased estimate of the chance that k independent answers all are. It
// refuses k > n.
func PassHatK(n, c, k int) (float64, error) {
	return passProduct("pass_hat_k", n, c, k, math.Exp, c)
}

// passProduct returns of(ln C(m, k)/C(n, k)), by the fewer of k and n − m factors.
func passProduct(test string, n, m, k int, of func(float64) float64, correct int) (float64, error) {
	switch {
	case n < 0 || correct < 0 || correct > n:
		return 0, refuse(test, Invalid, n, 0, "%d of %d answers are correct", correct, n)
	case k < 1:
		return 0, badOption(test, "k = %d is less than 1", k)
	case n < k:
		return 0, refuse(test, TooFew, n, k, "%d answers cannot give an unbiased estimate for k = %d", n, k)
	case m < k:
		return of(math.Inf(-1)), nil
	case min(k, n-m) > maxPassSteps:
		return 0, refuse(test, TooLarge, n, 0, "the product has more than %d factors", maxPassSteps)
	}
	log := 0.0
	if k <= n-m {
		for i := range k {
			log += math.Log1p(-float64(n-m) / float64(n-i))
		}
	} else {
		for i := m + 1; i <= n; i++ {
			log += math.Log1p(-float64(k) / float64(i))
		}
	}
	return of(log), nil
}

// PassAtKMean returns the mean of PassAtK over problems, from the number of
// answers n and of correct ones c of each. The problems are what is drawn from a
// population, so the interval is over them, however many answers each has:
// answers to one problem are not independent. Methods:
//
//   - student (default): Student's interval for the mean of the estimates of the
//     problems, cut to [0, 1];
//   - bootstrap: the percentile interval of Replicates (10,000 if 0) means of as
//     many problems drawn with replacement.
//
// The statistic is absent, as nothing is tested. Where every problem has the
// estimate 0, or every one 1, the interval is Clopper and Pearson's with problems
// for trials: it holds for the mean of any distribution in [0, 1], since all of m
// values are 1 with probability at most the mth power of the mean. It refuses
// fewer than two problems, and any problem with fewer than k answers.
func PassAtKMean(n, c []float64, k int, o Options) (Result, error) {
	return passMean("pass_at_k", n, c, k, PassAtK, o)
}

// PassHatKMean is PassAtKMean for PassHatK: that all of k answers are correct.
func PassHatKMean(n, c []float64, k int, o Options) (Result, error) {
	return passMean("pass_hat_k", n, c, k, PassHatK, o)
}

func passMean(test string, n, c []float64, k int, estimate func(n, c, k int) (float64, error), o Options) (Result, error) {
	o, err := o.resolve(test, "student", "bootstrap")
	if err != nil {
		return Result{}, err
	}
	if len(n) != len(c) {
		return Result{}, refuse(test, Unpaired, min(len(n), len(c)), 0, "there are %d numbers of answers and %d of correct ones", len(n), len(c))
	}
	for _, counts := range [][]float64{n, c} {
		if _, err := checkCounts(test, counts); err != nil {
			return Result{}, err
		}
	}
	if len(n) < 2 {
		return Result{}, refuse(test, TooFew, len(n), 2, "the interval is over problems, of which there are too few")
	}
	each, constant, work := make([]float64, len(n)), true, 0.0
	for i := range n {
		if work += math.Min(float64(k), n[i]); work > maxTableWork {
			return Result{}, refuse(test, TooLarge, len(n), 0, "the products have more than %g factors", float64(maxTableWork))
		}
		if each[i], err = estimate(int(n[i]), int(c[i]), k); err != nil {
			return Result{}, refusedIn(err, test, fmt.Sprintf("problem %d", i))
		}
		constant = constant && each[i] == each[0]
	}
	out := Result{Test: test, Method: o.Method, N: []int{len(n)}}
	if constant && (each[0] == 0 || each[0] == 1) {
		bounds := ClopperPearson(int(each[0])*len(n), len(n), o.Level)
		out.Interval = &bounds
		out.Warnings = []string{"all problems have the same estimate: the interval is that of Clopper and Pearson with problems for trials"}
		return out, nil
	}
	if o.Method == "bootstrap" {
		drawn, err := Bootstrap(each, Resample{}, Options{Level: o.Level, Method: "percentile", Seed: o.Seed, Replicates: o.Replicates, Workers: o.Workers})
		if err != nil {
			return Result{}, renamed(err, test)
		}
		out.Interval, out.Warnings = drawn.Interval, drawn.Warnings
		return out, nil
	}
	bounds, err := MeanInterval(each, o.Level)
	if err != nil {
		return Result{}, renamed(err, test)
	}
	bounds.Low, bounds.High, bounds.Method = math.Max(0, bounds.Low), math.Min(1, bounds.High), o.Method
	out.Interval, out.Warnings = &bounds, bounds.Warnings
	if len(n) < 30 {
		out.Warnings = append(out.Warnings, "fewer than 30 problems: Student's interval for values that pile up at 0 and 1 is approximate")
	}
	return out, nil
}
