package voter_test

import (
	"context"
	"errors"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/services/voter"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const run = "run1"

var members = []string{"a", "b", "c"}

// world is a log with one planned run; the test plays dispatcher and caller.
type world struct {
	t   *testing.T
	log *bus.Bus
}

func newWorld(t *testing.T) *world {
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
	w := &world{t, b}
	if err := errors.Join(b.EnsureControl(t.Context()), b.EnsureRun(t.Context(), run)); err != nil {
		t.Fatal(err)
	}
	ev := events.About(events.RunSubject(events.KindRunPlanned, run), "test", "", time.Now())
	ev.Data = &events.RunPlanned{Name: "test", Config: []byte("{}")}
	w.publish(&ev)
	return w
}

func (w *world) publish(evs ...*events.Event) {
	w.t.Helper()
	if _, err := w.log.PublishEvents(w.t.Context(), evs...); err != nil {
		w.t.Fatal(err)
	}
}

func query(id string) *events.Event {
	ev := events.About(events.QuerySubject(run, id), "test", "", time.Now())
	ev.Condition, ev.Item = "majority", "item-"+id
	d := &events.QueryDispatched{
		Index: 3, Input: "6 times 7?", Expected: "A: 42",
		Policy: events.Policy{Members: members, Vote: "majority", Execution: "parallel", Stop: "none"},
		Score:  events.Score{Extract: `A:\s*(.+)$`, Normalize: "numeric", Metrics: []string{"exact_match"}},
	}
	for _, m := range members {
		d.Calls = append(d.Calls, id+"-"+m)
	}
	ev.Data = d
	return &ev
}

func ballot(q, member string, d events.CallCompleted) *events.Event {
	ev := events.About(events.CompletedSubject(run, q, q+"-"+member), "test", "", time.Now())
	ev.Member = member
	if d.Outcome == "" {
		d.Outcome = events.CallAnswered
	}
	d.CostKnown = d.CostUSD != ""
	ev.Data = &d
	return &ev
}

func (w *world) serve() (stop func()) {
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() {
		done <- voter.Run(ctx, voter.Config{}, voter.Deps{Log: w.log, Now: time.Now, Logger: zerolog.Nop()})
	}()
	return func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	}
}

var errEnough = errors.New("enough")

// verdict waits for the verdict on a query.
func (w *world) verdict(q string) (*events.VoteDecided, events.Event) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer cancel()
	var out events.Event
	err := w.log.Replay(ctx, bus.ReplayConfig{Stream: events.RunStream(run), Follow: true}, func(m *bus.Message) error {
		if m.Parsed.Kind != events.KindVoteDecided || m.Parsed.Query != q {
			return nil
		}
		ev, err := w.log.Decode(ctx, m)
		if err != nil {
			return err
		}
		out = ev
		return errEnough
	})
	if !errors.Is(err, errEnough) {
		w.t.Fatalf("no verdict on query %s: %v", q, err)
	}
	return out.Data.(*events.VoteDecided), out
}

func TestMajority(t *testing.T) {
	w := newWorld(t)
	defer w.serve()()
	w.publish(query("q"))
	w.publish(ballot("q", "c", events.CallCompleted{Answer: "A: 42", LatencyNS: 30, CostUSD: "0.3"}))
	w.publish(ballot("q", "a", events.CallCompleted{Answer: "A: 41.0", LatencyNS: 10, CostUSD: "0.1"}))
	w.publish(ballot("q", "b", events.CallCompleted{Answer: "so A: $42.", LatencyNS: 20, CostUSD: "0.2"}))
	v, ev := w.verdict("q")
	if v.Answer != "42" || v.Expected != "42" || !v.Correct || v.Index != 3 || v.LatencyNS != 30 || v.CostUSD != "0.6" || v.State != events.VoteDecidedState {
		t.Errorf("verdict: %+v", v)
	}
	if v.Consensus < 0.66 || v.Consensus > 0.67 || len(v.Ballots) != 3 || v.Ballots[0].Member != "a" || v.Ballots[0].Correct || !v.Ballots[2].Correct {
		t.Errorf("ballots: %+v", v.Ballots)
	}
	if ev.Condition != "majority" || ev.Item != "item-q" || ev.Cause == "" {
		t.Errorf("envelope: %+v", ev)
	}
}

