package stat

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// correlations are the procedures of paired variables.
var correlations = map[string]func(x, y []float64, o Options) (Result, error){
	"pearson": Pearson, "spearman": Spearman, "kendall": Kendall,
}

// variablePairs draws paired variables of whole numbers that vary.
func variablePairs(t *rapid.T, least, most int) (x, y []float64) {
	n := rapid.IntRange(least, most).Draw(t, "n")
	for _, s := range []*[]float64{&x, &y} {
		width := rapid.SampledFrom([]int{1, 3, 1000}).Draw(t, "width")
		*s = make([]float64, n)
		for i := range *s {
			(*s)[i] = float64(rapid.IntRange(0, width).Draw(t, "v"))
		}
		if slices.Min(*s) == slices.Max(*s) {
			(*s)[n-1]++
		}
	}
	return x, y
}

// byDefinition are statistics whose size two-sided tests compare.
var byDefinition = map[string]func(x, y []float64) float64{
	"pearson": func(x, y []float64) float64 {
		mx, _ := Mean(x)
		my, _ := Mean(y)
		total := 0.0
		for i := range x {
			total += (x[i] - mx) * (y[i] - my)
		}
		return total
	},
	"spearman": func(x, y []float64) float64 {
		rx, _ := midranks(x)
		ry, _ := midranks(y)
		return dot(centredRanks(rx), centredRanks(ry))
	},
	"kendall": func(x, y []float64) float64 {
		s := 0
		for i := range x {
			for j := range i {
				s += sign((x[i] - x[j]) * (y[i] - y[j]))
			}
		}
		return float64(s)
	},
}

func sign(v float64) int {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}

// TestExactCorrelationsBruteForce pairs the values in all orders.
func TestExactCorrelationsBruteForce(t *testing.T) {
	for name, f := range correlations {
		t.Run(name, func(t *testing.T) {
			method := "exact"
			if name == "pearson" {
				method = "permutation"
			}
			rapid.Check(t, func(t *rapid.T) {
				x, y := variablePairs(t, 3, 7)
				a := rapid.SampledFrom([]Alternative{TwoSided, Greater, Less}).Draw(t, "alternative")
				observed := byDefinition[name](x, y)
				small := 1e-9 * math.Max(1, math.Abs(observed))
				reached, ways := 0, 0
				w := slices.Clone(y)
				everyOrder(w, func() {
					v := byDefinition[name](x, w)
					ways++
					if a == Greater && v >= observed-small || a == Less && v <= observed+small ||
						a == TwoSided && math.Abs(v) >= math.Abs(observed)-small {
						reached++
					}
				})
				got, err := f(x, y, Options{Method: method, Alternative: a})
				if err != nil {
					t.Fatal(err)
				}
				mustAgree(t, "p", got.P, float64(reached)/float64(ways), 1e-12)
			})
		})
	}
}

// TestEveryOrder visits each order once.
func TestEveryOrder(t *testing.T) {
	for n, want := range []int{1, 1, 2, 6, 24, 120, 720} {
		w := make([]float64, n)
		for i := range w {
			w[i] = float64(i)
		}
		seen := map[string]bool{}
		everyOrder(w, func() {
			key := make([]byte, n)
			for i, v := range w {
				key[i] = byte(v)
			}
			seen[string(key)] = true
		})
		if len(seen) != want {
			t.Errorf("%d of %d orders of %d", len(seen), want, n)
		}
	}
}

func TestCorrelationLaws(t *testing.T) {
	for name, f := range correlations {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				x, y := variablePairs(t, 3, 40)
				a := rapid.SampledFrom([]Alternative{TwoSided, Greater, Less}).Draw(t, "alternative")
				got, err := f(x, y, Options{Alternative: a})
				if err != nil {
					t.Fatal(err)
				}
				swapped, err := f(y, x, Options{Alternative: a})
				if err != nil {
					t.Fatal(err)
				}
				mustAgree(t, "swapped p", swapped.P, got.P, 1e-9)
				mustAgree(t, "swapped estimate", swapped.Interval.Estimate, got.Interval.Estimate, 1e-12)
				if i := got.Interval; i.Level > 0 && !(-1 <= i.Low && i.Low <= i.Estimate && i.Estimate <= i.High && i.High <= 1) || math.Abs(i.Estimate) > 1 {
					t.Fatalf("interval %+v", *i)
				}
				turned := make([]float64, len(y))
				for i, v := range y {
					turned[i] = 3 - 2*v
				}
				o := Options{Alternative: map[Alternative]Alternative{TwoSided: TwoSided, Greater: Less, Less: Greater}[a]}
				opposite, err := f(x, turned, o)
				if err != nil {
					t.Fatal(err)
				}
				mustAgree(t, "turned p", opposite.P, got.P, 1e-9)
				mustAgree(t, "turned estimate", opposite.Interval.Estimate, -got.Interval.Estimate, 1e-12)
				if name == "pearson" {
					return
				}
				for i, v := range y {
					turned[i] = math.Exp(v/100) - 9 // in the same order
				}
				same, err := f(x, turned, Options{Alternative: a})
				if err != nil {
					t.Fatal(err)
				}
				if same.P != got.P || same.Interval.Estimate != got.Interval.Estimate {
					t.Fatalf("of the same order: %+v and %+v", same, got)
				}
			})
		})
	}
}

