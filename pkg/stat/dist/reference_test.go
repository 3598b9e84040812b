package dist

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"
)

// reference is a file of values that other programs computed.
type reference struct {
	Source, Version, Command string
	Cases                    []referenceCase
}

type referenceCase struct {
	Law    string
	Args   []float64
	X      float64
	LogCDF *float64 `json:"log_cdf"`
	LogSF  *float64 `json:"log_sf"`
	// Second is what another program says, and to how many digits it agreed with
	// the first where the values were made.
	Second struct {
		Oracle       string
		LogCDF       *float64 `json:"log_cdf"`
		LogCDFDigits float64  `json:"log_cdf_digits"`
		LogSF        *float64 `json:"log_sf"`
		LogSFDigits  float64  `json:"log_sf_digits"`
	}
}

func readReference(t *testing.T, name string) reference {
	t.Helper()
	text, err := os.ReadFile("testdata/reference/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var out reference
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if out.Source == "" || out.Version == "" || out.Command == "" || len(out.Cases) == 0 {
		t.Fatalf("%s does not say where its values come from", name)
	}
	return out
}

// lawOf returns the law of a case.
func lawOf(t *testing.T, c referenceCase) named {
	t.Helper()
	a := func(i int) float64 { return c.Args[i] }
	n := func(i int) int64 { return int64(c.Args[i]) }
	switch c.Law {
	case "normal":
		return Normal{}
	case "t":
		return T{a(0)}
	case "f":
		return F{a(0), a(1)}
	case "chi_squared":
		return ChiSquared{a(0)}
	case "beta":
		return Beta{a(0), a(1)}
	case "binomial":
		return Binomial{n(0), a(1)}
	case "hypergeometric":
		return Hypergeometric{n(0), n(1), n(2)}
	case "fisher_hypergeometric":
		return FisherHypergeometric{n(0), n(1), n(2), a(3)}
	case "noncentral_t":
		return NoncentralT{a(0), a(1)}
	case "noncentral_f":
		return NoncentralF{a(0), a(1), a(2)}
	case "noncentral_chi_squared":
		return NoncentralChiSquared{a(0), a(1)}
	case "studentized_range":
		return StudentizedRange{int(a(0)), a(1)}
	case "correlation":
		return Correlation{int(a(0)), a(1)}
	case "dunnett":
		return Dunnett{Lambda: c.Args[1:], DF: a(0)}
	case "dunnett_one_sided":
		return oneSidedMethods{oneSided{Dunnett{Lambda: c.Args[1:], DF: a(0)}}}
	}
	t.Fatalf("no law %q", c.Law)
	return nil
}

// oneSidedMethods gives the one-sided methods of Dunnett the common names.
type oneSidedMethods struct{ oneSided }

func (d oneSidedMethods) CDF(x float64) float64      { return d.OneSidedCDF(x) }
func (d oneSidedMethods) SF(x float64) float64       { return d.OneSidedSF(x) }
func (d oneSidedMethods) LogCDF(x float64) float64   { return d.OneSidedLogCDF(x) }
func (d oneSidedMethods) LogSF(x float64) float64    { return d.OneSidedLogSF(x) }
func (d oneSidedMethods) Quantile(p float64) float64 { return d.OneSidedQuantile(p) }
func (d oneSidedMethods) InvSF(q float64) float64    { return d.OneSidedInvSF(q) }

// agreement returns how many digits of a probability agree, given logarithms. A
// logarithm close to 0 stands for the small complement and must have its digits;
// one beyond −100 is itself rounded.
func agreement(got, want float64) float64 {
	if got == want {
		return 16
	}
	scale := math.Abs(want)
	if scale > 1 {
		scale = math.Max(1, scale/100)
	}
	return math.Max(0, math.Min(16, -math.Log10(math.Abs(got-want)/scale)))
}

// checkReference compares a file of values, need digits of each, and returns the
// fewest digits that agreed of each law.
func checkReference(t *testing.T, name string, need float64) {
	t.Helper()
	worst, where := map[string]float64{}, map[string]string{}
	for _, c := range readReference(t, name).Cases {
		l := lawOf(t, c)
		check := func(what string, got float64, want *float64, need float64, record bool) {
			if want == nil {
				return
			}
			d := agreement(got, *want)
			if !(d >= need) {
				t.Errorf("%s%v at %v: %s is %.17g, want %.17g: %.1f digits agree, not %g", c.Law, c.Args, c.X, what, got, *want, d, need)
			}
			if old, ok := worst[c.Law]; record && (!ok || d < old) {
				worst[c.Law], where[c.Law] = d, fmt.Sprint(c.Args, c.X, what)
			}
		}
		check("ln P(X ≤ x)", l.LogCDF(c.X), c.LogCDF, need, true)
		check("ln P(X > x)", l.LogSF(c.X), c.LogSF, need, true)
		second := c.Second
		check(second.Oracle, l.LogCDF(c.X), second.LogCDF, math.Min(need, second.LogCDFDigits-0.5), false)
		check(second.Oracle, l.LogSF(c.X), second.LogSF, math.Min(need, second.LogSFDigits-0.5), false)
	}
	for l, d := range worst {
		t.Logf("%s: %.1f digits, least at %s", l, d, where[l])
	}
}

func TestReferenceCentral(t *testing.T) { checkReference(t, "central.json", 12) }

func TestReferenceNoncentral(t *testing.T) { checkReference(t, "noncentral.json", 10) }

func TestReferenceRange(t *testing.T) { checkReference(t, "range.json", 10) }
