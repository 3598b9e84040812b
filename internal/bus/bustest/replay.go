package bustest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/pkg/events"
)

// A replay yields the stream, or the asked part of it, in order, and ends.
func testReplay(t *testing.T, logs Factory) {
	_, b, ctx := fresh(t, logs)
	if got := readAll(ctx, t, b); got != nil {
		t.Errorf("%d messages in an empty stream", len(got))
	}
	publish(ctx, t, b, Facts(0, 3000, "a")...)
	started := events.StartedSubject(run, "q", "c", 1).String()
	publish(ctx, t, b, bus.Fact{Subject: started, Payload: []byte("{}"), Trace: "00-ab-cd-01"})
	stream := events.RunStream(run)
	for _, c := range []struct {
		config      bus.ReplayConfig
		first, last uint64
		n           int
	}{
		{bus.ReplayConfig{}, 1, 3001, 3001},
		{bus.ReplayConfig{From: 2990}, 2990, 3001, 12},
		{bus.ReplayConfig{Until: 10}, 1, 10, 10},
		{bus.ReplayConfig{From: 5, Until: 2500}, 5, 2500, 2496},
		{bus.ReplayConfig{Filter: events.Subject{Kind: events.KindCallStarted, Run: run}.Filter()}, 3001, 3001, 1},
		{bus.ReplayConfig{Filter: events.Subject{Kind: events.KindCallStarted, Run: run}.Filter(), Until: 100}, 0, 0, 0},
		{bus.ReplayConfig{Filter: events.Subject{Kind: events.KindDeadLetter, Run: run}.Filter()}, 0, 0, 0},
		{bus.ReplayConfig{Filter: events.Subject{Kind: events.KindVoteDecided, Run: run}.Filter(), Until: 1500}, 1, 1500, 1500},
	} {
		c.config.Stream = stream
		var seqs []uint64
		must(t, b.Replay(ctx, c.config, func(m *bus.Message) error {
			seqs = append(seqs, m.Seq)
			if m.Subject == started && (m.Trace != "00-ab-cd-01" || m.Parsed.Attempt() != 1) {
				t.Errorf("odd message: %+v", m)
			}
			return nil
		}))
		if len(seqs) != c.n || c.n > 0 && (seqs[0] != c.first || seqs[c.n-1] != c.last) || !slices.IsSorted(seqs) {
			t.Errorf("%+v: %d messages, want %d to %d", c.config, len(seqs), c.first, c.last)
		}
	}
	stop := errors.New("enough")
	if err := b.Replay(ctx, bus.ReplayConfig{Stream: stream}, func(*bus.Message) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("replay returned %v, want the handler's own error", err)
	}
	wantIs(t, "beyond the end", b.Replay(ctx, bus.ReplayConfig{Stream: stream, Until: 9999}, func(*bus.Message) error { return nil }), bus.ErrGap)
}

// A reader that follows sees every message once, in order, whatever happens to
// the server.
func testReplayFollow(t *testing.T, logs Factory) {
	l, b, ctx := fresh(t, logs)
	const n = 1200
	next := uint64(1)
	all := signal()
	sub, stop := context.WithCancel(ctx)
	done := background(t, func() error {
		return b.Replay(sub, bus.ReplayConfig{Stream: events.RunStream(run), Follow: true}, func(m *bus.Message) error {
			if m.Seq != next {
				t.Errorf("sequence %d, want %d", m.Seq, next)
			}
			if next = m.Seq + 1; m.Seq == n {
				close(all)
			}
			return nil
		})
	})
	for i := 0; i < n; i += 100 {
		publish(ctx, t, b, Facts(i, i+100, "a")...)
		if l.Restart != nil && i%400 == 0 {
			l.Restart(t)
		}
	}
	wait(t, all, "all messages")
	stop()
	wait(t, done, "the reader")
}

