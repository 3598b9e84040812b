package bustest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/pkg/events"
)

func consumer(durable string) bus.ConsumeConfig {
	return bus.ConsumeConfig{
		Stream: events.RunStream(run), Durable: durable, Service: "tester", Workers: 16,
		Filter: events.Subject{Kind: events.KindVoteDecided, Run: run}.Filter(),
	}
}

// Every message is handled once, with its circumstances, while more are written.
func testConsume(t *testing.T, logs Factory) {
	_, b, ctx := fresh(t, logs)
	publish(ctx, t, b, Facts(0, 500, "a")...)
	c := consumer("all")
	seen := newTally(1000)
	var active, most atomic.Int32
	var attached sync.Once
	begun := signal()
	sub, stop := context.WithCancel(ctx)
	done := background(t, func() error {
		return b.Consume(sub, c, func(_ context.Context, m *bus.Message) error {
			n := active.Add(1)
			defer active.Add(-1)
			for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
			}
			if m.Parsed.Kind != events.KindVoteDecided || m.Parsed.Run != run || m.Stream != c.Stream || m.Deliveries != 1 || m.Time.IsZero() {
				t.Errorf("odd message: %+v", m)
			}
			if m.Maybe != (m.Seq <= 500) {
				t.Errorf("sequence %d: maybe %v", m.Seq, m.Maybe)
			}
			seen.add(m.Subject)
			attached.Do(func() { close(begun) })
			return nil
		})
	})
	wait(t, begun, "the first message")
	for i := 500; i < 1000; i += 50 {
		publish(ctx, t, b, Facts(i, i+50, "a")...)
	}
	wait(t, seen.done, "all messages")
	stop()
	wait(t, done, "the consumer")
	for n := range 1000 {
		if got := seen.count(subject(n)); got != 1 {
			t.Errorf("message %d: handled %d times", n, got)
		}
	}
	if most.Load() > 16 {
		t.Errorf("%d handlers at a time, want at most 16", most.Load())
	}
	untilCaughtUp(ctx, t, b, "all")
}

// untilCaughtUp waits for the consumer: acknowledgements take their time.
func untilCaughtUp(ctx context.Context, tb testing.TB, b *bus.Bus, durable string) {
	tb.Helper()
	for {
		ok, err := b.CaughtUp(ctx, events.RunStream(run), durable)
		must(tb, err)
		if ok {
			return
		}
	}
}

// What cannot be handled leaves exactly one dead letter, whatever the reason.
func testDeadLetters(t *testing.T, logs Factory) {
	_, b, ctx := fresh(t, logs)
	const each = 3
	publish(ctx, t, b, Facts(0, 4*each, "a")...)
	kinds := map[string]int{}
	for n := range 4 * each {
		kinds[subject(n)] = n % 4
	}
	c := consumer("dead")
	c.MaxDeliver = 3
	var mu sync.Mutex
	hooked := map[string]int{}
	c.OnDead = func(_ context.Context, m *bus.Message, err error) {
		mu.Lock()
		defer mu.Unlock()
		hooked[m.Subject]++
		if err == nil {
			t.Error("no reason")
		}
	}
	tries, ended := newTally(4*each), newTally(4*each)
	sub, stop := context.WithCancel(ctx)
	done := background(t, func() error {
		return b.Consume(sub, c, func(_ context.Context, m *bus.Message) error {
			n := tries.add(m.Subject)
			if kinds[m.Subject] == 0 || n == c.MaxDeliver {
				ended.add(m.Subject)
			}
			switch kinds[m.Subject] {
			case 1:
				return bus.Malformed(errors.New("unreadable"))
			case 2:
				panic("handler is broken")
			case 3:
				return errors.New("no luck")
			}
			return nil
		})
	})
	wait(t, ended.done, "all attempts")
	untilCaughtUp(ctx, t, b, "dead")
	stop()
	wait(t, done, "the consumer")
	letters := map[string]int{}
	for _, m := range readAll(ctx, t, b) {
		if m.Parsed.Kind != events.KindDeadLetter {
			continue
		}
		ev, err := b.Decode(ctx, m)
		must(t, err)
		d := ev.Data.(*events.DeadLetter)
		letters[d.Subject]++
		sum := sha256.Sum256(payloadOf(ctx, t, b, d.Subject))
		if d.Service != "tester" || d.Error == "" || d.SHA256 != hex.EncodeToString(sum[:]) || m.Parsed.Tail != events.EventID(d.Subject) {
			t.Errorf("odd dead letter: %+v", d)
		}
	}
	for s, kind := range kinds {
		want, deaths := 3, 1
		if kind == 0 {
			want, deaths = 1, 0
		}
		if tries.count(s) != want || letters[s] != deaths || hooked[s] != deaths {
			t.Errorf("kind %d: %d tries, %d dead letters, %d calls of OnDead; want %d, %d, %d", kind, tries.count(s), letters[s], hooked[s], want, deaths, deaths)
		}
	}
}

