package dispatcher_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/runs"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/services/dispatcher"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const run = "run1"

const items = `{"q":"1+1","a":"2","m":"2"}
{"q":"2+2","a":"4","m":"4"}
{"q":"3+3","a":"6","m":"7"}
{"q":"4+4","a":"8","m":"8"}
{"q":"5+5","a":"10","m":"10"}
`

const specText = `version: 1
name: sums
dataset: {source: jsonl, path: %s, fields: {input: q, expected: a}}
models:
  - {id: m, provider: recorded, field: m}
  - {id: n, provider: recorded, field: m}
conditions:
  - {name: one, members: [m]}
  - {name: two, members: [m, n]}
max_in_flight: 3
`

// world is a log with a submitted run; the test plays the caller and the voter.
type world struct {
	t   *testing.T
	log *bus.Bus
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return openWorld(t, bus.Config{Dir: t.TempDir(), Logger: zerolog.Nop()})
}

func openWorld(t *testing.T, c bus.Config) *world {
	t.Helper()
	b, err := bus.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := b.EnsureControl(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &world{t, b}
}

// spec uploads the items and returns the text of the spec.
func (w *world) spec() string {
	w.t.Helper()
	hash, _, err := w.log.PutObject(w.t.Context(), strings.NewReader(items))
	if err != nil {
		w.t.Fatal(err)
	}
	return fmt.Sprintf(specText, dispatcher.ObjectPath(hash, "items.jsonl"))
}

func (w *world) request(payload string) {
	w.t.Helper()
	f := bus.Fact{Subject: events.RunSubject(events.KindRunRequested, run).String(), Payload: []byte(payload)}
	if _, err := w.log.Publish(w.t.Context(), f); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) publish(evs ...*events.Event) {
	w.t.Helper()
	if _, err := w.log.PublishEvents(w.t.Context(), evs...); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) serve(c dispatcher.Config) (stop func()) {
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() {
		done <- dispatcher.Run(ctx, c, dispatcher.Deps{Log: w.log, Now: time.Now, Logger: zerolog.Nop()})
	}()
	return func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	}
}

var errEnough = errors.New("enough")

// until reads a stream until see says that it is enough.
func (w *world) until(stream string, see func(events.Subject, *events.Event) bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer cancel()
	for {
		err := w.log.Replay(ctx, bus.ReplayConfig{Stream: stream, Follow: true}, func(m *bus.Message) error {
			ev, err := w.log.Decode(ctx, m)
			if err == nil && see(m.Parsed, &ev) {
				return errEnough
			}
			return nil
		})
		if errors.Is(err, errEnough) {
			return
		}
		if ctx.Err() != nil {
			w.t.Fatalf("stream %s never showed what was waited for: %v", stream, err)
		}
	}
}

// control waits for a control event.
func (w *world) control(kinds ...events.Kind) (out events.Event) {
	w.t.Helper()
	w.until(events.ControlStream, func(s events.Subject, ev *events.Event) bool {
		for _, k := range kinds {
			if s.Kind == k {
				out = *ev
				return true
			}
		}
		return false
	})
	return out
}

// answer plays the caller: the terminal fact of an order.
func answer(order *events.Event) *events.Event {
	ev := events.About(events.CompletedSubject(run, order.Query, order.Call), "test", order.ID, time.Now())
	ev.Member = order.Member
	ev.Data = &events.CallCompleted{Outcome: events.CallAnswered, Answer: "x", CostUSD: "0.25", CostKnown: true, Served: "served-" + order.Member}
	return &ev
}

// decide plays the voter.
func decide(query *events.Event) *events.Event {
	ev := events.About(events.VoteSubject(run, query.Query), "test", query.ID, time.Now())
	ev.Data = &events.VoteDecided{Index: query.Data.(*events.QueryDispatched).Index, State: events.VoteDecidedState, CostUSD: "0"}
	return &ev
}

// play answers and decides everything as it comes until the run has ended, and
// returns the largest number of undecided queries that it has seen.
func (w *world) play() (most int) {
	w.t.Helper()
	undecided, done := 0, 0
	w.until(events.RunStream(run), func(s events.Subject, ev *events.Event) bool {
		switch s.Kind {
		case events.KindQueryDispatched:
			undecided++
			most = max(most, undecided)
			w.publish(decide(ev))
		case events.KindCallRequested:
			w.publish(answer(ev))
		case events.KindVoteDecided:
			undecided--
			done++
		}
		return done == 10
	})
	return most
}

