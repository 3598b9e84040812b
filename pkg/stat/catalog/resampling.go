package catalog

import (
	"strings"

	"github.com/crucible-go/crucible/pkg/stat"
)

// resampling holds intervals by resampling and of quantiles.
func resampling() []Entry {
	return []Entry{
		{Name: "bootstrap", Title: "an interval for a statistic, or for the difference of two, by resampling",
			Input:   []Form{FormX, FormGroups, FormXY, FormPairs},
			Methods: []string{"bca", "percentile", "basic", "studentized"},
			Keys: []Key{
				{Name: "statistic", Default: "mean", Doc: strings.Join(stat.StatisticNames(), ", ")},
				{Name: "q", Default: "0.5", Doc: "order of the quantile, in (0, 1)"},
				{Name: "trim", Default: "0.2", Doc: "share that the trimmed mean leaves out at each end, in [0, 0.5)"},
				{Name: "paired", Default: "false", Doc: "true if x and y are measured on the same items; pairs always are"},
				{Name: "levels", Default: "1", Doc: "2 draws observations within the clusters drawn, too"},
				replicatesKey, seedKey, workersKey,
			}, Run: runBootstrap},
		{Name: "quantile_interval", Title: "a quantile between two order statistics", Input: []Form{FormX},
			Methods: []string{"order_statistics"}, Keys: []Key{quantileKey},
			Run: func(d Data, s Settings) (stat.Result, error) {
				x, err := d.One("quantile_interval")
				if err != nil {
					return stat.Result{}, err
				}
				o, q, err := s.quantile("quantile_interval")
				if err != nil {
					return stat.Result{}, err
				}
				return stat.QuantileEstimate(x, q, o)
			}},
		{Name: "quantile_difference", Title: "does a quantile of two samples differ", Input: []Form{FormGroups, FormXY, FormPairs},
			Methods: []string{"bootstrap", "order_statistics"}, OneSided: true,
			Keys: []Key{quantileKey, {Name: "paired", Default: "false", Doc: "true if x and y are measured on the same items; pairs always are"},
				replicatesKey, seedKey, workersKey},
			Run: func(d Data, s Settings) (stat.Result, error) {
				const test = "quantile_difference"
				x, y, err := d.Two(test)
				if err != nil {
					return stat.Result{}, err
				}
				paired, err := isPaired(test, d, s)
				if err != nil {
					return stat.Result{}, err
				}
				o, q, err := s.quantile(test)
				if err != nil {
					return stat.Result{}, err
				}
				if paired {
					return stat.PairedQuantileDifference(x, y, q, o)
				}
				return stat.QuantileDifference(x, y, q, o)
			}},
	}
}

var (
	quantileKey   = Key{Name: "q", Default: "0.5", Doc: "order of the quantile, in (0, 1): 0.5 is the median"}
	replicatesKey = Key{Name: "replicates", Default: "10000", Doc: "how often to draw, at least 100"}
	seedKey       = Key{Name: "seed", Default: "0", Doc: "what the random numbers depend on, a whole number"}
	workersKey    = Key{Name: "workers", Default: "0", Doc: "goroutines, 0 for one a processor; it changes no result"}
)

// quantile returns the options and the order of a quantile.
func (s Settings) quantile(test string) (stat.Options, float64, error) {
	o, err := s.Options(test)
	if err != nil {
		return o, 0, err
	}
	q, err := s.Float(test, "q", 0.5)
	return o, q, err
}

// isPaired says whether two samples are measured on the same items.
func isPaired(test string, d Data, s Settings) (bool, error) {
	switch s["paired"] {
	case "":
		return d.X == nil && d.Groups == nil && d.Pairs != nil, nil
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, refusal(test, "paired %q is neither true nor false", s["paired"])
}

func runBootstrap(d Data, s Settings) (stat.Result, error) {
	const test = "bootstrap"
	o, q, err := s.quantile(test)
	if err != nil {
		return stat.Result{}, err
	}
	trim, err := s.Float(test, "trim", 0.2)
	if err != nil {
		return stat.Result{}, err
	}
	what := stat.Resample{Statistic: stat.Statistic{Name: s["statistic"], Order: q}, Clusters: d.ClusterNumbers()}
	if what.Statistic.Name == "trimmed_mean" {
		what.Statistic.Order = trim
	}
	switch s["levels"] {
	case "", "1":
	case "2":
		what.TwoLevel = true
	default:
		return stat.Result{}, refusal(test, "levels %q is neither 1 nor 2", s["levels"])
	}
	if x, err := d.One(test); err == nil && s["paired"] != "true" {
		return stat.Bootstrap(x, what, o)
	}
	x, y, err := d.Two(test)
	if err != nil {
		return stat.Result{}, err
	}
	paired, err := isPaired(test, d, s)
	if err != nil {
		return stat.Result{}, err
	}
	if paired {
		return stat.BootstrapPaired(x, y, what, o)
	}
	return stat.BootstrapDifference(x, y, what, o)
}
