package catalog

import (
	"fmt"
	"math"
	"slices"

	"github.com/crucible-go/crucible/pkg/stat"
)

// evaluation holds evaluations of models.
func evaluation() []Entry {
	return slices.Concat(clustered(), forecasts(), judged(), survival())
}

// The forms of evaluations.
const (
	formXClusters  Form = "x,clusters"
	formXYClusters Form = "x,y,clusters"
)

var clusteredMethods = []string{"cr2", "cr0", "cr1", "cr3"}

// clustered holds means and regressions with clustered standard errors.
func clustered() []Entry {
	return []Entry{
		{Name: "clustered_mean", Title: "the mean of observations that come in clusters", Input: []Form{formXClusters},
			Methods: clusteredMethods, OneSided: true, Keys: []Key{muKey},
			Run: func(d Data, s Settings) (stat.Result, error) {
				const test = "clustered_mean"
				x, err := d.One(test)
				if err != nil {
					return stat.Result{}, err
				}
				o, err := s.Options(test)
				if err != nil {
					return stat.Result{}, err
				}
				return stat.ClusteredMean(x, d.ClusterNumbers(), o)
			}},
		{Name: "clustered_difference", Title: "do means differ where observations come in clusters",
			Input: []Form{"pairs,clusters", formXYClusters, "groups,clusters"}, Methods: clusteredMethods, OneSided: true,
			Keys: []Key{muKey, {Name: "paired", Default: "by the number of clusters", Doc: "true if x and y are measured on the same items: " +
				"then there is one cluster for each pair, else one for each of x and then of y"}},
			Run: runClusteredDifference},
		{Name: "clustered_regression", Title: "a regression with clustered standard errors", Input: []Form{formXYClusters, "y,groups,clusters"},
			Methods: clusteredMethods, OneSided: true,
			Keys: []Key{muKey, {Name: "coefficient", Default: "1", Doc: "0 for the constant, from 1 for x or the columns of groups"}},
			Run: func(d Data, s Settings) (stat.Result, error) {
				const test = "clustered_regression"
				columns := plain(d.Groups)
				if columns == nil && d.X != nil {
					columns = [][]float64{d.X}
				}
				if columns == nil || d.Y == nil {
					return stat.Result{}, shape(test, "needs an outcome and columns", `{"y": […], "x": […], "clusters": […]} or {"y": […], "groups": [[…], […]], "clusters": […]}`)
				}
				o, err := s.Options(test)
				if err != nil {
					return stat.Result{}, err
				}
				coefficient, err := s.Int(test, "coefficient", 1)
				if err != nil {
					return stat.Result{}, err
				}
				return stat.ClusteredRegression(d.Y, columns, d.ClusterNumbers(), coefficient, o)
			}},
	}
}

func runClusteredDifference(d Data, s Settings) (stat.Result, error) {
	const test = "clustered_difference"
	x, y, err := d.Two(test)
	if err != nil {
		return stat.Result{}, err
	}
	o, err := s.Options(test)
	if err != nil {
		return stat.Result{}, err
	}
	paired, err := isPaired(test, d, s)
	if err != nil {
		return stat.Result{}, err
	}
	if _, said := s["paired"]; !said && d.Clusters != nil {
		paired = len(d.Clusters) != len(x)+len(y)
	}
	if paired {
		return stat.ClusteredPairedDifference(x, y, d.ClusterNumbers(), o)
	}
	return stat.ClusteredDifference(x, y, d.ClusterNumbers(), o)
}

// outcome returns numbers with outcomes beside them: x and y.
func (d Data) outcome(test string) (x, y []float64, err error) {
	if d.X == nil || d.Y == nil {
		return nil, nil, shape(test, "needs numbers and outcomes", `{"x": […], "y": […]} with 0 or 1 in y`)
	}
	return d.X, d.Y, nil
}

var binsKey = Key{Name: "bins", Default: "15", Doc: "how many bins, 1 to 1000; by default a tenth of the observations if that is less than 15"}

