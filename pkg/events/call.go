package events

import "github.com/mailru/easyjson"

// The roles of a call.
const (
	RoleAnswer = "answer" // a member answers the query
	RoleScore  = "score"  // code is executed to score an answer
	RoleJudge  = "judge"  // a model scores an answer
)

// CallRequested is a self-contained order to ask a model: everything a caller
// needs, and nothing that it must look up.
//
//easyjson:json
type CallRequested struct {
	// Role is answer, score or judge.
	Role string `json:"role,nocopy"`
	// Ordinal counts the orders of the query to the same member in the same
	// role, from 0.
	Ordinal int `json:"ordinal"`
	// Provider names the provider: openai, anthropic, google, recorded,
	// simulated, exec, sandbox.
	Provider string `json:"provider,nocopy"`
	// Messages is the rendered prompt.
	Messages []Message `json:"messages"`
	// Params are passed on to the provider, a JSON object.
	Params easyjson.RawMessage `json:"params,omitempty"`
	// Seed is a function of the spec, the item and the member, never of the
	// run's id. It is a string in JSON, since it uses all 64 bits.
	Seed uint64 `json:"seed,string"`
	// Stream asks for the answer piece by piece, so that the time to its first
	// token is known.
	Stream bool `json:"stream,omitempty"`
	// Accept lists classes of replies that are answers all the same: refusal,
	// truncated, content_filter.
	Accept []string `json:"accept,omitempty"`
	// Virtual says that the run has the virtual clock: the caller does not wait.
	Virtual bool `json:"virtual,omitempty"`
	// TimeoutNS is how long one attempt may take, in nanoseconds; absent, the
	// pool's own limit holds.
	TimeoutNS int64 `json:"timeout_ns,omitempty"`
	// DeadlineNS is how long all attempts together may take from sending the
	// first, in nanoseconds; absent, there is no such limit.
	DeadlineNS int64 `json:"deadline_ns,omitempty"`
	// Retries is how many attempts may follow a failed one, hedges not counted.
	Retries int `json:"retries,omitempty"`
	// LoserCost says what an attempt costs that was cancelled because another one
	// answered first, where the provider does not: prorata, full or none; absent,
	// prorata for a simulated model and full for others.
	LoserCost string `json:"loser_cost,omitempty,nocopy"`
	// Hedge is the policy for backup requests; absent, there are none.
	Hedge *Hedge `json:"hedge,omitempty"`
	// Price is what tokens cost; absent, it is unknown.
	Price *Price `json:"price,omitempty"`
	// Recorded is the answer, for the provider "recorded".
	Recorded *Recorded `json:"recorded,omitempty"`
	// Simulated is the behaviour, for the provider "simulated".
	Simulated *Simulated `json:"simulated,omitempty"`
}

// Kind implements Data.
func (*CallRequested) Kind() Kind { return KindCallRequested }

// Hedge is a policy for backup requests.
//
//easyjson:json
type Hedge struct {
	// Strategy is none, fixed, percentile, adaptive, workload_aware and so on.
	Strategy string `json:"strategy,nocopy"`
	// Options are the parameters of the strategy, a JSON object.
	Options easyjson.RawMessage `json:"options,omitempty"`
	// Backups are the models that backups are asked of: the first copy after that
	// of the order's own asks the first, further ones the next, and those after the
	// last one ask it. Absent, backups ask what the order asks.
	Backups []Backup `json:"backups,omitempty"`
}

