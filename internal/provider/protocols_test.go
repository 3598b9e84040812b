package provider_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/internal/provider/providertest"
	"github.com/crucible-go/crucible/pkg/experiment"
)

// protocol is a protocol as a server speaks it.
type protocol struct {
	name   string
	open   func(t testing.TB, url string) closer
	whole  func(text, finish string) string
	pieces func(text, finish string) []string // the events of a stream, each with its empty line; nil: none
	fault  func(kind string) string           // an error inside of a stream
	// the protocol's words
	stop, length, filter string
	refusal              string // a whole reply that refuses with "I will not"
	header               string // that carries the key
}

type closer interface {
	provider.Provider
	io.Closer
}

func quote(text string) string { b, _ := json.Marshal(text); return string(b) }

func opened[T closer](t testing.TB, p T, err error) closer {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func at(url string) provider.ClientConfig {
	return provider.ClientConfig{BaseURL: url, Key: provider.NewSecret(providertest.Key), KeyFrom: "MY_KEY"}
}

// halves cuts a text in two.
func halves(text string) (string, string) { return text[:len(text)/2], text[len(text)/2:] }

func chatProtocol() protocol {
	piece := func(delta, finish, rest string) string {
		return `data: {"id":"x","model":"served-1","system_fingerprint":"fp_1","choices":[{"index":0,"delta":` + delta + `,"finish_reason":` + finish + `}]` + rest + "}\n\n"
	}
	usage := `"usage":{"prompt_tokens":7,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":2}}`
	return protocol{
		name: "openai", stop: "stop", length: "length", filter: "content_filter", header: "Authorization",
		open: func(t testing.TB, url string) closer {
			p, err := provider.NewOpenAI(at(url))
			return opened(t, p, err)
		},
		whole: func(text, finish string) string {
			return `{"id":"x","model":"served-1","system_fingerprint":"fp_1","choices":[{"index":0,"finish_reason":` + quote(finish) + `,"message":{"role":"assistant","content":` + quote(text) + `}}],` + usage + `}`
		},
		pieces: func(text, finish string) []string {
			a, b := halves(text)
			return []string{": comment\n\n", piece(`{"role":"assistant","content":""}`, "null", ""), piece(`{"content":`+quote(a)+`}`, "null", ""), piece(`{"content":`+quote(b)+`}`, "null", ""),
				piece(`{}`, quote(finish), ""), `data: {"choices":[],` + usage + "}\n\n", "data: [DONE]\n\n"}
		},
		fault:   func(kind string) string { return `data: {"error":{"message":"broken","code":"` + kind + `"}}` + "\n\n" },
		refusal: `{"model":"served-1","choices":[{"index":0,"finish_reason":"stop","message":{"content":null,"refusal":"I will not"}}],` + usage + `}`,
	}
}

func messagesProtocol() protocol {
	event := func(kind, data string) string {
		return "event: " + kind + "\r\ndata: {\"type\":\"" + kind + "\"," + data + "}\r\n\r\n"
	}
	usage := `"usage":{"input_tokens":2,"cache_creation_input_tokens":1,"cache_read_input_tokens":4,"output_tokens":3,"output_tokens_details":{"thinking_tokens":2}}`
	return protocol{
		name: "anthropic", stop: "end_turn", length: "max_tokens", filter: "", header: "X-Api-Key",
		open: func(t testing.TB, url string) closer {
			p, err := provider.NewAnthropic(at(url))
			return opened(t, p, err)
		},
		whole: func(text, finish string) string {
			return `{"type":"message","model":"served-1","content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":` + quote(text) + `}],"stop_reason":` + quote(finish) + `,` + usage + `}`
		},
		pieces: func(text, finish string) []string {
			a, b := halves(text)
			delta := func(s string) string {
				return event("content_block_delta", `"index":0,"delta":{"type":"text_delta","text":`+quote(s)+`}`)
			}
			return []string{event("message_start", `"message":{"model":"served-1","content":[],"usage":{"input_tokens":2,"cache_creation_input_tokens":1,"cache_read_input_tokens":4,"output_tokens":1}}`),
				"event: ping\ndata: {\"type\":\"ping\"}\n\n", event("content_block_start", `"content_block":{"type":"text","text":""}`), delta(a), delta(b), event("content_block_stop", `"index":0`),
				event("message_delta", `"delta":{"stop_reason":`+quote(finish)+`},"usage":{"output_tokens":3,"output_tokens_details":{"thinking_tokens":2}}`), event("message_stop", `"x":1`)}
		},
		fault:   func(kind string) string { return event("error", `"error":{"type":"`+kind+`","message":"broken"}`) },
		refusal: `{"type":"message","model":"served-1","content":[{"type":"text","text":"I will not"}],"stop_reason":"refusal",` + usage + `}`,
	}
}

func contentProtocol() protocol {
	usage := `"usageMetadata":{"promptTokenCount":7,"cachedContentTokenCount":4,"candidatesTokenCount":1,"thoughtsTokenCount":2,"totalTokenCount":10},"modelVersion":"served-1","responseId":"r1"`
	reply := func(text, finish string) string {
		end := ""
		if finish != "" {
			end = `,"finishReason":` + quote(finish)
		}
		return `{"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"text":` + quote(text) + `}],"role":"model"}` + end + `}],` + usage + `}`
	}
	return protocol{
		name: "google", stop: "STOP", length: "MAX_TOKENS", filter: "SAFETY", header: "X-Goog-Api-Key",
		open: func(t testing.TB, url string) closer {
			p, err := provider.NewGoogle(at(url))
			return opened(t, p, err)
		},
		whole: reply,
		pieces: func(text, finish string) []string {
			a, b := halves(text)
			return []string{"data: " + reply(a, "") + "\r\n\r\n", "data: " + reply(b, "") + "\r\n\r\n", "data: " + reply("", finish) + "\r\n\r\n"}
		},
		fault: func(kind string) string {
			return `data: {"error":{"code":503,"message":"broken","status":"` + kind + `"}}` + "\n\n"
		},
	}
}

func templateConfig(url string) experiment.HTTP {
	return experiment.HTTP{
		URL: url + "/ask?model={{urlquery .model}}", Headers: []string{"X-My-Key: k {{.key}}", "X-Fixed: yes"},
		Body:   `{"q": {{json .prompt}}, "history": {{json .messages}}, "seed": {{.seed}}, "extra": {{json .params}}}`,
		Answer: "result.0.text", Finish: "result.0.end", Served: "who", Error: "problem",
		Usage: experiment.HTTPUsage{Input: `tokens.in`, Output: `tokens.out`, Cached: `tokens.cached`, Reasoning: `tokens.hidden`},
	}
}

func templateProtocol() protocol {
	return protocol{
		name: "http", stop: "stop", length: "length", filter: "SAFETY", header: "X-My-Key",
		open: func(t testing.TB, url string) closer {
			p, err := provider.NewHTTP(templateConfig(url), at(""))
			return opened(t, p, err)
		},
		whole: func(text, finish string) string {
			return `{"result":[{"text":` + quote(text) + `,"end":` + quote(finish) + `}],"who":"served-1","tokens":{"in":7,"out":3,"cached":4,"hidden":2},"problem":null}`
		},
		refusal: `{"result":[{"text":"I will not","end":"refusal"}],"tokens":{"in":7,"out":3,"cached":4,"hidden":2}}`,
	}
}

func protocols() []protocol {
	return []protocol{chatProtocol(), messagesProtocol(), contentProtocol(), templateProtocol()}
}

// streaming are the protocols that have streams.
func streaming() []protocol { return protocols()[:3] }

var said = regexp.MustCompile(`"(?:content|text|q)": ?("(?:[^"\\]|\\.)*")`)

// prompt is what a request of any of the protocols asks.
func prompt(r *http.Request) string {
	b, _ := io.ReadAll(r.Body)
	m := said.FindSubmatch(b)
	if m == nil {
		return ""
	}
	var text string
	_ = json.Unmarshal(m[1], &text)
	return text
}

// flush sends pieces of a stream, and reports whether anybody still listens.
func flush(w http.ResponseWriter, pieces ...string) bool {
	for _, p := range pieces {
		if _, err := io.WriteString(w, p); err != nil {
			return false
		}
	}
	return http.NewResponseController(w).Flush() == nil
}

// serve is a server that does what the prompt says, in a protocol.
func (p protocol) serve(t testing.TB) string {
	t.Helper()
	never := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		what, arg, _ := strings.Cut(prompt(r), " ")
		if !strings.Contains(r.Header.Get(p.header), providertest.Key) {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		w.Header().Set("X-Request-Id", "id-"+r.Header.Get(p.header))
		w.Header().Set("X-Ratelimit-Remaining-Requests", "41")
		wait := func() {
			select {
			case <-never:
			case <-r.Context().Done():
			}
		}
		stream := func() {
			w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
			w.WriteHeader(http.StatusOK)
		}
		switch what {
		case "status":
			code, _ := strconv.Atoi(arg)
			w.WriteHeader(code)
			_, _ = io.WriteString(w, `{"error":{"message":"bad key `+providertest.Key+` or `+providertest.Key[:8]+`***3210"}}`)
		case "hang":
			wait()
		case "half": // a reply that breaks off
			if p.pieces == nil || !strings.Contains(arg, "stream") {
				w.Header().Set("Content-Length", "1000")
				flush(w, `{"id`)
				panic(http.ErrAbortHandler)
			}
			stream()
			flush(w, p.pieces("halfway there", p.stop)[:len(p.pieces("", ""))-3]...)
			if p.name == "google" {
				flush(w, "data: "+p.whole("halfway", "")+"\n\n")
			}
			panic(http.ErrAbortHandler)
		case "elsewhere":
			http.Redirect(w, r, "http://localhost:1/?key="+providertest.Key, http.StatusTemporaryRedirect)
		case "raw":
			_, _ = io.WriteString(w, arg)
		case "ends":
			word, text, _ := strings.Cut(arg, " ")
			_, _ = io.WriteString(w, p.whole(text, word))
		case "stream":
			stream()
			flush(w, p.pieces("streamed "+arg+" with "+providertest.Key, p.stop)...)
		case "open": // a stream whose connection stays open after its end
			stream()
			flush(w, p.pieces("it is over", p.stop)...)
			wait()
		case "slowly":
			stream()
			for _, piece := range p.pieces("step by step", p.stop) {
				flush(w, piece)
				<-time.After(10 * time.Millisecond)
			}
		case "stalls": // for ever, in the middle of a stream
			stream()
			flush(w, p.pieces("it stalls", p.stop)[:len(p.pieces("", ""))-2]...)
			wait()
		case "stops": // a stream that ends too early, without an error of the connection
			stream()
			flush(w, strings.Join(p.pieces("it stops", p.stop)[:2], ""))
			if p.name != "google" {
				flush(w, strings.Join(p.pieces("it stops", p.stop)[2:4], ""))
			}
		case "garbage":
			stream()
			n := len(p.pieces("", "")) - 2
			flush(w, strings.Join(p.pieces("it was fine", p.stop)[:n], ""), "data: {oops\n\n")
		case "fault":
			stream()
			n := len(p.pieces("", "")) - 2
			kind, late, _ := strings.Cut(arg, " ")
			if late != "" {
				flush(w, strings.Join(p.pieces("it was fine", p.stop)[:n], ""))
			}
			flush(w, p.fault(kind))
		case "flood": // 100 MB
			if p.pieces != nil && arg == "stream" {
				stream()
			}
			chunk := strings.Repeat("z", 1<<20)
			for range 100 {
				if !flush(w, "data: ", chunk, "\n\n") {
					return
				}
			}
		default:
			_, _ = io.WriteString(w, p.whole("said "+arg+" with "+providertest.Key, p.stop))
		}
	}))
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(never) })
	return s.URL
}

