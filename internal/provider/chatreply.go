package provider

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/crucible-go/crucible/pkg/events"
)

// chatDialect reads replies of the chat completions protocol.
type chatDialect struct{}

// chatReply is what is read of a response, or of a piece of a streamed one.
type chatReply struct {
	Model       string          `json:"model"`
	Fingerprint string          `json:"system_fingerprint"`
	Choices     []chatChoice    `json:"choices"`
	Usage       *chatUsage      `json:"usage"`
	Error       json.RawMessage `json:"error"`
	Detail      json.RawMessage `json:"detail"`
}

type chatChoice struct {
	Index   int      `json:"index"`
	Finish  string   `json:"finish_reason"`
	Message chatSaid `json:"message"`
	Delta   chatSaid `json:"delta"`
}

type chatSaid struct {
	Content json.RawMessage `json:"content"`
	Refusal string          `json:"refusal"`
}

type chatUsage struct {
	Input        int64 `json:"prompt_tokens"`
	Output       int64 `json:"completion_tokens"`
	InputDetails struct {
		Cached int64 `json:"cached_tokens"`
	} `json:"prompt_tokens_details"`
	OutputDetails struct {
		Reasoning int64 `json:"reasoning_tokens"`
	} `json:"completion_tokens_details"`
	Hit int64 `json:"prompt_cache_hit_tokens"` // another spelling of cached_tokens
}

func (u *chatUsage) tokens() *events.Usage {
	return &events.Usage{
		Input: max(u.Input, 0), Output: max(u.Output, 0), CachedInput: max(u.InputDetails.Cached, u.Hit, 0),
		Reasoning: max(u.OutputDetails.Reasoning, 0), Source: "reported",
	}
}

// chatEndings are the words for the end of a text that is no answer.
func chatEndings() map[string]string {
	return map[string]string{
		"length": ClassTruncated, "max_tokens": ClassTruncated, "model_length": ClassTruncated,
		"content_filter": ClassContentFilter, "refusal": ClassRefusal,
	}
}

func (chatDialect) whole(raw []byte, s *heard) error {
	var c chatReply
	if err := json.Unmarshal(raw, &c); err != nil {
		return fmt.Errorf("the reply is not a chat completion: %w", err)
	}
	return c.add(s, false)
}

func (chatDialect) event(_ string, data []byte, s *heard) error {
	if string(data) == "[DONE]" {
		s.done = true
		return nil
	}
	var c chatReply
	if err := json.Unmarshal(data, &c); err != nil {
		return fmt.Errorf("an event of the stream is not a chunk of a chat completion: %w", err)
	}
	return c.add(s, true)
}

// add adds a reply, or a piece of one, to what was heard.
func (c *chatReply) add(s *heard, piece bool) error {
	if c.Model != "" {
		s.served = c.Model
	}
	if c.Fingerprint != "" {
		s.fingerprint = c.Fingerprint
	}
	if c.Usage != nil {
		s.usage = c.Usage.tokens()
	}
	if len(c.Error) > 0 && string(c.Error) != "null" && len(c.Choices) == 0 {
		p := readProblem([]byte(`{"error":` + string(c.Error) + `}`))
		s.failure = &p
		return nil
	}
	if len(c.Choices) == 0 {
		if piece {
			return nil // the piece that counts the tokens
		}
		return errors.New("the reply has no choice")
	}
	choice := c.Choices[0]
	if choice.Index != 0 {
		return nil // the params asked for several; the first one counts
	}
	m := choice.Message
	if piece {
		m = choice.Delta
	}
	text, err := contentText(m.Content)
	if err != nil {
		return err
	}
	s.text.WriteString(text)
	s.end(choice.Finish, chatEndings())
	s.complete = s.complete || choice.Finish != ""
	if m.Refusal != "" { // a refusal has no other text
		s.text.WriteString(m.Refusal)
		s.class = ClassRefusal
	}
	return nil
}

// contentText reads a content: a string, null, or a list of parts.
func contentText(raw json.RawMessage) (string, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return "", nil
	}
	var text string
	if raw[0] == '"' {
		err := json.Unmarshal(raw, &text)
		return text, err
	}
	var parts []struct {
		Text string `json:"text"`
	}
	if err := json.Unmarshal(raw, &parts); err != nil {
		return "", errors.New("the content of the reply is neither a text nor a list of parts")
	}
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.Text)
	}
	return b.String(), nil
}
