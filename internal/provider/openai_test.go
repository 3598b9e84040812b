package provider_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/internal/provider/providertest"
)

func openAI(t testing.TB, url string) *provider.OpenAI {
	t.Helper()
	p, err := provider.NewOpenAI(provider.ClientConfig{BaseURL: url, Key: provider.NewSecret(providertest.Key)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// respond serves one response to every request, and shows the key wherever it
// can.
func respond(t testing.TB, status int, header map[string]string, body string) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for k, v := range header {
			w.Header().Set(k, v)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s
}

func completion(content, finish string) string {
	c, _ := json.Marshal(content)
	return `{"id":"x","model":"served-1","choices":[{"index":0,"finish_reason":"` + finish + `","message":{"role":"assistant","content":` + string(c) + `}}],"usage":{"prompt_tokens":7,"completion_tokens":3}}`
}

func TestOpenAIKeepsTheContract(t *testing.T) {
	never := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q struct{ Messages []struct{ Content string } }
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		what, arg, _ := strings.Cut(q.Messages[0].Content, " ")
		w.Header().Set("X-Request-Id", "id-"+r.Header.Get("Authorization"))
		switch what {
		case "status":
			code, _ := strconv.Atoi(arg)
			w.WriteHeader(code)
			_, _ = io.WriteString(w, `{"error":{"message":"bad key `+providertest.Key+` or `+providertest.Key[:8]+`***3210"}}`)
		case "hang":
			select {
			case <-never:
			case <-r.Context().Done():
			}
		case "half": // a response that does not end
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, `{"id`)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		case "elsewhere":
			http.Redirect(w, r, "http://localhost:1/?key="+providertest.Key, http.StatusTemporaryRedirect)
		case "raw":
			_, _ = io.WriteString(w, arg)
		default:
			_, _ = io.WriteString(w, completion("said "+arg+" with "+providertest.Key, "stop"))
		}
	}))
	defer server.Close()
	defer close(never)
	providertest.Exercise(t, providertest.Subject{
		Open: func(t *testing.T) (provider.Provider, io.Closer) {
			p := openAI(t, server.URL)
			return p, p
		},
		Answered:      func(n int) *provider.Request { return ask("echo "+strconv.Itoa(n), 1) },
		Slow:          ask("hang", 1),
		Deterministic: true,
		Failing: map[string]*provider.Request{
			provider.ClassAuth:           ask("status 401", 1),
			provider.ClassRateLimited:    ask("status 429", 1),
			provider.ClassInvalidRequest: ask("status 400", 1),
			provider.ClassNotFound:       ask("status 404", 1),
			provider.ClassServerError:    ask("status 503", 1),
			provider.ClassPartialReply:   ask("half", 1),
			provider.ClassRedirect:       ask("elsewhere", 1),
			provider.ClassMalformedReply: ask("raw <html>", 1),
			provider.ClassEmptyReply:     ask("raw "+completion("", "stop"), 1),
			provider.ClassContentFilter:  ask("raw "+completion("", "content_filter"), 1),
			provider.ClassUnprocessable:  withParams("echo", `{"stream":true}`),
		},
	})
}