func streamed(content string) *provider.Request {
	r := ask(content, 1)
	r.Order.Stream = true
	return r
}

func TestEveryProtocolKeepsTheContract(t *testing.T) {
	for _, p := range protocols() {
		t.Run(p.name, func(t *testing.T) {
			url := p.serve(t)
			failing := map[string]*provider.Request{
				provider.ClassAuth:           ask("status 401", 1),
				provider.ClassQuota:          ask("status 402", 1),
				provider.ClassRateLimited:    ask("status 429", 1),
				provider.ClassNotFound:       ask("status 404", 1),
				provider.ClassContextTooLong: ask("status 413", 1),
				provider.ClassInvalidRequest: ask("status 400", 1),
				provider.ClassServerError:    ask("status 503", 1),
				provider.ClassPartialReply:   ask("half", 1),
				provider.ClassRedirect:       ask("elsewhere", 1),
				provider.ClassMalformedReply: ask("raw <html>", 1),
				provider.ClassTooLarge:       ask("flood", 1),
				provider.ClassEmptyReply:     ask("raw "+p.whole(" \n", p.stop), 1),
				provider.ClassTruncated:      ask("ends "+p.length+" half a t", 1),
			}
			if p.refusal != "" {
				failing[provider.ClassRefusal] = ask("raw "+p.refusal, 1)
			}
			if p.filter != "" {
				failing[provider.ClassContentFilter] = ask("ends "+p.filter+" half a t", 1)
			}
			providertest.Exercise(t, providertest.Subject{
				Open: func(t *testing.T) (provider.Provider, io.Closer) {
					v := p.open(t, url)
					return v, v
				},
				Answered: func(n int) *provider.Request { return ask("echo "+strconv.Itoa(n), 1) },
				Slow:     ask("hang", 1), Deterministic: true, Failing: failing,
			})
		})
	}
}

