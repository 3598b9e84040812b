package chdb

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/shopspring/decimal"
)

func transport(rt http.RoundTripper) func(*http.Transport) (http.RoundTripper, error) {
	return func(*http.Transport) (http.RoundTripper, error) { return rt, nil }
}

// recorder keeps the requests that pass through it.
type recorder struct {
	next http.RoundTripper
	mu   sync.Mutex
	urls []string
	sqls []string
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	b, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.urls, r.sqls = append(r.urls, req.URL.String()), append(r.sqls, string(b))
	r.mu.Unlock()
	req.Body = io.NopCloser(bytes.NewReader(b))
	return r.next.RoundTrip(req)
}

// TestDriverSaysHello fails when clickhouse-go changes how it begins: the engine
// answers exactly one query by itself, at exactly the revision that the driver
// announces, and everything else is read at the revision 0 that it answers.
func TestDriverSaysHello(t *testing.T) {
	e := engine(t, Options{})
	rec := &recorder{next: e}
	conn := connect(t, e, func(o *clickhouse.Options) { o.TransportFunc = transport(rec) })
	v, err := conn.ServerVersion()
	if err != nil {
		t.Fatalf("clickhouse-go no longer understands the engine's hello: %v", err)
	}
	if v.Revision != 0 || v.Version.String() != "26.7.2" || v.Timezone.String() != "UTC" {
		t.Errorf("server version %+v", v)
	}
	if rec.sqls[0] != helloQuery {
		t.Fatalf("clickhouse-go says hello with %q, not with %q: change helloQuery and helloBlock", rec.sqls[0], helloQuery)
	}
	if want := "client_protocol_version=" + strconv.Itoa(clickhouse.ClientTCPProtocolVersion); !strings.Contains(rec.urls[0], want) {
		t.Errorf("the hello's URL %q lacks %q", rec.urls[0], want)
	}
	if len(rec.sqls) != 1 {
		t.Errorf("clickhouse-go asks more than its hello: %q", rec.sqls)
	}
}

func TestDriverTypes(t *testing.T) {
	e := engine(t, Options{})
	conn := connect(t, e, nil)
	if err := conn.Exec(t.Context(), `CREATE TABLE default.typed (s String, l LowCardinality(String), d DateTime64(9, 'UTC'),
		m Map(String, UInt64), b Bool, n Nullable(Int64), a Array(Float64), c Decimal(38, 12), j JSON, i UInt256)
		ENGINE = MergeTree ORDER BY s`); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 5, 6, 7, 8, 9, 123456789, time.UTC)
	batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO default.typed (s, l, d, m, b, n, a, c, j)")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		var n *int64
		if i == 1 {
			n = new(int64)
			*n = -7
		}
		if err := batch.Append(strings.Repeat("s\x00", i), "low", at.Add(time.Duration(i)), map[string]uint64{"k": uint64(i)}, i == 1, n,
			[]float64{0.1, float64(i)}, decimal.RequireFromString("1.000000000001"), `{"x": {"y": `+strconv.Itoa(i)+`}}`); err != nil {
			t.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
	var (
		s, l, j string
		d       time.Time
		m       map[string]uint64
		b       bool
		n       *int64
		a       []float64
		c       decimal.Decimal
	)
	row := conn.QueryRow(t.Context(), "SELECT s, l, d, m, b, n, a, c, toString(j) FROM default.typed ORDER BY s LIMIT 1 OFFSET 1")
	if err := row.Scan(&s, &l, &d, &m, &b, &n, &a, &c, &j); err != nil {
		t.Fatal(err)
	}
	if s != "s\x00" || l != "low" || !d.Equal(at.Add(1)) || m["k"] != 1 || !b || n == nil || *n != -7 || a[1] != 1 ||
		c.String() != "1.000000000001" || j != `{"x":{"y":1}}` {
		t.Errorf("read %q %q %v %v %v %v %v %v %s", s, l, d, m, b, n, a, c, j)
	}
}

