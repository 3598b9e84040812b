package events_test

import (
	"slices"
	"strings"
	"time"

	"github.com/crucible-go/crucible/pkg/events"
	"github.com/mailru/easyjson"
)

// example is an event whose payload is a golden file. The examples together set
// every field of every type.
type example struct {
	name string // of the file, without .json
	ev   events.Event
}

const (
	exRun  = "01k9zq4w3t8n5m2r7v6x1c0bde"
	exItem = "gsm8k-test-0007"
	exHash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
)

var (
	exTime  = time.Date(2026, time.March, 14, 15, 9, 26, 535897932, time.UTC)
	exQuery = events.QueryID(exRun, "majority4", 1, exItem)
	exCall  = events.CallID(exQuery, events.RoleAnswer, "175b_verification", 0)
	exOther = events.CallID(exQuery, events.RoleAnswer, "6b_finetuning", 0)
)

// about is the envelope of an example with every attribute of its kind.
func about(s events.Subject, source string, cause events.Subject, after time.Duration) events.Event {
	ev := events.About(s, source, "", exTime.Add(after))
	if cause.Kind != "" {
		ev.Cause = cause.ID()
	}
	if s.Query != "" {
		ev.Condition, ev.Repeat, ev.Item = "majority4", 1, exItem
	}
	if s.Call != "" {
		ev.Member, ev.Model = "175b_verification", "gpt-3-175b"
	}
	return ev
}

func with(ev events.Event, d events.Data) events.Event {
	ev.Data = d
	return ev
}

func examples() []example {
	return slices.Concat(runExamples(), callExamples(), resultExamples(), costExamples())
}

func runExamples() []example {
	requested := events.RunSubject(events.KindRunRequested, exRun)
	planned := events.RunSubject(events.KindRunPlanned, exRun)
	run := func(k events.Kind, cause events.Subject, after time.Duration, d events.Data) example {
		return example{string(k), with(about(events.RunSubject(k, exRun), "dispatcher/d1", cause, after), d)}
	}
	return []example{
		{"run.requested.v1", with(about(requested, "client/cli", events.Subject{}, 0), &events.RunRequested{
			Spec:      "version: 1\nname: gsm8k-four-models\ndataset: {source: jsonl, path: \"object:" + exHash + "/solutions.jsonl\"}\n",
			Submitter: "ada@example.org",
		})},
		run(events.KindRunPlanned, requested, 41*time.Millisecond, plannedExample()),
		run(events.KindRunRejected, requested, 3*time.Millisecond, &events.RunRejected{
			Reason: "unknown key \"contitions\"", Hint: "did you mean \"conditions\"?", Line: 14, Column: 3,
		}),
		{"run.suspended.v1", with(about(events.SuspendedSubject(exRun, 1), "dispatcher/d1", planned, 2*time.Minute), &events.RunSuspended{
			Reason: "budget", Detail: "4.999812 of 5.00 US dollars are spent or reserved",
		})},
		{"run.resumed.v1", with(about(events.ResumedSubject(exRun, 1), "dispatcher/d1", events.SuspendedSubject(exRun, 1), 9*time.Minute), &events.RunResumed{
			Reason: "the budget was raised to 10.00 US dollars",
		})},
		{"run.cancel_requested.v1", with(about(events.RunSubject(events.KindRunCancelRequested, exRun), "client/cli", requested, 12*time.Minute), &events.RunCancelRequested{
			Reason: "wrong prompt",
		})},
		run(events.KindRunCompleted, planned, time.Hour, &events.RunCompleted{RunEnd: endExample(events.StatePartial, "1 message could not be processed")}),
		run(events.KindRunCancelled, events.RunSubject(events.KindRunCancelRequested, exRun), time.Hour, &events.RunCancelled{RunEnd: endExample(events.StateCancelled, "wrong prompt")}),
		run(events.KindRunFailed, planned, time.Hour, &events.RunFailed{RunEnd: endExample(events.StateFailed, "the stream is full")}),
		{"run.requested.v1.exec", with(about(requested, "client/cli", events.Subject{}, 0), &events.RunRequested{
			Spec: "version: 1\nname: mine\n", Dir: "/home/ada/experiments",
		})},
		simulated(run(events.KindRunCompleted, planned, time.Hour, &events.RunCompleted{RunEnd: simulatedEnd(events.StateComplete)})),
		simulated(run(events.KindRunCancelled, planned, time.Hour, &events.RunCancelled{RunEnd: simulatedEnd(events.StateCancelled)})),
		simulated(run(events.KindRunFailed, planned, time.Hour, &events.RunFailed{RunEnd: simulatedEnd(events.StateFailed)})),
	}
}