func TestEveryStreamKeepsTheContract(t *testing.T) {
	for _, p := range streaming() {
		t.Run(p.name, func(t *testing.T) {
			url := p.serve(t)
			providertest.Exercise(t, providertest.Subject{
				Open: func(t *testing.T) (provider.Provider, io.Closer) {
					v := p.open(t, url)
					return v, v
				},
				Answered: func(n int) *provider.Request { return streamed("stream " + strconv.Itoa(n)) },
				Slow:     streamed("stalls"), Deterministic: true,
				Failing: map[string]*provider.Request{
					provider.ClassAuth:           streamed("status 401"),
					provider.ClassRateLimited:    streamed("status 429"),
					provider.ClassTooLarge:       streamed("flood stream"),
					provider.ClassMalformedReply: streamed("raw <html>"),
					provider.ClassEmptyReply:     streamed("raw " + p.whole("", p.stop)),
				},
				Partial: streamed("half stream"), PartialText: "half",
			})
		})
	}
}

// What was used, by whom it was served and when it began is in every reply.
func TestEveryProtocolRecordsTheReply(t *testing.T) {
	for _, p := range protocols() {
		t.Run(p.name, func(t *testing.T) {
			v := p.open(t, p.serve(t))
			for _, stream := range []bool{false, true} {
				r := ask("echo it", 1)
				if stream {
					if p.pieces == nil {
						continue
					}
					r = streamed("slowly")
				}
				began := time.Now()
				got := providertest.Answer(t, v, r)
				took := time.Since(began).Nanoseconds()
				u := got.Usage
				if u == nil || u.Input != 7 || u.Output != 3 || u.CachedInput != 4 || u.Reasoning != 2 || u.Source != "reported" {
					t.Errorf("usage %+v", u)
				}
				if got.Served != "served-1" || got.Status != 200 || !strings.HasPrefix(got.RequestID, "id-") || got.Finish != p.stop || !got.HasLatency {
					t.Errorf("%+v", *got)
				}
				if p.name == "openai" && got.Fingerprint != "fp_1" {
					t.Errorf("fingerprint %q", got.Fingerprint)
				}
				if got.Rate.Requests.Remaining != 41 || !got.Rate.Requests.HasRemaining {
					t.Errorf("rate %+v", got.Rate)
				}
				if got.FirstByteNS <= 0 || got.FirstByteNS > took || !stream && (got.ConnectNS <= 0 || got.ConnectNS > got.FirstByteNS || got.FirstTokenNS != 0) {
					t.Errorf("connect %d, first byte %d, first token %d of %d", got.ConnectNS, got.FirstByteNS, got.FirstTokenNS, took)
				}
				if stream && (got.Text != "step by step" || got.FirstTokenNS < got.FirstByteNS || got.FirstTokenNS > took-5e6 || got.ConnectNS != 0) {
					t.Errorf("%q: connect %d, first byte %d, first token %d of %d", got.Text, got.ConnectNS, got.FirstByteNS, got.FirstTokenNS, took)
				}
			}
		})
	}
}

