// Package providertest is the contract of provider.Provider as a suite of tests
// that every implementation passes.
package providertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"go.uber.org/goleak"

	"github.com/crucible-go/crucible/internal/provider"
)

// Subject is an implementation with what the suite needs to try it.
type Subject struct {
	// Open makes a provider. It is called for every test; the closer is closed
	// at its end, after which no goroutine of the provider may be left.
	Open func(t *testing.T) (provider.Provider, io.Closer)
	// Answered makes the n-th request that is answered.
	Answered func(n int) *provider.Request
	// Slow is a request whose answer takes longer than a minute; nil where the
	// provider never waits.
	Slow *provider.Request
	// Failing are requests by the class of their failure.
	Failing map[string]*provider.Request
	// Partial is a request whose reply breaks off after its text has begun with
	// PartialText; nil where replies have no pieces.
	Partial     *provider.Request
	PartialText string
	// Deterministic says that a request always gets the same reply.
	Deterministic bool
}

// prompt is the time in which a call returns after its context is done.
const prompt = 5 * time.Second

// Exercise runs the suite.
func Exercise(t *testing.T, s Subject) {
	t.Helper()
	for _, c := range []struct {
		name string
		run  func(t *testing.T, s Subject, p provider.Provider)
	}{
		{"answers", answers},
		{"is deterministic where it says so", repeats},
		{"is used concurrently", concurrent},
		{"does nothing when it is not wanted", unwanted},
		{"stops when it is cancelled", cancelled},
		{"stops at the deadline", late},
		{"classifies failures", failures},
		{"goes on after failures", goesOn},
		{"keeps what arrived of half a reply", partial},
		{"shows no key", shows},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			p, closer := s.Open(t)
			t.Cleanup(func() {
				if err := closer.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
				goleak.VerifyNone(t, before)
			})
			c.run(t, s, p)
		})
	}
}

func answers(t *testing.T, s Subject, p provider.Provider) {
	for n := range 3 {
		r := s.Answered(n)
		reply := Answer(t, p, r)
		if !reflect.DeepEqual(r, s.Answered(n)) {
			t.Errorf("Ask changed the request")
		}
		if reply.Text == "" || !utf8.ValidString(reply.Text) {
			t.Errorf("text %q: want some, in valid UTF-8", reply.Text)
		}
		if reply.LatencyNS < 0 || reply.FirstByteNS < 0 || reply.LatencyNS > 0 && !reply.HasLatency {
			t.Errorf("latency %d (has %t), first byte %d", reply.LatencyNS, reply.HasLatency, reply.FirstByteNS)
		}
		if u := reply.Usage; u != nil && (u.Input < 0 || u.Output < 0 || u.Source == "") {
			t.Errorf("usage %+v", *u)
		}
	}
}

func repeats(t *testing.T, s Subject, p provider.Provider) {
	if !s.Deterministic {
		return
	}
	for n := range 5 {
		if a, b := essence(Answer(t, p, s.Answered(n))), essence(Answer(t, p, s.Answered(n))); a != b {
			t.Errorf("request %d: %s, then %s", n, a, b)
		}
	}
}

// essence is what determinism promises of a reply: all but what was measured and
// what the provider numbers.
func essence(r *provider.Reply) string {
	c := *r
	c.FirstByteNS, c.FirstTokenNS, c.ConnectNS, c.RequestID, c.Usage = 0, 0, 0, "", nil
	return fmt.Sprintf("%+v", c)
}

func concurrent(t *testing.T, s Subject, p provider.Provider) {
	const goroutines, each = 16, 8
	got := make([][each]string, goroutines)
	var all sync.WaitGroup
	for g := range goroutines {
		all.Go(func() {
			for n := range each {
				reply, err := p.Ask(context.Background(), s.Answered(n))
				if err != nil {
					t.Errorf("request %d: %v", n, err)
					return
				}
				got[g][n] = essence(reply)
			}
		})
	}
	all.Wait()
	for g := range got {
		if s.Deterministic && got[g] != got[0] {
			t.Errorf("goroutine %d has other answers than the first: %v, %v", g, got[g], got[0])
		}
	}
}

