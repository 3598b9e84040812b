package experiment

import (
	"encoding/json"
	"time"
)

// Version is the version of the spec's format.
const Version = 1

// DefaultMaxInFlight is the number of undecided queries at a time where a spec
// says nothing, and the most that it may say.
const DefaultMaxInFlight = 2000

// Spec is an experiment. Its fields are the keys of the YAML text, with the
// defaults filled in.
type Spec struct {
	Version      int         `json:"version" need:"true" doc:"Version of this format: 1."`
	Name         string      `json:"name" need:"true" doc:"Name of the experiment."`
	Description  string      `json:"description,omitempty" doc:"What the experiment is to find out."`
	Hypothesis   *Hypothesis `json:"hypothesis,omitempty" doc:"What is claimed before anything is asked."`
	Tags         []string    `json:"tags,omitempty" doc:"Free words to find the experiment by."`
	Dataset      Dataset     `json:"dataset" need:"true" doc:"Where the items come from."`
	Prompt       string      `json:"prompt" doc:"Go template over the fields of an item, input and expected."`
	System       string      `json:"system,omitempty" doc:"System message, a template like prompt."`
	Score        Score       `json:"score" doc:"How an answer is read and compared."`
	Models       []Model     `json:"models" need:"true" doc:"The models that conditions choose from."`
	Conditions   []Condition `json:"conditions" need:"true" doc:"What is compared."`
	Control      string      `json:"control" doc:"The condition the others are compared with; default the first."`
	Metrics      []string    `json:"metrics" doc:"What is reported for each condition."`
	Repeat       int         `json:"repeat" doc:"How often each item is asked; repetition r has its own seed."`
	Seed         uint64      `json:"seed" doc:"Seed of everything that is random."`
	ShareAnswers bool        `json:"share_answers,omitempty" doc:"Conditions use the same answers of a model instead of asking separately."`
	Clock        string      `json:"clock" doc:"real, or virtual for simulated models: no waiting, same bytes every time."`
	Budget       Budget      `json:"budget" doc:"Limits that a run never oversteps; 0 is no limit."`
	Cache        bool        `json:"cache,omitempty" doc:"Use answers that the same calls got before, in any run on this log, and keep new ones."`
	MaxInFlight  int         `json:"max_in_flight" doc:"Undecided queries at a time."`
	Analysis     Analysis    `json:"analysis" doc:"How conditions are compared."`
	Report       Report      `json:"report" doc:"What is written at the end."`

	// PriceTable is the version of the table that prices come from, "" if the text
	// names them all.
	PriceTable string `json:"-"`
	// Warnings are remarks on a spec that is valid but perhaps not meant so.
	Warnings []string `json:"-"`
}

// Hypothesis is a claim that a comparison confirms or not.
type Hypothesis struct {
	ID          string `json:"id,omitempty" doc:"Short name, such as H1."`
	Claim       string `json:"claim" need:"true" doc:"The claim in words."`
	Metric      string `json:"metric" need:"true" doc:"The metric it is about, one of metrics."`
	Treatment   string `json:"treatment" need:"true" doc:"The condition that is claimed to differ."`
	Control     string `json:"control" doc:"The condition it is compared with; default control."`
	Alternative string `json:"alternative" doc:"The direction of the claim."`
}

// Dataset says where the items come from and which of them are asked.
type Dataset struct {
	Source string `json:"source" doc:"Kind of the source; default by the extension of path."`
	Path   string `json:"path" need:"true" doc:"File, relative to the spec's folder; .gz is unpacked."`
	Fields Fields `json:"fields" doc:"Where an item's parts are, as dotted paths."`
	Sample Sample `json:"sample" doc:"Which items are asked."`
}

// Fields are dotted paths into an item: "a.b" is the key b of the object at the
// key a, "a.0" the first element of the list at a, "a\.b" the key "a.b".
type Fields struct {
	ID       string `json:"id,omitempty" doc:"Identity of an item; default a hash of its content."`
	Input    string `json:"input" doc:"The question."`
	Expected string `json:"expected" doc:"The right answer."`
}

