package experiment

import (
	"errors"
	"strings"
	"testing"
)

// base is a valid spec; each mistake replaces one piece of it.
const base = `version: 1
name: t
dataset: {path: a.jsonl}
models:
  - {id: one, provider: simulated, accuracy: 0.9}
  - {id: two, provider: simulated, accuracy: 0.8}
conditions:
  - {name: single, members: [one]}
  - {name: both, members: [one, two, one]}
`

// mistakes are replacements in base with what is reported.
var mistakes = []struct {
	name, old, new string
	want           string // lines of Error, without "spec.yaml:"
	hint           string // one of the hints; "" is not compared
}{
	{"unknown key", "name: t", "name: t\nmodles: []", `3:1: unknown key "modles"`, `did you mean "models"?`},
	{"unknown key inside", "{path: a.jsonl}", "{path: a.jsonl, sampel: 3}", `3:26: unknown key "sampel" in dataset`, `did you mean "sample"?`},
	{"key like no other", "name: t", "name: t\nxyzzy: 1", `3:1: unknown key "xyzzy"`, `the keys here are: version, name, description, hypothesis, tags, dataset, prompt, system, score, models, conditions, control, metrics, repeat, seed, share_answers, clock, budget, cache, max_in_flight, analysis, report`},
	{"key twice", "name: t", "name: t\nname: u", `3:1: the key "name" is already in line 2`, "keep one of the two"},
	{"merge key", "name: t", "name: t\n<<: {seed: 1}", `3:1: unknown key "<<"`, "merge keys are not supported: write the keys out"},
	{"no version", "version: 1\n", "", `1:1: version is missing`, "begin with: version: 1"},
	{"other version", "version: 1", "version: 2", `1:10: unknown version 2`, "this program reads version 1"},
	{"version as text", "version: 1", `version: "1"`, `1:10: version: want a whole number, got the text "1"`, "write it without quotes: 1"},
	{"no name", "name: t\n", "", `1:1: name is missing`, "give the experiment a name"},
	{"number as name", "name: t", "name: 12", `2:7: name: want a text, got the number 12`, `put it in quotes: "12"`},
	{"nothing as name", "name: t", "name:", `2:6: name has no value`, "give it one, or leave the key out"},
	{"control character", "name: t", `name: "a\tb"`, `2:7: name has the control character U+0009`, ""},
	{"number as text", "name: t", "name: t\nrepeat: \"3\"", `3:9: repeat: want a whole number, got the text "3"`, "write it without quotes: 3"},
	{"fraction of a repeat", "name: t", "name: t\nrepeat: 1.5", `3:9: repeat: want a whole number, got the number 1.5`, ""},
	{"octal", "name: t", "name: t\nseed: 010", `3:7: seed: want a whole number, got the number 010`, ""},
	{"negative seed", "name: t", "name: t\nseed: -1", `3:7: seed: want a whole number, got the number -1`, ""},
	{"no repeat", "name: t", "name: t\nrepeat: 0", `3:9: repeat: 0 is less than 1`, ""},
	{"too much in flight", "name: t", "name: t\nmax_in_flight: 5000", `3:16: max_in_flight: 5000 is more than 2000`, ""},
	{"list for a mapping", "{path: a.jsonl}", "[a.jsonl]", `3:10: dataset: want a mapping, got a list`, "write its keys: source, path, fields, sample"},
	{"text for a list", "name: t", "name: t\ntags: smoke", `3:7: tags: want a list, got the text "smoke"`, "write it as [a, b]"},
	{"truth for a text", "name: t", "name: t\nsystem: true", `3:9: system: want a text, got the truth value true`, `put it in quotes: "true"`},
	{"number for a truth", "name: t", "name: t\nshare_answers: 1", `3:16: share_answers: want true or false, got the number 1`, ""},
	{"no path", "{path: a.jsonl}", "{source: csv}", `3:10: dataset.path is missing`, "name the file of the data set, relative to the spec"},
	{"unknown extension", "a.jsonl", "a.txt", `3:10: dataset.source is missing, and the extension of "a.txt" does not say it`, "write one of: jsonl, csv"},
	{"source of later", "path: a.jsonl", "path: a, source: parquet", `3:28: source "parquet" is not in this version yet`, "works now: jsonl, csv"},
	{"misspelled source", "path: a.jsonl", "path: a, source: jsnol", `3:28: unknown source "jsnol"`, `did you mean "jsonl"?`},
	{"empty field", "path: a.jsonl", "path: a.jsonl, fields: {input: a..b}", `3:42: dataset.fields.input: "a..b" has an empty part`, ""},
	{"sample without size", "path: a.jsonl", "path: a.jsonl, sample: {method: random}", `3:34: dataset.sample.size is missing: method random needs it`, "write size: 100"},
	{"sample of nothing", "path: a.jsonl", "path: a.jsonl, sample: {method: head, size: 0}", `3:55: dataset.sample.size: 0 is less than 1`, ""},
	{"size of all", "path: a.jsonl", "path: a.jsonl, sample: {size: 10}", `3:41: dataset.sample.size has no meaning with method all`, "write method: random, or method: head"},
	{"sampling of later", "path: a.jsonl", "path: a.jsonl, sample: {method: stratified, size: 1, by: x}", `3:43: method "stratified" is not in this version yet`, "works now: all, head, random"},
	{"broken template", "name: t", "name: t\nprompt: \"{{.input\"", `3:9: prompt is not a template: prompt:1: unclosed action`, ""},
	{"unknown function", "name: t", "name: t\nprompt: \"{{upper .input}}\"", `3:9: prompt is not a template: prompt:1: function "upper" not defined`, ""},
	{"endless template", "name: t", "name: t\nprompt: \"{{range 1000000000}}{{end}}\"", `3:9: prompt is not a template: 1000000000: range over a number is not supported`, ""},
	{"broken expression", "name: t", "name: t\nscore: {extract: 'A: (.+'}", "3:18: score.extract is not a regular expression: missing closing ): `A: (.+`", ""},
	{"look-ahead", "name: t", "name: t\nscore: {extract: '(?=A)'}", "3:18: score.extract is not a regular expression: invalid or unsupported Perl syntax: `(?=`", ""},
	{"misspelled extractor", "name: t", "name: t\nscore: {extract: gsm8}", `3:18: unknown extract "gsm8"`, `did you mean "gsm8k"?`},
	{"extractor of later", "name: t", "name: t\nscore: {extract: code}", `3:18: extract "code" is not in this version yet`, "works now: none, gsm8k, choice, numeric"},
	{"metric of later", "name: t", "name: t\nscore: {metrics: [codebleu]}", `3:19: metrics "codebleu" is not in this version yet`, "works now: exact_match, contains, f1, f1_set, bleu, rouge_1, rouge_2, rouge_l, chrf, levenshtein"},
	{"k without pass_at_k", "name: t", "name: t\nscore: {k: 5}", `3:12: score.k has no meaning without the metric pass_at_k`, ""},
	{"metric twice", "name: t", "name: t\nmetrics: [accuracy, accuracy]", `3:21: "accuracy" is in metrics twice`, ""},
	{"unknown metric", "name: t", "name: t\nmetrics: [acuracy]", `3:11: unknown metric "acuracy"`, `did you mean "accuracy"?`},
	{"metric that is not scored", "name: t", "name: t\nmetrics: [f1]", `3:11: the metric "f1" is not one of score.metrics`, "add it to score.metrics"},
	{"no provider", "{id: two, provider: simulated, accuracy: 0.8}", "{id: two}", `6:5: models[1].provider is missing`, ""},
	{"provider, nearly", "{id: two, provider: simulated, accuracy: 0.8}", "{id: two, provider: antropic}", `6:25: unknown provider "antropic"`, `did you mean "anthropic"?`},
	{"http without http", "provider: simulated, accuracy: 0.8}", `provider: http}`, `6:5: models[1].http is missing: provider http needs it`, ""},
	{"host by template", "provider: simulated, accuracy: 0.8}", `provider: http, http: {url: 'http://{{.prompt}}/', answer: a}}`, `6:43: models[1].http.url: not an address with a fixed scheme and host`, ""},
	{"key in a header", "provider: simulated, accuracy: 0.8}", `provider: http, http: {url: 'http://h/', answer: a, headers: ['Authorization: Bearer x']}}`, `6:77: models[1].http.headers[0]: the value of Authorization would be stored with the spec`, "write {{.key}} for the key and name its variable in api_key_env; a spec is stored in the log"},
	{"key of nobody", "provider: simulated, accuracy: 0.8}", `provider: http, http: {url: 'http://h/{{.key}}', answer: a}}`, `6:37: models[1].http sends {{.key}}, but the model has no key`, "name its variable in api_key_env, or its file in api_key_file"},
	{"no answer", "provider: simulated, accuracy: 0.8}", `provider: http, http: {url: 'http://h/'}}`, `6:37: models[1].http.answer is missing`, "the dotted path of the answer in the reply"},
	{"status of no reply", "provider: simulated, accuracy: 0.8}", `provider: http, http: {url: 'http://h/', answer: a, statuses: [99]}}`, `6:78: models[1].http.statuses: 99 is not the status of a reply`, ""},
	{"stream of http", "provider: simulated, accuracy: 0.8}", `provider: http, stream: true, http: {url: 'http://h/', answer: a}}`, `6:39: stream has no meaning for a model of provider http, only for openai, anthropic, google`, "leave it out"},
	{"two keys", "provider: simulated, accuracy: 0.8}", `provider: google, api_key_env: A, api_key_file: b}`, `6:63: models[1] has a variable and a file for its key`, "name one of the two"},
	{"accepts twice", "provider: simulated, accuracy: 0.8}", `provider: google, accept: [refusal, refusal]}`, `6:51: models[1].accept has "refusal" twice`, "name it once"},
	{"accepts nonsense", "provider: simulated, accuracy: 0.8}", `provider: google, accept: [refusals]}`, `6:42: unknown accept "refusals"`, `did you mean "refusal"?`},
	{"key of another provider", "accuracy: 0.8", "accuracy: 0.8, field: a", `6:58: field has no meaning for a model of provider simulated, only for recorded`, "leave it out"},
	{"id twice", "id: two", "id: one", "6:10: the model id \"one\" is already that of line 5\n9:33: there is no model \"two\"", ""},
	{"too accurate", "accuracy: 0.8", "accuracy: 80", `6:46: accuracy: 80 is not between 0 and 1`, ""},
	{"accuracy as text", "accuracy: 0.8", "accuracy: high", `6:46: models[1].accuracy: want a number, got the text "high"`, ""},
	{"not a number", "accuracy: 0.8", "accuracy: .nan", `6:46: models[1].accuracy: want a number, got the number .nan`, ""},
	{"no accuracy", "simulated, accuracy: 0.8", "simulated", `6:5: models[1].accuracy is missing`, "write accuracy: 0.9"},
	{"quantiles out of order", "accuracy: 0.8", "accuracy: 0.8, latency: {shape: piecewise, p50: 2s, p95: 1s, p99: 3s}", `6:93: latency.p95: 1s is less than p50, 2s`, ""},
	{"quantile missing", "accuracy: 0.8", "accuracy: 0.8, latency: {shape: piecewise, p50: 2s}", "6:60: latency.p95 is missing: shape piecewise needs it\n6:60: latency.p99 is missing: shape piecewise needs it", "line 6: write p95: 800ms\nline 6: write p99: 800ms"},
	{"unknown shape", "accuracy: 0.8", "accuracy: 0.8, latency: {shape: gaussian}", `6:68: unknown shape "gaussian"`, "works now: none, constant, piecewise, lognormal, bimodal, pareto, samples"},
	{"duration without unit", "accuracy: 0.8", "accuracy: 0.8, latency: {shape: constant, p50: 800}", `6:83: models[1].latency.p50: want a duration, got the number 800`, "give it a unit: 800ms or 800s"},
	{"no duration", "accuracy: 0.8", "accuracy: 0.8, latency: {shape: constant, p50: 8 seconds}", `6:83: models[1].latency.p50: "8 seconds" is not a duration`, "write it as 800ms, 2s or 1m30s"},
	{"negative duration", "accuracy: 0.8", "accuracy: 0.8, latency: {shape: constant, p50: -1s}", `6:83: models[1].latency.p50: a duration cannot be negative`, ""},
	{"no limit of concurrency", "accuracy: 0.8", "accuracy: 0.8, limits: {concurrency: 0}", `6:73: models[1].limits.concurrency: 0 is less than 1`, ""},
	{"no command", "{id: two, provider: simulated, accuracy: 0.8}", "{id: two, provider: exec}", `6:5: models[1].command is missing or empty`, "write command: [python3, my_model.py]"},
	{"key in the address", "{id: two, provider: simulated, accuracy: 0.8}", "{id: two, provider: openai, base_url: 'https://me:secret@host/v1'}", `6:43: models[1].base_url has a user or a password in it`, ""},
	{"key as the name of a variable", "{id: two, provider: simulated, accuracy: 0.8}", "{id: two, provider: openai, api_key_env: sk-1234}", `6:46: models[1].api_key_env is not the name of an environment variable`, ""},
	{"price as a float", "{id: two, provider: simulated, accuracy: 0.8}", "{id: two, provider: openai, price: {input: 0.15, output: \"1\"}}", `6:48: models[1].price.input: want an amount in quotes, got the number 0.15`, `put it in quotes: "0.15"`},
	{"half a price", "{id: two, provider: simulated, accuracy: 0.8}", "{id: two, provider: openai, price: {input: \"0.15\"}}", `6:40: models[1].price.output is missing`, ""},
	{"no answer field", "{id: two, provider: simulated, accuracy: 0.8}", "{id: two, provider: recorded}", `6:5: models[1].field is missing`, ""},
	{"answers without ids", "{id: two, provider: simulated, accuracy: 0.8}", "{id: two, provider: recorded, field: a, file: b.jsonl}", `6:51: models[1].file needs items with ids of their own`, ""},
	{"unknown member", "members: [one]", "members: [on]", `8:30: there is no model "on"`, `did you mean "one"?`},
	{"no members", "members: [one]", "members: []", `8:29: conditions[0].members is missing or empty`, "name models: one, two"},
	{"condition twice", "name: both", "name: single", `9:12: the condition name "single" is already that of line 8`, ""},
	{"vote without confidence", "members: [one]", "members: [one, two], vote: weighted", `8:47: condition "single" decides by confidence, and simulated models have none`, ""},
	{"gate without confidence", "members: [one]", "members: [one, two], execution: cascade, gate: confidence", `8:52: condition "single" decides by confidence, and simulated models have none`, ""},
	{"weights that are negative", "members: [one]", "members: [one, two], vote: weighted, weights: {one: -1, two: 2}", `8:66: condition "single": weights: one has -1, want no less than 0`, ""},
	{"weights of nothing", "members: [one]", "members: [one, two], vote: weighted, weights: {one: 0, two: 0}", `8:66: condition "single": weights are all zero`, ""},
	{"weights of others", "members: [one]", "members: [one, two], vote: weighted, weights: {one: 1, too: 1}", `8:66: condition "single": weights: "too" is no member`, ""},
	{"quorum above the members", "members: [one]", "members: [one, two], min_responses: 3", `8:56: condition "single": min_responses 3 is above the number of members, 2`, ""},
	{"joint without calibration", "members: [one]", "members: [one, two], vote: joint", `8:47: condition "single": vote joint needs a calibration on labelled items`, "crucible tune RUN writes a spec with one, from a run that has ended"},
	{"lossless runoff", "members: [one]", "members: [one, two], vote: borda, stop: lossless", `8:60: condition "single": stop lossless with vote borda: what could overtake is not known`, ""},
	{"consensus of a parallel vote", "members: [one]", "members: [one, two], min_consensus: 0.8", `8:56: conditions[0].min_consensus has no meaning without execution sequential and stop none`, "leave it out"},
	{"misspelled option", "members: [one]", "members: [one, two], min_respnses: 2", `8:41: unknown key "min_respnses" in conditions[0]`, `did you mean "min_responses"?`},
	{"misspelled vote", "members: [one]", "members: [one], vote: majorty", `8:42: unknown vote "majorty"`, `did you mean "majority"?`},
	{"turns of one member", "members: [one]", "members: [one], execution: cascade", `8:47: condition "single": execution cascade needs two members or more`, ""},
	{"misspelled stop", "members: [one]", "members: [one], stop: losless", `8:42: unknown stop "losless"`, `did you mean "lossless"?`},
	{"options of no hedge", "members: [one]", "members: [one], hedge: {delay: 100ms}", `8:43: hedge has options, but its strategy is none`, ""},
	{"unknown control", "name: t", "name: t\ncontrol: singel", `3:10: control: there is no condition "singel"`, `did you mean "single"?`},
	{"hypothesis about nothing", "name: t", "name: t\nhypothesis: {claim: c, metric: f1, treatment: bth, control: single}", "3:32: hypothesis.metric: there is no metric \"f1\"\n3:47: hypothesis.treatment: there is no condition \"bth\"", ""},
	{"hypothesis against another", "name: t", "name: t\nhypothesis: {claim: c, metric: accuracy, treatment: single, control: both}", `3:70: hypothesis.control "both" is not control: conditions are compared with "single"`, ""},
	{"virtual time for programs", "{id: two, provider: simulated, accuracy: 0.8}", "{id: two, provider: exec, command: [a]}\nclock: virtual", `7:8: clock virtual needs simulated or recorded models, and "two" is of provider exec`, "write clock: real"},
	{"shared answers of programs", "{id: two, provider: simulated, accuracy: 0.8}", "{id: two, provider: exec, command: [a]}\nshare_answers: true", `7:16: share_answers works only with simulated and recorded models in this version, and "two" is of provider exec`, ""},
	{"budget of unknown price", "{id: two, provider: simulated, accuracy: 0.8}", "{id: two, provider: exec, command: [a]}\nbudget: {usd: \"1\"}", `6:5: the price of model "two" is unknown, so a budget in dollars cannot be kept`, `add price: {input: "0.15", output: "0.60"}, dollars per million tokens`},
	{"budget as a number", "name: t", "name: t\nbudget: {usd: 5.00}", `3:15: budget.usd: want an amount in quotes, got the number 5.00`, `put it in quotes: "5.00"`},
	{"negative budget", "name: t", "name: t\nbudget: {usd: \"-5\"}", `3:15: budget.usd: "-5" is not an amount of US dollars`, ""},
	{"alpha", "name: t", "name: t\nanalysis: {alpha: 1}", `3:19: analysis.alpha: 1 is not between 0 and 1`, "0.05 is usual"},
	{"correction of later", "name: t", "name: t\nanalysis: {correction: bonferroni}", `3:24: correction "bonferroni" is not in this version yet`, "works now: holm"},
	{"unknown format", "name: t", "name: t\nreport: {formats: [markdown, htm]}", `3:30: unknown formats "htm"`, `did you mean "html"?`},
	{"braces without quotes", "a.jsonl", "${NOT_SET}/a.jsonl", `3:18: YAML: ',' or '}' must be specified`, `put a text with ${NAME} in it into quotes: "${NAME}"`},
	{"variable that is not set", "a.jsonl", "'${NOT_SET}/a.jsonl'", `3:17: the environment variable NOT_SET is not set`, "set it, or write $${NOT_SET} for the text itself"},
	{"secret in the text", "name: t", "name: t\nsystem: ${OPENAI_API_KEY}", `3:9: the value of OPENAI_API_KEY would be stored with the spec`, "name it as api_key_env: OPENAI_API_KEY; a spec is stored in the log"},
	{"unknown alias", "name: t", "name: *x", `2:7: unknown alias *x`, "an anchor is written before its first alias: &x"},
	{"tag", "name: t", "name: !!str t", `2:7: tags like !!str are not supported`, "leave it out"},
	{"several at once", "{path: a.jsonl}", "{path: 5}\nseed: x\nclock: virtul", "3:17: dataset.path: want a text, got the number 5\n4:7: seed: want a whole number, got the text \"x\"\n5:8: unknown clock \"virtul\"",
		"line 3: put it in quotes: \"5\"\nline 5: did you mean \"virtual\"?"},
	{"syntax", "name: t", "name: [t", `3:1: YAML: ',' or ']' must be specified`, ""},
	{"tabs", "name: t", "\tname: t", "2:1: YAML: found character '\t' that cannot start any token", "indent with spaces, not with tabs"},
	{"not a mapping", base, "- 1\n", "1:1: the spec: want a mapping, got a list", ""},
	{"empty", base, "# nothing\n", "1:1: the spec is empty", `begin with "version: 1"; "crucible new" writes a spec`},
	{"two documents", base, base + "---\nversion: 1\n", "11:1: a second document begins here", "write one experiment into each file"},
	{"not UTF-8", "name: t", "name: \xff", "2: the text is not UTF-8", "save the file as UTF-8"},
}

func TestMistakes(t *testing.T) {
	if _, err := Parse("spec.yaml", []byte(base), testEnv); err != nil {
		t.Fatal(err)
	}
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			if !strings.Contains(base, m.old) {
				t.Fatalf("base does not contain %q", m.old)
			}
			_, err := Parse("spec.yaml", []byte(strings.Replace(base, m.old, m.new, 1)), testEnv)
			var problems Errors
			if !errors.As(err, &problems) {
				t.Fatalf("got %v, want %s", err, m.want)
			}
			if got := strings.ReplaceAll(err.Error(), "spec.yaml:", ""); got != m.want {
				t.Errorf("got\n%s\nwant\n%s", got, m.want)
			}
			if got := problems.Hint(); m.hint != "" && got != m.hint {
				t.Errorf("hint\n%s\nwant\n%s", got, m.hint)
			}
		})
	}
}
