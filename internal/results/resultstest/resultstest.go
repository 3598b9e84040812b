// Package resultstest puts runs into a log for the tests of services that read
// what others have written.
package resultstest

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
)

// at is the time of every event.
var at = time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)

// Spec is the experiment of the runs: the recorded answers of one model under
// two conditions.
func Spec() *experiment.Spec {
	condition := func(name string) experiment.Condition {
		return experiment.Condition{Name: name, Members: []string{"m"}, Vote: "majority", Execution: "parallel", Stop: "none", Hedge: experiment.Hedge{Strategy: "none"}}
	}
	return &experiment.Spec{
		Version: 1, Name: "test", Dataset: experiment.Dataset{Source: "jsonl", Sample: experiment.Sample{Method: "all"}},
		Score:  experiment.Score{Extract: "none", Normalize: "numeric", Metrics: []string{"exact_match"}},
		Models: []experiment.Model{{ID: "m", Provider: "recorded"}}, Conditions: []experiment.Condition{condition("one"), condition("two")},
		Control: "one", Metrics: []string{"accuracy", "exact_match", "cost_per_query", "latency_p50"}, Repeat: 1, Seed: 7,
		Analysis: experiment.Analysis{Alpha: 0.05, Correction: "holm", Bootstrap: 1000}, Report: experiment.Report{Formats: []string{"markdown"}},
	}
}

// Run is a run in the log.
type Run struct {
	t   testing.TB
	log *bus.Bus
	ID  string
	// Planned is the plan, and Digests what was published on the run's stream.
	Planned *events.RunPlanned
	Digests events.Digests
	last    uint64
	end     events.RunEnd
}

