package store

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/crucible-go/crucible/internal/store/sql"
)

// Export writes a table of a run, row by row: table is events, calls or votes,
// format csv or jsonl. In CSV, a text that a spreadsheet would take for a
// formula gets a leading apostrophe; numbers are left alone. In JSON lines,
// keys are in the order of the table, money is a string and an event's payload
// is the event itself.
func (s *Store) Export(ctx context.Context, run, table, format string, w io.Writer) error {
	name, ok := map[string]string{"events": "export_events", "calls": "export_calls", "votes": "export_votes"}[table]
	if !ok {
		return fmt.Errorf("export: unknown table %q: want events, calls or votes", table)
	}
	buf := bufio.NewWriterSize(w, 1<<16)
	var put func(cols, types []string, row []any) error
	switch format {
	case "csv":
		put = csvWriter(buf)
	case "jsonl":
		put = jsonWriter(buf)
	default:
		return fmt.Errorf("export: unknown format %q: want csv or jsonl", format)
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_bytes_before_external_sort": 128 << 20}))
	if err := s.each(ctx, sql.Query(name), put, clickhouse.Named("run", run)); err != nil {
		return fmt.Errorf("export %s of run %s: %w", table, run, err)
	}
	if err := buf.Flush(); err != nil {
		return fmt.Errorf("export %s of run %s: %w", table, run, err)
	}
	return nil
}

func csvWriter(w io.Writer) func(cols, types []string, row []any) error {
	out := csv.NewWriter(w)
	header := false
	return func(cols, types []string, row []any) error {
		if !header {
			header = true
			if err := out.Write(cols); err != nil {
				return err
			}
		}
		if row != nil {
			cells := make([]string, len(row))
			for i, v := range row {
				cells[i] = cell(v)
			}
			if err := out.Write(cells); err != nil {
				return err
			}
		}
		out.Flush()
		return out.Error()
	}
}

// cell is a value as text: strings safe in a spreadsheet, everything else as
// Format writes it.
func cell(v any) string {
	if s, ok := v.(string); ok {
		return safeCell(s)
	}
	return Format(v)
}

// safeCell keeps a spreadsheet from reading a text as a formula (CWE-1236).
func safeCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\x00", rune(s[0])) {
		return "'" + s
	}
	return s
}

// Format is a value of a row as text: NULL as nothing, times in RFC 3339 with
// nanoseconds, decimals in full, arrays and tuples as JSON.
func Format(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case bool:
		return strconv.FormatBool(x)
	case time.Time:
		return x.UTC().Format(time.RFC3339Nano)
	case fmt.Stringer:
		if p := reflect.ValueOf(v); p.Kind() == reflect.Pointer && p.IsNil() {
			return ""
		}
		return x.String()
	}
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Pointer:
		if r.IsNil() {
			return ""
		}
		return Format(r.Elem().Interface())
	case reflect.Slice, reflect.Array, reflect.Map, reflect.Struct:
		b, err := json.Marshal(JSON(v))
		if err != nil {
			return fmt.Sprint(v)
		}
		return string(b)
	}
	return fmt.Sprint(v)
}

func jsonWriter(w io.Writer) func(cols, types []string, row []any) error {
	return func(cols, types []string, row []any) error {
		if row == nil {
			return nil
		}
		line := []byte{'{'}
		for i, v := range row {
			if i > 0 {
				line = append(line, ',')
			}
			line = strconv.AppendQuote(line, cols[i])
			line = append(line, ':')
			b, err := jsonValue(cols[i], v)
			if err != nil {
				return fmt.Errorf("column %s: %w", cols[i], err)
			}
			line = append(line, b...)
		}
		_, err := w.Write(append(line, '}', '\n'))
		return err
	}
}

func jsonValue(col string, v any) ([]byte, error) {
	if s, ok := v.(string); ok && col == "payload" && json.Valid([]byte(s)) {
		return []byte(s), nil
	}
	return json.Marshal(JSON(v))
}

// JSON is a value of a row in a form that encoding/json can write: decimals and
// large integers as strings, times in RFC 3339, what is not a finite number as
// null.
func JSON(v any) any {
	switch x := v.(type) {
	case nil, string, bool:
		return v
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil
		}
		return v
	case float32:
		return JSON(float64(x))
	case time.Time:
		return x.UTC().Format(time.RFC3339Nano)
	}
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Pointer:
		if r.IsNil() {
			return nil
		}
		if s, ok := v.(fmt.Stringer); ok && r.Elem().Kind() == reflect.Struct {
			return s.String()
		}
		return JSON(r.Elem().Interface())
	case reflect.Slice, reflect.Array:
		out := make([]any, r.Len())
		for i := range out {
			out[i] = JSON(r.Index(i).Interface())
		}
		return out
	case reflect.Map:
		out := make(map[string]any, r.Len())
		for it := r.MapRange(); it.Next(); {
			out[fmt.Sprint(it.Key().Interface())] = JSON(it.Value().Interface())
		}
		return out
	case reflect.Struct:
		if s, ok := v.(fmt.Stringer); ok {
			return s.String()
		}
	}
	return v
}