func payloadOf(ctx context.Context, tb testing.TB, b *bus.Bus, subject string) []byte {
	tb.Helper()
	m, err := b.Lookup(ctx, events.RunStream(run), []string{subject})
	must(tb, err)
	return m[0].Payload
}

// Asking to wait is not failing.
func testRetryAfter(t *testing.T, logs Factory) {
	_, b, ctx := fresh(t, logs)
	publish(ctx, t, b, Fact(1, "a"))
	c := consumer("later")
	c.MaxDeliver = 2
	enough := signal()
	var n atomic.Int32
	sub, stop := context.WithCancel(ctx)
	done := background(t, func() error {
		return b.Consume(sub, c, func(_ context.Context, m *bus.Message) error {
			switch k := n.Add(1); {
			case k < 6:
				return bus.RetryAfter(5*time.Millisecond, errors.New("not yet"))
			case k == 6:
				return errors.New("failed once")
			}
			close(enough)
			return nil
		})
	})
	wait(t, enough, "the last attempt")
	untilCaughtUp(ctx, t, b, "later")
	stop()
	wait(t, done, "the consumer")
	if got := len(readAll(ctx, t, b)); got != 1 {
		t.Errorf("%d facts in the log, want no dead letter", got)
	}
}

// A shutdown lets handlers finish, gives back what cannot be finished, and takes
// nothing new.
func testDrain(t *testing.T, logs Factory) {
	_, b, ctx := fresh(t, logs)
	publish(ctx, t, b, Facts(0, 40, "a")...)
	c := consumer("drain")
	c.Workers = 4
	c.Grace = 2 * time.Second
	started, release := newTally(4), signal()
	sub, stop := context.WithCancel(ctx)
	finished := newTally(3)
	done := background(t, func() error {
		return b.Consume(sub, c, func(ctx context.Context, m *bus.Message) error {
			if m.Seq == 1 { // only ends when it is told to
				started.add(m.Subject)
				<-ctx.Done()
				return ctx.Err()
			}
			started.add(m.Subject)
			<-release
			finished.add(m.Subject)
			return nil
		})
	})
	wait(t, started.done, "four handlers")
	stop()
	close(release)
	wait(t, finished.done, "three handlers that finish")
	wait(t, done, "the consumer")
	if started.total != 4 {
		t.Errorf("%d handlers were started, want none after the shutdown", started.total)
	}
	rest := newTally(37)
	sub2, stop2 := context.WithCancel(ctx)
	done2 := background(t, func() error {
		return b.Consume(sub2, c, func(_ context.Context, m *bus.Message) error {
			if finished.count(m.Subject) > 0 {
				t.Errorf("%d came again", m.Seq)
			}
			rest.add(m.Subject)
			return nil
		})
	})
	wait(t, rest.done, "what was left, without waiting for AckWait")
	stop2()
	wait(t, done2, "the second consumer")
}

