package provider

import (
	"context"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/crucible-go/crucible/pkg/events"
)

// Simulated answers from the order alone: what it says is a function of the
// order's simulation, its seed and the number of the attempt. On the virtual
// clock it states its latency and returns at once; on the real one it waits.
// The zero value is ready; NewSimulated makes one that remembers distributions.
type Simulated struct{ draws *Draws }

// NewSimulated returns a simulated provider.
func NewSimulated() Simulated { return Simulated{&Draws{}} }

// Ask implements Provider.
func (s Simulated) Ask(ctx context.Context, r *Request) (*Reply, error) {
	if ctx.Err() != nil {
		return nil, ended(ctx, BilledNo)
	}
	sim := r.Order.Simulated
	if sim == nil {
		return nil, unprocessable("the order does not say how to simulate")
	}
	if err := checkRates(sim); err != nil {
		return nil, unprocessable(err.Error())
	}
	d, err := s.draws.Simulate(sim, r.Order.Seed, r.Attempt)
	if err != nil {
		return nil, unprocessable(err.Error())
	}
	takes := simulatedTime(r, d)
	stated := int64(0)
	if r.Order.Virtual {
		stated = takes
	} else if !sleep(ctx, time.Duration(takes)) {
		return nil, ended(ctx, BilledNo)
	}
	if limit := r.Order.TimeoutNS; stated > limit && limit > 0 {
		return nil, &Error{Class: ClassTimeout, Message: "no answer before the deadline", Retryable: true, Billed: BilledNo, LatencyNS: limit, Simulated: true}
	}
	if failure := d.failure(r, stated); failure != nil {
		return nil, failure
	}
	text, repaired := repair(d.Text)
	reply := &Reply{
		Text:       text,
		LatencyNS:  stated,
		HasLatency: !r.Order.Virtual || stated > 0,
		Usage:      d.usage(estimateInput(r.Order.Messages), sim),
		Served:     r.Model,
		Finish:     d.Finish(),
		Simulated:  true,
		Repaired:   repaired,
	}
	if r.Order.Virtual && (sim.FirstToken > 0 || sim.TokensPerSecond > 0) {
		reply.FirstTokenNS = d.FirstTokenNS
	}
	return reply, nil
}

// hangs is how long an attempt hangs that nobody gave a deadline.
const hangs = time.Minute

// simulatedTime is how long an attempt takes, in nanoseconds: one that hangs, as
// long as it may, and no attempt longer.
func simulatedTime(r *Request, d Outcome) int64 {
	switch {
	case d.Mode == ModeHang && r.Order.TimeoutNS > 0:
		return r.Order.TimeoutNS
	case d.Mode == ModeHang:
		return int64(hangs)
	case d.Mode == ModeRateLimited:
		return 0 // turned away at once
	}
	return d.LatencyNS
}

// failure is that of an attempt that gives no answer, nil for the others.
func (d Outcome) failure(r *Request, stated int64) *Error {
	e := &Error{Retryable: true, Billed: BilledNo, LatencyNS: stated, Simulated: true}
	switch d.Mode {
	case ModeError:
		e.Class, e.Message = ClassSimulatedError, "the simulated model failed"
	case ModeServerError:
		e.Class, e.Status, e.Message = ClassServerError, 500, "simulated internal error"
	case ModeOverloaded:
		e.Class, e.Status, e.Message = ClassServerError, 503, "the simulated model is overloaded"
	case ModeRateLimited:
		e.Class, e.Status, e.Message = ClassRateLimited, 429, "simulated rate limit"
		e.RetryAfter = time.Second
		if ns := r.Order.Simulated.RetryAfterNS; ns > 0 {
			e.RetryAfter = time.Duration(ns)
		}
	case ModeHang:
		e.Class, e.Message = ClassTimeout, "the simulated model hung"
	case ModeConnection:
		e.Class, e.Message = ClassConnection, "the simulated connection was reset"
	case ModeHalfStream:
		e.Class, e.Message = ClassPartialReply, "the simulated reply broke off"
	case ModeMalformed:
		e.Class, e.Message = ClassMalformedReply, "the simulated reply is not what the protocol says"
	case ModeEmpty:
		e.Class, e.Message = ClassEmptyReply, "the simulated reply has no text"
	case ModeContentFilter:
		e.Class, e.Retryable, e.Message = ClassContentFilter, false, "the simulated filter left no text"
	case ModeRefusal, ModeTruncated:
		e.Class, e.Retryable = map[string]string{ModeRefusal: ClassRefusal, ModeTruncated: ClassTruncated}[d.Mode], false
		if slices.Contains(r.Order.Accept, e.Class) && d.Text != "" {
			return nil
		}
		e.Message = notAnAnswer(e.Class)
	case ModeLimitText:
		if !isTooMany(r, d.Text) {
			return nil
		}
		e.Class, e.Message = ClassRateLimited, "the text of the simulated reply says that there were too many requests"
	default:
		return nil
	}
	return e
}

// Finish is why the text of an attempt ends.
func (d Outcome) Finish() string {
	switch d.Mode {
	case ModeRefusal:
		return "refusal"
	case ModeTruncated:
		return "length"
	}
	return "stop"
}

// RefusalText is what a simulated model says that refuses.
const RefusalText = "I cannot help with that."

// LimitText is the text of a gateway that reports a limit as an answer.
const LimitText = "Error 429: rate limit exceeded, try again later."

// said is what a mode makes of the text.
func said(mode, text string) string {
	switch mode {
	case ModeRefusal:
		return RefusalText
	case ModeLimitText:
		return LimitText
	case ModeTruncated:
		half := utf8.RuneCountInString(text) / 2
		for i := range text {
			if half == 0 {
				return text[:i]
			}
			half--
		}
	}
	return text
}

// usage is what the reply says of tokens.
func (d Outcome) usage(input int64, sim *events.Simulated) *events.Usage {
	u := &events.Usage{Input: input, Output: d.Tokens, Source: "estimated"}
	if sim.Tokens != nil {
		u.Reasoning = d.Tokens - EstimateTokens(d.Text)
		u.CachedInput = CachedTokens(input, sim)
	}
	return u
}

// CachedTokens is how much of a prompt a simulated provider had cached.
func CachedTokens(input int64, sim *events.Simulated) int64 {
	if sim.Tokens == nil {
		return 0
	}
	return int64(float64(input) * sim.Tokens.Cached)
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

// estimateInput counts the tokens of a prompt; each message costs four more.
func estimateInput(messages []events.Message) (in int64) {
	for i := range messages {
		in += 4 + EstimateTokens(messages[i].Content)
	}
	return in
}
