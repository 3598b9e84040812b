package events

import "github.com/mailru/easyjson"

// RunRequested submits an experiment: publishing it is all that is needed.
//
//easyjson:json
type RunRequested struct {
	// Spec is the YAML text of a spec. Paths in it have been replaced by
	// references into the object store ("object:<sha256>/<file name>").
	Spec string `json:"spec,nocopy"`
	// Dir is the folder in which programs that the spec names are started, if the
	// submitter's own process runs the run; absent if the spec names none.
	Dir string `json:"dir,omitempty,nocopy"`
	// Prices is the text of the table of prices to use; absent, it is the
	// dispatcher's.
	Prices string `json:"prices,omitempty,nocopy"`
	// Submitter is free text: who or what asked.
	Submitter string `json:"submitter,omitempty,nocopy"`
}

// Kind implements Data.
func (*RunRequested) Kind() Kind { return KindRunRequested }

// RunPlanned says what will be asked, before anything is.
//
//easyjson:json
type RunPlanned struct {
	// Name is the name of the experiment in its spec.
	Name string `json:"name,nocopy"`
	// Stream is the stream of the run.
	Stream string `json:"stream,nocopy"`
	// SpecHash is the SHA-256 of Config, in hexadecimal.
	SpecHash string `json:"spec_hash,nocopy"`
	// DatasetHash is the SHA-256 over the sampled items in their order, in
	// hexadecimal.
	DatasetHash string `json:"dataset_hash,nocopy"`
	// Config is the resolved spec: a JSON object in canonical form.
	Config easyjson.RawMessage `json:"config"`
	// Seed is the seed of the spec.
	Seed uint64 `json:"seed"`
	// Conditions are the names of the conditions, in the order of the spec.
	Conditions []string `json:"conditions"`
	// Pools are the pools that calls go to.
	Pools []string `json:"pools"`
	// Items is the number of sampled items.
	Items int `json:"items"`
	// Queries is the number of items × conditions × repeats.
	Queries int `json:"queries"`
	// Calls is the largest number of calls of members, without retries, hedges,
	// scoring and judging.
	Calls int `json:"calls"`
	// MaxInFlight is how many queries may be undecided at a time.
	MaxInFlight int `json:"max_in_flight"`
	// Simulated are the ids of the models that are simulated.
	Simulated []string `json:"simulated,omitempty"`
	// Recorded are the ids of the models whose answers were given earlier.
	Recorded []string `json:"recorded,omitempty"`
	// Cost is what the plan expects to spend.
	Cost Estimate `json:"cost"`
	// PriceTable is the version of the table that prices come from, absent if
	// the spec names them all.
	PriceTable string `json:"price_table,omitempty,nocopy"`
	// Version is the version of the dispatcher.
	Version string `json:"version,nocopy"`
}

// Kind implements Data.
func (*RunPlanned) Kind() Kind { return KindRunPlanned }

// Estimate is what a plan expects to spend.
//
//easyjson:json
type Estimate struct {
	// USD is the worst case over the models with a known price, in US dollars.
	USD string `json:"usd,nocopy"`
	// Unpriced are the ids of the models whose price is unknown.
	Unpriced []string `json:"unpriced,omitempty,nocopy"`
}

// RunRejected says why an experiment cannot be run and what to do.
//
//easyjson:json
type RunRejected struct {
	// Reason is the error.
	Reason string `json:"reason,nocopy"`
	// Hint says what to do about it.
	Hint string `json:"hint,omitempty,nocopy"`
	// Line is where in the spec the error is, from 1, absent if nowhere.
	Line int `json:"line,omitempty"`
	// Column is where in the line, from 1.
	Column int `json:"column,omitempty"`
}

// Kind implements Data.
func (*RunRejected) Kind() Kind { return KindRunRejected }

// RunSuspended says that dispatching stopped and why.
//
//easyjson:json
type RunSuspended struct {
	// Reason is budget, disk or person.
	Reason string `json:"reason,nocopy"`
	// Detail is for people.
	Detail string `json:"detail,omitempty,nocopy"`
}

// Kind implements Data.
func (*RunSuspended) Kind() Kind { return KindRunSuspended }

// RunResumed says that a suspended run goes on.
//
//easyjson:json
type RunResumed struct {
	// Reason is for people.
	Reason string `json:"reason,nocopy"`
	// Budget replaces the run's budget; absent, that stays as it is.
	Budget *Budget `json:"budget,omitempty"`
}

// Budget limits what a run spends; 0 is no limit.
//
//easyjson:json
type Budget struct {
	// USD is the limit in US dollars.
	USD string `json:"usd,nocopy"`
	// Calls is the limit of requests to models, retries and backups included.
	Calls int64 `json:"calls"`
	// Tokens is the limit of tokens, of input and output.
	Tokens int64 `json:"tokens"`
}

// Kind implements Data.
func (*RunResumed) Kind() Kind { return KindRunResumed }

