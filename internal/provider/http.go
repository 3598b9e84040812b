package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
)

// HTTP asks any endpoint that answers JSON: templates write the request, and
// dotted paths find the answer in the reply. One request per Ask.
type HTTP struct {
	*client
	config    experiment.HTTP
	templates *experiment.HTTPTemplates
	taken     *http.Client // of sdk
	key       Secret
}

// maxURL and maxRequest bound what templates make, in bytes.
const (
	maxURL     = 16 << 10
	maxRequest = 32 << 20
)

// NewHTTP makes a provider for an endpoint. The base URL of c is not used.
func NewHTTP(h experiment.HTTP, c ClientConfig) (*HTTP, error) {
	t, err := h.Templates()
	if err != nil {
		return nil, fmt.Errorf("http: %w", err)
	}
	if h.Answer == "" {
		return nil, errors.New("http: answer: the path of the answer is missing")
	}
	core := bareClient(NameHTTP, c)
	p := &HTTP{client: core, config: h, templates: t, taken: core.sdk(), key: c.Key}
	if len(h.Statuses) > 0 {
		p.success = func(status int) bool { return slices.Contains(h.Statuses, status) }
	}
	return p, nil
}

// Ask implements Provider.
func (h *HTTP) Ask(ctx context.Context, r *Request) (*Reply, error) {
	if ctx.Err() != nil {
		return nil, ended(ctx, BilledNo)
	}
	req, err := h.request(r)
	if err != nil {
		return nil, unprocessable(h.scrub.message(err.Error()))
	}
	return h.exchange(ctx, r, pathDialect{&h.config}, func(ctx context.Context) error {
		res, err := h.taken.Do(req.WithContext(ctx))
		if err == nil {
			_ = res.Body.Close() // the real one is read by exchange
		}
		return err
	})
}

// request makes the request of an order.
func (h *HTTP) request(r *Request) (*http.Request, error) {
	data, err := h.data(r)
	if err != nil {
		return nil, err
	}
	raw, err := render(h.templates.URL, data, maxURL)
	if err != nil {
		return nil, err
	}
	address, err := url.Parse(string(raw))
	if err != nil || address.Host != h.templates.Host || address.User != nil {
		return nil, errors.New("the template of the URL does not make an address of " + h.templates.Host)
	}
	var body []byte
	if h.templates.Body != nil {
		if body, err = render(h.templates.Body, data, maxRequest); err != nil {
			return nil, err
		}
		if !json.Valid(body) {
			return nil, errors.New(`the template of the body does not make JSON: write texts as {{json .prompt}}`)
		}
	}
	method := h.config.Method
	if method == "" {
		method = http.MethodPost
	}
	req, err := http.NewRequest(method, address.String(), bytes.NewReader(body)) //nolint:noctx // Ask adds it
	if err != nil {
		return nil, errors.New("the request cannot be made")
	}
	return req, h.headers(req, data)
}

// headers sets the headers: those of the spec, and the key where no template
// sends it.
func (h *HTTP) headers(req *http.Request, data map[string]any) error {
	req.Header.Set("Accept", "application/json")
	if h.templates.Body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if !h.key.Empty() && !h.templates.UsesKey {
		req.Header.Set("Authorization", "Bearer "+h.key.Reveal())
	}
	for _, t := range h.templates.Headers {
		value, err := render(t.Value, data, maxURL)
		if err != nil {
			return err
		}
		if bytes.ContainsAny(value, "\r\n\x00") {
			return errors.New("the header " + t.Name + " would have a line break")
		}
		if strings.EqualFold(t.Name, "Host") {
			req.Host = string(value)
			continue
		}
		req.Header.Set(t.Name, string(value))
	}
	return nil
}

