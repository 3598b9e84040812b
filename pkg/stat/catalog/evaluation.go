package catalog

import (
	"slices"

	"github.com/crucible-go/crucible/pkg/stat"
)

// evaluation holds evaluations of models.
func evaluation() []Entry {
	return slices.Concat(clustered())
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
