package storetest

import (
	"fmt"
	"strconv"
	"time"

	"github.com/crucible-go/crucible/internal/store"
	"github.com/crucible-go/crucible/pkg/events"
)

// Log is the log of a made-up run: its events as rows, in the order of their
// streams, and the digests of the run's stream.
type Log struct {
	Run     string
	Rows    []store.Row
	Digests events.Digests
	Last    uint64 // sequence of the run's stream

	control uint64
	at      time.Time
}

// The members of a made-up run and the conditions that ask them.
const (
	MemberA   = "model-a"
	MemberB   = "model-b"
	Condition = "majority2"
	Pool      = "simulated"
)

// NewLog makes the log of a run of so many items, two members and one condition
// that is complete. Every seventh call fails after two attempts.
func NewLog(run string, items int) *Log {
	l := Begin(run, items)
	for i := range items {
		l.Query(i)
	}
	l.End(items)
	return l
}

// Begin makes a log that says that a run was requested and planned.
func Begin(run string, items int) *Log {
	l := &Log{Run: run, at: time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)}
	l.Add(events.RunSubject(events.KindRunRequested, run), "client/test", "", &events.RunRequested{Spec: "version: 1\nname: made-up\n"})
	l.Add(events.RunSubject(events.KindRunPlanned, run), "dispatcher/test", "", &events.RunPlanned{
		Name: "made-up", Stream: events.RunStream(run), SpecHash: "5bec", DatasetHash: "da7a", Seed: 1<<63 + 42,
		Config: []byte(`{"version":1}`), Conditions: []string{Condition}, Items: items, Queries: items, Calls: 2 * items,
		Cost: events.Estimate{USD: "1.500000000000"}, Version: "test",
	})
	return l
}

// Query adds a query with its calls and its verdict.
func (l *Log) Query(i int) {
	item := "item-" + strconv.Itoa(i)
	query := events.QueryID(l.Run, Condition, 0, item)
	about := func(ev *events.Event) { ev.Condition, ev.Item = Condition, item }
	l.Add(events.QuerySubject(l.Run, query), "dispatcher/test", "", &events.QueryDispatched{
		Index: i, ItemIndex: i, Input: fmt.Sprintf("What is %d + %d?", i, i), Expected: strconv.Itoa(2 * i),
		Policy: events.Policy{Members: []string{MemberA, MemberB}, Vote: "majority", Execution: "parallel", Stop: "none"},
		Score:  events.Score{Normalize: "numeric", Metrics: []string{"exact_match"}},
	}, about)
	var ballots []events.Ballot
	for m, member := range []string{MemberA, MemberB} {
		ballots = append(ballots, l.call(query, item, member, 2*i+m, strconv.Itoa(2*i)))
	}
	l.Add(events.VoteSubject(l.Run, query), "voter/test", "", &events.VoteDecided{
		Index: i, State: events.VoteDecidedState, Answer: strconv.Itoa(2 * i), Expected: strconv.Itoa(2 * i), Correct: true,
		Scores: []events.Metric{{Name: "exact_match", Value: 1}}, Consensus: 0.5, Ballots: ballots,
		LatencyNS: 2_000_000_000 + int64(i), CostUSD: "0.000123456789", Stop: "all",
	}, about)
}

// call adds one call: every seventh fails, after two attempts.
func (l *Log) call(query, item, member string, n int, answer string) events.Ballot {
	call := events.CallID(query, events.RoleAnswer, member, 0)
	about := func(ev *events.Event) {
		ev.Condition, ev.Item, ev.Member, ev.Model = Condition, item, member, "served-"+member
	}
	l.Add(events.RequestedSubject(l.Run, query, call, Pool), "dispatcher/test", "", &events.CallRequested{
		Role: events.RoleAnswer, Provider: "simulated", Seed: uint64(n),
		Messages: []events.Message{{Role: "user", Content: "What is it?"}},
	}, about)
	attempts := 1
	if n%7 == 6 {
		attempts = 2
	}
	done := &events.CallCompleted{
		Outcome: events.CallAnswered, Role: events.RoleAnswer, Answer: answer, LatencyNS: 1_000_000_000 + int64(n), WaitNS: 5,
		Usage: &events.Usage{Input: 10, Output: int64(n), Source: "reported"}, CostUSD: "0.000061728394", CostKnown: true,
		Served: "served-" + member, Finish: "stop", Simulated: true,
	}
	for a := 1; a <= attempts; a++ {
		l.Add(events.StartedSubject(l.Run, query, call, a), "caller/test", "", &events.CallStarted{Attempt: a, Nonce: "n0nce", Caller: "test"}, about)
		done.Attempts = append(done.Attempts, events.Attempt{
			Attempt: a, Outcome: events.CallAnswered, StartNS: int64(a - 1), FirstByteNS: 3, LatencyNS: 1_000_000_000,
			Usage: done.Usage, CostUSD: done.CostUSD, RequestID: "req", Served: done.Served, Status: 200,
		})
	}
	if attempts == 2 {
		l.fail(done)
	}
	l.Add(events.CompletedSubject(l.Run, query, call), "caller/test", "", done, about)
	return events.Ballot{Call: call, Member: member, Outcome: done.Outcome, Answer: done.Answer, Correct: done.Answer == answer}
}

func (l *Log) fail(done *events.CallCompleted) {
	done.Outcome, done.Answer, done.LatencyNS, done.Usage, done.CostUSD = events.CallFailed, "", 0, nil, "0"
	done.Failure = &events.Failure{Class: "timeout", Message: "no answer in 60s"}
	for i := range done.Attempts {
		a := &done.Attempts[i]
		a.Outcome, a.Failure, a.Usage, a.CostUSD, a.Status = events.CallFailed, done.Failure, nil, "", 504
	}
}

// End adds the last word on the run.
func (l *Log) End(items int) {
	l.Add(events.RunSubject(events.KindRunCompleted, l.Run), "dispatcher/test", "", &events.RunCompleted{RunEnd: events.RunEnd{
		State: events.StateComplete, Queries: items, Decided: items, Calls: events.CallTotals{Requested: 2 * items, Answered: 2 * items},
		CostUSD: "0.123400000000", Sequence: l.Last, Kinds: l.Digests.Kinds(),
	}})
}

// Add publishes an event: it encodes it, gives it a sequence and makes it a row.
func (l *Log) Add(s events.Subject, source, cause string, data events.Data, with ...func(*events.Event)) store.Row {
	l.at = l.at.Add(time.Millisecond + time.Nanosecond)
	ev := events.About(s, source, cause, l.at)
	ev.Data = data
	for _, f := range with {
		f(&ev)
	}
	payload, err := events.Encode(&ev)
	if err != nil {
		panic("storetest: " + err.Error()) // the events are made up here
	}
	row := store.Row{
		ID: ev.ID, Run: ev.Run, Kind: string(ev.Type), Source: ev.Source, Subject: ev.Subject, Cause: ev.Cause, Query: ev.Query,
		Call: ev.Call, Condition: ev.Condition, Repeat: uint32(ev.Repeat), Item: ev.Item, Member: ev.Member, Model: ev.Model,
		Time: ev.Time, Payload: payload,
	}
	if s.Kind.Control() {
		l.control++
		row.Seq = l.control
	} else {
		l.Last++
		row.Seq = l.Last
		l.Digests.Add(s.Kind, ev.ID, payload)
	}
	l.Rows = append(l.Rows, row)
	return row
}