// data is what templates see.
func (h *HTTP) data(r *Request) (map[string]any, error) {
	raw, err := paramsOf(r.Order)
	if err != nil {
		return nil, err
	}
	params := make(map[string]any, len(raw))
	for name, value := range raw {
		if params[name], err = anyOf(value); err != nil {
			return nil, fmt.Errorf("the parameter %q: %w", name, err)
		}
	}
	system, others := splitSystem(r.Order.Messages)
	messages := make([]map[string]any, len(r.Order.Messages))
	for i, m := range r.Order.Messages {
		messages[i] = map[string]any{"role": m.Role, "content": m.Content}
	}
	prompt := ""
	if len(others) > 0 {
		prompt = others[len(others)-1].Content
	}
	return map[string]any{
		"model": r.Model, "messages": messages, "system": system, "prompt": prompt,
		"params": params, "seed": r.Order.Seed & seedMask, "key": h.key.Reveal(),
	}, nil
}

// render executes a template, in bounded memory.
func render(t *template.Template, data any, limit int) ([]byte, error) {
	b := boundedBuffer{left: limit}
	if err := t.Execute(&b, data); err != nil {
		return nil, fmt.Errorf("template %s", strings.TrimPrefix(err.Error(), "template: "))
	}
	return b.Bytes(), nil
}

type boundedBuffer struct {
	bytes.Buffer
	left int
}

// Write implements io.Writer.
func (b *boundedBuffer) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errors.New("makes too much text")
	}
	return b.Buffer.Write(p)
}

// pathDialect reads replies by dotted paths.
type pathDialect struct{ *experiment.HTTP }

func (pathDialect) event(string, []byte, *heard) error {
	return errors.New("the endpoint streams its reply, which only providers with a protocol of their own read")
}

func (d pathDialect) whole(raw []byte, s *heard) error {
	reply, err := anyOf(raw)
	if err != nil {
		return fmt.Errorf("the reply is not JSON: %w", err)
	}
	if d.Error != "" {
		if v, ok := at(reply, d.Error); ok && v != nil && v != "" && v != false {
			b, err := json.Marshal(v)
			if err != nil {
				return fmt.Errorf("read the reply's error: %w", err)
			}
			p := readProblem([]byte(`{"error":` + string(b) + `}`))
			s.failure = &p
			return nil
		}
	}
	s.served, s.usage = textAt(reply, d.Served), d.tokens(reply)
	answer, ok := at(reply, d.Answer)
	if !ok {
		if p := readProblem(raw); p.message != "" {
			s.failure = &p
			return nil
		}
		return fmt.Errorf("the reply has nothing at %q (http.answer)", d.Answer)
	}
	s.text.WriteString(textOf(answer))
	endings := chatEndings()
	maps.Copy(endings, messagesEndings())
	maps.Copy(endings, contentEndings())
	s.end(textAt(reply, d.Finish), endings)
	return nil
}

// tokens are the counts that the paths find, nil where they find none.
func (d pathDialect) tokens(reply any) *events.Usage {
	in, hasIn := countAt(reply, d.Usage.Input)
	out, hasOut := countAt(reply, d.Usage.Output)
	if !hasIn || !hasOut {
		return nil
	}
	cached, _ := countAt(reply, d.Usage.Cached)
	hidden, _ := countAt(reply, d.Usage.Reasoning)
	return &events.Usage{Input: in, Output: out, CachedInput: cached, Reasoning: hidden, Source: "reported"}
}

// at follows a dotted path; false where it leads nowhere.
func at(v any, path string) (any, bool) {
	for _, key := range experiment.PathKeys(path) {
		switch x := v.(type) {
		case map[string]any:
			next, ok := x[key]
			if !ok {
				return nil, false
			}
			v = next
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(x) {
				return nil, false
			}
			v = x[i]
		default:
			return nil, false
		}
	}
	return v, true
}

// textOf is a text as it is, null as none, and anything else as its JSON.
func textOf(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case nil:
		return ""
	}
	var b bytes.Buffer
	if err := appendJSON(&b, v); err != nil {
		return ""
	}
	return b.String()
}

func textAt(reply any, path string) string {
	if path == "" {
		return ""
	}
	v, _ := at(reply, path)
	return textOf(v)
}

func countAt(reply any, path string) (int64, bool) {
	if path == "" {
		return 0, false
	}
	v, _ := at(reply, path)
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	return count(n.String())
}
