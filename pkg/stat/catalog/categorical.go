package catalog

import (
	"fmt"
	"math"
	"slices"

	"github.com/crucible-go/crucible/pkg/stat"
)

// Settings that several procedures take.
var (
	tableSeedKey       = Key{"seed", "0", "whole number that fixes what method monte_carlo draws"}
	tableReplicatesKey = Key{"replicates", "9999", "how many tables method monte_carlo draws"}
	samplesKey         = Key{"samples", "rows", "whether the samples are the rows or the columns of the table"}
	marginKey          = Key{"margin", "", "greatest difference of proportions that does not matter, in (0, 1)"}
)

// categorical holds counts and proportions.
func categorical() []Entry {
	out := []Entry{
		{Name: "chi_square", Title: "are rows and columns independent, or counts as expected (one row, or x with expected counts y)",
			Input: []Form{FormTable, FormX, FormXY}, Methods: []string{"pearson", "yates", "g", "monte_carlo"},
			Keys: []Key{tableSeedKey, tableReplicatesKey}, Run: chiSquare("chi_square", "")},
		{Name: "g_test", Title: "are rows and columns independent, by the likelihood ratio",
			Input: []Form{FormTable, FormX, FormXY}, Methods: []string{"g"}, Run: chiSquare("g_test", "g")},
		{Name: "fisher_exact", Title: "are rows and columns independent, given the margins; greater: the odds ratio ad/(bc) exceeds 1",
			Input: []Form{FormTable}, Methods: []string{"exact", "monte_carlo"}, OneSided: true,
			Keys: []Key{tableSeedKey, tableReplicatesKey}, Run: onTable("fisher_exact", stat.FisherExact)},
		{Name: "barnard", Title: "do two independent proportions (rows) differ, exactly and unconditionally; greater: the odds ratio exceeds 1",
			Input: []Form{FormTable}, Methods: []string{"pooled", "unpooled"}, OneSided: true, Keys: []Key{samplesKey},
			Run: onSamples("barnard", stat.Barnard)},
		{Name: "boschloo", Title: "do two independent proportions (rows) differ, exactly and unconditionally; greater: the odds ratio exceeds 1",
			Input: []Form{FormTable}, Methods: []string{"doubled", "two_sided"}, OneSided: true, Keys: []Key{samplesKey},
			Run: onSamples("boschloo", stat.Boschloo)},
		{Name: "mcnemar", Title: "do two proportions on the same items differ; rows: first (control) yes, no; columns: second yes, no",
			Input: []Form{FormTable, FormPairs, FormXY}, Methods: []string{"exact", "midp", "asymptotic", "asymptotic_corrected"},
			OneSided: true, Run: onPairedTable("mcnemar", stat.McNemarTest)},
		{Name: "cochran_q", Title: "do several proportions on the same items differ; blocks of 0 and 1", Input: []Form{FormBlocks, FormPairs},
			Methods: []string{"asymptotic", "exact", "permutation"}, Keys: []Key{tableSeedKey, tableReplicatesKey},
			Run: func(d Data, s Settings) (stat.Result, error) {
				o, err := s.Options("cochran_q")
				if err != nil {
					return stat.Result{}, err
				}
				rows, err := d.Rows("cochran_q")
				if err != nil {
					return stat.Result{}, err
				}
				return stat.CochranQ(rows, o)
			}},
		{Name: "mantel_haenszel", Title: "are rows and columns independent within strata; each block holds a, b, c, d of one",
			Input: []Form{FormBlocks}, Methods: []string{"asymptotic", "corrected", "exact"}, OneSided: true,
			Run: func(d Data, s Settings) (stat.Result, error) {
				o, err := s.Options("mantel_haenszel")
				if err != nil {
					return stat.Result{}, err
				}
				if d.Blocks == nil {
					return stat.Result{}, shape("mantel_haenszel", "needs strata", `{"blocks": [[a, b, c, d], …]}`)
				}
				return stat.MantelHaenszel(plain(d.Blocks), o)
			}},
		{Name: "binomial", Title: "is a proportion p0; x holds successes and trials", Input: []Form{FormX},
			Methods: []string{"exact", "midp", "score"}, OneSided: true,
			Keys: []Key{{"p0", "0.5", "probability of success under the null hypothesis, in (0, 1)"},
				{"interval", "clopper_pearson", "one of wilson, clopper_pearson, jeffreys, agresti_coull"}}, Run: binomial},
		{Name: "two_proportions", Title: "do two independent proportions differ; rows: successes and failures of control, then treatment; or x and y: successes and trials",
			Input: []Form{FormTable, FormXY, FormGroups}, Methods: []string{"pooled", "unpooled", "miettinen_nurminen"}, OneSided: true,
			Keys: []Key{{"interval", "newcombe", "one of newcombe, agresti_caffo, miettinen_nurminen, wald"}}, Run: twoProportions},
	}
	return slices.Concat(out, proportionIntervals(), proportionMargins(), evaluationCounts())
}