// forecasts holds measures of probabilities and scores against outcomes.
func forecasts() []Entry {
	return []Entry{
		{Name: "ece", Title: "are confidences as high as the share that is right (expected calibration error)", Input: []Form{FormXY, formXYClusters},
			Methods: []string{"equal_mass", "equal_width"},
			Keys: []Key{binsKey, {Name: "norm", Default: "l1", Doc: "l1, l2, or l2_debiased, which takes off what chance adds"},
				replicatesKey, seedKey, workersKey},
			Run: func(d Data, s Settings) (stat.Result, error) {
				return withOutcome("ece", d, s, func(x, y []float64, bins int, o stat.Options) (stat.Result, error) {
					return stat.CalibrationError(x, y, stat.Calibration{Bins: bins, Norm: s["norm"], Clusters: d.ClusterNumbers()}, o)
				})
			}},
		{Name: "brier", Title: "the Brier score of probabilities, with its parts", Input: []Form{FormXY, formXYClusters},
			Methods: clusteredMethods, Keys: []Key{binsKey},
			Run: func(d Data, s Settings) (stat.Result, error) {
				return withOutcome("brier", d, s, func(x, y []float64, bins int, o stat.Options) (stat.Result, error) {
					return stat.BrierScore(x, y, bins, d.ClusterNumbers(), o)
				})
			}},
		{Name: "log_loss", Title: "the logarithmic score of probabilities", Input: []Form{FormXY, formXYClusters}, Methods: clusteredMethods,
			Keys: []Key{{Name: "clip", Default: "0", Doc: "probabilities are moved into [clip, 1 - clip], below 0.5"}},
			Run: func(d Data, s Settings) (stat.Result, error) {
				return withOutcome("log_loss", d, s, func(x, y []float64, _ int, o stat.Options) (stat.Result, error) {
					clip, err := s.Float("log_loss", "clip", 0)
					if err != nil {
						return stat.Result{}, err
					}
					return stat.LogLoss(x, y, clip, d.ClusterNumbers(), o)
				})
			}},
		{Name: "auroc", Title: "how well a score tells outcomes apart", Input: []Form{FormXY}, Methods: []string{"delong", "delong_logit", "newcombe"},
			OneSided: true,
			Run: func(d Data, s Settings) (stat.Result, error) {
				return withOutcome("auroc", d, s, func(x, y []float64, _ int, o stat.Options) (stat.Result, error) {
					return stat.AUROC(x, y, o)
				})
			}},
		{Name: "auroc_difference", Title: "do two scores of the same items tell outcomes apart equally well", Input: []Form{"pairs,y"},
			Methods: []string{"delong"}, OneSided: true, Keys: []Key{muKey},
			Run: func(d Data, s Settings) (stat.Result, error) {
				const test = "auroc_difference"
				if len(d.Pairs) != 2 || d.Y == nil {
					return stat.Result{}, shape(test, "needs two scores and outcomes", `{"pairs": [[…], […]], "y": […]} with 0 or 1 in y`)
				}
				o, err := s.Options(test)
				if err != nil {
					return stat.Result{}, err
				}
				return stat.AUROCDifference(d.Pairs[0], d.Pairs[1], d.Y, o)
			}},
	}
}

// withOutcome runs a procedure on numbers and outcomes.
func withOutcome(test string, d Data, s Settings, run func(x, y []float64, bins int, o stat.Options) (stat.Result, error)) (stat.Result, error) {
	x, y, err := d.outcome(test)
	if err != nil {
		return stat.Result{}, err
	}
	o, err := s.Options(test)
	if err != nil {
		return stat.Result{}, err
	}
	bins, err := s.Int(test, "bins", 0)
	if err != nil {
		return stat.Result{}, err
	}
	if _, said := s["bins"]; said && bins == 0 {
		return stat.Result{}, refusal(test, "0 bins: want 1 to 1000")
	}
	return run(x, y, bins, o)
}

