package experiment

import (
	"slices"

	"github.com/crucible-go/crucible/pkg/hedge"
)

// Values are the values that a key of the spec can have.
type Values struct {
	Works []string // what this version executes
	Later []string // reserved: refused by name until a version executes it
}

// Known says whether v is a value of the key, executed or reserved.
func (v Values) Known(s string) bool {
	return slices.Contains(v.Works, s) || slices.Contains(v.Later, s)
}

// Supported is the one list of the values of each key that has a list of them.
// A key is the dotted path of its place in the spec, without positions. Keys
// without such a list have no Values.
func Supported(key string) Values {
	switch key {
	case "dataset.source":
		return Values{Works: []string{"jsonl", "csv"}, Later: []string{"parquet", "gsm8k", "mmlu", "mmlu_stem", "humaneval"}}
	case "dataset.sample.method":
		return Values{Works: []string{"all", "head", "random"}, Later: []string{"stratified", "kfold"}}
	case "score.extract": // or a regular expression
		return Values{Works: []string{"none", "gsm8k", "choice", "numeric"}, Later: []string{"json", "code"}}
	case "score.normalize":
		return Values{Works: []string{"none", "lowercase_trim", "numeric", "choice", "boolean", "json", "semantic"}}
	case "score.metrics":
		return Values{Works: []string{"exact_match", "contains", "f1", "f1_set", "bleu", "rouge_1", "rouge_2", "rouge_l", "chrf", "levenshtein"}, Later: []string{"pass_at_k", "codebleu"}}
	case "metrics": // and latency_pN for any N, and the score metrics by their own names
		return Values{Works: []string{"accuracy", "cost_per_query", "latency_p50", "latency_p99", "latency_mean", "consensus"}}
	case "models.provider":
		return Values{Works: []string{"recorded", "simulated", "exec", "openai", "anthropic", "google", "http"}}
	case "models.accept":
		return Values{Works: []string{"truncated", "refusal", "content_filter"}}
	case "models.http.method":
		return Values{Works: []string{"POST", "GET", "PUT", "PATCH"}}
	case "models.latency.shape":
		return Values{Works: []string{"none", "constant", "piecewise", "lognormal", "bimodal", "pareto", "samples"}}
	case "models.latency_unit":
		return Values{Works: []string{"ns", "us", "ms", "s"}}
	case "conditions.vote":
		return Values{Works: []string{"majority", "weighted", "best_confidence", "unanimous", "dawid_skene", "joint", "borda", "instant_runoff", "semantic", "meta"}}
	case "conditions.ties":
		return Values{Works: []string{"listed", "calibrated", "seeded"}}
	case "conditions.weight_by":
		return Values{Works: []string{"confidence", "fixed", "log_odds"}}
	case "conditions.gate":
		return Values{Works: []string{"confidence", "agreement"}}
	case "conditions.equivalence":
		return Values{Works: []string{"normalised", "numeric"}, Later: []string{"vector"}}
	case "conditions.fallback", "conditions.votes":
		return Values{Works: []string{"majority", "weighted", "best_confidence", "dawid_skene", "joint", "borda", "instant_runoff", "semantic"}}
	case "conditions.execution":
		return Values{Works: []string{"parallel", "sequential", "hedged", "cascade"}}
	case "conditions.stop":
		return Values{Works: []string{"none", "lossless", "posterior"}}
	case "conditions.hedge.strategy":
		return Values{Works: hedge.Strategies()}
	case "conditions.hedge.priority":
		return Values{Works: []string{"low", "normal", "high"}}
	case "models.loser_cost":
		return Values{Works: []string{"prorata", "full", "none"}}
	case "clock":
		return Values{Works: []string{"real", "virtual"}}
	case "hypothesis.alternative":
		return Values{Works: []string{"two-sided", "greater", "less"}}
	case "analysis.correction":
		return Values{Works: []string{"holm"}, Later: []string{"none", "bonferroni", "benjamini_hochberg"}}
	case "report.formats":
		return Values{Works: []string{"markdown", "latex", "html", "jupyter"}}
	}
	return Values{}
}
