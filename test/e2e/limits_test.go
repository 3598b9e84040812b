package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/pkg/events"
	"github.com/crucible-go/crucible/pkg/experiment"
)

// perSecond is the limit of the strict provider.
const perSecond = 60

// strictProvider turns away what exceeds its rate by more than a burst of a fifth
// of a second (a generic cell rate algorithm), and notes how many calls it has at
// a time.
type strictProvider struct {
	url     string
	latency time.Duration

	mu              sync.Mutex
	next            time.Time // when a request would be due
	served, refused int
	first, last     time.Time
	times           []time.Time // when each was served
	busy, peak      int
	changed         chan struct{}
}

func openStrict(t *testing.T, latency time.Duration) *strictProvider {
	t.Helper()
	p := &strictProvider{latency: latency, changed: make(chan struct{})}
	s := httptest.NewServer(p)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	p.url = s.URL + "/v1"
	return p
}

// admit decides about a request; of one that it lets in the caller says when it
// leaves.
func (p *strictProvider) admit(limited bool) (leave func(), ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer func() {
		close(p.changed)
		p.changed = make(chan struct{})
	}()
	now := time.Now()
	if p.next.Before(now) {
		p.next = now
	}
	if limited && p.next.Sub(now) > time.Second/5 {
		p.refused++
		return nil, false
	}
	p.next = p.next.Add(time.Second / perSecond)
	if p.served == 0 {
		p.first = now
	}
	p.served++
	p.last = now
	p.times = append(p.times, now)
	p.busy++
	p.peak = max(p.peak, p.busy)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.busy--
	}, true
}

// ServeHTTP implements http.Handler.
func (p *strictProvider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // only then is it seen that a client goes away
	leave, ok := p.admit(r.URL.Path != "/unlimited/v1/chat/completions")
	w.Header().Set("Content-Type", "application/json")
	if !ok {
		w.Header().Set("Retry-After", "1")
		http.Error(w, `{"error":{"message":"slow down","type":"rate_limit_exceeded"}}`, http.StatusTooManyRequests)
		return
	}
	defer leave()
	t := time.NewTimer(p.latency)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.Context().Done():
		return
	}
	_, _ = io.WriteString(w, `{"object":"chat.completion","model":"m","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"42"}}],"usage":{"prompt_tokens":8,"completion_tokens":2,"total_tokens":10}}`)
}

// used is the share of the limit that was used between the first request and the
// last, refused the share of the requests that were turned away.
func (p *strictProvider) used(t *testing.T) (used, refused float64) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	used = float64(p.served-1) / (perSecond * p.last.Sub(p.first).Seconds())
	refused = float64(p.refused) / float64(p.served+p.refused)
	t.Logf("%d calls in %v: %.1f %% of the limit used, %.2f %% refused", p.served, p.last.Sub(p.first).Round(time.Millisecond), 100*used, 100*refused)
	return used, refused
}

// await waits until the provider has served n calls.
func (p *strictProvider) await(t *testing.T, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		p.mu.Lock()
		have, changed := p.served, p.changed
		p.mu.Unlock()
		if have >= n {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("%d calls, waited for %d", have, n)
		}
	}
}

// callers is a log with one planned run, and processes that make its calls.
type callers struct {
	log       *bus.Bus
	url, conf string
	dir       string
	processes []*process
}

const limitedRun = "run1"

