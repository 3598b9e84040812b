package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"github.com/crucible-go/crucible/pkg/events"
)

// Anthropic's own address, the variable that holds its key, and the limit of
// tokens where an order has none: the protocol demands one.
const (
	anthropicURL       = "https://api.anthropic.com/"
	anthropicKeyEnv    = "ANTHROPIC_API_KEY"
	anthropicMaxTokens = 4096
)

// Anthropic asks a server that speaks the messages protocol, once per Ask. Of
// the environment it reads what OpenAI does.
type Anthropic struct {
	*client
	sdk anthropic.Client
}

// NewAnthropic makes a provider for a server, whose base URL may end with /v1 or
// not. Close it to drop its connections.
func NewAnthropic(c ClientConfig) (*Anthropic, error) {
	core, base, err := newClient(NameAnthropic, c, anthropicURL)
	if err != nil {
		return nil, err
	}
	options := []option.RequestOption{
		option.WithBaseURL(strings.TrimSuffix(strings.TrimRight(base.String(), "/"), "/v1") + "/"),
		option.WithMaxRetries(0),
		option.WithHTTPClient(core.sdk()),
	}
	if !c.Key.Empty() {
		options = append(options, option.WithAPIKey(c.Key.Reveal()))
	}
	return &Anthropic{client: core, sdk: anthropic.Client{Options: options}}, nil
}

// Ask implements Provider.
func (a *Anthropic) Ask(ctx context.Context, r *Request) (*Reply, error) {
	if ctx.Err() != nil {
		return nil, ended(ctx, BilledNo)
	}
	body, err := messagesRequest(r)
	if err != nil {
		return nil, unprocessable(a.scrub.message(err.Error()))
	}
	return a.exchange(ctx, r, messagesDialect{}, func(ctx context.Context) error {
		var res *http.Response
		return a.sdk.Post(ctx, "v1/messages", body, &res)
	})
}

// messagesRequest is the body of a request: the order's parameters as they are,
// but for max_completion_tokens and stop, which other protocols call so, and for
// the messages of the role system, which are a field of their own.
func messagesRequest(r *Request) ([]byte, error) {
	params, err := paramsOf(r.Order)
	if err != nil {
		return nil, err
	}
	system, messages := splitSystem(r.Order.Messages)
	body := map[string]any{"model": r.Model, "max_tokens": anthropicMaxTokens, "messages": chatMessages(messages)}
	if system != "" {
		body["system"] = system
	}
	if r.Order.Stream {
		body["stream"] = true
	}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		value := params[name]
		switch name {
		case "model", "messages", "system", "stream":
			return nil, ofTheOrder(name)
		case "seed":
			if v := string(value); v != "false" && v != "null" {
				return nil, errors.New("the parameter \"seed\" cannot be sent: the messages protocol has none")
			}
		case "max_completion_tokens":
			body["max_tokens"] = value
		case "stop":
			body["stop_sequences"] = listOf(value)
		default:
			body[name] = value
		}
	}
	var b bytes.Buffer
	err = appendJSON(&b, body)
	return b.Bytes(), err
}

func ofTheOrder(name string) error {
	return fmt.Errorf("the parameter %q cannot be set: it is part of the order", name)
}

// listOf makes a list of a text.
func listOf(value json.RawMessage) json.RawMessage {
	if len(value) > 0 && value[0] == '"' {
		return json.RawMessage("[" + string(value) + "]")
	}
	return value
}

// splitSystem takes the messages of the role system out of the others.
func splitSystem(messages []events.Message) (system string, others []events.Message) {
	var parts []string
	for _, m := range messages {
		if m.Role == "system" {
			parts = append(parts, m.Content)
			continue
		}
		others = append(others, m)
	}
	return strings.Join(parts, "\n\n"), others
}

// messagesDialect reads replies of the messages protocol.
type messagesDialect struct{}

