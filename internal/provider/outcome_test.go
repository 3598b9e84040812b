package provider_test

import (
	"context"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/internal/provider/providertest"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
)

// Every way of going wrong has the rate that it was given, and ends as the class
// or the finish that a real provider's would.
func TestSimulatedGoesWrong(t *testing.T) {
	const n = 20_000
	classes := map[string]string{
		"server_error": provider.ClassServerError, "overloaded": provider.ClassServerError, "rate_limited": provider.ClassRateLimited,
		"hang": provider.ClassTimeout, "connection": provider.ClassConnection, "half_stream": provider.ClassPartialReply,
		"malformed": provider.ClassMalformedReply, "empty": provider.ClassEmptyReply, "content_filter": provider.ClassContentFilter,
		"refusal": provider.ClassRefusal, "truncated": provider.ClassTruncated, "limit_text": provider.ClassRateLimited,
	}
	sim := events.Simulated{Accuracy: 1, Expected: "the right answer", Latency: shaped("constant", 100, 0, 0), RetryAfterNS: 3e9}
	for i, mode := range provider.Modes() {
		sim.Failures = append(sim.Failures, events.SimulatedFailure{Mode: mode, Rate: float64(i+1) / 100})
	}
	counts := map[string]int{}
	for i := range uint64(n) {
		counts[provider.Simulate(&sim, i, 1).Mode]++
	}
	for i, mode := range provider.Modes() {
		near(t, mode, counts[mode], n, float64(i+1)/100)
	}
	for _, mode := range provider.Modes() {
		one := sim
		one.Failures = []events.SimulatedFailure{{Mode: mode, Rate: 1}}
		r := simulated(one, 7, 1, true)
		r.Order.TimeoutNS = 5e9
		_, err := provider.Simulated{}.Ask(t.Context(), r)
		var e *provider.Error
		if class := classes[mode]; errors.As(err, &e) != (class != "") || class != "" && (e.Class != class || !e.Simulated) {
			t.Errorf("%s: %v", mode, err)
			continue
		}
		switch mode {
		case "hang":
			if e.LatencyNS != 5e9 {
				t.Errorf("hangs %s", time.Duration(e.LatencyNS))
			}
		case "rate_limited":
			if e.RetryAfter != 3*time.Second || e.LatencyNS != 0 {
				t.Errorf("%+v", *e)
			}
		case "refusal", "truncated":
			r.Order.Accept = []string{e.Class}
			want := map[string][2]string{"refusal": {provider.RefusalText, "refusal"}, "truncated": {"the righ", "length"}}[mode]
			if reply := providertest.Answer(t, provider.Simulated{}, r); reply.Text != want[0] || reply.Finish != want[1] {
				t.Errorf("%+v", *reply)
			}
		case "limit_text":
			r.Order.Messages[0].Content = "What does status 429 mean?"
			if reply := providertest.Answer(t, provider.Simulated{}, r); reply.Text != provider.LimitText {
				t.Errorf("%+v", *reply)
			}
		}
	}
}

// The spec names the ways to go wrong as this package does, and the virtual clock
// has deadlines too.
func TestSimulatedSpecs(t *testing.T) {
	fields := reflect.TypeFor[experiment.Failures]()
	for i, mode := range provider.Modes() {
		if name, _, _ := strings.Cut(fields.Field(i).Tag.Get("json"), ","); name != mode || fields.NumField() != len(provider.Modes()) {
			t.Errorf("failure %d is %s here and %s in specs", i, mode, name)
		}
	}
	if got, want := experiment.Supported("models.latency.shape").Works, provider.Shapes(); len(got) != len(want) {
		t.Errorf("shapes %v, want %v", got, want)
	}
	r := simulated(events.Simulated{Accuracy: 1, Latency: shaped("constant", 3000, 0, 0)}, 1, 1, true)
	r.Order.TimeoutNS = 2e9
	if e := providertest.Failure(t, provider.Simulated{}, t.Context(), r); e.Class != provider.ClassTimeout || e.LatencyNS != 2e9 || !e.Simulated {
		t.Errorf("%+v", *e)
	}
}

// A model that hangs ends with its deadline, on the real clock too.
func TestSimulatedHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := simulated(events.Simulated{Accuracy: 1, Failures: []events.SimulatedFailure{{Mode: "hang", Rate: 1}}}, 1, 1, false)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		at := time.Now()
		if e := providertest.Failure(t, provider.Simulated{}, ctx, r); e.Class != provider.ClassTimeout || time.Since(at) != 2*time.Second {
			t.Errorf("%+v after %s", *e, time.Since(at))
		}
	})
}

