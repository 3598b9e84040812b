package storetest

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/crucible-go/crucible/internal/store"
	"github.com/crucible-go/crucible/pkg/events"
)

func onlyReads(t *testing.T, s *store.Store) {
	insert(t, s, NewLog("r", 2).Rows...)
	for _, statement := range []string{
		"DROP TABLE events_raw", "TRUNCATE TABLE events_raw", "INSERT INTO drops (run) VALUES ('x')", "DELETE FROM events_raw WHERE 1",
		"ALTER TABLE events_raw DELETE WHERE 1", "CREATE TABLE x (a UInt8) ENGINE = Memory", "DROP DATABASE " + s.Database(),
		"RENAME TABLE drops TO dropped", "OPTIMIZE TABLE events_raw FINAL", "SET max_threads = 1", "SET readonly = 0",
	} {
		if err := s.Query(t.Context(), statement, false, ignore); !errors.Is(err, store.ErrReadOnly) {
			t.Errorf("%s: %v, want ErrReadOnly", statement, err)
		}
	}
	wantText(t, s, "SELECT count() FROM votes", "2")
	for _, statement := range []string{"SHOW TABLES", "DESCRIBE TABLE events", "EXPLAIN SELECT 1", "EXISTS TABLE events", "WITH 1 AS x SELECT x", "(SELECT 1)", "SELECT 1;"} {
		if err := s.Query(t.Context(), statement, false, ignore); err != nil {
			t.Errorf("%s: %v", statement, err)
		}
	}
	if err := s.Query(t.Context(), "CREATE TABLE mine (a UInt8) ENGINE = Memory", true, ignore); err != nil {
		t.Error(err)
	}
	if err := s.Query(t.Context(), "INSERT INTO mine VALUES (1), (2)", true, ignore); err != nil {
		t.Error(err)
	}
	wantText(t, s, "SELECT sum(a) FROM mine", "3")
}

func reportsBadSQL(t *testing.T, s *store.Store) {
	for statement, code := range map[string]int32{
		"SELEKT 1":            62,
		"SELECT * FROM nope":  60,
		"SELECT nope":         47,
		"SELECT throwIf(1)":   395,
		"SELECT 1; SELECT 2":  62,
		"SELECT toUInt8('x')": 6,
		"SELECT throwIf(number = 3000000, 'late') FROM numbers(4000000)": 395,
	} {
		err := s.Query(t.Context(), statement, false, ignore)
		if err == nil {
			t.Errorf("%s: no error", statement)
			continue
		}
		wantException(t, err, code)
	}
	if err := s.Query(t.Context(), "", false, ignore); err == nil {
		t.Error("an empty statement: no error")
	}
	wantText(t, s, "SELECT 1", "1")
}

func formatsEveryType(t *testing.T, s *store.Store) {
	wantText(t, s, `SELECT true, NULL, 1.5, nan, toDecimal64('1.50', 4), toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0'), [1, 2], (1, 'a'),
		map('k', 1), toIPv4('1.2.3.4'), toDateTime('2026-01-02 03:04:05', 'UTC'), toDate('2026-01-02'), toUInt256(1) * 3, [NULL, 'x'],
		(SELECT (1, 'sub')), (SELECT 1 WHERE 0), toFixedString('ab', 2), toNullable(7)`,
		"true\t\t1.5\tNaN\t1.5\t61f0c404-5cb3-11e7-907b-a6006ad3dba0\t[1,2]\t[1,\"a\"]\t{\"k\":1}\t1.2.3.4\t2026-01-02T03:04:05Z\t"+
			"2026-01-02T00:00:00Z\t3\t[null,\"x\"]\t[1,\"sub\"]\t\tab\t7")
}