// RunCancelRequested asks to stop asking: calls under way are finished or
// cancelled, no new ones are made.
//
//easyjson:json
type RunCancelRequested struct {
	// Reason is for people.
	Reason string `json:"reason,omitempty,nocopy"`
}

// Kind implements Data.
func (*RunCancelRequested) Kind() Kind { return KindRunCancelRequested }

// The states of an ended run.
const (
	StateComplete  = "complete"  // every query has its verdict
	StatePartial   = "partial"   // some messages could not be processed
	StateCancelled = "cancelled" // somebody asked for the end
	StateFailed    = "failed"    // the run could not go on
)

// RunEnd is the last word on a run, whatever the reason for its end.
//
//easyjson:json
type RunEnd struct {
	// State is complete, partial, cancelled or failed.
	State string `json:"state,nocopy"`
	// Reason is for people, absent for a complete run.
	Reason string `json:"reason,omitempty,nocopy"`
	// Queries is the number of planned queries: the sum of Decided, Invalid,
	// Failed and Unasked.
	Queries int `json:"queries"`
	// Decided is the number of queries with an answer.
	Decided int `json:"decided"`
	// Invalid is the number of queries whose answers could not be read.
	Invalid int `json:"invalid"`
	// Failed is the number of queries for which no answer arrived.
	Failed int `json:"failed"`
	// Unasked is the number of queries without a verdict.
	Unasked int `json:"unasked"`
	// Calls counts the calls.
	Calls CallTotals `json:"calls"`
	// CostUSD is what all attempts cost, possibly billed ones at their worst, in
	// US dollars.
	CostUSD string `json:"cost_usd,nocopy"`
	// CostRange says between what the cost lies; absent, it is CostUSD.
	CostRange *CostRange `json:"cost_range,omitempty"`
	// DeadLetters is the number of messages that could not be processed.
	DeadLetters int `json:"dead_letters"`
	// PossiblyBilled are the attempts whose end nobody saw.
	PossiblyBilled []BilledTwice `json:"possibly_billed,omitempty"`
	// Sequence is the position in the run's stream up to which Kinds speaks.
	Sequence uint64 `json:"sequence"`
	// Kinds are the counts and digests of the events in the run's stream, in the
	// order of the documentation.
	Kinds []KindDigest `json:"kinds"`
	// Models are the names under which models were served.
	Models []ServedModels `json:"models,omitempty"`
	// Simulated are the ids of the models whose answers came from no real model,
	// whether the plan knew it or the server that answered said so.
	Simulated []string `json:"simulated,omitempty"`
}

// CallTotals counts the calls of a run.
//
//easyjson:json
type CallTotals struct {
	// Requested is the number of calls that were ordered: the sum of Answered,
	// Failed and Cancelled.
	Requested int `json:"requested"`
	// Answered is the number of calls with an answer.
	Answered int `json:"answered"`
	// Failed is the number of calls that no attempt answered.
	Failed int `json:"failed"`
	// Cancelled is the number of calls that could no longer matter.
	Cancelled int `json:"cancelled"`
	// Attempts is the number of attempts that were started.
	Attempts int `json:"attempts"`
	// Unpriced is the number of calls whose cost is not fully known.
	Unpriced int `json:"unpriced,omitempty"`
	// Cached is the number of Answered for which nobody was asked.
	Cached int `json:"cached,omitempty"`
}

// BilledTwice is an attempt that was started and whose end nobody saw: the
// provider may have charged for it.
//
//easyjson:json
type BilledTwice struct {
	// Query is the id of the query.
	Query string `json:"query,nocopy"`
	// Call is the id of the call.
	Call string `json:"call,nocopy"`
	// Attempt is the number of the attempt, from 1.
	Attempt int `json:"attempt"`
}

// KindDigest is the number of events of a kind and their Digest.
//
//easyjson:json
type KindDigest struct {
	// Kind is the kind.
	Kind Kind `json:"kind,nocopy"`
	// Count is the number of events.
	Count uint64 `json:"count"`
	// Digest is the digest of the events, 64 hexadecimal digits.
	Digest string `json:"digest,nocopy"`
}

// ServedModels lists the names under which a provider said it served a model.
//
//easyjson:json
type ServedModels struct {
	// Member is the id of the model in the spec.
	Member string `json:"member,nocopy"`
	// Served are the names, sorted.
	Served []string `json:"served,nocopy"`
}

// RunCompleted ends a run whose every call has its terminal fact.
//
//easyjson:json
type RunCompleted struct{ RunEnd }

// Kind implements Data.
func (*RunCompleted) Kind() Kind { return KindRunCompleted }

// RunCancelled ends a run that somebody asked to stop.
//
//easyjson:json
type RunCancelled struct{ RunEnd }

// Kind implements Data.
func (*RunCancelled) Kind() Kind { return KindRunCancelled }

// RunFailed ends a run that cannot go on.
//
//easyjson:json
type RunFailed struct{ RunEnd }

// Kind implements Data.
func (*RunFailed) Kind() Kind { return KindRunFailed }