// A reply with a text that is no answer is a failure of its own class, with the
// text as evidence and the tokens charged; a spec may take it for an answer.
func TestTextsThatAreNoAnswers(t *testing.T) {
	for _, p := range protocols() {
		v := p.open(t, p.serve(t))
		for class, command := range map[string]string{
			provider.ClassTruncated:     "ends " + p.length + " half a t",
			provider.ClassContentFilter: "ends " + p.filter + " half a t",
			provider.ClassRefusal:       "raw " + p.refusal,
		} {
			if class == provider.ClassContentFilter && p.filter == "" || class == provider.ClassRefusal && p.refusal == "" {
				continue
			}
			e := providertest.Failure(t, v, t.Context(), ask(command, 1))
			if e.Class != class || e.Text == "" || e.Evidence() != e.Text || e.Retryable || e.Billed != provider.BilledYes || e.Usage == nil || e.Usage.Output != 3 || e.Status != 200 {
				t.Errorf("%s %s: %+v", p.name, class, *e)
			}
			r := ask(command, 1)
			r.Order.Accept = []string{class}
			if got := providertest.Answer(t, v, r); got.Text != e.Text || got.Finish != e.Finish {
				t.Errorf("%s %s: accepted as %+v", p.name, class, *got)
			}
		}
	}
}

