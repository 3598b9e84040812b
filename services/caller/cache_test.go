package caller_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/crucible-go/crucible/internal/ledger"
	"github.com/crucible-go/crucible/pkg/budget"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/money"
)

var priced = &events.Price{Input: "1", Output: "1"}

// The same call is answered once where the spec has it so; a call that differs in
// anything that shapes its answer is asked, and so is one that failed before.
func TestCache(t *testing.T) {
	fail := make(chan bool, 1)
	fail <- false
	s := newServer(t, func(_ int64, w http.ResponseWriter, _ *http.Request) {
		bad := <-fail
		fail <- bad
		if bad {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		reply(w, "42")
	})
	failing := func(bad bool) { <-fail; fail <- bad }
	w := newWorldOf(t, `{"version":1,"cache":true}`, s.pool())
	defer w.serve()()

	same := events.CallRequested{Price: priced, Seed: 1, Params: []byte(`{"temperature":0}`)}
	w.order("first", same)
	if d := w.completed("first"); d.Cached || d.CostUSD == "0" || len(d.Attempts) != 1 {
		t.Errorf("the first call: %+v", d)
	}
	w.waitKept("second", same, s)

	n := s.requests.Load()
	for call, o := range map[string]events.CallRequested{
		"seed":    {Price: priced, Seed: 2, Params: same.Params},
		"ordinal": {Price: priced, Seed: 1, Params: same.Params, Ordinal: 1},
		"params":  {Price: priced, Seed: 1, Params: []byte(`{"temperature":1}`)},
	} {
		w.order(call, o)
		if d := w.completed(call); d.Cached {
			t.Errorf("a call with another %s has the same answer", call)
		}
		if n++; s.requests.Load() != n {
			t.Errorf("%d requests after %s, want %d", s.requests.Load(), call, n)
		}
	}

	failing(true)
	broken := events.CallRequested{Price: priced, Seed: 3}
	w.order("broken", broken)
	if d := w.completed("broken"); d.Outcome != events.CallFailed {
		t.Errorf("%+v", d)
	}
	failing(false)
	w.order("mended", broken)
	if d := w.completed("mended"); d.Outcome != events.CallAnswered || d.Cached {
		t.Errorf("a failure was kept: %+v", d)
	}
}

// waitKept makes calls that differ in nothing until one is answered from the
// cache, into which the answer comes after the terminal fact of the first.
func (w *world) waitKept(call string, o events.CallRequested, s *server) {
	w.t.Helper()
	for i := range 20 {
		before := s.requests.Load()
		id := call + string(rune('a'+i))
		w.order(id, o)
		d := w.completed(id)
		if !d.Cached {
			continue
		}
		if s.requests.Load() != before || d.Answer != "42" || d.CostUSD != "0" || !d.CostKnown || d.LatencyNS != 0 || len(d.Attempts) != 0 || d.Usage != nil || d.Served != "served-name" {
			w.t.Errorf("a cached answer: %+v", d)
		}
		return
	}
	w.t.Error("nothing is ever answered from the cache")
}

// The control of TestCache: without the key of the spec every call is asked.
func TestNoCacheByDefault(t *testing.T) {
	s := newServer(t, func(_ int64, w http.ResponseWriter, _ *http.Request) { reply(w, "42") })
	w := newWorldOf(t, `{"version":1}`, s.pool())
	defer w.serve()()
	for _, call := range []string{"a", "b", "c"} {
		w.order(call, events.CallRequested{Price: priced, Seed: 1})
		if w.completed(call).Cached {
			t.Error("an answer was kept that nobody wanted kept")
		}
	}
	if n := s.requests.Load(); n != 3 {
		t.Errorf("%d requests, want 3", n)
	}
}

// Calls that the budget has no room for wait, are not started, and are made once
// it is larger. The order has no limit of its answer, so each may need
// (34 + 4096) millionths of a dollar and uses 1100.
func TestBudgetMakesCallsWait(t *testing.T) {
	s := newServer(t, func(_ int64, w http.ResponseWriter, _ *http.Request) { reply(w, "42") })
	w := newWorldOf(t, `{"version":1,"budget":{"usd":"0.0075","calls":0,"tokens":0}}`, s.pool())
	for _, call := range []string{"a", "b", "c", "d", "e"} {
		w.order(call, events.CallRequested{Price: priced})
	}
	defer w.serve()()
	limit := budget.Limit{USD: usd(t, "0.0075")}
	detail := w.reached(limit)
	// 0.0011 × 4 are spent: a fifth call may need 0.00413 more than there is.
	if n := s.requests.Load(); n != 4 || detail != "$0.0044 of $0.0075 are spent, and the next call may need $0.00413" {
		t.Fatalf("%d requests: %s", n, detail)
	}
	spending, err := ledger.Read(t.Context(), w.log, run)
	if err != nil || spending.Cost.Cost.String() != "0.0044" {
		t.Errorf("the log says %+v: %v", spending, err)
	}
	for n, d := range []events.Data{&events.RunSuspended{Reason: "budget"}, &events.RunResumed{Budget: &events.Budget{USD: "0.02"}}} {
		subject := events.SuspendedSubject(run, 1)
		if n == 1 {
			subject = events.ResumedSubject(run, 1)
		}
		ev := events.About(subject, "test", "", time.Now())
		ev.Data = d
		w.publish(&ev)
	}
	for _, call := range []string{"a", "b", "c", "d", "e"} {
		if d := w.completed(call); d.CostUSD != "0.0011" {
			t.Errorf("call %s: %+v", call, d)
		}
	}
}

// A call that waits for the budget ends when its run is to stop, without having
// been asked.
func TestCancelledWhileItWaitsForTheBudget(t *testing.T) {
	s := newServer(t, func(_ int64, w http.ResponseWriter, _ *http.Request) { reply(w, "42") })
	w := newWorldOf(t, `{"version":1,"budget":{"usd":"0","calls":1,"tokens":0}}`, s.pool())
	w.order("a", events.CallRequested{Price: priced})
	w.order("b", events.CallRequested{Price: priced})
	defer w.serve()()
	w.reached(budget.Limit{Calls: 1})
	ev := events.About(events.RunSubject(events.KindRunCancelRequested, run), "test", "", time.Now())
	ev.Data = &events.RunCancelRequested{}
	w.publish(&ev)
	outcomes := map[string]int{w.completed("a").Outcome: 1}
	outcomes[w.completed("b").Outcome]++
	if outcomes[events.CallAnswered] != 1 || outcomes[events.CallCancelled] != 1 || s.requests.Load() != 1 {
		t.Errorf("%v, %d requests", outcomes, s.requests.Load())
	}
}

func usd(t *testing.T, text string) money.USD {
	t.Helper()
	v, err := money.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// reached waits until the budget of the run is.
func (w *world) reached(limit budget.Limit) (detail string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer cancel()
	err := ledger.Watch(ctx, w.log, run, func() (budget.Limit, error) { return limit, nil }, func(_ context.Context, d string) error {
		detail = d
		return errFound
	})
	if !errors.Is(err, errFound) {
		w.t.Fatalf("the budget was not reached: %v", err)
	}
	return detail
}
