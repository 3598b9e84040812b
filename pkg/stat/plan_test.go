package stat

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Each cell of the table in the documentation of Plan.
func TestPlanTable(t *testing.T) {
	for _, row := range []struct {
		d          Design
		test, post string
	}{
		{Design{Outcome: Binary, Groups: 1}, "binomial", ""},
		{Design{Outcome: Binary, Groups: 2, Paired: true}, "mcnemar", ""},
		{Design{Outcome: Binary, Groups: 2}, "boschloo", ""},
		{Design{Outcome: Binary, Groups: 2, N: 100}, "boschloo", ""},
		{Design{Outcome: Binary, Groups: 2, N: 101}, "two_proportions", ""},
		{Design{Outcome: Binary, Groups: 4, Paired: true}, "cochran_q", "mcnemar"},
		{Design{Outcome: Binary, Groups: 4}, "chi_square", "two_proportions"},
		{Design{Outcome: Binary, Groups: 4, N: 19}, "fisher_exact", "two_proportions"},
		{Design{Outcome: Nominal, Groups: 2}, "chi_square", ""},
		{Design{Outcome: Nominal, Groups: 3, N: 20}, "chi_square", "chi_square"},
		{Design{Outcome: Ordinal, Groups: 1}, "sign", ""},
		{Design{Outcome: Ordinal, Groups: 2, Paired: true}, "wilcoxon_signed_rank", ""},
		{Design{Outcome: Ordinal, Groups: 2}, "mann_whitney", ""},
		{Design{Outcome: Ordinal, Groups: 3, Paired: true}, "friedman", "nemenyi"},
		{Design{Outcome: Ordinal, Groups: 3}, "kruskal_wallis", "dunn"},
		{Design{Outcome: Latency, Groups: 2, Paired: true}, "wilcoxon_signed_rank", ""},
		{Design{Outcome: Latency, Groups: 5, Paired: true, WithControl: true}, "friedman", "wilcoxon_signed_rank"},
		{Design{Outcome: Latency, Groups: 2, Paired: true, Quantile: 0.99}, "quantile_difference", ""},
		{Design{Outcome: Latency, Groups: 1, Quantile: 0.99}, "quantile", ""},
		{Design{Outcome: Count, Groups: 1}, "one_sample_t", ""},
		{Design{Outcome: Continuous, Groups: 2, Paired: true}, "paired_t", ""},
		{Design{Outcome: Continuous, Groups: 2}, "welch_t", ""},
		{Design{Outcome: Continuous, Groups: 3, Paired: true}, "rm_anova", "paired_t"},
		{Design{Outcome: Continuous, Groups: 3}, "welch_anova", "games_howell"},
		{Design{Outcome: Continuous, Groups: 3, WithControl: true}, "welch_anova", "welch_t"},
		{Design{Outcome: Binary, Groups: 1, Clusters: 30}, "clustered_mean", ""},
		{Design{Outcome: Binary, Groups: 2, Paired: true, Clusters: 30}, "clustered_difference", ""},
		{Design{Outcome: Continuous, Groups: 3, Clusters: 30}, "clustered_difference", "clustered_difference"},
		{Design{Outcome: Continuous, Groups: 2, Quantile: 0.5, Clusters: 30}, "bootstrap", ""},
		{Design{Outcome: Continuous, Groups: 2, Goal: Equivalence}, "tost", ""},
		{Design{Outcome: Binary, Groups: 2, Goal: NonInferiority, Paired: true}, "non_inferiority", ""},
	} {
		got, err := Plan(row.d)
		if err != nil || got.Test != row.test || got.PostHoc != row.post {
			t.Errorf("%+v: %s, then %q, %v; want %s, then %q", row.d, got.Test, got.PostHoc, err, row.test, row.post)
		}
	}
}

