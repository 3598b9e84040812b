// Package archive writes a run to a file of its own and reads it back: every
// event of its stream and of the control stream that is about it, in order, and
// the objects that they refer to.
//
// The file is JSON lines, compressed by Zstandard, so that any tool can read it:
// a header, objects in pieces, events with their payloads as text, and an end
// with counts and checksums. An archive without its end, or whose content does
// not add up, is refused as a whole.
package archive

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"

	"github.com/crucible-go/crucible/pkg/events"
)

// Format is the version of the file format.
const Format = 1

const (
	// maxLine bounds a line that is read: a payload of the log, escaped, or a piece
	// of an object.
	maxLine = 16 << 20
	// maxWindow bounds what of the file the decoder keeps: eight times what the
	// encoder asks for.
	maxWindow = 64 << 20
)

// Header is the first line.
type Header struct {
	Format  int    `json:"crucible_archive"`
	Run     string `json:"run"`
	Version string `json:"version"` // of the binary that wrote it
}

// Event is one message of the log.
type Event struct {
	Stream  string // events.ControlStream or the run's
	Seq     uint64 // there
	Subject string
	Payload []byte
}

// End is the last line.
type End struct {
	Events  int                 `json:"events"`
	Objects int                 `json:"objects"`
	Kinds   []events.KindDigest `json:"kinds"`  // of the run's stream
	SHA256  string              `json:"sha256"` // of the lines before this one
}

// line is any line but the header; one of its parts is set.
type line struct {
	Object  string `json:"object,omitempty"` // SHA-256
	Piece   []byte `json:"piece,omitempty"`
	Stream  string `json:"stream,omitempty"`
	Seq     uint64 `json:"seq,omitempty"`
	Subject string `json:"subject,omitempty"`
	Payload string `json:"payload,omitempty"`
	Binary  []byte `json:"binary,omitempty"` // a payload that is not UTF-8
	End     *End   `json:"end,omitempty"`
}

// Writer writes an archive. It is not safe for concurrent use.
type Writer struct {
	z       *zstd.Encoder
	sum     hash.Hash
	run     string
	end     End
	digests events.Digests
}

// NewWriter begins an archive with its header.
func NewWriter(w io.Writer, h Header) (*Writer, error) {
	z, err := zstd.NewWriter(w)
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	h.Format = Format
	a := &Writer{z: z, sum: sha256.New(), run: h.Run}
	return a, a.put(h)
}

// put writes one line.
func (a *Writer) put(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	b = append(b, '\n')
	a.sum.Write(b)
	if _, err := a.z.Write(b); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	return nil
}

// Event adds a message.
func (a *Writer) Event(e Event) error {
	l := line{Stream: e.Stream, Seq: e.Seq, Subject: e.Subject}
	if utf8.Valid(e.Payload) {
		l.Payload = string(e.Payload)
	} else {
		l.Binary = e.Payload
	}
	a.end.Events++
	if e.Stream == events.RunStream(a.run) {
		add(&a.digests, e)
	}
	return a.put(l)
}

func add(d *events.Digests, e Event) {
	d.Add(events.KindOf(e.Subject), events.EventID(e.Subject), e.Payload)
}

// Object adds an object by its hash.
func (a *Writer) Object(sha256hex string, r io.Reader) error {
	a.end.Objects++
	buf := make([]byte, 1<<20)
	for first := true; ; first = false {
		n, err := io.ReadFull(r, buf)
		if n > 0 || first {
			if perr := a.put(line{Object: sha256hex, Piece: buf[:n]}); perr != nil {
				return perr
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("archive: object %s: %w", sha256hex, err)
		}
	}
}

// Close writes the end. The archive is worth nothing before.
func (a *Writer) Close() (End, error) {
	a.end.Kinds = a.digests.Kinds()
	a.end.SHA256 = hex.EncodeToString(a.sum.Sum(nil))
	if err := a.put(line{End: &a.end}); err != nil {
		return End{}, err
	}
	if err := a.z.Close(); err != nil {
		return End{}, fmt.Errorf("archive: %w", err)
	}
	return a.end, nil
}

// Visitor takes what an archive holds, in its order; nil functions pass over.
type Visitor struct {
	Header func(Header) error
	// Piece is a part of an object, in order; the last one of an object is
	// followed by something else.
	Piece func(sha256hex string, b []byte) error
	Event func(Event) error
}

// ErrDamaged marks a file that is no whole archive.
var ErrDamaged = errors.New("the archive is damaged")

// Read reads an archive to its end and checks that it adds up. What the visitor
// was given is only to be believed once Read has returned nil: verify with an
// empty Visitor first.
func Read(r io.Reader, v Visitor) (Header, End, error) {
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return Header{}, End{}, fmt.Errorf("archive: %w", err)
	}
	defer z.Close()
	s := &reader{lines: bufio.NewReaderSize(z, 1<<16), sum: sha256.New(), v: v}
	h, end, err := s.read()
	if err != nil {
		return h, end, fmt.Errorf("archive: line %d: %w", s.n, err)
	}
	return h, end, nil
}

