package chdb

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// ask sends a request and returns its status and body.
func ask(t *testing.T, method, addr string, query url.Values, body string, with ...func(*http.Request)) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, addr+"/?"+query.Encode(), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range with {
		f(req)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func TestEndpoint(t *testing.T) {
	e := engine(t, Options{})
	server := httptest.NewServer(e.Handler(false))
	defer server.Close()
	q := func(s string) url.Values { return url.Values{"query": {s}} }
	for _, c := range []struct {
		name, method string
		query        url.Values
		body         string
		status       int
		want         string
	}{
		{"nothing", "GET", nil, "", 200, "Ok.\n"},
		{"GET", "GET", q("SELECT 1"), "", 200, "1\n"},
		{"a format", "GET", q("SELECT 1 AS x FORMAT JSONEachRow"), "", 200, "{\"x\":1}\n"},
		{"a body", "POST", nil, "SELECT 2", 200, "2\n"},
		{"both", "POST", q("SELECT 3"), " + 4", 200, "7\n"},
		{"default_format", "POST", url.Values{"default_format": {"CSV"}}, "SELECT 'a', 2", 200, "\"a\",2\n"},
		{"a parameter", "POST", url.Values{"param_x": {"a\\tb"}}, "SELECT {x:String}", 200, "a\\tb\n"},
		{"a setting", "POST", url.Values{"max_threads": {"1"}}, "SELECT getSetting('max_threads')", 200, "1\n"},
		{"DDL", "POST", nil, "CREATE TABLE default.t (a UInt8, b String) ENGINE = MergeTree ORDER BY a", 200, ""},
		{"data", "POST", q("INSERT INTO default.t FORMAT CSV"), "1,x\n2,y\n", 200, ""},
		{"data in the statement", "POST", nil, "INSERT INTO default.t VALUES (3, 'z')", 200, ""},
		{"INSERT SELECT", "POST", q("INSERT INTO default.t SELECT 4, 'w'"), "", 200, ""},
		{"what was stored", "POST", nil, "SELECT groupArray(b) FROM (SELECT b FROM default.t ORDER BY a)", 200, "['x','y','z','w']\n"},
		{"GET writes nothing", "GET", q("DROP TABLE default.t"), "", 500, "READONLY"},
		{"an error", "POST", nil, "SELECT nope", 500, "UNKNOWN_IDENTIFIER"},
		{"nothing to do", "POST", nil, "", 500, "Empty query"},
		{"compression", "POST", url.Values{"compress": {"1"}}, "SELECT 1", 500, "does not compress"},
		{"a broken URL", "POST", url.Values{"client_protocol_version": {"x"}}, "SELECT 1", 500, "not a number"},
	} {
		status, body := ask(t, c.method, server.URL, c.query, c.body)
		if status != c.status || (status == 200 && body != c.want) || !strings.Contains(body, c.want) {
			t.Errorf("%s: %d %q, want %d %q", c.name, status, body, c.status, c.want)
		}
	}
}

func TestEndpointAnswersOnlyLoopbackNames(t *testing.T) {
	e := engine(t, Options{})
	server := httptest.NewServer(e.Handler(false))
	defer server.Close()
	for host, want := range map[string]int{
		"localhost": 200, "localhost:8123": 200, "127.0.0.1:1": 200, "[::1]:8123": 200,
		"evil.example": 403, "evil.example:8123": 403, "192.168.1.1": 403, "localhost.evil.example": 403, "127.0.0.1.evil.example": 403,
	} {
		status, _ := ask(t, "POST", server.URL, nil, "SELECT 1", func(r *http.Request) { r.Host = host })
		if status != want {
			t.Errorf("host %s: %d, want %d", host, status, want)
		}
	}
}

func TestReadOnlyEndpoint(t *testing.T) {
	e := engine(t, Options{})
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("hush\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text1(t, e, "CREATE TABLE default.t (a UInt8) ENGINE = MergeTree ORDER BY a")
	server := httptest.NewServer(e.Handler(true))
	defer server.Close()
	for _, sql := range []string{
		"INSERT INTO default.t VALUES (1)", "DROP TABLE default.t", "CREATE DATABASE d", "SET readonly = 0",
		"SELECT 1 SETTINGS readonly = 0", "SELECT 1 SETTINGS max_threads = 1",
		"SELECT * FROM file('" + secret + "', LineAsString)", "SELECT * FROM url('http://127.0.0.1:1/', LineAsString)",
		"SELECT 1 INTO OUTFILE '" + secret + ".out'", "SYSTEM STOP MERGES", "KILL QUERY WHERE 1", "CREATE TEMPORARY TABLE x (a UInt8)",
		"SELECT * FROM executable('cat', TSV, 'x String')",
	} {
		for _, query := range []url.Values{nil, {"readonly": {"0"}}, {"max_threads": {"1"}}} {
			status, body := ask(t, "POST", server.URL, query, sql)
			if status == 200 || strings.Contains(body, "hush") {
				t.Errorf("%s with %v: %d %q", sql, query, status, body)
			}
		}
	}
	status, body := ask(t, "POST", server.URL, url.Values{"query": {"INSERT INTO default.t FORMAT CSV"}}, "1\n")
	if status == 200 {
		t.Errorf("an insert's data: %d %q", status, body)
	}
	if got := text1(t, e, "SELECT count() FROM default.t"); got != "0" {
		t.Errorf("%s rows were written", got)
	}
	opt := &clickhouse.Options{Protocol: clickhouse.HTTP, Addr: []string{strings.TrimPrefix(server.URL, "http://")}}
	conn, err := clickhouse.Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var n uint64
	if err := conn.QueryRow(t.Context(), "SELECT count() FROM default.t").Scan(&n); err != nil {
		t.Errorf("clickhouse-go on the read-only endpoint: %v", err)
	}
}
