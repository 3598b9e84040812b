package simulate

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/crucible-go/crucible/internal/provider"
)

// anthropic is the protocol of messages.
type anthropic struct{}

func (anthropic) key(r *http.Request) string {
	if k := r.Header.Get("X-Api-Key"); k != "" {
		return k
	}
	return openAI{}.key(r)
}

func (anthropic) read(_ *http.Request, body []byte) (*request, error) {
	var q struct {
		Model     string    `json:"model"`
		System    text      `json:"system"`
		Messages  []message `json:"messages"`
		MaxTokens int64     `json:"max_tokens"`
		Stream    bool      `json:"stream"`
	}
	if err := json.Unmarshal(body, &q); err != nil {
		return nil, err
	}
	switch {
	case len(q.Messages) == 0:
		return nil, errors.New("messages: missing")
	case q.MaxTokens <= 0:
		return nil, errors.New("max_tokens: missing")
	}
	if q.System != "" {
		q.Messages = append([]message{{"system", q.System}}, q.Messages...)
	}
	return &request{model: q.Model, messages: q.Messages, limit: q.MaxTokens, stream: q.Stream}, nil
}

type block struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type messageUsage struct {
	Input         int64 `json:"input_tokens"` // without the cached ones
	CacheCreation int64 `json:"cache_creation_input_tokens"`
	CacheRead     int64 `json:"cache_read_input_tokens"`
	Output        int64 `json:"output_tokens"`
}

type messageBody struct {
	ID      string       `json:"id"`
	Type    string       `json:"type"`
	Role    string       `json:"role"`
	Model   string       `json:"model"`
	Content []block      `json:"content"`
	Reason  *string      `json:"stop_reason"`
	Stop    *string      `json:"stop_sequence"`
	Usage   messageUsage `json:"usage"`
}

func (anthropic) message(c *completion) messageBody {
	return messageBody{ID: "msg_simulated_" + c.id, Type: "message", Role: "assistant", Model: c.model, Content: []block{},
		Usage: messageUsage{Input: c.in - c.cached, CacheRead: c.cached}}
}

func (anthropic) reason(c *completion) *string {
	reason := "end_turn"
	switch {
	case c.mode == provider.ModeRefusal:
		reason = "refusal"
	case c.finish == "length":
		reason = "max_tokens"
	}
	return &reason
}

func (a anthropic) whole(c *completion) (int, any) {
	if c.mode == provider.ModeContentFilter {
		return a.problem(filtered())
	}
	m := a.message(c)
	if c.text != "" {
		m.Content = append(m.Content, block{"text", c.text})
	}
	m.Reason, m.Usage.Output = a.reason(c), c.out
	return http.StatusOK, m
}

// filtered is how this protocol reports a filter.
func filtered() problem {
	return problem{http.StatusBadRequest, "content_filter", "Output blocked by content filtering policy", 0}
}

func (a anthropic) begin(c *completion) []event {
	m := a.message(c)
	m.Usage.Output = 1
	return []event{
		{"message_start", map[string]any{"type": "message_start", "message": m}},
		{"content_block_start", map[string]any{"type": "content_block_start", "index": 0, "content_block": block{"text", ""}}},
		{"ping", map[string]any{"type": "ping"}},
	}
}

func (anthropic) piece(_ *completion, _ int, text string) event {
	return event{"content_block_delta", map[string]any{"type": "content_block_delta", "index": 0, "delta": block{"text_delta", text}}}
}

func (a anthropic) end(c *completion, _ *request) []event {
	return []event{
		{"content_block_stop", map[string]any{"type": "content_block_stop", "index": 0}},
		{"message_delta", map[string]any{"type": "message_delta", "delta": map[string]any{"stop_reason": a.reason(c), "stop_sequence": nil},
			"usage": map[string]int64{"output_tokens": c.out}}},
		{"message_stop", map[string]any{"type": "message_stop"}},
	}
}

func (anthropic) problem(p problem) (int, any) {
	status, kind := p.status, "api_error"
	switch p.status {
	case http.StatusBadRequest:
		kind = "invalid_request_error"
	case http.StatusUnauthorized:
		kind = "authentication_error"
	case http.StatusNotFound:
		kind = "not_found_error"
	case http.StatusRequestEntityTooLarge:
		kind = "request_too_large"
	case http.StatusTooManyRequests:
		kind = "rate_limit_error"
	case http.StatusServiceUnavailable:
		status, kind = 529, "overloaded_error"
	}
	return status, map[string]any{"type": "error", "error": map[string]string{"type": kind, "message": p.message}}
}

func (anthropic) limits(h http.Header, l levels, now time.Time) {
	for _, u := range []struct {
		unit string
		level
	}{{"Requests", l.requests}, {"Tokens", l.tokens}} {
		if u.limit == 0 {
			continue
		}
		h.Set("Anthropic-Ratelimit-"+u.unit+"-Limit", strconv.Itoa(u.limit))
		h.Set("Anthropic-Ratelimit-"+u.unit+"-Remaining", strconv.FormatInt(u.remaining, 10))
		h.Set("Anthropic-Ratelimit-"+u.unit+"-Reset", now.Add(u.reset).UTC().Format(time.RFC3339))
	}
	retryAfter(h, l.wait)
}
