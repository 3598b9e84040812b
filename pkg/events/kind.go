package events

import "strings"

// Kind names what an event says, with its major version.
type Kind string

// The kinds of events. Control kinds (run, analysis, report) live on the stream
// CRUCIBLE, all others on the stream of their run.
const (
	KindRunRequested       Kind = "run.requested.v1"
	KindRunPlanned         Kind = "run.planned.v1"
	KindRunRejected        Kind = "run.rejected.v1"
	KindRunSuspended       Kind = "run.suspended.v1"
	KindRunResumed         Kind = "run.resumed.v1"
	KindRunCancelRequested Kind = "run.cancel_requested.v1"
	KindRunCompleted       Kind = "run.completed.v1"
	KindRunCancelled       Kind = "run.cancelled.v1"
	KindRunFailed          Kind = "run.failed.v1"
	KindQueryDispatched    Kind = "query.dispatched.v1"
	KindCallRequested      Kind = "call.requested.v1"
	KindCallStarted        Kind = "call.started.v1"
	KindCallCompleted      Kind = "call.completed.v1"
	KindVoteDecided        Kind = "vote.decided.v1"
	KindDeadLetter         Kind = "deadletter.recorded.v1"
	KindAnalysisCompleted  Kind = "analysis.completed.v1"
	KindReportPublished    Kind = "report.published.v1"
)

// form is the shape of a kind's subject: the names of the tokens after
// crucible.<noun>.<verb>.
type form struct {
	kind   Kind
	noun   string
	verb   string
	tokens []token
	data   func() Data
	says   string
	by     string
}

type token int

const (
	tokRun token = iota
	tokQuery
	tokCall
	tokTail // pool, attempt, number, event, analysis or report
)

// forms is the one table from which subjects, decoding, schemas and the
// documentation follow. Its order is the order of the documentation.
var forms = []form{
	{KindRunRequested, "run", "requested", []token{tokRun}, func() Data { return new(RunRequested) }, "An experiment was submitted. The first message on the subject wins.", "any client"},
	{KindRunPlanned, "run", "planned", []token{tokRun}, func() Data { return new(RunPlanned) }, "The plan: hashes, counts, estimate, stream.", "dispatcher"},
	{KindRunRejected, "run", "rejected", []token{tokRun}, func() Data { return new(RunRejected) }, "Why an experiment cannot be run.", "dispatcher"},
	{KindRunSuspended, "run", "suspended", []token{tokRun, tokTail}, func() Data { return new(RunSuspended) }, "Dispatching stopped, with unasked calls left open.", "dispatcher"},
	{KindRunResumed, "run", "resumed", []token{tokRun, tokTail}, func() Data { return new(RunResumed) }, "A suspended run goes on.", "dispatcher"},
	{KindRunCancelRequested, "run", "cancel_requested", []token{tokRun}, func() Data { return new(RunCancelRequested) }, "Stop asking.", "any client"},
	{KindRunCompleted, "run", "completed", []token{tokRun}, func() Data { return new(RunCompleted) }, "Every requested call has its terminal fact: totals, and the count and digest of each kind.", "dispatcher"},
	{KindRunCancelled, "run", "cancelled", []token{tokRun}, func() Data { return new(RunCancelled) }, "The run ended early because somebody asked for it: totals, counts and digests of what there is.", "dispatcher"},
	{KindRunFailed, "run", "failed", []token{tokRun}, func() Data { return new(RunFailed) }, "The run cannot go on: the reason, totals, counts and digests of what there is.", "dispatcher"},
	{KindQueryDispatched, "query", "dispatched", []token{tokRun, tokQuery}, func() Data { return new(QueryDispatched) }, "One item × condition × repeat: the item, the prompt, the policy, the expected answer.", "dispatcher"},
	{KindCallRequested, "call", "requested", []token{tokRun, tokQuery, tokCall, tokTail}, func() Data { return new(CallRequested) }, "A self-contained order to ask one model once; the last token is the pool.", "dispatcher, voter"},
	{KindCallStarted, "call", "started", []token{tokRun, tokQuery, tokCall, tokTail}, func() Data { return new(CallStarted) }, "The intent to ask, stored before a request that may cost money leaves; the last token is the attempt, from 1.", "caller"},
	{KindCallCompleted, "call", "completed", []token{tokRun, tokQuery, tokCall}, func() Data { return new(CallCompleted) }, "The one terminal fact of a call: answered, failed or cancelled, with every attempt.", "caller"},
	{KindVoteDecided, "vote", "decided", []token{tokRun, tokQuery}, func() Data { return new(VoteDecided) }, "The answer of a query, its tally, score, latency and cost, or why there is none.", "voter"},
	{KindDeadLetter, "deadletter", "recorded", []token{tokRun, tokTail}, func() Data { return new(DeadLetter) }, "A message that could not be processed; the last token is the id of its event.", "any service"},
	{KindAnalysisCompleted, "analysis", "completed", []token{tokRun, tokTail}, func() Data { return new(AnalysisCompleted) }, "Where the result of an analysis lies, with its hash and the hashes of its inputs.", "analyzer"},
	{KindReportPublished, "report", "published", []token{tokRun, tokTail}, func() Data { return new(ReportPublished) }, "The files of a report and their hashes.", "reporter"},
}

var (
	byKind    = index(func(f *form) Kind { return f.kind })
	bySubject = index(func(f *form) [2]string { return [2]string{f.noun, f.verb} })
)

func index[K comparable](key func(*form) K) map[K]*form {
	m := make(map[K]*form, len(forms))
	for i := range forms {
		m[key(&forms[i])] = &forms[i]
	}
	return m
}

// Kinds lists every kind in the order of the documentation.
func Kinds() []Kind {
	ks := make([]Kind, len(forms))
	for i, f := range forms {
		ks[i] = f.kind
	}
	return ks
}

// Control reports whether the kind, known or not, is said about runs, on the
// stream CRUCIBLE, and not inside one.
func (k Kind) Control() bool {
	switch noun, _, _ := strings.Cut(string(k), "."); noun {
	case "run", "analysis", "report":
		return true
	}
	return false
}

// Ends reports whether the kind is the last word on a run.
func (k Kind) Ends() bool {
	switch k {
	case KindRunCompleted, KindRunCancelled, KindRunFailed, KindRunRejected:
		return true
	}
	return false
}

// New returns an empty Data of the kind, or a *Raw for a kind this version does
// not know.
func (k Kind) New() Data {
	if f := byKind[k]; f != nil {
		return f.data()
	}
	return &Raw{kind: k}
}

// Says is the kind's meaning in one sentence, for the documentation; it is empty
// for unknown kinds.
func (k Kind) Says() string {
	if f := byKind[k]; f != nil {
		return f.says
	}
	return ""
}

// By names the publishers of the kind, for the documentation; it is empty for
// unknown kinds.
func (k Kind) By() string {
	if f := byKind[k]; f != nil {
		return f.by
	}
	return ""
}
