package simulate

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/crucible-go/crucible/internal/provider"
)

// openAI is the protocol of chat completions.
type openAI struct{}

func (openAI) key(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}

func (openAI) read(_ *http.Request, body []byte) (*request, error) {
	var q struct {
		Model         string    `json:"model"`
		Messages      []message `json:"messages"`
		Seed          *int64    `json:"seed"`
		MaxTokens     *int64    `json:"max_tokens"`
		MaxCompletion *int64    `json:"max_completion_tokens"`
		Stream        bool      `json:"stream"`
		StreamOptions struct {
			IncludeUsage bool `json:"include_usage"`
		} `json:"stream_options"`
	}
	if err := json.Unmarshal(body, &q); err != nil {
		return nil, err
	}
	if len(q.Messages) == 0 {
		return nil, errors.New("messages: missing")
	}
	out := &request{model: q.Model, messages: q.Messages, seed: q.Seed, stream: q.Stream, usage: q.StreamOptions.IncludeUsage}
	for _, n := range []*int64{q.MaxTokens, q.MaxCompletion} {
		if n != nil && *n > 0 {
			out.limit = *n
		}
	}
	return out, nil
}

type chatMessage struct {
	Role    string  `json:"role,omitempty"`
	Content *string `json:"content"`
	Refusal *string `json:"refusal,omitempty"`
}

type chatDelta struct {
	Role    string  `json:"role,omitempty"`
	Content *string `json:"content,omitempty"`
	Refusal *string `json:"refusal,omitempty"`
}

type chatChoice struct {
	Index   int          `json:"index"`
	Message *chatMessage `json:"message,omitempty"`
	Delta   *chatDelta   `json:"delta,omitempty"`
	Finish  *string      `json:"finish_reason"`
}

type chatUsage struct {
	Prompt        int64 `json:"prompt_tokens"`
	Completion    int64 `json:"completion_tokens"`
	Total         int64 `json:"total_tokens"`
	PromptDetails *struct {
		Cached int64 `json:"cached_tokens"`
	} `json:"prompt_tokens_details,omitempty"`
	CompletionDetails *struct {
		Reasoning int64 `json:"reasoning_tokens"`
	} `json:"completion_tokens_details,omitempty"`
}

type chatCompletion struct {
	ID          string       `json:"id"`
	Object      string       `json:"object"`
	Created     int64        `json:"created"`
	Model       string       `json:"model"`
	Choices     []chatChoice `json:"choices"`
	Usage       *chatUsage   `json:"usage,omitempty"`
	Fingerprint string       `json:"system_fingerprint"`
}

func (openAI) chat(c *completion, object string, choices ...chatChoice) chatCompletion {
	return chatCompletion{
		ID: "chatcmpl-simulated-" + c.id, Object: object, Created: time.Now().Unix(), Model: c.model,
		Choices: append([]chatChoice{}, choices...), Fingerprint: Fingerprint,
	}
}

func (openAI) usage(c *completion) *chatUsage {
	u := &chatUsage{Prompt: c.in, Completion: c.out, Total: c.in + c.out}
	if c.cached > 0 {
		u.PromptDetails = &struct {
			Cached int64 `json:"cached_tokens"`
		}{c.cached}
	}
	if c.reasoning > 0 {
		u.CompletionDetails = &struct {
			Reasoning int64 `json:"reasoning_tokens"`
		}{c.reasoning}
	}
	return u
}

func (openAI) finish(c *completion) *string {
	f := c.finish
	if c.mode == provider.ModeContentFilter {
		f = "content_filter"
	}
	return &f
}

func (o openAI) whole(c *completion) (int, any) {
	m := &chatMessage{Role: "assistant", Content: &c.text}
	switch c.mode {
	case provider.ModeRefusal:
		m.Content, m.Refusal = nil, &c.text
	case provider.ModeContentFilter:
		m.Content = nil
	}
	out := o.chat(c, "chat.completion", chatChoice{Message: m, Finish: o.finish(c)})
	out.Usage = o.usage(c)
	return http.StatusOK, out
}

func (openAI) begin(*completion) []event { return nil }

func (o openAI) piece(c *completion, i int, text string) event {
	delta := &chatDelta{Content: &text}
	if c.mode == provider.ModeRefusal {
		delta = &chatDelta{Refusal: &text}
	}
	if i == 0 {
		delta.Role = "assistant"
	}
	return event{"", o.chat(c, "chat.completion.chunk", chatChoice{Delta: delta})}
}

func (o openAI) end(c *completion, q *request) []event {
	out := []event{{"", o.chat(c, "chat.completion.chunk", chatChoice{Delta: &chatDelta{}, Finish: o.finish(c)})}}
	if q.usage {
		last := o.chat(c, "chat.completion.chunk")
		last.Usage = o.usage(c)
		out = append(out, event{"", last})
	}
	return append(out, event{"", "[DONE]"})
}

func (openAI) problem(p problem) (int, any) {
	type body struct {
		Message string `json:"message"`
		Type    string `json:"type"`
		Code    string `json:"code"`
	}
	kind := "invalid_request_error"
	switch {
	case p.status == http.StatusTooManyRequests:
		kind = "rate_limit_error"
	case p.status >= http.StatusInternalServerError:
		kind = "server_error"
	}
	return p.status, map[string]body{"error": {p.message, kind, p.code}}
}

func (openAI) limits(h http.Header, l levels, _ time.Time) {
	left(h, "Requests", l.requests)
	left(h, "Tokens", l.tokens)
	retryAfter(h, l.wait)
	if l.wait > 0 {
		h.Set("Retry-After-Ms", strconv.FormatInt(int64((l.wait+time.Millisecond-1)/time.Millisecond), 10))
	}
}