// What no plan can serve is refused with the reason.
func TestPlanRefuses(t *testing.T) {
	for _, row := range []struct {
		d      Design
		reason Reason
		says   string
	}{
		{Design{}, BadOption, "outcome"},
		{Design{Outcome: "score", Groups: 2}, BadOption, "outcome"},
		{Design{Outcome: Binary}, BadOption, "0 groups"},
		{Design{Outcome: Binary, Groups: 1, Paired: true}, BadOption, "nothing to be paired with"},
		{Design{Outcome: Binary, Groups: 2, N: -1}, BadOption, "negative"},
		{Design{Outcome: Binary, Groups: 2, N: 5, Clusters: 6}, BadOption, "at least one item"},
		{Design{Outcome: Binary, Groups: 2, Alpha: 1}, BadOption, "alpha"},
		{Design{Outcome: Binary, Groups: 2, Alpha: math.NaN()}, BadOption, "alpha"},
		{Design{Outcome: Binary, Groups: 2, Quantile: 0.5}, BadOption, "no quantiles"},
		{Design{Outcome: Latency, Groups: 2, Quantile: math.NaN()}, BadOption, "quantile"},
		{Design{Outcome: Binary, Groups: 2, Goal: "win"}, BadOption, "goal"},
		{Design{Outcome: Binary, Groups: 3, Goal: Equivalence}, BadOption, "two groups"},
		{Design{Outcome: Nominal, Groups: 2, Goal: Equivalence}, BadOption, "margin"},
		{Design{Outcome: Nominal, Groups: 2, Paired: true}, Invalid, "make the outcome binary"},
		{Design{Outcome: Nominal, Groups: 1}, Invalid, "make the outcome binary"},
		{Design{Outcome: Nominal, Groups: 2, Clusters: 9}, Invalid, "make the outcome binary"},
		{Design{Outcome: Binary, Groups: 2, Clusters: 4}, TooFew, "no correction works"},
		{Design{Outcome: Continuous, Groups: 2, Override: "z_test"}, BadOption, "no test that a plan can name"},
		{Design{Outcome: Continuous, Groups: 2, Override: "paired_t"}, BadOption, "the design has none"},
	} {
		_, err := Plan(row.d)
		var refused *Refusal
		if !errors.As(err, &refused) || refused.Reason != row.reason || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%+v: %v, want %s: %s", row.d, err, row.reason, row.says)
		}
	}
}

// Another test is used only where it is asked for, and the plan says so.
func TestPlanOverride(t *testing.T) {
	d := Design{Outcome: Continuous, Groups: 2, Paired: true, N: 40, Override: "wilcoxon_signed_rank"}
	c, err := Plan(d)
	if err != nil || c.Test != "wilcoxon_signed_rank" || c.InsteadOf != "paired_t" ||
		!strings.Contains(c.Why, "was asked for; the design calls for paired_t") || !strings.Contains(c.Why, "long tails") {
		t.Errorf("%+v, %v", c, err)
	}
	for _, a := range c.Alternatives {
		if a.Test == c.Test {
			t.Errorf("the test is its own alternative: %+v", c.Alternatives)
		}
	}
	d.Override = "welch_t"
	if c, err = Plan(d); err != nil || len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], "ignores that the conditions saw the same items") {
		t.Errorf("%+v, %v", c, err)
	}
	d.Override, d.Clusters = "paired_t", 25
	if c, err = Plan(d); err != nil || len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], "ignores the clusters") {
		t.Errorf("%+v, %v", c, err)
	}
	d.Override, d.Clusters = "paired_t", 0
	if c, err = Plan(d); err != nil || c.InsteadOf != "" {
		t.Errorf("what the design calls for is no override: %+v, %v", c, err)
	}
}

// Where no outcome can be significant, the plan says so and how many items do.
func TestPlanLeastP(t *testing.T) {
	for _, row := range []struct {
		d     Design
		least float64
		says  string
	}{
		{Design{Outcome: Ordinal, Groups: 1, N: 5}, 0.0625, "6 items are the least"},
		{Design{Outcome: Ordinal, Groups: 1, N: 6}, 0.03125, ""},
		{Design{Outcome: Ordinal, Groups: 1, N: 5, OneSided: true}, 0.03125, ""},
		{Design{Outcome: Latency, Groups: 2, Paired: true, N: 5}, 0.0625, "6 items are the least"},
		{Design{Outcome: Binary, Groups: 2, Paired: true, N: 6, Family: 10}, 0.03125, "9 items are the least"},
		{Design{Outcome: Latency, Groups: 2, N: 3}, 0.1, "4 items are the least"},
		{Design{Outcome: Latency, Groups: 2, N: 4}, 2.0 / 70, ""},
		{Design{Outcome: Binary, Groups: 2, N: 2}, 0.125, "3 items are the least"},
		{Design{Outcome: Latency, Groups: 1, N: 100, Quantile: 0.99}, 0, "it needs 368"},
		{Design{Outcome: Continuous, Groups: 2, N: 5}, 0, "near normal"},
		{Design{Outcome: Continuous, Groups: 2, N: 1}, 0, "no test can answer"},
	} {
		c, err := Plan(row.d)
		warned := strings.Join(c.Warnings, "; ")
		if err != nil || math.Abs(c.LeastP-row.least) > 1e-12 || !strings.Contains(warned, row.says) || (row.says == "") != (warned == "") {
			t.Errorf("%+v: %g, %q, %v; want %g, %q", row.d, c.LeastP, warned, err, row.least, row.says)
		}
	}
}

