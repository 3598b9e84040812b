package simulate

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/latency"
)

// Key is a key of a model in the form of a flag.
type Key struct{ Name, Kind, Doc string }

// The kinds of a key's values.
const (
	kindText     = "text"
	kindShare    = "share"
	kindNumber   = "number"
	kindCount    = "count"
	kindDuration = "duration"
	kindFile     = "file"
)

// Keys are the keys of a model, but id and the modes of failure, each of which is
// a key of its own with a share.
func Keys() []Key {
	return []Key{
		{"accuracy", kindShare, "share of right answers, where one is known; default 1"},
		{"shape", kindText, "distribution of latencies: " + strings.Join(provider.Shapes(), ", ") + "; default what the figures given make"},
		{"p50", kindDuration, "median latency"},
		{"p95", kindDuration, "95th percentile of the latency"},
		{"p99", kindDuration, "99th percentile of the latency"},
		{"mean", kindDuration, "mean latency of a lognormal, instead of percentiles"},
		{"sd", kindDuration, "its standard deviation"},
		{"slow_fraction", kindShare, "share of requests that are slower by slow_factor"},
		{"slow_factor", kindNumber, "by how much they are slower"},
		{"samples", kindFile, "measured latencies, milliseconds, one a line"},
		{"correlation", kindShare, "of the latencies of the copies of a call"},
		{"first_token", kindShare, "share of the latency after which a stream begins; default 0.3"},
		{"tokens_per_second", kindNumber, "speed after the first token; the latency is then that of the first token"},
		{"output_tokens", kindCount, "median of the tokens of an answer; those beyond its text are reasoning"},
		{"output_spread", kindNumber, "standard deviation of the logarithm of that number"},
		{"cached", kindShare, "share of the tokens of a prompt that were cached"},
		{"error_rate", kindShare, "share of requests that end with status 500"},
		{"rate_limit_rate", kindShare, "share of requests that are turned away with status 429"},
		{"retry_after", kindDuration, "what these are told to wait; default 1s"},
		{"rpm", kindCount, "requests per minute that are accepted"},
		{"tpm", kindCount, "tokens per minute that are accepted"},
		{"error_correlation", kindShare, "share of a model's luck with a question that all models have in common"},
		{"same_wrong", kindShare, "probability that two wrong answers are the same"},
		{"reply", kindText, "what is answered where no right answer is known"},
	}
}

// kindOf is the kind of a key's values, false for one that is none.
func kindOf(key string) (string, bool) {
	for _, k := range Keys() {
		if k.Name == key {
			return k.Kind, true
		}
	}
	if slices.Contains(provider.Modes(), key) || strings.HasPrefix(key, difficultyKey) && key != difficultyKey {
		return kindShare, true
	}
	return kindText, key == "id"
}

// difficultyKey stands before the difficulty whose accuracy it is.
const difficultyKey = "accuracy."

// NewModel is a model without a name that is always right at once.
func NewModel() Model {
	return Model{Simulated: events.Simulated{Accuracy: 1}, RetryAfter: time.Second}
}

// ParseModel reads a model in the form of a flag, for example
//
//	id=sim_a,accuracy=0.92,p50=800ms,p95=2s,p99=5s,overloaded=0.01
//
// The keys are id, Keys, provider.Modes, and accuracy.LEVEL for the accuracy at
// questions of that difficulty. Without a shape it follows from the figures that
// are given: p50, p95 and p99 piecewise, two of them or a mean lognormal, p50
// alone constant, samples samples, none none.
func ParseModel(text string) (Model, error) { return ParseModelOver(NewModel(), text) }