// Backup is a model that a backup asks instead of the one that the order names.
//
//easyjson:json
type Backup struct {
	// Member is the id of the model in the spec.
	Member string `json:"member,nocopy"`
	// Provider names its provider.
	Provider string `json:"provider,nocopy"`
	// Pool is its pool.
	Pool string `json:"pool,nocopy"`
	// Model is the provider's name of it.
	Model string `json:"model,nocopy"`
	// Params are passed on to the provider, a JSON object.
	Params easyjson.RawMessage `json:"params,omitempty"`
	// Stream asks for the answer piece by piece.
	Stream bool `json:"stream,omitempty"`
	// Accept are the replies that are answers all the same, as in the order.
	Accept []string `json:"accept,omitempty"`
	// TimeoutNS is how long one attempt may take, in nanoseconds.
	TimeoutNS int64 `json:"timeout_ns,omitempty"`
	// LoserCost is as in the order.
	LoserCost string `json:"loser_cost,omitempty,nocopy"`
	// Price is what tokens cost; absent, it is unknown.
	Price *Price `json:"price,omitempty"`
	// Simulated is the behaviour, for the provider "simulated".
	Simulated *Simulated `json:"simulated,omitempty"`
}

// Price is in US dollars per million tokens, as decimal strings.
//
//easyjson:json
type Price struct {
	// Input is the price of a million tokens of the prompt, in US dollars.
	Input string `json:"input,nocopy"`
	// Output is the price of a million tokens of the answer, in US dollars.
	Output string `json:"output,nocopy"`
	// CachedInput is the price of a million tokens of the prompt that the
	// provider had cached, in US dollars; absent, they cost as much as others.
	CachedInput string `json:"cached_input,omitempty,nocopy"`
	// Reasoning is the price of a million tokens of the answer that the model did
	// not show, in US dollars; absent, they cost as much as others.
	Reasoning string `json:"reasoning,omitempty,nocopy"`
}

// Recorded is an answer that a model gave once.
//
//easyjson:json
type Recorded struct {
	// Found says whether there is an answer; without one the call fails.
	Found bool `json:"found"`
	// Text is the answer.
	Text string `json:"text,nocopy"`
	// LatencyNS is how long the answer took then, in nanoseconds, absent if
	// nobody recorded it.
	LatencyNS int64 `json:"latency_ns,omitempty"`
	// Simulated says that no real model gave it.
	Simulated bool `json:"simulated,omitempty"`
}

// Simulated says how the simulated provider behaves.
//
//easyjson:json
type Simulated struct {
	// Accuracy is the probability of a right answer, 0 to 1.
	Accuracy float64 `json:"accuracy"`
	// ErrorRate is the probability that an attempt fails, 0 to 1.
	ErrorRate float64 `json:"error_rate,omitempty"`
	// Expected is the right answer.
	Expected string `json:"expected,nocopy"`
	// Latency is the distribution of the latency of an attempt.
	Latency Latency `json:"latency"`
	// Failures are the probabilities of the ways in which an attempt goes wrong,
	// beside ErrorRate.
	Failures []SimulatedFailure `json:"failures,omitempty"`
	// RetryAfterNS is what a refusal for too many requests asks to wait, in
	// nanoseconds.
	RetryAfterNS int64 `json:"retry_after_ns,omitempty"`
	// Correlation is that of the latencies of the copies of a call, in their
	// normal scores: 0 are independent, at 1 they take equally long.
	Correlation float64 `json:"correlation,omitempty"`
	// Item is the identity of the item, the same for every model: what makes it
	// hard for all of them is drawn from it. It is a string in JSON, since it
	// uses all 64 bits.
	Item uint64 `json:"item,string,omitempty"`
	// ErrorCorrelation is the share of a model's luck with an item that is the
	// item's, in normal scores, 0 to 1.
	ErrorCorrelation float64 `json:"error_correlation,omitempty"`
	// SameWrong is the probability that two models of this kind that are both
	// wrong say the same.
	SameWrong float64 `json:"same_wrong,omitempty"`
	// Tokens is what the usage says, absent where the texts are counted.
	Tokens *SimulatedTokens `json:"tokens,omitempty"`
	// FirstToken is the share of the latency after which the first token
	// arrives, absent if that does not matter.
	FirstToken float64 `json:"first_token,omitempty"`
	// TokensPerSecond is how fast tokens follow the first one; the latency is
	// then that of the first one.
	TokensPerSecond float64 `json:"tokens_per_second,omitempty"`
}

