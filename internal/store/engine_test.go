package store_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/crucible-go/crucible/internal/store"
	"github.com/crucible-go/crucible/internal/store/chdb"
	"github.com/crucible-go/crucible/internal/store/storetest"
)

// The tests in this file are about ClickHouse and not about the store: they
// keep the facts that the design rests on. Where one fails after an upgrade,
// read what the store does about it.

// raw opens the driver on the engine of the tests, in a database of its own.
func raw(t *testing.T) driver.Conn {
	t.Helper()
	s := storetest.Open(t)
	engine, err := chdb.Open(t.Context(), chdb.Options{Dir: storetest.Config(t).Dir})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := clickhouse.Open(&clickhouse.Options{
		Protocol: clickhouse.HTTP, Addr: []string{"embedded"}, Auth: clickhouse.Auth{Database: s.Database()},
		TransportFunc: func(*http.Transport) (http.RoundTripper, error) { return engine, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	return conn
}

func run(t *testing.T, conn driver.Conn, statement string, settings ...any) {
	t.Helper()
	with := clickhouse.Settings{}
	for i := 0; i+1 < len(settings); i += 2 {
		with[settings[i].(string)] = settings[i+1]
	}
	if err := conn.Exec(clickhouse.Context(t.Context(), clickhouse.WithSettings(with)), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func wantNumber(t *testing.T, conn driver.Conn, statement string, want uint64) {
	t.Helper()
	var got uint64
	if err := conn.QueryRow(t.Context(), statement).Scan(&got); err != nil || got != want {
		t.Errorf("%s = %d, want %d, %v", statement, got, want, err)
	}
}

const tokenSetting = "insert_deduplication_token"

func TestPlainTablesDoNotDeduplicate(t *testing.T) {
	conn := raw(t)
	run(t, conn, "CREATE TABLE t (n UInt8) ENGINE = MergeTree ORDER BY n")
	for range 2 {
		run(t, conn, "INSERT INTO t VALUES (1), (2)", tokenSetting, "a")
	}
	wantNumber(t, conn, "SELECT count() FROM t", 4)
	run(t, conn, "CREATE TABLE w (n UInt8) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100")
	for range 2 {
		run(t, conn, "INSERT INTO w VALUES (1), (2)", tokenSetting, "a")
	}
	wantNumber(t, conn, "SELECT count() FROM w", 2)
}

func TestATokenSwallowsOtherRows(t *testing.T) {
	conn := raw(t)
	run(t, conn, "CREATE TABLE t (n UInt8) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100")
	run(t, conn, "INSERT INTO t VALUES (1)", tokenSetting, "a")
	run(t, conn, "INSERT INTO t VALUES (2)", tokenSetting, "a")
	wantNumber(t, conn, "SELECT count() FROM t WHERE n = 2", 0)
	run(t, conn, "DELETE FROM t WHERE n = 1")
	run(t, conn, "INSERT INTO t VALUES (1)", tokenSetting, "a") // the token outlives the rows: hence the table drops
	wantNumber(t, conn, "SELECT count() FROM t", 0)
}

func TestTheWindowOfTokensEnds(t *testing.T) {
	conn := raw(t)
	run(t, conn, "CREATE TABLE t (n UInt8) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 3")
	for _, n := range []int{1, 2, 3, 4, 5, 1} {
		run(t, conn, fmt.Sprintf("INSERT INTO t VALUES (%d)", n), tokenSetting, fmt.Sprint(n))
	}
	wantNumber(t, conn, "SELECT count() FROM t WHERE n = 1", 2)
}

func TestFinalDoesNotLookAcrossPartitions(t *testing.T) {
	conn := raw(t)
	run(t, conn, "CREATE TABLE t (id UInt8, p UInt8) ENGINE = ReplacingMergeTree PARTITION BY p ORDER BY id")
	run(t, conn, "INSERT INTO t VALUES (1, 1)")
	run(t, conn, "INSERT INTO t VALUES (1, 2)")
	wantNumber(t, conn, "SELECT count() FROM t FINAL SETTINGS do_not_merge_across_partitions_select_final = 1", 2)
}

func TestDefaultsThatTheStoreChanges(t *testing.T) {
	conn := raw(t)
	wantNumber(t, conn, "SELECT toUInt64(default = '1') FROM system.settings WHERE name = 'async_insert'", 1)
	wantNumber(t, conn, "SELECT toUInt64(value) FROM system.settings WHERE name = 'async_insert'", 0)
	wantNumber(t, conn, "SELECT count() FROM system.tables WHERE database = 'system' AND name LIKE '%\\_log'", 0)
	wantNumber(t, conn, "SELECT toUInt64(value) FROM system.merge_tree_settings WHERE name = 'non_replicated_deduplication_window'", 0)
	wantNumber(t, conn, "SELECT toUInt64(value) FROM system.merge_tree_settings WHERE name = 'fsync_after_insert'", 0)
}

// TestViewsReadOnlyWhatIsAskedFor keeps the filters on keys below the views, so
// that a question about one run does not read the others.
func TestViewsReadOnlyWhatIsAskedFor(t *testing.T) {
	s := storetest.Open(t)
	if err := s.Insert(t.Context(), storetest.NewLog("r", 3).Rows); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{
		"SELECT payload FROM events WHERE run = 'r' AND kind = 'vote.decided.v1'",
		"SELECT outcome FROM calls WHERE run = 'r'",
		"SELECT outcome FROM attempts WHERE run = 'r' AND call = 'c'",
		"SELECT state FROM votes WHERE run = 'r'",
		"SELECT state FROM runs WHERE run = 'r'",
		"SELECT error FROM deadletters WHERE run = 'r'",
	} {
		plan := storetest.Text(t, s, "EXPLAIN indexes = 1 "+query)
		for part := range strings.SplitSeq(plan, "PrimaryKey") {
			if strings.Contains(part, "Condition:") && !strings.Contains(part, "run in ['r', 'r']") {
				t.Errorf("%s does not use its run:\n%s", query, plan)
			}
		}
		if !strings.Contains(plan, "run in ['r', 'r']") {
			t.Errorf("%s does not use its run:\n%s", query, plan)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	const secret = "s3cr3t"
	for _, url := range []string{
		"clickhouse://user:" + secret + "@127.0.0.1:1/db?dial_timeout=200ms", "http://user:" + secret + "@127.0.0.1:1/db",
		"ftp://user:" + secret + "@host", "clickhouse://user:" + secret + "@[bad", "://" + secret,
	} {
		_, err := store.Open(t.Context(), store.Config{URL: url})
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", url, err)
		}
	}
}
