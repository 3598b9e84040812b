package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/internal/store"
)

// Finding is one thing that the doctor looked at.
type Finding struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// lowDisk is the free space, in bytes, below which the doctor is not content: a
// run takes about one kilobyte per event, twice.
const lowDisk = 1 << 30

// Doctor looks whether everything is here and safe: the log with its version and
// durability, the store, the disk, the pools and their keys. It changes nothing
// but what opening the log and the store creates.
func Doctor(ctx context.Context, c Config, l zerolog.Logger) []Finding {
	var out []Finding
	add := func(name string, err error, detail string) {
		if err != nil {
			detail = err.Error()
		}
		out = append(out, Finding{name, err == nil, detail})
	}
	log, err := bus.Open(ctx, c.bus(l))
	add("log", err, describeLog(c, log))
	if err == nil {
		add("control stream", log.EnsureControl(ctx), "keeps everything: file storage, nothing is discarded or deleted")
		add("durability", durable(log), "facts are on disk before they are acknowledged")
		defer func() { _ = log.Close() }() // nothing was published
	}
	s, err := store.Open(ctx, store.Config{URL: c.ClickHouse, Dir: filepath.Join(c.Data, "store"), Logger: l})
	if err == nil {
		add("store", nil, describeStore(c, s))
		if err := s.Close(); err != nil {
			add("store closes", err, "")
		}
	} else {
		add("store", err, "")
	}
	free, err := freeSpace(c.Data)
	if err == nil && free < lowDisk {
		err = fmt.Errorf("%d MB are free in %s: a run needs about 1 kB per event", free>>20, c.Data)
	}
	add("disk", err, fmt.Sprintf("%d GB are free in %s", free>>30, c.Data))
	table, err := c.prices()
	add("prices", err, c.describePrices(table))
	for _, p := range c.pools() {
		_, closer, err := provider.Open(provider.PoolOf(p, ""), c.Getenv)
		if err == nil {
			err = closer.Close()
		}
		add("pool "+p.Name, err, fmt.Sprintf("%d calls at a time", p.Concurrency))
	}
	return out
}

func describeLog(c Config, log *bus.Bus) string {
	switch {
	case log == nil:
		return ""
	case log.Embedded():
		return "embedded in " + filepath.Join(c.Data, "log")
	}
	return "server at the address given with --nats"
}

func describeStore(c Config, s *store.Store) string {
	where := "server at the address given with --clickhouse"
	if s.Embedded() {
		where = "embedded in " + filepath.Join(c.Data, "store")
	}
	return "ClickHouse " + s.Version() + ", " + where
}

// durable checks how the embedded server keeps what it acknowledges; of another
// server only its own configuration can tell.
func durable(log *bus.Bus) error {
	if d := log.Durability(); d != bus.Always {
		return fmt.Errorf("durability is %q: a power cut loses acknowledged facts; use it for simulations only", d)
	}
	return nil
}

// freeSpace is the space that is left where the folder is or will be.
func freeSpace(dir string) (uint64, error) {
	for {
		var st unix.Statfs_t
		err := unix.Statfs(dir, &st)
		if err == nil {
			return uint64(st.Bavail) * uint64(st.Bsize), nil //nolint:unconvert // the types differ by system
		}
		parent := filepath.Dir(dir)
		if !os.IsNotExist(err) || parent == dir {
			return 0, fmt.Errorf("free space of %s: %w", dir, err)
		}
		dir = parent
	}
}