// SimulatedFailure is a way in which attempts go wrong.
//
//easyjson:json
type SimulatedFailure struct {
	// Mode is the way: server_error, overloaded, rate_limited, hang and so on.
	Mode string `json:"mode,nocopy"`
	// Rate is its probability, 0 to 1.
	Rate float64 `json:"rate"`
}

// SimulatedTokens is what the usage of simulated answers says.
//
//easyjson:json
type SimulatedTokens struct {
	// Output is the median number of tokens of an answer; those beyond its text
	// are reasoning.
	Output int64 `json:"output,omitempty"`
	// Spread is the standard deviation of the logarithm of that number.
	Spread float64 `json:"spread,omitempty"`
	// Cached is the share of a prompt that the provider had cached, 0 to 1.
	Cached float64 `json:"cached,omitempty"`
}

// Latency is a distribution of latencies by its quantiles.
//
//easyjson:json
type Latency struct {
	// Shape is none, constant, piecewise, lognormal, bimodal, pareto or samples.
	Shape string `json:"shape,nocopy"`
	// P50NS is the median, in nanoseconds.
	P50NS int64 `json:"p50_ns,omitempty"`
	// P95NS is the 95th percentile, in nanoseconds.
	P95NS int64 `json:"p95_ns,omitempty"`
	// P99NS is the 99th percentile, in nanoseconds.
	P99NS int64 `json:"p99_ns,omitempty"`
	// MeanNS is the mean of a lognormal distribution, instead of quantiles, in
	// nanoseconds.
	MeanNS int64 `json:"mean_ns,omitempty"`
	// SDNS is its standard deviation, in nanoseconds.
	SDNS int64 `json:"sd_ns,omitempty"`
	// SlowShare is the share of attempts that are slower.
	SlowShare float64 `json:"slow_share,omitempty"`
	// SlowFactor is by how much they are slower; absent for bimodal, it follows
	// from the quantiles.
	SlowFactor float64 `json:"slow_factor,omitempty"`
	// SamplesNS are measured latencies in rising order, in nanoseconds.
	SamplesNS []int64 `json:"samples_ns,omitempty"`
	// Scale multiplies every latency, absent for 1: drift and outages.
	Scale float64 `json:"scale,omitempty"`
}

// CallStarted is the intent to ask, stored before the request leaves.
//
//easyjson:json
type CallStarted struct {
	// Attempt is the number of the attempt, from 1.
	Attempt int `json:"attempt"`
	// Nonce is drawn by the caller's process when it starts: another nonce is
	// another process.
	Nonce string `json:"nonce,nocopy"`
	// Caller is the name of the process.
	Caller string `json:"caller,nocopy"`
	// Pool is the pool that is asked.
	Pool string `json:"pool,omitempty,nocopy"`
	// Hedge says that the attempt is a backup of one that is still under way.
	Hedge bool `json:"hedge,omitempty"`
	// ReservedUSD is the most that the attempt can cost, in US dollars, absent
	// if the price is unknown.
	ReservedUSD string `json:"reserved_usd,omitempty,nocopy"`
	// ReservedTokens is the most tokens that the attempt can use, of input and
	// output, absent if it costs nothing.
	ReservedTokens int64 `json:"reserved_tokens,omitempty"`
}

// Kind implements Data.
func (*CallStarted) Kind() Kind { return KindCallStarted }

// The outcomes of a call and of an attempt.
const (
	CallAnswered  = "answered"
	CallFailed    = "failed"
	CallCancelled = "cancelled"
	// AttemptPossiblyBilled is the outcome of an attempt that was started and
	// whose end nobody saw; it stays charged.
	AttemptPossiblyBilled = "possibly_billed"
)

