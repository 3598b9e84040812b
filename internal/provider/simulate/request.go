package simulate

import (
	"encoding/json"
	"errors"
	"strconv"

	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/events"
)

// request is what is read of a request, whatever the protocol.
type request struct {
	model    string
	messages []message // the system's first
	seed     *int64
	limit    int64 // tokens that the answer may have, 0 for any
	stream   bool
	usage    bool // a stream that ends with its usage, where that is to be asked for
	array    bool // a stream that is a JSON array instead of events
}

type message struct {
	Role    string `json:"role"`
	Content text   `json:"content"`
}

// text is a content: a string, or a list of parts with texts.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] != '[' {
		var s *string
		if err := json.Unmarshal(b, &s); err != nil {
			return errors.New("content: want a text or a list of parts")
		}
		if s != nil {
			*t = text(*s)
		}
		return nil
	}
	var parts []part
	if err := json.Unmarshal(b, &parts); err != nil {
		return errors.New("content: want a text or a list of parts")
	}
	*t = joined(parts)
	return nil
}

type part struct {
	Text string `json:"text"`
}

func joined(parts []part) (t text) {
	for _, p := range parts {
		t += text(p.Text)
	}
	return t
}

// question is the last message of the user.
func (q *request) question() string {
	for i := len(q.messages) - 1; i >= 0; i-- {
		if q.messages[i].Role == "user" {
			return string(q.messages[i].Content)
		}
	}
	return ""
}

// identity is that of a call: what the client says it is, or the prompt with
// everything that was said so far.
func (q *request) identity(of uint64, call string) uint64 {
	if call != "" {
		return events.Seed("simulate", strconv.FormatUint(of, 10), q.model, "call", call)
	}
	parts := make([]string, 0, 3+2*len(q.messages))
	parts = append(parts, "simulate", strconv.FormatUint(of, 10), q.model)
	for _, m := range q.messages {
		parts = append(parts, m.Role, string(m.Content))
	}
	return events.Seed(parts...)
}

// input is the number of tokens of the prompt; each message costs four more.
func (q *request) input() (n int64) {
	for _, m := range q.messages {
		n += 4 + provider.EstimateTokens(string(m.Content))
	}
	return n
}

// completion is an answer, ready to be sent.
type completion struct {
	id, model, text, mode      string
	finish                     string // stop or length
	in, cached, out, reasoning int64
	outcome                    provider.Outcome
}
