package chdb

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/rs/zerolog"
)

// holdEnv makes the test binary hold the data folder that it names until its
// standard input ends.
const holdEnv = "CHDB_TEST_HOLD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(holdEnv); dir != "" {
		hold(dir)
		return
	}
	code := m.Run()
	if err := Shutdown(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func hold(dir string) {
	e, err := Open(context.Background(), Options{Dir: dir})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("held")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	_ = e.Close()
	_ = Shutdown()
}

// engine opens an engine on a new folder for one test.
func engine(t *testing.T, o Options) *Engine {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	o.Logger = zerolog.Nop()
	e, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// text1 is the result of a statement in tab-separated form.
func text1(t *testing.T, e *Engine, sql string) string {
	t.Helper()
	c, err := e.write.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer e.write.release(c)
	b, err := c.query(sql, "TSVRaw", nil)
	if err != nil {
		t.Fatal(err)
	}
	return trimLine(b)
}

func TestOpenSharesOneFolder(t *testing.T) {
	dir := t.TempDir()
	a := engine(t, Options{Dir: dir})
	b := engine(t, Options{Dir: dir})
	if a.core != b.core {
		t.Error("two engines on one folder")
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil { // a second Close of the same reference counts once
		t.Fatal(err)
	}
	if got := text1(t, b, "SELECT 1"); got != "1" {
		t.Errorf("after the other's Close: %q", got)
	}
	if !strings.HasPrefix(b.Version(), "26.") || b.Dir() != dir {
		t.Errorf("version %q, folder %q", b.Version(), b.Dir())
	}
}

func TestOpenRefusesASecondFolder(t *testing.T) {
	a := engine(t, Options{})
	other := t.TempDir()
	_, err := Open(t.Context(), Options{Dir: other})
	if err == nil || !strings.Contains(err.Error(), other) || !strings.Contains(err.Error(), a.Dir()) {
		t.Errorf("error %v, want one that names both folders", err)
	}
}

func TestOpenAgain(t *testing.T) {
	dir := t.TempDir()
	for i := range 5 {
		e := engine(t, Options{Dir: dir})
		text1(t, e, "CREATE TABLE IF NOT EXISTS default.t (i UInt8) ENGINE = MergeTree ORDER BY i")
		text1(t, e, fmt.Sprintf("INSERT INTO default.t SELECT %d", i))
		if got := text1(t, e, "SELECT count(), max(i) FROM default.t"); got != fmt.Sprintf("%d\t%d", i+1, i) {
			t.Errorf("opened %d times: %q", i+1, got)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	e := engine(t, Options{Dir: t.TempDir()})
	if got := text1(t, e, "EXISTS TABLE default.t"); got != "0" {
		t.Errorf("another folder holds the same table: %q", got)
	}
}

func TestFolderOfAnotherProcess(t *testing.T) {
	dir := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), holdEnv+"="+dir)
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if line != "held\n" {
		t.Fatalf("the child says %q, %v", line, err)
	}
	_, err = Open(t.Context(), Options{Dir: dir})
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), fmt.Sprintf("process %d ", child.Process.Pid)) {
		t.Errorf("error %v, want ErrLocked and process %d", err, child.Process.Pid)
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	if err := child.Wait(); err != nil {
		t.Errorf("the child ended badly: %v", err)
	}
	engine(t, Options{Dir: dir})
}

func TestLocate(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", cache)
	t.Setenv(LibPathEnv, "")
	want := func(err error, parts ...string) {
		t.Helper()
		if !errors.Is(err, ErrNoEngine) {
			t.Fatalf("error %v, want ErrNoEngine", err)
		}
		for _, p := range append(parts, "make engine", LibPathEnv) {
			if !strings.Contains(err.Error(), p) {
				t.Errorf("error %q does not say %q", err, p)
			}
		}
	}
	path, err := CachePath()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("/usr/local/lib/" + LibName); err != nil {
		_, err := Locate("")
		want(err, path, "/usr/local/lib")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("half of it"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Locate("")
	want(err, path, "damaged: 10 bytes")
	_, err = Locate(filepath.Join(cache, "nowhere.so"))
	want(err, "nowhere.so", "configuration")
	t.Setenv(LibPathEnv, cache)
	_, err = Locate("")
	want(err, "not a file")
	t.Setenv(LibPathEnv, path)
	if got, err := Locate(""); err != nil || got != path {
		t.Errorf("Locate = %q, %v: a library that is named is taken whatever its size", got, err)
	}
	if _, err := Verify(path); !errors.Is(err, ErrNoEngine) {
		t.Errorf("Verify of a damaged library: %v", err)
	}
	if _, err := loadLibrary(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a damaged library was loaded: %v", err)
	}
}

func TestPanicsAreStillRecovered(t *testing.T) {
	e := engine(t, Options{})
	text1(t, e, "SELECT 1")
	defer func() {
		if r := recover(); r == nil || !strings.Contains(fmt.Sprint(r), "nil pointer") {
			t.Errorf("recovered %v", r)
		}
		if got := text1(t, e, "SELECT 2"); got != "2" {
			t.Errorf("after a recovered panic: %q", got)
		}
	}()
	var p *struct{ x int }
	p.x = 1
}

// connect opens clickhouse-go on the engine.
func connect(t *testing.T, e *Engine, with func(*clickhouse.Options)) driver.Conn {
	t.Helper()
	opt := &clickhouse.Options{Protocol: clickhouse.HTTP, Addr: []string{"embedded"}, TransportFunc: transport(e)}
	if with != nil {
		with(opt)
	}
	conn, err := clickhouse.Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	return conn
}

func TestCloseEndsWhatReads(t *testing.T) {
	e := engine(t, Options{})
	conn := connect(t, e, nil)
	rows, err := conn.Query(t.Context(), "SELECT number FROM numbers(100000000000)")
	if err != nil {
		t.Fatal(err)
	}
	if !rows.Next() {
		t.Fatal("no rows")
	}
	stuck := make(chan error, 1)
	go func() {
		var n uint64
		stuck <- conn.QueryRow(context.Background(), "SELECT sum(cityHash64(number)) FROM numbers(100000000000)").Scan(&n)
	}()
	for text1(t, e, "SELECT count() FROM system.processes WHERE query LIKE 'SELECT sum(cityHash64%'") != "1" {
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-stuck; err == nil {
		t.Error("a statement finished after Close")
	}
	for rows.Next() { // what was fetched before
		continue
	}
	if rows.Err() == nil {
		t.Error("a result went on to its end after Close")
	}
	if err := conn.Exec(t.Context(), "SELECT 1"); err == nil {
		t.Error("a statement ran after Close")
	}
}