// Every design gets a reason or a refusal, the same twice, and pairing and
// clusters are never left out unless that is asked for.
func TestPlanLaws(t *testing.T) {
	outcomes := []Outcome{Binary, Nominal, Ordinal, Count, Continuous, Latency, "other", ""}
	rapid.Check(t, func(t *rapid.T) {
		d := Design{
			Outcome:     rapid.SampledFrom(outcomes).Draw(t, "outcome"),
			Groups:      rapid.IntRange(-1, 6).Draw(t, "groups"),
			Paired:      rapid.Bool().Draw(t, "paired"),
			N:           rapid.SampledFrom([]int{-1, 0, 1, 2, 5, 19, 20, 51, 101, 5000, math.MaxInt}).Draw(t, "n"),
			Clusters:    rapid.SampledFrom([]int{0, 0, 0, -1, 1, 4, 5, 19, 20, 100}).Draw(t, "clusters"),
			Quantile:    rapid.SampledFrom([]float64{0, 0, 0.5, 0.99, 1, -1, 1e-300, math.NaN()}).Draw(t, "quantile"),
			WithControl: rapid.Bool().Draw(t, "control"),
			Goal:        rapid.SampledFrom([]Goal{"", Difference, Equivalence, NonInferiority, "x"}).Draw(t, "goal"),
			Alpha:       rapid.SampledFrom([]float64{0, 0.05, 1e-300, 0.999, 2}).Draw(t, "alpha"),
			Family:      rapid.SampledFrom([]int{0, 1, 7, math.MaxInt, -1}).Draw(t, "family"),
			OneSided:    rapid.Bool().Draw(t, "one_sided"),
			Override:    rapid.SampledFrom(append(planTests(), "", "", "", "x")).Draw(t, "override"),
		}
		got, err := Plan(d)
		if again, err2 := Plan(d); !reflect.DeepEqual(got, again) || !reflect.DeepEqual(err, err2) {
			t.Fatalf("%+v and %+v", got, again)
		}
		if err != nil {
			var refused *Refusal
			if !errors.As(err, &refused) || refused.Detail == "" {
				t.Fatalf("%v", err)
			}
			return
		}
		if got.Test == "" || got.Why == "" || got.Effect == "" || got.Interval == "" || !(got.LeastP >= 0 && got.LeastP <= 1) {
			t.Fatalf("%+v", got)
		}
		if (d.Groups > 2) != (got.PostHoc != "") || (got.PostHoc == "") != (got.Adjust == "") {
			t.Fatalf("after %d groups %q, %q", d.Groups, got.PostHoc, got.Adjust)
		}
		kind, known := planPaired(got.Test)
		if !known {
			t.Fatalf("%s cannot be asked for", got.Test)
		}
		if got.InsteadOf == "" && (kind == unpairedOnly && d.Paired || kind == pairedOnly && !d.Paired) {
			t.Fatalf("%+v for %+v", got, d)
		}
		if got.InsteadOf == "" && d.Clusters > 0 && !strings.HasPrefix(got.Test, "clustered") && got.Test != "bootstrap" {
			t.Fatalf("%s leaves clusters out", got.Test)
		}
		want := d
		want.Override = ""
		called, err := Plan(want)
		if err != nil {
			t.Fatal(err)
		}
		if asked := d.Override != "" && d.Override != called.Test; asked && (got.Test != d.Override || got.InsteadOf != called.Test) || !asked && !reflect.DeepEqual(got, called) {
			t.Fatalf("asked for %q: %+v", d.Override, got)
		}
	})
}

// Items pair up by name, and those without a partner are named.
func TestMatch(t *testing.T) {
	got, err := Match([]string{"a", "b", "c", "d"}, []string{"d", "e", "b"})
	want := Matched{Pairs: [][2]int{{1, 2}, {3, 0}}, OnlyControl: []string{"a", "c"}, OnlyTreatment: []string{"e"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, row := range [][2][]string{{{"a", "a"}, {"a"}}, {{"a"}, {"b", "b"}}} {
		if _, err := Match(row[0], row[1]); err == nil || !strings.Contains(err.Error(), "twice") {
			t.Errorf("%v: %v", row, err)
		}
	}
}
