package simulate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/crucible-go/crucible/internal/provider"
)

// Fingerprint is the system_fingerprint of every completion.
const Fingerprint = "crucible-simulated"

// Server is a simulated provider.
type Server struct {
	config   Config
	models   map[string]*model
	listener net.Listener
	stats    stats
	serial   atomic.Uint64
	seen     occurrences
}

type model struct {
	Model
	requests atomic.Uint64
	bucket   bucket
}

// stats counts requests for completions.
type stats struct {
	requests, answered, errors, rateLimited, cancelled, rejected atomic.Uint64
	inFlight                                                     atomic.Int64
}

// New checks the configuration and takes the address, which is free again after
// Run or Close.
func New(c Config) (*Server, error) {
	if len(c.Models) == 0 {
		return nil, errors.New("simulate: no model")
	}
	s := &Server{config: c, models: map[string]*model{}, seen: occurrences{of: map[uint64]int{}}}
	for _, m := range c.Models {
		if err := m.check(); err != nil {
			return nil, fmt.Errorf("simulate: model %q: %w", m.ID, err)
		}
		if s.models[m.ID] != nil {
			return nil, fmt.Errorf("simulate: model %q: given twice", m.ID)
		}
		s.models[m.ID] = &model{Model: m, bucket: newBucket(m.RPM)}
	}
	addr := c.Addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("simulate: %w", err)
	}
	s.listener = l
	return s, nil
}

// URL is the base URL for clients, with the version: http://127.0.0.1:1234/v1.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() + "/v1" }

// Close gives up the address of a server that is not running.
func (s *Server) Close() error {
	if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("simulate: %w", err)
	}
	return nil
}

// goodbye is how long the handlers may take to notice that they are not wanted.
const goodbye = 5 * time.Second

// Run serves until ctx is done, then breaks off what is under way, and returns
// when all of it has ended.
func (s *Server) Run(ctx context.Context) error {
	web := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	down := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
		defer cancel()
		down <- web.Shutdown(patience)
	})
	err := web.Serve(s.listener)
	if !stop() { // we were asked to end
		err = <-down
	}
	if err = errors.Join(err, web.Close()); err != nil {
		return fmt.Errorf("simulate: %w", err)
	}
	return nil
}

// Handler serves /v1/chat/completions, /v1/models and /stats, the first two also
// without the version.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, prefix := range []string{"", "/v1"} {
		mux.HandleFunc("POST "+prefix+"/chat/completions", s.complete)
		mux.HandleFunc("GET "+prefix+"/models", s.list)
	}
	mux.HandleFunc("GET /stats", s.writeStats)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(provider.HeaderSimulated, "true")
		mux.ServeHTTP(w, r)
	})
}

// Stats is what GET /stats reports.
type Stats struct {
	Requests    uint64            `json:"requests"` // for completions
	ByModel     map[string]uint64 `json:"by_model"`
	InFlight    int64             `json:"in_flight"`
	Answered    uint64            `json:"answered"`
	Errors      uint64            `json:"errors"` // simulated failures
	RateLimited uint64            `json:"rate_limited"`
	Cancelled   uint64            `json:"cancelled"` // the client went away
	Rejected    uint64            `json:"rejected"`  // not a valid request
}

// Stats counts since the start.
func (s *Server) Stats() Stats {
	out := Stats{
		Requests: s.stats.requests.Load(), ByModel: map[string]uint64{}, InFlight: s.stats.inFlight.Load(),
		Answered: s.stats.answered.Load(), Errors: s.stats.errors.Load(), RateLimited: s.stats.rateLimited.Load(),
		Cancelled: s.stats.cancelled.Load(), Rejected: s.stats.rejected.Load(),
	}
	for id, m := range s.models {
		out.ByModel[id] = m.requests.Load()
	}
	return out
}

func (s *Server) writeStats(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s.Stats())
}

func (s *Server) list(w http.ResponseWriter, _ *http.Request) {
	type entry struct {
		ID      string `json:"id"`
		Object  string `json:"object"`
		OwnedBy string `json:"owned_by"`
	}
	data := make([]entry, len(s.config.Models))
	for i, m := range s.config.Models {
		data[i] = entry{ID: m.ID, Object: "model", OwnedBy: Fingerprint}
	}
	writeJSON(w, http.StatusOK, map[string]any{"object": "list", "data": data})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "encode", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // a client that has gone notices itself
}

// occurrences counts how often a prompt was asked. It forgets everything when it
// knows too many, so that its memory is bounded.
type occurrences struct {
	mu sync.Mutex
	of map[uint64]int
}

const maxPrompts = 1 << 20

// next is the number of this occurrence, from 1.
func (o *occurrences) next(prompt uint64) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.of) >= maxPrompts {
		clear(o.of)
	}
	o.of[prompt]++
	return o.of[prompt]
}

// bucket admits a number of requests per minute, evenly, with a burst of a
// second's worth: the generic cell rate algorithm.
type bucket struct {
	mu       sync.Mutex
	interval time.Duration // between two requests; 0: no limit
	burst    time.Duration
	next     time.Time // when the next request would arrive if they came evenly
}

func newBucket(rpm int) bucket {
	if rpm <= 0 {
		return bucket{}
	}
	interval := time.Minute / time.Duration(rpm)
	return bucket{interval: interval, burst: max(time.Second-interval, 0)}
}

// admit reports how long to wait before the next try, 0 where the request is
// admitted.
func (b *bucket) admit(now time.Time) time.Duration {
	if b.interval == 0 {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.After(b.next) {
		b.next = now
	}
	if early := b.next.Sub(now) - b.burst; early > 0 {
		return early
	}
	b.next = b.next.Add(b.interval)
	return 0
}