func TestOpenAISendsTheOrder(t *testing.T) {
	var got struct {
		path, auth string
		body       string
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got.path, got.auth, got.body = r.URL.Path, r.Header.Get("Authorization"), string(b)
		w.Header().Set("X-Request-Id", "req-9")
		_, _ = io.WriteString(w, completion("A: <42>", "stop"))
	}))
	defer server.Close()
	p := openAI(t, server.URL+"/api/v1")
	r := providertest.Answer(t, p, withParams(`1 < 2 & "x"`, `{"temperature": 0, "max_tokens": 512, "top_k": {"odd": [1]}, "seed": true}`))
	if got.path != "/api/v1/chat/completions" || got.auth != "Bearer "+providertest.Key {
		t.Errorf("path %q", got.path)
	}
	want := `{"model":"m","messages":[{"role":"user","content":"1 < 2 & \"x\""}],"max_tokens":512,"seed":12345,"temperature":0,"top_k":{"odd": [1]}}`
	if got.body != want {
		t.Errorf("body %s\nwant %s", got.body, want)
	}
	if r.Text != "A: <42>" || r.Finish != "stop" || r.Served != "served-1" || r.RequestID != "req-9" || r.Status != 200 || r.Simulated || r.Recorded {
		t.Errorf("%+v", *r)
	}
	if r.Usage.Input != 7 || r.Usage.Output != 3 || r.Usage.Source != "reported" || !r.HasLatency || r.LatencyNS != 0 || r.FirstByteNS <= 0 {
		t.Errorf("%+v, usage %+v", *r, *r.Usage)
	}
	for params, want := range map[string]string{
		`{"seed":7}`: `"seed":7}`, `{"seed":false}`: `}]}`, `{"seed":null}`: `}]}`, `{}`: `}]}`, ``: `}]}`, `null`: `}]}`,
	} {
		providertest.Answer(t, p, withParams("x", params))
		if !strings.HasSuffix(got.body, want) {
			t.Errorf("params %s: body %s", params, got.body)
		}
	}
	for _, params := range []string{`{"model":"other"}`, `{"messages":[]}`, `{"stream":false}`, `[1]`, `{`} {
		e := providertest.Failure(t, p, context.Background(), withParams("x", params))
		if e.Class != provider.ClassUnprocessable || e.Billed != provider.BilledNo {
			t.Errorf("params %s: %+v", params, *e)
		}
	}
}

func TestOpenAIReadsWhatServersSay(t *testing.T) {
	choice := func(message string) string { return `{"choices":[{"finish_reason":"stop","message":` + message + `}]}` }
	for name, c := range map[string]struct{ body, text, finish string }{
		"parts":          {choice(`{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}`), "ab", "stop"},
		"control":        {completion("a\x00b", "stop"), "a\x00b", "stop"},
		"surrogate":      {choice(`{"content":"a\ud800b"}`), "a\uFFFDb", "stop"},
		"no finish":      {`{"choices":[{"message":{"content":"x"},"finish_reason":null}]}`, "x", ""},
		"unknown fields": {`{"new":{"deep":[[[]]]},"choices":[{"finish_reason":"stop","logprobs":null,"message":{"content":"x","reasoning":"y"}}]}`, "x", "stop"},
	} {
		t.Run(name, func(t *testing.T) {
			r := providertest.Answer(t, openAI(t, respond(t, 200, nil, c.body).URL), ask("x", 1))
			if r.Text != c.text || r.Finish != c.finish || r.Repaired {
				t.Errorf("%+v", *r)
			}
		})
	}
}

func TestOpenAIKeepsAnswersThatAreNotUTF8(t *testing.T) {
	body := strings.Replace(completion("aXb", "stop"), "X", "\xff\xfe\xc0", 1)
	r := providertest.Answer(t, openAI(t, respond(t, 200, nil, body).URL), ask("x", 1))
	if r.Text != "a\uFFFDb" || !r.Repaired {
		t.Errorf("%+v", *r)
	}
}

