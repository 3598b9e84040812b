package events

import "github.com/mailru/easyjson"

// QueryDispatched is one item × condition × repeat, with all that a voter, an
// analyst and a reader of the results need to know of it.
//
//easyjson:json
type QueryDispatched struct {
	Index     int       `json:"index"`      // position in the plan, from 0: repeat, then condition, then item
	ItemIndex int       `json:"item_index"` // position of the item in the sample, from 0
	Input     string    `json:"input,nocopy"`
	Expected  string    `json:"expected,nocopy"`
	Messages  []Message `json:"messages"`
	Policy    Policy    `json:"policy"`
	Score     Score     `json:"score"`
	Calls     []string  `json:"calls,nocopy"` // ids of the first calls, in the order of the members
}

// Kind implements Data.
func (*QueryDispatched) Kind() Kind { return KindQueryDispatched }

// Message is one turn of a prompt.
//
//easyjson:json
type Message struct {
	Role    string `json:"role,nocopy"` // system | user | assistant
	Content string `json:"content,nocopy"`
}

// Policy says how the answers of the members become one.
//
//easyjson:json
type Policy struct {
	Members   []string `json:"members,nocopy"`
	Vote      string   `json:"vote,nocopy"`
	Execution string   `json:"execution,nocopy"`
	Stop      string   `json:"stop,nocopy"`
}

// Score says how an answer is read and compared.
//
//easyjson:json
type Score struct {
	Extract   string   `json:"extract,omitempty,nocopy"`
	Normalize string   `json:"normalize,nocopy"`
	Metrics   []string `json:"metrics,nocopy"`
}

// The states of a verdict.
const (
	VoteDecidedState = "decided" // there is an answer
	VoteInvalid      = "invalid" // answers arrived, none could be read
	VoteFailed       = "failed"  // no answer arrived
)

// VoteDecided is the verdict on a query.
//
//easyjson:json
type VoteDecided struct {
	Index    int      `json:"index"`
	State    string   `json:"state,nocopy"`
	Answer   string   `json:"answer,omitempty,nocopy"`   // as extracted and normalised
	Expected string   `json:"expected,omitempty,nocopy"` // likewise
	Correct  bool     `json:"correct"`
	Scores   []Metric `json:"scores,omitempty"`
	// Consensus is the share of the valid ballots that the answer has, 0 to 1.
	Consensus float64  `json:"consensus"`
	Tally     []Tally  `json:"tally,omitempty"`
	Ballots   []Ballot `json:"ballots"`
	// LatencyNS is absent where an answer that decided has no latency.
	LatencyNS int64  `json:"latency_ns,omitempty"`
	CostUSD   string `json:"cost_usd,nocopy"`
	Stop      string `json:"stop,nocopy"`             // why it decided: all | lossless | posterior
	Reason    string `json:"reason,omitempty,nocopy"` // why there is no answer
}

// Kind implements Data.
func (*VoteDecided) Kind() Kind { return KindVoteDecided }

// Metric is a value of a score metric.
//
//easyjson:json
type Metric struct {
	Name  string  `json:"name,nocopy"`
	Value float64 `json:"value"`
}

// Tally is an answer with the votes for it, in descending order.
//
//easyjson:json
type Tally struct {
	Answer string  `json:"answer,nocopy"`
	Votes  int     `json:"votes"`
	Weight float64 `json:"weight,omitempty"`
}

// Ballot is what one call contributed.
//
//easyjson:json
type Ballot struct {
	Call    string `json:"call,nocopy"`
	Member  string `json:"member,nocopy"`
	Outcome string `json:"outcome,nocopy"` // answered | invalid | failed | cancelled
	Answer  string `json:"answer,omitempty,nocopy"`
	Correct bool   `json:"correct,omitempty"`
}

// DeadLetter is a message that could not be processed.
//
//easyjson:json
type DeadLetter struct {
	Service    string `json:"service,nocopy"`
	Subject    string `json:"subject,nocopy"` // of the message
	Sequence   uint64 `json:"sequence"`
	Deliveries uint64 `json:"deliveries"`
	Error      string `json:"error,nocopy"`
	SHA256     string `json:"sha256,nocopy"` // of the payload
}

// Kind implements Data.
func (*DeadLetter) Kind() Kind { return KindDeadLetter }

// Spec of a call: everything a caller needs, and nothing that it must look up.

// The roles of a call.
const (
	RoleAnswer = "answer"
	RoleScore  = "score"
	RoleJudge  = "judge"
)

// CallRequested is a self-contained order to ask a model.
//
//easyjson:json
type CallRequested struct {
	Role      string              `json:"role,nocopy"`
	Ordinal   int                 `json:"ordinal"`
	Provider  string              `json:"provider,nocopy"`
	Messages  []Message           `json:"messages"`
	Params    easyjson.RawMessage `json:"params,omitempty"`  // passed on to the provider
	Seed      uint64              `json:"seed"`              // a function of the spec, never of the run's id
	Virtual   bool                `json:"virtual,omitempty"` // clock: virtual
	TimeoutNS int64               `json:"timeout_ns,omitempty"`
	Retries   int                 `json:"retries,omitempty"`
	Hedge     *Hedge              `json:"hedge,omitempty"`
	Price     *Price              `json:"price,omitempty"`     // absent: unknown
	Recorded  *Recorded           `json:"recorded,omitempty"`  // for the provider "recorded"
	Simulated *Simulated          `json:"simulated,omitempty"` // for the provider "simulated"
}