func TestRunToItsEnd(t *testing.T) {
	w := newWorld(t)
	w.request(w.spec())
	defer w.serve(dispatcher.Config{SpecPools: true, Version: "v"})()
	planned := w.control(events.KindRunPlanned).Data.(*events.RunPlanned)
	if planned.Name != "sums" || planned.Items != 5 || planned.Queries != 10 || planned.Calls != 15 || planned.MaxInFlight != 3 {
		t.Errorf("plan: %+v", planned)
	}
	if most := w.play(); most > 3 {
		t.Errorf("%d undecided queries at a time, the plan allows 3", most)
	}
	ended := w.control(events.KindRunCompleted, events.KindRunFailed, events.KindRunCancelled)
	end, ok := ended.Data.(*events.RunCompleted)
	if !ok {
		t.Fatalf("the run ended as %s", ended.Type)
	}
	if end.State != events.StateComplete || end.Decided != 10 || end.Unasked != 0 || end.Calls.Requested != 15 || end.Calls.Answered != 15 || end.CostUSD != "3.75" {
		t.Errorf("end: %+v", end.RunEnd)
	}
	if len(end.Models) != 2 || end.Models[0].Served[0] != "served-m" {
		t.Errorf("served models: %+v", end.Models)
	}
	var d events.Digests
	err := w.log.Replay(t.Context(), bus.ReplayConfig{Stream: events.RunStream(run), Until: end.Sequence}, func(m *bus.Message) error {
		d.Add(m.Parsed.Kind, m.ID(), m.Payload)
		return nil
	})
	if diff := events.DiffKinds("the log", d.Kinds(), "the end", end.Kinds); err != nil || diff != nil {
		t.Errorf("digests: %v %v", diff, err)
	}
}

// A dispatcher that dies goes on where it stopped: nothing is asked twice, and a
// query that it had dispatched by half gets its missing calls.
func TestGoesOnWhereItStopped(t *testing.T) {
	w := newWorld(t)
	w.request(w.spec())
	stop := w.serve(dispatcher.Config{SpecPools: true})
	dispatched := 0
	w.until(events.RunStream(run), func(s events.Subject, _ *events.Event) bool {
		if s.Kind == events.KindQueryDispatched {
			dispatched++
		}
		return dispatched == 3
	})
	stop()
	stop = w.serve(dispatcher.Config{SpecPools: true})
	w.play()
	w.control(events.KindRunCompleted)
	stop()
	subjects := map[string]int{}
	_ = w.log.Replay(t.Context(), bus.ReplayConfig{Stream: events.RunStream(run)}, func(m *bus.Message) error {
		subjects[m.Subject]++
		return nil
	})
	if len(subjects) != 10+15+15+10 {
		t.Errorf("%d facts in the log, want 50", len(subjects))
	}
}

