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
	// Margin is how far the answer leads the next, as a share of all scores, 0
	// to 1.
	Margin float64 `json:"margin,omitempty"`
	// Tied lists the answers that shared the highest score, the chosen one first;
	// absent unless there were several.
	Tied []string `json:"tied,omitempty,nocopy"`
	// TieBreak is the rule that chose among them: listed, calibrated or seeded.
	TieBreak string `json:"tie_break,omitempty,nocopy"`
	// Confidence is the probability that the answer is right, from a calibrated
	// vote; absent without one.
	Confidence float64 `json:"confidence,omitempty"`
	// CallsMade is how many members were asked, absent where all were.
	CallsMade int `json:"calls_made,omitempty"`
	// CallsSaved is how many members were not asked.
	CallsSaved int `json:"calls_saved,omitempty"`
	// SumNS is the time of all calls that had ended, in nanoseconds, absent where
	// one has none or the query took as long.
	SumNS int64 `json:"sum_ns,omitempty"`
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
	// Outcome is answered, invalid, failed or cancelled; outstanding for a call
	// that had not ended when it was decided, late for an answer that came but
	// was not waited for.
	Outcome string `json:"outcome,nocopy"`
	// Answer is as extracted and normalised.
	Answer string `json:"answer,omitempty,nocopy"`
	// Correct says whether this answer alone would have been right.
	Correct bool `json:"correct,omitempty"`
	// Weight is the weight of the vote, absent where votes have none.
	Weight float64 `json:"weight,omitempty"`
	// Confidence is what the model said of its answer, absent if it said nothing.
	Confidence float64 `json:"confidence,omitempty"`
	// Simulated says that no model was asked.
	Simulated bool `json:"simulated,omitempty"`
}