func namesTheColumnsOfNothing(t *testing.T, s *store.Store) {
	var calls int
	err := s.Query(t.Context(), "SELECT run, seq FROM events WHERE 0", false, func(cols, types []string, row []any) error {
		calls++
		if row != nil || strings.Join(cols, " ") != "run seq" || strings.Join(types, " ") != "LowCardinality(String) UInt64" {
			t.Errorf("columns %q of types %q, row %v", cols, types, row)
		}
		return nil
	})
	if err != nil || calls != 1 {
		t.Errorf("%d calls, error %v", calls, err)
	}
}

func export(t *testing.T, s *store.Store, table, format string) string {
	t.Helper()
	var b bytes.Buffer
	if err := s.Export(t.Context(), "r", table, format, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func exports(t *testing.T, s *store.Store) {
	l := NewLog("r", 9)
	insert(t, s, l.Rows...)
	insert(t, s, l.Rows[3:]...)
	insert(t, s, NewLog("other", 2).Rows...)
	for table, want := range map[string]int{"events": len(l.Rows), "calls": 18, "votes": 9} {
		records, err := csv.NewReader(strings.NewReader(export(t, s, table, "csv"))).ReadAll()
		if err != nil || len(records) != want+1 || records[0][0] != map[bool]string{true: "id", false: "run"}[table == "events"] {
			t.Errorf("%s as csv: %d records, want %d and a header %q, error %v", table, len(records), want, records[0], err)
		}
		lines := strings.Split(strings.TrimSuffix(export(t, s, table, "jsonl"), "\n"), "\n")
		if len(lines) != want {
			t.Errorf("%s as jsonl: %d lines, want %d", table, len(lines), want)
		}
		for _, line := range lines {
			if !json.Valid([]byte(line)) {
				t.Errorf("%s: not JSON: %s", table, line)
			}
		}
	}
	if first := strings.SplitN(export(t, s, "events", "jsonl"), "\n", 2)[0]; !strings.Contains(first, `"payload":{"specversion":"1.0"`) {
		t.Errorf("an event's payload is not the event: %s", first)
	}
	if calls := export(t, s, "calls", "jsonl"); !strings.Contains(calls, `"latency_ns":null`) || !strings.Contains(calls, `"cost_usd":"0.000061728394"`) {
		t.Errorf("calls: %s", calls[:500])
	}
	for _, bad := range [][2]string{{"nope", "csv"}, {"events", "xlsx"}} {
		if err := s.Export(t.Context(), "r", bad[0], bad[1], &bytes.Buffer{}); err == nil {
			t.Errorf("exported %s as %s", bad[0], bad[1])
		}
	}
	broken := errors.New("disk full")
	if err := s.Export(t.Context(), "r", "events", "csv", failingWriter{broken}); !errors.Is(err, broken) {
		t.Errorf("a writer that fails: %v", err)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

// Formulas are texts that a spreadsheet would run.
func formulas() []string {
	return []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\x00=1", "=HYPERLINK(\"http://x\",\"y\")", "=cmd|'/c calc'!A1"}
}

func exportsNothingHarmful(t *testing.T, s *store.Store) {
	l := Begin("r", 1)
	for i, f := range formulas() {
		l.Add(events.VoteSubject("r", fmt.Sprintf("q%d", i)), "voter/1", "", &events.VoteDecided{
			Index: i, State: events.VoteDecidedState, Answer: f, Consensus: -1, CostUSD: "-0.5", Stop: "all",
		}, func(ev *events.Event) { ev.Item = f })
	}
	insert(t, s, l.Rows...)
	records, err := csv.NewReader(strings.NewReader(export(t, s, "votes", "csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, name := range records[0] {
		column[name] = i
	}
	for i, f := range formulas() {
		row := records[i+1]
		for _, name := range []string{"item", "answer"} {
			if got := row[column[name]]; got != "'"+strings.ReplaceAll(f, "\r", "\r") {
				t.Errorf("%s: %q became %q", name, f, got)
			}
		}
		if row[column["consensus"]] != "-1" || row[column["cost_usd"]] != "-0.5" {
			t.Errorf("numbers became %q and %q", row[column["consensus"]], row[column["cost_usd"]])
		}
	}
}
