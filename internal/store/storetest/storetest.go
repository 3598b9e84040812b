// Package storetest opens stores for tests, on the real engine inside the test's
// process, makes logs of runs to fill them with, and holds the suite that every
// way to reach a store must pass.
//
// A package whose tests open stores has this beside them:
//
//	func TestMain(m *testing.M) { storetest.Main(m) }
package storetest

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rs/zerolog"

	"github.com/crucible-go/crucible/internal/store"
	"github.com/crucible-go/crucible/internal/store/chdb"
)

// process is the engine that all tests of a process share, since a process has
// one data folder; tests keep apart by their databases.
var process struct {
	dir       string
	databases atomic.Int64
}

// Main runs the tests of a package with one engine for all of them, removes its
// data and exits.
func Main(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) (code int) {
	dir, err := os.MkdirTemp("", "crucible-store-")
	if err != nil {
		return failed(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	engine, err := chdb.Open(context.Background(), chdb.Options{Dir: dir, Logger: zerolog.Nop()})
	if err != nil {
		return failed(err)
	}
	process.dir = dir
	code = m.Run()
	if err := engine.Close(); err != nil {
		return failed(err)
	}
	if err := chdb.Shutdown(); err != nil {
		return failed(err)
	}
	return code
}

func failed(err error) int {
	fmt.Fprintln(os.Stderr, "storetest:", err)
	return 1
}

// Config is the configuration of a store of this process with a database of its
// own.
func Config(t testing.TB) store.Config {
	t.Helper()
	if process.dir == "" {
		t.Fatal("storetest: TestMain of this package must call storetest.Main")
	}
	return store.Config{Dir: process.dir, Database: database(t), Logger: zerolog.Nop()}
}

// database is a name that no other test of the process has.
func database(t testing.TB) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(t.Name()))
	return fmt.Sprintf("t%d_%.40s", process.databases.Add(1), name)
}

// Open opens a store of this process with a database of its own. The test's end
// removes the database and closes the store.
func Open(t testing.TB) *store.Store {
	t.Helper()
	return OpenConfig(t, Config(t))
}

// OpenConfig opens a store, and removes its database and closes it at the end of
// the test.
func OpenConfig(t testing.TB, c store.Config) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Query(context.Background(), "DROP DATABASE IF EXISTS "+s.Database()+" SYNC", true, ignore); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func ignore([]string, []string, []any) error { return nil }