// One leads; when it returns the next takes over at once.
func testLead(t *testing.T, logs Factory) {
	l, _, ctx := fresh(t, logs)
	var leading, terms atomic.Int32
	var stopped []<-chan struct{}
	begun := time.Now()
	for range 4 {
		b := l.Open(t)
		stopped = append(stopped, background(t, func() error {
			return b.Lead(ctx, "sink-"+run, func(ctx context.Context) error {
				if n := leading.Add(1); n != 1 {
					t.Errorf("%d lead at a time", n)
				}
				terms.Add(1)
				if held, err := b.Held(ctx, "sink-"+run); err != nil || !held {
					t.Errorf("held by its leader: %v, %v", held, err)
				}
				pause(ctx, 20*time.Millisecond)
				leading.Add(-1)
				return ctx.Err()
			})
		}))
	}
	for _, s := range stopped {
		wait(t, s, "a leader")
	}
	if terms.Load() != 4 {
		t.Errorf("%d terms, want 4", terms.Load())
	}
	if d := time.Since(begun); d > 4*time.Second {
		t.Errorf("four short terms took %v: leases were not given back", d)
	}
	if held, err := l.Open(t).Held(ctx, "sink-"+run); err != nil || held {
		t.Errorf("held by nobody: %v, %v", held, err)
	}
	fail := errors.New("f failed")
	if err := l.Open(t).Lead(ctx, "other", func(context.Context) error { return fail }); !errors.Is(err, fail) {
		t.Errorf("lead returned %v", err)
	}
	gone, cancel := context.WithCancel(ctx)
	if err := l.Open(t).Lead(gone, "other", func(ctx context.Context) error { cancel(); <-ctx.Done(); return ctx.Err() }); err != nil {
		t.Errorf("lead returned %v after its context ended", err)
	}
}

// A leader whose server vanishes stops leading, and somebody leads afterwards.
func testLeadCrash(t *testing.T, logs Factory) {
	l, _, ctx := fresh(t, logs)
	a, b := l.Open(t), l.Open(t)
	first, second := signal(), signal()
	sub, stop := context.WithCancel(ctx)
	var n atomic.Int32
	lead := func(bus *bus.Bus) func() error {
		return func() error {
			err := bus.Lead(sub, "crash", func(ctx context.Context) error {
				switch n.Add(1) {
				case 1:
					close(first)
				case 2:
					close(second)
				}
				<-ctx.Done()
				return ctx.Err()
			})
			if l.Restart == nil && err != nil { // its own connection was closed
				return nil
			}
			return err
		}
	}
	doneA := background(t, lead(a))
	wait(t, first, "the first leader")
	if l.Restart != nil {
		doneB := background(t, lead(b))
		l.Restart(t) // which forgets the lease, unless others know of it
		if !l.Replicated {
			wait(t, second, "a leader after the restart")
		}
		stop()
		wait(t, doneB, "the second candidate")
	} else {
		b = l.Crash(t, a)
		doneB := background(t, lead(b))
		wait(t, second, "a leader after the crash")
		stop()
		wait(t, doneB, "the second candidate")
	}
	wait(t, doneA, "the first candidate")
}

// Objects are found by their content's hash, once, whole.
func testObjects(t *testing.T, logs Factory) {
	_, b, ctx := fresh(t, logs)
	rnd := rand.NewChaCha8([32]byte{1})
	for _, n := range []int{0, 1, 300_000, 9 << 20} {
		data := bytes.Repeat([]byte{0}, n)
		_, _ = rnd.Read(data)
		for _, r := range []io.Reader{bytes.NewReader(data), iotest.HalfReader(bytes.NewReader(data))} {
			id, size, err := b.PutObject(ctx, r)
			must(t, err)
			if size != int64(n) {
				t.Errorf("size %d, want %d", size, n)
			}
			got, err := b.GetObject(ctx, id)
			must(t, err)
			back, err := io.ReadAll(got)
			must(t, err)
			must(t, got.Close())
			if !bytes.Equal(back, data) {
				t.Errorf("%d bytes came back as others", n)
			}
		}
	}
	_, err := b.GetObject(ctx, strings.Repeat("0", 64))
	wantIs(t, "get", err, bus.ErrNoObject)
	if _, err := b.GetObject(ctx, "../x"); err == nil {
		t.Error("a name that is no hash was accepted")
	}
}

