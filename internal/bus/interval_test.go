package bus_test

import (
	"context"
	"testing"

	"github.com/rs/zerolog"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/bus/bustest"
	"github.com/crucible-go/crucible/pkg/events"
)

// Without fsync the log keeps its other promises, and never uses batches, which
// only pay for a disk.
func TestInterval(t *testing.T) {
	b, err := bus.Open(t.Context(), bus.Config{Dir: t.TempDir(), Durability: bus.Interval, Logger: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}()
	if b.Durability() != bus.Interval || !b.Embedded() {
		t.Errorf("durability %s, embedded %v", b.Durability(), b.Embedded())
	}
	if err := b.EnsureRun(t.Context(), "run1"); err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		stored, err := b.Publish(t.Context(), bustest.Facts(0, 1500, "a")...)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range stored {
			if s.New != (round == 0) || s.Seq != uint64(i+1) {
				t.Fatalf("round %d, fact %d: %+v", round, i, s)
			}
		}
	}
	s, err := b.JetStream().Stream(context.Background(), events.RunStream("run1"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.GetMsg(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if m.Header.Get("Nats-Batch-Id") != "" || m.Header.Get("Nats-Msg-Id") != events.EventID(m.Subject) {
		t.Errorf("headers %v", m.Header)
	}
}