func simulated(e example) example {
	e.name += ".simulated"
	return e
}

func simulatedEnd(state string) events.RunEnd {
	return events.RunEnd{State: state, Queries: 1, Decided: 1, CostUSD: "0", Kinds: []events.KindDigest{}, Simulated: []string{"sim_a"}}
}

func plannedExample() *events.RunPlanned {
	return &events.RunPlanned{
		Name: "gsm8k-four-models", Stream: events.RunStream(exRun),
		SpecHash: exHash, DatasetHash: strings.Repeat("0123456789abcdef", 4),
		Config: easyjson.RawMessage(`{"clock":"real","name":"gsm8k-four-models","version":1}`),
		Seed:   42, Conditions: []string{"175b_verification", "majority4"}, Pools: []string{"recorded", "openai"},
		Items: 1319, Queries: 2638, Calls: 6595, MaxInFlight: 2000,
		Simulated: []string{"sim_a"}, Recorded: []string{"6b_finetuning", "175b_verification"},
		Cost:       events.Estimate{USD: "4.250000000000", Unpriced: []string{"mine"}},
		PriceTable: "2026-03-01", Version: "v1.2.3",
	}
}

func endExample(state, reason string) events.RunEnd {
	var d events.Digest
	d.Add(exQuery, []byte("{}"))
	return events.RunEnd{
		State: state, Reason: reason,
		Queries: 2638, Decided: 2600, Invalid: 30, Failed: 7, Unasked: 1,
		Calls:   events.CallTotals{Requested: 6595, Answered: 6500, Failed: 80, Cancelled: 15, Attempts: 6700, Unpriced: 4},
		CostUSD: "3.141592653589", DeadLetters: 1,
		PossiblyBilled: []events.BilledTwice{{Query: exQuery, Call: exCall, Attempt: 1}},
		Sequence:       28011,
		Kinds:          []events.KindDigest{{Kind: events.KindQueryDispatched, Count: 2638, Digest: d.String()}},
		Models:         []events.ServedModels{{Member: "gpt", Served: []string{"gpt-4o-mini-2024-07-18"}}},
	}
}