// proportionIntervals holds intervals for proportions and their differences.
func proportionIntervals() []Entry {
	var out []Entry
	for _, name := range []string{"wilson", "clopper_pearson", "jeffreys", "agresti_coull"} {
		out = append(out, Entry{Name: name, Title: "interval for a proportion; x holds successes and trials", Input: []Form{FormX},
			Run: func(d Data, s Settings) (stat.Result, error) {
				k, n, o, err := trials(name, d, s)
				if err != nil {
					return stat.Result{}, err
				}
				if err := fixMethod(name, &o, name); err != nil {
					return stat.Result{}, err
				}
				return stat.ProportionInterval(k, n, o)
			}})
	}
	for _, name := range []string{"newcombe", "agresti_caffo", "miettinen_nurminen"} {
		out = append(out, Entry{Name: name, Title: "interval for the difference of two independent proportions, second minus first",
			Input: []Form{FormTable, FormXY, FormGroups}, Run: func(d Data, s Settings) (stat.Result, error) {
				o, err := s.Options(name)
				if err != nil {
					return stat.Result{}, err
				}
				if err := fixMethod(name, &o, name); err != nil {
					return stat.Result{}, err
				}
				t, err := twoSamples(name, d)
				if err != nil {
					return stat.Result{}, err
				}
				return stat.DifferenceInterval(t[0], t[1], t[2], t[3], o)
			}})
	}
	for _, name := range []string{"newcombe_paired", "tango"} {
		out = append(out, Entry{Name: name, Title: "interval for the difference of two proportions on the same items, second minus first",
			Input: []Form{FormTable, FormPairs, FormXY}, Run: onPairedTable(name, func(t [][]float64, o stat.Options) (stat.Result, error) {
				if err := fixMethod(name, &o, name); err != nil {
					return stat.Result{}, err
				}
				return stat.PairedDifferenceInterval(t, o)
			})})
	}
	return out
}

// proportionMargins holds tests of proportions against a margin.
func proportionMargins() []Entry {
	return []Entry{
		{Name: "tost_proportions", Title: "is the difference of two independent proportions within a margin",
			Input: []Form{FormTable, FormXY, FormGroups}, Methods: []string{"score", "wald"}, Keys: []Key{marginKey},
			Run: withMargin("tost_proportions", stat.EquivalenceProportions)},
		{Name: "noninferiority_proportion", Title: "is the second of two independent proportions worse than the first by less than a margin",
			Input: []Form{FormTable, FormXY, FormGroups}, Methods: []string{"score", "wald"}, Keys: []Key{marginKey},
			Run: withMargin("noninferiority_proportion", stat.NoninferiorityProportion)},
		{Name: "tost_paired_proportions", Title: "is the difference of two proportions on the same items within a margin",
			Input: []Form{FormTable, FormPairs, FormXY}, Methods: []string{"tango"}, Keys: []Key{marginKey},
			Run: func(d Data, s Settings) (stat.Result, error) {
				const name = "tost_paired_proportions"
				margin, err := s.Need(name, "margin")
				if err != nil {
					return stat.Result{}, err
				}
				return onPairedTable(name, func(t [][]float64, o stat.Options) (stat.Result, error) {
					return stat.EquivalencePairedProportions(t, margin, o)
				})(d, s)
			}},
	}
}

