package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/crucible-go/crucible/pkg/events"
)

// seedMask keeps the bits of an order's seed that every server accepts as its
// seed parameter: a positive 32-bit integer.
const seedMask = 1<<31 - 1

// chatRequest is the body of a request: the model, the messages and the order's
// parameters as they are, known or not. "seed: true" asks for the order's seed;
// false or null for none. Parameters that this package sets itself are errors.
func chatRequest(r *Request) ([]byte, error) {
	params, err := paramsOf(r.Order)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString(`{"model":`)
	if err := appendJSON(&b, r.Model); err != nil {
		return nil, err
	}
	b.WriteString(`,"messages":`)
	if err := appendJSON(&b, chatMessages(r.Order.Messages)); err != nil {
		return nil, err
	}
	names := make([]string, 0, len(params))
	for name := range params {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		value, err := chatParam(name, params[name], r.Order.Seed)
		if err != nil {
			return nil, err
		}
		if value == nil {
			continue
		}
		b.WriteByte(',')
		if err := appendJSON(&b, name); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// chatParam is the value that is sent for a parameter, nil for none.
func chatParam(name string, value json.RawMessage, seed uint64) (json.RawMessage, error) {
	switch name {
	case "model", "messages", "stream", "stream_options":
		return nil, fmt.Errorf("the parameter %q cannot be set: it is part of the order", name)
	case "seed":
		switch string(value) {
		case "true":
			return fmt.Appendf(nil, "%d", seed&seedMask), nil
		case "false", "null":
			return nil, nil
		}
	}
	return value, nil
}

func paramsOf(order *events.CallRequested) (map[string]json.RawMessage, error) {
	if len(order.Params) == 0 {
		return nil, nil
	}
	var params map[string]json.RawMessage
	if err := json.Unmarshal(order.Params, &params); err != nil {
		return nil, errors.New("the parameters are not a JSON object")
	}
	return params, nil
}

type chatMessage struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

func chatMessages(messages []events.Message) []chatMessage {
	out := make([]chatMessage, len(messages))
	for i, m := range messages {
		out[i] = chatMessage(m)
	}
	return out
}

// appendJSON appends the JSON of a value, without escapes for HTML.
func appendJSON(b *bytes.Buffer, v any) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("encode the request: %w", err)
	}
	b.Truncate(b.Len() - 1) // the newline
	return nil
}

// chatReply is what is read of a response.
type chatReply struct {
	Model   string `json:"model"`
	Choices []struct {
		Finish  string `json:"finish_reason"`
		Message struct {
			Content json.RawMessage `json:"content"`
			Refusal string          `json:"refusal"`
		} `json:"message"`
	} `json:"choices"`
	Usage *struct {
		Input  int64 `json:"prompt_tokens"`
		Output int64 `json:"completion_tokens"`
	} `json:"usage"`
	Error json.RawMessage `json:"error"`
}

// read makes a reply of a successful response.
func (o *OpenAI) read(raw []byte, res *http.Response) (*Reply, *Error) {
	repaired := !utf8.Valid(raw)
	if repaired {
		raw = bytes.ToValidUTF8(raw, []byte("\uFFFD"))
	}
	fail := &Error{Status: res.StatusCode, RequestID: o.requestID(res), Billed: BilledPossibly, Simulated: res.Header.Get(HeaderSimulated) != ""}
	var c chatReply
	if err := json.Unmarshal(raw, &c); err != nil {
		fail.Class, fail.Retryable = ClassMalformedReply, true
		fail.Message = o.scrub.message("the reply is not a chat completion: " + err.Error())
		return nil, fail
	}
	fail.Served = clip(o.scrub.plain(c.Model), 200)
	if c.Usage != nil {
		fail.Usage = &events.Usage{Input: c.Usage.Input, Output: c.Usage.Output, Source: "reported"}
		fail.Billed = BilledYes
	}
	if len(c.Choices) == 0 {
		return nil, o.noChoice(&c, fail)
	}
	text, finish, err := answerOf(&c)
	if err != nil {
		fail.Class, fail.Retryable, fail.Message = ClassMalformedReply, true, o.scrub.message(err.Error())
		return nil, fail
	}
	if text == "" && finish != "length" {
		fail.Class, fail.Retryable, fail.Message = ClassEmptyReply, true, "the reply has no text"
		if finish == "content_filter" {
			fail.Class, fail.Retryable, fail.Message = ClassContentFilter, false, "the provider's filter left no text"
		}
		return nil, fail
	}
	return &Reply{
		Text: o.scrub.plain(text), HasLatency: true, Usage: fail.Usage, Served: fail.Served,
		Finish: clip(o.scrub.plain(finish), 100), RequestID: fail.RequestID, Status: res.StatusCode,
		Simulated: fail.Simulated, Repaired: repaired, Rate: rateInfo(res.Header, o.now()),
	}, nil
}

// answerOf is the text of the first choice, and why it ends. A refusal is an
// answer: the model was asked and this is what it said.
func answerOf(c *chatReply) (text, finish string, err error) {
	m := c.Choices[0].Message
	text, err = contentText(m.Content)
	if err != nil {
		return "", "", err
	}
	if text == "" && m.Refusal != "" {
		return m.Refusal, "refusal", nil
	}
	return text, c.Choices[0].Finish, nil
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

// noChoice is the failure of a successful response without a choice. Gateways
// report failures of what is behind them that way.
func (o *OpenAI) noChoice(c *chatReply, fail *Error) *Error {
	if len(c.Error) == 0 || string(c.Error) == "null" {
		fail.Class, fail.Retryable, fail.Message = ClassMalformedReply, true, "the reply has no choice"
		return fail
	}
	p := readProblem([]byte(`{"error":` + string(c.Error) + `}`))
	fail.Class, fail.Retryable = ClassServerError, true
	if s := p.status(); s != 0 {
		fail.Class, fail.Retryable = classOf(s, p)
	}
	fail.Message = o.scrub.message(p.text())
	return fail
}