type messagesReply struct {
	Type    string           `json:"type"`
	Model   string           `json:"model"`
	Content []messagesPart   `json:"content"`
	Stop    string           `json:"stop_reason"`
	Usage   *messagesUsage   `json:"usage"`
	Error   *json.RawMessage `json:"error"`
	ID      string           `json:"request_id"`
}

type messagesPart struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// messagesUsage counts tokens; in a stream the counts replace earlier ones.
type messagesUsage struct {
	Input   *int64 `json:"input_tokens"`
	Created *int64 `json:"cache_creation_input_tokens"`
	Read    *int64 `json:"cache_read_input_tokens"`
	Output  *int64 `json:"output_tokens"`
	Details struct {
		Thinking int64 `json:"thinking_tokens"`
	} `json:"output_tokens_details"`
}

func (u *messagesUsage) tokens() *events.Usage {
	read, created, input, output := zero(u.Read), zero(u.Created), zero(u.Input), zero(u.Output)
	return &events.Usage{Input: input + created + read, CachedInput: read, Output: output, Reasoning: max(u.Details.Thinking, 0), Source: "reported"}
}

func zero(n *int64) int64 {
	if n == nil {
		return 0
	}
	return max(*n, 0)
}

func messagesEndings() map[string]string {
	return map[string]string{
		"max_tokens": ClassTruncated, "model_context_window_exceeded": ClassTruncated, "refusal": ClassRefusal,
	}
}

func (messagesDialect) whole(raw []byte, s *heard) error {
	var m messagesReply
	if err := json.Unmarshal(raw, &m); err != nil {
		return fmt.Errorf("the reply is not a message: %w", err)
	}
	if m.Error != nil {
		p := readProblem(raw)
		s.failure, s.id = &p, m.ID
		return nil
	}
	if m.Content == nil {
		return errors.New("the reply has no content")
	}
	s.served = m.Model
	for _, p := range m.Content {
		if p.Type == "text" {
			s.text.WriteString(p.Text)
		}
	}
	if m.Usage != nil {
		s.usage = m.Usage.tokens()
	}
	s.end(m.Stop, messagesEndings())
	return nil
}

type messagesEvent struct {
	Type    string        `json:"type"`
	Message messagesReply `json:"message"`
	Delta   struct {
		Type string `json:"type"`
		Text string `json:"text"`
		Stop string `json:"stop_reason"`
	} `json:"delta"`
	Start messagesPart   `json:"content_block"`
	Usage *messagesUsage `json:"usage"`
}

func (messagesDialect) event(kind string, data []byte, s *heard) error {
	if kind == "ping" {
		return nil
	}
	var e messagesEvent
	if err := json.Unmarshal(data, &e); err != nil {
		return fmt.Errorf("an event of the stream is not one of a message: %w", err)
	}
	switch e.Type {
	case "error":
		p := readProblem(data)
		s.failure = &p
	case "message_start":
		s.served = e.Message.Model
		s.count(e.Message.Usage)
	case "content_block_start":
		s.text.WriteString(e.Start.Text)
	case "content_block_delta":
		if e.Delta.Type == "text_delta" {
			s.text.WriteString(e.Delta.Text)
		}
	case "message_delta":
		s.count(e.Usage)
		s.end(e.Delta.Stop, messagesEndings())
	case "message_stop":
		s.complete, s.done = true, true
	}
	return nil
}

// count adds what an event of a stream says of tokens: the prompt's come first,
// the answer's last, and a later count replaces an earlier one.
func (s *heard) count(u *messagesUsage) {
	if u == nil {
		return
	}
	now := u.tokens()
	if before := s.usage; before != nil {
		if u.Input == nil {
			now.Input, now.CachedInput = before.Input, before.CachedInput
		}
		if u.Output == nil {
			now.Output = before.Output
		}
		now.Reasoning = max(now.Reasoning, before.Reasoning)
	}
	s.usage = now
}
