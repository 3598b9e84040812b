package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// provider is a process of simulated models behind a door that notes who enters
// and that can be closed.
type provider struct {
	process *process
	stats   string // URL of its counts
	url     string // of the door, for specs and pools

	mu       sync.Mutex
	entered  []request
	changed  chan struct{}
	closed   bool
	reopened chan struct{}
}

// request is one that entered.
type request struct {
	model, question string
	at              time.Time
}

// openProvider starts simulated models that know the answers of the arithmetic
// problems.
func openProvider(t *testing.T, models ...string) *provider {
	t.Helper()
	args := []string{"simulate", "--listen", "127.0.0.1:0", "--json", "--seed", "42",
		"--answers", example(t, "arithmetic/problems.jsonl"), "--input", "question", "--expected", "answer"}
	for _, m := range models {
		args = append(args, "--model", m)
	}
	p := &provider{process: start(t, "simulate", programs.crucible, nil, args...), changed: make(chan struct{}), reopened: make(chan struct{})}
	var said struct{ URL string }
	decode(t, p.process.await(t, p.process.out, `"url"`), &said)
	target, err := url.Parse(strings.TrimSuffix(said.URL, "/v1"))
	if err != nil {
		t.Fatal(err)
	}
	p.stats = target.String() + "/stats"
	forward := &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }, // the client has gone
	}
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // a client that died while it asked
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		p.enter(body)
		if p.pass(r.Context()) {
			forward.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() {
		p.open()
		door.CloseClientConnections()
		door.Close()
	})
	p.url = door.URL + "/v1"
	return p
}

func (p *provider) enter(body []byte) {
	var asked struct {
		Model    string
		Messages []struct{ Content string }
	}
	r := request{at: time.Now()}
	if json.Unmarshal(body, &asked) == nil && len(asked.Messages) > 0 {
		r.model, r.question = asked.Model, asked.Messages[len(asked.Messages)-1].Content
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.entered = append(p.entered, r)
	close(p.changed)
	p.changed = make(chan struct{})
}

// pass waits while the door is closed; false if the client goes away meanwhile.
func (p *provider) pass(ctx context.Context) bool {
	p.mu.Lock()
	closed, reopened := p.closed, p.reopened
	p.mu.Unlock()
	if !closed {
		return true
	}
	select {
	case <-reopened:
		return true
	case <-ctx.Done():
		return false
	}
}

// close lets nobody pass until open.
func (p *provider) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
}

func (p *provider) open() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		p.closed = false
		close(p.reopened)
		p.reopened = make(chan struct{})
	}
}

// await waits until n requests have entered.
func (p *provider) await(t *testing.T, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		p.mu.Lock()
		have, changed := len(p.entered), p.changed
		p.mu.Unlock()
		if have >= n {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("%d requests, waited for %d", have, n)
		}
	}
}

// requests are those that have entered.
func (p *provider) requests() []request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]request(nil), p.entered...)
}

// count is the simulated models' own count of requests.
func (p *provider) count(t *testing.T) int {
	t.Helper()
	var s struct{ Requests int }
	decode(t, get(t, p.stats), &s)
	return s.Requests
}

// concurrency is how many calls at a time a caller makes of the provider.
const concurrency = 8

// pools declares the provider to a cluster.
func (p *provider) pools() string {
	return "pools:\n  - {provider: openai, base_url: \"" + p.url + "\", concurrency: 8}\n"
}

// spec writes a spec of two conditions that ask the provider the first problems.
func (p *provider) spec(t *testing.T, problems string) string {
	t.Helper()
	return write(t, t.TempDir()+"/spec.yaml", `
version: 1
name: http
dataset:
  source: jsonl
  path: `+example(t, "arithmetic/problems.jsonl")+`
  fields: {id: id, input: question, expected: answer}
  sample: {method: head, size: `+problems+`}
score: {extract: 'A:\s*(.+)$', normalize: numeric}
models:
  - {id: fast, provider: openai, model: sim-fast, base_url: "`+p.url+`", limits: {concurrency: 8}, timeout: 60s, retries: 3, price: {input: "1", output: "1"}}
  - {id: careful, provider: openai, model: sim-careful, base_url: "`+p.url+`", limits: {concurrency: 8}, timeout: 60s, retries: 3, price: {input: "1", output: "1"}}
conditions:
  - {name: fast, members: [fast]}
  - {name: careful, members: [careful]}
seed: 42
`)
}