func TestOutcomes(t *testing.T) {
	failed := events.CallCompleted{Outcome: events.CallFailed, Failure: &events.Failure{Class: "timeout"}, CostUSD: "0"}
	unreadable := events.CallCompleted{Answer: "no idea", CostUSD: "0"}
	right := events.CallCompleted{Answer: "A: 42", CostUSD: "0"}
	wrong := events.CallCompleted{Answer: "A: 1", CostUSD: "0"}
	unpriced := events.CallCompleted{Answer: "A: 42"}
	w := newWorld(t)
	defer w.serve()()
	for i, c := range []struct {
		name    string
		ballots [3]events.CallCompleted
		state   string
		answer  string
		cost    string
	}{
		{"all failed", [3]events.CallCompleted{failed, failed, failed}, events.VoteFailed, "", "0"},
		{"none readable", [3]events.CallCompleted{unreadable, unreadable, failed}, events.VoteInvalid, "", "0"},
		{"one readable", [3]events.CallCompleted{unreadable, failed, right}, events.VoteDecidedState, "42", "0"},
		{"a tie goes to the earliest member", [3]events.CallCompleted{wrong, right, failed}, events.VoteDecidedState, "1", "0"},
		{"an unknown cost", [3]events.CallCompleted{right, right, unpriced}, events.VoteDecidedState, "42", ""},
	} {
		q := "q" + strconv.Itoa(i)
		w.publish(query(q))
		for j, m := range members {
			w.publish(ballot(q, m, c.ballots[j]))
		}
		v, _ := w.verdict(q)
		if v.State != c.state || v.Answer != c.answer || v.CostUSD != c.cost {
			t.Errorf("%s: %+v", c.name, v)
		}
		if v.State != events.VoteDecidedState && (v.Reason == "" || v.Correct) {
			t.Errorf("%s: no answer without a reason: %+v", c.name, v)
		}
	}
}

// A voter that comes late, or again, reaches the same verdicts and publishes
// nothing a second time.
func TestVoterComesAgain(t *testing.T) {
	w := newWorld(t)
	publish := func(q string) {
		w.publish(query(q))
		for _, m := range members {
			w.publish(ballot(q, m, events.CallCompleted{Answer: "A: 42", CostUSD: "0"}))
		}
	}
	publish("q1")
	stop := w.serve()
	first, _ := w.verdict("q1")
	stop()
	publish("q2")
	w.publish(query("q3")) // its calls are still to come
	stop = w.serve()
	w.verdict("q2")
	for _, m := range members {
		w.publish(ballot("q3", m, events.CallCompleted{Answer: "A: 7", CostUSD: "0"}))
	}
	w.verdict("q3")
	stop()
	again, _ := w.verdict("q1")
	if !reflect.DeepEqual(first, again) {
		t.Errorf("the verdict changed from %+v to %+v", first, again)
	}
	votes := 0
	_ = w.log.Replay(t.Context(), bus.ReplayConfig{Stream: events.RunStream(run)}, func(m *bus.Message) error {
		if m.Parsed.Kind == events.KindVoteDecided {
			votes++
		}
		return nil
	})
	if votes != 3 {
		t.Errorf("%d verdicts in the log, want 3", votes)
	}
}

// What cannot be read decides nothing wrong: a ballot counts as failed, a query
// is decided as failed, with the reason.
func TestUnreadableEvents(t *testing.T) {
	w := newWorld(t)
	defer w.serve()()
	w.publish(query("q1"))
	broken := func(s events.Subject) {
		if _, err := w.log.Publish(t.Context(), bus.Fact{Subject: s.String(), Payload: []byte("{")}); err != nil {
			t.Fatal(err)
		}
	}
	broken(events.CompletedSubject(run, "q1", "q1-a"))
	for _, m := range members[1:] {
		w.publish(ballot("q1", m, events.CallCompleted{Answer: "A: 42", CostUSD: "0"}))
	}
	if v, _ := w.verdict("q1"); v.Answer != "42" || v.Ballots[0].Outcome != events.CallFailed || v.Consensus != 1 {
		t.Errorf("verdict: %+v", v)
	}
	broken(events.QuerySubject(run, "q2"))
	if v, _ := w.verdict("q2"); v.State != events.VoteFailed || v.Reason == "" {
		t.Errorf("verdict on an unreadable query: %+v", v)
	}
}

// inTurn is a query whose members are asked in turn.
func inTurn(id, execution, options string) *events.Event {
	ev := query(id)
	d := ev.Data.(*events.QueryDispatched)
	d.Policy.Execution, d.Policy.Options = execution, []byte(options)
	d.Messages = []events.Message{{Role: "user", Content: "6 times 7?"}}
	for _, m := range members[1:] {
		d.Later = append(d.Later, events.LaterCall{Call: id + "-" + m, Member: m, Model: "model-" + m, Pool: "simulated",
			Order: events.CallRequested{Role: events.RoleAnswer, Provider: "simulated", Seed: 5, Messages: []events.Message{}}})
	}
	d.Calls = d.Calls[:1]
	return ev
}

// asked waits for the order to a member.
func (w *world) asked(q, member string) events.Event {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer cancel()
	var out events.Event
	err := w.log.Replay(ctx, bus.ReplayConfig{Stream: events.RunStream(run), Follow: true}, func(m *bus.Message) error {
		if m.Parsed.Kind != events.KindCallRequested || m.Parsed.Call != q+"-"+member {
			return nil
		}
		ev, err := w.log.Decode(ctx, m)
		if err != nil {
			return err
		}
		out = ev
		return errEnough
	})
	if !errors.Is(err, errEnough) {
		w.t.Fatalf("member %s is not asked: %v", member, err)
	}
	return out
}