// openCallers plans a run of n calls and starts so many callers, of which each
// reads the declaration of the pool.
func openCallers(t *testing.T, processes, n int, pool experiment.Pool, declaration string) *callers {
	t.Helper()
	s, err := bus.StartServer(bus.ServerConfig{Dir: t.TempDir(), Logger: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	log, err := bus.Open(t.Context(), bus.Config{URL: s.URL(), Logger: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() }) // the server knows better
	c := &callers{log: log, url: s.URL(), dir: t.TempDir()}
	c.conf = write(t, filepath.Join(c.dir, "config.yaml"), "pools:\n  - "+declaration+"\n")
	if err := errors.Join(log.EnsureControl(t.Context()), log.EnsureRun(t.Context(), limitedRun)); err != nil {
		t.Fatal(err)
	}
	for range processes {
		c.start(t)
	}
	planned := events.About(events.RunSubject(events.KindRunPlanned, limitedRun), "test", "", time.Now())
	planned.Data = &events.RunPlanned{Name: "test", Pools: []string{pool.Name}, Config: []byte("{}")}
	all := []*events.Event{&planned}
	for i := range n {
		ev := events.About(events.RequestedSubject(limitedRun, "q1", fmt.Sprintf("c%d", i), pool.Name), "test", "", time.Now())
		ev.Condition, ev.Member, ev.Model = "c", "m", "m"
		ev.Data = &events.CallRequested{Role: events.RoleAnswer, Provider: pool.Provider, Retries: 5, Messages: []events.Message{{Role: "user", Content: "What is 6 times 7?"}}}
		all = append(all, &ev)
	}
	if _, err := log.PublishEvents(t.Context(), all...); err != nil {
		t.Fatal(err)
	}
	return c
}

// start starts one more caller and waits until it serves.
func (c *callers) start(t *testing.T) *process {
	t.Helper()
	p := start(t, "caller", programs.crucible, nil, "serve", "--services", "caller", "--nats", c.url,
		"--config", c.conf, "--data", filepath.Join(c.dir, "unused"), "--http", "127.0.0.1:0")
	p.await(t, p.stderr, `"serving"`)
	c.processes = append(c.processes, p)
	return p
}

var errEnough = errors.New("enough")

// completed waits for n terminal facts and returns how many have each outcome, or
// class of failure, and how many calls every caller began.
func (c *callers) completed(t *testing.T, n int) (outcomes, began map[string]int) {
	t.Helper()
	outcomes, began = map[string]int{}, map[string]int{}
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	total := 0
	err := c.log.Replay(ctx, bus.ReplayConfig{Stream: events.RunStream(limitedRun), Follow: true}, func(m *bus.Message) error {
		started, done := strings.HasPrefix(m.Subject, "crucible.call.started."), strings.HasPrefix(m.Subject, "crucible.call.completed.")
		if !started && !done {
			return nil
		}
		ev, err := c.log.Decode(ctx, m)
		if err != nil {
			return err
		}
		if started {
			began[ev.Data.(*events.CallStarted).Caller]++
			return nil
		}
		d := ev.Data.(*events.CallCompleted)
		name := d.Outcome
		if d.Failure != nil {
			name += ": " + d.Failure.Class
		}
		outcomes[name]++
		if total++; total == n {
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		t.Fatalf("%d of %d calls ended: %v", total, n, err)
	}
	return outcomes, began
}

// Two callers, each a process, share the limit of their pool.
func TestTwoProcessesShareALimit(t *testing.T) { shareALimit(t, 300) }

func shareALimit(t *testing.T, n int) {
	p := openStrict(t, 50*time.Millisecond)
	pool := experiment.NewPool("openai", p.url, "", nil)
	c := openCallers(t, 2, n, pool, fmt.Sprintf(`{provider: openai, base_url: "%s", concurrency: 32, rpm: %d}`, p.url, 60*perSecond))
	outcomes, began := c.completed(t, n)
	if outcomes[events.CallAnswered] != n {
		t.Errorf("outcomes: %v", outcomes)
	}
	used, refused := p.used(t)
	if used < 0.95 || refused > 0.02 {
		t.Errorf("%.1f %% of the limit used, want 95 %%; %.2f %% refused, want at most 2 %%", 100*used, 100*refused)
	}
	if len(began) != 2 {
		t.Errorf("calls by caller: %v, want two of them", began)
	}
	for caller, calls := range began {
		if calls < n/5 {
			t.Errorf("caller %s began %d of %d calls", caller, calls, n)
		}
	}
	for _, p := range c.processes {
		if code := p.stop(t); code != 0 {
			t.Errorf("a caller ended with %d", code)
		}
	}
}

// The control of the test above: limits kept by each process alone are not kept
// by both together.
func TestLimitsOfProcessesApartAreNotKept(t *testing.T) {
	p := openStrict(t, 0)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	for range 2 {
		own := rate.NewLimiter(perSecond, 1)
		wg.Go(func() {
			for own.Wait(ctx) == nil {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/chat/completions", strings.NewReader("{}"))
				if err != nil {
					t.Error(err)
					return
				}
				res, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				_ = res.Body.Close() // only the provider's count matters
			}
		})
	}
	wg.Wait()
	if _, refused := p.used(t); refused <= 0.02 {
		t.Errorf("%.2f %% refused: the strict provider is not strict", 100*refused)
	}
}