func callExamples() []example {
	query := events.QuerySubject(exRun, exQuery)
	requested := events.RequestedSubject(exRun, exQuery, exCall, "openai")
	started := events.StartedSubject(exRun, exQuery, exCall, 2)
	completed := events.CompletedSubject(exRun, exQuery, exCall)
	vote := about(events.VoteSubject(exRun, exQuery), "voter/v1", completed, 1300*time.Millisecond)
	done := about(completed, "caller/7f3k", requested, 1200*time.Millisecond)
	moved := done
	moved.DataRef = exHash
	return []example{
		{"query.dispatched.v1", with(about(query, "dispatcher/d1", events.RunSubject(events.KindRunPlanned, exRun), time.Second), queryExample())},
		{"query.dispatched.v1.in_turn", with(about(query, "dispatcher/d1", events.RunSubject(events.KindRunPlanned, exRun), time.Second), inTurnExample())},
		{"call.requested.v1", with(about(requested, "dispatcher/d1", query, time.Second), orderExample())},
		{"call.requested.v1.recorded", with(about(requested, "dispatcher/d1", query, time.Second), &events.CallRequested{
			Role: events.RoleAnswer, Provider: "recorded", Messages: []events.Message{{Role: "user", Content: exQuestion}},
			Recorded: &events.Recorded{Found: true, Text: "A: 18", Simulated: true},
		})},
		{"call.requested.v1.simulated", with(about(requested, "dispatcher/d1", query, time.Second), &events.CallRequested{
			Role: events.RoleAnswer, Provider: "simulated", Messages: []events.Message{{Role: "user", Content: exQuestion}},
			Seed: 7, Virtual: true, Simulated: simulatedExample(),
		})},
		{"call.requested.v1.hedged", with(about(requested, "dispatcher/d1", query, time.Second), hedgedOrderExample())},
		{"call.started.v1", with(about(started, "caller/7f3k", requested, 1100*time.Millisecond), &events.CallStarted{
			Attempt: 2, Nonce: "q2v8m0c4t7", Caller: "caller/7f3k", Pool: "openai", Hedge: true, ReservedUSD: "0.000307200000",
		})},
		{"call.completed.v1", with(done, answeredExample())},
		{"call.completed.v1.refusal", with(done, refusedExample())},
		{"call.requested.v1.stream", with(about(requested, "dispatcher/d1", query, time.Second), &events.CallRequested{
			Role: events.RoleAnswer, Provider: "anthropic", Messages: []events.Message{{Role: "user", Content: exQuestion}},
			Stream: true, Accept: []string{"truncated", "refusal"},
		})},
		{"call.completed.v1.failed", with(done, failedExample())},
		{"call.completed.v1.hedged", with(done, hedgedExample())},
		{"call.completed.v1.moved", moved},
		{"vote.decided.v1", with(vote, decidedExample())},
		{"vote.decided.v1.failed", with(vote, &events.VoteDecided{
			Index: 1326, State: events.VoteFailed, Expected: "18",
			Ballots: []events.Ballot{{Call: exCall, Member: "175b_verification", Outcome: "failed"}},
			CostUSD: "0.000614400000", Stop: "all", Reason: "no answer arrived: 1 failed, 0 cancelled",
		})},
		{"vote.decided.v1.stopped", with(vote, &events.VoteDecided{
			Index: 1326, State: events.VoteDecidedState, Answer: "18", Expected: "18", Correct: true, Consensus: 0.5, Margin: 0.125,
			Tied: []string{"18", "26"}, TieBreak: "calibrated", Confidence: 0.71, CallsMade: 2, CallsSaved: 1, SumNS: 2172345678,
			Ballots: []events.Ballot{
				{Call: exOther, Member: "6b_finetuning", Outcome: "answered", Answer: "26", Confidence: 0.6},
				{Call: exCall, Member: "175b_verification", Outcome: "late", Answer: "18", Correct: true},
			},
			LatencyNS: 1172345678, CostUSD: "0.000045150000", Stop: "posterior",
		})},
		{"vote.decided.v1.simulated", with(vote, &events.VoteDecided{
			Index: 1326, State: events.VoteDecidedState, Answer: "18", Expected: "18", Correct: true, Consensus: 1,
			Ballots: []events.Ballot{{Call: exCall, Member: "sim_a", Outcome: "answered", Answer: "18", Correct: true, Simulated: true}},
			CostUSD: "0", Stop: "all",
		})},
	}
}

const exQuestion = "Janet’s ducks lay 16 eggs per day. She eats three for breakfast every morning and bakes muffins for her friends every day with four. " +
	"She sells the remainder at the farmers' market daily for $2 per fresh duck egg. How much in dollars does she make every day at the farmers' market?"

func queryExample() *events.QueryDispatched {
	return &events.QueryDispatched{
		Index: 1326, ItemIndex: 7, Input: exQuestion, Expected: "Janet sells 16 - 3 - 4 = <<16-3-4=9>>9 duck eggs a day.\n#### 18",
		Messages: []events.Message{{Role: "system", Content: "Think step by step."}, {Role: "user", Content: exQuestion}},
		Policy: events.Policy{
			Members: []string{"6b_finetuning", "175b_verification"}, Vote: "weighted", Execution: "parallel", Stop: "lossless",
			Options: easyjson.RawMessage(`{"weights":[0.4,0.6]}`),
		},
		Score: events.Score{Extract: `A:\s*(.+)$`, Normalize: "numeric", Metrics: []string{"exact_match", "pass_at_k"}, K: []int{1, 10}},
		Calls: []string{exOther, exCall}, Cluster: "arithmetic", Metadata: easyjson.RawMessage(`{"level":3,"source":"test"}`),
	}
}

func inTurnExample() *events.QueryDispatched {
	q := queryExample()
	q.Policy.Execution, q.Calls = "sequential", q.Calls[:1]
	order := *orderExample()
	order.Messages = []events.Message{}
	q.Later = []events.LaterCall{{Call: exCall, Member: "175b_verification", Model: "gpt-4o-mini", Pool: "openai", Order: order}}
	return q
}

func orderExample() *events.CallRequested {
	return &events.CallRequested{
		Role: events.RoleAnswer, Ordinal: 1, Provider: "openai",
		Messages: []events.Message{{Role: "user", Content: exQuestion}},
		Params:   easyjson.RawMessage(`{"max_tokens":512,"temperature":0}`),
		Seed:     13835058055282163711, Virtual: true, TimeoutNS: 60e9, Retries: 3,
		Hedge:    &events.Hedge{Strategy: "percentile", Options: easyjson.RawMessage(`{"percentile":95}`)},
		Price:    &events.Price{Input: "0.15", Output: "0.60", CachedInput: "0.075"},
		Recorded: &events.Recorded{Found: true, Text: "A: 18", LatencyNS: 812345678},
		Simulated: &events.Simulated{Accuracy: 0.92, ErrorRate: 0.01, Expected: "18",
			Latency: events.Latency{Shape: "piecewise", P50NS: 8e8, P95NS: 2e9, P99NS: 5e9}},
	}
}

