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

// gemini is the protocol of generateContent.
type gemini struct{}

func (gemini) key(r *http.Request) string {
	if k := r.Header.Get("X-Goog-Api-Key"); k != "" {
		return k
	}
	if k := r.URL.Query().Get("key"); k != "" {
		return k
	}
	return openAI{}.key(r)
}

// The methods that follow the model's name in the path.
const (
	generate       = "generateContent"
	streamGenerate = "streamGenerateContent"
)

func (gemini) read(r *http.Request, body []byte) (*request, error) {
	model, method, _ := strings.Cut(r.PathValue("call"), ":")
	if method != generate && method != streamGenerate {
		return nil, errors.New("method: want " + generate + " or " + streamGenerate)
	}
	type content struct {
		Role  string `json:"role"`
		Parts []part `json:"parts"`
	}
	var q struct {
		Contents    []content `json:"contents"`
		System      *content  `json:"systemInstruction"`
		SystemSnake *content  `json:"system_instruction"`
		Config      struct {
			Seed      *int64 `json:"seed"`
			MaxTokens int64  `json:"maxOutputTokens"`
		} `json:"generationConfig"`
	}
	if err := json.Unmarshal(body, &q); err != nil {
		return nil, err
	}
	if len(q.Contents) == 0 {
		return nil, errors.New("contents: missing")
	}
	out := &request{model: model, seed: q.Config.Seed, limit: max(q.Config.MaxTokens, 0), stream: method == streamGenerate}
	out.array = out.stream && r.URL.Query().Get("alt") != "sse"
	for _, s := range []*content{q.System, q.SystemSnake} {
		if s != nil {
			out.messages = append(out.messages, message{"system", joined(s.Parts)})
		}
	}
	for _, c := range q.Contents {
		role := "user"
		if c.Role == "model" {
			role = "assistant"
		}
		out.messages = append(out.messages, message{role, joined(c.Parts)})
	}
	return out, nil
}

type candidate struct {
	Content *candidateContent `json:"content,omitempty"`
	Finish  string            `json:"finishReason,omitempty"`
	Index   int               `json:"index"`
}

type candidateContent struct {
	Role  string `json:"role"`
	Parts []part `json:"parts,omitempty"`
}

type usageMetadata struct {
	Prompt     int64 `json:"promptTokenCount"`
	Candidates int64 `json:"candidatesTokenCount"` // without thoughts
	Total      int64 `json:"totalTokenCount"`
	Cached     int64 `json:"cachedContentTokenCount,omitempty"`
	Thoughts   int64 `json:"thoughtsTokenCount,omitempty"`
}

type generated struct {
	Candidates []candidate       `json:"candidates,omitempty"`
	Feedback   map[string]string `json:"promptFeedback,omitempty"`
	Usage      *usageMetadata    `json:"usageMetadata,omitempty"`
	Model      string            `json:"modelVersion"`
	ID         string            `json:"responseId"`
}

// answer is a piece of the text, or all of it, the last with why it ends.
func (gemini) answer(c *completion, text string, last bool) generated {
	out := generated{Model: c.model, ID: "simulated-" + c.id}
	if last {
		out.Usage = &usageMetadata{c.in, c.out - c.reasoning, c.in + c.out, c.cached, c.reasoning}
	}
	if c.mode == provider.ModeRefusal {
		out.Feedback = map[string]string{"blockReason": "PROHIBITED_CONTENT"}
		return out
	}
	one := candidate{Content: &candidateContent{Role: "model"}}
	if text != "" {
		one.Content.Parts = []part{{text}}
	}
	if last {
		one.Finish = "STOP"
		if c.finish == "length" {
			one.Finish = "MAX_TOKENS"
		}
		if c.mode == provider.ModeContentFilter {
			one.Content, one.Finish = nil, "SAFETY"
		}
	}
	out.Candidates = []candidate{one}
	return out
}

func (g gemini) whole(c *completion) (int, any) { return http.StatusOK, g.answer(c, c.text, true) }

func (gemini) begin(*completion) []event { return nil }

func (g gemini) piece(c *completion, _ int, text string) event {
	return event{"", g.answer(c, text, false)}
}

func (g gemini) end(c *completion, _ *request) []event {
	return []event{{"", g.answer(c, "", true)}}
}

func (gemini) problem(p problem) (int, any) {
	status := p.status
	name := map[int]string{400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 404: "NOT_FOUND", 413: "INVALID_ARGUMENT",
		429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE"}[status]
	e := map[string]any{"code": status, "message": p.message, "status": name}
	if p.wait > 0 {
		e["details"] = []map[string]string{{"@type": "type.googleapis.com/google.rpc.RetryInfo",
			"retryDelay": strconv.FormatFloat(p.wait.Seconds(), 'f', -1, 64) + "s"}}
	}
	return status, map[string]any{"error": e}
}

func (gemini) limits(h http.Header, l levels, _ time.Time) {
	left(h, "Requests", l.requests)
	left(h, "Tokens", l.tokens)
	retryAfter(h, l.wait)
}
