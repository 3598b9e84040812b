package calibration

import (
	"math/rand/v2"
	"slices"

	"github.com/crucible-go/crucible/pkg/stat/catalog"
)

// calibrations lists what is promised of each procedure, and shows what is not.
func calibrations() []calibration {
	return slices.Concat(rejectsMeans(), rejectsRanks(), rejectsGroups(), rejectsCounts(),
		rejectsAssumptions(), coversMeans(), coversProportions(), coversEffects())
}

func rejectsMeans() []calibration {
	return []calibration{
		{test: "one_sample_t", population: "normal", draw: one(normal, 0), promise: exact},
		{test: "one_sample_t", set: "mu=1", population: "exponential", draw: one(exponential, 1), promise: shown},
		{test: "student_t", population: "normal", draw: two(normal, normal, 1, 0), promise: exact},
		{test: "student_t", population: "normal, unequal n", draw: two(normal, normal, 3, 0), promise: exact},
		{test: "student_t", population: "normal, sd 3 in the smaller of n and 3n", draw: two(wide, normal, 3, 0), promise: shown},
		{test: "student_t", population: "lognormal", draw: two(lognormal, lognormal, 1, 0), promise: shown},
		{test: "welch_t", population: "normal", draw: two(normal, normal, 1, 0), promise: exact, at: []int{10, 30, 200}},
		{test: "welch_t", population: "normal, sd 3 in the smaller of n and 3n", draw: two(wide, normal, 3, 0), promise: exact, at: []int{10, 30, 200}},
		{test: "welch_t", population: "lognormal, unequal n", draw: two(lognormal, lognormal, 3, 0), promise: shown},
		{test: "welch_t", population: "five grades", draw: two(graded, graded, 1, 0), promise: shown},
		{test: "paired_t", population: "normal differences", draw: pairs(normal), promise: exact},
		{test: "paired_t", population: "heavy-tailed differences", draw: pairs(laplace), promise: shown},
		{test: "permutation", set: "replicates=999", population: "lognormal", draw: two(lognormal, lognormal, 1, 0), promise: bounded, at: []int{5, 10, 30}, slow: true},
		{test: "tost", set: "low=-1 high=1", population: "normal, 1 apart: on the margin", promise: bounded,
			draw: two(normal, func(r *rand.Rand) float64 { return 1 + r.NormFloat64() }, 1, 0)},
		{test: "clustered_mean", population: "normal, n clusters of 4, ICC 0.3", draw: byCluster, promise: exact},
		{test: "one_sample_t", population: "normal, n clusters of 4, ICC 0.3, taken for independent", promise: shown,
			draw: func(r *rand.Rand, n int) (catalog.Data, float64) {
				d, _ := byCluster(r, n)
				return catalog.Data{X: d.X}, 0
			}},
	}
}

func rejectsRanks() []calibration {
	return []calibration{
		{test: "mann_whitney", population: "lognormal", draw: two(lognormal, lognormal, 1, 0), promise: bounded},
		{test: "mann_whitney", population: "five grades", draw: two(graded, graded, 1, 0), promise: bounded},
		{test: "mann_whitney", set: "method=asymptotic", population: "five grades", draw: two(graded, graded, 1, 0), promise: shown},
		{test: "mann_whitney", population: "normal, sd 3 in the smaller of n and 3n", draw: two(wide, normal, 3, 0), promise: shown},
		{test: "wilcoxon_signed_rank", population: "heavy-tailed differences", draw: pairs(laplace), promise: bounded},
		{test: "wilcoxon_signed_rank", set: "method=pratt", population: "differences of grades", promise: bounded, at: []int{5, 10, 30},
			draw: pairs(func(r *rand.Rand) float64 { return graded(r) - graded(r) })},
		{test: "wilcoxon_signed_rank", population: "skewed differences of mean 0", promise: shown,
			draw: pairs(func(r *rand.Rand) float64 { return r.ExpFloat64() - 1 })},
		{test: "sign", population: "heavy-tailed differences", draw: pairs(laplace), promise: bounded},
		{test: "pearson", population: "normal", draw: two(normal, normal, 1, 0), promise: exact},
		{test: "pearson", population: "lognormal", draw: two(lognormal, lognormal, 1, 0), promise: shown},
		{test: "spearman", population: "lognormal", draw: two(lognormal, lognormal, 1, 0), promise: shown},
		{test: "kendall", population: "lognormal", draw: two(lognormal, lognormal, 1, 0), promise: shown},
	}
}

