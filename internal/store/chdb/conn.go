package chdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Param is a name with a value: a query parameter in the engine's escaped text
// form, or a setting.
type Param struct{ Name, Value string }

// conn is one connection to the engine. It runs one statement at a time: its
// user has it to itself between acquire and release.
type conn struct {
	lib      *library
	addr     uintptr // of the handle
	name     string  // of the statements that run on it, in system.processes
	database string
	session  []Param
}

func (c *conn) handle() uintptr { return deref(c.addr) }

// query runs a statement and copies its result.
func (c *conn) query(sql, format string, list []Param) ([]byte, error) {
	p := newParams(list)
	defer p.release()
	q, qn := text(sql)
	f, fn := text(format)
	r := c.lib.query(c.handle(), q, qn, f, fn, p.names, p.nameLens, p.values, p.valueLen, p.count)
	runtime.KeepAlive(sql)
	runtime.KeepAlive(format)
	return c.lib.result(r)
}

// stream starts a statement whose result is fetched block by block. The handle
// it returns must be destroyed.
func (c *conn) stream(sql, format string, list []Param) (uintptr, error) {
	p := newParams(list)
	defer p.release()
	q, qn := text(sql)
	f, fn := text(format)
	r := c.lib.streamQuery(c.handle(), q, qn, f, fn, p.names, p.nameLens, p.values, p.valueLen, p.count)
	runtime.KeepAlive(sql)
	runtime.KeepAlive(format)
	if r == 0 {
		return 0, errors.New("the engine returned no stream")
	}
	if msg := c.lib.resultError(r); msg != nil {
		err := newException(cString(msg))
		c.lib.destroyResult(r)
		if strings.Contains(err.Message, "Streaming query is not supported") {
			return 0, errNoStream
		}
		return 0, err
	}
	return r, nil
}

// errNoStream says that the engine does not stream a statement that it can run
// whole, for example EXPLAIN.
var errNoStream = errors.New("the engine does not stream this statement")

// insert feeds a body to an INSERT without its FORMAT clause. Nothing is stored
// unless the whole body was read.
func (c *conn) insert(sql, format string, list []Param, body io.Reader, buf []byte) error {
	p := newParams(list)
	q, qn := text(sql)
	f, fn := text(format)
	s := c.lib.insert(c.handle(), q, qn, f, fn, p.names, p.nameLens, p.values, p.valueLen, p.count)
	runtime.KeepAlive(sql)
	runtime.KeepAlive(format)
	p.release()
	if s == 0 {
		return errors.New("the engine returned no insert stream")
	}
	defer c.lib.insertDestroy(s)
	if msg := c.lib.insertError(s); msg != nil {
		return newException(cString(msg))
	}
	if err := c.feed(s, body, buf); err != nil {
		c.lib.insertCancel(s)
		return err
	}
	_, err := c.lib.result(c.lib.insertDone(s))
	return err
}

func (c *conn) feed(s uintptr, body io.Reader, buf []byte) error {
	for {
		n, err := body.Read(buf)
		if n > 0 && c.lib.insertAppend(s, unsafe.Pointer(&buf[0]), uintptr(n)) != 0 {
			if msg := c.lib.insertError(s); msg != nil {
				return newException(cString(msg))
			}
			return errors.New("the engine refused data of an insert without saying why")
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read the data of an insert: %w", err)
		}
	}
}

// use makes db the database of the connection.
func (c *conn) use(db string) error {
	if db == "" || db == c.database {
		return nil
	}
	if _, err := c.query("USE "+quoteName(db), "Null", nil); err != nil {
		return err
	}
	c.database = db
	return nil
}

// set changes settings; the function that it returns puts them back.
func (c *conn) set(settings []Param) (func() error, error) {
	if len(settings) == 0 {
		return func() error { return nil }, nil
	}
	var do, undo strings.Builder
	do.WriteString("SET ")
	undo.WriteString("SET ")
	for i, s := range settings {
		if !isName(s.Name) {
			return nil, &Exception{Code: 115, Message: fmt.Sprintf("Code: 115. DB::Exception: Unknown setting %q. (UNKNOWN_SETTING)", s.Name)}
		}
		if i > 0 {
			do.WriteString(", ")
			undo.WriteString(", ")
		}
		do.WriteString(s.Name + " = " + quoteText(s.Value))
		undo.WriteString(s.Name + " = " + c.sessionValue(s.Name))
	}
	if _, err := c.query(do.String(), "Null", nil); err != nil {
		return nil, err
	}
	return func() error {
		_, err := c.query(undo.String(), "Null", nil)
		return err
	}, nil
}