// CallCompleted is the terminal fact of a call.
//
//easyjson:json
type CallCompleted struct {
	// Outcome is answered, failed or cancelled.
	Outcome string `json:"outcome,nocopy"`
	// Role is the role of the order: answer, score or judge.
	Role string `json:"role,nocopy"`
	// Answer is the text that the model gave, unchanged.
	Answer string `json:"answer,omitempty,nocopy"`
	// Failure says why there is no answer; absent if there is one.
	Failure *Failure `json:"failure,omitempty"`
	// LatencyNS is the caller's monotonic time from sending the first attempt to
	// the winner's last byte, in nanoseconds; absent where an answer has none.
	LatencyNS int64 `json:"latency_ns,omitempty"`
	// WaitNS is the time spent on permits and in our own queues, in nanoseconds;
	// it is no part of the latency.
	WaitNS int64 `json:"wait_ns,omitempty"`
	// LatencyVoid says that the caller's own process was late by more than a
	// limit while it waited for the answer: the latency says more of the caller
	// than of the provider.
	LatencyVoid bool `json:"latency_void,omitempty"`
	// Usage is the sum of the tokens of all attempts.
	Usage *Usage `json:"usage,omitempty"`
	// CostUSD is what all attempts cost, possibly billed ones at their worst, in
	// US dollars.
	CostUSD string `json:"cost_usd,nocopy"`
	// CostKnown is false if a price or a number of tokens is unknown; CostUSD
	// then leaves it out.
	CostKnown bool `json:"cost_known"`
	// CostRange says between what the cost lies; absent, it is CostUSD.
	CostRange *CostRange `json:"cost_range,omitempty"`
	// Served is the name of the model as the provider says it served it.
	Served string `json:"served_model,omitempty,nocopy"`
	// Finish is the provider's reason for the end of the answer.
	Finish string `json:"finish_reason,omitempty,nocopy"`
	// Confidence is what the model itself or its log-probabilities say, 0 to 1,
	// absent if they say nothing.
	Confidence float64 `json:"confidence,omitempty"`
	// Simulated says that no model was asked.
	Simulated bool `json:"simulated,omitempty"`
	// Recorded says that the answer was given earlier, not in this run.
	Recorded bool `json:"recorded,omitempty"`
	// Cached says that the same call was answered before and nobody was asked: the
	// answer cost nothing and has no latency.
	Cached bool `json:"cached,omitempty"`
	// Attempts are the requests that were made, by their number.
	Attempts []Attempt `json:"attempts"`
}

// Kind implements Data.
func (*CallCompleted) Kind() Kind { return KindCallCompleted }

// CostRange says between what a cost lies where providers did not report the
// usage of every attempt, in US dollars.
//
//easyjson:json
type CostRange struct {
	// ReportedUSD is what the attempts cost whose usage was reported.
	ReportedUSD string `json:"reported_usd,nocopy"`
	// ProrataUSD adds what the others used until they were given up, as far as
	// that can be estimated, else all that they can have used.
	ProrataUSD string `json:"prorata_usd,nocopy"`
	// WorstUSD adds all that the others can have used.
	WorstUSD string `json:"worst_usd,nocopy"`
}

// Failure says why there is no answer.
//
//easyjson:json
type Failure struct {
	// Class is the kind of failure, one word: timeout, rate_limit and so on.
	Class string `json:"class,nocopy"`
	// Message is for people; it never holds a secret.
	Message string `json:"message,nocopy"`
}

// The sources of a count of tokens.
const (
	UsageReported  = "reported"
	UsageEstimated = "estimated"
	UsageUnknown   = "unknown"
)

// Usage counts tokens.
//
//easyjson:json
type Usage struct {
	// Input is the number of tokens of the prompt, cached ones included.
	Input int64 `json:"input_tokens"`
	// Output is the number of tokens of the answer, those of reasoning included.
	Output int64 `json:"output_tokens"`
	// CachedInput is how many tokens of the prompt the provider had cached.
	CachedInput int64 `json:"cached_input_tokens,omitempty"`
	// Reasoning is how many tokens of the answer the model did not show.
	Reasoning int64 `json:"reasoning_tokens,omitempty"`
	// Source is reported, estimated or unknown.
	Source string `json:"source,nocopy"`
}

