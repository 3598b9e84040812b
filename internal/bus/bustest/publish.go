package bustest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/pkg/events"
)

// Of many who publish on one subject one wins and the others adopt his fact.
func testAtMostOnce(t *testing.T, logs Factory) {
	l, _, ctx := fresh(t, logs)
	const writers, n = 6, 300
	var mu sync.Mutex
	winners := map[string]int{}
	seen := map[string]bus.Stored{}
	g, ctx := errgroup.WithContext(ctx)
	for w := range writers {
		b := l.Open(t)
		rnd := rand.New(rand.NewPCG(1, uint64(w)))
		g.Go(func() error {
			order := rnd.Perm(n)
			for len(order) > 0 { // in calls of 1 to 120 facts
				k := min(len(order), 1+rnd.IntN(120))
				var facts []bus.Fact
				for _, i := range order[:k] {
					facts = append(facts, Fact(i, fmt.Sprint(w)))
				}
				order = order[k:]
				stored, err := b.Publish(ctx, facts...)
				if err != nil {
					return err
				}
				mu.Lock()
				for i, s := range stored {
					subject := facts[i].Subject
					if s.New {
						winners[subject]++
					}
					if s.New && !bytes.Equal(s.Payload, facts[i].Payload) {
						t.Errorf("%s: won with another payload", subject)
					}
					if first, ok := seen[subject]; ok && (first.Seq != s.Seq || !bytes.Equal(first.Payload, s.Payload)) {
						t.Errorf("%s: two writers were told different facts", subject)
					}
					seen[subject] = s
				}
				mu.Unlock()
			}
			return nil
		})
	}
	must(t, g.Wait())
	for i := range n {
		if winners[subject(i)] != 1 {
			t.Errorf("%s: %d winners", subject(i), winners[subject(i)])
		}
	}
	stored := readAll(context.Background(), t, l.Open(t))
	if len(stored) != n {
		t.Errorf("%d facts in the log, want %d", len(stored), n)
	}
	for _, m := range stored {
		if s := seen[m.Subject]; s.Seq != m.Seq || !bytes.Equal(s.Payload, m.Payload) {
			t.Errorf("%s: the log has another fact than its writers were told", m.Subject)
		}
	}
}

// The facts of a call are stored in their order, as singles and as batches.
func testOrder(t *testing.T, logs Factory) {
	_, b, ctx := fresh(t, logs)
	next := 0
	for _, n := range []int{1, 7, 31, 200, 2500} {
		var last uint64
		for i, s := range publish(ctx, t, b, Facts(next, next+n, "a")...) {
			if !s.New || s.Seq <= last {
				t.Fatalf("fact %d of %d: sequence %d after %d, new %v", i, n, s.Seq, last, s.New)
			}
			last = s.Seq
		}
		next += n
	}
	if got := len(readAll(ctx, t, b)); got != next {
		t.Errorf("%d facts in the log, want %d", got, next)
	}
}

// Facts that are there are adopted, among others that are stored.
func testRepublish(t *testing.T, logs Factory) {
	_, b, ctx := fresh(t, logs)
	for _, n := range []int{10, 500} {
		from := n * 10
		first := publish(ctx, t, b, Facts(from, from+n, "first")...)
		again := publish(ctx, t, b, Facts(from, from+2*n, "second")...)
		for i, s := range again {
			old := i < n
			if s.New == old {
				t.Fatalf("fact %d of %d: new %v", i, 2*n, s.New)
			}
			if old && (s.Seq != first[i].Seq || !bytes.Equal(s.Payload, first[i].Payload)) {
				t.Fatalf("fact %d of %d: not what was stored first", i, 2*n)
			}
		}
	}
}

// One subject several times in a call: the first is stored.
func testOneCallTwice(t *testing.T, logs Factory) {
	_, b, ctx := fresh(t, logs)
	for _, n := range []int{1, 100} {
		facts := Facts(n, 2*n, "a")
		facts = append(facts, Facts(n, 2*n, "a")...) // equal
		facts = append(facts, Facts(n, 2*n, "b")...) // other bytes
		stored := publish(ctx, t, b, facts...)
		for i, s := range stored {
			if s.New != (i < n) || s.Seq != stored[i%n].Seq || !bytes.Equal(s.Payload, facts[i%n].Payload) {
				t.Fatalf("fact %d of %d: %+v", i, len(facts), s)
			}
		}
	}
}

