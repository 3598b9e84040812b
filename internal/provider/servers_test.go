package provider_test

import (
	"bytes"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/internal/provider/providertest"
)

// A redirect to another host would take the key there: Go's own client sends
// headers that it does not know as credentials along, which the control shows.
func TestNoKeyFollowsARedirect(t *testing.T) {
	var leaked atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for _, values := range r.Header {
			if strings.Contains(strings.Join(values, " "), providertest.Key) {
				leaked.Add(1)
			}
		}
	}))
	defer other.Close()
	home := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	}))
	defer home.Close()
	for _, p := range protocols() {
		e := providertest.Failure(t, p.open(t, home.URL), t.Context(), ask("x", 1))
		if e.Class != provider.ClassRedirect || e.Retryable || e.Billed != provider.BilledNo || !strings.Contains(e.Message, other.URL) {
			t.Errorf("%s: %+v", p.name, *e)
		}
	}
	if n := leaked.Load(); n != 0 {
		t.Errorf("the key arrived at another host %d times", n)
	}
	req, _ := http.NewRequest(http.MethodPost, home.URL, strings.NewReader("{}"))
	req.Header.Set("X-Api-Key", providertest.Key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if leaked.Load() != 1 {
		t.Error("the control did not leak: the test shows nothing")
	}
}

func TestConnectionsThatCannotBeMade(t *testing.T) {
	log.SetOutput(io.Discard)
	defer log.SetOutput(os.Stderr)
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + l.Addr().String()
	_ = l.Close()
	for _, p := range protocols() {
		for url, want := range map[string]struct{ class, message string }{
			secure.URL: {provider.ClassTLS, "certificate is not trusted"},
			strings.Replace(plain.URL, "http:", "https:", 1): {provider.ClassTLS, "http://"},
			"http://nobody.invalid":                          {provider.ClassDNS, "nobody.invalid"},
			closed:                                           {provider.ClassConnection, "refused"},
		} {
			e := providertest.Failure(t, p.open(t, url), t.Context(), ask("x", 1))
			if e.Class != want.class || !strings.Contains(e.Message, want.message) || e.Billed != provider.BilledNo {
				t.Errorf("%s, %s: %+v", p.name, url, *e)
			}
		}
	}
}

// Of 100 MB nothing but the limit is ever held, whole or streamed.
func TestEveryProtocolBoundsReplies(t *testing.T) {
	for _, p := range protocols() {
		v := p.open(t, p.serve(t))
		for _, r := range []*provider.Request{ask("flood", 1), streamed("flood stream")} {
			if r.Order.Stream && p.pieces == nil {
				continue
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			e := providertest.Failure(t, v, t.Context(), r)
			runtime.ReadMemStats(&after)
			if e.Class != provider.ClassTooLarge && (!r.Order.Stream || e.Class != provider.ClassMalformedReply) {
				t.Errorf("%s: %+v", p.name, *e)
			}
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 10*provider.MaxReply {
				t.Errorf("%s: %d MB were allocated for it", p.name, grown>>20)
			}
		}
	}
}

// Connections are kept: as many as there are calls at a time, and no more.
func TestConnectionsAreKept(t *testing.T) {
	const width, rounds = 16, 5
	for _, p := range protocols() {
		var opened atomic.Int32
		inside := make(chan struct{}, width)
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			inside <- struct{}{} // all of a round are here at once
			for len(inside) < width {
				runtime.Gosched()
			}
			if p.pieces == nil {
				_, _ = io.WriteString(w, p.whole("x", p.stop))
				return
			}
			w.Header().Set("Content-Type", "text/event-stream")
			flush(w, p.pieces("some text", p.stop)...)
		}))
		s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				opened.Add(1)
			}
		}
		s.Start()
		v := p.open(t, s.URL)
		for range rounds {
			var all sync.WaitGroup
			for range width {
				all.Go(func() {
					if _, err := v.Ask(context.Background(), streamed("x")); err != nil {
						t.Errorf("%s: %v", p.name, err)
					}
				})
			}
			all.Wait()
			for len(inside) > 0 {
				<-inside
			}
		}
		s.Close()
		if n := opened.Load(); n > width+2 {
			t.Errorf("%s: %d connections for %d calls at a time", p.name, n, width)
		}
	}
}