// Attempt is one request of a call.
//
//easyjson:json
type Attempt struct {
	// Attempt is its number, from 1.
	Attempt int `json:"attempt"`
	// Outcome is answered, failed, cancelled or possibly_billed. At most one
	// attempt is answered: the winner.
	Outcome string `json:"outcome,nocopy"`
	// Hedge says that it was a backup of one that was still under way.
	Hedge bool `json:"hedge,omitempty"`
	// Pool is the pool that was asked, absent if it is that of the order.
	Pool string `json:"pool,omitempty,nocopy"`
	// Member is the id of the model that was asked, absent if it is that of the
	// order.
	Member string `json:"member,omitempty,nocopy"`
	// WaitNS is the time spent on permits and limits before it, in nanoseconds.
	WaitNS int64 `json:"wait_ns,omitempty"`
	// StartNS is when it was sent, in nanoseconds since the first one was.
	StartNS int64 `json:"start_ns"`
	// ConnectNS is the part of the latency that went into getting a connection,
	// in nanoseconds; absent where there is none, or where one was open.
	ConnectNS int64 `json:"connect_ns,omitempty"`
	// FirstByteNS is the time from sending to the first byte of the answer, in
	// nanoseconds.
	FirstByteNS int64 `json:"first_byte_ns,omitempty"`
	// FirstTokenNS is the time from sending to the first text of an answer that
	// was streamed, in nanoseconds.
	FirstTokenNS int64 `json:"first_token_ns,omitempty"`
	// LatencyNS is the time from sending to the last byte, the failure or the
	// cancellation, in nanoseconds.
	LatencyNS int64 `json:"latency_ns,omitempty"`
	// LagNS is the most by which the caller's own process was late with anything
	// while the attempt was under way, in nanoseconds; absent where that was less
	// than a millisecond.
	LagNS int64 `json:"lag_ns,omitempty"`
	// BackoffNS is the time waited before it because an earlier one failed, in
	// nanoseconds.
	BackoffNS int64 `json:"backoff_ns,omitempty"`
	// Failure says why it has no answer.
	Failure *Failure `json:"failure,omitempty"`
	// Usage counts its tokens.
	Usage *Usage `json:"usage,omitempty"`
	// CostUSD is what it cost, in US dollars, absent if that is unknown. Where no
	// usage was reported it is what it is taken to have cost.
	CostUSD string `json:"cost_usd,omitempty,nocopy"`
	// ProrataUSD is what it cost if only what it used until it was given up is
	// charged, in US dollars; absent, that is CostUSD.
	ProrataUSD string `json:"prorata_usd,omitempty,nocopy"`
	// WorstUSD is the most that it can have cost, in US dollars; absent, that is
	// CostUSD.
	WorstUSD string `json:"worst_usd,omitempty,nocopy"`
	// RequestID is the provider's name of the request.
	RequestID string `json:"request_id,omitempty,nocopy"`
	// Served is the name of the model as the provider says it served it.
	Served string `json:"served_model,omitempty,nocopy"`
	// Fingerprint is the provider's name of the configuration that answered.
	Fingerprint string `json:"fingerprint,omitempty,nocopy"`
	// Finish is the provider's reason for the end of the text.
	Finish string `json:"finish_reason,omitempty,nocopy"`
	// Partial is the beginning of what arrived of a text that is no answer: a
	// refusal, a text that was cut off or filtered, half a stream.
	Partial string `json:"partial,omitempty,nocopy"`
	// Status is the status of the HTTP response, absent if there was none.
	Status int `json:"http_status,omitempty"`
}
