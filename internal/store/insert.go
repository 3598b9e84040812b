package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// Row is an event as it is stored: what its envelope says, its sequence in its
// stream and the bytes that were published.
type Row struct {
	ID, Run, Kind, Source, Subject, Cause, Query, Call, Condition string
	Repeat                                                        uint32
	Item, Member, Model                                           string
	Time                                                          time.Time
	Seq                                                           uint64
	Payload                                                       []byte
}

// Insert stores rows in one insert and returns when they are stored. Its
// deduplication token is a hash of the rows, so the same rows in the same order
// may be sent again; other rows that overlap with them are stored twice and
// read once. Rows that DropRun removed are stored anew. The rows must not change
// until it returns.
//
// It holds about three copies of the payloads for as long as it runs: 10,000 to
// 50,000 rows of a kilobyte are a good size.
func (s *Store) Insert(ctx context.Context, rows []Row) error {
	if len(rows) == 0 {
		return nil
	}
	for i := range rows {
		if r := &rows[i]; r.ID == "" || r.Run == "" || r.Kind == "" {
			return fmt.Errorf("insert: row %d of %d has no id, run or kind", i, len(rows))
		}
	}
	var since string
	if err := s.conn.QueryRow(ctx, s.lastDrop).Scan(&since); err != nil {
		return fmt.Errorf("insert %d rows: %w", len(rows), err)
	}
	ctx = clickhouse.Context(ctx,
		clickhouse.WithColumnNamesAndTypes(wireColumns()),
		clickhouse.WithSettings(clickhouse.Settings{
			"async_insert":               0,
			"insert_deduplicate":         1,
			"insert_deduplication_token": token(since, rows),
		}))
	batch, err := s.conn.PrepareBatch(ctx, s.insert)
	if err != nil {
		return fmt.Errorf("insert %d rows: %w", len(rows), err)
	}
	defer func() { _ = batch.Close() }()
	for i, col := range columns(rows) {
		if err := batch.Column(i).Append(col); err != nil {
			return fmt.Errorf("insert %d rows: column %s: %w", len(rows), wireColumns()[i].Name, err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("insert %d rows: %w", len(rows), err)
	}
	return nil
}

// wireColumns are the columns of an insert as they are sent over HTTP; the
// server makes its own types of them.
func wireColumns() []clickhouse.ColumnNameAndType {
	return []clickhouse.ColumnNameAndType{
		{Name: "id", Type: "String"}, {Name: "run", Type: "String"}, {Name: "kind", Type: "String"},
		{Name: "time", Type: "DateTime64(9, 'UTC')"}, {Name: "source", Type: "String"}, {Name: "subject", Type: "String"},
		{Name: "cause", Type: "String"}, {Name: "query", Type: "String"}, {Name: "call", Type: "String"},
		{Name: "condition", Type: "String"}, {Name: "repeat", Type: "UInt32"}, {Name: "item", Type: "String"},
		{Name: "member", Type: "String"}, {Name: "model", Type: "String"}, {Name: "seq", Type: "UInt64"},
		{Name: "payload", Type: "String"},
	}
}

// columns turns rows into columns, in the order of wireColumns.
func columns(rows []Row) []any {
	text := func(get func(*Row) string) []string {
		out := make([]string, len(rows))
		for i := range rows {
			out[i] = get(&rows[i])
		}
		return out
	}
	var (
		times    = make([]time.Time, len(rows))
		repeats  = make([]uint32, len(rows))
		seqs     = make([]uint64, len(rows))
		payloads = make([][]byte, len(rows))
	)
	for i := range rows {
		r := &rows[i]
		times[i], repeats[i], seqs[i], payloads[i] = r.Time, r.Repeat, r.Seq, r.Payload
	}
	return []any{
		text(func(r *Row) string { return r.ID }), text(func(r *Row) string { return r.Run }),
		text(func(r *Row) string { return r.Kind }), times,
		text(func(r *Row) string { return r.Source }), text(func(r *Row) string { return r.Subject }),
		text(func(r *Row) string { return r.Cause }), text(func(r *Row) string { return r.Query }),
		text(func(r *Row) string { return r.Call }), text(func(r *Row) string { return r.Condition }), repeats,
		text(func(r *Row) string { return r.Item }), text(func(r *Row) string { return r.Member }),
		text(func(r *Row) string { return r.Model }), seqs, payloads,
	}
}

// token is a hash over the time of the last removal and every field of every
// row, each preceded by its length: different rows never share one.
func token(since string, rows []Row) string {
	h := sha256.New()
	buf := binary.AppendUvarint(nil, uint64(len(since)))
	h.Write(append(buf, since...))
	for i := range rows {
		r := &rows[i]
		buf = buf[:0]
		for _, v := range [...]string{r.ID, r.Run, r.Kind, r.Source, r.Subject, r.Cause, r.Query, r.Call, r.Condition, r.Item, r.Member, r.Model} {
			buf = binary.AppendUvarint(buf, uint64(len(v)))
			buf = append(buf, v...)
		}
		buf = binary.AppendUvarint(buf, uint64(r.Repeat))
		buf = binary.AppendVarint(buf, r.Time.Unix())
		buf = binary.AppendVarint(buf, int64(r.Time.Nanosecond()))
		buf = binary.AppendUvarint(buf, r.Seq)
		buf = binary.AppendUvarint(buf, uint64(len(r.Payload)))
		buf = append(buf, r.Payload...)
		h.Write(buf)
	}
	return hex.EncodeToString(h.Sum(nil))
}