func TestOpenAIFailures(t *testing.T) {
	problem := func(message, code string) string {
		return `{"error":{"message":"` + message + `","type":"t","code":"` + code + `"}}`
	}
	date := map[string]string{"Date": "Mon, 02 Jan 2006 15:04:05 GMT", "Retry-After": "Mon, 02 Jan 2006 15:05:05 GMT"}
	for name, c := range map[string]struct {
		status int
		header map[string]string
		body   string
		want   provider.Error
	}{
		"401":             {401, nil, problem("no", "invalid_api_key"), provider.Error{Class: provider.ClassAuth, Message: "HTTP 401: no (t, invalid_api_key)", Billed: "no"}},
		"403":             {403, nil, ``, provider.Error{Class: provider.ClassAuth, Message: "HTTP 403: ", Billed: "no"}},
		"402":             {402, nil, `"pay"`, provider.Error{Class: provider.ClassQuota, Message: `HTTP 402: "pay"`, Billed: "no"}},
		"400":             {400, nil, `{"detail":"bad"}`, provider.Error{Class: provider.ClassInvalidRequest, Message: "HTTP 400: bad", Billed: "no"}},
		"422":             {422, nil, `{"detail":[{"loc":1}]}`, provider.Error{Class: provider.ClassInvalidRequest, Message: `HTTP 422: [{"loc":1}]`, Billed: "no"}},
		"404":             {404, nil, `<html>not here</html>`, provider.Error{Class: provider.ClassNotFound, Message: "HTTP 404: <html>not here</html> [asked SERVER/chat/completions for the model \"m\": check base_url and the model's name]", Billed: "no"}},
		"filter":          {400, nil, problem("x", "content_filter"), provider.Error{Class: provider.ClassContentFilter, Message: "HTTP 400: x (t, content_filter)", Billed: "no"}},
		"408":             {408, nil, `{}`, provider.Error{Class: provider.ClassTimeout, Message: "HTTP 408: {}", Retryable: true, Billed: "possibly"}},
		"429 seconds":     {429, map[string]string{"Retry-After": "2"}, `{"message":"slow"}`, provider.Error{Class: provider.ClassRateLimited, Message: "HTTP 429: slow", Retryable: true, RetryAfter: 2 * time.Second, Billed: "no"}},
		"429 fraction":    {429, map[string]string{"Retry-After": "0.5"}, `{"error":"slow"}`, provider.Error{Class: provider.ClassRateLimited, Message: "HTTP 429: slow", Retryable: true, RetryAfter: 500 * time.Millisecond, Billed: "no"}},
		"429 ms":          {429, map[string]string{"Retry-After": "9", "Retry-After-Ms": "150"}, `{"error":"slow"}`, provider.Error{Class: provider.ClassRateLimited, Message: "HTTP 429: slow", Retryable: true, RetryAfter: 150 * time.Millisecond, Billed: "no"}},
		"429 date":        {429, date, `{"error":"slow"}`, provider.Error{Class: provider.ClassRateLimited, Message: "HTTP 429: slow", Retryable: true, RetryAfter: time.Minute, Billed: "no"}},
		"429 nonsense":    {429, map[string]string{"Retry-After": "-3"}, `{"error":"slow"}`, provider.Error{Class: provider.ClassRateLimited, Message: "HTTP 429: slow", Retryable: true, Billed: "no"}},
		"429 for ever":    {429, map[string]string{"Retry-After": "1e300"}, `{"error":"slow"}`, provider.Error{Class: provider.ClassRateLimited, Message: "HTTP 429: slow", Retryable: true, RetryAfter: 24 * time.Hour, Billed: "no"}},
		"429 quota":       {429, nil, problem("x", "insufficient_quota"), provider.Error{Class: provider.ClassQuota, Message: "HTTP 429: x (t, insufficient_quota)", Billed: "no"}},
		"500":             {500, map[string]string{"X-Request-Id": "r"}, ``, provider.Error{Class: provider.ClassServerError, Message: "HTTP 500: ", Retryable: true, RequestID: "r", Billed: "possibly"}},
		"503 later":       {503, map[string]string{"Retry-After": "1"}, ``, provider.Error{Class: provider.ClassServerError, Message: "HTTP 503: ", Retryable: true, RetryAfter: time.Second, Billed: "possibly"}},
		"304":             {304, nil, ``, provider.Error{Class: provider.ClassMalformedReply, Message: "HTTP 304: ", Billed: "no"}},
		"gateway":         {200, nil, `{"error":{"message":"upstream","code":429}}`, provider.Error{Class: provider.ClassRateLimited, Message: "upstream (429)", Retryable: true, Billed: "possibly"}},
		"gateway, no why": {200, nil, `{"error":{"message":"upstream"}}`, provider.Error{Class: provider.ClassServerError, Message: "upstream", Retryable: true, Billed: "possibly"}},
		"no choice":       {200, nil, `{"choices":[]}`, provider.Error{Class: provider.ClassMalformedReply, Message: "the reply has no choice", Retryable: true, Billed: "possibly"}},
		"no content":      {200, nil, `{"choices":[{"message":{"content":17}}]}`, provider.Error{Class: provider.ClassMalformedReply, Message: "the content of the reply is neither a text nor a list of parts", Retryable: true, Billed: "possibly"}},
		"simulated":       {500, map[string]string{provider.HeaderSimulated: "true"}, ``, provider.Error{Class: provider.ClassServerError, Message: "HTTP 500: ", Retryable: true, Billed: "possibly", Simulated: true}},
	} {
		t.Run(name, func(t *testing.T) {
			url := respond(t, c.status, c.header, c.body).URL
			e := providertest.Failure(t, openAI(t, url), context.Background(), ask("x", 1))
			c.want.Message = strings.Replace(c.want.Message, "SERVER", url, 1)
			c.want.Status, c.want.Rate.RetryAfter = c.status, c.want.RetryAfter
			e.FirstByteNS, e.ConnectNS = 0, 0 // measured
			if *e != c.want {
				t.Errorf("got  %+v\nwant %+v", *e, c.want)
			}
		})
	}
}