// Models err together where their errors correlate: the shares are those of two
// normal scores with that correlation, and their wrong answers are as often the
// same as declared.
func TestErrorsCorrelate(t *testing.T) {
	const n = 60_000
	pair := func(correlation, same float64) (right, both, alike float64) {
		agreed := 0
		for item := range uint64(n) {
			sim := events.Simulated{Accuracy: 0.8, Expected: "A: 1000", Item: item + 1, ErrorCorrelation: correlation, SameWrong: same}
			a, b := provider.Simulate(&sim, 2*item, 1), provider.Simulate(&sim, 2*item+1, 1)
			if a.Correct {
				right++
			}
			if !a.Correct && !b.Correct {
				both++
				if a.Text == b.Text {
					agreed++
				}
			}
		}
		return right / n, both / n, float64(agreed) / both
	}
	right, both, alike := pair(0, 0)
	if math.Abs(right-0.8) > 0.006 || math.Abs(both-0.04) > 0.004 || math.Abs(alike-1.0/8) > 0.03 {
		t.Errorf("independent: right %.4f, both wrong %.4f, alike %.4f", right, both, alike)
	}
	// Φ₂(z(0.2), z(0.2); 0.5) = 0.0872; two of eight wrong answers meet by chance.
	right, both, alike = pair(0.5, 0.6)
	if math.Abs(right-0.8) > 0.006 || math.Abs(both-0.0872) > 0.006 || math.Abs(alike-(0.6+0.4/8)) > 0.03 {
		t.Errorf("correlated: right %.4f, both wrong %.4f, alike %.4f", right, both, alike)
	}
	if right, both, _ := pair(1, 1); math.Abs(right-0.8) > 0.006 || math.Abs(both-0.2) > 0.006 {
		t.Errorf("the same luck: right %.4f, both wrong %.4f", right, both)
	}
}

// Tokens are what the usage says, and what the time after the first one follows.
func TestSimulatedTokens(t *testing.T) {
	sim := events.Simulated{Accuracy: 1, Expected: "A: 42", Latency: shaped("constant", 500, 0, 0), TokensPerSecond: 100,
		Tokens: &events.SimulatedTokens{Output: 200, Cached: 0.5}}
	r := providertest.Answer(t, provider.Simulated{}, simulated(sim, 1, 1, true))
	if u := r.Usage; u.Output != 200 || u.Reasoning != 198 || u.CachedInput != u.Input/2 {
		t.Errorf("usage %+v", *u)
	}
	if r.LatencyNS != 25e8 || r.FirstTokenNS != 5e8 {
		t.Errorf("latency %s, first token after %s", time.Duration(r.LatencyNS), time.Duration(r.FirstTokenNS))
	}
	sim.Tokens.Spread, sim.TokensPerSecond, sim.FirstToken = 0.5, 0, 0.4
	above := 0
	for i := range uint64(10_000) {
		if o := provider.Simulate(&sim, i, 1); o.Tokens > 200 {
			above++
		} else if o.FirstTokenNS != 2e8 || o.LatencyNS != 5e8 {
			t.Fatalf("%+v", o)
		}
	}
	if above < 4700 || above > 5200 {
		t.Errorf("%d of 10,000 above the median", above)
	}
}

func TestCheckSimulated(t *testing.T) {
	for name, sim := range map[string]events.Simulated{
		"accuracy":  {Accuracy: math.NaN()},
		"rate":      {ErrorRate: -1},
		"mode":      {Failures: []events.SimulatedFailure{{Mode: "sulks", Rate: 0.1}}},
		"sum":       {Failures: []events.SimulatedFailure{{Mode: "hang", Rate: 0.6}, {Mode: "empty", Rate: 0.6}}},
		"tokens":    {Tokens: &events.SimulatedTokens{Output: -1}},
		"speed":     {TokensPerSecond: math.Inf(1)},
		"unsorted":  {Latency: events.Latency{Shape: "samples", SamplesNS: []int64{2, 1}}},
		"no sample": {Latency: events.Latency{Shape: "samples"}},
		"factor":    {Latency: events.Latency{Shape: "constant", P50NS: 1, SlowShare: 0.1, SlowFactor: 0.5}},
		"scale":     {Latency: events.Latency{Shape: "constant", P50NS: 1, Scale: -1}},
		"a mean":    {Latency: events.Latency{Shape: "pareto", MeanNS: 1, SDNS: 1}},
		"no such":   {Latency: shaped("bimodal", 100, 99_000, 100_000)},
	} {
		if err := provider.CheckSimulated(&sim); err == nil {
			t.Errorf("%s is accepted", name)
		}
		if e := providertest.Failure(t, provider.NewSimulated(), context.Background(), simulated(sim, 1, 1, true)); e.Class != provider.ClassUnprocessable {
			t.Errorf("%s: %+v", name, *e)
		}
	}
}