// Kind implements Data.
func (*CallRequested) Kind() Kind { return KindCallRequested }

// Hedge is a policy for backup requests.
//
//easyjson:json
type Hedge struct {
	Strategy string              `json:"strategy,nocopy"`
	Options  easyjson.RawMessage `json:"options,omitempty"`
}

// Price is in US dollars per million tokens, as decimal strings.
//
//easyjson:json
type Price struct {
	Input  string `json:"input,nocopy"`
	Output string `json:"output,nocopy"`
}

// Recorded is an answer that a model gave once.
//
//easyjson:json
type Recorded struct {
	Found     bool   `json:"found"`
	Text      string `json:"text,nocopy"`
	LatencyNS int64  `json:"latency_ns,omitempty"`
}

// Simulated says how the simulated provider behaves.
//
//easyjson:json
type Simulated struct {
	Accuracy  float64 `json:"accuracy"`
	ErrorRate float64 `json:"error_rate,omitempty"`
	Expected  string  `json:"expected,nocopy"` // the right answer
	Latency   Latency `json:"latency"`
}

// Latency is a distribution of latencies by its quantiles.
//
//easyjson:json
type Latency struct {
	Shape string `json:"shape,nocopy"` // none | constant | piecewise | lognormal
	P50NS int64  `json:"p50_ns,omitempty"`
	P95NS int64  `json:"p95_ns,omitempty"`
	P99NS int64  `json:"p99_ns,omitempty"`
}

// CallStarted is the intent to ask, stored before the request leaves.
//
//easyjson:json
type CallStarted struct {
	Attempt int    `json:"attempt"`
	Nonce   string `json:"nonce,nocopy"`  // of the caller's process
	Caller  string `json:"caller,nocopy"` // its name
}

// Kind implements Data.
func (*CallStarted) Kind() Kind { return KindCallStarted }

// The outcomes of a call.
const (
	CallAnswered  = "answered"
	CallFailed    = "failed"
	CallCancelled = "cancelled"
)

// CallCompleted is the terminal fact of a call.
//
//easyjson:json
type CallCompleted struct {
	Outcome string   `json:"outcome,nocopy"`
	Role    string   `json:"role,nocopy"`
	Answer  string   `json:"answer,omitempty,nocopy"`
	Failure *Failure `json:"failure,omitempty"`
	// LatencyNS is the caller's monotonic time from sending the first attempt to
	// the winner's last byte; absent where an answer has none.
	LatencyNS int64     `json:"latency_ns,omitempty"`
	WaitNS    int64     `json:"wait_ns,omitempty"` // for permits and our own queues
	Usage     *Usage    `json:"usage,omitempty"`
	CostUSD   string    `json:"cost_usd,nocopy"`
	CostKnown bool      `json:"cost_known"`
	Served    string    `json:"served_model,omitempty,nocopy"`
	Finish    string    `json:"finish_reason,omitempty,nocopy"`
	Simulated bool      `json:"simulated,omitempty"`
	Recorded  bool      `json:"recorded,omitempty"`
	Attempts  []Attempt `json:"attempts"`
}

// Kind implements Data.
func (*CallCompleted) Kind() Kind { return KindCallCompleted }

// Failure says why there is no answer.
//
//easyjson:json
type Failure struct {
	Class   string `json:"class,nocopy"`
	Message string `json:"message,nocopy"`
}

// Usage counts tokens.
//
//easyjson:json
type Usage struct {
	Input  int64  `json:"input"`
	Output int64  `json:"output"`
	Source string `json:"source,nocopy"` // reported | estimated | unknown
}

// Attempt is one request of a call.
//
//easyjson:json
type Attempt struct {
	Attempt     int      `json:"attempt"`
	Outcome     string   `json:"outcome,nocopy"` // answered | failed | cancelled | possibly_billed
	StartNS     int64    `json:"start_ns"`       // since the first attempt was sent
	FirstByteNS int64    `json:"first_byte_ns,omitempty"`
	LatencyNS   int64    `json:"latency_ns,omitempty"`
	BackoffNS   int64    `json:"backoff_ns,omitempty"` // waited before it
	Failure     *Failure `json:"failure,omitempty"`
	Usage       *Usage   `json:"usage,omitempty"`
	CostUSD     string   `json:"cost_usd,omitempty,nocopy"`
	RequestID   string   `json:"request_id,omitempty,nocopy"`
	Served      string   `json:"served_model,omitempty,nocopy"`
	Status      int      `json:"status,omitempty"` // of HTTP
}
