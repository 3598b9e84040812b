package bus_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

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
	tb.Cleanup(func() {
		if err := b.Close(); err != nil {
			tb.Error(err)
		}
	})
	if err := b.EnsureRun(context.Background(), "r"); err != nil {
		tb.Fatal(err)
	}
	return b
}

func vote(n int) bus.Fact {
	return bus.Fact{Subject: events.VoteSubject("r", events.H("q", fmt.Sprint(n))).String(), Payload: make([]byte, 800)}
}

func votes(from, to int) []bus.Fact {
	out := make([]bus.Fact, 0, to-from)
	for n := from; n < to; n++ {
		out = append(out, vote(n))
	}
	return out
}

func publishAll(tb testing.TB, b *bus.Bus, facts []bus.Fact) time.Duration {
	tb.Helper()
	begun := time.Now()
	if _, err := b.Publish(context.Background(), facts...); err != nil {
		tb.Fatal(err)
	}
	return time.Since(begun)
}

// One publisher that waits for each fact: what a single fact costs.
func BenchmarkPublishOne(b *testing.B) {
	l := openEmbedded(b)
	facts := votes(0, 20_000)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		publishAll(b, l, facts[n%len(facts):n%len(facts)+1])
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "facts/s")
}

// 1,024 facts under way: what group commit makes of it.
func BenchmarkPublish1024(b *testing.B) {
	l := openEmbedded(b)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		b.StopTimer()
		facts := votes(n, n+1024)
		b.StartTimer()
		publishAll(b, l, facts)
		n += 1024
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "facts/s")
}

// A thousand publishers that wait for one fact each, as handlers do.
func BenchmarkPublishParallel(b *testing.B) {
	l := openEmbedded(b)
	facts := votes(0, 300_000)
	var next atomic.Int64
	b.SetParallelism(512)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := int(next.Add(1)) % len(facts)
			if _, err := l.Publish(context.Background(), facts[i:i+1]...); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "facts/s")
}

// 10,000 facts that are in the log, mixed with as many new ones. The metric is
// the time over that of the new ones alone.
func BenchmarkRepublish(b *testing.B) {
	for b.Loop() {
		mixed, alone := republish(b, 10_000)
		b.ReportMetric(float64(mixed)/float64(alone), "x")
		b.ReportMetric(float64(alone.Nanoseconds())/1e4, "ns/new")
		b.ReportMetric(float64(mixed.Nanoseconds())/2e4, "ns/mixed")
	}
}

func republish(tb testing.TB, n int) (mixed, alone time.Duration) {
	l := openEmbedded(tb)
	alone = publishAll(tb, l, votes(0, n))
	facts := make([]bus.Fact, 0, 2*n)
	for i := range n {
		facts = append(facts, vote(i), vote(n+i))
	}
	return publishAll(tb, l, facts), alone
}

// Deliveries to handlers that do nothing, acknowledgements included.
func BenchmarkConsume(b *testing.B) {
	const n = 20_000
	l := openEmbedded(b)
	publishAll(b, l, votes(0, n))
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		ctx, stop := context.WithCancel(context.Background())
		left := make(chan struct{}, n)
		done := make(chan error, 1)
		go func() {
			done <- l.Consume(ctx, bus.ConsumeConfig{Stream: events.RunStream("r"), Durable: fmt.Sprint("d", i), Workers: 512},
				func(context.Context, *bus.Message) error { left <- struct{}{}; return nil })
		}()
		for range n {
			<-left
		}
		stop()
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n*i)/b.Elapsed().Seconds(), "messages/s")
}

// Reading a stream from its beginning.
func BenchmarkReplay(b *testing.B) {
	const n = 20_000
	l := openEmbedded(b)
	publishAll(b, l, votes(0, n))
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		if err := l.Replay(context.Background(), bus.ReplayConfig{Stream: events.RunStream("r")}, func(*bus.Message) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n*i)/b.Elapsed().Seconds(), "messages/s")
}

// Finding facts, a thousand at a time.
func BenchmarkLookup(b *testing.B) {
	const n = 20_000
	l := openEmbedded(b)
	facts := votes(0, n)
	publishAll(b, l, facts)
	subjects := make([]string, n)
	for i, f := range facts {
		subjects[i] = f.Subject
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		from := i * 1000 % n
		if _, err := l.Lookup(context.Background(), events.RunStream("r"), subjects[from:from+1000]); err != nil {
			b.Fatal(err)
		}
		i++
	}
	b.ReportMetric(float64(1000*i)/b.Elapsed().Seconds(), "facts/s")
}

// The point of group commit, and that looking up is cheaper than offering. The
// bounds are loose: the machine may be busy.
func TestThroughputRatios(t *testing.T) {
	l := openEmbedded(t)
	const ones, many = 100, 4096
	begun := time.Now()
	for i := range ones {
		publishAll(t, l, votes(i, i+1))
	}
	one := float64(time.Since(begun)) / ones
	group := float64(publishAll(t, l, votes(ones, ones+many))) / many
	t.Logf("a fact alone %.0f us, in a group %.0f us: %.1f times faster", one/1e3, group/1e3, one/group)
	if one/group < 4 {
		t.Errorf("group commit is only %.1f times faster than single publishes, want 8 and at least 4", one/group)
	}
	mixed, alone := republish(t, 5000)
	t.Logf("new facts %v, mixed with as many old ones %v", alone, mixed)
	if ratio := float64(mixed) / float64(alone); ratio > 5 {
		t.Errorf("old facts among new ones cost %.1f times as much, want at most 3 and 5 when busy", ratio)
	}
}
