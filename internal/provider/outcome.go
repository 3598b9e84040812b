package provider

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/latency"
)

// The ways in which a simulated attempt goes wrong.
const (
	ModeError         = "error"          // of the simulation's error rate
	ModeServerError   = "server_error"   // status 500
	ModeOverloaded    = "overloaded"     // status 503, or what the protocol says instead
	ModeRateLimited   = "rate_limited"   // status 429, at once
	ModeHang          = "hang"           // nothing comes
	ModeConnection    = "connection"     // the connection is reset
	ModeHalfStream    = "half_stream"    // it breaks off in the middle of the answer
	ModeMalformed     = "malformed"      // the reply is not JSON
	ModeEmpty         = "empty"          // a reply without a text
	ModeContentFilter = "content_filter" // the provider's filter left nothing
	ModeRefusal       = "refusal"        // the model refuses
	ModeTruncated     = "truncated"      // half a text, at the limit of tokens
	ModeLimitText     = "limit_text"     // a text that reports a rate limit
)

// Modes are the names of the ways in which attempts go wrong, in the order in
// which chance is divided between them.
func Modes() []string {
	return []string{ModeServerError, ModeOverloaded, ModeRateLimited, ModeHang, ModeConnection, ModeHalfStream,
		ModeMalformed, ModeEmpty, ModeContentFilter, ModeRefusal, ModeTruncated, ModeLimitText}
}

// Outcome is what chance decided about one attempt at a simulated model.
type Outcome struct {
	Fails        bool   // it ends without an answer for its error rate
	Mode         string // how it goes wrong, "" where it does not; ModeError where it fails
	Correct      bool
	Text         string // the right answer or a wrong one; also where the attempt fails
	Tokens       int64  // of the answer, those of reasoning included
	LatencyNS    int64
	FirstTokenNS int64 // of LatencyNS
}

// Simulate decides an attempt: it fails with the probability ErrorRate, is right
// with the probability Accuracy, and takes as long as Latency says. Every
// attempt draws all its numbers in the same order from a PCG of its own, so none
// depends on what the others are used for. The number of the attempt is spread
// over the second half of the seed, because neighbouring seeds of the generator
// begin alike. It presumes that CheckSimulated has nothing to say.
func Simulate(sim *events.Simulated, seed uint64, attempt int) Outcome {
	o, _ := (*Draws)(nil).Simulate(sim, seed, attempt) // a latency that is none is 0
	return o
}

// draw holds the numbers of one attempt, in the order in which they are drawn.
type draw struct {
	fails, correct, latency float64
	pick                    uint64
	slow, fate, tokens      float64
	same                    float64
}

func newDraw(seed uint64, attempt int) draw {
	var g rand.PCG
	g.Seed(seed, spread(uint64(attempt))) // attempts are positive
	return draw{fails: unit(&g), correct: unit(&g), latency: unit(&g), pick: g.Uint64(),
		slow: unit(&g), fate: unit(&g), tokens: unit(&g), same: unit(&g)}
}

func (d draw) luck() latency.Luck { return latency.Luck{d.latency, d.slow} }

// Simulate is the function Simulate; its error is what is wrong with the
// simulation's latency.
func (d *Draws) Simulate(sim *events.Simulated, seed uint64, attempt int) (Outcome, error) {
	dist, err := d.of(&sim.Latency)
	if err != nil {
		return Outcome{}, err
	}
	return SimulateFrom(sim, dist, seed, attempt), nil
}

// SimulateFrom is Simulate with the simulation's own distribution of latencies at
// hand, as Distribution returns it.
func SimulateFrom(sim *events.Simulated, dist latency.Distribution, seed uint64, attempt int) Outcome {
	drawn := newDraw(seed, attempt)
	o := Outcome{Fails: drawn.fails < sim.ErrorRate}
	o.Mode = fate(sim.Failures, drawn.fate)
	if o.Fails {
		o.Mode = ModeError
	}
	o.Text, o.Correct = answer(sim, drawn)
	o.Text = said(o.Mode, o.Text)
	o.Tokens = tokens(sim.Tokens, o.Text, drawn.tokens)
	luck := drawn.luck()
	if sim.Correlation > 0 && attempt > 1 {
		luck = newDraw(seed, 1).luck().Again(sim.Correlation, luck)
	}
	o.timing(sim, dist, luck)
	return o
}

// fate is how an attempt goes wrong, "" if it does not.
func fate(failures []events.SimulatedFailure, u float64) string {
	for i := range failures {
		if u < failures[i].Rate {
			return failures[i].Mode
		}
		u -= failures[i].Rate
	}
	return ""
}

