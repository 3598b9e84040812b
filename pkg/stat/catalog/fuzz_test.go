package catalog

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/crucible-go/crucible/pkg/stat"
)

// TestNothingBreaks runs every procedure on data of every form and settings of
// every kind: whatever comes, the answer is sound or a refusal with a reason, and
// comes soon.
func TestNothingBreaks(t *testing.T) {
	for _, e := range All() {
		t.Run(e.Name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { neverBreaks(t, e) })
		})
	}
}

// FuzzCatalog is TestNothingBreaks without an end.
func FuzzCatalog(f *testing.F) {
	all := All()
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) { neverBreaks(t, rapid.SampledFrom(all).Draw(t, "entry")) }))
}

// neverBreaks runs one procedure once.
func neverBreaks(t *rapid.T, e Entry) {
	d, s := anyData(t, e), anySettings(t, e)
	const limit = 4 * time.Second // a second, were the processors idle
	took, out := timed(t, e, d, s)
	for range 2 {
		if took > limit { // or another program had the processors
			again, _ := timed(t, e, d, s)
			took = min(took, again)
		}
	}
	fail := func(format string, args ...any) {
		t.Helper()
		t.Logf("%s of %s with %v", e.Name, brief(d), s)
		t.Fatalf(format, args...)
	}
	if took > limit {
		fail("it took %v", took)
	}
	text, err := json.Marshal(out)
	if err != nil {
		fail("%v", err)
	}
	if out.Refused != "" {
		if out.Reason == "" || out.P != nil || out.Interval != nil {
			fail("a refusal beside an answer, or without a reason: %s", text)
		}
		return
	}
	if complaint := unsound(e, out, s); complaint != "" {
		fail("%s: %s", complaint, text)
	}
}

func timed(t *rapid.T, e Entry, d Data, s Settings) (time.Duration, Output) {
	begin := time.Now()
	out, err := e.Do(d, s)
	if err != nil {
		t.Fatalf("%s of %s with %v: %v is no refusal", e.Name, brief(d), s, err)
	}
	return time.Since(begin), out
}

// brief shows data as JSON, or its first part; NaN and infinities as they are.
func brief(d Data) string {
	var b strings.Builder
	show := func(key string, v any) { b.WriteString(key + ": " + strings.TrimSpace(fmt.Sprint(v)) + " ") }
	show("groups", d.Groups)
	show("x", d.X)
	show("y", d.Y)
	show("table", d.Table)
	show("pairs", d.Pairs)
	show("blocks", d.Blocks)
	show("p", d.P)
	show("a", d.A)
	show("b", d.B)
	show("clusters", d.Clusters)
	show("covariate", d.Covariate)
	show("variances", d.Variances)
	if b.Len() > 4000 {
		return b.String()[:4000] + "…"
	}
	return b.String()
}

// unsound says what is wrong with an answer, or "".
func unsound(e Entry, out Output, s Settings) string {
	badP := func(p float64) bool { return !(p >= stat.SmallestP && p <= 1) }
	// Bounds of little confidence come from other roots than the estimate, and need
	// not be about it.
	sure, err := s.Float(e.Name, "level", stat.DefaultLevel)
	outside := func(what string, estimate, low, high float64) bool {
		slack := 1e-9 * (math.Abs(low) + math.Abs(high) + math.Abs(estimate))
		return low > high || err == nil && sure >= 0.5 && !slices.Contains(mayMiss, what) && (estimate < low-slack || estimate > high+slack)
	}
	if out.P != nil && (badP(*out.P) || out.LogP == nil || *out.LogP > 0) {
		return "a p-value outside (0, 1]"
	}
	if out.P == nil && out.Estimate == nil && out.Comparisons == nil && out.Adjusted == nil && out.Details == nil {
		return "no answer at all"
	}
	name := e.Name
	if out.Interval != nil && slices.Contains(mayMiss, out.Interval.Method) {
		name = out.Interval.Method
	}
	if out.Interval != nil && outside(name, *out.Estimate, out.Interval.Low, out.Interval.High) {
		return "the interval is not about its estimate"
	}
	if out.Interval != nil && !(out.Interval.Level > 0 && out.Interval.Level < 1 && out.Interval.Attained >= 0 && out.Interval.Attained <= 1) {
		return "the level is outside (0, 1)"
	}
	if f := out.Effect; f != nil && f.Low != nil && outside(f.Name, f.Estimate, *f.Low, *f.High) {
		return "the interval of the effect is not about its estimate"
	}
	for _, c := range out.Comparisons {
		if badP(c.P) || c.LogP > 0 || c.A == c.B {
			return "a comparison with a p-value outside (0, 1]"
		}
		if c.Interval != nil && outside(e.Name, *c.Estimate, c.Interval.Low, c.Interval.High) {
			return "the interval of a comparison is not about its estimate"
		}
	}
	for _, term := range out.Terms {
		if badP(term.P) || term.F < 0 || term.SumSq < 0 {
			return "a term with a p-value outside (0, 1] or below 0"
		}
	}
	for _, p := range out.Adjusted {
		if !(p >= 0 && p <= 1) {
			return "an adjusted p-value outside [0, 1]"
		}
	}
	for _, n := range out.N {
		if n < 0 {
			return "a negative n"
		}
	}
	if alternative(s["alternative"]) == stat.Greater && (!e.OneSided || out.P != nil && out.Alternative != string(stat.Greater)) {
		return "it takes no alternative, but took one"
	}
	return ""
}