// TestCountPairs compares the counts by sorting with those by definition.
func TestCountPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := variablePairs(t, 3, 120)
		c := countPairs(x, y)
		if got, want := float64(c.concordant-c.discordant), byDefinition["kendall"](x, y); got != want {
			t.Fatalf("S = %v, want %v", got, want)
		}
		both := 0
		for i := range x {
			for j := range i {
				if x[i] == x[j] && y[i] == y[j] {
					both++
				}
			}
		}
		n := len(x)
		if c.concordant+c.discordant+int(pairsTied(c.tx)+pairsTied(c.ty))-both != n*(n-1)/2 {
			t.Fatalf("%+v do not sum to the pairs", c)
		}
	})
}

// TestKendallExactLimits compares both ways of counting, and the tail with its
// closed form.
func TestKendallExactLimits(t *testing.T) {
	ones := slices.Repeat([]int{1}, 10)
	for _, s := range []int{-45, -15, 1, 7, 31, 45} {
		byPairing, err := exactPairing("kendall", ones, ones, kendallGain, s, 46, Greater)
		if err != nil {
			t.Fatal(err)
		}
		mustAgree(t, "ln p", math.Log(inversionsTail(10, (45-s)/2)), byPairing, 1e-12)
	}
	x := make([]float64, 150)
	for i := range x {
		x[i] = float64(i)
	}
	r, err := Kendall(x, x, Options{Method: "exact"})
	if err != nil {
		t.Fatal(err)
	}
	factorial, _ := math.Lgamma(151)
	mustAgree(t, "ln p", r.LogP, math.Ln2-factorial, 1e-13)
	for name, method := range map[string]string{"kendall": "exact", "spearman": "exact"} {
		_, err := correlations[name](append(x, 0.5), append(x, 0.7), Options{Method: method})
		refusedAs(t, err, TooLarge)
	}
}

func TestPartialCorrelation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := variablePairs(t, 6, 30)
		z, _ := variablePairs(t, len(x), len(x))
		got, err := PartialCorrelation(x, y, z, Options{})
		if err != nil {
			refusedAs(t, err, Constant)
			return
		}
		r := func(a, b []float64) float64 {
			out, err := Pearson(a, b, Options{})
			if err != nil {
				t.Fatal(err)
			}
			return out.Interval.Estimate
		}
		xz, yz := r(x, z), r(y, z)
		want := (r(x, y) - xz*yz) / math.Sqrt((1-xz*xz)*(1-yz*yz))
		if math.Abs(got.Interval.Estimate-want) > 1e-6 {
			t.Fatalf("%v, want %v", got.Interval.Estimate, want)
		}
	})
}

func TestCorrelationRefusals(t *testing.T) {
	for name, f := range correlations {
		for what, c := range map[string]struct {
			x, y   []float64
			reason Reason
		}{
			"unpaired": {[]float64{1, 2, 3, 4}, []float64{1, 2, 3}, Unpaired},
			"few":      {[]float64{1, 2}, []float64{1, 2}, TooFew},
			"none":     {nil, nil, TooFew},
			"constant": {[]float64{1, 2, 3}, []float64{4, 4, 4}, Constant},
			"NaN":      {[]float64{1, 2, 3}, []float64{4, math.NaN(), 4}, NotFinite},
			"infinite": {[]float64{1, 2, math.Inf(1)}, []float64{4, 5, 4}, NotFinite},
		} {
			t.Run(name+" "+what, func(t *testing.T) { refusedAs(t, second(f(c.x, c.y, Options{})), c.reason) })
		}
		t.Run(name+" mu", func(t *testing.T) {
			refusedAs(t, second(f([]float64{1, 2, 3}, []float64{1, 2, 4}, Options{Mu: 1})), BadOption)
		})
	}
	refusedAs(t, second(Pearson([]float64{1, 2, 1e300}, []float64{1, 2, 4}, Options{})), NotFinite)
	refusedAs(t, second(PartialCorrelation([]float64{1, 2, 4, 3}, []float64{1, 5, 4, 2}, []float64{2, 4, 8, 6}, Options{})), Constant)
	x := make([]float64, 100)
	x[0] = 1
	refusedAs(t, second(Pearson(x, x, Options{Method: "permutation", Replicates: 1 << 40})), TooLarge)
	refusedAs(t, second(Spearman(x, x, Options{Method: "edgeworth"})), Invalid)
}
