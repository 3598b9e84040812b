// Package dataset reads data sets: JSON lines and CSV, packed by gzip or not.
// Every mistake in a file is reported with its line.
package dataset

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"github.com/crucible-go/crucible/pkg/experiment"
)

const (
	// MaxLine is the longest line of a data set, in bytes.
	MaxLine = 64 << 20
	// maxProblems is the number of mistakes that are reported of one file.
	maxProblems = 10
)

// Source says what is read.
type Source struct {
	Kind  string // jsonl | csv
	Name  string // of the file, for messages
	Limit int    // the first items that are enough; 0: all
}

// Result is a data set.
type Result struct {
	Items  []experiment.Item
	SHA256 string // of the file as it is stored, in hexadecimal
	Bytes  int64  // of the file as it is stored
}

// Load reads a data set. Items without an id of their own get one, see
// experiment.Identify. Mistakes in the file are experiment.Errors. It stops
// with the context's error when the context ends.
func Load(ctx context.Context, src Source, r io.Reader, f experiment.Fields) (Result, error) {
	parser := experiment.NewItemParser(src.Name, f)
	var items []experiment.Item
	res, err := scan(ctx, src, r, func(raw []byte, line int) *experiment.Problem {
		it, problem := parser.Parse(raw, line)
		if problem != nil {
			return problem
		}
		if src.Kind == "csv" && it.Expected == "" {
			it.HasExpected = false // a table has no other way to say so
		}
		items = append(items, it)
		return nil
	})
	if err != nil {
		return Result{}, err
	}
	if len(items) == 0 {
		return Result{}, experiment.Errors{{File: src.Name, Message: "the data set has no items"}}
	}
	if err := experiment.Identify(src.Name, items); err != nil {
		return Result{}, err
	}
	res.Items = items
	return res, nil
}

// LoadAnswers reads the file of recorded answers that a model's spec names:
// JSON lines, or CSV if its name says so, each with the id of an item and an
// answer. Lines whose answer is absent or null answer nothing.
func LoadAnswers(ctx context.Context, name string, r io.Reader, m *experiment.Model) (experiment.Answers, error) {
	src := Source{Kind: "jsonl", Name: name}
	if strings.HasSuffix(strings.TrimSuffix(name, ".gz"), ".csv") {
		src.Kind = "csv"
	}
	ids := experiment.NewItemParser(src.Name, experiment.Fields{ID: m.Fields.ID, Input: m.Fields.ID, Expected: m.Fields.ID})
	answers := experiment.Answers{Model: m.ID, ByItem: make(map[string][]experiment.Answer)}
	_, err := scan(ctx, src, r, func(raw []byte, line int) *experiment.Problem {
		it, problem := ids.Parse(raw, line)
		if problem != nil {
			problem.Message = strings.NewReplacer("dataset.fields.id", "models.fields.id", "dataset.fields.input", "models.fields.id").Replace(problem.Message)
			problem.Path = "models.fields.id"
			return problem
		}
		text, ok := it.Lookup(m.Field)
		if !ok {
			return nil
		}
		a := experiment.Answer{Text: text}
		if m.LatencyField != "" {
			var err error
			if a.LatencyNS, err = m.RecordedLatency(it.Value(m.LatencyField)); err != nil {
				return &experiment.Problem{File: src.Name, Line: line, Message: fmt.Sprintf("model %q: %s: %v", m.ID, m.LatencyField, err)}
			}
		}
		answers.ByItem[it.ID] = append(answers.ByItem[it.ID], a)
		return nil
	})
	return answers, err
}

// errEnough ends a scan early.
var errEnough = errors.New("enough items")

// scanner collects the rows and the mistakes of one file.
type scanner struct {
	src      Source
	row      func(raw []byte, line int) *experiment.Problem
	rows     int
	problems experiment.Errors
}

// add counts a row, given as a JSON object; it returns errEnough when no more
// rows are wanted.
func (s *scanner) add(raw []byte, line int) error {
	if problem := s.row(raw, line); problem != nil {
		return s.report(*problem)
	}
	if s.rows++; s.rows == s.src.Limit {
		return errEnough
	}
	return nil
}

// report notes a mistake; it returns errEnough when there are many.
func (s *scanner) report(p experiment.Problem) error {
	p.File = s.src.Name
	s.problems = append(s.problems, p)
	if len(s.problems) == maxProblems {
		return errEnough
	}
	return nil
}

// scan calls row for every row of a file.
func scan(ctx context.Context, src Source, r io.Reader, row func(raw []byte, line int) *experiment.Problem) (Result, error) {
	sum := &summed{ctx: ctx, r: r, hash: sha256.New()}
	s := &scanner{src: src, row: row}
	text, err := unpack(sum)
	if err == nil {
		switch src.Kind {
		case "jsonl":
			err = s.jsonLines(text)
		case "csv":
			err = s.csv(text)
		default:
			return Result{}, fmt.Errorf("dataset %s: unknown kind %q", src.Name, src.Kind)
		}
	}
	if len(s.problems) > 0 && (err == nil || errors.Is(err, errEnough)) {
		return Result{}, s.problems
	}
	if errors.Is(err, errEnough) {
		_, err = io.Copy(io.Discard, sum) // the hash is that of the whole file
	}
	if err != nil {
		return Result{}, readError(src, err)
	}
	return Result{SHA256: hex.EncodeToString(sum.hash.Sum(nil)), Bytes: sum.n}, nil
}

func readError(src Source, err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return experiment.Errors{{File: src.Name, Message: "the file is cut off: its gzip stream has no end", Hint: "fetch it again"}}
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader):
		return experiment.Errors{{File: src.Name, Message: "the file is damaged: " + err.Error(), Hint: "fetch it again"}}
	}
	return fmt.Errorf("dataset %s: %w", src.Name, err)
}

// unpack undoes gzip, which shows in the first bytes, and skips a byte order
// mark.
func unpack(r io.Reader) (io.Reader, error) {
	buffered := bufio.NewReaderSize(r, 64<<10)
	if magic, err := buffered.Peek(2); err == nil && magic[0] == 0x1F && magic[1] == 0x8B {
		unzipped, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, err
		}
		buffered = bufio.NewReaderSize(unzipped, 64<<10)
	}
	head, err := buffered.Peek(3)
	switch {
	case err != nil && err != io.EOF:
		return nil, err
	case bytes.Equal(head, []byte("\xEF\xBB\xBF")):
		if _, err := buffered.Discard(3); err != nil {
			return nil, err
		}
	case bytes.HasPrefix(head, []byte("\xFF\xFE")), bytes.HasPrefix(head, []byte("\xFE\xFF")):
		return nil, errors.New("the text is UTF-16: save it as UTF-8")
	}
	return buffered, nil
}

// summed hashes and counts what is read, until the context ends.
type summed struct {
	ctx  context.Context
	r    io.Reader
	hash hash.Hash
	n    int64
}

// Read implements io.Reader.
func (s *summed) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.r.Read(p)
	s.hash.Write(p[:n])
	s.n += int64(n)
	return n, err
}