// Large data leaves the event for the object store and comes back by Decode.
func testClaimCheck(t *testing.T, logs Factory) {
	_, b, ctx := fresh(t, logs)
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	for i, n := range []int{10, events.MaxBody, 2 << 20} {
		ev := events.About(events.CompletedSubject(run, "q", fmt.Sprint("c", i)), "tester", "", at)
		answer := strings.Repeat("é\n", n/3)
		ev.Data = &events.CallCompleted{Outcome: events.CallAnswered, Answer: answer, CostUSD: "0"}
		stored, err := b.PublishEvents(ctx, &ev)
		must(t, err)
		if ev.DataRef != "" || len(stored[0].Payload) > events.MaxBody {
			t.Errorf("%d bytes: payload of %d, event changed: %v", n, len(stored[0].Payload), ev.DataRef != "")
		}
		found, err := b.Lookup(ctx, events.RunStream(run), []string{ev.Subject})
		must(t, err)
		back, err := b.Decode(ctx, found[0])
		must(t, err)
		if got := back.Data.(*events.CallCompleted).Answer; got != answer || !back.Time.Equal(at) || (back.DataRef != "") != (i > 0) {
			t.Errorf("%d bytes: came back as %d, reference %q", len(answer), len(got), back.DataRef)
		}
	}
	found, err := b.Lookup(ctx, events.RunStream(run), []string{events.CompletedSubject(run, "q", "c0").String()})
	must(t, err)
	found[0].Payload = []byte("{")
	if _, err := b.Decode(ctx, found[0]); !bus.IsMalformed(err) {
		t.Errorf("decoding rubbish: %v", err)
	}
}

// A run's stream can be listed and removed; a run of the same name begins anew.
func testArchive(t *testing.T, logs Factory) {
	_, b, ctx := fresh(t, logs)
	must(t, b.EnsureRun(ctx, "another"))
	publish(ctx, t, b, Facts(0, 10, "a")...)
	runs, err := b.Runs(ctx)
	must(t, err)
	if !slices.Equal(runs, []string{"another", run}) {
		t.Errorf("runs %v", runs)
	}
	i, err := b.StreamInfo(ctx, events.RunStream(run))
	must(t, err)
	if i.First != 1 || i.Last != 10 || i.Messages != 10 || i.Bytes == 0 || i.Replicas == 0 {
		t.Errorf("info %+v", i)
	}
	must(t, b.DeleteRun(ctx, run))
	_, err = b.Publish(ctx, Fact(1, "a"))
	wantIs(t, "publish", err, bus.ErrNoStream)
	must(t, b.EnsureRun(ctx, run))
	if s := publish(ctx, t, b, Fact(1, "b")); !s[0].New || s[0].Seq != 1 {
		t.Errorf("in the new stream: %+v", s[0])
	}
}

// Whatever was acknowledged survives kill -9 of the server, is there once, and
// is handled.
func testCrashes(t *testing.T, logs Factory) {
	l, b, ctx := fresh(t, logs)
	if l.Restart == nil {
		publish(ctx, t, b, Facts(0, 100, "a")...)
		b = l.Crash(t, b)
		if got := len(readAll(ctx, t, b)); got != 100 {
			t.Errorf("%d facts after the restart, want 100", got)
		}
		return
	}
	const writers, rounds, per = 3, 12, 60
	handled := newTally(writers * rounds * per)
	sub, stop := context.WithCancel(ctx)
	c := consumer("crash")
	c.AckWait = 2 * time.Second
	worker := l.Open(t)
	done := background(t, func() error {
		return worker.Consume(sub, c, func(_ context.Context, m *bus.Message) error {
			handled.add(m.Subject)
			return nil
		})
	})
	var wg sync.WaitGroup
	half := newTally(writers * rounds / 2)
	for w := range writers {
		pub := l.Open(t)
		wg.Go(func() {
			for r := range rounds {
				from := (w*rounds + r) * per
				size := 1 + (per-1)*(r%2) // batches and singles
				for i := from; i < from+per; i += size {
					stored, err := pub.Publish(ctx, Facts(i, i+size, fmt.Sprint(w))...)
					if err != nil {
						t.Error(err)
						return
					}
					for _, s := range stored {
						if !s.New {
							t.Errorf("an own fact counts as another's: %d", s.Seq)
						}
					}
				}
				half.add(fmt.Sprint(from))
			}
		})
	}
	wait(t, half.done, "half of the facts")
	for range 3 {
		l.Restart(t)
	}
	wg.Wait()
	wait(t, handled.done, "all facts to be handled")
	stop()
	wait(t, done, "the consumer")
	if got := len(readAll(ctx, t, l.Open(t))); got != writers*rounds*per {
		t.Errorf("%d facts in the log, want %d", got, writers*rounds*per)
	}
}
