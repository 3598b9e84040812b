package storetest

import (
	"testing"

	"github.com/crucible-go/crucible/internal/store"
	"github.com/crucible-go/crucible/pkg/events"
)

func viewCalls(t *testing.T, s *store.Store) {
	l := NewLog("r", 4) // the seventh of its eight calls fails
	insert(t, s, l.Rows...)
	open := Begin("open", 1)
	query, call := events.QueryID("open", Condition, 0, "x"), "waiting"
	open.Add(events.RequestedSubject("open", query, call, "pool-7"), "voter/1", "", &events.CallRequested{Role: events.RoleJudge})
	insert(t, s, open.Rows...)

	wantText(t, s, `SELECT outcome, count(), sum(attempts), sum(input_tokens), sum(cost_usd), any(role), any(pool)
		FROM calls WHERE run = 'r' GROUP BY outcome ORDER BY outcome`,
		"answered\t7\t7\t70\t0.000432098758\tanswer\tsimulated\n"+
			"failed\t1\t2\t\t0\tanswer\tsimulated")
	wantText(t, s, `SELECT failure_class, failure_message, latency_ns, input_tokens, cost_usd, member, item
		FROM calls WHERE run = 'r' AND outcome = 'failed'`, "timeout\tno answer in 60s\t\t\t0\tmodel-a\titem-3")
	wantText(t, s, `SELECT condition, repeat, model, answer, latency_ns, wait_ns, output_tokens, tokens_source, cost_known, simulated,
		recorded, served_model, finish_reason, requested_at < completed_at FROM calls WHERE run = 'r' AND item = 'item-1' AND member = 'model-b'`,
		"majority2\t0\tserved-model-b\t2\t1000000003\t5\t3\treported\ttrue\ttrue\tfalse\tserved-model-b\tstop\t1")
	wantText(t, s, `SELECT call, role, pool, outcome, latency_ns, cost_usd, completed_at FROM calls WHERE run = 'open'`,
		"waiting\tjudge\tpool-7\t\t\t0\t")
	wantText(t, s, `SELECT toTypeName(latency_ns), toTypeName(cost_usd), toTypeName(requested_at) FROM calls LIMIT 1`,
		"Nullable(Int64)\tDecimal(38, 12)\tNullable(DateTime64(9, 'UTC'))")
}

func viewAttempts(t *testing.T, s *store.Store) {
	l := NewLog("r", 4)
	insert(t, s, l.Rows...)
	open := Begin("open", 1)
	open.Add(events.StartedSubject("open", "q", "c", 3), "caller/1", "", &events.CallStarted{Attempt: 3, Nonce: "n", Caller: "here"})
	insert(t, s, open.Rows...)

	wantText(t, s, `SELECT attempt, outcome, count(), sum(cost_usd), sum(http_status) FROM attempts WHERE run = 'r'
		GROUP BY attempt, outcome ORDER BY attempt, outcome`,
		"1\tanswered\t7\t0.000432098758\t1400\n1\tfailed\t1\t0\t504\n2\tfailed\t1\t0\t504")
	wantText(t, s, `SELECT attempt, member, item, caller, nonce, start_ns, first_byte_ns, latency_ns, failure_class, failure_message,
		input_tokens, request_id, started_at IS NOT NULL FROM attempts WHERE run = 'r' AND attempt = 2`,
		"2\tmodel-a\titem-3\ttest\tn0nce\t1\t3\t1000000000\ttimeout\tno answer in 60s\t\treq\t1")
	wantText(t, s, `SELECT call, attempt, caller, outcome, start_ns, http_status FROM attempts WHERE run = 'open'`, "c\t3\there\t\t\t0")
}

func viewVotes(t *testing.T, s *store.Store) {
	l := NewLog("r", 3)
	l.Add(events.VoteSubject("r", "failed-query"), "voter/1", "", &events.VoteDecided{
		Index: 3, State: events.VoteFailed, CostUSD: "0", Stop: "all", Reason: "every call failed",
	})
	insert(t, s, l.Rows...)
	wantText(t, s, `SELECT index, item, state, answer, expected, correct, consensus, latency_ns, cost_usd, stop, reason, ballots,
		scores.name, scores.value FROM votes WHERE run = 'r' ORDER BY index LIMIT 2`,
		"0\titem-0\tdecided\t0\t0\ttrue\t0.5\t2000000000\t0.000123456789\tall\t\t2\t[\"exact_match\"]\t[1]\n"+
			"1\titem-1\tdecided\t2\t2\ttrue\t0.5\t2000000001\t0.000123456789\tall\t\t2\t[\"exact_match\"]\t[1]")
	wantText(t, s, `SELECT state, latency_ns, reason FROM votes WHERE query = 'failed-query'`, "failed\t\tevery call failed")
}

