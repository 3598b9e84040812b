package catalog

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/crucible-go/crucible/pkg/stat"
)

// TestEvaluationNeverBreaks runs resampling and evaluations on data and settings
// of every kind: whatever comes, the answer is finite or a refusal with a reason.
func TestEvaluationNeverBreaks(t *testing.T) {
	entries := slices.Concat(resampling(), evaluation())
	values := rapid.SampledFrom([]float64{0, 0, 0, 1, 1, 1, 0.5, 0.25, 0.9, 2, 3, 7, -1, -2.5, 10, 100, 1e-300, 1e-160, 1e160, 1e300, -1e300, 1e-9,
		math.NaN(), math.Inf(1), 12, 13, 14})
	ordinary := rapid.SampledFrom([]float64{0, 1, 0.5, 0.25, 0.75, 0.125, 0, 1, 0.9, 0.1})
	numbers := func(t *rapid.T, n int) Numbers {
		kind := rapid.IntRange(0, 3).Draw(t, "kind")
		out := make(Numbers, n)
		for i := range out {
			switch kind {
			case 0:
				out[i] = values.Draw(t, "value")
			case 1:
				out[i] = float64(rapid.IntRange(0, 1).Draw(t, "value"))
			case 2:
				out[i] = rapid.Float64Range(0, 1).Draw(t, "value")
			default:
				out[i] = ordinary.Draw(t, "value")
			}
		}
		return out
	}
	labels := func(t *rapid.T, n int) Labels {
		many := rapid.IntRange(1, 9).Draw(t, "labels")
		out := make(Labels, n)
		for i := range out {
			out[i] = string(rune('a' + rapid.IntRange(0, many-1).Draw(t, "label")))
		}
		return out
	}
	rapid.Check(t, func(t *rapid.T) {
		e := entries[rapid.IntRange(0, len(entries)-1).Draw(t, "entry")]
		n := rapid.IntRange(0, 24).Draw(t, "n")
		var d Data
		form := strings.Split(string(rapid.SampledFrom(e.Input).Draw(t, "form")), ",")
		with := func(what string) bool {
			return slices.Contains(form, what) || rapid.IntRange(0, 11).Draw(t, what) == 0
		}
		if with("x") {
			d.X = numbers(t, n)
		}
		if with("y") {
			d.Y = numbers(t, n)
		}
		if with("groups") {
			d.Groups = []Numbers{numbers(t, n), numbers(t, n)}
		}
		if with("pairs") {
			d.Pairs = []Numbers{numbers(t, n), numbers(t, n)}
		}
		if with("clusters") {
			d.Clusters = labels(t, n*rapid.IntRange(1, 2).Draw(t, "twice"))
		}
		if with("covariate") {
			d.Covariate = numbers(t, n*rapid.IntRange(1, 2).Draw(t, "twice"))
		}
		if with("a") {
			d.A = labels(t, n)
		}
		if with("b") {
			d.B = labels(t, n)
		}
		if with("table") {
			d.Table = []Numbers{numbers(t, 2), numbers(t, 2)}
			d.X = d.X[:min(len(d.X), 2)]
		}
		s := Settings{"replicates": "100"}
		for _, k := range e.Keys {
			if rapid.IntRange(0, 7).Draw(t, k.Name) == 0 {
				s[k.Name] = rapid.SampledFrom([]string{"0", "1", "2", "0.5", "-1", "0.99", "1e-300", "1e300", "NaN", "true", "median", "sd", "quantile",
					"trimmed_mean", "proportion", "variance", "l2", "l2_debiased", "100000000", "x", ""}).Draw(t, "setting")
			}
		}
		if len(e.Methods) > 0 && rapid.Bool().Draw(t, "with method") {
			s["method"] = rapid.SampledFrom(e.Methods).Draw(t, "method")
		}
		if with("level") {
			s["level"] = rapid.SampledFrom([]string{"0.9", "0.5", "1e-9", "0.999999999", "0.9999999999999999", "1", "0"}).Draw(t, "level")
		}
		if with("alternative") {
			s["alternative"] = rapid.SampledFrom([]string{"greater", "less", "two_sided"}).Draw(t, "alternative")
		}
		if e.Check(s) != nil {
			return
		}
		r, err := e.Run(d, s)
		if err != nil {
			var refused *stat.Refusal
			if !errors.As(err, &refused) || refused.Reason == "" || refused.Detail == "" {
				t.Fatalf("%s: %v is no refusal", e.Name, err)
			}
			return
		}
		soundInterval(t, NewOutput(e.Name, r))
	})
}

// soundInterval fails on an answer that no report could print.
func soundInterval(t *rapid.T, out Output) {
	finite := func(name string, v float64) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Fatalf("%s: %s is %v", out.Test, name, v)
		}
	}
	if out.P != nil && !(*out.P >= stat.SmallestP && *out.P <= 1) {
		t.Fatalf("%s: p is %v", out.Test, *out.P)
	}
	if out.Statistic != nil {
		finite("statistic", *out.Statistic)
	}
	for _, v := range out.DF {
		finite("df", v)
	}
	for name, v := range out.Details {
		finite(name, v)
	}
	if out.Interval == nil {
		t.Fatalf("%s has no interval", out.Test)
	}
	finite("estimate", *out.Estimate)
	finite("low", out.Interval.Low)
	finite("high", out.Interval.High)
	if out.Interval.Low > out.Interval.High {
		t.Fatalf("%s: the interval is %+v", out.Test, out.Interval)
	}
}