// mayMiss names what has an interval that need not hold its estimate: shares of
// variance and of chi-squared, whose bounds are those of the population's share
// while the estimate is the sample's, which is greater by what chance adds;
// coefficients whose bounds are resampled or approximate; and Agresti and Caffo's
// interval, which is about a difference that is drawn towards 0.
var mayMiss = []string{"eta_squared", "partial_eta_squared", "omega_squared", "epsilon_squared", "cohens_f", "cohens_w", "cramers_v",
	"krippendorff_alpha", "icc", "agresti_caffo", "bootstrap_percentile"}

// awkward are numbers that procedures stumble over.
var awkward = []float64{0, math.Copysign(0, -1), 1, -1, 2, 0.5, 3, 10, 100, 1e6, 1e9, 1e15, 1e16, 9007199254740993, 1e160, 1e300, -1e300, math.MaxFloat64,
	1e-9, 1e-160, 1e-300, 5e-324, math.NaN(), math.Inf(1), math.Inf(-1), 1 - 1e-16, 1 + 1e-15}

// kinds of lists of numbers: each gives a number from a source.
var kinds = []func(r *rand.Rand) float64{
	func(r *rand.Rand) float64 { return awkward[r.IntN(len(awkward))] },
	func(r *rand.Rand) float64 { return float64(r.IntN(2)) },
	func(r *rand.Rand) float64 { return float64(r.IntN(7)) },
	func(r *rand.Rand) float64 { return float64(r.IntN(7)) - 3 },
	func(r *rand.Rand) float64 { return r.Float64() },
	func(r *rand.Rand) float64 { return r.NormFloat64() },
	func(r *rand.Rand) float64 { return 1e6 + r.NormFloat64() },
	func(r *rand.Rand) float64 { return 100 * r.NormFloat64() },
	func(r *rand.Rand) float64 { return math.Exp(30 * r.NormFloat64()) },
	func(r *rand.Rand) float64 { return math.Floor(math.Exp(12 * r.Float64())) },
	func(r *rand.Rand) float64 { return math.Floor(math.Exp(42 * r.Float64())) },
	func(r *rand.Rand) float64 { return 1e300 * r.NormFloat64() },
	func(r *rand.Rand) float64 { return 1e-300 * r.NormFloat64() },
	func(*rand.Rand) float64 { return 0.1 },
	func(*rand.Rand) float64 { return 0 },
}

var lengths = []int{0, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 30, 51, 100, 400}

// anyNumbers draws n numbers of one kind, or here and there of another.
func anyNumbers(t *rapid.T, n int) Numbers {
	kind := rapid.IntRange(0, len(kinds)-1).Draw(t, "kind")
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	out := make(Numbers, n)
	for i := range out {
		out[i] = kinds[kind](r)
	}
	if n > 0 && rapid.IntRange(0, 5).Draw(t, "odd") == 0 {
		out[rapid.IntRange(0, n-1).Draw(t, "at")] = rapid.SampledFrom(awkward).Draw(t, "value")
	}
	return out
}

// anyLists draws lists, mostly of one length and one kind.
func anyLists(t *rapid.T, least, most int) []Numbers {
	k := max(least, rapid.SampledFrom([]int{0, 1, 2, 2, 2, 2, 3, 3, 4, 5, 8}).Draw(t, "lists"))
	n := rapid.SampledFrom(lengths).Draw(t, "n")
	if rapid.IntRange(0, 9).Draw(t, "long") == 0 {
		n, k = k, n // many short ones
	}
	k = min(k, most)
	uneven := rapid.IntRange(0, 3).Draw(t, "uneven") == 0
	whole := anyNumbers(t, n*k)
	out := make([]Numbers, k)
	for i := range out {
		out[i] = whole[i*n : (i+1)*n : (i+1)*n]
		if uneven {
			out[i] = out[i][:rapid.IntRange(0, n).Draw(t, "length")]
		}
	}
	return out
}

func anyLabels(t *rapid.T, n int) Labels {
	many := rapid.SampledFrom([]int{1, 2, 2, 3, 4, 9, 400}).Draw(t, "labels")
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
	balanced := rapid.Bool().Draw(t, "balanced")
	out := make(Labels, n)
	for i := range out {
		at := r.IntN(many)
		if balanced {
			at = i % many
		}
		out[i] = fmt.Sprint(at)
	}
	return out
}

