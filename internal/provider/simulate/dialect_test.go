package simulate_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/internal/provider/providertest"
	"github.com/crucible-go/crucible/internal/provider/simulate"
)

// post sends a body below the root of a server and returns the status, the header
// and what came.
func post(t testing.TB, s *simulate.Server, path, body string, header ...string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, strings.TrimSuffix(s.URL(), "/v1")+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return res.StatusCode, res.Header, string(b) + " and " + err.Error()
	}
	return res.StatusCode, res.Header, string(b)
}

// events are the data of server-sent events.
func eventsOf(t testing.TB, body string) (names []string, data []map[string]any) {
	t.Helper()
	lines := bufio.NewScanner(strings.NewReader(body))
	for lines.Scan() {
		if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			names = append(names, name)
		}
		if text, ok := strings.CutPrefix(lines.Text(), "data: "); ok && text != "[DONE]" {
			var v map[string]any
			if err := json.Unmarshal([]byte(text), &v); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			data = append(data, v)
		}
	}
	return names, data
}

// at follows a path of keys and indexes.
func at(v any, path ...any) any {
	for _, p := range path {
		switch key := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[key]
		case int:
			l, _ := v.([]any)
			if key >= len(l) {
				return nil
			}
			v = l[key]
		}
	}
	return v
}

func parsed(t testing.TB, body string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return v
}

const (
	anthropicAsk = `{"model":"m","max_tokens":100,"system":[{"type":"text","text":"Be brief."}],"messages":[{"role":"user","content":[{"type":"text","text":"Capital of France?"}]}]%s}`
	geminiAsk    = `{"systemInstruction":{"parts":[{"text":"Be brief."}]},"contents":[{"role":"user","parts":[{"text":"Capital of France?"}]}],"generationConfig":{"maxOutputTokens":100}}`
	openAIAsk    = `{"model":"m","max_tokens":100,"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Capital of France?"}]%s}`
)

// The three protocols say the same of one question, in their own ways.
func TestServerSpeaksThreeProtocols(t *testing.T) {
	s := run(t, simulate.Config{Answers: answers(t), Models: models(t, "id=m,output_tokens=20,cached=0.5")})
	want := []any{"Paris", "end_turn", 8.0, 8.0, 20.0}
	code, header, body := post(t, s, "/v1/messages", fmt.Sprintf(anthropicAsk, ""))
	v := parsed(t, body)
	got := []any{at(v, "content", 0, "text"), at(v, "stop_reason"), at(v, "usage", "input_tokens"), at(v, "usage", "cache_read_input_tokens"), at(v, "usage", "output_tokens")}
	if code != 200 || !reflect.DeepEqual(got, want) || header.Get("Request-Id") == "" || at(v, "type") != "message" {
		t.Errorf("anthropic: %d %s", code, body)
	}
	code, _, body = post(t, s, "/v1beta/models/m:generateContent", geminiAsk)
	v = parsed(t, body)
	got = []any{at(v, "candidates", 0, "content", "parts", 0, "text"), at(v, "candidates", 0, "finishReason"), at(v, "usageMetadata", "promptTokenCount"),
		at(v, "usageMetadata", "cachedContentTokenCount"), at(v, "usageMetadata", "candidatesTokenCount"), at(v, "usageMetadata", "thoughtsTokenCount"), at(v, "usageMetadata", "totalTokenCount")}
	if want := []any{"Paris", "STOP", 16.0, 8.0, 2.0, 18.0, 36.0}; code != 200 || !reflect.DeepEqual(got, want) {
		t.Errorf("gemini: %d %s", code, body)
	}
	code, _, body = post(t, s, "/v1/chat/completions", fmt.Sprintf(openAIAsk, ""))
	v = parsed(t, body)
	got = []any{at(v, "choices", 0, "message", "content"), at(v, "choices", 0, "finish_reason"), at(v, "usage", "prompt_tokens"),
		at(v, "usage", "prompt_tokens_details", "cached_tokens"), at(v, "usage", "completion_tokens"), at(v, "usage", "completion_tokens_details", "reasoning_tokens")}
	if want := []any{"Paris", "stop", 16.0, 8.0, 20.0, 18.0}; code != 200 || !reflect.DeepEqual(got, want) {
		t.Errorf("openai: %d %s", code, body)
	}
}

