package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// The programs here are what the command may meet at the other end of a
// connection. Each prints its address and serves until it is killed.

func listening() net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println("addr", l.Addr())
	return l
}

// each calls f with every connection, for ever.
func each(f func(net.Conn)) {
	for l := listening(); ; {
		c, err := l.Accept()
		if err != nil {
			panic(err)
		}
		go f(c)
	}
}

// deaf takes connections and never says anything.
func deaf() {
	each(func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
}

// oldNATS is a nats-server of version 2.9.0 as far as a client looks.
func oldNATS() {
	each(func(c net.Conn) {
		_, _ = io.WriteString(c, `INFO {"server_id":"OLD","version":"2.9.0","proto":1,"max_payload":1048576,"headers":true,"jetstream":true}`+"\r\n")
		buf := make([]byte, 4096)
		for {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			if bytes.Contains(buf[:n], []byte("PING")) {
				_, _ = io.WriteString(c, "PONG\r\n")
			}
		}
	})
}

// oldClickHouse answers every query over HTTP as a server that speaks another
// language would.
func oldClickHouse() {
	fail(http.Serve(listening(), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "Code: 62. DB::Exception: Syntax error (version 19.1.6)", http.StatusBadRequest)
	})))
}

// nowhere prints an address where nobody listens.
func nowhere() {
	if err := listening().Close(); err != nil {
		panic(err)
	}
}

// chat is a model behind chat completions that answers as its model's name says.
func chat() {
	fail(http.Serve(listening(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		w.Header().Set("Content-Type", "application/json")
		before, after := `{"id":"x","object":"chat.completion","model":"m","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"`, `"}}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}`
		_, _ = io.WriteString(w, before)
		switch {
		case bytes.Contains(body, []byte(`"empty"`)):
		case bytes.Contains(body, []byte(`"binary"`)):
			_, _ = w.Write([]byte("A: 4\xff\xfe2"))
		case bytes.Contains(body, []byte(`"huge"`)):
			for mb := strings.Repeat("x", 1<<20); ; {
				if _, err := io.WriteString(w, mb); err != nil {
					return
				}
			}
		default:
			_, _ = io.WriteString(w, "A: 42")
		}
		_, _ = io.WriteString(w, after)
	})))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// fetch prints what is at a URL, beside the path that its base may have.
func fetch() {
	u, err := url.Parse(os.Args[1])
	if err != nil {
		fail(err)
	}
	u.Path = "/" + path.Base(u.Path)
	resp, err := http.Get(u.String())
	if err != nil {
		fail(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(os.Stdout, resp.Body); err != nil {
		fail(err)
	}
}

// listFiles prints the names in a folder.
func listFiles() {
	entries, err := os.ReadDir(os.Args[1])
	if err != nil {
		fail(err)
	}
	for _, e := range entries {
		fmt.Println(e.Name())
	}
}

// tattler is a server that shows every key that it is sent, wherever it can. The
// first part of the path says how: a status, or another way to go wrong.
func tattler() {
	fail(http.Serve(listening(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		key := r.Header.Get("Authorization") + r.Header.Get("X-Api-Key") + r.Header.Get("X-Goog-Api-Key")
		key = strings.TrimPrefix(key, "Bearer ")
		if key == "" {
			key = "no key"
		}
		quoted := strings.Trim(fmt.Sprintf("%q", key), `"`)
		w.Header().Set("X-Request-Id", "for-"+key)
		what := strings.Split(r.URL.Path, "/")[1]
		message := `{"error":{"message":"the key ` + quoted + ` (` + url.QueryEscape(key) + `, ` + base64.StdEncoding.EncodeToString([]byte("Bearer "+key)) + `, ` + key[:min(8, len(key))] + `***) is bad","code":"` + quoted + `"},"model":"` + quoted + `"}`
		switch what {
		case "away":
			http.Redirect(w, r, "http://localhost:1/?key="+url.QueryEscape(key), http.StatusTemporaryRedirect)
		case "hang":
			<-r.Context().Done()
		case "html":
			_, _ = io.WriteString(w, "<html>"+key)
		case "half":
			w.Header().Set("Content-Type", "text/event-stream")
			for _, piece := range []string{`{"model":"` + quoted + `","choices":[{"index":0,"delta":{"content":"` + quoted + `"}}]}`,
				`{"type":"content_block_delta","delta":{"type":"text_delta","text":"` + quoted + `"}}`,
				`{"candidates":[{"content":{"parts":[{"text":"` + quoted + `"}]}}],"modelVersion":"` + quoted + `"}`} {
				_, _ = io.WriteString(w, "data: "+piece+"\n\n")
			}
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		case "answer":
			_, _ = io.WriteString(w, `{"model":"`+quoted+`","choices":[{"finish_reason":"`+quoted+`","message":{"content":"A: `+quoted+`"}}],`+
				`"content":[{"type":"text","text":"A: `+quoted+`"}],"stop_reason":"`+quoted+`","candidates":[{"content":{"parts":[{"text":"A: `+quoted+`"}]},"finishReason":"`+quoted+`"}]}`)
		default:
			code, err := strconv.Atoi(what)
			if err != nil {
				code = http.StatusTeapot
			}
			w.WriteHeader(code)
			_, _ = io.WriteString(w, message)
		}
	})))
}

// holders prints the files below a folder that hold a text, or a part of it by
// which it would be recognised.
func holders() {
	needle := os.Args[2]
	parts := [][]byte{[]byte(needle), []byte(needle[len(needle)-10:]), []byte(url.QueryEscape(needle)), []byte(base64.StdEncoding.EncodeToString([]byte(needle))[:12])}
	err := filepath.WalkDir(os.Args[1], func(name string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(name)
		for _, part := range parts {
			if bytes.Contains(b, part) {
				fmt.Println(name)
				break
			}
		}
		return err
	})
	if err != nil {
		fail(err)
	}
}
