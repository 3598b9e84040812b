package store

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/crucible-go/crucible/internal/store/sql"
)

// ErrReadOnly marks a statement that was refused because it may only read.
var ErrReadOnly = errors.New("the statement does more than read")

// codeReadonly is ClickHouse's number for a statement refused in readonly mode.
const codeReadonly = 164

// Query runs any statement and calls f for each row of its result with the
// columns' names, their ClickHouse types and the values. A result without rows
// calls f once with a nil row if it has columns that the server names. The
// slices are f's to keep. Without write, anything but reading is refused with
// ErrReadOnly.
func (s *Store) Query(ctx context.Context, statement string, write bool, f func(cols []string, types []string, row []any) error) error {
	if !write {
		ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"readonly": 1}))
	}
	err := s.each(ctx, statement, f)
	var ex *clickhouse.Exception
	if !write && errors.As(err, &ex) && ex.Code == codeReadonly {
		return fmt.Errorf("query: %w: %w", ErrReadOnly, err)
	}
	if err != nil {
		return fmt.Errorf("query: %w", err)
	}
	return nil
}

func (s *Store) each(ctx context.Context, statement string, f func(cols []string, types []string, row []any) error, args ...any) error {
	rows, err := s.conn.Query(ctx, statement, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	cols, types, kinds := describe(rows)
	n := 0
	for ; rows.Next(); n++ {
		row, err := scan(rows, kinds)
		if err != nil {
			return err
		}
		if err := f(cols, types, row); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if n > 0 {
		return nil
	}
	if len(cols) == 0 {
		cols, types = s.columnsOf(ctx, statement, args...)
	}
	if len(cols) == 0 {
		return nil
	}
	return f(cols, types, nil)
}

// columnsOf asks for the columns of a statement's result, which over HTTP are
// not sent when there are no rows. A statement that is not a SELECT has none.
func (s *Store) columnsOf(ctx context.Context, statement string, args ...any) (cols, types []string) {
	rows, err := s.conn.Query(ctx, strings.Replace(sql.Query("describe"), "SELECT 1", strings.TrimRight(statement, "; \t\r\n"), 1), args...)
	if err != nil {
		return nil, nil
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name, kind, rest string
		if err := rows.Scan(&name, &kind, &rest, &rest, &rest, &rest, &rest); err != nil {
			return nil, nil
		}
		cols, types = append(cols, name), append(types, kind)
	}
	if rows.Err() != nil {
		return nil, nil
	}
	return cols, types
}

func describe(rows driver.Rows) (cols, types []string, kinds []reflect.Type) {
	for _, c := range rows.ColumnTypes() {
		cols = append(cols, c.Name())
		types = append(types, c.DatabaseTypeName())
		kinds = append(kinds, scanType(c))
	}
	return cols, types, kinds
}

// scanType is the Go type of a column's values. The driver cannot scan a tuple
// that may be NULL into the type that it names.
func scanType(c driver.ColumnType) reflect.Type {
	first, ok := strings.CutPrefix(c.DatabaseTypeName(), "Nullable(Tuple(")
	if !ok {
		return c.ScanType()
	}
	if end := strings.IndexAny(first, " ,()"); end >= 0 && first[end] == ' ' { // a name, then its type
		return reflect.TypeFor[map[string]any]()
	}
	return reflect.TypeFor[[]any]()
}

func scan(rows driver.Rows, kinds []reflect.Type) ([]any, error) {
	dest := make([]any, len(kinds))
	for i, t := range kinds {
		dest[i] = reflect.New(t).Interface()
	}
	if err := rows.Scan(dest...); err != nil {
		return nil, err
	}
	for i := range dest {
		dest[i] = reflect.ValueOf(dest[i]).Elem().Interface()
	}
	return dest, nil
}