func TestServerStreamsInThreeProtocols(t *testing.T) {
	s := run(t, simulate.Config{Models: models(t, "id=m,p50=20ms,reply="+strings.Repeat("streamed text ", 10))})
	want := strings.TrimSpace(strings.Repeat("streamed text ", 10))
	_, header, body := post(t, s, "/v1/messages", fmt.Sprintf(anthropicAsk, `,"stream":true`))
	names, data := eventsOf(t, body)
	text := ""
	for _, d := range data {
		if piece, ok := at(d, "delta", "text").(string); ok {
			text += piece
		}
	}
	last := data[len(data)-2]
	if text != want || names[0] != "message_start" || names[len(names)-1] != "message_stop" || header.Get("Content-Type") != "text/event-stream" ||
		at(last, "delta", "stop_reason") != "end_turn" || at(last, "usage", "output_tokens") != 35.0 {
		t.Errorf("anthropic: %s", body)
	}
	_, _, body = post(t, s, "/v1beta/models/m:streamGenerateContent?alt=sse", geminiAsk)
	_, data = eventsOf(t, body)
	text = ""
	for _, d := range data {
		if piece, ok := at(d, "candidates", 0, "content", "parts", 0, "text").(string); ok {
			text += piece
		}
	}
	last = data[len(data)-1]
	if text != want || at(last, "candidates", 0, "finishReason") != "STOP" || at(last, "usageMetadata", "candidatesTokenCount") != 35.0 {
		t.Errorf("gemini: %s", body)
	}
	_, _, body = post(t, s, "/v1beta/models/m:streamGenerateContent", geminiAsk)
	if list, ok := parsed(t, body).([]any); !ok || len(list) != len(data) {
		t.Errorf("gemini's array: %s", body)
	}
	if got := s.Stats(); got.Streamed != 3 || got.Answered != 3 || got.Tokens.Output != 105 {
		t.Errorf("%+v", got)
	}
}

