package simulate_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/internal/provider/providertest"
	"github.com/crucible-go/crucible/internal/provider/simulate"
	"github.com/crucible-go/crucible/pkg/events"
)

func models(t testing.TB, flags ...string) []simulate.Model {
	t.Helper()
	var out []simulate.Model
	for _, f := range flags {
		m, err := simulate.ParseModel(f)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}

// run serves until the end of the test.
func run(t testing.TB, c simulate.Config) *simulate.Server {
	t.Helper()
	s, err := simulate.New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	return s
}

func client(t testing.TB, s *simulate.Server, key string) *provider.OpenAI {
	t.Helper()
	p, err := provider.NewOpenAI(provider.OpenAIConfig{BaseURL: s.URL(), Key: provider.NewSecret(key)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func ask(model, content string) *provider.Request {
	return &provider.Request{Model: model, Member: model, Attempt: 1, Order: &events.CallRequested{
		Messages: []events.Message{{Role: "system", Content: "Be brief."}, {Role: "user", Content: content}},
	}}
}

const items = `{"input":"What is 6 times 7?","expected":"42"}
{"input":"What is 6 times 7? And why?","expected":"because"}

{"input":"Capital of France?","expected":"Paris","id":3}
{"input":"One plus one?","expected":2}
`

func answers(t testing.TB) *simulate.Answers {
	t.Helper()
	a, err := simulate.LoadAnswers(strings.NewReader(items), "input", "expected")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestServerKeepsTheContract(t *testing.T) {
	s := run(t, simulate.Config{Answers: answers(t), Key: provider.NewSecret(providertest.Key), Models: models(t,
		"id=good", "id=slow,p50=10m", "id=broken,error_rate=1", "id=full,rate_limit_rate=1")})
	providertest.Exercise(t, providertest.Subject{
		Open: func(t *testing.T) (provider.Provider, io.Closer) {
			p := client(t, s, providertest.Key)
			return p, p
		},
		Answered: func(n int) *provider.Request {
			return ask("good", []string{"Capital of France?", "One plus one?"}[n%2])
		},
		Slow:          ask("slow", "x"),
		Deterministic: true,
		Failing: map[string]*provider.Request{
			provider.ClassServerError: ask("broken", "x"),
			provider.ClassRateLimited: ask("full", "x"),
			provider.ClassNotFound:    ask("unknown", "x"),
		},
	})
	if e := providertest.Failure(t, client(t, s, "wrong key"), context.Background(), ask("good", "x")); e.Class != provider.ClassAuth {
		t.Errorf("%+v", *e)
	}
	if got := s.Stats(); got.InFlight != 0 || got.Requests != got.Answered+got.Errors+got.RateLimited+got.Cancelled+got.Rejected {
		t.Errorf("the counts do not add up: %+v", got)
	}
}

func TestServerAnswersRight(t *testing.T) {
	s := run(t, simulate.Config{Answers: answers(t), Models: models(t, "id=good", "id=bad,accuracy=0", "id=fixed,reply=always this")})
	p := client(t, s, "")
	for _, c := range []struct{ model, prompt, want string }{
		{"good", "What is 6 times 7?", "42"},
		{"good", "Capital of France? A: Paris\nNow you. What is 6 times 7? And why? Think.", "because"},
		{"good", "  One plus one? ", "2"},
		{"bad", "What is 6 times 7?", ""},
		{"fixed", "nobody knows", "always this"},
		{"fixed", "Capital of France?", "Paris"},
	} {
		r := providertest.Answer(t, p, ask(c.model, c.prompt))
		if c.want == "" && r.Text == "42" || c.want != "" && r.Text != c.want {
			t.Errorf("%s, %q: %q", c.model, c.prompt, r.Text)
		}
		if !r.Simulated || r.Served != c.model || r.Usage == nil || r.Usage.Output != provider.EstimateTokens(r.Text) || r.Finish != "stop" || r.RequestID == "" {
			t.Errorf("%+v", *r)
		}
	}
	r := ask("fixed", "nobody knows")
	r.Order.Params, r.Order.Accept = []byte(`{"max_tokens":1}`), []string{provider.ClassTruncated}
	if got := providertest.Answer(t, p, r); got.Text != "alwa" || got.Finish != "length" {
		t.Errorf("%+v", *got)
	}
}

// Two servers of one seed say the same, one of another seed does not; the seed
// in a request fixes the text.
func TestServerIsDeterministic(t *testing.T) {
	say := func(seed uint64, params string) string {
		s := run(t, simulate.Config{Seed: seed, Answers: answers(t), Models: models(t, "id=m,accuracy=0.5,error_rate=0.2")})
		p := client(t, s, "")
		var b strings.Builder
		for range 60 {
			r := ask("m", "What is 6 times 7?")
			r.Order.Params, r.Order.Seed = []byte(params), 9
			if reply, err := p.Ask(context.Background(), r); err != nil {
				b.WriteString("E ")
			} else {
				b.WriteString(reply.Text + " ")
			}
		}
		return b.String()
	}
	a := say(1, "")
	if b := say(1, ""); a != b {
		t.Errorf("%s, then %s", a, b)
	}
	if b := say(2, ""); a == b {
		t.Errorf("another seed says the same: %s", a)
	}
	if !strings.Contains(a, "E") || !strings.Contains(a, "42") || len(strings.Fields(a)) != 60 {
		t.Errorf("answers %s", a)
	}
	texts := map[string]bool{}
	for _, word := range strings.Fields(say(1, `{"seed":true}`)) {
		texts[word] = true
	}
	if len(texts) != 2 || !texts["E"] {
		t.Errorf("with a seed: %v, want one text and E", texts)
	}
}

func TestServerStreams(t *testing.T) {
	s := run(t, simulate.Config{Models: models(t, "id=m,p50=30ms,reply="+strings.Repeat("streamed text ", 20))})
	body := `{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":[{"type":"text","text":"x"}]}]}`
	began := time.Now()
	res, err := http.Post(s.URL()+"/chat/completions", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.Header.Get("Content-Type") != "text/event-stream" || res.Header.Get(provider.HeaderSimulated) != "true" {
		t.Errorf("header %v", res.Header)
	}
	var text, finish, usage, last string
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		data, found := strings.CutPrefix(lines.Text(), "data: ")
		if !found {
			continue
		}
		last = data
		var chunk struct {
			Fingerprint string `json:"system_fingerprint"`
			Choices     []struct {
				Delta  struct{ Content string }
				Finish string `json:"finish_reason"`
			}
			Usage json.RawMessage
		}
		if json.Unmarshal([]byte(data), &chunk) != nil {
			continue
		}
		if chunk.Fingerprint != simulate.Fingerprint {
			t.Errorf("fingerprint %q", chunk.Fingerprint)
		}
		for _, c := range chunk.Choices {
			text, finish = text+c.Delta.Content, finish+c.Finish
		}
		usage += string(chunk.Usage)
	}
	if text != strings.TrimSpace(strings.Repeat("streamed text ", 20)) || finish != "stop" || last != "[DONE]" || !strings.Contains(usage, `"prompt_tokens":5`) {
		t.Errorf("text %q, finish %q, usage %q, last %q", text, finish, usage, last)
	}
	if took := time.Since(began); took < 30*time.Millisecond {
		t.Errorf("took %s", took)
	}
}

func TestServerLimitsTheRate(t *testing.T) {
	s := run(t, simulate.Config{Models: models(t, "id=m,rpm=600")})
	p := client(t, s, "")
	admitted, refused := 0, 0
	for range 100 {
		_, err := p.Ask(context.Background(), ask("m", "x"))
		var e *provider.Error
		switch {
		case err == nil:
			admitted++
		case errors.As(err, &e) && e.Class == provider.ClassRateLimited && e.RetryAfter > 0 && e.RetryAfter <= 100*time.Millisecond:
			refused++
		default:
			t.Fatal(err)
		}
	}
	if admitted < 10 || refused == 0 {
		t.Errorf("%d admitted, %d refused", admitted, refused)
	}
}

func TestServerReportsWhatItDid(t *testing.T) {
	s := run(t, simulate.Config{Models: models(t, "id=m", "id=other")})
	providertest.Answer(t, client(t, s, ""), ask("m", "x"))
	root := strings.TrimSuffix(s.URL(), "/v1")
	if got := get(t, root+"/stats"); !strings.Contains(got, `"requests":1,"by_model":{"m":1,"other":0},"in_flight":0,"answered":1,"errors":0`) {
		t.Errorf("stats %s", got)
	}
	for _, path := range []string{"/v1/models", "/models"} {
		if got := get(t, root+path); !strings.Contains(got, `"id":"other"`) {
			t.Errorf("models %s", got)
		}
	}
	for body, want := range map[string]int{`{`: 400, `{}`: 400, `{"model":"m","messages":[{"content":3}]}`: 400, `{"model":"m","messages":[{"role":"user","content":null}]}`: 200} {
		res, err := http.Post(s.URL()+"/chat/completions", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: status %d", body, res.StatusCode)
		}
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(bytes.TrimSpace(b))
}

// The end of a server ends what is under way and leaves nothing behind.
func TestServerEnds(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s, err := simulate.New(simulate.Config{Models: models(t, "id=slow,p50=10m")})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Errorf("run: %v", err)
		}
	})
	p := client(t, s, "")
	defer func() { _ = p.Close() }()
	for range 4 {
		all.Go(func() {
			if e := providertest.Failure(t, p, context.Background(), ask("slow", "x")); e.Class != provider.ClassConnection {
				t.Errorf("%+v", *e)
			}
		})
	}
	for s.Stats().InFlight < 4 {
		runtime.Gosched()
	}
	cancel()
	all.Wait()
	if got := s.Stats(); got.Cancelled != 4 || got.InFlight != 0 {
		t.Errorf("%+v", got)
	}
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

func TestParseModel(t *testing.T) {
	m, err := simulate.ParseModel("id=sim_a, accuracy=0.92,p50=800ms,p95=2s,p99=5s,error_rate=0.01,rate_limit_rate=0.1,retry_after=2s,rpm=60,reply=x")
	want := simulate.Model{ID: "sim_a", RateLimitRate: 0.1, RetryAfter: 2 * time.Second, RPM: 60, Reply: "x",
		Simulated: events.Simulated{Accuracy: 0.92, ErrorRate: 0.01, Latency: events.Latency{Shape: "piecewise", P50NS: 8e8, P95NS: 2e9, P99NS: 5e9}}}
	if err != nil || !reflect.DeepEqual(m, want) {
		t.Errorf("%+v, %v", m, err)
	}
	for text, shape := range map[string]string{"id=a": "none", "id=a,p50=1s": "constant", "id=a,p50=1s,p95=2s": "lognormal", "id=a,p50=1s,p99=2s": "lognormal", "id=a,p50=1s,p95=1s,p99=2s,shape=constant": "constant"} {
		if m, err := simulate.ParseModel(text); err != nil || m.Latency.Shape != shape || m.Accuracy != 1 {
			t.Errorf("%s: %+v, %v", text, m, err)
		}
	}
	for text, want := range map[string]string{
		"":                        "not key=value",
		"accuracy=1":              "id: missing",
		"id=a,accuracy=2":         "not between 0 and 1",
		"id=a,accuracy=NaN":       "not between 0 and 1",
		"id=a,error_rate=-0.1":    "error_rate: -0.1 is not between",
		"id=a,accuracy=high":      `accuracy: "high" is not a number`,
		"id=a,p50=800":            `p50: "800" is not a duration such as`,
		"id=a,rpm=x":              "whole number",
		"id=a,id=b":               "id is given twice",
		"id=a,speed=3":            `unknown key "speed"`,
		"id=a,shape=round,p50=1s": "unknown shape",
		"id=a,p50=2s,p95=1s":      "below",
		"id=a,p95=1s":             "missing",
	} {
		if _, err := simulate.ParseModel(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	for _, c := range []simulate.Config{{}, {Models: models(t, "id=a", "id=a")}, {Models: []simulate.Model{{}}}, {Models: models(t, "id=a"), Addr: "nowhere:x"}} {
		if _, err := simulate.New(c); err == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
}

func TestLoadAnswersNamesTheLine(t *testing.T) {
	for text, want := range map[string]string{"{}": `line 1: no "q"`, "{\"q\":\"a\"}\n[": "line 2"} {
		if _, err := simulate.LoadAnswers(strings.NewReader(text), "q", "a"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, found := (*simulate.Answers)(nil).Find("x"); found {
		t.Error("no answers know one")
	}
}

// BenchmarkRoundTrip is one call over loopback, client and server in this
// process; cpu-us/op is user and system time of both.
func BenchmarkRoundTrip(b *testing.B) {
	for _, c := range []struct {
		flag     string
		parallel int
	}{{"id=m", 1}, {"id=m", 64}, {"id=m,p50=50ms", 256}} {
		b.Run(c.flag+"/"+strconv.Itoa(c.parallel), func(b *testing.B) {
			s := run(b, simulate.Config{Models: models(b, c.flag)})
			p, err := provider.NewOpenAI(provider.OpenAIConfig{BaseURL: s.URL(), Concurrency: c.parallel})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = p.Close() }()
			r := ask("m", strings.Repeat("some words of a question ", 20))
			work := make(chan struct{})
			var all sync.WaitGroup
			b.ReportAllocs()
			before, began := cpu(b), time.Now()
			for range c.parallel {
				all.Go(func() {
					for range work {
						if _, err := p.Ask(context.Background(), r); err != nil {
							b.Error(err)
						}
					}
				})
			}
			for range b.N {
				work <- struct{}{}
			}
			close(work)
			all.Wait()
			b.ReportMetric(float64(cpu(b)-before)/1e3/float64(b.N), "cpu-us/op")
			b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "req/s")
		})
	}
}

func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
