package stat

import "slices"

// planRule is a line of the table of Plan: groups is 1, 2, or 3 for more.
type planRule struct {
	outcomes []Outcome
	groups   int
	paired   bool
	choice   Choice
}

// planRules is the table of Plan for independent items whose difference is tested.
func planRules() []planRule {
	means := []Outcome{Count, Continuous}
	ranks := []Outcome{Ordinal, Latency}
	return []planRule{
		{[]Outcome{Binary}, 1, false, Choice{Test: "binomial", Effect: "cohens_h", Interval: "wilson",
			Why: "a share of independent items has a binomial distribution: its test is exact for every n"}},
		{[]Outcome{Binary}, 2, true, Choice{Test: "mcnemar", Method: "exact", Effect: "risk_difference", Interval: "newcombe_paired",
			Why: "both conditions answered the same items: only items on which they differ tell them apart, and these follow a binomial distribution",
			Alternatives: []Alternate{
				{"mcnemar", "with the method midp, if a level that holds on average is enough: it is sharper"},
				{"two_proportions", "only if the items were not the same"},
			}}},
		{[]Outcome{Binary}, 2, false, Choice{Test: "boschloo", Effect: "risk_difference", Interval: "newcombe",
			Why: "two independent shares of few items: the exact unconditional test keeps the level and is never weaker than Fisher's",
			Alternatives: []Alternate{
				{"fisher_exact", "if both margins of the table were fixed by the design"},
				{"two_proportions", "for more than 100 items a group"},
				{"mcnemar", "if the items are the same: pairing is far sharper"},
			}}},
		{[]Outcome{Binary}, 3, true, Choice{Test: "cochran_q", Effect: "risk_difference", Interval: "newcombe_paired", PostHoc: "mcnemar", Adjust: "holm",
			Why:          "all conditions answered the same items, right or wrong",
			Alternatives: []Alternate{{"friedman", "if the outcome has grades"}}}},
		{[]Outcome{Binary}, 3, false, Choice{Test: "chi_square", Effect: "cramers_v", Interval: "newcombe", PostHoc: "two_proportions", Adjust: "holm",
			Why:          "several independent shares make a table of counts",
			Alternatives: []Alternate{{"fisher_exact", "for few items"}}}},
		{[]Outcome{Nominal}, 2, false, Choice{Test: "chi_square", Effect: "cramers_v", Interval: "cramers_v",
			Why:          "names without an order make a table of counts",
			Alternatives: []Alternate{{"fisher_exact", "for few items"}}}},
		{[]Outcome{Nominal}, 3, false, Choice{Test: "chi_square", Effect: "cramers_v", Interval: "cramers_v", PostHoc: "chi_square", Adjust: "holm",
			Why:          "names without an order make a table of counts",
			Alternatives: []Alternate{{"fisher_exact", "for few items"}}}},

		{means, 1, false, Choice{Test: "one_sample_t", Effect: "cohens_d", Interval: "one_sample_t",
			Why: "the mean is of interest, and means of independent items are near normal",
			Alternatives: []Alternate{
				{"wilcoxon_signed_rank", "if a symmetric distribution has long tails, for its centre"},
				{"bootstrap", "for an interval that follows a skewed distribution"},
			}}},
		{means, 2, true, Choice{Test: "paired_t", Effect: "cohens_dz", Interval: "paired_t",
			Why: "both conditions answered the same items: the mean of their differences is tested, which leaves the variance between items out",
			Alternatives: []Alternate{
				{"wilcoxon_signed_rank", "if differences have long tails, for their centre instead of their mean"},
				{"permutation", "to assume of the differences only that either sign was as likely"},
				{"bootstrap", "for an interval that follows skewed differences"},
				{"welch_t", "only if the items were not the same"},
			}}},
		{means, 2, false, Choice{Test: "welch_t", Effect: "hedges_g", Interval: "welch_t",
			Why: "two means of different items; variances are not assumed to be equal, which costs next to nothing where they are",
			Alternatives: []Alternate{
				{"mann_whitney", "if the question is which group tends to be larger, not by how much on average"},
				{"permutation", "to assume only that the groups have one distribution under the null hypothesis"},
				{"student_t", "if variances are known to be equal"},
				{"paired_t", "if the items are the same: pairing is sharper"},
			}}},
		{means, 3, true, Choice{Test: "rm_anova", Method: "greenhouse_geisser", Effect: "partial_eta_squared", Interval: "paired_t", PostHoc: "paired_t", Adjust: "holm",
			Why:          "all conditions answered the same items; degrees of freedom are corrected for unequal correlations always, not when a test of sphericity says so",
			Alternatives: []Alternate{{"friedman", "if values have long tails"}}}},
		{means, 3, false, Choice{Test: "welch_anova", Effect: "omega_squared", Interval: "games_howell", PostHoc: "games_howell", Adjust: "games_howell",
			Why: "several means of different items; variances are not assumed to be equal",
			Alternatives: []Alternate{
				{"anova", "if variances are known to be equal, then with tukey_hsd"},
				{"kruskal_wallis", "if the question is which group tends to be larger"},
			}}},

		{ranks, 1, false, Choice{Test: "sign", Method: "exact", Effect: "proportion", Interval: "sign",
			Why:          "the median of a skewed or graded outcome is tested without assuming symmetry",
			Alternatives: []Alternate{{"wilcoxon_signed_rank", "if the distribution is symmetric: it is sharper"}}}},
		{ranks, 2, true, Choice{Test: "wilcoxon_signed_rank", Method: "pratt", Effect: "rank_biserial", Interval: "wilcoxon_signed_rank",
			Why: "both conditions answered the same items; signed ranks bear long tails, and Pratt's treatment uses that some items do not differ",
			Alternatives: []Alternate{
				{"sign", "if a step of the scale is not the same everywhere, so that differences cannot be ranked"},
				{"paired_t", "if the mean is of interest"},
				{"mann_whitney", "only if the items were not the same"},
			}}},
		{ranks, 2, false, Choice{Test: "mann_whitney", Method: "exact", Effect: "cliffs_delta", Interval: "mann_whitney",
			Why: "which group tends to be larger is asked of an outcome that is graded or has a long tail",
			Alternatives: []Alternate{
				{"welch_t", "if the mean is of interest"},
				{"wilcoxon_signed_rank", "if the items are the same: pairing is sharper"},
			}}},
		{ranks, 3, true, Choice{Test: "friedman", Effect: "kendalls_w", Interval: "wilcoxon_signed_rank", PostHoc: "nemenyi", Adjust: "nemenyi",
			Why:          "all conditions answered the same items, which are ranked each by itself",
			Alternatives: []Alternate{{"rm_anova", "if means are of interest"}, {"conover", "after it, for sharper comparisons that rest on it being significant"}}}},
		{ranks, 3, false, Choice{Test: "kruskal_wallis", Effect: "epsilon_squared", Interval: "mann_whitney", PostHoc: "dunn", Adjust: "holm",
			Why:          "which group tends to be larger is asked of an outcome that is graded or has a long tail",
			Alternatives: []Alternate{{"welch_anova", "if means are of interest"}}}},
	}
}

