package dataset

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/crucible-go/crucible/pkg/experiment"
	"github.com/tidwall/gjson"
)

// blockSize is what is read at a time. Items keep their line, and with it the
// block it was read into.
const blockSize = 1 << 20

// jsonLines reads one JSON object per line. Empty lines are skipped.
func (s *scanner) jsonLines(r io.Reader) error {
	block, line := make([]byte, 0, blockSize), 0
	done := 0 // bytes of block that were lines
	for eof := false; !eof; {
		if cap(block)-len(block) < blockSize/16 {
			block, done = nextBlock(block[done:]), 0
		}
		n, err := r.Read(block[len(block):cap(block)])
		if err != nil && err != io.EOF {
			return err
		}
		eof = err == io.EOF
		searched := len(block)
		block = block[:len(block)+n]
		for {
			end := bytes.IndexByte(block[searched:], '\n')
			if end < 0 {
				break
			}
			end += searched
			line++
			if err := s.jsonLine(block[done:end:end], line); err != nil {
				return err
			}
			done, searched = end+1, end+1
		}
		if len(block)-done > MaxLine {
			return errors.Join(s.report(experiment.Problem{Line: line + 1, Message: fmt.Sprintf("the line is longer than %d MiB", MaxLine>>20)}), errEnough)
		}
	}
	if done < len(block) {
		return s.jsonLine(block[done:], line+1)
	}
	return nil
}

// nextBlock is a new block that begins with the rest of the last one.
func nextBlock(rest []byte) []byte {
	size := blockSize
	if len(rest) > blockSize/2 {
		size = 4 * len(rest)
	}
	return append(make([]byte, 0, size), rest...)
}

func (s *scanner) jsonLine(text []byte, line int) error {
	text = bytes.TrimSpace(text)
	switch {
	case len(text) == 0:
		return nil
	case !utf8.Valid(text):
		return s.report(experiment.Problem{Line: line, Column: badUTF8(text), Message: "the line is not UTF-8"})
	case !gjson.ValidBytes(text):
		return s.report(syntaxProblem(text, line))
	case text[0] != '{':
		return s.report(notObject(text, line))
	}
	return s.add(text, line)
}

// badUTF8 is the number, from 1, of the first byte that is not UTF-8.
func badUTF8(text []byte) int {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 {
			return i + 1
		}
		i += n
	}
	return len(text)
}

func syntaxProblem(text []byte, line int) experiment.Problem {
	p := experiment.Problem{Line: line, Message: "the line is not JSON"}
	var v any
	var syntax *json.SyntaxError
	if err := json.Unmarshal(text, &v); errors.As(err, &syntax) {
		p.Column = int(max(syntax.Offset, 1))
		p.Message += ": " + syntax.Error()
	}
	switch {
	case line == 1 && (text[0] == '[' || text[0] == '{'):
		p.Hint = "write one JSON object into each line, without a list around them"
	case strings.Contains(p.Message, "unexpected end"):
		p.Hint = "the line is cut off: an object ends in the line in which it begins"
	case bytes.Contains(text, []byte("NaN")):
		p.Hint = "JSON has no NaN: write null"
	}
	return p
}

func notObject(text []byte, line int) experiment.Problem {
	kind := map[byte]string{'[': "a list", '"': "a text", 't': "a truth value", 'f': "a truth value", 'n': "null"}[text[0]]
	if kind == "" {
		kind = "a number"
	}
	return experiment.Problem{Line: line, Message: "the line is " + kind + ", not a JSON object", Hint: "write one JSON object into each line"}
}
