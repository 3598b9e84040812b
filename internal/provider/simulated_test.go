package provider_test

import (
	"context"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/internal/provider/providertest"
	"github.com/crucible-go/crucible/pkg/events"
)

func simulated(sim events.Simulated, seed uint64, attempt int, virtual bool) *provider.Request {
	r := ask("What is 6 times 7?", attempt)
	r.Order.Seed, r.Order.Virtual, r.Order.Simulated = seed, virtual, &sim
	return r
}

func open(name string) func(t *testing.T) (provider.Provider, io.Closer) {
	return func(t *testing.T) (provider.Provider, io.Closer) {
		t.Helper()
		p, closer, err := provider.Open(provider.Pool{Name: name, Provider: name}, func(string) string { return "" })
		if err != nil {
			t.Fatal(err)
		}
		return p, closer
	}
}

func TestSimulatedKeepsTheContract(t *testing.T) {
	providertest.Exercise(t, providertest.Subject{
		Open: open("simulated"),
		Answered: func(n int) *provider.Request {
			return simulated(events.Simulated{Accuracy: 0.5, Expected: "42", Latency: shaped("piecewise", 1, 2, 3)}, uint64(n), 1, n%2 == 0)
		},
		Slow:          simulated(events.Simulated{Accuracy: 1, Expected: "42", Latency: shaped("constant", 1e6, 0, 0)}, 1, 1, false),
		Deterministic: true,
		Failing: map[string]*provider.Request{
			provider.ClassSimulatedError: simulated(events.Simulated{ErrorRate: 1}, 1, 1, true),
			provider.ClassUnprocessable:  ask("no simulation", 1),
		},
	})
}

func TestRecordedKeepsTheContract(t *testing.T) {
	recorded := func(rec events.Recorded) *provider.Request {
		r := ask("x", 1)
		r.Order.Recorded = &rec
		return r
	}
	providertest.Exercise(t, providertest.Subject{
		Open: open("recorded"),
		Answered: func(n int) *provider.Request {
			return recorded(events.Recorded{Found: true, Text: "answer " + strconv.Itoa(n), LatencyNS: int64(n)})
		},
		Deterministic: true,
		Failing: map[string]*provider.Request{
			provider.ClassNoRecordedAnswer: recorded(events.Recorded{}),
			provider.ClassUnprocessable:    ask("x", 1),
		},
	})
	for _, ns := range []int64{0, 5} {
		r := providertest.Answer(t, provider.Recorded{}, recorded(events.Recorded{Found: true, Text: "a\xffb", LatencyNS: ns}))
		if r.Text != "a\uFFFDb" || !r.Repaired || !r.Recorded || r.Simulated || r.LatencyNS != ns || r.HasLatency != (ns > 0) || r.Served != "m" {
			t.Errorf("%+v", *r)
		}
	}
	// An empty answer was recorded, so it is one.
	if r := providertest.Answer(t, provider.Recorded{}, recorded(events.Recorded{Found: true})); r.Text != "" {
		t.Errorf("%+v", *r)
	}
}

// The real clock waits exactly as long as the virtual one says, and says the
// same.
func TestSimulatedClocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := events.Simulated{Accuracy: 0.7, ErrorRate: 0.2, Expected: "42", Latency: shaped("piecewise", 800, 2000, 5000)}
		for seed := range uint64(200) {
			at := time.Now()
			virtual, err := provider.Simulated{}.Ask(t.Context(), simulated(sim, seed, 1, true))
			if time.Now() != at {
				t.Fatal("the virtual clock waited")
			}
			var stated int64
			var failure *provider.Error
			if errors.As(err, &failure) {
				stated = failure.LatencyNS
			} else {
				stated = virtual.LatencyNS
			}
			actual, err2 := provider.Simulated{}.Ask(t.Context(), simulated(sim, seed, 1, false))
			if waited := time.Since(at); int64(waited) != stated || stated == 0 {
				t.Errorf("waited %s, stated %s", waited, time.Duration(stated))
			}
			if (err == nil) != (err2 == nil) {
				t.Errorf("seed %d: %v, then %v", seed, err, err2)
			}
			if err == nil && (actual.Text != virtual.Text || actual.LatencyNS != 0 || !actual.HasLatency || !virtual.HasLatency || !actual.Simulated) {
				t.Errorf("seed %d: %+v, then %+v", seed, *virtual, *actual)
			}
		}
	})
}

func TestSimulatedStopsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := simulated(events.Simulated{Accuracy: 1, Latency: shaped("constant", 1000, 0, 0)}, 1, 1, false)
		for _, c := range []struct {
			after time.Duration
			want  string
		}{{999 * time.Millisecond, provider.ClassTimeout}, {1001 * time.Millisecond, ""}} {
			at := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), c.after)
			_, err := provider.Simulated{}.Ask(ctx, r)
			cancel()
			var e *provider.Error
			errors.As(err, &e)
			if (e != nil) != (c.want != "") || e != nil && (e.Class != c.want || time.Since(at) != c.after) {
				t.Errorf("after %s: %v", c.after, err)
			}
		}
	})
}