// judged holds comparisons with help from elsewhere: answers drawn several times,
// covariates, predictions, a judge's calibration.
func judged() []Entry {
	return []Entry{
		{Name: "paired_items", Title: "do models differ that answered the same items several times",
			Input: []Form{FormFactors, "y,a,b,clusters"}, Methods: clusteredMethods, OneSided: true, Keys: []Key{muKey},
			Run: runPairedItems},
		{Name: "cuped", Title: "do means differ, with the variance that a covariate explains taken off",
			Input: []Form{"x,y,covariate", "groups,covariate", "pairs,covariate"}, Methods: clusteredMethods, OneSided: true,
			Keys: []Key{muKey, {Name: "paired", Default: "by the length of the covariate", Doc: "true if x and y are measured on the same items: " +
				"then the covariate has one value for each pair, else one for each of x and then of y"}},
			Run: runCUPED},
		{Name: "ppi_mean", Title: "a mean of few known outcomes with the help of many predictions", Input: []Form{"x,y,covariate"},
			Methods: []string{"ppi_plus", "ppi"}, OneSided: true, Keys: []Key{muKey},
			Run: func(d Data, s Settings) (stat.Result, error) {
				const test = "ppi_mean"
				if d.X == nil || d.Y == nil || d.Covariate == nil {
					return stat.Result{}, shape(test, "needs predictions, outcomes and further predictions",
						`{"x": [predictions], "y": [their outcomes], "covariate": [predictions without outcome]}`)
				}
				o, err := s.Options(test)
				if err != nil {
					return stat.Result{}, err
				}
				return stat.PredictionPowered(d.X, d.Y, d.Covariate, o)
			}},
		{Name: "judge_correction", Title: "the share of right answers behind the verdicts of an imperfect judge", Input: []Form{"x,table"},
			Methods: []string{"adjusted", "delta"}, Run: runJudge},
	}
}

func runPairedItems(d Data, s Settings) (stat.Result, error) {
	const test = "paired_items"
	n := len(d.Y)
	if d.Y == nil || len(d.A) != n || len(d.B) != n {
		return stat.Result{}, shape(test, "needs a score, an item and a model for each answer", `{"y": [scores], "a": [items], "b": [models]}, the control first`)
	}
	item, items := d.A.Numbers()
	model, models := d.B.Numbers()
	if len(models) != 2 {
		return stat.Result{}, shape(test, fmt.Sprintf("compares two models, got %d", len(models)), `{"y": [scores], "a": [items], "b": [models]}`)
	}
	var answers [2][][]float64
	for i := range answers {
		answers[i] = make([][]float64, len(items))
	}
	for i, y := range d.Y {
		at := &answers[model[i]][item[i]]
		*at = append(*at, y)
	}
	for i, name := range items {
		for m := range answers {
			if len(answers[m][i]) == 0 {
				return stat.Result{}, &stat.Refusal{Method: test, Reason: stat.Unpaired, N: len(items),
					Detail: fmt.Sprintf("item %q has no answer of model %q", name, models[m])}
			}
		}
	}
	var clusters []int
	if d.Clusters != nil {
		of := d.ClusterNumbers()
		if len(of) != n {
			return stat.Result{}, shape(test, fmt.Sprintf("%d clusters for %d answers", len(of), n), `"clusters" with one for each answer`)
		}
		clusters = make([]int, len(items))
		for i := range clusters {
			clusters[i] = -1
		}
		for i, c := range of {
			if at := clusters[item[i]]; at >= 0 && at != c {
				return stat.Result{}, shape(test, fmt.Sprintf("item %q is in two clusters", items[item[i]]), "each item one cluster")
			}
			clusters[item[i]] = c
		}
	}
	o, err := s.Options(test)
	if err != nil {
		return stat.Result{}, err
	}
	return stat.PairedItems(answers[0], answers[1], clusters, o)
}

