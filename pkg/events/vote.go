package events

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
	// Index is the position of the query in the plan, from 0.
	Index int `json:"index"`
	// State is decided, invalid or failed.
	State string `json:"state,nocopy"`
	// Answer is the answer of the ensemble as extracted and normalised.
	Answer string `json:"answer,omitempty,nocopy"`
	// Expected is the right answer, extracted and normalised likewise.
	Expected string `json:"expected,omitempty,nocopy"`
	// Correct says whether they are the same, by the first score metric.
	Correct bool `json:"correct"`
	// Scores are the values of the score metrics, in the order of the spec.
	Scores []Metric `json:"scores,omitempty"`
	// Consensus is the share of the valid ballots that the answer has, 0 to 1.
	Consensus float64 `json:"consensus"`
	// Tally counts the votes for each answer, most first.
	Tally []Tally `json:"tally,omitempty"`
	// Ballots are what each call contributed, in the order of the members.
	Ballots []Ballot `json:"ballots"`
	// LatencyNS is the latency of the query, in nanoseconds: of the completion
	// that decided where members are asked at once, the sum where they are asked
	// in turn. Absent where an answer that decided has none.
	LatencyNS int64 `json:"latency_ns,omitempty"`
	// CostUSD is what the calls cost that were terminal when it was decided, in
	// US dollars.
	CostUSD string `json:"cost_usd,nocopy"`
	// Stop says why no more is asked: all, lossless or posterior.
	Stop string `json:"stop,nocopy"`
	// Reason says why there is no answer, absent if there is one.
	Reason string `json:"reason,omitempty,nocopy"`
}

// Kind implements Data.
func (*VoteDecided) Kind() Kind { return KindVoteDecided }

// Metric is a value of a score metric.
//
//easyjson:json
type Metric struct {
	// Name is the metric's name in the spec.
	Name string `json:"name,nocopy"`
	// Value is finite; its range is the metric's.
	Value float64 `json:"value"`
}

// Tally is an answer with the votes for it.
//
//easyjson:json
type Tally struct {
	// Answer is as extracted and normalised.
	Answer string `json:"answer,nocopy"`
	// Votes is the number of ballots for it.
	Votes int `json:"votes"`
	// Weight is the sum of their weights, absent where votes have none.
	Weight float64 `json:"weight,omitempty"`
}

// Ballot is what one call contributed.
//
//easyjson:json
type Ballot struct {
	// Call is the id of the call.
	Call string `json:"call,nocopy"`
	// Member is the id of the model in the spec.
	Member string `json:"member,nocopy"`
	// Outcome is answered, invalid, failed or cancelled.
	Outcome string `json:"outcome,nocopy"`
	// Answer is as extracted and normalised.
	Answer string `json:"answer,omitempty,nocopy"`
	// Correct says whether this answer alone would have been right.
	Correct bool `json:"correct,omitempty"`
	// Weight is the weight of the vote, absent where votes have none.
	Weight float64 `json:"weight,omitempty"`
	// Simulated says that no model was asked.
	Simulated bool `json:"simulated,omitempty"`
}