func rejectsGroups() []calibration {
	return []calibration{
		{test: "anova", population: "normal", draw: groups(3, normal), promise: exact},
		{test: "anova", population: "exponential", draw: groups(3, exponential), promise: shown},
		{test: "anova", population: "normal, sd 3, 2 and 1", draw: spreads, promise: shown},
		{test: "welch_anova", population: "normal, sd 3, 2 and 1", draw: spreads, promise: exact, at: []int{30, 200}},
		{test: "brown_forsythe_anova", population: "normal", draw: groups(3, normal), promise: shown},
		{test: "rm_anova", population: "normal, spherical", set: "method=none", draw: blocks(3, normal), promise: exact},
		{test: "rm_anova", population: "normal, spherical", draw: blocks(3, normal), promise: bounded},
		{test: "kruskal_wallis", population: "five grades", draw: groups(3, graded), promise: shown},
		{test: "kruskal_wallis", population: "lognormal", draw: groups(3, lognormal), promise: shown},
		{test: "friedman", population: "lognormal", draw: blocks(3, lognormal), promise: shown},
		{test: "tukey_hsd", population: "normal", draw: groups(3, normal), promise: exact, slow: true},
		{test: "dunnett", population: "normal", draw: groups(3, normal), promise: exact, slow: true},
		{test: "scheffe", population: "normal", draw: groups(3, normal), promise: bounded},
		{test: "games_howell", population: "normal, sd 3, 2 and 1", draw: spreads, promise: shown, slow: true},
		{test: "dunn", population: "lognormal", draw: groups(3, lognormal), promise: shown},
		{test: "nemenyi", population: "lognormal", draw: blocks(3, lognormal), promise: shown},
	}
}

func rejectsCounts() []calibration {
	return []calibration{
		{test: "binomial", set: "p0=0.3", population: "p = 0.3", draw: trials(0.3), promise: bounded},
		{test: "fisher_exact", population: "p = 0.3", draw: table(0.3, 0.3), promise: bounded},
		{test: "boschloo", population: "p = 0.3", draw: table(0.3, 0.3), promise: bounded, at: []int{5, 10, 30}},
		{test: "two_proportions", population: "p = 0.3", draw: table(0.3, 0.3), promise: shown},
		{test: "chi_square", population: "p = 0.3", draw: table(0.3, 0.3), promise: shown},
		{test: "mcnemar", population: "items of every difficulty", draw: paired, promise: bounded},
		{test: "mcnemar", set: "method=midp", population: "items of every difficulty", draw: paired, promise: shown},
		{test: "mcnemar", set: "method=asymptotic", population: "items of every difficulty", draw: paired, promise: shown},
		{test: "cochran_q", population: "items of every difficulty", draw: binaryRows(3), promise: shown},
	}
}

func rejectsAssumptions() []calibration {
	return []calibration{
		{test: "shapiro_wilk", population: "normal", draw: one(normal, 0), promise: shown},
		{test: "anderson_darling", population: "normal", draw: one(normal, 0), promise: shown, at: []int{10, 30, 200}},
		{test: "lilliefors", population: "normal", draw: one(normal, 0), promise: shown},
		{test: "dagostino_k2", population: "normal", draw: one(normal, 0), promise: shown, at: []int{30, 200}},
		{test: "jarque_bera", population: "normal", draw: one(normal, 0), promise: shown},
		{test: "ks_two_sample", population: "lognormal", draw: two(lognormal, lognormal, 1, 0), promise: bounded},
		{test: "levene", population: "normal", draw: groups(3, normal), promise: shown},
		{test: "brown_forsythe", population: "exponential", draw: groups(3, exponential), promise: shown},
		{test: "bartlett", population: "normal", draw: groups(3, normal), promise: shown},
		{test: "bartlett", population: "exponential", draw: groups(3, exponential), promise: shown},
		{test: "fligner", population: "exponential", draw: groups(3, exponential), promise: shown},
		{test: "f_ratio", population: "normal", draw: two(normal, normal, 1, 1), promise: exact},
	}
}

