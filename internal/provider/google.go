package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/genai"

	"github.com/crucible-go/crucible/pkg/events"
)

// Google's own address, the version of its protocol, the header and the
// variable that hold its key.
const (
	googleURL     = "https://generativelanguage.googleapis.com/"
	googleVersion = "v1beta"
	googleHeader  = "X-Goog-Api-Key"
	googleKeyEnv  = "GEMINI_API_KEY"
)

// Google asks a server that speaks the Gemini protocol, once per Ask. Of the
// environment it reads what OpenAI does.
type Google struct {
	*client
	sdk     *genai.Client
	keyless bool
}

// NewGoogle makes a provider for a server, whose base URL may end with the
// version of the protocol or not. Close it to drop its connections.
func NewGoogle(c ClientConfig) (*Google, error) {
	core, base, err := newClient(NameGoogle, c, googleURL)
	if err != nil {
		return nil, err
	}
	url, version := strings.TrimRight(base.String(), "/"), googleVersion
	if m := regexp.MustCompile(`^(.*)/(v\d+(?:alpha|beta)?\d*)$`).FindStringSubmatch(url); m != nil {
		url, version = m[1], m[2]
	}
	key := c.Key.Reveal()
	if c.Key.Empty() {
		key = "none" // the SDK demands one; it is taken out again
	}
	sdk, err := genai.NewClient(context.Background(), &genai.ClientConfig{
		APIKey: key, Backend: genai.BackendGeminiAPI, HTTPClient: core.sdk(),
		HTTPOptions: genai.HTTPOptions{BaseURL: url + "/", APIVersion: version},
	})
	if err != nil {
		return nil, errors.New(core.scrub.message("google: " + err.Error()))
	}
	return &Google{client: core, sdk: sdk, keyless: c.Key.Empty()}, nil
}

// Ask implements Provider.
func (g *Google) Ask(ctx context.Context, r *Request) (*Reply, error) {
	if ctx.Err() != nil {
		return nil, ended(ctx, BilledNo)
	}
	contents, config, err := contentRequest(r)
	if err != nil {
		return nil, unprocessable(g.scrub.message(err.Error()))
	}
	strip := ""
	if g.keyless {
		strip = googleHeader
	}
	return g.exchangeWithout(ctx, strip, r, contentDialect{}, func(ctx context.Context) error {
		if !r.Order.Stream {
			_, err := g.sdk.Models.GenerateContent(ctx, r.Model, contents, config)
			return err
		}
		for _, err := range g.sdk.Models.GenerateContentStream(ctx, r.Model, contents, config) {
			return err // the stream itself is read elsewhere
		}
		return nil
	})
}

// contentRequest makes the SDK's form of an order. Parameters are those of the
// protocol's generationConfig; the usual names of other protocols stand for
// them, and what the protocol has beside generationConfig is put there.
func contentRequest(r *Request) ([]*genai.Content, *genai.GenerateContentConfig, error) {
	params, err := paramsOf(r.Order)
	if err != nil {
		return nil, nil, err
	}
	once := false
	config := &genai.GenerateContentConfig{AutomaticContinuation: &once}
	system, messages := splitSystem(r.Order.Messages)
	if system != "" {
		config.SystemInstruction = genai.NewContentFromText(system, genai.RoleUser)
	}
	contents := make([]*genai.Content, 0, len(messages))
	for _, m := range messages {
		role := genai.Role(genai.RoleUser)
		if m.Role == "assistant" {
			role = genai.RoleModel
		}
		contents = append(contents, genai.NewContentFromText(m.Content, role))
	}
	body, generation := map[string]any{}, map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if err := contentParam(name, params[name], r.Order.Seed, body, generation); err != nil {
			return nil, nil, err
		}
	}
	if len(generation) > 0 {
		body["generationConfig"] = generation
	}
	if len(body) > 0 {
		config.HTTPOptions = &genai.HTTPOptions{ExtraBody: body}
	}
	return contents, config, nil
}

