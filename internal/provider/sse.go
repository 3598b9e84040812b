package provider

import (
	"bufio"
	"bytes"
	"io"
)

// events reads server-sent events. An event that its empty line does not end is
// none: the stream broke off in it.
type eventReader struct {
	lines *bufio.Reader
	kind  string
	data  []byte
}

func newEventReader(r io.Reader) *eventReader { return &eventReader{lines: bufio.NewReader(r)} }

// next reads the next event that has data into kind and data, which are valid
// until the next call. The error is io.EOF at an end between two events and
// io.ErrUnexpectedEOF inside of one.
func (e *eventReader) next() error {
	e.kind, e.data = "", e.data[:0]
	began := false
	for {
		line, err := e.line()
		if err != nil {
			if err == io.EOF && (began || len(line) > 0) { //nolint:errorlint // what a Reader returns at its end
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		if len(line) == 0 {
			if began && len(e.data) > 0 {
				e.data = e.data[:len(e.data)-1] // the last newline
				return nil
			}
			e.kind, began = "", false
			continue
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(name) {
		case "event":
			e.kind, began = string(value), true
		case "data":
			e.data = append(append(e.data, value...), '\n')
			began = true
		}
	}
}

// line reads a line without its end, valid until the next read. What bounds it
// is the body.
func (e *eventReader) line() ([]byte, error) {
	line, err := e.lines.ReadSlice('\n')
	if err == bufio.ErrBufferFull { //nolint:errorlint // what ReadSlice returns
		rest, restErr := e.lines.ReadBytes('\n')
		line, err = append(bytes.Clone(line), rest...), restErr
	}
	if err != nil {
		return line, err
	}
	return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")), nil
}