// ParseModelOver is ParseModel over a model that says what the text does not. A
// text with figures of a latency replaces those of the model altogether.
func ParseModelOver(m Model, text string) (Model, error) {
	var pairs [][2]string
	seen := map[string]bool{}
	for part := range strings.SplitSeq(text, ",") {
		key, value, found := strings.Cut(part, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		switch {
		case !found:
			return Model{}, fmt.Errorf("model %q: %q is not key=value", text, part)
		case seen[key]:
			return Model{}, fmt.Errorf("model %q: %s is given twice", text, key)
		}
		seen[key] = true
		pairs = append(pairs, [2]string{key, value})
	}
	if err := m.SetAll(pairs); err != nil {
		return Model{}, fmt.Errorf("model %q: %w", text, err)
	}
	if err := m.check(); err != nil {
		return Model{}, fmt.Errorf("model %q: %w", text, err)
	}
	return m, nil
}

// SetAll sets keys of a model to the values given as texts.
func (m *Model) SetAll(pairs [][2]string) error {
	for _, p := range pairs {
		if isLatency(p[0]) {
			m.Latency = events.Latency{}
			break
		}
	}
	m.Failures = slices.Clone(m.Failures)
	for _, p := range pairs {
		if err := m.set(p[0], p[1]); err != nil {
			return err
		}
	}
	if m.Latency.Shape == "" {
		m.Latency.Shape = shapeOf(m.Latency)
	}
	return nil
}

func isLatency(key string) bool {
	switch key {
	case "shape", "p50", "p95", "p99", "mean", "sd", "slow_fraction", "slow_factor", "samples":
		return true
	}
	return false
}

// set sets one key.
func (m *Model) set(key, value string) error {
	kind, known := kindOf(key)
	if !known {
		return fmt.Errorf("unknown key %q (id, %s, accuracy.LEVEL, %s)", key, strings.Join(names(), ", "), strings.Join(provider.Modes(), ", "))
	}
	switch kind {
	case kindDuration:
		d, err := time.ParseDuration(value)
		if err != nil {
			return fmt.Errorf("%s: %q is not a duration such as 800ms or 2s", key, value)
		}
		m.setDuration(key, d)
	case kindShare, kindNumber:
		x, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return fmt.Errorf("%s: %q is not a number", key, value)
		}
		m.setNumber(key, x)
	case kindCount:
		n, err := strconv.Atoi(value)
		if err != nil {
			return fmt.Errorf("%s: %q is not a whole number", key, value)
		}
		m.setCount(key, n)
	case kindFile:
		return m.setSamples(value)
	default:
		m.setText(key, value)
	}
	return nil
}

func names() []string {
	out := make([]string, 0, 32)
	for _, k := range Keys() {
		out = append(out, k.Name)
	}
	return out
}

func (m *Model) setText(key, value string) {
	switch key {
	case "id":
		m.ID = value
	case "shape":
		m.Latency.Shape = value
	case "reply":
		m.Reply = value
	}
}

func (m *Model) setDuration(key string, d time.Duration) {
	switch key {
	case "p50":
		m.Latency.P50NS = int64(d)
	case "p95":
		m.Latency.P95NS = int64(d)
	case "p99":
		m.Latency.P99NS = int64(d)
	case "mean":
		m.Latency.MeanNS = int64(d)
	case "sd":
		m.Latency.SDNS = int64(d)
	case "retry_after":
		m.RetryAfter = d
	}
}

func (m *Model) setCount(key string, n int) {
	switch key {
	case "rpm":
		m.RPM = n
	case "tpm":
		m.TPM = n
	case "output_tokens":
		m.tokens().Output = int64(n)
	}
}

// tokens is the model's own copy of what its usage says.
func (m *Model) tokens() *events.SimulatedTokens {
	t := events.SimulatedTokens{}
	if m.Tokens != nil {
		t = *m.Tokens
	}
	m.Tokens = &t
	return m.Tokens
}

func (m *Model) setNumber(key string, x float64) {
	switch key {
	case "accuracy":
		m.Accuracy = x
	case "error_rate":
		m.ErrorRate = x
	case "rate_limit_rate":
		m.RateLimitRate = x
	case "slow_fraction":
		m.Latency.SlowShare = x
	case "slow_factor":
		m.Latency.SlowFactor = x
	case "correlation":
		m.Correlation = x
	case "first_token":
		m.FirstToken = x
	case "tokens_per_second":
		m.TokensPerSecond = x
	case "output_spread":
		m.tokens().Spread = x
	case "cached":
		m.tokens().Cached = x
	case "error_correlation":
		m.ErrorCorrelation = x
	case "same_wrong":
		m.SameWrong = x
	default:
		m.setRate(key, x)
	}
}