func (c *conn) sessionValue(name string) string {
	for _, s := range c.session {
		if s.Name == name {
			return quoteText(s.Value)
		}
	}
	return "DEFAULT"
}

func (c *conn) close() { c.lib.closeConn(c.addr) }

// pool lends connections that are opened when they are first needed.
type pool struct {
	core    *core
	session []Param
	slots   chan *conn      // nil: not connected yet
	closed  <-chan struct{} // nobody gets a connection any more
}

func newPool(c *core, n int, session []Param) *pool {
	p := &pool{core: c, session: session, slots: make(chan *conn, n)}
	for range n {
		p.slots <- nil
	}
	return p
}

// connecting serialises connects: each takes the signal handlers away for a
// moment.
var connecting sync.Mutex

// connections counts the connections of this process, to name them.
var connections atomic.Uint64

// nameSetting carries a connection's name; requests do not set it.
const nameSetting = "log_comment"

func (p *pool) acquire(ctx context.Context) (*conn, error) {
	var c *conn
	select {
	case c = <-p.slots:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.closed:
		return nil, errClosed
	}
	if c != nil {
		return c, nil
	}
	c, err := p.connect()
	if err != nil {
		p.slots <- nil
		return nil, err
	}
	return c, nil
}

func (p *pool) connect() (*conn, error) {
	connecting.Lock()
	defer connecting.Unlock()
	args := append([]string{"crucible", "--path=" + p.core.dir}, serverOptions()...)
	name := "connection-" + strconv.FormatUint(connections.Add(1), 10)
	for _, s := range append(p.session[:len(p.session):len(p.session)], Param{nameSetting, name}) {
		args = append(args, "--"+s.Name+"="+s.Value)
	}
	addr, err := p.core.lib.open(args)
	if err != nil {
		return nil, fmt.Errorf("connect to the engine on %s: %w", p.core.dir, err)
	}
	return &conn{lib: p.core.lib, addr: addr, name: name, session: p.session}, nil
}

// serverOptions hold for the whole engine. They keep what it caches small, and
// have it return memory that it no longer uses from some 100 MB on.
func serverOptions() []string {
	return []string{
		"--max_server_memory_usage=4000000000",
		"--memory_worker_purge_dirty_pages_threshold_ratio=0.025",
		"--mark_cache_size=67108864",
		"--index_mark_cache_size=16777216",
		"--primary_index_cache_size=67108864",
	}
}

func (p *pool) release(c *conn) { p.slots <- c }

// drop closes a connection whose state is unknown; the next user opens another.
func (p *pool) drop(c *conn) {
	c.close()
	p.slots <- nil
}

// drain takes every connection, which waits for those in use, and closes it.
func (p *pool) drain() {
	for range cap(p.slots) {
		if c := <-p.slots; c != nil {
			c.close()
		}
	}
}

func isName(s string) bool {
	for i := range len(s) {
		b := s[i]
		if b != '_' && (b < 'a' || b > 'z') && (b < 'A' || b > 'Z') && (i == 0 || b < '0' || b > '9') {
			return false
		}
	}
	return s != ""
}

func quoteName(s string) string {
	return "`" + strings.NewReplacer("\\", "\\\\", "`", "\\`").Replace(s) + "`"
}

func quoteText(s string) string {
	return "'" + strings.NewReplacer("\\", "\\\\", "'", "\\'", "\x00", "\\0").Replace(s) + "'"
}

// escape writes a text as the value of a parameter.
var escape = strings.NewReplacer("\\", "\\\\", "\t", "\\t", "\n", "\\n", "\r", "\\r", "\x00", "\\0")

func trimLine(b []byte) string { return strings.TrimRight(string(b), "\n") }
