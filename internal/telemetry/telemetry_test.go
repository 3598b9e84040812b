package telemetry_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/crucible-go/crucible/internal/telemetry"
)

func get(t *testing.T, h http.Handler, method, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(body)
}

func TestProbes(t *testing.T) {
	h := telemetry.New()
	handler := h.Handler()
	for _, step := range []struct {
		ready bool
		code  int
		body  string
	}{{false, 503, "not ready\n"}, {true, 200, "ready\n"}, {false, 503, "not ready\n"}} {
		h.Ready(step.ready)
		if code, body := get(t, handler, "GET", "/readyz"); code != step.code || body != step.body {
			t.Errorf("ready %t: %d %q", step.ready, code, body)
		}
		if code, body := get(t, handler, "GET", "/healthz"); code != 200 || body != "alive\n" {
			t.Errorf("alive: %d %q", code, body)
		}
	}
	if code, _ := get(t, handler, "POST", "/readyz"); code != http.StatusMethodNotAllowed {
		t.Errorf("POST is answered with %d", code)
	}
	if code, _ := get(t, handler, "GET", "/"); code != http.StatusNotFound {
		t.Errorf("/ is answered with %d", code)
	}
}

func TestMetrics(t *testing.T) {
	h := telemetry.New()
	counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "crucible_test_total", Help: "Test."})
	h.Registry().MustRegister(counter)
	counter.Add(3)
	code, body := get(t, h.Handler(), "GET", "/metrics")
	for _, want := range []string{"crucible_test_total 3\n", "go_goroutines", "process_resident_memory_bytes"} {
		if code != 200 || !strings.Contains(body, want) {
			t.Errorf("%d, no %q", code, want)
		}
	}
}

// Two processes' worth of health in one do not share a registry, and readiness
// may change while it is asked for.
func TestConcurrent(t *testing.T) {
	h, other := telemetry.New(), telemetry.New()
	handler := h.Handler()
	var g sync.WaitGroup
	for i := range 10 {
		g.Go(func() {
			for range 50 {
				h.Ready(i%2 == 0)
				if code, _ := get(t, handler, "GET", "/readyz"); code != 200 && code != 503 {
					t.Errorf("answered with %d", code)
				}
			}
		})
	}
	g.Wait()
	if code, _ := get(t, other.Handler(), "GET", "/readyz"); code != 503 {
		t.Errorf("the other one answers with %d", code)
	}
}