// setRate sets the rate of a failure, or the accuracy at a difficulty.
func (m *Model) setRate(key string, x float64) {
	if level, ok := strings.CutPrefix(key, difficultyKey); ok {
		by := map[string]float64{level: x}
		for k, v := range m.ByDifficulty {
			if k != level {
				by[k] = v
			}
		}
		m.ByDifficulty = by
		return
	}
	for i := range m.Failures {
		if m.Failures[i].Mode == key {
			m.Failures[i].Rate = x
			return
		}
	}
	m.Failures = append(m.Failures, events.SimulatedFailure{Mode: key, Rate: x})
}

func (m *Model) setSamples(path string) error {
	file, err := os.Open(path) //nolint:gosec // the user names his own file
	if err != nil {
		return fmt.Errorf("samples: %w", err)
	}
	defer func() { _ = file.Close() }() // only read
	measured, err := latency.ReadSamples(file)
	if err != nil {
		return fmt.Errorf("samples: %s: %w", path, err)
	}
	slices.Sort(measured)
	m.Latency.SamplesNS = make([]int64, len(measured))
	for i, d := range measured {
		m.Latency.SamplesNS[i] = int64(d)
	}
	return nil
}

func shapeOf(l events.Latency) string {
	switch {
	case len(l.SamplesNS) > 0:
		return provider.ShapeSamples
	case l.MeanNS != 0 || l.SDNS != 0:
		return provider.ShapeLognormal
	case l.P95NS != 0 && l.P99NS != 0:
		return provider.ShapePiecewise
	case l.P95NS != 0 || l.P99NS != 0:
		return provider.ShapeLognormal
	case l.P50NS != 0:
		return provider.ShapeConstant
	}
	return provider.ShapeNone
}

// ParsePhase reads a phase in the form of a flag, for example
//
//	at=30s,for=10s,factor=6,error_rate=0.2
//
// Keys: at and for, both durations or both numbers of requests; factor, ramp
// (true: the factor grows from 1), error_rate, model.
func ParsePhase(text string) (Phase, error) {
	var p Phase
	units := map[string]bool{}
	for part := range strings.SplitSeq(text, ",") {
		key, value, found := strings.Cut(part, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if !found {
			return Phase{}, fmt.Errorf("phase %q: %q is not key=value", text, part)
		}
		var err error
		switch key {
		case "at":
			p.At, err = p.point(value, units)
		case "for":
			p.For, err = p.point(value, units)
		case "factor":
			p.Factor, err = strconv.ParseFloat(value, 64)
		case "error_rate":
			p.ErrorRate, err = strconv.ParseFloat(value, 64)
		case "ramp":
			p.Ramp, err = strconv.ParseBool(value)
		case "model":
			p.Model = value
		default:
			return Phase{}, fmt.Errorf("phase %q: unknown key %q (at, for, factor, ramp, error_rate, model)", text, key)
		}
		if err != nil {
			return Phase{}, fmt.Errorf("phase %q: %s: %q is not what it takes, such as at=30s,for=10s,factor=6", text, key, value)
		}
	}
	if len(units) > 1 {
		return Phase{}, fmt.Errorf("phase %q: at and for: want both as durations or both as numbers of requests", text)
	}
	if err := p.check(); err != nil {
		return Phase{}, fmt.Errorf("phase %q: %w", text, err)
	}
	return p, nil
}

// point reads a place in the course of the requests.
func (p *Phase) point(value string, units map[string]bool) (float64, error) {
	if n, err := strconv.Atoi(value); err == nil {
		p.Calls = n != 0 || p.Calls
		if n != 0 {
			units["calls"] = true
		}
		return float64(n), nil
	}
	d, err := time.ParseDuration(value)
	if err != nil {
		return 0, errors.New("neither a duration nor a number")
	}
	units["time"] = true
	return d.Seconds(), nil
}
