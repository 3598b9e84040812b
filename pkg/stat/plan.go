package stat

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Outcome is the kind of what is measured on an item.
type Outcome string

// The outcomes.
const (
	// Binary is right or wrong.
	Binary Outcome = "binary"
	// Nominal is one of several names without an order.
	Nominal Outcome = "nominal"
	// Ordinal is one of a few ordered grades, such as a rating from 1 to 5.
	Ordinal Outcome = "ordinal"
	// Count is a number of events, such as tokens or errors.
	Count Outcome = "count"
	// Continuous is a measure whose mean is of interest, such as a score or a cost.
	Continuous Outcome = "continuous"
	// Latency is a time to an answer: skewed, with a tail that matters more than
	// the mean.
	Latency Outcome = "latency"
)

// Goal is what is to be shown.
type Goal string

// The goals. The zero value counts as Difference.
const (
	Difference     Goal = "difference"
	Equivalence    Goal = "equivalence"
	NonInferiority Goal = "non_inferiority"
)

// Design is what is known of an experiment before anything is measured.
type Design struct {
	Outcome Outcome
	// Groups is how many conditions are compared; 1 is compared with a fixed value.
	Groups int
	// Paired says that every condition sees the same items.
	Paired bool
	// N is how many items a group has, or how many pairs or blocks there are; 0 if
	// it is not known yet.
	N int
	// Clusters is how many clusters the items come from, such as documents with
	// several questions each; 0 says that items are independent.
	Clusters int
	// Quantile compares this quantile instead of means or locations; 0 does not.
	Quantile float64
	// WithControl compares each group with the first only, not all pairs.
	WithControl bool
	Goal        Goal
	// OneSided says that the hypothesis names a direction.
	OneSided bool
	// Alpha is the level of the tests, 0.05 if 0.
	Alpha float64
	// Family is how many tests are adjusted together, 1 if 0.
	Family int
	// Override names the test to use instead of the one the design calls for.
	Override string
}

// Choice is how a design is analysed.
type Choice struct {
	// Test and Method are names of the catalogue.
	Test, Method string
	// Effect is the measure of the size of the effect, Interval the procedure that
	// bounds the estimate.
	Effect, Interval string
	// PostHoc compares the groups two by two after a test of several, and Adjust is
	// how these p-values are adjusted; empty for two groups.
	PostHoc, Adjust string
	// Why says what of the design led here.
	Why string
	// Alternatives are tests that a reader might have expected.
	Alternatives []Alternate
	// InsteadOf is the test that the design calls for, where another was asked for.
	InsteadOf string
	// LeastP is the smallest p-value that N items can give by an exact test, 0 if
	// nothing bounds it or N is not known.
	LeastP   float64
	Warnings []string
}

// Alternate is a test that was not chosen, and when it would be.
type Alternate struct {
	Test, Why string
}

// Plan chooses the test that a design calls for. It sees no data: a choice by a
// pre-test (normality, equal variances) changes the level of the test that
// follows [1], and a choice by the result changes it more. So the same design
// gives the same test for ever, and what is assumed is what the design makes
// true or what the test is robust to:
//
//	outcome     1 group          2 paired               2 independent        more, paired              more, independent
//	binary      binomial         mcnemar                boschloo [a]         cochran_q, mcnemar        chi_square [b], two_proportions
//	nominal     -                -                      chi_square [b]       -                         chi_square [b]
//	ordinal     sign             wilcoxon_signed_rank   mann_whitney         friedman, nemenyi         kruskal_wallis, dunn
//	count       one_sample_t     paired_t               welch_t              rm_anova, paired_t        welch_anova, games_howell
//	continuous  one_sample_t     paired_t               welch_t              rm_anova, paired_t        welch_anova, games_howell
//	latency     sign             wilcoxon_signed_rank   mann_whitney         friedman, nemenyi         kruskal_wallis, dunn
//	quantile    order statistics bootstrap by pairs     bootstrap by groups  bootstrap by pairs        bootstrap by groups
//	clusters    clustered_mean   clustered_difference   clustered_difference clustered_difference      clustered_difference
//
// [a] two_proportions above 100 items a group, where the exact test is no better;
// [b] fisher_exact below 20 items a group, where chi-square is no good
// approximation. After a comma stands what compares groups two by two.
//
// Conditions that saw the same items are compared by item: pairing removes the
// variance between items, and ignoring it is wrong in either direction. Items of
// a cluster share their errors, which counts them several times (a naive test of
// 20 items a cluster with an intraclass correlation of 0.3 rejects a true null
// hypothesis 45 times in a hundred), so that clusters decide before the outcome
// does. Means of groups are compared without assuming equal variances, and
// repeated measures with the Greenhouse-Geisser correction always, not when a
// test of sphericity says so.
//
// It refuses designs that no table can serve, with the reason, and warns where N
// is so small that no outcome at all could be significant.
//
// [1] Zimmerman (2004), British Journal of Mathematical and Statistical
// Psychology 57: 173-181; Rochon, Gondan, Kieser (2012), BMC Medical Research
// Methodology 12: 81.
func Plan(d Design) (Choice, error) {
	d, err := d.resolve()
	if err != nil {
		return Choice{}, err
	}
	c, err := d.choose()
	if err != nil {
		return Choice{}, err
	}
	if d.Override != "" && d.Override != c.Test {
		if c, err = d.override(c); err != nil {
			return Choice{}, err
		}
	}
	d.warn(&c)
	return c, nil
}

