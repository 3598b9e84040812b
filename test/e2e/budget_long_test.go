//go:build long

package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/crucible-go/crucible/pkg/money"
)

// meter is a provider that charges for every request it gets, at once, whether or
// not anybody is left to hear its answer.
type meter struct {
	server *httptest.Server

	mu       sync.Mutex
	rng      *rand.Rand
	requests int
	cost     money.USD
	changed  chan struct{}
}

// The prices of the meter, in dollars per million tokens, and the longest answer.
const (
	meterInput  = "20"
	meterOutput = "100"
	meterAnswer = 100
)

func openMeter(t *testing.T) *meter {
	t.Helper()
	m := &meter{rng: rand.New(rand.NewPCG(4, 2)), changed: make(chan struct{})}
	m.server = httptest.NewServer(http.HandlerFunc(m.answer))
	t.Cleanup(func() {
		m.server.CloseClientConnections()
		m.server.Close()
	})
	return m
}

func (m *meter) answer(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Messages []struct{ Content string }
	}
	if json.NewDecoder(r.Body).Decode(&asked) != nil {
		return // a client that died while it asked
	}
	prompt := 8 // beside the texts, as providers count it
	for _, q := range asked.Messages {
		prompt += len(q.Content)
	}
	in, out, took := m.charge(prompt)
	select {
	case <-time.After(took):
	case <-r.Context().Done():
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{ // the client may be gone
		"id": "x", "object": "chat.completion", "model": "metered",
		"choices": []any{map[string]any{"index": 0, "finish_reason": "stop", "message": map[string]any{"role": "assistant", "content": "A: 1"}}},
		"usage":   map[string]any{"prompt_tokens": in, "completion_tokens": out, "total_tokens": in + out},
	})
}

// charge counts a request: somewhat less than its bytes, and some answer.
func (m *meter) charge(prompt int) (in, out int64, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	in, out = int64(prompt-m.rng.IntN(prompt/2)), 1+m.rng.Int64N(meterAnswer)
	m.requests++
	m.cost = m.cost.Add(money.PerMillion(dollars(meterInput), in)).Add(money.PerMillion(dollars(meterOutput), out))
	close(m.changed)
	m.changed = make(chan struct{})
	return in, out, 30*time.Millisecond + time.Duration(m.rng.IntN(60))*time.Millisecond
}

func dollars(text string) money.USD {
	v, err := money.Parse(text)
	if err != nil {
		panic(err)
	}
	return v
}

func (m *meter) counted() (requests int, cost money.USD) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.requests, m.cost
}

// await waits until n requests have come.
func (m *meter) await(t *testing.T, n int) {
	t.Helper()
	deadline := time.After(patience)
	for {
		m.mu.Lock()
		have, changed := m.requests, m.changed
		m.mu.Unlock()
		if have >= n {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("%d requests, waited for %d", have, n)
		}
	}
}

func (m *meter) spec(t *testing.T, budget string) string {
	t.Helper()
	return write(t, t.TempDir()+"/spec.yaml", fmt.Sprintf(`
version: 1
name: metered
dataset:
  path: %q
  fields: {id: id, input: question, expected: answer}
score: {extract: 'A:\s*(.+)$', normalize: numeric}
models:
  - {id: m, provider: openai, model: metered, base_url: %q, timeout: 30s, params: {max_tokens: %d}, price: {input: %q, output: %q}}
conditions:
  - {name: m, members: [m]}
%s
`, example(t, "arithmetic/problems.jsonl"), m.server.URL+"/v1", meterAnswer, meterInput, meterOutput, budget))
}

// openEight starts a cluster with eight callers.
func openEight(t *testing.T, m *meter) (*many, []*service) {
	t.Helper()
	s := openMany(t, options{pools: fmt.Sprintf("pools:\n  - {provider: openai, base_url: %q, concurrency: 16}\n", m.server.URL+"/v1")})
	for range 6 {
		v := &service{name: "caller"}
		s.services = append(s.services, v)
		s.serve(t, v)
		v.ready(t)
	}
	var callers []*service
	for _, v := range s.services {
		if v.name == "caller" {
			callers = append(callers, v)
		}
	}
	return s, callers
}

// A budget of a dollar, eight callers, three of them killed while they ask: what
// the provider counted costs at most a dollar, the log never says less than the
// provider counted, and with a larger budget the run comes to its end.
func TestABudgetHoldsAlthoughCallersAreKilled(t *testing.T) {
	m := openMeter(t)
	s, callers := openEight(t, m)
	if len(callers) != 8 {
		t.Fatalf("%d callers", len(callers))
	}
	j := s.begin(t, m.spec(t, `budget: {usd: "1.00"}`), "capped")
	for i, n := range []int{30, 55, 80} {
		m.await(t, n)
		if !callers[i].process.kill() {
			t.Fatal("a caller had ended by itself")
		}
	}
	r := ended(t, j, "capped", 3)
	if r.State != "suspended" {
		t.Fatalf("the run is %s", r.State)
	}
	requests, counted := m.counted()
	said := spent(t, s, "capped")
	t.Logf("%d requests: the provider counted $%s, the log says $%s", requests, counted, said)
	if counted.Cmp(dollars("1.00")) > 0 {
		t.Errorf("the provider counted $%s of a budget of $1.00", counted)
	}
	if said.Cmp(counted) < 0 {
		t.Errorf("the log says $%s, and the provider counted $%s", said, counted)
	}
	if counted.Cmp(dollars("0.80")) < 0 {
		t.Errorf("the provider counted only $%s: what dead callers had is lost", counted)
	}

	out := s.crucible(t, "resume", "capped", "--budget", "usd=5.00", "--json", "--config", s.config())
	var done result
	decode(t, out.want(t, 0), &done)
	if _, counted = m.counted(); spent(t, s, "capped").Cmp(counted) < 0 || done.State != "complete" {
		t.Errorf("the run is %s: the log says $%s, the provider counted $%s", done.State, spent(t, s, "capped"), counted)
	}
	for _, v := range callers[:3] {
		s.serve(t, v) // so that stop finds all of them
		v.ready(t)
	}
	s.stop(t)
}

// The control of TestABudgetHoldsAlthoughCallersAreKilled: without a budget the
// same run costs more than a dollar.
func TestWithoutABudgetTheRunCostsMore(t *testing.T) {
	m := openMeter(t)
	perform(t, openOne(t, options{}), m.spec(t, ""), "free", 0)
	if requests, counted := m.counted(); counted.Cmp(dollars("1.00")) <= 0 {
		t.Errorf("%d requests cost $%s: the scenario cannot overspend", requests, counted)
	}
}

// spent is what the log says that a run has cost.
func spent(t *testing.T, s shape, run string) money.USD {
	t.Helper()
	var status struct {
		CostUSD string `json:"cost_usd"`
	}
	decode(t, s.crucible(t, "status", run, "--json").want(t, 0), &status)
	return dollars(status.CostUSD)
}