// evaluationCounts holds estimates from several answers to each problem.
func evaluationCounts() []Entry {
	var out []Entry
	for name, run := range map[string]func(n, c []float64, k int, o stat.Options) (stat.Result, error){
		"pass_at_k": stat.PassAtKMean, "pass_hat_k": stat.PassHatKMean,
	} {
		title := "chance that one of k answers is correct; x holds the answers to each problem, y the correct ones"
		if name == "pass_hat_k" {
			title = "chance that all of k answers are correct; x holds the answers to each problem, y the correct ones"
		}
		out = append(out, Entry{Name: name, Title: title, Input: []Form{FormXY}, Methods: []string{"student", "bootstrap"},
			Keys: []Key{{"k", "1", "number of answers, at least 1"}, seedKey, replicatesKey, workersKey},
			Run: func(d Data, s Settings) (stat.Result, error) {
				o, err := s.Options(name)
				if err != nil {
					return stat.Result{}, err
				}
				k, err := s.Int(name, "k", 1)
				if err != nil {
					return stat.Result{}, err
				}
				if d.X == nil || d.Y == nil {
					return stat.Result{}, shape(name, "needs answers and correct ones", `{"x": [answers to each problem], "y": [correct ones]}`)
				}
				return run(d.X, d.Y, k, o)
			}})
	}
	return out
}

// fixMethod sets the method of a procedure that has one only.
func fixMethod(test string, o *stat.Options, method string) error {
	if o.Method != "" && o.Method != method {
		return refusal(test, "method %q is not %s", o.Method, method)
	}
	o.Method = method
	return nil
}

// onTable runs a procedure of a table.
func onTable(name string, run func([][]float64, stat.Options) (stat.Result, error)) func(Data, Settings) (stat.Result, error) {
	return func(d Data, s Settings) (stat.Result, error) {
		o, err := s.Options(name)
		if err != nil {
			return stat.Result{}, err
		}
		table, err := d.Counts(name)
		if err != nil {
			return stat.Result{}, err
		}
		return run(table, o)
	}
}

// onSamples runs a procedure of a table whose rows are samples, or its columns by
// the setting samples.
func onSamples(name string, run func([][]float64, stat.Options) (stat.Result, error)) func(Data, Settings) (stat.Result, error) {
	return func(d Data, s Settings) (stat.Result, error) {
		switch s["samples"] {
		case "", "rows":
		case "columns":
			if len(d.Table) == 2 && len(d.Table[0]) == 2 && len(d.Table[1]) == 2 {
				t := d.Table
				d.Table = []Numbers{{t[0][0], t[1][0]}, {t[0][1], t[1][1]}}
			}
		default:
			return stat.Result{}, refusal(name, "samples %q is not one of rows, columns", s["samples"])
		}
		return onTable(name, run)(d, s)
	}
}

// onPairedTable runs a procedure of a table of pairs, or of two columns of 0 and 1.
func onPairedTable(name string, run func([][]float64, stat.Options) (stat.Result, error)) func(Data, Settings) (stat.Result, error) {
	return func(d Data, s Settings) (stat.Result, error) {
		o, err := s.Options(name)
		if err != nil {
			return stat.Result{}, err
		}
		table := plain(d.Table)
		if table == nil {
			first, second, err := d.Two(name)
			if err != nil {
				return stat.Result{}, shape(name, "needs a table or pairs of 0 and 1", `{"table": [[…], […]]} or {"pairs": [[…], […]]}`)
			}
			if table, err = stat.PairedTable(first, second); err != nil {
				return stat.Result{}, err
			}
		}
		return run(table, o)
	}
}

// chiSquare runs a test of a table, or of one row against expected counts.
func chiSquare(name, method string) func(Data, Settings) (stat.Result, error) {
	return func(d Data, s Settings) (stat.Result, error) {
		o, err := s.Options(name)
		if err != nil {
			return stat.Result{}, err
		}
		if method != "" {
			if err := fixMethod(name, &o, method); err != nil {
				return stat.Result{}, err
			}
		}
		switch {
		case len(d.Table) == 1:
			return stat.GoodnessOfFit(d.Table[0], nil, o)
		case d.Table == nil && d.X != nil:
			return stat.GoodnessOfFit(d.X, d.Y, o)
		}
		table, err := d.Counts(name)
		if err != nil {
			return stat.Result{}, err
		}
		return stat.ChiSquareTest(table, o)
	}
}

