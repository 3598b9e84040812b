package events_test

import (
	"time"

	"github.com/crucible-go/crucible/pkg/events"
)

// costExamples are events with what later versions say of money.
func costExamples() []example {
	run := events.RunSubject(events.KindRunRequested, exRun)
	query := events.QuerySubject(exRun, exQuery)
	requested := events.RequestedSubject(exRun, exQuery, exCall, "openai")
	completed := events.CompletedSubject(exRun, exQuery, exCall)
	between := &events.CostRange{ReportedUSD: "0.00004515", ProrataUSD: "0.00012033", WorstUSD: "0.00035235"}
	priced := orderExample()
	priced.Price.Reasoning = "0.75"
	dear := endExample(events.StatePartial, "1 message could not be processed")
	dear.CostRange, dear.Calls.Cached = between, 12
	ended := func(k events.Kind, d events.Data) example {
		return example{string(k) + ".range", with(about(events.RunSubject(k, exRun), "dispatcher/d1", run, time.Hour), d)}
	}
	return []example{
		{"run.requested.v1.prices", with(about(run, "client/cli", events.Subject{}, 0), &events.RunRequested{
			Spec: "version: 1\nname: mine\n", Prices: "version: \"2026-11-01\"\nmodels: []\n",
		})},
		{"run.resumed.v1.budget", with(about(events.ResumedSubject(exRun, 1), "client/cli", events.SuspendedSubject(exRun, 1), 9*time.Minute), &events.RunResumed{
			Reason: "crucible resume", Budget: &events.Budget{USD: "10.00", Calls: 2000, Tokens: 1_000_000},
		})},
		ended(events.KindRunCompleted, &events.RunCompleted{RunEnd: dear}),
		ended(events.KindRunCancelled, &events.RunCancelled{RunEnd: dear}),
		ended(events.KindRunFailed, &events.RunFailed{RunEnd: dear}),
		{"call.requested.v1.reasoning", with(about(requested, "dispatcher/d1", query, time.Second), priced)},
		{"call.started.v1.reserved", with(about(events.StartedSubject(exRun, exQuery, exCall, 1), "caller/7f3k", requested, 1100*time.Millisecond), &events.CallStarted{
			Attempt: 1, Nonce: "q2v8m0c4t7", Caller: "caller/7f3k", ReservedUSD: "0.0003072", ReservedTokens: 1004,
		})},
		{"call.completed.v1.range", with(about(completed, "caller/7f3k", requested, 1200*time.Millisecond), rangeExample(between))},
		{"call.completed.v1.known", with(about(completed, "caller/7f3k", requested, 1200*time.Millisecond), &events.CallCompleted{
			Outcome: events.CallAnswered, Role: events.RoleAnswer, Answer: "A: 18", CostUSD: "0", CostKnown: true,
			Served: "gpt-4o-mini-2024-07-18", Finish: "stop", Cached: true, Attempts: []events.Attempt{},
		})},
	}
}

// rangeExample is a call whose first attempt was given up for the second.
func rangeExample(between *events.CostRange) *events.CallCompleted {
	d := answeredExample()
	d.CostUSD, d.CostRange = "0.00012033", between
	d.Attempts = append([]events.Attempt{{
		Attempt: 1, Outcome: events.CallCancelled, LatencyNS: 912345678, CostUSD: "0.00007518", ProrataUSD: "0.00007518", WorstUSD: "0.0003072",
		Usage: &events.Usage{Input: 101, Output: 31, Source: events.UsageEstimated},
	}}, d.Attempts...)
	d.Attempts[1].Attempt = 2
	return d
}