func TestKeysAreFound(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(".env", "# keys\nexport ENV_KEY = \"from-dot-env\" # mine\nBOTH=from-dot-env\nBLANK=from-dot-env\nPLAIN=plain#value # not this\nTWICE=a\nTWICE='b'\nEMPTY=\n")
	write("key", "  from-file\n")
	write("lines", "one\ntwo")
	write("none", "\n")
	write("huge", strings.Repeat("x", 70<<10))
	env := map[string]string{"BOTH": "from-environment", "BLANK": "", "BREAK": "a\nb"}
	var sent string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent = r.Header.Get("X-Api-Key")
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer server.Close()
	for _, c := range []struct {
		env, file, key, problem, hint string
	}{
		{env: "BOTH", key: "from-environment", hint: "environment variable BOTH"},
		{env: "ENV_KEY", key: "from-dot-env", hint: "ENV_KEY of the file .env"},
		{env: "BLANK", key: "from-dot-env"},
		{env: "PLAIN", key: "plain#value"},
		{env: "TWICE", key: "b"},
		{file: "key", key: "from-file", hint: "the file key"},
		{file: filepath.Join(dir, "key"), key: "from-file"},
		{file: "absent", problem: "the file absent (api_key_file): no such file or directory"},
		{file: "none", problem: "the file none (api_key_file) is empty"},
		{file: "lines", problem: "the file lines (api_key_file) has a line break"},
		{file: "huge", problem: "too large for a key"},
		{file: ".", problem: "not a regular file"},
		{env: "BREAK", problem: "the environment variable BREAK has a line break"},
	} {
		p, closer, err := provider.Open(provider.Pool{Name: "pool", Provider: "anthropic", BaseURL: server.URL, KeyEnv: c.env, KeyFile: c.file, Dir: dir}, func(name string) string { return env[name] })
		if c.problem != "" {
			if err == nil || !strings.Contains(err.Error(), c.problem) {
				t.Errorf("%q %q: %v", c.env, c.file, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q %q: %v", c.env, c.file, err)
			continue
		}
		e := providertest.Failure(t, p, t.Context(), ask("x", 1))
		if sent != c.key || !strings.Contains(e.Message, c.hint) {
			t.Errorf("%q %q: sent %q, %s", c.env, c.file, sent, e.Message)
		}
		_ = closer.Close()
	}
	for _, pool := range []provider.Pool{{Provider: "anthropic"}, {Provider: "google"}, {Provider: "openai"}} {
		pool.Name, pool.Dir = "pool", dir
		want := map[string]string{"anthropic": "ANTHROPIC_API_KEY", "google": "GEMINI_API_KEY", "openai": "OPENAI_API_KEY"}[pool.Provider]
		if _, _, err := provider.Open(pool, func(string) string { return "" }); err == nil || !strings.Contains(err.Error(), "the environment variable "+want+" is not set") || !strings.Contains(err.Error(), ".env") {
			t.Errorf("%s: %v", pool.Provider, err)
		}
	}
	if _, _, err := provider.Open(provider.Pool{Name: "pool", Provider: "antropic"}, os.Getenv); err == nil || !strings.Contains(err.Error(), "did you mean anthropic?") {
		t.Error(err)
	}
}

// Without a key none is sent, whatever a library demands.
func TestNoKeyIsSentWithoutOne(t *testing.T) {
	var got http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer server.Close()
	for _, name := range []string{"openai", "anthropic", "google"} {
		p, closer, err := provider.Open(provider.Pool{Name: "pool", Provider: name, BaseURL: server.URL}, func(string) string { return "" })
		if err != nil {
			t.Fatal(err)
		}
		_ = providertest.Failure(t, p, t.Context(), ask("x", 1))
		_ = closer.Close()
		if got.Get("Authorization")+got.Get("X-Api-Key")+got.Get("X-Goog-Api-Key") != "" {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Nothing of a library goes to the standard logger, which is everybody's
// standard error.
func TestNothingIsLogged(t *testing.T) {
	var said bytes.Buffer
	log.SetOutput(&said)
	defer log.SetOutput(os.Stderr)
	for _, p := range streaming() {
		v := p.open(t, p.serve(t))
		for _, what := range []string{"half stream", "garbage", "stops", "fault api_error late", "flood stream", "status 500", "raw nothing"} {
			_ = providertest.Failure(t, v, t.Context(), streamed(what))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		_ = providertest.Failure(t, v, ctx, streamed("stalls"))
		cancel()
	}
	if text := said.String(); strings.Contains(text, "google") || strings.Contains(text, "Error") || providertest.Leak(text) != "" {
		t.Errorf("logged: %s", text)
	}
}
