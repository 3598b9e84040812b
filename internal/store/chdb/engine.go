package chdb

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"

	"github.com/rs/zerolog"
)

// Options say which engine to open and where its data lies.
type Options struct {
	// Lib is the engine's library; when empty, Locate looks for it.
	Lib string
	// Dir is the data folder. It is created if it does not exist.
	Dir string
	// Connections bounds the statements that run at the same time; 0 means 4.
	Connections int
	// Threads bounds the threads of one statement; 0 means one per core, at
	// most 8.
	Threads int
	// Logger is told when the engine starts and stops.
	Logger zerolog.Logger
}

// Engine is a reference to the engine of this process. It is safe for
// concurrent use; statements beyond the number of connections wait.
type Engine struct {
	*core
	once sync.Once
	err  error
}

// process is the engine of this process: the C library has one, so there is no
// other place for it.
var process struct {
	sync.Mutex
	lib     *library
	libPath string
	core    *core
	refs    int
	down    bool
}

// ErrShutDown is returned by Open after Shutdown: the engine cannot be started
// again in the same process.
var ErrShutDown = errors.New("the engine of this process was shut down and cannot be started again")

// Open starts the engine on a data folder, or shares the one that runs on it. A
// process has one data folder at a time: another one is refused while an Engine
// is open.
func Open(ctx context.Context, o Options) (*Engine, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("open the engine: data folder: %w", err)
	}
	process.Lock()
	defer process.Unlock()
	if process.down {
		return nil, fmt.Errorf("open the engine: %w", ErrShutDown)
	}
	if c := process.core; c != nil {
		if c.dir != dir {
			return nil, fmt.Errorf("open the engine on %s: this process has it open on %s, and a process has one data folder at a time", dir, c.dir)
		}
		process.refs++
		return &Engine{core: c}, nil
	}
	c, err := start(ctx, dir, o)
	if err != nil {
		return nil, fmt.Errorf("open the engine: %w", err)
	}
	process.core, process.refs = c, 1
	return &Engine{core: c}, nil
}

// start opens the library, once per process, and connects to it. The caller
// holds the lock of process.
func start(ctx context.Context, dir string, o Options) (*core, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if process.lib == nil {
		path, err := Locate(o.Lib)
		if err != nil {
			return nil, err
		}
		lib, err := loadLibrary(path)
		if err != nil {
			return nil, fmt.Errorf("%w; `make engine` fetches it anew, or point to a ClickHouse server", err)
		}
		process.lib, process.libPath = lib, path
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	c, err := newCore(process.lib, dir, lock, o)
	if err != nil {
		return nil, errors.Join(err, lock.release())
	}
	o.Logger.Debug().Str("engine", c.version).Str("dir", dir).Str("library", process.libPath).Msg("engine started")
	return c, nil
}

// Close gives the engine back. The last Close ends open results and statements
// that read, waits for inserts, closes every connection and frees the data
// folder; the engine may then be opened again, on the same folder or another.
func (e *Engine) Close() error {
	e.once.Do(func() {
		process.Lock()
		defer process.Unlock()
		if process.refs--; process.refs > 0 {
			return
		}
		e.err = process.core.close()
		process.core = nil
	})
	return e.err
}

// Shutdown ends the engine's threads. It belongs at the very end of a process,
// after every Close: the engine cannot be opened again after it. It does
// nothing when the engine was never opened. Threads of its pools that the
// engine keeps, as it does once a table of the MergeTree family was open, are
// idle and end with the process.
func Shutdown() error {
	process.Lock()
	defer process.Unlock()
	if process.core != nil {
		return fmt.Errorf("shut the engine down: it is still open on %s", process.core.dir)
	}
	if process.lib == nil || process.down {
		return nil
	}
	process.down = true
	process.lib.signals.save()
	defer process.lib.signals.restore()
	process.lib.shutdown()
	return nil
}

// core is the running engine.
type core struct {
	lib      *library
	dir      string
	lock     *dirLock
	logger   zerolog.Logger
	write    *pool
	read     *pool
	control  *pool // stops statements of the others
	version  string
	timezone string

	ctx    context.Context // ends with the core
	cancel context.CancelFunc

	mu      sync.Mutex
	streams map[*stream]struct{}
	closed  bool
}

const defaultConnections = 4

func newCore(lib *library, dir string, lock *dirLock, o Options) (*core, error) {
	c := &core{lib: lib, dir: dir, lock: lock, logger: o.Logger, streams: map[*stream]struct{}{}}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	n := o.Connections
	if n <= 0 {
		n = defaultConnections
	}
	threads := o.Threads
	if threads <= 0 {
		threads = min(runtime.NumCPU(), 8)
	}
	session := sessionDefaults(threads)
	c.write = newPool(c, n, session)
	c.read = newPool(c, n, append(session[:len(session):len(session)], Param{"readonly", "1"}))
	c.control = newPool(c, 1, session)
	c.write.closed, c.read.closed = c.ctx.Done(), c.ctx.Done()
	conn, err := c.write.acquire(c.ctx)
	if err != nil {
		return nil, err
	}
	err = c.hello(conn)
	c.write.release(conn)
	if err != nil {
		c.drain()
		return nil, err
	}
	return c, nil
}

// sessionDefaults are the settings of every connection.
func sessionDefaults(threads int) []Param {
	return []Param{
		{"max_threads", strconv.Itoa(threads)},
		{"async_insert", "0"},
		{"session_timezone", "UTC"},
		{"max_block_size", "16384"},
	}
}

// hello asks the engine who it is.
func (c *core) hello(conn *conn) error {
	out, err := conn.query("SELECT version()", "TSVRaw", nil)
	if err != nil {
		return fmt.Errorf("ask the engine for its version: %w", err)
	}
	c.version, c.timezone = trimLine(out), "UTC"
	return nil
}

// close ends open results and statements that read, waits for those that write
// and closes every connection.
func (c *core) close() error {
	c.cancel()
	c.mu.Lock()
	c.closed = true
	open := make([]*stream, 0, len(c.streams))
	for s := range c.streams {
		open = append(open, s)
	}
	c.mu.Unlock()
	for _, s := range open {
		s.end(errClosed)
	}
	c.drain()
	err := c.lock.release()
	c.logger.Debug().Str("dir", c.dir).Msg("engine stopped")
	return err
}

func (c *core) drain() {
	c.write.drain()
	c.read.drain()
	c.control.drain()
}

var errClosed = errors.New("the engine was closed")

// Version is the engine's version, for example "26.7.2.1".
func (c *core) Version() string { return c.version }

// Dir is the data folder.
func (c *core) Dir() string { return c.dir }

func (c *core) track(s *stream) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.streams[s] = struct{}{}
	return true
}

func (c *core) forget(s *stream) {
	c.mu.Lock()
	delete(c.streams, s)
	c.mu.Unlock()
}