// What goes wrong, goes wrong in each protocol as its providers have it.
func TestServerGoesWrong(t *testing.T) {
	var flags []string
	for _, mode := range append(provider.Modes(), "error_rate") {
		flags = append(flags, fmt.Sprintf("id=%s,%s=1,reply=a longer reply to be cut", mode, mode))
	}
	s := run(t, simulate.Config{Models: models(t, flags...)})
	for _, c := range []struct {
		model                     string
		openAI, anthropic, gemini string // status and what the body holds
	}{
		{"error_rate", `500 "type":"server_error"`, `500 "type":"api_error"`, `500 "INTERNAL"`},
		{"server_error", `500 "type":"server_error"`, `500 "type":"api_error"`, `500 "INTERNAL"`},
		{"overloaded", `503 "type":"server_error"`, `529 "type":"overloaded_error"`, `503 "UNAVAILABLE"`},
		{"rate_limited", `429 "code":"rate_limit_exceeded"`, `429 "type":"rate_limit_error"`, `429 "retryDelay":"1s"`},
		{"half_stream", `200 and unexpected EOF`, `200 and unexpected EOF`, `200 and unexpected EOF`},
		{"malformed", `200 {"id":"chatcmpl`, `200 {"id":"msg_`, `200 {"candidates"`},
		{"empty", `200 "content":""`, `200 "content":[]`, `200 "finishReason":"STOP"`},
		{"content_filter", `200 "finish_reason":"content_filter"`, `400 content filtering policy`, `200 "finishReason":"SAFETY"`},
		{"refusal", `200 "refusal":"I cannot help with that."`, `200 "stop_reason":"refusal"`, `200 "blockReason":"PROHIBITED_CONTENT"`},
		{"truncated", `200 "finish_reason":"length"`, `200 "stop_reason":"max_tokens"`, `200 "finishReason":"MAX_TOKENS"`},
		{"limit_text", `200 "content":"Error 429: `, `200 "text":"Error 429: `, `200 "text":"Error 429: `},
	} {
		for _, p := range []struct{ path, body, want string }{
			{"/v1/chat/completions", strings.Replace(fmt.Sprintf(openAIAsk, ""), `"m"`, `"`+c.model+`"`, 1), c.openAI},
			{"/v1/messages", strings.Replace(fmt.Sprintf(anthropicAsk, ""), `"m"`, `"`+c.model+`"`, 1), c.anthropic},
			{"/v1beta/models/" + c.model + ":generateContent", geminiAsk, c.gemini},
		} {
			status, holds, _ := strings.Cut(p.want, " ")
			code, header, body := post(t, s, p.path, p.body)
			if fmt.Sprint(code) != status || !strings.Contains(body, holds) {
				t.Errorf("%s at %s: %d %s, want %s", c.model, p.path, code, body, p.want)
			}
			if code == 429 && header.Get("Retry-After") != "1" || header.Get(provider.HeaderSimulated) != "true" {
				t.Errorf("%s: header %v", c.model, header)
			}
			if c.model == "malformed" && json.Valid([]byte(body)) {
				t.Errorf("%s is JSON: %s", c.model, body)
			}
		}
	}
	for _, mode := range []string{"half_stream", "malformed"} {
		if _, _, body := post(t, s, "/v1/chat/completions", strings.Replace(fmt.Sprintf(openAIAsk, `,"stream":true`), `"m"`, `"`+mode+`"`, 1)); strings.Contains(body, "[DONE]") ||
			!strings.Contains(body, "chat.completion.chunk") || !strings.Contains(body, "EOF") {
			t.Errorf("%s of a stream: %s", mode, body)
		}
	}
	p := client(t, s, "")
	if e := providertest.Failure(t, p, context.Background(), ask("connection", "x")); e.Class != provider.ClassConnection {
		t.Errorf("%+v", *e)
	}
	soon, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if e := providertest.Failure(t, p, soon, ask("hang", "x")); e.Class != provider.ClassTimeout {
		t.Errorf("%+v", *e)
	}
	for s.Stats().InFlight > 0 {
		runtime.Gosched()
	}
	got := s.Stats()
	if got.Requests != got.Answered+got.Errors+got.RateLimited+got.Cancelled+got.Rejected || got.Modes["hang"] != 1 || got.Modes["half_stream"] != 4 || got.Cancelled != 1 {
		t.Errorf("%+v", got)
	}
}

// Keys and models are checked as providers do it.
func TestServerChecksKeysAndModels(t *testing.T) {
	s := run(t, simulate.Config{Key: provider.NewSecret("sesame"), Models: models(t, "id=m")})
	for _, c := range []struct {
		path, body, header, key, want string
	}{
		{"/v1/chat/completions", openAIAsk, "Authorization", "Bearer sesame", "200"},
		{"/v1/chat/completions", openAIAsk, "Authorization", "Bearer other", `401 "invalid_api_key"`},
		{"/v1/messages", anthropicAsk, "X-Api-Key", "sesame", "200"},
		{"/v1/messages", anthropicAsk, "X-Api-Key", "other", `401 authentication_error`},
		{"/v1beta/models/m:generateContent", geminiAsk, "X-Goog-Api-Key", "sesame", "200"},
		{"/v1beta/models/m:generateContent?key=sesame", geminiAsk, "X", "x", "200"},
		{"/v1beta/models/m:generateContent", geminiAsk, "X", "x", "401 UNAUTHENTICATED"},
		{"/v1beta/models/n:generateContent", geminiAsk, "X-Goog-Api-Key", "sesame", "404 NOT_FOUND"},
		{"/v1/messages", strings.Replace(anthropicAsk, `"m"`, `"n"`, 1), "X-Api-Key", "sesame", "404 not_found_error"},
		{"/v1/chat/completions", strings.Replace(openAIAsk, `"m"`, `"n"`, 1), "Authorization", "Bearer sesame", "404 model_not_found"},
		{"/v1/messages", `{"model":"m","messages":[{"role":"user","content":"x"}]%s}`, "X-Api-Key", "sesame", "400 max_tokens"},
		{"/v1beta/models/m:countTokens", geminiAsk, "X-Goog-Api-Key", "sesame", "400 INVALID_ARGUMENT"},
	} {
		status, holds, _ := strings.Cut(c.want, " ")
		if code, _, body := post(t, s, c.path, strings.Replace(c.body, "%s", "", 1), c.header, c.key); fmt.Sprint(code) != status || !strings.Contains(body, holds) {
			t.Errorf("%s with %s: %d %s, want %s", c.path, c.key, code, body, c.want)
		}
	}
	every := run(t, simulate.Config{Models: models(t, "id=*")})
	if code, _, body := post(t, every, "/v1/chat/completions", fmt.Sprintf(openAIAsk, "")); code != 200 || !strings.Contains(body, `"model":"m"`) {
		t.Errorf("any model: %d %s", code, body)
	}
}

