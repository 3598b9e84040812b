package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/outbox"
	"github.com/crucible-go/crucible/pkg/events"
)

const patience = 30 * time.Second

func openLog(t *testing.T) *bus.Bus {
	t.Helper()
	log, err := bus.Open(t.Context(), bus.Config{Dir: t.TempDir(), Durability: bus.Interval, Logger: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	return log
}

func vote(run string, n int) *events.Event {
	ev := events.About(events.VoteSubject(run, events.H(run, fmt.Sprint(n))), "test/1", "", time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC))
	ev.Data = &events.VoteDecided{State: events.VoteFailed, Reason: fmt.Sprint(n)}
	return &ev
}

// run runs an outbox until stop is called, which returns its error.
func run(t *testing.T, o *outbox.Outbox) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- o.Run(ctx) }()
	return func() error {
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(patience):
			t.Fatal("the outbox does not end")
			return nil
		}
	}
}

// What is put arrives in its order, more than are committed at once, and what is
// there already stays as it is.
func TestOrder(t *testing.T) {
	const n = 2500
	log := openLog(t)
	if err := log.EnsureRun(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	first := vote("r", 7)
	first.Source = "somebody/else"
	if _, err := log.PublishEvents(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	o := outbox.New(log)
	for i := range n / 2 { // before anybody publishes
		if err := o.Put(t.Context(), vote("r", i)); err != nil {
			t.Fatal(err)
		}
	}
	stop := run(t, o)
	for i := n / 2; i < n; i++ {
		if err := o.Put(t.Context(), vote("r", i)); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	enough := errors.New("enough")
	seen := 0
	err := log.Replay(ctx, bus.ReplayConfig{Stream: events.RunStream("r"), Follow: true}, func(m *bus.Message) error {
		want := seen - 1
		if seen == 0 {
			want = 7
		} else if want >= 7 {
			want++
		}
		if m.ID() != vote("r", want).ID {
			return fmt.Errorf("message %d is not event %d", m.Seq, want)
		}
		if seen++; seen == n {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Fatal(err)
	}
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

// An outbox whose log refuses says so.
func TestRefused(t *testing.T) {
	o := outbox.New(openLog(t))
	if err := o.Put(t.Context(), vote("nowhere", 1)); err != nil {
		t.Fatal(err)
	}
	if err := o.Run(t.Context()); !errors.Is(err, bus.ErrNoStream) {
		t.Fatalf("%v, want that there is no stream", err)
	}
}

// Whoever puts into a full outbox waits, as long as his context lasts.
func TestFull(t *testing.T) {
	o := outbox.New(nil)
	ctx, cancel := context.WithCancel(t.Context())
	waited := make(chan error)
	go func() {
		for {
			if err := o.Put(ctx, vote("r", 1)); err != nil {
				waited <- err
				return
			}
		}
	}()
	cancel()
	if err := <-waited; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

// An outbox can be started and stopped at any moment by many.
func TestStopsAndStarts(t *testing.T) {
	log := openLog(t)
	if err := log.EnsureRun(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	var g sync.WaitGroup
	for worker := range 10 {
		g.Go(func() {
			for cycle := range 20 {
				o := outbox.New(log)
				ctx, cancel := context.WithCancel(t.Context())
				if cycle%5 == 0 {
					cancel()
				}
				done := make(chan error, 1)
				go func() { done <- o.Run(ctx) }()
				_ = o.Put(ctx, vote("r", worker*20+cycle)) // the context may have ended
				cancel()
				if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			}
		})
	}
	g.Wait()
}
