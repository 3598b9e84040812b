package chdb

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
)

// Handler offers the engine as a ClickHouse HTTP endpoint for clients on this
// machine. Requests must name a loopback address as their host, so that no page
// in a browser can reach it under a name of its own. With readonly every
// statement runs on a connection that can neither write nor change settings nor
// read files.
func (c *core) Handler(readonly bool) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ping", func(w http.ResponseWriter, _ *http.Request) { writeString(w, "Ok.\n") })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && !r.URL.Query().Has("query") {
			writeString(w, "Ok.\n")
			return
		}
		c.serve(w, r, readonly)
	})
	return onlyLoopback(mux)
}

func (c *core) serve(w http.ResponseWriter, r *http.Request, readonly bool) {
	if readonly || r.Method == http.MethodGet || r.Method == http.MethodHead {
		r = forceReadonly(r)
	}
	res, err := c.RoundTrip(r)
	if err != nil {
		status := http.StatusInternalServerError
		if errors.Is(err, errClosed) {
			status = http.StatusServiceUnavailable
		}
		http.Error(w, err.Error(), status)
		return
	}
	defer func() { _ = res.Body.Close() }()
	for k, v := range res.Header {
		w.Header()[k] = v
	}
	if res.ContentLength == 0 {
		w.Header().Set("Content-Length", "0")
	}
	w.WriteHeader(res.StatusCode)
	if _, err := io.Copy(w, res.Body); err != nil {
		// The client has part of an answer: only a broken connection tells it so.
		panic(http.ErrAbortHandler)
	}
}

func forceReadonly(r *http.Request) *http.Request {
	q := r.URL.Query()
	q.Set("readonly", "1")
	u := *r.URL
	u.RawQuery = q.Encode()
	out := r.WithContext(r.Context())
	out.URL = &u
	return out
}

func writeString(w http.ResponseWriter, s string) { _, _ = io.WriteString(w, s) }

func onlyLoopback(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopback(r.Host) {
			http.Error(w, "this endpoint answers only to a loopback address", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func loopback(host string) bool {
	name := (&url.URL{Host: host}).Hostname()
	if name == "localhost" {
		return true
	}
	ip := net.ParseIP(name)
	return ip != nil && ip.IsLoopback()
}