// Sample says which items are asked.
type Sample struct {
	Method string `json:"method" doc:"How items are chosen."`
	Size   int    `json:"size,omitempty" doc:"Number of items, for head, random and stratified."`
	By     string `json:"by,omitempty" doc:"Field that makes the strata."`
	Folds  int    `json:"folds,omitempty" doc:"Number of folds, for kfold."`
	Seed   uint64 `json:"seed" doc:"Seed of the choice; default seed."`
}

// Score says how an answer is read and compared with what was expected.
type Score struct {
	Extract   string   `json:"extract" doc:"none, a regular expression (RE2; last match, first group), or the name of an extractor: gsm8k, choice, numeric."`
	Normalize string   `json:"normalize" doc:"How two texts are made comparable."`
	Metrics   []string `json:"metrics" doc:"How a pair of texts is scored."`
	K         []int    `json:"k,omitempty" doc:"The k of pass_at_k, one or several."`
}

// Model is something that answers.
type Model struct {
	ID        string `json:"id" need:"true" doc:"Name by which conditions refer to it."`
	Provider  string `json:"provider" need:"true" doc:"Who answers."`
	Model     string `json:"model,omitempty" doc:"The provider's name of the model; default id."`
	BaseURL   string `json:"base_url,omitempty" doc:"Address of a compatible service; default the provider's own."`
	APIKeyEnv string `json:"api_key_env,omitempty" doc:"Environment variable that holds the key."`

	APIKeyFile string   `json:"api_key_file,omitempty" doc:"File that holds the key, relative to the spec's folder."`
	Stream     bool     `json:"stream,omitempty" doc:"Ask for answers piece by piece, so that the time to the first token is known."`
	Accept     []string `json:"accept,omitempty" doc:"Replies that are answers all the same; default none: they are failures of their own class."`
	HTTP       *HTTP    `json:"http,omitempty" doc:"Http: how the endpoint is asked, and where its reply has the answer."`

	Params    json.RawMessage `json:"params,omitempty" doc:"Parameters passed on to the provider, such as temperature."`
	Limits    Limits          `json:"limits" doc:"Limits of the model's pool, for the whole cluster."`
	Timeout   Duration        `json:"timeout" doc:"Longest wait for one attempt; 0s is none."`
	Deadline  Duration        `json:"deadline,omitempty" doc:"Longest time for all attempts of a call together, from sending the first; absent is none."`
	Retries   int             `json:"retries" doc:"Further attempts after one that failed."`
	LoserCost string          `json:"loser_cost,omitempty" doc:"What a hedged attempt costs that was cancelled, where the provider does not say; default full, for simulated models prorata."`
	Price     *Price          `json:"price,omitempty" doc:"US dollars per million tokens; absent is unknown."`

	Field        string       `json:"field,omitempty" doc:"Recorded: dotted path of the answer."`
	LatencyField string       `json:"latency_field,omitempty" doc:"Recorded: dotted path of the answer's latency."`
	LatencyUnit  string       `json:"latency_unit,omitempty" doc:"Recorded: unit of a latency that is a bare number."`
	Simulated    bool         `json:"simulated,omitempty" doc:"Recorded: no real model gave the answers."`
	File         string       `json:"file,omitempty" doc:"Recorded: JSON lines with the answers, matched by id, instead of the item itself."`
	Fields       *ModelFields `json:"fields,omitempty" doc:"Recorded: where the parts of a line of file are."`

	Accuracy  float64  `json:"accuracy,omitempty" doc:"Simulated: probability of the right answer."`
	ErrorRate float64  `json:"error_rate,omitempty" doc:"Simulated: probability that no answer arrives."`
	Latency   *Latency `json:"latency,omitempty" doc:"Simulated: distribution of latencies."`

	Correlation      float64     `json:"correlation,omitempty" doc:"Simulated: correlation of the latencies of the copies of a call, 0 to 1."`
	Failures         *Failures   `json:"failures,omitempty" doc:"Simulated: probabilities of the ways in which attempts go wrong."`
	RetryAfter       Duration    `json:"retry_after,omitempty" doc:"Simulated: what failures.rate_limited asks to wait; default 1s."`
	ErrorCorrelation float64     `json:"error_correlation,omitempty" doc:"Simulated: share of the luck with an item that all models have in common, 0 to 1."`
	SameWrong        float64     `json:"same_wrong,omitempty" doc:"Simulated: probability that two models that are both wrong say the same."`
	Difficulty       *Difficulty `json:"difficulty,omitempty" doc:"Simulated: accuracy by the difficulty of the item."`
	Tokens           *Tokens     `json:"tokens,omitempty" doc:"Simulated: what the usage says."`
	FirstToken       float64     `json:"first_token,omitempty" doc:"Simulated: share of the latency after which the first token arrives."`
	TokensPerSecond  float64     `json:"tokens_per_second,omitempty" doc:"Simulated: speed after the first token; the latency is then that of the first token."`
	Phases           []Phase     `json:"phases,omitempty" doc:"Simulated: drift and outages in the course of the run."`

	Command []string `json:"command,omitempty" doc:"Exec: program and arguments; JSON lines in and out."`
}