func TestParametersArrive(t *testing.T) {
	e := engine(t, Options{})
	conn := connect(t, e, nil)
	for _, want := range []string{"", "plain", "tab\tnew\nline\rnul\x00", `back\slash 'quote' "double" ` + "`tick`", "é 日本 \U0001F600", "\\N", "a{b:String}"} {
		var got string
		if err := conn.QueryRow(t.Context(), "SELECT {v:String}", clickhouse.Named("v", want)).Scan(&got); err != nil || got != want {
			t.Errorf("sent %q, got %q, %v", want, got, err)
		}
	}
	var sum uint64
	if err := conn.QueryRow(t.Context(), "SELECT arraySum({v:Array(UInt64)}) + length({w:Array(String)}[1])",
		clickhouse.Named("v", []uint64{1, 2, 1 << 40}), clickhouse.Named("w", []string{"it's"})).Scan(&sum); err != nil || sum != 1<<40+7 {
		t.Errorf("sum %d, %v", sum, err)
	}
	if err := conn.QueryRow(t.Context(), "SELECT {missing:String}", clickhouse.Named("v", "x")).Scan(new(string)); err == nil {
		t.Error("a missing parameter: no error")
	}
}

func TestSettingsEndWithTheirRequest(t *testing.T) {
	e := engine(t, Options{Connections: 1, Threads: 3})
	conn := connect(t, e, nil)
	get := func(ctx context.Context, want string) {
		t.Helper()
		var got string
		err := conn.QueryRow(ctx, "SELECT toString(getSetting('max_threads')) || ' ' || toString(getSetting('async_insert')) || ' ' || getSetting('count_distinct_implementation')").Scan(&got)
		if err != nil || got != want {
			t.Errorf("settings %q, want %q, %v", got, want, err)
		}
	}
	get(t.Context(), "3 false uniqExact")
	get(clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{
		"max_threads": 1, "async_insert": 1, "count_distinct_implementation": "uniq",
	})), "1 true uniq")
	get(t.Context(), "3 false uniqExact")
	for name, value := range map[string]string{"no_such_setting": "1", "max_threads": "many", "x = 1, readonly": "0"} {
		ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{name: value}))
		if err := conn.Exec(ctx, "SELECT 1"); err == nil {
			t.Errorf("setting %s = %s: no error", name, value)
		}
	}
	get(t.Context(), "3 false uniqExact")
}

func TestDatabaseBelongsToTheRequest(t *testing.T) {
	e := engine(t, Options{Connections: 1})
	text1(t, e, "CREATE DATABASE one")
	text1(t, e, "CREATE DATABASE `it's``two`")
	for range 2 {
		for _, db := range []string{"one", "it's`two", "default"} {
			conn := connect(t, e, func(o *clickhouse.Options) { o.Auth.Database = db })
			var got string
			if err := conn.QueryRow(t.Context(), "SELECT currentDatabase()").Scan(&got); err != nil || got != db {
				t.Errorf("database %q, want %q, %v", got, db, err)
			}
		}
	}
	conn := connect(t, e, func(o *clickhouse.Options) { o.Auth.Database = "three" })
	var ex *clickhouse.Exception
	if err := conn.Exec(t.Context(), "SELECT 1"); !errors.As(err, &ex) || ex.Code != 81 {
		t.Errorf("an unknown database: %v", err)
	}
}

func TestErrorsAreTyped(t *testing.T) {
	e := engine(t, Options{Connections: 1})
	conn := connect(t, e, nil)
	for sql, code := range map[string]int32{
		"SELECT * FROM nope":   60,
		"SELEKT 1":             62,
		"SELECT 1; SELECT 2":   62,
		"DROP TABLE nope":      60,
		"SELECT intDiv(1, 0)":  153,
		"SELECT 1 FORMAT Nope": 73,
	} {
		rows, err := conn.Query(t.Context(), sql)
		if err == nil {
			for rows.Next() {
				continue
			}
			err = rows.Err()
			_ = rows.Close()
		}
		var ex *clickhouse.Exception
		if !errors.As(err, &ex) || ex.Code != code {
			t.Errorf("%s: %v, want code %d", sql, err, code)
		}
	}
}

