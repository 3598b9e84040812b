package bus_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/rs/zerolog"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/pkg/events"
)

func openEmbedded(tb testing.TB) *bus.Bus {
	tb.Helper()
	b, err := bus.Open(context.Background(), bus.Config{Dir: tb.TempDir(), Logger: zerolog.Nop()})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = b.Close() })
	if err := b.EnsureRun(context.Background(), "r"); err != nil {
		tb.Fatal(err)
	}
	return b
}

func vote(n int) bus.Fact {
	return bus.Fact{Subject: events.VoteSubject("r", events.H("q", fmt.Sprint(n))).String(), Payload: make([]byte, 800)}
}

func BenchmarkPublishOne(b *testing.B) {
	l := openEmbedded(b)
	for i := 0; b.Loop(); i++ {
		if _, err := l.Publish(context.Background(), vote(i)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "facts/s")
}

func BenchmarkPublish1024(b *testing.B) {
	l := openEmbedded(b)
	n := 0
	for b.Loop() {
		facts := make([]bus.Fact, 1024)
		for i := range facts {
			facts[i] = vote(n)
			n++
		}
		if _, err := l.Publish(context.Background(), facts...); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "facts/s")
}