// A handler that takes much longer than AckWait has its message for itself.
func testLongHandler(t *testing.T, logs Factory) {
	l, b, ctx := fresh(t, logs)
	publish(ctx, t, b, Facts(0, 3, "a")...)
	c := consumer("long")
	c.AckWait = 3 * time.Second // the machine may be busy elsewhere
	runs := newTally(3)
	sub, stop := context.WithCancel(ctx)
	var stopped []<-chan struct{}
	handled := newTally(3)
	for range 3 { // peers that are free to take what seems abandoned
		peer := l.Open(t)
		stopped = append(stopped, background(t, func() error {
			return peer.Consume(sub, c, func(ctx context.Context, m *bus.Message) error {
				runs.add(m.Subject)
				pause(ctx, 2*c.AckWait)
				handled.add(m.Subject)
				return nil
			})
		}))
	}
	wait(t, handled.done, "the long handlers")
	untilCaughtUp(ctx, t, b, "long")
	stop()
	for _, s := range stopped {
		wait(t, s, "a consumer")
	}
	for n := range 3 {
		if got := runs.count(subject(n)); got != 1 {
			t.Errorf("message %d was handled %d times", n, got)
		}
	}
}

// pause is the work of a handler that takes d.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// After a crash Reset brings back at once what nobody will acknowledge.
func testReset(t *testing.T, logs Factory) {
	l, b, ctx := fresh(t, logs)
	publish(ctx, t, b, Facts(0, 20, "a")...)
	c := consumer("reset")
	c.Grace = time.Millisecond
	started := newTally(16)
	release := signal()
	crashed := signal()
	go func() {
		defer close(crashed)
		_ = b.Consume(ctx, c, func(_ context.Context, m *bus.Message) error {
			started.add(m.Subject)
			<-release // dies with the process
			return nil
		})
	}()
	wait(t, started.done, "handlers")
	b = l.Crash(t, b)
	close(release)
	wait(t, crashed, "the consumer of the closed connection")
	c.Reset = true
	again := newTally(20)
	sub, stop := context.WithCancel(ctx)
	begun := time.Now()
	done := background(t, func() error {
		return b.Consume(sub, c, func(_ context.Context, m *bus.Message) error {
			if !m.Maybe {
				t.Errorf("sequence %d: may have been handled before and does not say so", m.Seq)
			}
			again.add(m.Subject)
			return nil
		})
	})
	wait(t, again.done, "all messages again")
	if d := time.Since(begun); d > 10*time.Second {
		t.Errorf("they took %v: AckWait was waited for", d)
	}
	stop()
	wait(t, done, "the consumer")
}

// Peers share a consumer; each message goes to one of them.
func testPeers(t *testing.T, logs Factory) {
	l, b, ctx := fresh(t, logs)
	publish(ctx, t, b, Facts(0, 400, "a")...)
	c := consumer("peers")
	c.Workers = 8
	seen := newTally(400)
	sub, stop := context.WithCancel(ctx)
	var stopped []<-chan struct{}
	for range 3 {
		peer := l.Open(t)
		stopped = append(stopped, background(t, func() error {
			return peer.Consume(sub, c, func(_ context.Context, m *bus.Message) error {
				seen.add(m.Subject)
				return nil
			})
		}))
	}
	wait(t, seen.done, "all messages")
	stop()
	for _, s := range stopped {
		wait(t, s, "a consumer")
	}
	for n := range 400 {
		if got := seen.count(subject(n)); got != 1 {
			t.Errorf("message %d was handled %d times", n, got)
		}
	}
}

// Nobody takes more than he has workers for: what a busy process cannot handle is
// there for its peers.
func testPrefetch(t *testing.T, logs Factory) {
	l, b, ctx := fresh(t, logs)
	publish(ctx, t, b, Facts(0, 20, "a")...)
	busy := consumer("prefetch")
	busy.Workers = 2
	idle := busy
	idle.Workers = 4
	held, rest := newTally(2), newTally(18)
	release := signal()
	sub, stop := context.WithCancel(ctx)
	doneBusy := background(t, func() error {
		return b.Consume(sub, busy, func(_ context.Context, m *bus.Message) error {
			held.add(m.Subject)
			<-release
			return nil
		})
	})
	wait(t, held.done, "two held messages")
	peer := l.Open(t)
	doneIdle := background(t, func() error {
		return peer.Consume(sub, idle, func(_ context.Context, m *bus.Message) error {
			rest.add(m.Subject)
			return nil
		})
	})
	wait(t, rest.done, "the other 18 messages")
	stop()
	close(release)
	wait(t, doneBusy, "the busy consumer")
	wait(t, doneIdle, "the idle consumer")
}