// resolve puts the defaults in place and refuses designs that are none.
func (d Design) resolve() (Design, error) {
	if d.Goal == "" {
		d.Goal = Difference
	}
	if d.Alpha == 0 {
		d.Alpha = 0.05
	}
	if d.Family == 0 {
		d.Family = 1
	}
	bad := func(format string, args ...any) (Design, error) { return d, badOption("plan", format, args...) }
	switch {
	case !slices.Contains([]Outcome{Binary, Nominal, Ordinal, Count, Continuous, Latency}, d.Outcome):
		return bad("outcome %q is not one of binary, nominal, ordinal, count, continuous, latency", d.Outcome)
	case d.Goal != Difference && d.Goal != Equivalence && d.Goal != NonInferiority:
		return bad("goal %q is not one of difference, equivalence, non_inferiority", d.Goal)
	case d.Groups < 1:
		return bad("%d groups: want at least one", d.Groups)
	case d.N < 0 || d.Clusters < 0 || d.Family < 0:
		return bad("a negative number of items, clusters or tests")
	case d.Paired && d.Groups < 2:
		return bad("one group has nothing to be paired with: give groups, or leave paired out")
	case d.Clusters > 0 && d.N > 0 && d.Clusters > d.N:
		return bad("%d clusters of %d items: a cluster has at least one item", d.Clusters, d.N)
	case !(d.Alpha > 0 && d.Alpha < 1 && 1-d.Alpha < 1):
		return bad("alpha %v is outside (0, 1)", d.Alpha)
	case d.Quantile != 0 && !(d.Quantile >= 1e-6 && d.Quantile <= 1-1e-6):
		return bad("quantile %v is outside [0.000001, 0.999999]", d.Quantile)
	case d.Quantile != 0 && (d.Outcome == Binary || d.Outcome == Nominal):
		return bad("a %s outcome has no quantiles", d.Outcome)
	case d.Goal != Difference && d.Groups != 2:
		return bad("%s is shown of two groups, not of %d: plan each pair by itself", d.Goal, d.Groups)
	case d.Goal != Difference && (d.Outcome == Nominal || d.Quantile != 0):
		return bad("%s needs a difference with a margin: none is known for this outcome", d.Goal)
	}
	return d, nil
}

// choose finds what the design calls for.
func (d Design) choose() (Choice, error) {
	var c Choice
	switch {
	case d.Clusters > 0:
		return d.clustered()
	case d.Quantile != 0:
		c = d.quantile()
	case d.Goal != Difference:
		c = d.margin()
	default:
		for _, r := range planRules() {
			if slices.Contains(r.outcomes, d.Outcome) && r.groups == min(d.Groups, 3) && r.paired == d.Paired {
				c = r.choice
			}
		}
		d.bySize(&c)
	}
	if c.Test == "" {
		return c, refuse("plan", Invalid, d.N, 0, "no test here is meant for %s: make the outcome binary, one name against the rest", d.describe())
	}
	if d.Groups > 2 && d.WithControl {
		d.againstControl(&c)
	}
	return c, nil
}

// describe says what a design is in words.
func (d Design) describe() string {
	text := fmt.Sprintf("a %s outcome of %d independent groups", d.Outcome, d.Groups)
	switch {
	case d.Groups == 1:
		text = fmt.Sprintf("a %s outcome of one group", d.Outcome)
	case d.Paired:
		text = fmt.Sprintf("a %s outcome of %d conditions on the same items", d.Outcome, d.Groups)
	}
	return text
}