// pairing says which designs a test is for.
type pairing int

const (
	anyPairing pairing = iota
	pairedOnly
	unpairedOnly
)

// planTest is a test that a plan can name.
type planTest struct {
	name   string
	paired pairing
}

// planNames are the tests that a plan can be overridden with.
func planNames() []planTest {
	return []planTest{
		{"anova", unpairedOnly}, {"binomial", anyPairing}, {"boschloo", unpairedOnly}, {"bootstrap", anyPairing},
		{"brown_forsythe_anova", unpairedOnly}, {"chi_square", unpairedOnly}, {"clustered_difference", anyPairing},
		{"clustered_mean", anyPairing}, {"cochran_q", pairedOnly}, {"fisher_exact", unpairedOnly}, {"friedman", pairedOnly},
		{"kruskal_wallis", unpairedOnly}, {"mann_whitney", unpairedOnly}, {"mcnemar", pairedOnly}, {"one_sample_t", anyPairing},
		{"paired_t", pairedOnly}, {"permutation", anyPairing}, {"quantile", anyPairing}, {"quantile_difference", anyPairing},
		{"rm_anova", pairedOnly}, {"sign", anyPairing}, {"student_t", unpairedOnly}, {"tost", anyPairing},
		{"non_inferiority", anyPairing}, {"two_proportions", unpairedOnly}, {"welch_anova", unpairedOnly},
		{"welch_t", unpairedOnly}, {"wilcoxon_signed_rank", anyPairing},
	}
}

// planTests returns the names of planNames in order.
func planTests() []string {
	var names []string
	for _, t := range planNames() {
		names = append(names, t.name)
	}
	slices.Sort(names)
	return names
}

// planPaired says which designs a test is for, and whether it is known.
func planPaired(test string) (pairing, bool) {
	for _, t := range planNames() {
		if t.name == test {
			return t.paired, true
		}
	}
	return anyPairing, false
}
