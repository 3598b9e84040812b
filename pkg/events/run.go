package events

import "github.com/mailru/easyjson"

// RunRequested submits an experiment: publishing it is all that is needed.
//
//easyjson:json
type RunRequested struct {
	// Spec is the YAML text of a spec. Paths in it have been replaced by
	// references into the object store ("object:<sha256>/<file name>").
	Spec string `json:"spec,nocopy"`
	// Submitter is free text: who or what asked.
	Submitter string `json:"submitter,omitempty,nocopy"`
}

// Kind implements Data.
func (*RunRequested) Kind() Kind { return KindRunRequested }

// RunPlanned says what will be asked, before anything is.
//
//easyjson:json
type RunPlanned struct {
	Name        string              `json:"name,nocopy"`
	Stream      string              `json:"stream,nocopy"`
	SpecHash    string              `json:"spec_hash,nocopy"`    // SHA-256 of Config
	DatasetHash string              `json:"dataset_hash,nocopy"` // SHA-256 over the sampled items, in order
	Config      easyjson.RawMessage `json:"config"`              // the resolved spec, canonical JSON
	Seed        uint64              `json:"seed"`
	Conditions  []string            `json:"conditions"`
	Pools       []string            `json:"pools"`
	Items       int                 `json:"items"`
	Queries     int                 `json:"queries"`
	Calls       int                 `json:"calls"`
	MaxInFlight int                 `json:"max_in_flight"` // undecided queries at a time
	Simulated   []string            `json:"simulated,omitempty"`
	Recorded    []string            `json:"recorded,omitempty"`
	Cost        Estimate            `json:"cost"`
	Version     string              `json:"version,nocopy"` // of the dispatcher
}

// Kind implements Data.
func (*RunPlanned) Kind() Kind { return KindRunPlanned }

// Estimate is what a plan expects to spend.
//
//easyjson:json
type Estimate struct {
	USD      string   `json:"usd,nocopy"`                // worst case over the models with a known price
	Unpriced []string `json:"unpriced,omitempty,nocopy"` // models whose price is unknown
}

// RunRejected says why an experiment cannot be run and what to do.
//
//easyjson:json
type RunRejected struct {
	Reason string `json:"reason,nocopy"`
	Hint   string `json:"hint,omitempty,nocopy"`
}

// Kind implements Data.
func (*RunRejected) Kind() Kind { return KindRunRejected }

// RunSuspended says that dispatching stopped and why.
//
//easyjson:json
type RunSuspended struct {
	Reason string `json:"reason,nocopy"` // budget | disk | person
	Detail string `json:"detail,omitempty,nocopy"`
}

// Kind implements Data.
func (*RunSuspended) Kind() Kind { return KindRunSuspended }

// RunResumed says that a suspended run goes on.
//
//easyjson:json
type RunResumed struct {
	Reason string `json:"reason,nocopy"`
}

// Kind implements Data.
func (*RunResumed) Kind() Kind { return KindRunResumed }

// RunCancelRequested asks to stop asking: calls under way are finished or
// cancelled, no new ones are made.
//
//easyjson:json
type RunCancelRequested struct {
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
	State          string         `json:"state,nocopy"`
	Reason         string         `json:"reason,omitempty,nocopy"`
	Queries        int            `json:"queries"` // planned
	Decided        int            `json:"decided"`
	Invalid        int            `json:"invalid"`
	Failed         int            `json:"failed"`
	Unasked        int            `json:"unasked"`
	Calls          CallTotals     `json:"calls"`
	CostUSD        string         `json:"cost_usd,nocopy"`
	DeadLetters    int            `json:"dead_letters"`
	PossiblyBilled []BilledTwice  `json:"possibly_billed,omitempty"`
	Sequence       uint64         `json:"sequence"` // of the run's stream, up to which Kinds speaks
	Kinds          []KindDigest   `json:"kinds"`
	Models         []ServedModels `json:"models,omitempty"`
}

// CallTotals counts the calls of a run.
//
//easyjson:json
type CallTotals struct {
	Requested int `json:"requested"`
	Answered  int `json:"answered"`
	Failed    int `json:"failed"`
	Cancelled int `json:"cancelled"`
	Attempts  int `json:"attempts"` // started
}

// BilledTwice is an attempt that was started and whose outcome nobody saw: the
// provider may have charged for it.
//
//easyjson:json
type BilledTwice struct {
	Query   string `json:"query,nocopy"`
	Call    string `json:"call,nocopy"`
	Attempt int    `json:"attempt"`
}

// KindDigest is the number of events of a kind and their Digest.
//
//easyjson:json
type KindDigest struct {
	Kind   Kind   `json:"kind,nocopy"`
	Count  uint64 `json:"count"`
	Digest string `json:"digest,nocopy"`
}

// ServedModels lists the names under which a provider said it served a model.
//
//easyjson:json
type ServedModels struct {
	Member string   `json:"member,nocopy"`
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

// AnalysisCompleted says where the result of an analysis lies.
//
//easyjson:json
type AnalysisCompleted struct {
	State       string       `json:"state,nocopy"`   // of the run that was analysed
	Object      string       `json:"object,nocopy"`  // of the result in the object store
	SHA256      string       `json:"sha256,nocopy"`  // of the result
	RunEnd      string       `json:"run_end,nocopy"` // id of the event that ended the run
	SpecHash    string       `json:"spec_hash,nocopy"`
	DatasetHash string       `json:"dataset_hash,nocopy"`
	Sequence    uint64       `json:"sequence"`
	Inputs      []KindDigest `json:"inputs"` // what was analysed, as stored in ClickHouse
	Version     string       `json:"version,nocopy"`
}

// Kind implements Data.
func (*AnalysisCompleted) Kind() Kind { return KindAnalysisCompleted }

// ReportPublished lists the files of a report.
//
//easyjson:json
type ReportPublished struct {
	Analysis string `json:"analysis,nocopy"` // id of the analysis.completed event
	Dir      string `json:"dir,nocopy"`      // name of the results folder below the output folder
	Files    []File `json:"files"`
	Version  string `json:"version,nocopy"`
}

// Kind implements Data.
func (*ReportPublished) Kind() Kind { return KindReportPublished }

// File is a file's name, size and hash.
//
//easyjson:json
type File struct {
	Name   string `json:"name,nocopy"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256,nocopy"`
}