// Start publishes the plan of a run over the given number of items, after
// making its stream.
func Start(t testing.TB, log *bus.Bus, id string, items int) *Run {
	t.Helper()
	if err := log.EnsureControl(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := log.EnsureRun(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	spec := Spec()
	r := &Run{t: t, log: log, ID: id, Planned: &events.RunPlanned{
		Name: spec.Name, Stream: events.RunStream(id), SpecHash: spec.Hash(), DatasetHash: events.H("dataset"),
		Config: spec.Resolved(), Seed: spec.Seed, Conditions: []string{"one", "two"}, Pools: []string{"recorded"},
		Items: items, Queries: 2 * items, Calls: 2 * items, MaxInFlight: 100, Recorded: []string{"m"},
		Cost: events.Estimate{USD: "0"}, Version: "test",
	}}
	r.publish(r.about(events.RunSubject(events.KindRunRequested, id), 0, 0, &events.RunRequested{Spec: "version: 1"}))
	r.publish(r.about(events.RunSubject(events.KindRunPlanned, id), 0, 0, r.Planned))
	return r
}

// about makes an event; a condition and an item only if the subject has a query.
func (r *Run) about(s events.Subject, condition, item int, data events.Data) *events.Event {
	ev := events.About(s, "resultstest/1", "", at)
	if s.Query != "" {
		ev.Condition, ev.Item = r.Planned.Conditions[condition], fmt.Sprintf("item-%d", item)
	}
	if s.Call != "" {
		ev.Member, ev.Model = "m", "m"
	}
	ev.Data = data
	return &ev
}

func (r *Run) publish(evs ...*events.Event) {
	r.t.Helper()
	for len(evs) > 0 {
		n := min(len(evs), 500)
		stored, err := r.log.PublishEvents(r.t.Context(), evs[:n]...)
		if err != nil {
			r.t.Fatal(err)
		}
		for i, s := range stored {
			if k := evs[i].Type; !k.Control() {
				r.Digests.Add(k, evs[i].ID, s.Payload)
				r.last = max(r.last, s.Seq)
			}
		}
		evs = evs[n:]
	}
}

// Ask publishes everything about the queries from the plan's place first up to
// but not including last: the second condition is right more often; of every ten
// items one fails and one cannot be read.
func (r *Run) Ask(first, last int) {
	r.t.Helper()
	var evs []*events.Event
	for index := first; index < last; index++ {
		evs = append(evs, r.query(index)...)
	}
	r.publish(evs...)
}

func (r *Run) query(index int) []*events.Event {
	condition, item := index/r.Planned.Items, index%r.Planned.Items
	q := events.QueryID(r.ID, r.Planned.Conditions[condition], 0, fmt.Sprintf("item-%d", item))
	call := events.CallID(q, events.RoleAnswer, "m", 0)
	messages := []events.Message{{Role: "user", Content: fmt.Sprintf("question %d?", item)}}
	vote := &events.VoteDecided{Index: index, State: events.VoteDecidedState, Answer: "7", Expected: "7", Correct: (item+condition)%2 == 1 || item%5 == 0,
		Consensus: 1, LatencyNS: int64(1e6 * (1 + item)), CostUSD: "0", Stop: "all", Ballots: []events.Ballot{{Call: call, Member: "m", Outcome: events.CallAnswered}}}
	done := &events.CallCompleted{Outcome: events.CallAnswered, Role: events.RoleAnswer, Answer: "7", LatencyNS: vote.LatencyNS, CostUSD: "0", CostKnown: true, Recorded: true}
	switch item % 10 {
	case 3:
		vote.State, vote.Answer, vote.Correct, vote.Reason, vote.LatencyNS = events.VoteFailed, "", false, "no recorded answer", 0
		done.Outcome, done.Answer, done.Failure = events.CallFailed, "", &events.Failure{Class: "not_recorded", Message: "no recorded answer"}
		r.end.Failed++
		r.end.Calls.Failed++
	case 6:
		vote.State, vote.Answer, vote.Correct = events.VoteInvalid, "", false
		r.end.Invalid++
		r.end.Calls.Answered++
	default:
		r.end.Decided++
		r.end.Calls.Answered++
	}
	if vote.State == events.VoteDecidedState {
		vote.Scores = []events.Metric{{Name: "exact_match", Value: map[bool]float64{true: 1}[vote.Correct]}}
	}
	r.end.Calls.Requested++
	r.end.Calls.Attempts++
	return []*events.Event{
		r.about(events.QuerySubject(r.ID, q), condition, item, &events.QueryDispatched{Index: index, ItemIndex: item, Input: fmt.Sprintf("question %d?", item),
			Expected: "7", Messages: messages, Policy: events.Policy{Members: []string{"m"}, Vote: "majority", Execution: "parallel", Stop: "none"},
			Score: events.Score{Normalize: "numeric", Metrics: []string{"exact_match"}}, Calls: []string{call}}),
		r.about(events.RequestedSubject(r.ID, q, call, "recorded"), condition, item, &events.CallRequested{Role: events.RoleAnswer, Provider: "recorded",
			Messages: messages, Recorded: &events.Recorded{Found: true, Text: "it is 7"}}),
		r.about(events.CompletedSubject(r.ID, q, call), condition, item, done),
		r.about(events.VoteSubject(r.ID, q), condition, item, vote),
	}
}

// End publishes the end of the run and returns what it states.
func (r *Run) End() events.RunEnd {
	r.t.Helper()
	r.end.State, r.end.Queries, r.end.CostUSD = events.StateComplete, r.Planned.Queries, "0"
	r.end.Sequence, r.end.Kinds = r.last, r.Digests.Kinds()
	r.publish(r.about(events.RunSubject(events.KindRunCompleted, r.ID), 0, 0, &events.RunCompleted{RunEnd: r.end}))
	return r.end
}

// Await follows the control stream until it holds an event of the kind about the
// run, and returns that.
func Await(t testing.TB, log *bus.Bus, k events.Kind, run string) *events.Event {
	t.Helper()
	var found *events.Event
	err := log.Replay(t.Context(), bus.ReplayConfig{Stream: events.ControlStream, Follow: true}, func(m *bus.Message) error {
		if m.Parsed.Kind != k || m.Parsed.Run != run {
			return nil
		}
		ev, err := log.Decode(t.Context(), m)
		if err != nil {
			return err
		}
		found = &ev
		return errFound
	})
	if !errors.Is(err, errFound) {
		t.Fatalf("wait for %s of run %s: %v", k, run, err)
	}
	return found
}

var errFound = errors.New("found")

// MustUnmarshal reads JSON.
func MustUnmarshal(t testing.TB, b []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}

// Saw counts a message that somebody else put on the run's stream.
func (r *Run) Saw(seq uint64) { r.last = max(r.last, seq) }
