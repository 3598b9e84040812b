package caller_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mailru/easyjson"

	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/events"
)

// fixed is a policy that waits for d, with a backup for every call.
func fixed(d time.Duration) *events.Hedge {
	return &events.Hedge{Strategy: "fixed", Options: easyjson.RawMessage(`{"budget":100,"delay":"` + d.String() + `"}`)}
}

var dollar = &events.Price{Input: "1000", Output: "10000"} // a thousandth a token of the prompt, a hundredth one of the answer

// hanging is a server whose first request gets no answer until its client is gone
// or for a while; others are answered. It tells when the first was cancelled.
func hanging(t *testing.T, while time.Duration) (*server, <-chan time.Time) {
	cancelled := make(chan time.Time, 1)
	return newServer(t, func(n int64, w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the client is gone
		if n == 1 {
			select {
			case <-r.Context().Done():
				cancelled <- time.Now()
				return
			case <-time.After(while):
			}
		}
		reply(w, "42")
	}), cancelled
}

// The first answer wins: the slow copy is cancelled at once and its cost is that
// of its policy. The control is the same call without a hedge, which waits.
func TestFirstAnswerWins(t *testing.T) {
	const slow = 3 * time.Second
	for _, c := range []struct {
		policy, cost, prorata, worst string
		known                        bool
	}{
		// The winner says 1000 and 100 tokens: $2. The loser took longer, so it is
		// taken to have produced as much; at its worst it has 18 bytes of prompt and
		// 16, and 400 tokens of answer.
		{"full", "6.034", "2", "4.034", true},
		{"none", "2", "2", "4.034", true},
		{"prorata", "4", "2", "4.034", true},
		{"", "6.034", "2", "4.034", true},
	} {
		s, cancelled := hanging(t, slow)
		w := newWorld(t, s.pool())
		w.order("c1", events.CallRequested{Hedge: fixed(100 * time.Millisecond), Price: dollar, LoserCost: c.policy, Params: easyjson.RawMessage(`{"max_tokens":400}`)})
		stop := w.serve()
		d := w.completed("c1")
		if d.Outcome != events.CallAnswered || len(d.Attempts) != 2 {
			t.Fatalf("a hedged call: %+v", d)
		}
		loser, winner := d.Attempts[0], d.Attempts[1]
		if loser.Outcome != events.CallCancelled || loser.Hedge || winner.Outcome != events.CallAnswered || !winner.Hedge || winner.StartNS < 1e8 {
			t.Errorf("loser %+v, winner %+v", loser, winner)
		}
		if d.LatencyNS != winner.StartNS+winner.LatencyNS || d.LatencyNS >= int64(slow) || loser.LatencyNS < d.LatencyNS-1e6 {
			t.Errorf("latency %v; winner %+v, loser %+v", time.Duration(d.LatencyNS), winner, loser)
		}
		select {
		case <-cancelled:
		case <-time.After(slow):
			t.Error("the slow request was not cancelled")
		}
		if d.CostUSD != c.cost || d.CostKnown != c.known || loser.WorstUSD != c.worst || c.prorata != "" && loser.ProrataUSD != c.prorata {
			t.Errorf("policy %q: $%s, known %t, prorata $%s, worst $%s", c.policy, d.CostUSD, d.CostKnown, loser.ProrataUSD, loser.WorstUSD)
		}
		stop()
	}

	s, _ := hanging(t, time.Second)
	w := newWorld(t, s.pool())
	w.order("c1", events.CallRequested{})
	defer w.serve()()
	if d := w.completed("c1"); len(d.Attempts) != 1 || d.LatencyNS < int64(time.Second) {
		t.Errorf("a call without a hedge: %+v", d)
	}
}

// An early error is not waited for: the backup starts at once. The control is the
// same server without a hedge, where the retry backs off.
func TestErrorFailsOverAtOnce(t *testing.T) {
	failing := func() *server {
		return newServer(t, func(n int64, w http.ResponseWriter, _ *http.Request) {
			if n == 1 {
				http.Error(w, `{"error":{"message":"broken"}}`, http.StatusInternalServerError)
				return
			}
			reply(w, "42")
		})
	}
	s := failing()
	w := newWorld(t, s.pool())
	w.order("c1", events.CallRequested{Hedge: fixed(20 * time.Second), Retries: 1})
	stop := w.serve()
	d := w.completed("c1")
	stop()
	if d.Outcome != events.CallAnswered || len(d.Attempts) != 2 || d.Attempts[0].Outcome != events.CallFailed || !d.Attempts[1].Hedge || d.LatencyNS > 9e8 {
		t.Errorf("failing over: %+v", d)
	}

	s = failing()
	w = newWorld(t, s.pool())
	w.order("c1", events.CallRequested{Retries: 1})
	stop = w.serve()
	d = w.completed("c1")
	stop()
	if d.Outcome != events.CallAnswered || d.Attempts[1].BackoffNS == 0 || d.Attempts[1].Hedge || d.LatencyNS < d.Attempts[1].BackoffNS {
		t.Errorf("retrying: %+v", d)
	}
}