func TestOpenAIAsksOnce(t *testing.T) {
	for _, status := range []int{408, 409, 429, 500, 503} {
		var n atomic.Int32
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			n.Add(1)
			w.WriteHeader(status)
		}))
		_ = providertest.Failure(t, openAI(t, server.URL), context.Background(), ask("x", 1))
		server.Close()
		if n.Load() != 1 {
			t.Errorf("status %d: %d requests", status, n.Load())
		}
	}
}

// A reply of 100 MB, plain or from 100 KB of compressed data, is refused without
// being held.
func TestOpenAIBoundsReplies(t *testing.T) {
	chunk := []byte(strings.Repeat("z", 1<<20))
	for _, length := range []bool{true, false} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if length {
				w.Header().Set("Content-Length", strconv.Itoa(100<<20))
			}
			for range 100 {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		}))
		p := openAI(t, server.URL)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		e := providertest.Failure(t, p, context.Background(), ask("x", 1))
		runtime.ReadMemStats(&after)
		server.Close()
		if e.Class != provider.ClassTooLarge || e.Retryable || e.Billed != provider.BilledPossibly {
			t.Errorf("%+v", *e)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 10*provider.MaxReply {
			t.Errorf("%d MB were allocated for it", grown>>20)
		}
	}
	huge := respond(t, 500, nil, strings.Repeat("x", 10<<20))
	if e := providertest.Failure(t, openAI(t, huge.URL), context.Background(), ask("x", 1)); e.Class != provider.ClassServerError {
		t.Errorf("%+v", *e)
	}
	deep := respond(t, 200, nil, strings.Repeat(`[`, 4<<20))
	if e := providertest.Failure(t, openAI(t, deep.URL), context.Background(), ask("x", 1)); e.Class != provider.ClassMalformedReply {
		t.Errorf("%+v", *e)
	}
}

func TestOpenAIFollowsRedirectsOnlyAtHome(t *testing.T) {
	var leaked atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { leaked.Store(true) }))
	defer other.Close()
	home := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away/chat/completions":
			http.Redirect(w, r, other.URL+"/?key="+providertest.Key, http.StatusPermanentRedirect)
		case "/get/chat/completions":
			http.Redirect(w, r, "/new", http.StatusFound)
		case "/loop/chat/completions":
			http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
		case "/old/chat/completions":
			http.Redirect(w, r, "/new", http.StatusTemporaryRedirect)
		default:
			_, _ = io.WriteString(w, completion(r.Method, "stop"))
		}
	}))
	defer home.Close()
	for path, message := range map[string]string{
		"/away": "redirect to another host, " + other.URL + ", not followed",
		"/get":  "redirect that turns POST into GET not followed",
		"/loop": "too many redirects",
	} {
		e := providertest.Failure(t, openAI(t, home.URL+path), context.Background(), ask("x", 1))
		if e.Class != provider.ClassRedirect || e.Message != message || e.Retryable {
			t.Errorf("%s: %+v", path, *e)
		}
	}
	if r := providertest.Answer(t, openAI(t, home.URL+"/old"), ask("x", 1)); r.Text != "POST" {
		t.Errorf("%+v", *r)
	}
	if leaked.Load() {
		t.Error("another host was asked")
	}
}

