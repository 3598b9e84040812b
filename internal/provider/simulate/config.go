// Package simulate is an HTTP server that speaks the protocols of OpenAI (chat
// completions), Anthropic (messages) and Gemini (generateContent), streaming too,
// with chosen accuracies, latencies and failures, so that everything between a
// spec and a report can be tried over real connections without a real model.
//
// Every response is labelled: the header X-Crucible-Simulated, and in chat
// completions the system_fingerprint "crucible-simulated".
package simulate

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/events"
)

// Config describes a server.
type Config struct {
	Addr    string // "" is 127.0.0.1:0
	Seed    uint64
	Models  []Model
	Answers *Answers        // right answers by question; nil: none is known
	Key     provider.Secret // the key that clients must send; empty: any or none
	Phases  []Phase         // of latencies and errors in the course of time
}

// AnyModel is the id of a model that answers to every name that no other has.
const AnyModel = "*"

// Model is how a simulated model behaves.
type Model struct {
	ID string
	// Simulated is its behaviour. Expected and Item follow from the question;
	// ErrorRate is the share of requests that end with status 500, after their
	// latency.
	events.Simulated
	RateLimitRate float64            // share of requests that are turned away with status 429, at once
	RetryAfter    time.Duration      // what such a 429 asks to wait
	RPM           int                // requests per minute that are accepted, the rest is turned away; 0: any number
	TPM           int                // tokens per minute, likewise
	Reply         string             // what is answered where no right answer is known; "" is "simulated answer N"
	ByDifficulty  map[string]float64 // accuracy by the difficulty of the question, where it differs
}

func (m *Model) check() error {
	rates := []rate{{"rate_limit_rate", m.RateLimitRate}}
	for level, accuracy := range m.ByDifficulty {
		rates = append(rates, rate{"accuracy." + level, accuracy})
	}
	slices.SortFunc(rates, func(a, b rate) int { return strings.Compare(a.name, b.name) })
	for _, r := range rates {
		if !(r.value >= 0 && r.value <= 1) { // also not a number
			return fmt.Errorf("%s: %v is not between 0 and 1", r.name, r.value)
		}
	}
	switch {
	case m.ID == "":
		return errors.New("id: missing")
	case m.RPM < 0:
		return errors.New("rpm: negative")
	case m.TPM < 0:
		return errors.New("tpm: negative")
	case m.RetryAfter < 0:
		return errors.New("retry_after: negative")
	}
	return provider.CheckSimulated(&m.Simulated)
}

type rate struct {
	name  string
	value float64
}

// Phase is a time during which models are slower or fail more often.
type Phase struct {
	Model string // "" is every model
	// At is when it begins, For how long it lasts, 0 for good: in seconds since
	// the first request, or in requests where Calls is set.
	At, For float64
	Calls   bool
	// Factor is by how much latencies are longer, 0 for not at all; with Ramp it
	// grows evenly from 1 in the course of the phase.
	Factor float64
	Ramp   bool
	// ErrorRate is added to the models' own.
	ErrorRate float64
}

func (p Phase) check() error {
	switch {
	case !(p.At >= 0) || !(p.For >= 0):
		return errors.New("phase: at or for is negative")
	case !(p.Factor >= 0 && p.Factor <= 1e6):
		return fmt.Errorf("phase: a factor of %v is outside of 0 to 1,000,000", p.Factor)
	case !(p.ErrorRate >= 0 && p.ErrorRate <= 1):
		return fmt.Errorf("phase: error_rate: %v is not between 0 and 1", p.ErrorRate)
	case p.Ramp && p.For == 0:
		return errors.New("phase: a ramp needs a length, for=…")
	}
	return nil
}

// covers reports whether a phase is under way and how much of it is over.
func (p Phase) covers(model string, elapsed time.Duration, calls uint64) (over float64, ok bool) {
	at := elapsed.Seconds()
	if p.Calls {
		at = float64(calls)
	}
	if p.Model != "" && p.Model != model || at < p.At || p.For > 0 && at >= p.At+p.For {
		return 0, false
	}
	if p.For > 0 {
		over = (at - p.At) / p.For
	}
	return over, true
}

// apply changes a simulation by the phases that are under way.
func apply(phases []Phase, sim *events.Simulated, model string, elapsed time.Duration, calls uint64) {
	for _, p := range phases {
		over, ok := p.covers(model, elapsed, calls)
		if !ok {
			continue
		}
		if p.Factor > 0 {
			factor := p.Factor
			if p.Ramp {
				factor = 1 + (p.Factor-1)*over
			}
			if sim.Latency.Scale == 0 {
				sim.Latency.Scale = 1
			}
			sim.Latency.Scale *= factor
		}
		sim.ErrorRate = min(1, sim.ErrorRate+p.ErrorRate)
	}
}
