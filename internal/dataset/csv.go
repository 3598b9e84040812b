package dataset

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/crucible-go/crucible/pkg/experiment"
)

// csv reads a table whose first row names its columns. A row becomes an object
// of texts.
func (s *scanner) csv(r io.Reader) error {
	table := csv.NewReader(r)
	table.FieldsPerRecord = -1
	table.ReuseRecord = true
	header, err := table.Read()
	if err == io.EOF {
		return nil
	}
	if err != nil {
		return s.csvError(err)
	}
	keys, problem := columnKeys(header)
	if problem != nil {
		return errors.Join(s.report(*problem), errEnough)
	}
	for {
		row, err := table.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return s.csvError(err)
		}
		line, _ := table.FieldPos(0)
		if err := s.csvRow(keys, row, line); err != nil {
			return err
		}
	}
}

// columnKeys are the names of the columns as JSON, with the colon.
func columnKeys(header []string) ([]string, *experiment.Problem) {
	keys, seen := make([]string, len(header)), make(map[string]bool, len(header))
	for i, name := range header {
		switch {
		case strings.TrimSpace(name) == "":
			return nil, &experiment.Problem{Line: 1, Message: fmt.Sprintf("column %d has no name", i+1), Hint: "the first row names the columns"}
		case !utf8.ValidString(name):
			return nil, &experiment.Problem{Line: 1, Message: fmt.Sprintf("the name of column %d is not UTF-8", i+1)}
		case seen[name]:
			return nil, &experiment.Problem{Line: 1, Message: fmt.Sprintf("two columns have the name %q", name)}
		}
		seen[name] = true
		keys[i] = string(appendJSON(nil, name)) + ":"
	}
	return keys, nil
}

func (s *scanner) csvRow(keys, row []string, line int) error {
	if len(row) != len(keys) {
		return s.report(experiment.Problem{Line: line, Message: fmt.Sprintf("the row has %d cells, the header has %d", len(row), len(keys)),
			Hint: "put a cell with a comma or a line break in it into double quotes"})
	}
	size := 2
	for i, cell := range row {
		if !utf8.ValidString(cell) {
			return s.report(experiment.Problem{Line: line, Message: fmt.Sprintf("the cell in column %s is not UTF-8", strings.TrimSuffix(keys[i], ":"))})
		}
		size += len(keys[i]) + len(cell) + 3
	}
	raw := append(make([]byte, 0, size), '{')
	for i, cell := range row {
		if i > 0 {
			raw = append(raw, ',')
		}
		raw = append(raw, keys[i]...)
		raw = appendJSON(raw, cell)
	}
	return s.add(append(raw, '}'), line)
}

// csvError is a mistake in the table; after it nothing can be read.
func (s *scanner) csvError(err error) error {
	var e *csv.ParseError
	if !errors.As(err, &e) {
		return err
	}
	p := experiment.Problem{Line: e.Line, Column: e.Column, Message: "the row is not CSV: " + e.Err.Error()}
	if errors.Is(e.Err, csv.ErrQuote) || errors.Is(e.Err, csv.ErrBareQuote) {
		p.Hint = `a double quote inside a cell is written "" and the cell put into double quotes`
		if e.StartLine != e.Line {
			p.Hint = fmt.Sprintf("the row begins in line %d: is a double quote missing there?", e.StartLine)
		}
	}
	return errors.Join(s.report(p), errEnough)
}

// appendJSON appends a text as a JSON string.
func appendJSON(b []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' {
			quoted, err := json.Marshal(text)
			if err != nil {
				panic("dataset: " + err.Error()) // a string
			}
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), text...), '"')
}