// Limits bound the use of a pool. Zero is the pool's own limit.
type Limits struct {
	Concurrency int `json:"concurrency,omitempty" doc:"Calls at a time."`
	RPM         int `json:"rpm,omitempty" doc:"Requests per minute."`
	TPM         int `json:"tpm,omitempty" doc:"Tokens per minute."`
}

// Price is in US dollars per million tokens.
type Price struct {
	Input     Decimal     `json:"input" need:"true" doc:"Of a million tokens of input."`
	Output    Decimal     `json:"output" need:"true" doc:"Of a million tokens of output."`
	Cached    Decimal     `json:"cached,omitempty" doc:"Of a million tokens of input that the provider had cached; default input."`
	Reasoning Decimal     `json:"reasoning,omitempty" doc:"Of a million tokens of output that the model does not show; default output."`
	Batch     *BatchPrice `json:"batch,omitempty" doc:"With params.service_tier batch or flex; absent is unknown."`
}

// BatchPrice is a Price for requests that may take long.
type BatchPrice struct {
	Input     Decimal `json:"input" need:"true" doc:"Of a million tokens of input."`
	Output    Decimal `json:"output" need:"true" doc:"Of a million tokens of output."`
	Cached    Decimal `json:"cached,omitempty" doc:"Of a million tokens of input that the provider had cached; default input."`
	Reasoning Decimal `json:"reasoning,omitempty" doc:"Of a million tokens of output that the model does not show; default output."`
}

// ModelFields are dotted paths into a line of a file of recorded answers.
type ModelFields struct {
	ID string `json:"id" doc:"The item that the line answers."`
}

// Condition is one way of getting an answer.
type Condition struct {
	Name      string   `json:"name" need:"true" doc:"Name of the condition in every result."`
	Members   []string `json:"members" need:"true" doc:"Ids of models; one that is named twice is asked twice."`
	Vote      string   `json:"vote" doc:"How the answers become one."`
	Execution string   `json:"execution" doc:"In which order members are asked."`
	Stop      string   `json:"stop" doc:"When further members are not waited for."`
	Hedge     Hedge    `json:"hedge" doc:"Backup requests against slow answers."`
	Deciding
}

// Budget limits what a run spends. Zero is no limit.
type Budget struct {
	USD    Decimal `json:"usd" doc:"US dollars."`
	Calls  int     `json:"calls" doc:"Calls to models."`
	Tokens int     `json:"tokens" doc:"Tokens, of input and output."`
}

// Analysis says how conditions are compared.
type Analysis struct {
	Alpha      float64 `json:"alpha" doc:"Level of significance; intervals have the level 1 - alpha."`
	Correction string  `json:"correction" doc:"Correction for several comparisons."`
	Cluster    string  `json:"cluster" doc:"Field whose values group items that are not independent, such as a document; item or nothing: the item itself, when it is repeated."`
	Bootstrap  int     `json:"bootstrap" doc:"Bootstrap replicates."`
}

// Report says what is written at the end.
type Report struct {
	Formats []string `json:"formats" doc:"Formats of the report."`
}

// Duration is a length of time, written as "800ms" or "1m30s".
type Duration time.Duration

// String writes the duration as Go does: 1m30s.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	*d = Duration(v)
	return err
}

// Decimal is an exact decimal number as text: money is never a float.
type Decimal string

// model returns the model with the id, nil if there is none.
func (s *Spec) model(id string) *Model {
	for i := range s.Models {
		if s.Models[i].ID == id {
			return &s.Models[i]
		}
	}
	return nil
}
