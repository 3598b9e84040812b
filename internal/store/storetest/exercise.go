package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/crucible-go/crucible/internal/store"
	"github.com/crucible-go/crucible/pkg/events"
)

// Exercise is what a store promises, whatever lies between it and ClickHouse.
// config returns the configuration of a store with a new database.
func Exercise(t *testing.T, config func(t *testing.T) store.Config) {
	open := func(t *testing.T) *store.Store { return OpenConfig(t, config(t)) }
	for _, c := range []struct {
		name string
		test func(*testing.T, *store.Store)
	}{
		{"KeepsEveryColumn", keepsEveryColumn},
		{"InsertsTheSameOnce", insertsTheSameOnce},
		{"ReadsOverlapsOnce", readsOverlapsOnce},
		{"RefusesRowsWithoutIdentity", refusesRowsWithoutIdentity},
		{"DigestsWhatIsStored", digestsWhatIsStored},
		{"ShowsTwoContentsOfOneEvent", showsTwoContentsOfOneEvent},
		{"ShowsALostOrChangedEvent", showsALostOrChangedEvent},
		{"IsRebuilt", isRebuilt},
		{"StreamsEvents", streamsEvents},
		{"StopsWhenTheReaderStops", stopsWhenTheReaderStops},
		{"ViewCalls", viewCalls},
		{"ViewAttempts", viewAttempts},
		{"ViewVotes", viewVotes},
		{"ViewRuns", viewRuns},
		{"ViewDeadLetters", viewDeadLetters},
		{"ViewEvents", viewEvents},
		{"OnlyReads", onlyReads},
		{"ReportsBadSQL", reportsBadSQL},
		{"FormatsEveryType", formatsEveryType},
		{"NamesTheColumnsOfNothing", namesTheColumnsOfNothing},
		{"Exports", exports},
		{"ExportsNothingHarmful", exportsNothingHarmful},
		{"WorksConcurrently", worksConcurrently},
		{"HonoursTheContext", honoursTheContext},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
	t.Run("MigratesTwiceAndAtOnce", func(t *testing.T) { migratesTwiceAndAtOnce(t, config(t)) })
}

// Rows runs a statement that only reads and returns its rows.
func Rows(t testing.TB, s *store.Store, statement string) [][]any {
	t.Helper()
	var out [][]any
	err := s.Query(t.Context(), statement, false, func(_, _ []string, row []any) error {
		if row != nil {
			out = append(out, row)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Text is the result of a statement as lines of tab-separated values.
func Text(t testing.TB, s *store.Store, statement string) string {
	t.Helper()
	var lines []string
	for _, row := range Rows(t, s, statement) {
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = store.Format(v)
		}
		lines = append(lines, strings.Join(cells, "\t"))
	}
	return strings.Join(lines, "\n")
}

func insert(t testing.TB, s *store.Store, rows ...store.Row) {
	t.Helper()
	if err := s.Insert(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
}

func wantText(t testing.TB, s *store.Store, statement, want string) {
	t.Helper()
	if got := Text(t, s, statement); got != want {
		t.Errorf("%s:\n got %q\nwant %q", statement, got, want)
	}
}

func keepsEveryColumn(t *testing.T, s *store.Store) {
	odd := "tab\t nul\x00 quote' back\\slash `tick` new\nline é 日本 \U0001F600"
	row := store.Row{
		ID: "id1", Run: "r", Kind: "future.kind.v7", Source: "a/b", Subject: "s." + odd, Cause: "cause", Query: "q", Call: "c",
		Condition: odd, Repeat: 1<<32 - 1, Item: odd, Member: "m", Model: "mod", Seq: 1<<64 - 1,
		Time: time.Date(2026, 2, 3, 4, 5, 6, 123456789, time.UTC), Payload: []byte("\x00\xff\xfe not utf-8 " + odd),
	}
	insert(t, s, row)
	got := Rows(t, s, `SELECT id, run, kind, source, subject, cause, query, call, condition, repeat, item, member, model, seq, time, payload FROM events`)
	if len(got) != 1 {
		t.Fatalf("%d rows, want 1", len(got))
	}
	want := []any{row.ID, row.Run, row.Kind, row.Source, row.Subject, row.Cause, row.Query, row.Call, row.Condition, row.Repeat,
		row.Item, row.Member, row.Model, row.Seq, row.Time, string(row.Payload)}
	for i, w := range want {
		g := got[0][i]
		if at, ok := g.(time.Time); ok {
			g = at.UTC()
		}
		if g != w {
			t.Errorf("column %d: got %q, want %q", i, g, w)
		}
	}
}

func insertsTheSameOnce(t *testing.T, s *store.Store) {
	l := NewLog("r", 20)
	for range 3 {
		insert(t, s, l.Rows...)
	}
	wantText(t, s, "SELECT count() FROM events_raw", fmt.Sprint(len(l.Rows)))
	changed := append([]store.Row(nil), l.Rows...)
	changed[3].Payload = []byte("other")
	insert(t, s, changed...)
	wantText(t, s, "SELECT count() FROM events_raw", fmt.Sprint(2*len(l.Rows)))
}

func readsOverlapsOnce(t *testing.T, s *store.Store) {
	l := NewLog("r", 30)
	for size := 7; size < 60; size += 13 {
		for from := 0; from < len(l.Rows); from += size {
			insert(t, s, l.Rows[from:min(from+size, len(l.Rows))]...)
		}
	}
	n := fmt.Sprint(len(l.Rows))
	wantText(t, s, "SELECT count() > "+n+" FROM events_raw", "1")
	wantText(t, s, "SELECT count(), uniqExact(id) FROM events", n+"\t"+n)
	wantText(t, s, "SELECT count() FROM calls", "60")
	wantText(t, s, "SELECT count() FROM attempts", "68")
	wantText(t, s, "SELECT count() FROM votes", "30")
	wantText(t, s, "SELECT count() FROM runs", "1")
	wantSame(t, s, l)
}

func wantSame(t testing.TB, s *store.Store, l *Log) {
	t.Helper()
	diff, err := s.Differences(t.Context(), l.Run, l.Last, l.Digests.Kinds())
	if err != nil || diff != nil {
		t.Errorf("Differences = %q, %v", diff, err)
	}
}

func refusesRowsWithoutIdentity(t *testing.T, s *store.Store) {
	for _, row := range []store.Row{{Run: "r", Kind: "k"}, {ID: "i", Kind: "k"}, {ID: "i", Run: "r"}} {
		if err := s.Insert(t.Context(), []store.Row{row}); err == nil {
			t.Errorf("inserted %+v", row)
		}
	}
	if err := s.Insert(t.Context(), nil); err != nil {
		t.Error(err)
	}
	wantText(t, s, "SELECT count() FROM events_raw", "0")
}

func isRebuilt(t *testing.T, s *store.Store) {
	l, other := NewLog("r", 10), NewLog("other", 5)
	insert(t, s, l.Rows...)
	insert(t, s, other.Rows...)
	for range 2 {
		if err := s.DropRun(t.Context(), l.Run); err != nil {
			t.Fatal(err)
		}
		wantText(t, s, "SELECT run, count() FROM events GROUP BY run", fmt.Sprintf("other\t%d", len(other.Rows)))
		insert(t, s, l.Rows...)
		wantSame(t, s, l)
		wantSame(t, s, other)
	}
}

func streamsEvents(t *testing.T, s *store.Store) {
	l := NewLog("r", 500)
	insert(t, s, l.Rows[:len(l.Rows)/2]...)
	insert(t, s, l.Rows[len(l.Rows)/3:]...)
	insert(t, s, NewLog("other", 3).Rows...)
	stream := make(map[string]store.Row)
	for _, r := range l.Rows {
		stream[r.ID] = r
	}
	var last uint64
	kinds := []events.Kind{events.KindCallCompleted, events.KindVoteDecided}
	n := 0
	err := s.Events(t.Context(), "r", kinds, func(id string, kind events.Kind, seq uint64, payload []byte) error {
		r := stream[id]
		if seq <= last || r.Seq != seq || r.Kind != string(kind) || !bytes.Equal(r.Payload, payload) {
			return fmt.Errorf("event %s %s: sequence %d after %d, stored %d", id, kind, seq, last, r.Seq)
		}
		last = seq
		n++
		return nil
	})
	if err != nil || n != 1500 {
		t.Errorf("%d events, want 1500, error %v", n, err)
	}
	n = 0
	if err := s.Events(t.Context(), "r", nil, func(string, events.Kind, uint64, []byte) error { n++; return nil }); err != nil || n != len(l.Rows) {
		t.Errorf("%d events of all kinds, want %d, error %v", n, len(l.Rows), err)
	}
}

func stopsWhenTheReaderStops(t *testing.T, s *store.Store) {
	insert(t, s, NewLog("r", 200).Rows...)
	stop := errors.New("enough")
	for range 20 { // more than there are connections: each must come back
		err := s.Events(t.Context(), "r", nil, func(string, events.Kind, uint64, []byte) error { return stop })
		if !errors.Is(err, stop) {
			t.Fatalf("error %v, want %v", err, stop)
		}
	}
}

func worksConcurrently(t *testing.T, s *store.Store) {
	const writers, readers = 4, 4
	var wg sync.WaitGroup
	errs := make(chan error, writers+readers)
	logs := make([]*Log, writers)
	for w := range writers {
		logs[w] = NewLog(fmt.Sprintf("run-%d", w), 40)
	}
	for w := range writers {
		wg.Go(func() {
			rows := logs[w].Rows
			for from := 0; from < len(rows); from += 50 {
				if err := s.Insert(t.Context(), rows[from:min(from+50, len(rows))]); err != nil {
					errs <- err
				}
			}
		})
	}
	for range readers {
		wg.Go(func() {
			for range 10 {
				if _, err := s.Kinds(t.Context(), "run-1", 1<<62); err != nil {
					errs <- err
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	for _, l := range logs {
		wantSame(t, s, l)
	}
}

func honoursTheContext(t *testing.T, s *store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Insert(ctx, NewLog("r", 3).Rows); !errors.Is(err, context.Canceled) {
		t.Errorf("Insert: %v", err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	err := s.Query(ctx, "SELECT sum(cityHash64(number)) FROM numbers(300000000000) GROUP BY number % 7", false, ignore)
	if err == nil {
		t.Error("a statement outlived its context")
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("a statement outlived its context by %s", took)
	}
	wantText(t, s, "SELECT 1", "1")
}

func migratesTwiceAndAtOnce(t *testing.T, c store.Config) {
	first := OpenConfig(t, c)
	insert(t, first, NewLog("r", 3).Rows...)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			s, err := store.Open(t.Context(), c)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = s.Close() }()
			if s.Version() != first.Version() || s.Database() != c.Database {
				t.Errorf("version %s, database %s", s.Version(), s.Database())
			}
		})
	}
	wg.Wait()
	wantText(t, first, "SELECT count() FROM votes", "3")
	wantText(t, first, "SELECT count() = uniqExact(version) AND count() > 5 FROM migrations", "1")

	fresh := c
	fresh.Database += "_fresh"
	for range 4 {
		wg.Go(func() { OpenConfig(t, fresh) })
	}
	wg.Wait()
	s := OpenConfig(t, fresh)
	wantText(t, s, "SELECT uniqExact(version) > 5 FROM migrations", "1")
	wantText(t, s, "SELECT count() FROM events", "0")
}

// wantException fails unless err is ClickHouse's own error with the code.
func wantException(t testing.TB, err error, code int32) {
	t.Helper()
	var ex *clickhouse.Exception
	if !errors.As(err, &ex) || ex.Code != code {
		t.Errorf("error %v, want ClickHouse's error %d", err, code)
	}
}