func TestErrorAfterTheAnswerBegan(t *testing.T) {
	e := engine(t, Options{Connections: 1})
	conn := connect(t, e, nil)
	rows, err := conn.Query(t.Context(), "SELECT throwIf(number = 5000000, 'late') FROM numbers(9000000)")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for rows.Next() {
		n++
	}
	var ex *clickhouse.Exception
	if err := rows.Err(); n == 0 || !errors.As(err, &ex) || ex.Code != 395 || !strings.Contains(ex.Message, "late") {
		t.Errorf("after %d rows: %v, want code 395", n, err)
	}
	_ = rows.Close()
	if err := conn.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Errorf("the connection is lost: %v", err)
	}
}

func TestAbandonedResultsGiveTheirConnectionBack(t *testing.T) {
	e := engine(t, Options{Connections: 1})
	conn := connect(t, e, nil)
	for range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		rows, err := conn.Query(ctx, "SELECT number FROM numbers(100000000000)")
		if err != nil {
			t.Fatal(err)
		}
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
		cancel()
		_ = rows.Close()
	}
	if err := conn.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Error(err)
	}
}

func TestContextStopsAStatement(t *testing.T) {
	e := engine(t, Options{Connections: 1})
	conn := connect(t, e, nil)
	for _, sql := range []string{
		"SELECT sum(cityHash64(number)) FROM numbers(1000000000000)",
		"CREATE TABLE default.x ENGINE = Memory AS SELECT count() AS n FROM numbers(1000000000000) WHERE NOT ignore(cityHash64(number))",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		err := conn.Exec(ctx, sql)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", sql, err)
		}
		if err := conn.Exec(t.Context(), "SELECT 1"); err != nil {
			t.Errorf("after it: %v", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := conn.Exec(ctx, "SELECT 1"); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that had ended: %v", err)
	}
}

// TestInsertIsAllOrNothing cuts an insert's data short in the middle.
func TestInsertIsAllOrNothing(t *testing.T) {
	e := engine(t, Options{Connections: 1})
	text1(t, e, "CREATE TABLE default.t (n UInt64, s String) ENGINE = MergeTree ORDER BY n")
	broken := errors.New("the other side is gone")
	lines := strings.Repeat("1,abcdefghij\n", 200000)
	post := func(body io.Reader) error {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://embedded/?query=INSERT+INTO+default.t+FORMAT+CSV", body)
		if err != nil {
			t.Fatal(err)
		}
		res, err := e.RoundTrip(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return errors.New(res.Status)
		}
		return nil
	}
	if err := post(io.MultiReader(strings.NewReader(lines), failing{broken})); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
	if err := post(strings.NewReader("1,a\nnot a number,b\n")); err == nil {
		t.Error("malformed data was stored")
	}
	if got := text1(t, e, "SELECT count() FROM default.t"); got != "0" {
		t.Errorf("%s rows of a broken insert", got)
	}
	if err := post(strings.NewReader(lines)); err != nil {
		t.Fatal(err)
	}
	if got := text1(t, e, "SELECT count() FROM default.t"); got != "200000" {
		t.Errorf("%s rows", got)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestManyAtOnce runs inserts, reads, errors and cancelled reads on a few
// connections at the same time.
func TestManyAtOnce(t *testing.T) {
	e := engine(t, Options{Connections: 4})
	conn := connect(t, e, func(o *clickhouse.Options) { o.MaxOpenConns = 16 })
	if err := conn.Exec(t.Context(), "CREATE TABLE default.t (w UInt8, n UInt64, s String) ENGINE = MergeTree ORDER BY (w, n)"); err != nil {
		t.Fatal(err)
	}
	const workers, rounds, rows = 8, 5, 2000
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(w), 1))
			for r := range rounds {
				batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO default.t (w, n, s)")
				if err != nil {
					t.Error(err)
					return
				}
				for i := range rows {
					if err := batch.Append(uint8(w), uint64(r*rows+i), strings.Repeat("x", rng.IntN(50))); err != nil {
						t.Error(err)
					}
				}
				if err := batch.Send(); err != nil {
					t.Error(err)
				}
				if err := conn.Exec(t.Context(), "SELECT throwIf(1)"); err == nil {
					t.Error("no error")
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
				_ = conn.Exec(ctx, "SELECT sum(cityHash64(number)) FROM numbers(100000000000)")
				cancel()
			}
		})
	}
	wg.Wait()
	if got := text1(t, e, "SELECT count(), uniqExact(w, n) FROM default.t"); got != "80000\t80000" {
		t.Errorf("stored %q", got)
	}
}
