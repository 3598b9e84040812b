package chdb

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// library is the engine's C interface, reduced to the functions with explicit
// lengths. Handles are opaque; zero is "none".
//
// Every function blocks its operating system thread until the engine is done.
type library struct {
	connect        func(argc int32, argv unsafe.Pointer) uintptr
	closeConn      func(conn uintptr)
	query          func(conn uintptr, sql unsafe.Pointer, sqlLen uintptr, format unsafe.Pointer, formatLen uintptr, names, nameLens, values, valueLens unsafe.Pointer, count uintptr) uintptr
	streamQuery    func(conn uintptr, sql unsafe.Pointer, sqlLen uintptr, format unsafe.Pointer, formatLen uintptr, names, nameLens, values, valueLens unsafe.Pointer, count uintptr) uintptr
	streamFetch    func(conn, result uintptr) uintptr
	streamCancel   func(conn, result uintptr)
	resultBuffer   func(result uintptr) unsafe.Pointer
	resultLength   func(result uintptr) uintptr
	resultError    func(result uintptr) unsafe.Pointer
	destroyResult  func(result uintptr)
	insert         func(conn uintptr, sql unsafe.Pointer, sqlLen uintptr, format unsafe.Pointer, formatLen uintptr, names, nameLens, values, valueLens unsafe.Pointer, count uintptr) uintptr
	insertAppend   func(stream uintptr, data unsafe.Pointer, n uintptr) int32
	insertDone     func(stream uintptr) uintptr
	insertCancel   func(stream uintptr)
	insertError    func(stream uintptr) unsafe.Pointer
	insertDestroy  func(stream uintptr)
	classify       func(conn uintptr, sql unsafe.Pointer, sqlLen uintptr, db unsafe.Pointer, dbLen uintptr, out unsafe.Pointer) int32
	handlersEnable func(enabled int32)
	shutdown       func() int32
	version        func() string

	signals signals
}

// loadLibrary opens the engine's library and gives the Go runtime its signal
// handlers back.
func loadLibrary(path string) (lib *library, err error) {
	lib = new(library)
	if err := lib.signals.bind(); err != nil {
		return nil, err
	}
	lib.signals.save()
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		lib.signals.restore()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if err := lib.bind(handle); err != nil {
		lib.signals.restore()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	lib.handlersEnable(0)
	lib.signals.restore()
	return lib, nil
}

func (l *library) bind(handle uintptr) error {
	for _, f := range []struct {
		name string
		fn   any
	}{
		{"chdb_connect", &l.connect},
		{"chdb_close_conn", &l.closeConn},
		{"chdb_query_with_params_n", &l.query},
		{"chdb_stream_query_with_params_n", &l.streamQuery},
		{"chdb_stream_fetch_result", &l.streamFetch},
		{"chdb_stream_cancel_query", &l.streamCancel},
		{"chdb_result_buffer", &l.resultBuffer},
		{"chdb_result_length", &l.resultLength},
		{"chdb_result_error", &l.resultError},
		{"chdb_destroy_query_result", &l.destroyResult},
		{"chdb_stream_insert_with_params_n", &l.insert},
		{"chdb_stream_append", &l.insertAppend},
		{"chdb_stream_done", &l.insertDone},
		{"chdb_stream_cancel_insert", &l.insertCancel},
		{"chdb_stream_insert_error", &l.insertError},
		{"chdb_destroy_insert_stream", &l.insertDestroy},
		{"chdb_classify_query_n", &l.classify},
		{"chdb_set_signal_handlers_enabled", &l.handlersEnable},
		{"chdb_shutdown", &l.shutdown},
		{"chdb_version", &l.version},
	} {
		sym, err := purego.Dlsym(handle, f.name)
		if err != nil {
			return fmt.Errorf("it is not a version that Crucible can use: %w", err)
		}
		purego.RegisterFunc(f.fn, sym)
	}
	return nil
}

// open connects to the engine, which the first connection of a process starts.
// The result is the address of the connection's handle.
func (l *library) open(args []string) (uintptr, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	argv := make([]*byte, 0, len(args)+1)
	for _, a := range args {
		b := append([]byte(a), 0)
		pin.Pin(&b[0])
		argv = append(argv, &b[0])
	}
	argv = append(argv, nil)
	pin.Pin(&argv[0])
	l.signals.save()
	conn := l.connect(int32(len(args)), unsafe.Pointer(&argv[0]))
	l.signals.restore()
	if conn == 0 || deref(conn) == 0 {
		return 0, errors.New("the engine refused the connection; its reason is on standard error")
	}
	return conn, nil
}

// result copies a result and destroys it. The engine's message becomes an
// *Exception.
func (l *library) result(r uintptr) ([]byte, error) {
	if r == 0 {
		return nil, errors.New("the engine returned no result")
	}
	defer l.destroyResult(r)
	if msg := l.resultError(r); msg != nil {
		return nil, newException(cString(msg))
	}
	n, p := l.resultLength(r), l.resultBuffer(r)
	if n == 0 || p == nil {
		return nil, nil
	}
	return append([]byte(nil), unsafe.Slice((*byte)(p), n)...), nil
}

// text is a Go string as the pointer and length that the engine wants. The
// string must be kept alive until the call returns.
func text(s string) (unsafe.Pointer, uintptr) {
	if s == "" {
		s = "\x00"
		return unsafe.Pointer(unsafe.StringData(s)), 0
	}
	return unsafe.Pointer(unsafe.StringData(s)), uintptr(len(s))
}

// params are named values in the form that the engine wants, kept in place
// until release.
type params struct {
	pin                               runtime.Pinner
	names, nameLens, values, valueLen unsafe.Pointer
	count                             uintptr
}

func newParams(list []Param) *params {
	p := &params{count: uintptr(len(list))}
	if len(list) == 0 {
		return p
	}
	names, values := make([]*byte, len(list)), make([]*byte, len(list))
	nameLens, valueLens := make([]uintptr, len(list)), make([]uintptr, len(list))
	for i, v := range list {
		names[i], nameLens[i] = p.bytes(v.Name)
		values[i], valueLens[i] = p.bytes(v.Value)
	}
	p.pin.Pin(&names[0])
	p.pin.Pin(&values[0])
	p.pin.Pin(&nameLens[0])
	p.pin.Pin(&valueLens[0])
	p.names, p.values = unsafe.Pointer(&names[0]), unsafe.Pointer(&values[0])
	p.nameLens, p.valueLen = unsafe.Pointer(&nameLens[0]), unsafe.Pointer(&valueLens[0])
	return p
}

func (p *params) bytes(s string) (*byte, uintptr) {
	b := append([]byte(s), 0)
	p.pin.Pin(&b[0])
	return &b[0], uintptr(len(s))
}

func (p *params) release() { p.pin.Unpin() }

func cString(p unsafe.Pointer) string {
	if p == nil {
		return ""
	}
	n := 0
	for *(*byte)(unsafe.Add(p, n)) != 0 {
		n++
	}
	return string(unsafe.Slice((*byte)(p), n))
}

// deref reads the handle that a connection's address points to.
func deref(conn uintptr) uintptr {
	return **(**uintptr)(unsafe.Pointer(&conn))
}