func unwanted(t *testing.T, s Subject, p provider.Provider) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if e := Failure(t, p, ctx, s.Answered(0)); e.Class != provider.ClassCancelled || e.Billed != provider.BilledNo || e.Retryable {
		t.Errorf("cancelled before: %+v", *e)
	}
	ctx, cancel = context.WithDeadline(context.Background(), time.Unix(1, 0))
	defer cancel()
	if e := Failure(t, p, ctx, s.Answered(0)); e.Class != provider.ClassTimeout || e.Billed != provider.BilledNo || !e.Retryable {
		t.Errorf("out of time before: %+v", *e)
	}
}

func cancelled(t *testing.T, s Subject, p provider.Provider) {
	if s.Slow == nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if e := Failure(t, p, ctx, s.Slow); e.Class != provider.ClassCancelled || e.Retryable {
				t.Errorf("%+v", *e)
			}
		})
	}
	var at time.Time
	time.AfterFunc(50*time.Millisecond, func() { at = time.Now(); cancel() })
	all.Wait()
	if took := time.Since(at); took > prompt {
		t.Errorf("returned %s after it was cancelled", took)
	}
}

func late(t *testing.T, s Subject, p provider.Provider) {
	if s.Slow == nil {
		return
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if e := Failure(t, p, ctx, s.Slow); e.Class != provider.ClassTimeout || !e.Retryable {
		t.Errorf("%+v", *e)
	}
	if took := time.Since(began); took > prompt {
		t.Errorf("returned after %s with a deadline of 50 ms", took)
	}
}

func failures(t *testing.T, s Subject, p provider.Provider) {
	for class, r := range s.Failing {
		e := Failure(t, p, context.Background(), r)
		if e.Class != class {
			t.Errorf("%v: want the class %s", e, class)
			continue
		}
		info, known := provider.ClassOf(class)
		if !known || info.Retryable == "yes" && !e.Retryable || info.Retryable == "no" && e.Retryable {
			t.Errorf("%v: retryable %t, the table of classes says %q", e, e.Retryable, info.Retryable)
		}
	}
}

func partial(t *testing.T, s Subject, p provider.Provider) {
	if s.Partial == nil {
		return
	}
	e := Failure(t, p, context.Background(), s.Partial)
	if e.Class != provider.ClassPartialReply || !e.Retryable || e.Billed != provider.BilledPossibly || e.Usage != nil || !strings.HasPrefix(e.Text, s.PartialText) || e.FirstTokenNS <= 0 {
		t.Errorf("%+v", *e)
	}
}

func goesOn(t *testing.T, s Subject, p provider.Provider) {
	for range 2 {
		for _, r := range s.Failing {
			_ = Failure(t, p, context.Background(), r)
		}
		Answer(t, p, s.Answered(0))
	}
	if s.Slow != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		_ = Failure(t, p, ctx, s.Slow)
		Answer(t, p, s.Answered(0))
	}
}

func shows(t *testing.T, s Subject, p provider.Provider) {
	NoKey(t, "the reply", Answer(t, p, s.Answered(0)))
	for class, r := range s.Failing {
		NoKey(t, class, Failure(t, p, context.Background(), r))
	}
	NoKey(t, "the provider", p)
}

// Answer asks and wants an answer without a key in it.
func Answer(t *testing.T, p provider.Provider, r *provider.Request) *provider.Reply {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	reply, err := p.Ask(ctx, r)
	if err != nil {
		t.Fatalf("ask: %v", err)
	}
	NoKey(t, "the reply", reply)
	return reply
}

// Failure asks and wants a failure that is fit to be stored.
func Failure(t *testing.T, p provider.Provider, ctx context.Context, r *provider.Request) *provider.Error { //nolint:revive // t first, as everywhere here
	t.Helper()
	reply, err := p.Ask(ctx, r)
	var e *provider.Error
	if !errors.As(err, &e) {
		t.Errorf("want an *Error, got %v and the reply %+v", err, reply)
		return &provider.Error{}
	}
	if reply != nil {
		t.Errorf("a reply together with %v", err)
	}
	if e.Class == "" || len(e.Message) > 1024 || !utf8.ValidString(e.Error()) {
		t.Errorf("class %q, message of %d bytes: %q", e.Class, len(e.Message), e.Message)
	}
	if e.Billed != provider.BilledNo && e.Billed != provider.BilledPossibly && e.Billed != provider.BilledYes {
		t.Errorf("billed %q", e.Billed)
	}
	NoKey(t, "the error", e)
	return e
}