func TestHalfDispatchedQueryIsMended(t *testing.T) {
	w := newWorld(t)
	w.request(w.spec())
	stop := w.serve(dispatcher.Config{SpecPools: true})
	w.control(events.KindRunPlanned)
	var first []events.Event
	w.until(events.RunStream(run), func(_ events.Subject, ev *events.Event) bool {
		first = append(first, *ev)
		return len(first) == 2 // a query and its call
	})
	stop()

	// The same run on another log whose dispatcher died after the query alone.
	other := newWorld(t)
	other.request(other.spec())
	stop = other.serve(dispatcher.Config{SpecPools: true})
	other.control(events.KindRunPlanned)
	stop()
	if err := other.log.DeleteRun(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	if err := other.log.EnsureRun(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	other.publish(&first[0])
	defer other.serve(dispatcher.Config{SpecPools: true})()
	other.play()
	end := other.control(events.KindRunCompleted).Data.(*events.RunCompleted)
	if end.Calls.Requested != 15 {
		t.Errorf("%d calls requested, want 15", end.Calls.Requested)
	}
}

func TestCancelledRun(t *testing.T) {
	w := newWorld(t)
	w.request(w.spec())
	defer w.serve(dispatcher.Config{SpecPools: true})()
	var queries, orders []events.Event
	w.until(events.RunStream(run), func(s events.Subject, ev *events.Event) bool {
		switch s.Kind {
		case events.KindQueryDispatched:
			queries = append(queries, *ev)
		case events.KindCallRequested:
			orders = append(orders, *ev)
		}
		return len(queries) == 3 && len(orders) >= 4
	})
	ev := events.About(events.RunSubject(events.KindRunCancelRequested, run), "test", "", time.Now())
	ev.Data = &events.RunCancelRequested{}
	w.publish(&ev)
	for i := range orders {
		w.publish(answer(&orders[i]))
	}
	for i := range queries {
		w.publish(decide(&queries[i]))
	}
	end := w.control(events.KindRunCancelled, events.KindRunCompleted).Data.(*events.RunCancelled)
	if end.State != events.StateCancelled || end.Unasked != 7 || end.Decided != 3 {
		t.Errorf("end: %+v", end.RunEnd)
	}
}

// An event of the run that nobody can read counts by its subject, leaves one dead
// letter and makes the run partial.
func TestUnreadableEvent(t *testing.T) {
	w := newWorld(t)
	w.request(w.spec())
	defer w.serve(dispatcher.Config{SpecPools: true})()
	broken := false
	done := 0
	w.until(events.RunStream(run), func(s events.Subject, ev *events.Event) bool {
		switch s.Kind {
		case events.KindQueryDispatched:
			w.publish(decide(ev))
		case events.KindCallRequested:
			if broken {
				w.publish(answer(ev))
				break
			}
			broken = true
			f := bus.Fact{Subject: events.CompletedSubject(run, s.Query, s.Call).String(), Payload: []byte("not JSON")}
			if _, err := w.log.Publish(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		case events.KindVoteDecided:
			done++
		}
		return done == 10
	})
	end := w.control(events.KindRunCompleted).Data.(*events.RunCompleted)
	if end.State != events.StatePartial || end.DeadLetters != 1 || end.Calls.Failed != 1 || end.Calls.Answered != 14 {
		t.Errorf("end: %+v", end.RunEnd)
	}
}

func TestRejections(t *testing.T) {
	for _, c := range []struct{ name, payload, want string }{
		{"no spec", "   ", "spec"},
		{"unknown key", "version: 1\nnam: x\n", "nam"},
		{"no such object", strings.Replace(specText, "%s", "object:"+strings.Repeat("0", 64)+"/x.jsonl", 1), "not in the object store"},
		{"file without a root", strings.Replace(specText, "%s", "items.jsonl", 1), "--data-root"},
		{"variable", strings.Replace(specText, "%s", `"${SECRET}"`, 1), "SECRET"},
		{"not UTF-8", "name: \xff", "UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.request(c.payload)
			defer w.serve(dispatcher.Config{SpecPools: true})()
			ev := w.control(events.KindRunRejected, events.KindRunPlanned)
			d, ok := ev.Data.(*events.RunRejected)
			if !ok || !strings.Contains(d.Reason, c.want) {
				t.Errorf("want a rejection that says %q, got %s %+v", c.want, ev.Type, ev.Data)
			}
		})
	}
}

func TestUndeclaredPoolIsRejected(t *testing.T) {
	w := newWorld(t)
	w.request(w.spec())
	defer w.serve(dispatcher.Config{})()
	d, ok := w.control(events.KindRunRejected, events.KindRunPlanned).Data.(*events.RunRejected)
	if !ok || !strings.Contains(d.Reason, "no caller serves the pool recorded") {
		t.Errorf("rejection: %+v", d)
	}
}

// A client that does not publish by identity may publish twice: the first request
// is planned, whatever the others say.
func TestFirstRequestStands(t *testing.T) {
	server, err := bus.StartServer(bus.ServerConfig{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	w := openWorld(t, bus.Config{URL: server.URL(), Logger: zerolog.Nop()})
	nc, err := nats.Connect(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	first := w.spec()
	for _, payload := range []string{first, strings.Replace(first, "name: sums", "name: other", 1), "{{{"} {
		if _, err := nc.RequestWithContext(t.Context(), events.RunSubject(events.KindRunRequested, run).String(), []byte(payload)); err != nil {
			t.Fatal(err)
		}
	}
	defer w.serve(dispatcher.Config{SpecPools: true})()
	w.play()
	w.control(events.KindRunCompleted)
	if p := w.control(events.KindRunPlanned).Data.(*events.RunPlanned); p.Name != "sums" {
		t.Errorf("%s was planned", p.Name)
	}
	table, _, err := runs.Load(t.Context(), w.log)
	if err != nil || table.Get(run).End().Type != events.KindRunCompleted {
		t.Errorf("the run's end: %v", err)
	}
}
