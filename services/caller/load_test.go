//go:build long

package caller_test

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mailru/easyjson"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
)

// orders publishes n orders at once.
func (w *world) orders(n int, o events.CallRequested) {
	w.t.Helper()
	o.Role, o.Provider = events.RoleAnswer, w.pool.Provider
	o.Messages = []events.Message{{Role: "user", Content: strings.Repeat("What is 6 times 7? ", 20)}}
	for from := 0; from < n; from += 500 {
		var evs []*events.Event
		for i := from; i < min(n, from+500); i++ {
			ev := events.About(events.RequestedSubject(run, "q"+strconv.Itoa(i), "c"+strconv.Itoa(i), w.pool.Name), "test", "", time.Now())
			ev.Condition, ev.Member, ev.Model = "c", "m", "model"
			order := o
			order.Seed = uint64(i)
			ev.Data = &order
			evs = append(evs, &ev)
		}
		w.publish(evs...)
	}
}

// until waits until n events of a kind are in the log.
func (w *world) until(kind events.Kind, n int) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 110*time.Second)
	defer cancel()
	seen := 0
	err := w.log.Replay(ctx, bus.ReplayConfig{Stream: events.RunStream(run), Filter: events.Subject{Kind: kind, Run: run}.Filter(), Follow: true}, func(*bus.Message) error {
		if seen++; seen == n {
			return errFound
		}
		return nil
	})
	if !errors.Is(err, errFound) {
		w.t.Fatalf("%d of %d events of %s: %v", seen, n, kind, err)
	}
}

// memory is what this process has in use.
func memory() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapInuse+m.StackInuse) / 1e6
}

// Ten thousand hedged calls in flight in one caller need at most 250 MB, the log
// that holds their intents included; a cancelled run ends them all, each with its
// terminal fact, and TestMain sees that no goroutine is left behind.
func TestTenThousandCallsInFlight(t *testing.T) {
	const calls = 10_000
	pool := experiment.NewPool("simulated", "", "", nil)
	pool.Concurrency = calls
	w := newWorld(t, pool)
	w.orders(calls, events.CallRequested{
		Simulated: &events.Simulated{Accuracy: 1, Expected: "42", Latency: events.Latency{Shape: "constant", P50NS: 60e9}},
		Hedge:     &events.Hedge{Strategy: "single_r", Options: easyjson.RawMessage(`{"budget":10}`)},
	})
	base := memory()
	stop := w.serve()
	w.until(events.KindCallStarted, calls)
	used := memory() - base
	t.Logf("%d calls in flight: %.0f MB above %.0f MB", calls, used, base)
	if used > 250 {
		t.Errorf("%.0f MB for %d calls in flight, want at most 250", used, calls)
	}
	ev := events.About(events.RunSubject(events.KindRunCancelRequested, run), "test", "", time.Now())
	ev.Data = &events.RunCancelRequested{}
	w.publish(&ev)
	w.until(events.KindCallCompleted, calls)
	stop()
}

// processor is the time of the processors that this process has used.
func processor(tb testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// What a call costs in processor time, everything included, plain and hedged by
// the policy that costs most: each learns, and one in ten makes a backup.
func TestHedgedCallCostsLittle(t *testing.T) {
	const calls = 3000
	sim := &events.Simulated{Accuracy: 1, Expected: "42", Latency: events.Latency{Shape: "lognormal", P50NS: 5e6, P95NS: 10e6}}
	measure := func(h *events.Hedge) time.Duration {
		pool := experiment.NewPool("simulated", "", "", nil)
		pool.Concurrency = 256
		w := newWorld(t, pool)
		w.orders(calls, events.CallRequested{Simulated: sim, Hedge: h})
		before := processor(t)
		stop := w.serve()
		w.until(events.KindCallCompleted, calls)
		stop()
		return (processor(t) - before) / calls
	}
	hedged := &events.Hedge{Strategy: "single_r", Options: easyjson.RawMessage(`{"budget":10,"window":1000}`)}
	measure(nil) // warm
	least := [2]time.Duration{time.Hour, time.Hour}
	for range 3 {
		least[0], least[1] = min(least[0], measure(nil)), min(least[1], measure(hedged))
	}
	t.Logf("processor time of a call: plain %v, hedged %v", least[0], least[1])
	if least[1]-least[0] > 50*time.Microsecond {
		t.Errorf("a hedged call costs %v more than a plain one, want at most 50µs", least[1]-least[0])
	}
}