// simulatedExample has what a simulation can have beside accuracy and quantiles.
func simulatedExample() *events.Simulated {
	return &events.Simulated{
		Accuracy: 0.92, Expected: "18", Correlation: 0.4, Item: 17446744073709551557, ErrorCorrelation: 0.5, SameWrong: 0.6,
		Failures: []events.SimulatedFailure{{Mode: "overloaded", Rate: 0.01}, {Mode: "refusal", Rate: 0.002}}, RetryAfterNS: 2e9,
		Tokens: &events.SimulatedTokens{Output: 250, Spread: 0.5, Cached: 0.75}, FirstToken: 0.25, TokensPerSecond: 80,
		Latency: events.Latency{Shape: "lognormal", MeanNS: 5e6, SDNS: 2e6, SlowShare: 0.05, SlowFactor: 10, SamplesNS: []int64{4e6, 7e6}, Scale: 6},
	}
}

func answeredExample() *events.CallCompleted {
	usage := events.Usage{Input: 101, Output: 58, CachedInput: 64, Reasoning: 12, Source: "reported"}
	return &events.CallCompleted{
		Outcome: events.CallAnswered, Role: events.RoleAnswer,
		Answer:    "She has 16 - 3 - 4 = 9 eggs left.\nShe makes 9 * $2 = $18 a day.\nA: 18",
		LatencyNS: 1172345678, WaitNS: 1234567, Usage: &usage, CostUSD: "0.000045150000", CostKnown: true,
		Served: "gpt-4o-mini-2024-07-18", Finish: "stop", Confidence: 0.875, Simulated: true, Recorded: true,
		Attempts: []events.Attempt{{
			Attempt: 1, Outcome: events.CallAnswered, LatencyNS: 1172345678, FirstByteNS: 412345678, Usage: &usage,
			CostUSD: "0.000045150000", RequestID: "req_8c1f0a6e", Served: "gpt-4o-mini-2024-07-18", Status: 200,
		}},
	}
}

func refusedExample() *events.CallCompleted {
	usage := events.Usage{Input: 101, Output: 9, Source: "reported"}
	refusal := &events.Failure{Class: "refusal", Message: "the model refuses to answer"}
	return &events.CallCompleted{
		Outcome: events.CallFailed, Role: events.RoleAnswer, Failure: refusal, CostUSD: "0.000020550000", CostKnown: true,
		Attempts: []events.Attempt{{
			Attempt: 1, Outcome: events.CallFailed, FirstByteNS: 412345678, FirstTokenNS: 512345678, LatencyNS: 612345678, Failure: refusal, Usage: &usage,
			CostUSD: "0.000020550000", RequestID: "req_8c1f0a71", Served: "gpt-4o-mini-2024-07-18", Fingerprint: "fp_44709d6fcb",
			Finish: "refusal", Partial: "I cannot help with that.", Status: 200,
		}},
	}
}

func failedExample() *events.CallCompleted {
	limited := &events.Failure{Class: "rate_limit", Message: "429 Too Many Requests: try again in 2s"}
	timeout := &events.Failure{Class: "timeout", Message: "no answer within 60s"}
	return &events.CallCompleted{
		Outcome: events.CallFailed, Role: events.RoleAnswer, Failure: timeout, WaitNS: 4200000, CostUSD: "0.000307200000",
		Attempts: []events.Attempt{
			{Attempt: 1, Outcome: events.AttemptPossiblyBilled, CostUSD: "0.000307200000"},
			{Attempt: 2, Outcome: events.CallFailed, StartNS: 31000000000, LatencyNS: 87654321, Failure: limited, RequestID: "req_8c1f0a70", Status: 429},
			{Attempt: 3, Outcome: events.CallFailed, StartNS: 33100000000, LatencyNS: 60000000000, BackoffNS: 2012345678, Failure: timeout},
			{Attempt: 4, Outcome: events.CallCancelled, Hedge: true, Pool: "openai_backup", StartNS: 34000000000, LatencyNS: 59100000000},
		},
	}
}

