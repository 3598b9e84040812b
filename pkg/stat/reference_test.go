package stat

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"
)

// reference is testdata/reference/mpmath.json: values at 60 digits, checked
// against scipy and statsmodels where they were made, see generate.py.
type reference struct {
	Source, Version, Command string
	Values                   struct {
		Normal []struct{ P, Z float64 }
		Wilson []struct {
			K, N             int
			Level, Low, High float64
		}
		Newcombe []struct {
			Table                      [4]int
			Level, Estimate, Low, High float64
		} `json:"newcombe_paired"`
		McNemar []struct {
			B, C int
			P    float64
			LogP float64 `json:"log_p"`
		} `json:"mcnemar_exact"`
		Binomial []struct {
			K, N   int
			Q, CDF float64
		}
		TQuantile []struct{ DF, Level, T float64 } `json:"t_quantile"`
		TTail     []struct {
			DF, T float64
			LogP  float64 `json:"log_p"`
		} `json:"t_tail"`
		Mean []struct {
			Name                             string
			X                                []float64
			Level, Mean, Variance, Low, High float64
		}
		PairedT []struct {
			X, Y                    []float64
			T, P                    float64
			Estimate, Low, High, DF float64
		} `json:"paired_t"`
		Holm     []struct{ P, Adjusted []float64 }
		Quantile []struct {
			N        int
			X        []float64
			Q, Value float64
		}
		Ranks []struct {
			N         int
			Q, Level  float64
			Low, High int
			Attained  float64
		}
	}
}

// readReference reads the values of mpmath.json.
func readReference(t *testing.T) reference {
	t.Helper()
	var ref reference
	readJSON(t, "testdata/reference/mpmath.json", &ref)
	if ref.Source == "" || ref.Version == "" || ref.Command == "" {
		t.Fatal("the reference does not say where it comes from")
	}
	return ref
}

// readJSON reads a file of reference values.
func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// near checks a value to a relative error, or to the same error absolutely for
// values below one thousandth of it.
func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if got == want {
		return
	}
	if math.IsNaN(got) || math.Abs(got-want) > tolerance*math.Abs(want) && math.Abs(got-want) > tolerance*1e-3 {
		t.Errorf("%s = %.17g, want %.17g: relative error %.2g", what, got, want, math.Abs(got-want)/math.Abs(want))
	}
}

// nearLog checks a logarithm of a probability: absolutely, for that is the
// relative error of the probability, and relatively where it is large.
func nearLog(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= digits12*math.Max(1, math.Abs(want)/100)) {
		t.Errorf("%s = %.17g, want %.17g", what, got, want)
	}
}

// digits12 is the error of twelve significant digits.
const digits12 = 5e-13

func TestReferenceNormQuantile(t *testing.T) {
	for _, c := range readReference(t).Values.Normal {
		near(t, fmt.Sprintf("NormQuantile(%g)", c.P), NormQuantile(c.P), c.Z, 1e-14)
	}
}

func TestReferenceWilson(t *testing.T) {
	for _, c := range readReference(t).Values.Wilson {
		got := Wilson(c.K, c.N, c.Level)
		what := fmt.Sprintf("Wilson(%d, %d, %g)", c.K, c.N, c.Level)
		if c.Low > 0 && math.Abs(got.Low-c.Low) > 1e-14*c.Low {
			t.Errorf("%s.Low = %.17g, want %.17g", what, got.Low, c.Low)
		}
		near(t, what+".High", got.High, c.High, 1e-14)
		near(t, what+".Low", got.Low, c.Low, 1e-14)
	}
}

func TestReferenceRiskDifferencePaired(t *testing.T) {
	for _, c := range readReference(t).Values.Newcombe {
		got := RiskDifferencePaired(c.Table[0], c.Table[1], c.Table[2], c.Table[3], c.Level)
		what := fmt.Sprintf("RiskDifferencePaired(%v, %g)", c.Table, c.Level)
		near(t, what+".Estimate", got.Estimate, c.Estimate, digits12)
		near(t, what+".Low", got.Low, c.Low, digits12)
		near(t, what+".High", got.High, c.High, digits12)
	}
}

func TestReferenceMcNemarExact(t *testing.T) {
	for _, c := range readReference(t).Values.McNemar {
		got := McNemarExact(c.B, c.C)
		what := fmt.Sprintf("McNemarExact(%d, %d)", c.B, c.C)
		near(t, what+".P", got.P, c.P, digits12)
		nearLog(t, what+".LogP", got.LogP, c.LogP)
	}
}

func TestReferenceBinomialCDF(t *testing.T) {
	for _, c := range readReference(t).Values.Binomial {
		near(t, fmt.Sprintf("binomialCDF(%d, %d, %g)", c.K, c.N, c.Q), binomialCDF(c.K, c.N, c.Q), c.CDF, digits12)
	}
}

func TestReferenceStudent(t *testing.T) {
	ref := readReference(t)
	for _, c := range ref.Values.TQuantile {
		near(t, fmt.Sprintf("studentQuantile(%g, %g)", c.Level, c.DF), studentQuantile(c.Level, c.DF), c.T, digits12)
	}
	for _, c := range ref.Values.TTail {
		near(t, fmt.Sprintf("p of t = %g, df = %g", c.T, c.DF), math.Exp(studentLogP(c.T, c.DF)), math.Exp(c.LogP), digits12)
		nearLog(t, fmt.Sprintf("log p of t = %g, df = %g", c.T, c.DF), studentLogP(c.T, c.DF), c.LogP)
	}
}

