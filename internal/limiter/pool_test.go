package limiter_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/crucible-go/crucible/internal/limiter"
	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/limit"
)

// waiting starts n calls of Acquire, one after the other, and returns where their
// results arrive, in the order of their arrival.
func waiting(ctx context.Context, p *limiter.Pool, n int) <-chan result {
	out := make(chan result, n)
	for i := range n {
		go func() {
			permit, err := p.Acquire(ctx, 1)
			out <- result{i, permit, err}
		}()
		synctest.Wait()
	}
	return out
}

type result struct {
	i      int
	permit *limiter.Permit
	err    error
}

// proven is a pool that is known to answer, of this process only.
func proven(l limit.Amounts) *limiter.Pool {
	return limiter.New(limiter.Config{Name: "p", Member: "me", Limit: l, Proven: true})
}

// Permits are given in the order in which they were asked for; a copy of a call
// never waits, and never overtakes.
func TestOrderOfPermits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := proven(calls(2))
		a, b := acquire(t, p), acquire(t, p)
		if _, ok := p.TryAcquire(1); ok {
			t.Error("a third permit of two")
		}
		got := waiting(t.Context(), p, 3)
		for i, done := range []*limiter.Permit{a, b} {
			done.Done(good(), nil)
			done.Done(good(), nil) // harmless
			if r := <-got; r.i != i || r.err != nil {
				t.Errorf("waiter %d was served as number %d: %v", r.i, i, r.err)
			} else if i == 1 {
				r.permit.Done(nil, nil)
			}
		}
		if _, ok := p.TryAcquire(1); ok {
			t.Error("a copy overtook one that waits")
		}
		(<-got).permit.Done(good(), nil)
		if copied, ok := p.TryAcquire(1); !ok {
			t.Error("a free permit is not given")
		} else {
			copied.Done(nil, nil)
		}
	})
}

// Whoever stops waiting leaves the queue, and takes no permit with him.
func TestDeadlineWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := proven(calls(1))
		held := acquire(t, p)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		got := waiting(ctx, p, 3)
		patient := waiting(t.Context(), p, 1)
		for range 3 {
			if r := <-got; !errors.Is(r.err, context.DeadlineExceeded) {
				t.Errorf("after its deadline a waiter got %v", r.err)
			}
		}
		held.Done(good(), nil)
		if r := <-patient; r.err != nil {
			t.Error(r.err)
		}
		if _, err := p.Acquire(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after the deadline: %v", err)
		}
	})
}

// rateOf is how long n permits take, each given back at once.
func rateOf(t *testing.T, p *limiter.Pool, n, tokens int, used int64) time.Duration {
	t.Helper()
	start := time.Now()
	for range n {
		permit, err := p.Acquire(t.Context(), tokens)
		if err != nil {
			t.Fatal(err)
		}
		permit.Done(&provider.Reply{Usage: &events.Usage{Input: used}}, nil)
	}
	return time.Since(start)
}

func TestRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			limit     limit.Amounts
			tokens    int
			used      int64
			perSecond float64
		}{
			"requests":                               {limit.PerMinute(9, 600, 0), 1, 1, 10},
			"tokens":                                 {limit.PerMinute(9, 0, 60_000), 100, 100, 10},
			"the lower of both":                      {limit.PerMinute(9, 300, 60_000), 100, 100, 5},
			"tokens used, not estimated":             {limit.PerMinute(9, 0, 60_000), 100, 200, 5},
			"an estimate too high":                   {limit.PerMinute(9, 0, 60_000), 200, 100, 10},
			"one call larger than a second's tokens": {limit.PerMinute(9, 0, 60_000), 2000, 2000, 0.5},
		} {
			const n = 200
			got := float64(n) / rateOf(t, proven(c.limit), n, c.tokens, c.used).Seconds()
			if got > c.perSecond || got < 0.95*c.perSecond {
				t.Errorf("%s: %.2f calls a second, want %.2f", name, got, c.perSecond)
			}
		}
	})
}

// What comes between permits and requests may take long: the requests still leave
// evenly.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := proven(limit.PerMinute(64, 3600, 0))
		var permits []*limiter.Permit
		for range 30 {
			permits = append(permits, acquire(t, p))
		}
		<-time.After(time.Second) // the log has stalled
		start := time.Now()
		var at []time.Duration
		for _, permit := range permits {
			permit.Pace(t.Context())
			at = append(at, time.Since(start))
			permit.Done(good(), nil)
		}
		for i := 8; i < len(at); i++ {
			if d := at[i] - at[i-8]; d < 20*time.Millisecond {
				t.Errorf("requests %d to %d left within %v", i-8, i, d)
			}
		}
		if last := at[len(at)-1]; last > 500*time.Millisecond {
			t.Errorf("the last request left after %v", last)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		permit := acquire(t, p)
		if d := permit.Pace(ctx); d != 0 {
			t.Errorf("nobody wants the request any more: it waited %v", d)
		}
		permit.Done(nil, nil)
		free := acquire(t, proven(calls(1)))
		if d := free.Pace(t.Context()); d != 0 {
			t.Errorf("without a rate a request waited %v", d)
		}
	})
}