// answer is what is said. With a correlation of errors the normal score of the
// attempt is in part the item's, which is the same for every model: an item that
// is hard for one is hard for all.
func answer(sim *events.Simulated, d draw) (text string, correct bool) {
	if sim.Item == 0 || sim.ErrorCorrelation == 0 && sim.SameWrong == 0 {
		correct = d.correct < sim.Accuracy
		return answerText(sim.Expected, correct, d.pick), correct
	}
	var g rand.PCG
	g.Seed(sim.Item, spread(0))
	own, item := d.correct, unit(&g)
	if r := sim.ErrorCorrelation; r > 0 {
		own = latency.Share(math.Sqrt(r)*latency.Score(item) + math.Sqrt(1-r)*latency.Score(own))
	}
	correct = own < sim.Accuracy
	pick := d.pick
	if common := g.Uint64(); d.same < math.Sqrt(sim.SameWrong) { // for two: SameWrong
		pick = common
	}
	return answerText(sim.Expected, correct, pick), correct
}

// tokens is how many tokens an answer has: as many as its text or more.
func tokens(t *events.SimulatedTokens, text string, u float64) int64 {
	visible := EstimateTokens(text)
	if t == nil || t.Output == 0 {
		return visible
	}
	drawn := float64(t.Output) * math.Exp(t.Spread*normalQuantile(u))
	return max(visible, int64(math.Round(math.Min(drawn, 1e9))))
}

// timing says how long the attempt takes and when its first token arrives.
func (d *Outcome) timing(sim *events.Simulated, dist latency.Distribution, luck latency.Luck) {
	if dist != nil {
		d.LatencyNS = int64(luck.Draw(dist))
		if _, exact := dist.(quantiles); !exact {
			d.LatencyNS = microseconds(float64(d.LatencyNS))
		}
		if s := sim.Latency.Scale; s > 0 && s != 1 {
			d.LatencyNS = microseconds(float64(d.LatencyNS) * s)
		}
	}
	if sim.TokensPerSecond > 0 {
		d.FirstTokenNS = d.LatencyNS
		d.LatencyNS += int64(math.Round(float64(d.Tokens)/sim.TokensPerSecond*1e6)) * int64(time.Microsecond)
		return
	}
	share := sim.FirstToken
	if share == 0 {
		share = firstToken
	}
	d.FirstTokenNS = int64(float64(d.LatencyNS) * share)
}

// firstToken is the share of the latency after which the first token of a stream
// arrives that does not say.
const firstToken = 0.3

// CheckSimulated reports what is wrong with a simulation.
func CheckSimulated(sim *events.Simulated) error {
	if err := checkRates(sim); err != nil {
		return err
	}
	return CheckLatency(sim.Latency)
}

func checkRates(sim *events.Simulated) error {
	for _, r := range []struct {
		name  string
		value float64
	}{
		{"accuracy", sim.Accuracy}, {"error_rate", sim.ErrorRate}, {"correlation", sim.Correlation},
		{"error_correlation", sim.ErrorCorrelation}, {"same_wrong", sim.SameWrong}, {"first_token", sim.FirstToken},
	} {
		if !(r.value >= 0 && r.value <= 1) { // also not a number
			return fmt.Errorf("%s: %v is not between 0 and 1", r.name, r.value)
		}
	}
	sum := 0.0
	for _, f := range sim.Failures {
		if !slices.Contains(Modes(), f.Mode) {
			return fmt.Errorf("failures: unknown mode %q", clip(f.Mode, 40))
		}
		if !(f.Rate >= 0 && f.Rate <= 1) {
			return fmt.Errorf("%s: %v is not between 0 and 1", f.Mode, f.Rate)
		}
		sum += f.Rate
	}
	if sum > 1+1e-9 {
		return fmt.Errorf("failures: the rates sum to %v, more than 1", sum)
	}
	if !(sim.TokensPerSecond >= 0 && sim.TokensPerSecond <= 1e6) {
		return fmt.Errorf("tokens_per_second: %v is not between 0 and 1,000,000", sim.TokensPerSecond)
	}
	if t := sim.Tokens; t != nil && (t.Output < 0 || t.Output > 1e7 || !(t.Spread >= 0 && t.Spread <= 3) || !(t.Cached >= 0 && t.Cached <= 1)) {
		return fmt.Errorf("tokens: want an output of up to 10,000,000, a spread of up to 3 and a cached share of up to 1")
	}
	return nil
}

// unit is a number in the open interval (0, 1).
func unit(g *rand.PCG) float64 { return (float64(g.Uint64()>>12) + 0.5) / (1 << 52) }

// spread is the finalizer of SplitMix64 (Steele, Lea, Flood 2014): neighbours
// become strangers.
func spread(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