// clustered plans for items that come in clusters.
func (d Design) clustered() (Choice, error) {
	if d.Clusters < 5 {
		return Choice{}, refuse("plan", TooFew, d.Clusters, 5, "%d clusters are too few to tell how much clusters differ: no correction works", d.Clusters)
	}
	if d.Outcome == Nominal {
		return Choice{}, refuse("plan", Invalid, d.N, 0, "names in clusters: make the outcome binary, one name against the rest")
	}
	c := Choice{Test: "clustered_difference", Effect: "mean_difference", Interval: "clustered_difference",
		Why: fmt.Sprintf("items come from %d clusters, whose items share their errors: standard errors are those of the clusters (CR2) with Satterthwaite's degrees of freedom", d.Clusters),
		Alternatives: []Alternate{
			{"bootstrap", "to resample whole clusters, where there are many of them"},
			{"paired_t", "on one mean of each cluster, where clusters are of equal size"},
		}}
	switch {
	case d.Groups == 1:
		c.Test, c.Effect, c.Interval = "clustered_mean", "mean", "clustered_mean"
	case d.Groups > 2:
		c.PostHoc, c.Adjust = "clustered_difference", "holm"
	}
	if d.Quantile != 0 {
		c.Test, c.Method, c.Effect, c.Interval = "bootstrap", "percentile", "quantile_difference", "bootstrap"
		c.Why = fmt.Sprintf("a quantile of items that come from %d clusters: whole clusters are resampled", d.Clusters)
		c.Alternatives = nil
	}
	return c, nil
}

// quantile plans for a quantile, which only order statistics and resampling bound.
func (d Design) quantile() Choice {
	name := fmt.Sprintf("the quantile %g", d.Quantile)
	if d.Groups == 1 {
		return Choice{Test: "quantile", Effect: "quantile", Interval: "quantile",
			Why: name + " is bounded by order statistics, which assume no distribution"}
	}
	c := Choice{Test: "quantile_difference", Effect: "quantile_difference", Interval: "quantile_difference",
		Why: name + " of each group is compared by resampling: no test of means or ranks speaks of a quantile",
		Alternatives: []Alternate{
			{"mann_whitney", "if the whole distribution is of interest, not its tail"},
		}}
	if d.Paired {
		c.Why = name + " of each condition is compared by resampling items, each with all its answers"
		c.Alternatives[0].Test = "wilcoxon_signed_rank"
	}
	if d.Groups > 2 {
		c.PostHoc, c.Adjust = "quantile_difference", "holm"
	}
	return c
}

// margin plans to show that a difference is small.
func (d Design) margin() Choice {
	c := Choice{Test: "tost", Method: "welch", Effect: "hedges_g", Interval: "tost",
		Why:          "equivalence is shown by two one-sided tests against a margin that is fixed before; a large p of a test of difference shows nothing",
		Alternatives: []Alternate{{"welch_t", "to read equivalence from an interval of level 1 - 2 alpha inside the margin, which is the same decision"}}}
	switch {
	case d.Outcome == Binary && d.Paired:
		c.Method, c.Effect = "paired_proportions", "risk_difference"
	case d.Outcome == Binary:
		c.Method, c.Effect = "proportions", "risk_difference"
	case d.Paired:
		c.Method, c.Effect, c.Alternatives[0].Test = "paired", "cohens_dz", "paired_t"
	}
	if d.Goal == NonInferiority {
		c.Test, c.Interval = "non_inferiority", "non_inferiority"
		c.Why = "non-inferiority is one one-sided test against a margin that is fixed before"
	}
	return c
}

// againstControl restricts the comparisons after a test of several groups.
func (d Design) againstControl(c *Choice) {
	switch {
	case c.PostHoc == "games_howell":
		c.PostHoc, c.Adjust = "welch_t", "holm"
		c.Alternatives = append(c.Alternatives, Alternate{"dunnett", "if variances are known to be equal: it is the sharper then"})
	case c.PostHoc == "nemenyi":
		c.PostHoc, c.Adjust = "wilcoxon_signed_rank", "holm"
	}
	c.Why += "; groups are compared with the control only, which costs less than all pairs"
}

