package stat

import "math"

// CUPED compares the means of two independent samples with the help of a
// covariate that the treatment cannot have changed, such as the score of a
// baseline model on the same item or the item's length [1]. With θ the slope of
// the outcome on the covariate within samples, the estimate is
//
//	(ȳ − x̄) − θ·(c̄(y) − c̄(x))
//
// whose variance is smaller by the square of their correlation. It is computed as
// the regression of the outcome on the treatment and the covariate, which has that
// estimate, and whose standard error by cr2 allows for the slope being estimated,
// for unequal variances, and for clusters if there are any, with Satterthwaite's
// degrees of freedom (see ClusteredRegression; cr0, cr1 and cr3 are there too).
//
// covariateX and covariateY belong to x and y; clusters may be nil. Details: θ,
// the correlation within samples, the difference of the covariate's means, the
// unadjusted difference and its standard error, and the share of the variance that
// is saved. It refuses a covariate that is constant within samples, and what
// ClusteredRegression refuses.
//
// [1] Deng, Xu, Kohavi, Walker (2013), WSDM: 123-132.
func CUPED(x, y, covariateX, covariateY []float64, clusters []int, o Options) (Result, error) {
	const test = "cuped"
	if len(covariateX) != len(x) || len(covariateY) != len(y) {
		return Result{}, refuse(test, Unpaired, len(covariateX)+len(covariateY), 0, "%d and %d values of the covariate for %d and %d observations",
			len(covariateX), len(covariateY), len(x), len(y))
	}
	if min(len(x), len(y)) < 2 {
		return Result{}, refuse(test, TooFew, min(len(x), len(y)), 2, "too few observations in a sample")
	}
	all := append(append(make([]float64, 0, len(x)+len(y)), x...), y...)
	covariate := append(append(make([]float64, 0, len(all)), covariateX...), covariateY...)
	treated := make([]float64, len(all))
	for i := len(x); i < len(all); i++ {
		treated[i] = 1
	}
	out, err := cuped(test, all, [][]float64{treated}, covariate, 1, clusters, o)
	if err != nil {
		return Result{}, err
	}
	before, after, err := twoMeans(test, covariateX, covariateY)
	if err != nil {
		return Result{}, err
	}
	out.Details = append(out.Details, Detail{"covariate_difference", after - before})
	out.N = []int{len(x), len(y)}
	return out, nil
}

// CUPEDPaired is CUPED for the differences y − x of pairs with a covariate of each
// pair: the constant of the regression of the difference on the covariate less its
// mean. Pairing by item takes most of what a covariate can, so it gains little
// where the covariate is another model's score.
func CUPEDPaired(x, y, covariate []float64, clusters []int, o Options) (Result, error) {
	const test = "cuped"
	d, err := differences(test, x, y)
	if err != nil {
		return Result{}, err
	}
	if len(covariate) != len(d) {
		return Result{}, refuse(test, Unpaired, len(covariate), 0, "%d values of the covariate for %d pairs", len(covariate), len(d))
	}
	return cuped(test, d, nil, covariate, 0, clusters, o)
}

// cuped regresses y on columns and a covariate, and compares a coefficient with
// what it is without the covariate.
func cuped(test string, y []float64, columns [][]float64, covariate []float64, coefficient int, clusters []int, o Options) (Result, error) {
	o, err := o.resolve(test, clusteredMethods...)
	if err != nil {
		return Result{}, err
	}
	mean, _, err := moments(test, covariate, 2)
	if err != nil {
		return Result{}, err
	}
	centred := make([]float64, len(covariate))
	for i, c := range covariate {
		centred[i] = c - mean
	}
	plain, err := fitClusters(test, y, columns, clusters)
	if err != nil {
		return Result{}, err
	}
	before, err := plain.coefficient(coefficient, o.Method, o.Mu)
	if err != nil {
		return Result{}, renamed(err, test)
	}
	with := append(append([][]float64(nil), columns...), centred)
	out, err := clusteredRegression(test, y, with, clusters, coefficient, o)
	if err != nil {
		return Result{}, renamed(err, test)
	}
	fit, err := fitClusters(test, y, with, clusters)
	if err != nil {
		return Result{}, err
	}
	after, err := fit.coefficient(coefficient, o.Method, o.Mu)
	if err != nil {
		return Result{}, renamed(err, test)
	}
	theta := fit.beta[len(columns)+1]
	saved := 1 - after.se/before.se*(after.se/before.se)
	out.Details = []Detail{{"standard_error", after.se}, {"theta", theta},
		{"correlation", math.Copysign(math.Sqrt(math.Max(0, 1-fit.squares/plain.squares)), theta)},
		{"unadjusted", before.value}, {"unadjusted_standard_error", before.se}, {"variance_saved", saved}}
	if saved < 0 {
		out.Warnings = append(out.Warnings, "the covariate adds to the variance: it says too little about the outcome")
	}
	return out, nil
}

// twoMeans returns the means of two samples.
func twoMeans(test string, x, y []float64) (first, second float64, err error) {
	if first, _, err = moments(test, x, 1); err != nil {
		return 0, 0, err
	}
	second, _, err = moments(test, y, 1)
	return first, second, err
}
