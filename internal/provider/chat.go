package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
)

// seedMask keeps the bits of an order's seed that every server accepts as its
// seed parameter: a positive 32-bit integer.
const seedMask = 1<<31 - 1

// chatRequest is the body of a request: the model, the messages and the order's
// parameters as they are, known or not, but for what the model's family spells in
// another way or does not take. "seed: true" asks for the order's seed;
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
	if r.Order.Stream {
		b.WriteString(`,"stream":true,"stream_options":{"include_usage":true}`)
	}
	params = experiment.ModelParams(NameOpenAI, r.Model, params)
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
