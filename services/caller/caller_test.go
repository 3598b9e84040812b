package caller_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
	"github.com/crucible-go/crucible/services/caller"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

const run = "run1"

// world is a log with one planned run.
type world struct {
	t     *testing.T
	log   *bus.Bus
	pool  experiment.Pool // of the orders
	pools []experiment.Pool
}

func newWorld(t *testing.T, pools ...experiment.Pool) *world { return newWorldOf(t, "{}", pools...) }

// newWorldOf is newWorld with the configuration of the run.
func newWorldOf(t *testing.T, config string, pools ...experiment.Pool) *world {
	t.Helper()
	b, err := bus.Open(t.Context(), bus.Config{Dir: t.TempDir(), Logger: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{t: t, log: b, pool: pools[0], pools: pools}
	if err := errors.Join(b.EnsureControl(t.Context()), b.EnsureRun(t.Context(), run)); err != nil {
		t.Fatal(err)
	}
	ev := events.About(events.RunSubject(events.KindRunPlanned, run), "test", "", time.Now())
	planned := &events.RunPlanned{Name: "test", Config: []byte(config)}
	for _, p := range pools {
		planned.Pools = append(planned.Pools, p.Name)
	}
	ev.Data = planned
	w.publish(&ev)
	return w
}

func (w *world) publish(evs ...*events.Event) {
	w.t.Helper()
	if _, err := w.log.PublishEvents(w.t.Context(), evs...); err != nil {
		w.t.Fatal(err)
	}
}

// order publishes an order and returns its subject.
func (w *world) order(call string, o events.CallRequested) events.Subject {
	w.t.Helper()
	s := events.RequestedSubject(run, "q1", call, w.pool.Name)
	ev := events.About(s, "test", "", time.Now())
	ev.Condition, ev.Member, ev.Model = "c", "m", "model"
	o.Role, o.Provider = events.RoleAnswer, w.pool.Provider
	o.Messages = []events.Message{{Role: "user", Content: "What is 6 times 7?"}}
	ev.Data = &o
	w.publish(&ev)
	return s
}

// started publishes the intent of another caller.
func (w *world) started(call string, attempt int, nonce string) {
	w.t.Helper()
	ev := events.About(events.StartedSubject(run, "q1", call, attempt), "test", "", time.Now())
	ev.Data = &events.CallStarted{Attempt: attempt, Nonce: nonce, Caller: "other"}
	w.publish(&ev)
}

// serve runs a caller until the function that it returns is called.
func (w *world) serve() (stop func()) {
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() {
		done <- caller.Run(ctx,
			caller.Config{Instance: "me", Pools: w.pools, Sole: true, AckWait: 2 * time.Second},
			caller.Deps{Log: w.log, Getenv: func(string) string { return "" }, Now: time.Now, Logger: zerolog.Nop()})
	}()
	return func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	}
}

var errFound = errors.New("found")

// completed waits for the terminal fact of a call.
func (w *world) completed(call string) *events.CallCompleted {
	w.t.Helper()
	want := events.CompletedSubject(run, "q1", call).String()
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer cancel()
	var out *events.CallCompleted
	err := w.log.Replay(ctx, bus.ReplayConfig{Stream: events.RunStream(run), Follow: true}, func(m *bus.Message) error {
		if m.Subject != want {
			return nil
		}
		ev, err := w.log.Decode(ctx, m)
		if err != nil {
			return err
		}
		out = ev.Data.(*events.CallCompleted)
		return errFound
	})
	if !errors.Is(err, errFound) {
		w.t.Fatalf("no terminal fact of call %s: %v", call, err)
	}
	return out
}

// server is a provider on this machine that counts.
type server struct {
	*httptest.Server
	requests atomic.Int64
}

func newServer(t *testing.T, answer func(n int64, w http.ResponseWriter, r *http.Request)) *server {
	s := new(server)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer(s.requests.Add(1), w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) pool() experiment.Pool {
	return experiment.NewPool("openai", s.URL+"/v1", "", nil)
}

// reply writes a chat completion.
func reply(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{ // the client may be gone
		"id": "x", "object": "chat.completion", "model": "served-name",
		"choices": []any{map[string]any{"index": 0, "finish_reason": "stop", "message": map[string]any{"role": "assistant", "content": text}}},
		"usage":   map[string]any{"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
	})
}

func TestRecordedAnswer(t *testing.T) {
	w := newWorld(t, experiment.NewPool("recorded", "", "", nil))
	w.order("c1", events.CallRequested{Recorded: &events.Recorded{Found: true, Text: "A: 42"}})
	w.order("c2", events.CallRequested{Recorded: &events.Recorded{Found: true, Text: "A: 42", LatencyNS: 7}})
	w.order("c3", events.CallRequested{Recorded: &events.Recorded{}})
	defer w.serve()()
	if d := w.completed("c1"); d.Outcome != events.CallAnswered || d.Answer != "A: 42" || d.LatencyNS != 0 || !d.Recorded || d.CostUSD != "0" || !d.CostKnown || len(d.Attempts) != 1 {
		t.Errorf("a recorded answer without a latency: %+v", d)
	}
	if d := w.completed("c2"); d.LatencyNS != 7 {
		t.Errorf("a recorded latency became %d ns", d.LatencyNS)
	}
	if d := w.completed("c3"); d.Outcome != events.CallFailed || d.Failure.Class != provider.ClassNoRecordedAnswer {
		t.Errorf("an item without a recorded answer: %+v", d)
	}
}

func TestAnswerIsPricedAndTimed(t *testing.T) {
	s := newServer(t, func(_ int64, w http.ResponseWriter, _ *http.Request) { reply(w, "42") })
	w := newWorld(t, s.pool())
	w.order("c1", events.CallRequested{Price: &events.Price{Input: "0.15", Output: "0.60"}})
	w.order("c2", events.CallRequested{})
	defer w.serve()()
	d := w.completed("c1")
	if d.Answer != "42" || d.Served != "served-name" || d.LatencyNS <= 0 || d.Attempts[0].LatencyNS > d.LatencyNS {
		t.Errorf("answer: %+v", d)
	}
	if d.CostUSD != "0.00021" || !d.CostKnown { // 1000 × 0.15/10⁶ + 100 × 0.60/10⁶
		t.Errorf("cost $%s, known %t; want $0.00021", d.CostUSD, d.CostKnown)
	}
	if d := w.completed("c2"); d.CostKnown {
		t.Error("the cost of a model without a price is known")
	}
}

// An answer that arrived is never asked for again, though its order is delivered
// again and again.
func TestAnsweredOrderAsksNobody(t *testing.T) {
	s := newServer(t, func(_ int64, w http.ResponseWriter, _ *http.Request) { reply(w, "42") })
	w := newWorld(t, s.pool())
	w.order("c1", events.CallRequested{})
	ev := events.About(events.CompletedSubject(run, "q1", "c1"), "test", "", time.Now())
	ev.Data = &events.CallCompleted{Outcome: events.CallAnswered, Answer: "stored", CostUSD: "0"}
	w.publish(&ev)
	w.order("c2", events.CallRequested{}) // shows that c1 has been dealt with
	stop := w.serve()
	w.completed("c2")
	stop()
	if d := w.completed("c1"); d.Answer != "stored" {
		t.Errorf("the terminal fact changed: %+v", d)
	}
	if n := s.requests.Load(); n != 1 {
		t.Errorf("%d requests, want 1: that of the other call", n)
	}
}

// An attempt whose caller is gone is made again under the next number and stays
// in the record as possibly billed.
func TestLostAttemptIsMadeAgain(t *testing.T) {
	s := newServer(t, func(_ int64, w http.ResponseWriter, _ *http.Request) { reply(w, "42") })
	w := newWorld(t, s.pool())
	w.order("c1", events.CallRequested{Price: &events.Price{Input: "1", Output: "1"}})
	for n := 1; n <= 6; n++ { // more than one look-up takes in
		w.started("c1", n, "dead")
	}
	defer w.serve()()
	d := w.completed("c1")
	if len(d.Attempts) != 7 {
		t.Fatalf("attempts: %+v", d.Attempts)
	}
	for i, a := range d.Attempts {
		want := events.AttemptPossiblyBilled
		if i == 6 {
			want = events.CallAnswered
		}
		if a.Attempt != i+1 || a.Outcome != want {
			t.Errorf("attempt %d is %d, %s; want %s", i+1, a.Attempt, a.Outcome, want)
		}
	}
	// 1,100 tokens were reported; each of the six others may have used the 18 bytes
	// of the prompt, 16 for the message and 4,096 of an answer without a limit.
	want := events.CostRange{ReportedUSD: "0.0011", ProrataUSD: "0.02588", WorstUSD: "0.02588"}
	if !d.CostKnown || d.CostUSD != "0.02588" || d.CostRange == nil || *d.CostRange != want {
		t.Errorf("six attempts may have been billed: $%s, known %t, between %+v", d.CostUSD, d.CostKnown, d.CostRange)
	}
	if n := s.requests.Load(); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

// An attempt whose caller lives is left to it. The control is
// TestLostAttemptIsMadeAgain: the same log without the lease.
func TestLivingCallersAttemptIsLeftAlone(t *testing.T) {
	s := newServer(t, func(_ int64, w http.ResponseWriter, _ *http.Request) { reply(w, "42") })
	w := newWorld(t, s.pool())
	w.order("c1", events.CallRequested{})
	w.started("c1", 1, "alive")
	ctx, cancel := context.WithCancel(t.Context())
	held, released := make(chan struct{}), make(chan error, 1)
	go func() {
		released <- w.log.Lead(ctx, "caller_alive", func(ctx context.Context) error {
			close(held)
			<-ctx.Done()
			return nil
		})
	}()
	<-held
	w.order("c2", events.CallRequested{})
	stop := w.serve()
	w.completed("c2")
	if n := s.requests.Load(); n != 1 {
		t.Errorf("%d requests while the owner of the other call lives, want 1", n)
	}
	cancel() // the owner dies
	if err := <-released; err != nil {
		t.Error(err)
	}
	if d := w.completed("c1"); len(d.Attempts) != 2 || d.Attempts[0].Outcome != events.AttemptPossiblyBilled {
		t.Errorf("after its owner died: %+v", d.Attempts)
	}
	stop()
}

func TestRetriesAreCounted(t *testing.T) {
	s := newServer(t, func(n int64, w http.ResponseWriter, _ *http.Request) {
		if n < 3 {
			w.Header().Set("Retry-After", "0")
			http.Error(w, `{"error":{"message":"overloaded"}}`, http.StatusServiceUnavailable)
			return
		}
		reply(w, "42")
	})
	w := newWorld(t, s.pool())
	w.order("c1", events.CallRequested{Retries: 2})
	defer w.serve()()
	d := w.completed("c1")
	if d.Outcome != events.CallAnswered || len(d.Attempts) != 3 {
		t.Fatalf("after two failures: %+v", d)
	}
	if a := d.Attempts[0]; a.Outcome != events.CallFailed || a.Failure.Class != provider.ClassServerError || a.Status != http.StatusServiceUnavailable {
		t.Errorf("the first attempt: %+v", a)
	}
	last := d.Attempts[2]
	if got := last.StartNS + last.LatencyNS; d.LatencyNS != got {
		t.Errorf("latency %d ns; the answer's last byte came %d ns after the first attempt was sent", d.LatencyNS, got)
	}
}

func TestLastingFailureIsNotTriedAgain(t *testing.T) {
	s := newServer(t, func(_ int64, w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `{"error":{"message":"no"}}`, http.StatusUnauthorized)
	})
	w := newWorld(t, s.pool())
	w.order("c1", events.CallRequested{Retries: 5})
	defer w.serve()()
	if d := w.completed("c1"); d.Outcome != events.CallFailed || d.Failure.Class != provider.ClassAuth || len(d.Attempts) != 1 {
		t.Errorf("a refused key: %+v", d)
	}
}

// Cancelling a run breaks off the call under way, and gives those that wait their
// terminal fact without asking anybody.
func TestCancelledRun(t *testing.T) {
	arrived := make(chan struct{})
	s := newServer(t, func(n int64, _ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the client is gone
		if n == 1 {
			close(arrived)
		}
		<-r.Context().Done()
	})
	pool := s.pool()
	pool.Concurrency = 1
	w := newWorld(t, pool)
	w.order("c1", events.CallRequested{})
	w.order("c2", events.CallRequested{})
	defer w.serve()()
	<-arrived
	ev := events.About(events.RunSubject(events.KindRunCancelRequested, run), "test", "", time.Now())
	ev.Data = &events.RunCancelRequested{}
	w.publish(&ev)
	for _, call := range []string{"c1", "c2"} {
		if d := w.completed(call); d.Outcome != events.CallCancelled {
			t.Errorf("call %s: %+v", call, d)
		}
	}
	if n := s.requests.Load(); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

// An order that nobody can read gets a dead letter and a terminal fact.
func TestUnreadableOrder(t *testing.T) {
	w := newWorld(t, experiment.NewPool("recorded", "", "", nil))
	s := events.RequestedSubject(run, "q1", "c1", w.pool.Name)
	if _, err := w.log.Publish(t.Context(), bus.Fact{Subject: s.String(), Payload: []byte(`{"broken":`)}); err != nil {
		t.Fatal(err)
	}
	defer w.serve()()
	d := w.completed("c1")
	if d.Outcome != events.CallFailed || d.Failure.Class != provider.ClassUnprocessable || !strings.Contains(d.Failure.Message, "decode") {
		t.Errorf("an unreadable order: %+v", d)
	}
}

// The virtual clock does not wait, and what it shows follows from the seed.
func TestSimulatedVirtualTimeIsDeterministic(t *testing.T) {
	var got [2]*events.CallCompleted
	for i := range got {
		w := newWorld(t, experiment.NewPool("simulated", "", "", nil))
		w.order("c1", events.CallRequested{
			Seed: 7, Virtual: true, Retries: 3,
			Simulated: &events.Simulated{Accuracy: 0.5, ErrorRate: 0.5, Expected: "42", Latency: events.Latency{Shape: "piecewise", P50NS: 8e8, P95NS: 2e9, P99NS: 5e9}},
		})
		stop := w.serve()
		got[i] = w.completed("c1")
		stop()
	}
	a, _ := json.Marshal(got[0])
	b, _ := json.Marshal(got[1])
	if string(a) != string(b) {
		t.Errorf("two runs with the same seed differ:\n%s\n%s", a, b)
	}
	if got[0].LatencyNS == 0 || !got[0].Simulated {
		t.Errorf("a simulated answer: %s", a)
	}
}

// A text that is not UTF-8 is a failure of its own class; what arrived is kept.
func TestTextThatIsNotUTF8(t *testing.T) {
	s := newServer(t, func(_ int64, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte("{\"object\":\"chat.completion\",\"model\":\"m\",\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\"message\":{\"role\":\"assistant\",\"content\":\"A: 4\xff2\"}}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1,\"total_tokens\":2}}"))
	})
	w := newWorld(t, s.pool())
	w.order("c1", events.CallRequested{Retries: 2, Price: &events.Price{Input: "1", Output: "1"}})
	defer w.serve()()
	d := w.completed("c1")
	if d.Outcome != events.CallFailed || d.Failure.Class != provider.ClassInvalidUTF8 || d.Answer != "A: 4\uFFFD2" || d.CostUSD == "0" {
		t.Errorf("a text that is not UTF-8: %+v", d)
	}
	if n := s.requests.Load(); n != 1 {
		t.Errorf("%d requests, want 1: it was answered and paid for", n)
	}
}
