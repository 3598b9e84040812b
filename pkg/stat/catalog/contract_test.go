package catalog

import (
	"encoding/json"
	"strings"
	"testing"
)

// promised holds what the catalogue is to cover, group by group, and the
// procedures and methods ("name/method") that do.
var promised = map[string]string{
	"one-sample, Student, Welch, paired t": "one_sample_t student_t welch_t paired_t",
	"Mann-Whitney, exact and asymptotic":   "mann_whitney/exact mann_whitney/asymptotic",
	"Wilcoxon signed-rank":                 "wilcoxon_signed_rank/exact wilcoxon_signed_rank/pratt wilcoxon_signed_rank/zsplit",
	"sign test":                            "sign",
	"one-way, Welch, Brown-Forsythe ANOVA": "anova welch_anova brown_forsythe_anova",
	"two-way factorial":                    "anova_two_way",
	"repeated measures":                    "rm_anova/gg rm_anova/hf mauchly",
	"ANCOVA":                               "ancova",
	"Kruskal-Wallis, Friedman, Page":       "kruskal_wallis friedman/iman_davenport page",
	"permutation":                          "permutation/exact permutation_anova",
	"tables":                               "chi_square g_test fisher_exact barnard boschloo cochran_q",
	"McNemar":                              "mcnemar/exact mcnemar/midp mcnemar/asymptotic",
	"proportions":                          "binomial two_proportions clopper_pearson wilson jeffreys agresti_coull newcombe newcombe_paired tango",
	"pass@k":                               "pass_at_k pass_hat_k",
	"normality":                            "shapiro_wilk anderson_darling lilliefors dagostino_k2 jarque_bera ks_one_sample ks_two_sample",
	"spread":                               "levene brown_forsythe bartlett fligner f_ratio",
	"after the omnibus":                    "tukey_hsd games_howell dunn dunnett nemenyi conover scheffe",
	"sizes of differences":                 "cohens_d hedges_g glass_delta cohens_dz cohens_dav cliffs_delta rank_biserial a12",
	"shares of variance":                   "eta_squared omega_squared epsilon_squared cohens_f",
	"sizes in tables":                      "cramers_v phi odds_ratio risk_ratio risk_difference cohens_h cohens_w",
	"association":                          "pearson spearman/exact kendall/exact",
	"agreement":                            "cohen_kappa fleiss_kappa krippendorff_alpha gwet_ac1 icc",
	"errors of ensembles":                  "error_correlation effective_voters",
	"bootstrap":                            "bootstrap/percentile bootstrap/bca bootstrap/studentized",
	"quantiles":                            "quantile_interval quantile_difference/order_statistics",
	"clustered standard errors":            "clustered_mean/cr0 clustered_mean/cr1 clustered_mean/cr2 clustered_difference clustered_regression",
	"paired differences, CUPED":            "paired_items cuped",
	"calibration":                          "ece brier",
	"judges":                               "judge_correction ppi_mean",
	"equivalence, non-inferiority":         "tost tost_proportions tost_paired_proportions noninferiority noninferiority_proportion",
	"Bayes":                                "bayes_t bayes_t_paired bayes_t_one_sample beta_binomial",
	"meta-analysis":                        "meta/fixed meta/dl meta/reml meta/hartung_knapp",
	"anytime-valid":                        "confidence_sequence e_value msprt quantile_sequence merge_e",
	"group sequential":                     "group_sequential/obrien_fleming group_sequential/pocock",
	"multiplicity": "adjust/bonferroni adjust/sidak adjust/holm adjust/holm_sidak adjust/hochberg adjust/hommel adjust/bh adjust/by " +
		"adjust/tsbh adjust/tsbky",
}

// named are the names that a program may rely on, each with its default method.
const named = "one_sample_t student_t welch_t paired_t mann_whitney wilcoxon_signed_rank sign anova welch_anova anova_two_way rm_anova kruskal_wallis " +
	"friedman chi_square fisher_exact mcnemar cochran_q binomial two_proportions shapiro_wilk anderson_darling lilliefors dagostino_k2 ks_two_sample " +
	"levene brown_forsythe bartlett brown_forsythe_anova fligner tukey_hsd games_howell dunn dunnett nemenyi pearson spearman kendall tost adjust " +
	"bootstrap permutation"

// TestCoverage looks up every procedure and method that is promised.
func TestCoverage(t *testing.T) {
	for what, list := range promised {
		for _, item := range strings.Fields(list) {
			name, method, _ := strings.Cut(item, "/")
			e, ok := Lookup(name)
			if !ok {
				t.Errorf("%s: there is no procedure %s", what, name)
				continue
			}
			if method != "" && !strings.Contains(" "+strings.Join(e.Methods, " ")+" ", " "+method+" ") {
				t.Errorf("%s: %s has no method %s, but %v", what, name, method, e.Methods)
			}
		}
	}
}

// TestNames reads the list of procedures as a program does: each has a title, says
// what data it takes and what its settings are, and names its default method.
func TestNames(t *testing.T) {
	text, err := json.Marshal(All())
	if err != nil {
		t.Fatal(err)
	}
	var list []struct {
		Name          string
		Title         string
		Input         []string
		Methods       []string
		DefaultMethod string `json:"default_method"`
		Settings      []Key
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	defaults := map[string]string{}
	for _, e := range list {
		if _, twice := defaults[e.Name]; twice || e.Title == "" || e.Input == nil || e.Methods == nil || e.Settings == nil {
			t.Errorf("%s is there twice, or a part of it is missing: %+v", e.Name, e)
		}
		for _, k := range e.Settings {
			if k.Doc == "" {
				t.Errorf("%s: the setting %s is not described", e.Name, k.Name)
			}
		}
		defaults[e.Name] = e.DefaultMethod
	}
	for _, name := range strings.Fields(named) {
		if method, ok := defaults[name]; !ok || method == "" {
			t.Errorf("%s is not listed, or without its default method: %q", name, method)
		}
	}
}

// TestShape holds the keys of an answer, and of a refusal, to those that programs
// read.
func TestShape(t *testing.T) {
	keys := strings.Fields("test statistic df p estimate interval effect n method warnings refused")
	for _, c := range []struct{ name, data, more string }{
		{"student_t", `{"groups": [[1, 2, 3], [2, 3, 5]]}`, ""},
		{"student_t", `{"groups": [[1, 2, 3], []]}`, ""},
		{"tukey_hsd", `{"groups": [[1, 2, 3], [2, 3, 5], [3, 3, 4]]}`, "comparisons"},
		{"adjust", `{"p": [0.01, 0.02, 0.5]}`, "adjusted"},
	} {
		d, err := ParseData([]byte(c.data))
		if err != nil {
			t.Fatal(err)
		}
		e, _ := Lookup(c.name)
		out, err := e.Do(d, nil)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(out)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]json.RawMessage
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		for _, key := range append(keys, strings.Fields(c.more)...) {
			if _, ok := got[key]; !ok {
				t.Errorf("%s of %s has no %q: %s", c.name, c.data, key, text)
			}
		}
		for _, key := range []string{"df", "n", "warnings"} {
			if !strings.HasPrefix(string(got[key]), "[") {
				t.Errorf("%s: %s is %s, not a list", c.name, key, got[key])
			}
		}
	}
}