func coversMeans() []calibration {
	return []calibration{
		{test: "one_sample_t", population: "normal", draw: one(normal, 0), promise: exact, covers: true},
		{test: "one_sample_t", population: "lognormal", draw: one(lognormal, 1.6487212707001282), promise: shown, covers: true},
		{test: "welch_t", population: "normal, sd 3 in the smaller of n and 3n", draw: two(wide, normal, 3, 0), promise: exact, at: []int{10, 30, 200}, covers: true},
		{test: "student_t", population: "normal, sd 3 in the smaller of n and 3n", draw: two(wide, normal, 3, 0), promise: shown, covers: true},
		{test: "mann_whitney", population: "heavy-tailed", draw: two(laplace, laplace, 1, 0), promise: bounded, covers: true, at: []int{5, 10, 30}},
		{test: "wilcoxon_signed_rank", population: "heavy-tailed differences", draw: pairs(laplace), promise: bounded, covers: true, at: []int{10, 30}},
		{test: "quantile_interval", set: "q=0.5", population: "lognormal", draw: one(lognormal, 1), promise: bounded, covers: true, at: []int{10, 30, 200}},
		{test: "quantile_interval", set: "q=0.95", population: "Pareto of index 2.5", draw: one(pareto, 3.3144540173399866), promise: bounded, covers: true, at: []int{200}},
		{test: "bootstrap", set: "method=percentile replicates=500", population: "normal", draw: one(normal, 0), promise: shown, covers: true, at: []int{10, 30}, slow: true},
		{test: "bootstrap", set: "method=bca replicates=500", population: "normal", draw: one(normal, 0), promise: shown, covers: true, at: []int{10, 30}, slow: true},
		{test: "bootstrap", set: "method=bca replicates=500", population: "lognormal", draw: one(lognormal, 1.6487212707001282), promise: shown, covers: true, at: []int{10, 30}, slow: true},
		{test: "bootstrap", set: "method=studentized replicates=500", population: "lognormal", draw: one(lognormal, 1.6487212707001282), promise: shown, covers: true, at: []int{10, 30}, slow: true},
		{test: "clustered_mean", population: "normal, n clusters of 4, ICC 0.3", draw: byCluster, promise: exact, covers: true},
	}
}

func coversProportions() []calibration {
	var out []calibration
	for _, p := range []struct {
		name string
		p    float64
	}{{"p = 0.5", 0.5}, {"p = 0.9", 0.9}, {"p = 0.99", 0.99}} {
		out = append(out,
			calibration{test: "clopper_pearson", population: p.name, draw: trials(p.p), promise: bounded, covers: true},
			calibration{test: "wilson", population: p.name, draw: trials(p.p), promise: shown, covers: true},
			calibration{test: "jeffreys", population: p.name, draw: trials(p.p), promise: shown, covers: true},
			calibration{test: "agresti_coull", population: p.name, draw: trials(p.p), promise: shown, covers: true})
	}
	return append(out,
		calibration{test: "two_proportions", population: "p = 0.3 and 0.6 (Newcombe)", draw: table(0.3, 0.6), promise: shown, covers: true},
		calibration{test: "mcnemar", population: "items of every difficulty (Newcombe)", draw: paired, promise: shown, covers: true},
		calibration{test: "tango", population: "items of every difficulty", draw: paired, promise: shown, covers: true})
}

func coversEffects() []calibration {
	// shifted is normal about 1: with the standard normal as control, d is 1.
	shifted := func(r *rand.Rand) float64 { return 1 + r.NormFloat64() }
	return []calibration{
		{test: "student_t", population: "normal, d = 1", draw: two(normal, shifted, 1, 1), promise: exact, effect: true},
		{test: "one_sample_t", population: "normal, d = 1", draw: one(shifted, 1), promise: exact, effect: true},
		{test: "pearson", population: "normal, r = 0", draw: two(normal, normal, 1, 0), promise: shown, covers: true},
		{test: "cliffs_delta", population: "lognormal, delta = 0", draw: two(lognormal, lognormal, 1, 0), promise: shown, covers: true},
	}
}
