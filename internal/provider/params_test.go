package provider_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/internal/provider/providertest"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
)

// What is sent for an order, by protocol, model and parameters.
func TestEveryProtocolSendsTheOrder(t *testing.T) {
	var path, body string
	by := map[string]protocol{}
	for _, p := range protocols() {
		by[p.name] = p
	}
	for _, c := range []struct {
		name, base, model, params string
		stream                    bool
		path, body                string // "" where the order makes no sense
	}{
		{"openai", "/v1", "m", `{"temperature":0,"max_tokens":5}`, true, "/v1/chat/completions",
			`{"model":"m","messages":[{"role":"system","content":"be < brief"},{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true},"max_tokens":5,"temperature":0}`},
		{"openai", "/v1", "openai/o3-mini", `{"temperature":0,"top_p":1,"max_tokens":5}`, false, "/v1/chat/completions",
			`{"model":"openai/o3-mini","messages":[{"role":"system","content":"be < brief"},{"role":"user","content":"hi"}],"max_completion_tokens":5,"top_p":1}`},
		{"openai", "/v1", "gpt-5.1", `{"temperature":0,"reasoning_effort":"none"}`, false, "/v1/chat/completions",
			`{"model":"gpt-5.1","messages":[{"role":"system","content":"be < brief"},{"role":"user","content":"hi"}],"reasoning_effort":"none","temperature":0}`},
		{"anthropic", "", "m", `{"temperature":0.5,"thinking":{"type":"enabled","budget_tokens":1024}}`, true, "/v1/messages",
			`{"max_tokens":4096,"messages":[{"role":"user","content":"hi"}],"model":"m","stream":true,"system":"be < brief","temperature":0.5,"thinking":{"type":"enabled","budget_tokens":1024}}`},
		{"anthropic", "/proxy/v1/", "m", `{"max_completion_tokens":7,"stop":"x","seed":false}`, false, "/proxy/v1/messages",
			`{"max_tokens":7,"messages":[{"role":"user","content":"hi"}],"model":"m","stop_sequences":["x"],"system":"be < brief"}`},
		{"anthropic", "", "m", `{"seed":true}`, false, "", ""},
		{"anthropic", "", "m", `{"system":"x"}`, false, "", ""},
		{"google", "", "m", `{"temperature":0,"max_tokens":12345678901,"seed":true,"thinkingConfig":{"thinkingBudget":0},"safetySettings":[]}`, false, "/v1beta/models/m:generateContent",
			`{"contents":[{"parts":[{"text":"hi"}],"role":"user"}],"generationConfig":{"maxOutputTokens":12345678901,"seed":12345,"temperature":0,"thinkingConfig":{"thinkingBudget":0}},"safetySettings":[],"systemInstruction":{"parts":[{"text":"be \u003c brief"}],"role":"user"}}`},
		{"google", "/v1", "m", `{"stop":"x"}`, true, "/v1/models/m:streamGenerateContent?alt=sse",
			`{"contents":[{"parts":[{"text":"hi"}],"role":"user"}],"generationConfig":{"stopSequences":["x"]},"systemInstruction":{"parts":[{"text":"be \u003c brief"}],"role":"user"}}`},
		{"google", "", "m", `{"contents":[]}`, false, "", ""},
		{"http", "", "m&x", `{"a":1.0}`, false, "/ask?model=m%26x",
			`{"q": "hi", "history": [{"content":"be < brief","role":"system"},{"content":"hi","role":"user"}], "seed": 12345, "extra": {"a":1.0}}`},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			path, body = r.URL.RequestURI(), strings.TrimSpace(string(b))
			_, _ = io.WriteString(w, by[c.name].whole("fine", by[c.name].stop))
		}))
		r := withParams("hi", c.params)
		r.Model, r.Order.Stream = c.model, c.stream
		r.Order.Messages = []events.Message{{Role: "system", Content: "be < brief"}, {Role: "user", Content: "hi"}}
		v := by[c.name].open(t, server.URL+c.base)
		if c.path == "" {
			if e := providertest.Failure(t, v, t.Context(), r); e.Class != provider.ClassUnprocessable || e.Billed != provider.BilledNo {
				t.Errorf("%s %s: %+v", c.name, c.params, *e)
			}
		} else if providertest.Answer(t, v, r); path != c.path || body != c.body {
			t.Errorf("%s %s: %s\ngot  %s\nwant %s", c.name, c.params, path, body, c.body)
		}
		server.Close()
	}
}