func contentParam(name string, raw json.RawMessage, seed uint64, body, generation map[string]any) error {
	value, err := anyOf(raw)
	if err != nil {
		return fmt.Errorf("the parameter %q: %w", name, err)
	}
	switch name {
	case "model", "contents", "systemInstruction", "system_instruction", "stream", "messages":
		return ofTheOrder(name)
	case "safetySettings", "tools", "toolConfig", "cachedContent", "labels":
		body[name] = value
		return nil
	case "seed":
		switch value {
		case true:
			generation[name] = seed & seedMask
		case false, nil:
		default:
			generation[name] = value
		}
		return nil
	case "stop":
		if text, ok := value.(string); ok {
			value = []any{text}
		}
	}
	if own := map[string]string{
		"max_tokens": "maxOutputTokens", "max_completion_tokens": "maxOutputTokens", "top_p": "topP", "top_k": "topK", "stop": "stopSequences",
		"presence_penalty": "presencePenalty", "frequency_penalty": "frequencyPenalty", "n": "candidateCount",
	}[name]; own != "" {
		name = own
	}
	generation[name] = value
	return nil
}

// anyOf decodes a value and keeps its numbers as they are written.
func anyOf(raw json.RawMessage) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if !json.Valid(raw) {
		return nil, errors.New("not a JSON value")
	}
	err = d.Decode(&v)
	return v, err
}

// contentDialect reads replies of the Gemini protocol; each event of a stream is
// a reply of its own.
type contentDialect struct{}

type contentReply struct {
	Candidates []struct {
		Index   int `json:"index"`
		Content struct {
			Parts []struct {
				Text    string `json:"text"`
				Thought bool   `json:"thought"`
			} `json:"parts"`
		} `json:"content"`
		Finish  string `json:"finishReason"`
		Message string `json:"finishMessage"`
	} `json:"candidates"`
	Feedback struct {
		Blocked string `json:"blockReason"`
		Message string `json:"blockReasonMessage"`
	} `json:"promptFeedback"`
	Usage *struct {
		Prompt   int64 `json:"promptTokenCount"`
		ToolUse  int64 `json:"toolUsePromptTokenCount"`
		Cached   int64 `json:"cachedContentTokenCount"`
		Output   int64 `json:"candidatesTokenCount"`
		Thoughts int64 `json:"thoughtsTokenCount"`
	} `json:"usageMetadata"`
	Version string           `json:"modelVersion"`
	ID      string           `json:"responseId"`
	Error   *json.RawMessage `json:"error"`
}

func contentEndings() map[string]string {
	return map[string]string{
		"max_tokens": ClassTruncated, "safety": ClassContentFilter, "recitation": ClassContentFilter, "language": ClassContentFilter,
		"blocklist": ClassContentFilter, "prohibited_content": ClassContentFilter, "spii": ClassContentFilter,
		"image_safety": ClassContentFilter, "image_prohibited_content": ClassContentFilter, "image_recitation": ClassContentFilter,
	}
}

func (contentDialect) whole(raw []byte, s *heard) error {
	return readContent(raw, s, errors.New("the reply has no candidate"))
}

func (contentDialect) event(_ string, data []byte, s *heard) error { return readContent(data, s, nil) }

// readContent reads a reply; none is the error of one without a candidate.
func readContent(raw []byte, s *heard, none error) error {
	var c contentReply
	if err := json.Unmarshal(raw, &c); err != nil {
		return fmt.Errorf("the reply is not generated content: %w", err)
	}
	if c.Error != nil {
		p := readProblem(raw)
		s.failure = &p
		return nil
	}
	if c.Version != "" {
		s.served = c.Version
	}
	if c.ID != "" {
		s.id = c.ID
	}
	if u := c.Usage; u != nil {
		s.usage = &events.Usage{
			Input: max(u.Prompt, 0) + max(u.ToolUse, 0), CachedInput: max(u.Cached, 0),
			Output: max(u.Output, 0) + max(u.Thoughts, 0), Reasoning: max(u.Thoughts, 0), Source: "reported",
		}
	}
	if c.Feedback.Blocked != "" {
		s.finish, s.class, s.complete = c.Feedback.Blocked, ClassContentFilter, true
		s.why = "the provider's filter stopped the prompt: " + c.Feedback.Blocked + " " + c.Feedback.Message
		return nil
	}
	if len(c.Candidates) == 0 {
		return none
	}
	first := c.Candidates[0]
	if first.Index != 0 {
		return nil // the params asked for several; the first one counts
	}
	for _, p := range first.Content.Parts {
		if !p.Thought {
			s.text.WriteString(p.Text)
		}
	}
	s.end(first.Finish, contentEndings())
	if first.Finish != "" {
		s.complete, s.done = true, c.Usage != nil // the last reply of a stream has both
	}
	return nil
}