// A wrong key is used once: the first call goes ahead of the others, and when it
// is refused they all get the same class, until a minute has passed.
func TestRefusedKeyStopsThePool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := limiter.New(limiter.Config{Name: "p", Member: "me", Limit: calls(8)})
		got := waiting(t.Context(), p, 20)
		first := <-got
		synctest.Wait()
		if len(got) != 0 {
			t.Fatalf("%d calls beside the first one", len(got))
		}
		first.permit.Done(nil, failed(provider.ClassAuth))
		for range 19 {
			r := <-got
			var f *provider.Error
			if !errors.As(r.err, &f) || f.Class != provider.ClassAuth || f.Retryable || !strings.Contains(f.Message, "it said so") {
				t.Fatalf("a waiting call got %v", r.err)
			}
		}
		if _, err := p.Acquire(t.Context(), 1); err == nil {
			t.Error("a stopped pool gives permits")
		}
		if _, ok := p.TryAcquire(1); ok {
			t.Error("a stopped pool gives permits to copies")
		}
		<-time.After(limit.Stopping) // on the clock of the bubble
		acquire(t, p).Done(good(), nil)
		acquire(t, p).Done(good(), nil)
	})
}

// The first request of a pool goes ahead, but not for long.
func TestFirstRequestGoesAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := limiter.New(limiter.Config{Name: "p", Member: "me", Limit: calls(8)})
		first := acquire(t, p)
		if copied, ok := p.TryAcquire(1); !ok {
			t.Error("no permit for a copy of the first call")
		} else {
			copied.Done(nil, nil)
		}
		start := time.Now()
		second := acquire(t, p)
		if d := time.Since(start); d != limit.Ahead {
			t.Errorf("the second call waited %v", d)
		}
		third := acquire(t, p)
		for _, permit := range []*limiter.Permit{first, second, third} {
			permit.Done(good(), nil)
		}
	})
}

// Failures in a row open the gate; after a while one probe decides.
func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := proven(calls(4))
		for range limit.Failures {
			acquire(t, p).Done(nil, failed(provider.ClassServerError))
		}
		start := time.Now()
		got := waiting(t.Context(), p, 6)
		for round := 1; round <= 2; round++ {
			probe := <-got
			synctest.Wait()
			if d := time.Since(start); probe.err != nil || len(got) != 0 || d != time.Duration(round)*limit.Cooling {
				t.Fatalf("round %d: after %v: %v, %d others", round, d, probe.err, len(got))
			}
			if round == 1 {
				probe.permit.Done(nil, failed(provider.ClassTimeout))
			} else {
				probe.permit.Done(good(), nil)
			}
		}
		synctest.Wait()
		if len(got) != 4 {
			t.Errorf("%d calls after the probe, want 4", len(got))
		}
	})
}

// Failures that are not in a row, or say nothing about the provider, open nothing.
func TestFailuresThatDoNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, start := proven(calls(1)), time.Now()
		for i := range 8 * limit.Failures {
			failure := failed([]string{provider.ClassConnection, provider.ClassCancelled, provider.ClassUnprocessable}[i%3])
			acquire(t, p).Done(nil, failure)
			if i%limit.Failures == 0 {
				acquire(t, p).Done(nil, &provider.Error{Class: provider.ClassInvalidRequest, Status: 400})
			}
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("the pool paused for %v", d)
		}
	})
}

// A pool that has never answered, and one that has been out of order for long, let
// nobody wait.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		never := limiter.New(limiter.Config{Name: "p", Member: "me", Limit: calls(4)})
		for range limit.Failures {
			acquire(t, never).Done(nil, failed(provider.ClassConnection))
		}
		var f *provider.Error
		if _, err := never.Acquire(t.Context(), 1); !errors.As(err, &f) || f.Class != provider.ClassConnection || f.Retryable {
			t.Errorf("a pool that has never answered: %v", err)
		}
		p, start := proven(calls(4)), time.Now()
		for range limit.Failures {
			acquire(t, p).Done(nil, failed(provider.ClassTimeout))
		}
		for probes := 0; ; probes++ {
			permit, err := p.Acquire(t.Context(), 1)
			if err != nil {
				if d := time.Since(start); d < 10*time.Minute || d > 11*time.Minute || probes < 19 || !errors.As(err, &f) || f.Class != provider.ClassTimeout {
					t.Errorf("after %v and %d probes: %v", d, probes, err)
				}
				break
			}
			permit.Done(nil, failed(provider.ClassTimeout))
		}
	})
}

