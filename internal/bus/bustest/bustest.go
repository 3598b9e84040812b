// Package bustest is the contract of the event log as tests: Exercise runs them
// on every way in which a log can be reached.
package bustest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/pkg/events"
)

// patience is how long a test waits for what must happen.
const patience = 60 * time.Second

// Log is one log under test.
type Log struct {
	// Open connects to the log. The embedded log is one connection, which every
	// call returns.
	Open func(tb testing.TB) *bus.Bus
	// Crash ends the connection b as the death of its process would, with whatever
	// it holds, and returns another one to the same log.
	Crash func(tb testing.TB, b *bus.Bus) *bus.Bus
	// Restart kills the server under its connections and starts it again; nil
	// where it lives in the same process.
	Restart func(tb testing.TB)
	// Replicated says that a server's restart takes nothing from the others.
	Replicated bool
}

// Factory makes an empty log. Its settings may be changed by edit.
type Factory func(t *testing.T, edit func(*bus.Config)) Log

// Embedded makes logs with the server inside the test's process.
func Embedded(t *testing.T, edit func(*bus.Config)) Log {
	t.Helper()
	c := bus.Config{Dir: t.TempDir(), Name: t.Name(), Logger: zerolog.Nop()}
	edit(&c)
	current := open(t, c)
	t.Cleanup(func() { shut(t, current) })
	return Log{
		Open: func(testing.TB) *bus.Bus { return current },
		Crash: func(tb testing.TB, b *bus.Bus) *bus.Bus {
			tb.Helper()
			shut(tb, b)
			current = open(tb, c)
			return current
		},
	}
}

// Remote makes logs with the server in a process of its own.
func Remote(t *testing.T, edit func(*bus.Config)) Log {
	t.Helper()
	p := StartProcess(t)
	c := bus.Config{URL: p.URL, Name: t.Name(), Logger: zerolog.Nop()}
	edit(&c)
	connect := func(tb testing.TB) *bus.Bus {
		tb.Helper()
		b := open(tb, c)
		tb.Cleanup(func() { shut(tb, b) })
		return b
	}
	return Log{
		Open: connect,
		Crash: func(tb testing.TB, b *bus.Bus) *bus.Bus {
			tb.Helper()
			shut(tb, b)
			return connect(tb)
		},
		Restart: p.Restart,
	}
}

func open(tb testing.TB, c bus.Config) *bus.Bus {
	tb.Helper()
	b, err := bus.Open(context.Background(), c)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func shut(tb testing.TB, b *bus.Bus) {
	tb.Helper()
	if err := b.Close(); err != nil {
		tb.Error(err)
	}
}

// Exercise runs the contract.
func Exercise(t *testing.T, logs Factory) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Factory)
	}{
		{"AtMostOnce", testAtMostOnce},
		{"Order", testOrder},
		{"Republish", testRepublish},
		{"OneCallTwice", testOneCallTwice},
		{"Lookup", testLookup},
		{"NoStream", testNoStream},
		{"Full", testFull},
		{"TooLarge", testTooLarge},
		{"Cancelled", testCancelled},
		{"Consume", testConsume},
		{"DeadLetters", testDeadLetters},
		{"RetryAfter", testRetryAfter},
		{"Drain", testDrain},
		{"LongHandler", testLongHandler},
		{"Reset", testReset},
		{"Peers", testPeers},
		{"Prefetch", testPrefetch},
		{"Batch", testBatch},
		{"BatchMalformed", testBatchMalformed},
		{"BatchRetries", testBatchRetries},
		{"Replay", testReplay},
		{"ReplayFollow", testReplayFollow},
		{"Lead", testLead},
		{"Objects", testObjects},
		{"ClaimCheck", testClaimCheck},
		{"Archive", testArchive},
		{"Crashes", testCrashes},
		{"LeadCrash", testLeadCrash},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, logs) })
	}
}

const run = "run1"

// fresh is a connection to a new log with the streams of the run.
func fresh(t *testing.T, logs Factory) (Log, *bus.Bus, context.Context) {
	t.Helper()
	return freshWith(t, logs, func(*bus.Config) {})
}

func freshWith(t *testing.T, logs Factory, edit func(*bus.Config)) (Log, *bus.Bus, context.Context) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	l := logs(t, edit)
	b := l.Open(t)
	must(t, b.EnsureControl(ctx))
	must(t, b.EnsureRun(ctx, run))
	return l, b, ctx
}

// Fact is the n-th verdict of the tests' run, of about 800 bytes, by a writer.
func Fact(n int, writer string) bus.Fact {
	p := fmt.Sprintf(`{"n":%d,"by":%q,"text":%q}`, n, writer, strings.Repeat("x", 750))
	return bus.Fact{Subject: subject(n), Payload: []byte(p)}
}

func subject(n int) string {
	return events.VoteSubject(run, events.H("query", fmt.Sprint(n))).String()
}

// Facts are the facts from to (excluded).
func Facts(from, to int, writer string) []bus.Fact {
	var out []bus.Fact
	for n := from; n < to; n++ {
		out = append(out, Fact(n, writer))
	}
	return out
}

// signal is closed to tell something.
func signal() chan struct{} { return make(chan struct{}) }

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func publish(ctx context.Context, tb testing.TB, b *bus.Bus, facts ...bus.Fact) []bus.Stored {
	tb.Helper()
	s, err := b.Publish(ctx, facts...)
	must(tb, err)
	return s
}

// readAll reads all of the run's stream.
func readAll(ctx context.Context, tb testing.TB, b *bus.Bus) []*bus.Message {
	tb.Helper()
	var out []*bus.Message
	must(tb, b.Replay(ctx, bus.ReplayConfig{Stream: events.RunStream(run)}, func(m *bus.Message) error {
		out = append(out, m)
		return nil
	}))
	return out
}

// wait fails the test when c is not closed, or nothing comes, in time.
func wait[T any](tb testing.TB, c <-chan T, what string) T {
	tb.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		tb.Fatalf("waited in vain for %s", what)
		panic("unreachable")
	}
}

// background runs f and makes the test wait for it and its error.
func background(t *testing.T, f func() error) (done <-chan struct{}) {
	c := make(chan struct{})
	var err error
	go func() { defer close(c); err = f() }()
	t.Cleanup(func() {
		wait(t, c, "a goroutine")
		if err != nil {
			t.Error(err)
		}
	})
	return c
}

// tally counts by key, for several goroutines, and says when a total is reached.
type tally struct {
	mu    sync.Mutex
	n     map[string]int
	total int
	goal  int
	done  chan struct{}
}

func newTally(goal int) *tally {
	return &tally{n: map[string]int{}, goal: goal, done: make(chan struct{})}
}

// add returns how often the key was counted, this time included.
func (t *tally) add(key string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n[key]++
	if t.n[key] == 1 {
		if t.total++; t.total == t.goal {
			close(t.done)
		}
	}
	return t.n[key]
}

func (t *tally) count(key string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.n[key]
}
