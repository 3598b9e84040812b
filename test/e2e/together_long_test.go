//go:build long

package e2e

import (
	"testing"
	"time"
)

// span is when a run made its calls.
type span struct {
	Run   string `json:"run"`
	First string `json:"first"`
	Last  string `json:"last"`
}

// Two runs at a time on the same services end as each does alone.
func TestTwoRunsTogether(t *testing.T) {
	t.Parallel()
	specs := map[string]string{"large": gsm8kSpec(t), "little": example(t, "arithmetic.yaml")}
	want := map[string]map[string]string{}
	for run, spec := range specs {
		want[run] = bytesOf(t, perform(t, openOne(t, options{}), spec, run, 0).Dir)
	}
	s := openMany(t, options{})
	jobs := map[string]job{}
	for run, spec := range specs {
		jobs[run] = s.begin(t, spec, run)
	}
	for run, j := range jobs {
		r := ended(t, j, run, 0)
		checkFolder(t, r.Dir)
		sameBytes(t, run, bytesOf(t, r.Dir), want[run])
		verification(t, s, run, 0)
	}
	wantCounts(t, counts(t, s, "large"), gsm8kCounts())
	wantCounts(t, counts(t, s, "little"), map[string]int{
		"query.dispatched.v1": 1200, "call.requested.v1": 1800, "call.started.v1": 1800, "call.completed.v1": 1800, "vote.decided.v1": 1200, "deadletter.recorded.v1": 0,
	})
	spans := rows[span](t, s, "SELECT run, toString(min(time)) AS first, toString(max(time)) AS last FROM events WHERE kind = 'call.completed.v1' GROUP BY run ORDER BY run")
	if len(spans) != 2 || spans[0].First > spans[1].Last || spans[1].First > spans[0].Last {
		t.Errorf("the runs were not under way at the same time: %+v", spans)
	}
}

// A run whose provider does not answer holds no other up.
func TestAWaitingRunHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	spec := gsm8kSpec(t)
	p := openProvider(t, "id=sim-fast,p50=10ms", "id=sim-careful,p50=10ms")
	s := openMany(t, options{pools: p.pools()})
	p.close()
	waiting := s.begin(t, p.spec(t, "300"), "waiting")
	p.await(t, 2*concurrency)
	began := time.Now()
	r := perform(t, s, spec, "going", 0)
	t.Logf("GSM8K beside a waiting run: %v", time.Since(began).Round(time.Millisecond))
	wantCounts(t, counts(t, s, r.Run), gsm8kCounts())
	if got := list(t, s)["waiting"]; got.State != "running" || got.Done != 0 {
		t.Errorf("the waiting run is %+v", got)
	}
	p.open()
	ended(t, waiting, "waiting", 0)
	wantCounts(t, counts(t, s, "waiting"), map[string]int{"call.completed.v1": 600, "vote.decided.v1": 600})
	verification(t, s, "waiting", 0)
	verification(t, s, "going", 0)
}