// A lookup sees all that was stored, and only that.
func testLookup(t *testing.T, logs Factory) {
	_, b, ctx := fresh(t, logs)
	publish(ctx, t, b, Facts(0, 1500, "a")...)
	var subjects []string
	for n := range 3000 {
		subjects = append(subjects, subject(n/2*2)) // the even ones, twice
	}
	found, err := b.Lookup(ctx, events.RunStream(run), subjects)
	must(t, err)
	for i, m := range found {
		n := i / 2 * 2
		switch {
		case (m != nil) != (n < 1500):
			t.Fatalf("fact %d: found %v", n, m != nil)
		case m != nil && (m.Subject != subject(n) || !bytes.Equal(m.Payload, Fact(n, "a").Payload) || m.Parsed.Kind != events.KindVoteDecided || m.Seq != uint64(n+1) || m.Time.IsZero()):
			t.Fatalf("fact %d: %+v", n, m)
		}
	}
	for _, n := range []int{3, 7777} {
		one, err := b.Lookup(ctx, events.RunStream(run), []string{subject(n)})
		must(t, err)
		if (one[0] != nil) != (n == 3) {
			t.Errorf("fact %d: %v", n, one[0])
		}
	}
}

// What needs a stream says that there is none.
func testNoStream(t *testing.T, logs Factory) {
	_, b, ctx := fresh(t, logs)
	f := bus.Fact{Subject: events.VoteSubject("ghost", "q").String(), Payload: []byte("{}")}
	ghost := events.RunStream("ghost")
	_, err := b.Publish(ctx, f)
	wantIs(t, "publish", err, bus.ErrNoStream)
	_, err = b.Lookup(ctx, ghost, []string{f.Subject})
	wantIs(t, "look up", err, bus.ErrNoStream)
	_, err = b.StreamInfo(ctx, ghost)
	wantIs(t, "info", err, bus.ErrNoStream)
	_, err = b.CaughtUp(ctx, events.RunStream(run), "ghost")
	wantIs(t, "caught up", err, bus.ErrNoConsumer)
	wantIs(t, "replay", b.Replay(ctx, bus.ReplayConfig{Stream: ghost}, nil), bus.ErrNoStream)
	wantIs(t, "delete", b.DeleteRun(ctx, "ghost"), bus.ErrNoStream)
	wantIs(t, "consume", b.Consume(ctx, bus.ConsumeConfig{Stream: ghost, Durable: "d"}, nil), bus.ErrNoStream)
	wantIs(t, "consume batches", b.ConsumeBatch(ctx, bus.ConsumeConfig{Stream: ghost, Durable: "d"}, 10, time.Second, nil), bus.ErrNoStream)
	if _, err = b.Publish(ctx, bus.Fact{Subject: "elsewhere.x"}); err == nil {
		t.Error("a foreign subject was accepted")
	}
}

func wantIs(tb testing.TB, what string, err, want error) {
	tb.Helper()
	if !errors.Is(err, want) {
		tb.Errorf("%s: %v, want %v", what, err, want)
	}
}

// A full stream refuses facts and keeps all that it has.
func testFull(t *testing.T, logs Factory) {
	_, b, ctx := freshWith(t, logs, func(c *bus.Config) { c.MaxBytes = 200_000 })
	stored, err := b.Publish(ctx, Facts(0, 400, "a")...)
	wantIs(t, "publish", err, bus.ErrFull)
	kept := 0
	for _, s := range stored {
		if s.Seq > 0 {
			kept++
		}
	}
	if got := len(readAll(ctx, t, b)); got != kept || kept < 100 {
		t.Errorf("%d facts in the log, %d reported stored", got, kept)
	}
	for n := 500; err == nil || n == 500; n++ { // to the brim, one by one
		_, err = b.Publish(ctx, Fact(n, "a"))
	}
	wantIs(t, "publish one", err, bus.ErrFull)
	if s := publish(ctx, t, b, Fact(0, "b")); s[0].New || !bytes.Equal(s[0].Payload, Fact(0, "a").Payload) {
		t.Error("a full log does not show what it has")
	}
}

func testTooLarge(t *testing.T, logs Factory) {
	_, b, ctx := fresh(t, logs)
	_, err := b.Publish(ctx, bus.Fact{Subject: subject(1), Payload: bytes.Repeat([]byte("x"), 1<<20)})
	wantIs(t, "publish", err, bus.ErrTooLarge)
}

// A caller that gave up is answered at once, and the log stays usable.
func testCancelled(t *testing.T, logs Factory) {
	_, b, ctx := fresh(t, logs)
	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, err := b.Publish(gone, Fact(1, "a"))
	wantIs(t, "publish", err, context.Canceled)
	if s := publish(ctx, t, b, Fact(2, "a")); !s[0].New {
		t.Error("not stored")
	}
}
