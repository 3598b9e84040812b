package chdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"unsafe"

	"github.com/ClickHouse/clickhouse-go/v2/lib/column"
)

func columnType(s string) column.Type { return column.Type(s) }

func sortParams(p []Param) {
	slices.SortFunc(p, func(a, b Param) int { return strings.Compare(a.Name, b.Name) })
}

// The classes of statements that the engine's parser tells apart, as far as
// they are needed.
const (
	classRead    = 0 // leaves no trace
	classUnknown = 4 // does not parse, or is not classified
)

// analysis is the engine's struct chdb_query_analysis_v1.
type analysis struct {
	size, statements, flags, class uint32
}

// look has the engine's parser look at a statement without running it. Several
// statements at once are an error, as they are over HTTP.
func (c *conn) look(sql string) (class uint32, err error) {
	a := analysis{size: uint32(unsafe.Sizeof(analysis{}))}
	q, n := text(sql)
	state := c.lib.classify(c.handle(), q, n, nil, 0, unsafe.Pointer(&a))
	runtime.KeepAlive(sql)
	switch {
	case state != 0 || a.statements == 0:
		return classUnknown, nil
	case a.statements > 1:
		return 0, &Exception{Code: 62, Message: "Code: 62. DB::Exception: Multi-statements are not allowed. (SYNTAX_ERROR)"}
	}
	return a.class, nil
}

// onlyReads refuses what is not known to leave no trace. The engine's readonly
// setting does that for tables, but lets through SYSTEM, KILL and INTO OUTFILE.
func (c *conn) onlyReads(class uint32, sql string) error {
	if class == classRead {
		return nil
	}
	if class == classUnknown { // say what is wrong with text that does not parse
		if _, err := c.query("SELECT formatQuery({sql:String})", "Null", []Param{{"sql", escape.Replace(sql)}}); err != nil {
			return err
		}
	}
	return &Exception{Code: 164, Message: "Code: 164. DB::Exception: Cannot execute query in readonly mode. (READONLY)"}
}

// stream is the body of an answer: the blocks of a result, fetched when they
// are read. It holds its connection until it is closed or read to the end.
type stream struct {
	core   *core
	ctx    context.Context
	tag    string
	finish func() // gives the connection back

	mu     sync.Mutex
	conn   *conn
	handle uintptr // 0: ended
	rest   []byte
	err    error
}

// startStream begins a statement and fetches its first block, so that most
// errors are answered with a status.
func (c *core) startStream(ctx context.Context, conn *conn, req *request, finish func()) (*http.Response, error) {
	var handle uintptr
	var err error
	c.interruptible(ctx, conn, func() { handle, err = conn.stream(req.sql, req.format, req.params) })
	if errors.Is(err, errNoStream) {
		return nil, err // the connection is still the caller's
	}
	if err != nil {
		if ctx.Err() != nil {
			err = c.reason(ctx)
		}
		finish()
		return nil, err
	}
	s := &stream{core: c, ctx: ctx, tag: newTag(), finish: finish, conn: conn, handle: handle}
	if !c.track(s) {
		s.end(errClosed)
		return nil, errClosed
	}
	first, err := s.fetch()
	if err != nil {
		s.end(err)
		return nil, err
	}
	if len(first) == 0 {
		s.end(io.EOF)
		return bytesResponse(nil), nil
	}
	s.rest = first
	res := bytesResponse(nil)
	res.Header.Set("X-ClickHouse-Exception-Tag", s.tag)
	res.Body, res.ContentLength = s, -1
	return res, nil
}

// fetch copies the next block; none is left when it is empty. The caller holds
// the mutex or is alone.
func (s *stream) fetch() ([]byte, error) {
	if s.handle == 0 {
		return nil, s.err
	}
	if s.ctx.Err() != nil {
		return nil, s.core.reason(s.ctx)
	}
	var b []byte
	var err error
	s.core.interruptible(s.ctx, s.conn, func() {
		b, err = s.conn.lib.result(s.conn.lib.streamFetch(s.conn.handle(), s.handle))
	})
	if err != nil && s.ctx.Err() != nil {
		err = s.core.reason(s.ctx)
	}
	return b, err
}

// Read implements io.Reader. An error of the engine after the answer began
// arrives as ClickHouse writes it over HTTP: a marked block at the end.
func (s *stream) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.rest) == 0 && s.err == nil {
		b, err := s.fetch()
		var ex *Exception
		switch {
		case errors.As(err, &ex):
			s.rest = s.exceptionBlock(ex)
			s.stop(io.EOF)
		case err != nil:
			s.stop(err)
		case len(b) == 0:
			s.stop(io.EOF)
		default:
			s.rest = b
		}
	}
	if len(s.rest) == 0 {
		return 0, s.err
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// ended is a context that is over.
var ended = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

func (s *stream) exceptionBlock(ex *Exception) []byte {
	return fmt.Appendf(nil, "\r\n__exception__\r\n%s\r\n%s\n%d %s\r\n__exception__\r\n",
		s.tag, ex.Message, len(ex.Message)+1, s.tag)
}

// Close implements io.Closer: it cancels what was not read.
func (s *stream) Close() error {
	s.end(io.ErrClosedPipe)
	return nil
}

// end stops the stream; reads return err from then on, after what is buffered.
func (s *stream) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if errors.Is(err, errClosed) || errors.Is(err, io.ErrClosedPipe) {
		s.rest = nil
	}
	s.stop(err)
}

// stop destroys the engine's handle and gives the connection back, once. The
// caller holds the mutex.
func (s *stream) stop(err error) {
	if s.handle == 0 {
		return
	}
	if !errors.Is(err, io.EOF) {
		// Cancelling waits for the statement to look up from its work, which one
		// that produces nothing yet does not do unless it is interrupted as well.
		s.core.interruptible(ended, s.conn, func() { s.conn.lib.streamCancel(s.conn.handle(), s.handle) })
	}
	s.conn.lib.destroyResult(s.handle)
	s.handle, s.err = 0, err
	s.core.forget(s)
	s.finish()
}