func TestTheTextOfARateLimitIsNoAnswer(t *testing.T) {
	for _, p := range protocols() {
		var text string
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, p.whole(text, p.stop)) }))
		v := p.open(t, s.URL)
		for _, text = range []string{
			"429 Too Many Requests", "Error 429: rate limit exceeded, try again later.", "Rate limit reached for m", "HTTP 429: Too Many Requests",
			"You have exceeded your current quota, please check your plan", "Too many requests. Slow down!", "rate_limit_exceeded", "[429] Resource exhausted",
		} {
			if e := providertest.Failure(t, v, t.Context(), ask("2+2?", 1)); e.Class != provider.ClassRateLimited || !e.Retryable || e.Text != text {
				t.Errorf("%s: %q: %+v", p.name, text, *e)
			}
		}
		for _, text = range []string{"429", "429 apples", "The rate limit is 5 per second.", "Too many requests were made to the king, who said no to all of them but one." + strings.Repeat(" And so on.", 40)} {
			if got := providertest.Answer(t, v, ask("2+2?", 1)); got.Text != text {
				t.Errorf("%s: %q", p.name, got.Text)
			}
		}
		text = "Too Many Requests"
		if got := providertest.Answer(t, v, ask("What does status 429 mean?", 1)); got.Text != text {
			t.Errorf("%s: %q", p.name, got.Text)
		}
		s.Close()
	}
}