// What the provider asks for holds for the whole pool.
func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			reply *provider.Reply
			err   *provider.Error
			want  time.Duration
		}{
			"a refusal":          {nil, &provider.Error{Class: provider.ClassRateLimited, Retryable: true, RetryAfter: 7 * time.Second}, 7 * time.Second},
			"without a time":     {nil, failed(provider.ClassRateLimited), 0},
			"overloaded":         {nil, &provider.Error{Class: provider.ClassServerError, Retryable: true, RetryAfter: 3 * time.Second}, 3 * time.Second},
			"no requests left":   {&provider.Reply{Rate: provider.RateInfo{Requests: window(60, 0, 30*time.Second)}}, nil, time.Second / 2},
			"some requests left": {&provider.Reply{Rate: provider.RateInfo{Requests: window(60, 1, 30*time.Second)}}, nil, 0},
			"no tokens left":     {&provider.Reply{Rate: provider.RateInfo{Tokens: window(1000, 0, 60*time.Second)}}, nil, 600 * time.Millisecond},
			"limit unknown":      {&provider.Reply{Rate: provider.RateInfo{Requests: provider.RateWindow{HasRemaining: true, HasReset: true, Reset: 4 * time.Second}}}, nil, 4 * time.Second},
		} {
			p, start := proven(calls(4)), time.Now()
			permit, err := p.Acquire(t.Context(), 10)
			if err != nil {
				t.Fatal(err)
			}
			permit.Done(c.reply, c.err)
			acquire(t, p).Done(good(), nil)
			if d := time.Since(start); d != c.want {
				t.Errorf("%s: the pool paused for %v, want %v", name, d, c.want)
			}
		}
		p := proven(calls(4))
		acquire(t, p).Done(nil, &provider.Error{Class: provider.ClassRateLimited, Retryable: true, RetryAfter: time.Hour})
		var f *provider.Error
		if _, err := p.Acquire(t.Context(), 1); !errors.As(err, &f) || f.Class != provider.ClassRateLimited {
			t.Errorf("a pause of an hour: %v", err)
		}
		p = proven(calls(4))
		acquire(t, p).Done(nil, &provider.Error{Class: provider.ClassRateLimited, Message: "no quota left"})
		if _, err := p.Acquire(t.Context(), 1); !errors.As(err, &f) || f.Class != provider.ClassRateLimited {
			t.Errorf("without any quota: %v", err)
		}
	})
}

func window(limit, remaining int64, reset time.Duration) provider.RateWindow {
	return provider.RateWindow{Limit: limit, HasLimit: true, Remaining: remaining, HasRemaining: true, Reset: reset, HasReset: true}
}

// Refusals halve what may be under way, once for those that were under way
// together, and calm brings it back.
func TestRefusalsHalve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := proven(calls(16))
		all := func() (permits []*limiter.Permit) {
			for {
				permit, ok := p.TryAcquire(1)
				if !ok {
					return permits
				}
				permits = append(permits, permit)
			}
		}
		back := func(permits []*limiter.Permit, f *provider.Error) {
			for _, permit := range permits {
				if f == nil {
					permit.Done(good(), nil)
				} else {
					permit.Done(nil, f)
				}
			}
		}
		for i, want := range []int{16, 8, 4, 2, 1, 1} {
			permits := all()
			if len(permits) != want {
				t.Fatalf("%d permits after %d refusals, want %d", len(permits), i, want)
			}
			back(permits, failed(provider.ClassRateLimited))
		}
		for range 30 {
			<-time.After(time.Second) // on the clock of the bubble
			back(all(), nil)
		}
		if permits := all(); len(permits) != 16 {
			t.Errorf("%d permits after calm", len(permits))
		}
		declared := proven(limit.PerMinute(16, 600_000, 0))
		for range 150 {
			acquire(t, declared).Done(good(), nil)
		}
		acquire(t, declared).Done(nil, failed(provider.ClassRateLimited))
		n := 0
		for _, ok := declared.TryAcquire(1); ok; _, ok = declared.TryAcquire(1) {
			n++
		}
		if n != 16 {
			t.Errorf("one refusal of 150 left %d permits", n)
		}
	})
}

func BenchmarkAcquire(b *testing.B) {
	for name, l := range map[string]limit.Amounts{"calls": calls(64), "rates": limit.PerMinute(64, 1e10, 1e12)} {
		b.Run(name, func(b *testing.B) {
			p, reply := proven(l), good()
			b.ReportAllocs()
			for b.Loop() {
				permit, err := p.Acquire(b.Context(), 100)
				if err != nil {
					b.Fatal(err)
				}
				permit.Done(reply, nil)
			}
		})
	}
}