// anyData draws data in a form that the procedure takes, or in another, with keys
// that go together or not.
func anyData(t *rapid.T, e Entry) Data {
	forms := append([]Form{FormXY}, e.Input...)
	form := strings.Split(string(rapid.SampledFrom(forms).Draw(t, "form")), ",")
	if rapid.IntRange(0, 7).Draw(t, "own form") > 0 && len(e.Input) > 0 {
		form = strings.Split(string(rapid.SampledFrom(e.Input).Draw(t, "form")), ",")
	}
	most := 400
	switch e.Name { // what computes a quantile by quadrature for each pair takes longer than a second
	case "games_howell":
		most = 6
	case "tukey_hsd", "pairwise_wilcoxon":
		most = 20
	}
	n := rapid.SampledFrom(lengths).Draw(t, "n")
	with := func(what string) bool {
		return slices.Contains(form, what) || rapid.IntRange(0, 40).Draw(t, what) == 0
	}
	length := func() int {
		if rapid.IntRange(0, 12).Draw(t, "other length") == 0 {
			return rapid.SampledFrom(lengths).Draw(t, "length")
		}
		return n
	}
	var d Data
	numbers := func(what string, into *Numbers) {
		if with(what) {
			*into = anyNumbers(t, length())
		}
	}
	lists := func(what string, into *[]Numbers, least int) {
		if with(what) {
			*into = anyLists(t, least, most)
		}
	}
	labels := func(what string, into *Labels) {
		if with(what) {
			*into = anyLabels(t, length()*rapid.SampledFrom([]int{1, 1, 1, 2}).Draw(t, "times"))
		}
	}
	numbers("x", &d.X)
	numbers("y", &d.Y)
	numbers("p", &d.P)
	numbers("covariate", &d.Covariate)
	numbers("variances", &d.Variances)
	lists("groups", &d.Groups, 0)
	lists("pairs", &d.Pairs, 2)
	lists("blocks", &d.Blocks, 0)
	lists("table", &d.Table, 0)
	if e.Name == "fisher_exact" { // larger ones may take seconds, up to its bound of work
		d.Table = d.Table[:min(4, len(d.Table))]
		for i, row := range d.Table {
			d.Table[i] = row[:min(5, len(row))]
		}
	}
	labels("a", &d.A)
	labels("b", &d.B)
	labels("clusters", &d.Clusters)
	return d
}

// texts are settings of all procedures, and of none.
var texts = []string{"", "0", "1", "2", "3", "10", "0.5", "0.05", "0.1", "-1", "1e-300", "1e300", "-1e300", "NaN", "Inf", "1e-17", "0.9999999999999999", "0.95",
	"99999999999", "9223372036854775807", "18446744073709551615", "100", "5000", "1000000", "true", "false", "x", "1,0,-1", "1,-1", "é"}

var words = regexp.MustCompile(`[a-z][a-z0-9_]+`)

// anySettings draws settings that the procedure takes, and at times one it does not.
func anySettings(t *rapid.T, e Entry) Settings {
	s := Settings{}
	draw := func(name string, odds int, values []string) {
		if rapid.IntRange(0, odds).Draw(t, name) == 0 {
			s[name] = rapid.SampledFrom(values).Draw(t, "value")
		}
	}
	for _, k := range e.Keys {
		values := append(words.FindAllString(k.Doc, -1), texts...)
		if k.Default != "" {
			values = append(values, k.Default)
			draw(k.Name, 3, values)
		} else if rapid.IntRange(0, 9).Draw(t, k.Name) > 0 {
			s[k.Name] = rapid.SampledFrom(values).Draw(t, "value")
		}
	}
	if len(e.Methods) > 0 {
		draw("method", 1, e.Methods)
	}
	if e.OneSided {
		draw("alternative", 2, []string{"greater", "less", "two_sided", "two-sided", "two.sided"})
	}
	draw("level", 3, []string{"0.9", "0.99", "0.5", "1e-9", "0.01", "0.999999999", "0.9999999999999999"})
	for _, name := range e.Settings() {
		draw(name, 60, texts)
	}
	draw("replicates", 4, []string{"0", "-1", "1", "99", "100", "999", "2000", "x", "1e5", "99999999999", "9223372036854775807"})
	if n, err := strconv.Atoi(s["replicates"]); err == nil && n > 2000 && n < 1e9 {
		s["replicates"] = "2000" // what takes long because it is asked to is no fault
	}
	for _, k := range e.Keys {
		if _, said := s[k.Name]; k.Name == "replicates" && !said {
			s[k.Name] = "999"
		}
	}
	draw("method", 50, []string{"exact", "pratt", "holm", "none", "nonsense"})
	draw("alternative", 50, []string{"greater", "less", "up"})
	if rapid.IntRange(0, 60).Draw(t, "unknown setting") == 0 {
		s["nonsense"] = "1"
	}
	return s
}