// counts counts the events of a kind in the run's stream.
func (w *world) counts(k events.Kind) (n int) {
	w.t.Helper()
	err := w.log.Replay(w.t.Context(), bus.ReplayConfig{Stream: events.RunStream(run)}, func(m *bus.Message) error {
		if m.Parsed.Kind == k {
			n++
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// The voter asks the next member itself, with an order that holds everything,
// stops when members agree, and says what that saved. Started again between two
// answers it goes on, and asks nobody twice.
func TestAsksInTurn(t *testing.T) {
	w := newWorld(t)
	stop := w.serve()
	w.publish(inTurn("q", "sequential", ""))
	w.publish(ballot("q", "a", events.CallCompleted{Answer: "A: 42", LatencyNS: 10, CostUSD: "0.1"}))
	order := w.asked("q", "b")
	d := order.Data.(*events.CallRequested)
	if order.Member != "b" || order.Model != "model-b" || order.Condition != "majority" || order.Item != "item-q" || d.Seed != 5 ||
		len(d.Messages) != 1 || d.Messages[0].Content != "6 times 7?" || order.Cause != events.EventID(events.CompletedSubject(run, "q", "q-a").String()) {
		t.Errorf("order: %+v, %+v", order, d)
	}
	stop()
	stop = w.serve()
	w.publish(ballot("q", "b", events.CallCompleted{Answer: "A: 42.0", LatencyNS: 20, CostUSD: "0.2"}))
	v, _ := w.verdict("q")
	if v.Answer != "42" || v.Stop != "consensus" || v.CallsMade != 2 || v.CallsSaved != 1 || v.LatencyNS != 30 || v.CostUSD != "0.3" || len(v.Ballots) != 2 {
		t.Errorf("verdict: %+v", v)
	}
	stop()
	if n := w.counts(events.KindCallRequested); n != 1 {
		t.Errorf("%d orders by the voter, want 1", n)
	}
}

// A backup falls due by the clock, whether or not anything else happens; the
// answer that comes after the verdict changes nothing.
func TestBackupFallsDue(t *testing.T) {
	w := newWorld(t)
	defer w.serve()()
	w.publish(inTurn("q", "hedged", `{"hedge_delay_ns":50000000}`))
	begin := events.About(events.StartedSubject(run, "q", "q-a", 1), "test", "", time.Now())
	begin.Data = &events.CallStarted{Attempt: 1, Nonce: "n", Caller: "c"}
	w.publish(&begin)
	w.asked("q", "b")
	w.publish(ballot("q", "b", events.CallCompleted{Answer: "A: 42", LatencyNS: 7e6, CostUSD: "0.2"}))
	v, _ := w.verdict("q")
	if v.Answer != "42" || v.Stop != "first" || v.LatencyNS != 57e6 || v.Ballots[0].Outcome != "outstanding" {
		t.Errorf("verdict: %+v", v)
	}
	w.publish(ballot("q", "a", events.CallCompleted{Answer: "A: 41", LatencyNS: 90e6, CostUSD: "0.2"}))
	w.publish(query("next"))
	for _, m := range members {
		w.publish(ballot("next", m, events.CallCompleted{Answer: "A: 42", CostUSD: "0"}))
	}
	w.verdict("next")
	if n := w.counts(events.KindVoteDecided); n != 2 {
		t.Errorf("%d verdicts, want 2", n)
	}
}

// A parallel vote that can no longer change is decided while a call is under way.
func TestStopsEarly(t *testing.T) {
	w := newWorld(t)
	defer w.serve()()
	ev := query("q")
	ev.Data.(*events.QueryDispatched).Policy.Stop = "lossless"
	w.publish(ev)
	w.publish(ballot("q", "c", events.CallCompleted{Answer: "A: 42", LatencyNS: 30, CostUSD: "0"}))
	w.publish(ballot("q", "a", events.CallCompleted{Answer: "A: 42", LatencyNS: 10, CostUSD: "0"}))
	v, _ := w.verdict("q")
	if v.Answer != "42" || v.Stop != "lossless" || v.LatencyNS != 30 || v.CallsMade != 3 || v.Ballots[1].Outcome != "outstanding" {
		t.Errorf("verdict: %+v", v)
	}
}

// Two voters at once decide every query once.
func TestTwoVoters(t *testing.T) {
	w := newWorld(t)
	defer w.serve()()
	defer w.serve()()
	for i := range 20 {
		q := "q" + strconv.Itoa(i)
		w.publish(inTurn(q, "sequential", `{"min_consensus":1}`))
		w.publish(ballot(q, "a", events.CallCompleted{Answer: "A: 42", CostUSD: "0"}))
		w.asked(q, "b")
		w.publish(ballot(q, "b", events.CallCompleted{Answer: "A: 41", CostUSD: "0"}))
		w.asked(q, "c")
		w.publish(ballot(q, "c", events.CallCompleted{Answer: "A: 42", CostUSD: "0"}))
		if v, _ := w.verdict(q); v.Answer != "42" || v.CallsMade != 3 {
			t.Errorf("verdict: %+v", v)
		}
	}
	if n, m := w.counts(events.KindVoteDecided), w.counts(events.KindCallRequested); n != 20 || m != 40 {
		t.Errorf("%d verdicts and %d orders, want 20 and 40", n, m)
	}
}
