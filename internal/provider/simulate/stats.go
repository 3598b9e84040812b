package simulate

import (
	"net/http"
	"sync/atomic"

	"github.com/crucible-go/crucible/internal/provider"
)

// Stats is what GET /stats reports. A request for a completion is answered,
// ended by a simulated error, turned away for a limit, cancelled by the client,
// rejected, or under way.
type Stats struct {
	Requests    uint64                `json:"requests"` // for completions
	ByModel     map[string]uint64     `json:"by_model"`
	InFlight    int64                 `json:"in_flight"`
	Answered    uint64                `json:"answered"`
	Errors      uint64                `json:"errors"` // simulated failures
	RateLimited uint64                `json:"rate_limited"`
	Cancelled   uint64                `json:"cancelled"` // the client went away
	Rejected    uint64                `json:"rejected"`  // not a valid request
	Peak        int64                 `json:"peak"`      // the most that were under way at a time
	Streamed    uint64                `json:"streamed"`  // requests for a stream
	Modes       map[string]uint64     `json:"modes"`     // how requests went wrong
	Tokens      Tokens                `json:"tokens"`    // of answers
	WindowNS    int64                 `json:"window_ns"` // from the first request to the end of the last one that ended
	Models      map[string]ModelStats `json:"models"`
}

// ModelStats is what is known of one model.
type ModelStats struct {
	Requests    uint64 `json:"requests"`
	Answered    uint64 `json:"answered"`
	Errors      uint64 `json:"errors"`
	RateLimited uint64 `json:"rate_limited"`
	Cancelled   uint64 `json:"cancelled"`
	Peak        int64  `json:"peak"`
	Tokens      Tokens `json:"tokens"`           // of answers
	Lost        Tokens `json:"cancelled_tokens"` // of requests that were cancelled: prompts, and what was there of the answers
}

// Tokens counts tokens. Input holds the cached ones, Output those of reasoning.
type Tokens struct {
	Input     int64 `json:"input"`
	Cached    int64 `json:"cached"`
	Output    int64 `json:"output"`
	Reasoning int64 `json:"reasoning"`
}

// counts counts requests for completions.
type counts struct {
	requests, answered, errors, rateLimited, cancelled, rejected, streamed atomic.Uint64
	inFlight, peak                                                         atomic.Int64
	tokens, lost                                                           tokenCounts
}

type tokenCounts struct{ input, cached, output, reasoning atomic.Int64 }

// add counts the tokens of a completion, of whose answer a share was there.
func (t *tokenCounts) add(c *completion, share float64) {
	t.input.Add(c.in)
	t.cached.Add(c.cached)
	t.output.Add(int64(float64(c.out) * share))
	t.reasoning.Add(int64(float64(c.reasoning) * share))
}

func (t *tokenCounts) load() Tokens {
	return Tokens{t.input.Load(), t.cached.Load(), t.output.Load(), t.reasoning.Load()}
}

// enter counts a request that is under way, until leave.
func (c *counts) enter() {
	c.requests.Add(1)
	now := c.inFlight.Add(1)
	for {
		peak := c.peak.Load()
		if now <= peak || c.peak.CompareAndSwap(peak, now) {
			return
		}
	}
}

func (c *counts) leave() { c.inFlight.Add(-1) }

// Stats counts since the start.
func (s *Server) Stats() Stats {
	all := &s.counts
	out := Stats{
		Requests: all.requests.Load(), ByModel: map[string]uint64{}, InFlight: all.inFlight.Load(),
		Answered: all.answered.Load(), Errors: all.errors.Load(), RateLimited: all.rateLimited.Load(),
		Cancelled: all.cancelled.Load(), Rejected: all.rejected.Load(), Peak: all.peak.Load(), Streamed: all.streamed.Load(),
		Modes: map[string]uint64{}, Tokens: all.tokens.load(), Models: map[string]ModelStats{},
	}
	if last := s.last.Load(); last > 0 {
		out.WindowNS = last - s.first.Load()
	}
	for i, mode := range s.modes {
		if n := s.byMode[i].Load(); n > 0 {
			out.Modes[mode] = n
		}
	}
	for id, m := range s.models {
		out.ByModel[id] = m.counts.requests.Load()
		out.Models[id] = ModelStats{
			Requests: m.counts.requests.Load(), Answered: m.counts.answered.Load(), Errors: m.counts.errors.Load(),
			RateLimited: m.counts.rateLimited.Load(), Cancelled: m.counts.cancelled.Load(), Peak: m.counts.peak.Load(),
			Tokens: m.counts.tokens.load(), Lost: m.counts.lost.load(),
		}
	}
	return out
}

// allModes are the modes that are counted.
func allModes() []string { return append([]string{provider.ModeError}, provider.Modes()...) }

func (s *Server) countMode(mode string) {
	for i, m := range s.modes {
		if m == mode {
			s.byMode[i].Add(1)
		}
	}
}

func (s *Server) writeStats(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s.Stats())
}