func runCUPED(d Data, s Settings) (stat.Result, error) {
	const test = "cuped"
	x, y, err := d.Two(test)
	if err != nil {
		return stat.Result{}, err
	}
	if d.Covariate == nil {
		return stat.Result{}, shape(test, "needs a covariate", `"covariate": […] beside the samples`)
	}
	o, err := s.Options(test)
	if err != nil {
		return stat.Result{}, err
	}
	paired, err := isPaired(test, d, s)
	if err != nil {
		return stat.Result{}, err
	}
	if _, said := s["paired"]; !said {
		paired = len(d.Covariate) != len(x)+len(y)
	}
	if paired {
		return stat.CUPEDPaired(x, y, d.Covariate, d.ClusterNumbers(), o)
	}
	if len(d.Covariate) != len(x)+len(y) {
		return stat.Result{}, shape(test, fmt.Sprintf("%d values of the covariate for %d and %d observations", len(d.Covariate), len(x), len(y)),
			`"covariate" with those of x and then those of y`)
	}
	return stat.CUPED(x, y, d.Covariate[:len(x)], d.Covariate[len(x):], d.ClusterNumbers(), o)
}

func runJudge(d Data, s Settings) (stat.Result, error) {
	const test = "judge_correction"
	const want = `{"x": [approved, n], "table": [[wrong rejected, wrong approved], [right rejected, right approved]]}`
	if len(d.X) != 2 || len(d.Table) != 2 || len(d.Table[0]) != 2 || len(d.Table[1]) != 2 {
		return stat.Result{}, shape(test, "needs the verdicts and the calibration of the judge", want)
	}
	var counts [6]int
	for i, v := range []float64{d.X[0], d.X[1], d.Table[0][0], d.Table[0][1], d.Table[1][0], d.Table[1][1]} {
		if !(v >= 0 && v <= 1e12 && v == math.Trunc(v)) {
			return stat.Result{}, shape(test, fmt.Sprintf("%v is no count", v), want)
		}
		counts[i] = int(v)
	}
	o, err := s.Options(test)
	if err != nil {
		return stat.Result{}, err
	}
	return stat.JudgeCorrection(stat.JudgeCounts{Approved: counts[0], N: counts[1], FalseRejected: counts[2], False: counts[2] + counts[3],
		TrueApproved: counts[5], True: counts[4] + counts[5]}, o)
}

// survival holds times of which some were cut off.
func survival() []Entry {
	tau := Key{Name: "tau", Default: "the greatest time", Doc: "the time up to which the mean counts, in the units of the data"}
	return []Entry{
		{Name: "rmst", Title: "the restricted mean of times of which some were cut off, such as by a timeout", Input: []Form{FormXY},
			Methods: []string{"kaplan_meier"}, Keys: []Key{tau},
			Run: func(d Data, s Settings) (stat.Result, error) {
				const test = "rmst"
				x, y, err := d.outcome(test)
				if err != nil {
					return stat.Result{}, err
				}
				o, at, err := s.tau(test)
				if err != nil {
					return stat.Result{}, err
				}
				return stat.RestrictedMean(x, y, at, o)
			}},
		{Name: "rmst_difference", Title: "do restricted means of times differ, of which some were cut off", Input: []Form{"x,y,a"},
			Methods: []string{"kaplan_meier"}, OneSided: true, Keys: []Key{muKey, tau},
			Run: func(d Data, s Settings) (stat.Result, error) {
				const test = "rmst_difference"
				const want = `{"x": [times], "y": [1 or 0 if cut off], "a": [samples, the control first]}`
				sample, names := d.A.Numbers()
				if len(d.X) != len(d.Y) || len(d.X) != len(sample) || len(names) != 2 {
					return stat.Result{}, shape(test, "needs times, marks, and which of two samples each is of", want)
				}
				var times, observed [2][]float64
				for i, at := range sample {
					times[at], observed[at] = append(times[at], d.X[i]), append(observed[at], d.Y[i])
				}
				o, at, err := s.tau(test)
				if err != nil {
					return stat.Result{}, err
				}
				return stat.RestrictedMeanDifference(times, observed, at, o)
			}},
	}
}

// tau returns the options and a limit of time, 0 for none.
func (s Settings) tau(test string) (stat.Options, float64, error) {
	o, err := s.Options(test)
	if err != nil {
		return o, 0, err
	}
	at, err := s.Float(test, "tau", 0)
	if _, said := s["tau"]; said && err == nil && !(at > 0) {
		err = refusal(test, "tau %v is not above 0", at)
	}
	return o, at, err
}