func hedgedOrderExample() *events.CallRequested {
	o := orderExample()
	o.Recorded, o.DeadlineNS, o.LoserCost = nil, 120e9, "full"
	o.Hedge = &events.Hedge{Strategy: "single_r", Options: easyjson.RawMessage(`{"backup":"gpt_eu","budget":10}`), Backups: []events.Backup{{
		Member: "gpt_eu", Provider: "openai", Pool: "openai-1f2e3d4c", Model: "gpt-4o-mini", Params: easyjson.RawMessage(`{"max_tokens":512}`),
		Stream: true, Accept: []string{"truncated"}, TimeoutNS: 30e9, LoserCost: "prorata", Price: &events.Price{Input: "0.15", Output: "0.60"},
		Simulated: &events.Simulated{Accuracy: 0.9, Expected: "18", Latency: events.Latency{Shape: "constant", P50NS: 8e8}},
	}}}
	return o
}

func hedgedExample() *events.CallCompleted {
	d := answeredExample()
	estimated := events.Usage{Input: 101, Output: 58, Source: "estimated"}
	loser := events.Attempt{
		Attempt: 1, Outcome: events.CallCancelled, WaitNS: 1234567, ConnectNS: 2345678, FirstByteNS: 812345678, LatencyNS: 3172345678, LagNS: 1500000,
		Failure: &events.Failure{Class: "cancelled", Message: "another attempt answered first"}, Usage: &estimated,
		CostUSD: "0.000049950000", ProrataUSD: "0.000032550000", WorstUSD: "0.000049950000",
	}
	winner := d.Attempts[0]
	winner.Attempt, winner.Hedge, winner.StartNS, winner.Pool, winner.Member = 2, true, 2000000000, "openai-1f2e3d4c", "gpt_eu"
	d.Attempts, d.LatencyNS, d.LatencyVoid, d.CostUSD = []events.Attempt{loser, winner}, 3172345678, true, "0.0000951"
	return d
}

func decidedExample() *events.VoteDecided {
	return &events.VoteDecided{
		Index: 1326, State: events.VoteDecidedState, Answer: "18", Expected: "18", Correct: true,
		Scores: []events.Metric{{Name: "exact_match", Value: 1}, {Name: "f1", Value: 0.6666666666666666}}, Consensus: 0.75,
		Tally: []events.Tally{{Answer: "18", Votes: 3, Weight: 1.8}, {Answer: "26", Votes: 1, Weight: 0.4}},
		Ballots: []events.Ballot{
			{Call: exOther, Member: "6b_finetuning", Outcome: "answered", Answer: "26", Weight: 0.4},
			{Call: exCall, Member: "175b_verification", Outcome: "answered", Answer: "18", Correct: true, Weight: 0.6},
		},
		LatencyNS: 1172345678, CostUSD: "0.000045150000", Stop: "lossless",
	}
}

func resultExamples() []example {
	end := events.RunSubject(events.KindRunCompleted, exRun)
	letter := events.DeadLetterSubject(exRun, events.EventID(events.CompletedSubject(exRun, exQuery, exCall).String()))
	analysis := events.AnalysisSubject(exRun, "a1")
	return []example{
		{"deadletter.recorded.v1", with(about(letter, "voter/v1", events.CompletedSubject(exRun, exQuery, exCall), 2*time.Second), &events.DeadLetter{
			Service: "voter", Subject: events.CompletedSubject(exRun, exQuery, exCall).String(), Stream: events.RunStream(exRun),
			Sequence: 17, Deliveries: 5, Error: "decode call.completed.v1: no data", SHA256: exHash,
		})},
		{"analysis.completed.v1", with(about(analysis, "analyzer/a1", end, time.Hour+time.Second), &events.AnalysisCompleted{
			State: events.StateComplete, Object: exRun + "/analysis.json", SHA256: exHash, RunEnd: end.ID(),
			SpecHash: exHash, DatasetHash: strings.Repeat("0123456789abcdef", 4), Sequence: 28011,
			Inputs: []events.KindDigest{{Kind: events.KindVoteDecided, Count: 2638, Digest: strings.Repeat("fedcba9876543210", 4)}}, Version: "v1.2.3",
		})},
		{"report.published.v1", with(about(events.ReportSubject(exRun, "r1"), "reporter/r1", analysis, time.Hour+2*time.Second), &events.ReportPublished{
			Analysis: analysis.ID(), Dir: exRun, Files: []events.File{{Name: "analysis.json", Bytes: 4096, SHA256: exHash}}, Version: "v1.2.3",
		})},
	}
}