// Batches hold what has arrived, in order, at most the rows asked for, and the
// last ones do not wait.
func testBatch(t *testing.T, logs Factory) {
	_, b, ctx := fresh(t, logs)
	publish(ctx, t, b, Facts(0, 950, "a")...)
	c := consumer("sink")
	seen := newTally(1000)
	var last uint64
	sub, stop := context.WithCancel(ctx)
	done := background(t, func() error {
		return b.ConsumeBatch(sub, c, 100, time.Hour, func(_ context.Context, ms []*bus.Message) error {
			if len(ms) > 100 || len(ms) == 0 {
				t.Errorf("%d rows", len(ms))
			}
			for _, m := range ms {
				if m.Seq <= last {
					t.Errorf("%d after %d", m.Seq, last)
				}
				last = m.Seq
				seen.add(m.Subject)
			}
			return nil
		})
	})
	publish(ctx, t, b, Facts(950, 1000, "a")...)
	wait(t, seen.done, "all rows")
	untilCaughtUp(ctx, t, b, "sink")
	stop()
	wait(t, done, "the sink")
	for n := range 1000 {
		if got := seen.count(subject(n)); got != 1 {
			t.Errorf("row %d was handed over %d times", n, got)
		}
	}
}

// One malformed message does not hold up the others and leaves one dead letter.
func testBatchMalformed(t *testing.T, logs Factory) {
	_, b, ctx := fresh(t, logs)
	publish(ctx, t, b, Facts(0, 64, "a")...)
	bad := map[string]bool{subject(13): true, subject(47): true}
	c := consumer("sink")
	c.MaxDeliver = 2
	ok := newTally(62)
	sub, stop := context.WithCancel(ctx)
	done := background(t, func() error {
		return b.ConsumeBatch(sub, c, 64, time.Second, func(_ context.Context, ms []*bus.Message) error {
			for _, m := range ms {
				if bad[m.Subject] {
					return bus.Malformed(fmt.Errorf("row %d", m.Seq))
				}
			}
			for _, m := range ms {
				ok.add(m.Subject)
			}
			return nil
		})
	})
	wait(t, ok.done, "the good rows")
	untilCaughtUp(ctx, t, b, "sink")
	stop()
	wait(t, done, "the sink")
	letters := 0
	for _, m := range readAll(ctx, t, b) {
		if m.Parsed.Kind == events.KindDeadLetter {
			letters++
		}
	}
	if letters != 2 {
		t.Errorf("%d dead letters, want 2", letters)
	}
}

// A receiver that is away gets the same rows when it is back.
func testBatchRetries(t *testing.T, logs Factory) {
	_, b, ctx := fresh(t, logs)
	publish(ctx, t, b, Facts(0, 50, "a")...)
	c := consumer("sink")
	c.MaxDeliver = 1
	got := newTally(50)
	var calls atomic.Int32
	sub, stop := context.WithCancel(ctx)
	done := background(t, func() error {
		return b.ConsumeBatch(sub, c, 50, time.Second, func(_ context.Context, ms []*bus.Message) error {
			if calls.Add(1) < 4 {
				return errors.New("store is away")
			}
			for _, m := range ms {
				if m.Deliveries != 1 {
					t.Errorf("row %d went back to the server", m.Seq)
				}
				got.add(m.Subject)
			}
			return nil
		})
	})
	wait(t, got.done, "all rows")
	stop()
	wait(t, done, "the sink")
}