func TestTemplatesThatMakeNoRequest(t *testing.T) {
	for want, change := range map[string]func(*experiment.HTTP){
		"does not make JSON":   func(h *experiment.HTTP) { h.Body = `{"q": {{.prompt}}}` },
		"no entry for key":     func(h *experiment.HTTP) { h.Body = `{"q": {{json .params.absent}}}` },
		"line break":           func(h *experiment.HTTP) { h.Headers = []string{"X-Prompt: {{.prompt}}"} },
		"makes too much text":  func(h *experiment.HTTP) { h.URL += `{{range .messages}}{{printf "%020000d" 1}}{{end}}` },
		"fixed scheme and":     func(h *experiment.HTTP) { h.URL = "http://{{.prompt}}/x" },
		"not an address with":  func(h *experiment.HTTP) { h.URL = "http://localhost{{.prompt}}/x" },
		"stored with the spec": func(h *experiment.HTTP) { h.Headers = []string{"Authorization: Bearer abc"} },
		"not a header":         func(h *experiment.HTTP) { h.Headers = []string{"no header"} },
		"unclosed action":      func(h *experiment.HTTP) { h.Body = "{{" },
		"path of the answer":   func(h *experiment.HTTP) { h.Answer = "" },
	} {
		config := templateConfig("http://127.0.0.1:1")
		change(&config)
		p, err := provider.NewHTTP(config, at(""))
		if err == nil {
			e := providertest.Failure(t, p, t.Context(), ask("two\nlines", 1))
			if e.Class != provider.ClassUnprocessable {
				t.Errorf("%s: %+v", want, *e)
			}
			err = e
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
		providertest.NoKey(t, want, err)
	}
}

func TestHTTPReadsByPath(t *testing.T) {
	for name, c := range map[string]struct {
		body, text, class, message string
		status                     int
	}{
		"number":        {body: `{"result":[{"text":42.50}]}`, text: "42.50"},
		"object":        {body: `{"result":[{"text":{"a":[1,"<"]}}]}`, text: `{"a":[1,"<"]}`},
		"null":          {body: `{"result":[{"text":null}]}`, class: provider.ClassEmptyReply},
		"nothing there": {body: `{"result":[]}`, class: provider.ClassMalformedReply, message: `nothing at "result.0.text"`},
		"trailing":      {body: `{"result":[{"text":"x"}]} x`, class: provider.ClassMalformedReply},
		"its error":     {body: `{"problem":{"message":"busy","code":429},"result":[{"text":"x"}]}`, class: provider.ClassRateLimited, message: "busy"},
		"its text":      {body: `{"problem":"out of order"}`, class: provider.ClassServerError, message: "out of order"},
		"other error":   {body: `{"error":{"message":"no such model","type":"not_found_error"}}`, class: provider.ClassNotFound},
		"status":        {status: 202, body: `{"result":[{"text":"x"}]}`, class: provider.ClassMalformedReply},
		"limit":         {body: "Too Many Requests", class: provider.ClassRateLimited},
	} {
		if c.status == 0 {
			c.status = 200
		}
		config := templateConfig(respond(t, c.status, nil, c.body).URL)
		config.Statuses = []int{200}
		p, err := provider.NewHTTP(config, at(""))
		if err != nil {
			t.Fatal(err)
		}
		if c.class == "" {
			if got := providertest.Answer(t, p, ask("x", 1)); got.Text != c.text || got.Usage != nil {
				t.Errorf("%s: %+v", name, *got)
			}
			continue
		}
		if e := providertest.Failure(t, p, t.Context(), ask("x", 1)); e.Class != c.class || !strings.Contains(e.Message, c.message) {
			t.Errorf("%s: %+v", name, *e)
		}
	}
}

// What providers say in the body of an error refines its status.
func TestProblemsAreClassified(t *testing.T) {
	for _, c := range []struct {
		status    int
		body      string
		class     string
		retryable bool
		after     time.Duration
	}{
		{400, `{"error":{"message":"This model's maximum context length is 8192 tokens.","type":"invalid_request_error","code":"context_length_exceeded"}}`, provider.ClassContextTooLong, false, 0},
		{400, `{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 208310 tokens > 200000 maximum"}}`, provider.ClassContextTooLong, false, 0},
		{400, `{"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}`, provider.ClassContextTooLong, false, 0},
		{400, `{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the API."}}`, provider.ClassQuota, false, 0},
		{400, `{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"@type":"x","reason":"API_KEY_INVALID"}]}}`, provider.ClassAuth, false, 0},
		{429, `[{"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED","details":[{"@type":"y"},{"retryDelay":"34s"}]}}]`, provider.ClassRateLimited, true, 34 * time.Second},
		{529, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_7"}`, provider.ClassServerError, true, 0},
		{404, `{"error":{"message":"model \"x\" not found, try pulling it first"}}`, provider.ClassNotFound, false, 0},
		{405, ``, provider.ClassNotFound, false, 0},
		{407, ``, provider.ClassAuth, false, 0},
		{500, `{"error":{"type":"exceed_context_size_error","message":"the request exceeds the available context size"}}`, provider.ClassContextTooLong, false, 0},
		{501, ``, provider.ClassServerError, false, 0},
	} {
		for _, p := range protocols() {
			e := providertest.Failure(t, p.open(t, respond(t, c.status, nil, c.body).URL), t.Context(), ask("x", 1))
			if e.Class != c.class || e.Retryable != c.retryable || e.RetryAfter != c.after || e.Rate.RetryAfter != c.after || e.Status != c.status {
				t.Errorf("%s, %d %s: %+v", p.name, c.status, c.body, *e)
			}
			if c.status == 529 && e.RequestID != "req_7" {
				t.Errorf("request id %q", e.RequestID)
			}
		}
	}
}
