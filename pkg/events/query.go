package events

import "github.com/mailru/easyjson"

// QueryDispatched is one item × condition × repeat, with all that a voter, an
// analyst and a reader of the results need to know of it.
//
//easyjson:json
type QueryDispatched struct {
	// Index is the position of the query in the plan, from 0; the plan is
	// ordered by repeat, then item, then condition.
	Index int `json:"index"`
	// ItemIndex is the position of the item in the sample, from 0.
	ItemIndex int `json:"item_index"`
	// Input is the item's question as the data set has it.
	Input string `json:"input,nocopy"`
	// Expected is the right answer as the data set has it, before extraction
	// and normalisation.
	Expected string `json:"expected,nocopy"`
	// Messages is the rendered prompt.
	Messages []Message `json:"messages"`
	// Policy says how the answers become one.
	Policy Policy `json:"policy"`
	// Score says how an answer is read and compared.
	Score Score `json:"score"`
	// Calls are the ids of the first calls, in the order of the members.
	Calls []string `json:"calls,nocopy"`
	// Later are the orders that the voter gives if it needs them, in the order of
	// the members, after those of Calls; absent where all members are asked at
	// once. Their messages are left out: they are those of the query.
	Later []LaterCall `json:"later,omitempty"`
	// Cluster is the value of the item's field that analysis.cluster names,
	// absent without one.
	Cluster string `json:"cluster,omitempty,nocopy"`
	// Metadata holds what else the data set says of the item, a JSON object.
	Metadata easyjson.RawMessage `json:"metadata,omitempty"`
}

// Kind implements Data.
func (*QueryDispatched) Kind() Kind { return KindQueryDispatched }

// LaterCall is an order that the voter may give.
//
//easyjson:json
type LaterCall struct {
	// Call is the id of the call.
	Call string `json:"call,nocopy"`
	// Member is the id of the model in the spec.
	Member string `json:"member,nocopy"`
	// Model is the provider's name of the model.
	Model string `json:"model,omitempty,nocopy"`
	// Pool is the pool that is asked.
	Pool string `json:"pool,nocopy"`
	// Order is the order without its messages.
	Order CallRequested `json:"order"`
}

// Message is one turn of a prompt.
//
//easyjson:json
type Message struct {
	// Role is system, user or assistant.
	Role string `json:"role,nocopy"`
	// Content is the text of the turn.
	Content string `json:"content,nocopy"`
}

// Policy says how the answers of the members become one.
//
//easyjson:json
type Policy struct {
	// Members are the ids of the models that are asked, in their order.
	Members []string `json:"members,nocopy"`
	// Vote names the rule that turns answers into one: majority, weighted,
	// best_confidence, unanimous and so on.
	Vote string `json:"vote,nocopy"`
	// Execution is parallel, sequential, hedged or cascade.
	Execution string `json:"execution,nocopy"`
	// Stop is none, lossless or posterior.
	Stop string `json:"stop,nocopy"`
	// Options are the parameters of the vote, the execution and the stopping
	// rule, a JSON object: weights, thresholds.
	Options easyjson.RawMessage `json:"options,omitempty"`
}

// Score says how an answer is read and compared.
//
//easyjson:json
type Score struct {
	// Extract is a regular expression, whose last match counts, or the name of
	// an extractor; absent, the whole answer counts.
	Extract string `json:"extract,omitempty,nocopy"`
	// Normalize names the normal form in which answers are compared.
	Normalize string `json:"normalize,nocopy"`
	// Metrics are the names of the score metrics.
	Metrics []string `json:"metrics,nocopy"`
	// K lists the k of pass_at_k.
	K []int `json:"k,omitempty"`
}