// A limit turns away what is above it, and says in each protocol what is left.
func TestServerStatesItsLimits(t *testing.T) {
	s := run(t, simulate.Config{Models: models(t, "id=m,rpm=60,tpm=6000")})
	code, header, _ := post(t, s, "/v1/chat/completions", fmt.Sprintf(openAIAsk, ""))
	if code != 200 || header.Get("X-Ratelimit-Limit-Requests") != "60" || header.Get("X-Ratelimit-Remaining-Requests") != "0" || header.Get("X-Ratelimit-Limit-Tokens") != "6000" {
		t.Errorf("%d %v", code, header)
	}
	code, header, _ = post(t, s, "/v1/messages", fmt.Sprintf(anthropicAsk, ""))
	if code != 429 || header.Get("Retry-After") != "1" || header.Get("Anthropic-Ratelimit-Requests-Remaining") != "0" {
		t.Errorf("%d %v", code, header)
	}
	if reset, err := time.Parse(time.RFC3339, header.Get("Anthropic-Ratelimit-Requests-Reset")); err != nil || time.Until(reset) > 2*time.Second {
		t.Errorf("reset %s, %v", reset, err)
	}
	tokens := run(t, simulate.Config{Models: models(t, "id=m,tpm=600,output_tokens=100")})
	if code, _, _ := post(t, tokens, "/v1/chat/completions", fmt.Sprintf(openAIAsk, "")); code != 200 {
		t.Errorf("status %d of the first request", code)
	}
	code, header, _ = post(t, tokens, "/v1/chat/completions", fmt.Sprintf(openAIAsk, ""))
	if wait := header.Get("Retry-After"); code != 429 || wait != "11" { // 116 tokens at 10 a second less the burst of a second
		t.Errorf("%d, wait %s", code, wait)
	}
	if got := tokens.Stats(); got.RateLimited != 1 || got.Models["m"].RateLimited != 1 || got.Models["m"].Tokens.Output != 100 {
		t.Errorf("%+v", got)
	}
}

// What a request gets depends neither on the order of requests nor on how many are
// under way: the same prompts, once one after the other and once all at once, get
// the same answers, failures and numbers of tokens; so do copies that say which
// they are.
func TestServerIsDeterministicUnderConcurrency(t *testing.T) {
	const n = 300
	flag := "id=m,accuracy=0.5,p50=1us,overloaded=0.1,half_stream=0.1,output_tokens=50,output_spread=0.5,error_correlation=0.5"
	play := func(parallel int, reverse bool) []string {
		s := run(t, simulate.Config{Seed: 3, Answers: answers(t), Models: models(t, flag)})
		out := make([]string, 2*n)
		work := make(chan int)
		var all sync.WaitGroup
		for range parallel {
			all.Go(func() {
				for i := range work {
					body := fmt.Sprintf(`{"model":"m","messages":[{"role":"user","content":"Capital of France? %d"}]}`, i/2)
					header := []string{simulate.HeaderCopy, fmt.Sprint(i%2 + 1)}
					if i >= n {
						header = append(header, simulate.HeaderCall, fmt.Sprint(i/2))
						body = `{"model":"m","messages":[{"role":"user","content":"Capital of France?"}]}`
					}
					code, _, got := post(t, s, "/v1/chat/completions", body, header...)
					v := map[string]any{}
					_ = json.Unmarshal([]byte(got), &v)
					out[i] = fmt.Sprint(code, strings.Contains(got, "EOF"), at(v, "choices", 0, "message", "content"), at(v, "usage", "completion_tokens"))
				}
			})
		}
		for i := range 2 * n {
			if reverse {
				i = 2*n - 1 - i
			}
			work <- i
		}
		close(work)
		all.Wait()
		return out
	}
	one, many := play(1, false), play(32, true)
	kinds := map[string]int{}
	for i := range one {
		if one[i] != many[i] {
			t.Errorf("request %d: %s, then %s", i, one[i], many[i])
		}
		kinds[strings.Fields(one[i])[0]]++
	}
	if len(kinds) < 2 || one[0] == one[1] && one[2] == one[3] && one[4] == one[5] {
		t.Errorf("the answers do not differ: %v, %s", kinds, one[:6])
	}
}

