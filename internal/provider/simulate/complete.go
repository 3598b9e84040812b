package simulate

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/events"
)

// maxRequest is the size in bytes of the largest request that is read.
const maxRequest = 8 << 20

// request is what is read of a request.
type request struct {
	Model    string `json:"model"`
	Messages []struct {
		Role    string `json:"role"`
		Content text   `json:"content"`
	} `json:"messages"`
	Seed          *int64 `json:"seed"`
	MaxTokens     *int64 `json:"max_tokens"`
	MaxCompletion *int64 `json:"max_completion_tokens"`
	Stream        bool   `json:"stream"`
	StreamOptions struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
}

// text is a content: a string, or a list of parts with texts.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(b []byte) error {
	var s *string
	if err := json.Unmarshal(b, &s); err == nil {
		if s != nil {
			*t = text(*s)
		}
		return nil
	}
	var parts []struct {
		Text string `json:"text"`
	}
	if err := json.Unmarshal(b, &parts); err != nil {
		return errors.New("content: want a text or a list of parts")
	}
	for _, p := range parts {
		*t += text(p.Text)
	}
	return nil
}

// question is the last message of the user.
func (q *request) question() string {
	for i := len(q.Messages) - 1; i >= 0; i-- {
		if q.Messages[i].Role == "user" {
			return string(q.Messages[i].Content)
		}
	}
	return ""
}

// seed is the identity of the prompt: of everything that was said so far.
func (q *request) seed(of uint64) uint64 {
	parts := make([]string, 0, 3+2*len(q.Messages))
	parts = append(parts, "simulate", strconv.FormatUint(of, 10), q.Model)
	for _, m := range q.Messages {
		parts = append(parts, m.Role, string(m.Content))
	}
	return events.Seed(parts...)
}

// limit is the number of tokens that the answer may have, 0 for any.
func (q *request) limit() int64 {
	for _, n := range []*int64{q.MaxCompletion, q.MaxTokens} {
		if n != nil && *n > 0 {
			return *n
		}
	}
	return 0
}

// completion is an answer, ready to be sent.
type completion struct {
	id, model, text, finish string
	in, out                 int64
	latency                 time.Duration
	fails                   bool
}

func (s *Server) complete(w http.ResponseWriter, r *http.Request) {
	s.stats.requests.Add(1)
	s.stats.inFlight.Add(1)
	defer s.stats.inFlight.Add(-1)
	n := s.serial.Add(1)
	w.Header().Set("X-Request-Id", "req-simulated-"+strconv.FormatUint(n, 10))
	q, m := s.accept(w, r)
	if q == nil {
		s.stats.rejected.Add(1)
		return
	}
	m.requests.Add(1)
	prompt := q.seed(s.config.Seed)
	occurrence := s.seen.next(prompt)
	if wait, turnedAway := m.turnsAway(prompt, occurrence, time.Now()); turnedAway {
		s.stats.rateLimited.Add(1)
		seconds := (wait + time.Second - 1) / time.Second
		w.Header().Set("Retry-After", strconv.FormatInt(int64(seconds), 10))
		w.Header().Set("Retry-After-Ms", strconv.FormatInt(int64((wait+time.Millisecond-1)/time.Millisecond), 10))
		writeError(w, http.StatusTooManyRequests, "rate_limit_error", "rate_limit_exceeded", "simulated rate limit of "+m.ID)
		return
	}
	c := s.decide(q, m, prompt, occurrence)
	c.id = "chatcmpl-simulated-" + strconv.FormatUint(n, 10)
	if err := s.send(w, r, q, &c); err != nil {
		s.stats.cancelled.Add(1)
		panic(http.ErrAbortHandler) // close the connection: half an answer is none
	}
	if c.fails {
		s.stats.errors.Add(1)
	} else {
		s.stats.answered.Add(1)
	}
}

// accept reads a request and its model. It has answered itself when the request
// is nil.
func (s *Server) accept(w http.ResponseWriter, r *http.Request) (*request, *model) {
	if want := "Bearer " + s.config.Key.Reveal(); !s.config.Key.Empty() &&
		subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte(want)) != 1 {
		writeError(w, http.StatusUnauthorized, "invalid_request_error", "invalid_api_key", "the key is missing or wrong")
		return nil, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		writeError(w, http.StatusRequestEntityTooLarge, "invalid_request_error", "too_large", "the request could not be read")
		return nil, nil
	}
	var q request
	if err := json.Unmarshal(body, &q); err != nil {
		writeError(w, http.StatusBadRequest, "invalid_request_error", "invalid_json", "the request is not valid: "+err.Error())
		return nil, nil
	}
	if len(q.Messages) == 0 {
		writeError(w, http.StatusBadRequest, "invalid_request_error", "missing", "messages: missing")
		return nil, nil
	}
	m := s.models[q.Model]
	if m == nil {
		writeError(w, http.StatusNotFound, "invalid_request_error", "model_not_found", fmt.Sprintf("the model %q is not simulated here", q.Model))
		return nil, nil
	}
	return &q, m
}

// turnsAway decides whether a request is turned away, and for how long.
func (m *model) turnsAway(prompt uint64, occurrence int, now time.Time) (time.Duration, bool) {
	if m.RateLimitRate > 0 {
		chance := &events.Simulated{ErrorRate: m.RateLimitRate}
		if provider.Simulate(chance, ^prompt, occurrence).Fails {
			return m.RetryAfter, true
		}
	}
	wait := m.bucket.admit(now)
	return wait, wait > 0
}

// decide is a function of the server's seed, the model, the prompt, the number
// of times it was asked and, for the text alone, the seed in the request.
func (s *Server) decide(q *request, m *model, prompt uint64, occurrence int) completion {
	expected, known := s.config.Answers.Find(q.question())
	sim := &events.Simulated{Accuracy: m.Accuracy, ErrorRate: m.ErrorRate, Expected: expected, Latency: m.Latency}
	drawn := provider.Simulate(sim, prompt, occurrence)
	said := drawn.Text
	if q.Seed != nil {
		said = provider.Simulate(sim, events.Seed(strconv.FormatUint(prompt, 10), strconv.FormatInt(*q.Seed, 10)), 1).Text
	}
	if !known && m.Reply != "" {
		said = m.Reply
	}
	c := completion{model: m.ID, text: said, finish: "stop", latency: time.Duration(drawn.LatencyNS), fails: drawn.Fails}
	for _, msg := range q.Messages {
		c.in += 4 + provider.EstimateTokens(string(msg.Content))
	}
	if limit := q.limit(); limit > 0 && provider.EstimateTokens(said) > limit {
		c.text, c.finish = string([]rune(said)[:4*limit]), "length"
	}
	c.out = provider.EstimateTokens(c.text)
	return c
}

// send waits and answers. An error means that the client has gone.
func (s *Server) send(w http.ResponseWriter, r *http.Request, q *request, c *completion) error {
	if q.Stream && !c.fails {
		return stream(w, r, q, c)
	}
	if err := wait(r.Context(), c.latency); err != nil {
		return err
	}
	if c.fails {
		writeError(w, http.StatusInternalServerError, "server_error", "simulated_error", "simulated failure of "+c.model)
		return nil
	}
	writeJSON(w, http.StatusOK, c.whole())
	return nil
}

func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func writeError(w http.ResponseWriter, status int, kind, code, message string) {
	type body struct {
		Message string `json:"message"`
		Type    string `json:"type"`
		Code    string `json:"code"`
	}
	writeJSON(w, status, map[string]body{"error": {strings.ToValidUTF8(message, "\uFFFD"), kind, code}})
}