type reader struct {
	lines   *bufio.Reader
	sum     hash.Hash
	v       Visitor
	n       int
	run     string
	got     End
	last    string // the object that pieces belong to
	digests events.Digests
}

func (s *reader) read() (h Header, end End, err error) {
	b, err := s.next()
	if err != nil {
		return h, end, err
	}
	if err := json.Unmarshal(b, &h); err != nil || h.Format == 0 {
		return h, end, fmt.Errorf("%w: this is no archive of Crucible", ErrDamaged)
	}
	if h.Format > Format {
		return h, end, fmt.Errorf("the archive has format %d, this version reads up to %d", h.Format, Format)
	}
	s.run = h.Run
	if s.v.Header != nil {
		if err := s.v.Header(h); err != nil {
			return h, end, err
		}
	}
	for {
		before := hex.EncodeToString(s.sum.Sum(nil))
		b, err := s.next()
		if err != nil {
			return h, end, err
		}
		var l line
		if err := json.Unmarshal(b, &l); err != nil {
			return h, end, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		if l.End != nil {
			if err := s.check(*l.End, before); err != nil {
				return h, *l.End, err
			}
			return h, *l.End, s.over()
		}
		if err := s.take(l); err != nil {
			return h, end, err
		}
	}
}

// next is the next line, with a bound on its length.
func (s *reader) next() ([]byte, error) {
	s.n++
	var out []byte
	for {
		part, err := s.lines.ReadSlice('\n')
		out = append(out, part...)
		switch {
		case err == nil:
			s.sum.Write(out)
			return out, nil
		case errors.Is(err, bufio.ErrBufferFull) && len(out) < maxLine:
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("%w: it ends without its last line", ErrDamaged)
		default:
			return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}
}

// over checks that nothing follows the end.
func (s *reader) over() error {
	_, err := s.lines.ReadByte()
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return fmt.Errorf("%w: something follows its last line", ErrDamaged)
}

func (s *reader) take(l line) error {
	if l.Object != "" {
		if l.Object != s.last {
			s.last = l.Object
			s.got.Objects++
		}
		if s.v.Piece != nil {
			return s.v.Piece(l.Object, l.Piece)
		}
		return nil
	}
	s.last = ""
	e := Event{Stream: l.Stream, Seq: l.Seq, Subject: l.Subject, Payload: []byte(l.Payload)}
	if l.Binary != nil {
		e.Payload = l.Binary
	}
	s.got.Events++
	if e.Stream == events.RunStream(s.run) {
		add(&s.digests, e)
	}
	if s.v.Event != nil {
		return s.v.Event(e)
	}
	return nil
}

func (s *reader) check(end End, sum string) error {
	if end.SHA256 != sum {
		return fmt.Errorf("%w: its checksum is %s, its end says %s", ErrDamaged, sum, end.SHA256)
	}
	if end.Events != s.got.Events || end.Objects != s.got.Objects {
		return fmt.Errorf("%w: it holds %d events and %d objects, its end says %d and %d", ErrDamaged, s.got.Events, s.got.Objects, end.Events, end.Objects)
	}
	if diff := events.DiffKinds("the archive", s.digests.Kinds(), "its end", end.Kinds); diff != nil {
		return fmt.Errorf("%w: %s", ErrDamaged, diff[0])
	}
	return nil
}
