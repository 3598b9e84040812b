package provider

import (
	"context"
	"math/rand/v2"
	"time"
	"unicode/utf8"

	"github.com/crucible-go/crucible/pkg/events"
)

// Simulated answers from the order alone: what it says is a function of the
// order's simulation, its seed and the number of the attempt. On the virtual
// clock it states its latency and returns at once; on the real one it waits.
type Simulated struct{}

// Ask implements Provider.
func (Simulated) Ask(ctx context.Context, r *Request) (*Reply, error) {
	if ctx.Err() != nil {
		return nil, ended(ctx, BilledNo)
	}
	sim := r.Order.Simulated
	if sim == nil {
		return nil, unprocessable("the order does not say how to simulate")
	}
	if err := CheckLatency(sim.Latency); err != nil {
		return nil, unprocessable(err.Error())
	}
	d := Simulate(sim, r.Order.Seed, r.Attempt)
	stated := int64(0)
	if r.Order.Virtual {
		stated = d.LatencyNS
	} else if !sleep(ctx, time.Duration(d.LatencyNS)) {
		return nil, ended(ctx, BilledNo)
	}
	if d.Fails {
		return nil, &Error{Class: ClassSimulatedError, Message: "the simulated model failed", Retryable: true,
			Billed: BilledNo, LatencyNS: stated, Simulated: true}
	}
	text, repaired := repair(d.Text)
	return &Reply{
		Text:       text,
		LatencyNS:  stated,
		HasLatency: !r.Order.Virtual || stated > 0,
		Usage:      estimate(r.Order.Messages, text),
		Served:     r.Model,
		Finish:     "stop",
		Simulated:  true,
		Repaired:   repaired,
	}, nil
}

// Outcome is what chance decided about one attempt at a simulated model.
type Outcome struct {
	Fails     bool
	Correct   bool
	Text      string // the right answer or a wrong one; also where the attempt fails
	LatencyNS int64
}

// Simulate decides an attempt: it fails with the probability ErrorRate, is right
// with the probability Accuracy, and takes as long as Latency says. Every
// attempt draws all its numbers in the same order from a PCG of its own, so none
// depends on what the others are used for. The number of the attempt is spread
// over the second half of the seed, because neighbouring seeds of the generator
// begin alike. CheckLatency must have nothing to say about sim.Latency.
func Simulate(sim *events.Simulated, seed uint64, attempt int) Outcome {
	var g rand.PCG
	g.Seed(seed, spread(uint64(attempt))) // attempts are positive
	fails := unit(&g) < sim.ErrorRate
	correct := unit(&g) < sim.Accuracy
	u := unit(&g)
	return Outcome{
		Fails:     fails,
		Correct:   correct,
		Text:      answerText(sim.Expected, correct, g.Uint64()),
		LatencyNS: LatencyQuantile(sim.Latency, u),
	}
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

// sleep waits and reports whether it could wait to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// EstimateTokens counts the tokens of a text by the rule of thumb of four
// characters each.
func EstimateTokens(text string) int64 { return int64(utf8.RuneCountInString(text)+3) / 4 }

// estimate counts the tokens of an exchange; each message costs four more.
func estimate(messages []events.Message, text string) *events.Usage {
	in := int64(0)
	for i := range messages {
		in += 4 + EstimateTokens(messages[i].Content)
	}
	return &events.Usage{Input: in, Output: EstimateTokens(text), Source: "estimated"}
}
