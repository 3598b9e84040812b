package simulate

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

type wireMessage struct {
	Role    string `json:"role,omitempty"`
	Content string `json:"content"`
}

type wireChoice struct {
	Index   int          `json:"index"`
	Message *wireMessage `json:"message,omitempty"`
	Delta   *wireMessage `json:"delta,omitempty"`
	Finish  *string      `json:"finish_reason"`
}

type wireUsage struct {
	Prompt     int64 `json:"prompt_tokens"`
	Completion int64 `json:"completion_tokens"`
	Total      int64 `json:"total_tokens"`
}

type wireCompletion struct {
	ID          string       `json:"id"`
	Object      string       `json:"object"`
	Created     int64        `json:"created"`
	Model       string       `json:"model"`
	Choices     []wireChoice `json:"choices"`
	Usage       *wireUsage   `json:"usage,omitempty"`
	Fingerprint string       `json:"system_fingerprint"`
}

func (c *completion) wire(object string, choices ...wireChoice) wireCompletion {
	return wireCompletion{
		ID: c.id, Object: object, Created: time.Now().Unix(), Model: c.model,
		Choices: append([]wireChoice{}, choices...), Fingerprint: Fingerprint,
	}
}

func (c *completion) usage() *wireUsage {
	return &wireUsage{Prompt: c.in, Completion: c.out, Total: c.in + c.out}
}

// whole is the completion in one piece.
func (c *completion) whole() wireCompletion {
	out := c.wire("chat.completion", wireChoice{Message: &wireMessage{Role: "assistant", Content: c.text}, Finish: &c.finish})
	out.Usage = c.usage()
	return out
}

// maxPieces bounds the pieces of a streamed answer.
const maxPieces = 16

// stream sends the completion as server-sent events: the first piece after 30 %
// of the latency, the others evenly after it, so that the last one arrives when
// the whole answer would have.
func stream(w http.ResponseWriter, r *http.Request, q *request, c *completion) error {
	pieces := split(c.text)
	first := c.latency * 3 / 10
	if len(pieces) == 1 {
		first = c.latency
	}
	if err := wait(r.Context(), first); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	began := time.Now()
	for i, p := range pieces {
		if i > 0 {
			due := (c.latency - first) * time.Duration(i) / time.Duration(len(pieces)-1)
			if err := wait(r.Context(), due-time.Since(began)); err != nil {
				return err
			}
		}
		delta := &wireMessage{Content: p}
		if i == 0 {
			delta.Role = "assistant"
		}
		if err := event(w, c.wire("chat.completion.chunk", wireChoice{Delta: delta})); err != nil {
			return err
		}
	}
	if err := event(w, c.wire("chat.completion.chunk", wireChoice{Delta: &wireMessage{}, Finish: &c.finish})); err != nil {
		return err
	}
	if q.StreamOptions.IncludeUsage {
		last := c.wire("chat.completion.chunk")
		last.Usage = c.usage()
		if err := event(w, last); err != nil {
			return err
		}
	}
	_, err := fmt.Fprint(w, "data: [DONE]\n\n")
	return err
}

// split cuts a text into at most maxPieces pieces of at least four characters,
// of which there is at least one.
func split(text string) []string {
	runes := []rune(text)
	size := max((len(runes)+maxPieces-1)/maxPieces, 4)
	pieces := make([]string, 0, maxPieces)
	for len(runes) > size {
		pieces = append(pieces, string(runes[:size]))
		runes = runes[size:]
	}
	return append(pieces, string(runes))
}

func event(w http.ResponseWriter, v wireCompletion) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	if _, err := fmt.Fprintf(w, "data: %s\n\n", b); err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
}
