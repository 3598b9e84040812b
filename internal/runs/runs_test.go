package runs_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"pgregory.net/rapid"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/results/resultstest"
	"github.com/crucible-go/crucible/internal/runs"
	"github.com/crucible-go/crucible/pkg/events"
)

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

func openLog(t *testing.T) *bus.Bus {
	t.Helper()
	log, err := bus.Open(t.Context(), bus.Config{Dir: t.TempDir(), Durability: bus.Interval, Logger: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := log.EnsureControl(t.Context()); err != nil {
		t.Fatal(err)
	}
	return log
}

// say publishes one control event.
func say(t *testing.T, log *bus.Bus, s events.Subject, data events.Data) {
	t.Helper()
	ev := events.About(s, "test/1", "", time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC))
	ev.Data = data
	if _, err := log.PublishEvents(t.Context(), &ev); err != nil {
		t.Fatal(err)
	}
}

func end(t *testing.T, log *bus.Bus, run string) {
	t.Helper()
	say(t, log, events.RunSubject(events.KindRunCompleted, run), &events.RunCompleted{RunEnd: events.RunEnd{State: events.StateComplete, CostUSD: "0"}})
}

func wait[T any](t *testing.T, c <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		t.Fatalf("%s: nothing came", what)
	}
	return v
}

// watching runs Watch and hands out the runs that it attaches.
func watching(t *testing.T, log *bus.Bus, attend func(*runs.Run) bool) (attached <-chan *runs.Run, stop func() error) {
	t.Helper()
	c := make(chan *runs.Run, 100)
	done := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		done <- runs.Watch(ctx, log, attend, func(ctx context.Context, r *runs.Run) error {
			c <- r
			<-ctx.Done()
			return nil
		})
	}()
	stop = sync.OnceValue(func() error {
		cancel()
		return wait(t, done, "the end of Watch")
	})
	t.Cleanup(func() { _ = stop() })
	return c, stop
}