// Where no permit is free there is no backup, and its token goes back: the call
// waits as if it had no policy.
func TestNoPermitNoBackup(t *testing.T) {
	s, _ := hanging(t, 700*time.Millisecond)
	pool := s.pool()
	pool.Concurrency = 1
	w := newWorld(t, pool)
	w.order("c1", events.CallRequested{Hedge: fixed(50 * time.Millisecond)})
	defer w.serve()()
	if d := w.completed("c1"); len(d.Attempts) != 1 || d.LatencyNS < 7e8 {
		t.Errorf("a backup without a permit: %+v", d)
	}
	if n := s.requests.Load(); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

// A backup may be another model in another pool; its intent and its record say so.
func TestBackupElsewhere(t *testing.T) {
	s, _ := hanging(t, 5*time.Second)
	var asked []byte
	other := newServer(t, func(_ int64, w http.ResponseWriter, r *http.Request) {
		asked, _ = io.ReadAll(r.Body)
		reply(w, "42")
	})
	w := newWorld(t, s.pool(), other.pool())
	h := fixed(100 * time.Millisecond)
	h.Backups = []events.Backup{{Member: "spare", Provider: "openai", Pool: other.pool().Name, Model: "other-model", Price: dollar, TimeoutNS: 5e9}}
	w.order("c1", events.CallRequested{Hedge: h, Price: dollar, LoserCost: "none"})
	defer w.serve()()
	d := w.completed("c1")
	if len(d.Attempts) != 2 || d.Attempts[1].Pool != other.pool().Name || d.Attempts[1].Member != "spare" || d.Attempts[0].Pool != "" {
		t.Errorf("a backup in another pool: %+v", d)
	}
	if !strings.Contains(string(asked), "other-model") || s.requests.Load() != 1 {
		t.Errorf("the backup asked %s", asked)
	}
	if st := w.intents("c1"); len(st) != 2 || !st[1].Hedge || st[1].Pool != other.pool().Name || st[0].Hedge {
		t.Errorf("intents: %+v", st)
	}
}

// A budget bounds backups, whatever the policy: when every call is slow, at most
// its share of them gets one, and retries count.
func TestBudgetBoundsBackups(t *testing.T) {
	s := newServer(t, func(_ int64, w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-r.Context().Done():
		case <-time.After(50 * time.Millisecond):
			reply(w, "42")
		}
	})
	pool := s.pool()
	pool.Concurrency = 16
	w := newWorld(t, pool)
	const calls = 200
	h := &events.Hedge{Strategy: "fixed", Options: easyjson.RawMessage(`{"budget":10,"delay":"1ms"}`)}
	for i := range calls {
		w.order(name(i), events.CallRequested{Hedge: h})
	}
	defer w.serve()()
	backups := 0
	for i := range calls {
		backups += len(w.completed(name(i)).Attempts) - 1
	}
	// The pool's permits are always in use, and backups get theirs all the same.
	if backups < calls/20 || backups > calls/10 {
		t.Errorf("%d backups of %d calls at a budget of 10 %%", backups, calls)
	}
}

func name(i int) string { return "c" + string(rune('a'+i/26%26)) + string(rune('a'+i%26)) }