// A stream that does not come to its end is no answer; what arrived is kept, and
// what it cost is unknown.
func TestHalfStreams(t *testing.T) {
	for _, p := range streaming() {
		v := p.open(t, p.serve(t))
		for what, want := range map[string]string{
			"half stream": "half", "stops": "it s",
			"fault api_error late": "it ", "fault UNAVAILABLE late": "it ",
		} {
			e := providertest.Failure(t, v, t.Context(), streamed(what))
			if e.Class != provider.ClassPartialReply || !e.Retryable || e.Usage != nil || !strings.HasPrefix(e.Text, want) || e.Billed == provider.BilledNo || e.Status != 200 {
				t.Errorf("%s, %s: %+v", p.name, what, *e)
			}
		}
		if e := providertest.Failure(t, v, t.Context(), streamed("garbage")); e.Class != provider.ClassMalformedReply || !e.Retryable || !strings.HasPrefix(e.Text, "it ") || e.Usage != nil {
			t.Errorf("%s, garbage: %+v", p.name, *e)
		}
		for what, class := range map[string]string{"fault overloaded_error": provider.ClassServerError, "fault rate_limit_error": provider.ClassRateLimited, "fault RESOURCE_EXHAUSTED": provider.ClassRateLimited} {
			if e := providertest.Failure(t, v, t.Context(), streamed(what)); e.Class != class || !e.Retryable {
				t.Errorf("%s, %s: %+v", p.name, what, *e)
			}
		}
		began := time.Now()
		if got := providertest.Answer(t, v, streamed("open")); got.Text != "it is over" {
			t.Errorf("%s: %+v", p.name, *got)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: an end that was said was waited for: %s", p.name, took)
		}
	}
}

func TestStreamsEndAtTheDeadline(t *testing.T) {
	for _, p := range streaming() {
		v := p.open(t, p.serve(t))
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		e := providertest.Failure(t, v, ctx, streamed("stalls"))
		cancel()
		if e.Class != provider.ClassTimeout || !strings.HasPrefix(e.Text, "it ") || e.Usage != nil || e.FirstTokenNS <= 0 || e.Billed != provider.BilledPossibly {
			t.Errorf("%s: %+v", p.name, *e)
		}
	}
}

// A server that answers in one piece though a stream was asked for is read.
func TestStreamsMayComeInOnePiece(t *testing.T) {
	for _, p := range streaming() {
		v := p.open(t, p.serve(t))
		if got := providertest.Answer(t, v, streamed("echo whole")); !strings.HasPrefix(got.Text, "said whole") || got.FirstTokenNS != 0 {
			t.Errorf("%s: %+v", p.name, *got)
		}
	}
}

// The SDKs' own retries and continuations are off, and addresses and keys of
// their variables are not used.
func TestEveryProtocolAsksOnce(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("another address was asked") }))
	defer elsewhere.Close()
	for _, name := range []string{"OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "GOOGLE_GEMINI_BASE_URL"} {
		t.Setenv(name, elsewhere.URL)
	}
	for _, name := range []string{"OPENAI_API_KEY", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "GEMINI_API_KEY", "ANTHROPIC_CUSTOM_HEADERS", "OPENAI_ORG_ID"} {
		t.Setenv(name, "X-Bad: of-the-environment")
	}
	for _, p := range protocols() {
		for _, status := range []int{200, 408, 409, 429, 500, 503, 529} {
			var requests []string
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests = append(requests, fmt.Sprint(r.Header))
				w.Header().Set("X-Should-Retry", "true")
				w.WriteHeader(status)
			}))
			v := p.open(t, s.URL)
			_ = providertest.Failure(t, v, t.Context(), ask("x", 1))
			s.Close()
			if len(requests) != 1 || strings.Contains(requests[0], "of-the-environment") {
				t.Errorf("%s, status %d: %q", p.name, status, requests)
			}
		}
	}
}