func viewRuns(t *testing.T, s *store.Store) {
	done := NewLog("a-done", 3)
	running := Begin("b-running", 5)
	running.Query(0)
	suspended := Begin("c-suspended", 5)
	suspended.Add(events.SuspendedSubject("c-suspended", 1), "dispatcher/1", "", &events.RunSuspended{Reason: "budget"})
	resumed := Begin("d-resumed", 5)
	resumed.Add(events.SuspendedSubject("d-resumed", 1), "dispatcher/1", "", &events.RunSuspended{Reason: "budget"})
	resumed.Add(events.ResumedSubject("d-resumed", 1), "dispatcher/1", "", &events.RunResumed{Reason: "person"})
	cancelling := Begin("e-cancelling", 5)
	cancelling.Add(events.RunSubject(events.KindRunCancelRequested, "e-cancelling"), "client/1", "", &events.RunCancelRequested{})
	rejected := &Log{Run: "f-rejected"}
	rejected.Add(events.RunSubject(events.KindRunRejected, "f-rejected"), "dispatcher/1", "", &events.RunRejected{Reason: "no such model"})
	failed := Begin("g-failed", 5)
	failed.Add(events.RunSubject(events.KindRunFailed, "g-failed"), "dispatcher/1", "",
		&events.RunFailed{RunEnd: events.RunEnd{State: events.StateFailed, Reason: "disk", Queries: 5, CostUSD: "0"}})
	for _, l := range []*Log{done, running, suspended, resumed, cancelling, rejected, failed} {
		insert(t, s, l.Rows...)
		insert(t, s, l.Rows[len(l.Rows)/2:]...)
	}
	wantText(t, s, `SELECT run, state, name, queries, done, reason FROM runs ORDER BY run`,
		"a-done\tcomplete\tmade-up\t3\t3\t\n"+
			"b-running\trunning\tmade-up\t5\t1\t\n"+
			"c-suspended\tsuspended\tmade-up\t5\t0\tbudget\n"+
			"d-resumed\trunning\tmade-up\t5\t0\tperson\n"+
			"e-cancelling\tcancelling\tmade-up\t5\t0\t\n"+
			"f-rejected\trejected\t\t0\t0\tno such model\n"+
			"g-failed\tfailed\tmade-up\t5\t0\tdisk")
	wantText(t, s, `SELECT decided, calls, calls_answered, cost_usd, spec_hash, dataset_hash, seed, conditions,
		requested_at < planned_at, planned_at < ended_at FROM runs WHERE run = 'a-done'`,
		"3\t6\t6\t0.1234\t5bec\tda7a\t9223372036854775850\t[\"majority2\"]\t1\t1")
}

func viewDeadLetters(t *testing.T, s *store.Store) {
	l := Begin("r", 1)
	l.Add(events.DeadLetterSubject("r", "event-id"), "voter/1", "", &events.DeadLetter{
		Service: "voter", Subject: "crucible.call.completed.r.q.c", Sequence: 17, Deliveries: 5, Error: "panic: \"x\"", SHA256: "abcd",
	})
	insert(t, s, l.Rows...)
	insert(t, s, l.Rows[1:]...)
	wantText(t, s, `SELECT run, event, source, service, subject, sequence, deliveries, error, sha256, year(time) FROM deadletters`,
		"r\tevent-id\tvoter/1\tvoter\tcrucible.call.completed.r.q.c\t17\t5\tpanic: \"x\"\tabcd\t2026")
}

func viewEvents(t *testing.T, s *store.Store) {
	l := NewLog("r", 2)
	insert(t, s, l.Rows...)
	insert(t, s, l.Rows[1:]...)
	wantText(t, s, `SELECT kind, count() FROM events WHERE run = 'r' AND kind LIKE 'call.%' GROUP BY kind ORDER BY kind`,
		"call.completed.v1\t4\ncall.requested.v1\t4\ncall.started.v1\t4")
	wantText(t, s, `SELECT JSONExtractString(payload, 'data', 'expected') FROM events WHERE kind = 'query.dispatched.v1' ORDER BY seq`, "0\n2")
	wantText(t, s, `SELECT count() FROM events WHERE condition = 'majority2' AND member = 'model-a'`, "6")
}
