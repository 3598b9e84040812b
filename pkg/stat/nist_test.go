package stat

import (
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"
)

// TestNISTUnivariate compares mean, standard deviation and lag-1 autocorrelation
// with the certified values of the NIST Statistical Reference Datasets. As many
// digits must agree as of the exact results for the same float64 input, less 0.2:
// what is missing then was lost when the decimals were read.
func TestNISTUnivariate(t *testing.T) {
	var ref struct {
		Source string
		Sets   []struct {
			Name           string
			Mean, SD, Lag1 float64
			Data           []float64
			Digits         string
		}
	}
	readJSON(t, "testdata/nist/univariate.json", &ref)
	if len(ref.Sets) != 9 {
		t.Fatalf("%d sets", len(ref.Sets))
	}
	for _, set := range ref.Sets {
		x := set.Data
		for _, d := range set.Digits {
			x = append(x, float64(d-'0'))
		}
		if strings.HasPrefix(set.Name, "NumAcc") && set.Name != "NumAcc1" {
			for range 499 {
				x = append(x, set.Data[1], set.Data[2])
			}
		}
		mean, err := Mean(x)
		if err != nil {
			t.Fatal(err)
		}
		variance, err := Variance(x)
		if err != nil {
			t.Fatal(err)
		}
		lag1, err := Autocorrelation(x, 1)
		if err != nil {
			t.Fatal(err)
		}
		exactMean, exactSD, exactLag1 := exactMoments(x)
		for _, c := range []struct {
			name                  string
			got, exact, certified float64
		}{{"mean", mean, exactMean, set.Mean}, {"sd", math.Sqrt(variance), exactSD, set.SD}, {"lag 1", lag1, exactLag1, set.Lag1}} {
			got, ceiling := correctDigits(c.got, c.certified), correctDigits(c.exact, c.certified)
			t.Logf("%s %s: %.1f digits, ceiling %.1f", set.Name, c.name, got, ceiling)
			if got < ceiling-0.2 {
				t.Errorf("%s: %s is %.17g, certified %.17g: %.1f digits, not %.1f", set.Name, c.name, c.got, c.certified, got, ceiling)
			}
		}
	}
}

// correctDigits is the log relative error, at most the 15 digits certified.
func correctDigits(got, certified float64) float64 {
	if got == certified {
		return 15
	}
	return math.Min(15, -math.Log10(math.Abs(got-certified)/math.Abs(certified)))
}

// exactMoments returns mean, standard deviation and lag-1 autocorrelation of the
// numbers as they are, by rational arithmetic.
func exactMoments(x []float64) (mean, sd, lag1 float64) {
	n := new(big.Rat).SetInt64(int64(len(x)))
	total := new(big.Rat)
	for _, v := range x {
		total.Add(total, new(big.Rat).SetFloat64(v))
	}
	m := new(big.Rat).Quo(total, n)
	away := make([]*big.Rat, len(x))
	squares, products := new(big.Rat), new(big.Rat)
	for i, v := range x {
		away[i] = new(big.Rat).Sub(new(big.Rat).SetFloat64(v), m)
		squares.Add(squares, new(big.Rat).Mul(away[i], away[i]))
		if i > 0 {
			products.Add(products, new(big.Rat).Mul(away[i], away[i-1]))
		}
	}
	mean, _ = m.Float64()
	lag1, _ = new(big.Rat).Quo(products, squares).Float64()
	variance := new(big.Rat).Quo(squares, new(big.Rat).Sub(n, big.NewRat(1, 1)))
	sd, _ = new(big.Float).Sqrt(new(big.Float).SetPrec(200).SetRat(variance)).Float64()
	return mean, sd, lag1
}

func TestAutocorrelation(t *testing.T) {
	if got, err := Autocorrelation([]float64{1, 2, 3, 4}, 2); err != nil || math.Abs(got+0.3) > 1e-15 {
		t.Errorf("%v, %v, want -0.3", got, err)
	}
	for name, c := range map[string]struct {
		x    []float64
		lag  int
		want Reason
	}{
		"lag":      {[]float64{1, 2}, 0, BadOption},
		"short":    {[]float64{1, 2}, 2, TooFew},
		"longest":  {[]float64{1, 2}, math.MaxInt, TooFew},
		"constant": {[]float64{1, 1, 1}, 1, Constant},
		"infinite": {[]float64{1, math.Inf(1), 1}, 1, NotFinite},
	} {
		_, err := Autocorrelation(c.x, c.lag)
		var r *Refusal
		if !errors.As(err, &r) || r.Reason != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
