// Package telemetry tells the world outside how a process is: liveness,
// readiness and metrics, over HTTP.
package telemetry

import (
	"net/http"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Health is the state of a process as probes see it. It is safe for concurrent
// use.
type Health struct {
	ready    atomic.Bool
	registry *prometheus.Registry
}

// New is the health of a process that is alive and not yet ready.
func New() *Health {
	h := &Health{registry: prometheus.NewRegistry()}
	h.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return h
}

// Registry takes the metrics of the process.
func (h *Health) Registry() prometheus.Registerer { return h.registry }

// Ready says whether the process does its work: false before it has opened what
// it needs, and again before it drains.
func (h *Health) Ready(ready bool) { h.ready.Store(ready) }

// Handler serves /healthz (200 while the process lives), /readyz (200 while it
// is ready, else 503) and /metrics in the format of Prometheus.
func (h *Health) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, "alive\n")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !h.ready.Load() {
			answer(w, http.StatusServiceUnavailable, "not ready\n")
			return
		}
		answer(w, http.StatusOK, "ready\n")
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(h.registry, promhttp.HandlerOpts{}))
	return mux
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // the prober is gone: nobody to tell
}
