package store_test

import (
	"fmt"
	"testing"

	"github.com/crucible-go/crucible/internal/store"
	"github.com/crucible-go/crucible/internal/store/storetest"
	"github.com/crucible-go/crucible/pkg/events"
)

// gsm8k is a log as large as the one of the GSM8K example: 45,000 events.
func gsm8k(run string) *storetest.Log { return storetest.NewLog(run, 5560) }

// BenchmarkInsert inserts 45,000 events in batches of 9,000.
func BenchmarkInsert(b *testing.B) {
	s := storetest.Open(b)
	logs := make([]*storetest.Log, 0, b.N)
	var bytes, rows int
	for i := range cap(logs) {
		logs = append(logs, gsm8k(fmt.Sprintf("run-%d", i)))
		rows += len(logs[i].Rows)
	}
	for _, r := range logs[0].Rows {
		bytes += len(r.Payload)
	}
	b.SetBytes(int64(bytes))
	b.ResetTimer()
	for _, l := range logs {
		insertAll(b, s, l.Rows)
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

func insertAll(b *testing.B, s *store.Store, rows []store.Row) {
	b.Helper()
	for from := 0; from < len(rows); from += 9000 {
		if err := s.Insert(b.Context(), rows[from:min(from+9000, len(rows))]); err != nil {
			b.Fatal(err)
		}
	}
}

// filled is a store with the log of one run.
func filled(b *testing.B) (*store.Store, *storetest.Log) {
	b.Helper()
	s, l := storetest.Open(b), gsm8k("run")
	insertAll(b, s, l.Rows)
	return s, l
}

func BenchmarkKinds(b *testing.B) {
	s, l := filled(b)
	for b.Loop() {
		diff, err := s.Differences(b.Context(), l.Run, l.Last, l.Digests.Kinds())
		if err != nil || diff != nil {
			b.Fatal(diff, err)
		}
	}
}

func BenchmarkEvents(b *testing.B) {
	s, l := filled(b)
	n := 0
	for b.Loop() {
		err := s.Events(b.Context(), l.Run, nil, func(string, events.Kind, uint64, []byte) error { n++; return nil })
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkCallsView(b *testing.B) {
	s, _ := filled(b)
	for b.Loop() {
		if err := s.Query(b.Context(), "SELECT outcome, count(), sum(cost_usd), quantile(0.99)(latency_ns) FROM calls WHERE run = 'run' GROUP BY outcome",
			false, func(_, _ []string, _ []any) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