func TestOpenAIConnections(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String()
	_ = l.Close()
	if e := providertest.Failure(t, openAI(t, url), context.Background(), ask("x", 1)); e.Class != provider.ClassConnection || !e.Retryable || e.Billed != provider.BilledNo {
		t.Errorf("refused: %+v", *e)
	}
	broken := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	}))
	defer broken.Close()
	if e := providertest.Failure(t, openAI(t, broken.URL), context.Background(), ask("x", 1)); e.Class != provider.ClassConnection || !e.Retryable || e.Billed != provider.BilledPossibly {
		t.Errorf("broken off: %+v", *e)
	}
	half := respond(t, 200, map[string]string{"Content-Length": "100"}, `{"cho`)
	if e := providertest.Failure(t, openAI(t, half.URL), context.Background(), ask("x", 1)); e.Class != provider.ClassPartialReply || e.Status != 200 {
		t.Errorf("half: %+v", *e)
	}
}

func TestOpenNeedsAKey(t *testing.T) {
	env := map[string]string{"MY_KEY": providertest.Key, "OPENAI_API_KEY": providertest.Key}
	get := func(name string) string { return env[name] }
	for _, c := range []struct {
		pool provider.Pool
		want string // part of the error, "" for none
	}{
		{provider.Pool{KeyEnv: "MY_KEY"}, ""},
		{provider.Pool{}, ""},
		{provider.Pool{KeyEnv: "NO_KEY"}, "NO_KEY is not set"},
		{provider.Pool{BaseURL: "https://example.com/v1", KeyEnv: "MY_KEY"}, ""},
		{provider.Pool{BaseURL: "https://example.com/v1", KeyEnv: "NO_KEY"}, "example.com: the environment variable NO_KEY is not set"},
		{provider.Pool{BaseURL: "https://example.com/v1"}, "api_key_env"},
		{provider.Pool{BaseURL: "http://127.0.0.1:8000/v1", KeyEnv: "NO_KEY"}, ""},
		{provider.Pool{BaseURL: "http://[::1]:8000/v1"}, ""},
		{provider.Pool{BaseURL: "http://localhost:8000/v1"}, ""},
		{provider.Pool{BaseURL: "http://localhost.evil.com/v1"}, "api_key_env"},
		{provider.Pool{BaseURL: "http://user:" + providertest.Key[12:16] + "@127.0.0.1/v1"}, "not allowed"},
		{provider.Pool{BaseURL: "http://127.0.0.1/v1?key=" + providertest.Key}, "not allowed"},
		{provider.Pool{BaseURL: "ftp://127.0.0.1/v1"}, "want http"},
		{provider.Pool{BaseURL: "http://127.0.0.1:x" + providertest.Key}, "not a URL"},
		{provider.Pool{BaseURL: "127.0.0.1:80"}, "base URL"},
	} {
		c.pool.Name, c.pool.Provider = "pool", "openai"
		p, closer, err := provider.Open(c.pool, get)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q %q: %v", c.pool.BaseURL, c.pool.KeyEnv, err)
		}
		if err != nil {
			providertest.NoKey(t, "the error", err)
			continue
		}
		providertest.NoKey(t, "the provider", p)
		_ = closer.Close()
	}
	if _, _, err := provider.Open(provider.Pool{Name: "x", Provider: "opneai"}, get); err == nil || !strings.Contains(err.Error(), `"opneai"`) {
		t.Errorf("unknown provider: %v", err)
	}
}
