// Package store keeps a queryable copy of the log in ClickHouse: a server or
// cluster, or the engine inside this process. It can be dropped and rebuilt
// from the log at any time.
//
// The table underneath is insert-only and may hold an event more than once;
// everything here, and every view, reads each event once.
package store

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/rs/zerolog"

	"github.com/crucible-go/crucible/internal/store/chdb"
	"github.com/crucible-go/crucible/internal/store/sql"
)

// DefaultDatabase is used where none is named.
const DefaultDatabase = "crucible"

// The oldest ClickHouse whose SQL is enough.
const (
	minMajor = 25
	minMinor = 3
)

// Config says where the store is. The zero value of every field but Dir works.
type Config struct {
	// URL of a ClickHouse: clickhouse://user:pass@host:9000/db?secure=true or
	// http(s)://user:pass@host:8123/db. Empty: the engine inside this process.
	URL string
	// Dir is the data folder of the engine inside this process. A process has
	// one at a time.
	Dir string
	// Lib is the engine's library; empty: it is looked for.
	Lib string
	// Database is created if it does not exist; empty: the one in URL, or
	// DefaultDatabase.
	Database string
	// Connections bounds the statements that run at the same time; 0 means 4.
	Connections int
	// Logger is told what the engine does.
	Logger zerolog.Logger
}

// Store is a connection to ClickHouse. It is safe for concurrent use.
type Store struct {
	conn     driver.Conn
	engine   *chdb.Engine // nil: a server
	database string
	version  string
	insert   string
	lastDrop string
}

// Open connects, checks the version, creates the database and applies the
// migrations that are missing. Errors never hold the URL's password.
func Open(ctx context.Context, c Config) (*Store, error) {
	s, err := open(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	return s, nil
}

func open(ctx context.Context, c Config) (_ *Store, err error) {
	s := &Store{insert: sql.Query("insert"), lastDrop: sql.Query("last_drop")}
	opt, err := s.options(ctx, c)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := s.prepare(ctx, opt); err != nil {
		return nil, err
	}
	opt.Auth.Database = s.database
	if s.conn, err = clickhouse.Open(opt); err != nil {
		return nil, err
	}
	if err := s.migrate(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// options fills in how to connect, and opens the engine if there is no URL.
func (s *Store) options(ctx context.Context, c Config) (*clickhouse.Options, error) {
	n := c.Connections
	if n <= 0 {
		n = 4
	}
	s.database = c.Database
	opt := &clickhouse.Options{Protocol: clickhouse.HTTP, Addr: []string{"embedded"}}
	if c.URL != "" {
		var err error
		if opt, err = parseURL(c.URL); err != nil {
			return nil, err
		}
		if s.database == "" && opt.Auth.Database != "default" {
			s.database = opt.Auth.Database
		}
	} else {
		engine, err := chdb.Open(ctx, chdb.Options{Lib: c.Lib, Dir: c.Dir, Connections: n, Logger: c.Logger})
		if err != nil {
			return nil, err
		}
		s.engine = engine
		opt.TransportFunc = func(*http.Transport) (http.RoundTripper, error) { return engine, nil }
	}
	if s.database == "" {
		s.database = DefaultDatabase
	}
	opt.MaxOpenConns, opt.MaxIdleConns = n, n
	return opt, nil
}

// prepare checks the version and creates the database, on a connection without
// one.
func (s *Store) prepare(ctx context.Context, opt *clickhouse.Options) error {
	opt.Auth.Database = ""
	conn, err := clickhouse.Open(opt)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.QueryRow(ctx, sql.Query("version")).Scan(&s.version); err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	if err := checkVersion(s.version); err != nil {
		return err
	}
	if err := conn.Exec(ctx, sql.Query("create_database"), clickhouse.Named("database", s.database)); err != nil {
		return fmt.Errorf("create the database %s: %w", s.database, err)
	}
	return nil
}

// parseURL reads a URL. Its error does not repeat the URL, which may hold a
// password.
func parseURL(u string) (*clickhouse.Options, error) {
	opt, err := clickhouse.ParseDSN(u)
	if err != nil {
		return nil, errors.New("the ClickHouse URL cannot be read: want clickhouse://user:password@host:9000/database or http(s)://user:password@host:8123/database")
	}
	return opt, nil
}

func checkVersion(v string) error {
	parts := strings.SplitN(v, ".", 3)
	if len(parts) >= 2 {
		major, err1 := strconv.Atoi(parts[0])
		minor, err2 := strconv.Atoi(parts[1])
		if err1 == nil && err2 == nil && (major > minMajor || major == minMajor && minor >= minMinor) {
			return nil
		}
	}
	return fmt.Errorf("this ClickHouse is version %s: Crucible needs %d.%d or newer", v, minMajor, minMinor)
}

// Close gives back the connections and, when this was the last user, the engine
// of this process.
func (s *Store) Close() error {
	var err error
	if s.conn != nil {
		err = s.conn.Close()
	}
	if s.engine != nil {
		err = errors.Join(err, s.engine.Close())
	}
	if err != nil {
		return fmt.Errorf("close the store: %w", err)
	}
	return nil
}

// Version is the version of the ClickHouse behind the store.
func (s *Store) Version() string { return s.version }

// Embedded reports whether ClickHouse runs inside this process.
func (s *Store) Embedded() bool { return s.engine != nil }

// Database is the name of the store's database.
func (s *Store) Database() string { return s.database }

// Handler offers the engine of this process as a ClickHouse HTTP endpoint that
// answers only on a loopback address: with readonly for people and their
// tools, without it for Crucible's own processes. It answers 404 when the store
// is a server.
func (s *Store) Handler(readonly bool) http.Handler {
	if s.engine == nil {
		return http.NotFoundHandler()
	}
	return s.engine.Handler(readonly)
}

// Shutdown ends the threads of the engine inside this process, if it ran. It
// belongs at the very end of main, after every Close: a store cannot be opened
// inside this process after it.
func Shutdown() error { return chdb.Shutdown() }
