package simulate

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/pkg/latency"
)

// Fingerprint is the system_fingerprint of every completion.
const Fingerprint = "crucible-simulated"

// Server is a simulated provider.
type Server struct {
	config   Config
	models   map[string]*model
	listener net.Listener
	counts   counts
	modes    []string
	byMode   []atomic.Uint64
	serial   atomic.Uint64
	first    atomic.Int64 // when the first request came, in nanoseconds of the epoch
	last     atomic.Int64 // when the last one ended, likewise
	seen     occurrences
}

type model struct {
	Model
	dist     latency.Distribution
	counts   counts
	requests bucket
	tokens   bucket
}

// New checks the configuration and takes the address, which is free again after
// Run or Close.
func New(c Config) (*Server, error) {
	if len(c.Models) == 0 {
		return nil, errors.New("simulate: no model")
	}
	s := &Server{config: c, models: map[string]*model{}, seen: occurrences{of: map[uint64]int{}}, modes: allModes()}
	s.byMode = make([]atomic.Uint64, len(s.modes))
	for _, m := range c.Models {
		if err := m.check(); err != nil {
			return nil, fmt.Errorf("simulate: model %q: %w", m.ID, err)
		}
		if s.models[m.ID] != nil {
			return nil, fmt.Errorf("simulate: model %q: given twice", m.ID)
		}
		dist, err := provider.Distribution(&m.Latency)
		if err != nil {
			return nil, fmt.Errorf("simulate: model %q: %w", m.ID, err)
		}
		s.models[m.ID] = &model{Model: m, dist: dist, requests: newBucket(m.RPM), tokens: newBucket(m.TPM)}
	}
	for _, p := range c.Phases {
		if err := p.check(); err != nil {
			return nil, fmt.Errorf("simulate: %w", err)
		}
		if p.Model != "" && s.models[p.Model] == nil {
			return nil, fmt.Errorf("simulate: phase: there is no model %q", p.Model)
		}
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
const goodbye = time.Second

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
		err := web.Shutdown(patience)
		if errors.Is(err, context.DeadlineExceeded) && s.counts.inFlight.Load() == 0 {
			err = nil // only connections that were never used: they are closed below
		}
		down <- err
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

// Handler serves the protocols, the list of models and /stats:
//
//	POST /v1/chat/completions                     OpenAI
//	POST /v1/messages                             Anthropic
//	POST /v1beta/models/MODEL:generateContent     Gemini, and :streamGenerateContent
//	GET  /v1/models, /v1beta/models
//
// The first two and the models also without the version, Gemini's also under v1.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, prefix := range []string{"", "/v1"} {
		mux.HandleFunc("POST "+prefix+"/chat/completions", s.serve(openAI{}))
		mux.HandleFunc("POST "+prefix+"/messages", s.serve(anthropic{}))
		mux.HandleFunc("GET "+prefix+"/models", s.list)
		mux.HandleFunc("GET "+prefix+"/models/{id...}", s.one)
	}
	for _, prefix := range []string{"/v1beta", "/v1"} {
		mux.HandleFunc("POST "+prefix+"/models/{call...}", s.serve(gemini{}))
	}
	mux.HandleFunc("GET /v1beta/models", s.listGemini)
	mux.HandleFunc("GET /stats", s.writeStats)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()[provider.HeaderSimulated] = labelled
		mux.ServeHTTP(w, r)
	})
}

var labelled = []string{"true"} // never written to

// entry is a model in a list, in the form of OpenAI with what Anthropic has beside.
type entry struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	OwnedBy string `json:"owned_by"`
	Type    string `json:"type"`
	Display string `json:"display_name"`
}

func newEntry(id string) entry { return entry{id, "model", 0, Fingerprint, "model", id} }

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	if !s.may(w, r) {
		return
	}
	data := make([]entry, len(s.config.Models))
	for i, m := range s.config.Models {
		data[i] = newEntry(m.ID)
	}
	writeJSON(w, http.StatusOK, map[string]any{"object": "list", "data": data, "has_more": false})
}

func (s *Server) one(w http.ResponseWriter, r *http.Request) {
	if !s.may(w, r) {
		return
	}
	id := r.PathValue("id")
	if s.lookup(id) == nil {
		status, body := openAI{}.problem(unknownModel(id))
		writeJSON(w, status, body)
		return
	}
	writeJSON(w, http.StatusOK, newEntry(id))
}

func (s *Server) listGemini(w http.ResponseWriter, r *http.Request) {
	if !s.may(w, r) {
		return
	}
	type named struct {
		Name    string   `json:"name"`
		Methods []string `json:"supportedGenerationMethods"`
	}
	models := make([]named, len(s.config.Models))
	for i, m := range s.config.Models {
		models[i] = named{"models/" + m.ID, []string{generate, streamGenerate}}
	}
	writeJSON(w, http.StatusOK, map[string]any{"models": models})
}

// may answers requests without the key, in whichever header a protocol puts it.
func (s *Server) may(w http.ResponseWriter, r *http.Request) bool {
	want := s.config.Key.Reveal()
	if want == "" {
		return true
	}
	for _, d := range []dialect{openAI{}, anthropic{}, gemini{}} {
		if subtle.ConstantTimeCompare([]byte(d.key(r)), []byte(want)) == 1 {
			return true
		}
	}
	status, body := openAI{}.problem(unauthorized())
	writeJSON(w, status, body)
	return false
}
