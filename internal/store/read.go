package store

import (
	"cmp"
	"context"
	"fmt"
	"math/big"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/crucible-go/crucible/internal/store/sql"
	"github.com/crucible-go/crucible/pkg/events"
)

// Kinds counts and digests, per kind, what is stored of a run's stream up to a
// sequence: computed by ClickHouse from the stored ids and payloads, to be
// compared with events.Digests. Copies of an event count once. Two different
// payloads under one id count as two events, so that a store that holds both
// differs from the log in number and digest.
func (s *Store) Kinds(ctx context.Context, run string, upTo uint64) ([]events.KindDigest, error) {
	rows, err := s.conn.Query(ctx, sql.Query("kinds"),
		clickhouse.Named("run", run), clickhouse.Named("up_to", upTo))
	if err != nil {
		return nil, fmt.Errorf("digest run %s: %w", run, err)
	}
	defer func() { _ = rows.Close() }()
	var out []events.KindDigest
	for rows.Next() {
		var (
			kind   string
			count  uint64
			digest big.Int
		)
		if err := rows.Scan(&kind, &count, &digest); err != nil {
			return nil, fmt.Errorf("digest run %s: %w", run, err)
		}
		out = append(out, events.KindDigest{Kind: events.Kind(kind), Count: count, Digest: fmt.Sprintf("%064x", &digest)})
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("digest run %s: %w", run, err)
	}
	sortKinds(out)
	return out, nil
}

// sortKinds puts known kinds in the order of the documentation, then others by
// name, as events.Digests does.
func sortKinds(list []events.KindDigest) {
	known := events.Kinds()
	place := func(k events.Kind) int {
		if i := slices.Index(known, k); i >= 0 {
			return i
		}
		return len(known)
	}
	slices.SortFunc(list, func(a, b events.KindDigest) int {
		return cmp.Or(cmp.Compare(place(a.Kind), place(b.Kind)), cmp.Compare(a.Kind, b.Kind))
	})
}

// Differences says in words where the store differs from what a run's stream
// holds up to a sequence, nil if nowhere.
func (s *Store) Differences(ctx context.Context, run string, upTo uint64, want []events.KindDigest) ([]string, error) {
	have, err := s.Kinds(ctx, run, upTo)
	if err != nil {
		return nil, err
	}
	return events.DiffKinds("the log", want, "ClickHouse", have), nil
}

// DropRun removes everything that is stored about a run, so that it can be
// rebuilt from the log.
func (s *Store) DropRun(ctx context.Context, run string) error {
	if err := s.conn.Exec(ctx, sql.Query("record_drop"), clickhouse.Named("run", run)); err != nil {
		return fmt.Errorf("drop run %s: %w", run, err)
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"lightweight_deletes_sync": 2}))
	if err := s.conn.Exec(ctx, sql.Query("drop_run"), clickhouse.Named("run", run)); err != nil {
		return fmt.Errorf("drop run %s: %w", run, err)
	}
	return nil
}

// Events reads the events of a run of the given kinds, all kinds if there are
// none, each once, in the order of their sequences. Control events have the
// sequences of another stream. The payload is f's to keep. The result is sorted
// on disk when it is large.
func (s *Store) Events(ctx context.Context, run string, kinds []events.Kind, f func(id string, kind events.Kind, seq uint64, payload []byte) error) error {
	names := make([]string, 0, len(kinds))
	for _, k := range kinds {
		names = append(names, string(k))
	}
	if len(names) == 0 {
		for _, k := range events.Kinds() {
			names = append(names, string(k))
		}
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{
		"max_bytes_before_external_sort": 128 << 20,
		"max_block_size":                 8192,
	}))
	rows, err := s.conn.Query(ctx, sql.Query("events"), clickhouse.Named("run", run), clickhouse.Named("kinds", names))
	if err != nil {
		return fmt.Errorf("read the events of run %s: %w", run, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var (
			id, kind string
			seq      uint64
			payload  []byte
		)
		if err := rows.Scan(&id, &kind, &seq, &payload); err != nil {
			return fmt.Errorf("read the events of run %s: %w", run, err)
		}
		if err := f(id, events.Kind(kind), seq, payload); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the events of run %s: %w", run, err)
	}
	return nil
}
