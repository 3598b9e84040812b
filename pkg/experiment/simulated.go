package experiment

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"

	"github.com/crucible-go/crucible/pkg/events"
)

// Latency is a distribution of latencies by its quantiles, a mean and a spread, or
// samples.
type Latency struct {
	Shape        string     `json:"shape" need:"true" doc:"Kind of the distribution."`
	P50          Duration   `json:"p50,omitempty" doc:"Median; of constant, the value."`
	P95          Duration   `json:"p95,omitempty" doc:"95th percentile."`
	P99          Duration   `json:"p99,omitempty" doc:"99th percentile."`
	Mean         Duration   `json:"mean,omitempty" doc:"Of lognormal and bimodal: the mean, instead of percentiles."`
	SD           Duration   `json:"sd,omitempty" doc:"The standard deviation that goes with mean."`
	SlowFraction float64    `json:"slow_fraction,omitempty" doc:"Share of attempts that are slower by slow_factor; of bimodal without it, of its slow ones; default 0.05."`
	SlowFactor   float64    `json:"slow_factor,omitempty" doc:"How many times slower these are."`
	Samples      []Duration `json:"samples,omitempty" doc:"Of samples: measured latencies, at most 256."`
}

// maxSamples bounds the samples of a spec: every order carries them.
const maxSamples = 256

// Failures are the probabilities of the ways in which simulated attempts go wrong.
type Failures struct {
	ServerError   float64 `json:"server_error,omitempty" doc:"Status 500."`
	Overloaded    float64 `json:"overloaded,omitempty" doc:"Status 503."`
	RateLimited   float64 `json:"rate_limited,omitempty" doc:"Status 429, at once."`
	Hang          float64 `json:"hang,omitempty" doc:"No answer before the timeout."`
	Connection    float64 `json:"connection,omitempty" doc:"The connection is reset."`
	HalfStream    float64 `json:"half_stream,omitempty" doc:"The answer breaks off."`
	Malformed     float64 `json:"malformed,omitempty" doc:"The answer is not JSON."`
	Empty         float64 `json:"empty,omitempty" doc:"An answer without a text."`
	ContentFilter float64 `json:"content_filter,omitempty" doc:"A filter leaves no text."`
	Refusal       float64 `json:"refusal,omitempty" doc:"The model refuses."`
	Truncated     float64 `json:"truncated,omitempty" doc:"Half a text, at the limit of tokens."`
	LimitText     float64 `json:"limit_text,omitempty" doc:"A text that reports a rate limit."`
}

// rates are those above 0, in the order of the fields.
func (f *Failures) rates() (out []events.SimulatedFailure) {
	if f == nil {
		return nil
	}
	v := reflect.ValueOf(*f)
	for i := range v.NumField() {
		if rate := v.Field(i).Float(); rate != 0 {
			out = append(out, events.SimulatedFailure{Mode: fieldName(v.Type().Field(i)), Rate: rate})
		}
	}
	return out
}

// Difficulty is the accuracy of a simulated model by a field of the item.
type Difficulty struct {
	Field    string          `json:"field" need:"true" doc:"Dotted path of the item's difficulty."`
	Accuracy json.RawMessage `json:"accuracy" need:"true" doc:"Accuracy by difficulty, such as {easy: 0.98, hard: 0.6}; others have the model's."`
}

// levels are the accuracies by difficulty, and whether they are that.
func (d *Difficulty) levels() (out map[string]float64, ok bool) {
	return out, json.Unmarshal(d.Accuracy, &out) == nil && len(out) > 0
}

// Tokens is what the usage of a simulated model's answers says.
type Tokens struct {
	Output int     `json:"output,omitempty" doc:"Median of the tokens of an answer; those beyond its text are reasoning."`
	Spread float64 `json:"spread,omitempty" doc:"Standard deviation of the logarithm of that number."`
	Cached float64 `json:"cached,omitempty" doc:"Share of a prompt that the provider had cached, 0 to 1."`
}

// Phase is a part of a run during which a simulated model is slower or fails more
// often.
type Phase struct {
	At        float64 `json:"at" doc:"Where it begins, as a share of the run's items, 0 to 1."`
	For       float64 `json:"for,omitempty" doc:"How long it lasts, as such a share; default to the end."`
	Factor    float64 `json:"factor,omitempty" doc:"How many times longer latencies are."`
	Ramp      bool    `json:"ramp,omitempty" doc:"The factor grows evenly from 1 in the course of the phase."`
	ErrorRate float64 `json:"error_rate,omitempty" doc:"Added to the model's error_rate."`
}

// end is where a phase ends.
func (p Phase) end() float64 {
	if p.For == 0 {
		return 1
	}
	return p.At + p.For
}

// scale is by how much latencies are longer at a place in the run.
func (p Phase) scale(at float64) float64 {
	switch {
	case p.Factor == 0:
		return 1
	case p.Ramp:
		return 1 + (p.Factor-1)*(at-p.At)/(p.end()-p.At)
	}
	return p.Factor
}

// simulated is how a member answers an item at a place in the run, a share of its
// items.
func (p *Plan) simulated(m *plannedMember, it *Item, spans []span, at float64) *events.Simulated {
	model := m.model
	s := &events.Simulated{
		Accuracy: model.Accuracy, ErrorRate: model.ErrorRate, Expected: it.Expected, Latency: model.Latency.event(),
		Failures: m.failures, RetryAfterNS: int64(model.RetryAfter), Correlation: model.Correlation,
		ErrorCorrelation: model.ErrorCorrelation, SameWrong: model.SameWrong,
		FirstToken: model.FirstToken, TokensPerSecond: model.TokensPerSecond,
	}
	if s.ErrorCorrelation > 0 || s.SameWrong > 0 {
		s.Item = events.Seed(p.seed, "simulated item", it.ID)
	}
	if t := model.Tokens; t != nil {
		s.Tokens = &events.SimulatedTokens{Output: int64(t.Output), Spread: t.Spread, Cached: t.Cached}
	}
	if m.hard >= 0 {
		if level, ok := valueText(it.Raw[spans[m.hard].start:spans[m.hard].end]); ok {
			if accuracy, ok := m.levels[level]; ok {
				s.Accuracy = accuracy
			}
		}
	}
	for _, phase := range model.Phases {
		if at >= phase.At && at < phase.end() {
			if f := phase.scale(at); f != 1 {
				s.Latency.Scale = max(s.Latency.Scale, 1) * f
			}
			s.ErrorRate = math.Min(1, s.ErrorRate+phase.ErrorRate)
		}
	}
	return s
}

// event is the distribution as an order has it.
func (l *Latency) event() events.Latency {
	if l == nil {
		return events.Latency{Shape: "none"}
	}
	out := events.Latency{Shape: l.Shape, P50NS: int64(l.P50), P95NS: int64(l.P95), P99NS: int64(l.P99),
		MeanNS: int64(l.Mean), SDNS: int64(l.SD), SlowShare: l.SlowFraction, SlowFactor: l.SlowFactor}
	for _, d := range l.Samples {
		out.SamplesNS = append(out.SamplesNS, int64(d))
	}
	slices.Sort(out.SamplesNS)
	return out
}