// A verdict ends what it no longer needs: the call under way within 50 ms, and
// the one that waits for its turn. Both get their terminal facts.
func TestDecidedQueryCancels(t *testing.T) {
	arrived, gone := make(chan struct{}), make(chan time.Time, 1)
	s := newServer(t, func(_ int64, _ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		close(arrived) // a second request would panic
		<-r.Context().Done()
		gone <- time.Now()
	})
	pool := s.pool()
	pool.Concurrency = 1
	w := newWorld(t, pool)
	w.order("c1", events.CallRequested{})
	w.order("c2", events.CallRequested{})
	defer w.serve()()
	<-arrived
	ev := events.About(events.VoteSubject(run, "q1"), "test", "", time.Now())
	ev.Data = &events.VoteDecided{State: events.VoteDecidedState, Answer: "42", CostUSD: "0", Stop: "lossless", Ballots: []events.Ballot{}}
	w.publish(&ev)
	decided := time.Now()
	select {
	case at := <-gone:
		if took := at.Sub(decided); took > 50*time.Millisecond {
			t.Errorf("the call was cancelled %v after the verdict", took)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the call was not cancelled")
	}
	for _, call := range []string{"c1", "c2"} {
		if d := w.completed(call); d.Outcome != events.CallCancelled || d.Failure.Class != provider.ClassCancelled {
			t.Errorf("call %s: %+v", call, d)
		}
	}
}

// The deadline bounds all attempts together.
func TestDeadlineOverAllAttempts(t *testing.T) {
	s := newServer(t, func(_ int64, w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Retry-After", "0")
		select {
		case <-r.Context().Done():
		case <-time.After(200 * time.Millisecond):
			http.Error(w, `{"error":{"message":"overloaded"}}`, http.StatusServiceUnavailable)
		}
	})
	w := newWorld(t, s.pool())
	w.order("c1", events.CallRequested{Retries: 1000, DeadlineNS: 5e8, TimeoutNS: 10e9})
	defer w.serve()()
	d := w.completed("c1")
	last := d.Attempts[len(d.Attempts)-1]
	if d.Outcome != events.CallFailed || d.Failure.Class != provider.ClassTimeout || !strings.Contains(d.Failure.Message, "500ms over all attempts") {
		t.Errorf("beyond the deadline: %+v", d.Failure)
	}
	if end := last.StartNS + last.LatencyNS; end > 8e8 || len(d.Attempts) > 4 {
		t.Errorf("%d attempts until %v", len(d.Attempts), time.Duration(end))
	}
}

// The slower copy is not cancelled where its exact cost is wanted.
func TestCopiesMayRunToTheirEnd(t *testing.T) {
	s, _ := hanging(t, 500*time.Millisecond)
	w := newWorld(t, s.pool())
	w.order("c1", events.CallRequested{Price: dollar, Hedge: &events.Hedge{Strategy: "fixed",
		Options: easyjson.RawMessage(`{"budget":100,"delay":"50ms","enable_cancellation":false}`)}})
	defer w.serve()()
	d := w.completed("c1")
	if loser := d.Attempts[0]; loser.Outcome != events.CallCancelled || loser.Usage.Source != events.UsageReported || loser.CostUSD != "2" ||
		loser.LatencyNS < 5e8 || d.LatencyNS >= 5e8 || d.CostUSD != "4" || !d.CostKnown {
		t.Errorf("a copy that ran to its end: %+v of %+v", loser, d)
	}
}

// An answer that was cut off is not good enough for the tier, so the next is asked.
func TestTierEscalatesOnQuality(t *testing.T) {
	s := newServer(t, func(_ int64, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"object":"chat.completion","model":"m","choices":[{"index":0,"finish_reason":"length","message":{"role":"assistant","content":"4"}}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}`)
	})
	other := newServer(t, func(_ int64, w http.ResponseWriter, _ *http.Request) { reply(w, "42") })
	w := newWorld(t, s.pool(), other.pool())
	w.order("c1", events.CallRequested{Accept: []string{provider.ClassTruncated}, Hedge: &events.Hedge{Strategy: "multi_tier",
		Options: easyjson.RawMessage(`{"budget":100,"tiers":[{"delay":"30s","quality_threshold":1},{"model":"spare"}]}`),
		Backups: []events.Backup{{Member: "spare", Provider: "openai", Pool: other.pool().Name, Model: "other"}}}})
	defer w.serve()()
	if d := w.completed("c1"); d.Answer != "42" || len(d.Attempts) != 2 || d.Attempts[0].Outcome != events.CallCancelled {
		t.Errorf("two tiers: %+v", d)
	}
}

// intents are the started attempts of a call, in their order.
func (w *world) intents(call string) []events.CallStarted {
	w.t.Helper()
	var out []events.CallStarted
	subjects := make([]string, 8)
	for i := range subjects {
		subjects[i] = events.StartedSubject(run, "q1", call, i+1).String()
	}
	found, err := w.log.Lookup(context.WithoutCancel(w.t.Context()), events.RunStream(run), subjects)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, m := range found {
		if m == nil {
			continue
		}
		ev, err := events.Decode(events.KindCallStarted, m.Payload)
		if err != nil {
			w.t.Fatal(err)
		}
		out = append(out, *ev.Data.(*events.CallStarted))
	}
	return out
}