func TestReferenceMean(t *testing.T) {
	for _, c := range readReference(t).Values.Mean {
		mean, err := Mean(c.X)
		if err != nil {
			t.Fatal(err)
		}
		variance, err := Variance(c.X)
		if err != nil {
			t.Fatal(err)
		}
		got, err := MeanInterval(c.X, c.Level)
		if err != nil {
			t.Fatal(err)
		}
		near(t, c.Name+" mean", mean, c.Mean, 1e-15)
		near(t, c.Name+" variance", variance, c.Variance, 1e-13)
		near(t, c.Name+" low", got.Low, c.Low, digits12)
		near(t, c.Name+" high", got.High, c.High, digits12)
	}
}

func TestReferencePairedT(t *testing.T) {
	for i, c := range readReference(t).Values.PairedT {
		// The values are those of x − y.
		got, err := PairedT(c.Y, c.X, Options{})
		if err != nil {
			t.Fatal(err)
		}
		what := fmt.Sprintf("pairs %d", i)
		near(t, what+" t", got.Statistic, c.T, digits12)
		near(t, what+" p", got.P, c.P, digits12)
		near(t, what+" estimate", got.Interval.Estimate, c.Estimate, digits12)
		near(t, what+" low", got.Interval.Low, c.Low, digits12)
		near(t, what+" high", got.Interval.High, c.High, digits12)
	}
}

func TestReferenceHolm(t *testing.T) {
	for _, c := range readReference(t).Values.Holm {
		for i, got := range Holm(c.P) {
			near(t, fmt.Sprintf("Holm(%v)[%d]", c.P, i), got, c.Adjusted[i], 1e-15)
		}
	}
}

func TestReferenceQuantile(t *testing.T) {
	var x []float64
	for _, c := range readReference(t).Values.Quantile {
		if len(c.X) > 0 {
			x = c.X
		}
		got, err := Quantile(x, c.Q)
		if err != nil {
			t.Fatal(err)
		}
		near(t, fmt.Sprintf("Quantile of %d, %g", c.N, c.Q), got, c.Value, digits12)
	}
}

func TestReferenceQuantileRanks(t *testing.T) {
	for _, c := range readReference(t).Values.Ranks {
		low, high := quantileRanks(c.N, c.Q, c.Level)
		if low != c.Low || high != c.High {
			t.Errorf("ranks of n = %d, q = %g, level %g: %d and %d, want %d and %d", c.N, c.Q, c.Level, low, high, c.Low, c.High)
		}
		attained := binomialCDF(high-1, c.N, c.Q) - binomialCDF(low-1, c.N, c.Q)
		near(t, fmt.Sprintf("attained of n = %d, q = %g, level %g", c.N, c.Q, c.Level), attained, c.Attained, digits12)
	}
}

// TestReferenceR compares with what R's own functions return, see generate.R.
func TestReferenceR(t *testing.T) {
	var ref struct {
		Source, Version, Command string
		Values                   []struct {
			Kind               string
			K, N, B, C         int
			Level, Low, High   float64
			Table              [4]int
			X, Y               []float64
			P                  json.RawMessage
			Adjusted           []float64
			T, DF, Estimate, Q float64
			Value              float64
		}
	}
	readJSON(t, "testdata/reference/r.json", &ref)
	for i, c := range ref.Values {
		var p float64
		var ps []float64
		if len(c.P) > 0 && c.P[0] == '[' {
			readNumbers(t, c.P, &ps)
		} else if len(c.P) > 0 {
			readNumbers(t, c.P, &p)
		}
		what := fmt.Sprintf("case %d, %s", i, c.Kind)
		switch c.Kind {
		case "wilson":
			got := Wilson(c.K, c.N, c.Level)
			near(t, what+" low", got.Low, c.Low, digits12)
			near(t, what+" high", got.High, c.High, digits12)
		case "newcombe_paired":
			got := RiskDifferencePaired(c.Table[0], c.Table[1], c.Table[2], c.Table[3], c.Level)
			near(t, what+" low", got.Low, c.Low, digits12)
			near(t, what+" high", got.High, c.High, digits12)
		case "mcnemar_exact":
			near(t, what, McNemarExact(c.B, c.C).P, p, 1e-12)
		case "paired_t":
			got, err := PairedT(c.Y, c.X, Options{})
			if err != nil {
				t.Fatal(err)
			}
			near(t, what+" t", got.Statistic, c.T, digits12)
			near(t, what+" df", got.DF[0], c.DF, 0)
			near(t, what+" p", got.P, p, digits12)
		case "holm":
			for j, got := range Holm(ps) {
				near(t, what, got, c.Adjusted[j], 1e-15)
			}
		case "quantile":
			got, err := Quantile(c.X, c.Q)
			if err != nil {
				t.Fatal(err)
			}
			near(t, what, got, c.Value, digits12)
		default:
			t.Fatalf("%s: no such kind", what)
		}
	}
}

// readNumbers reads one number or a list of them.
func readNumbers(t *testing.T, text json.RawMessage, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// TestPublishedPairedDifference checks two worked examples in print: Altman et
// al. (2000), Statistics with Confidence, table 6.2, and Fagerland et al. (2014),
// Statistics in Medicine 33: 2850-2875, airway hyper-responsiveness.
func TestPublishedPairedDifference(t *testing.T) {
	for _, c := range []struct {
		table               [4]int
		estimate, low, high float64
	}{
		{[4]int{14, 5, 0, 22}, 0.122, 0.011, 0.226},
		{[4]int{1, 1, 7, 12}, -0.286, -0.507, -0.026},
	} {
		got := RiskDifferencePaired(c.table[0], c.table[1], c.table[2], c.table[3], 0.95)
		for _, v := range [][2]float64{{got.Estimate, c.estimate}, {got.Low, c.low}, {got.High, c.high}} {
			if math.Abs(v[0]-v[1]) > 0.0005 {
				t.Errorf("%v: %.4f, in print %.3f", c.table, v[0], v[1])
			}
		}
	}
}
