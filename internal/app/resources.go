package app

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/crucible-go/crucible/internal/bus"
	"github.com/crucible-go/crucible/internal/store"
)

// Resources are what opens first and closes last: the log and the store. Either
// is nil where it was not asked for.
type Resources struct {
	Log   *bus.Bus
	Store *store.Store
}

// Need says which resources a command works with.
type Need int

// The resources.
const (
	NeedLog Need = 1 << iota
	NeedStore
)

// Open opens what is needed, the log and the store at the same time.
func Open(ctx context.Context, c Config, need Need, l zerolog.Logger) (_ *Resources, err error) {
	r := new(Resources)
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close())
		}
	}()
	var g errgroup.Group
	if need&NeedLog != 0 {
		g.Go(func() (err error) {
			if r.Log, err = bus.Open(ctx, c.bus(l)); err != nil {
				return err
			}
			return r.Log.EnsureControl(ctx)
		})
	}
	if need&NeedStore != 0 {
		g.Go(func() (err error) {
			r.Store, err = store.Open(ctx, store.Config{URL: c.ClickHouse, Dir: filepath.Join(c.Data, "store"), Logger: l})
			return err
		})
	}
	return r, g.Wait()
}

// bus is the log's configuration. What is secret comes from the environment.
func (c Config) bus(l zerolog.Logger) bus.Config {
	f := c.File.Log
	return bus.Config{
		URL:        c.NATS,
		Dir:        filepath.Join(c.Data, "log"),
		Name:       "crucible",
		Durability: f.Durability,
		Replicas:   f.Replicas,
		MaxBytes:   f.MaxBytes,
		CredsFile:  first(c.Getenv("CRUCIBLE_NATS_CREDS"), f.CredsFile),
		User:       c.Getenv("CRUCIBLE_NATS_USER"),
		Password:   bus.Secret(c.Getenv("CRUCIBLE_NATS_PASSWORD")),
		Token:      bus.Secret(c.Getenv("CRUCIBLE_NATS_TOKEN")),
		CAFile:     f.CAFile,
		CertFile:   f.CertFile,
		KeyFile:    f.KeyFile,
		Logger:     l,
	}
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// Close closes the store, then the log.
func (r *Resources) Close() error {
	var errs []error
	if r.Store != nil {
		errs = append(errs, r.Store.Close())
	}
	if r.Log != nil {
		errs = append(errs, r.Log.Close())
	}
	return errors.Join(errs...)
}