// override puts the test that was asked for in the place of the one chosen.
func (d Design) override(c Choice) (Choice, error) {
	paired, known := planPaired(d.Override)
	if !known {
		return c, badOption("plan", "%q is no test that a plan can name: want one of %s", d.Override, strings.Join(planTests(), ", "))
	}
	if paired == pairedOnly && !d.Paired {
		return c, badOption("plan", "%s compares conditions on the same items, and the design has none", d.Override)
	}
	out := Choice{Test: d.Override, InsteadOf: c.Test, Effect: c.Effect, Interval: d.Override, PostHoc: c.PostHoc, Adjust: c.Adjust,
		Why: fmt.Sprintf("%s was asked for; the design calls for %s: %s", d.Override, c.Test, c.Why)}
	for _, a := range c.Alternatives {
		if a.Test == d.Override {
			out.Why += "; it is the test to take " + a.Why
		} else {
			out.Alternatives = append(out.Alternatives, a)
		}
	}
	if paired == unpairedOnly && d.Paired {
		out.Warnings = append(out.Warnings, d.Override+" ignores that the conditions saw the same items: its p-value and interval are wrong for this design")
	}
	if d.Clusters > 0 && !strings.HasPrefix(d.Override, "clustered_") && d.Override != "bootstrap" {
		out.Warnings = append(out.Warnings, d.Override+" ignores the clusters: it rejects a true null hypothesis too often")
	}
	return out, nil
}

// bySize replaces what is good for many items by what is good for few.
func (d Design) bySize(c *Choice) {
	if d.N == 0 {
		return
	}
	swap := func(test string, method string, why string) {
		c.Alternatives = slices.Concat([]Alternate{{c.Test, "for other numbers of items"}}, without(c.Alternatives, test))
		if c.Interval == c.Test {
			c.Interval = test
		}
		c.Test, c.Method, c.Why = test, method, c.Why+"; "+why
	}
	switch {
	case c.Test == "boschloo" && d.N > 100:
		swap("two_proportions", "", fmt.Sprintf("%d items a group are enough for the score test", d.N))
	case c.Test == "chi_square" && d.N < 20:
		swap("fisher_exact", "", fmt.Sprintf("%d items a group are too few for the approximation of chi-square", d.N))
	case c.Test == "mann_whitney" && d.N > 50:
		c.Method = "asymptotic"
		c.Why += fmt.Sprintf("; by the normal approximation, which %d items a group allow", d.N)
	}
}

func without(list []Alternate, test string) []Alternate {
	return slices.DeleteFunc(slices.Clone(list), func(a Alternate) bool { return a.Test == test })
}

// warn says what N does not allow.
func (d Design) warn(c *Choice) {
	say := func(format string, args ...any) { c.Warnings = append(c.Warnings, fmt.Sprintf(format, args...)) }
	if d.Clusters > 0 && d.Clusters < 20 {
		say("%d clusters are few: intervals are wide, and hold by Satterthwaite's degrees of freedom only", d.Clusters)
	}
	if d.Quantile != 0 && d.N > 0 && d.N < QuantileNeed(d.Quantile, 1-d.Alpha) {
		say("%d items do not bound the quantile %g at level %g: it needs %d", d.N, d.Quantile, 1-d.Alpha, QuantileNeed(d.Quantile, 1-d.Alpha))
	}
	if d.Groups > 2 && d.Family == 1 {
		say("several groups are several comparisons: the family of tests is to be fixed in the plan")
	}
	if d.N == 0 {
		return
	}
	if strings.HasSuffix(c.Test, "_t") && d.N < 10 {
		say("%d items cannot show whether means are near normal: the level of the t test then rests on the values being so", d.N)
	}
	if d.N < 2 && c.Test != "binomial" {
		say("one item shows no variation: no test can answer")
	}
	c.LeastP = d.leastP(c.Test, d.N)
	if bound := d.Alpha / float64(d.Family); c.LeastP > bound {
		need := d.N
		for d.leastP(c.Test, need) > bound {
			need++
		}
		say("with %d items the smallest p-value there can be is %.3g: no outcome is significant at %.3g, and %d items are the least with which one is",
			d.N, c.LeastP, bound, need)
	}
}

// leastP returns the smallest p-value of an exact test on n items (or n a group),
// 0 where nothing bounds it.
func (d Design) leastP(test string, n int) float64 {
	p := 0.0
	switch test {
	case "sign", "wilcoxon_signed_rank", "mcnemar": // all n on one side
		p = math.Ldexp(1, -n)
	case "mann_whitney", "fisher_exact": // one of all C(2n, n) ways to divide
		both, _ := math.Lgamma(2*float64(n) + 1)
		one, _ := math.Lgamma(float64(n) + 1)
		p = math.Exp(2*one - both)
	case "boschloo": // 0 of n and n of n, most likely at one half
		p = math.Ldexp(1, -2*n)
	}
	if !d.OneSided {
		p *= 2 // and its mirror
	}
	return math.Min(1, p)
}
