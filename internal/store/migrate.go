package store

import (
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/crucible-go/crucible/internal/store/sql"
)

type migration struct {
	version uint32
	name    string
	text    string
}

// migrations reads the embedded files, whose names are <number>_<name>.sql, in
// order.
func migrations() ([]migration, error) {
	entries, err := sql.Files.ReadDir("migrate") // sorted by name
	if err != nil {
		return nil, err
	}
	out := make([]migration, len(entries))
	for i, e := range entries {
		number, _, _ := strings.Cut(e.Name(), "_")
		version, err := strconv.ParseUint(number, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("migration %s: its name does not begin with a number", e.Name())
		}
		text, err := sql.Files.ReadFile(path.Join("migrate", e.Name()))
		if err != nil {
			return nil, err
		}
		out[i] = migration{uint32(version), strings.TrimSuffix(e.Name(), ".sql"), string(text)}
	}
	return out, nil
}

// migrate applies what has not been applied. Each migration can be applied
// twice, so two processes may migrate at once.
func (s *Store) migrate(ctx context.Context) error {
	all, err := migrations()
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if err := s.conn.Exec(ctx, sql.Query("create_migrations")); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	applied, err := s.applied(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	for _, m := range all {
		if applied[m.version] {
			continue
		}
		if err := s.conn.Exec(ctx, m.text); err != nil {
			return fmt.Errorf("migrate: %s: %w", m.name, err)
		}
		if err := s.conn.Exec(ctx, sql.Query("record_migration"),
			clickhouse.Named("version", m.version), clickhouse.Named("name", m.name)); err != nil {
			return fmt.Errorf("migrate: record %s: %w", m.name, err)
		}
	}
	return nil
}

func (s *Store) applied(ctx context.Context) (map[uint32]bool, error) {
	rows, err := s.conn.Query(ctx, sql.Query("applied"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	out := map[uint32]bool{}
	for rows.Next() {
		var v uint32
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		out[v] = true
	}
	return out, rows.Err()
}