// trials returns successes and trials of x.
func trials(name string, d Data, s Settings) (k, n int, o stat.Options, err error) {
	if o, err = s.Options(name); err != nil {
		return 0, 0, o, err
	}
	if len(d.X) != 2 || d.Y != nil {
		return 0, 0, o, shape(name, "needs successes and trials", `{"x": [successes, trials]}`)
	}
	k, n, err = wholePair(name, "x", d.X)
	return k, n, o, err
}

// wholePair returns two whole numbers.
func wholePair(name, what string, x []float64) (int, int, error) {
	for i, v := range x {
		if v != math.Trunc(v) || math.Abs(v) > 1<<53 { // NaN and infinities too
			return 0, 0, &stat.Refusal{Method: name, Reason: stat.Invalid, N: len(x),
				Detail: fmt.Sprintf("entry %d of %s is %v: counts are whole numbers", i, what, v)}
		}
	}
	return int(x[0]), int(x[1]), nil
}

func binomial(d Data, s Settings) (stat.Result, error) {
	k, n, o, err := trials("binomial", d, s)
	if err != nil {
		return stat.Result{}, err
	}
	p0, err := s.Float("binomial", "p0", 0.5)
	if err != nil {
		return stat.Result{}, err
	}
	return stat.BinomialTest(k, n, p0, s["interval"], o)
}

// twoSamples returns successes and trials of two samples: the rows [successes,
// failures] of a table, x and y of two numbers [successes, trials], or samples of
// 0 and 1 of another length.
func twoSamples(name string, d Data) (out [4]int, err error) {
	if d.Table != nil {
		if len(d.Table) != 2 || len(d.Table[0]) != 2 || len(d.Table[1]) != 2 {
			return out, shape(name, "needs a table of two rows and two columns", `{"table": [[successes, failures], [successes, failures]]}`)
		}
		for i, row := range d.Table {
			s, f, err := wholePair(name, fmt.Sprintf("row %d", i), row)
			if err != nil {
				return out, err
			}
			if f < 0 {
				return out, &stat.Refusal{Method: name, Reason: stat.Invalid, N: 4, Detail: fmt.Sprintf("row %d has %d failures", i, f)}
			}
			out[2*i], out[2*i+1] = s, s+f
		}
		return out, nil
	}
	first, second, err := d.Two(name)
	if err != nil || d.Pairs != nil {
		return out, shape(name, "needs two samples", `{"table": [[successes, failures], …]}, {"x": [successes, trials], "y": […]} or {"groups": [[0, 1, …], […]]}`)
	}
	for i, x := range [][]float64{first, second} {
		if d.Groups == nil && len(first) == 2 && len(second) == 2 {
			if out[2*i], out[2*i+1], err = wholePair(name, fmt.Sprintf("sample %d", i+1), x); err != nil {
				return out, err
			}
			continue
		}
		for j, v := range x {
			if v != 0 && v != 1 {
				return out, &stat.Refusal{Method: name, Reason: stat.Invalid, N: len(x),
					Detail: fmt.Sprintf("value %d of sample %d is %v: want 0 or 1", j, i+1, v)}
			}
			out[2*i] += int(v)
		}
		out[2*i+1] = len(x)
	}
	return out, nil
}

func twoProportions(d Data, s Settings) (stat.Result, error) {
	o, err := s.Options("two_proportions")
	if err != nil {
		return stat.Result{}, err
	}
	t, err := twoSamples("two_proportions", d)
	if err != nil {
		return stat.Result{}, err
	}
	return stat.TwoProportions(t[0], t[1], t[2], t[3], s["interval"], o)
}

// withMargin runs a test of two samples with a margin.
func withMargin(name string, run func(s1, n1, s2, n2 int, margin float64, o stat.Options) (stat.Result, error)) func(Data, Settings) (stat.Result, error) {
	return func(d Data, s Settings) (stat.Result, error) {
		o, err := s.Options(name)
		if err != nil {
			return stat.Result{}, err
		}
		margin, err := s.Need(name, "margin")
		if err != nil {
			return stat.Result{}, err
		}
		t, err := twoSamples(name, d)
		if err != nil {
			return stat.Result{}, err
		}
		return run(t[0], t[1], t[2], t[3], margin, o)
	}
}