// Watch attaches open runs of the past and runs to come, each once, whatever is
// said of them afterwards; runs that have ended or were never planned it leaves.
func TestWatch(t *testing.T) {
	log := openLog(t)
	resultstest.Start(t, log, "past", 1)
	resultstest.Start(t, log, "over", 1)
	end(t, log, "over")
	say(t, log, events.RunSubject(events.KindRunRequested, "rejected"), &events.RunRequested{Spec: "x"})
	say(t, log, events.RunSubject(events.KindRunRejected, "rejected"), &events.RunRejected{Reason: "no"})

	attached, stop := watching(t, log, (*runs.Run).Open)
	past := wait(t, attached, "the run of the past")
	resultstest.Start(t, log, "future", 1)
	future := wait(t, attached, "the run to come")
	if past.ID != "past" || future.ID != "future" || future.Planned.Queries != 2 {
		t.Fatalf("attached %s and %s", past.ID, future.ID)
	}
	say(t, log, events.SuspendedSubject("past", 1), &events.RunSuspended{Reason: "disk"})
	end(t, log, "past")
	wait(t, past.Ended(), "the end of the run")
	if past.Open() || past.End() == nil || past.End().Type != events.KindRunCompleted {
		t.Fatalf("the run has ended with %v", past.End())
	}
	resultstest.Start(t, log, "last", 1)
	if r := wait(t, attached, "the last run"); r.ID != "last" {
		t.Fatalf("%s is attached again", r.ID)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if len(attached) > 0 {
		t.Fatalf("%s is attached too", (<-attached).ID)
	}
}

// The error of one run ends the watching of all.
func TestWatchFails(t *testing.T) {
	log := openLog(t)
	resultstest.Start(t, log, "a", 1)
	resultstest.Start(t, log, "b", 1)
	broken := errors.New("broken")
	err := runs.Watch(t.Context(), log, (*runs.Run).Open, func(ctx context.Context, r *runs.Run) error {
		if r.ID == "b" {
			return broken
		}
		<-ctx.Done()
		return nil
	})
	if !errors.Is(err, broken) {
		t.Fatal(err)
	}
}

// Watching can be ended at any moment, also before it has begun.
func TestWatchStopsAndStarts(t *testing.T) {
	log := openLog(t)
	for i := range 5 {
		resultstest.Start(t, log, fmt.Sprintf("run%d", i), 1)
	}
	var g sync.WaitGroup
	for range 10 {
		g.Go(func() {
			for cycle := range 20 {
				ctx, cancel := context.WithCancel(t.Context())
				if cycle%4 == 0 {
					cancel()
				}
				err := runs.Watch(ctx, log, (*runs.Run).Open, func(ctx context.Context, r *runs.Run) error {
					if r.ID == fmt.Sprintf("run%d", cycle%5) {
						cancel()
					}
					<-ctx.Done()
					return nil
				})
				cancel()
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	g.Wait()
}

func TestSuspensions(t *testing.T) {
	log := openLog(t)
	resultstest.Start(t, log, "r", 1)
	attached, _ := watching(t, log, (*runs.Run).Open)
	r := wait(t, attached, "the run")
	if !r.WaitResumed(t.Context()) {
		t.Fatal("a run that was never suspended does not go on")
	}
	_, _, changed := r.Suspensions()
	say(t, log, events.SuspendedSubject("r", 1), &events.RunSuspended{Reason: "disk"})
	wait(t, changed, "the suspension")
	if suspended, resumed, _ := r.Suspensions(); suspended != 1 || resumed != 0 {
		t.Fatalf("%d suspensions, %d resumptions", suspended, resumed)
	}
	goes := make(chan bool, 1)
	go func() { goes <- r.WaitResumed(t.Context()) }()
	if l, err := r.Limit(); err != nil || !l.None() {
		t.Fatalf("a run without a budget has %s: %v", l, err)
	}
	say(t, log, events.ResumedSubject("r", 1), &events.RunResumed{Reason: "test", Budget: &events.Budget{USD: "2.00", Calls: 7}})
	if !wait(t, goes, "the resumption") {
		t.Fatal("a resumed run does not go on")
	}
	if l, err := r.Limit(); err != nil || l.String() != "$2, 7 calls" {
		t.Fatalf("the new budget is %s: %v", l, err)
	}
	_, _, changed = r.Suspensions()
	say(t, log, events.SuspendedSubject("r", 2), &events.RunSuspended{Reason: "disk"})
	wait(t, changed, "the second suspension")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if r.WaitResumed(gone) {
		t.Fatal("a suspended run goes on")
	}
	go func() { goes <- r.WaitResumed(t.Context()) }()
	ctx, stop := r.UntilEnded(t.Context())
	defer stop()
	say(t, log, events.RunSubject(events.KindRunCancelRequested, "r"), &events.RunCancelRequested{})
	wait(t, r.CancelRequested(), "the request to stop")
	if !wait(t, goes, "the request to stop") {
		t.Fatal("nobody ends a suspended run that is to stop")
	}
	end(t, log, "r")
	wait(t, r.Ended(), "the end")
	if r.WaitResumed(t.Context()) {
		t.Fatal("a run that has ended goes on")
	}
	wait(t, ctx.Done(), "the end of what lasts until the end")
}

// What a table says of a run does not depend on the order in which suspensions
// and resumptions are read, and reading twice changes nothing.
func TestTableOrder(t *testing.T) {
	log := openLog(t)
	resultstest.Start(t, log, "r", 1)
	for n := 1; n <= 3; n++ {
		say(t, log, events.SuspendedSubject("r", n), &events.RunSuspended{Reason: "disk"})
		say(t, log, events.ResumedSubject("r", n), &events.RunResumed{Reason: "test"})
	}
	say(t, log, events.RunSubject(events.KindRunCancelRequested, "r"), &events.RunCancelRequested{})
	end(t, log, "r")
	var ms []*bus.Message
	if err := log.Replay(t.Context(), bus.ReplayConfig{Stream: events.ControlStream}, func(m *bus.Message) error {
		ms = append(ms, m)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		order := rapid.Permutation(slices.Concat(ms, ms)).Draw(rt, "order")
		table := new(runs.Table)
		for _, m := range order {
			if r := table.Apply(t.Context(), log, m); r == nil || r.ID != "r" {
				rt.Fatalf("%s is about %v", m.Subject, r)
			}
		}
		r := table.Get("r")
		suspended, resumed, _ := r.Suspensions()
		if len(table.All()) != 1 || suspended != 3 || resumed != 3 || r.Planned == nil || r.Open() || r.Reported() || !r.Unanalysed() || r.Analysis() != nil {
			rt.Fatalf("%+v", r)
		}
		select {
		case <-r.CancelRequested():
		default:
			rt.Fatal("the request to stop is forgotten")
		}
	})
	loaded, last, err := runs.Load(t.Context(), log)
	if err != nil || last != uint64(len(ms)) || loaded.Get("r") == nil || loaded.Get("s") != nil {
		t.Fatalf("loaded up to %d of %d: %v", last, len(ms), err)
	}
}

// An event that cannot be read changes nothing; the run is known by its subject.
func TestUnreadable(t *testing.T) {
	log := openLog(t)
	fact := bus.Fact{Subject: events.RunSubject(events.KindRunPlanned, "r").String(), Payload: []byte("nonsense")}
	if _, err := log.Publish(t.Context(), fact); err != nil {
		t.Fatal(err)
	}
	table, _, err := runs.Load(t.Context(), log)
	if err != nil {
		t.Fatal(err)
	}
	if r := table.Get("r"); r == nil || r.Planned != nil || !r.Open() {
		t.Fatalf("%+v", r)
	}
}