// Latencies over the wire are the ones that were drawn, whichever copy, and copies
// with a correlation of 1 take equally long.
func TestServerTakesItsTime(t *testing.T) {
	s := run(t, simulate.Config{Models: models(t, "id=m,shape=bimodal,p50=20ms,p95=50ms,p99=120ms,correlation=1"), Phases: phases(t, "at=4,factor=3")})
	took := func(copy string) time.Duration {
		began := time.Now()
		if code, _, body := post(t, s, "/v1/chat/completions", fmt.Sprintf(openAIAsk, ""), simulate.HeaderCall, "a", simulate.HeaderCopy, copy); code != 200 {
			t.Fatalf("%d %s", code, body)
		}
		return time.Since(began)
	}
	fastest := func(copy string) time.Duration { return min(took(copy), took(copy)) }
	a, b := fastest("1"), fastest("2")
	slow := fastest("1")
	if d := (a - b).Abs(); d > 15*time.Millisecond || slow < 2*a {
		t.Errorf("%s and %s, and in an outage of factor 3 %s", a, b, slow)
	}
}

func phases(t testing.TB, flags ...string) (out []simulate.Phase) {
	t.Helper()
	for _, f := range flags {
		p, err := simulate.ParsePhase(f)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

// Questions of a difficulty have an accuracy of their own, and an outage its rate of
// errors.
func TestServerKnowsDifficultyAndOutages(t *testing.T) {
	rated, err := simulate.LoadRated(strings.NewReader(`{"q":"an easy one","a":"yes","level":"easy"}
{"q":"a hard one","a":"yes","level":3}`), "q", "a", "level")
	if err != nil {
		t.Fatal(err)
	}
	s := run(t, simulate.Config{Answers: rated, Models: models(t, "id=m,accuracy=0.5,accuracy.easy=1,accuracy.3=0"), Phases: phases(t, "at=20,for=5,error_rate=1")})
	p := client(t, s, "")
	failed := 0
	for i := range 30 {
		prompt, want := "an easy one", "yes"
		if i%2 == 1 {
			prompt, want = "a hard one", "no"
		}
		r, err := p.Ask(context.Background(), ask("m", prompt))
		var e *provider.Error
		switch {
		case errors.As(err, &e) && e.Class == provider.ClassServerError:
			failed++
		case err != nil || r.Text != want:
			t.Errorf("%s: %+v, %v", prompt, r, err)
		}
	}
	if failed != 5 {
		t.Errorf("%d failed in the outage of 5 requests", failed)
	}
}

func TestParsePhase(t *testing.T) {
	got := phases(t, "at=30s,for=10s,factor=6", "at=1000,for=500,factor=2,ramp=true,model=a", "error_rate=1")
	want := []simulate.Phase{{At: 30, For: 10, Factor: 6}, {At: 1000, For: 500, Calls: true, Factor: 2, Ramp: true, Model: "a"}, {ErrorRate: 1}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	for text, want := range map[string]string{
		"at": "not key=value", "at=x": "what it takes", "at=30s,for=5": "both", "speed=1": "unknown key", "factor=-1": "outside",
		"ramp=true,factor=2": "length", "error_rate=2": "between", "at=-1s": "negative",
	} {
		if _, err := simulate.ParsePhase(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := simulate.New(simulate.Config{Models: models(t, "id=a"), Phases: phases(t, "factor=2,model=b")}); err == nil {
		t.Error("a phase of an unknown model is accepted")
	}
}