func TestSimulatedWithoutLatencyHasNone(t *testing.T) {
	r := providertest.Answer(t, provider.Simulated{}, simulated(events.Simulated{Accuracy: 1, Expected: "x"}, 1, 1, true))
	if r.HasLatency || r.LatencyNS != 0 || r.Usage.Source != "estimated" || r.Usage.Input != 9 || r.Usage.Output != 1 {
		t.Errorf("%+v, usage %+v", *r, *r.Usage)
	}
}

// Accuracy and error rate are met over calls and over the attempts of one call,
// which are as good as independent.
func TestSimulatedRates(t *testing.T) {
	const n = 100_000
	sim := &events.Simulated{Accuracy: 0.92, ErrorRate: 0.01, Expected: "42"}
	for name, draw := range map[string]func(i int) provider.Outcome{
		"calls":    func(i int) provider.Outcome { return provider.Simulate(sim, uint64(i), 1) },
		"attempts": func(i int) provider.Outcome { return provider.Simulate(sim, 7, i+1) },
		"hashes":   func(i int) provider.Outcome { return provider.Simulate(sim, events.Seed("x", strconv.Itoa(i)), 2) },
	} {
		right, fails, both, last := 0, 0, 0, false
		for i := range n {
			o := draw(i)
			if o.Correct != (o.Text == "42") {
				t.Fatalf("%s %d: %+v", name, i, o)
			}
			if o.Correct {
				right++
			}
			if o.Fails {
				fails++
			}
			if o.Correct && last {
				both++
			}
			last = o.Correct
		}
		near(t, name+": right", right, n, sim.Accuracy)
		near(t, name+": fails", fails, n, sim.ErrorRate)
		near(t, name+": two in a row right", both, n, sim.Accuracy*sim.Accuracy)
	}
}

func near(t *testing.T, what string, k, n int, p float64) {
	t.Helper()
	if share, tolerance := float64(k)/float64(n), 5*math.Sqrt(p*(1-p)/float64(n)); math.Abs(share-p) > tolerance {
		t.Errorf("%s: %.4f, want %.4f ± %.4f", what, share, p, tolerance)
	}
}

// What chance decides is part of what runs promise: these values never change.
func TestSimulatedStaysTheSame(t *testing.T) {
	sim := &events.Simulated{Accuracy: 0.5, ErrorRate: 0.3, Expected: "A: 42", Latency: shaped("piecewise", 800, 2000, 5000)}
	for i, want := range []provider.Outcome{
		{Fails: false, Correct: false, Text: "A: 32", LatencyNS: 473747000},
		{Fails: true, Correct: true, Text: "A: 42", LatencyNS: 504879000},
		{Fails: false, Correct: false, Text: "A: 32", LatencyNS: 406406000},
		{Fails: false, Correct: true, Text: "A: 42", LatencyNS: 456367000},
		{Fails: false, Correct: true, Text: "A: 42", LatencyNS: 1950149000},
		{Fails: false, Correct: false, Text: "A: 44", LatencyNS: 244539000},
	} {
		got := provider.Simulate(sim, 42, i+1)
		if got.Mode, got.Tokens, got.FirstTokenNS = "", 0, 0; got != want {
			t.Errorf("attempt %d: %#v, want %#v", i+1, got, want)
		}
	}
}

func TestWrong(t *testing.T) {
	for right, want := range map[string]string{
		"B": "C", "(d)": "(a)", "E": "A", "A.": "B.", "yes": "no", "True": "false", "42": "43", "-7": "-6",
		"3.50": "4.50", "1,234": "1235", "$18 per day": "$19 per day", "Paris": "not Paris",
		"so it is 3.\nA: 12": "so it is 3.\nA: 13", "x\n#### 5": "x\n#### 6", "Answer: Rome": "Answer: not Rome", "99999999999999999999": "100000000000000000000",
	} {
		if got := provider.Wrong(right, 0); got != want {
			t.Errorf("Wrong(%q) = %q, want %q", right, got, want)
		}
	}
}

func TestWrongIsNeverRight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		right := rapid.OneOf(
			rapid.String(), rapid.StringMatching(`-?[0-9]{1,25}(\.[0-9]{1,6})?`), rapid.StringMatching(`\(?[A-Ea-e]\)?`),
			rapid.SampledFrom([]string{"yes", "No", "TRUE", "false", "A: 7", "#### 1,000"}),
		).Draw(t, "right")
		got := provider.Wrong(right, rapid.Uint64().Draw(t, "pick"))
		if strings.EqualFold(strings.TrimSpace(got), strings.TrimSpace(right)) {
			t.Fatalf("Wrong(%q) = %q", right, got)
		}
		if x, err := strconv.ParseFloat(right, 64); err == nil && math.Abs(x) < 1e12 && !math.IsNaN(x) {
			if y, err := strconv.ParseFloat(got, 64); err == nil && x == y {
				t.Fatalf("Wrong(%q) = %q, the same number", right, got)
			}
		}
	})
}

func BenchmarkSimulatedVirtual(b *testing.B) {
	r := simulated(events.Simulated{Accuracy: 0.92, ErrorRate: 0.01, Expected: "42", Latency: shaped("piecewise", 800, 2000, 5000)}, 1, 1, true)
	b.ReportAllocs()
	for b.Loop() {
		r.Order.Seed++
		_, _ = provider.Simulated{}.Ask(context.Background(), r)
	}
}
